/**
 * Score profiles (DESIGN.md section 7): latency and errors → 0–100, higher is better. Pure; golden-tested. Scores order endpoints that
 * passed the gates; alone they would let an endpoint with 40 % errors and 12 ms stand at 74.
 */

/** How a policy scores. */
export type ScoreProfile = {
  readonly profile: 'weighted' | 'expected-time'
  readonly latencyWeight: number
  readonly successWeight: number
  /** Latencies below this count as this. */
  readonly floorMs: number
  /** Cost of one error in `expected-time`. */
  readonly retryPenaltyMs: number
}

/** The published default: 0.6 × 1000/max(latency, 10) + 0.4 × (100 − errors in percent). */
export const DEFAULT_PROFILE: ScoreProfile = {
  profile: 'weighted',
  latencyWeight: 0.6,
  successWeight: 0.4,
  floorMs: 10,
  retryPenaltyMs: 1000,
}

/** Stands in for an unknown latency where endpoints must be ordered all the same; never shown. */
export const UNKNOWN_LATENCY_MS = 1000

/** Score of a latency and an error rate; NaN when either is unknown. */
export function scoreOf(profile: ScoreProfile, latencyMs: number, errorRatePercent: number): number {
  if (Number.isNaN(latencyMs) || Number.isNaN(errorRatePercent)) return Number.NaN
  if (profile.profile === 'expected-time') {
    const timeMs = latencyMs + (errorRatePercent / 100) * profile.retryPenaltyMs
    return clamp(((1000 / Math.max(timeMs, profile.floorMs)) * profile.floorMs) / 10)
  }
  // 1000/10 = 100 at the usual floor: another floor keeps the top of the scale at 100.
  const latencyPart = ((1000 / Math.max(latencyMs, profile.floorMs)) * profile.floorMs) / 10
  return clamp(profile.latencyWeight * latencyPart + profile.successWeight * (100 - errorRatePercent))
}

/** The number to order by when there are no samples: worse than any measured one of the same errors. */
export function orderingScore(profile: ScoreProfile, latencyMs: number, errorRatePercent: number): number {
  return scoreOf(profile, Number.isNaN(latencyMs) ? UNKNOWN_LATENCY_MS : latencyMs, Number.isNaN(errorRatePercent) ? 0 : errorRatePercent)
}

function clamp(score: number): number {
  return Math.min(100, Math.max(0, score))
}
