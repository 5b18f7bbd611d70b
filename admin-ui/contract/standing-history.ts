/**
 * Standing over time, for strips: one bucket a minute and address, each with the worst standing seen in it. A minute in which
 * nobody looked is `null` (a gap), never the last known value. Control keeps the last day, over its own restarts too. Pure.
 */
import { z } from 'zod'

/** What a bucket can say. */
export type BucketStanding = 'unknown' | 'down' | 'degraded' | 'up' | null

/** One strip. */
export type StandingSeries = {
  readonly endpoint: string
  readonly address: string
  readonly vantage: string
  /** Oldest first; the last one is the current minute. Always `buckets` of the answer long. */
  readonly standings: readonly BucketStanding[]
  /** Median latency at the end of each bucket in ms; null = none. */
  readonly latencyMs: readonly (number | null)[]
}

/** Answer of `GET /health/history?minutes=60`. */
export type StandingHistory = {
  /** Seconds a bucket. */
  readonly stepSeconds: number
  readonly buckets: number
  /** End of the last bucket, RFC 3339. */
  readonly endsAt: string
  readonly series: readonly StandingSeries[]
}

const standing = z.enum(['unknown', 'down', 'degraded', 'up']).nullable()
/** Schema of StandingHistory. */
export const standingHistorySchema: z.ZodType<StandingHistory> = z
  .object({
    stepSeconds: z.number().int(),
    buckets: z.number().int(),
    endsAt: z.string(),
    series: z.array(
      z.object({
        endpoint: z.string(),
        address: z.string(),
        vantage: z.string(),
        standings: z.array(standing),
        latencyMs: z.array(z.number().nullable()),
      }),
    ),
  })
  .meta({ id: 'StandingHistory' })
