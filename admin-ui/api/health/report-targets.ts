/** What reports may be about: endpoints of the live generation with their addresses and probes. Pure. */
import type { ProbeSpec, RankEndpoint } from '../../../health/model/rank-plan.ts'
import { makeRankPlan } from '../../../policy/compile/make-rank-plan.ts'
import type { Config } from '../../../policy/config/config-schema.ts'

/** One endpoint. */
export type ReportTarget = {
  readonly id: string
  readonly site: string
  readonly addresses: readonly string[]
  readonly probes: readonly ProbeSpec[]
}

/** All of them. */
export type ReportTargets = {
  readonly generation: number
  readonly byId: ReadonlyMap<string, ReportTarget>
  /** By address, as the votes of vantages name them. */
  readonly known: ReadonlyMap<string, { readonly intervalMs: number; readonly site: string }>
}

/** Key of an address of an endpoint. */
export function targetKey(endpointId: string, address: string): string {
  return `${endpointId} ${address}`
}

/** Least interval that a vote's freshness is told by; as on nodes. */
const LEAST_INTERVAL_MS = 1000

function targetOf({ id, site, ipv4, ipv6, target, probes }: RankEndpoint): ReportTarget {
  return { id, site, addresses: [ipv4 || target, ipv6].filter((address) => address !== ''), probes }
}

/** The targets of a document. Disabled endpoints are not measured by anybody. */
export function readTargets(config: Config, generation: number): ReportTargets {
  const byId = new Map<string, ReportTarget>()
  const known = new Map<string, { readonly intervalMs: number; readonly site: string }>()
  for (const endpoint of makeRankPlan(config).endpoints) {
    if (!endpoint.enabled) continue
    const target = targetOf(endpoint)
    byId.set(target.id, target)
    const intervalMs = Math.max(LEAST_INTERVAL_MS, ...target.probes.map((probe) => probe.intervalMs))
    for (const address of target.addresses) known.set(targetKey(target.id, address), { intervalMs, site: target.site })
  }
  return { generation, byId, known }
}

/** The targets of what is live, made once a generation. */
export function cacheTargets(
  live: () => { readonly generation: { readonly number: number }; readonly config: Config | undefined } | undefined,
): () => ReportTargets {
  let cached: ReportTargets = { generation: 0, byId: new Map(), known: new Map() }
  return () => {
    const now = live()
    if (now?.config !== undefined && now.generation.number !== cached.generation) cached = readTargets(now.config, now.generation.number)
    return cached
  }
}
