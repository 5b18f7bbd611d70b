/**
 * `all`: up to `maxAnswers` members, best first; a member that keeps only a share of its clients is in that share of the answers. Pure,
 * hot; an insertion into the caller's array instead of a sort (no allocation).
 */
import { KEEP_ALL, POOL_SHARES, type RankingColumns } from '../../health/model/ranking.ts'
import type { Decision } from '../model/decision.ts'
import type { PolicyColumns } from '../model/policy-columns.ts'
import { keepsClient, WHOLE_SPAN } from './keep-position.ts'

/** Picks the members with `bit` that come first in the pool's order. */
export function chooseAll(
  columns: PolicyColumns,
  ranking: RankingColumns,
  poolUse: number,
  view: number,
  bit: number,
  seed: number,
  _draw: number,
  out: Decision,
): number {
  const members = out.members
  const limit = Math.min(columns.poolUseMaxAnswers[poolUse]!, members.length)
  const end = columns.poolUseMemberFirst[poolUse + 1]!
  let count = 0
  for (let m = columns.poolUseMemberFirst[poolUse]!; m < end; m++) {
    if ((ranking.memberBits[2 * m + view]! & bit) === 0) continue
    const order = ranking.memberOrder[2 * m + view]!
    let at = count
    while (at > 0 && ranking.memberOrder[2 * members[at - 1]! + view]! > order) at--
    if (at >= limit) continue
    if (count < limit) count++
    for (let i = count - 1; i > at; i--) members[i] = members[i - 1]!
    members[at] = m
  }
  // Shares are rare: one look at the pool, and the loop above stays as short as it can be.
  if ((ranking.poolBits[2 * poolUse + view]! & POOL_SHARES) === 0) return count
  return chooseKeeping(columns, ranking, poolUse, view, bit, seed, out)
}

/** The same among those that keep the client. */
function chooseKeeping(
  columns: PolicyColumns,
  ranking: RankingColumns,
  poolUse: number,
  view: number,
  bit: number,
  seed: number,
  out: Decision,
): number {
  const members = out.members
  const limit = Math.min(columns.poolUseMaxAnswers[poolUse]!, members.length)
  const end = columns.poolUseMemberFirst[poolUse + 1]!
  let count = 0
  for (let m = columns.poolUseMemberFirst[poolUse]!; m < end; m++) {
    if ((ranking.memberBits[2 * m + view]! & bit) === 0) continue
    const order = ranking.memberOrder[2 * m + view]!
    let at = count
    while (at > 0 && ranking.memberOrder[2 * members[at - 1]! + view]! > order) at--
    if (at >= limit) continue
    if (ranking.memberKeep[2 * m + view] !== KEEP_ALL && !keepsClient(columns, ranking, m, view, seed, WHOLE_SPAN, out)) continue
    if (count < limit) count++
    for (let i = count - 1; i > at; i--) members[i] = members[i - 1]!
    members[at] = m
  }
  return count
}
