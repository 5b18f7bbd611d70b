/**
 * `best`: the incumbent that ranking chose (band and dwell are the ranking's business); for clients that it does not keep, the others in the
 * pool's order. Pure, hot.
 */
import { KEEP_ALL, MEMBER_ELIGIBLE, MEMBER_IN_PLACE, MEMBER_NOT_DOWN, type RankingColumns } from '../../health/model/ranking.ts'
import type { Decision } from '../model/decision.ts'
import type { PolicyColumns } from '../model/policy-columns.ts'
import { keepsClient, WHOLE_SPAN } from './keep-position.ts'

/** Picks one member: the ranking's pick for the step, or with everything down the first in the pool's order. */
export function chooseBest(
  columns: PolicyColumns,
  ranking: RankingColumns,
  poolUse: number,
  view: number,
  bit: number,
  seed: number,
  _draw: number,
  out: Decision,
): number {
  const at = 2 * poolUse + view
  let pick = -1
  if (bit === MEMBER_ELIGIBLE) pick = ranking.poolPick[at]!
  else if (bit === MEMBER_IN_PLACE) pick = ranking.poolPickInPlace[at]!
  else if (bit === MEMBER_NOT_DOWN) pick = ranking.poolPickNotDown[at]!
  else pick = findNextInOrder(columns, ranking, poolUse, view, bit, -1)
  if (pick < 0) return 0
  if (ranking.memberKeep[2 * pick + view] !== KEEP_ALL && !keepsClient(columns, ranking, pick, view, seed, WHOLE_SPAN, out)) {
    pick = findKeeping(columns, ranking, poolUse, view, bit, seed, pick, out)
    if (pick < 0) return 0
  }
  out.members[0] = pick
  return 1
}

/** The first member in the pool's order, other than the incumbent that refused, that has `bit` and keeps the client; -1 = none. */
function findKeeping(
  columns: PolicyColumns,
  ranking: RankingColumns,
  poolUse: number,
  view: number,
  bit: number,
  seed: number,
  refused: number,
  out: Decision,
): number {
  let m = findNextInOrder(columns, ranking, poolUse, view, bit, -1)
  while (m >= 0) {
    if (m !== refused) {
      if (ranking.memberKeep[2 * m + view] === KEEP_ALL || keepsClient(columns, ranking, m, view, seed, WHOLE_SPAN, out)) return m
    }
    m = findNextInOrder(columns, ranking, poolUse, view, bit, ranking.memberOrder[2 * m + view]!)
  }
  return -1
}

/** The member with `bit` that comes next behind `afterOrder` in the pool's order; -1 = none. */
function findNextInOrder(
  columns: PolicyColumns,
  ranking: RankingColumns,
  poolUse: number,
  view: number,
  bit: number,
  afterOrder: number,
): number {
  const end = columns.poolUseMemberFirst[poolUse + 1]!
  let pick = -1
  let pickOrder = 0x10000
  for (let m = columns.poolUseMemberFirst[poolUse]!; m < end; m++) {
    const at = 2 * m + view
    if ((ranking.memberBits[at]! & bit) === 0) continue
    const order = ranking.memberOrder[at]!
    if (order > afterOrder && order < pickOrder) {
      pick = m
      pickOrder = order
    }
  }
  return pick
}
