/** Readers of MMDB, xdb and ipdb: what becomes of their fields, and every way such a file can be wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { parseAddress } from '../../../../geodata/address/address.ts'
import type { GeodataError } from '../../../../geodata/address/geodata-error.ts'
import { buildRangeTable4, buildRangeTable6 } from '../../../../geodata/compile/build-range-table.ts'
import type { SourceRecord } from '../../../../geodata/compile/merge-sources.ts'
import { findRange4, findRange6 } from '../../../../geodata/lookup/find-range.ts'
import type { SourceReading, SourceSpec } from '../../../../geodata/source/source-kind.ts'
import { SOURCE_KINDS } from '../../../../geodata/source/source-kinds.ts'
import { writeIpdb } from '../../../support/ipdb-writer.ts'
import { typed, type Writable, writeMmdb } from '../../../support/mmdb-writer.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { writeXdb } from '../../../support/xdb-writer.ts'

const folder = temporaryFolder()
let fileNumber = 0

function read(spec: SourceSpec, ...contents: (string | Uint8Array)[]): Promise<SourceReading> {
  const files = contents.map((content) => folder.write(`${fileNumber++}.data`, content))
  return SOURCE_KINDS.find((kind) => kind.kind === spec.kind)!.read(spec, files)
}

/** What a source says about an address, without absent fields. */
function recordAt(reading: SourceReading, text: string): SourceRecord {
  const { v4, v6, records } = reading.ranges
  const { family, words } = parseAddress(text)
  const value =
    family === 4
      ? v4.values[findRange4(buildRangeTable4(v4.starts, v4.values), words[3])]
      : v6.values[findRange6(buildRangeTable6(v6.starts, v6.values), ...words)]
  return JSON.parse(JSON.stringify(records[value!])) as SourceRecord
}

const ningbo = { country: 'CN', province: '33', city: '3302' }
/** A record of each schema, and what it says. */
const mmdbRecords: readonly (readonly [string, Writable, SourceRecord])[] = [
  [
    'GeoIP2 City by codes and ids',
    { country: { iso_code: 'CN' }, subdivisions: [{ iso_code: 'ZJ', names: { en: 'Zhejiang' } }], city: { geoname_id: 1799397 } },
    ningbo,
  ],
  [
    'GeoIP2 City by Chinese names',
    {
      country: { iso_code: 'CN', names: { de: 'China' } },
      subdivisions: [{ names: { 'zh-CN': '浙江省' } }],
      city: { geoname_id: 1, names: { en: 'Ning-po', 'zh-CN': '宁波市' } },
    },
    ningbo,
  ],
  [
    'an id in another province than the one named',
    { country: { iso_code: 'CN' }, subdivisions: [{ iso_code: 'GD' }], city: { geoname_id: 1799397 } },
    { country: 'CN', province: '44' },
  ],
  [
    'a homonym inside its province',
    { country_code: 'CN', state1: 'Anhui', city: 'Suzhou' },
    { country: 'CN', province: '34', city: '3413' },
  ],
  ['a homonym without a province', { country_code: 'CN', city: 'Suzhou' }, { country: 'CN' }],
  ['a name that is one prefecture alone', { country_code: 'CN', city: 'Ningbo' }, ningbo],
  ['a municipality and its district', { country_code: 'CN', state1: 'Beijing', city: 'Haidian' }, { country: 'CN', province: '11' }],
  ['a county is no prefecture', { country_code: 'CN', state1: 'Zhejiang', city: 'Cixi' }, { country: 'CN', province: '33' }],
  ['Shaanxi is not Shanxi', { country_code: 'CN', state1: 'Shaanxi', city: "Xi'an" }, { country: 'CN', province: '61', city: '6101' }],
  ['a name with its suffix', { country_code: 'CN', state1: 'Zhejiang Sheng', city: 'Ningbo Shi' }, ningbo],
  ['Hong Kong', { country: { iso_code: 'HK' }, subdivisions: [{ iso_code: 'HCW' }] }, { country: 'CN', province: '81' }],
  ['Taiwan', { country_code: 'TW', city: 'Taipei' }, { country: 'CN', province: '71' }],
  ['a state by code', { country: { iso_code: 'US' }, subdivisions: [{ iso_code: 'CA' }] }, { country: 'US', region: 'US-CA' }],
  [
    'the widest part that is known',
    { country: { iso_code: 'GB' }, subdivisions: [{ iso_code: 'ENG' }, { iso_code: 'LND' }] },
    { country: 'GB', region: 'GB-ENG' },
  ],
  ['a state by name', { country_code: 'US', state1: 'New York' }, { country: 'US', region: 'US-NY' }],
  ['a region by another of its names', { country_code: 'PL', state1: 'Mazovia' }, { country: 'PL', region: 'PL-14' }],
  ['a region by a shortened name', { country_code: 'DE', state1: 'State of Berlin' }, { country: 'DE', region: 'DE-BE' }],
  ['a full name before a shortened one', { country_code: 'RU', state1: 'Moscow' }, { country: 'RU', region: 'RU-MOW' }],
  ['a region without its accent', { country_code: 'FR', state1: 'Ile-de-France' }, { country: 'FR', region: 'FR-IDF' }],
  [
    'a suffix joined to a name',
    { country_code: 'CN', state1: 'Shanxi', city: 'Taiyuanshi (Xiaodian Qu)' },
    { country: 'CN', province: '14', city: '1401' },
  ],
  ['a state that is none', { country_code: 'US', state1: 'Atlantis' }, { country: 'US' }],
  ['no country', { country_code: 'EU' }, {}],
  ['ISP by AS', { autonomous_system_number: 4134, autonomous_system_organization: 'Chinanet' }, { carrier: 'telecom', asn: 4134 }],
  ['ISP by name', { isp: 'China Unicom Beijing', organization: 'x', autonomous_system_number: 4847 }, { carrier: 'unicom', asn: 4847 }],
  ['a name that only sounds Chinese', { isp: 'Cable One', autonomous_system_number: 11492 }, { asn: 11492 }],
  ['a Chinese name in another country', { country: { iso_code: 'US' }, traits: { isp: 'China Telecom Americas' } }, { country: 'US' }],
  ['a mobile network', { mobile_country_code: '460', mobile_network_code: '00', isp: 'x' }, { carrier: 'mobile' }],
  ['a mobile network abroad', { mobile_country_code: '310', mobile_network_code: '00' }, {}],
  [
    'Enterprise',
    { country: { iso_code: 'CN' }, traits: { isp: 'CERNET', autonomous_system_number: 4538 } },
    { country: 'CN', carrier: 'edu', asn: 4538 },
  ],
  ['ipinfo', { country: 'JP', region: 'Tokyo', asn: 'AS2516', as_name: 'KDDI' }, { country: 'JP', region: 'JP-13', asn: 2516 }],
  ['a wrong AS', { autonomous_system_number: 0, country_code: 'jp' }, { country: 'JP' }],
  ['texts of wrong types', { country: [1, 2], city: true, subdivisions: 'x', country_code: typed('double', 1.5) }, {}],
]
const mmdbNetworks = mmdbRecords.map(([, record], position): [string, Writable] => [`11.0.${position}.0/24`, record])
const mmdbReading = await read({ kind: 'mmdb' }, writeMmdb({ networks: mmdbNetworks, databaseType: 'GeoLite2-City', aliases: true }))
for (const [position, [name, , expected]] of mmdbRecords.entries()) {
  test(`mmdb: ${name}`, () => assert.deepEqual(recordAt(mmdbReading, `11.0.${position}.9`), expected))
}

test('mmdb: type, date, licence and credit come from the file; aliases of the IPv4 tree are no IPv6 networks', () => {
  const { name, date, licence, attribution } = mmdbReading.descriptions[0]!
  assert.deepEqual({ name, date }, { name: 'GeoLite2-City', date: '2026-01-01' })
  assert.match(licence, /30 days/)
  assert.match(attribution, /MaxMind/)
  assert.equal(mmdbReading.ranges.v6.values.length, 1)
})

test('mmdb: one file for each family, and one compressed with gzip', async () => {
  const v6 = writeMmdb({ networks: [['240e::/20', { country_code: 'CN' }]], recordSize: 28 })
  const v4 = writeMmdb({ networks: [['1.0.1.0/24', { country_code: 'JP' }]], recordSize: 32, ipVersion: 4 })
  const reading = await read({ kind: 'mmdb' }, v4, gzipSync(v6))
  assert.deepEqual(recordAt(reading, '1.0.1.1'), { country: 'JP' })
  assert.deepEqual(recordAt(reading, '240e::1'), { country: 'CN' })
})

const xdb2024: readonly (readonly [string, string, string])[] = [
  ['0.0.0.0', '1.0.0.255', '美国|0|加利福尼亚|0|谷歌'],
  ['1.0.1.0', '1.0.1.255', '中国|0|浙江省|宁波市|电信'],
  ['1.0.2.0', '1.0.2.255', '中国|0|吉林省|延边|铁通'],
  ['1.0.3.0', '1.0.3.255', '中国|0|香港|0|电讯盈科'],
  ['1.0.4.0', '1.0.4.255', '中国|0|0|0|0'],
  ['1.0.5.0', '255.255.255.255', '0|0|0|内网IP|内网IP'],
]
test('xdb of 2024: Chinese entries with their names as codes, nothing elsewhere, the date of the file', async () => {
  const reading = await read({ kind: 'xdb' }, writeXdb(xdb2024))
  assert.deepEqual(recordAt(reading, '1.0.0.1'), {})
  assert.deepEqual(recordAt(reading, '1.0.1.9'), { ...ningbo, carrier: 'telecom' })
  assert.deepEqual(recordAt(reading, '1.0.2.9'), { country: 'CN', province: '22', city: '2224', carrier: 'tietong' })
  assert.deepEqual(recordAt(reading, '1.0.3.9'), { country: 'CN', province: '81' })
  assert.deepEqual(recordAt(reading, '1.0.4.9'), { country: 'CN' })
  assert.deepEqual(recordAt(reading, '10.0.0.1'), {})
  const { name, date, sha256, inferred } = reading.descriptions[0]!
  assert.deepEqual({ name, date, inferred }, { name: 'ip2region', date: '2024-02-28', inferred: false })
  assert.match(sha256, /^[0-9a-f]{64}$/)
})

test('xdb of 2026: layout told by the texts, countries by code, IPv4 and IPv6 in structure 3', async () => {
  const v4 = writeXdb(
    [
      ['1.0.0.0', '1.0.0.255', 'United States|California|Los Angeles|Google|US'],
      ['1.0.1.0', '1.0.1.255', '中国|浙江省|宁波市|电信|CN'],
      ['1.0.2.0', '1.0.2.255', '中国|台湾省|台北市|中华电信|TW'],
      ['1.0.3.0', '1.0.3.255', 'Reserved|Reserved|Reserved|0|0'],
    ],
    3,
  )
  const v6 = writeXdb(
    [
      ['240e::', '240e:f:ffff:ffff:ffff:ffff:ffff:ffff', '中国|广东省|深圳市|电信|CN'],
      ['2a00::', '2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'Germany|Bavaria|Munich|0|DE'],
    ],
    3,
  )
  const reading = await read({ kind: 'xdb' }, v4, v6)
  assert.deepEqual(recordAt(reading, '1.0.1.9'), { ...ningbo, carrier: 'telecom' })
  assert.deepEqual(recordAt(reading, '1.0.2.9'), { country: 'CN', province: '71' })
  assert.deepEqual(recordAt(reading, '1.0.3.9'), {})
  const { country, region } = recordAt(reading, '1.0.0.9')
  assert.deepEqual({ country, region }, { country: 'US', region: 'US-CA' })
  assert.deepEqual(recordAt(reading, '240e::1'), { country: 'CN', province: '44', city: '4403', carrier: 'telecom' })
  assert.deepEqual(recordAt(reading, '240d:ffff::1'), {})
  assert.equal(recordAt(reading, '2a00::1').region, 'DE-BY')
})

test('xdb: a layout of its own, and one that is none', async () => {
  const bytes = writeXdb([['1.0.1.0', '1.0.1.255', 'x|CN|浙江省|联通']], 3)
  const reading = await read({ kind: 'xdb', layout: '-|iso2|province|isp' }, bytes)
  assert.deepEqual(recordAt(reading, '1.0.1.1'), { country: 'CN', province: '33', carrier: 'unicom' })
  await assert.rejects(read({ kind: 'xdb', layout: 'land|province' }, bytes), {
    code: 'GEODATA_SOURCE_INVALID',
    message: /unknown field "land"/,
  })
  await assert.rejects(read({ kind: 'xdb', layout: 'province|isp' }, bytes), { message: /has no country/ })
})

const ipdbFields = ['country_name', 'region_name', 'city_name', 'owner_domain', 'isp_domain', 'country_code', 'china_admin_code', 'asn']
const ipdbContent = {
  fields: ipdbFields,
  networks: [
    ['1.0.1.0/24', ['中国', '浙江', '宁波', '', '电信', 'CN', '', '']],
    ['1.0.2.0/24', ['中国', '', '', '', '联通', 'CN', '330212', '4837']],
    ['1.0.3.0/24', ['美国', 'California', 'Los Angeles', '', 'x', 'US', '', 'AS15169']],
    ['1.0.4.0/24', ['局域网', '', '', '', '', '', '', '']],
    ['1.0.5.0/24', ['中国香港', '', '', '', '', 'HK', '', '']],
    ['1.0.6.0/24', ['中国', '广东', '', '', '', 'CN', '999999', '4134']],
    ['2409:8028::/32', ['中国', '浙江', '', '', '移动', 'CN', '110000', '']],
  ],
} as const
test('ipdb: Chinese names, administrative codes, AS and country codes; both families', async () => {
  const reading = await read({ kind: 'ipdb', name: 'own ipdb' }, writeIpdb(ipdbContent))
  assert.deepEqual(recordAt(reading, '1.0.1.1'), { ...ningbo, carrier: 'telecom' })
  assert.deepEqual(recordAt(reading, '1.0.2.1'), { ...ningbo, carrier: 'unicom', asn: 4837 })
  const { country, region, asn } = recordAt(reading, '1.0.3.1')
  assert.deepEqual({ country, region, asn }, { country: 'US', region: 'US-CA', asn: 15169 })
  assert.deepEqual(recordAt(reading, '1.0.4.1'), {})
  assert.deepEqual(recordAt(reading, '1.0.5.1'), { country: 'CN', province: '81' })
  assert.deepEqual(recordAt(reading, '1.0.6.1'), { country: 'CN', province: '44', carrier: 'telecom', asn: 4134 })
  assert.deepEqual(recordAt(reading, '2409:8028::1'), { country: 'CN', province: '11', carrier: 'mobile' })
  const { name, date } = reading.descriptions[0]!
  assert.deepEqual({ name, date }, { name: 'own ipdb', date: '2026-01-01' })
})

test('ipdb: languages, and one that the file does not have; a file of one family', async () => {
  const bytes = writeIpdb({
    fields: ['country_name', 'region_name', 'city_name', 'isp_domain'],
    languages: { EN: 0, CN: 4 },
    ipVersion: 1,
    networks: [['1.0.1.0/24', ['China', 'Zhejiang', 'Ningbo', 'China Telecom', '中国', '广东', '深圳', '联通']]],
  })
  assert.deepEqual(recordAt(await read({ kind: 'ipdb' }, bytes), '1.0.1.1'), {
    country: 'CN',
    province: '44',
    city: '4403',
    carrier: 'unicom',
  })
  const english = await read({ kind: 'ipdb', language: 'EN' }, bytes)
  assert.deepEqual(recordAt(english, '1.0.1.1'), { ...ningbo, carrier: 'telecom' })
  assert.equal(english.ranges.v6.values.length, 1)
  await assert.rejects(read({ kind: 'ipdb', language: 'DE' }, bytes), { message: /language "DE"/, suggestion: /EN, CN/ } as never)
})

const goodMmdb = writeMmdb({ ipVersion: 4, networks: [['1.0.0.0/8', { country_code: 'CN' }]] })
const treeEnd = 8 * 6
/** A file of this one node and data section. */
const mmdbOf = (left: number, right: number, data: readonly number[]): Buffer => {
  const frame = writeMmdb({ ipVersion: 4, networks: [['0.0.0.0/1', {}]] })
  const node = Buffer.alloc(6)
  node.writeUIntBE(left, 0, 3)
  node.writeUIntBE(right, 3, 3)
  return Buffer.concat([
    node,
    Buffer.alloc(16),
    Buffer.from(data),
    frame.subarray(frame.lastIndexOf('\xab\xcd\xefMaxMind.com', undefined, 'latin1')),
  ])
}
const goodXdb = writeXdb([['1.0.1.0', '1.0.1.255', '中国|0|浙江省|宁波市|电信']])
const lastEntry = goodXdb.length - 14
const manyXdb = writeXdb(
  [
    ['1.0.1.0', '1.0.1.255', '中国|0|浙江省|宁波市|电信'],
    ['1.0.2.0', '1.0.2.255', '中国|0|浙江省|宁波市|联通'],
    ['1.1.2.0', '1.1.2.255', '中国|0|浙江省|杭州市|联通'],
  ],
  2,
  undefined,
  true,
)
const firstOfMany = manyXdb.length - 3 * 14
const indexCell = 256 + 256 * 8
const goodIpdb = writeIpdb(ipdbContent)
const ipdbOf = (metadata: Record<string, unknown>): Buffer => writeIpdb({ ...ipdbContent, metadata })
const patched = (bytes: Buffer, change: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}
/** Thirty arrays, each of eight pointers to the one before: a kilobyte that stands for 8^30 values. The map that wants it is at 542. */
const bomb = [
  ...Array.from({ length: 30 }, (_, level) => {
    const target = level === 0 ? 540 : (level - 1) * 18
    return [8, 4, ...Array.from({ length: 8 }, () => [0x20 | (target >> 8), target & 255]).flat()]
  }).flat(),
  ...[0x41, 0x78, 0xe1, 0x44, ...Buffer.from('city'), 0x22, 0x0a],
]

const brokenFiles: readonly { kind: string; name: string; bytes: string | Uint8Array; message: RegExp; suggestion?: RegExp }[] = [
  {
    kind: 'mmdb',
    name: 'with a newer format',
    bytes: writeMmdb({ networks: [], metadata: { binary_format_major_version: typed('uint16', 3) } }),
    message: /format version 3, only 2/,
  },
  {
    kind: 'mmdb',
    name: 'with a lying node count',
    bytes: writeMmdb({ networks: [], metadata: { node_count: 4_000_000_000 } }),
    message: /4000000000 tree nodes, which do not fit/,
  },
  {
    kind: 'mmdb',
    name: 'with no nodes',
    bytes: writeMmdb({ networks: [], metadata: { node_count: 0 } }),
    message: /announces 0 tree nodes/,
  },
  {
    kind: 'mmdb',
    name: 'with an odd record size',
    bytes: writeMmdb({ networks: [], metadata: { record_size: 20 } }),
    message: /records of 20 bits/,
  },
  {
    kind: 'mmdb',
    name: 'with addresses of version 5',
    bytes: writeMmdb({ networks: [], metadata: { ip_version: 5 } }),
    message: /version 5/,
  },
  {
    kind: 'mmdb',
    name: 'with a text for a number',
    bytes: writeMmdb({ networks: [], metadata: { node_count: 'many' } }),
    message: /no number "node_count"/,
  },
  {
    kind: 'mmdb',
    name: 'that says nothing of use',
    bytes: writeMmdb({ networks: [['1.0.0.0/8', { connection_type: 'Cellular' }]], databaseType: 'GeoIP2-Connection-Type' }),
    message: /\(GeoIP2-Connection-Type\) says nothing about country/,
  },
  { kind: 'mmdb', name: 'cut at its start', bytes: goodMmdb.subarray(treeEnd - 12), message: /do not fit|outside|unknown type/ },
  {
    kind: 'mmdb',
    name: 'cut at its end',
    bytes: goodMmdb.subarray(0, goodMmdb.length - 30),
    message: /outside its section|no number|ends outside/,
  },
  {
    kind: 'mmdb',
    name: 'without its metadata',
    bytes: goodMmdb.subarray(0, treeEnd + 40),
    message: /seems cut short: the metadata at the end of every MMDB database are missing/,
    suggestion: /fetch it again/,
  },
  {
    kind: 'mmdb',
    name: 'with a node that leads to itself',
    bytes: mmdbOf(0, 0, [0xe0]),
    message: /below the last bit of an address \(node 0\): a loop/,
  },
  { kind: 'mmdb', name: 'with a record outside its data', bytes: mmdbOf(0x00ffff, 1, [0xe0]), message: /leads outside its data/ },
  {
    kind: 'mmdb',
    name: 'with a record in the gap before its data',
    bytes: mmdbOf(9, 1, [0xe0]),
    message: /tree record 9 that leads outside its data/,
  },
  { kind: 'mmdb', name: 'with a pointer to itself', bytes: mmdbOf(17, 1, [0x20, 0]), message: /is a pointer to a pointer/ },
  { kind: 'mmdb', name: 'with a pointer outside', bytes: mmdbOf(17, 1, [0x27, 255]), message: /is outside its section/ },
  {
    kind: 'mmdb',
    name: 'with a list that holds itself',
    bytes: mmdbOf(17, 1, [0xe1, 0x4c, ...Buffer.from('subdivisions'), 1, 4, 0x20, 14]),
    message: /is nested too deep/,
  },
  {
    kind: 'mmdb',
    name: 'with a map of 16 million entries',
    bytes: mmdbOf(17, 1, [0xff, 0xff, 0xff, 0xff, 0]),
    message: /announces 16843036 entries/,
  },
  {
    kind: 'mmdb',
    name: 'with a text beyond its data',
    bytes: mmdbOf(17, 1, [0xe1, 0x44, ...Buffer.from('city'), 0x5f, 0xff, 0xff, 0xff]),
    message: /ends outside its section/,
  },
  { kind: 'mmdb', name: 'with a key that is no text', bytes: mmdbOf(17, 1, [0xe1, 0xa1, 1, 0xa1, 1]), message: /key that is no text/ },
  {
    kind: 'mmdb',
    name: 'with an unknown type',
    bytes: mmdbOf(17, 1, [0xe1, 0x44, ...Buffer.from('city'), 0x01, 0x20, 0]),
    message: /unknown type 39/,
  },
  {
    kind: 'mmdb',
    name: 'with pointers that stand for more than it holds',
    bytes: mmdbOf(17 + 542, 1, bomb),
    message: /record of more than 10000 values/,
  },
  { kind: 'mmdb', name: 'that is an xdb', bytes: goodXdb, message: /is an ip2region xdb, not an MMDB database/, suggestion: /kind: xdb/ },
  {
    kind: 'mmdb',
    name: 'that is a page',
    bytes: '<!DOCTYPE html><html><body>Sign in</body></html>',
    message: /is an HTML page/,
    suggestion: /fetch the file itself/,
  },
  {
    kind: 'mmdb',
    name: 'that is an archive',
    bytes: gzipSync(Buffer.concat([Buffer.alloc(257), Buffer.from('ustar'), Buffer.alloc(300)])),
    message: /is a tar archive/,
    suggestion: /unpack/,
  },
  { kind: 'mmdb', name: 'that is empty', bytes: '', message: /is empty/ },
  { kind: 'mmdb', name: 'that is a gzip bomb', bytes: gzipSync(Buffer.alloc(1 << 26)), message: /compressed bytes inflate to more than/ },
  { kind: 'mmdb', name: 'with a gzip that is cut short', bytes: gzipSync(goodMmdb).subarray(0, -12), message: /cannot be inflated/ },
  { kind: 'xdb', name: 'too short', bytes: goodXdb.subarray(0, 100), message: /no known format/ },
  { kind: 'xdb', name: 'of another version', bytes: patched(goodXdb, (copy) => copy.writeUInt16LE(4, 0)), message: /structure version 4/ },
  {
    kind: 'xdb',
    name: 'of IP version 5',
    bytes: patched(goodXdb, (copy) => copy.writeUInt16LE(3, 0) && copy.writeUInt16LE(5, 16)),
    message: /addresses of version 5/,
  },
  {
    kind: 'xdb',
    name: 'with pointers of 5 bytes',
    bytes: patched(writeXdb([['::', '::1', 'a']], 3), (copy) => copy.writeUInt16LE(5, 18)),
    message: /pointers of 5 bytes/,
  },
  { kind: 'xdb', name: 'cut short', bytes: goodXdb.subarray(0, goodXdb.length - 1), message: /entries outside the file/ },
  {
    kind: 'xdb',
    name: 'with a crooked entry size',
    bytes: patched(goodXdb, (copy) => copy.writeUInt32LE(lastEntry - 13, 8)),
    message: /entries outside the file/,
  },
  {
    kind: 'xdb',
    name: 'with a turned range',
    bytes: patched(goodXdb, (copy) => copy.writeUInt32LE(0xffffffff, lastEntry)),
    message: /ends before it starts/,
  },
  {
    kind: 'xdb',
    name: 'with a text outside',
    bytes: patched(goodXdb, (copy) => copy.writeUInt32LE(0xfffffff0, lastEntry + 10)),
    message: /text outside/,
  },
  {
    kind: 'xdb',
    name: 'whose header names an earlier entry as the last',
    bytes: patched(manyXdb, (copy) => copy.writeUInt32LE(firstOfMany + 14, 12)),
    message: /has 14 bytes behind the last entry that its header names/,
  },
  {
    kind: 'xdb',
    name: 'whose header names a later entry as the first',
    bytes: patched(manyXdb, (copy) => copy.writeUInt32LE(firstOfMany + 14, 8)),
    message: /between its texts and the first entry that its header names/,
  },
  {
    kind: 'xdb',
    name: 'with bytes behind its end',
    bytes: Buffer.concat([manyXdb, Buffer.alloc(5)]),
    message: /has 5 bytes behind the last entry/,
  },
  {
    kind: 'xdb',
    name: 'with entries out of order',
    bytes: patched(manyXdb, (copy) => copy.writeUInt32LE(0, firstOfMany + 14)),
    message: /does not lie behind the one before it/,
  },
  {
    kind: 'xdb',
    name: 'with entries that overlap',
    bytes: patched(manyXdb, (copy) => copy.writeUInt32LE(0x010002ff, firstOfMany + 4)),
    message: /does not lie behind the one before it/,
  },
  {
    kind: 'xdb',
    name: 'with a text of 65535 bytes',
    bytes: patched(manyXdb, (copy) => copy.writeUInt16LE(65535, firstOfMany + 8)),
    message: /text outside the texts \(65535 bytes at/,
  },
  {
    kind: 'xdb',
    name: 'with a text in its vector index',
    bytes: patched(manyXdb, (copy) => copy.writeUInt32LE(300, firstOfMany + 10)),
    message: /instead of 5|instead of 524288|not UTF-8/,
  },
  {
    kind: 'xdb',
    name: 'with a text that ends early',
    bytes: patched(manyXdb, (copy) => copy.writeUInt16LE(9, firstOfMany + 8)),
    message: /text of \d fields instead of 5/,
  },
  {
    kind: 'xdb',
    name: 'with a text cut in a character',
    bytes: patched(manyXdb, (copy) => copy.writeUInt16LE(copy.readUInt16LE(firstOfMany + 8) - 1, firstOfMany + 8)),
    message: /not UTF-8/,
  },
  {
    kind: 'xdb',
    name: 'with a vector index that leads outside',
    bytes: patched(manyXdb, (copy) => copy.writeUInt32LE(0xfffffff0, indexCell + 4)),
    message: /vector index that names no entry of its own for 1\.0/,
  },
  {
    kind: 'xdb',
    name: 'with a vector index that leads between entries',
    bytes: patched(manyXdb, (copy) => copy.writeUInt32LE(firstOfMany + 3, indexCell)),
    message: /vector index that names no entry/,
  },
  {
    kind: 'xdb',
    name: 'with a vector index that leads to another network',
    bytes: patched(manyXdb, (copy) => copy.writeUInt32LE(firstOfMany + 28, indexCell)),
    message: /vector index that names no entry/,
  },
  { kind: 'xdb', name: 'that is an MMDB', bytes: goodMmdb, message: /is an MMDB database, not an ip2region xdb/, suggestion: /kind: mmdb/ },
  {
    kind: 'xdb',
    name: 'that is the format before',
    bytes: Buffer.concat([
      Buffer.from('0a230000162300000000000a0a230000', 'hex').map((byte, at) => (at === 11 ? 0 : byte)),
      Buffer.alloc(40),
    ]),
    message: /ip2region\.db, the format before xdb/,
  },
  {
    kind: 'ipdb',
    name: 'with metadata outside',
    bytes: patched(goodIpdb, (copy) => copy.writeUInt32BE(0xfffff, 0)),
    message: /metadata that end outside/,
  },
  { kind: 'ipdb', name: 'with metadata that are no JSON', bytes: patched(goodIpdb, (copy) => copy.write('}', 12)), message: /no JSON/ },
  { kind: 'ipdb', name: 'with a lying node count', bytes: ipdbOf({ node_count: 4_000_000_000 }), message: /do not fit/ },
  { kind: 'ipdb', name: 'with half a node', bytes: ipdbOf({ node_count: 1.5 }), message: /no number "node_count"/ },
  { kind: 'ipdb', name: 'without languages', bytes: ipdbOf({ languages: {} }), message: /no languages/ },
  { kind: 'ipdb', name: 'with a language far away', bytes: ipdbOf({ languages: { CN: 100 } }), message: /fields instead of/ },
  { kind: 'ipdb', name: 'without fields', bytes: ipdbOf({ fields: 'x' }), message: /no list "fields"/ },
  { kind: 'ipdb', name: 'of version 4', bytes: ipdbOf({ ip_version: 4 }), message: /addresses of version 4/ },
  { kind: 'ipdb', name: 'cut short', bytes: goodIpdb.subarray(0, goodIpdb.length - 5), message: /behind its metadata, which announce/ },
  { kind: 'ipdb', name: 'with an empty list of fields', bytes: ipdbOf({ fields: [] }), message: /no field that says where/ },
  { kind: 'ipdb', name: 'with other fields alone', bytes: ipdbOf({ fields: ['idd_code'] }), message: /no field that says where/ },
  { kind: 'ipdb', name: 'with a field twice', bytes: ipdbOf({ fields: ['asn', 'asn'] }), message: /names a field twice/ },
  { kind: 'ipdb', name: 'with a size that is too small', bytes: ipdbOf({ total_size: 100 }), message: /which announce 100/ },
  { kind: 'ipdb', name: 'with a size that is too large', bytes: ipdbOf({ total_size: 1e9 }), message: /which announce 1000000000/ },
  { kind: 'ipdb', name: 'without a size', bytes: ipdbOf({ total_size: 'x' }), message: /no number "total_size"/ },
  { kind: 'ipdb', name: 'that is a CSV', bytes: '1.0.0.0,1.0.0.255,CN\n', message: /is text, not an ipdb/ },
  {
    kind: 'csv',
    name: 'that is an MMDB',
    bytes: goodMmdb,
    message: /is an MMDB database, not a list of networks/,
    suggestion: /kind: mmdb/,
  },
  { kind: 'csv', name: 'that is an ipdb', bytes: goodIpdb, message: /is an ipdb database/, suggestion: /kind: ipdb/ },
  { kind: 'country-csv', name: 'that is a page', bytes: '\n <html><head>', message: /is an HTML page/ },
  { kind: 'country-csv', name: 'that is an error message', bytes: '{"error": "invalid licence key"}', message: /is JSON/ },
  { kind: 'asn-csv', name: 'that is a compressed page', bytes: gzipSync('<html>'), message: /is an HTML page/ },
  { kind: 'snapshot', name: 'that is an MMDB', bytes: goodMmdb, message: /is not a geodata file/ },
]
for (const { kind, name, bytes, message, suggestion = /\S/ } of brokenFiles) {
  test(`${kind}: a file ${name} is refused`, () =>
    assert.rejects(read({ kind }, bytes), (error: GeodataError) => {
      assert.match(error.message, message)
      assert.match(error.message, /\.data"/)
      assert.match(error.suggestion, suggestion)
      return /^GEODATA_(SOURCE_INVALID|FILE_FORMAT)$/.test(error.code)
    }))
}
