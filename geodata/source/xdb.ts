/**
 * Reader of ip2region's xdb, structure version 2 (IPv4), fields country|region|province|city|ISP in Chinese. Shell.
 *
 *   0     header: version u16, index policy u16, built at u32 (seconds), first and last entry u32, all little-endian
 *   256   vector index (not needed to read it all)
 *   …     texts
 *   …     entries of 14 bytes: first u32, last u32, text length u16, text offset u32
 *
 * Only China is taken: its names are precise there, and elsewhere a country table is better.
 */
import { GeodataError } from '../address/geodata-error.ts'
import { findCarrierByText, findCityByName, findProvinceByName } from './chinese-place-names.ts'
import { publicReadingOf } from './describe-source.ts'
import { readBytes, SourceHash } from './read-lines.ts'
import { SourceBuilder } from './source-builder.ts'
import type { SourceKind } from './source-kind.ts'

const ENTRY_BYTES = 14
const FIRST_TEXT_OFFSET = 256

/** ip2region xdb, version 2. */
export const xdb: SourceKind = {
  kind: 'xdb',
  fileCount: [1, 1],
  read: async (spec, files) => {
    const hash = new SourceHash()
    const bytes = await readBytes(files[0]!, hash, 'xdb')
    const builder = new SourceBuilder()
    const date = readEntries(files[0]!, bytes, builder)
    return publicReadingOf(spec, builder.build(), hash.text(), { name: 'ip2region', date })
  },
}

/** Adds all Chinese entries; returns the day of the file's build. */
function readEntries(file: string, bytes: Buffer, builder: SourceBuilder): string {
  const fail = (problem: string): GeodataError =>
    new GeodataError('GEODATA_SOURCE_INVALID', `"${file}" ${problem}`, 'take an ip2region xdb of structure version 2 (IPv4)')
  if (bytes.length < FIRST_TEXT_OFFSET) throw fail('is too short for an xdb file')
  if (bytes.readUInt16LE(0) !== 2) throw fail(`has xdb structure version ${bytes.readUInt16LE(0)}, only 2 is read`)
  const first = bytes.readUInt32LE(8)
  const last = bytes.readUInt32LE(12)
  if (first < FIRST_TEXT_OFFSET || last < first || (last - first) % ENTRY_BYTES !== 0 || last + ENTRY_BYTES > bytes.length) {
    throw fail(`has entries outside the file (${first} to ${last} of ${bytes.length} bytes)`)
  }
  // The texts are shared by many entries: one record an offset.
  const records = new Map<number, number>()
  for (let at = first; at <= last; at += ENTRY_BYTES) {
    const low = bytes.readUInt32LE(at)
    const high = bytes.readUInt32LE(at + 4)
    const length = bytes.readUInt16LE(at + 8)
    const offset = bytes.readUInt32LE(at + 10)
    if (low > high) throw fail(`entry at ${at} ends before it starts`)
    if (offset + length > bytes.length) throw fail(`entry at ${at} has its text outside the file`)
    let record = records.get(offset)
    if (record === undefined) {
      record = recordOf(bytes.toString('utf8', offset, offset + length), builder)
      records.set(offset, record)
    }
    if (record !== 0) builder.addIpv4(low, high, record)
  }
  return new Date(bytes.readUInt32LE(4) * 1000).toISOString().slice(0, 10)
}

function recordOf(text: string, builder: SourceBuilder): number {
  const [country, , provinceName = '', cityName = '', isp = ''] = text.split('|')
  if (country !== '中国') return 0
  const province = findProvinceByName(provinceName)
  const city = province === undefined ? undefined : findCityByName(province, cityName)
  return builder.record({ country: 'CN', province, city, carrier: findCarrierByText(isp) })
}
