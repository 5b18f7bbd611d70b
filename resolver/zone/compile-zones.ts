/**
 * Zones + steered names → zone columns. Pure; runs in a worker on publish. Equal input gives equal bytes in whatever order it comes:
 * nodes in canonical order of names (RFC 4034 §6.1), RRsets by type, records in canonical order (§6.3). Built for 1,000,000 records and 10,000 zones:
 * columns from the records on, no object a record (bench/zone-load.bench.ts).
 *
 *   records ─ grouped by owner and type ─► checks ─► nodes (owners, empty non-terminals, steered names) ─► hash slots
 */
import { formatName } from '../wire/name.ts'
import { Octets } from '../wire/octets.ts'
import { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_DNAME, TYPE_DS, TYPE_NS, TYPE_SOA, typeWord } from '../wire/registry.ts'
import { checkAliases } from './check-aliases.ts'
import { checkZone, equalData } from './check-zone.ts'
import { EVERYBODY } from './ecs-trust.ts'
import { type GroupedRecords, groupRecords } from './group-records.ts'
import { NameTable, sortNames } from './name-table.ts'
import { type RecordTable, tableOfRecords } from './record-table.ts'
import {
  ADDITIONAL_TYPES,
  NODE_ADDITIONAL,
  NODE_ALIAS,
  NODE_APEX,
  NODE_CUT,
  NODE_DNAME,
  NODE_EMPTY,
  NODE_PARENT_DS,
  NONE,
  STEER_TARGETS,
  type ZoneColumns,
} from './zone-columns.ts'
import type { ZoneInput, ZoneIssue } from './zone-record.ts'
import { arrangeRows, type PlainRows } from './zone-rows.ts'

/** One steered type of a name. */
export type SteeredType = {
  readonly type: number
  /** Policy number. */
  readonly policy: number
  /** Prepared rdata of each endpoint that can be picked; empty for A and AAAA, which are made of its address. */
  readonly rows: readonly { readonly endpoint: number; readonly rdata: Uint8Array }[]
}

/** A steered name to compile. */
export type SteeredInput = {
  /** Canonical wire form; a wildcard owner is allowed. */
  readonly name: Uint8Array
  /** Without doubles. */
  readonly types: readonly SteeredType[]
  /** True when a picked endpoint may be a host name. */
  readonly targets: boolean
}

/** The outcome. With an error among the issues the columns must not be published. */
export type CompiledZones = { readonly columns: ZoneColumns; readonly issues: readonly ZoneIssue[] }

/** What is known of the names while compiling; rows by number of the name. */
type Layout = {
  readonly zones: readonly ZoneInput[]
  readonly tables: readonly RecordTable[]
  readonly grouped: GroupedRecords
  /** Apex of each zone. */
  readonly apexes: Uint32Array
  /** Zone whose apex the name is; -1 = of none. */
  readonly zoneAt: Int32Array
  /** Deepest zone at or above the name; -1 = none. */
  readonly holder: Int32Array
  /** 1 = the name becomes a node. */
  readonly isNode: Uint8Array
  /** Steered entry; -1 = none. */
  readonly steer: Int32Array
  /** By RRset: 1 = it is served. */
  readonly isServed: Uint8Array
}

/** Compiles zones and the steered names in them. */
export function compileZones(zones: readonly ZoneInput[], steered: readonly SteeredInput[]): CompiledZones {
  const issues: ZoneIssue[] = []
  const sorted = sortedByName(zones, (zone) => zone.origin)
  const steeredSorted = sortedByName(steered, (entry) => entry.name)
  const { layout, outside, steeredNames } = layOut(sorted, steeredSorted)
  const { zoneAt, holder, apexes, grouped } = layout
  sorted.forEach((zone, number) => {
    const apex = apexes[number]!
    if (zoneAt[apex] !== number) issues.push(duplicateIssue(zone))
    issues.push(...checkZone({ zone, number, table: layout.tables[number]!, apex, outside: outside[number] ?? [] }, grouped))
    addNode(layout, apex)
    // A name between two of our zones exists, though the nested one answers for what is below it (RFC 8020: never NXDOMAIN).
    const above = grouped.names.parent[apex]!
    if (above !== NONE && holder[above] !== NONE) addNode(layout, above)
  })
  serveSets(layout)
  sorted.forEach((zone, number) => {
    const issue = checkNesting(layout, zone, apexes[number]!)
    if (issue !== undefined) issues.push(issue)
  })
  steeredSorted.forEach((entry, number) => {
    const name = steeredNames[number]!
    if (holder[name] === NONE) {
      issues.push({
        code: 'ZONE_STEERED_OUTSIDE',
        severity: 'error',
        message: `steered name "${formatName(entry.name)}" is in no zone`,
        suggestion: 'add its zone, or correct the name',
        file: '',
        line: 0,
        column: 0,
      })
      return
    }
    addNode(layout, name)
    layout.steer[name] = number
    issues.push(...checkSteered(layout, entry, name))
  })
  issues.push(...checkAliases(layout))
  return { columns: encode(layout, steeredSorted), issues }
}

/** By octets of the name in wire form. */
function sortedByName<T>(items: readonly T[], nameOf: (item: T) => Uint8Array): T[] {
  return [...items].sort((a, b) => Buffer.compare(nameOf(a), nameOf(b)))
}

/** Gives every name its number, groups the records, finds the zone of each name. */
function layOut(
  zones: readonly ZoneInput[],
  steered: readonly SteeredInput[],
): { readonly layout: Layout; readonly outside: readonly (readonly number[] | undefined)[]; readonly steeredNames: Uint32Array } {
  const names = new NameTable()
  const apexes = Uint32Array.from(zones, (zone) => names.intern(zone.origin, 0))
  const tables = zones.map((zone) =>
    zone.table !== undefined && zone.records.length === 0 ? zone.table : tableOfRecords(zone.records, zone.file, zone.table),
  )
  const recordName = new Int32Array(tables.reduce((sum, table) => sum + table.count, 0))
  const outside: (number[] | undefined)[] = new Array(zones.length)
  let position = 0
  tables.forEach((table, number) => {
    let lastAt = NONE
    let name = NONE
    for (let row = 0; row < table.count; row++) {
      if (table.ownerAt[row] !== lastAt) {
        lastAt = table.ownerAt[row]!
        name = names.intern(table.octets.bytes, lastAt)
        if (!names.isAtOrBelow(name, apexes[number]!)) name = NONE
      }
      if (name === NONE) {
        outside[number] ??= []
        outside[number].push(row)
      }
      recordName[position++] = name
    }
  })
  const steeredNames = Uint32Array.from(steered, (entry) => names.intern(entry.name, 0))
  const order = sortNames(names)
  const grouped = groupRecords(tables, names, order, recordName)
  const zoneAt = new Int32Array(names.count).fill(NONE)
  apexes.forEach((apex, number) => {
    zoneAt[apex] = number
  })
  const holder = new Int32Array(names.count).fill(NONE)
  for (const name of order) {
    const parent = names.parent[name]!
    holder[name] = zoneAt[name] !== NONE ? zoneAt[name]! : parent === NONE ? NONE : holder[parent]!
  }
  const layout: Layout = {
    zones,
    tables,
    grouped,
    apexes,
    zoneAt,
    holder,
    isNode: new Uint8Array(names.count),
    steer: new Int32Array(names.count).fill(NONE),
    isServed: new Uint8Array(grouped.setCount),
  }
  return { layout, outside, steeredNames }
}

/** Makes a name a node, with every empty non-terminal between it and the apex. */
function addNode({ isNode, zoneAt, grouped }: Layout, name: number): void {
  for (let at = name; isNode[at] === 0; at = grouped.names.parent[at]!) {
    isNode[at] = 1
    if (zoneAt[at] !== NONE) return
  }
}

/** Which RRsets are served, and by that which names are nodes. */
function serveSets(layout: Layout): void {
  const { grouped, zoneAt, holder, isServed } = layout
  const { names, setCount, setName, setZone, setType } = grouped
  for (let set = 0; set < setCount; set++) {
    const name = setName[set]!
    const zone = setZone[set]!
    const isDs = setType[set] === TYPE_DS
    const above = names.parent[name]!
    const parentZone = zoneAt[name] === NONE || above === NONE ? NONE : holder[above]!
    // Data at or below the apex of a zone nested in this one is occluded: the deepest zone answers. Only DS stays above the cut.
    const isAboveCut = holder[name] !== zone && zoneAt[name] !== NONE && parentZone === zone
    if (holder[name] !== zone && !(isAboveCut && isDs)) continue
    if (!isAboveCut && isDs && parentZone !== NONE) continue
    isServed[set] = 1
    addNode(layout, name)
  }
}

/** A zone below a DNAME of the zone above: we answer for it, servers that have the zone above alone redirect its names. */
function checkNesting(layout: Layout, zone: ZoneInput, apex: number): ZoneIssue | undefined {
  const { grouped, holder, zoneAt } = layout
  const { parent } = grouped.names
  const first = parent[apex]!
  if (first === NONE || holder[first] === NONE) return undefined
  for (let at = first; ; at = parent[at]!) {
    if (setsOf(layout, at).some((set) => grouped.setType[set] === TYPE_DNAME)) {
      return {
        code: 'ZONE_BELOW_DNAME',
        severity: 'warning',
        message: `zone "${formatName(zone.origin)}" is below the DNAME of "${formatName(grouped.names.name(at))}", which redirects its names`,
        suggestion: 'remove the DNAME, or the zone (RFC 6672 §2.4)',
        file: zone.file,
        line: 0,
        column: 0,
      }
    }
    if (zoneAt[at] !== NONE) return undefined
  }
}

function duplicateIssue(zone: ZoneInput): ZoneIssue {
  return {
    code: 'ZONE_DUPLICATE',
    severity: 'error',
    message: `zone "${formatName(zone.origin)}" is given twice`,
    suggestion: 'keep one of them',
    file: zone.file,
    line: 0,
    column: 0,
  }
}

/**
 * What stands in the way of a steered name in a master file. For inline records the document's own checks have said it already, at
 * the place of the name.
 */
function checkSteered(layout: Layout, entry: SteeredInput, name: number): ZoneIssue[] {
  const { grouped, apexes, holder, zones } = layout
  const issues: ZoneIssue[] = []
  const words = formatName(entry.name)
  const zone = zones[holder[name]!]!
  const report = (code: string, severity: ZoneIssue['severity'], set: number, message: string, suggestion: string): void => {
    const { file, line, column } = placeOfSet(layout, set)
    if (line > 0) issues.push({ code, severity, message, suggestion, file: file ?? zone.file, line, column })
  }
  for (let at = name; at !== apexes[holder[name]!]; at = grouped.names.parent[at]!) {
    for (const set of setsOf(layout, at)) {
      const type = grouped.setType[set]!
      if (type !== TYPE_NS && !(type === TYPE_DNAME && at !== name)) continue
      const where = formatName(grouped.names.name(at))
      if (type === TYPE_NS)
        report(
          'ZONE_STEERED_BELOW_CUT',
          'error',
          set,
          `steered name "${words}" is not ours: "${where}" is delegated`,
          'remove the NS records, or steer the name where it is delegated to',
        )
      else
        report(
          'ZONE_STEERED_BELOW_DNAME',
          'error',
          set,
          `steered name "${words}" is never answered: the DNAME of "${where}" redirects it`,
          'remove the DNAME, or steer the name it leads to',
        )
    }
  }
  for (const set of setsOf(layout, name)) {
    const type = grouped.setType[set]!
    const message = `"${words}" is steered and has ${typeWord(type)} records`
    if (type === TYPE_CNAME) report('ZONE_STEERED_CNAME', 'error', set, message, 'remove the CNAME (RFC 1034 §3.6.2)')
    else if (entry.targets)
      report(
        'ZONE_STEERED_TARGET',
        'error',
        set,
        message,
        'an endpoint with a host name is answered as CNAME, so nothing may stand beside it',
      )
    else if (entry.types.some((steered) => steered.type === type))
      report('ZONE_STEERED_STATIC', 'note', set, message, 'they are not served; remove them unless zone transfers should show them')
  }
  return issues
}

/** RRsets of a name that are served, by type. */
function setsOf({ grouped, isServed }: Layout, name: number): number[] {
  const place = grouped.rank[name]!
  const sets: number[] = []
  for (let set = grouped.placeFirstSet[place]!; set < grouped.placeFirstSet[place + 1]!; set++) if (isServed[set] === 1) sets.push(set)
  // A DS that the zone above holds comes with another zone number than the rest.
  return sets.length > 1 ? sets.sort((a, b) => grouped.setType[a]! - grouped.setType[b]!) : sets
}

/** Where the first record of an RRset stands in its file. */
function placeOfSet(
  { grouped, tables }: Layout,
  set: number,
): { readonly file: string | undefined; readonly line: number; readonly column: number } {
  const table = tables[grouped.setZone[set]!]!
  let row = grouped.recordRow[grouped.setFirst[set]!]!
  for (let i = grouped.setFirst[set]! + 1; i < grouped.setFirst[set + 1]!; i++) row = Math.min(row, grouped.recordRow[i]!)
  return { file: table.files[table.file[row]!], line: table.line[row]!, column: table.column[row]! }
}

/** RRsets in the order of the columns, with their records; the same record twice is one (RFC 2181 §5), the smallest TTL holds. */
class SetColumns {
  readonly type: Uint16Array
  readonly ttlSeconds: Uint32Array
  readonly recordCount: Uint16Array
  readonly dataFirst: Uint32Array
  readonly rdata: Octets
  count = 0

  constructor(sets: number, rdataBytes: number) {
    this.type = new Uint16Array(sets)
    this.ttlSeconds = new Uint32Array(sets)
    this.recordCount = new Uint16Array(sets)
    this.dataFirst = new Uint32Array(sets + 1)
    this.rdata = new Octets(rdataBytes)
  }

  add({ grouped, tables }: Layout, set: number): void {
    const table = tables[grouped.setZone[set]!]!
    const { rdata } = this
    let least = 0xffffffff
    let records = 0
    let before = NONE
    for (let i = grouped.setFirst[set]!; i < grouped.setFirst[set + 1]!; i++) {
      const row = grouped.recordRow[i]!
      least = Math.min(least, table.ttlSeconds[row]!)
      if (before !== NONE && equalData(table, row, before)) continue
      before = row
      records++
      const bytes = table.dataBytes[row]!
      const from = table.dataAt[row]!
      rdata.push16(bytes)
      rdata.reserve(bytes)
      for (let k = 0; k < bytes; k++) rdata.bytes[rdata.length + k] = table.octets.bytes[from + k]!
      rdata.length += bytes
    }
    this.type[this.count] = grouped.setType[set]!
    this.ttlSeconds[this.count] = least
    this.recordCount[this.count] = records
    this.dataFirst[++this.count] = rdata.length
  }
}

function encode(layout: Layout, steered: readonly SteeredInput[]): ZoneColumns {
  const { grouped, isNode, isServed, holder, zoneAt, zones, apexes } = layout
  const { names, order, rank } = grouped
  const numberOf = new Int32Array(names.count).fill(NONE)
  let count = 0
  for (const name of order) if (isNode[name] === 1) numberOf[name] = count++
  const served = isServed.reduce((sum, one) => sum + one, 0)
  const sets = new SetColumns(served, 64 + layout.tables.reduce((sum, table) => sum + table.octets.length, 0))
  const nameOctets = new Octets(names.octets.length)
  const nodeNameFirst = new Uint32Array(count + 1)
  const nodeZone = new Uint32Array(count)
  const nodeFlags = new Uint8Array(count)
  const nodeCut = new Int32Array(count).fill(NONE)
  const nodeDname = new Int32Array(count).fill(NONE)
  const nodeWildcard = new Int32Array(count).fill(NONE)
  const nodeSteer = new Int32Array(count).fill(NONE)
  const nodeRRsetFirst = new Uint32Array(count + 1)
  for (const name of order) {
    const number = numberOf[name]!
    if (number === NONE) continue
    const at = names.at[name]!
    const octets = names.octets.bytes
    nameOctets.reserve(names.bytes[name]!)
    for (let i = 0; i < names.bytes[name]!; i++) nameOctets.push(octets[at + i]!)
    nodeNameFirst[number + 1] = nameOctets.length
    nodeZone[number] = holder[name]!
    nodeSteer[number] = layout.steer[name]!
    const isApex = zoneAt[name] !== NONE
    let flags = isApex ? NODE_APEX : 0
    const place = rank[name]!
    const first = grouped.placeFirstSet[place]!
    const end = grouped.placeFirstSet[place + 1]!
    // Of one zone the sets are in order already.
    const own = end > first && grouped.setZone[first] !== grouped.setZone[end - 1] ? setsOf(layout, name) : undefined
    const before = sets.count
    for (let i = 0; i < (own?.length ?? end - first); i++) {
      const set = own?.[i] ?? first + i
      if (isServed[set] === 0) continue
      const type = grouped.setType[set]!
      if (type === TYPE_NS && !isApex) flags |= NODE_CUT
      else if (type === TYPE_CNAME) flags |= NODE_ALIAS
      else if (type === TYPE_DNAME) flags |= NODE_DNAME
      else if (type === TYPE_DS && grouped.setZone[set] !== holder[name]) flags |= NODE_PARENT_DS
      if (ADDITIONAL_TYPES.has(type)) flags |= NODE_ADDITIONAL
      sets.add(layout, set)
    }
    if (sets.count === before && layout.steer[name] === NONE) flags |= NODE_EMPTY
    nodeFlags[number] = flags
    nodeRRsetFirst[number + 1] = sets.count
    // Canonical order puts a parent before its children: its own cut and DNAME are known by now.
    const parent = isApex ? NONE : numberOf[names.parent[name]!]!
    if (parent !== NONE) {
      nodeDname[number] = nodeDname[parent] !== NONE ? nodeDname[parent]! : coveringDname(nodeCut, nodeFlags, parent)
      nodeCut[number] = nodeCut[parent]!
      if (octets[at] === 1 && octets[at + 1] === 0x2a) nodeWildcard[parent] = number
    }
    if (nodeCut[number] === NONE && nodeDname[number] === NONE && (flags & NODE_CUT) !== 0) nodeCut[number] = number
  }
  const apexNode = Uint32Array.from(apexes, (apex) => numberOf[apex]!)
  const zoneParent = Int32Array.from(apexes, (apex) => {
    const above = names.parent[apex]!
    const parent = above === NONE ? NONE : holder[above]!
    if (parent === NONE) return NONE
    // Below a cut or a DNAME the parent zone has no say.
    const node = numberOf[above]!
    return nodeCut[node] !== NONE || nodeDname[node] !== NONE || (nodeFlags[node]! & NODE_DNAME) !== 0 ? NONE : parent
  })
  const zoneSoa = Uint32Array.from(apexNode, (apex) => {
    for (let r = nodeRRsetFirst[apex]!; r < nodeRRsetFirst[apex + 1]!; r++) if (sets.type[r] === TYPE_SOA) return r
    return 0
  })
  const plain: PlainRows = {
    nodeNameFirst,
    nodeZone,
    nodeFlags,
    nodeCut,
    nodeDname,
    nodeWildcard,
    nodeSteer,
    nodeRRsetFirst,
    rrsetType: sets.type,
    rrsetTtlSeconds: sets.ttlSeconds,
    rrsetCount: sets.recordCount,
    rrsetDataFirst: sets.dataFirst,
  }
  const nodeNames = nameOctets.take()
  return {
    ...arrangeRows(plain, nodeNames),
    names: nodeNames,
    rdata: sets.rdata.take(),
    zoneApex: apexNode,
    zoneSoa,
    zoneParent,
    zoneNegativeTtlSeconds: Uint32Array.from(zoneSoa, (set) => negativeTtlSeconds(sets, set)),
    zoneUsesClientSubnet: Uint8Array.from(zones, (zone) => (zone.useClientSubnet ? 1 : 0)),
    ecsTrust: EVERYBODY,
    ...encodeSteered(steered),
  }
}

/** The parent itself, when its DNAME occludes what is below it. */
function coveringDname(nodeCut: Int32Array, nodeFlags: Uint8Array, parent: number): number {
  return nodeCut[parent] === NONE && (nodeFlags[parent]! & NODE_DNAME) !== 0 ? parent : NONE
}

function negativeTtlSeconds(sets: SetColumns, set: number): number {
  if (sets.type[set] !== TYPE_SOA) return 0
  const first = sets.dataFirst[set]!
  const { bytes } = sets.rdata
  const length = (bytes[first]! << 8) | bytes[first + 1]!
  if (length < 22) return 0
  const at = first + 2 + length - 4
  const minimum = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  return Math.min(sets.ttlSeconds[set]!, minimum)
}

type SteerColumns = Pick<
  ZoneColumns,
  | 'steerFlags'
  | 'steerTypeFirst'
  | 'steerTypes'
  | 'steerTypePolicy'
  | 'steerTemplate'
  | 'templateFirst'
  | 'templateEndpoint'
  | 'templateRdataFirst'
  | 'templateRdata'
>

function encodeSteered(steered: readonly SteeredInput[]): SteerColumns {
  const steerTypeFirst = [0]
  const steerTypes: number[] = []
  const steerTypePolicy: number[] = []
  const steerTemplate: number[] = []
  const templateFirst = [0]
  const templateEndpoint: number[] = []
  const templateRdataFirst = [0]
  const rdata = new Octets()
  for (const entry of steered) {
    for (const { type, policy, rows } of [...entry.types].sort((a, b) => a.type - b.type)) {
      steerTypes.push(type)
      steerTypePolicy.push(policy)
      if (type === TYPE_A || type === TYPE_AAAA) {
        steerTemplate.push(NONE)
        continue
      }
      steerTemplate.push(templateFirst.length - 1)
      for (const row of [...rows].sort((a, b) => a.endpoint - b.endpoint)) {
        templateEndpoint.push(row.endpoint)
        rdata.pushAll(row.rdata)
        templateRdataFirst.push(rdata.length)
      }
      templateFirst.push(templateEndpoint.length)
    }
    steerTypeFirst.push(steerTypes.length)
  }
  return {
    steerFlags: Uint8Array.from(steered, (entry) => (entry.targets ? STEER_TARGETS : 0)),
    steerTypeFirst: Uint32Array.from(steerTypeFirst),
    steerTypes: Uint16Array.from(steerTypes),
    steerTypePolicy: Uint32Array.from(steerTypePolicy),
    steerTemplate: Int32Array.from(steerTemplate),
    templateFirst: Uint32Array.from(templateFirst),
    templateEndpoint: Uint32Array.from(templateEndpoint),
    templateRdataFirst: Uint32Array.from(templateRdataFirst),
    templateRdata: rdata.take(),
  }
}
