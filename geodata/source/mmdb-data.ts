/**
 * Decoder of the data section of an MMDB file (MaxMind DB format 2.0). Pure. Only wanted parts are made into values, the rest is
 * stepped over: a City file has its names in eight languages, and decoding them all takes ten times as long.
 *
 * Every offset, size and pointer is checked against the section. Pointers to pointers, nesting beyond MAX_DEPTH and a record of more
 * than MAX_VALUES values are refused, and so is a file whose records together cost more than its size allows: shared parts that
 * contain shared parts can stand for more values than there are atoms.
 */

/** A decoded value; maps keep only wanted keys. */
export type MmdbValue = string | number | bigint | boolean | Uint8Array | readonly MmdbValue[] | MmdbMap
/** A decoded map. */
export type MmdbMap = { readonly [key: string]: MmdbValue }

/** What is wanted of a value: all of it, or these keys of a map (of each map, when it is a list). */
export type Wanted = 'all' | { readonly [key: string]: Wanted }

const MAX_DEPTH = 32
const MAX_VALUES = 10_000
/** Longest text that is made into a value; a longer one is cut: no name or code is. */
const MAX_TEXT_BYTES = 2048
/** Steps that all records together may take, for each byte of the section; real files need below 4. */
const MAX_STEPS_PER_BYTE = 24

const POINTER = 1
const MAP = 7
const ARRAY = 11

/** Reads values of one section. */
export class MmdbDecoder {
  readonly #bytes: Buffer
  readonly #start: number
  readonly #end: number
  readonly #fail: (problem: string) => Error
  /** Keys by offset: nearly all are pointers to a few texts. */
  readonly #keys = new Map<number, string>()
  /** Where the value after the last one starts. */
  #next = 0
  #valuesLeft = 0
  #stepsLeft: number
  #type = 0
  #size = 0

  /** Section from `start` to `end` (exclusive) of a file; `fail` makes an error of a problem. */
  constructor(bytes: Buffer, start: number, end: number, fail: (problem: string) => Error) {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
    this.#fail = fail
    this.#stepsLeft = (end - start) * MAX_STEPS_PER_BYTE + MAX_VALUES
  }

  /** The value at an offset of the section; undefined when nothing of it is wanted. */
  decode(offset: number, wanted: Wanted): MmdbValue | undefined {
    this.#valuesLeft = MAX_VALUES
    return this.#value(this.#start + offset, wanted, 0)
  }

  #value(at: number, wanted: Wanted | undefined, depth: number): MmdbValue | undefined {
    if (depth > MAX_DEPTH) throw this.#problem(at, 'is nested too deep')
    this.#control(at)
    if (this.#type === POINTER) {
      const after = this.#next
      const target = this.#start + this.#size
      if (wanted === undefined) return undefined
      this.#control(target)
      if (this.#type === POINTER) throw this.#problem(target, 'is a pointer to a pointer')
      const value = this.#content(target, wanted, depth)
      this.#next = after
      return value
    }
    return this.#content(at, wanted, depth)
  }

  /** Value whose control byte has been read. */
  #content(at: number, wanted: Wanted | undefined, depth: number): MmdbValue | undefined {
    const type = this.#type
    const size = this.#size
    if (type === MAP) return this.#map(at, size, wanted, depth)
    if (type === ARRAY) return this.#array(at, size, wanted, depth)
    if (type === 14) return size !== 0
    const from = this.#next
    if (from + size > this.#end) throw this.#problem(at, 'ends outside its section')
    this.#next = from + size
    if (wanted === undefined) return undefined
    switch (type) {
      case 2:
        return this.#bytes.toString('utf8', from, from + Math.min(size, MAX_TEXT_BYTES))
      case 4:
        return this.#bytes.subarray(from, from + size)
      case 3:
        if (size !== 8) break
        return this.#bytes.readDoubleBE(from)
      case 15:
        if (size !== 4) break
        return this.#bytes.readFloatBE(from)
      case 5:
        if (size > 2) break
        return this.#unsigned(from, size)
      case 6:
        if (size > 4) break
        return this.#unsigned(from, size)
      case 8:
        if (size > 4) break
        // Shorter ones have zeros in front: only four bytes can be negative.
        return size === 4 ? this.#bytes.readInt32BE(from) : this.#unsigned(from, size)
      case 9:
      case 10: {
        if (size > (type === 9 ? 8 : 16)) break
        if (size <= 6) return this.#unsigned(from, size)
        return BigInt(`0x${this.#bytes.toString('hex', from, from + size)}`)
      }
      default:
        throw this.#problem(at, `is of the unknown type ${type}`)
    }
    throw this.#problem(at, `has ${size} bytes, which its type ${type} never has`)
  }

  #map(at: number, size: number, wanted: Wanted | undefined, depth: number): MmdbMap | undefined {
    // Every entry takes at least two bytes.
    if (size * 2 > this.#end - this.#next) throw this.#problem(at, `announces ${size} entries, its section is shorter`)
    let map: { [key: string]: MmdbValue } | undefined
    for (let entry = 0; entry < size; entry++) {
      const key = this.#key(this.#next)
      const part = wanted === 'all' ? 'all' : wanted !== undefined && Object.hasOwn(wanted, key) ? wanted[key] : undefined
      const value = this.#value(this.#next, part, depth + 1)
      if (part === undefined || value === undefined) continue
      map ??= {}
      Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true })
    }
    return wanted === 'all' ? (map ?? {}) : map
  }

  #array(at: number, size: number, wanted: Wanted | undefined, depth: number): MmdbValue[] | undefined {
    if (size > this.#end - this.#next) throw this.#problem(at, `announces ${size} entries, its section is shorter`)
    const list: MmdbValue[] = []
    for (let entry = 0; entry < size; entry++) {
      const value = this.#value(this.#next, wanted, depth + 1)
      if (value !== undefined) list.push(value)
    }
    return wanted === undefined ? undefined : list
  }

  #key(at: number): string {
    this.#control(at)
    const isPointer = this.#type === POINTER
    const after = this.#next
    const target = isPointer ? this.#start + this.#size : at
    const known = isPointer ? this.#keys.get(target) : undefined
    if (known !== undefined) return known
    if (isPointer) this.#control(target)
    if (this.#type !== 2) throw this.#problem(at, 'is a key that is no text')
    const from = this.#next
    const end = from + this.#size
    if (end > this.#end) throw this.#problem(at, 'ends outside its section')
    const key = this.#bytes.toString('utf8', from, Math.min(end, from + MAX_TEXT_BYTES))
    if (isPointer) this.#keys.set(target, key)
    this.#next = isPointer ? after : end
    return key
  }

  /** Reads a control byte with its size or pointer: sets #type, #size (for a pointer its target) and #next. */
  #control(at: number): void {
    if (--this.#valuesLeft < 0) throw this.#problem(at, `is in a record of more than ${MAX_VALUES} values`)
    if (--this.#stepsLeft < 0) throw this.#problem(at, 'is reached too often: its records stand for more than the file can hold')
    const bytes = this.#bytes
    if (at < this.#start || at >= this.#end) throw this.#problem(at, 'is outside its section')
    const control = bytes[at]!
    let next = at + 1
    let type = control >>> 5
    let size = control & 31
    if (type === POINTER) {
      const length = (size >>> 3) + 1
      if (next + length > this.#end) throw this.#problem(at, 'ends outside its section')
      const low = size & 7
      if (length === 1) size = low * 256 + bytes[next]!
      else if (length === 2) size = low * 65536 + bytes.readUInt16BE(next) + 2048
      else if (length === 3) size = low * 2 ** 24 + bytes.readUIntBE(next, 3) + 526336
      else size = bytes.readUInt32BE(next)
      next += length
    } else {
      if (type === 0) {
        if (next >= this.#end) throw this.#problem(at, 'ends outside its section')
        type = 7 + bytes[next++]!
        // Extended types start at 8; 1 to 7 have their own bits.
        if (type < 8) throw this.#problem(at, `is of the unknown type ${type}`)
      }
      if (size >= 29) {
        const length = size - 28
        if (next + length > this.#end) throw this.#problem(at, 'ends outside its section')
        size = bytes.readUIntBE(next, length) + (length === 1 ? 29 : length === 2 ? 285 : 65821)
        next += length
      }
    }
    this.#type = type
    this.#size = size
    this.#next = next
  }

  #unsigned(from: number, size: number): number {
    return size === 0 ? 0 : this.#bytes.readUIntBE(from, size)
  }

  #problem(at: number, problem: string): Error {
    return this.#fail(`has a value at offset ${at} that ${problem}`)
  }
}
