/**
 * All names of a compile, each once and with all its ancestors, as numbers. Pure. Number 0 is the root. A name that is new shares the
 * octets of its suffixes, so a million names of a zone cost little more than their own labels twice.
 */
import { Octets } from '../wire/octets.ts'
import { hashSuffixes } from './hash-name.ts'

const NONE = -1
const MAX_NAME_BYTES = 255

/** Names by number. Columns are longer than `count`. */
export class NameTable {
  count = 0
  readonly octets: Octets = new Octets(4096)
  /** Where the name begins in `octets`, and its length with the root label. */
  at: Uint32Array = new Uint32Array(64)
  bytes: Uint8Array = new Uint8Array(64)
  /** One label up; -1 for the root. */
  parent: Int32Array = new Int32Array(64)
  hash: Uint32Array = new Uint32Array(64)
  private slots = new Uint32Array(256)
  private readonly scratch = new Uint8Array(MAX_NAME_BYTES + 1)
  private readonly labels = new Uint8Array(130)
  private readonly hashes = new Uint32Array(130)

  constructor() {
    this.intern(Uint8Array.of(0), 0)
  }

  /** Number of the canonical name that begins at `from`, made if need be. */
  intern(source: Uint8Array, from: number): number {
    const length = this.load(source, from)
    const labelCount = hashSuffixes(this.scratch, this.labels, this.hashes)
    let known = NONE
    let k = 0
    while (k <= labelCount) {
      known = this.probe(this.labels[k]!, length, this.hashes[k]!)
      if (known !== NONE) break
      k++
    }
    if (k === 0) return known
    const at = this.octets.length
    this.octets.reserve(length)
    for (let i = 0; i < length; i++) this.octets.bytes[at + i] = this.scratch[i]!
    this.octets.length += length
    for (k--; k >= 0; k--) known = this.add(at + this.labels[k]!, length - this.labels[k]!, known, this.hashes[k]!)
    return known
  }

  /** Number of a canonical name; -1 when it is not there. */
  find(source: Uint8Array, from: number): number {
    const length = this.load(source, from)
    hashSuffixes(this.scratch, this.labels, this.hashes)
    return this.probe(0, length, this.hashes[0]!)
  }

  /** A copy of a name. */
  name(number: number): Uint8Array {
    return this.octets.bytes.slice(this.at[number]!, this.at[number]! + this.bytes[number]!)
  }

  /** True when the name is `ancestor` or below it. */
  isAtOrBelow(number: number, ancestor: number): boolean {
    const least = this.bytes[ancestor]!
    let at = number
    while (at !== ancestor && this.bytes[at]! > least) at = this.parent[at]!
    return at === ancestor
  }

  /** Copies a name to the scratch in lower case; its length. */
  private load(source: Uint8Array, from: number): number {
    const { scratch } = this
    let i = 0
    for (;;) {
      const length = source[from + i]!
      scratch[i++] = length
      if (length === 0) return i
      for (const end = i + length; i < end; i++) {
        const octet = source[from + i]!
        scratch[i] = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet
      }
    }
  }

  private probe(start: number, length: number, hash: number): number {
    const mask = this.slots.length - 1
    const size = length - start
    for (let slot = hash & mask; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const number = this.slots[slot]! - 1
      if (this.hash[number] !== hash || this.bytes[number] !== size) continue
      const at = this.at[number]!
      const stored = this.octets.bytes
      let i = 0
      while (i < size && stored[at + i] === this.scratch[start + i]) i++
      if (i === size) return number
    }
    return NONE
  }

  private add(at: number, length: number, parent: number, hash: number): number {
    const number = this.count++
    if (number === this.at.length) this.grow()
    this.at[number] = at
    this.bytes[number] = length
    this.parent[number] = parent
    this.hash[number] = hash
    if (2 * this.count > this.slots.length) this.rehash()
    else this.place(number)
    return number
  }

  private place(number: number): void {
    const mask = this.slots.length - 1
    let slot = this.hash[number]! & mask
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask
    this.slots[slot] = number + 1
  }

  private rehash(): void {
    this.slots = new Uint32Array(2 * this.slots.length)
    for (let number = 0; number < this.count; number++) this.place(number)
  }

  private grow(): void {
    const size = 2 * this.at.length
    const at = new Uint32Array(size)
    const bytes = new Uint8Array(size)
    const parent = new Int32Array(size)
    const hash = new Uint32Array(size)
    at.set(this.at)
    bytes.set(this.bytes)
    parent.set(this.parent)
    hash.set(this.hash)
    this.at = at
    this.bytes = bytes
    this.parent = parent
    this.hash = hash
  }
}

/**
 * The names in canonical order (RFC 4034 §6.1): parents before children, labels compared from the root. Sorted by three-way radix
 * quicksort over keys in which the labels stand in that order, so that a suffix that all names share is looked at once a level.
 */
export function sortNames(names: NameTable): Uint32Array {
  const keys = new Octets(names.octets.length + 16)
  const keyAt = new Uint32Array(names.count + 1)
  const { bytes } = names.octets
  const starts = new Uint32Array(128)
  for (let number = 0; number < names.count; number++) {
    let labelCount = 0
    for (let at = names.at[number]!; bytes[at] !== 0; at += 1 + bytes[at]!) starts[labelCount++] = at
    while (labelCount-- > 0) {
      const at = starts[labelCount]!
      for (let i = at + 1; i <= at + bytes[at]!; i++) {
        const octet = bytes[i]!
        // 0 ends a label and sorts before every octet, so that the octets 0 and 1 are written as two.
        if (octet < 2) {
          keys.push(1)
          keys.push(octet + 1)
        } else keys.push(octet)
      }
      keys.push(0)
    }
    keyAt[number + 1] = keys.length
  }
  const order = new Uint32Array(names.count)
  for (let number = 0; number < names.count; number++) order[number] = number
  quicksort(order, keys.bytes, keyAt)
  return order
}

/** Smaller runs are sorted by insertion. */
const SHORT_RUN = 12

function quicksort(order: Uint32Array, keys: Uint8Array, keyAt: Uint32Array): void {
  // Runs still to be sorted: first, end, depth. A stack of its own: names of one letter a label would overflow the other.
  const stack: number[] = [0, order.length, 0]
  const octetAt = (number: number, depth: number): number => {
    const at = keyAt[number]! + depth
    return at < keyAt[number + 1]! ? keys[at]! : -1
  }
  while (stack.length > 0) {
    const depth = stack.pop()!
    const end = stack.pop()!
    const first = stack.pop()!
    if (end - first <= SHORT_RUN) {
      for (let i = first + 1; i < end; i++) {
        const number = order[i]!
        let j = i
        for (; j > first && isBefore(number, order[j - 1]!, depth); j--) order[j] = order[j - 1]!
        order[j] = number
      }
      continue
    }
    const a = octetAt(order[first]!, depth)
    const b = octetAt(order[(first + end) >> 1]!, depth)
    const c = octetAt(order[end - 1]!, depth)
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
    let low = first
    let high = end
    for (let i = first; i < high; ) {
      const number = order[i]!
      const octet = octetAt(number, depth)
      if (octet < pivot) {
        order[i++] = order[low]!
        order[low++] = number
      } else if (octet > pivot) {
        order[i] = order[--high]!
        order[high] = number
      } else i++
    }
    stack.push(first, low, depth, high, end, depth)
    if (pivot >= 0) stack.push(low, high, depth + 1)
  }
  function isBefore(x: number, y: number, depth: number): boolean {
    for (let i = depth; ; i++) {
      const ox = octetAt(x, i)
      const oy = octetAt(y, i)
      if (ox !== oy) return ox < oy
      if (ox < 0) return false
    }
  }
}
