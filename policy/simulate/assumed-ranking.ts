/**
 * A ranking for a snapshot that no node serves yet: from what is known of its endpoints by id (or assumed), without samples, gates
 * and dwell. For the review of a draft and for what-if questions; nodes make theirs in health/score. Pure.
 */

import type { RankPlan, RankPoolUse } from '../../health/model/rank-plan.ts'
import {
  MEMBER_ELIGIBLE,
  MEMBER_IN_PLACE,
  MEMBER_NOT_DOWN,
  MEMBER_PRESENT,
  POOL_IN_PLACE,
  POOL_NOT_DOWN,
  POOL_PRESENT,
  POOL_USABLE,
  type RankingColumns,
  rankingSizeBytes,
  viewRanking,
} from '../../health/model/ranking.ts'

/** What is assumed of an endpoint. */
export type AssumedHealth = {
  /** Down endpoints are answered only when nothing else is left. */
  readonly isDown: boolean
  /** 0–100, higher is better; null = unknown, orders last. */
  readonly score: number | null
}

/** Everybody up, nobody better than the other: what a document says by itself. */
export const ASSUME_UP: AssumedHealth = { isDown: false, score: null }

/** Makes the ranking. `healthOf` is asked by endpoint id. */
export function makeAssumedRanking(
  plan: Pick<RankPlan, 'endpoints' | 'poolUses'>,
  healthOf: (endpointId: string) => AssumedHealth,
): RankingColumns {
  const shape = {
    endpointCount: plan.endpoints.length,
    memberUseCount: plan.poolUses.reduce((sum, use) => sum + use.members.length, 0),
    poolUseCount: plan.poolUses.length,
  }
  const ranking = viewRanking(new SharedArrayBuffer(rankingSizeBytes(shape)), 0, shape)
  ranking.poolTtlBoundSeconds.fill(0xffff)
  ranking.addressTtlBoundSeconds.fill(0xffff)
  ranking.memberScore.fill(Number.NaN)
  for (const [number, use] of plan.poolUses.entries()) {
    for (const view of use.jointFamilies ? [0] : [0, 1]) fillPoolUse(ranking, plan, use, number, view, healthOf)
  }
  return ranking
}

function fillPoolUse(
  ranking: RankingColumns,
  plan: Pick<RankPlan, 'endpoints'>,
  use: RankPoolUse,
  number: number,
  view: number,
  healthOf: (endpointId: string) => AssumedHealth,
): void {
  const members = use.members.map((member, position) => {
    const endpoint = plan.endpoints[member.endpoint]!
    const { isDown, score } = healthOf(endpoint.id)
    const hasFamily = use.jointFamilies || endpoint.target !== '' || (view === 1 ? endpoint.ipv6 : endpoint.ipv4) !== ''
    const present = endpoint.enabled && hasFamily
    return { memberUse: use.firstMember + position, weight: member.weight, present, up: present && !isDown, score }
  })
  // A stable sort: equal scores stay in declared order.
  const ordered = members.toSorted((a, b) => Number(b.up) - Number(a.up) || (b.score ?? -1) - (a.score ?? -1))
  for (const [order, { memberUse, weight, present, up, score }] of ordered.entries()) {
    const at = 2 * memberUse + view
    ranking.memberBits[at] = (present ? MEMBER_PRESENT : 0) | (up ? MEMBER_ELIGIBLE | MEMBER_IN_PLACE | MEMBER_NOT_DOWN : 0)
    ranking.memberWeight[at] = weight
    ranking.memberOrder[at] = order
    ranking.memberScore[memberUse] = score ?? Number.NaN
  }
  const up = ordered.filter((member) => member.up)
  const at = 2 * number + view
  ranking.poolBits[at] =
    (up.length >= use.minimumUp && up.length > 0 ? POOL_USABLE : 0) |
    (up.length > 0 ? POOL_IN_PLACE | POOL_NOT_DOWN : 0) |
    (members.some((member) => member.present) ? POOL_PRESENT : 0)
  const pick = up[0]?.memberUse ?? -1
  ranking.poolPick[at] = pick
  ranking.poolPickInPlace[at] = pick
  ranking.poolPickNotDown[at] = pick
}
