/**
 * Reads a document from disk together with the files that it names (`file:` keys and $INCLUDE lines of master files). Shell.
 * Only files below the folder of the document are read, symbolic links resolved: a document must not be a way to read other files of the machine.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, resolve, sep } from 'node:path'
import { includesOf } from '../policy/config/includes-of.ts'
import { DOCUMENT_LIMIT_BYTES, readYaml } from '../policy/config/read-yaml.ts'
import { decodeMasterFile } from '../resolver/zone/master-file-text.ts'
import { ProductError } from './product-error.ts'

/** A document and its attachments. */
export type ReadDocument = {
  /** Path as it was given, for messages. */
  readonly path: string
  readonly text: string
  /** Contents by the name that the document uses. */
  readonly files: ReadonlyMap<string, string>
  /** Why a file that the document names was not read, by its name. */
  readonly missing: ReadonlyMap<string, string>
}

/** Largest file that is read. */
const FILE_LIMIT_BYTES = 67_108_864

/** Reads it; `-` is standard input, which has no folder and so no files. Throws ProductError when the document itself cannot be read. */
export function readDocument(path: string): ReadDocument {
  if (path === '-') return { path: 'standard input', text: readFileSync(0, 'utf8'), files: new Map(), missing: new Map() }
  const text = readText(path, DOCUMENT_LIMIT_BYTES)
  const folder = realpathSync(dirname(resolve(path)))
  const files = new Map<string, string>()
  const missing = new Map<string, string>()
  // A document that names no file is read once, by control. The word can only be written with a backslash otherwise.
  const document = /file|\\/.test(text) ? readYaml(text, basename(path)).value : undefined
  const zoneFiles = new Set(fileNamesOf(document, ['zones']))
  const lists = new Set(fileNamesOf(document, ['lines']).filter((name) => !zoneFiles.has(name)))
  const waiting = fileNamesOf(document, ['zones', 'lines'])
  while (waiting.length > 0) {
    const name = waiting.pop()!
    if (files.has(name)) continue
    const content = readBelow(folder, name, lists.has(name))
    // What cannot be read is left to parseConfig, which knows the line that names it.
    if ('reason' in content) {
      missing.set(name, content.reason)
      continue
    }
    files.set(name, content.text)
    for (const include of includesOf(content.text)) waiting.push(include.file)
  }
  return { path, text, files, missing }
}

/** Says of each issue about a file that did not come what is wrong with it on this machine. */
export function explainMissingFiles<T extends { code: string; message: string; suggestion: string }>(
  issues: readonly T[],
  { path, missing }: ReadDocument,
): readonly T[] {
  if (missing.size === 0) return issues
  return issues.map((issue) => {
    const found = issue.code === 'CONFIG_FILE_MISSING' ? [...missing].find(([name]) => issue.message.includes(`"${name}"`)) : undefined
    if (found === undefined) return issue
    const [name, reason] = found
    const suggestion = `put it below the folder of "${path}", or write its content under files:`
    return { ...issue, message: `file "${name}" cannot be read: ${reason}`, suggestion }
  })
}

/** Names of zone files and prefix lists in a document that may be wrong in any way; files it brings inline are not looked for. */
function fileNamesOf(document: unknown, sections: readonly string[]): string[] {
  const names: string[] = []
  const inline = memberOf(document, 'files')
  for (const section of sections) {
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

/** Zone files are octets, lists of networks are UTF-8: what is not is left as the decoder has it, for the reader of lists to tell. */
function readBelow(folder: string, name: string, isList: boolean): { readonly text: string } | { readonly reason: string } {
  const path = resolve(folder, name)
  try {
    const real = realpathSync(path)
    if (!real.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return { reason: 'it is a link out of the folder of the document' }
    const octets = readRegular(real, FILE_LIMIT_BYTES)
    return { text: isList ? octets.toString('utf8') : decodeMasterFile(octets) }
  } catch (error) {
    return { reason: reasonOf(error, path) }
  }
}

/** What keeps a file from being read, as a sentence's end. */
function reasonOf(error: unknown, path: string): string {
  if (error instanceof ProductError) return error.message
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return `there is no file "${path}"`
  if (code === 'EISDIR') return 'it is a folder'
  return code === 'EACCES' ? 'it may not be read' : message
}

/** Octets of a regular file: a pipe or a device would keep us waiting, or never end. */
function readRegular(path: string, limitBytes: number): Buffer {
  const status = statSync(path)
  if (status.isDirectory()) throw new ProductError('DOCUMENT_UNREADABLE', 'it is a folder', 'name a file')
  if (!status.isFile()) throw new ProductError('DOCUMENT_UNREADABLE', 'it is no regular file', 'name a file, or "-" for standard input')
  if (status.size > limitBytes) {
    throw new ProductError(
      'DOCUMENT_TOO_LARGE',
      `"${path}" has ${status.size} bytes, the limit is ${limitBytes}`,
      'move long lists into files',
    )
  }
  return readFileSync(path)
}

function readText(path: string, limitBytes: number): string {
  try {
    return readRegular(path, limitBytes).toString('utf8')
  } catch (error) {
    if (error instanceof ProductError && error.code === 'DOCUMENT_TOO_LARGE') throw error
    throw new ProductError(
      'DOCUMENT_UNREADABLE',
      `cannot read the document "${path}": ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : reasonOf(error, path)}`,
      error instanceof ProductError ? error.suggestion : 'name the file that holds the document',
      { cause: error },
    )
  }
}
