/**
 * What ranking needs to know of a generation: endpoints, their probes, and the pools as index lists. Made by
 * policy/compile/make-rank-plan.ts (health imports nothing of policy), plain data that can be posted to a worker.
 */
import type { LatencyPlan, LatencySettings } from './latency-matrix.ts'

/** In place when more than this share of the vantages say so, unless a policy says otherwise. */
export const VANTAGE_SHARE_PERCENT = 18

/** One probe, defaults filled in. */
export type ProbeSpec = {
  readonly id: string
  readonly kind: 'http' | 'https' | 'tcp' | 'tls' | 'dns' | 'icmp' | 'grpc' | 'push' | 'script'
  /** Port probed, 1–65535; 0 for kinds that have none. */
  readonly port: number
  /** Path of http/https, begins with "/". */
  readonly path: string
  /** Status codes that count as success. */
  readonly expectStatus: readonly number[]
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Interval after a first failure. */
  readonly retryIntervalMs: number
  /** Failures in a row that lose the place. */
  readonly fall: number
  /** Successes in a row that regain it. */
  readonly rise: number
  readonly windowSeconds: number
  /** A failing optional probe counts in the error rate only. */
  readonly required: boolean
  /** Host header; empty = the endpoint's address. */
  readonly host: string
  /** TLS server name; empty = `host`. */
  readonly sni: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  /** Substring that the body must hold; empty = any. */
  readonly match: string
  readonly redirects: boolean
  readonly certificate: 'verify' | 'ignore'
  /** http, https; absent = 1.1. */
  readonly httpVersion?: '1.1' | '2'
  /** RE2 pattern that the beginning of the body must match; absent = any. */
  readonly matchPattern?: string
  /** Family of the addresses that it measures; absent = both. */
  readonly families?: 'ipv4' | 'ipv6'
  /** grpc: over TLS; absent = clear text. */
  readonly tls?: boolean
  /** grpc: name of the service; absent = the server as a whole. */
  readonly service?: string
  /** dns: name in question, absolute. */
  readonly queryName?: string
  /** dns: type in question; absent = A. */
  readonly queryType?: string
  /** dns: response code of a success; absent = NOERROR. */
  readonly expectRcode?: string
  /** dns: rdata that must all be in the answer; absent = none. */
  readonly expectAnswer?: readonly string[]
  /** push: a report counts for this long; absent = 60. */
  readonly expireSeconds?: number
  /** script: base name in the script folder of the machine. */
  readonly script?: string
}

/** What an endpoint can take. */
export type EndpointCapacity = {
  readonly requestsPerSecond: number
  /** From this share of it on clients are shed, more the closer the load comes to the hard mark. */
  readonly softPercent: number
  /** From this share of it on the endpoint is not eligible. */
  readonly hardPercent: number
}

/** One endpoint, in order of endpoint index. */
export type RankEndpoint = {
  readonly id: string
  /** Textual IPv4 address, or empty. */
  readonly ipv4: string
  /** Textual IPv6 address, or empty. */
  readonly ipv6: string
  /** Host name of a target endpoint, or empty. */
  readonly target: string
  readonly enabled: boolean
  /** Probes of each of its addresses; the first gives the latency. Empty: counts as up. */
  readonly probes: readonly ProbeSpec[]
  /** Name of the data centre it stands in; empty = none. */
  readonly site: string
  readonly labels: Readonly<Record<string, string>>
  /** Absent: as much as comes. */
  readonly capacity?: EndpointCapacity
}

/** One pool as used by one policy, in order of pool-use index. */
export type RankPoolUse = {
  readonly poolId: string
  readonly policyId: string
  readonly choose: 'best' | 'weighted' | 'all' | 'nearest' | 'latency' | 'auto'
  readonly minimumUp: number
  /** Band of `best` in percent; never less than 3 points. */
  readonly tolerancePercent: number
  readonly dwellSeconds: number
  readonly slowStartSeconds: number
  /** TTL of the policy: shares of clients move by one step in this time at most. */
  readonly ttlSeconds: number
  /** In place when more than this share of the vantages say so. */
  readonly vantageSharePercent: number
  /** True: only view 0 (joint over all addresses an endpoint has); false: view 0 = IPv4, view 1 = IPv6. */
  readonly jointFamilies: boolean
  readonly maxErrorRatePercent: number
  readonly maxLatencyMs: number
  readonly score: {
    readonly profile: 'weighted' | 'expected-time'
    readonly latencyWeight: number
    readonly successWeight: number
    readonly floorMs: number
    readonly retryPenaltyMs: number
  }
  /** First member use of this pool use; the members follow each other. */
  readonly firstMember: number
  /** Endpoint index and configured weight (0–65535) of each member. */
  readonly members: readonly { readonly endpoint: number; readonly weight: number }[]
  /** How the matrix is read; only with `choose: latency`. */
  readonly latency?: LatencySettings
}

/** The whole plan of one generation. */
export type RankPlan = {
  readonly generation: number
  readonly endpoints: readonly RankEndpoint[]
  readonly poolUses: readonly RankPoolUse[]
  /** Addresses that tell whether this machine is cut off; not answered. Empty = that rule is off. */
  readonly references: readonly IsolationReference[]
  /** Rows of the latency pools; made on the node from the columns of the snapshot (policy/compile/latency-rows.ts). */
  readonly latency?: LatencyPlan | undefined
}

/** An address outside that is probed to tell whether this machine is cut off. */
export type IsolationReference = {
  /** Textual address. */
  readonly address: string
  /** TCP port that is connected to; being refused is being reached. */
  readonly port: number
}

/** A plan of a snapshot that an older version compiled, with what came after it: a node starts from its kept snapshot over an upgrade. */
export function completeRankPlan(plan: RankPlan): RankPlan {
  if (plan.references !== undefined) return plan
  return {
    ...plan,
    references: [],
    endpoints: plan.endpoints.map((endpoint) => ({ ...endpoint, site: endpoint.site ?? '', labels: endpoint.labels ?? {} })),
    poolUses: plan.poolUses.map((poolUse) => ({
      ...poolUse,
      ttlSeconds: poolUse.ttlSeconds ?? 30,
      vantageSharePercent: poolUse.vantageSharePercent ?? VANTAGE_SHARE_PERCENT,
    })),
  }
}
