/**
 * The slow and patient way to read YAML, for texts that the fast one refuses: it takes a closing bracket that stands below its key, as many
 * editors put it, and tells all mistakes of syntax at once instead of the first. Pure.
 * It is ten times as slow and takes a hundred times as much memory as the text (2026-11), hence the bounds.
 */
import { Composer, type CST, type Document, isAlias, isMap, isScalar, isSeq, Lexer, type Node, Parser } from 'yaml'
import { NODE, PlaceIndex } from './place-index.ts'
import { type Mistake, syntaxMistake, tooDeep } from './yaml-values.ts'

/** Longest text, in characters. */
const TEXT_LIMIT = 8_388_608
/** Most lexemes: about 500 bytes of heap each (2026-11). */
const LEXEME_LIMIT = 1_500_000
/** Most copies that aliases stand for. */
const ALIAS_LIMIT = 100
/** More mistakes than this help nobody. */
const MISTAKE_LIMIT = 1000

/** A document read this way. */
export type LooseYaml = { readonly value: unknown; readonly places: PlaceIndex; readonly mistakes: readonly Mistake[] }

/** Reads it; undefined when the text is too large to be read this way. Never throws. */
export function readLooseYaml(text: string, depthLimit: number): LooseYaml | undefined {
  if (text.length > TEXT_LIMIT) return undefined
  const documents: Document[] = []
  const parser = new Parser()
  const composer = new Composer({ uniqueKeys: false, version: '1.2', schema: 'core', stringKeys: true })
  try {
    for (const document of composer.compose(boundedTokens(text, parser, depthLimit), true, text.length)) {
      documents.push(document as unknown as Document)
      if (documents.length === 2) break
    }
  } catch (error) {
    if (!(error instanceof Excess)) throw error
    return error.isDepth ? broken([syntaxMistake(tooDeep(depthLimit), error.offset)]) : undefined
  }
  const [document, second] = documents
  const mistakes: Mistake[] = [...document!.errors, ...document!.warnings]
    .slice(0, MISTAKE_LIMIT)
    .map((problem) => syntaxMistake(problem.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$|:$/, ''), problem.pos[0]))
  if (second !== undefined) mistakes.push(syntaxMistake('there is a second document behind "---"', second.range?.[0] ?? 0))
  return mistakes.length > 0 ? broken(mistakes) : valuesOf(document!, text)
}

function broken(mistakes: readonly Mistake[]): LooseYaml {
  return { value: undefined, places: new PlaceIndex('', 0), mistakes }
}

function valuesOf(document: Document, text: string): LooseYaml {
  const places = new PlaceIndex(text, text.length >> 3)
  addNode(places, document, document.contents as Node | null, new Map())
  const mistakes: Mistake[] = []
  places.duplicates((draft, offset) => mistakes.push({ draft, offset }))
  try {
    return { value: document.toJS({ maxAliasCount: ALIAS_LIMIT }), places, mistakes }
  } catch {
    return broken([...mistakes, { draft: { code: 'CONFIG_ALIASES', path: [], params: {} }, offset: 0 }])
  }
}

/** Adds a node and all below it; the depth is bounded. */
function addNode(places: PlaceIndex, document: Document, node: Node | null, numbers: Map<Node, number>): void {
  const offset = node?.range?.[0] ?? 0
  const target = isAlias(node) ? node.resolve(document) : undefined
  const isCollection = isMap(node) || isSeq(node)
  const kind = isCollection ? (isMap(node) ? NODE.MAP : NODE.LIST) : target === undefined ? NODE.DECODED : NODE.ALIAS
  const number = places.add(kind, offset, target === undefined ? 0 : (numbers.get(target) ?? 0))
  if (node !== null) numbers.set(node, number)
  if (isScalar(node)) places.setDecoded(String(node.value))
  if (!isCollection) return
  for (const item of node.items) {
    if (isMap(node)) {
      const { key, value } = item as { key: Node | null; value: Node | null }
      addNode(places, document, key, numbers)
      addNode(places, document, value ?? key, numbers)
    } else addNode(places, document, item as Node, numbers)
  }
  places.close(number)
}

/** What stops the reading of a text that is too deep or too large. */
class Excess extends Error {
  readonly isDepth: boolean
  readonly offset: number

  constructor(isDepth: boolean, offset: number) {
    super(isDepth ? 'too deep' : 'too many parts')
    this.isDepth = isDepth
    this.offset = offset
  }
}

/** Control lexemes of yaml's lexer: what follows SCALAR is text; FLOW_END closes a collection that was never closed. */
const SCALAR = '\x1f'
const FLOW_END = '\x18'

/**
 * Lexemes → tokens, counted in between: the parser keeps a stack of its own, and 8 MB of "[" took 4 GB of heap and the process with it
 * (2026-11). So such a text ends at its first line.
 */
function* boundedTokens(text: string, parser: Parser, depthLimit: number): Generator<CST.Token, void> {
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
    if (open + indicators > depthLimit) throw new Excess(true, parser.offset)
    if (++count > LEXEME_LIMIT) throw new Excess(false, parser.offset)
    yield* parser.next(lexeme)
  }
  yield* parser.end()
}
