/**
 * Text of a document (YAML 1.2 or JSON, which is a part of it) → plain values, and the way back from a path to line and column. Pure.
 * Hostile texts are bounded here: size, parts, depth, alias expansion. Tags and merge keys are not part of the format.
 *
 *   text ─ is JSON? ─► read-json-text ──────────────────┐
 *        ─ js-yaml: events ─► yaml-values ──────────────┼─► values + places (place-index)
 *        ─ refused by that? ─► yaml: read-loose-yaml ───┘
 *
 * All three give the same values for what they take (test/property/yaml-readers.test.ts). bench/document.bench.ts guards the speed.
 */
import { parseEvents, YAMLException } from 'js-yaml'
import type { ConfigPath, IssueDraft, Where } from './config-issue.ts'
import type { PlaceIndex } from './place-index.ts'
import { readJsonText } from './read-json-text.ts'
import { readLooseYaml } from './read-loose-yaml.ts'
import { buildYamlValues, type Mistake, syntaxMistake, tooDeep } from './yaml-values.ts'

/** Most bytes of a document. */
export const DOCUMENT_LIMIT_BYTES = 33_554_432
/** Deepest nesting; the format itself needs seven levels. */
const DEPTH_LIMIT = 40
/**
 * Most parts: keys, values and collections. A text of nothing but commas and colons is as costly as ten times as much sensible text: an
 * event of the parser takes some 100 bytes of heap, and there are at most two for each of them (2026-11).
 */
const PART_LIMIT = 4_000_000
/** Most parts that aliases stand for, all together ("billion laughs"). */
const ALIASED_PART_LIMIT = 1_000_000

/** A document as plain values. */
export type YamlResult = {
  /** Undefined when the text cannot be read at all. */
  readonly value: unknown
  readonly issues: readonly IssueDraft[]
  /** Line and column of the value at a path (or of its key); the nearest enclosing one when the path leads nowhere. */
  readonly locate: (path: ConfigPath, atKey?: boolean) => Where
}

/** What both ways of reading give. */
type Read = { readonly value: unknown; readonly mistakes: readonly Mistake[]; readonly places: PlaceIndex | undefined }

/** Reads a document. Never throws. */
export function readYaml(written: string, file: string): YamlResult {
  // UTF-16 length is at most the number of bytes, and good enough for a bound.
  if (written.length > DOCUMENT_LIMIT_BYTES) {
    const params = { what: file, sizeBytes: written.length, limitBytes: DOCUMENT_LIMIT_BYTES }
    return { value: undefined, issues: [{ code: 'CONFIG_TOO_LARGE', path: [], params }], locate: () => ({ file, line: 1, column: 1 }) }
  }
  const text = written.startsWith('\ufeff') ? written.slice(1) : written
  const { value, mistakes, places } = readAsJson(text) ?? readAsYaml(text)
  let lineStarts: Int32Array | undefined
  const at = (offset: number): Where => {
    lineStarts ??= findLineStarts(text)
    const line = countUpTo(lineStarts, offset)
    return { file, line, column: offset - lineStarts[line - 1]! + 1 }
  }
  const issues = mistakes.map(({ draft, offset }): IssueDraft => ({ ...draft, where: at(offset) }))
  return { value, issues, locate: (path, atKey = false) => at(places?.offsetOf(path, atKey) ?? 0) }
}

/** Undefined when it is no JSON: what is wrong with it is told by the other way, for which JSON is YAML. */
function readAsJson(text: string): Read | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined
  const read = readJsonText(text, { depthLimit: DEPTH_LIMIT, partLimit: PART_LIMIT })
  if (read === undefined) return undefined
  if ('excess' in read) return unreadable(read.excess === 'depth' ? tooDeep(DEPTH_LIMIT) : TOO_MANY_PARTS, read.offset)
  const mistakes: Mistake[] = []
  if (read.hasDuplicates) read.places.duplicates((draft, offset) => mistakes.push({ draft, offset }))
  return { value: read.value, places: read.places, mistakes }
}

function readAsYaml(text: string): Read {
  const excess = findExcess(text)
  if (excess >= 0) return unreadable(TOO_MANY_PARTS, excess)
  try {
    // The parser counts the value of a collection as one level more.
    const events = parseEvents(text, { maxDepth: DEPTH_LIMIT + 1 })
    return buildYamlValues(text, events, { depthLimit: DEPTH_LIMIT, aliasedPartLimit: ALIASED_PART_LIMIT })
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const offset = error.mark?.position ?? 0
    if (error.reason.startsWith('nesting exceeded')) return unreadable(tooDeep(DEPTH_LIMIT), offset)
    return readLooseYaml(text, DEPTH_LIMIT) ?? unreadable(error.reason, offset)
  }
}

const TOO_MANY_PARTS = `it has more than ${PART_LIMIT} parts; move long lists into files`

function unreadable(detail: string, offset: number): Read {
  return { value: undefined, places: undefined, mistakes: [syntaxMistake(detail, offset)] }
}

/** Characters one of which stands before every part but the first. */
const ANNOUNCES_PART = new Uint8Array(128)
for (const character of ',:[{-?') ANNOUNCES_PART[character.charCodeAt(0)] = 1
const DASH = 45
const COLON = 58

/** Where a text has too many parts, counted before they are made; -1 when it has not. Colons and dashes within words announce nothing. */
function findExcess(text: string): number {
  if (text.length <= PART_LIMIT) return -1
  let parts = 0
  for (let offset = 0; offset < text.length; offset++) {
    const code = text.charCodeAt(offset)
    if (code > 127 || ANNOUNCES_PART[code] === 0) continue
    const isInWord = (code === COLON || code === DASH) && isWord(text.charCodeAt(offset - 1)) && isWord(text.charCodeAt(offset + 1))
    if (!isInWord && ++parts > PART_LIMIT) return offset
  }
  return -1
}

/** Letters, digits, and the colons of IPv6 addresses. */
function isWord(code: number): boolean {
  return (code >= 48 && code <= 58) || (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
}

function findLineStarts(text: string): Int32Array {
  let count = 1
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  const starts = new Int32Array(count)
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts[line++] = at + 1
  return starts
}

/** How many of the ascending numbers are at most `limit`. */
function countUpTo(numbers: Int32Array, limit: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (numbers[middle]! <= limit) low = middle + 1
    else high = middle
  }
  return low
}
