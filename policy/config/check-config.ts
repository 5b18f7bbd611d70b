/**
 * Checks across the parts of a filled document: references, doubles, names against zones, pools, policies. Pure; returns issues, never throws.
 * Zones in master files are checked where they are parsed (resolver/zone); here only what the document itself says about them.
 */
import { findAddress } from '../../geodata/address/address.ts'
import { formatPrefix } from '../../geodata/address/prefix.ts'
import { prefixAt } from '../../geodata/address/prefix-list.ts'
import { cutsOf } from './check-cuts.ts'
import { checkEndpointAddresses } from './check-endpoints.ts'
import { checkSteeredNames } from './check-names.ts'
import { checkPolicies } from './check-policies.ts'
import { checkTransfers } from './check-transfers.ts'
import type { ConfigPath, IssueDraft, LineOf } from './config-issue.ts'
import type { RecordSet, Zone } from './config-schema.ts'
import { ancestorsOf, isAtOrBelow, readDomainName } from './domain-name.ts'
import type { FilledConfig } from './fill-config.ts'
import type { DocumentShape } from './read-shape.ts'
import { suggestNearest } from './suggest-nearest.ts'

/** All issues between the parts. */
export function checkConfig(config: FilledConfig, shape: DocumentShape, lineOf: LineOf): IssueDraft[] {
  const issues: IssueDraft[] = []
  checkIds(config, lineOf, issues)
  checkReferences(config, shape, issues)
  checkTransfers(config, shape, lineOf, issues)
  checkZones(config, lineOf, issues)
  checkEndpointAddresses(config, issues)
  checkPools(config, issues)
  checkSteeredNames(config, shape, lineOf, issues)
  checkPolicies(config, lineOf, issues)
  checkGranularity(config, issues)
  return issues
}

const KINDS = [
  ['probes', 'probe'],
  ['endpoints', 'endpoint'],
  ['pools', 'pool'],
  ['lines', 'line'],
  ['policies', 'policy'],
] as const

function checkIds(config: FilledConfig, lineOf: LineOf, issues: IssueDraft[]): void {
  for (const [section, kind] of KINDS) {
    const first = new Map<string, ConfigPath>()
    for (const { value, path } of config[section]) {
      const earlier = first.get(value.id)
      if (earlier === undefined) first.set(value.id, path)
      else {
        issues.push({ code: 'CONFIG_ID_DUPLICATE', path: [...path, 'id'], params: { kind, id: value.id, firstLine: lineOf(earlier) } })
      }
    }
  }
}

function checkReferences(config: FilledConfig, shape: DocumentShape, issues: IssueDraft[]): void {
  const check = (section: string, kind: string, id: string, path: ConfigPath): void => {
    const known = shape.declaredIds[section]!
    // The pool `edges` may have been made by the default rule.
    if (known.has(id) || (section === 'pools' && config.pools.some((pool) => pool.value.id === id))) return
    issues.push({ code: 'CONFIG_REFERENCE_UNKNOWN', path, params: { kind, id, section, nearest: suggestNearest(id, known) ?? '' } })
  }
  const checkList = (section: string, kind: string, owner: string, ids: readonly string[], path: ConfigPath, key = ''): void => {
    const seen = new Set<string>()
    for (const [position, id] of ids.entries()) {
      const at = key === '' ? [...path, position] : [...path, position, key]
      check(section, kind, id, at)
      if (seen.has(id)) issues.push({ code: 'CONFIG_REFERENCE_TWICE', path: at, params: { kind, id, owner } })
      seen.add(id)
    }
  }
  for (const { value, path } of config.endpoints) {
    checkList('probes', 'probe', `endpoint "${value.id}"`, value.probes, [...path, 'probes'])
  }
  for (const { value, path, written } of config.pools) {
    if (!written.has('members')) continue
    const ids = value.members.map((member) => member.endpoint)
    checkList('endpoints', 'endpoint', `pool "${value.id}"`, ids, [...path, 'members'], 'endpoint')
  }
  for (const { value, path, written } of config.policies) {
    for (const [position, rule] of value.rules.entries()) {
      // A rule that was filled in points at the policy itself.
      const at = written.has('rules') ? [...path, 'rules', position] : path
      if (written.has('rules')) checkList('pools', 'pool', `rule "${rule.line}"`, rule.pools, [...at, 'pools'])
      else for (const id of rule.pools) check('pools', 'pool', id, at)
      if (rule.line.startsWith('custom:')) check('lines', 'line', rule.line.slice('custom:'.length), [...at, 'line'])
    }
    checkList('pools', 'pool', `the fallback of policy "${value.id}"`, value.fallback, [...path, 'fallback'])
  }
  for (const { value, path } of config.names) check('policies', 'policy', value.policy, [...path, 'policy'])
}

/** A network that is finer than the blocks that are answered as one does not always have its answer. */
function checkGranularity(config: FilledConfig, issues: IssueDraft[]): void {
  const granularity = config.options.scopeGranularity
  if (granularity === undefined) return
  let count = 0
  let first: { readonly id: string; readonly value: string } | undefined
  for (const { value } of config.lines) {
    for (const [list, length] of [
      [value.prefixes.v4, granularity.ipv4],
      [value.prefixes.v6, granularity.ipv6],
    ] as const) {
      for (let at = 0; at < list.lengths.length; at++) {
        if (list.lengths[at]! <= length) continue
        count++
        first ??= { id: value.id, value: formatPrefix(prefixAt(list, at)) }
      }
    }
  }
  if (first !== undefined) issues.push({ code: 'CONFIG_SCOPE_FINER', path: ['options', 'scopeGranularity'], params: { count, ...first } })
}

function checkPools(config: FilledConfig, issues: IssueDraft[]): void {
  const enabled = new Map(config.endpoints.map(({ value }) => [value.id, value.enabled]))
  for (const { value: pool, path, unread } of config.pools) {
    if (unread.has('members')) continue
    const { id, members, minimumUp } = pool
    if (members.length === 0) {
      issues.push({ code: 'CONFIG_POOL_EMPTY', path, params: { id } })
      continue
    }
    if (minimumUp > members.length) {
      issues.push({ code: 'CONFIG_POOL_MINIMUM', path: [...path, 'minimumUp'], params: { id, minimumUp, count: members.length } })
    }
    if (pool.choose === 'weighted' && members.every((member) => member.weight === 0)) {
      issues.push({ code: 'CONFIG_POOL_WEIGHTS', path: [...path, 'members'], params: { id } })
    }
    if (members.every((member) => enabled.get(member.endpoint) === false))
      issues.push({ code: 'CONFIG_POOL_DISABLED', path, params: { id } })
  }
}

function checkZones(config: FilledConfig, lineOf: LineOf, issues: IssueDraft[]): void {
  const first = new Map<string, ConfigPath>()
  for (const { value: zone, path, recordPaths, unread } of config.zones) {
    if (zone.name === '') continue
    const earlier = first.get(zone.name)
    if (earlier !== undefined) {
      issues.push({ code: 'CONFIG_ZONE_DUPLICATE', path: [...path, 'name'], params: { zone: zone.name, firstLine: lineOf(earlier) } })
    }
    first.set(zone.name, path)
    if (zone.file === '' && zone.primaries.length === 0)
      checkRecords(config, zone, path, recordPaths, unread.has('records'), lineOf, issues)
  }
}

/** Types that the apex gets from other keys, that are made by the server, or that are only questions. */
const REFUSED_TYPES: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  SOA: ['the SOA comes from soa', 'use the key soa of the zone'],
  OPT: ['it is no data', 'remove it'],
  ANY: ['it is only a question', 'name the types'],
  AXFR: ['it is only a question', 'remove it'],
  IXFR: ['it is only a question', 'remove it'],
  RRSIG: ['signatures are made by the server', 'remove it'],
  NSEC: ['it is made by the server', 'remove it'],
  NSEC3: ['it is made by the server', 'remove it'],
  NSEC3PARAM: ['it is made by the server', 'remove it'],
  TSIG: ['it is no data', 'remove it'],
  TKEY: ['it is no data', 'remove it'],
}
/** Types with names of their own, for "did you mean"; whether rdata can be read is found out when the zone is compiled. */
const KNOWN_TYPES: ReadonlySet<string> = new Set(
  (
    'A AAAA NS CNAME DNAME PTR MX TXT SRV CAA HTTPS SVCB NAPTR TLSA SMIMEA SSHFP DS CDS CDNSKEY DNSKEY CSYNC SPF LOC HINFO RP AFSDB URI ' +
    'OPENPGPKEY CERT APL IPSECKEY EUI48 EUI64 ZONEMD L32 L64 LP NID MD MF MB MG MR WKS MINFO X25 ISDN RT NSAP NSAP-PTR SIG KEY PX GPOS ' +
    'EID NIMLOC KX RKEY TALINK DSYNC TA DLV DHCID HIP NINFO HHIT BRID AVC DOA AMTRELAY RESINFO WALLET CLA IPN'
  ).split(' '),
)

function checkRecords(
  config: FilledConfig,
  zone: Zone,
  zonePath: ConfigPath,
  paths: readonly ConfigPath[],
  incomplete: boolean,
  lineOf: LineOf,
  issues: IssueDraft[],
): void {
  const byKey = new Map<string, ConfigPath>()
  const typesAt = new Map<string, Set<string>>()
  for (const server of zone.nameservers) if (server !== '') typesAt.set(zone.name, new Set(['NS', 'SOA']))
  for (const [position, record] of zone.records.entries()) {
    const path = paths[position]!
    const { name, type } = record
    if (!isAtOrBelow(name, zone.name)) {
      issues.push({ code: 'CONFIG_RECORD_OUTSIDE', path: [...path, 'name'], params: { name, zone: zone.name } })
      continue
    }
    checkRecordType(zone, record, path, issues)
    checkRecordAddresses(record, path, issues)
    const key = `${name} ${type}`
    const earlier = byKey.get(key)
    if (earlier !== undefined) issues.push({ code: 'CONFIG_RECORD_DUPLICATE', path, params: { name, type, firstLine: lineOf(earlier) } })
    else byKey.set(key, path)
    const types = typesAt.get(name) ?? new Set()
    types.add(type)
    typesAt.set(name, types)
    if ((type === 'CNAME' || type === 'DNAME') && record.data.length > 1) {
      issues.push({ code: 'CONFIG_RECORD_COUNT', path: [...path, 'data'], params: { name, type, count: record.data.length } })
    }
  }
  checkCnames(zone, paths, typesAt, issues)
  checkCuts(zone, paths, issues)
  if (!incomplete) checkGlue(config, zone, zonePath, typesAt, issues)
}

function checkRecordType(zone: Zone, { name, type }: RecordSet, path: ConfigPath, issues: IssueDraft[]): void {
  const at = [...path, 'type']
  const refused = REFUSED_TYPES[type]
  if (refused !== undefined) {
    issues.push({ code: 'CONFIG_RECORD_TYPE', path: at, params: { type, reason: refused[0], remedy: refused[1] } })
  } else if (type === 'NS' && name === zone.name) {
    const params = { type, reason: 'those of the apex come from nameservers', remedy: 'use the key nameservers of the zone' }
    issues.push({ code: 'CONFIG_RECORD_TYPE', path: at, params })
  } else if (!KNOWN_TYPES.has(type) && !/^TYPE(0|[1-9]\d{0,4})$/.test(type)) {
    const params = {
      type,
      reason: 'there is no such type',
      nearest: suggestNearest(type, KNOWN_TYPES) ?? '',
      remedy: 'write TYPEnnn and \\# rdata (RFC 3597)',
    }
    issues.push({ code: 'CONFIG_RECORD_TYPE', path: at, params })
  }
}

function checkRecordAddresses({ type, data }: RecordSet, path: ConfigPath, issues: IssueDraft[]): void {
  if (type !== 'A' && type !== 'AAAA') return
  const family = type === 'A' ? 4 : 6
  for (const [position, text] of data.entries()) {
    if (text.startsWith('\\#')) continue
    const found = findAddress(text)
    // A mapped address in an AAAA record is odd but legal; as family 4 with colons it is let through.
    const right = found !== undefined && text.includes(':') === (family === 6)
    if (!right)
      issues.push({ code: 'CONFIG_ADDRESS_INVALID', path: [...path, 'data', position], params: { value: text, family: `IPv${family}` } })
  }
}

function checkCnames(
  zone: Zone,
  paths: readonly ConfigPath[],
  typesAt: ReadonlyMap<string, ReadonlySet<string>>,
  issues: IssueDraft[],
): void {
  const targets = new Map<string, string>()
  for (const [position, { name, type, data }] of zone.records.entries()) {
    if (type !== 'CNAME') continue
    // RFC 4034 §3, §4: signature and denial records may stand beside a CNAME; they are made by the server.
    const others = [...(typesAt.get(name) ?? [])].filter((other) => other !== 'CNAME')
    if (others.length > 0) {
      issues.push({ code: 'CONFIG_CNAME_CONFLICT', path: paths[position]!, params: { name, other: others } })
    }
    const target = readDomainName(data[0]!, zone.name)
    if (target.ok) targets.set(name, target.name)
    else
      issues.push({
        code: 'CONFIG_NAME_INVALID',
        path: [...paths[position]!, 'data', 0],
        params: { name: data[0]!, reason: target.reason },
      })
  }
  for (const [position, { name, type }] of zone.records.entries()) {
    if (type !== 'CNAME') continue
    const chain = [name]
    for (let at = targets.get(name); at !== undefined && chain.length <= targets.size; at = targets.get(at)) {
      chain.push(at)
      if (at === name) break
    }
    // Reported once a loop, at its first name in byte order.
    if (chain.length > 1 && chain.at(-1) === name && chain.every((step) => step >= name)) {
      issues.push({ code: 'CONFIG_CNAME_LOOP', path: paths[position]!, params: { name, chain: chain.slice(1) } })
    }
  }
}

function checkCuts(zone: Zone, paths: readonly ConfigPath[], issues: IssueDraft[]): void {
  const cuts = cutsOf(zone)
  if (cuts.size === 0) return
  for (const [position, { name, type }] of zone.records.entries()) {
    // Glue below a delegation is what it is there for; DS and NS at the cut belong to the parent side.
    const cut = ancestorsOf(name).find((ancestor) => {
      const kind = isAtOrBelow(ancestor, zone.name) ? cuts.get(ancestor) : undefined
      if (kind === 'NS') return ancestor === name ? type !== 'NS' && type !== 'DS' : true
      return kind === 'DNAME' && ancestor !== name
    })
    if (cut === undefined || ((type === 'A' || type === 'AAAA') && cuts.get(cut) === 'NS')) continue
    issues.push({ code: 'CONFIG_BELOW_CUT', path: paths[position]!, params: { name, type, cut } })
  }
}

function checkGlue(
  config: FilledConfig,
  zone: Zone,
  path: ConfigPath,
  typesAt: ReadonlyMap<string, ReadonlySet<string>>,
  issues: IssueDraft[],
): void {
  for (const server of zone.nameservers) {
    if (!isAtOrBelow(server, zone.name)) continue
    const types = typesAt.get(server)
    const wildcard = ancestorsOf(server).some((ancestor) => typesAt.has(`*.${ancestor}`))
    const steered = config.names.some(({ value }) => value.name === server)
    const elsewhere = config.zones.some(
      ({ value }) => value.name !== zone.name && value.name.length > zone.name.length && isAtOrBelow(server, value.name),
    )
    if (types?.has('A') || types?.has('AAAA') || wildcard || steered || elsewhere) continue
    issues.push({ code: 'CONFIG_GLUE_MISSING', path: [...path, 'nameservers'], params: { name: server } })
  }
}
