/**
 * Union and difference of prefix lists as sets of addresses; the result has the fewest prefixes possible. Pure; linear in the prefixes
 * for a union, and in prefixes × bits between them for a difference. So may the result be as large: a difference has a bound.
 */
import type { PrefixList, PrefixSet } from './prefix-list.ts'
import { mergeLists } from './prefix-list.ts'

/** Addresses that are in any of the sets. */
export function uniteSets(sets: readonly PrefixSet[]): PrefixSet {
  return {
    v4: uniteLists(
      1,
      sets.map(({ v4 }) => v4),
    ),
    v6: uniteLists(
      4,
      sets.map(({ v6 }) => v6),
    ),
  }
}

/** Addresses of `from` that are not in `without`; undefined = more than `most` prefixes, which is found out without making them. */
export function subtractSet(from: PrefixSet, without: PrefixSet, most: number): PrefixSet | undefined {
  const v4 = subtractList(from.v4, without.v4, most)
  const v6 = v4 && subtractList(from.v6, without.v6, most - v4.lengths.length)
  return v6 && { v4, v6 }
}

function uniteLists(width: 1 | 4, lists: readonly PrefixList[]): PrefixList {
  const merged = mergeLists(width, lists, () => undefined)
  const { starts, lengths } = merged
  const result = new Stack(width)
  for (let at = 0; at < lengths.length; at++) result.push(starts, at, lengths[at]!)
  return result.finish()
}

/** Prefixes from left to right; one that lies in the last is left out, two halves become one. */
class Stack {
  readonly #width: 1 | 4
  readonly #starts: number[] = []
  readonly #lengths: number[] = []

  constructor(width: 1 | 4) {
    this.#width = width
  }

  get count(): number {
    return this.#lengths.length
  }

  push(starts: Uint32Array | readonly number[], at: number, length: number): void {
    const width = this.#width
    const last = this.#lengths.length - 1
    if (last >= 0 && this.#lengths[last]! <= length && sameBits(width, this.#starts, last, starts, at, this.#lengths[last]!)) return
    for (let word = 0; word < width; word++) this.#starts.push(starts[width * at + word]!)
    this.#lengths.push(length)
    while (this.#joinLast()) {
      // Until the last two are no halves of one.
    }
  }

  #joinLast(): boolean {
    const width = this.#width
    const last = this.#lengths.length - 1
    const length = this.#lengths[last]!
    if (last < 1 || length === 0 || this.#lengths[last - 1] !== length) return false
    if (!sameBits(width, this.#starts, last - 1, this.#starts, last, length - 1)) return false
    this.#starts.length = width * last
    this.#lengths.length = last
    this.#lengths[last - 1] = length - 1
    return true
  }

  finish(): PrefixList {
    return { width: this.#width, starts: Uint32Array.from(this.#starts), lengths: Uint8Array.from(this.#lengths) }
  }
}

function subtractList(from: PrefixList, without: PrefixList, most: number): PrefixList | undefined {
  const { width } = from
  // Without nested ones, so that what is taken away from a prefix lies side by side in it.
  const kept = uniteLists(width, [from])
  const taken = uniteLists(width, [without])
  if (taken.lengths.length === 0) return kept.lengths.length > most ? undefined : kept
  const result = new Stack(width)
  const start: number[] = new Array<number>(width).fill(0)

  /** What is left of `start`/`length` without the prefixes first … end-1, all of which lie in it. */
  const split = (length: number, first: number, end: number): void => {
    // What is left never becomes one again: `kept` has no halves that would, and its parts have none either.
    if (result.count > most) return
    if (first === end) {
      result.push(start, 0, length)
      return
    }
    if (taken.lengths[first]! <= length) return
    const word = length >> 5
    const bit = 2 ** (31 - (length & 31))
    let middle = first
    while (middle < end && (taken.starts[width * middle + word]! & bit) === 0) middle++
    split(length + 1, first, middle)
    start[word] = (start[word]! | bit) >>> 0
    split(length + 1, middle, end)
    start[word] = (start[word]! & ~bit) >>> 0
  }

  let next = 0
  for (let at = 0; at < kept.lengths.length; at++) {
    const length = kept.lengths[at]!
    for (let word = 0; word < width; word++) start[word] = kept.starts[width * at + word]!
    // Prefixes that end before this one begins are done with; one that holds it may hold the next, too.
    while (next < taken.lengths.length && isBefore(taken, next, kept, at)) next++
    if (
      next < taken.lengths.length &&
      taken.lengths[next]! <= length &&
      sameBits(width, taken.starts, next, start, 0, taken.lengths[next]!)
    )
      continue
    const first = next
    while (next < taken.lengths.length && sameBits(width, taken.starts, next, start, 0, length)) next++
    split(length, first, next)
    if (result.count > most) return undefined
  }
  return result.finish()
}

/** Whether prefix `a` lies wholly before prefix `b`. */
function isBefore(listA: PrefixList, a: number, listB: PrefixList, b: number): boolean {
  const { width } = listA
  const shared = Math.min(listA.lengths[a]!, listB.lengths[b]!)
  if (sameBits(width, listA.starts, a, listB.starts, b, shared)) return false
  for (let word = 0; word < width; word++) {
    const difference = listA.starts[width * a + word]! - listB.starts[width * b + word]!
    if (difference !== 0) return difference < 0
  }
  return false
}

/** Whether the first `bits` of two addresses agree, each at its place in a list of starts. */
export function sameBits(
  width: 1 | 4,
  a: Uint32Array | readonly number[],
  atA: number,
  b: Uint32Array | readonly number[],
  atB: number,
  bits: number,
): boolean {
  for (let word = 0; word < width; word++) {
    const inWord = bits - 32 * word
    if (inWord <= 0) return true
    const different = (a[width * atA + word]! ^ b[width * atB + word]!) >>> 0
    if (inWord >= 32 ? different !== 0 : different >>> (32 - inWord) !== 0) return false
  }
  return true
}
