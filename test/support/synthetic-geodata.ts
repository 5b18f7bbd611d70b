/** Tiny location tables for tests: a few ranges by hand, IPv4 and IPv6. */
import { parseAddress } from '../../geodata/address/address.ts'
import type { RangeTable4, RangeTable6 } from '../../geodata/address/range-table.ts'
import { type Location, UNKNOWN_LOCATION } from '../../geodata/line/location.ts'
import type { LocationTables } from '../../policy/compile/line-table.ts'

/** A location in short: "cn/33/3302/telecom", "us/us-ca", "cn///mobile"; AS number behind "@". Missing parts are unknown. */
export type LocationText = string

/** A range by its first address; it runs to the next one of its family. */
export type SyntheticRange = readonly [first: string, location: LocationText]

/** Parses the short form: country/province or region/city/carrier@asn. */
export function locationOf(text: LocationText): Location {
  const [path, asn] = text.split('@')
  const [country, region, city, carrier] = path!.split('/')
  const known = (part: string | undefined): string | undefined => (part === undefined || part === '' ? undefined : part)
  const isChina = country === 'cn'
  return {
    ...UNKNOWN_LOCATION,
    country: known(country?.toUpperCase()),
    province: isChina ? known(region) : undefined,
    region: isChina ? undefined : known(region?.toUpperCase()),
    city: known(city),
    carrier: known(carrier),
    asn: asn === undefined ? undefined : Number(asn),
  }
}

/** Tables of a few ranges; everything before the first range of a family has an unknown location. Any order; equal firsts: the last wins. */
export function makeSyntheticGeodata(ranges: readonly SyntheticRange[]): LocationTables {
  const locations: Location[] = [UNKNOWN_LOCATION]
  const numbers = new Map<string, number>([['', 0]])
  const number = (text: string): number => {
    let found = numbers.get(text)
    if (found === undefined) {
      found = locations.length
      numbers.set(text, found)
      locations.push(locationOf(text))
    }
    return found
  }
  const firsts4 = new Map<bigint, number>([[0n, 0]])
  const firsts6 = new Map<bigint, number>([[0n, 0]])
  for (const [first, text] of ranges) {
    const address = parseAddress(first)
    if (address.family === 4) firsts4.set(BigInt(address.words[3]), number(text))
    else firsts6.set(bigOfWords(address.words), number(text))
  }
  return { v4: table4(joined(firsts4)), v6: table6(joined(firsts6)), locations }
}

/** Four words as one number. */
export function bigOfWords(words: readonly number[]): bigint {
  return words.reduce((sum, word) => (sum << 32n) | BigInt(word >>> 0), 0n)
}

/** One number as four words. */
export function wordsOfBig(value: bigint): [number, number, number, number] {
  const word = (shift: bigint): number => Number((value >> shift) & 0xffffffffn)
  return [word(96n), word(64n), word(32n), word(0n)]
}

function joined(firsts: ReadonlyMap<bigint, number>): (readonly [bigint, number])[] {
  const sorted = [...firsts].sort(([a], [b]) => (a < b ? -1 : 1))
  return sorted.filter(([, value], at) => at === 0 || sorted[at - 1]![1] !== value)
}

// indexBits 0: one slice, so every range of the table is searched; the index itself is tested with the real tables.
function table4(ranges: readonly (readonly [bigint, number])[]): RangeTable4 {
  return {
    starts: Uint32Array.from(ranges, ([first]) => Number(first)),
    values: Uint32Array.from(ranges, ([, value]) => value),
    index: Uint32Array.of(0, ranges.length - 1),
    indexBits: 0,
  }
}

function table6(ranges: readonly (readonly [bigint, number])[]): RangeTable6 {
  return {
    starts: Uint32Array.from(ranges.flatMap(([first]) => wordsOfBig(first))),
    values: Uint32Array.from(ranges, ([, value]) => value),
    index: Uint32Array.of(0, ranges.length - 1),
    indexBits: 0,
  }
}
