/**
 * All that a transfer shows of a compiled zone, in an order that depends on its content alone: names in canonical order, RRsets by type,
 * records in canonical order; without the SOA, which stands around them. Pure; 1,000,000 records without garbage.
 *
 *   steered types      the static RRset of the name, else the addresses of the policy's first fallback pool (DESIGN.md section 4)
 *   a zone of ours     below this one: its NS, DS and glue, taken from the zone itself: the delegation that a secondary of this zone
 *   nested in it       alone must know (RFC 5936 §3.2)
 */
import type { CompiledPolicies } from '../../policy/decide/compiled-policies.ts'
import { ENDPOINT_DISABLED, ENDPOINT_IPV4, ENDPOINT_IPV6, ENDPOINT_TARGET } from '../../policy/model/policy-columns.ts'
import { isAtOrBelow } from '../wire/name.ts'
import { compareRdata } from '../wire/rdata/compare-rdata.ts'
import { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_DS, TYPE_NS, TYPE_SOA } from '../wire/registry.ts'
import { findNode, findRRset, makeNameFound } from '../zone/find-name.ts'
import { recordTtlSeconds } from '../zone/record-ttl.ts'
import { NODE_APEX, NODE_PARENT_DS, NONE, type ZoneColumns } from '../zone/zone-columns.ts'
import {
  countNodes,
  nodeEndRRset,
  nodeFirstRRset,
  nodeFlags,
  nodeName,
  nodeNameAt,
  nodeNameBytes,
  nodeSteer,
  nodeZone,
  rrsetCount,
  rrsetDataAt,
  rrsetTtlSeconds,
  rrsetType,
} from '../zone/zone-rows.ts'
import { blankRecord, type RecordCursor } from './record-cursor.ts'

/** Tables of one generation. */
export type TransferTables = { readonly zones: ZoneColumns; readonly policies: CompiledPolicies }

/** One record that does not lie in the columns as it goes out. */
type MadeRecord = { readonly owner: Uint8Array; readonly type: number; readonly ttlSeconds: number; readonly rdata: Uint8Array }

/** Zone number of an apex (canonical wire form); NONE when it is none of ours. */
export function findZone(zones: ZoneColumns, apex: Uint8Array): number {
  const node = findNode(zones, apex, apex.length, makeNameFound())
  return node !== NONE && (nodeFlags(zones, node) & NODE_APEX) !== 0 ? nodeZone(zones, node) : NONE
}

/** Rdata of a zone's SOA; a view. */
export function soaOf(zones: ZoneColumns, zone: number): { readonly rdata: Uint8Array; readonly ttlSeconds: number } {
  const rrset = zones.zoneSoa[zone]!
  const at = rrsetDataAt(zones, rrset)
  const length = (zones.rdata[at]! << 8) | zones.rdata[at + 1]!
  return { rdata: zones.rdata.subarray(at + 2, at + 2 + length), ttlSeconds: rrsetTtlSeconds(zones, rrset) }
}

/** A cursor that gives the SOA of a zone once. */
export function soaCursor(owner: Uint8Array, rdata: Uint8Array, ttlSeconds: number): RecordCursor {
  let given = false
  const cursor: RecordCursor = {
    ...blankRecord(),
    nameBytes: owner,
    nameLength: owner.length,
    type: TYPE_SOA,
    ttlSeconds,
    data: rdata,
    dataLength: rdata.length,
    next: () => {
      if (given) return false
      given = true
      return true
    },
  }
  return cursor
}

/** Walks a zone. */
export function walkZone(tables: TransferTables, zone: number): RecordCursor {
  const { zones } = tables
  const apexNode = zones.zoneApex[zone]!
  const apex = nodeName(zones, apexNode)
  const nodeCount = countNodes(zones)
  let node = apexNode - 1
  let rrset = 0
  let rrsetEnd = 0
  /** Records left of the RRset, and where the next one lies. */
  let left = 0
  let at = 0
  let made: readonly MadeRecord[] = []
  let madeAt = 0

  const cursor: RecordCursor = { ...blankRecord(), next: () => nextMade() || nextPlain() || nextNode() }

  function nextMade(): boolean {
    if (madeAt >= made.length) return false
    const record = made[madeAt++]!
    cursor.nameBytes = record.owner
    cursor.nameAt = 0
    cursor.nameLength = record.owner.length
    cursor.type = record.type
    cursor.ttlSeconds = record.ttlSeconds
    cursor.data = record.rdata
    cursor.dataAt = 0
    cursor.dataLength = record.rdata.length
    return true
  }

  function nextPlain(): boolean {
    while (left === 0) {
      if (rrset >= rrsetEnd) return false
      const type = rrsetType(zones, rrset)
      if (node !== apexNode || (type !== TYPE_SOA && !isOfParent(zones, node, type))) {
        left = rrsetCount(zones, rrset)
        at = rrsetDataAt(zones, rrset)
        cursor.nameBytes = zones.names
        cursor.nameAt = nodeNameAt(zones, node)
        cursor.nameLength = nodeNameBytes(zones, node)
        cursor.type = type
        cursor.data = zones.rdata
      }
      rrset++
    }
    left--
    cursor.ttlSeconds = recordTtlSeconds(zones, cursor.type, rrsetTtlSeconds(zones, rrset - 1), at)
    cursor.dataLength = (zones.rdata[at]! << 8) | zones.rdata[at + 1]!
    cursor.dataAt = at + 2
    at += 2 + cursor.dataLength
    return true
  }

  function nextNode(): boolean {
    for (;;) {
      node++
      if (node >= nodeCount || !isBelow(zones, node, apex)) {
        node = nodeCount
        return false
      }
      made = []
      madeAt = 0
      rrset = rrsetEnd = left = 0
      if (nodeZone(zones, node) !== zone) {
        if ((nodeFlags(zones, node) & NODE_APEX) !== 0 && zones.zoneParent[nodeZone(zones, node)] === zone) made = delegation(zones, node)
      } else if (nodeSteer(zones, node) !== NONE) made = steeredRecords(tables, node)
      else {
        rrset = nodeFirstRRset(zones, node)
        rrsetEnd = nodeEndRRset(zones, node)
      }
      if (nextMade() || nextPlain()) return true
    }
  }
  return cursor
}

/** DS of an apex that the zone above gives. */
function isOfParent(zones: ZoneColumns, node: number, type: number): boolean {
  return type === TYPE_DS && (nodeFlags(zones, node) & NODE_PARENT_DS) !== 0
}

function isBelow(zones: ZoneColumns, node: number, apex: Uint8Array): boolean {
  const end = nodeNameAt(zones, node) + nodeNameBytes(zones, node)
  const start = end - apex.length
  if (start < nodeNameAt(zones, node)) return false
  // Nodes come in canonical order, so what ends in the apex's octets and follows it is below it, but for a label that looks like it.
  for (let i = 0; i < apex.length; i++) if (zones.names[start + i] !== apex[i]) return false
  return isAtOrBelow(nodeName(zones, node), apex)
}

/** RRset of a type at a node as records of their own. */
function recordsOf(zones: ZoneColumns, node: number, rrset: number): MadeRecord[] {
  const records: MadeRecord[] = []
  let at = rrsetDataAt(zones, rrset)
  for (let left = rrsetCount(zones, rrset); left > 0; left--) {
    const length = (zones.rdata[at]! << 8) | zones.rdata[at + 1]!
    records.push({
      owner: nodeName(zones, node),
      type: rrsetType(zones, rrset),
      ttlSeconds: rrsetTtlSeconds(zones, rrset),
      rdata: zones.rdata.subarray(at + 2, at + 2 + length),
    })
    at += 2 + length
  }
  return records
}

/** What the zone above shows of a zone of ours nested in it. */
function delegation(zones: ZoneColumns, apexNode: number): MadeRecord[] {
  const apex = nodeName(zones, apexNode)
  const records: MadeRecord[] = []
  const glue = new Map<number, MadeRecord[]>()
  for (const type of [TYPE_NS, TYPE_DS]) {
    const rrset = findRRset(zones, apexNode, type)
    if (rrset === NONE) continue
    const found = recordsOf(zones, apexNode, rrset)
    records.push(...found)
    if (type === TYPE_DS) continue
    for (const { rdata } of found) {
      const server = lowerCase(rdata)
      if (!isAtOrBelow(server, apex)) continue
      const node = findNode(zones, server, server.length, makeNameFound())
      if (node === NONE || glue.has(node)) continue
      const addresses: MadeRecord[] = []
      for (const addressType of [TYPE_A, TYPE_AAAA]) {
        const addressSet = findRRset(zones, node, addressType)
        if (addressSet !== NONE) addresses.push(...recordsOf(zones, node, addressSet))
      }
      glue.set(node, addresses)
    }
  }
  for (const node of [...glue.keys()].sort((a, b) => a - b)) records.push(...glue.get(node)!)
  return records
}

function lowerCase(name: Uint8Array): Uint8Array {
  return name.map((octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet))
}

/** The static view of a steered name, sorted by type and octets. */
function steeredRecords(tables: TransferTables, node: number): MadeRecord[] {
  const { zones } = tables
  const owner = nodeName(zones, node)
  const isApex = (nodeFlags(zones, node) & NODE_APEX) !== 0
  const records: MadeRecord[] = []
  for (let r = nodeFirstRRset(zones, node); r < nodeEndRRset(zones, node); r++) {
    const type = rrsetType(zones, r)
    if (!isApex || (type !== TYPE_SOA && !isOfParent(zones, node, type))) records.push(...recordsOf(zones, node, r))
  }
  const plain = new Set(records.map((record) => record.type))
  const steer = nodeSteer(zones, node)
  const first = zones.steerTypeFirst[steer]!
  const end = zones.steerTypeFirst[steer + 1]!
  for (let row = first; row < end; row++) {
    const type = zones.steerTypes[row]!
    if (plain.has(type)) continue
    const policy = zones.steerTypePolicy[row]!
    const ttlSeconds = tables.policies.columns.policyTtlSeconds[policy]!
    const endpoints = fallbackEndpoints(tables, policy)
    const kinds = tables.policies.columns.endpointKinds
    if (endpoints.length > 0 && (kinds[endpoints[0]!]! & ENDPOINT_TARGET) !== 0) {
      // A host name is answered as CNAME, beside which nothing may stand.
      if (!isApex && plain.size === 0) return [{ owner, type: TYPE_CNAME, ttlSeconds, rdata: targetOf(tables, endpoints[0]!) }]
      continue
    }
    for (const rdata of rdataOf(tables, row, type, endpoints)) records.push({ owner, type, ttlSeconds, rdata })
  }
  return records.sort(
    (a, b) =>
      a.type - b.type || compareRdata(a.type, a.rdata, 0, a.rdata.length, b.rdata, 0, b.rdata.length) || Buffer.compare(a.rdata, b.rdata),
  )
}

function fallbackEndpoints({ policies }: TransferTables, policy: number): number[] {
  const { columns } = policies
  const first = columns.policyFallbackFirst[policy]!
  if (first >= columns.policyFallbackFirst[policy + 1]!) return []
  const use = columns.fallbackPoolUses[first]!
  const members = columns.memberEndpoint.subarray(columns.poolUseMemberFirst[use]!, columns.poolUseMemberFirst[use + 1]!)
  return [...members].filter((endpoint) => (columns.endpointKinds[endpoint]! & ENDPOINT_DISABLED) === 0)
}

function targetOf({ policies }: TransferTables, endpoint: number): Uint8Array {
  const { columns } = policies
  return columns.endpointTargets.slice(columns.endpointTargetFirst[endpoint]!, columns.endpointTargetFirst[endpoint + 1]!)
}

/** Rdata of a steered type for some endpoints, without doubles. */
function rdataOf({ zones, policies }: TransferTables, row: number, type: number, endpoints: readonly number[]): Uint8Array[] {
  const { columns } = policies
  const found = new Map<string, Uint8Array>()
  const add = (rdata: Uint8Array): unknown => found.set(Buffer.from(rdata).toString('latin1'), rdata)
  for (const endpoint of endpoints) {
    const kinds = columns.endpointKinds[endpoint]!
    if (type === TYPE_A) {
      const address = columns.endpointIpv4[endpoint]!
      if ((kinds & ENDPOINT_IPV4) !== 0) add(Uint8Array.of(address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255))
    } else if (type === TYPE_AAAA) {
      if ((kinds & ENDPOINT_IPV6) === 0) continue
      const bytes = new Uint8Array(16)
      const view = new DataView(bytes.buffer)
      for (let word = 0; word < 4; word++) view.setUint32(4 * word, columns.endpointIpv6[4 * endpoint + word]!)
      add(bytes)
    } else {
      const template = zones.steerTemplate[row]!
      for (let r = zones.templateFirst[template]!; r < zones.templateFirst[template + 1]!; r++) {
        if (zones.templateEndpoint[r] === endpoint)
          add(zones.templateRdata.slice(zones.templateRdataFirst[r]!, zones.templateRdataFirst[r + 1]!))
      }
    }
  }
  return [...found.values()]
}
