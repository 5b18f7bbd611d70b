/**
 * What health needs to know of a compiled document: endpoints with their probes, and pools as index lists in the numbering of the
 * policy columns. Pure; plain data that can be posted to a worker.
 */
import type { LatencySettings } from '../../health/model/latency-matrix.ts'
import {
  type IsolationReference,
  type ProbeSpec,
  type RankEndpoint,
  type RankPlan,
  type RankPoolUse,
  VANTAGE_SHARE_PERCENT,
} from '../../health/model/rank-plan.ts'
import type { Config, Endpoint, Policy, Pool, Probe } from '../config/config-schema.ts'
import { latencyReadingOf } from '../config/latency-reading.ts'
import { byId, poolIdsOf, sortConfig } from './line-signature.ts'

/** The rank plan of a document; the generation is given at publish. Its numbering is that of compilePolicies for the same document. */
export function makeRankPlan(config: Config): Omit<RankPlan, 'generation'> {
  const { policies, pools, endpoints } = sortConfig(config)
  const probes = byId(config.probes)
  const poolById = byId(pools)
  const endpointNumber = new Map(endpoints.map((endpoint, number) => [endpoint.id, number]))
  const poolUses: RankPoolUse[] = []
  let firstMember = 0
  for (const policy of policies) {
    for (const id of poolIdsOf(policy)) {
      const pool = poolById.get(id)!
      poolUses.push(planPoolUse(policy, pool, firstMember, endpointNumber))
      firstMember += pool.members.length
    }
  }
  return { endpoints: endpoints.map((endpoint) => planEndpoint(endpoint, probes)), poolUses, references: planReferences(config) }
}

function planPoolUse(policy: Policy, pool: Pool, firstMember: number, endpointNumber: ReadonlyMap<string, number>): RankPoolUse {
  return {
    poolId: pool.id,
    policyId: policy.id,
    choose: pool.choose,
    minimumUp: pool.minimumUp,
    tolerancePercent: pool.tolerancePercent,
    dwellSeconds: pool.dwellSeconds,
    slowStartSeconds: pool.slowStartSeconds,
    ttlSeconds: policy.ttlSeconds,
    vantageSharePercent: policy.vantageSharePercent ?? VANTAGE_SHARE_PERCENT,
    jointFamilies: policy.families === 'same-endpoint',
    maxErrorRatePercent: policy.gates.maxErrorRatePercent,
    maxLatencyMs: policy.gates.maxLatencyMs,
    score: { ...policy.score },
    firstMember,
    members: pool.members.map(({ endpoint, weight }) => ({ endpoint: endpointNumber.get(endpoint)!, weight })),
    ...(pool.choose === 'latency' ? { latency: settingsOf(policy) } : {}),
  }
}

function settingsOf(policy: Policy): LatencySettings {
  const { by: _, ...settings } = latencyReadingOf(policy)
  return settings
}

function planReferences(config: Config): readonly IsolationReference[] {
  return (config.options.isolation?.reference ?? []).map(({ address, port }) => ({ address, port }))
}

function planEndpoint(endpoint: Endpoint, probes: ReadonlyMap<string, Probe>): RankEndpoint {
  return {
    id: endpoint.id,
    ipv4: endpoint.ipv4,
    ipv6: endpoint.ipv6,
    target: endpoint.target,
    enabled: endpoint.enabled,
    probes: endpoint.probes.map((id): ProbeSpec => ({ ...probes.get(id)! })),
    site: endpoint.site,
    labels: { ...endpoint.labels },
    ...(endpoint.capacity === undefined ? {} : { capacity: endpoint.capacity }),
  }
}
