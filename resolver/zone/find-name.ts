/**
 * Where a name stands in the zones: step 2 and 3 of RFC 1034 §4.3.2 with the wildcards of RFC 4592 and the DNAMEs of RFC 6672. Pure, hot,
 * no allocation: the exact name is tried first, then its ancestors until one is a node; that one is the closest encloser, since every
 * empty non-terminal is a node. No policy is looked at here.
 */
import { hashSuffixes } from './hash-name.ts'
import { NODE_DNAME, NONE, type ZoneColumns } from './zone-columns.ts'
import {
  nodeCut,
  nodeDname,
  nodeEndRRset,
  nodeFirstRRset,
  nodeFlags,
  nodeNameAt,
  nodeNameBytes,
  nodeWildcard,
  nodeZone,
  rrsetType,
  SLOT_WORDS,
} from './zone-rows.ts'

/** Result kinds. */
export const FOUND_NOTHING = 0
/** The node itself, or the wildcard that stands for it. */
export const FOUND_NODE = 1
/** At or below a delegation point. */
export const FOUND_CUT = 2
/** In the zone, but no such name. */
export const FOUND_MISS = 3
/** Below a DNAME: the name is redirected, whatever stands there (RFC 6672 §2.4). */
export const FOUND_DNAME = 4

/** A mutable result, one a thread. */
export type NameFound = {
  kind: number
  /** Zone number. */
  zone: number
  /** The node that answers; the delegation point for FOUND_CUT; the closest encloser for FOUND_MISS; the DNAME's owner for FOUND_DNAME. */
  node: number
  /** True when the node is a wildcard that stands for the name. */
  isWildcard: boolean
  /** True for FOUND_CUT when the name is the delegation point itself. */
  isAtCut: boolean
  /** The closest encloser: the node itself when there is one; of no meaning for FOUND_NOTHING. */
  encloser: number
  readonly labels: Uint8Array
  readonly hashes: Uint32Array
}

/** A result to be filled. */
export function makeNameFound(): NameFound {
  return {
    kind: FOUND_NOTHING,
    zone: 0,
    node: 0,
    isWildcard: false,
    isAtCut: false,
    encloser: 0,
    labels: new Uint8Array(130),
    hashes: new Uint32Array(130),
  }
}

/** Node of the suffix of `name` that begins at octet `from`; NONE when there is none. `hash` is signed: an unsigned one would be an object. */
function probe(zones: ZoneColumns, name: Uint8Array, from: number, length: number, hash: number): number {
  const { slots, names } = zones
  const mask = slots.length / SLOT_WORDS - 1
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const entry = slots[SLOT_WORDS * slot + 1]!
    if (entry === 0) return NONE
    // Equal hashes of different names are one in four thousand millions: the name is touched once, when it is the one.
    if ((slots[SLOT_WORDS * slot]! | 0) !== hash || nodeNameBytes(zones, entry - 1) !== length - from) continue
    const first = nodeNameAt(zones, entry - 1)
    let i = from
    while (i < length && names[first + i - from] === name[i]) i++
    if (i === length) return entry - 1
  }
}

/** Node of exactly this canonical name; NONE when there is none. */
export function findNode(zones: ZoneColumns, name: Uint8Array, length: number, scratch: NameFound): number {
  hashSuffixes(name, scratch.labels, scratch.hashes)
  return probe(zones, name, 0, length, scratch.hashes[0]! | 0)
}

/** Finds a canonical wire name of `length` octets. */
export function findName(zones: ZoneColumns, name: Uint8Array, length: number, out: NameFound): void {
  const count = hashSuffixes(name, out.labels, out.hashes)
  out.isWildcard = false
  out.isAtCut = false
  let node = probe(zones, name, 0, length, out.hashes[0]! | 0)
  if (node !== NONE) {
    out.encloser = node
    out.zone = nodeZone(zones, node)
    const cut = nodeCut(zones, node)
    const dname = nodeDname(zones, node)
    out.kind = cut !== NONE ? FOUND_CUT : dname !== NONE ? FOUND_DNAME : FOUND_NODE
    out.isAtCut = cut === node
    out.node = cut !== NONE ? cut : dname !== NONE ? dname : node
    return
  }
  for (let k = 1; k <= count; k++) {
    node = probe(zones, name, out.labels[k]!, length, out.hashes[k]! | 0)
    if (node === NONE) continue
    out.encloser = node
    out.zone = nodeZone(zones, node)
    const cut = nodeCut(zones, node)
    if (cut !== NONE) {
      out.kind = FOUND_CUT
      out.node = cut
      return
    }
    // RFC 6672 §3.2 step 3c: the closest encloser's DNAME comes before a wildcard below it.
    const above = nodeDname(zones, node)
    if (above !== NONE || (nodeFlags(zones, node) & NODE_DNAME) !== 0) {
      out.kind = FOUND_DNAME
      out.node = above !== NONE ? above : node
      return
    }
    const wildcard = nodeWildcard(zones, node)
    out.kind = wildcard === NONE ? FOUND_MISS : FOUND_NODE
    out.isWildcard = wildcard !== NONE
    out.node = wildcard === NONE ? node : wildcard
    // A wildcard that is itself a delegation point refers nobody: RFC 4592 §4.2 leaves it undefined, BIND does not load it.
    return
  }
  out.kind = FOUND_NOTHING
}

/** RRset of a type at a node; NONE when it has none. */
export function findRRset(zones: ZoneColumns, node: number, type: number): number {
  const end = nodeEndRRset(zones, node)
  for (let r = nodeFirstRRset(zones, node); r < end; r++) if (rrsetType(zones, r) === type) return r
  return NONE
}
