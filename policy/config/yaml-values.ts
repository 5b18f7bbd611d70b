/**
 * Events of js-yaml's parser → plain values and their places, in one pass. Pure.
 *
 *   MAPPING  SCALAR(key)  SCALAR(value)  …  POP      each collection is a frame of a stack until its POP comes
 *
 * The package can make values itself; here they are made because all duplicate keys are told at once, keys are always texts, tags other than
 * those of the core schema are refused, and what aliases expand to is bounded.
 */
import {
  type AliasEvent,
  COLLECTION_STYLE,
  EVENT_ID,
  type Event,
  getScalarValue,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
} from 'js-yaml'
import type { ConfigPath, IssueDraft } from './config-issue.ts'
import { NODE, PlaceIndex } from './place-index.ts'
import { readPlainScalar } from './read-plain-scalar.ts'

/** What a document holds. */
export type YamlValues = {
  /** Undefined when an error stands in the way. */
  readonly value: unknown
  readonly places: PlaceIndex
  readonly mistakes: readonly Mistake[]
}

/** A mistake and its offset in the text. */
export type Mistake = { readonly draft: Omit<IssueDraft, 'where'>; readonly offset: number }

/** Bounds of a document. */
export type ValueBounds = {
  /** Deepest nesting, aliases expanded. */
  readonly depthLimit: number
  /** Most parts that all aliases together stand for. */
  readonly aliasedPartLimit: number
}

type Values = Record<string, unknown>

/** A collection whose end has not come. */
type Frame = {
  readonly list: unknown[] | undefined
  readonly map: Values | undefined
  readonly node: number
  readonly anchor: Anchor | undefined
  /** Parts of the document before it, aliases expanded. */
  readonly partsBefore: number
  key: string | undefined
  /** Levels below it. */
  height: number
}

/** What an alias may name. */
type Anchor = { value: unknown; node: number; parts: number; height: number; isOpen: boolean }

/** Absent, in places of events. */
const NOWHERE = -1
/** More than this many duplicate keys help nobody. */
const MISTAKE_LIMIT = 1000
const CORE_TAG = 'tag:yaml.org,2002:'
const KEY_IS_TEXT = 'a key must be a text'
/** The head of a block scalar at the end of what stands before its lines. */
const BLOCK_HEAD = /[|>][-+0-9]*(?:[ \t]+#[^\n]*)?[ \t]*\r?\n?$/
const SPACE_AND_COMMENTS = /["'\]}]*(?:[ \t\r\n]+(?:#[^\n]*)?)*/y
/** What values of a tag are. */
const SCALAR_TAGS: ReadonlyMap<string, (value: unknown) => boolean> = new Map<string, (value: unknown) => boolean>([
  [`${CORE_TAG}null`, (value) => value === null],
  [`${CORE_TAG}bool`, (value) => typeof value === 'boolean'],
  [`${CORE_TAG}int`, (value) => Number.isInteger(value)],
  [`${CORE_TAG}float`, (value) => typeof value === 'number'],
])

/** Makes the values of the first document; more than one is a mistake. */
export function buildYamlValues(text: string, events: readonly Event[], bounds: ValueBounds): YamlValues {
  const builder = new Builder(text, events.length, bounds)
  for (let position = 0; position < events.length; position++) {
    const event = events[position]!
    if (event.type === EVENT_ID.DOCUMENT && position > 0) {
      if (!isEmptyDocument(events, position)) builder.refuseSecondDocument(events[position + 1])
      break
    }
    builder.take(event)
  }
  return builder.finish()
}

class Builder {
  readonly #text: string
  readonly #places: PlaceIndex
  readonly #bounds: ValueBounds
  readonly #mistakes: Mistake[] = []
  readonly #frames: Frame[] = []
  readonly #anchors = new Map<string, Anchor>()
  /** Prefixes of tags by their handles. */
  #handles: ReadonlyMap<string, string> = new Map()
  #root: unknown = null
  #isBroken = false
  /** Parts so far, aliases expanded. */
  #parts = 0
  #aliasedParts = 0
  /** Behind the last text that was read: where an empty value stands. */
  #end = 0

  constructor(text: string, eventCount: number, bounds: ValueBounds) {
    this.#text = text
    this.#places = new PlaceIndex(text, eventCount)
    this.#bounds = bounds
  }

  take(event: Event): void {
    switch (event.type) {
      case EVENT_ID.SCALAR:
        this.#takeScalar(event)
        break
      case EVENT_ID.MAPPING:
      case EVENT_ID.SEQUENCE:
        this.#open(event)
        break
      case EVENT_ID.POP:
        this.#close()
        break
      case EVENT_ID.ALIAS:
        this.#takeAlias(event)
        break
      case EVENT_ID.DOCUMENT: {
        const own = event.directives.flatMap((one) => (one.kind === 'tag' ? [[one.handle, one.prefix] as const] : []))
        this.#handles = new Map([['!', '!'], ['!!', CORE_TAG], ...own])
      }
    }
  }

  refuseSecondDocument(content: Event | undefined): void {
    const start = content === undefined ? NOWHERE : startOf(content)
    const marker = this.#text.lastIndexOf('---', start < 0 ? this.#text.length : start)
    this.#syntax('there is a second document behind "---"', marker >= this.#end ? marker : Math.max(start, this.#end))
  }

  finish(): YamlValues {
    return { value: this.#isBroken ? undefined : this.#root, places: this.#places, mistakes: this.#mistakes }
  }

  #takeScalar(event: ScalarEvent): void {
    const content = getScalarValue(this.#text, event)
    const isKey = this.#isKeyNext()
    const offset = this.#offsetOf(event, isKey)
    const node = this.#places.add(event.fast ? NODE.RAW : NODE.DECODED, offset, content.length)
    if (isKey && !event.fast) this.#places.setDecoded(content)
    this.#end = event.valueStart < 0 ? offset : event.valueEnd + (isQuoted(event) ? 1 : 0)
    this.#parts++
    const value = isKey ? content : this.#valueOf(event, content)
    if (isKey && event.tagStart >= 0 && this.#tagOf(event) !== `${CORE_TAG}str`) this.#syntax(KEY_IS_TEXT, offset)
    if (event.anchorStart >= 0) this.#setAnchor(event, { value, node, parts: 1, height: 0, isOpen: false })
    this.#add(value, offset)
  }

  /** Offset of a scalar, quotes and the head of a block ("|") included. */
  #offsetOf(event: ScalarEvent, isKey: boolean): number {
    if (event.valueStart < 0) return emptyAt(this.#text, Math.max(this.#end, event.anchorEnd, event.tagEnd), isKey ? '?' : ':-')
    if (isQuoted(event)) return event.valueStart - 1
    if (event.style === SCALAR_STYLE.PLAIN) return event.valueStart
    const from = Math.max(this.#end, event.anchorEnd, event.tagEnd)
    return from + Math.max(0, this.#text.slice(from, event.valueStart).search(BLOCK_HEAD))
  }

  #valueOf(event: ScalarEvent, content: string): unknown {
    if (event.tagStart < 0) return event.style === SCALAR_STYLE.PLAIN ? readPlainScalar(content) : content
    const tag = this.#tagOf(event)
    if (tag === `${CORE_TAG}str` || tag === '!') return content
    const isRight = SCALAR_TAGS.get(tag)
    if (isRight === undefined) this.#refuseTag(event)
    else {
      const value = readPlainScalar(content)
      if (isRight(value)) return value
      this.#syntax(`"${content.slice(0, 40)}" is not what its tag says`, event.tagStart)
    }
    return content
  }

  #open(event: MappingEvent | SequenceEvent): void {
    const isMap = event.type === EVENT_ID.MAPPING
    if (event.tagStart >= 0) {
      const tag = this.#tagOf(event)
      if (tag !== `${CORE_TAG}${isMap ? 'map' : 'seq'}` && tag !== '!') this.#refuseTag(event)
    }
    if (this.#isKeyNext()) this.#syntax(KEY_IS_TEXT, event.start)
    const node = this.#places.add(isMap ? NODE.MAP : NODE.LIST, event.start, 0)
    this.#end = event.style === COLLECTION_STYLE.FLOW ? event.start + 1 : event.start
    const partsBefore = this.#parts++
    const value = isMap ? {} : []
    const anchor = event.anchorStart < 0 ? undefined : this.#setAnchor(event, { value, node, parts: 0, height: 0, isOpen: true })
    const list = isMap ? undefined : (value as unknown[])
    this.#frames.push({ list, map: isMap ? (value as Values) : undefined, node, anchor, partsBefore, key: undefined, height: 0 })
  }

  #close(): void {
    const frame = this.#frames.pop()
    // The end of the document closes nothing.
    if (frame === undefined) return
    this.#places.close(frame.node)
    const height = frame.height + 1
    if (frame.anchor !== undefined) {
      frame.anchor.parts = this.#parts - frame.partsBefore
      frame.anchor.height = height
      frame.anchor.isOpen = false
    }
    this.#raise(height)
    this.#add(frame.map ?? frame.list, 0)
  }

  #takeAlias({ anchorStart, anchorEnd }: AliasEvent): void {
    const offset = anchorStart - 1
    const name = this.#text.slice(anchorStart, anchorEnd)
    const anchor = this.#anchors.get(name)
    this.#places.add(anchor === undefined ? NODE.DECODED : NODE.ALIAS, offset, anchor?.node ?? 0)
    this.#end = anchorEnd
    if (this.#isKeyNext()) this.#syntax(KEY_IS_TEXT, offset)
    if (anchor === undefined) this.#syntax(`there is no "&${name.slice(0, 40)}" before this alias`, offset)
    else this.#expand(anchor, offset)
    this.#add(anchor?.value, offset)
  }

  /** Counts what an alias stands for. An alias of what it stands in would go on without end. */
  #expand(anchor: Anchor, offset: number): void {
    this.#parts += anchor.parts
    this.#aliasedParts += anchor.parts
    if (anchor.isOpen || this.#aliasedParts > this.#bounds.aliasedPartLimit)
      this.#fail({ code: 'CONFIG_ALIASES', path: [], params: {} }, offset)
    else if (this.#frames.length + anchor.height > this.#bounds.depthLimit) this.#syntax(tooDeep(this.#bounds.depthLimit), offset)
    this.#raise(anchor.height)
  }

  #raise(height: number): void {
    const parent = this.#frames.at(-1)
    if (parent !== undefined && parent.height < height) parent.height = height
  }

  #isKeyNext(): boolean {
    const frame = this.#frames.at(-1)
    return frame?.map !== undefined && frame.key === undefined
  }

  #add(value: unknown, offset: number): void {
    const frame = this.#frames.at(-1)
    if (frame === undefined) this.#root = value
    else if (frame.list !== undefined) frame.list.push(value)
    else if (frame.key !== undefined) {
      setValue(frame.map!, frame.key, value)
      frame.key = undefined
    } else {
      // What is no text has been refused: its place is kept, so that keys and values stay apart.
      frame.key = typeof value === 'string' ? value : `(key ${this.#places.count})`
      if (Object.hasOwn(frame.map!, frame.key)) this.#refuseDuplicate(frame.key, offset)
    }
  }

  #refuseDuplicate(key: string, offset: number): void {
    const path: ConfigPath = this.#frames.map((frame) => frame.key ?? frame.list?.length ?? 0)
    this.#note({ code: 'CONFIG_DUPLICATE_KEY', path, params: { key } }, offset)
  }

  #setAnchor({ anchorStart, anchorEnd }: ScalarEvent | MappingEvent | SequenceEvent, anchor: Anchor): Anchor {
    this.#anchors.set(this.#text.slice(anchorStart, anchorEnd), anchor)
    return anchor
  }

  /** The whole tag: its handle ("!", "!!", "!x!") replaced by what that stands for. */
  #tagOf({ tagStart, tagEnd }: ScalarEvent | MappingEvent | SequenceEvent): string {
    const raw = this.#text.slice(tagStart, tagEnd)
    if (raw.startsWith('!<')) return raw.slice(2, -1)
    const handle = raw.slice(0, raw.indexOf('!', 1) + 1) || '!'
    return (this.#handles.get(handle) ?? handle) + raw.slice(handle.length)
  }

  #refuseTag({ tagStart, tagEnd }: ScalarEvent | MappingEvent | SequenceEvent): void {
    this.#syntax(`the tag "${this.#text.slice(tagStart, tagEnd).slice(0, 60)}" is not part of the format`, tagStart)
  }

  #syntax(detail: string, offset: number): void {
    this.#fail(syntaxMistake(detail, offset).draft, offset)
  }

  /** Notes a mistake without which there is no value. */
  #fail(draft: Mistake['draft'], offset: number): void {
    this.#isBroken = true
    // One is enough: what aliases expand to only grows.
    if (draft.code !== 'CONFIG_ALIASES' || !this.#mistakes.some((mistake) => mistake.draft.code === draft.code)) this.#note(draft, offset)
  }

  #note(draft: Mistake['draft'], offset: number): void {
    if (this.#mistakes.length < MISTAKE_LIMIT) this.#mistakes.push({ draft, offset })
  }
}

/** A mistake of syntax. */
export function syntaxMistake(detail: string, offset: number): Mistake {
  return { draft: { code: 'CONFIG_SYNTAX', path: [], params: { detail } }, offset }
}

/** The words for what is too deep. */
export function tooDeep(depthLimit: number): string {
  return `it is nested more than ${depthLimit} levels deep`
}

/** A last "---" with nothing behind it: some tools end their files so. */
function isEmptyDocument(events: readonly Event[], position: number): boolean {
  const content = events[position + 1]
  const isLast = position + 3 === events.length
  return isLast && content?.type === EVENT_ID.SCALAR && content.valueStart < 0 && content.anchorStart < 0 && content.tagStart < 0
}

function isQuoted({ style }: ScalarEvent): boolean {
  return style === SCALAR_STYLE.DOUBLE_QUOTED || style === SCALAR_STYLE.SINGLE_QUOTED
}

function startOf(event: Event): number {
  if ('valueStart' in event) return event.valueStart
  return 'start' in event ? event.start : NOWHERE
}

/** Where something stands that is not written: behind the colon or dash that announces it. */
function emptyAt(text: string, from: number, indicators: string): number {
  SPACE_AND_COMMENTS.lastIndex = from
  SPACE_AND_COMMENTS.test(text)
  const offset = SPACE_AND_COMMENTS.lastIndex
  if (offset === text.length) return Math.min(from, offset)
  return indicators.includes(text[offset]!) ? offset + 1 : indicators === '?' ? offset : from
}

/** A key may be `__proto__`. */
function setValue(map: Values, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true })
  else map[key] = value
}
