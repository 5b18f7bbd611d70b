/** Unpacking of downloads, and what a candidate must keep to. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Geodata } from '../../../geodata/geodata.ts'
import { checkCandidate } from '../../../geodata/refresh/check-candidate.ts'
import { download } from '../../../geodata/refresh/download.ts'
import { unpackDownload } from '../../../geodata/refresh/unpack-download.ts'
import { makeSyntheticGeodata } from '../../support/synthetic-geodata.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const folder = temporaryFolder()
const LIST = `prefix,place\n${'20.0.0.0/24,cn-3302\n'.repeat(40)}`

/** A tar archive of these files. */
function tar(files: Readonly<Record<string, string>>): Buffer {
  const blocks: Buffer[] = []
  for (const [name, text] of Object.entries(files)) {
    const header = Buffer.alloc(512)
    header.write(name, 0)
    header.write(Buffer.byteLength(text).toString(8).padStart(11, '0'), 124)
    header.write('        ', 148)
    header.write('0', 156)
    header.write('ustar', 257)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    blocks.push(header, Buffer.from(text), Buffer.alloc((512 - (Buffer.byteLength(text) % 512)) % 512))
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

const unpack = (bytes: Buffer | string, licenceFile = '', maxBytes = 1 << 20) =>
  unpackDownload(folder.write('download', bytes), { folder: folder.path, maxBytes, shown: 'https://a.example/x', licenceFile })

test('a plain list, a compressed one, and one in an archive give the same file', async () => {
  const archive = tar({ 'GeoLite2_1/README.txt': 'x'.repeat(5000), 'GeoLite2_1/LICENSE.txt': 'the terms', 'GeoLite2_1/own.csv': LIST })
  const [plain, gzip, packed] = [await unpack(LIST), await unpack(gzipSync(LIST)), await unpack(gzipSync(archive), 'LICENSE.txt')]
  assert.deepEqual([gzip.sha256, packed.sha256], [plain.sha256, plain.sha256])
  assert.equal(readFileSync(packed.path, 'utf8'), LIST)
  assert.deepEqual([plain.licenceText, packed.licenceText], ['', 'the terms'])
})

const archive = tar({ 'own.csv': LIST })
const damagedHeader = Buffer.from(archive)
damagedHeader[3]! ^= 1
const REFUSED: readonly (readonly [name: string, bytes: Buffer | string, licence: string, code: string, message: RegExp])[] = [
  ['a page of HTML', '<!doctype html><html>', '', 'GEODATA_DOWNLOAD_REFUSED', /HTML/],
  ['an error in JSON', '{"error": "limit"}', '', 'GEODATA_DOWNLOAD_REFUSED', /JSON/],
  ['nothing', '', '', 'GEODATA_DOWNLOAD_REFUSED', /empty/],
  ['a ZIP archive', 'PK\x03\x04rest', '', 'GEODATA_DOWNLOAD_REFUSED', /ZIP/],
  ['gzip cut short', gzipSync(LIST).subarray(0, 20), '', 'GEODATA_DOWNLOAD_REFUSED', /cut short/],
  ['an archive cut short', archive.subarray(0, 700), '', 'GEODATA_DOWNLOAD_REFUSED', /cut short/],
  ['an archive with a damaged header', damagedHeader, '', 'GEODATA_DOWNLOAD_REFUSED', /damaged/],
  ['an archive without data', tar({ 'LICENSE.txt': 'x' }), '', 'GEODATA_DOWNLOAD_REFUSED', /no data file/],
  ['a bomb', gzipSync(Buffer.alloc(2 << 20)), '', 'GEODATA_DOWNLOAD_REFUSED', /inflates to more/],
  ['an archive without its licence', archive, 'LICENSE.txt', 'GEODATA_LICENCE_MISSING', /LICENSE\.txt/],
  ['a file that has none to bring', LIST, 'LICENSE.txt', 'GEODATA_LICENCE_MISSING', /LICENSE\.txt/],
]
for (const [name, bytes, licence, code, message] of REFUSED) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(unpack(bytes, licence), (error: { code: string; message: string }) => {
      assert.equal(error.code, code)
      assert.match(error.message, message)
      return true
    })
  })
}

for (const url of [
  'http://127.0.0.1:9/x',
  'http://169.254.169.254/x',
  'http://[::1]/x',
  'http://127.0.0.9/x',
  'http://localhost:9/x',
  'ftp://a.example/x',
]) {
  test(`nothing is asked of ${url}`, async () => {
    const wish = { url, headers: {}, etag: '', lastModified: '', licenceFile: '' }
    const options = { folder: folder.path, timeoutMs: 5000, maxBytes: 1000, mayAskPrivate: () => false }
    await assert.rejects(download(wish, options), /no public address|of the kind/)
  })
}

test('a known address on another line is refused with both lines; a correction is not asked what was so before', () => {
  const at = (place: string) => ({
    header: { sources: [], coverage: {} as Geodata['header']['coverage'] },
    digest: '',
    ...makeSyntheticGeodata([['20.0.0.0', place]]),
  })
  const [ningbo, hangzhou] = [at('cn/33/3302/telecom'), at('cn/33/3301/telecom')]
  const guards = { maxShrinkPercent: 20, minCoveragePercent: {}, knownAddresses: [{ address: '20.0.0.1', line: 'cn-3302/telecom' }] }
  const check = (from: typeof ningbo, to: typeof ningbo, isCorrection: boolean): void =>
    checkCandidate(to, [], { sizes: [], geodata: from, isSameRecipe: false, isCorrection }, guards)
  assert.throws(
    () => check(ningbo, hangzhou, false),
    /would be on "cn-3301\/telecom", not on "cn-3302\/telecom" \(in the data in use it is on "cn-3302\/telecom"\)/,
  )
  assert.throws(() => check(hangzhou, hangzhou, false), /\(where it is in the data in use, too\)/)
  assert.throws(() => check(ningbo, hangzhou, true), /GEODATA_KNOWN_ADDRESS|would be on/)
  check(hangzhou, hangzhou, true)
  check(hangzhou, ningbo, false)
})
