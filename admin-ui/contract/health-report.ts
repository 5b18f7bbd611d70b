/**
 * What is told of endpoints from outside: results and loads that they push themselves, samples of foreign vantages, and the list of
 * vantages. Pure.
 */
import { z } from 'zod'
import { vantageNameSchema } from './access.ts'

/** Reports of one request at the most. */
export const PUSH_BATCH_MAX = 1000
/** Samples of one request at the most. */
export const SAMPLES_BATCH_MAX = 5000

/** Results of an endpoint that it pushed, or a system that watches it. */
export type PushReport = {
  readonly endpoint: string
  /** Its probe of kind push; may be left out when it has only one. */
  readonly probe?: string
  /** Whether it works; left out = this report only tells a load. */
  readonly ok?: boolean
  /** When, RFC 3339 or ms since epoch; left out = now. */
  readonly at?: string | number
  readonly latencyMs?: number
  /** A sentence for the operator; cut to 200 characters. */
  readonly message?: string
  readonly load?: { readonly requestsPerSecond: number }
  /** A report with an id that was taken before counts once. */
  readonly id?: string
}
/** Several reports. */
export type PushBatch = { readonly reports: readonly PushReport[] }

/** One measurement of a vantage. */
export type SampleReport = {
  readonly endpoint: string
  /** Which of its addresses; may be left out when it has only one. */
  readonly address?: string
  /** Which of its probes the sample is like; left out = the first that is not of kind push. */
  readonly probe?: string
  /** When, RFC 3339 or ms since epoch. */
  readonly at: string | number
  readonly ok: boolean
  readonly latencyMs?: number
}
/** Samples of one vantage. */
export type SampleBatch = {
  /** May be left out when the token names it. */
  readonly vantage?: string
  /** Site that the vantage stands in: endpoints there are not judged remotely. */
  readonly site?: string
  readonly samples: readonly SampleReport[]
}

/** A row that was not taken. */
export type ReportProblem = {
  /** Place in the request, from 0. */
  readonly index: number
  /** As in a problem answer. */
  readonly code: string
  readonly message: string
}
/** What became of a request. */
export type ReportsAnswer = {
  readonly accepted: number
  /** Reports whose id was taken before. */
  readonly repeated: number
  /** Rows that were not taken. */
  readonly rejected: number
  /** The first hundred of them. */
  readonly problems: readonly ReportProblem[]
}

/** A place that endpoints are seen from. */
export type Vantage = {
  readonly vantage: string
  /** `node`: one of ours that probes by itself; `api`: samples are fed. */
  readonly kind: 'node' | 'api'
  readonly site: string
  /** Of a node: connected now. Of the others: samples came within the last three intervals of their probes. */
  readonly fresh: boolean
  /** Newest sample, RFC 3339; null = none. */
  readonly newestAt: string | null
  /** Sees so much less than the others that its votes about other sites do not count. */
  readonly isolated: boolean
  /** Addresses that it says something of, and what. */
  readonly addresses: { readonly up: number; readonly down: number; readonly silent: number }
  /** Samples of it that were taken since control started; null for nodes. */
  readonly accepted: number | null
  /** Samples of it that were not taken, by reason; null for nodes. */
  readonly dropped: Readonly<Record<string, number>> | null
}
/** All of them. */
export type VantageList = { readonly vantages: readonly Vantage[] }

const idSchema = z.string().min(1).max(100)
const timeSchema = z.union([z.string().max(40), z.number()])

/** Schema of PushReport. Numbers are only checked for being some: one that cannot be costs its row, not the batch. */
export const pushReportSchema: z.ZodType<PushReport> = z
  .strictObject({
    endpoint: idSchema,
    probe: idSchema.exactOptional(),
    ok: z.boolean().exactOptional(),
    at: timeSchema.exactOptional(),
    latencyMs: z.number().exactOptional(),
    message: z.string().max(10_000).exactOptional(),
    load: z.strictObject({ requestsPerSecond: z.number() }).exactOptional(),
    id: z.string().min(1).max(64).exactOptional(),
  })
  .refine(({ ok, load }) => ok !== undefined || load !== undefined, {
    path: ['ok'],
    message: 'a report says whether it is ok, or tells a load',
  })
  .meta({ id: 'PushReport' })
/** Schema of the body of a push. */
export const pushBodySchema: z.ZodType<PushReport | PushBatch> = z.union([
  pushReportSchema,
  z.strictObject({ reports: z.array(pushReportSchema).min(1).max(PUSH_BATCH_MAX) }).meta({ id: 'PushBatch' }),
])
/** Schema of SampleBatch. */
export const sampleBatchSchema: z.ZodType<SampleBatch> = z
  .strictObject({
    vantage: vantageNameSchema.exactOptional(),
    site: z.string().max(100).exactOptional(),
    samples: z
      .array(
        z
          .strictObject({
            endpoint: idSchema,
            address: z.string().max(255).exactOptional(),
            probe: idSchema.exactOptional(),
            at: timeSchema,
            ok: z.boolean(),
            latencyMs: z.number().exactOptional(),
          })
          .meta({ id: 'SampleReport' }),
      )
      .min(1)
      .max(SAMPLES_BATCH_MAX),
  })
  .meta({ id: 'SampleBatch' })
/** Schema of ReportsAnswer. */
export const reportsAnswerSchema: z.ZodType<ReportsAnswer> = z
  .object({
    accepted: z.number().int(),
    repeated: z.number().int(),
    rejected: z.number().int(),
    problems: z.array(z.object({ index: z.number().int(), code: z.string(), message: z.string() })),
  })
  .meta({ id: 'ReportsAnswer' })
/** Schema of VantageList. */
export const vantageListSchema: z.ZodType<VantageList> = z
  .object({
    vantages: z.array(
      z
        .object({
          vantage: z.string(),
          kind: z.enum(['node', 'api']),
          site: z.string(),
          fresh: z.boolean(),
          newestAt: z.string().nullable(),
          isolated: z.boolean(),
          addresses: z.object({ up: z.number().int(), down: z.number().int(), silent: z.number().int() }),
          accepted: z.number().int().nullable(),
          dropped: z.record(z.string(), z.number().int()).nullable(),
        })
        .meta({ id: 'Vantage' }),
    ),
  })
  .meta({ id: 'VantageList' })
