/**
 * Policies that decide per family (`families: each`) need both families in their fallback. Otherwise a client whose rules lead to no
 * IPv6 endpoint gets NODATA, which resolvers keep for all of their clients (RFC 7871 §7.4 has no scope for it that they all honour). Pure.
 */
import type { IssueDraft } from '../config/config-issue.ts'
import type { Config, Endpoint } from '../config/config-schema.ts'
import { byId, poolIdsOf } from './line-signature.ts'

const FAMILIES = [
  { family: 'IPv4', has: (endpoint: Endpoint) => endpoint.ipv4 !== '' || endpoint.target !== '' },
  { family: 'IPv6', has: (endpoint: Endpoint) => endpoint.ipv6 !== '' || endpoint.target !== '' },
]

/** A warning for each family that a policy has, but not in its fallback. */
export function checkFamilies(config: Config): IssueDraft[] {
  const pools = byId(config.pools)
  const endpoints = byId(config.endpoints)
  const endpointsOf = (poolIds: readonly string[]): Endpoint[] =>
    poolIds.flatMap((id) => pools.get(id)!.members.map((member) => endpoints.get(member.endpoint)!)).filter((endpoint) => endpoint.enabled)
  return config.policies.flatMap((policy, position) => {
    if (policy.families !== 'each') return []
    const all = endpointsOf(poolIdsOf(policy))
    const last = endpointsOf(policy.fallback)
    return FAMILIES.flatMap(({ family, has }): IssueDraft[] => {
      const example = all.find(has)
      if (example === undefined || last.some(has)) return []
      const params = { policy: policy.id, family, endpoint: example.id }
      return [{ code: 'POLICY_FAMILY_GAP', path: ['policies', position, 'fallback'], params }]
    })
  })
}
