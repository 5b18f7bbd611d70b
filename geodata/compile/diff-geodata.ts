/** Compares two snapshots by IPv4 address: how much moved, field by field, and from where to where. Pure. */
import { type Geodata, LOCATION_FIELDS, type LocationField } from '../geodata.ts'
import { formatLine, type LineKey } from '../line/line.ts'
import type { Location } from '../line/location.ts'

/** Differences of two snapshots. */
export type GeodataDiff = {
  /** IPv4 addresses whose field differs, by field. */
  readonly changed: Readonly<Record<LocationField, number>>
  /** Greatest moves by country and province with carrier, most addresses first. */
  readonly moves: readonly { readonly from: LineKey; readonly to: LineKey; readonly ipv4Addresses: number }[]
}

/** Differences from `before` to `after`; at most `maxMoves` moves are listed. */
export function diffGeodata(before: Geodata, after: Geodata, maxMoves: number): GeodataDiff {
  const pairs = countPairs(before, after)
  const changed = Object.fromEntries(LOCATION_FIELDS.map((field) => [field, 0])) as Record<LocationField, number>
  const moves = new Map<string, { from: LineKey; to: LineKey; ipv4Addresses: number }>()
  for (const [pair, count] of pairs) {
    const old = before.locations[Math.floor(pair / after.locations.length)]!
    const now = after.locations[pair % after.locations.length]!
    for (const field of LOCATION_FIELDS) if (old[field] !== now[field]) changed[field] += count
    const from = shortLine(old)
    const to = shortLine(now)
    if (from === to) continue
    const key = `${from} ${to}`
    const move = moves.get(key) ?? { from, to, ipv4Addresses: 0 }
    move.ipv4Addresses += count
    moves.set(key, move)
  }
  const sorted = [...moves.values()].sort(
    (a, b) => b.ipv4Addresses - a.ipv4Addresses || (`${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1),
  )
  return { changed, moves: sorted.slice(0, maxMoves) }
}

/** Addresses of each pair of old and new location (old × number of new locations + new). */
function countPairs(before: Geodata, after: Geodata): Map<number, number> {
  const pairs = new Map<number, number>()
  let old = 0
  let now = 0
  let start = 0
  while (start < 2 ** 32) {
    const oldEnd = before.v4.starts[old + 1] ?? 2 ** 32
    const nowEnd = after.v4.starts[now + 1] ?? 2 ** 32
    const end = Math.min(oldEnd, nowEnd)
    const pair = before.v4.values[old]! * after.locations.length + after.v4.values[now]!
    pairs.set(pair, (pairs.get(pair) ?? 0) + end - start)
    if (oldEnd === end) old++
    if (nowEnd === end) now++
    start = end
  }
  return pairs
}

/** Province or country with carrier; "?" where the country is unknown. */
function shortLine(location: Location): LineKey {
  const place = location.province === undefined ? (location.country?.toLowerCase() ?? '?') : `cn-${location.province}`
  return formatLine(place, location.carrier)
}
