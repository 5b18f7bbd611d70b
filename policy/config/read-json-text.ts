/**
 * Text that is JSON → its value and the places in it. Pure.
 * JSON.parse is ten times as fast as any reader of YAML, but tells no places, lets the last of equal keys win and goes as deep as it likes:
 * one pass over the brackets and quotes of the text makes up for all of that.
 */
import { NODE, PlaceIndex } from './place-index.ts'

/** A text that is JSON. */
export type JsonText = { readonly value: unknown; readonly places: PlaceIndex; readonly hasDuplicates: boolean }

/** Where a text goes deeper, or has more parts, than is read. */
export type JsonExcess = { readonly excess: 'depth' | 'parts'; readonly offset: number }

/** Bounds of a text. */
export type JsonBounds = { readonly depthLimit: number; readonly partLimit: number }

const SPACE = 32
const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_LIST = 91
const BACKSLASH = 92
const CLOSE_LIST = 93
const OPEN_MAP = 123
const CLOSE_MAP = 125

/** Reads it; undefined when the text is not JSON. Never throws. */
export function readJsonText(text: string, bounds: JsonBounds): JsonText | JsonExcess | undefined {
  const scanned = scan(text, bounds)
  if (scanned === undefined || 'excess' in scanned) return scanned
  try {
    const value: unknown = JSON.parse(text)
    return { value, places: scanned.places, hasDuplicates: countKeys(value) !== scanned.keys }
  } catch {
    return undefined
  }
}

/** Places of everything between brackets, commas and colons, and how many keys there are; what it does not refuse need not be JSON. */
function scan(
  text: string,
  { depthLimit, partLimit }: JsonBounds,
): { readonly places: PlaceIndex; readonly keys: number } | JsonExcess | undefined {
  const places = new PlaceIndex(text, text.length >> 3)
  const open = new Int32Array(depthLimit)
  let depth = 0
  let keys = 0
  for (let offset = skipSpace(text, 0); offset < text.length; offset = skipSpace(text, offset)) {
    const code = text.charCodeAt(offset)
    if (places.count > partLimit) return { excess: 'parts', offset }
    if (code === QUOTE) {
      const end = endOfString(text, offset)
      if (end === 0) return undefined
      const behind = skipSpace(text, Math.abs(end) + 1)
      if (text.charCodeAt(behind) !== COLON) places.add(NODE.DECODED, offset, 0)
      else {
        keys++
        if (!addKey(places, text, offset, end)) return undefined
      }
      offset = behind
    } else if (code === OPEN_MAP || code === OPEN_LIST) {
      if (depth === depthLimit) return { excess: 'depth', offset }
      open[depth++] = places.add(code === OPEN_MAP ? NODE.MAP : NODE.LIST, offset++, 0)
    } else if (code === CLOSE_MAP || code === CLOSE_LIST) {
      if (depth === 0) return undefined
      places.close(open[--depth]!)
      offset++
    } else if (code === COMMA || code === COLON) offset++
    else {
      places.add(NODE.DECODED, offset, 0)
      offset = endOfWord(text, offset)
    }
  }
  return depth === 0 ? { places, keys } : undefined
}

/** Adds a key by the two quotes around it; false when an escape in it is wrong. */
function addKey(places: PlaceIndex, text: string, offset: number, end: number): boolean {
  if (end > 0) {
    places.add(NODE.RAW, offset, end - offset - 1)
    return true
  }
  places.add(NODE.DECODED, offset, 0)
  try {
    places.setDecoded(JSON.parse(text.slice(offset, 1 - end)) as string)
    return true
  } catch {
    return false
  }
}

/** Offset of the closing quote, negative when there are escapes before it; 0 when there is none. */
function endOfString(text: string, open: number): number {
  let hasEscapes = false
  for (let offset = open + 1; offset < text.length; offset++) {
    const code = text.charCodeAt(offset)
    if (code === QUOTE) return hasEscapes ? -offset : offset
    if (code !== BACKSLASH) continue
    hasEscapes = true
    offset++
  }
  return 0
}

/** Behind numbers and words: there is at least one character. */
function endOfWord(text: string, start: number): number {
  let offset = start + 1
  for (; offset < text.length; offset++) {
    const code = text.charCodeAt(offset)
    if (code <= SPACE || code === QUOTE || code === COMMA || code === COLON) break
    if (code === OPEN_MAP || code === OPEN_LIST || code === CLOSE_MAP || code === CLOSE_LIST) break
  }
  return offset
}

function skipSpace(text: string, start: number): number {
  let offset = start
  while (offset < text.length && text.charCodeAt(offset) <= SPACE) offset++
  return offset
}

/** Keys of all mappings of a value that is not deeper than the scan has allowed. */
function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const entry of value) count += countKeys(entry)
    return count
  }
  const entries = Object.values(value)
  for (const entry of entries) count += countKeys(entry)
  return count + entries.length
}
