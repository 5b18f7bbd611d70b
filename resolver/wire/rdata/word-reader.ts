/** Words of one record's rdata, taken one after another by its fields; and the octets of a text. Pure. */
import { NameError, readEscape, utf8Octets } from '../name.ts'
import type { Octets } from '../octets.ts'
import { RdataError } from './rdata-error.ts'

/** One word of a master file: its raw text (escapes kept) and whether it stood in quotes. */
export type RdataToken = {
  readonly text: string
  readonly quoted: boolean
  /** True when nothing stands between it and the word before (key="value" of SVCB is two words). */
  readonly glued?: boolean
}

/** The words of one record. Used again for the next record. */
export class WordReader {
  private tokens: readonly RdataToken[] = []
  private first = 0
  /** Number of the word that comes next, 0 = the first of the rdata. */
  next = 0
  /** Relative names are completed with it. */
  origin: Uint8Array = new Uint8Array(1)
  /** Word of the type, for messages. */
  type = ''
  private fieldCount = 0

  begin(tokens: readonly RdataToken[], first: number, origin: Uint8Array, type: string, fieldCount: number): void {
    this.tokens = tokens
    this.first = first
    this.next = 0
    this.origin = origin
    this.type = type
    this.fieldCount = fieldCount
  }

  get count(): number {
    return this.tokens.length - this.first
  }

  hasMore(): boolean {
    return this.next < this.count
  }

  /** The next word, which must be there. */
  take(): string {
    return this.takeToken().text
  }

  takeToken(): RdataToken {
    const token = this.peek()
    if (token === undefined) throw missing(`${this.type} needs ${this.fieldCount} fields, ${this.count} are given`)
    this.next++
    return token
  }

  peek(): RdataToken | undefined {
    return this.tokens[this.first + this.next]
  }

  /** All further words as one, as hexadecimal digits and base64 may be cut anywhere. */
  takeRest(): string {
    if (this.count - this.next === 1) return this.take()
    let text = ''
    while (this.hasMore()) text += this.take()
    return text
  }
}

/** Something is not there: no word can be named. */
export function missing(message: string): RdataError {
  const error = new RdataError(message)
  error.word = -1
  return error
}

/** Writes the octets of a text: escapes undone, text beyond ASCII as UTF-8 (what an operator who types it expects). */
export function pushOctets(out: Octets, text: string): void {
  try {
    for (let at = 0; at < text.length; ) {
      let point = text.charCodeAt(at)
      if (point !== 0x5c && point < 0x80) {
        out.push(point)
        at++
        continue
      }
      // A backslash before a character beyond ASCII means this character.
      if (point === 0x5c && text.charCodeAt(at + 1) > 0x7f) point = text.charCodeAt(++at)
      if (point > 0x7f) {
        const octets = utf8Octets(text, at)
        out.pushAll(octets)
        at += octets.length > 3 ? 2 : 1
      } else {
        const { octet, length } = readEscape(text, at)
        out.push(octet)
        at += length
      }
    }
  } catch (error) {
    if (error instanceof NameError) throw new RdataError(error.message, { cause: error })
    throw error
  }
}

/** A text in quotes. */
export function quoteOctets(octets: Uint8Array): string {
  let text = '"'
  for (const octet of octets) {
    if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`
    else text += octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, '0')}`
  }
  return `${text}"`
}

/** A number from 0 to `most`; undefined when the text is none. */
export function findNumber(text: string, most: number): number | undefined {
  if (text === '' || text.length > 15) return undefined
  let number = 0
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return undefined
    number = 10 * number + digit
  }
  return number <= most ? number : undefined
}

/** A number from 0 to `most`, which must be one. */
export function takeNumber(words: WordReader, most: number): number {
  const text = words.take()
  const number = findNumber(text, most)
  if (number === undefined) throw new RdataError(`"${text}" is not a number from 0 to ${most}`)
  return number
}
