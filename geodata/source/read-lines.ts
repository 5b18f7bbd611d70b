/**
 * Reads source files: line by line, or whole. Shell. Hashes the bytes of the file on the way, looks first whether it is what the kind
 * of the source says, and inflates gzip within limits: a file of a few kilobytes must not become gigabytes.
 */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip, gunzipSync } from 'node:zlib'
import { GeodataError } from '../address/geodata-error.ts'
import { describeFormat, type FileFormat, HEAD_BYTES, recognizeFormat, TAIL_BYTES } from './recognize-format.ts'

/** Longest line that is read: a longer one is no list of networks but some other file. */
const MAX_LINE_LENGTH = 65536
/** Most lines: the largest public list has half of them; each costs up to 40 bytes while a table is built. */
export const MAX_LINES = 10_000_000
/** Bytes that a compressed file may inflate to: at most this, and at most MAX_RATIO of its size. */
const MAX_INFLATED_BYTES = 2 ** 30
/** Lists of networks shrink to a tenth; zeros, to a thousandth. */
const MAX_RATIO = 100
/** Small files may shrink more. */
const FREE_BYTES = 1 << 20
/** Largest file that is read whole: four times the largest public database. */
const MAX_FILE_BYTES = 2 ** 30

/** Hash over several files; `text()` once all are read. */
export class SourceHash {
  readonly #hash: Hash = createHash('sha256')

  /** Adds bytes. */
  add(bytes: Uint8Array): void {
    this.#hash.update(bytes)
  }

  /** SHA-256 in hex. */
  text(): string {
    return this.#hash.digest('hex')
  }
}

/** Calls `take(line, lineNumber)` for each line without its end; empty lines too. The file may be compressed with gzip. */
export async function readLines(file: string, hash: SourceHash, take: (line: string, lineNumber: number) => void): Promise<void> {
  const { format, sizeBytes } = await sniff(file)
  if (format !== 'text' && format !== 'empty' && format !== 'gzip') throw wrongFormat(file, format, 'text')
  let lineNumber = 0
  let rest = ''
  let inflatedBytes = 0
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const chunk of openBytes(file, hash, format === 'gzip')) {
      inflatedBytes += chunk.length
      if (format === 'gzip') {
        if (inflatedBytes === chunk.length) refuseOtherThanText(file, chunk)
        if (inflatedBytes > inflationLimit(sizeBytes)) throw inflatesTooFar(`"${file}" line ${lineNumber + 1}`, sizeBytes)
      }
      const text = rest + decoder.decode(chunk, { stream: true })
      let from = 0
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        if (++lineNumber > MAX_LINES) throw tooManyLines(file)
        take(text.slice(from, text[end - 1] === '\r' && end > from ? end - 1 : end), lineNumber)
        from = end + 1
      }
      rest = text.slice(from)
      if (rest.length > MAX_LINE_LENGTH) {
        const message = `"${file}" line ${lineNumber + 1} is longer than ${MAX_LINE_LENGTH} characters`
        throw new GeodataError('GEODATA_SOURCE_INVALID', message, 'check the kind of the source: this is no list of networks')
      }
    }
    rest += decoder.decode()
  } catch (error) {
    if (error instanceof TypeError) {
      const message = `"${file}" line ${lineNumber + 1} is not UTF-8 text`
      throw new GeodataError('GEODATA_SOURCE_INVALID', message, 'check the kind of the source, or save the file as UTF-8')
    }
    throw asSourceError(file, error)
  }
  if (rest !== '') take(rest, lineNumber + 1)
}

/** Reads a whole file of a binary format, hashing it; gzip is inflated. */
export async function readBytes(file: string, hash: SourceHash, wanted: FileFormat): Promise<Buffer> {
  let handle: FileHandle | undefined
  try {
    handle = await open(file)
    const { size } = await handle.stat()
    if (size > MAX_FILE_BYTES) {
      throw new GeodataError('GEODATA_SOURCE_INVALID', `"${file}" is larger than ${MAX_FILE_BYTES} bytes`, 'check the file')
    }
    let bytes: Buffer = await handle.readFile()
    hash.add(bytes)
    if (formatOf(bytes) === 'gzip') bytes = inflate(file, bytes)
    const format = formatOf(bytes)
    if (format !== wanted) throw wrongFormat(file, format, wanted)
    return bytes
  } catch (error) {
    throw asSourceError(file, error)
  } finally {
    await handle?.close()
  }
}

/** What a file is, by its first and last bytes. Throws GEODATA_FILE_MISSING. */
export async function sniff(file: string): Promise<{ readonly format: FileFormat; readonly sizeBytes: number }> {
  let handle: FileHandle | undefined
  try {
    handle = await open(file)
    const { size } = await handle.stat()
    const read = async (from: number, length: number): Promise<Buffer> => {
      const bytes = Buffer.alloc(length)
      const { bytesRead } = await handle!.read(bytes, 0, length, from)
      return bytes.subarray(0, bytesRead)
    }
    const tailFrom = Math.max(0, size - TAIL_BYTES)
    const format = recognizeFormat(await read(0, Math.min(size, HEAD_BYTES)), await read(tailFrom, size - tailFrom))
    return { format, sizeBytes: size }
  } catch (error) {
    throw asSourceError(file, error)
  } finally {
    await handle?.close()
  }
}

/** The bytes of a text file, inflated where they are compressed; the hash is of the file as it lies there. */
function openBytes(file: string, hash: SourceHash, isGzip: boolean): AsyncIterable<Buffer> {
  const raw = createReadStream(file, { highWaterMark: 1 << 20 })
  raw.on('data', (chunk) => hash.add(chunk as Buffer))
  // The consumer sees an error of either on the last one of the pair.
  return isGzip ? pipeline(raw, createGunzip({ chunkSize: 1 << 18 }), () => undefined) : raw
}

function inflate(file: string, bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: inflationLimit(bytes.length) })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw inflatesTooFar(`"${file}"`, bytes.length)
    throw error
  }
}

function inflationLimit(sizeBytes: number): number {
  return Math.min(MAX_INFLATED_BYTES, FREE_BYTES + MAX_RATIO * sizeBytes)
}

function formatOf(bytes: Buffer): FileFormat {
  return recognizeFormat(bytes.subarray(0, HEAD_BYTES), bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES)))
}

function refuseOtherThanText(file: string, start: Buffer): void {
  const format = recognizeFormat(start.subarray(0, HEAD_BYTES), start.subarray(0, 0))
  if (format !== 'text') throw wrongFormat(file, format, 'text')
}

function wrongFormat(file: string, format: FileFormat, wanted: FileFormat): GeodataError {
  if (format === 'unknown' && wanted === 'mmdb') {
    const message = `"${file}" seems cut short: the metadata at the end of every MMDB database are missing (or it is of another format, not known here)`
    return new GeodataError('GEODATA_SOURCE_INVALID', message, 'fetch it again')
  }
  const { is, remedy } = describeFormat(format)
  const instead = wanted === 'text' ? 'not a list of networks' : `not ${describeFormat(wanted).is.replace(/^is /, '')}`
  return new GeodataError(
    'GEODATA_SOURCE_INVALID',
    `"${file}" ${is}, ${instead}`,
    format === 'text' || format !== wanted ? remedy : 'check the file',
  )
}

function inflatesTooFar(where: string, sizeBytes: number): GeodataError {
  const message = `${where}: the ${sizeBytes} compressed bytes inflate to more than ${inflationLimit(sizeBytes)}`
  return new GeodataError('GEODATA_SOURCE_INVALID', message, 'check the file; a genuine one can be given unpacked')
}

function tooManyLines(file: string): GeodataError {
  return new GeodataError(
    'GEODATA_SOURCE_INVALID',
    `"${file}" line ${MAX_LINES + 1} is one too many`,
    'take a list with fewer, wider networks',
  )
}

/** A failed read as the operator should see it; errors of ours pass through. */
function asSourceError(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error instanceof GeodataError) return error
  const code = String(error.code)
  if (code.startsWith('Z_') || code.startsWith('ERR_')) {
    const message = `"${file}" cannot be inflated (${code}): it was cut short or damaged`
    return new GeodataError('GEODATA_SOURCE_INVALID', message, 'fetch it again', { cause: error })
  }
  const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
  return new GeodataError('GEODATA_FILE_MISSING', `source file "${file}" ${reason}`, 'check the path; it is relative to the recipe', {
    cause: error,
  })
}
