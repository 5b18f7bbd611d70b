/** Line tables laid one behind the other, with their first-level index. Pure; see PolicyColumns and range-table.ts. */
import type { SweptRanges } from './sweep-ranges.ts'

/** Most bits of a first-level index; 2^16 entries. */
const MAX_INDEX_BITS = 16

/** Tables of one family under construction. */
export class TableColumns {
  readonly #width: 1 | 4
  readonly #first: number[] = []
  readonly #count: number[] = []
  readonly #indexFirst: number[] = []
  readonly #indexBits: number[] = []
  readonly #starts: Uint32Array[] = []
  readonly #classes: Uint32Array[] = []
  readonly #index: Uint32Array[] = []
  #ranges = 0
  #indexEntries = 0

  /** `width`: words an address, 1 or 4. */
  constructor(width: 1 | 4) {
    this.#width = width
  }

  /** Appends a table. */
  add(ranges: SweptRanges): void {
    const count = ranges.values.length
    const bits = indexBitsFor(count)
    const index = buildIndex(ranges.starts, this.#width, count, bits)
    this.#first.push(this.#ranges)
    this.#count.push(count)
    this.#indexFirst.push(this.#indexEntries)
    this.#indexBits.push(bits)
    this.#starts.push(ranges.starts)
    this.#classes.push(ranges.values)
    this.#index.push(index)
    this.#ranges += count
    this.#indexEntries += index.length
  }

  /** The finished columns. */
  finish(): {
    first: Uint32Array
    count: Uint32Array
    indexFirst: Uint32Array
    indexBits: Uint8Array
    starts: Uint32Array
    classes: Uint32Array
    index: Uint32Array
  } {
    return {
      first: Uint32Array.from(this.#first),
      count: Uint32Array.from(this.#count),
      indexFirst: Uint32Array.from(this.#indexFirst),
      indexBits: Uint8Array.from(this.#indexBits),
      starts: concat(this.#starts),
      classes: concat(this.#classes),
      index: concat(this.#index),
    }
  }
}

/** About two index slices a range: small tables stay in the cache, large ones need few comparisons. */
export function indexBitsFor(rangeCount: number): number {
  return Math.min(MAX_INDEX_BITS, 32 - Math.clz32(rangeCount))
}

/** For each slice of the top bits the range that holds its first address; the last entry is the last range. */
function buildIndex(starts: Uint32Array, width: 1 | 4, count: number, bits: number): Uint32Array {
  const slices = 2 ** bits
  const sliceSize = 2 ** (32 - bits)
  const index = new Uint32Array(slices + 1)
  let range = 0
  for (let slice = 0; slice < slices; slice++) {
    const first = slice * sliceSize
    while (range + 1 < count && isAtOrBelow(starts, (range + 1) * width, width, first)) range++
    index[slice] = range
  }
  index[slices] = count - 1
  return index
}

/** Whether a range start is at or below the address whose first word is `first` and whose other words are 0. */
function isAtOrBelow(starts: Uint32Array, at: number, width: 1 | 4, first: number): boolean {
  if (starts[at] !== first) return starts[at]! < first
  for (let word = 1; word < width; word++) if (starts[at + word] !== 0) return false
  return true
}

function concat(parts: readonly Uint32Array[]): Uint32Array {
  const whole = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
