/**
 * Content of a geodata file ↔ value. Pure. Columns of LEB128 numbers, which compress to a quarter of what fixed words do:
 *
 *   header JSON (length, UTF-8)
 *   locations: count; one string table and one column of positions in it for country, province, region, city, carrier
 *              (0 = unknown); columns asn (0 = unknown), placeSource + 1, carrierSource + 1
 *   IPv4: count; column of start differences; column of values
 *   IPv6: count; column of start words, each xor the same word of the start before; column of values
 */
import type { RangeTable4, RangeTable6 } from './address/range-table.ts'
import { buildRangeTable4, buildRangeTable6 } from './compile/build-range-table.ts'
import type { Geodata, GeodataHeader } from './geodata.ts'
import { type Location, UNKNOWN_LOCATION } from './line/location.ts'

const TEXT_FIELDS = ['country', 'province', 'region', 'city', 'carrier'] as const

/** What a file holds. */
export type GeodataContent = Omit<Geodata, 'digest'>

/** Content as bytes; equal content gives equal bytes. */
export function encodeContent(content: GeodataContent): Buffer {
  const writer = new ColumnWriter()
  writer.text(JSON.stringify(content.header))
  const { locations, v4, v6 } = content
  writer.number(locations.length)
  for (const field of TEXT_FIELDS) {
    const numbers = new Map<string | undefined, number>([[undefined, 0]])
    for (const location of locations) if (!numbers.has(location[field])) numbers.set(location[field], numbers.size)
    writer.number(numbers.size - 1)
    for (const text of numbers.keys()) if (text !== undefined) writer.text(text)
    for (const location of locations) writer.number(numbers.get(location[field])!)
  }
  for (const location of locations) writer.number(location.asn ?? 0)
  for (const location of locations) writer.number(location.placeSource === undefined ? 0 : location.placeSource + 1)
  for (const location of locations) writer.number(location.carrierSource === undefined ? 0 : location.carrierSource + 1)
  writer.number(v4.starts.length)
  for (let range = 1; range < v4.starts.length; range++) writer.number(v4.starts[range]! - v4.starts[range - 1]!)
  for (const value of v4.values) writer.number(value)
  writer.number(v6.values.length)
  for (let word = 4; word < v6.starts.length; word++) writer.number((v6.starts[word]! ^ v6.starts[word - 4]!) >>> 0)
  for (const value of v6.values) writer.number(value)
  return writer.bytes()
}

/** Bytes as content. Throws RangeError for bytes that encodeContent never writes. */
export function decodeContent(bytes: Buffer): GeodataContent {
  const reader = new ColumnReader(bytes)
  const header = JSON.parse(reader.text()) as GeodataHeader
  const locations = decodeLocations(reader)
  const v4 = decodeTable4(reader)
  const v6 = decodeTable6(reader)
  reader.end()
  return { header, v4, v6, locations }
}

function decodeLocations(reader: ColumnReader): Location[] {
  const count = reader.count()
  const columns = TEXT_FIELDS.map(() => {
    const texts: (string | undefined)[] = [undefined]
    for (let left = reader.count(); left > 0; left--) texts.push(reader.text())
    return Array.from({ length: count }, () => {
      const position = reader.number()
      if (position >= texts.length) throw new RangeError(`text ${position} of ${texts.length}`)
      return texts[position]
    })
  })
  const numbers = (): (number | undefined)[] => Array.from({ length: count }, () => reader.number() || undefined)
  const asns = numbers()
  const placeSources = numbers()
  const carrierSources = numbers()
  const minusOne = (source: number | undefined): number | undefined => (source === undefined ? undefined : source - 1)
  const locations: Location[] = []
  for (let row = 0; row < count; row++) {
    // The same order of fields in every object: one hidden class for all of them.
    locations.push({
      ...UNKNOWN_LOCATION,
      country: columns[0]![row],
      province: columns[1]![row],
      region: columns[2]![row],
      city: columns[3]![row],
      carrier: columns[4]![row],
      asn: asns[row],
      placeSource: minusOne(placeSources[row]),
      carrierSource: minusOne(carrierSources[row]),
    })
  }
  return locations
}

function decodeTable4(reader: ColumnReader): RangeTable4 {
  const count = reader.count()
  const starts = new Uint32Array(count)
  for (let range = 1, start = 0; range < count; range++) {
    start += reader.number()
    if (start > 0xffffffff) throw new RangeError('a range starts behind the last address')
    starts[range] = start
  }
  return buildRangeTable4(starts, decodeValues(reader, count))
}

function decodeTable6(reader: ColumnReader): RangeTable6 {
  const count = reader.count()
  const starts = new Uint32Array(count * 4)
  for (let word = 4; word < starts.length; word++) starts[word] = starts[word - 4]! ^ reader.number()
  return buildRangeTable6(starts, decodeValues(reader, count))
}

function decodeValues(reader: ColumnReader, count: number): Uint32Array {
  const values = new Uint32Array(count)
  for (let range = 0; range < count; range++) values[range] = reader.number()
  return values
}

/** Appends numbers of up to 32 bits, seven bits a byte, and texts. */
class ColumnWriter {
  #bytes: Buffer = Buffer.alloc(1 << 16)
  #size = 0

  number(value: number): void {
    if (this.#size + 8 > this.#bytes.length) this.#grow(8)
    let rest = value
    while (rest > 0x7f) {
      this.#bytes[this.#size++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#size++] = rest
  }

  text(text: string): void {
    const bytes = Buffer.from(text, 'utf8')
    this.number(bytes.length)
    if (this.#size + bytes.length > this.#bytes.length) this.#grow(bytes.length)
    this.#size += bytes.copy(this.#bytes, this.#size)
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#size)
  }

  #grow(room: number): void {
    const bigger = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#size + room))
    this.#bytes.copy(bigger, 0, 0, this.#size)
    this.#bytes = bigger
  }
}

/** Reads what ColumnWriter wrote; throws RangeError at the end of the bytes and for numbers beyond 32 bits. */
class ColumnReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  number(): number {
    let value = 0
    for (let scale = 1; scale <= 0x10000000; scale *= 128) {
      if (this.#at >= this.#bytes.length) throw new RangeError('the content ends early')
      const byte = this.#bytes[this.#at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (value > 0xffffffff) break
        return value
      }
    }
    throw new RangeError('a number has more than 32 bits')
  }

  /** A number of things that follow; each takes at least a byte, so a damaged count cannot ask for all memory. */
  count(): number {
    const count = this.number()
    if (count > this.#bytes.length - this.#at + 1) throw new RangeError(`${count} entries announced, the content is shorter`)
    return count
  }

  text(): string {
    const length = this.number()
    if (this.#at + length > this.#bytes.length) throw new RangeError('a text ends behind the content')
    this.#at += length
    return this.#bytes.toString('utf8', this.#at - length, this.#at)
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new RangeError(`${this.#bytes.length - this.#at} bytes follow the content`)
  }
}
