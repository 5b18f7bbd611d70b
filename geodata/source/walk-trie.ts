/**
 * Walks the binary search tree of an MMDB or ipdb file from its first address to its last. Pure.
 *
 * A node has two records, for bit 0 and bit 1. A record below `nodeCount` is a node, `nodeCount` itself is "nothing", anything above
 * leads to data. Nothing in a file is believed: a node below the last bit of an address is refused, and so is a walk that visits more
 * nodes than a tree can have, which is how loops and shared parts (2^128 paths in a few nodes) show.
 */
import { type AddressWidth, type FlatRanges, RangeAppender } from '../compile/flat-ranges.ts'

/** A tree in a file. */
export type Trie = {
  readonly nodeCount: number
  /** Record of a node for a bit; `node` is below nodeCount. */
  readonly record: (node: number, bit: 0 | 1) => number
  /** Makes the error of a problem. */
  readonly fail: (problem: string) => Error
}

/** Visits a node more than once on average and it is no tree; a little sharing is forgiven. */
const MAX_VISITS_PER_NODE = 2

/** Record at the end of a path of bits from the root; the last one when the path ends early, in data or in nothing. */
export function followPath(trie: Trie, bits: readonly (0 | 1)[]): number {
  let record = 0
  for (const bit of bits) {
    if (record >= trie.nodeCount) return record
    record = trie.record(record, bit)
  }
  return record
}

/**
 * The ranges below a record of the tree, as if it were at the top. `numberOf` gives the number of a data record. Nodes equal to `skip`
 * (the IPv4 tree, which IPv6 trees repeat below ::ffff:0:0/96, 2002::/16 and others) are passed over with nothing known.
 */
export function walkTrie(trie: Trie, root: number, width: AddressWidth, numberOf: (record: number) => number, skip = -1): FlatRanges {
  const { nodeCount } = trie
  const bits = width * 32
  const words = new Uint32Array(width)
  const ranges = new RangeAppender(width, 4096)
  let visitsLeft = nodeCount * MAX_VISITS_PER_NODE + bits
  const visit = (record: number, depth: number): void => {
    if (record >= nodeCount) {
      ranges.append(words, 0, record === nodeCount ? 0 : numberOf(record))
      return
    }
    if (record === skip) {
      ranges.append(words, 0, 0)
      return
    }
    if (depth === bits) throw trie.fail(`has a tree that goes on below the last bit of an address (node ${record}): a loop`)
    if (--visitsLeft < 0) throw trie.fail(`has a tree whose ${nodeCount} nodes are met again and again (node ${record}): a loop`)
    visit(trie.record(record, 0), depth + 1)
    const word = depth >>> 5
    const mask = (1 << (31 - (depth & 31))) >>> 0
    words[word]! += mask
    visit(trie.record(record, 1), depth + 1)
    words[word]! -= mask
  }
  visit(root, 0)
  return ranges.build()
}
