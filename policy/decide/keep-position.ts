/**
 * Who moves when a member keeps only a share of its clients (slow start, drain, shedding: memberKeep of the ranking). Pure; asked for such
 * members alone, so the common path of a decision pays one comparison (bench/decide.bench.ts).
 *
 *   0 ─────────────── memberKeep ─────────── 65535        a client block has one position at each member, and stays with it
 *   │ stays           │ goes to the next in order │        while the position is below memberKeep
 *
 * The position is a function of block, member and snapshot: whoever is moved at a share stays moved at every smaller one, and a member
 * that keeps more takes back those who moved last. For a class that has the member first, the compiler says in which span of 0 … 65535
 * its blocks lie (policy/compile/loss-spans.ts): those who lose least by moving lie highest and move first. Everybody else lies anywhere.
 */
import type { RankingColumns } from '../../health/model/ranking.ts'
import { type Decision, KEEP_ANY_SHARE, KEEP_BY_POSITION } from '../model/decision.ts'
import type { PolicyColumns } from '../model/policy-columns.ts'
import { finishHash } from './hash-block.ts'

/** Span of blocks that lie anywhere: begin 0, width 65535. */
export const WHOLE_SPAN = 0xffff

/** `poolUseAutoSlot` of a pool that is not ordered by place. */
const NO_AUTO_SLOT = 0xffff
/** Sets positions apart from the draws of weighted pools: who was refused by a member is no likelier or unlikelier to be drawn by it later. */
const POSITION_SALT = 0x5bd1e995

/** Position of a block at a member, 0 … 65534. `span`: begin in the high half, width in the low one. */
export function keepPosition(seed: number, memberSalt: number, span: number): number {
  const uniform = finishHash(seed ^ memberSalt ^ POSITION_SALT) >>> 16
  return (span >>> 16) + (Math.imul(span & 0xffff, uniform) >>> 16)
}

/** Whether a member that does not keep all of its clients keeps this one; counts a refusal in `out`. */
export function keepsClient(
  columns: PolicyColumns,
  ranking: RankingColumns,
  member: number,
  view: number,
  seed: number,
  span: number,
  out: Decision,
): boolean {
  const keep = ranking.memberKeep[2 * member + view]!
  if (out.keepRule === KEEP_BY_POSITION) {
    if (keepPosition(seed, columns.memberSalt[member]!, span) < keep) return true
  } else if (keep > 0 || out.keepRule !== KEEP_ANY_SHARE) return true
  out.refusals++
  return false
}

/** `keepsClient` in a pool ordered by place: who is first by place has its clients laid out by loss. */
export function keepsByPlace(
  columns: PolicyColumns,
  ranking: RankingColumns,
  poolUse: number,
  member: number,
  view: number,
  seed: number,
  out: Decision,
): boolean {
  return keepsClient(columns, ranking, member, view, seed, spanAt(columns, poolUse, member, out), out)
}

/** Span in which the client's block lies at a member of a pool. */
export function spanAt(columns: PolicyColumns, poolUse: number, member: number, out: Decision): number {
  const autoSlot = columns.poolUseAutoSlot[poolUse]!
  if (autoSlot === NO_AUTO_SLOT) return WHOLE_SPAN
  const list = columns.classOrders[columns.classOrderFirst[out.class]! + autoSlot]!
  const listFirst = columns.orderFirst[list]!
  const first = listFirst < columns.orderFirst[list + 1]! ? columns.orderMembers[listFirst]! : 0
  if (member !== columns.poolUseMemberFirst[poolUse]! + first) return WHOLE_SPAN
  return spanOfFirst(columns, autoSlot, out)
}

/** Span of the client's class at the member that it has first in a pool ordered by place. */
export function spanOfFirst(columns: PolicyColumns, autoSlot: number, out: Decision): number {
  const spans = out.family === 4 ? columns.classSpans4 : columns.classSpans6
  const at = columns.classOrderFirst[out.class]! + autoSlot
  return at < spans.length ? spans[at]! : WHOLE_SPAN
}
