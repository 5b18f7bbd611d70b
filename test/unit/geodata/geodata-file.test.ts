import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseAddress } from '../../../geodata/address/address.ts'
import type { GeodataError } from '../../../geodata/address/geodata-error.ts'
import { buildGeodata } from '../../../geodata/build-geodata.ts'
import { decodeGeodata, encodeGeodata, loadGeodata, saveGeodata } from '../../../geodata/geodata-file.ts'
import { UNKNOWN_LOCATION } from '../../../geodata/line/location.ts'
import { provenanceOf } from '../../../geodata/lookup/field-provenance.ts'
import { lookupLocation } from '../../../geodata/lookup/lookup-location.ts'
import type { Recipe, SourceSpec } from '../../../geodata/source/source-kind.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const folder = temporaryFolder()
folder.write('mine.csv', 'prefix,place,carrier,asn\n202.96.104.0/23,cn-3302,telecom,4134\n8.8.8.0/24,us-ca,,15169\n2001:db8::/32,jp,,\n')
folder.write('other.csv', 'prefix,place,carrier\n202.96.104.0/24,cn-33,unicom\n203.0.113.0/24,cn-31,mobile\n')
const mine: SourceSpec = {
  kind: 'csv',
  file: 'mine.csv',
  name: 'mine',
  date: '2026-01-02',
  licence: 'own',
  attribution: 'me',
  url: 'https://example.org',
  version: '1',
}
const options = { folder: folder.path, defaultFile: join(folder.path, 'default.geodata') }
const geodata = await buildGeodata([mine], options)
const bytes = encodeGeodata(geodata)

test('a file keeps everything, and equal data has equal bytes and digest', async () => {
  assert.deepEqual(decodeGeodata(bytes, 'x'), geodata)
  const again = await buildGeodata([mine], options)
  assert.equal(again.digest, geodata.digest)
  assert.ok(encodeGeodata(again).equals(bytes))
  assert.equal(decodeGeodata(encodeGeodata(geodata, 1), 'x').digest, geodata.digest)
})

/** Two sources, one below the other, in format version 1. */
const VERSION_1 = [
  'TkVBUkNHRU8BAAEAdwEAAHIFAADQhNXztk1yOuBnVdkugzE3T4Hy4PERmth20TC8qXvsBB9xBQCcBXasGTouiifDaG0hFPn/f/Pe15iERYEsHwsTS/8A6gQY',
  'RYkEFlhgJYid5KMxW8rkCfiR8tLp7FWLRWfwJvCsxEKYyT5F79KnQM7HAQYYeGBHIMdIEsncmn5OQUXJgy3cjF5RlO7xL6is4PEXNPoQ9lYEQBciEYH108zf',
  'qMdi36eUDN9f7ibNy8OaLy9zwLa4AK/nyuYQrIpUL204cKQ2tNeI+mT4LDxmohpHag5pQebhOCXVcy1nXGMAcHkKf2FVeJpfnj70t1dUw8uW191T2lctEP/F',
  'wyRTchBGTA06BQg2x8Ze7SzsBrda2ai+Pqw9USpzMxL+666/fvTXZxoXRczI6tNF+pg5SmeKRb1W7SVqTOagNnFmE2FXaTpHj6LDg1yETIQ8hFTEbm7IGqnQ',
  'dPtW6/Wxo5uJWxAikk+6IsskTQtCKIVsANKj1bypFNA1kJMdbJ9zCx7va8TTZQQgkr0f2OMsrdj/O7UvrWtvASHOEQ==',
].join('')

test('a file of format version 1 is read: its two provenances stand for the fields they covered', () => {
  const old = decodeGeodata(Buffer.from(VERSION_1, 'base64'), 'old')
  const found = lookupLocation(old, parseAddress('202.96.104.1')).location
  const place = { country: 0, province: 0, city: 0, carrier: 0 }
  assert.deepEqual({ ...found }, { ...found, country: 'CN', city: '3302', carrier: 'telecom', asn: 4134, sources: place })
  const wider = lookupLocation(old, parseAddress('202.96.1.1')).location
  assert.deepEqual({ ...wider }, { ...UNKNOWN_LOCATION, carrier: 'telecom', asn: 4134, sources: { carrier: 1 } })
})

test('the header names the source, its hash and what it decided', () => {
  const [source] = geodata.header.sources
  assert.equal(source!.name, 'mine')
  assert.equal(source!.date, '2026-01-02')
  assert.match(source!.sha256, /^[0-9a-f]{64}$/)
  assert.equal(source!.coverage.country.ipv4Addresses, 512 + 256)
  assert.equal(source!.coverage.country.ipv6Networks48, 65536)
  assert.equal(geodata.header.coverage.city.ipv4Addresses, 512)
})

test('saveGeodata replaces the file whole and keeps the one before', async () => {
  const path = join(folder.path, 'saved.geodata')
  saveGeodata(path, geodata)
  const other = await buildGeodata([{ kind: 'csv', file: 'other.csv' }], options)
  saveGeodata(path, other)
  assert.equal(loadGeodata(path).digest, other.digest)
  assert.equal(loadGeodata(`${path}.old`).digest, geodata.digest)
  assert.deepEqual(
    readdirSync(folder.path).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

test('saveGeodata names the file that cannot be written, and leaves nothing behind', () => {
  const path = join(folder.path, 'no', 'such', 'folder.geodata')
  assert.throws(() => saveGeodata(path, geodata), { code: 'GEODATA_FILE_UNWRITABLE', message: /cannot be written \(ENOENT\)/ })
  assert.equal(existsSync(path), false)
})

const changed = (change: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}
const broken: readonly { name: string; bytes: Buffer; code: string; message: RegExp }[] = [
  { name: 'empty', bytes: Buffer.alloc(0), code: 'GEODATA_FILE_FORMAT', message: /is not a geodata file/ },
  { name: 'something else', bytes: Buffer.alloc(200, 'x'), code: 'GEODATA_FILE_FORMAT', message: /is not a geodata file/ },
  {
    name: 'of a newer format',
    bytes: changed((copy) => copy.writeUInt16LE(3, 8)),
    code: 'GEODATA_FILE_FORMAT',
    message: /has format 3\.1, this nearcast reads 1\.1 to 2\.1/,
  },
  { name: 'of another compression', bytes: changed((copy) => copy.writeUInt8(7, 10)), code: 'GEODATA_FILE_FORMAT', message: /format 2\.7/ },
  { name: 'cut short', bytes: bytes.subarray(0, bytes.length - 1), code: 'GEODATA_FILE_DAMAGED', message: /cut short/ },
  { name: 'longer', bytes: Buffer.concat([bytes, Buffer.of(0)]), code: 'GEODATA_FILE_DAMAGED', message: /cut short or added to/ },
  {
    name: 'with a huge announced content',
    bytes: changed((copy) => copy.writeUInt32LE(0xffffffff, 16)),
    code: 'GEODATA_FILE_DAMAGED',
    message: /geodata file "x"/,
  },
  {
    name: 'with a smaller announced content',
    bytes: changed((copy) => copy.writeUInt32LE(9, 16)),
    code: 'GEODATA_FILE_DAMAGED',
    message: /cannot be decompressed/,
  },
  {
    name: 'with another digest',
    bytes: changed((copy) => copy.writeUInt8(copy[20]! ^ 1, 20)),
    code: 'GEODATA_FILE_DAMAGED',
    message: /does not match its SHA-256/,
  },
]
for (const { name, bytes: given, code, message } of broken) {
  test(`decodeGeodata refuses a file that is ${name}`, () => assert.throws(() => decodeGeodata(given, 'x'), { code, message }))
}

test('no single flipped bit of the payload gets through', () => {
  for (let at = 52; at < bytes.length; at += 7) {
    const copy = changed((buffer) => buffer.writeUInt8(buffer[at]! ^ (1 << (at % 8)), at))
    assert.throws(() => decodeGeodata(copy, 'x'), { code: 'GEODATA_FILE_DAMAGED' }, `byte ${at}`)
  }
})

test('content that our writer never makes is refused, even with a right digest', () => {
  const swapped = { ...geodata, v4: { ...geodata.v4, values: geodata.v4.values.map(() => 1000).fill(0, 0, 1) } }
  assert.throws(() => decodeGeodata(encodeGeodata(swapped), 'x'), {
    code: 'GEODATA_TABLE_INVALID',
    message: /IPv4 table: range 1 has value 1000/,
  })
  const backwards = { ...geodata, v4: { ...geodata.v4, starts: geodata.v4.starts.toReversed() } }
  assert.throws(() => decodeGeodata(encodeGeodata(backwards), 'x'), { message: /geodata file "x"/ })
})

test('loadGeodata names a missing and an unreadable file', () => {
  assert.throws(() => loadGeodata(join(folder.path, 'none')), { code: 'GEODATA_FILE_MISSING', message: /does not exist/ })
  assert.throws(() => loadGeodata(folder.path), { code: 'GEODATA_FILE_MISSING', message: /cannot be read \(EISDIR\)/ })
})

test('a snapshot is a source: "default" below the operator\'s own, each field from the first that has it', async () => {
  saveGeodata(options.defaultFile, geodata)
  const both = await buildGeodata([{ kind: 'csv', file: 'other.csv', name: 'other' }, 'default'], options)
  const names = both.header.sources.map((source) => source.name)
  assert.deepEqual(names, ['other', 'mine'])
  const ningbo = both.locations.find((location) => location.city === '3302' && location.carrier === 'unicom')!
  assert.deepEqual({ ...ningbo }, { ...ningbo, province: '33', asn: 4134, sources: { ...ningbo.sources, city: 1, carrier: 0 } })
  assert.equal(both.header.sources[1]!.sha256, geodata.header.sources[0]!.sha256)
  const alone = await buildGeodata(['default'], options)
  assert.equal(alone.digest, geodata.digest)
})

const wrongSources: readonly { name: string; sources: readonly ('default' | SourceSpec)[]; message: RegExp }[] = [
  { name: 'too many', sources: Array.from({ length: 33 }, () => 'default' as const), message: /33 geodata sources are more than 32/ },
  { name: 'none', sources: [], message: /no geodata source/ },
  { name: 'an unknown kind', sources: [{ kind: 'mmbd', file: 'x' }], message: /unknown kind of geodata source "mmbd"/ },
  { name: 'no file', sources: [{ kind: 'csv' }], message: /source "csv" has 0 files, kind csv takes 1 to 16/ },
  {
    name: 'too many files',
    sources: [{ kind: 'snapshot', name: 'a', files: ['a', 'b'] }],
    message: /source "a" has 2 files, kind snapshot takes 1/,
  },
]
for (const { name, sources, message } of wrongSources) {
  test(`buildGeodata refuses ${name}`, () => assert.rejects(buildGeodata(sources, options), { code: 'GEODATA_SOURCE_INVALID', message }))
}

test('a file on disk is what encodeGeodata says', () => {
  const path = join(folder.path, 'plain.geodata')
  saveGeodata(path, geodata)
  assert.ok(readFileSync(path).equals(bytes))
})

/** Where the carrier and the place of an address come from. */
async function decided(recipe: Recipe, address: string): Promise<Record<string, unknown>> {
  const built = await buildGeodata(recipe, options)
  const parsed = parseAddress(address)
  const { location } = lookupLocation(built, parsed)
  const { province, city, carrier, asn } = location
  const provenance = provenanceOf(built, parsed, location)
  const source = (field: 'city' | 'carrier'): string | undefined => provenance[field]?.correction?.reason ?? provenance[field]?.source
  return { province, city, carrier, asn, cityFrom: source('city'), carrierFrom: source('carrier') }
}

test('fieldOrder asks other sources first for one field, fields takes only some, and corrections win over both', async () => {
  const other: SourceSpec = { kind: 'csv', file: 'other.csv', name: 'other' }
  const base = { province: '33', city: '3302', asn: 4134, cityFrom: 'mine' }
  const address = '202.96.104.9'
  assert.deepEqual(await decided({ sources: [mine, other] }, address), { ...base, carrier: 'telecom', carrierFrom: 'mine' })
  const ordered: Recipe = { sources: [mine, other], fieldOrder: { carrier: ['other'] } }
  assert.deepEqual(await decided(ordered, address), { ...base, carrier: 'unicom', carrierFrom: 'other' })
  const limited: Recipe = { sources: [{ ...mine, fields: ['country', 'province', 'city', 'asn'] }, other] }
  assert.deepEqual(await decided(limited, address), { ...base, carrier: 'unicom', carrierFrom: 'other' })
  const corrections = [
    { prefix: '202.96.0.0/16', carrier: '移动', reason: 'whole block was sold', author: 'ops', date: '2026-03-01' },
    { prefix: '202.96.104.0/24', place: '杭州', reason: 'own edge', author: 'li' },
  ]
  const corrected = { ...base, city: '3301', cityFrom: 'own edge', carrier: 'mobile', carrierFrom: 'whole block was sold' }
  assert.deepEqual(await decided({ ...ordered, corrections }, address), corrected)
  const built = await buildGeodata({ sources: [mine], corrections }, options)
  const [first] = decodeGeodata(encodeGeodata(built), 'x').header.sources
  assert.deepEqual({ name: first!.name, date: first!.date, rows: first!.corrections }, { name: 'corrections', date: '', rows: corrections })
})

test('fields: what is not taken costs no ranges', async () => {
  const carriers = await buildGeodata([{ ...mine, fields: ['asn'] }], options)
  assert.deepEqual(
    carriers.locations.map(({ country, asn }) => [country, asn]),
    [
      [undefined, undefined],
      [undefined, 15169],
      [undefined, 4134],
    ],
  )
  assert.equal(carriers.v6.values.length, 1)
})

const wrongRecipes: readonly { name: string; recipe: Recipe; message: RegExp; suggestion?: RegExp }[] = [
  {
    name: 'an order of no source',
    recipe: { sources: [mine], fieldOrder: { city: ['mien'] } },
    message: /"mien", a name that no source has/,
  },
  {
    name: 'an order of two sources of a name',
    recipe: { sources: [mine, { ...mine, file: 'other.csv' }], fieldOrder: { city: ['mine'] } },
    message: /more than one source has/,
  },
  {
    name: 'a correction with host bits',
    recipe: { sources: [mine], corrections: [{ prefix: '10.0.0.1/8', carrier: 'telecom', reason: 'x' }] },
    message: /correction 1 has "10\.0\.0\.1\/8" has bits/,
  },
  {
    name: 'a correction twice',
    recipe: {
      sources: [mine],
      corrections: [
        { prefix: '10.0.0.0/8', carrier: 'telecom', reason: 'x' },
        { prefix: '10.1.0.0/16', carrier: 'telecom', reason: 'x' },
        { prefix: '10.0.0.0/8', place: 'jp', reason: 'y' },
      ],
    },
    message: /corrections 1 and 3 are both about "10\.0\.0\.0\/8"/,
  },
  {
    name: 'a correction of nothing',
    recipe: { sources: [mine], corrections: [{ prefix: '10.0.0.0/8', reason: 'x' }] },
    message: /without anything to correct/,
  },
  {
    name: 'a correction without a reason',
    recipe: { sources: [mine], corrections: [{ prefix: '10.0.0.0/8', asn: 4134, reason: ' ' }] },
    message: /without a reason/,
  },
  {
    name: 'a correction with an unknown carrier',
    recipe: { sources: [mine], corrections: [{ prefix: '10.0.0.0/8', carrier: 'telcom', reason: 'x' }] },
    message: /correction 1 has unknown carrier "telcom"/,
    suggestion: /did you mean "telecom"/,
  },
  {
    name: 'a correction with a wrong AS',
    recipe: { sources: [mine], corrections: [{ prefix: '10.0.0.0/8', asn: 0, reason: 'x' }] },
    message: /"0" where an AS number belongs/,
  },
]
for (const { name, recipe, message, suggestion = /./ } of wrongRecipes) {
  test(`buildGeodata refuses ${name}`, () =>
    assert.rejects(buildGeodata(recipe, options), (error: GeodataError) => {
      assert.match(error.message, message)
      assert.match(error.suggestion, suggestion)
      return error.code === 'GEODATA_SOURCE_INVALID'
    }))
}
