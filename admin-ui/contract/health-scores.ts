/** Scores as monitoring sees them: `GET /api/v1/health/scores` and `/health/scores` on the metrics port. Types only. */

/** One address of one endpoint, seen from one vantage. */
export type HealthScore = {
  readonly endpoint: string
  readonly address: string
  readonly family: 4 | 6
  readonly vantage: string
  readonly standing: 'unknown' | 'down' | 'degraded' | 'up'
  /** Since when, RFC 3339; null = never changed. */
  readonly since: string | null
  /** 0–100 by the default `weighted` profile; absent without samples. */
  readonly score?: number
  /** Median of the window; absent without samples. */
  readonly latencyMs?: number
  readonly latencyP95Ms?: number
  /** Percent of the window's probes that failed; absent without samples. */
  readonly errorRatePercent?: number
  readonly sampleCount: number
  /** Seconds since the newest sample; absent without samples. */
  readonly sampleAgeSeconds?: number
  readonly inPlace: boolean
}

/** The whole answer. */
export type HealthScores = {
  readonly generation: number
  readonly rankingId: number
  /** RFC 3339. */
  readonly computedAt: string
  readonly windowSeconds: number
  readonly scores: readonly HealthScore[]
}
