/** The live ranking as rows for people and monitoring (admin-ui/contract/health-scores.ts). Pure: time is handed in. */
import type { HealthScore, HealthScores } from '../../admin-ui/contract/health-scores.ts'
import type { NodeIncumbents } from '../../cluster/node-incumbents.ts'
import { ADDRESS_PRESENT, type RankingColumns } from '../../health/model/ranking.ts'
import { STANDING_DEGRADED, STANDINGS } from '../../health/model/standing.ts'
import { incumbentKey } from '../../health/score/rank-endpoints.ts'
import { wilsonIntervalPercent } from '../../health/score/window.ts'
import type { LiveGeneration } from './data-plane.ts'

/** The score of a latency and an error rate by the default profile (health/score). */
export type ScoreOf = (latencyMs: number, errorRatePercent: number) => number

/** Newest ranking of a generation. */
export function newestRanking(live: LiveGeneration): RankingColumns {
  return live.shared.slots[Atomics.load(live.shared.live, 0) & 1]!
}

/** Longest window of the probes in a plan, seconds. */
function windowSecondsOf(live: LiveGeneration): number {
  let windowSeconds = 0
  for (const endpoint of live.plan.endpoints)
    for (const probe of endpoint.probes) windowSeconds = Math.max(windowSeconds, probe.windowSeconds)
  return windowSeconds
}

/** 95th percentile of the latency by endpoint id and address (`p95Key`); the ranking has no room for it. */
export type LatencyP95 = ReadonlyMap<string, number>

/** Key of LatencyP95. */
export function p95Key(endpointId: string, address: string): string {
  return `${endpointId}\n${address}`
}

/** Who holds each pool of `choose: best`, as the newest ranking has it; none before the first generation. */
export function readIncumbents(live: LiveGeneration | undefined): NodeIncumbents {
  if (live === undefined) return []
  const ranking = newestRanking(live)
  const { endpoints, poolUses } = live.plan
  const incumbents: (readonly [string, string])[] = []
  for (const [number, poolUse] of poolUses.entries()) {
    if (poolUse.choose !== 'best') continue
    for (const view of [0, 1] as const) {
      // The pick of the weakest step: eligible implies in place implies not down.
      const pick = ranking.poolPickNotDown[2 * number + view]!
      const member = poolUse.members[pick - poolUse.firstMember]
      if (pick >= 0 && member !== undefined) incumbents.push([incumbentKey(poolUse, view), endpoints[member.endpoint]!.id])
    }
  }
  return incumbents
}

function errorRateBounds(errorRatePercent: number, sampleCount: number): Pick<HealthScore, 'errorRateLowPercent' | 'errorRateHighPercent'> {
  if (sampleCount === 0) return {}
  const [low, high] = wilsonIntervalPercent((errorRatePercent / 100) * sampleCount, sampleCount)
  return { errorRateLowPercent: Math.round(100 * low) / 100, errorRateHighPercent: Math.round(100 * high) / 100 }
}

/** All addresses of the live generation with their standing; none before the first generation. */
export function readScores(
  live: LiveGeneration | undefined,
  vantage: string,
  nowMs: number,
  scoreOf: ScoreOf,
  latencyP95: LatencyP95,
): HealthScores {
  if (live === undefined) return { generation: 0, rankingId: 0, computedAt: new Date(nowMs).toISOString(), windowSeconds: 0, scores: [] }
  const ranking = newestRanking(live)
  const scores: HealthScore[] = []
  for (const [endpoint, { id, ipv4, ipv6, target }] of live.plan.endpoints.entries()) {
    for (const [family, address] of [
      [4, ipv4 || target],
      [6, ipv6],
    ] as const) {
      const index = 2 * endpoint + (family === 6 ? 1 : 0)
      if (address === '' || (ranking.addressFlags[index]! & ADDRESS_PRESENT) === 0) continue
      const standing = ranking.addressStanding[index]!
      const sinceAt = ranking.addressSinceAt[index]!
      const latencyMs = ranking.addressLatencyMs[index]!
      const errorRatePercent = ranking.addressErrorRatePercent[index]!
      const sampleAt = ranking.addressSampleAt[index]!
      const latencyP95Ms = latencyP95.get(p95Key(id, address))
      scores.push({
        endpoint: id,
        address,
        family,
        vantage,
        standing: STANDINGS[standing]!,
        since: sinceAt > 0 ? new Date(sinceAt).toISOString() : null,
        ...(Number.isNaN(errorRatePercent)
          ? {}
          : { errorRatePercent, ...errorRateBounds(errorRatePercent, ranking.addressSampleCount[index]!) }),
        ...(Number.isNaN(latencyMs) ? {} : { latencyMs }),
        ...(latencyP95Ms === undefined || Number.isNaN(latencyMs) ? {} : { latencyP95Ms }),
        ...(Number.isNaN(latencyMs) || Number.isNaN(errorRatePercent) ? {} : { score: scoreOf(latencyMs, errorRatePercent) }),
        sampleCount: ranking.addressSampleCount[index]!,
        ...(sampleAt > 0 ? { sampleAgeSeconds: Math.max(0, (nowMs - sampleAt) / 1000) } : {}),
        inPlace: standing >= STANDING_DEGRADED,
      })
    }
  }
  return {
    generation: ranking.header[0]!,
    rankingId: ranking.header[1]!,
    computedAt: new Date(ranking.header[2]!).toISOString(),
    windowSeconds: windowSecondsOf(live),
    scores,
  }
}
