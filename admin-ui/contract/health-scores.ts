/** Scores as monitoring sees them: `GET /api/v1/health/scores` and `/health/scores` on the metrics port. Pure. */
import { z } from 'zod'
import { type OverrideNote, overrideNoteSchema } from './override.ts'

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
  /** 95th percentile of the window; absent with fewer than 20 samples. */
  readonly latencyP95Ms?: number
  /** Percent of the window's probes that failed; absent without samples. */
  readonly errorRatePercent?: number
  /** Where the true error rate lies with 95 % certainty (Wilson): wide while there are few samples. */
  readonly errorRateLowPercent?: number
  readonly errorRateHighPercent?: number
  readonly sampleCount: number
  /** Seconds since the newest sample; absent without samples. */
  readonly sampleAgeSeconds?: number
  /** By what was measured; an override beats it. */
  readonly inPlace: boolean
  /** What an operator forces on the endpoint now. */
  readonly override?: OverrideNote
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

const standing = z.enum(['unknown', 'down', 'degraded', 'up'])
/** Schema of HealthScore. */
export const healthScoreSchema: z.ZodType<HealthScore> = z
  .object({
    endpoint: z.string(),
    address: z.string(),
    family: z.union([z.literal(4), z.literal(6)]),
    vantage: z.string(),
    standing,
    since: z.string().nullable(),
    score: z.number().exactOptional(),
    latencyMs: z.number().exactOptional(),
    latencyP95Ms: z.number().exactOptional(),
    errorRatePercent: z.number().exactOptional(),
    errorRateLowPercent: z.number().exactOptional(),
    errorRateHighPercent: z.number().exactOptional(),
    sampleCount: z.number().int(),
    sampleAgeSeconds: z.number().exactOptional(),
    inPlace: z.boolean(),
    override: overrideNoteSchema.exactOptional(),
  })
  .meta({ id: 'HealthScore' })
/** Schema of HealthScores. */
export const healthScoresSchema: z.ZodType<HealthScores> = z
  .object({
    generation: z.number().int(),
    rankingId: z.number().int(),
    computedAt: z.string(),
    windowSeconds: z.number(),
    scores: z.array(healthScoreSchema),
  })
  .meta({ id: 'HealthScores' })
