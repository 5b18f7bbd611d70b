/** Checks of each policy: compulsory parts, doubles, custom lines against each other, families. Pure. */
import { formatPrefix, type Prefix } from '../../geodata/address/prefix.ts'
import { mergeLists } from '../../geodata/address/prefix-list.ts'
import type { ConfigPath, IssueDraft, LineOf } from './config-issue.ts'
import type { Endpoint, Line, Policy, Pool } from './config-schema.ts'
import type { Filled, FilledConfig } from './fill-config.ts'

/** Lines of a policy that are told to share a network with another; two copies of one long list need no thousand messages. */
const MAX_CONFLICTS = 20

/** Adds the issues of all policies. */
export function checkPolicies(config: FilledConfig, lineOf: LineOf, issues: IssueDraft[]): void {
  const lines = new Map(config.lines.map(({ value }) => [`custom:${value.id}`, value]))
  const pools = new Map(config.pools.map(({ value }) => [value.id, value]))
  const endpoints = new Map(config.endpoints.map(({ value }) => [value.id, value]))
  const typesByPolicy = new Map<string, Set<string>>()
  for (const { value } of config.names) {
    const types = typesByPolicy.get(value.policy) ?? new Set()
    for (const type of value.types) types.add(type)
    typesByPolicy.set(value.policy, types)
  }
  for (const policy of config.policies) {
    checkParts(policy, lineOf, issues)
    checkCustomLines(policy, lines, issues)
    const types = typesByPolicy.get(policy.value.id)
    checkEndpoints(policy, endpointsOf(policy.value, pools, endpoints), types ?? new Set(), issues)
    if (types === undefined) {
      issues.push({ code: 'POLICY_UNUSED', path: policy.path, params: { policy: policy.value.id } })
    }
  }
}

function checkParts({ value, path, written, unread }: Filled<Policy>, lineOf: LineOf, issues: IssueDraft[]): void {
  const policy = value.id
  if (value.fallback.length === 0 && !unread.has('fallback')) {
    issues.push({ code: 'POLICY_FALLBACK_MISSING', path: written.has('fallback') ? [...path, 'fallback'] : path, params: { policy } })
  }
  // Rules that could not be read at all were reported; whether one of them was for "*" is not known.
  if (!written.has('rules')) return
  if (!unread.has('rules') && value.rules.every((rule) => rule.line !== '*' && rule.line !== '')) {
    issues.push({ code: 'POLICY_DEFAULT_MISSING', path: [...path, 'rules'], params: { policy } })
  }
  const first = new Map<string, ConfigPath>()
  for (const [position, rule] of value.rules.entries()) {
    if (rule.line === '') continue
    const at = [...path, 'rules', position]
    const earlier = first.get(rule.line)
    if (earlier === undefined) first.set(rule.line, at)
    else {
      const params = { policy, line: rule.line, firstLine: lineOf(earlier) }
      issues.push({ code: 'POLICY_RULE_DUPLICATE', path: [...at, 'line'], params })
    }
  }
}

/** Equal networks in two lines leave no order. Lines that never answer are found in the compiled classes (check-reachability.ts). */
function checkCustomLines({ value, path }: Filled<Policy>, lines: ReadonlyMap<string, Line>, issues: IssueDraft[]): void {
  const used = value.rules.flatMap((rule, position) => {
    const line = lines.get(rule.line)
    return line === undefined ? [] : [{ line, at: [...path, 'rules', position, 'line'] as ConfigPath }]
  })
  if (used.length < 2) return
  // One network a line is enough to find the others by.
  const told = new Set<number>()
  const report = (first: number, second: number, prefix: Prefix): void => {
    if (first === second || told.has(second) || told.size >= MAX_CONFLICTS) return
    told.add(second)
    const params = { policy: value.id, first: used[first]!.line.id, second: used[second]!.line.id, prefix: formatPrefix(prefix) }
    issues.push({ code: 'POLICY_PREFIX_CONFLICT', path: used[second]!.at, params })
  }
  mergeLists(
    1,
    used.map(({ line }) => line.prefixes.v4),
    report,
  )
  mergeLists(
    4,
    used.map(({ line }) => line.prefixes.v6),
    report,
  )
}

function checkEndpoints(
  policy: Filled<Policy> & { readonly familiesGiven: boolean },
  all: readonly Endpoint[],
  types: ReadonlySet<string>,
  issues: IssueDraft[],
): void {
  const { value, path } = policy
  const endpoints = all.filter((endpoint) => endpoint.enabled)
  const unprobed = endpoints.filter((endpoint) => endpoint.probes.length === 0)
  if (unprobed.length > 0) {
    issues.push({ code: 'POLICY_UNPROBED', path, params: { policy: value.id, count: unprobed.length, first: unprobed[0]!.id } })
  }
  if (policy.familiesGiven || !types.has('A') || !types.has('AAAA')) return
  const addressed = endpoints.filter((endpoint) => endpoint.ipv4 !== '' || endpoint.ipv6 !== '')
  const [first] = addressed
  const other = addressed.find((endpoint) => familiesOf(endpoint) !== familiesOf(first!))
  if (first === undefined || other === undefined) return
  const params = {
    policy: value.id,
    first: first.id,
    firstFamilies: familiesOf(first),
    second: other.id,
    secondFamilies: familiesOf(other),
  }
  issues.push({ code: 'POLICY_FAMILIES_DIFFER', path, params })
}

function familiesOf(endpoint: Endpoint): string {
  if (endpoint.ipv4 !== '' && endpoint.ipv6 !== '') return 'IPv4 and IPv6'
  return endpoint.ipv4 !== '' ? 'IPv4 only' : 'IPv6 only'
}

/** Endpoints of a policy in the order of its rules and fallback. */
export function endpointsOf(
  policy: Policy,
  pools: ReadonlyMap<string, Pool>,
  endpoints: ReadonlyMap<string, Endpoint>,
): readonly Endpoint[] {
  const found = new Map<string, Endpoint>()
  for (const id of new Set([...policy.rules.flatMap((rule) => rule.pools), ...policy.fallback])) {
    for (const member of pools.get(id)?.members ?? []) {
      const endpoint = endpoints.get(member.endpoint)
      if (endpoint !== undefined) found.set(endpoint.id, endpoint)
    }
  }
  return [...found.values()]
}
