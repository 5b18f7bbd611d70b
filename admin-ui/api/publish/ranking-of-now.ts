/**
 * The ranking that a snapshot would have with the health of now: what the publish guards and the review decide with. Pure.
 * Nodes make their own (band, dwell and slow start included); here both snapshots are treated alike, so that a difference between
 * them comes from the documents. Pools of `best` are held by whom nodes say: by scores alone, the answer of now would be that of noise
 * inside the band. An address without a score is new or unprobed and counts as up.
 */
import type { RankPlan, RankPoolUse } from '../../../health/model/rank-plan.ts'
import {
  KEEP_ALL,
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
} from '../../../health/model/ranking.ts'
import { keepIncumbent } from '../../../health/score/incumbent.ts'
import { incumbentKey } from '../../../health/score/rank-endpoints.ts'
import { orderingScore } from '../../../health/score/score-profile.ts'
import { GATE_SAMPLES, wilsonLowPercent } from '../../../health/score/window.ts'
import type { HealthScore } from '../../contract/health-scores.ts'

type Plan = Omit<RankPlan, 'generation'>
/** Endpoint id that holds each pool, by incumbentKey; a pool without a holder goes to its best. */
export type Holders = ReadonlyMap<string, string>
/** Health of one endpoint in one view. */
type Health = { readonly bits: number; readonly latencyMs: number; readonly errorRatePercent: number; readonly sampleCount: number }

const ABSENT: Health = { bits: 0, latencyMs: Number.NaN, errorRatePercent: Number.NaN, sampleCount: 0 }

/** Fills a ranking for the plan out of the scores and holders that nodes report. */
export function rankNow(plan: Plan, scores: readonly HealthScore[], holders: Holders): RankingColumns {
  const members = plan.poolUses.reduce((sum, use) => sum + use.members.length, 0)
  const shape = { endpointCount: plan.endpoints.length, memberUseCount: members, poolUseCount: plan.poolUses.length }
  const ranking = viewRanking(new SharedArrayBuffer(Math.max(8, rankingSizeBytes(shape))), 0, shape)
  const byAddress = indexScores(scores)
  ranking.addressTtlBoundSeconds.fill(0xffff)
  ranking.memberKeep.fill(KEEP_ALL)
  ranking.poolTtlBoundSeconds.fill(0xffff)
  for (const [number, use] of plan.poolUses.entries()) fillPoolUse(ranking, plan, number, use, byAddress, holders)
  return ranking
}

/**
 * Who holds the pools of `after` once its dwell is over: the holder of now, unless the new document hands the place to another. One who
 * is about to take it under the document before as well moves nobody by this publish.
 */
export function settleHolders(before: Plan, after: Plan, scores: readonly HealthScore[], holders: Holders): Holders {
  const byAddress = indexScores(scores)
  const dueBefore = findDue(before, byAddress, holders)
  const settled = new Map(holders)
  for (const [key, endpointId] of findDue(after, byAddress, holders)) if (dueBefore.get(key) !== endpointId) settled.set(key, endpointId)
  return settled
}

/** Who holds each pool if scores stay as they are: the band counts, the dwell is over. */
function findDue(plan: Plan, scores: ReadonlyMap<string, HealthScore>, holders: Holders): Holders {
  const memory = new Map([...holders].map(([key, endpointId]) => [key, { endpointId, challengers: new Map<string, number>() }]))
  const due = new Map<string, string>()
  for (const use of plan.poolUses) {
    for (const view of [0, 1] as const) {
      const key = incumbentKey(use, view)
      const candidates = placedCandidates(judgeMembers(plan, use, view, scores))
      const winner = candidates[keepIncumbent(memory, key, candidates, { tolerancePercent: use.tolerancePercent, dwellSeconds: 0 }, 0)]
      if (winner !== undefined) due.set(key, winner.endpointId)
    }
  }
  return due
}

/** A member of a pool with its health and score; `position` in the pool. */
type Judged = { readonly position: number; readonly endpointId: string; readonly health: Health; readonly score: number }

/** Members in the pool's order. */
function judgeMembers(plan: Plan, use: RankPoolUse, view: 0 | 1, scores: ReadonlyMap<string, HealthScore>): readonly Judged[] {
  return use.members.map((member, position) => {
    const endpoint = plan.endpoints[member.endpoint]!
    const health = healthOf(endpoint, use, view, scores)
    return { position, endpointId: endpoint.id, health, score: pointsOf(health, use) }
  })
}

/** Best score first, equal ones in declared order. */
function sortBestFirst(members: readonly Judged[]): readonly Judged[] {
  return [...members].sort((a, b) => b.score - a.score || a.position - b.position)
}

/** Those who may hold the pool, best first: eligible ones, else those in place, else those not down (as health/score/rank-endpoints.ts). */
function placedCandidates(members: readonly Judged[]): readonly Judged[] {
  const bit = [MEMBER_ELIGIBLE, MEMBER_IN_PLACE, MEMBER_NOT_DOWN].find((each) => members.some(({ health }) => (health.bits & each) !== 0))
  return bit === undefined ? [] : sortBestFirst(members.filter(({ health }) => (health.bits & bit) !== 0))
}

/** The worst report of each endpoint and address: several nodes may differ, and a guard is for the cautious. */
function indexScores(scores: readonly HealthScore[]): Map<string, HealthScore> {
  const order = ['down', 'unknown', 'degraded', 'up']
  const found = new Map<string, HealthScore>()
  for (const score of scores) {
    const key = `${score.endpoint} ${score.address}`
    const other = found.get(key)
    if (other === undefined || order.indexOf(score.standing) < order.indexOf(other.standing)) found.set(key, score)
  }
  return found
}

function fillPoolUse(
  ranking: RankingColumns,
  plan: Plan,
  number: number,
  use: RankPoolUse,
  scores: ReadonlyMap<string, HealthScore>,
  holders: Holders,
): void {
  for (const view of [0, 1] as const) {
    const members = judgeMembers(plan, use, view, scores)
    const counts = { eligible: 0, inPlace: 0, notDown: 0, present: 0 }
    for (const { position, health: one, score } of members) {
      const at = 2 * (use.firstMember + position) + view
      ranking.memberBits[at] = one.bits
      ranking.memberWeight[at] = use.members[position]!.weight
      if (view === 0) ranking.memberScore[use.firstMember + position] = score
      counts.eligible += Number((one.bits & MEMBER_ELIGIBLE) !== 0)
      counts.inPlace += Number((one.bits & MEMBER_IN_PLACE) !== 0)
      counts.notDown += Number((one.bits & MEMBER_NOT_DOWN) !== 0)
      counts.present += Number((one.bits & MEMBER_PRESENT) !== 0)
    }
    sortBestFirst(members).forEach(({ position }, rank) => {
      ranking.memberOrder[2 * (use.firstMember + position) + view] = rank
    })
    const candidates = placedCandidates(members)
    const holder = holders.get(incumbentKey(use, view))
    const picked = candidates.find(({ endpointId }) => endpointId === holder) ?? candidates[0]
    const pick = (bit: number): number =>
      picked !== undefined && (picked.health.bits & bit) !== 0 ? use.firstMember + picked.position : -1
    const at = 2 * number + view
    ranking.poolBits[at] =
      (counts.eligible >= use.minimumUp ? POOL_USABLE : 0) |
      (counts.inPlace > 0 ? POOL_IN_PLACE : 0) |
      (counts.notDown > 0 ? POOL_NOT_DOWN : 0) |
      (counts.present > 0 ? POOL_PRESENT : 0)
    ranking.poolPick[at] = pick(MEMBER_ELIGIBLE)
    ranking.poolPickInPlace[at] = pick(MEMBER_IN_PLACE)
    ranking.poolPickNotDown[at] = pick(MEMBER_NOT_DOWN)
  }
}

function healthOf(endpoint: Plan['endpoints'][number], use: RankPoolUse, view: 0 | 1, scores: ReadonlyMap<string, HealthScore>): Health {
  const four = endpoint.ipv4 || endpoint.target
  const addresses = (use.jointFamilies ? (view === 0 ? [four, endpoint.ipv6] : []) : [view === 0 ? four : endpoint.ipv6]).filter(
    (text) => text !== '',
  )
  if (addresses.length === 0 || !endpoint.enabled) return ABSENT
  const reports = addresses.map((address) => scores.get(`${endpoint.id} ${address}`)).filter((report) => report !== undefined)
  const latencies = reports.map((report) => report.latencyMs ?? Number.NaN).filter((value) => !Number.isNaN(value))
  const errors = reports.map((report) => report.errorRatePercent ?? Number.NaN).filter((value) => !Number.isNaN(value))
  const sampleCount = Math.min(...reports.map((report) => report.sampleCount), Number.MAX_SAFE_INTEGER)
  const health = {
    latencyMs: latencies.length === 0 ? Number.NaN : Math.max(...latencies),
    errorRatePercent: errors.length === 0 ? Number.NaN : Math.max(...errors),
    sampleCount: reports.length === 0 ? 0 : sampleCount,
  }
  const override = reports.find((report) => report.override !== undefined)?.override
  if (override?.action === 'down' || (override?.action === 'drain' && override.sharePercent === 0))
    return { ...health, bits: MEMBER_PRESENT }
  if (override?.action === 'up') return { ...health, bits: MEMBER_PRESENT | MEMBER_NOT_DOWN | MEMBER_IN_PLACE | MEMBER_ELIGIBLE }
  const down = reports.some((report) => report.standing === 'down')
  const inPlace = !down && reports.every((report) => report.inPlace || report.standing === 'unknown')
  const eligible = inPlace && passesGates(health, use)
  const bits = MEMBER_PRESENT | (down ? 0 : MEMBER_NOT_DOWN) | (inPlace ? MEMBER_IN_PLACE : 0) | (eligible ? MEMBER_ELIGIBLE : 0)
  return { ...health, bits }
}

function passesGates(health: Omit<Health, 'bits'>, use: RankPoolUse): boolean {
  if (health.sampleCount < GATE_SAMPLES) return true
  if (health.latencyMs > use.maxLatencyMs) return false
  const failures = (health.errorRatePercent / 100) * health.sampleCount
  return !(wilsonLowPercent(failures, health.sampleCount) > use.maxErrorRatePercent)
}

/** Score for ordering. */
function pointsOf(health: Health, use: RankPoolUse): number {
  return orderingScore(use.score, health.latencyMs, health.errorRatePercent)
}
