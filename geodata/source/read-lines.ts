/** Reads the lines of a file one by one, hashing its bytes on the way. Shell. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { GeodataError } from '../address/geodata-error.ts'

/** Longest line that is read: a longer one is no list of networks but some other file. */
const MAX_LINE_LENGTH = 65536

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

/** Calls `take(line, lineNumber)` for each line without its end; empty lines too. */
export async function readLines(file: string, hash: SourceHash, take: (line: string, lineNumber: number) => void): Promise<void> {
  let lineNumber = 0
  let rest = ''
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
      hash.add(chunk as Uint8Array)
      const text = rest + decoder.decode(chunk as Uint8Array, { stream: true })
      let from = 0
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        take(text.slice(from, text[end - 1] === '\r' && end > from ? end - 1 : end), ++lineNumber)
        from = end + 1
      }
      rest = text.slice(from)
      if (rest.length > MAX_LINE_LENGTH) throw notText(file, lineNumber + 1)
    }
    rest += decoder.decode()
  } catch (error) {
    if (error instanceof TypeError) throw notText(file, lineNumber + 1)
    throw asSourceError(file, error)
  }
  if (rest !== '') take(rest, lineNumber + 1)
}

/** Reads a whole file, hashing it. */
export async function readBytes(file: string, hash: SourceHash): Promise<Buffer> {
  try {
    const bytes = await readFile(file)
    hash.add(bytes)
    return bytes
  } catch (error) {
    throw asSourceError(file, error)
  }
}

/** A failed read as the operator should see it; errors of ours pass through. */
function asSourceError(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error instanceof GeodataError) return error
  const reason = error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${String(error.code)})`
  return new GeodataError('GEODATA_FILE_MISSING', `source file "${file}" ${reason}`, 'check the path; it is relative to the recipe', {
    cause: error,
  })
}

function notText(file: string, lineNumber: number): GeodataError {
  return new GeodataError('GEODATA_SOURCE_INVALID', `"${file}" line ${lineNumber} is not UTF-8 text`, 'check the kind of the source')
}
