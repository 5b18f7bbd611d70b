/**
 * One pass over the address space: ranges of location groups and nested custom prefixes become ranges of answer classes. Pure; runs on
 * publish, linear in ranges + prefixes.
 *
 *   groups     |---- 7 ----|-------- 3 --------|-- 7 --|
 *   prefixes        [ A          ]    [B]                      sorted by first address, the wider one first; they nest or are apart
 *   stack           [ A [A C] A  ]    [B]
 *   classes    |-c0-|c1| c2 |c1| c3 |-|c4|-----| ...           neighbours of equal class are joined
 */
import type { MergedPrefixes } from '../../geodata/address/prefix-list.ts'
import type { LineStacks } from './line-stacks.ts'
import type { GroupRanges } from './location-groups.ts'

/** Prefixes of the custom lines of one table, and the rule slot of each line. */
export type SweptPrefixes = MergedPrefixes & { readonly slotOf: (owner: number) => number }

/** Class number of clients with this stack of custom lines in this group of locations. */
export type ClassOf = (stack: number, group: number) => number

/** Joined ranges of one family; `starts` has one word a range (IPv4) or four (IPv6). */
export type SweptRanges = { readonly starts: Uint32Array; readonly values: Uint32Array }

const END4 = 0x1_0000_0000

/** Sweeps the IPv4 address space. */
export function sweepRanges4(groups: GroupRanges, prefixes: SweptPrefixes, stacks: LineStacks, classOf: ClassOf): SweptRanges {
  const prefixCount = prefixes.lengths.length
  const most = groups.values.length + 2 * prefixCount
  const starts = new Uint32Array(most)
  const values = new Uint32Array(most)
  // Prefixes around `at`, innermost last: where each ends (exclusive) and the stack of lines inside it.
  const ends: number[] = []
  const inside: number[] = []
  let count = 0
  let range = 0
  let prefix = 0
  let stack = 0
  for (let at = 0; at < END4; ) {
    while (ends.length > 0 && ends[ends.length - 1]! <= at) {
      ends.pop()
      inside.pop()
      stack = inside.length === 0 ? 0 : inside[inside.length - 1]!
    }
    while (prefix < prefixCount && prefixes.starts[prefix] === at) {
      stack = stacks.push(stack, prefixes.slotOf(prefixes.owners[prefix]!))
      ends.push(at + 2 ** (32 - prefixes.lengths[prefix]!))
      inside.push(stack)
      prefix++
    }
    while (range + 1 < groups.starts.length && groups.starts[range + 1]! <= at) range++
    const value = classOf(stack, groups.values[range]!)
    if (count === 0 || values[count - 1] !== value) {
      starts[count] = at
      values[count++] = value
    }
    let next = range + 1 < groups.starts.length ? groups.starts[range + 1]! : END4
    if (prefix < prefixCount && prefixes.starts[prefix]! < next) next = prefixes.starts[prefix]!
    if (ends.length > 0 && ends[ends.length - 1]! < next) next = ends[ends.length - 1]!
    at = next
  }
  return { starts: starts.slice(0, count), values: values.slice(0, count) }
}

/** Sweeps the IPv6 address space. Positions are four words in small buffers; `END6` (the address behind the last) has no words and is a null. */
export function sweepRanges6(groups: GroupRanges, prefixes: SweptPrefixes, stacks: LineStacks, classOf: ClassOf): SweptRanges {
  const prefixCount = prefixes.lengths.length
  const most = groups.values.length + 2 * prefixCount
  const starts = new Uint32Array(4 * most)
  const values = new Uint32Array(most)
  const at = new Uint32Array(4)
  // A prefix nests at most 129 deep: one of each length.
  const ends = new Uint32Array(4 * 129)
  const openEnded: boolean[] = []
  const inside: number[] = []
  let count = 0
  let range = 0
  let prefix = 0
  let stack = 0
  for (;;) {
    while (inside.length > 0 && !openEnded[inside.length - 1] && compareAt(ends, 4 * (inside.length - 1), at, 0) <= 0) {
      inside.pop()
      openEnded.pop()
      stack = inside.length === 0 ? 0 : inside[inside.length - 1]!
    }
    while (prefix < prefixCount && compareAt(prefixes.starts, 4 * prefix, at, 0) === 0) {
      stack = stacks.push(stack, prefixes.slotOf(prefixes.owners[prefix]!))
      openEnded.push(!writeEnd(prefixes.starts, 4 * prefix, prefixes.lengths[prefix]!, ends, 4 * inside.length))
      inside.push(stack)
      prefix++
    }
    while (range + 1 < groups.values.length && compareAt(groups.starts, 4 * (range + 1), at, 0) <= 0) range++
    const value = classOf(stack, groups.values[range]!)
    if (count === 0 || values[count - 1] !== value) {
      starts.set(at, 4 * count)
      values[count++] = value
    }
    let next: Uint32Array | null = null
    let offset = 0
    if (range + 1 < groups.values.length) {
      next = groups.starts
      offset = 4 * (range + 1)
    }
    if (prefix < prefixCount && (next === null || compareAt(prefixes.starts, 4 * prefix, next, offset) < 0)) {
      next = prefixes.starts
      offset = 4 * prefix
    }
    const top = inside.length - 1
    if (top >= 0 && !openEnded[top] && (next === null || compareAt(ends, 4 * top, next, offset) < 0)) {
      next = ends
      offset = 4 * top
    }
    if (next === null) break
    for (let word = 0; word < 4; word++) at[word] = next[offset + word]!
  }
  return { starts: starts.slice(0, 4 * count), values: values.slice(0, count) }
}

/** Orders two addresses of four words: negative, 0 or positive. */
function compareAt(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  for (let word = 0; word < 4; word++) {
    const difference = a[atA + word]! - b[atB + word]!
    if (difference !== 0) return difference
  }
  return 0
}

/** Writes the first address behind a prefix; false when there is none. */
function writeEnd(starts: Uint32Array, offset: number, length: number, into: Uint32Array, intoOffset: number): boolean {
  for (let word = 0; word < 4; word++) into[intoOffset + word] = starts[offset + word]!
  if (length === 0) return false
  // Add 2^(128 - length): one unit at the last bit of the prefix, carried to the left.
  let word = (length - 1) >> 5
  let unit = 2 ** (31 - ((length - 1) & 31))
  while (word >= 0) {
    const sum = into[intoOffset + word]! + unit
    into[intoOffset + word] = sum % 0x1_0000_0000
    if (sum < 0x1_0000_0000) return true
    unit = 1
    word--
  }
  return false
}
