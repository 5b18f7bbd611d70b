/**
 * A download on disk → the data file in it: .gz is inflated, the data file and the licence text are taken out of a .tar.gz, within a
 * limit of size, and what is no geodata is called what it is. Shell. The result lies under the name of its SHA-256.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { GeodataError } from '../address/geodata-error.ts'
import { sniff } from '../source/read-lines.ts'
import { describeFormat, type FileFormat } from '../source/recognize-format.ts'

/** What is kept of a download. */
export type UnpackedFile = {
  /** Absolute path of the data file. */
  readonly path: string
  readonly sha256: string
  readonly sizeBytes: number
  /** Text of the licence that came along; empty = none was asked for. */
  readonly licenceText: string
}

/** How. */
export type UnpackOptions = {
  readonly folder: string
  readonly maxBytes: number
  /** How messages name it. */
  readonly shown: string
  readonly licenceFile: string
}

const DATA_FORMATS: readonly FileFormat[] = ['text', 'mmdb', 'xdb', 'ipdb', 'snapshot']
/** Names of data files in an archive. */
const DATA_NAME = /\.(mmdb|xdb|ipdb|csv|geodata|txt|cidr)$/i
const BLOCK = 512
const MAX_ENTRIES = 1000
const MAX_LICENCE_BYTES = 262_144

/** Unpacks the file at `path`; other files of the folder are not touched. Throws GEODATA_DOWNLOAD_REFUSED, GEODATA_LICENCE_MISSING. */
export async function unpackDownload(path: string, options: UnpackOptions): Promise<UnpackedFile> {
  const inflated = `${path}.inflated`
  const extracted = `${path}.data`
  try {
    let file = path
    let { format } = await sniff(path)
    if (format === 'gzip') {
      await inflate(path, inflated, options)
      file = inflated
      format = (await sniff(inflated)).format
    }
    let licenceText = ''
    if (format === 'tar') {
      licenceText = await extract(file, extracted, options)
      file = extracted
      format = (await sniff(extracted)).format
    } else if (options.licenceFile !== '') throw noLicence(options)
    if (!DATA_FORMATS.includes(format)) {
      const { is, remedy } = describeFormat(format)
      throw new GeodataError('GEODATA_DOWNLOAD_REFUSED', `what "${options.shown}" gives ${is}, no geodata`, remedy)
    }
    const { sha256, sizeBytes } = await digest(file)
    const kept = join(options.folder, sha256)
    await rename(file, kept)
    return { path: kept, sha256, sizeBytes, licenceText }
  } finally {
    await Promise.all([inflated, extracted].map((name) => rm(name, { force: true })))
  }
}

async function inflate(from: string, to: string, options: UnpackOptions): Promise<void> {
  let count = 0
  const limit = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      count += chunk.length
      if (count > options.maxBytes) {
        const message = `"${options.shown}" inflates to more than ${Math.round(options.maxBytes / 2 ** 20)} MB`
        throw new GeodataError('GEODATA_DOWNLOAD_REFUSED', message, 'check the file, or raise geodata.refresh.maxMegabytes')
      }
      yield chunk
    }
  }
  try {
    await pipeline(createReadStream(from), createGunzip(), limit, createWriteStream(to, { mode: 0o600 }))
  } catch (error) {
    if (error instanceof GeodataError) throw error
    const { code = 'unknown' } = error as { code?: string }
    const message = `"${options.shown}" cannot be inflated (${code}): it was cut short or damaged`
    throw new GeodataError('GEODATA_DOWNLOAD_REFUSED', message, 'fetch it again', { cause: error })
  }
}

type Entry = { readonly name: string; readonly at: number; readonly sizeBytes: number }

/** Takes the data file out of a tar archive; gives the text of the licence that was asked for. */
async function extract(archive: string, to: string, options: UnpackOptions): Promise<string> {
  const handle = await open(archive)
  try {
    const entries = await listEntries(handle, options)
    const licence = entries.find(({ name }) => basename(name) === options.licenceFile)
    if (options.licenceFile !== '' && licence === undefined) throw noLicence(options)
    const [data] = entries
      .filter((entry) => entry !== licence && DATA_NAME.test(entry.name) && !/licen[cs]e|copyright|readme/i.test(basename(entry.name)))
      .sort((a, b) => b.sizeBytes - a.sizeBytes)
    if (data === undefined) throw damaged(options, 'has no data file in it')
    await pipeline(
      handle.createReadStream({ start: data.at, end: data.at + Math.max(1, data.sizeBytes) - 1, autoClose: false }),
      createWriteStream(to, { mode: 0o600 }),
    )
    return licence === undefined ? '' : await readText(handle, licence, options)
  } finally {
    await handle.close().catch(() => undefined)
  }
}

async function readText(handle: FileHandle, { at, sizeBytes }: Entry, options: UnpackOptions): Promise<string> {
  const bytes = Buffer.alloc(Math.min(sizeBytes, MAX_LICENCE_BYTES))
  await handle.read(bytes, 0, bytes.length, at)
  const text = bytes.toString('utf8').trim()
  if (text === '') throw noLicence(options)
  return text
}

/** Regular files of an archive. Each header has a checksum, so that a file that only looks like one ends here. */
async function listEntries(handle: FileHandle, options: UnpackOptions): Promise<readonly Entry[]> {
  const { size } = await handle.stat()
  const entries: Entry[] = []
  const header = Buffer.alloc(BLOCK)
  for (let at = 0; at + BLOCK <= size; ) {
    await handle.read(header, 0, BLOCK, at)
    if (header.every((byte) => byte === 0)) return entries
    const octal = (from: number, length: number): number =>
      Number.parseInt(header.toString('latin1', from, from + length).replace(/[^0-7]/g, '') || '0', 8)
    let sum = 0
    for (let position = 0; position < BLOCK; position++) sum += position >= 148 && position < 156 ? 32 : header[position]!
    const sizeBytes = octal(124, 12)
    if (sum !== octal(148, 8) || at + BLOCK + sizeBytes > size) throw damaged(options, 'is a damaged archive: it was cut short')
    const type = header[156]!
    const name = header.toString('utf8', 0, 100).replace(/\0.*$/s, '')
    if (type === 0 || type === 0x30) entries.push({ name, at: at + BLOCK, sizeBytes })
    if (entries.length > MAX_ENTRIES) throw damaged(options, `holds more than ${MAX_ENTRIES} files`)
    at += BLOCK + Math.ceil(sizeBytes / BLOCK) * BLOCK
  }
  throw damaged(options, 'is a damaged archive: it was cut short')
}

async function digest(path: string): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer)
    sizeBytes += (chunk as Buffer).length
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}

function damaged({ shown }: UnpackOptions, problem: string): GeodataError {
  return new GeodataError('GEODATA_DOWNLOAD_REFUSED', `"${shown}" ${problem}`, 'fetch it again, or correct the URL')
}

function noLicence({ shown, licenceFile }: UnpackOptions): GeodataError {
  const message = `"${shown}" came without its licence text "${licenceFile}"`
  return new GeodataError('GEODATA_LICENCE_MISSING', message, 'see what the licence is now, then correct licenceFile')
}
