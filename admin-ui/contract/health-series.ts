/** Health over time, for plots: `GET /api/v1/health/series`. Pure. */
import { z } from 'zod'

/** Steps that may be asked for; `auto` takes the finest that suits the range. */
export const HEALTH_STEPS = ['auto', 'raw', 'minute', 'hour'] as const
/** Endpoints in one question: more lines cannot be told apart in a plot. */
export const SERIES_ENDPOINTS_MAX = 8
/** Points of one series in one answer. */
export const SERIES_POINTS_MAX = 5000

/** One bucket. */
export type HealthSeriesPoint = {
  /** Start, RFC 3339. */
  readonly at: string
  /** Worst of the bucket. */
  readonly standing: 'up' | 'degraded' | 'unknown' | 'down'
  /** Means over the bucket; null without samples. */
  readonly score: number | null
  readonly latencyMs: number | null
  /** Largest of the bucket. */
  readonly latencyP95Ms: number | null
  readonly errorRatePercent: number | null
  readonly sampleCount: number
}

/** One address of one endpoint, seen from one vantage. */
export type HealthSeries = {
  readonly endpoint: string
  readonly address: string
  readonly vantage: string
  readonly points: readonly HealthSeriesPoint[]
}

/** The whole answer. */
export type HealthSeriesAnswer = {
  readonly step: 'raw' | 'minute' | 'hour'
  readonly stepSeconds: number
  readonly from: string
  readonly to: string
  /** Start of the oldest bucket kept of this step; null = none yet. */
  readonly oldest: string | null
  readonly series: readonly HealthSeries[]
}

const number = z.number().nullable()
/** Schema of HealthSeriesAnswer. */
export const healthSeriesSchema: z.ZodType<HealthSeriesAnswer> = z
  .object({
    step: z.enum(['raw', 'minute', 'hour']),
    stepSeconds: z.number().int(),
    from: z.string(),
    to: z.string(),
    oldest: z.string().nullable(),
    series: z.array(
      z.object({
        endpoint: z.string(),
        address: z.string(),
        vantage: z.string(),
        points: z.array(
          z.object({
            at: z.string(),
            standing: z.enum(['up', 'degraded', 'unknown', 'down']),
            score: number,
            latencyMs: number,
            latencyP95Ms: number,
            errorRatePercent: number,
            sampleCount: z.number().int(),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'HealthSeries' })
