import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { parseAddress } from '../../../../geodata/address/address.ts'
import { buildRangeTable4, buildRangeTable6 } from '../../../../geodata/compile/build-range-table.ts'
import type { SourceRecord } from '../../../../geodata/compile/merge-sources.ts'
import { findRange4, findRange6 } from '../../../../geodata/lookup/find-range.ts'
import type { SourceReading, SourceSpec } from '../../../../geodata/source/source-kind.ts'
import { SOURCE_KINDS } from '../../../../geodata/source/source-kinds.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

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

test('asn-csv: origin AS, carrier of known ones, research networks are domestic; 0 is no AS', async () => {
  const reading = await read(
    { kind: 'asn-csv' },
    '1.0.0.0,1.0.0.255,13335,"Cloudflare, Inc."\r\n1.0.1.0,1.0.1.255,4134,Chinanet\n\n# comment\n1.0.2.0,1.0.2.255,0,\n',
    '2001:da8::,2001:da8:ffff:ffff:ffff:ffff:ffff:ffff,23910,"CERNET2 ""IX"""\n240e::,240e:f:ffff:ffff:ffff:ffff:ffff:ffff,4134,x',
  )
  assert.deepEqual(recordAt(reading, '1.0.0.1'), { asn: 13335 })
  assert.deepEqual(recordAt(reading, '1.0.1.1'), { asn: 4134, carrier: 'telecom' })
  assert.deepEqual(recordAt(reading, '1.0.2.1'), {})
  assert.deepEqual(recordAt(reading, '2001:da8::1'), { asn: 23910, carrier: 'edu', country: 'CN' })
  assert.deepEqual(recordAt(reading, '240e::1'), { asn: 4134, carrier: 'telecom' })
})

test('country-csv: countries, Hong Kong as a province, codes of no country and ignored statements passed over', async () => {
  const reading = await read(
    { kind: 'country-csv', ignore: [{ country: 'au', prefix: '2001:200::/23' }] },
    '8.8.8.0,8.8.8.255,US\n1.0.0.0,1.0.0.255,hk\n1.0.1.0,1.0.1.255,ZZ\n1.0.2.0,1.0.2.255,EU\n192.168.1.0,192.168.1.255,AU\n192.167.0.0,192.169.255.255,IT\n',
    '2001:200::,2001:218:ffff:ffff:ffff:ffff:ffff:ffff,AU\n2001:8000::,2001:8000:ffff:ffff:ffff:ffff:ffff:ffff,AU\n',
  )
  assert.deepEqual(recordAt(reading, '8.8.8.8'), { country: 'US' })
  assert.deepEqual(recordAt(reading, '1.0.0.1'), { country: 'CN', province: '81' })
  assert.deepEqual(recordAt(reading, '1.0.1.1'), {})
  assert.deepEqual(recordAt(reading, '1.0.2.1'), {})
  // Private networks are nowhere, whatever a list says; the neighbours keep their country.
  assert.deepEqual(recordAt(reading, '192.168.1.1'), {})
  assert.deepEqual(recordAt(reading, '192.168.255.255'), {})
  assert.deepEqual(recordAt(reading, '192.167.255.255'), { country: 'IT' })
  assert.deepEqual(recordAt(reading, '192.169.0.0'), { country: 'IT' })
  assert.deepEqual(recordAt(reading, '2001:200::1'), {})
  assert.deepEqual(recordAt(reading, '2001:8000::1'), { country: 'AU' })
})

const brokenRows: readonly { name: string; text: string; message: RegExp }[] = [
  { name: 'too few columns', text: '1.0.0.0,1.0.0.255\n', message: /line 1 has fewer than 3 columns/ },
  { name: 'an open quote', text: '1.0.0.0,1.0.0.255,"US\n', message: /line 1 has fewer/ },
  { name: 'text behind a quote', text: '"1.0.0.0"x,1.0.0.255,US\n', message: /line 1 has fewer/ },
  { name: 'no address', text: 'a,b,US\n', message: /line 1 has "a" where an address belongs/ },
  { name: 'a number for an address', text: '1.0.0.0,1.0.0.255,US\n1.0.1.0,16777727,US\n', message: /line 2 has "16777727"/ },
  { name: 'a turned range', text: '1.0.1.0,1.0.0.0,US\n', message: /ends \(1\.0\.0\.0\) before it starts/ },
  { name: 'two families', text: '1.0.1.0,::1,US\n', message: /before it starts/ },
]
for (const { name, text, message } of brokenRows) {
  test(`country-csv: ${name} is refused with file and line`, () =>
    assert.rejects(read({ kind: 'country-csv' }, text), { code: 'GEODATA_SOURCE_INVALID', message }))
}

test('country-csv: of a range that stands twice with two countries nothing is known; equal ones count once; too many are damage', async () => {
  const { ranges, notes, descriptions } = await read(
    { kind: 'country-csv' },
    '1.0.0.0,1.0.0.255,US\n1.0.0.0,1.0.0.255,DE\n1.0.0.0,1.0.0.255,US\n1.0.1.0,1.0.1.255,JP\n1.0.1.0,1.0.1.255,JP\n',
  )
  assert.deepEqual(recordAt({ ranges, descriptions }, '1.0.0.1'), {})
  assert.deepEqual(recordAt({ ranges, descriptions }, '1.0.1.1'), { country: 'JP' })
  assert.match(notes!.join('\n'), /^1 ranges stand twice and were taken once\n2 ranges .* left out \(.* line 1 and .* line 2\)$/)
  const damaged = Array.from({ length: 20 }, (_, at) => `1.0.${at}.0,1.0.${at}.255,US\n1.0.${at}.0,1.0.${at}.255,DE\n`).join('')
  await assert.rejects(read({ kind: 'country-csv' }, damaged), { code: 'GEODATA_SOURCE_INVALID', message: /20 ranges stand twice/ })
  for (const [kind, text] of [
    ['country-csv', ''],
    ['asn-csv', '# nothing\n'],
    ['cidr-list', '\n'],
  ] as const)
    await assert.rejects(read({ kind, place: 'cn' }, text), { code: 'GEODATA_SOURCE_INVALID', message: /holds no network/ })
  await assert.rejects(read({ kind: 'cidr-list', place: 'cn' }, '::ffff:1.0.0.0/120\n'), { message: /line 1 has .* IPv4 in IPv6 form/ })
  assert.match((await read({ kind: 'cidr-list', place: 'cn' }, '10.0.0.0/8\n10.0.0.0/8\n')).notes!.join(), /1 ranges stand twice/)
})

test('cidr-list: one place and carrier for all its networks', async () => {
  const reading = await read(
    { kind: 'cidr-list', name: 'branch offices', place: '宁波', carrier: '电信' },
    '# head\n198.51.100.0/24 # office\n\n2001:db8:5::/48\n203.0.113.7\n',
  )
  const expected = { country: 'CN', province: '33', city: '3302', carrier: 'telecom' }
  for (const address of ['198.51.100.1', '2001:db8:5::1', '203.0.113.7']) assert.deepEqual(recordAt(reading, address), expected)
  assert.deepEqual(recordAt(reading, '203.0.113.8'), {})
  assert.equal(reading.descriptions[0]!.name, 'branch offices')
})

test('cidr-list: only a carrier will do; neither will not, nor a class of places', async () => {
  assert.deepEqual(recordAt(await read({ kind: 'cidr-list', carrier: 'unicom' }, '10.0.0.0/8'), '10.1.1.1'), { carrier: 'unicom' })
  assert.deepEqual(recordAt(await read({ kind: 'cidr-list', place: 'us-ca' }, '10.0.0.0/8'), '10.1.1.1'), {
    country: 'US',
    region: 'US-CA',
  })
  await assert.rejects(read({ kind: 'cidr-list' }, '10.0.0.0/8'), { code: 'GEODATA_SOURCE_INVALID', message: /neither place nor carrier/ })
  await assert.rejects(read({ kind: 'cidr-list', place: 'cn-east' }, '10.0.0.0/8'), { code: 'GEODATA_LINE_UNKNOWN' })
  await assert.rejects(read({ kind: 'cidr-list', place: 'cn-33' }, '10.0.0.0/8\n10.1.2.3/8\n'), {
    message: /line 2 has "10\.1\.2\.3\/8" has bits/,
  })
  await assert.rejects(read({ kind: 'cidr-list', place: 'cn-33' }, Uint8Array.of(0xff, 0xfe, 0x0a)), { message: /not UTF-8/ })
  await assert.rejects(read({ kind: 'cidr-list', place: 'cn-33' }, 'x'.repeat(1 << 21)), { message: /line 1 is longer than/ })
})

test('csv: columns by name, places and carriers in any spelling, narrower networks inside wider ones', async () => {
  const reading = await read(
    { kind: 'csv' },
    '\uFEFFcidr,place,isp,note\n10.0.0.0/8,浙江,电信,"all, of it"\n10.1.0.0/16,cn-3302,,\n2001:db8::/32,us-ca,aliyun,\n',
    'first,last,country,province,city,asn\n# comment\n\n11.0.0.0,11.0.0.255,CN,浙江省,宁波市,AS4134\n11.0.1.0,11.0.1.255,,33,,\n11.0.2.0,11.0.2.255,JP,,,2516\n11.0.3.0,11.0.3.255,,,3301,\n',
    'network,region\n12.0.0.0/8,us-ny\n',
  )
  const expected: readonly (readonly [string, SourceRecord])[] = [
    ['10.9.9.9', { country: 'CN', province: '33', carrier: 'telecom' }],
    ['10.1.9.9', { country: 'CN', province: '33', city: '3302' }],
    ['2001:db8::9', { country: 'US', region: 'US-CA', carrier: 'aliyun' }],
    ['11.0.0.9', { country: 'CN', province: '33', city: '3302', asn: 4134 }],
    ['11.0.1.9', { country: 'CN', province: '33' }],
    ['11.0.2.9', { country: 'JP', asn: 2516 }],
    ['11.0.3.9', { country: 'CN', province: '33', city: '3301' }],
    ['12.1.1.1', { country: 'US', region: 'US-NY' }],
  ]
  for (const [address, record] of expected) assert.deepEqual(recordAt(reading, address), record, address)
})

test('csv: columns named by the source, public lists with states and cities of their own, gzip', async () => {
  const columns = ['first', 'last', 'country', 'state', '', 'city']
  const text = [
    '11.0.0.0,11.0.0.255,CN,Zhejiang,,Ningbo,x',
    '11.0.1.0,11.0.1.255,CN,Zhejiang,,Nowhere',
    '11.0.2.0,11.0.2.255,US,"California",,Atlantis',
    '11.0.3.0,11.0.3.255,HK,,,Central',
    '11.0.4.0,11.0.4.255,,,,',
    '240e::,240e::ff,CN,Beijing,,Haidian',
  ].join('\r\n')
  const expected: readonly (readonly [string, SourceRecord])[] = [
    ['11.0.0.9', { country: 'CN', province: '33', city: '3302' }],
    ['11.0.1.9', { country: 'CN', province: '33' }],
    ['11.0.2.9', { country: 'US', region: 'US-CA' }],
    ['11.0.3.9', { country: 'CN', province: '81' }],
    ['11.0.4.9', {}],
    ['240e::1', { country: 'CN', province: '11' }],
  ]
  for (const content of [text, gzipSync(text)]) {
    const reading = await read({ kind: 'csv', columns }, content)
    for (const [address, record] of expected) assert.deepEqual(recordAt(reading, address), record, address)
  }
})

const brokenTables: readonly { name: string; text: string | Uint8Array; message: RegExp }[] = [
  {
    name: 'a network twice',
    text: 'prefix,place\n10.0.0.0/8,cn\n10.0.0.0/8,cn\n10.1.0.0/16,jp\n10.0.0.0/8,jp\n',
    message: /line 5 has 10\.0\.0\.0 to 10\.255\.255\.255, of which line 3 says something else/,
  },
  {
    name: 'a network twice that is not a neighbour',
    text: 'first,last,place\n10.0.0.0,10.0.0.99,cn\n10.0.0.0,10.0.0.9,jp\n10.0.0.0,10.0.0.99,us\n',
    message: /line 4 has 10\.0\.0\.0 to 10\.0\.0\.99, of which line 2 says something else/,
  },
  {
    name: 'ranges that cross',
    text: 'first,last,place\n10.0.0.0,10.0.0.99,cn\n10.0.0.50,10.0.0.149,jp\n',
    message: /line 3 has 10\.0\.0\.50 to 10\.0\.0\.149, which partly overlaps 10\.0\.0\.0 to 10\.0\.0\.99 of line 2/,
  },
  {
    name: 'IPv6 ranges that cross',
    text: 'first,last,place\n2001:db8::5,2001:db8::9,cn\n2001:db8::,2001:db8::5,jp\n',
    message: /line 3 has 2001:db8:: to 2001:db8::5, which partly overlaps .* of line 2/,
  },
  {
    name: 'a region of another country',
    text: 'prefix,country,region\n10.0.0.0/8,us,ca-on\n',
    message: /line 2 has country "us" and region "ca-on", which contradict/,
  },
  {
    name: 'a city of another province',
    text: 'prefix,country,province,city\n10.0.0.0/8,cn,浙江,苏州\n',
    message: /line 2 has .*province "浙江" and city "苏州", which contradict/,
  },
  {
    name: 'a city of another country',
    text: 'prefix,country,city\n10.0.0.0/8,jp,city-us-lax\n',
    message: /line 2 has country "jp" and city "city-us-lax", which contradict/,
  },
  {
    name: 'a city that no country has',
    text: 'prefix,country,city\n10.0.0.0/8,jp,atlantis\n',
    message: /line 2 has unknown place "atlantis"/,
  },
  {
    name: 'a place of another country',
    text: 'prefix,country,place\n10.0.0.0/8,jp,cn-33\n',
    message: /country "jp" and place "cn-33", which contradict/,
  },
  { name: 'a place beside another province', text: 'prefix,place,province\n10.0.0.0/8,cn-3302,江苏\n', message: /contradict each other/ },
  { name: 'a row that ends early', text: 'prefix,place,carrier\n10.0.0.0/8,cn\n', message: /line 2 has 2 of 3 columns/ },
  { name: 'nothing in it', text: '', message: /holds no network/ },
  { name: 'nothing but its head', text: 'prefix,place,carrier\n', message: /holds no network/ },
  {
    name: 'IPv4 in IPv6 form',
    text: 'prefix,place\n::ffff:1.0.0.0/120,cn\n',
    message: /line 2 has "::ffff:1\.0\.0\.0\/120", which is IPv4 in IPv6 form/,
  },
  {
    name: 'a range of IPv4 in IPv6 form',
    text: 'first,last,place\n::ffff:1.0.0.0,::ffff:1.0.0.9,cn\n',
    message: /line 2 has "::ffff:1\.0\.0\.0", which/,
  },
  { name: 'a column twice', text: 'prefix,cidr\n', message: /line 1 names the column "prefix" twice/ },
  {
    name: 'a province outside China',
    text: 'prefix,country,province\n10.0.0.0/8,JP,13\n',
    message: /line 2 has province "13" outside China/,
  },
  { name: 'a line without end', text: `prefix,place\n${'x'.repeat(70_000)}`, message: /line 2 is longer than 65536 characters/ },
  { name: 'bytes of another encoding', text: Buffer.from('prefix,place\n10.0.0.0/8,\xd5\xe3', 'latin1'), message: /is not UTF-8 text/ },
  // 40 MB of one row in 40 KB: stopped after a few megabytes, with the line it got to.
  {
    name: 'a bomb',
    text: gzipSync(`prefix,place\n${'10.0.0.0/8,cn\n'.repeat(1_000_000)}`),
    message: /line \d+: the \d+ compressed bytes inflate to more/,
  },
  { name: 'no column of addresses', text: 'place,carrier\n', message: /names no column "prefix"/ },
  { name: 'an unknown place', text: 'prefix,place\n10.0.0.0/8,atlantis\n', message: /line 2 has unknown place "atlantis"/ },
  { name: 'an unknown carrier', text: 'prefix,carrier\n10.0.0.0/8,telcom\n', message: /line 2 has unknown carrier/ },
  { name: 'host bits', text: 'prefix,carrier\n10.0.0.1/8,telecom\n', message: /bits set/ },
  { name: 'a wrong AS', text: 'prefix,asn\n10.0.0.0/8,x\n', message: /"x" where an AS number belongs/ },
  { name: 'a turned range', text: 'first,last\n10.0.0.2,10.0.0.1\n', message: /no range in/ },
  { name: 'no range', text: 'first,last,carrier\n,,telecom\n', message: /no range in/ },
  { name: 'a province that is a city', text: 'prefix,province\n10.0.0.0/8,3302\n', message: /Chinese province belongs/ },
  { name: 'a city that is a country', text: 'prefix,city\n10.0.0.0/8,jp\n', message: /Chinese city belongs/ },
  { name: 'an open quote', text: 'prefix,place\n"10.0.0.0/8,cn\n', message: /never closed/ },
]
for (const { name, text, message } of brokenTables) {
  test(`csv: ${name} is refused with file and line`, () =>
    assert.rejects(read({ kind: 'csv' }, text), (error: { code: string; message: string; suggestion: string }) => {
      assert.match(error.message, message)
      return error.code === 'GEODATA_SOURCE_INVALID' && error.suggestion !== ''
    }))
}

test('numbering-plan: province of China Mobile by the low byte of the second group, marked as inferred', async () => {
  const reading = await read({ kind: 'numbering-plan' })
  const expected: readonly (readonly [string, string | undefined])[] = [
    ['2409:8028::', '33'],
    ['2409:8a2a:ffff::1', '33'],
    ['2409:8000::', '11'],
    ['2409:8754::', '44'],
    ['2409:807e::', '54'],
    ['2409:807f::', undefined],
    ['2409:9028::', undefined],
    ['2409:4028::', undefined],
    ['240e:28::', undefined],
  ]
  for (const [address, province] of expected) assert.equal(recordAt(reading, address).province, province, address)
  assert.equal(reading.descriptions[0]!.inferred, true)
})

test('a missing file is named', async () => {
  const xdb = SOURCE_KINDS.find((kind) => kind.kind === 'xdb')!
  const csv = SOURCE_KINDS.find((kind) => kind.kind === 'csv')!
  await assert.rejects(xdb.read({ kind: 'xdb' }, ['/nowhere/x.xdb']), {
    code: 'GEODATA_FILE_MISSING',
    message: /"\/nowhere\/x\.xdb" does not exist/,
  })
  await assert.rejects(csv.read({ kind: 'csv' }, [folder.path]), { code: 'GEODATA_FILE_MISSING', message: /cannot be read \(EISDIR\)/ })
})
