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
import { NumberColumn } from './number-column.ts'

/** Prefixes of the custom lines of one table, and the rule slot of each line. */
export type SweptPrefixes = MergedPrefixes & { readonly slotOf: (owner: number) => number }

/** Class number of clients with this stack of custom lines in this group of locations. */
export type ClassOf = (stack: number, group: number) => number

/** Joined ranges of one family; `starts` has one word a range (IPv4) or four (IPv6). */
export type SweptRanges = { readonly starts: Uint32Array; readonly values: Uint32Array }

const END4 = 0x1_0000_0000

/**
 * Classes of groups where no custom line is around, -1 = not asked yet: most of the space, and all of it for a policy without custom lines,
 * of which a document has hundreds. So the sweep goes from range to range there by one look into this.
 */
function plainClasses({ groupCount }: GroupRanges): Int32Array {
  return new Int32Array(groupCount).fill(-1)
}

/** Sweeps the IPv4 address space. */
export function sweepRanges4(groups: GroupRanges, prefixes: SweptPrefixes, stacks: LineStacks, classOf: ClassOf): SweptRanges {
  const prefixCount = prefixes.lengths.length
  const rangeCount = groups.values.length
  const plain = plainClasses(groups)
  const starts = new NumberColumn()
  const values = new NumberColumn()
  // Prefixes around `at`, innermost last: where each ends (exclusive) and the stack of lines inside it.
  const ends: number[] = []
  const inside: number[] = []
  let last = -1
  let range = 0
  let prefix = 0
  let stack = 0
  const put = (at: number, value: number): void => {
    if (value === last) return
    starts.push(at)
    values.push(value)
    last = value
  }
  const putPlain = (at: number): void => {
    const group = groups.values[range]!
    let value = plain[group]!
    if (value < 0) {
      value = classOf(0, group)
      plain[group] = value
    }
    if (value !== last) put(at, value)
  }
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
    while (range + 1 < rangeCount && groups.starts[range + 1]! <= at) range++
    const nextPrefix = prefix < prefixCount ? prefixes.starts[prefix]! : END4
    if (ends.length === 0) {
      putPlain(at)
      while (range + 1 < rangeCount && groups.starts[range + 1]! < nextPrefix) putPlain(groups.starts[++range]!)
      at = nextPrefix
      continue
    }
    put(at, classOf(stack, groups.values[range]!))
    const nextRange = range + 1 < rangeCount ? groups.starts[range + 1]! : END4
    at = Math.min(nextRange, nextPrefix, ends[ends.length - 1]!)
  }
  return { starts: starts.view().slice(), values: values.view().slice() }
}

/** Sweeps the IPv6 address space. Positions are four words in small buffers; the address behind the last has no words. */
export function sweepRanges6(groups: GroupRanges, prefixes: SweptPrefixes, stacks: LineStacks, classOf: ClassOf): SweptRanges {
  const prefixCount = prefixes.lengths.length
  const rangeCount = groups.values.length
  const plain = plainClasses(groups)
  const starts = new NumberColumn()
  const values = new NumberColumn()
  const at = new Uint32Array(4)
  // A prefix nests at most 129 deep: one of each length.
  const ends = new Uint32Array(4 * 129)
  const openEnded: boolean[] = []
  const inside: number[] = []
  let last = -1
  let range = 0
  let prefix = 0
  let stack = 0
  const put = (words: Uint32Array, offset: number, value: number): void => {
    if (value === last) return
    for (let word = 0; word < 4; word++) starts.push(words[offset + word]!)
    values.push(value)
    last = value
  }
  const putPlain = (words: Uint32Array, offset: number): void => {
    const group = groups.values[range]!
    let value = plain[group]!
    if (value < 0) {
      value = classOf(0, group)
      plain[group] = value
    }
    if (value !== last) put(words, offset, value)
  }
  const isBeforePrefix = (offset: number): boolean =>
    prefix >= prefixCount || compareAt(groups.starts, offset, prefixes.starts, 4 * prefix) < 0
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
    while (range + 1 < rangeCount && compareAt(groups.starts, 4 * (range + 1), at, 0) <= 0) range++
    const top = inside.length - 1
    if (top < 0) {
      putPlain(at, 0)
      while (range + 1 < rangeCount && isBeforePrefix(4 * (range + 1))) putPlain(groups.starts, 4 * ++range)
      if (prefix >= prefixCount) break
      for (let word = 0; word < 4; word++) at[word] = prefixes.starts[4 * prefix + word]!
      continue
    }
    put(at, 0, classOf(stack, groups.values[range]!))
    let next: Uint32Array | null = null
    let offset = 0
    if (range + 1 < rangeCount) {
      next = groups.starts
      offset = 4 * (range + 1)
    }
    if (prefix < prefixCount && (next === null || compareAt(prefixes.starts, 4 * prefix, next, offset) < 0)) {
      next = prefixes.starts
      offset = 4 * prefix
    }
    if (!openEnded[top] && (next === null || compareAt(ends, 4 * top, next, offset) < 0)) {
      next = ends
      offset = 4 * top
    }
    if (next === null) break
    for (let word = 0; word < 4; word++) at[word] = next[offset + word]!
  }
  return { starts: starts.view().slice(), values: values.view().slice() }
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
