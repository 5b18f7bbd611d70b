/** Reads a recipe of `geodata build`: {sources: [default, {kind, file, …}], fieldOrder, corrections}, parsed from YAML or JSON. Pure. */
import { GeodataError } from '../address/geodata-error.ts'
import { type Correction, LOCATION_FIELDS } from '../geodata.ts'
import type { FieldOrder, Recipe, SourceSpec } from './source-kind.ts'

const TEXT_KEYS = ['kind', 'file', 'name', 'version', 'date', 'licence', 'attribution', 'url', 'place', 'carrier', 'layout', 'language']
const LIST_KEYS = ['files', 'urls', 'columns']
const KEYS: readonly string[] = [...TEXT_KEYS, ...LIST_KEYS, 'fields', 'inferred', 'ignore']
const RECIPE_KEYS: readonly string[] = ['sources', 'fieldOrder', 'corrections']
const CORRECTION_TEXTS: readonly string[] = ['prefix', 'place', 'carrier', 'reason', 'author', 'date']

/** A recipe. Throws GEODATA_SOURCE_INVALID that names the entry and key. */
export function parseRecipe(recipe: unknown, name: string): Recipe {
  if (!isRecord(recipe) || !Array.isArray(recipe.sources) || recipe.sources.length === 0) {
    throw problem(`recipe "${name}" has no list "sources"`, 'write {"sources": ["default", {"kind": "csv", "file": "mine.csv"}]}')
  }
  refuseUnknownKeys(recipe, RECIPE_KEYS, `recipe "${name}"`)
  const { sources, fieldOrder, corrections } = recipe
  return {
    sources: sources.map((source: unknown, position) => parseSource(source, `recipe "${name}" source ${position + 1}`)),
    ...(fieldOrder === undefined ? {} : { fieldOrder: parseFieldOrder(fieldOrder, `recipe "${name}"`) }),
    ...(corrections === undefined ? {} : { corrections: parseCorrections(corrections, `recipe "${name}"`) }),
  }
}

function parseSource(source: unknown, where: string): 'default' | SourceSpec {
  if (source === 'default') return 'default'
  if (!isRecord(source)) throw problem(`${where} is neither "default" nor an object`, 'write {"kind": "csv", "file": "mine.csv"}')
  refuseUnknownKeys(source, KEYS, where)
  refuseNonTexts(source, TEXT_KEYS, where)
  for (const key of LIST_KEYS) {
    if (source[key] !== undefined && !isTextList(source[key])) {
      throw problem(`${where} has no list of texts in "${key}"`, `write "${key}": ["…", "…"]`)
    }
  }
  const { fields, inferred, ignore } = source
  if (fields !== undefined && !(isTextList(fields) && fields.length > 0 && fields.every(isField))) {
    throw problem(`${where} has a wrong list "fields"`, `name some of ${LOCATION_FIELDS.join(', ')}`)
  }
  if (inferred !== undefined && typeof inferred !== 'boolean')
    throw problem(`${where} has no true or false in "inferred"`, 'write true or false')
  if (ignore !== undefined && !(Array.isArray(ignore) && ignore.every(isIgnoreEntry))) {
    throw problem(`${where} has a wrong list "ignore"`, 'write "ignore": [{"country": "AU", "prefix": "2001:200::/23"}]')
  }
  if (typeof source.kind !== 'string') throw problem(`${where} has no "kind"`, 'name the format of its file')
  return source as SourceSpec
}

function parseFieldOrder(order: unknown, where: string): FieldOrder {
  if (!isRecord(order)) throw problem(`${where} has no object in "fieldOrder"`, 'write "fieldOrder": {"carrier": ["asn", "default"]}')
  for (const [field, names] of Object.entries(order)) {
    if (!isField(field)) throw problem(`${where} has the unknown field "${field}" in "fieldOrder"`, `fields: ${LOCATION_FIELDS.join(', ')}`)
    if (!isTextList(names)) throw problem(`${where} has no list of source names in "fieldOrder" ${field}`, 'write ["asn", "default"]')
    const twice = names.find((name, position) => names.indexOf(name) !== position)
    if (twice !== undefined) throw problem(`${where} has "${twice}" twice in "fieldOrder" ${field}`, 'name each source once')
  }
  return order as FieldOrder
}

function parseCorrections(list: unknown, where: string): Correction[] {
  const example = 'write [{"prefix": "192.0.2.0/24", "place": "cn-3302", "reason": "own edge site"}]'
  if (!Array.isArray(list)) throw problem(`${where} has no list in "corrections"`, example)
  return list.map((entry: unknown, position) => {
    const at = `${where} correction ${position + 1}`
    if (!isRecord(entry)) throw problem(`${at} is no object`, example)
    refuseUnknownKeys(entry, [...CORRECTION_TEXTS, 'asn'], at)
    refuseNonTexts(entry, CORRECTION_TEXTS, at)
    if (entry.asn !== undefined && typeof entry.asn !== 'number') throw problem(`${at} has no number in "asn"`, 'write it as 4134')
    for (const key of ['prefix', 'reason']) if (entry[key] === undefined) throw problem(`${at} has no "${key}"`, example)
    return entry as Correction
  })
}

function refuseUnknownKeys(value: Record<string, unknown>, known: readonly string[], where: string): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key))
  if (unknown !== undefined) throw problem(`${where} has the unknown key "${unknown}"`, `known keys: ${known.join(', ')}`)
}

function refuseNonTexts(value: Record<string, unknown>, keys: readonly string[], where: string): void {
  const wrong = keys.find((key) => value[key] !== undefined && typeof value[key] !== 'string')
  if (wrong !== undefined) throw problem(`${where} has no text in "${wrong}"`, 'write it in quotes')
}

function isField(name: string): boolean {
  return (LOCATION_FIELDS as readonly string[]).includes(name)
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
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
