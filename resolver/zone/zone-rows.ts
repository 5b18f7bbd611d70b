/**
 * Nodes and RRsets as rows: all that one lookup reads of a node lies in half a line of the processor's cache, where a column each took
 * eight lines (bench/scale.bench.ts guards it: a million names are too many for the cache). Pure, hot, no allocation but in `arrangeRows`.
 *
 *   slots  [hash │ node + 1] …                    the hash is compared first: a neighbour's name is not touched
 *   nodes  [name at │ flags, name length, RRsets │ zone │ cut │ DNAME │ wildcard │ steered entry │ first RRset] …
 *   rrsets [type, records │ TTL │ data at │ data end] …
 */
import { hashSuffixes } from './hash-name.ts'
import type { ZoneColumns } from './zone-columns.ts'

/** Words of a node. */
export const NODE_WORDS = 8
/** Words of an RRset. */
export const RRSET_WORDS = 4
/** Words of a slot: the hash of a name, its node + 1 (0 = free). */
export const SLOT_WORDS = 2

const WORD_SHAPE = 1
const WORD_ZONE = 2
const WORD_CUT = 3
const WORD_DNAME = 4
const WORD_WILDCARD = 5
const WORD_STEER = 6
const WORD_FIRST_RRSET = 7

const NAME_BYTES_SHIFT = 8
const RRSETS_SHIFT = 16
const TYPE_SHIFT = 16

/** Rows that are taken apart: what the compiler fills, and what snapshots of versions before the rows hold. n nodes, r RRsets. */
export type PlainRows = {
  /** n + 1: name of node n is names[nodeNameFirst[n] … nodeNameFirst[n+1]-1]. */
  readonly nodeNameFirst: Uint32Array
  readonly nodeZone: Uint32Array
  readonly nodeFlags: Uint8Array
  readonly nodeCut: Int32Array
  readonly nodeDname: Int32Array
  readonly nodeWildcard: Int32Array
  readonly nodeSteer: Int32Array
  /** n + 1. */
  readonly nodeRRsetFirst: Uint32Array
  readonly rrsetType: Uint16Array
  readonly rrsetTtlSeconds: Uint32Array
  readonly rrsetCount: Uint16Array
  /** r + 1. */
  readonly rrsetDataFirst: Uint32Array
}

/** Puts rows together, with the hash table of their names. */
export function arrangeRows(plain: PlainRows, names: Uint8Array): Pick<ZoneColumns, 'slots' | 'nodes' | 'rrsets'> {
  const nodeCount = plain.nodeZone.length
  const nodes = new Int32Array(NODE_WORDS * nodeCount)
  for (let node = 0, at = 0; node < nodeCount; node++, at += NODE_WORDS) {
    const nameAt = plain.nodeNameFirst[node]!
    const nameBytes = plain.nodeNameFirst[node + 1]! - nameAt
    const rrsetCount = plain.nodeRRsetFirst[node + 1]! - plain.nodeRRsetFirst[node]!
    nodes[at] = nameAt
    nodes[at + WORD_SHAPE] = plain.nodeFlags[node]! | (nameBytes << NAME_BYTES_SHIFT) | (rrsetCount << RRSETS_SHIFT)
    nodes[at + WORD_ZONE] = plain.nodeZone[node]!
    nodes[at + WORD_CUT] = plain.nodeCut[node]!
    nodes[at + WORD_DNAME] = plain.nodeDname[node]!
    nodes[at + WORD_WILDCARD] = plain.nodeWildcard[node]!
    nodes[at + WORD_STEER] = plain.nodeSteer[node]!
    nodes[at + WORD_FIRST_RRSET] = plain.nodeRRsetFirst[node]!
  }
  const rrsetCount = plain.rrsetDataFirst.length - 1
  const rrsets = new Uint32Array(RRSET_WORDS * rrsetCount)
  for (let rrset = 0, at = 0; rrset < rrsetCount; rrset++, at += RRSET_WORDS) {
    rrsets[at] = (plain.rrsetType[rrset]! << TYPE_SHIFT) | plain.rrsetCount[rrset]!
    rrsets[at + 1] = plain.rrsetTtlSeconds[rrset]!
    rrsets[at + 2] = plain.rrsetDataFirst[rrset]!
    rrsets[at + 3] = plain.rrsetDataFirst[rrset + 1]!
  }
  return { slots: makeSlots(plain.nodeNameFirst, names), nodes, rrsets }
}

/** At most three quarters full: a chain of slots that are side by side costs less than the memory of more of them. */
function makeSlots(nodeNameFirst: Uint32Array, names: Uint8Array): Uint32Array {
  const nodeCount = nodeNameFirst.length - 1
  let size = 16
  while (3 * size < 4 * nodeCount) size *= 2
  const slots = new Uint32Array(SLOT_WORDS * size)
  const labels = new Uint8Array(130)
  const hashes = new Uint32Array(130)
  for (let node = 0; node < nodeCount; node++) {
    hashSuffixes(names.subarray(nodeNameFirst[node], nodeNameFirst[node + 1]), labels, hashes)
    const hash = hashes[0]!
    let slot = hash & (size - 1)
    while (slots[SLOT_WORDS * slot + 1] !== 0) slot = (slot + 1) & (size - 1)
    slots[SLOT_WORDS * slot] = hash
    slots[SLOT_WORDS * slot + 1] = node + 1
  }
  return slots
}

/** Number of nodes. */
export function countNodes(zones: ZoneColumns): number {
  return zones.nodes.length / NODE_WORDS
}

/** Where the name of a node begins in `names`. */
export function nodeNameAt(zones: ZoneColumns, node: number): number {
  return zones.nodes[NODE_WORDS * node]!
}

/** Name of a node, canonical wire form; a view. */
export function nodeName(zones: ZoneColumns, node: number): Uint8Array {
  const at = nodeNameAt(zones, node)
  return zones.names.subarray(at, at + nodeNameBytes(zones, node))
}

/** Octets of the name of a node. */
export function nodeNameBytes(zones: ZoneColumns, node: number): number {
  return (zones.nodes[NODE_WORDS * node + WORD_SHAPE]! >>> NAME_BYTES_SHIFT) & 0xff
}

/** NODE_* bits of a node. */
export function nodeFlags(zones: ZoneColumns, node: number): number {
  return zones.nodes[NODE_WORDS * node + WORD_SHAPE]! & 0xff
}

/** Zone of a node. */
export function nodeZone(zones: ZoneColumns, node: number): number {
  return zones.nodes[NODE_WORDS * node + WORD_ZONE]!
}

/** The delegation point at or above the node inside its zone; -1 = authoritative data. */
export function nodeCut(zones: ZoneColumns, node: number): number {
  return zones.nodes[NODE_WORDS * node + WORD_CUT]!
}

/**
 * The node strictly above in its zone whose DNAME occludes this one; -1 = none. Of a cut and a DNAME above a node the topmost counts:
 * never both this and the cut are set for what is below them.
 */
export function nodeDname(zones: ZoneColumns, node: number): number {
  return zones.nodes[NODE_WORDS * node + WORD_DNAME]!
}

/** The node "*" directly below; -1 = none. */
export function nodeWildcard(zones: ZoneColumns, node: number): number {
  return zones.nodes[NODE_WORDS * node + WORD_WILDCARD]!
}

/** Steered entry of a node; -1 = none. */
export function nodeSteer(zones: ZoneColumns, node: number): number {
  return zones.nodes[NODE_WORDS * node + WORD_STEER]!
}

/** First RRset of a node. */
export function nodeFirstRRset(zones: ZoneColumns, node: number): number {
  return zones.nodes[NODE_WORDS * node + WORD_FIRST_RRSET]!
}

/** The RRset behind the last one of a node. */
export function nodeEndRRset(zones: ZoneColumns, node: number): number {
  return zones.nodes[NODE_WORDS * node + WORD_FIRST_RRSET]! + (zones.nodes[NODE_WORDS * node + WORD_SHAPE]! >>> RRSETS_SHIFT)
}

/** Type of an RRset. */
export function rrsetType(zones: ZoneColumns, rrset: number): number {
  return zones.rrsets[RRSET_WORDS * rrset]! >>> TYPE_SHIFT
}

/** Records of an RRset. */
export function rrsetCount(zones: ZoneColumns, rrset: number): number {
  return zones.rrsets[RRSET_WORDS * rrset]! & 0xffff
}

/** TTL of an RRset, in seconds. */
export function rrsetTtlSeconds(zones: ZoneColumns, rrset: number): number {
  return zones.rrsets[RRSET_WORDS * rrset + 1]!
}

/** Where the first record of an RRset lies in `rdata`. */
export function rrsetDataAt(zones: ZoneColumns, rrset: number): number {
  return zones.rrsets[RRSET_WORDS * rrset + 2]!
}

/** Where the last record of an RRset ends in `rdata`. */
export function rrsetDataEnd(zones: ZoneColumns, rrset: number): number {
  return zones.rrsets[RRSET_WORDS * rrset + 3]!
}
