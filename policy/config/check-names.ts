/** Checks of steered names against zones, records and each other (DESIGN.md section 4). Pure. */
import { cutsOf } from './check-cuts.ts'
import { endpointsOf } from './check-policies.ts'
import type { ConfigPath, IssueDraft, LineOf } from './config-issue.ts'
import type { Endpoint, Policy, SteeredName, Zone } from './config-schema.ts'
import { ancestorsOf, isAtOrBelow } from './domain-name.ts'
import type { Filled, FilledConfig } from './fill-config.ts'
import type { DocumentShape } from './read-shape.ts'
import { suggestNearest } from './suggest-nearest.ts'

type Lookup = {
  readonly zones: ReadonlyMap<string, Filled<Zone>>
  readonly policies: ReadonlyMap<string, Policy>
  readonly endpointsOf: (policy: Policy) => readonly Endpoint[]
  readonly cutsOf: typeof cutsOf
  readonly typesByName: ReadonlyMap<string, ReadonlySet<string>>
  readonly policiesByName: ReadonlyMap<string, ReadonlySet<string>>
}

/** Adds the issues of all steered names. */
export function checkSteeredNames(config: FilledConfig, shape: DocumentShape, lineOf: LineOf, issues: IssueDraft[]): void {
  const lookup = makeLookup(config)
  const steered = new Map<string, ConfigPath>()
  for (const name of config.names) {
    const { value, path } = name
    if (value.name === '') continue
    checkTypes(name, issues)
    for (const type of value.types) {
      const key = `${value.name} ${type}`
      const earlier = steered.get(key)
      if (earlier === undefined) steered.set(key, path)
      else issues.push({ code: 'CONFIG_STEERED_TWICE', path, params: { name: value.name, type, firstLine: lineOf(earlier) } })
    }
    const zone = zoneOf(value.name, lookup.zones)
    if (zone === undefined) {
      if (shape.incomplete.has('zones')) continue
      const nearest = suggestNearest(ancestorsOf(value.name)[1] ?? '', lookup.zones.keys())
      const params = { name: value.name, nearest: nearest === undefined ? '' : `${value.name.split('.')[0]}.${nearest}` }
      issues.push({ code: 'CONFIG_STEERED_OUTSIDE', path: [...path, 'name'], params })
      continue
    }
    checkAgainstZone(name, zone.value, lookup, issues)
    checkAgainstPolicy(name, zone.value, lookup, issues)
  }
}

function makeLookup(config: FilledConfig): Lookup {
  const pools = new Map(config.pools.map(({ value }) => [value.id, value]))
  const endpoints = new Map(config.endpoints.map(({ value }) => [value.id, value]))
  const byPolicy = new Map<string, readonly Endpoint[]>()
  const policiesByName = new Map<string, Set<string>>()
  for (const { value } of config.names) {
    const known = policiesByName.get(value.name)
    if (known === undefined) policiesByName.set(value.name, new Set([value.policy]))
    else known.add(value.policy)
  }
  const cutsByZone = new Map<Zone, ReturnType<typeof cutsOf>>()
  const typesByName = new Map<string, Set<string>>()
  for (const { value: zone } of config.zones) {
    for (const { name, type } of zone.records) {
      if (!policiesByName.has(name)) continue
      const types = typesByName.get(name)
      if (types === undefined) typesByName.set(name, new Set([type]))
      else types.add(type)
    }
  }
  return {
    zones: new Map(config.zones.filter(({ value }) => value.name !== '').map((zone) => [zone.value.name, zone])),
    policies: new Map(config.policies.map(({ value }) => [value.id, value])),
    endpointsOf: (policy) => {
      const known = byPolicy.get(policy.id) ?? endpointsOf(policy, pools, endpoints)
      byPolicy.set(policy.id, known)
      return known
    },
    // Once a zone: a hundred thousand names in one of as many records would look at ten thousand million of them.
    cutsOf: (zone) => {
      const known = cutsByZone.get(zone) ?? cutsOf(zone)
      cutsByZone.set(zone, known)
      return known
    },
    typesByName,
    policiesByName,
  }
}

/** The zone with the longest apex that holds the name. */
function zoneOf(name: string, zones: ReadonlyMap<string, Filled<Zone>>): Filled<Zone> | undefined {
  for (const ancestor of ancestorsOf(name)) {
    const zone = zones.get(ancestor)
    if (zone !== undefined) return zone
  }
  return undefined
}

function checkTypes({ value, path }: Filled<SteeredName>, issues: IssueDraft[]): void {
  const refuse = (type: string, reason: string, remedy = ''): void => {
    issues.push({ code: 'CONFIG_STEERED_TYPE', path: [...path, 'types'], params: { type, name: value.name, reason, remedy } })
  }
  for (const type of value.types) {
    if (type === 'A' || type === 'AAAA') continue
    if (['SOA', 'NS', 'CNAME', 'DNAME', 'DS', 'DNSKEY', 'RRSIG', 'NSEC', 'NSEC3', 'ANY', 'OPT'].includes(type)) {
      refuse(type, 'such records hold the zone together')
    } else if (!Object.hasOwn(value.records, type)) {
      refuse(type, 'there is no rdata for it', `add records: {${type}: "…"} with {ipv4}, {ipv6} or {target}`)
    }
  }
  for (const [type, rdata] of Object.entries(value.records)) {
    const unused = (reason: string): void => {
      issues.push({ code: 'CONFIG_STEERED_RECORD_UNUSED', path: [...path, 'records', type], params: { type, name: value.name, reason } })
    }
    if (type === 'A' || type === 'AAAA') unused('addresses come from the endpoints')
    else if (!value.types.includes(type)) unused('the type is not among its types')
    for (const [placeholder, word] of rdata.matchAll(/\{([^}]*)\}/g)) {
      if (word === 'ipv4' || word === 'ipv6' || word === 'target') continue
      const params = { key: `records.${type}`, value: placeholder, remedy: 'placeholders are {ipv4}, {ipv6} and {target}' }
      issues.push({ code: 'CONFIG_FORM', path: [...path, 'records', type], params })
    }
  }
}

function checkAgainstZone({ value, path }: Filled<SteeredName>, zone: Zone, lookup: Lookup, issues: IssueDraft[]): void {
  const { name } = value
  const cuts = lookup.cutsOf(zone)
  const cut = ancestorsOf(name).find((ancestor) => {
    const kind = isAtOrBelow(ancestor, zone.name) ? cuts.get(ancestor) : undefined
    return kind === 'NS' || (kind === 'DNAME' && ancestor !== name)
  })
  if (cut !== undefined) {
    issues.push({ code: 'CONFIG_STEERED_BELOW_CUT', path: [...path, 'name'], params: { name, cut } })
    return
  }
  const types = lookup.typesByName.get(name) ?? new Set()
  if (types.has('CNAME')) {
    issues.push({
      code: 'CONFIG_CNAME_CONFLICT',
      path: [...path, 'name'],
      params: { name, other: `the steered types ${value.types.join(', ')}` },
    })
  }
  for (const type of value.types) {
    if (types.has(type)) issues.push({ code: 'CONFIG_STEERED_STATIC', path: [...path, 'name'], params: { name, type } })
  }
}

function checkAgainstPolicy(steered: Filled<SteeredName>, zone: Zone, lookup: Lookup, issues: IssueDraft[]): void {
  const { name, types } = steered.value
  const policy = lookup.policies.get(steered.value.policy)
  if (policy === undefined) return
  const endpoints = lookup.endpointsOf(policy)
  const target = endpoints.find((endpoint) => endpoint.target !== '')
  if (target !== undefined) {
    const others = [...(lookup.typesByName.get(name) ?? [])].filter((type) => !types.includes(type))
    const second = (lookup.policiesByName.get(name)?.size ?? 0) > 1
    const reason =
      name === zone.name
        ? 'is the apex'
        : others.length > 0
          ? `also owns ${others.join(', ')}`
          : second
            ? 'is steered by another policy as well'
            : ''
    if (reason !== '') {
      const params = { policy: policy.id, endpoint: target.id, name, reason }
      issues.push({ code: 'CONFIG_TARGET_CONFLICT', path: [...steered.path, 'policy'], params })
    }
    return
  }
  for (const type of types) {
    const empty =
      (type === 'A' && endpoints.every((endpoint) => endpoint.ipv4 === '')) ||
      (type === 'AAAA' && endpoints.every((endpoint) => endpoint.ipv6 === ''))
    if (!empty || endpoints.length === 0 || !steered.written.has('types')) continue
    issues.push({ code: 'CONFIG_STEERED_NO_ADDRESS', path: [...steered.path, 'types'], params: { name, type, policy: policy.id } })
  }
}
