/**
 * The explanation of one answer (API `GET /api/v1/explain`, `nearcast explain`, console). Built on the node from the decision's
 * own inputs, never from free text. Types only; both sides use them.
 */

/** What is asked. */
export type ExplainRequest = {
  /** Absolute name, e.g. "edge-api.yourcompany.com." (a missing final dot is added). */
  readonly name: string
  /** Type word, default A. */
  readonly type: string
  /** Client address or prefix ("202.96.104.15", "202.96.104.0/24"); stands for the client subnet (ECS). */
  readonly client: string
  /** Resolver address; used when `client` is empty. */
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
  /** Why it was or was not picked. */
  readonly verdict:
    | 'picked'
    | 'not-best'
    | 'incumbent-kept'
    | 'gate-error-rate'
    | 'gate-latency'
    | 'down'
    | 'unknown'
    | 'override-down'
    | 'drained'
    | 'no-address-of-family'
    | 'disabled'
    | 'not-reached'
}

/** One pool that was tried. */
export type ExplainPool = {
  readonly pool: string
  readonly choose: string
  readonly minimumUp: number
  readonly eligible: number
  readonly verdict: 'answered' | 'too-few-eligible' | 'none-eligible' | 'not-reached'
  readonly candidates: readonly ExplainCandidate[]
}

/** One rule of the client's chain, in the order walked; `*` is the last. */
export type ExplainRule = {
  readonly line: string
  readonly labelEn: string
  readonly labelZh: string
  readonly verdict: 'answered' | 'no-eligible-endpoint' | 'not-reached'
  readonly pools: readonly ExplainPool[]
}

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
  readonly generation: number
  readonly rankingId: number
  readonly rankingAgeSeconds: number | null
  /** One sentence for people, en. */
  readonly sentence: string
}
