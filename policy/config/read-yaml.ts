/**
 * Text of a document (YAML 1.2 or JSON, which is a part of it) → plain values, and the way back from a path to line and column. Pure.
 * Hostile texts are bounded here: size, depth, alias expansion. Tags and merge keys are not part of the format.
 */
import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  type YAMLMap,
  YAMLParseError,
} from 'yaml'
import type { ConfigPath, IssueDraft, Where } from './config-issue.ts'

/** Most bytes of a document. */
export const DOCUMENT_LIMIT_BYTES = 8_388_608
/** Deepest nesting; the format itself needs seven levels. */
const DEPTH_LIMIT = 40

/** Most lexemes: a megabyte of "-" lines is as costly as ten of sensible text (about 500 bytes of heap each, measured 2026-11). */
const LEXEME_LIMIT = 1_500_000

/** A document as plain values. */
export type YamlResult = {
  /** Undefined when the text cannot be read at all. */
  readonly value: unknown
  readonly issues: readonly IssueDraft[]
  /** Line and column of the value at a path (or of its key); the nearest enclosing one when the path leads nowhere. */
  readonly locate: (path: ConfigPath, atKey?: boolean) => Where
}

/** Reads a document. Never throws. */
export function readYaml(text: string, file: string): YamlResult {
  const start = { file, line: 1, column: 1 }
  const unreadable = (issue: Omit<IssueDraft, 'path'>): YamlResult => ({
    value: undefined,
    issues: [{ ...issue, path: [] }],
    locate: () => start,
  })
  // UTF-16 length is at most the number of bytes, and good enough for a bound.
  if (text.length > DOCUMENT_LIMIT_BYTES) {
    return unreadable({ code: 'CONFIG_TOO_LARGE', params: { what: file, sizeBytes: text.length, limitBytes: DOCUMENT_LIMIT_BYTES } })
  }
  const lines = new LineCounter()
  let document: Document | undefined
  try {
    document = composeBounded(text.startsWith('\ufeff') ? text.slice(1) : text, lines)
  } catch (error) {
    return unreadable({ code: 'CONFIG_SYNTAX', params: { detail: (error as Error).message } })
  }
  if (document === undefined) return unreadable({ code: 'CONFIG_SYNTAX', params: { detail: 'it is empty' } })
  const at = (offset: number): Where => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const issues: IssueDraft[] = []
  for (const problem of [...document.errors, ...document.warnings]) {
    issues.push({ code: 'CONFIG_SYNTAX', path: [], params: { detail: firstLine(problem.message) }, where: at(problem.pos[0]) })
  }
  const index: PairIndex = new WeakMap()
  const locate = (path: ConfigPath, atKey = false): Where => at(offsetOf(document, path, atKey, index))
  if (document.errors.length > 0) return { value: undefined, issues, locate }
  collectDuplicates(document.contents as Node | null, [], issues, at, 0)
  if (issues.some((issue) => issue.code === 'CONFIG_SYNTAX')) return { value: undefined, issues, locate }
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), issues, locate }
  } catch {
    issues.push({ code: 'CONFIG_ALIASES', path: [], params: {} })
    return { value: undefined, issues, locate }
  }
}

/**
 * The first document of the text. The steps of parseDocument are taken one by one, because the parser keeps a stack of its own: 8 MB of "[" took
 * 4 GB of heap and the process with it (2026-11). Counting between lexer and parser stops such a text at its first line.
 */
function composeBounded(text: string, lines: LineCounter): Document | undefined {
  const parser = new Parser(lines.addNewLine)
  const composer = new Composer({ uniqueKeys: false, version: '1.2', schema: 'core', stringKeys: true })
  lines.addNewLine(0)
  let first: Document | undefined
  for (const document of composer.compose(tokensOf(text, parser), true, text.length)) {
    if (first === undefined) first = document as unknown as Document
    else {
      const message = 'there is a second document behind "---"'
      first.errors.push(new YAMLParseError([document.range[0], document.range[1]], 'MULTIPLE_DOCS', message))
      break
    }
  }
  return first
}

/** Control lexemes of yaml's lexer: what follows SCALAR is text; FLOW_END closes a collection that was never closed. */
const SCALAR = '\x1f'
const FLOW_END = '\x18'

function* tokensOf(text: string, parser: Parser): Generator<CST.Token, void> {
  let open = 0
  let indicators = 0
  let isText = false
  let count = 0
  for (const lexeme of new Lexer().lex(text)) {
    if (isText) isText = false
    else if (lexeme === SCALAR) isText = true
    else if (lexeme === '[' || lexeme === '{') open++
    else if (lexeme === ']' || lexeme === '}' || lexeme === FLOW_END) open = Math.max(0, open - 1)
    // "- - - x" nests without brackets, and so does "? ? x".
    else if (lexeme === '-' || lexeme === '?') indicators++
    else if (lexeme.endsWith('\n')) indicators = 0
    if (open + indicators > DEPTH_LIMIT) throw new Error(`it is nested more than ${DEPTH_LIMIT} levels deep`)
    if (++count > LEXEME_LIMIT) throw new Error(`it has more than ${LEXEME_LIMIT} parts; move long lists into files`)
    yield* parser.next(lexeme)
  }
  yield* parser.end()
}

function collectDuplicates(node: Node | null, path: ConfigPath, issues: IssueDraft[], at: (offset: number) => Where, depth: number): void {
  if (issues.length > 1000) return
  if (depth > DEPTH_LIMIT) {
    issues.push({
      code: 'CONFIG_SYNTAX',
      path: [],
      params: { detail: `it is nested more than ${DEPTH_LIMIT} levels deep` },
      where: at(node?.range?.[0] ?? 0),
    })
    return
  }
  if (isMap(node)) {
    const seen = new Set<string>()
    for (const pair of node.items) {
      const key = String(isScalar(pair.key) ? pair.key.value : pair.key)
      const keyPath = [...path, key]
      if (seen.has(key)) {
        const offset = (pair.key as Node | null)?.range?.[0] ?? node.range?.[0] ?? 0
        issues.push({ code: 'CONFIG_DUPLICATE_KEY', path: keyPath, params: { key }, where: at(offset) })
      }
      seen.add(key)
      collectDuplicates(pair.value as Node | null, keyPath, issues, at, depth + 1)
    }
  } else if (isSeq(node)) {
    for (const [position, item] of node.items.entries()) collectDuplicates(item as Node | null, [...path, position], issues, at, depth + 1)
  }
}

type PairIndex = WeakMap<YAMLMap, ReadonlyMap<string, Pair>>

/** Pairs of a mapping by key, the first of equal ones; made once a mapping, for documents with many issues. */
function pairsOf(map: YAMLMap, index: PairIndex): ReadonlyMap<string, Pair> {
  const known = index.get(map)
  if (known !== undefined) return known
  const pairs = new Map<string, Pair>()
  for (const pair of map.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key)
    if (!pairs.has(key)) pairs.set(key, pair)
  }
  index.set(map, pairs)
  return pairs
}

/** Offset of the value (or key) at a path. */
function offsetOf(document: Document, path: ConfigPath, atKey: boolean, index: PairIndex): number {
  let node = document.contents as Node | null
  let offset = node?.range?.[0] ?? 0
  for (const [position, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document) ?? null
    const wantsKey = atKey && position === path.length - 1
    if (isMap(node)) {
      const pair = pairsOf(node, index).get(String(step))
      if (pair === undefined) return offset
      const key = pair.key as Node | null
      const value = pair.value as Node | null
      offset = (wantsKey ? key?.range?.[0] : (value?.range?.[0] ?? key?.range?.[0])) ?? offset
      node = value
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined
      if (item === undefined) return offset
      offset = item.range?.[0] ?? offset
      node = item
    } else return offset
  }
  return offset
}

function firstLine(message: string): string {
  return message.split('\n')[0]!.replace(/:$/, '')
}
