/** Latency per line: samples that devices and outside systems feed, and the matrix made of them (API `/latency/…`, console, `nearcast health latency`). Pure. */
import { z } from 'zod'

/** Samples in one request at most. */
export const LATENCY_SAMPLES_MAX = 1000

/** One sample: what a client measured to an endpoint. */
export type LatencySampleWish = {
  /** Address or network of the client ("202.96.104.15", "202.96.104.0/24"); only its /24 or /56 is kept, as a number. */
  readonly client: string
  /** Endpoint id. */
  readonly endpoint: string
  /** Time to connect, or to the first byte, in ms; may be left out with `ok: false`. */
  readonly latencyMs?: number | undefined
  /** RFC 3339, or ms since epoch; default now. */
  readonly at?: string | number | undefined
  /** false: the endpoint could not be reached. */
  readonly ok?: boolean | undefined
}

/** Body of a batch. */
export type LatencySamples = { readonly samples: readonly LatencySampleWish[] }

/** What became of a batch. */
export type LatencySamplesAnswer = {
  readonly accepted: number
  readonly dropped: number
  /** How many were dropped by reason; only reasons that occurred. */
  readonly reasons: Readonly<Record<string, number>>
}

/** One cell of the matrix. */
export type LatencyCellView = {
  readonly line: string
  readonly labelEn: string
  readonly labelZh: string
  readonly endpoint: string
  readonly medianMs: number
  readonly p90Ms: number
  readonly samples: number
  readonly ageSeconds: number
  /** What it counts in an estimate of the policy, 0–1; the rest is what the distance lets expect. */
  readonly confidence: number
}

/** The matrix as a policy reads it. */
export type LatencyMatrix = {
  /** Policy; empty = none chooses by latency, or none was asked for: the usual settings. */
  readonly policy: string
  readonly by: 'region' | 'city'
  readonly minimumSamples: number
  readonly maxAgeSeconds: number
  readonly bandPercent: number
  readonly explorePercent: number
  /** Cells in all; the list may be cut. */
  readonly total: number
  /** By line, best endpoint first. */
  readonly cells: readonly LatencyCellView[]
  /** Since the start of control. */
  readonly accepted: number
  readonly dropped: Readonly<Record<string, number>>
}

const sample: z.ZodType<LatencySampleWish> = z.strictObject({
  client: z.string().max(64),
  endpoint: z.string().max(64),
  latencyMs: z.number().optional(),
  at: z.union([z.string().max(40), z.number()]).optional(),
  ok: z.boolean().optional(),
})

/** Schema of a batch. What a sample says is judged one by one: a wrong one is dropped and counted, the others are taken. */
export const latencySamplesSchema: z.ZodType<LatencySamples> = z.strictObject({ samples: z.array(sample).min(1).max(LATENCY_SAMPLES_MAX) })

/** Schema of the answer to a batch. */
export const latencySamplesAnswerSchema: z.ZodType<LatencySamplesAnswer> = z.object({
  accepted: z.number(),
  dropped: z.number(),
  reasons: z.record(z.string(), z.number()),
})

/** Schema of the matrix. */
export const latencyMatrixSchema: z.ZodType<LatencyMatrix> = z.object({
  policy: z.string(),
  by: z.enum(['region', 'city']),
  minimumSamples: z.number(),
  maxAgeSeconds: z.number(),
  bandPercent: z.number(),
  explorePercent: z.number(),
  total: z.number(),
  cells: z.array(
    z.object({
      line: z.string(),
      labelEn: z.string(),
      labelZh: z.string(),
      endpoint: z.string(),
      medianMs: z.number(),
      p90Ms: z.number(),
      samples: z.number(),
      ageSeconds: z.number(),
      confidence: z.number(),
    }),
  ),
  accepted: z.number(),
  dropped: z.record(z.string(), z.number()),
})
