/**
 * Reader of ip2region's xdb: structure 2 (IPv4, to 2025) and 3 (IPv4 or IPv6), texts in Chinese or English. Shell.
 *
 *   0     header, little-endian: structure version u16, index policy u16, built at u32 (seconds), first and last entry u32;
 *         structure 3 also: IP version u16 (4 or 6), bytes of a pointer u16
 *   256   vector index: for each /16 (of IPv4; /16 of IPv6) first entry and the end of the last one, u32. Only needed to look one up, but
 *         what it says is checked: an index that lies is in a damaged file
 *   …     texts, fields between "|", up to the entries
 *   …     entries: first and last address, text length u16, text offset u32. IPv4 addresses are little-endian (14 bytes an entry),
 *         IPv6 addresses big-endian (38 bytes). In order, up to the end of the file
 *
 * Fields of 2024: country|region|province|city|isp, of 2026: country|province|city|isp|iso2; which one is told by the texts themselves.
 * China is taken with all its fields. Elsewhere only what has a code (iso2) is: the names there are less sure than a country table.
 */
import { GeodataError } from '../address/geodata-error.ts'
import { findCarrierByText, findCityByName, findProvinceByName } from './chinese-place-names.ts'
import { publicReadingOf } from './describe-source.ts'
import { placeOfNames } from './place-of-names.ts'
import { readBytes, SourceHash } from './read-lines.ts'
import { SourceBuilder } from './source-builder.ts'
import type { SourceKind } from './source-kind.ts'

const HEADER_BYTES = 256
const INDEX_CELLS = 65536
const INDEX_BYTES = INDEX_CELLS * 8
/** Longest text of an entry; those of real files are shorter than 100 bytes. */
const MAX_TEXT_BYTES = 1024
/** Layouts by the year of the data. */
const LAYOUTS: Readonly<Record<string, string>> = { 2024: 'country|region|province|city|isp', 2026: 'country|province|city|isp|iso2' }
/** Names in a layout; region (华东) says nothing new, "" and "-" are passed over. */
const FIELDS = ['country', 'region', 'province', 'city', 'isp', 'iso2', '', '-'] as const
type Field = (typeof FIELDS)[number]
type Layout = Readonly<Partial<Record<Field, number>>>

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** Texts that are looked at to tell the layout. */
const SAMPLE = 2000

/** What an xdb file says about itself. */
type Header = {
  readonly file: string
  readonly first: number
  readonly last: number
  /** Bytes of an address: 4 or 16. */
  readonly width: 4 | 16
  readonly entryBytes: number
  readonly date: string
}

/** ip2region xdb; one file, or IPv4 and IPv6. */
export const xdb: SourceKind = {
  kind: 'xdb',
  fileCount: [1, 2],
  read: async (spec, files) => {
    const hash = new SourceHash()
    const builder = new SourceBuilder()
    const asked = spec.layout === undefined ? undefined : parseLayout(spec.layout)
    let date = ''
    for (const file of files) {
      const bytes = await readBytes(file, hash, 'xdb')
      const header = readHeader(file, bytes)
      const layout = asked ?? parseLayout(LAYOUTS[detectYear(header, bytes)]!)
      readEntries(header, bytes, layout, builder)
      if (header.date > date) date = header.date
    }
    const known = {
      name: 'ip2region',
      date,
      licence: 'Apache-2.0 OR MIT',
      attribution: 'ip2region by lionsoul2014',
      url: 'https://github.com/lionsoul2014/ip2region',
    }
    return publicReadingOf(spec, builder.build(), hash.text(), known)
  },
}

function readHeader(file: string, bytes: Buffer): Header {
  const version = bytes.readUInt16LE(0)
  if (version !== 2 && version !== 3) throw problem(file, `has xdb structure version ${version}, only 2 and 3 are read`)
  const ipVersion = version === 2 ? 4 : bytes.readUInt16LE(16)
  if (ipVersion !== 4 && ipVersion !== 6) throw problem(file, `has addresses of version ${ipVersion}`)
  const pointerBytes = version === 2 ? 4 : bytes.readUInt16LE(18)
  // Offsets in entries have four bytes in every known file; another size would move all fields behind it.
  if (pointerBytes !== 4) throw problem(file, `has pointers of ${pointerBytes} bytes, only 4 are read`)
  const width = ipVersion === 4 ? 4 : 16
  const entryBytes = width * 2 + 6
  const first = bytes.readUInt32LE(8)
  const last = bytes.readUInt32LE(12)
  if (first < HEADER_BYTES || last < first || (last - first) % entryBytes !== 0 || last + entryBytes > bytes.length) {
    throw problem(file, `has entries outside the file (${first} to ${last} of ${bytes.length} bytes): it was cut short or damaged`)
  }
  if (last + entryBytes !== bytes.length) {
    const rest = bytes.length - last - entryBytes
    throw problem(
      file,
      `has ${rest} bytes behind the last entry that its header names (at ${last}): the header is wrong, or the file damaged`,
    )
  }
  return { file, first, last, width, entryBytes, date: new Date(bytes.readUInt32LE(4) * 1000).toISOString().slice(0, 10) }
}

/** Adds all entries that say something. */
function readEntries(header: Header, bytes: Buffer, layout: Layout, builder: SourceBuilder): void {
  const { file, width } = header
  // Texts are shared by many entries: one record for each place of a text.
  const records = new Map<number, number>()
  let firstText = header.first
  let textEnd = HEADER_BYTES
  const previous = new Uint32Array(width / 4)
  const low = new Uint32Array(width / 4)
  const high = new Uint32Array(width / 4)
  for (let at = header.first; at <= header.last; at += header.entryBytes) {
    readAddress(bytes, at, low)
    readAddress(bytes, at + width, high)
    if (isBehind(low, high)) throw problem(file, `entry at ${at} ends before it starts`)
    if (at > header.first && !isBehind(low, previous)) throw problem(file, `entry at ${at} does not lie behind the one before it`)
    previous.set(high)
    const length = bytes.readUInt16LE(at + width * 2)
    const offset = bytes.readUInt32LE(at + width * 2 + 2)
    if (offset < HEADER_BYTES || offset + length > header.first) {
      throw problem(file, `entry at ${at} has its text outside the texts (${length} bytes at ${offset})`)
    }
    if (length > MAX_TEXT_BYTES) throw problem(file, `entry at ${at} has a text of ${length} bytes`)
    firstText = Math.min(firstText, offset)
    textEnd = Math.max(textEnd, offset + length)
    const key = offset * 65536 + length
    let record = records.get(key)
    if (record === undefined) {
      record = recordOf(textAt(bytes, offset, length, layout, header, at), layout, builder)
      records.set(key, record)
    }
    if (record !== 0) builder.addWords(low, high, record)
  }
  // Texts end where the entries begin: a header that names a later entry as the first leaves a gap.
  if (textEnd + header.entryBytes <= header.first) {
    throw problem(
      file,
      `has ${header.first - textEnd} bytes between its texts and the first entry that its header names: entries are missing`,
    )
  }
  if (firstText >= HEADER_BYTES + INDEX_BYTES) checkIndex(header, bytes)
  else if (firstText > HEADER_BYTES)
    throw problem(file, `has ${firstText - HEADER_BYTES} bytes of a vector index instead of ${INDEX_BYTES}`)
}

/** Text of an entry with all fields of the layout. */
function textAt(bytes: Buffer, offset: number, length: number, layout: Layout, { file }: Header, at: number): string {
  let text: string
  try {
    text = UTF8.decode(bytes.subarray(offset, offset + length))
  } catch {
    throw problem(file, `entry at ${at} has a text that is not UTF-8`)
  }
  const fields = text.split('|').length
  const wanted = Math.max(...Object.values(layout)) + 1
  if (text !== '' && fields < wanted) throw problem(file, `entry at ${at} has a text of ${fields} fields instead of ${wanted}`)
  return text
}

/** Every cell of the vector index is empty or names entries of its own /16. */
function checkIndex({ file, first, last, width, entryBytes }: Header, bytes: Buffer): void {
  const topBits = (at: number): number => (width === 4 ? bytes.readUInt32LE(at) >>> 16 : bytes.readUInt16BE(at))
  for (let cell = 0; cell < INDEX_CELLS; cell++) {
    const from = bytes.readUInt32LE(HEADER_BYTES + cell * 8)
    const to = bytes.readUInt32LE(HEADER_BYTES + cell * 8 + 4)
    if (from === 0 && to === 0) continue
    const isEntry = from >= first && from <= last && to >= from && to <= last + entryBytes
    const isAligned = isEntry && (from - first) % entryBytes === 0 && (to - first) % entryBytes === 0
    if (!isAligned || topBits(from) > cell || topBits(from + width) < cell) {
      throw problem(file, `has a vector index that names no entry of its own for ${cell >>> 8}.${cell & 255} (${from} to ${to})`)
    }
  }
}

function readAddress(bytes: Buffer, at: number, words: Uint32Array): void {
  if (words.length === 1) words[0] = bytes.readUInt32LE(at)
  else for (let word = 0; word < 4; word++) words[word] = bytes.readUInt32BE(at + word * 4)
}

function isBehind(low: Uint32Array, high: Uint32Array): boolean {
  for (let word = 0; word < low.length; word++) if (low[word] !== high[word]) return low[word]! > high[word]!
  return false
}

function recordOf(text: string, layout: Layout, builder: SourceBuilder): number {
  const parts = text.split('|')
  const part = (field: Field): string => {
    const value = layout[field] === undefined ? undefined : parts[layout[field]]?.trim()
    return value === undefined || value === '0' ? '' : value
  }
  const iso2 = part('iso2').toUpperCase()
  const country = part('country')
  if (country === '中国' || iso2 === 'CN' || country === 'China') {
    const province = findProvinceByName(part('province'))
    const city = province === undefined ? undefined : findCityByName(province, part('city'))
    const carrier = findCarrierByText(part('isp'))
    if (province !== undefined || !/^[\x20-\x7e]+$/.test(part('province')))
      return builder.record({ country: 'CN', province, city, carrier })
    return builder.record({ ...placeOfNames('CN', [{ names: [part('province')] }], { names: [part('city')] }), carrier })
  }
  if (!/^[A-Z]{2}$/.test(iso2)) return 0
  return builder.record(placeOfNames(iso2, [{ names: [part('province')] }], { names: [part('city')] }))
}

/** Year of the layout: since 2026 the last field is a country code. */
function detectYear({ first, last, entryBytes, width }: Header, bytes: Buffer): '2024' | '2026' {
  const step = Math.max(1, Math.floor((last - first) / entryBytes / SAMPLE)) * entryBytes
  let codes = 0
  let others = 0
  for (let at = first; at <= last; at += step) {
    const offset = bytes.readUInt32LE(at + width * 2 + 2)
    const end = offset + bytes.readUInt16LE(at + width * 2)
    const tail = bytes.toString('utf8', offset, Math.min(end, bytes.length)).split('|').at(-1)!
    if (/^[A-Z]{2}$/.test(tail)) codes++
    else if (tail !== '' && tail !== '0') others++
  }
  return codes > others ? '2026' : '2024'
}

function parseLayout(text: string): Layout {
  const names = (LAYOUTS[text] ?? text).split('|')
  const wrong = names.find((name) => !(FIELDS as readonly string[]).includes(name))
  if (wrong !== undefined || !(names.includes('country') || names.includes('iso2'))) {
    throw new GeodataError(
      'GEODATA_SOURCE_INVALID',
      wrong === undefined ? `layout "${text}" has no country` : `layout "${text}" has the unknown field "${wrong}"`,
      `write 2024, 2026 or names of country, region, province, city, isp, iso2 with "|" between`,
    )
  }
  return Object.fromEntries(names.map((name, position) => [name, position]))
}

function problem(file: string, what: string): GeodataError {
  return new GeodataError('GEODATA_SOURCE_INVALID', `"${file}" ${what}`, 'fetch the xdb of ip2region again (structure 2 or 3)')
}
