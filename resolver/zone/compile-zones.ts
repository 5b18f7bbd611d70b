/**
 * Zones + steered names → zone columns. Pure; runs in a worker on publish. Equal input gives equal bytes in whatever order it comes:
 * nodes in canonical order of names (RFC 4034 §6.1), RRsets by type, records by octets. Built for 1,000,000 records and 10,000 zones.
 *
 *   records ─ grouped by owner and type ─► checks ─► nodes (owners, empty non-terminals, steered names) ─► hash slots
 */
import { formatName } from '../wire/name.ts'
import { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_DS, TYPE_NS, TYPE_SOA, typeWord } from '../wire/registry.ts'
import { checkZone, keyName, nameKey } from './check-zone.ts'
import { hashSuffixes } from './hash-name.ts'
import { NODE_ALIAS, NODE_APEX, NODE_CUT, NODE_EMPTY, NONE, STEER_TARGETS, type ZoneColumns } from './zone-columns.ts'
import type { ZoneInput, ZoneIssue, ZoneRecord } from './zone-record.ts'

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

type RRset = { readonly type: number; readonly ttlSeconds: number; readonly records: readonly Uint8Array[]; readonly line: number }
type Node = { readonly key: string; readonly zone: number; readonly rrsets: RRset[]; steer: number }

/** A growing column of octets. */
class Octets {
  private bytes = new Uint8Array(1 << 16)
  length = 0

  push(more: Uint8Array): void {
    if (this.length + more.length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length + more.length))
      larger.set(this.bytes.subarray(0, this.length))
      this.bytes = larger
    }
    this.bytes.set(more, this.length)
    this.length += more.length
  }

  take(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }
}

/** Compiles zones and the steered names in them. */
export function compileZones(zones: readonly ZoneInput[], steered: readonly SteeredInput[]): CompiledZones {
  const issues: ZoneIssue[] = []
  const sorted = [...zones].sort((a, b) => (nameKey(a.origin) < nameKey(b.origin) ? -1 : 1))
  const zoneOf = new Map(sorted.map((zone, number) => [nameKey(zone.origin), number]))
  const nodes = new Map<string, Node>()
  sorted.forEach((zone, number) => {
    const apex = nameKey(zone.origin)
    if (zoneOf.get(apex) !== number) issues.push(duplicateIssue(zone))
    const parent = parentZone(apex, zoneOf)
    const sets = groupRecords(zone.records)
    issues.push(...checkZone(zone, sets))
    for (const [key, types] of sets) {
      // Data at or below the apex of a zone nested in this one is occluded: the deepest zone answers. Only DS stays above the cut.
      const holder = deepestZone(key, zoneOf)
      const isAboveCut = holder !== number && zoneOf.get(key) === holder && parentZone(key, zoneOf) === number
      if (holder !== number && !(isAboveCut && types.has(TYPE_DS))) continue
      const node = addNode(nodes, key, holder, zoneOf)
      for (const [type, records] of types) {
        if (isAboveCut ? type !== TYPE_DS : type === TYPE_DS && key === apex && parent !== NONE) continue
        node.rrsets.push(makeRRset(type, records))
      }
    }
    addNode(nodes, apex, number, zoneOf)
    // A name between two of our zones exists, though the nested one answers for what is below it (RFC 8020: never NXDOMAIN).
    if (parent !== NONE) addNode(nodes, parentKey(apex)!, parent, zoneOf)
  })
  for (const node of nodes.values()) node.rrsets.sort((a, b) => a.type - b.type)
  const steeredSorted = [...steered].sort((a, b) => (nameKey(a.name) < nameKey(b.name) ? -1 : 1))
  steeredSorted.forEach((entry, number) => {
    const key = nameKey(entry.name)
    const zone = deepestZone(key, zoneOf)
    if (zone === NONE) {
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
    const node = addNode(nodes, key, zone, zoneOf)
    node.steer = number
    issues.push(...checkSteered(entry, node, nodes, sorted[zone]!))
  })
  return { columns: encode(sorted, [...nodes.values()], zoneOf, steeredSorted), issues }
}

function groupRecords(records: readonly ZoneRecord[]): Map<string, Map<number, ZoneRecord[]>> {
  const sets = new Map<string, Map<number, ZoneRecord[]>>()
  for (const record of records) {
    const key = nameKey(record.owner)
    let types = sets.get(key)
    if (types === undefined) {
      types = new Map()
      sets.set(key, types)
    }
    const set = types.get(record.type)
    if (set === undefined) types.set(record.type, [record])
    else set.push(record)
  }
  return sets
}

/** Same records twice are one (RFC 2181 §5); the smallest TTL holds for the set. */
function makeRRset(type: number, records: readonly ZoneRecord[]): RRset {
  const { line } = records[0]!
  const ttlSeconds = records.reduce((least, record) => Math.min(least, record.ttlSeconds), Number.POSITIVE_INFINITY)
  if (records.length === 1) return { type, ttlSeconds, line, records: [records[0]!.rdata] }
  const byOctets = new Map(records.map((record) => [nameKey(record.rdata), record.rdata]))
  return { type, ttlSeconds, line, records: [...byOctets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rdata]) => rdata) }
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
function checkSteered(entry: SteeredInput, node: Node, nodes: ReadonlyMap<string, Node>, zone: ZoneInput): ZoneIssue[] {
  const issues: ZoneIssue[] = []
  const name = formatName(entry.name)
  const report = (code: string, severity: ZoneIssue['severity'], line: number, message: string, suggestion: string): void => {
    if (line > 0) issues.push({ code, severity, message, suggestion, file: zone.file, line, column: 1 })
  }
  const apex = nameKey(zone.origin)
  for (let key = node.key; key !== apex; key = parentKey(key)!) {
    const cut = nodes.get(key)?.rrsets.find((rrset) => rrset.type === TYPE_NS)
    if (cut === undefined) continue
    const where = formatName(keyName(key))
    report(
      'ZONE_STEERED_BELOW_CUT',
      'error',
      cut.line,
      `steered name "${name}" is not ours: "${where}" is delegated`,
      'remove the NS records, or steer the name where it is delegated to',
    )
  }
  for (const { type, line } of node.rrsets) {
    const words = `"${name}" is steered and has ${typeWord(type)} records`
    if (type === TYPE_CNAME) report('ZONE_STEERED_CNAME', 'error', line, words, 'remove the CNAME (RFC 1034 §3.6.2)')
    else if (entry.targets)
      report(
        'ZONE_STEERED_TARGET',
        'error',
        line,
        words,
        'an endpoint with a host name is answered as CNAME, so nothing may stand beside it',
      )
    else if (entry.types.some((steered) => steered.type === type))
      report('ZONE_STEERED_STATIC', 'note', line, words, 'they are not served; remove them unless zone transfers should show them')
  }
  return issues
}

/** Key of the name one label up; undefined for the root. */
function parentKey(key: string): string | undefined {
  const length = key.charCodeAt(0)
  return length === 0 ? undefined : key.slice(1 + length)
}

/** The deepest zone strictly above an apex; NONE when none of ours is. */
function parentZone(apex: string, zoneOf: ReadonlyMap<string, number>): number {
  const above = parentKey(apex)
  return above === undefined ? NONE : deepestZone(above, zoneOf)
}

function deepestZone(key: string, zoneOf: ReadonlyMap<string, number>): number {
  for (let at: string | undefined = key; at !== undefined; at = parentKey(at)) {
    const zone = zoneOf.get(at)
    if (zone !== undefined) return zone
  }
  return NONE
}

/** The node of a name, made if need be, with every empty non-terminal between it and the apex. */
function addNode(nodes: Map<string, Node>, key: string, zone: number, zoneOf: ReadonlyMap<string, number>): Node {
  const known = nodes.get(key)
  if (known !== undefined) return known
  const node: Node = { key, zone, rrsets: [], steer: NONE }
  nodes.set(key, node)
  if (!zoneOf.has(key)) addNode(nodes, parentKey(key)!, zone, zoneOf)
  return node
}

/** A text that sorts like the names do in canonical order: labels from the root, each octet one up, 0 between labels. */
function canonicalOrderKey(key: string): string {
  const labels: string[] = []
  for (let at = 0; key.charCodeAt(at) !== 0; at += 1 + key.charCodeAt(at)) {
    let label = ''
    for (let i = at + 1; i <= at + key.charCodeAt(at); i++) label += String.fromCharCode(key.charCodeAt(i) + 1)
    labels.push(label)
  }
  return labels.reverse().join('\0')
}

function encode(
  zones: readonly ZoneInput[],
  unsorted: readonly Node[],
  zoneOf: ReadonlyMap<string, number>,
  steered: readonly SteeredInput[],
): ZoneColumns {
  const nodes = unsorted
    .map((node) => ({ node, order: canonicalOrderKey(node.key) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ node }) => node)
  const numberOf = new Map(nodes.map((node, number) => [node.key, number]))
  const count = nodes.length
  const names = new Octets()
  const rdata = new Octets()
  const nodeNameFirst = new Uint32Array(count + 1)
  const nodeZone = new Uint32Array(count)
  const nodeFlags = new Uint8Array(count)
  const nodeCut = new Int32Array(count).fill(NONE)
  const nodeWildcard = new Int32Array(count).fill(NONE)
  const nodeSteer = new Int32Array(count).fill(NONE)
  const nodeRRsetFirst = new Uint32Array(count + 1)
  const rrsets: RRset[] = []
  nodes.forEach((node, number) => {
    names.push(keyName(node.key))
    nodeNameFirst[number + 1] = names.length
    nodeZone[number] = node.zone
    nodeSteer[number] = node.steer
    const isApex = zoneOf.get(node.key) === node.zone
    const isCut = !isApex && node.rrsets.some((rrset) => rrset.type === TYPE_NS)
    nodeFlags[number] =
      (isApex ? NODE_APEX : 0) |
      (isCut ? NODE_CUT : 0) |
      (node.rrsets.length === 0 && node.steer === NONE ? NODE_EMPTY : 0) |
      (node.rrsets.some((rrset) => rrset.type === TYPE_CNAME) ? NODE_ALIAS : 0)
    const parent = isApex ? undefined : numberOf.get(parentKey(node.key)!)
    // Canonical order puts a parent before its children: its own cut is known by now.
    nodeCut[number] = parent !== undefined && nodeCut[parent] !== NONE ? nodeCut[parent]! : isCut ? number : NONE
    if (parent !== undefined && node.key.startsWith('\x01*')) nodeWildcard[parent] = number
    rrsets.push(...node.rrsets)
    nodeRRsetFirst[number + 1] = rrsets.length
  })
  const rrsetDataFirst = new Uint32Array(rrsets.length + 1)
  rrsets.forEach((rrset, number) => {
    for (const record of rrset.records) {
      rdata.push(Uint8Array.of(record.length >> 8, record.length & 255))
      rdata.push(record)
    }
    rrsetDataFirst[number + 1] = rdata.length
  })
  const nameBytes = names.take()
  const zoneApex = Uint32Array.from(zones, (zone) => numberOf.get(nameKey(zone.origin))!)
  const zoneParent = Int32Array.from(zones, (zone) => {
    const parent = parentZone(nameKey(zone.origin), zoneOf)
    // Below a cut the parent zone has no say.
    return parent === NONE || nodeCut[numberOf.get(parentKey(nameKey(zone.origin))!)!] !== NONE ? NONE : parent
  })
  const zoneSoa = Uint32Array.from(zoneApex, (apex) => {
    for (let r = nodeRRsetFirst[apex]!; r < nodeRRsetFirst[apex + 1]!; r++) if (rrsets[r]!.type === TYPE_SOA) return r
    return 0
  })
  return {
    slots: makeSlots(nameBytes, nodeNameFirst),
    nodeNameFirst,
    names: nameBytes,
    nodeZone,
    nodeFlags,
    nodeCut,
    nodeWildcard,
    nodeSteer,
    nodeRRsetFirst,
    rrsetType: Uint16Array.from(rrsets, (rrset) => rrset.type),
    rrsetTtlSeconds: Uint32Array.from(rrsets, (rrset) => rrset.ttlSeconds),
    rrsetCount: Uint16Array.from(rrsets, (rrset) => rrset.records.length),
    rrsetDataFirst,
    rdata: rdata.take(),
    zoneApex,
    zoneSoa,
    zoneParent,
    zoneNegativeTtlSeconds: Uint32Array.from(zoneSoa, (r) => negativeTtlSeconds(rrsets[r])),
    zoneUsesClientSubnet: Uint8Array.from(zones, (zone) => (zone.useClientSubnet ? 1 : 0)),
    ...encodeSteered(steered),
  }
}

function negativeTtlSeconds(soa: RRset | undefined): number {
  const bytes = soa?.type === TYPE_SOA ? soa.records[0]! : undefined
  if (bytes === undefined || bytes.length < 22) return 0
  const minimum = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(bytes.length - 4)
  return Math.min(soa!.ttlSeconds, minimum)
}

function makeSlots(names: Uint8Array, nodeNameFirst: Uint32Array): Uint32Array {
  const count = nodeNameFirst.length - 1
  let size = 16
  while (size < 2 * count) size *= 2
  const slots = new Uint32Array(size)
  const labels = new Uint8Array(130)
  const hashes = new Uint32Array(130)
  for (let node = 0; node < count; node++) {
    hashSuffixes(names.subarray(nodeNameFirst[node]!, nodeNameFirst[node + 1]!), labels, hashes)
    let slot = hashes[0]! & (size - 1)
    while (slots[slot] !== 0) slot = (slot + 1) & (size - 1)
    slots[slot] = node + 1
  }
  return slots
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
        rdata.push(row.rdata)
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
