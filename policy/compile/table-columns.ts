/** Line tables laid one behind the other, with their first-level index. Pure; see PolicyColumns and range-table.ts. */
import { buildIndex, indexBitsFor } from '../../geodata/compile/build-range-table.ts'
import type { SweptRanges } from './sweep-ranges.ts'

/** From this many ranges on (custom lines of some 100,000 networks) a table has a finer index: 4 MB that save five steps of each search. */
const LARGE = 400_000
const LARGE_INDEX_BITS = 20

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
    const bits = indexBitsFor(count, count > LARGE ? LARGE_INDEX_BITS : undefined)
    const index = buildIndex(ranges.starts, this.#width, bits)
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

function concat(parts: readonly Uint32Array[]): Uint32Array {
  const whole = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
