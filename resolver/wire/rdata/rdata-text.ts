/**
 * Rdata: presentation form ↔ wire form, driven by the fields of rdata-registry.ts, with the generic form of RFC 3597 §5 for every
 * type. Wire form holds names uncompressed. Pure.
 */
import { Octets } from '../octets.ts'
import { typeWord } from '../registry.ts'
import { codecOf } from './field-registry.ts'
import { RdataError } from './rdata-error.ts'
import { findRdataType } from './rdata-registry.ts'
import { missing, type RdataToken, WordReader } from './word-reader.ts'

export { RdataError } from './rdata-error.ts'
export type { RdataToken } from './word-reader.ts'

const MAX_RDATA_BYTES = 0xffff

/** Splits rdata given as one text (inline records of the document) into words; throws RdataError. */
export function splitRdata(text: string): RdataToken[] {
  const tokens: RdataToken[] = []
  const pattern = /(\s*)(?:"((?:[^"\\]|\\.)*)"|((?:[^\s"\\]|\\.)+))/gsy
  const trimmed = text.trimEnd()
  while (pattern.lastIndex < trimmed.length) {
    const at = pattern.lastIndex
    const match = pattern.exec(trimmed)
    if (match === null) throw new RdataError(`"${trimmed.slice(at).trim()}" is no word; a quote or an escape is not closed`)
    const glued = at > 0 && match[1] === ''
    tokens.push(match[2] !== undefined ? { text: match[2], quoted: true, glued } : { text: match[3]!, quoted: false, glued })
  }
  return tokens
}

const READER = new WordReader()
const RDATA = new Octets(1024)

/** Words of a master file → wire form. Relative names are completed with `origin`. Throws RdataError. */
export function parseRdata(type: number, tokens: readonly RdataToken[], origin: Uint8Array): Uint8Array {
  RDATA.length = 0
  writeRdata(type, tokens, 0, origin, RDATA)
  return RDATA.take()
}

/**
 * The same, written to the end of `out`; the rdata begins with word `first`. Throws RdataError that knows the word at fault, and has
 * written nothing then.
 */
export function writeRdata(type: number, tokens: readonly RdataToken[], first: number, origin: Uint8Array, out: Octets): void {
  const start = out.length
  try {
    writeFields(type, tokens, first, origin, out)
    const length = out.length - start
    if (length > MAX_RDATA_BYTES) throw missing(`the rdata has ${length} octets, at most ${MAX_RDATA_BYTES} are allowed`)
  } catch (error) {
    out.length = start
    // Fields that fail after their word say so with -1; all others fail at the word they took last.
    if (error instanceof RdataError) error.word = error.word === -1 || READER.next === 0 ? undefined : READER.next - 1
    throw error
  }
}

function writeFields(type: number, tokens: readonly RdataToken[], first: number, origin: Uint8Array, out: Octets): void {
  const known = findRdataType(type)
  const start = out.length
  const token = tokens[first]
  READER.begin(tokens, first, origin, '', known?.fields.length ?? 0)
  if (token?.text === '\\#' && !token.quoted) {
    writeGeneric(type, tokens, first + 1, out)
    return
  }
  if (known === undefined) throw missing(`type ${typeWord(type)} has no presentation form here; write it as \\# LENGTH HEX (RFC 3597)`)
  READER.type = known.word
  for (const field of known.fields) codecOf(field).parse(field, READER, out)
  if (READER.hasMore()) {
    const more = READER.take()
    throw new RdataError(`${known.word} has more than its ${known.fields.length} fields: "${more}"`)
  }
  const fault = known.check?.(out.bytes.subarray(start, out.length))
  if (fault !== undefined) throw missing(fault)
}

/** RFC 3597 §5: the length, then hexadecimal digits in any number of words. */
function writeGeneric(type: number, tokens: readonly RdataToken[], first: number, out: Octets): void {
  const lengthText = tokens[first]?.text ?? ''
  const length = /^[0-9]{1,5}$/.test(lengthText) ? Number(lengthText) : -1
  let hex = ''
  for (let i = first + 1; i < tokens.length; i++) hex += tokens[i]!.text
  if (length < 0 || length > MAX_RDATA_BYTES) throw missing('the length behind \\# is not 0–65535')
  if (!/^([0-9a-fA-F]{2})*$/.test(hex)) throw missing('the octets behind \\# are not pairs of hexadecimal digits')
  if (hex.length !== 2 * length) throw missing(`\\# says ${length} octets, ${hex.length / 2} are given`)
  const octets = Buffer.from(hex, 'hex')
  if (!isWellFormed(type, octets)) throw missing(`the octets are no ${typeWord(type)} rdata`)
  out.pushAll(octets)
}

/** True when wire rdata has exactly the fields of its type (any octets for types without fields). */
export function isWellFormed(type: number, rdata: Uint8Array): boolean {
  const known = findRdataType(type)
  if (known === undefined) return true
  let at = 0
  for (const field of known.fields) {
    const length = codecOf(field).lengthAt(field, rdata, at, rdata.length)
    if (length < 0 || at + length > rdata.length) return false
    at += length
  }
  return at === rdata.length && known.check?.(rdata) === undefined
}

/** Wire form → presentation form: the type's own, or the generic one when the octets do not fit the type. */
export function formatRdata(type: number, rdata: Uint8Array): string {
  const known = findRdataType(type)
  if (known === undefined || !isWellFormed(type, rdata)) return formatGenericRdata(rdata)
  const words: string[] = []
  let at = 0
  for (const field of known.fields) {
    const codec = codecOf(field)
    const length = codec.lengthAt(field, rdata, at, rdata.length)
    const text = codec.format(field, rdata.subarray(at, at + length))
    if (text !== '') words.push(text)
    at += length
  }
  return words.join(' ')
}

/** The generic form of RFC 3597 §5, which every type has. */
export function formatGenericRdata(rdata: Uint8Array): string {
  return `\\# ${rdata.length}${rdata.length > 0 ? ` ${Buffer.from(rdata.buffer, rdata.byteOffset, rdata.length).toString('hex')}` : ''}`
}
