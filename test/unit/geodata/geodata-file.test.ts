import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildGeodata } from '../../../geodata/build-geodata.ts'
import { decodeGeodata, encodeGeodata, loadGeodata, saveGeodata } from '../../../geodata/geodata-file.ts'
import type { SourceSpec } from '../../../geodata/source/source-kind.ts'
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
    bytes: changed((copy) => copy.writeUInt16LE(2, 8)),
    code: 'GEODATA_FILE_FORMAT',
    message: /has format 2\.1, this nearcast reads 1\.1/,
  },
  { name: 'of another compression', bytes: changed((copy) => copy.writeUInt8(7, 10)), code: 'GEODATA_FILE_FORMAT', message: /format 1\.7/ },
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
  assert.deepEqual({ ...ningbo }, { ...ningbo, province: '33', asn: 4134, placeSource: 1, carrierSource: 0 })
  assert.equal(both.header.sources[1]!.sha256, geodata.header.sources[0]!.sha256)
  const alone = await buildGeodata(['default'], options)
  assert.equal(alone.digest, geodata.digest)
})

const wrongSources: readonly { name: string; sources: readonly ('default' | SourceSpec)[]; message: RegExp }[] = [
  { name: 'none', sources: [], message: /no geodata source/ },
  { name: 'an unknown kind', sources: [{ kind: 'mmbd', file: 'x' }], message: /unknown kind of geodata source "mmbd"/ },
  { name: 'no file', sources: [{ kind: 'csv' }], message: /source "csv" has 0 files, kind csv takes 1 to 16/ },
  { name: 'too many files', sources: [{ kind: 'xdb', name: 'a', files: ['a', 'b'] }], message: /source "a" has 2 files, kind xdb takes 1/ },
]
for (const { name, sources, message } of wrongSources) {
  test(`buildGeodata refuses ${name}`, () => assert.rejects(buildGeodata(sources, options), { code: 'GEODATA_SOURCE_INVALID', message }))
}

test('a file on disk is what encodeGeodata says', () => {
  const path = join(folder.path, 'plain.geodata')
  saveGeodata(path, geodata)
  assert.ok(readFileSync(path).equals(bytes))
})
