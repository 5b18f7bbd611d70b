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
  return combineRanges(ranges, mask, (value, masked) => (masked === 0 ? value : 0))
}

/** The upper ranges, and the lower ones where the upper know nothing. */
export function overlayRanges(upper: FlatRanges, lower: FlatRanges): FlatRanges {
  return combineRanges(upper, lower, (value, below) => value || below)
}

/** Both covers at once: each stretch between two boundaries of either gets the value of its pair. */
export function combineRanges(ranges: FlatRanges, others: FlatRanges, join: (value: number, other: number) => number): FlatRanges {
  const { width } = ranges
  const combined = new RangeAppender(width, ranges.values.length + others.values.length)
  let at = 0
  let other = 0
  combined.append(ranges.starts, 0, join(ranges.values[0]!, others.values[0]!))
  for (;;) {
    const isMineLast = at + 1 >= ranges.values.length
    const isOtherLast = other + 1 >= others.values.length
    if (isMineLast && isOtherLast) return combined.build()
    const order = isMineLast ? 1 : isOtherLast ? -1 : compareStarts(width, ranges.starts, at + 1, others.starts, other + 1)
    if (order <= 0) at++
    if (order >= 0) other++
    const [from, boundary] = order <= 0 ? [ranges.starts, at] : [others.starts, other]
    combined.append(from, boundary, join(ranges.values[at]!, others.values[other]!))
  }
}

/** Size of a range: IPv4 addresses, or IPv6 /48 networks with fractions. */
export function sizeOfRange(ranges: FlatRanges, range: number): number {
  const { width, starts, values } = ranges
  if (width === 1) return (range + 1 < values.length ? starts[range + 1]! : 2 ** 32) - starts[range]!
  const position = (at: number): number => starts[at * 4]! * 65536 + starts[at * 4 + 1]! / 65536 + starts[at * 4 + 2]! / 2 ** 48
  return (range + 1 < values.length ? position(range + 1) : 2 ** 48) - position(range)
}

/** Writes a cover from its first address to its last; neighbours of equal value are joined as they come. */
export class RangeAppender {
  readonly width: AddressWidth
  #starts: Uint32Array
  #values: Uint32Array
  #count = 0

  /** `room`: how many ranges are expected; more are taken too. */
  constructor(width: AddressWidth, room = 1024) {
    this.width = width
    this.#starts = new Uint32Array(width * Math.max(1, room))
    this.#values = new Uint32Array(Math.max(1, room))
  }

  /** From address `at` of an array on there is `value`. At or behind the address before; where it is the same, the later value counts. */
  append(from: Uint32Array, at: number, value: number): void {
    const { width } = this
    if (this.#count > 0 && compareStarts(width, this.#starts, this.#count - 1, from, at) === 0) this.#count--
    if (this.#count > 0 && this.#values[this.#count - 1] === value) return
    if (this.#count === this.#values.length) {
      this.#starts = grown(this.#starts)
      this.#values = grown(this.#values)
    }
    for (let word = 0; word < width; word++) this.#starts[this.#count * width + word] = from[at * width + word]!
    this.#values[this.#count++] = value
  }

  /** The cover. */
  build(): FlatRanges {
    return { width: this.width, starts: this.#starts.slice(0, this.#count * this.width), values: this.#values.slice(0, this.#count) }
  }
}

/** Two ranges that say different things; places are what the reader gave with them, the one that was written first stands first. */
export type RangeConflict = {
  /** `twice`: the same range. `crossing`: they overlap, and neither holds the other. */
  readonly kind: 'twice' | 'crossing'
  readonly firstPlace: number
  readonly place: number
  /** Words of the ends of both, that of `place` second. */
  readonly ranges: readonly [RangeEnds, RangeEnds]
}
/** First and last address of a range as words. */
export type RangeEnds = readonly [first: Uint32Array, last: Uint32Array]
/** What becomes of a conflict: `later`, the range that was written later counts; `neither`, nothing is known of a range that stands twice. */
export type ConflictRule = (conflict: RangeConflict) => 'later' | 'neither'

/** Collects ranges in any order and makes a cover of them. Where they overlap, the narrower one wins, at equal width the later. */
export class RangeCollector {
  readonly width: AddressWidth
  #firsts: Uint32Array
  #lasts: Uint32Array
  #values: Uint32Array
  #places: Uint32Array
  #count = 0
  #doubleCount = 0

  constructor(width: AddressWidth) {
    this.width = width
    this.#firsts = new Uint32Array(width * 1024)
    this.#lasts = new Uint32Array(width * 1024)
    this.#values = new Uint32Array(1024)
    this.#places = new Uint32Array(1024)
  }

  /** Ranges added so far. */
  get count(): number {
    return this.#count
  }

  /** Ranges that were added before with the same value; known after build. */
  get doubleCount(): number {
    return this.#doubleCount
  }

  /** Adds first … last (inclusive) with a value; the words of `first` and `last` are the address's own `width` words. `place`: for conflicts. */
  add(first: ArrayLike<number>, last: ArrayLike<number>, value: number, place = 0): void {
    if (this.#count === this.#values.length) this.#grow()
    for (let word = 0; word < this.width; word++) {
      this.#firsts[this.#count * this.width + word] = first[word]!
      this.#lasts[this.#count * this.width + word] = last[word]!
    }
    this.#places[this.#count] = place
    this.#values[this.#count++] = value
  }

  /** The cover; neighbours of equal value are joined. `rule` is asked about ranges that say different things of the same addresses. */
  build(rule: ConflictRule = () => 'later'): FlatRanges {
    const { width } = this
    this.#doubleCount = 0
    const firsts = this.#firsts
    const lasts = this.#lasts
    const order = Uint32Array.from({ length: this.#count }, (_, range) => range)
    // Wider before narrower at one start: the narrower is then laid on top.
    const compare = (i: number, j: number): number =>
      compareStarts(width, firsts, i, firsts, j) || compareStarts(width, lasts, j, lasts, i) || i - j
    // Public lists come sorted, and a sort of millions takes seconds.
    let isSorted = true
    for (let range = 1; isSorted && range < this.#count; range++) isSorted = compare(range - 1, range) < 0
    if (!isSorted) order.sort(compare)
    const cover = new RangeAppender(width, this.#count)
    const emit = (from: Uint32Array, at: number, value: number): void => cover.append(from, at, value)
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
      if (open.length > 0) this.#meet(open.at(-1)!, range, rule)
      emit(firsts, range, this.#values[range]!)
      open.push(range)
    }
    close(undefined)
    return cover.build()
  }

  /** A range that begins inside another one, or where it does. */
  #meet(outer: number, range: number, rule: ConflictRule): void {
    const { width } = this
    const beyond = compareStarts(width, this.#lasts, range, this.#lasts, outer)
    const isTwice = beyond === 0 && compareStarts(width, this.#firsts, range, this.#firsts, outer) === 0
    const isEqual = this.#values[outer] === this.#values[range]
    if (isTwice && isEqual) this.#doubleCount++
    if (isEqual || (!isTwice && beyond <= 0)) return
    const [a, b] = this.#places[outer]! <= this.#places[range]! ? [outer, range] : [range, outer]
    const ends = (at: number): RangeEnds => [
      this.#firsts.slice(at * width, (at + 1) * width),
      this.#lasts.slice(at * width, (at + 1) * width),
    ]
    const kind = isTwice ? 'twice' : 'crossing'
    const kept = rule({ kind, firstPlace: this.#places[a]!, place: this.#places[b]!, ranges: [ends(a), ends(b)] })
    // Of a third one with this range too nothing is known: the one it meets has lost its value.
    if (kept === 'neither' && isTwice) this.#values[range] = 0
  }

  #grow(): void {
    this.#firsts = grown(this.#firsts)
    this.#lasts = grown(this.#lasts)
    this.#values = grown(this.#values)
    this.#places = grown(this.#places)
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

function grown(old: Uint32Array): Uint32Array {
  const bigger = new Uint32Array(old.length * 2)
  bigger.set(old)
  return bigger
}
