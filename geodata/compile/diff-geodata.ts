/**
 * Compares two snapshots: how much moved, field by field, by province and by carrier, and from where to where. Pure, builder side.
 * IPv4 is counted in addresses, IPv6 in /48 networks; the two are never added up, as one /32 of IPv6 would hide all of IPv4.
 */
import { type Geodata, LOCATION_FIELDS, type LocationField } from '../geodata.ts'
import { formatLine, type LineKey } from '../line/line.ts'
import type { Location } from '../line/location.ts'
import { combineRanges, type FlatRanges, sizeOfRange } from './flat-ranges.ts'

/** What of one place or carrier moved. */
export type MovedShare = {
  /** "cn-33", "us", or a carrier's id; "?" = not known. */
  readonly key: string
  readonly before: number
  readonly after: number
  /** Of `before`, what is elsewhere afterwards. */
  readonly left: number
  /** Of `after`, what was elsewhere before. */
  readonly joined: number
}

/** Differences of one family, in addresses (IPv4) or /48 networks (IPv6). */
export type FamilyDiff = {
  /** Located before or after. */
  readonly total: number
  /** What is on another place or carrier than before, the finest that is known: what may match other lines. */
  readonly lineChanged: number
  /** The same two of mainland China, Hong Kong, Macao and Taiwan alone. */
  readonly china: { readonly total: number; readonly lineChanged: number }
  readonly changed: Readonly<Record<LocationField, number>>
  /** By province of China, and by country; greatest moves first. */
  readonly byPlace: readonly MovedShare[]
  readonly byCarrier: readonly MovedShare[]
}

/** Differences of two snapshots. */
export type GeodataDiff = {
  /** IPv4 addresses whose field differs, by field. */
  readonly changed: Readonly<Record<LocationField, number>>
  /** Greatest moves of IPv4 addresses by country and province with carrier, most addresses first. */
  readonly moves: readonly { readonly from: LineKey; readonly to: LineKey; readonly ipv4Addresses: number }[]
  readonly ipv4: FamilyDiff
  readonly ipv6: FamilyDiff
}

type Pair = { readonly old: Location; readonly now: Location; readonly count: number }
type Tables = Pick<Geodata, 'v4' | 'v6' | 'locations'>

/** Differences from `before` to `after`; at most `maxMoves` moves are listed. */
export function diffGeodata(before: Tables, after: Tables, maxMoves: number): GeodataDiff {
  const pairs4 = pairsOf(flat(1, before.v4), flat(1, after.v4), before, after)
  const pairs6 = pairsOf(flat(4, before.v6), flat(4, after.v6), before, after)
  const ipv4 = diffFamily(pairs4)
  return { changed: ipv4.changed, moves: movesOf(pairs4, maxMoves), ipv4, ipv6: diffFamily(pairs6) }
}

/** A location by the finest line that it is on, the AS aside. */
export function finestLine(location: Location): LineKey {
  const { country, province, region, city, carrier } = location
  const place =
    city === undefined ? (region?.toLowerCase() ?? coarsePlace(location)) : city.includes('-') ? `city-${city.toLowerCase()}` : `cn-${city}`
  return place === '?' && country === undefined && province === undefined && carrier === undefined ? '?' : formatLine(place, carrier)
}

function flat(width: 1 | 4, table: { readonly starts: Uint32Array; readonly values: Uint32Array }): FlatRanges {
  return { width, starts: table.starts, values: table.values }
}

/** Sizes of each pair of old and new location. */
function pairsOf(one: FlatRanges, other: FlatRanges, before: Tables, after: Tables): readonly Pair[] {
  const numbers = new Map<number, number>()
  const pairs: { old: Location; now: Location; count: number }[] = []
  const combined = combineRanges(one, other, (old, now) => {
    const key = old * after.locations.length + now
    let number = numbers.get(key)
    if (number === undefined) {
      number = pairs.push({ old: before.locations[old]!, now: after.locations[now]!, count: 0 }) - 1
      numbers.set(key, number)
    }
    return number
  })
  for (let range = 0; range < combined.values.length; range++) pairs[combined.values[range]!]!.count += sizeOfRange(combined, range)
  return pairs
}

function diffFamily(pairs: readonly Pair[]): FamilyDiff {
  const changed = Object.fromEntries(LOCATION_FIELDS.map((field) => [field, 0])) as Record<LocationField, number>
  const places = new Tally()
  const carriers = new Tally()
  let total = 0
  let lineChanged = 0
  const china = { total: 0, lineChanged: 0 }
  for (const { old, now, count } of pairs) {
    for (const field of LOCATION_FIELDS) if (old[field] !== now[field]) changed[field] += count
    const isChanged = finestLine(old) !== finestLine(now)
    if (isChanged) lineChanged += count
    if (isLocated(old) || isLocated(now)) total += count
    if (old.country === 'CN' || now.country === 'CN') {
      china.total += count
      if (isChanged) china.lineChanged += count
    }
    places.add(coarsePlace(old), coarsePlace(now), count)
    carriers.add(old.carrier ?? '?', now.carrier ?? '?', count)
  }
  for (const field of LOCATION_FIELDS) changed[field] = Math.round(changed[field])
  return {
    total: Math.round(total),
    lineChanged: Math.round(lineChanged),
    china: { total: Math.round(china.total), lineChanged: Math.round(china.lineChanged) },
    changed,
    byPlace: places.list(),
    byCarrier: carriers.list(),
  }
}

/** What each key had, has, lost and won. */
class Tally {
  readonly #rows = new Map<string, { before: number; after: number; left: number; joined: number }>()

  add(from: string, to: string, count: number): void {
    const old = this.#row(from)
    const now = this.#row(to)
    old.before += count
    now.after += count
    if (from === to) return
    old.left += count
    now.joined += count
  }

  list(): readonly MovedShare[] {
    return [...this.#rows]
      .map(([key, row]): MovedShare => {
        const [before, after, left, joined] = [row.before, row.after, row.left, row.joined].map(Math.round) as [
          number,
          number,
          number,
          number,
        ]
        return { key, before, after, left, joined }
      })
      .filter(({ left, joined }) => left + joined > 0)
      .sort((a, b) => b.left + b.joined - a.left - a.joined || (a.key < b.key ? -1 : 1))
  }

  #row(key: string): { before: number; after: number; left: number; joined: number } {
    const known = this.#rows.get(key)
    if (known !== undefined) return known
    const row = { before: 0, after: 0, left: 0, joined: 0 }
    this.#rows.set(key, row)
    return row
  }
}

function movesOf(pairs: readonly Pair[], most: number): GeodataDiff['moves'] {
  const moves = new Map<string, { from: LineKey; to: LineKey; ipv4Addresses: number }>()
  for (const { old, now, count } of pairs) {
    const from = shortLine(old)
    const to = shortLine(now)
    if (from === to) continue
    const key = `${from} ${to}`
    const move = moves.get(key) ?? { from, to, ipv4Addresses: 0 }
    move.ipv4Addresses += count
    moves.set(key, move)
  }
  return [...moves.values()]
    .sort((a, b) => b.ipv4Addresses - a.ipv4Addresses || (`${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1))
    .slice(0, most)
}

function isLocated({ country, carrier }: Location): boolean {
  return country !== undefined || carrier !== undefined
}

/** Province or country; "?" where the country is unknown. */
function coarsePlace({ country, province }: Location): string {
  return province === undefined ? (country?.toLowerCase() ?? '?') : `cn-${province}`
}

function shortLine(location: Location): LineKey {
  return formatLine(coarsePlace(location), location.carrier)
}

/** What moved of a family, in percent of what is located: of the whole internet or of China, whichever is more. */
export function movedPercentOf({ total, lineChanged, china }: FamilyDiff): number {
  const percent = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole)
  return Math.max(percent(lineChanged, total), percent(china.lineChanged, china.total))
}
