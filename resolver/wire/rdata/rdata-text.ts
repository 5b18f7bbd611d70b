/**
 * Rdata: presentation form ↔ wire form, driven by the fields of rdata-registry.ts, with the generic form of RFC 3597 §5 for every
 * type. Wire form holds names uncompressed. Pure.
 */
import { findAddress, formatIpv4, formatIpv6, parseIpv4 } from '../../../geodata/address/address.ts'
import { formatName, NameError, nameLengthAt, parseName, readEscaped } from '../name.ts'
import { typeWord } from '../registry.ts'
import { findRdataType } from './rdata-registry.ts'
import type { RdataField } from './rdata-type.ts'
import { findSeconds } from './ttl-units.ts'

/** Rdata that cannot be read: the reason, as a lower-case fragment. */
export class RdataError extends Error {}

/** One word of a master file: its raw text (escapes kept) and whether it stood in quotes. */
export type RdataToken = { readonly text: string; readonly quoted: boolean }

/** Splits rdata given as one text (inline records of the document) into words; throws RdataError. */
export function splitRdata(text: string): RdataToken[] {
  const tokens: RdataToken[] = []
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|((?:[^\s"\\]|\\.)+))/gsy
  const trimmed = text.trimEnd()
  while (pattern.lastIndex < trimmed.length) {
    const at = pattern.lastIndex
    const match = pattern.exec(trimmed)
    if (match === null) throw new RdataError(`"${trimmed.slice(at).trim()}" is no word; a quote or an escape is not closed`)
    tokens.push(match[1] !== undefined ? { text: match[1], quoted: true } : { text: match[2]!, quoted: false })
  }
  return tokens
}

/** Words of a master file → wire form. Relative names are completed with `origin`. Throws RdataError. */
export function parseRdata(type: number, tokens: readonly RdataToken[], origin: Uint8Array): Uint8Array {
  const word = typeWord(type)
  if (tokens[0]?.text === '\\#' && !tokens[0].quoted) return parseGeneric(word, type, tokens.slice(1))
  const known = findRdataType(type)
  if (known === undefined) throw new RdataError(`type ${word} has no presentation form here; write it as \\# LENGTH HEX (RFC 3597)`)
  const bytes: number[] = []
  let next = 0
  for (const field of known.fields) {
    if (field.kind === 'texts') {
      if (next === tokens.length) throw new RdataError(`${word} needs at least one text`)
      for (; next < tokens.length; next++) pushText(bytes, tokens[next]!.text)
      continue
    }
    const token = tokens[next++]
    if (token === undefined) throw new RdataError(`${word} needs ${known.fields.length} fields, ${tokens.length} are given`)
    parseField(bytes, field, token.text, origin, word)
  }
  if (next < tokens.length) throw new RdataError(`${word} has more than its ${known.fields.length} fields: "${tokens[next]!.text}"`)
  if (bytes.length > 0xffff) throw new RdataError(`the rdata has ${bytes.length} octets, at most 65535 are allowed`)
  return Uint8Array.from(bytes)
}

function parseGeneric(word: string, type: number, tokens: readonly RdataToken[]): Uint8Array {
  const length = Number(tokens[0]?.text)
  const hex = tokens
    .slice(1)
    .map((token) => token.text)
    .join('')
  if (!Number.isInteger(length) || length < 0 || length > 0xffff) throw new RdataError('the length behind \\# is not 0–65535')
  if (!/^([0-9a-fA-F]{2})*$/.test(hex)) throw new RdataError('the octets behind \\# are not pairs of hexadecimal digits')
  if (hex.length !== 2 * length) throw new RdataError(`\\# says ${length} octets, ${hex.length / 2} are given`)
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  if (!isWellFormed(type, bytes)) throw new RdataError(`the octets are no ${word} rdata`)
  return bytes
}

function parseField(bytes: number[], field: RdataField, text: string, origin: Uint8Array, word: string): void {
  switch (field.kind) {
    case 'name':
      try {
        bytes.push(...parseName(text, origin))
      } catch (error) {
        if (error instanceof NameError) throw new RdataError(error.message, { cause: error })
        throw error
      }
      return
    case 'number': {
      const number = Number(text)
      if (!/^[0-9]+$/.test(text) || number >= 2 ** (8 * field.bytes))
        throw new RdataError(`"${text}" is not a number from 0 to ${2 ** (8 * field.bytes) - 1}`)
      for (let shift = 8 * (field.bytes - 1); shift >= 0; shift -= 8) bytes.push(Math.floor(number / 2 ** shift) & 255)
      return
    }
    case 'seconds': {
      const seconds = findSeconds(text)
      if (seconds === undefined) throw new RdataError(`"${text}" is not a time in seconds, e.g. 3600 or 1h`)
      bytes.push(seconds >>> 24, (seconds >>> 16) & 255, (seconds >>> 8) & 255, seconds & 255)
      return
    }
    case 'ipv4': {
      const number = parseIpv4(text)
      if (number === undefined) throw new RdataError(`"${text}" is not an IPv4 address`)
      bytes.push(number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255)
      return
    }
    case 'ipv6': {
      const address = text.includes(':') ? findAddress(text) : undefined
      if (address === undefined) throw new RdataError(`"${text}" is not an IPv6 address`)
      for (const value of address.words) bytes.push(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
      return
    }
    case 'tag':
      if (!/^[0-9a-zA-Z]{1,255}$/.test(text)) throw new RdataError(`"${text}" is not a ${word} tag of letters and digits`)
      bytes.push(text.length, ...Buffer.from(text, 'latin1'))
      return
    case 'rest-text':
      for (const octet of octetsOf(text)) bytes.push(octet)
      return
  }
}

function octetsOf(text: string): number[] {
  const octets: number[] = []
  try {
    for (let at = 0; at < text.length; ) {
      // Text beyond ASCII is stored as UTF-8 octets: what an operator who types it expects.
      const point = text.codePointAt(at)!
      if (point > 0x7f) {
        octets.push(...new TextEncoder().encode(String.fromCodePoint(point)))
        at += point > 0xffff ? 2 : 1
        continue
      }
      const { octet, length } = readEscaped(text, at)
      octets.push(octet)
      at += length
    }
  } catch (error) {
    if (error instanceof NameError) throw new RdataError(error.message, { cause: error })
    throw error
  }
  return octets
}

function pushText(bytes: number[], text: string): void {
  const octets = octetsOf(text)
  if (octets.length > 255)
    throw new RdataError(`a text has ${octets.length} octets, at most 255 are allowed; split it into several quoted texts`)
  bytes.push(octets.length, ...octets)
}

/** True when wire rdata has exactly the fields of its type (any octets for types without fields). */
export function isWellFormed(type: number, rdata: Uint8Array): boolean {
  const known = findRdataType(type)
  if (known === undefined) return true
  let at = 0
  for (const field of known.fields) {
    const length = fieldLength(field, rdata, at)
    if (length < 0 || at + length > rdata.length) return false
    at += length
  }
  return at === rdata.length
}

function fieldLength(field: RdataField, rdata: Uint8Array, at: number): number {
  switch (field.kind) {
    case 'name':
      return nameLengthAt(rdata, at, rdata.length)
    case 'number':
      return field.bytes
    case 'seconds':
    case 'ipv4':
      return 4
    case 'ipv6':
      return 16
    case 'tag':
      return at < rdata.length ? 1 + rdata[at]! : -1
    case 'texts': {
      let position = at
      while (position < rdata.length) position += 1 + rdata[position]!
      return position === rdata.length && position > at ? position - at : -1
    }
    case 'rest-text':
      return rdata.length - at
  }
}

/** Wire form → presentation form: the type's own, or the generic one when the octets do not fit the type. */
export function formatRdata(type: number, rdata: Uint8Array): string {
  const known = findRdataType(type)
  if (known === undefined || !isWellFormed(type, rdata)) {
    return `\\# ${rdata.length}${rdata.length > 0 ? ` ${Buffer.from(rdata).toString('hex')}` : ''}`
  }
  const words: string[] = []
  let at = 0
  for (const field of known.fields) {
    const length = fieldLength(field, rdata, at)
    words.push(formatField(field, rdata.subarray(at, at + length)))
    at += length
  }
  return words.join(' ')
}

function formatField(field: RdataField, bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  switch (field.kind) {
    case 'name':
      return formatName(bytes)
    case 'number':
      return String(field.bytes === 1 ? bytes[0]! : field.bytes === 2 ? view.getUint16(0) : view.getUint32(0))
    case 'seconds':
      return String(view.getUint32(0))
    case 'ipv4':
      return formatIpv4(view.getUint32(0))
    case 'ipv6':
      return formatIpv6([view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)])
    case 'tag':
      return Buffer.from(bytes.subarray(1)).toString('latin1')
    case 'rest-text':
      return quote(bytes)
    case 'texts': {
      const texts: string[] = []
      for (let at = 0; at < bytes.length; at += 1 + bytes[at]!) texts.push(quote(bytes.subarray(at + 1, at + 1 + bytes[at]!)))
      return texts.join(' ')
    }
  }
}

function quote(octets: Uint8Array): string {
  let text = '"'
  for (const octet of octets) {
    if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`
    else text += octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, '0')}`
  }
  return `${text}"`
}
