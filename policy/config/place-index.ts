/**
 * Where the values of a document stand in its text: three small numbers a node instead of a tree of objects. Pure.
 *
 *   {a: [1, 2], b: x}    node   0 MAP   1 "a"   2 LIST   3 "1"   4 "2"   5 "b"   6 "x"
 *                        next   7       2       5        4       5       6       7
 *
 * Nodes stand in the order of the text; a key stands right before its value, the parts of a collection right behind it. A document of
 * 100,000 lines has 1.2 million nodes: 11 MB here, some hundred as objects (2026-11).
 */
import type { ConfigPath, IssueDraft } from './config-issue.ts'

/** What a node is. */
export const NODE = {
  /** Mapping: its keys and values follow. */
  MAP: 0,
  /** List: its entries follow. */
  LIST: 1,
  /** Text that stands in the document as it is, perhaps in quotes. */
  RAW: 2,
  /** Text written in another way than it reads. */
  DECODED: 3,
  /** Alias of an earlier node. */
  ALIAS: 4,
} as const

/** One of NODE. */
type NodeKind = (typeof NODE)[keyof typeof NODE]

/** More mistakes of one sort than this help nobody. */
const DUPLICATE_LIMIT = 1000

const SINGLE_QUOTE = 39
const DOUBLE_QUOTE = 34

/** Places of all nodes. It is filled once, in the order of the text, and asked afterwards. */
export class PlaceIndex {
  readonly #text: string
  #kinds: Uint8Array
  /** Offset in the text. */
  #starts: Int32Array
  /** MAP, LIST: node behind the last of its parts. RAW: length without quotes. ALIAS: node it stands for. */
  #details: Int32Array
  #count = 0
  /** Content of DECODED nodes that are keys. */
  readonly #decoded = new Map<number, string>()
  readonly #entries = new Map<number, Int32Array>()
  readonly #pairs = new Map<number, ReadonlyMap<string, number>>()

  constructor(text: string, expectedNodes: number) {
    this.#text = text
    this.#kinds = new Uint8Array(expectedNodes)
    this.#starts = new Int32Array(expectedNodes)
    this.#details = new Int32Array(expectedNodes)
  }

  /** Nodes so far. */
  get count(): number {
    return this.#count
  }

  /** Adds a node and tells its number; a collection is to be closed. */
  add(kind: NodeKind, start: number, detail: number): number {
    if (this.#count === this.#kinds.length) this.#grow()
    const node = this.#count++
    this.#kinds[node] = kind
    this.#starts[node] = start
    this.#details[node] = detail
    return node
  }

  /** All parts of a collection have been added. */
  close(node: number): void {
    this.#details[node] = this.#count
  }

  /** What the node last added reads as, when it is a key. */
  setDecoded(content: string): void {
    this.#decoded.set(this.#count - 1, content)
  }

  /** Offset of the value at a path, or of its key; of the nearest enclosing one when the path leads nowhere. */
  offsetOf(path: ConfigPath, atKey: boolean): number {
    let node = 0
    let offset = this.#count === 0 ? 0 : this.#starts[0]!
    for (const [position, step] of path.entries()) {
      if (this.#count === 0) break
      if (this.#kinds[node] === NODE.ALIAS) node = this.#details[node]!
      const isMap = this.#kinds[node] === NODE.MAP
      if (!isMap && this.#kinds[node] !== NODE.LIST) break
      const found = isMap ? this.#pairsOf(node).get(String(step)) : this.#entriesOf(node)[Number(step)]
      if (found === undefined) break
      node = isMap ? this.#next(found) : found
      offset = this.#starts[isMap && atKey && position === path.length - 1 ? found : node]!
    }
    return offset
  }

  /** Keys that stand twice in a mapping, with the offset of the later one. */
  duplicates(report: (draft: Omit<IssueDraft, 'where'>, offset: number) => void): void {
    let left = DUPLICATE_LIMIT
    const visit = (node: number, path: ConfigPath): void => {
      if (this.#kinds[node] === NODE.LIST) for (const [at, entry] of this.#entriesOf(node).entries()) visit(entry, [...path, at])
      if (this.#kinds[node] !== NODE.MAP) return
      const seen = new Set<string>()
      for (let key = node + 1; key < this.#details[node]! && left > 0; key = this.#next(this.#next(key))) {
        const name = this.#keyOf(key)
        const keyPath = [...path, name]
        if (seen.has(name) && left-- > 0) report({ code: 'CONFIG_DUPLICATE_KEY', path: keyPath, params: { key: name } }, this.#starts[key]!)
        seen.add(name)
        visit(this.#next(key), keyPath)
      }
    }
    if (this.#count > 0) visit(0, [])
  }

  #next(node: number): number {
    return this.#kinds[node]! <= NODE.LIST ? this.#details[node]! : node + 1
  }

  #keyOf(node: number): string {
    const decoded = this.#decoded.get(node)
    if (decoded !== undefined) return decoded
    const start = this.#starts[node]!
    const first = this.#text.charCodeAt(start)
    const from = first === SINGLE_QUOTE || first === DOUBLE_QUOTE ? start + 1 : start
    return this.#text.slice(from, from + this.#details[node]!)
  }

  /** Entries of a list; made once a list, for documents with many issues. */
  #entriesOf(list: number): Int32Array {
    const known = this.#entries.get(list)
    if (known !== undefined) return known
    const entries: number[] = []
    for (let node = list + 1; node < this.#details[list]!; node = this.#next(node)) entries.push(node)
    const made = Int32Array.from(entries)
    this.#entries.set(list, made)
    return made
  }

  /** Nodes of the keys of a mapping, the first of equal ones. */
  #pairsOf(map: number): ReadonlyMap<string, number> {
    const known = this.#pairs.get(map)
    if (known !== undefined) return known
    const pairs = new Map<string, number>()
    for (let key = map + 1; key < this.#details[map]!; key = this.#next(this.#next(key))) {
      const name = this.#keyOf(key)
      if (!pairs.has(name)) pairs.set(name, key)
    }
    this.#pairs.set(map, pairs)
    return pairs
  }

  #grow(): void {
    const size = Math.max(64, this.#kinds.length * 2)
    const [kinds, starts, details] = [new Uint8Array(size), new Int32Array(size), new Int32Array(size)]
    kinds.set(this.#kinds)
    starts.set(this.#starts)
    details.set(this.#details)
    this.#kinds = kinds
    this.#starts = starts
    this.#details = details
  }
}
