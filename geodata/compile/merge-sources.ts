/**
 * Merges geodata sources, field by field, into ranges → locations. Pure, builder side.
 *
 * Sources stand in declared order, which a field may have its own exceptions from; each field comes from the first source that has
 * it, but a narrower part of the place only from a source that agrees on the wider part (a city is taken only inside the province
 * already chosen), so that two sources that contradict each other never make up a place that neither said. Each field keeps its source.
 */
import { GeodataError } from '../address/geodata-error.ts'
import { type FieldCoverage, LOCATION_FIELDS, type LocationField } from '../geodata.ts'
import { ABROAD_PROVINCES, currentRegion } from '../line/line-catalogue.ts'
import { type FieldSources, type Location, UNKNOWN_LOCATION } from '../line/location.ts'
import { type AddressWidth, compareStarts, type FlatRanges, mergeEqualRanges, sizeOfRange } from './flat-ranges.ts'

/** Combinations of statements that are kept apart while merging; two City databases with ASs make a tenth of it. */
const MAX_TUPLES = 2 ** 23

/** What one source says about a range; absent fields are unknown to it. */
export type SourceRecord = Partial<Omit<Location, 'sources'>> & {
  /** Positions among this source's own descriptions (a snapshot has many); 0 where absent. */
  readonly sources?: FieldSources | undefined
}

/** One source, read. */
export type SourceRanges = {
  /** IPv4 → position in `records`. */
  readonly v4: FlatRanges
  /** IPv6 → position in `records`. */
  readonly v6: FlatRanges
  /** Distinct statements; the first is empty. */
  readonly records: readonly SourceRecord[]
  /** How many descriptions it takes in the header's list of sources. */
  readonly descriptionCount: number
  /** Fields that are taken from it [all]; the others only tell whether it agrees. */
  readonly fields?: readonly LocationField[] | undefined
}

/** For a field the positions of the sources that are asked first, in that order; the others follow as declared. */
export type SourceOrder = { readonly [Field in LocationField]?: readonly number[] }

/** Coverage of one description, by field. */
export type Coverage = Readonly<Record<LocationField, FieldCoverage>>

/** The merged sources. */
export type MergedSources = {
  readonly v4: FlatRanges
  readonly v6: FlatRanges
  /** Distinct locations in order of appearance; the first is the unknown one. */
  readonly locations: readonly Location[]
  /** By description, in the header's order. */
  readonly coverage: readonly Coverage[]
}

/** A statement in the form that merging relies on: Hong Kong, Macao, Taiwan as provinces of CN, a Chinese province implies CN. */
export function canonicalRecord(record: SourceRecord): SourceRecord {
  const country = record.country?.toUpperCase()
  if (country !== undefined && country in ABROAD_PROVINCES) {
    return { ...record, country: 'CN', province: ABROAD_PROVINCES[country], city: undefined, region: undefined }
  }
  // A city is "3302" in China and "US-LAX" elsewhere.
  const chinese = record.city !== undefined && !record.city.includes('-')
  const province = record.province ?? (chinese ? record.city.slice(0, 2) : undefined)
  if (province !== undefined) return { ...record, country: country ?? 'CN', province }
  const region = record.region === undefined ? undefined : currentRegion(record.region)
  return { ...record, country: country ?? (record.region ?? record.city)?.slice(0, 2), province, region }
}

/** Merges sources in order of precedence. */
export function mergeSources(sources: readonly SourceRanges[], order: SourceOrder = {}): MergedSources {
  const merger = new LocationMerger(sources, order)
  const v4 = mergeFamily(1, sources, (source) => source.v4, merger)
  const v6 = mergeFamily(4, sources, (source) => source.v6, merger)
  return { v4, v6, locations: merger.locations, coverage: merger.coverage() }
}

/** Sweeps all sources of one family at once; each stretch between two boundaries has one statement a source. */
function mergeFamily(
  width: AddressWidth,
  sources: readonly SourceRanges[],
  pick: (source: SourceRanges) => FlatRanges,
  merger: LocationMerger,
): FlatRanges {
  const lists = sources.map(pick)
  const at = new Array<number>(lists.length).fill(0)
  const room = lists.reduce((sum, list) => sum + list.values.length, 1)
  const starts = new Uint32Array(room * width)
  const values = new Uint32Array(room)
  let count = 0
  for (;;) {
    let tuple = 0
    for (let source = 0; source < lists.length; source++) tuple = merger.addToTuple(tuple, source, lists[source]!.values[at[source]!]!)
    values[count++] = tuple
    // The nearest next boundary among all sources.
    let nearest = -1
    for (let source = 0; source < lists.length; source++) {
      const list = lists[source]!
      if (at[source]! + 1 >= list.values.length) continue
      if (nearest < 0 || compareStarts(width, list.starts, at[source]! + 1, lists[nearest]!.starts, at[nearest]! + 1) < 0) nearest = source
    }
    if (nearest < 0) break
    const from = lists[nearest]!.starts
    const boundary = at[nearest]! + 1
    for (let word = 0; word < width; word++) starts[count * width + word] = from[boundary * width + word]!
    for (let source = 0; source < lists.length; source++) {
      const list = lists[source]!
      if (at[source]! + 1 < list.values.length && compareStarts(width, list.starts, at[source]! + 1, starts, count) === 0) at[source]!++
    }
  }
  const swept = { width, starts: starts.slice(0, count * width), values: values.slice(0, count) }
  for (let range = 0; range < count; range++)
    swept.values[range] = merger.locationOf(swept.values[range]!, sizeOfRange(swept, range), width)
  return mergeEqualRanges(swept)
}

/** Numbers the tuples of statements and the locations they make; counts coverage. */
class LocationMerger {
  readonly locations: Location[] = [UNKNOWN_LOCATION]
  readonly #sources: readonly SourceRanges[]
  /** By field, in the order of LOCATION_FIELDS: rank of each source; -1 where it does not give the field. */
  readonly #ranks: readonly Int32Array[]
  /** First description of each source. */
  readonly #bases: readonly number[]
  readonly #descriptionCount: number
  /** Tuple 0 is the empty one; each other is a shorter tuple plus one statement. */
  readonly #parents: number[] = [0]
  readonly #statements: number[] = [0]
  readonly #tuples = new Map<number, number>()
  readonly #locationByTuple: number[] = []
  readonly #fieldSources: Int32Array[] = []
  readonly #locationByKey = new Map<string, number>([[keyOf(UNKNOWN_LOCATION), 0]])
  /** [description × field × family] */
  readonly #sizes: Float64Array

  constructor(sources: readonly SourceRanges[], order: SourceOrder) {
    this.#sources = sources
    this.#ranks = LOCATION_FIELDS.map((field) => rankSources(field, sources, order[field] ?? []))
    const bases: number[] = []
    let next = 0
    for (const source of sources) {
      bases.push(next)
      next += source.descriptionCount
    }
    this.#bases = bases
    this.#descriptionCount = next
    this.#sizes = new Float64Array(next * LOCATION_FIELDS.length * 2)
  }

  /** Number of the tuple that is `tuple` plus a statement of `source`. */
  addToTuple(tuple: number, source: number, statement: number): number {
    if (statement === 0) return tuple
    const sources = this.#sources.length
    // Statements stay below 2^21 (SourceBuilder), tuples below 2^23, sources are few: the key is exact.
    const key = (tuple * sources + source) * 2 ** 24 + statement
    const known = this.#tuples.get(key)
    if (known !== undefined) return known
    const number = this.#parents.length
    if (number >= MAX_TUPLES) {
      const message = `the sources together make more than ${MAX_TUPLES} different statements`
      throw new GeodataError('GEODATA_SOURCE_INVALID', message, 'take only the wanted "fields" of the largest source')
    }
    this.#parents.push(tuple)
    this.#statements.push(statement * sources + source)
    this.#tuples.set(key, number)
    return number
  }

  /** Position of the location that a tuple makes; counts `size` for its fields. */
  locationOf(tuple: number, size: number, width: AddressWidth): number {
    if (this.#locationByTuple[tuple] === undefined) this.#merge(tuple)
    const fieldSources = this.#fieldSources[tuple]!
    for (let field = 0; field < LOCATION_FIELDS.length; field++) {
      const description = fieldSources[field]!
      if (description >= 0) this.#sizes[(description * LOCATION_FIELDS.length + field) * 2 + (width === 1 ? 0 : 1)]! += size
    }
    return this.#locationByTuple[tuple]!
  }

  /** Coverage of each description. */
  coverage(): Coverage[] {
    return Array.from({ length: this.#descriptionCount }, (_, description) => {
      const fields = LOCATION_FIELDS.map((field, position) => {
        const at = (description * LOCATION_FIELDS.length + position) * 2
        return [field, { ipv4Addresses: this.#sizes[at]!, ipv6Networks48: Math.ceil(this.#sizes[at + 1]!) }] as const
      })
      return Object.fromEntries(fields) as Record<LocationField, FieldCoverage>
    })
  }

  #merge(tuple: number): void {
    const chain: Statement[] = []
    for (let at = tuple; at !== 0; at = this.#parents[at]!) {
      const source = this.#statements[at]! % this.#sources.length
      const statement = Math.floor(this.#statements[at]! / this.#sources.length)
      chain.push({ source, record: this.#sources[source]!.records[statement]!, base: this.#bases[source]! })
    }
    const { location, fieldSources } = mergeRecords(chain, this.#ranks)
    const key = keyOf(location)
    let number = this.#locationByKey.get(key)
    if (number === undefined) {
      number = this.locations.length
      this.locations.push(location)
      this.#locationByKey.set(key, number)
    }
    this.#locationByTuple[tuple] = number
    this.#fieldSources[tuple] = fieldSources
  }
}

/** What one source says about a tuple. */
type Statement = { readonly source: number; readonly record: SourceRecord; readonly base: number }

function rankSources(field: LocationField, sources: readonly SourceRanges[], first: readonly number[]): Int32Array {
  const ranks = new Int32Array(sources.length)
  for (const [source, { fields }] of sources.entries()) {
    const named = first.indexOf(source)
    ranks[source] = fields !== undefined && !fields.includes(field) ? -1 : named >= 0 ? named : first.length + source
  }
  return ranks
}

/** One location of the statements of several sources; and which description gave each field (-1: none). */
function mergeRecords(chain: readonly Statement[], ranks: readonly Int32Array[]): { location: Location; fieldSources: Int32Array } {
  const sources: { -readonly [Field in LocationField]?: number } = {}
  const merged: { -readonly [Field in keyof Location]: Location[Field] } = { ...UNKNOWN_LOCATION, sources }
  const fieldSources = new Int32Array(LOCATION_FIELDS.length).fill(-1)
  for (const [position, field] of LOCATION_FIELDS.entries()) {
    let best: Statement | undefined
    for (const statement of chain) {
      const rank = ranks[position]![statement.source]!
      if (rank < 0 || statement.record[field] === undefined || !agrees(statement.record, merged, field)) continue
      if (best === undefined || rank < ranks[position]![best.source]!) best = statement
    }
    if (best === undefined) continue
    merged[field] = best.record[field] as never
    sources[field] = best.base + (best.record.sources?.[field] ?? 0)
    fieldSources[position] = sources[field]
  }
  return { location: merged, fieldSources }
}

/** Whether a statement about `field` fits what is already chosen. Fields are merged widest first. */
function agrees(record: SourceRecord, merged: Location, field: LocationField): boolean {
  if (field === 'country' || field === 'carrier' || field === 'asn') return true
  if (record.country !== merged.country) return false
  if (field === 'province') return merged.country === 'CN'
  if (field === 'region') return merged.country !== 'CN'
  // Abroad a city may come from a list without regions.
  const sameRegion = record.region === undefined || merged.region === undefined || record.region === merged.region
  return record.province === merged.province && sameRegion
}

function keyOf(location: Location): string {
  const texts = LOCATION_FIELDS.map((field) => `${location[field] ?? ''}:${location.sources[field] ?? ''}`)
  return texts.join('|')
}
