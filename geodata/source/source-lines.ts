/**
 * Where the ranges of line-based sources stand, and what is said when lines do not agree: in an operator's table a range that stands
 * twice with different statements, or that crosses another one, is an error with both lines. Public lists contradict themselves in a
 * few of 100,000 ranges, and who takes one cannot mend it: there nothing is known of such a range. Pure.
 */
import { type Address, type AddressWords, formatAddress, MAPPED_WORD } from '../address/address.ts'
import { GeodataError } from '../address/geodata-error.ts'
import type { RangeConflict, RangeEnds } from '../compile/flat-ranges.ts'
import type { SourceRanges } from '../compile/merge-sources.ts'
import type { SourceBuilder } from './source-builder.ts'
import type { SourceReading } from './source-kind.ts'

/** Whose statements they are: `own` ones have to agree. */
export type Authority = 'own' | 'public'

/** A public list in which more ranges contradict each other is damaged: one in 1,000, or ten in a small one. */
const MAX_CONTRADICTING_SHARE = 0.001
const MIN_CONTRADICTING = 10

/** Numbers the lines of all files of a source. */
export class SourceLines {
  readonly #files: { readonly file: string; readonly from: number }[] = []
  #next = 1

  /** The lines that follow are of this file. */
  open(file: string): void {
    this.#files.push({ file, from: this.#next })
  }

  /** Number of a line of the file that was opened last. */
  place(lineNumber: number): number {
    const place = this.#files.at(-1)!.from + lineNumber
    this.#next = Math.max(this.#next, place + 1)
    return place
  }

  /** Throws where a file has no row: an empty download is no list. */
  requireRows(builder: SourceBuilder, before: number): void {
    if (builder.rangeCount > before) return
    const { file } = this.#files.at(-1)!
    throw new GeodataError(
      'GEODATA_SOURCE_INVALID',
      `"${file}" holds no network`,
      'check the file; take the source out when it is to be empty',
    )
  }

  /** What the source says, with its doubled and contradicting ranges dealt with. */
  finish(builder: SourceBuilder, authority: Authority): { readonly ranges: SourceRanges; readonly notes: SourceReading['notes'] } {
    let contradicting = 0
    let example = ''
    const ranges = builder.build((conflict) => {
      if (authority === 'own') throw this.#conflict(conflict)
      if (conflict.kind === 'crossing') return 'later'
      contradicting++
      example ||= `${this.#where(conflict.firstPlace)} and ${this.#where(conflict.place)}`
      return 'neither'
    })
    if (contradicting > Math.max(MIN_CONTRADICTING, builder.rangeCount * MAX_CONTRADICTING_SHARE)) {
      const message = `${contradicting} ranges stand twice with different statements, as in ${example}`
      throw new GeodataError('GEODATA_SOURCE_INVALID', message, 'fetch the list again; several lists go into several sources')
    }
    const notes: string[] = []
    if (builder.doubleCount > 0) notes.push(`${builder.doubleCount} ranges stand twice and were taken once`)
    if (contradicting > 0) notes.push(`${contradicting} ranges stand twice with different statements and were left out (${example})`)
    return { ranges, notes }
  }

  #conflict({ kind, firstPlace, place, ranges }: RangeConflict): GeodataError {
    const [other, own] = ranges.map(textOf)
    const line = this.#lineOf(firstPlace, place)
    const message =
      kind === 'twice'
        ? `${this.#where(place)} has ${own}, of which ${line} says something else`
        : `${this.#where(place)} has ${own}, which partly overlaps ${other} of ${line} and says something else`
    const remedy =
      kind === 'twice'
        ? 'keep one of the two lines'
        : 'cut one of the two, or put it into the other: a narrower network lies on top of a wider one'
    return new GeodataError('GEODATA_SOURCE_INVALID', message, remedy)
  }

  /** "line 3" in the same file, with the file otherwise. */
  #lineOf(place: number, seenFrom: number): string {
    const { from } = this.#fileOf(place)
    return from === this.#fileOf(seenFrom).from ? `line ${place - from}` : this.#where(place)
  }

  #where(place: number): string {
    const { file, from } = this.#fileOf(place)
    return `"${file}" line ${place - from}`
  }

  #fileOf(place: number): { readonly file: string; readonly from: number } {
    return this.#files.findLast(({ from }) => from < place)!
  }
}

/** Throws for an IPv4 address in IPv6 form: which of both families it was meant for is not sure, and custom lines refuse it too. */
export function refuseMappedText(text: string, address: Address | undefined): void {
  if (address?.family !== 4 || !text.includes(':')) return
  throw new GeodataError(
    'GEODATA_PREFIX_INVALID',
    `"${text}", which is IPv4 in IPv6 form`,
    `write it as IPv4 (${formatAddress(address)} …)`,
  )
}

function textOf([first, last]: RangeEnds): string {
  return `${formatAddress(addressOf(first))} to ${formatAddress(addressOf(last))}`
}

function addressOf(words: Uint32Array): Address {
  const all: AddressWords = words.length === 1 ? [0, 0, MAPPED_WORD, words[0]!] : [words[0]!, words[1]!, words[2]!, words[3]!]
  return { family: words.length === 1 ? 4 : 6, words: all }
}
