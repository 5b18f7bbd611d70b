/**
 * Hot: which range of a table holds an address, and how wide an ECS scope its answer may have. Pure, allocates nothing;
 * runs for every query. Guarded by test/bench/find-range.bench.ts and by property tests against a linear scan.
 *
 *   top bits of the address ──► index slice ──► ranges index[slice] … index[slice+1] ──► binary search: last range that starts at or below
 */
import type { RangeTable4, RangeTable6 } from '../address/range-table.ts'

/** Number of the range that holds an IPv4 address (32-bit number; signed ones are passed without boxing). */
export function findRange4(table: RangeTable4, signedIp: number): number {
  const { starts, index } = table
  const ip = signedIp >>> 0
  const slice = topBits(ip, table.indexBits)
  let low = index[slice]!
  let high = index[slice + 1]!
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (starts[middle]! <= ip) low = middle
    else high = middle - 1
  }
  return low
}

/** Number of the range that holds an IPv6 address of four words, signed or unsigned as above. */
export function findRange6(table: RangeTable6, signed0: number, signed1: number, signed2: number, signed3: number): number {
  const { starts, index } = table
  const word0 = signed0 >>> 0
  const word1 = signed1 >>> 0
  const word2 = signed2 >>> 0
  const word3 = signed3 >>> 0
  const slice = topBits(word0, table.indexBits)
  let low = index[slice]!
  let high = index[slice + 1]!
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (startsAtOrBelow(starts, middle * 4, word0, word1, word2, word3)) low = middle
    else high = middle - 1
  }
  return low
}

/**
 * RFC 7871 §7.2.1: length of the largest network around `ip` that lies inside range `range` (0–32), so that no address of the scope
 * can have another answer. The neighbour addresses s-1 and e+1 must be outside the scope, thus it is one bit longer than what `ip`
 * shares with either; a range that reaches the end of the address space has no neighbour there.
 */
export function scopeOfRange4(table: RangeTable4, range: number, ip: number): number {
  const { starts } = table
  const before = range > 0 ? Math.clz32(ip ^ (starts[range]! - 1)) + 1 : 0
  const after = range + 1 < starts.length ? Math.clz32(ip ^ starts[range + 1]!) + 1 : 0
  return Math.max(before, after)
}

/** The same for IPv6 (0–128). */
export function scopeOfRange6(table: RangeTable6, range: number, word0: number, word1: number, word2: number, word3: number): number {
  const { starts } = table
  let before = 0
  if (range > 0) {
    // s-1: the borrow runs through the zero words from the right.
    const at = range * 4
    const start3 = starts[at + 3]!
    const start2 = starts[at + 2]!
    const start1 = starts[at + 1]!
    const borrow2 = start3 === 0 ? 1 : 0
    const borrow1 = borrow2 === 1 && start2 === 0 ? 1 : 0
    const borrow0 = borrow1 === 1 && start1 === 0 ? 1 : 0
    before = 1 + sharedBits(word0 ^ (starts[at]! - borrow0), word1 ^ (start1 - borrow1), word2 ^ (start2 - borrow2), word3 ^ (start3 - 1))
  }
  let after = 0
  if (range + 1 < table.values.length) {
    const at = range * 4 + 4
    after = 1 + sharedBits(word0 ^ starts[at]!, word1 ^ starts[at + 1]!, word2 ^ starts[at + 2]!, word3 ^ starts[at + 3]!)
  }
  return Math.max(before, after)
}

/** The first `bits` bits of a word as a number; a shift by 32 would be a shift by 0, so 0 bits is its own case. */
function topBits(word: number, bits: number): number {
  return bits === 0 ? 0 : word >>> (32 - bits)
}

/** Whether the four words at `at` are at or below the address. */
function startsAtOrBelow(starts: Uint32Array, at: number, word0: number, word1: number, word2: number, word3: number): boolean {
  const start0 = starts[at]!
  if (start0 !== word0) return start0 < word0
  const start1 = starts[at + 1]!
  if (start1 !== word1) return start1 < word1
  const start2 = starts[at + 2]!
  if (start2 !== word2) return start2 < word2
  return starts[at + 3]! <= word3
}

/** Leading zero bits of a difference of four words. The words differ somewhere, so the last one decides at most 127. */
function sharedBits(word0: number, word1: number, word2: number, word3: number): number {
  if (word0 !== 0) return Math.clz32(word0)
  if (word1 !== 0) return 32 + Math.clz32(word1)
  if (word2 !== 0) return 64 + Math.clz32(word2)
  return 96 + Math.clz32(word3)
}
