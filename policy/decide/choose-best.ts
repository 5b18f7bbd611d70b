/** `best`: the incumbent that ranking chose (band and dwell are the ranking's business). Pure, hot. */
import { MEMBER_ELIGIBLE, MEMBER_IN_PLACE, MEMBER_NOT_DOWN, type RankingColumns } from '../../health/model/ranking.ts'
import type { Decision } from '../model/decision.ts'
import type { PolicyColumns } from '../model/policy-columns.ts'

/** Picks one member: the ranking's pick for the step, or with everything down the first in the pool's order. */
export function chooseBest(
  columns: PolicyColumns,
  ranking: RankingColumns,
  poolUse: number,
  view: number,
  bit: number,
  _seed: number,
  _draw: number,
  out: Decision,
): number {
  const at = 2 * poolUse + view
  let pick = -1
  if (bit === MEMBER_ELIGIBLE) pick = ranking.poolPick[at]!
  else if (bit === MEMBER_IN_PLACE) pick = ranking.poolPickInPlace[at]!
  else if (bit === MEMBER_NOT_DOWN) pick = ranking.poolPickNotDown[at]!
  else pick = findFirstInOrder(columns, ranking, poolUse, view, bit)
  if (pick < 0) return 0
  out.members[0] = pick
  return 1
}

/** The member with `bit` that stands first in the pool's order (the lower member use among equals); -1 = none. */
function findFirstInOrder(columns: PolicyColumns, ranking: RankingColumns, poolUse: number, view: number, bit: number): number {
  const end = columns.poolUseMemberFirst[poolUse + 1]!
  let pick = -1
  let pickOrder = 0x10000
  for (let m = columns.poolUseMemberFirst[poolUse]!; m < end; m++) {
    const at = 2 * m + view
    if ((ranking.memberBits[at]! & bit) === 0) continue
    const order = ranking.memberOrder[at]!
    if (order < pickOrder) {
      pick = m
      pickOrder = order
    }
  }
  return pick
}
