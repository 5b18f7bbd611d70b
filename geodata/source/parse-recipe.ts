/** Reads a recipe of `geodata build`: {sources: [default, {kind, file, …}]}, already parsed from YAML or JSON. Pure. */
import { GeodataError } from '../address/geodata-error.ts'
import type { SourceSpec } from './source-kind.ts'

const TEXT_KEYS: readonly string[] = ['kind', 'file', 'name', 'version', 'date', 'licence', 'attribution', 'url', 'place', 'carrier']
const KEYS: readonly string[] = [...TEXT_KEYS, 'files', 'inferred', 'ignore']

/** The sources of a recipe. Throws GEODATA_SOURCE_INVALID that names the entry and key. */
export function parseRecipe(recipe: unknown, name: string): ('default' | SourceSpec)[] {
  const sources = isRecord(recipe) ? recipe.sources : undefined
  if (!Array.isArray(sources) || sources.length === 0) {
    throw problem(`recipe "${name}" has no list "sources"`, 'write {"sources": ["default", {"kind": "csv", "file": "mine.csv"}]}')
  }
  return sources.map((source: unknown, position) => parseSource(source, `recipe "${name}" source ${position + 1}`))
}

function parseSource(source: unknown, where: string): 'default' | SourceSpec {
  if (source === 'default') return 'default'
  if (!isRecord(source)) throw problem(`${where} is neither "default" nor an object`, 'write {"kind": "csv", "file": "mine.csv"}')
  for (const [key, value] of Object.entries(source)) {
    if (!KEYS.includes(key)) throw problem(`${where} has the unknown key "${key}"`, `known keys: ${KEYS.join(', ')}`)
    if (TEXT_KEYS.includes(key) && typeof value !== 'string') throw problem(`${where} has no text in "${key}"`, 'write it in quotes')
  }
  const { files, inferred, ignore } = source
  if (files !== undefined && !(Array.isArray(files) && files.every((file) => typeof file === 'string'))) {
    throw problem(`${where} has no list of texts in "files"`, 'write "files": ["a.csv", "b.csv"]')
  }
  if (inferred !== undefined && typeof inferred !== 'boolean')
    throw problem(`${where} has no true or false in "inferred"`, 'write true or false')
  if (ignore !== undefined && !(Array.isArray(ignore) && ignore.every(isIgnoreEntry))) {
    throw problem(`${where} has a wrong list "ignore"`, 'write "ignore": [{"country": "AU", "prefix": "2001:200::/23"}]')
  }
  if (typeof source.kind !== 'string') throw problem(`${where} has no "kind"`, 'name the format of its file')
  return source as SourceSpec
}

function isIgnoreEntry(entry: unknown): boolean {
  return isRecord(entry) && typeof entry.country === 'string' && typeof entry.prefix === 'string'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function problem(message: string, suggestion: string): GeodataError {
  return new GeodataError('GEODATA_SOURCE_INVALID', message, suggestion)
}
