/**
 * `options.scopeGranularity`: a block of that size that would have several answer classes gets one of them, so that no scope is longer.
 * It is compiled in: cutting scopes down when answering would give one answer to clients who have others. Pure; runs on publish.
 *
 *   classes  |--- c1 ---|-c2-|------ c3 ------|      the class of the most addresses of a block has it,
 *   blocks   |       b1 (c1)      |   b2 (c3)  |      of equal ones the one that comes first
 */
import type { SweptRanges } from './sweep-ranges.ts'

/** The ranges with one value a block of `length` bits. */
export function coarsenRanges(width: 1 | 4, ranges: SweptRanges, length: number): SweptRanges {
  const { starts, values } = ranges
  const bits = 32 * width
  if (length >= bits) return ranges
  const size = 1n << BigInt(bits - length)
  const result = new Joined(width, 3 * values.length)
  for (let at = 0; at < values.length; ) {
    if (isAligned(width, starts, at, length)) {
      result.put(starts, at, values[at]!)
      at++
      continue
    }
    // The first boundary inside a block: the range before it has the block's beginning.
    const first = (numberAt(width, starts, at) / size) * size
    const end = first + size
    const shares = new Map<number, bigint>()
    let last = values[at - 1]!
    let from = first
    let next = numberAt(width, starts, at)
    while (next < end) {
      shares.set(last, (shares.get(last) ?? 0n) + next - from)
      from = next
      last = values[at++]!
      next = at < values.length ? numberAt(width, starts, at) : 1n << BigInt(bits)
    }
    shares.set(last, (shares.get(last) ?? 0n) + end - from)
    result.put(wordsOf(width, first), 0, largestOf(shares))
    // What goes on behind the block; a range that begins there comes by itself.
    if (next > end) result.put(wordsOf(width, end), 0, last)
  }
  return result.finish()
}

/** Of equal ones the first. */
function largestOf(shares: ReadonlyMap<number, bigint>): number {
  let best = -1
  let most = 0n
  for (const [value, count] of shares) {
    if (count <= most) continue
    best = value
    most = count
  }
  return best
}

/** Ranges from left to right; equal neighbours become one, a later one at the same address takes its place. */
class Joined {
  readonly #width: 1 | 4
  readonly #starts: Uint32Array
  readonly #values: Uint32Array
  #count = 0

  constructor(width: 1 | 4, most: number) {
    this.#width = width
    this.#starts = new Uint32Array(width * most)
    this.#values = new Uint32Array(most)
  }

  put(starts: Uint32Array | readonly number[], at: number, value: number): void {
    const width = this.#width
    const last = this.#count - 1
    let same = last >= 0
    for (let word = 0; word < width && same; word++) same = this.#starts[width * last + word] === starts[width * at + word]
    if (same) this.#count--
    if (this.#count > 0 && this.#values[this.#count - 1] === value) return
    for (let word = 0; word < width; word++) this.#starts[width * this.#count + word] = starts[width * at + word]!
    this.#values[this.#count++] = value
  }

  finish(): SweptRanges {
    return { starts: this.#starts.slice(0, this.#width * this.#count), values: this.#values.slice(0, this.#count) }
  }
}

/** Whether everything behind the first `length` bits is 0. */
function isAligned(width: 1 | 4, starts: Uint32Array, at: number, length: number): boolean {
  for (let word = length >> 5; word < width; word++) {
    const kept = word === length >> 5 ? length & 31 : 0
    const mask = kept === 0 ? 0xffffffff : 0xffffffff >>> kept
    if ((starts[width * at + word]! & mask) !== 0) return false
  }
  return true
}

function numberAt(width: 1 | 4, starts: Uint32Array, at: number): bigint {
  if (width === 1) return BigInt(starts[at]!)
  let number = 0n
  for (let word = 0; word < 4; word++) number = (number << 32n) | BigInt(starts[4 * at + word]!)
  return number
}

function wordsOf(width: 1 | 4, number: bigint): readonly number[] {
  if (width === 1) return [Number(number)]
  return [96n, 64n, 32n, 0n].map((shift) => Number((number >> shift) & 0xffffffffn))
}
