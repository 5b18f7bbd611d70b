/**
 * Reads a document from disk together with the files that it names (`file:` keys and $INCLUDE lines of master files). Shell.
 * Only files below the folder of the document are read, symbolic links resolved: a document must not be a way to read other files of the machine.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, resolve, sep } from 'node:path'
import { includesOf } from '../policy/config/fill-config.ts'
import { DOCUMENT_LIMIT_BYTES, readYaml } from '../policy/config/read-yaml.ts'
import { ProductError } from './product-error.ts'

/** A document and its attachments. */
export type ReadDocument = {
  /** Path as it was given, for messages. */
  readonly path: string
  readonly text: string
  /** Contents by the name that the document uses. */
  readonly files: ReadonlyMap<string, string>
}

/** Largest file that is read. */
const FILE_LIMIT_BYTES = 67_108_864

/** Reads it; `-` is standard input, which has no folder and so no files. Throws ProductError when the document itself cannot be read. */
export function readDocument(path: string): ReadDocument {
  if (path === '-') return { path: 'standard input', text: readFileSync(0, 'utf8'), files: new Map() }
  const text = readText(path, DOCUMENT_LIMIT_BYTES)
  const folder = realpathSync(dirname(resolve(path)))
  const files = new Map<string, string>()
  const waiting = fileNamesOf(readYaml(text, basename(path)).value)
  while (waiting.length > 0) {
    const name = waiting.pop()!
    if (files.has(name)) continue
    const content = readBelow(folder, name)
    // What cannot be read is left to parseConfig, which knows the line that names it.
    if (content === undefined) continue
    files.set(name, content)
    for (const include of includesOf(content)) waiting.push(include.file)
  }
  return { path, text, files }
}

/** Names of zone files and prefix lists in a document that may be wrong in any way; files it brings inline are not looked for. */
function fileNamesOf(document: unknown): string[] {
  const names: string[] = []
  const inline = memberOf(document, 'files')
  for (const section of ['zones', 'lines']) {
    const list = memberOf(document, section)
    if (!Array.isArray(list)) continue
    for (const element of list) {
      const file = memberOf(element, 'file')
      if (typeof file === 'string' && memberOf(inline, file) === undefined) names.push(file)
    }
  }
  return names
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
}

function readBelow(folder: string, name: string): string | undefined {
  try {
    const path = realpathSync(resolve(folder, name))
    if (!path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return undefined
    const { size } = statSync(path)
    return size > FILE_LIMIT_BYTES ? undefined : readFileSync(path, 'utf8')
  } catch {
    // Missing, a folder, or not readable: parseConfig reports CONFIG_FILE_MISSING at the line that names it.
    return undefined
  }
}

function readText(path: string, limitBytes: number): string {
  try {
    const { size } = statSync(path)
    if (size > limitBytes) {
      throw new ProductError('DOCUMENT_TOO_LARGE', `"${path}" has ${size} bytes, the limit is ${limitBytes}`, 'move long lists into files')
    }
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof ProductError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    const reason =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a folder'
          : code === 'EACCES'
            ? 'it may not be read'
            : message
    throw new ProductError(
      'DOCUMENT_UNREADABLE',
      `cannot read the document "${path}": ${reason}`,
      'name the file that holds the document',
      { cause: error },
    )
  }
}
