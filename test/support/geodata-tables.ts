/** Small range tables and their slow, obvious twins, for tests of look-ups. */
import type { RangeTable4, RangeTable6 } from '../../geodata/address/range-table.ts'
import { buildRangeTable4, buildRangeTable6 } from '../../geodata/compile/build-range-table.ts'

/** IPv4 table of [start, value] rows. */
export function table4(rows: readonly (readonly [number, number])[]): RangeTable4 {
  return buildRangeTable4(Uint32Array.from(rows.map(([start]) => start)), Uint32Array.from(rows.map(([, value]) => value)))
}

/** IPv6 table of [start, value] rows. */
export function table6(rows: readonly (readonly [bigint, number])[]): RangeTable6 {
  return buildRangeTable6(Uint32Array.from(rows.flatMap(([start]) => wordsOf(start))), Uint32Array.from(rows.map(([, value]) => value)))
}

/** Four words of a 128-bit number. */
export function wordsOf(number: bigint): [number, number, number, number] {
  const word = (shift: bigint): number => Number((number >> shift) & 0xffffffffn)
  return [word(96n), word(64n), word(32n), word(0n)]
}

/** 128-bit number of four words. */
export function numberOf(words: ArrayLike<number>): bigint {
  return (BigInt(words[0]!) << 96n) | (BigInt(words[1]!) << 64n) | (BigInt(words[2]!) << 32n) | BigInt(words[3]!)
}

/** Starts of a table as numbers. */
export function startsOf(table: RangeTable4 | RangeTable6, width: 1 | 4): bigint[] {
  return Array.from({ length: table.values.length }, (_, range) =>
    width === 1 ? BigInt(table.starts[range]!) : numberOf(table.starts.subarray(range * 4, range * 4 + 4)),
  )
}

/** The last range that starts at or below an address, by looking at each. */
export function naiveFindRange(starts: readonly bigint[], address: bigint): number {
  let found = 0
  for (const [range, start] of starts.entries()) if (start <= address) found = range
  return found
}

/** Length of the largest network around an address that lies in its range, by trying each length. */
export function naiveScope(starts: readonly bigint[], bits: number, range: number, address: bigint): number {
  const first = starts[range]!
  const last = (starts[range + 1] ?? 1n << BigInt(bits)) - 1n
  for (let length = 0; length <= bits; length++) {
    const size = 1n << BigInt(bits - length)
    const network = (address / size) * size
    if (network >= first && network + size - 1n <= last) return length
  }
  throw new Error('an address is always inside its own range')
}
