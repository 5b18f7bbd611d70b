/**
 * Ranges while a table is being built: a sorted cover of the whole address space, one number a range. Pure, builder side.
 * The same code serves both families: `width` is the number of words of an address (1 for IPv4, 4 for IPv6).
 *
 *   starts  width words a range, most significant first, strictly rising, the first is 0
 *   values  one number a range; 0 means "nothing known"
 */

/** Words of an address: 1 for IPv4, 4 for IPv6. */
export type AddressWidth = 1 | 4

/** A sorted cover of the address space. */
export type FlatRanges = {
  readonly width: AddressWidth
  readonly starts: Uint32Array
  readonly values: Uint32Array
}

/** A cover in which nothing is known. */
export function emptyRanges(width: AddressWidth): FlatRanges {
  return { width, starts: new Uint32Array(width), values: new Uint32Array(1) }
}

/** Compares address `i` of one array with address `j` of another: negative, 0 or positive. */
export function compareStarts(width: AddressWidth, a: Uint32Array, i: number, b: Uint32Array, j: number): number {
  for (let word = 0; word < width; word++) {
    const left = a[i * width + word]!
    const right = b[j * width + word]!
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}

/** The same address space with neighbours of equal value joined. */
export function mergeEqualRanges(ranges: FlatRanges): FlatRanges {
  const { width, starts, values } = ranges
  let kept = 0
  for (let range = 0; range < values.length; range++) if (range === 0 || values[range] !== values[range - 1]) kept++
  const joined = { width, starts: new Uint32Array(kept * width), values: new Uint32Array(kept) }
  let target = 0
  for (let range = 0; range < values.length; range++) {
    if (range > 0 && values[range] === values[range - 1]) continue
    for (let word = 0; word < width; word++) joined.starts[target * width + word] = starts[range * width + word]!
    joined.values[target++] = values[range]!
  }
  return joined
}

/** The same ranges with nothing known wherever `mask` has a value. */
export function clearRanges(ranges: FlatRanges, mask: FlatRanges): FlatRanges {
  const { width } = ranges
  const starts: number[] = []
  const values: number[] = []
  let at = 0
  let masked = 0
  for (;;) {
    values.push(mask.values[masked] === 0 ? ranges.values[at]! : 0)
    const mine = at + 1 < ranges.values.length
    const others = masked + 1 < mask.values.length
    if (!mine && !others) break
    const order = !mine ? 1 : !others ? -1 : compareStarts(width, ranges.starts, at + 1, mask.starts, masked + 1)
    if (order <= 0) at++
    if (order >= 0) masked++
    const [from, boundary] = order <= 0 ? [ranges.starts, at] : [mask.starts, masked]
    for (let word = 0; word < width; word++) starts.push(from[boundary * width + word]!)
  }
  const first = new Array<number>(width).fill(0)
  return mergeEqualRanges({ width, starts: Uint32Array.from(first.concat(starts)), values: Uint32Array.from(values) })
}

/** Size of a range: IPv4 addresses, or IPv6 /48 networks with fractions. */
export function sizeOfRange(ranges: FlatRanges, range: number): number {
  const { width, starts, values } = ranges
  if (width === 1) return (range + 1 < values.length ? starts[range + 1]! : 2 ** 32) - starts[range]!
  const position = (at: number): number => starts[at * 4]! * 65536 + starts[at * 4 + 1]! / 65536 + starts[at * 4 + 2]! / 2 ** 48
  return (range + 1 < values.length ? position(range + 1) : 2 ** 48) - position(range)
}

/** Collects ranges in any order and makes a cover of them. Where they overlap, the narrower one wins, at equal width the later. */
export class RangeCollector {
  readonly width: AddressWidth
  #firsts: Uint32Array
  #lasts: Uint32Array
  #values: Uint32Array
  #count = 0

  constructor(width: AddressWidth) {
    this.width = width
    this.#firsts = new Uint32Array(width * 1024)
    this.#lasts = new Uint32Array(width * 1024)
    this.#values = new Uint32Array(1024)
  }

  /** Adds first … last (inclusive) with a value; the words of `first` and `last` are the address's own `width` words. */
  add(first: ArrayLike<number>, last: ArrayLike<number>, value: number): void {
    if (this.#count === this.#values.length) this.#grow()
    for (let word = 0; word < this.width; word++) {
      this.#firsts[this.#count * this.width + word] = first[word]!
      this.#lasts[this.#count * this.width + word] = last[word]!
    }
    this.#values[this.#count++] = value
  }

  /** The cover; neighbours of equal value are joined. */
  build(): FlatRanges {
    const { width } = this
    const firsts = this.#firsts
    const lasts = this.#lasts
    const order = Array.from({ length: this.#count }, (_, range) => range)
    // Wider before narrower at one start: the narrower is then laid on top.
    order.sort((i, j) => compareStarts(width, firsts, i, firsts, j) || compareStarts(width, lasts, j, lasts, i) || i - j)
    const starts: number[] = []
    const values: number[] = []
    const emit = (from: Uint32Array, at: number, value: number): void => {
      const size = values.length
      // A boundary laid down twice: what is on top at the end counts.
      let same = size > 0
      for (let word = 0; same && word < width; word++) same = starts[(size - 1) * width + word] === from[at * width + word]
      if (same) values[size - 1] = value
      else {
        for (let word = 0; word < width; word++) starts.push(from[at * width + word]!)
        values.push(value)
      }
    }
    emit(new Uint32Array(width), 0, 0)
    const open: number[] = []
    const after = new Uint32Array(width)
    const close = (until: number | undefined): void => {
      // Ranges that end before the next start; what lies below each comes up again behind it.
      while (open.length > 0) {
        const top = open.at(-1)!
        if (until !== undefined && compareStarts(width, lasts, top, firsts, until) >= 0) return
        open.pop()
        while (open.length > 0 && compareStarts(width, lasts, open.at(-1)!, lasts, top) <= 0) open.pop()
        if (addOne(width, lasts, top, after)) emit(after, 0, open.length > 0 ? this.#values[open.at(-1)!]! : 0)
      }
    }
    for (const range of order) {
      close(range)
      emit(firsts, range, this.#values[range]!)
      open.push(range)
    }
    close(undefined)
    return mergeEqualRanges({ width, starts: Uint32Array.from(starts), values: Uint32Array.from(values) })
  }

  #grow(): void {
    const grown = (old: Uint32Array): Uint32Array => {
      const bigger = new Uint32Array(old.length * 2)
      bigger.set(old)
      return bigger
    }
    this.#firsts = grown(this.#firsts)
    this.#lasts = grown(this.#lasts)
    this.#values = grown(this.#values)
  }
}

/** Writes address `at` plus one into `out`; false when it was the last address of all. */
function addOne(width: AddressWidth, addresses: Uint32Array, at: number, out: Uint32Array): boolean {
  let carry = 1
  for (let word = width - 1; word >= 0; word--) {
    const sum = addresses[at * width + word]! + carry
    out[word] = sum
    carry = sum > 0xffffffff ? 1 : 0
  }
  return carry === 0
}
