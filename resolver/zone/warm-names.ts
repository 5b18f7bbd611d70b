/**
 * Brings what the queries of a batch will read of the zones into the processor's cache, all queries side by side. Hot, no allocation
 * (bench/scale.bench.ts guards it). Among a million names each lookup waits for memory five times in a row, 60–150 ns each, because
 * each place is known from the one before; the lookups of one batch do not depend on each other, so that their waits overlap
 * when each step is taken for all of them before the next. Nothing is decided here: what is malformed is passed over, what is
 * read is thrown away, and an answer is the same without.
 *
 *   questions ─ hash each ─► slots ─► node rows ─► names, RRset rows, steered rows ─► rdata, policies
 */
import { HEADER_BYTES } from '../wire/read-query.ts'
import type { ZoneColumns } from './zone-columns.ts'
import { NODE_WORDS, nodeFirstRRset, nodeNameAt, nodeNameBytes, nodeSteer, RRSET_WORDS, rrsetDataAt, SLOT_WORDS } from './zone-rows.ts'

/** Zones of fewer nodes stay in the cache by themselves. */
const LEAST_NODES = 1 << 15
/** Fewer queries than this have too little to overlap. */
const LEAST_QUERIES = 4
const MAX_LABELS = 127
const MAX_NAME_BYTES = 255

/** Reads ahead for the first `count` messages. Returns a number of no meaning, so that no compiler drops the reads. */
export type NameWarmer = (zones: ZoneColumns, mem: Uint8Array, off: ArrayLike<number>, len: ArrayLike<number>, count: number) => number

/** Makes the reader of one thread, for batches of at most `most` messages. */
export function createNameWarmer(most: number): NameWarmer {
  const labels = new Uint8Array(MAX_LABELS + 1)
  const hashes = new Int32Array(most)
  const nodes = new Int32Array(most)
  const steered = new Int32Array(most)

  return (zones, mem, off, len, count) => {
    if (count < LEAST_QUERIES || zones.nodes.length < LEAST_NODES * NODE_WORDS) return 0
    let hashed = 0
    for (let i = 0; i < count; i++) {
      const from = off[i]! + HEADER_BYTES
      const labelCount = splitName(mem, from, off[i]! + len[i]!, labels)
      if (labelCount > 0) hashes[hashed++] = hashName(mem, from, labels, labelCount)
    }
    const { slots, names, rrsets, rdata, steerTypeFirst, steerTypes, steerTypePolicy } = zones
    const mask = slots.length / SLOT_WORDS - 1
    let found = 0
    for (let i = 0; i < hashed; i++) {
      const hash = hashes[i]!
      for (let slot = hash & mask; slots[SLOT_WORDS * slot + 1] !== 0; slot = (slot + 1) & mask) {
        if ((slots[SLOT_WORDS * slot]! | 0) !== hash) continue
        nodes[found++] = slots[SLOT_WORDS * slot + 1]! - 1
        break
      }
    }
    let sum = 0
    for (let i = 0; i < found; i++) sum = (sum + nodeFirstRRset(zones, nodes[i]!)) | 0
    let steeredCount = 0
    for (let i = 0; i < found; i++) {
      const node = nodes[i]!
      const at = nodeNameAt(zones, node)
      sum = (sum + names[at]! + names[at + nodeNameBytes(zones, node) - 1]! + rrsets[RRSET_WORDS * nodeFirstRRset(zones, node)]!) | 0
      const steer = nodeSteer(zones, node)
      if (steer < 0) continue
      const row = steerTypeFirst[steer]!
      sum = (sum + row) | 0
      steered[steeredCount++] = row
    }
    for (let i = 0; i < found; i++) sum = (sum + rdata[rrsetDataAt(zones, nodeFirstRRset(zones, nodes[i]!))]!) | 0
    for (let i = 0; i < steeredCount; i++) sum = (sum + steerTypes[steered[i]!]! + steerTypePolicy[steered[i]!]!) | 0
    return sum
  }
}

/** Places of the labels of the uncompressed name at `from`, counted from there, and behind them that of the root; 0 = it is none. */
function splitName(mem: Uint8Array, from: number, end: number, labels: Uint8Array): number {
  let count = 0
  for (let at = from; ; ) {
    if (at >= end || at - from >= MAX_NAME_BYTES) return 0
    const bytes = mem[at]!
    labels[count] = at - from
    if (bytes === 0) return count
    if (bytes > 63 || ++count > MAX_LABELS) return 0
    at += 1 + bytes
  }
}

/** The hash of hash-name.ts of the name in lower case, signed. */
function hashName(mem: Uint8Array, from: number, labels: Uint8Array, labelCount: number): number {
  let hash = 0x811c9dc5 | 0
  for (let label = labelCount - 1; label >= 0; label--) {
    const end = from + labels[label + 1]!
    for (let at = from + labels[label]!; at < end; at++) {
      const octet = mem[at]!
      hash = Math.imul(hash ^ (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet), 0x01000193)
    }
  }
  return hash ^ (hash >>> 15)
}
