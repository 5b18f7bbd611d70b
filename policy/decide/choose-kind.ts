/**
 * How a pool picks: the registry of choose kinds. Each kind is one file `choose-<kind>.ts` that exports one function of the
 * shape `ChoosePool`. Pure, hot (bench/decide.bench.ts): the dispatch is a chain of direct calls, so that every kind stays
 * monomorphic and can be inlined; a table of function values cannot.
 *
 * Contract: put into `out.members` only member uses of the pool that have `bit` in this view and keep the client (keep-position.ts;
 * `weighted` has the share in its weights); return how many. 0 sends the decision on to the next pool. The choice may depend on the
 * class, the ranking and `seed`, and on nothing else.
 */
import type { RankingColumns } from '../../health/model/ranking.ts'
import type { Decision } from '../model/decision.ts'
import { CHOOSE_KINDS, type PolicyColumns } from '../model/policy-columns.ts'
import { chooseAll } from './choose-all.ts'
import { chooseBest } from './choose-best.ts'
import { chooseInOrder } from './choose-in-order.ts'
import { chooseLatency } from './choose-latency.ts'
import { chooseWeighted } from './choose-weighted.ts'

/** Shape of every choose function. */
export type ChoosePool = (
  columns: PolicyColumns,
  ranking: RankingColumns,
  /** Pool use. */
  poolUse: number,
  /** 0 joint or IPv4, 1 IPv6. */
  view: number,
  /** MEMBER_* bit that a member needs in this step. */
  bit: number,
  /** Hash of the scope block, salted with the policy. */
  seed: number,
  /** A random unsigned 32-bit number, for pools that are not sticky. */
  draw: number,
  out: Decision,
) => number

const BEST = CHOOSE_KINDS.indexOf('best')
const WEIGHTED = CHOOSE_KINDS.indexOf('weighted')
const ALL = CHOOSE_KINDS.indexOf('all')
const LATENCY = CHOOSE_KINDS.indexOf('latency')

/** Picks members of a pool use by its kind into `out.members`; returns how many. `out.class`, `out.family` and `out.keepRule` are set. */
export function choosePool(
  columns: PolicyColumns,
  ranking: RankingColumns,
  poolUse: number,
  view: number,
  bit: number,
  seed: number,
  draw: number,
  out: Decision,
): number {
  const kind = columns.poolUseChoose[poolUse]!
  if (kind === BEST) return chooseBest(columns, ranking, poolUse, view, bit, seed, draw, out)
  if (kind === WEIGHTED) return chooseWeighted(columns, ranking, poolUse, view, bit, seed, draw, out)
  if (kind === ALL) return chooseAll(columns, ranking, poolUse, view, bit, seed, draw, out)
  // A snapshot of a version before the matrix has no rows.
  if (kind === LATENCY && columns.classRows !== undefined) return chooseLatency(columns, ranking, poolUse, view, bit, seed, draw, out)
  // nearest and auto differ only in how the compiler ordered the members.
  return chooseInOrder(columns, ranking, poolUse, view, bit, seed, draw, out)
}
