/**
 * `weighted`: ONE member by weight, by weighted rendezvous hashing over the scope block. Pure, hot.
 *
 * Each member draws u from hash(block, endpoint) and has the time -ln(u) / weight; the smallest wins. The winner is distributed
 * by weight exactly, and a member that leaves or loses weight moves only its own clients (others' times do not change).
 * Resolvers reorder answer lists, so several addresses in one answer would not be weights.
 */
import type { RankingColumns } from '../../health/model/ranking.ts'
import type { Decision } from '../model/decision.ts'
import type { PolicyColumns } from '../model/policy-columns.ts'
import { finishHash } from './hash-block.ts'

/** Picks one member by effective weight. When no member with the bit has any weight, all count alike: a pick is never refused for lack of weight. */
export function chooseWeighted(
  columns: PolicyColumns,
  ranking: RankingColumns,
  poolUse: number,
  view: number,
  bit: number,
  seed: number,
  draw: number,
  out: Decision,
): number {
  const base = columns.poolUseSticky[poolUse] === 1 ? seed : finishHash(draw)
  const end = columns.poolUseMemberFirst[poolUse + 1]!
  let pick = -1
  let pickTime = Number.POSITIVE_INFINITY
  let pickUnweighted = -1
  let pickUnweightedHash = -1
  for (let m = columns.poolUseMemberFirst[poolUse]!; m < end; m++) {
    if ((ranking.memberBits[2 * m + view]! & bit) === 0) continue
    const hash = finishHash(base ^ columns.memberSalt[m]!) >>> 0
    const weight = ranking.memberWeight[2 * m + view]!
    if (weight > 0) {
      const time = -Math.log((hash + 0.5) / 0x1_0000_0000) / weight
      if (time < pickTime) {
        pick = m
        pickTime = time
      }
    } else if (hash > pickUnweightedHash) {
      pickUnweighted = m
      pickUnweightedHash = hash
    }
  }
  if (pick < 0) pick = pickUnweighted
  if (pick < 0) return 0
  out.members[0] = pick
  return 1
}
