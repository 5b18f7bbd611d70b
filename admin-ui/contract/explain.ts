/**
 * The explanation of one answer (API `GET /api/v1/explain`, `nearcast explain`, console). Built on the node from the decision's
 * own inputs, never from free text. Pure; both sides use it.
 */
import { z } from 'zod'
import { type OverrideNote, overrideNoteSchema } from './override.ts'

/** What is asked. */
export type ExplainRequest = {
  /** Absolute name, e.g. "edge-api.yourcompany.com." (a missing final dot is added). */
  readonly name: string
  /** Type word, default A. */
  readonly type: string
  /** Client address or prefix ("202.96.104.15", "202.96.104.0/24"); stands for the client subnet (ECS). Without `resolver` it asks by itself, and its subnet is trusted. */
  readonly client: string
  /** Resolver address: decides when `client` is empty, or its subnet is not used. */
  readonly resolver?: string
}

/** Verdict on one candidate. */
export type ExplainCandidate = {
  readonly endpoint: string
  readonly address: string
  readonly standing: 'unknown' | 'down' | 'degraded' | 'up'
  readonly latencyMs: number | null
  readonly errorRatePercent: number | null
  readonly score: number | null
  readonly sampleCount: number
  /** Age of the newest sample in seconds. */
  readonly ageSeconds: number | null
  readonly weight: number
  /** Share of its clients that it keeps, in percent; absent when it keeps all. In a weighted pool: of its weight. */
  readonly keepPercent?: number | undefined
  /** Where this client stands among them, 0–1: it stays below the share. */
  readonly keepPosition?: number | undefined
  /**
   * Why it was or was not picked. `picked` alone means that it is answered; `behind-incumbent` scores higher, but not by more than the
   * band for longer than the dwell: the incumbent stays. `draining`, `slow-start` and `shed` keep a share of their clients, without this one.
   */
  readonly verdict:
    | 'picked'
    | 'not-best'
    | 'behind-incumbent'
    | 'gate-error-rate'
    | 'gate-latency'
    | 'over-capacity'
    | 'down'
    | 'unknown'
    | 'override-down'
    | 'drained'
    | 'draining'
    | 'slow-start'
    | 'shed'
    | 'no-address-of-family'
    | 'disabled'
    | 'not-reached'
  /** What an operator forces on it now. */
  readonly override?: OverrideNote
  /** Latency that clients of this line measured; only in pools with `choose: latency`, where there is a cell. */
  readonly measured?: ExplainMeasured
}

/** One pool that was tried. */
export type ExplainPool = {
  readonly pool: string
  readonly choose: string
  readonly minimumUp: number
  readonly eligible: number
  /** `passed-on`: its eligible members keep a share of their clients, without this one. */
  readonly verdict: 'answered' | 'too-few-eligible' | 'none-eligible' | 'passed-on' | 'not-reached'
  readonly candidates: readonly ExplainCandidate[]
  /** Only with `choose: latency`. */
  readonly latency?: ExplainLatency
}

/** What a latency pool went by for this client. */
export type ExplainLatency = {
  /** Line of the matrix, e.g. "cn-33/telecom"; empty = nothing is known of the client's place. */
  readonly line: string
  /** `explored`: this block was led to a little known endpoint; `distance`: nothing is measured for the line, the nearest answers. */
  readonly by: 'measured' | 'explored' | 'distance'
  /** Endpoints as measured for the line, best first; empty = by distance. */
  readonly order: readonly string[]
}

/** What was measured from the client's line to a candidate. */
export type ExplainMeasured = {
  readonly medianMs: number
  readonly p90Ms: number
  readonly samples: number
  readonly ageSeconds: number
  /** Share that it has in the estimate, percent; the rest is what the distance lets expect. */
  readonly confidencePercent: number
  /** Middle of the band that it is compared by, ms. */
  readonly bandMs: number
}

/** One rule of the client's chain, in the order walked; `*` is the last. */
export type ExplainRule = {
  readonly line: string
  readonly labelEn: string
  readonly labelZh: string
  readonly verdict: 'answered' | 'no-eligible-endpoint' | 'passed-on' | 'not-reached'
  readonly pools: readonly ExplainPool[]
}

/** Source of one field of the asker's location. */
export type ExplainFieldSource = {
  readonly source: string
  /** Day its data is of; "" when unknown. */
  readonly date: string
  /** Deduced from a numbering plan, not looked up. */
  readonly inferred: boolean
  /** The operator's correction that says so. */
  readonly correction?: { readonly prefix: string; readonly reason: string; readonly author?: string; readonly date?: string }
}

/**
 * What became of the client subnet: none came, it asks not to be located (/0), it decided, the zone has `ecs: ignore`, or the resolver is
 * not one of `options.ecsTrust`. Unless it was used, the resolver's address decided and the scope is 0.
 */
export type ExplainClientSubnet = 'none' | 'not-wanted' | 'used' | 'ignored-by-zone' | 'untrusted-resolver'

/** Anycast public resolver that the address used belongs to: its place says nothing of the clients behind it. */
export type ExplainPublicResolver = { readonly id: string; readonly labelEn: string; readonly labelZh: string }

/** The whole explanation. */
export type ExplainAnswer = {
  readonly name: string
  readonly type: string
  readonly node: string
  readonly rcode: string
  /** Presentation form of the answer's records. */
  readonly records: readonly string[]
  readonly addressUsed: string
  readonly addressSource: 'client-subnet' | 'resolver'
  /** Only where a policy decided. */
  readonly clientSubnet?: ExplainClientSubnet | undefined
  readonly publicResolver?: ExplainPublicResolver | undefined
  readonly location: {
    readonly country: string | null
    readonly province: string | null
    readonly city: string | null
    readonly carrier: string | null
    readonly labelEn: string
    readonly labelZh: string
    /** Source of the place and of the carrier, e.g. "ip2region 2024-02-28". */
    readonly placeSource: string | null
    readonly carrierSource: string | null
    /** By field (country, province, region, city, carrier, asn): who says so; a correction with its reason and author. */
    readonly fields?: Readonly<Record<string, ExplainFieldSource>> | undefined
    /** First and last address of the uniform range. */
    readonly range: readonly [string, string]
  } | null
  readonly policy: string | null
  /** Line keys a client of this location can match, most specific first, with whether the policy has a rule for it. */
  readonly chain: readonly { readonly line: string; readonly rule: boolean }[]
  readonly rules: readonly ExplainRule[]
  readonly fallback: readonly ExplainPool[]
  /** Which of the four decision steps answered: 1 rules, 2 fallback, 3 last resort, 4 all down. */
  readonly step: 1 | 2 | 3 | 4 | null
  readonly picked: readonly string[]
  readonly ttlSeconds: number | null
  /** Scope block of the answer, e.g. "202.96.104.0/21". */
  readonly scope: string | null
  readonly scopePrefixLength: number | null
  /** Block whose hash decided shares of clients (weights, slow start, drain, shedding), where a policy decided. */
  readonly hashBlock?: string | undefined
  readonly generation: number
  readonly rankingId: number
  readonly rankingAgeSeconds: number | null
  /** One sentence for people, en. */
  readonly sentence: string
}

const candidate = z.object({
  endpoint: z.string(),
  address: z.string(),
  standing: z.enum(['unknown', 'down', 'degraded', 'up']),
  latencyMs: z.number().nullable(),
  errorRatePercent: z.number().nullable(),
  score: z.number().nullable(),
  sampleCount: z.number().int(),
  ageSeconds: z.number().nullable(),
  weight: z.number(),
  keepPercent: z.number().optional(),
  keepPosition: z.number().optional(),
  verdict: z.enum([
    'picked',
    'not-best',
    'behind-incumbent',
    'gate-error-rate',
    'gate-latency',
    'over-capacity',
    'down',
    'unknown',
    'override-down',
    'drained',
    'draining',
    'slow-start',
    'shed',
    'no-address-of-family',
    'disabled',
    'not-reached',
  ]),
  override: overrideNoteSchema.exactOptional(),
  measured: z
    .object({
      medianMs: z.number(),
      p90Ms: z.number(),
      samples: z.number(),
      ageSeconds: z.number(),
      confidencePercent: z.number(),
      bandMs: z.number(),
    })
    .exactOptional(),
})
const pool = z.object({
  pool: z.string(),
  choose: z.string(),
  minimumUp: z.number().int(),
  eligible: z.number().int(),
  verdict: z.enum(['answered', 'too-few-eligible', 'none-eligible', 'passed-on', 'not-reached']),
  candidates: z.array(candidate),
  latency: z.object({ line: z.string(), by: z.enum(['measured', 'explored', 'distance']), order: z.array(z.string()) }).exactOptional(),
})
/** Schema of ExplainRequest, as query parameters. */
const fieldSource: z.ZodType<ExplainFieldSource> = z.object({
  source: z.string(),
  date: z.string(),
  inferred: z.boolean(),
  correction: z
    .object({ prefix: z.string(), reason: z.string(), author: z.string().exactOptional(), date: z.string().exactOptional() })
    .exactOptional(),
})

export const explainRequestSchema: z.ZodType<ExplainRequest> = z
  .object({
    name: z.string().min(1).max(255),
    type: z.string().max(16).default('A'),
    client: z.string().max(64).default(''),
    resolver: z.string().max(64).exactOptional(),
  })
  .meta({ id: 'ExplainRequest' })
/** Schema of ExplainAnswer. */
export const explainAnswerSchema: z.ZodType<ExplainAnswer> = z
  .object({
    name: z.string(),
    type: z.string(),
    node: z.string(),
    rcode: z.string(),
    records: z.array(z.string()),
    addressUsed: z.string(),
    addressSource: z.enum(['client-subnet', 'resolver']),
    clientSubnet: z.enum(['none', 'not-wanted', 'used', 'ignored-by-zone', 'untrusted-resolver']).optional(),
    publicResolver: z.object({ id: z.string(), labelEn: z.string(), labelZh: z.string() }).optional(),
    location: z
      .object({
        country: z.string().nullable(),
        province: z.string().nullable(),
        city: z.string().nullable(),
        carrier: z.string().nullable(),
        labelEn: z.string(),
        labelZh: z.string(),
        placeSource: z.string().nullable(),
        carrierSource: z.string().nullable(),
        fields: z.record(z.string(), fieldSource).optional(),
        range: z.tuple([z.string(), z.string()]),
      })
      .nullable(),
    policy: z.string().nullable(),
    chain: z.array(z.object({ line: z.string(), rule: z.boolean() })),
    rules: z.array(
      z.object({
        line: z.string(),
        labelEn: z.string(),
        labelZh: z.string(),
        verdict: z.enum(['answered', 'no-eligible-endpoint', 'passed-on', 'not-reached']),
        pools: z.array(pool),
      }),
    ),
    fallback: z.array(pool),
    step: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]).nullable(),
    picked: z.array(z.string()),
    ttlSeconds: z.number().int().nullable(),
    scope: z.string().nullable(),
    scopePrefixLength: z.number().int().nullable(),
    hashBlock: z.string().optional(),
    generation: z.number().int(),
    rankingId: z.number().int(),
    rankingAgeSeconds: z.number().nullable(),
    sentence: z.string(),
  })
  .meta({ id: 'ExplainAnswer' })
