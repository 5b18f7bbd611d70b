/**
 * An export → a document: zones with static records; names that have several lines or weights become steered names, each with a policy,
 * a pool a line, and one endpoint a value. Pure. Whatever cannot come over as it was is listed, never guessed.
 *
 *   records ─ group by owner name ─► plain RRset             one line, no weights
 *                                └─► policy A, policy AAAA   several lines or weights
 *                                └─► policy with targets     CNAME on one of several lines
 */
import type { Precedence } from '../../geodata/line/line-precedence.ts'
import { readDomainName } from '../config/domain-name.ts'
import { IdMaker } from './id-maker.ts'
import { type ImportedLine, mapLines } from './map-lines.ts'
import { absolute, rdataOfRecord } from './rdata-of-record.ts'
import type { ImportProblem, Vendor, VendorExport, VendorRecord } from './vendor-export.ts'

/** What to make of it. */
export type ImportOptions = {
  readonly vendor: Vendor
  readonly precedence: Precedence
  /** Zone of records that do not say theirs. */
  readonly zone: string | undefined
  /** Name servers of the zones; none = a name to be replaced. */
  readonly nameservers: readonly string[]
}

/** How much came over. */
export type ImportCounts = {
  readonly records: number
  readonly staticRecords: number
  readonly steeredRecords: number
  readonly disabledRecords: number
  readonly leftOut: number
  readonly zones: number
  readonly names: number
  readonly policies: number
  readonly pools: number
  readonly endpoints: number
  readonly lines: number
}

/** A document as plain values, and what was made of the export. */
export type ImportedDocument = {
  readonly document: Readonly<Record<string, unknown>>
  readonly counts: ImportCounts
  readonly problems: readonly ImportProblem[]
}

/** Order of lines of each vendor. */
export const VENDOR_PRECEDENCE: Readonly<Record<Vendor, Precedence>> = {
  dnspod: 'place-first',
  alibaba: 'carrier-first',
  huawei: 'carrier-first',
}

/** A record with its line and rdata in our terms. */
type Mapped = {
  readonly record: VendorRecord
  readonly zone: string
  readonly type: string
  readonly data: string
  readonly keys: readonly string[]
}
type Rrset = { name: string; type: string; ttlSeconds: number; data: string[] }
type Pool = { id: string; members: { endpoint: string; weight?: number }[]; choose: string; maxAnswers?: number }
type Rule = { line: string; pools: string[] }

const STEERABLE = ['A', 'AAAA', 'CNAME']
const DEFAULT_TTL_SECONDS = 600
/** Most addresses of one answer. */
const MAX_ANSWERS = 64
const USUAL_ANSWERS = 8

/** Makes the document. */
export function buildDocument(found: VendorExport, options: ImportOptions): ImportedDocument {
  return new DocumentBuilder(found, options).build()
}

class DocumentBuilder {
  readonly #found: VendorExport
  readonly #options: ImportOptions
  readonly #problems: ImportProblem[]
  readonly #ids = { endpoints: new IdMaker(), pools: new IdMaker(), policies: new IdMaker() }
  readonly #endpoints = new Map<string, { id: string } & Readonly<Record<string, string>>>()
  readonly #pools: Pool[] = []
  readonly #policies: Readonly<Record<string, unknown>>[] = []
  readonly #names: Readonly<Record<string, unknown>>[] = []
  #lines: readonly ImportedLine[] = []
  #staticCount = 0
  #steeredCount = 0
  #disabledCount = 0
  #recordsLeftOut = 0

  constructor(found: VendorExport, options: ImportOptions) {
    this.#found = found
    this.#options = options
    this.#problems = [...found.problems]
    this.#recordsLeftOut = found.problems.length
  }

  build(): ImportedDocument {
    const map = mapLines(this.#found, this.#problems)
    this.#lines = map.lines
    const mapped = this.#found.records.flatMap((record) => this.#mapRecord(record, map.keysOf))
    const zones = [...Map.groupBy(mapped, (one) => one.zone)]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([zone, records]) => this.#buildZone(zone, records))
    const used = new Set(this.#policies.flatMap((policy) => (policy.rules as Rule[]).map((rule) => rule.line)))
    const lines = this.#lines.map(({ id, label, prefixes }) => ({ id, label: { en: label, 'zh-CN': label }, prefixes }))
    const unused = this.#lines.filter(({ id }) => !used.has(`custom:${id}`))
    if (unused.length > 0) {
      const reason = `no record uses ${unused.length} custom lines, "${unused[0]!.label}" first; they are in the document all the same`
      this.#note('', '', 'changed', reason, '')
    }
    if (this.#endpoints.size > 0) {
      const reason = 'the endpoints have no probes: they always count as up, as at the vendor'
      this.#note('', '', 'to-do', reason, 'add probes: and name them at the endpoints, then failing ones are passed over')
    }
    const parts: readonly (readonly [string, readonly unknown[]])[] = [
      ['zones', zones],
      ['endpoints', [...this.#endpoints.values()]],
      ['pools', this.#pools],
      ['lines', lines],
      ['policies', this.#policies],
      ['names', this.#names],
    ]
    return {
      document: { apiVersion: 'nearcast/v1', ...Object.fromEntries(parts.filter(([, list]) => list.length > 0)) },
      counts: {
        records: this.#found.records.length + this.#found.problems.length,
        staticRecords: this.#staticCount,
        steeredRecords: this.#steeredCount,
        disabledRecords: this.#disabledCount,
        leftOut: this.#recordsLeftOut,
        zones: zones.length,
        names: this.#names.length,
        policies: this.#policies.length,
        pools: this.#pools.length,
        endpoints: this.#endpoints.size,
        lines: lines.length,
      },
      problems: this.#problems,
    }
  }

  #note(where: string, subject: string, kind: ImportProblem['kind'], reason: string, remedy: string): void {
    this.#problems.push({ where, subject, kind, reason, remedy })
  }

  #leaveOut(record: VendorRecord, reason: string, remedy: string): void {
    this.#recordsLeftOut++
    this.#note(record.where, subjectOf(record), 'left-out', reason, remedy)
  }

  #mapRecord(record: VendorRecord, keysOf: ReturnType<typeof mapLines>['keysOf']): Mapped[] {
    if (!record.isEnabled) {
      this.#disabledCount++
      this.#note(record.where, subjectOf(record), 'left-out', 'it is paused', '')
      return []
    }
    const zone = record.zone ?? this.#options.zone
    const failed = (reason: string, remedy: string): Mapped[] => {
      this.#leaveOut(record, reason, remedy)
      return []
    }
    if (zone === undefined) return failed('its zone is not known', 'name it with --zone')
    if (record.type.toUpperCase() === 'SOA') return failed('every zone gets a SOA of its own here', '')
    const rdata = rdataOfRecord(record)
    if ('reason' in rdata) return failed(rdata.reason, rdata.remedy)
    const line = keysOf(record)
    if ('reason' in line) return failed(line.reason, line.remedy)
    const mapped = { record, zone: zone.toLowerCase().replace(/\.$/, ''), type: rdata.type, data: rdata.data, keys: line.keys }
    const zoneName = readDomainName(`${mapped.zone}.`)
    if (!zoneName.ok) return failed(`its zone "${zone}" is no name: ${zoneName.reason}`, 'correct it in the export')
    const owner = readDomainName(ownerOf(mapped), `${mapped.zone}.`)
    if (!owner.ok) return failed(`"${record.name}" is no name: ${owner.reason}`, 'correct it in the export, or write the record by hand')
    return [mapped]
  }

  #buildZone(zone: string, records: readonly Mapped[]): Readonly<Record<string, unknown>> {
    const rrsets: Rrset[] = []
    const ownNs = records.filter((one) => one.type === 'NS' && ownerOf(one) === '@')
    if (ownNs.length > 0) {
      const hosts = ownNs.map((one) => one.data).join(', ')
      this.#recordsLeftOut += ownNs.length
      this.#note(ownNs[0]!.record.where, `@ NS ${hosts}`, 'left-out', "these name servers are the vendor's", 'nameservers: names yours')
    }
    const nameservers = this.#options.nameservers.length > 0 ? this.#options.nameservers.map(absolute) : [`ns1.${zone}.`]
    if (this.#options.nameservers.length === 0) {
      const reason = `nameservers says ns1.${zone}., which has no address`
      this.#note('', zone, 'to-do', reason, 'name yours with --nameserver, and write the addresses of those in the zone')
    }
    const byName = Map.groupBy(
      records.filter((one) => !ownNs.includes(one)),
      ownerOf,
    )
    for (const [name, list] of [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1))) this.#buildName(zone, name, list, rrsets)
    return {
      name: `${zone}.`,
      soa: { mname: nameservers[0], rname: `hostmaster.${zone}.` },
      nameservers,
      ...(rrsets.length > 0 ? { records: rrsets } : {}),
    }
  }

  #buildName(zone: string, name: string, list: readonly Mapped[], rrsets: Rrset[]): void {
    let records = list
    if (name === '@' && records.some((one) => one.type === 'CNAME')) {
      for (const one of records.filter(({ type }) => type === 'CNAME')) {
        this.#leaveOut(
          one.record,
          'a CNAME at the apex stands beside SOA and NS, which DNS forbids',
          'write the addresses of the name it leads to',
        )
      }
      records = records.filter(({ type }) => type !== 'CNAME')
    }
    const steerable = records.filter(({ type }) => STEERABLE.includes(type))
    const isSteered = (some: readonly Mapped[]): boolean => some.some(({ keys }) => keys.join() !== '*') || this.#isWeighted(some)
    const hasAlias = steerable.some(({ type }) => type === 'CNAME')
    if (hasAlias) {
      for (const one of records.filter(({ type }) => !STEERABLE.includes(type))) {
        this.#leaveOut(
          one.record,
          'a name that has a CNAME owns nothing else',
          'move it to another name, or write addresses instead of the CNAME',
        )
      }
    }
    const others = hasAlias ? [] : records.filter(({ type }) => !STEERABLE.includes(type))
    for (const [type, some] of Map.groupBy(others, (one) => one.type)) this.#addPlain(name, type, some, rrsets)
    if (hasAlias) {
      if (isSteered(steerable)) this.#addPolicy(zone, name, ['A', 'AAAA'], steerable)
      else this.#addAlias(name, steerable, rrsets)
      return
    }
    for (const type of ['A', 'AAAA']) {
      const some = steerable.filter((one) => one.type === type)
      if (some.length === 0) continue
      if (isSteered(some)) this.#addPolicy(zone, name, [type], some)
      else this.#addRrset(name, type, some, rrsets)
    }
  }

  /** Types that no policy can choose: what the default line has. */
  #addPlain(name: string, type: string, records: readonly Mapped[], rrsets: Rrset[]): void {
    const onDefault = records.filter(({ keys }) => keys.includes('*'))
    for (const one of records.filter((other) => !onDefault.includes(other))) {
      this.#leaveOut(one.record, `${type} records cannot differ by line here`, 'only A, AAAA and CNAME are steered')
    }
    if (onDefault.length > 0) this.#addRrset(name, type, onDefault, rrsets)
  }

  /** One CNAME on the default line; more than one is no DNS. */
  #addAlias(name: string, records: readonly Mapped[], rrsets: Rrset[]): void {
    const [alias] = records.filter(({ type }) => type === 'CNAME')
    for (const one of records) {
      if (one !== alias && one.data !== alias!.data) this.#leaveOut(one.record, 'the name has a CNAME already', 'keep one of them')
    }
    this.#addRrset(name, 'CNAME', [alias!], rrsets)
  }

  #addRrset(name: string, type: string, records: readonly Mapped[], rrsets: Rrset[]): void {
    rrsets.push({ name, type, ttlSeconds: this.#ttlOf(name, type, records), data: [...new Set(records.map((one) => one.data))] })
    this.#staticCount += records.length
  }

  #ttlOf(name: string, type: string, records: readonly Mapped[]): number {
    const all = new Set(records.map(({ record }) => record.ttlSeconds ?? DEFAULT_TTL_SECONDS))
    const least = Math.min(...all)
    if (all.size > 1)
      this.#note('', `${name} ${type}`, 'changed', `its records have ${all.size} TTLs; the shortest, ${least} s, is taken`, '')
    return least
  }

  /** DNSPod leaves weights empty where they are off; the others write 1 everywhere. */
  #isWeighted(records: readonly Mapped[]): boolean {
    const groups = Map.groupBy(records, ({ keys, type }) => `${keys.join()} ${type}`)
    return [...groups.values()].some((group) => {
      const weights = group.map(({ record }) => record.weight)
      if (group.length < 2 || weights.every((weight) => weight === undefined)) return false
      return this.#options.vendor === 'dnspod' || new Set(weights).size > 1
    })
  }

  #addPolicy(zone: string, name: string, types: readonly string[], records: readonly Mapped[]): void {
    const owner = name === '@' ? `${zone}.` : `${name}.${zone}.`
    const id = this.#ids.policies.make(types[0] === 'AAAA' ? `${owner} aaaa` : owner.replace(/^\*/, 'any'))
    const byLine = new Map<string, Mapped[]>()
    for (const one of records) for (const key of one.keys) byLine.set(key, [...(byLine.get(key) ?? []), one])
    const pools = new Map([...byLine].map(([line, some]) => [line, this.#addPool(id, line, some)]))
    const rules: Rule[] = [...pools].map(([line, pool]) => ({ line, pools: [pool] }))
    const fallback = this.#fallbackOf(owner, pools, rules)
    // Asia is without China at the vendors: their clients there have the default line, or the line "cn".
    if (pools.has('continent-as') && !pools.has('cn')) {
      rules.push({ line: 'cn', pools: [fallback] })
      this.#note('', owner, 'changed', 'a rule for "cn" was added: Asia holds China here, but not at the vendor', '')
    }
    const order = (line: string): number => (line === '*' ? 1 : 0)
    rules.sort((a, b) => order(a.line) - order(b.line) || (a.line < b.line ? -1 : 1))
    const ttlSeconds = this.#ttlOf(owner, types.join('/'), records)
    this.#policies.push({ id, precedence: this.#options.precedence, ttlSeconds, rules, fallback: [fallback] })
    this.#names.push({ name: owner, types, policy: id })
    this.#steeredCount += records.length
  }

  /** The pool of the default line, which everybody falls to; the widest line's where the vendor's zone has none. */
  #fallbackOf(owner: string, pools: ReadonlyMap<string, string>, rules: Rule[]): string {
    const own = pools.get('*')
    if (own !== undefined) return own
    const width = (line: string): number => ['abroad', 'cn'].indexOf(line) * 100 + (line.startsWith('*/') ? 50 : 0) - line.length
    const [line, pool] = [...pools].toSorted(([a], [b]) => width(b) - width(a) || (a < b ? -1 : 1))[0]!
    rules.push({ line: '*', pools: [pool] })
    const reason = `there is no record on the default line; everybody else gets that of "${line}" instead of nothing`
    this.#note('', owner, 'changed', reason, 'give the rule "*" and the fallback the pool you want')
    return pool
  }

  #addPool(policy: string, line: string, records: readonly Mapped[]): string {
    const hasAddress = records.some(({ type }) => type !== 'CNAME')
    const used = records.filter((one) => {
      const keep = !hasAddress || one.type !== 'CNAME'
      if (!keep) this.#leaveOut(one.record, 'its line has addresses too', 'keep either the CNAME or the addresses')
      return keep
    })
    const isWeighted = this.#isWeighted(used)
    const members = new Map<string, { endpoint: string; weight?: number }>()
    for (const { type, data, record } of used) {
      const endpoint = this.#endpointOf(type, data)
      members.set(endpoint, isWeighted ? { endpoint, weight: Math.min(record.weight ?? 1, 65_535) } : { endpoint })
    }
    const list = [...members.values()]
    if (isWeighted && list.every((member) => member.weight === 0)) for (const member of list) member.weight = 1
    if (list.length > MAX_ANSWERS) {
      const reason = `it has ${list.length} addresses; an answer holds ${MAX_ANSWERS} of them`
      this.#note(records[0]!.record.where, `${policy} ${line}`, 'changed', reason, '')
    }
    const id = this.#ids.pools.make(`${policy.slice(0, 40)} ${line === '*' ? 'default' : line.replace(/^\*/, 'any')}`)
    this.#pools.push({
      id,
      members: list,
      // Several records without weights: the vendor answers them all.
      choose: isWeighted ? 'weighted' : list.length > 1 && hasAddress ? 'all' : 'best',
      ...(!isWeighted && list.length > USUAL_ANSWERS ? { maxAnswers: Math.min(list.length, MAX_ANSWERS) } : {}),
    })
    return id
  }

  /** One endpoint a value, shared by all names: it is one machine. */
  #endpointOf(type: string, data: string): string {
    const known = this.#endpoints.get(data)
    if (known !== undefined) return known.id
    const id = this.#ids.endpoints.make(type === 'CNAME' ? `to ${data}` : `ip ${data}`)
    const key = type === 'A' ? 'ipv4' : type === 'AAAA' ? 'ipv6' : 'target'
    this.#endpoints.set(data, { id, [key]: data })
    return id
  }
}

function ownerOf({ record, zone }: Mapped): string {
  const name = record.name.toLowerCase().replace(/\.$/, '')
  if (name === '' || name === '@' || name === zone) return '@'
  return name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : name
}

function subjectOf({ name, type, line, lineId, value }: VendorRecord): string {
  return [name || '@', type, line || lineId, value].filter((part) => part !== '').join(' ')
}
