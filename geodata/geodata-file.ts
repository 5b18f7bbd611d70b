/**
 * The geodata snapshot file: written whole, verified whole. Shell.
 *
 *   0   "NEARCGEO"   8   format version u16   10   compression u8 (1 = brotli)   11   0
 *   12  payload bytes u32   16   content bytes u32   20   SHA-256 of the content   52   payload
 *
 * The digest is of the content before compression: equal data has an equal digest whatever compressed it.
 * Content = header JSON, locations, IPv4 ranges, IPv6 ranges, each a column of variable-length numbers (geodata-content.ts).
 */
import { createHash } from 'node:crypto'
import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import { GeodataError } from './address/geodata-error.ts'
import { checkRangeTable } from './compile/check-range-table.ts'
import type { Geodata } from './geodata.ts'
import { decodeContent, encodeContent } from './geodata-content.ts'

const MAGIC = 'NEARCGEO'
/** Format version that is written, and the newest that is read; all since 1 are. */
export const GEODATA_FORMAT_VERSION = 2
const BROTLI = 1
const HEAD_BYTES = 52
/** A content beyond this is no geodata of ours; stops decompression bombs. */
const MAX_CONTENT_BYTES = 1 << 30
const REBUILD = 'build it again with "nearcast geodata build", or take the default geodata'

/** Gives built parts their digest. */
export function sealGeodata(parts: Omit<Geodata, 'digest'>): Geodata {
  return { ...parts, digest: createHash('sha256').update(encodeContent(parts)).digest('hex') }
}

/** The bytes of a snapshot file. `quality` is brotli's, 0–11: 11 is a tenth smaller than 9 and takes ten times as long. */
export function encodeGeodata(geodata: Omit<Geodata, 'digest'>, quality = 9): Buffer {
  const content = encodeContent(geodata)
  const payload = brotliCompressSync(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  })
  const head = Buffer.alloc(HEAD_BYTES)
  head.write(MAGIC, 0, 'latin1')
  head.writeUInt16LE(GEODATA_FORMAT_VERSION, 8)
  head.writeUInt8(BROTLI, 10)
  head.writeUInt32LE(payload.length, 12)
  head.writeUInt32LE(content.length, 16)
  createHash('sha256').update(content).digest().copy(head, 20)
  return Buffer.concat([head, payload])
}

/** Reads and verifies the bytes of a snapshot file; `name` is for messages. Throws GEODATA_FILE_FORMAT or GEODATA_FILE_DAMAGED. */
export function decodeGeodata(bytes: Buffer, name: string): Geodata {
  const damaged = (problem: string, cause?: unknown): GeodataError =>
    new GeodataError('GEODATA_FILE_DAMAGED', `geodata file "${name}" ${problem}`, REBUILD, { cause })
  if (bytes.length < HEAD_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) {
    throw new GeodataError(
      'GEODATA_FILE_FORMAT',
      `"${name}" is not a geodata file`,
      'raw databases are compiled with "nearcast geodata build"',
    )
  }
  const version = bytes.readUInt16LE(8)
  if (version < 1 || version > GEODATA_FORMAT_VERSION || bytes.readUInt8(10) !== BROTLI) {
    throw new GeodataError(
      'GEODATA_FILE_FORMAT',
      `geodata file "${name}" has format ${version}.${bytes.readUInt8(10)}, this nearcast reads 1.${BROTLI} to ${GEODATA_FORMAT_VERSION}.${BROTLI}`,
      'use the nearcast that wrote it, or build it again',
    )
  }
  const payloadBytes = bytes.readUInt32LE(12)
  const contentBytes = bytes.readUInt32LE(16)
  if (bytes.length !== HEAD_BYTES + payloadBytes || contentBytes > MAX_CONTENT_BYTES) {
    throw damaged(`has ${bytes.length} bytes instead of ${HEAD_BYTES + payloadBytes}: it was cut short or added to`)
  }
  let content: Buffer
  try {
    content = brotliDecompressSync(bytes.subarray(HEAD_BYTES), { maxOutputLength: Math.max(1, contentBytes) })
  } catch (error) {
    throw damaged('cannot be decompressed', error)
  }
  const digest = createHash('sha256').update(content).digest('hex')
  if (content.length !== contentBytes || digest !== bytes.toString('hex', 20, HEAD_BYTES)) throw damaged('does not match its SHA-256')
  let geodata: Geodata
  try {
    geodata = { ...decodeContent(content, version), digest }
  } catch (error) {
    throw damaged('has content that cannot be read', error)
  }
  const issues = [
    ...checkRangeTable(geodata.v4, 1, geodata.locations.length).map((issue) => `IPv4 table: ${issue}`),
    ...checkRangeTable(geodata.v6, 4, geodata.locations.length).map((issue) => `IPv6 table: ${issue}`),
  ]
  if (issues.length > 0) throw new GeodataError('GEODATA_TABLE_INVALID', `geodata file "${name}": ${issues[0]}`, REBUILD)
  return geodata
}

/** Loads a snapshot file. Throws GeodataError; nothing half loaded ever comes out. */
export function loadGeodata(path: string): Geodata {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new GeodataError(
      'GEODATA_FILE_MISSING',
      `geodata file "${path}" ${missing ? 'does not exist' : `cannot be read (${(error as NodeJS.ErrnoException).code})`}`,
      'check the path, or leave it out to use the default geodata',
      { cause: error },
    )
  }
  return decodeGeodata(bytes, path)
}

/** Writes a snapshot file: temporary name, fsync, rename; the file before it is kept as "<path>.old". */
export function saveGeodata(path: string, geodata: Geodata, quality = 9): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    writeDurably(temporary, encodeGeodata(geodata, quality))
    if (existsSync(path)) copyFileSync(path, `${path}.old`)
    renameSync(temporary, path)
    const folder = openSync(dirname(path), 'r')
    fsyncSync(folder)
    closeSync(folder)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw new GeodataError(
      'GEODATA_FILE_UNWRITABLE',
      `geodata file "${path}" cannot be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`,
      'check that the folder exists, is writable and has room',
      { cause: error },
    )
  }
}

function writeDurably(path: string, bytes: Buffer): void {
  const file = openSync(path, 'w', 0o644)
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
