/** Small configurations for tests: what matters is written, the rest has the document's defaults. */
import type { Config, Endpoint, Policy, Pool, Rule } from '../../policy/config/config-schema.ts'
import { makeLine } from '../../policy/config/fill-lines.ts'
import { GEODATA_DEFAULTS } from '../../policy/config/geodata-schema.ts'

/** A policy in short. */
export type PolicyDraft = Partial<Policy> & { readonly id: string; readonly rules: readonly Rule[]; readonly fallback: readonly string[] }
/** A pool in short: member ids, or members with weights. */
export type PoolDraft = Partial<Omit<Pool, 'members'>> & {
  readonly id: string
  readonly members: readonly (string | { readonly endpoint: string; readonly weight: number })[]
}
/** A configuration in short. Endpoints that only pools name get an IPv4 address by their position. */
export type ConfigDraft = {
  readonly endpoints?: readonly (Partial<Endpoint> & { readonly id: string })[]
  readonly pools: readonly PoolDraft[]
  readonly lines?: Readonly<Record<string, readonly string[]>>
  readonly policies: readonly PolicyDraft[]
  readonly options?: Config['options']
}

/** The configuration with defaults filled in. */
export function makeSyntheticConfig(draft: ConfigDraft): Config {
  const pools = draft.pools.map(makePool)
  const given = draft.endpoints ?? []
  const named = [...new Set(pools.flatMap((pool) => pool.members.map(({ endpoint }) => endpoint)))]
  const missing = named.filter((id) => !given.some((endpoint) => endpoint.id === id)).map((id) => ({ id }))
  return {
    apiVersion: 'nearcast/v1',
    zones: [],
    probes: [],
    endpoints: [...given, ...missing].map(makeEndpoint),
    pools,
    lines: Object.entries(draft.lines ?? {}).map(([id, prefixes]) => makeLine(id, { en: '', 'zh-CN': '' }, prefixes)),
    policies: draft.policies.map((policy) => makePolicy(policy, pools)),
    names: [],
    tsigKeys: [],
    geodata: { ...GEODATA_DEFAULTS, sources: [{ kind: 'default' }] },
    options: draft.options ?? {},
    files: {},
  }
}

function makeEndpoint(draft: Partial<Endpoint> & { readonly id: string }, position: number): Endpoint {
  const hasAddress = draft.ipv4 !== undefined || draft.ipv6 !== undefined || draft.target !== undefined
  return {
    ipv4: hasAddress ? '' : `192.0.2.${position + 1}`,
    ipv6: '',
    target: '',
    place: '',
    carrier: '',
    coordinates: null,
    probes: [],
    site: '',
    labels: {},
    enabled: true,
    ...draft,
  }
}

function makePool(draft: PoolDraft): Pool {
  return {
    minimumUp: 1,
    choose: 'best',
    sticky: true,
    maxAnswers: 8,
    slowStartSeconds: 0,
    tolerancePercent: 10,
    dwellSeconds: 60,
    ...draft,
    members: draft.members.map((member) => (typeof member === 'string' ? { endpoint: member, weight: 10 } : member)),
  }
}

function makePolicy(draft: PolicyDraft, pools: readonly Pool[]): Policy {
  const used = new Set([...draft.rules.flatMap((rule) => rule.pools), ...draft.fallback])
  const shared = pools.some((pool) => used.has(pool.id) && (pool.choose === 'weighted' || pool.slowStartSeconds > 0))
  return {
    precedence: 'place-first',
    inherit: true,
    ttlSeconds: 30,
    ttlFloorSeconds: 5,
    gates: { maxErrorRatePercent: 5, maxLatencyMs: 500 },
    score: { profile: 'weighted', latencyWeight: 0.6, successWeight: 0.4, floorMs: 10, retryPenaltyMs: 1000 },
    allDown: 'fallback',
    families: 'same-endpoint',
    hashPrefix: shared ? { ipv4: 24, ipv6: 56 } : { ipv4: 0, ipv6: 0 },
    guards: { maxMovedPercent: 30 },
    ...draft,
  }
}
