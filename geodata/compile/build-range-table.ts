/** Makes a searchable table of sorted ranges: joins equal neighbours and adds the first-level index. Pure, builder side. */
import type { RangeTable4, RangeTable6 } from '../address/range-table.ts'
import { mergeEqualRanges } from './flat-ranges.ts'

/** More index bits than this give nothing: IPv4 tables are searched in 0–7 steps behind it (reference: 44 ns). */
const MAX_INDEX_BITS = 16

/** Table of IPv4 ranges; `starts` strictly rising from 0. */
export function buildRangeTable4(starts: Uint32Array, values: Uint32Array): RangeTable4 {
  const joined = mergeEqualRanges({ width: 1, starts, values })
  const indexBits = indexBitsFor(joined.values.length)
  return { starts: joined.starts, values: joined.values, index: buildIndex(joined.starts, 1, indexBits), indexBits }
}

/** Table of IPv6 ranges; four words a start. */
export function buildRangeTable6(starts: Uint32Array, values: Uint32Array): RangeTable6 {
  const joined = mergeEqualRanges({ width: 4, starts, values })
  const indexBits = indexBitsFor(joined.values.length)
  return { starts: joined.starts, values: joined.values, index: buildIndex(joined.starts, 4, indexBits), indexBits }
}

/** Index bits for a number of ranges: about one range a slice, at most `most`, so a table of one range has no index to speak of. */
export function indexBitsFor(rangeCount: number, most: number = MAX_INDEX_BITS): number {
  return Math.min(most, 32 - Math.clz32(Math.max(0, rangeCount - 1)))
}

/** For each slice of the top bits the range that holds its first address; one more entry with the last range. */
export function buildIndex(starts: Uint32Array, width: 1 | 4, indexBits: number): Uint32Array {
  const slices = 2 ** indexBits
  const count = starts.length / width
  const index = new Uint32Array(slices + 1)
  let range = 0
  for (let slice = 0; slice < slices; slice++) {
    const first = slice * 2 ** (32 - indexBits)
    while (range + 1 < count && startsAtOrBelow(starts, (range + 1) * width, width, first)) range++
    index[slice] = range
  }
  index[slices] = count - 1
  return index
}

/** Whether a start is at or below the address whose first word is `first` and whose others are 0. */
function startsAtOrBelow(starts: Uint32Array, at: number, width: number, first: number): boolean {
  if (starts[at]! !== first) return starts[at]! < first
  for (let word = 1; word < width; word++) if (starts[at + word] !== 0) return false
  return true
}
