/** What every reader of a source format writes into: ranges with statements, in any order. Shared by all files of this folder. */
import type { Address } from '../address/address.ts'
import { GeodataError } from '../address/geodata-error.ts'
import { lastAddressOf, type Prefix } from '../address/prefix.ts'
import { SPECIAL_PREFIXES } from '../address/special-prefixes.ts'
import { type ConflictRule, clearRanges, type FlatRanges, overlayRanges, RangeCollector } from '../compile/flat-ranges.ts'
import { canonicalRecord, type SourceRanges, type SourceRecord } from '../compile/merge-sources.ts'

/** Most distinct statements of a source; the largest public lists, in our places and carriers, make a twentieth of it. */
const MAX_RECORDS = 2 ** 21

/** Collects ranges and numbers the distinct statements. */
export class SourceBuilder {
  readonly #v4: RangeCollector = new RangeCollector(1)
  readonly #v6: RangeCollector = new RangeCollector(4)
  readonly #records: SourceRecord[] = [{}]
  readonly #numbers = new Map<string, number>([['{}', 0]])
  #sorted4: FlatRanges | undefined
  #sorted6: FlatRanges | undefined

  /** Number of a statement, for add…; equal statements have one number. */
  record(record: SourceRecord): number {
    const canonical = canonicalRecord(record)
    const key = JSON.stringify(canonical)
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.#records.length
      if (number > MAX_RECORDS) {
        const message = `a source makes more than ${MAX_RECORDS} different statements`
        throw new GeodataError('GEODATA_SOURCE_INVALID', message, 'take a list with fewer columns, or name the wanted ones with "fields"')
      }
      this.#records.push(canonical)
      this.#numbers.set(key, number)
    }
    return number
  }

  /** Adds first … last (inclusive, of one family, first not behind last). */
  add(first: Address, last: Address, record: number, place = 0): void {
    if (first.family === 4) this.addIpv4(first.words[3], last.words[3], record, place)
    else this.#v6.add(first.words, last.words, record, place)
  }

  /** Adds a range of IPv4 numbers. */
  addIpv4(first: number, last: number, record: number, place = 0): void {
    this.#v4.add([first], [last], record, place)
  }

  /** Adds first … last (inclusive) by their words: one word is IPv4, four are IPv6. */
  addWords(first: ArrayLike<number>, last: ArrayLike<number>, record: number): void {
    if (first.length === 1) this.#v4.add(first, last, record)
    else this.#v6.add(first, last, record)
  }

  /** Adds a network. */
  addPrefix(prefix: Prefix, record: number, place = 0): void {
    this.add({ family: prefix.family, words: prefix.words }, lastAddressOf(prefix), record, place)
  }

  /** Adds whole covers that a reader has made itself; where it gave some before, these only fill what was unknown. */
  addRanges(v4: FlatRanges, v6: FlatRanges): void {
    this.#sorted4 = this.#sorted4 === undefined ? v4 : overlayRanges(this.#sorted4, v4)
    this.#sorted6 = this.#sorted6 === undefined ? v6 : overlayRanges(this.#sorted6, v6)
  }

  /** Distinct statements so far, without the empty one. */
  get recordCount(): number {
    return this.#records.length - 1
  }

  /** Ranges added so far. */
  get rangeCount(): number {
    return this.#v4.count + this.#v6.count
  }

  /** Ranges that were added twice with the same statement; known after build. */
  get doubleCount(): number {
    return this.#v4.doubleCount + this.#v6.doubleCount
  }

  /** The source as the merger takes it. */
  build(rule?: ConflictRule): SourceRanges {
    const v4 = this.#sorted4 ?? this.#v4.build(rule)
    const v6 = this.#sorted6 ?? this.#v6.build(rule)
    return { v4, v6, records: this.#records, descriptionCount: 1 }
  }
}

/** A public list without what it says about special-purpose networks. */
export function withoutSpecialPrefixes(source: SourceRanges): SourceRanges {
  const special = new SourceBuilder()
  for (const prefix of SPECIAL_PREFIXES) special.addPrefix(prefix, 1)
  const mask = special.build()
  return { ...source, v4: clearRanges(source.v4, mask.v4), v6: clearRanges(source.v6, mask.v6) }
}
