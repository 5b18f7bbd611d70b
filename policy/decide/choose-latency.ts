/**
 * `latency`: the first member with the bit in the order that the ranking holds for the client's row (health/score/latency-order.ts); behind
 * it, and where nothing is measured, the order by distance (choose-in-order.ts). A small share of scope blocks is led to a little known
 * eligible member instead, other blocks in each epoch: what nobody is sent to is never measured. Pure, hot (bench/decide.bench.ts).
 */
import { LATENCY_EXPLORE_CAP, NO_LATENCY_MEMBER } from '../../health/model/latency-matrix.ts'
import { KEEP_ALL, MEMBER_ELIGIBLE, type RankingColumns } from '../../health/model/ranking.ts'
import type { Decision } from '../model/decision.ts'
import type { PolicyColumns } from '../model/policy-columns.ts'
import { chooseInOrder } from './choose-in-order.ts'
import { finishHash } from './hash-block.ts'
import { keepsByPlace } from './keep-position.ts'

/** Sets who explores apart from other fractional choices of the same block. */
const EXPLORE_SALT = 0x27d4eb2f

/** Picks one member: the explored one, else by what was measured, else by distance. */
export function chooseLatency(
  columns: PolicyColumns,
  ranking: RankingColumns,
  poolUse: number,
  view: number,
  bit: number,
  seed: number,
  draw: number,
  out: Decision,
): number {
  const order = ranking.latencyOrder
  const width = columns.poolUseEntryWidth[poolUse]!
  // Rankings that nobody measures for (publish guards, tests) have no entries.
  if (width > 0 && order.length > 0) {
    const row = columns.classRows[columns.classRowFirst[out.class]! + columns.poolUseLatencySlot[poolUse]!]!
    const at = columns.poolUseEntryFirst[poolUse]! + row * (width + LATENCY_EXPLORE_CAP)
    const first = columns.poolUseMemberFirst[poolUse]!
    if (bit === MEMBER_ELIGIBLE && isExplorer(columns, ranking, poolUse, seed)) {
      const end = at + width + LATENCY_EXPLORE_CAP
      const from = at + width + exploreStart(seed)
      const explored = findEntry(columns, ranking, order, poolUse, from, end, first, view, bit, seed, out)
      if (explored >= 0) {
        out.members[0] = explored
        return 1
      }
    }
    const best = findEntry(columns, ranking, order, poolUse, at, at + width, first, view, bit, seed, out)
    if (best >= 0) {
      out.members[0] = best
      return 1
    }
  }
  return chooseInOrder(columns, ranking, poolUse, view, bit, seed, draw, out)
}

/** Whether a scope block explores in this epoch. */
export function isExplorer(columns: PolicyColumns, ranking: RankingColumns, poolUse: number, seed: number): boolean {
  const epoch = ranking.header[3]! | 0
  return finishHash(finishHash(seed ^ EXPLORE_SALT) ^ epoch) >>> 16 < columns.poolUseExplore[poolUse]!
}

/** Entry that a block begins with when it explores: the candidates are explored side by side. */
export function exploreStart(seed: number): number {
  return (finishHash(seed ^ EXPLORE_SALT) >>> 8) % LATENCY_EXPLORE_CAP
}

/** The first member of a list of entries that has the bit and keeps the client; -1 = none. */
function findEntry(
  columns: PolicyColumns,
  ranking: RankingColumns,
  order: Uint16Array,
  poolUse: number,
  from: number,
  end: number,
  first: number,
  view: number,
  bit: number,
  seed: number,
  out: Decision,
): number {
  for (let i = from; i < end; i++) {
    const position = order[i]!
    if (position === NO_LATENCY_MEMBER) return -1
    const m = first + position
    if ((ranking.memberBits[2 * m + view]! & bit) === 0) continue
    if (ranking.memberKeep[2 * m + view] === KEEP_ALL || keepsByPlace(columns, ranking, poolUse, m, view, seed, out)) return m
  }
  return -1
}
