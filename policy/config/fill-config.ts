/**
 * Shape → Config: fills in what depends on other keys, and brings names, addresses, places, carriers, line keys and prefixes into canonical form.
 * Pure. What cannot be read becomes an issue and an empty value, so that the checks after it still see the rest. One function a section.
 */
import { findAddress, formatAddress } from '../../geodata/address/address.ts'
import { isForbiddenTarget } from '../../geodata/address/forbidden-targets.ts'
import { formatPrefix, parsePrefix } from '../../geodata/address/prefix.ts'
import { VANTAGE_SHARE_PERCENT } from '../../health/model/rank-plan.ts'
import type { ConfigPath, IssueDraft, LineOf, Where } from './config-issue.ts'
import type {
  Config,
  DynamicSet,
  Endpoint,
  GeodataSettings,
  Line,
  NotifyTarget,
  Options,
  Policy,
  Pool,
  Primary,
  Probe,
  RecordSet,
  Rule,
  Soa,
  SteeredName,
  TransferRule,
  TsigKeyReference,
  UpdatePermission,
  Zone,
} from './config-schema.ts'
import type { EndpointShape, NameShape, PolicyShape, ZoneShape } from './document-schema.ts'
import { readDomainName } from './domain-name.ts'
import { fillGeodata } from './fill-geodata.ts'
import { fillLines } from './fill-lines.ts'
import { fillOptions } from './fill-options.ts'
import { fillProbe } from './fill-probe.ts'
import { includesOf } from './includes-of.ts'
import { hasShares } from './is-shared.ts'
import { isUsualLatency } from './latency-reading.ts'
import { type KeyResult, readCarrier, readLineKey, readPlace } from './read-line.ts'
import type { DocumentShape, Located } from './read-shape.ts'

/** A filled part, its place, and the keys written there. */
export type Filled<T> = Located<T>

/** The Config with the place of each of its parts; lists are in document order. */
export type FilledConfig = {
  readonly zones: readonly (Filled<Zone> & { readonly recordPaths: readonly ConfigPath[] })[]
  readonly probes: readonly Filled<Probe>[]
  readonly endpoints: readonly Filled<Endpoint>[]
  readonly pools: readonly Filled<Pool>[]
  readonly lines: readonly Filled<Line>[]
  readonly policies: readonly (Filled<Policy> & { readonly familiesGiven: boolean })[]
  readonly names: readonly Filled<SteeredName>[]
  readonly tsigKeys: readonly Filled<TsigKeyReference>[]
  readonly geodata: GeodataSettings
  readonly options: Options
  readonly files: Readonly<Record<string, string>>
}

/** Fills a shape. `files` are the attachments that came with the document. */
export function fillConfig(shape: DocumentShape, files: ReadonlyMap<string, string>, lineOf: LineOf, issues: IssueDraft[]): FilledConfig {
  const used = new FileUse(shape.files, files, issues)
  const zones = shape.zones.map((zone) => fillZone(zone, used, issues))
  const probes = shape.probes.map((probe) => ({ ...probe, value: fillProbe(probe, issues) }))
  const endpoints = shape.endpoints.map((endpoint) => ({ ...endpoint, value: fillEndpoint(endpoint, issues) }))
  const lines = fillLines(shape.lines, (name, path) => used.take(name, path, false), shape.declaredIds.lines!, issues)
  const names = shape.names.map((name) => ({ ...name, value: fillName(name, issues) }))
  const pools: Filled<Pool>[] = shape.pools.map((pool) => ({ ...pool, value: pool.value }))
  const policies = fillPolicies(shape, pools, endpoints, issues)
  const tsigKeys = shape.tsigKeys.map((key) => ({
    ...key,
    value: { ...key.value, name: domainName(key.value.name, undefined, [...key.path, 'name'], issues) },
  }))
  const geodata = fillGeodata(shape.geodata, !shape.incomplete.has('geodata'), lineOf, issues)
  const options = fillOptions(shape.options, lineOf, issues)
  return { zones, probes, endpoints, pools, lines, policies, names, tsigKeys, geodata, options, files: used.finish() }
}

/** The plain Config of a filled one. */
export function plainConfig(filled: FilledConfig): Config {
  const values = <T>(list: readonly Located<T>[]): readonly T[] => list.map((part) => part.value)
  return {
    apiVersion: 'nearcast/v1',
    zones: values(filled.zones),
    probes: values(filled.probes),
    endpoints: values(filled.endpoints),
    pools: values(filled.pools),
    lines: values(filled.lines),
    policies: values(filled.policies),
    names: values(filled.names),
    tsigKeys: values(filled.tsigKeys),
    geodata: filled.geodata,
    options: filled.options,
    files: filled.files,
  }
}

/** Attachments and inline files in one, and which of them are named. */
class FileUse {
  private readonly all = new Map<string, string>()
  private readonly inline: ReadonlySet<string>
  private readonly named: Record<string, string> = {}
  private readonly issues: IssueDraft[]

  constructor(inline: Readonly<Record<string, string>>, attached: ReadonlyMap<string, string>, issues: IssueDraft[]) {
    this.issues = issues
    this.inline = new Set(Object.keys(inline))
    for (const [name, text] of attached) this.all.set(name, text)
    for (const [name, text] of Object.entries(inline)) {
      if (this.all.has(name) && this.all.get(name) !== text) {
        issues.push({ code: 'CONFIG_FILE_CONFLICT', path: ['files', name], params: { file: name } })
      }
      this.all.set(name, text)
    }
  }

  /** Text of a named file; undefined (and an issue) when there is none. `includes` also takes the files that its $INCLUDE lines name. */
  take(name: string, path: ConfigPath, includes: boolean, where?: Where): string | undefined {
    if (name.startsWith('/') || name.includes('\\') || name.split('/').some((part) => part === '..' || part === '')) {
      this.issues.push({ code: 'CONFIG_FILE_NAME', path, params: { file: name }, ...(where ? { where } : {}) })
      return undefined
    }
    const text = this.all.get(name)
    if (text === undefined) {
      this.issues.push({ code: 'CONFIG_FILE_MISSING', path, params: { file: name }, ...(where ? { where } : {}) })
      return undefined
    }
    const known = Object.hasOwn(this.named, name)
    this.named[name] = text
    if (includes && !known) {
      for (const { file, line, column } of includesOf(text)) this.take(file, path, true, { file: name, line, column })
    }
    return text
  }

  /** The named files in byte order; the rest becomes notes. */
  finish(): Readonly<Record<string, string>> {
    for (const name of this.all.keys()) {
      if (Object.hasOwn(this.named, name)) continue
      this.issues.push({ code: 'CONFIG_FILE_UNUSED', path: this.inline.has(name) ? ['files', name] : [], params: { file: name } })
    }
    return Object.fromEntries(Object.entries(this.named).sort(([a], [b]) => compareText(a, b)))
  }
}

function fillZone(
  zone: Located<ZoneShape>,
  used: FileUse,
  issues: IssueDraft[],
): Filled<Zone> & { readonly recordPaths: readonly ConfigPath[] } {
  const { value, path, written } = zone
  const name = domainName(value.name, undefined, [...path, 'name'], issues)
  const file = value.file ?? ''
  const inlineKeys = ['soa', 'nameservers', 'records'].filter((key) => written.has(key))
  if (written.has('primaries')) {
    for (const key of [...inlineKeys, 'file', 'allowUpdate', 'dynamicRecords', 'serial']) {
      if (written.has(key)) issues.push({ code: 'CONFIG_ZONE_SECONDARY', path: [...path, key], params: { zone: name, key }, atKey: true })
    }
  } else if (written.has('file')) {
    for (const key of inlineKeys) issues.push({ code: 'CONFIG_ZONE_FORM', path: [...path, key], params: { zone: name, key }, atKey: true })
    if (file !== '') used.take(file, [...path, 'file'], true)
  } else {
    for (const key of ['soa', 'nameservers']) {
      if (!written.has(key)) issues.push({ code: 'CONFIG_KEY_MISSING', path, params: { owner: `zone "${name}"`, key } })
    }
  }
  const inline = !written.has('file') && !written.has('primaries')
  const soa = inline && value.soa !== undefined ? fillSoa(value.soa, name, [...path, 'soa'], issues) : null
  if (soa !== null && value.serial === 'keep' && soa.serial === 0) {
    issues.push({ code: 'CONFIG_SERIAL_MISSING', path: [...path, 'soa'], params: { zone: name } })
  }
  const nameservers = (inline ? (value.nameservers ?? []) : []).map((server, position) =>
    domainName(server, name, [...path, 'nameservers', position], issues),
  )
  const records: { readonly record: RecordSet; readonly path: ConfigPath }[] = []
  for (const [position, record] of (inline ? (value.records ?? []) : []).entries()) {
    const at = [...path, 'records', position]
    const owner = domainName(record.name, name, [...at, 'name'], issues)
    const ttlSeconds = record.ttlSeconds ?? value.ttlSeconds
    if (owner !== '')
      records.push({ record: { name: owner, type: record.type.toUpperCase(), ttlSeconds, data: record.data, position }, path: at })
  }
  records.sort((a, b) => compareText(a.record.name, b.record.name) || compareText(a.record.type, b.record.type))
  return {
    ...zone,
    value: {
      name,
      ttlSeconds: value.ttlSeconds,
      soa,
      nameservers: uniqueSorted(nameservers.filter((server) => server !== '')),
      records: records.map(({ record }) => record),
      file,
      // The primary gives the serial.
      serial: written.has('primaries') ? 'keep' : value.serial,
      ecs: value.ecs,
      allowTransfer: value.allowTransfer.map((rule, position) => fillTransferRule(rule, [...path, 'allowTransfer', position], issues)),
      notify: value.notify.map((target, position) => fillNotify(target, [...path, 'notify', position], issues)),
      primaries: (value.primaries ?? []).map((primary, position) => fillPrimary(primary, [...path, 'primaries', position], issues)),
      allowUpdate: value.allowUpdate.map((rule, position) => fillUpdateRule(rule, name, [...path, 'allowUpdate', position], issues)),
      dynamicRecords: fillDynamic(value, name, [...path, 'dynamicRecords'], issues),
    },
    recordPaths: records.map((record) => record.path),
  }
}

function fillTransferRule(rule: ZoneShape['allowTransfer'][number], path: ConfigPath, issues: IssueDraft[]): TransferRule {
  const { prefix = '', tsigKey = '' } = typeof rule === 'string' ? { prefix: rule } : rule
  const at = typeof rule === 'string' ? path : [...path, 'prefix']
  if (prefix === '' && tsigKey === '') issues.push({ code: 'CONFIG_TRANSFER_OPEN', path, params: {} })
  return { prefix: prefix === '' ? '' : network(prefix, at, issues), tsigKey: keyName(tsigKey, [...path, 'tsigKey'], issues) }
}

function fillPrimary(primary: NonNullable<ZoneShape['primaries']>[number], path: ConfigPath, issues: IssueDraft[]): Primary {
  const given = typeof primary === 'string' ? { address: primary } : primary
  const at = typeof primary === 'string' ? path : [...path, 'address']
  const { tls, tsigKey = '' } = given
  const found = findAddress(given.address)
  if (found === undefined || isForbiddenTarget(found)) {
    const reason = found === undefined ? 'it is no IPv4 or IPv6 address' : 'it is a link-local, multicast or metadata address'
    issues.push({ code: 'CONFIG_PRIMARY', path: at, params: { value: given.address, reason } })
  }
  return {
    address: found === undefined ? '' : formatAddress(found),
    port: given.port ?? (tls === undefined ? 53 : 853),
    tsigKey: keyName(tsigKey, [...path, 'tsigKey'], issues),
    tlsName: tls?.name ?? '',
    tlsCaRef: tls?.caRef ?? '',
  }
}

function fillUpdateRule(rule: ZoneShape['allowUpdate'][number], zone: string, path: ConfigPath, issues: IssueDraft[]): UpdatePermission {
  return {
    tsigKey: keyName(rule.tsigKey, [...path, 'tsigKey'], issues),
    names: uniqueSorted(
      rule.names.map((name, position) => domainName(name, zone, [...path, 'names', position], issues)).filter((name) => name !== ''),
    ),
    types: uniqueSorted(rule.types.map((type) => type.toUpperCase())),
  }
}

function fillDynamic(value: ZoneShape, zone: string, path: ConfigPath, issues: IssueDraft[]): DynamicSet[] {
  const sets: DynamicSet[] = []
  for (const [position, set] of (value.dynamicRecords ?? []).entries()) {
    const name = domainName(set.name, zone, [...path, position, 'name'], issues)
    const { ttlSeconds = value.ttlSeconds, data = [], removed = [] } = set
    if (name !== '') sets.push({ name, type: set.type.toUpperCase(), ttlSeconds, data, removed })
  }
  return sets
}

function network(text: string, path: ConfigPath, issues: IssueDraft[]): string {
  try {
    return formatPrefix(parsePrefix(text))
  } catch (error) {
    issues.push({ code: 'CONFIG_PREFIX_INVALID', path, params: { value: text, reason: (error as Error).message, remedy: '' } })
    return ''
  }
}

function keyName(text: string, path: ConfigPath, issues: IssueDraft[]): string {
  return text === '' ? '' : domainName(text, undefined, path, issues)
}

function fillNotify(target: ZoneShape['notify'][number], path: ConfigPath, issues: IssueDraft[]): NotifyTarget {
  const given = typeof target === 'string' ? { address: target, port: 53, tsigKey: '' } : target
  const { port, tsigKey = '' } = given
  const at = typeof target === 'string' ? path : [...path, 'address']
  const key = keyName(tsigKey, [...path, 'tsigKey'], issues)
  if (given.address === 'nameservers') return { address: 'nameservers', port, tsigKey: key }
  const found = findAddress(given.address)
  if (found === undefined || isForbiddenTarget(found)) {
    const reason = found === undefined ? 'it is no IPv4 or IPv6 address' : 'it is a link-local, multicast or metadata address'
    issues.push({ code: 'CONFIG_NOTIFY_TARGET', path: at, params: { value: given.address, reason } })
    return { address: '', port, tsigKey: key }
  }
  return { address: formatAddress(found), port, tsigKey: key }
}

function fillSoa(soa: NonNullable<ZoneShape['soa']>, zone: string, path: ConfigPath, issues: IssueDraft[]): Soa {
  return {
    ...soa,
    mname: domainName(soa.mname, zone, [...path, 'mname'], issues),
    // Operators write the mailbox as an address; the first "@" stands for a dot (RFC 1035 §8).
    rname: domainName(soa.rname.includes('@') ? mailboxName(soa.rname) : soa.rname, zone, [...path, 'rname'], issues),
  }
}

function mailboxName(address: string): string {
  const at = address.indexOf('@')
  const domain = address.slice(at + 1)
  return `${address.slice(0, at).replaceAll('.', '\\.')}.${domain.endsWith('.') ? domain : `${domain}.`}`
}

function fillEndpoint({ value, path, written }: Located<EndpointShape>, issues: IssueDraft[]): Endpoint {
  const hasAddress = written.has('ipv4') || written.has('ipv6')
  if (!hasAddress && !written.has('target')) issues.push({ code: 'CONFIG_ENDPOINT_EMPTY', path, params: { id: value.id } })
  if (hasAddress && written.has('target')) {
    issues.push({ code: 'CONFIG_ENDPOINT_MIX', path: [...path, 'target'], params: { id: value.id }, atKey: true })
  }
  return {
    id: value.id,
    ipv4: address(value.ipv4, 4, [...path, 'ipv4'], issues),
    ipv6: address(value.ipv6, 6, [...path, 'ipv6'], issues),
    target: value.target === undefined ? '' : domainName(value.target, undefined, [...path, 'target'], issues),
    place: word(value.place, readPlace, 'CONFIG_PLACE_UNKNOWN', [...path, 'place'], issues),
    carrier: word(value.carrier, readCarrier, 'CONFIG_CARRIER_UNKNOWN', [...path, 'carrier'], issues),
    coordinates: value.coordinates ?? null,
    probes: value.probes,
    site: value.site,
    labels: sortedRecord(value.labels),
    ...(value.capacity === undefined ? {} : { capacity: capacity(value.capacity, [...path, 'capacity'], issues) }),
    enabled: value.enabled,
  }
}

function capacity(given: NonNullable<Endpoint['capacity']>, path: ConfigPath, issues: IssueDraft[]): NonNullable<Endpoint['capacity']> {
  const { softPercent, hardPercent } = given
  if (softPercent >= hardPercent) issues.push({ code: 'CONFIG_CAPACITY_MARKS', path, params: { softPercent, hardPercent } })
  return given
}

function fillName({ value, path }: Located<NameShape>, issues: IssueDraft[]): SteeredName {
  const records = Object.entries(value.records).map(([type, rdata]) => [type.toUpperCase(), rdata] as const)
  return {
    name: domainName(value.name, undefined, [...path, 'name'], issues),
    types: uniqueSorted(value.types.map((type) => type.toUpperCase())),
    policy: value.policy,
    records: sortedRecord(Object.fromEntries(records)),
  }
}

/** Policies without rules get the rule of DESIGN.md section 6: `*` → edges, central; `edges` is made when there is no such pool. */
function fillPolicies(
  shape: DocumentShape,
  pools: Filled<Pool>[],
  endpoints: readonly Filled<Endpoint>[],
  issues: IssueDraft[],
): (Filled<Policy> & { readonly familiesGiven: boolean })[] {
  const withoutRules = shape.policies.filter((policy) => !policy.written.has('rules'))
  if (withoutRules.length > 0 && !shape.declaredIds.pools!.has('edges')) {
    const taken = new Set(withoutRules.flatMap((policy) => policy.value.fallback ?? []).concat('central'))
    const central = new Set(pools.filter((pool) => taken.has(pool.value.id)).flatMap((pool) => pool.value.members.map((m) => m.endpoint)))
    const members = endpoints.filter((endpoint) => !central.has(endpoint.value.id)).map(({ value }) => ({ endpoint: value.id, weight: 1 }))
    if (members.length > 0)
      pools.push({ value: makePool('edges', members), path: withoutRules[0]!.path, written: new Set(), unread: new Set() })
  }
  const byId = new Map(pools.map((pool) => [pool.value.id, pool.value]))
  const endpointById = new Map(endpoints.map((endpoint) => [endpoint.value.id, endpoint.value]))
  return shape.policies.map((policy) => {
    const filled = fillPolicy(policy, byId, endpointById, issues)
    return { ...policy, value: filled, familiesGiven: policy.written.has('families') }
  })
}

function makePool(id: string, members: Pool['members']): Pool {
  return {
    id,
    members,
    minimumUp: 1,
    choose: 'auto',
    sticky: true,
    maxAnswers: 8,
    slowStartSeconds: 0,
    tolerancePercent: 10,
    dwellSeconds: 60,
  }
}

function fillPolicy(
  { value, path, written }: Located<PolicyShape>,
  pools: ReadonlyMap<string, Pool>,
  endpoints: ReadonlyMap<string, Endpoint>,
  issues: IssueDraft[],
): Policy {
  if (!written.has('ttlSeconds')) issues.push({ code: 'CONFIG_TTL_MISSING', path, params: { owner: `policy "${value.id}"` } })
  const ttlSeconds = value.ttlSeconds ?? 30
  const ttlFloorSeconds = value.ttlFloorSeconds ?? Math.min(5, ttlSeconds)
  if (ttlFloorSeconds > ttlSeconds) {
    issues.push({ code: 'CONFIG_TTL_FLOOR', path: [...path, 'ttlFloorSeconds'], params: { floorSeconds: ttlFloorSeconds, ttlSeconds } })
  }
  const rules: Rule[] = (value.rules ?? []).map((rule, position) => ({
    line: word(rule.line, readLineKey, 'POLICY_LINE_UNKNOWN', [...path, 'rules', position, 'line'], issues),
    pools: rule.pools,
  }))
  const fallback = value.fallback ?? []
  if (!written.has('rules')) {
    const central = pools.has('central') ? ['central'] : fallback
    rules.push({ line: '*', pools: [...new Set(pools.has('edges') ? ['edges', ...central] : central)] })
  }
  const automatic = automaticOf({ rules, fallback }, pools, endpoints)
  const byDefault = (['ipv4', 'ipv6'] as const).filter(
    (family) => value.hashPrefix?.[family] === undefined && automatic.hashPrefix[family] > 0,
  )
  const { profile, latencyWeight, successWeight } = value.score
  if (profile === 'weighted' && latencyWeight === 0 && successWeight === 0)
    issues.push({ code: 'CONFIG_SCORE_ZERO', path: [...path, 'score'], params: { policy: value.id } })
  return {
    id: value.id,
    precedence: value.precedence,
    inherit: value.inherit,
    ttlSeconds,
    ttlFloorSeconds,
    gates: value.gates,
    score: value.score,
    rules,
    fallback,
    allDown: value.allDown,
    families: value.families ?? automatic.families,
    hashPrefix: { ipv4: value.hashPrefix?.ipv4 ?? automatic.hashPrefix.ipv4, ipv6: value.hashPrefix?.ipv6 ?? automatic.hashPrefix.ipv6 },
    ...(byDefault.length === 0 ? {} : { automaticHashPrefix: byDefault }),
    guards: value.guards,
    // Left out when it is as by default: digests of older documents stay.
    ...(isUsualLatency(value.latency) ? {} : { latency: value.latency }),
    ...(value.vantageSharePercent === VANTAGE_SHARE_PERCENT ? {} : { vantageSharePercent: value.vantageSharePercent }),
  }
}

/** What `families` and `hashPrefix` of a policy are when they are not given. */
export function automaticOf(
  policy: Pick<Policy, 'rules' | 'fallback'>,
  pools: ReadonlyMap<string, Pool>,
  endpoints: ReadonlyMap<string, Endpoint>,
): Pick<Policy, 'families' | 'hashPrefix'> {
  const uses = [...new Set([...policy.rules.flatMap((rule) => rule.pools), ...policy.fallback])].flatMap((id) => pools.get(id) ?? [])
  const seen = new Set<string>()
  for (const pool of uses) {
    for (const member of pool.members) {
      const endpoint = endpoints.get(member.endpoint)
      if (endpoint !== undefined && endpoint.target === '') seen.add(`${endpoint.ipv4 !== ''}/${endpoint.ipv6 !== ''}`)
    }
  }
  const isAnyShared = uses.some((pool) => hasShares(pool, endpoints))
  return { families: seen.size <= 1 ? 'same-endpoint' : 'each', hashPrefix: { ipv4: isAnyShared ? 24 : 0, ipv6: isAnyShared ? 56 : 0 } }
}

function domainName(text: string, origin: string | undefined, path: ConfigPath, issues: IssueDraft[]): string {
  const read = readDomainName(text, origin === '' ? undefined : origin)
  if (read.ok) return read.name
  issues.push({ code: 'CONFIG_NAME_INVALID', path, params: { name: text, reason: read.reason } })
  return ''
}

function address(text: string | undefined, family: 4 | 6, path: ConfigPath, issues: IssueDraft[]): string {
  if (text === undefined) return ''
  const found = findAddress(text)
  // "::ffff:192.0.2.1" reads as IPv4: such an AAAA leads nowhere, so it is no IPv6 address here.
  if (found !== undefined && found.family === family && (family === 6) === text.includes(':')) return formatAddress(found)
  issues.push({ code: 'CONFIG_ADDRESS_INVALID', path, params: { value: text, family: `IPv${family}` } })
  return ''
}

function word(text: string | undefined, read: (text: string) => KeyResult, code: string, path: ConfigPath, issues: IssueDraft[]): string {
  if (text === undefined || text === '') return ''
  const found = read(text)
  if ('key' in found) return found.key
  issues.push({ code, path, params: { value: text, remedy: found.remedy } })
  return ''
}

function sortedRecord(record: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => compareText(a, b)))
}

function uniqueSorted(list: readonly string[]): readonly string[] {
  return [...new Set(list)].sort(compareText)
}

/** Byte order of ids and names, which are ASCII; never a locale's order. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
