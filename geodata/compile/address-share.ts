/**
 * How much of the IPv4 address space is at a location or on a line, for the console, explain and the publish guards. Pure.
 * IPv6 is left out on purpose: one /32 there is more than all of IPv4, so a sum of both would say nothing.
 */
import type { Geodata } from '../geodata.ts'
import type { LineKey } from '../line/line.ts'
import { lineChain } from '../line/line-precedence.ts'

/** Addresses on a line, and their share (0–1) of all IPv4 addresses whose country is known. */
export type AddressShare = {
  readonly ipv4Addresses: number
  readonly share: number
}

/** IPv4 addresses of each location, by its position. */
export function countAddressesByLocation(geodata: Pick<Geodata, 'v4' | 'locations'>): Float64Array {
  const counts = new Float64Array(geodata.locations.length)
  const { starts, values } = geodata.v4
  for (let range = 0; range < values.length; range++) {
    const end = range + 1 < values.length ? starts[range + 1]! : 2 ** 32
    counts[values[range]!]! += end - starts[range]!
  }
  return counts
}

/** Share of every line that has any address; a narrower line's addresses count for the wider ones too. Custom lines have none here. */
export function addressShareByLine(geodata: Pick<Geodata, 'v4' | 'locations'>): ReadonlyMap<LineKey, AddressShare> {
  const counts = countAddressesByLocation(geodata)
  const byLine = new Map<LineKey, number>()
  let known = 0
  for (const [position, location] of geodata.locations.entries()) {
    const count = counts[position]!
    if (count === 0 || location.country === undefined) continue
    known += count
    for (const line of lineChain(location, 'place-first')) byLine.set(line, (byLine.get(line) ?? 0) + count)
  }
  const shares = [...byLine].map(([line, count]): [LineKey, AddressShare] => [line, { ipv4Addresses: count, share: count / known }])
  return new Map(shares)
}
