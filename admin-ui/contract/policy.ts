/**
 * Policies: the list, one with its ETag, and the put, which goes into the caller's draft. A policy travels as it stands in the
 * document (DESIGN.md section 10); what is wrong with it comes back as issues, also for unknown keys. Pure.
 */
import { z } from 'zod'
import { type Issue, issueSchema } from './issue.ts'
import { type LineLabel, lineLabelSchema } from './line.ts'

/** A policy as in the document; further keys are kept and judged by the document's own check. */
export type PolicyObject = {
  readonly id: string
  readonly precedence?: 'place-first' | 'carrier-first' | undefined
  readonly inherit?: boolean | undefined
  readonly ttlSeconds?: number | undefined
  readonly gates?: { readonly maxErrorRatePercent?: number | undefined; readonly maxLatencyMs?: number | undefined } | undefined
  readonly rules: readonly { readonly line: string; readonly pools: readonly string[] }[]
  readonly fallback: readonly string[]
  readonly allDown?: 'fallback' | 'last-good' | 'all' | 'servfail' | undefined
  readonly [key: string]: unknown
}

/** One row of the list. */
export type PolicySummary = {
  readonly id: string
  /** Steered names that use it. */
  readonly names: readonly { readonly name: string; readonly types: readonly string[] }[]
  readonly ruleCount: number
  /** Pools its rules and fallback name, without doubles. */
  readonly pools: readonly string[]
  readonly precedence: 'place-first' | 'carrier-first'
  readonly inherit: boolean
  readonly issues: readonly Issue[]
  /** In the caller's draft: unchanged, changed, added or removed. */
  readonly draft: 'same' | 'changed' | 'added' | 'removed'
}
/** Answer of `GET /policies`. */
export type PolicyList = { readonly generation: number; readonly policies: readonly PolicySummary[] }

/** Answer of `GET /policies/:id?of=draft|live` and of the put. */
export type PolicyAnswer = {
  readonly policy: PolicyObject
  /** Same as the ETag header: give it back in If-Match. */
  readonly etag: string
  /** Which one this is; `draft` falls back to live when the caller has no draft. */
  readonly of: 'draft' | 'live'
  readonly generation: number
  /** Issues of this policy in that document. */
  readonly issues: readonly Issue[]
  /** Labels and shares of the lines of its rules. */
  readonly lines: readonly LineLabel[]
}

/** Schema of PolicyObject. */
export const policyObjectSchema: z.ZodType<PolicyObject> = z
  .looseObject({
    id: z.string().min(1).max(100),
    precedence: z.enum(['place-first', 'carrier-first']).optional(),
    inherit: z.boolean().optional(),
    ttlSeconds: z.number().optional(),
    gates: z.looseObject({ maxErrorRatePercent: z.number().optional(), maxLatencyMs: z.number().optional() }).optional(),
    rules: z.array(z.looseObject({ line: z.string(), pools: z.array(z.string()) })),
    fallback: z.array(z.string()),
    allDown: z.enum(['fallback', 'last-good', 'all', 'servfail']).optional(),
  })
  .meta({ id: 'PolicyObject' })
/** Schema of PolicyList. */
export const policyListSchema: z.ZodType<PolicyList> = z
  .object({
    generation: z.number().int(),
    policies: z.array(
      z.object({
        id: z.string(),
        names: z.array(z.object({ name: z.string(), types: z.array(z.string()) })),
        ruleCount: z.number().int(),
        pools: z.array(z.string()),
        precedence: z.enum(['place-first', 'carrier-first']),
        inherit: z.boolean(),
        issues: z.array(issueSchema),
        draft: z.enum(['same', 'changed', 'added', 'removed']),
      }),
    ),
  })
  .meta({ id: 'PolicyList' })
/** Schema of PolicyAnswer. */
export const policyAnswerSchema: z.ZodType<PolicyAnswer> = z
  .object({
    policy: policyObjectSchema,
    etag: z.string(),
    of: z.enum(['draft', 'live']),
    generation: z.number().int(),
    issues: z.array(issueSchema),
    lines: z.array(lineLabelSchema),
  })
  .meta({ id: 'PolicyAnswer' })
