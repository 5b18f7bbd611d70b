/**
 * Content of a geodata file ↔ value. Pure. Columns of LEB128 numbers, which compress to a quarter of what fixed words do:
 *
 *   header JSON (length, UTF-8)
 *   locations: count; one string table and one column of positions in it for country, province, region, city, carrier
 *              (0 = unknown); column asn (0 = unknown); distinct provenances (count; for each the source + 1 of every field, in the
 *              order of LOCATION_FIELDS) and one column of positions among them
 *   IPv4: count; column of start differences; column of values
 *   IPv6: count; column of start words, each xor the same word of the start before; column of values
 *
 * Version 1 had two columns instead of the provenances, placeSource + 1 and carrierSource + 1; it is read, no longer written.
 */
import type { RangeTable4, RangeTable6 } from './address/range-table.ts'
import { buildRangeTable4, buildRangeTable6 } from './compile/build-range-table.ts'
import { type Geodata, type GeodataHeader, LOCATION_FIELDS, type LocationField } from './geodata.ts'
import { currentRegion } from './line/line-catalogue.ts'
import { type FieldSources, type Location, UNKNOWN_LOCATION } from './line/location.ts'

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
  writeProvenances(writer, locations)
  writer.number(v4.starts.length)
  for (let range = 1; range < v4.starts.length; range++) writer.number(v4.starts[range]! - v4.starts[range - 1]!)
  for (const value of v4.values) writer.number(value)
  writer.number(v6.values.length)
  for (let word = 4; word < v6.starts.length; word++) writer.number((v6.starts[word]! ^ v6.starts[word - 4]!) >>> 0)
  for (const value of v6.values) writer.number(value)
  return writer.bytes()
}

/** Bytes as content, of this or an older format version. Throws RangeError for bytes that encodeContent never writes. */
export function decodeContent(bytes: Buffer, version = 2): GeodataContent {
  const reader = new ColumnReader(bytes)
  const header = JSON.parse(reader.text()) as GeodataHeader
  const locations = decodeLocations(reader, version, header.sources.length)
  const v4 = decodeTable4(reader)
  const v6 = decodeTable6(reader)
  reader.end()
  return { header, v4, v6, locations }
}

function writeProvenances(writer: ColumnWriter, locations: readonly Location[]): void {
  const texts = locations.map(({ sources }) => LOCATION_FIELDS.map((field) => (sources[field] ?? -1) + 1).join())
  const numbers = new Map<string, number>()
  for (const text of texts) if (!numbers.has(text)) numbers.set(text, numbers.size)
  writer.number(numbers.size)
  for (const text of numbers.keys()) for (const source of text.split(',')) writer.number(Number(source))
  for (const text of texts) writer.number(numbers.get(text)!)
}

function readProvenances(reader: ColumnReader, locationCount: number, sourceCount: number): FieldSources[] {
  const known: FieldSources[] = []
  for (let left = reader.count(); left > 0; left--) {
    const sources: { -readonly [Field in LocationField]?: number } = {}
    for (const field of LOCATION_FIELDS) {
      const number = reader.number()
      if (number > sourceCount) throw new RangeError(`source ${number - 1} of ${sourceCount}`)
      if (number > 0) sources[field] = number - 1
    }
    known.push(sources)
  }
  return Array.from({ length: locationCount }, () => {
    const position = reader.number()
    if (position >= known.length) throw new RangeError(`provenance ${position} of ${known.length}`)
    return known[position]!
  })
}

/** Version 1 knew the source of the narrowest part of the place and of the carrier: the wider parts are given the same, the AS none. */
function readProvenances1(
  reader: ColumnReader,
  columns: readonly (readonly (string | undefined)[])[],
  locationCount: number,
): FieldSources[] {
  const column = (): number[] => Array.from({ length: locationCount }, () => reader.number() - 1)
  const places = column()
  const carriers = column()
  return places.map((place, row) => {
    const sources: { -readonly [Field in LocationField]?: number } = {}
    for (const [position, field] of TEXT_FIELDS.entries()) {
      const source = field === 'carrier' ? carriers[row]! : place
      if (columns[position]![row] !== undefined && source >= 0) sources[field] = source
    }
    return sources
  })
}

function decodeLocations(reader: ColumnReader, version: number, sourceCount: number): Location[] {
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
  const asns = Array.from({ length: count }, () => reader.number() || undefined)
  const sources = version === 1 ? readProvenances1(reader, columns, count) : readProvenances(reader, count, sourceCount)
  const locations: Location[] = []
  for (let row = 0; row < count; row++) {
    // The same order of fields in every object: one hidden class for all of them.
    locations.push({
      ...UNKNOWN_LOCATION,
      country: columns[0]![row],
      province: columns[1]![row],
      region: regionNow(columns[2]![row]),
      city: columns[3]![row],
      carrier: columns[4]![row],
      asn: asns[row],
      sources: sources[row]!,
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

/** A file that was made with an older catalogue may have a region's code of then. */
function regionNow(code: string | undefined): string | undefined {
  return code === undefined ? undefined : currentRegion(code)
}
