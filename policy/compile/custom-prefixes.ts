/**
 * The prefixes of the custom lines of one signature, sorted for the sweep: by first address, the wider one first. Pure; runs on
 * publish, made for a million prefixes (typed arrays, no object a prefix after parsing).
 */
import { parsePrefix } from '../../geodata/address/prefix.ts'
import type { Line } from '../config/config-schema.ts'

/** The prefixes of one custom line as numbers, parsed once and shared by all signatures. */
export type LinePrefixes = {
  readonly lineId: string
  /** IPv4: first addresses and lengths. */
  readonly starts4: Uint32Array
  readonly lengths4: Uint8Array
  /** IPv6: four words a first address, and lengths. */
  readonly starts6: Uint32Array
  readonly lengths6: Uint8Array
}

/** Prefixes of one family in sweep order, without doubles. `starts` has `width` words a prefix. */
export type SortedPrefixes = {
  readonly count: number
  readonly starts: Uint32Array
  readonly lengths: Uint8Array
  /** Rule slot of the line that each prefix belongs to. */
  readonly slots: Uint16Array
}

/** Two lines of one signature that hold the same prefix; which of them wins would be chance. */
export type PrefixConflict = {
  readonly slots: readonly [number, number]
  readonly family: 4 | 6
  /** First address (one word or four) and length. */
  readonly words: readonly number[]
  readonly length: number
}

/** Conflicts reported at most; two copies of one long list need no million messages. */
const MAX_CONFLICTS = 20

/** Turns the prefixes of a line into numbers. They are canonical text (the parser of the document has checked them). */
export function parseLinePrefixes(line: Line): LinePrefixes {
  const starts4 = new Uint32Array(line.prefixes.length)
  const lengths4 = new Uint8Array(line.prefixes.length)
  const starts6 = new Uint32Array(4 * line.prefixes.length)
  const lengths6 = new Uint8Array(line.prefixes.length)
  let count4 = 0
  let count6 = 0
  for (const text of line.prefixes) {
    const prefix = parsePrefix(text)
    if (prefix.family === 4) {
      starts4[count4] = prefix.words[3]
      lengths4[count4++] = prefix.length
    } else {
      starts6.set(prefix.words, 4 * count6)
      lengths6[count6++] = prefix.length
    }
  }
  return {
    lineId: line.id,
    starts4: starts4.slice(0, count4),
    lengths4: lengths4.slice(0, count4),
    starts6: starts6.slice(0, 4 * count6),
    lengths6: lengths6.slice(0, count6),
  }
}

/** Merges the IPv4 prefixes of lines (each with its rule slot) into sweep order. */
export function sortPrefixes4(
  lines: readonly { readonly slot: number; readonly prefixes: LinePrefixes }[],
  conflicts: PrefixConflict[],
): SortedPrefixes {
  const total = lines.reduce((sum, line) => sum + line.prefixes.lengths4.length, 0)
  // One number a prefix: (start, length, position of the line). Native number sorting is many times faster than a comparator;
  // 2^32 × 33 × lines stays below 2^53 for 63,000 lines.
  const keys = new Float64Array(total)
  let at = 0
  for (const [position, { prefixes }] of lines.entries()) {
    for (let i = 0; i < prefixes.lengths4.length; i++) {
      keys[at++] = (prefixes.starts4[i]! * 33 + prefixes.lengths4[i]!) * lines.length + position
    }
  }
  keys.sort()
  const starts = new Uint32Array(total)
  const lengths = new Uint8Array(total)
  const slots = new Uint16Array(total)
  let count = 0
  let last = -1
  for (const key of keys) {
    const prefix = Math.floor(key / lines.length)
    const slot = lines[key - prefix * lines.length]!.slot
    const length = prefix % 33
    const start = (prefix - length) / 33
    if (prefix === last) {
      if (slots[count - 1] !== slot && conflicts.length < MAX_CONFLICTS)
        conflicts.push({ slots: [slots[count - 1]!, slot], family: 4, words: [start], length })
      continue
    }
    last = prefix
    starts[count] = start
    lengths[count] = length
    slots[count++] = slot
  }
  return { count, starts, lengths, slots }
}

/** The same for IPv6. */
export function sortPrefixes6(
  lines: readonly { readonly slot: number; readonly prefixes: LinePrefixes }[],
  conflicts: PrefixConflict[],
): SortedPrefixes {
  const total = lines.reduce((sum, line) => sum + line.prefixes.lengths6.length, 0)
  const unsorted = { starts: new Uint32Array(4 * total), lengths: new Uint8Array(total), slots: new Uint16Array(total) }
  let at = 0
  for (const { slot, prefixes } of lines) {
    unsorted.starts.set(prefixes.starts6, 4 * at)
    unsorted.lengths.set(prefixes.lengths6, at)
    unsorted.slots.fill(slot, at, at + prefixes.lengths6.length)
    at += prefixes.lengths6.length
  }
  const order = new Uint32Array(total)
  for (let i = 0; i < total; i++) order[i] = i
  const compare = (a: number, b: number): number => {
    for (let word = 0; word < 4; word++) {
      const difference = unsorted.starts[4 * a + word]! - unsorted.starts[4 * b + word]!
      if (difference !== 0) return difference
    }
    return unsorted.lengths[a]! - unsorted.lengths[b]! || unsorted.slots[a]! - unsorted.slots[b]!
  }
  order.sort(compare)
  const starts = new Uint32Array(4 * total)
  const lengths = new Uint8Array(total)
  const slots = new Uint16Array(total)
  let count = 0
  for (const i of order) {
    const words = unsorted.starts.subarray(4 * i, 4 * i + 4)
    const length = unsorted.lengths[i]!
    const slot = unsorted.slots[i]!
    if (count > 0 && lengths[count - 1] === length && words.every((word, position) => word === starts[4 * (count - 1) + position])) {
      if (slots[count - 1] !== slot && conflicts.length < MAX_CONFLICTS)
        conflicts.push({ slots: [slots[count - 1]!, slot], family: 6, words: [...words], length })
      continue
    }
    starts.set(words, 4 * count)
    lengths[count] = length
    slots[count++] = slot
  }
  return { count, starts, lengths, slots }
}
