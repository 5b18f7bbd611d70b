/** Fields that most types are made of: names, numbers, addresses, texts. Pure. */
import { findAddress, formatIpv4, formatIpv6, parseIpv4 } from '../../../geodata/address/address.ts'
import { formatName, NameError, nameLengthAt, scanName } from '../name.ts'
import type { Octets } from '../octets.ts'
import { findType, typeWord } from '../registry.ts'
import type { FieldCodec, FieldOf } from './field-codec.ts'
import { RdataError } from './rdata-error.ts'
import { findSeconds } from './ttl-units.ts'
import { findNumber, missing, pushOctets, quoteOctets, takeNumber, type WordReader } from './word-reader.ts'

const NAME = new Uint8Array(256)

/** Number of `bytes` octets at the start of `octets`. */
export function numberOf(octets: Uint8Array, bytes: number, at: number = 0): number {
  let number = 0
  for (let i = 0; i < bytes; i++) number = number * 256 + octets[at + i]!
  return number
}

/** Writes a number of 1, 2 or 4 octets. */
export function pushNumber(out: Octets, number: number, bytes: number): void {
  if (bytes === 4) out.push32(number)
  else if (bytes === 2) out.push16(number)
  else out.push(number)
}

/** Writes the name of the next word. */
export function pushName(words: WordReader, out: Octets): void {
  const text = words.take()
  let length: number
  try {
    length = scanName(text, words.origin, NAME)
  } catch (error) {
    if (error instanceof NameError) throw new RdataError(error.message, { cause: error })
    throw error
  }
  out.reserve(length)
  for (let i = 0; i < length; i++) out.push(NAME[i]!)
}

/** Writes an IPv4 address. */
export function pushIpv4(text: string, out: Octets): void {
  const number = parseIpv4(text)
  if (number === undefined) throw new RdataError(`"${text}" is not an IPv4 address`)
  out.push32(number)
}

/** Writes an IPv6 address. */
export function pushIpv6(text: string, out: Octets): void {
  const address = text.includes(':') ? findAddress(text) : undefined
  if (address === undefined) throw new RdataError(`"${text}" is not an IPv6 address`)
  for (const value of address.words) out.push32(value)
}

/** Text of 16 octets. */
export function ipv6Text(octets: Uint8Array): string {
  return formatIpv6([numberOf(octets, 4), numberOf(octets, 4, 4), numberOf(octets, 4, 8), numberOf(octets, 4, 12)])
}

const fixed = (bytes: number) => (): number => bytes

/** A domain name. */
export const NAME_FIELD: FieldCodec<FieldOf<'name'>> = {
  parse: (_, words, out) => pushName(words, out),
  lengthAt: (_, rdata, at, end) => nameLengthAt(rdata, at, end),
  format: (_, octets) => formatName(octets),
}

/** Names up to the end. */
export const NAMES_FIELD: FieldCodec<FieldOf<'names'>> = {
  parse: (_, words, out) => {
    while (words.hasMore()) pushName(words, out)
  },
  lengthAt: (_, rdata, at, end) => {
    let position = at
    while (position < end) {
      const length = nameLengthAt(rdata, position, end)
      if (length < 0) return -1
      position += length
    }
    return position - at
  },
  format: (_, octets) => {
    const names: string[] = []
    for (let at = 0; at < octets.length; at += nameLengthAt(octets, at, octets.length)) names.push(formatName(octets, at))
    return names.join(' ')
  },
}

/** A number. */
export const NUMBER_FIELD: FieldCodec<FieldOf<'number'>> = {
  parse: ({ bytes }, words, out) => pushNumber(out, takeNumber(words, 2 ** (8 * bytes) - 1), bytes),
  lengthAt: ({ bytes }) => bytes,
  format: ({ bytes }, octets) => String(numberOf(octets, bytes)),
}

/** A number of 64 bits. */
export const NUMBER64_FIELD: FieldCodec<FieldOf<'number64'>> = {
  parse: (_, words, out) => {
    const text = words.take()
    const number = /^[0-9]{1,20}$/.test(text) ? BigInt(text) : -1n
    if (number < 0n || number >= 1n << 64n) throw new RdataError(`"${text}" is not a number from 0 to 18446744073709551615`)
    for (let shift = 56n; shift >= 0n; shift -= 8n) out.push(Number((number >> shift) & 255n))
  },
  lengthAt: fixed(8),
  format: (_, octets) => ((BigInt(numberOf(octets, 4)) << 32n) | BigInt(numberOf(octets, 4, 4))).toString(),
}

/** A number with words. */
export const MNEMONIC_FIELD: FieldCodec<FieldOf<'mnemonic'>> = {
  parse: (field, words, out) => {
    const text = words.take()
    const most = 2 ** (8 * field.bytes) - 1
    const upper = text.toUpperCase()
    const number = findNumber(text, most) ?? (Object.hasOwn(field.words, upper) ? field.words[upper] : undefined)
    if (number === undefined)
      throw new RdataError(`"${text}" is neither a number from 0 to ${most} nor one of ${Object.keys(field.words).join(', ')}`)
    pushNumber(out, number, field.bytes)
  },
  lengthAt: ({ bytes }) => bytes,
  format: (field, octets) => {
    const number = numberOf(octets, field.bytes)
    const word = field.print === true ? Object.keys(field.words).find((key) => field.words[key] === number) : undefined
    return word ?? String(number)
  },
}

/** A time in seconds. */
export const SECONDS_FIELD: FieldCodec<FieldOf<'seconds'>> = {
  parse: (_, words, out) => {
    const text = words.take()
    const seconds = findSeconds(text)
    if (seconds === undefined) throw new RdataError(`"${text}" is not a time in seconds, e.g. 3600 or 1h`)
    out.push32(seconds)
  },
  lengthAt: fixed(4),
  format: (_, octets) => String(numberOf(octets, 4)),
}

/** A point in time. */
export const TIME_FIELD: FieldCodec<FieldOf<'time'>> = {
  parse: (_, words, out) => {
    const text = words.take()
    out.push32(findTime(text) ?? fail(`"${text}" is not a time, e.g. 20301231235959`))
  },
  lengthAt: fixed(4),
  format: (_, octets) => new Date(1000 * numberOf(octets, 4)).toISOString().replace(/\.000Z|[^0-9]/g, ''),
}

function fail(message: string): never {
  throw new RdataError(message)
}

function findTime(text: string): number | undefined {
  if (/^[0-9]{1,10}$/.test(text)) return findNumber(text, 0xffffffff)
  const parts = /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})$/.exec(text)
  if (parts === null) return undefined
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [number, number, number, number, number, number]
  const ms = Date.UTC(year, month - 1, day, hour, minute, second)
  // A day that is none (the 31st of June) would be taken for another.
  const isSame = new Date(ms).toISOString().replace(/\.000Z|[^0-9]/g, '') === text
  // RFC 4034 §3.1.5: times are compared by serial number arithmetic, so that later ones wrap.
  return isSame && year >= 1970 && year < 2106 + 136 ? (ms / 1000) % 2 ** 32 : undefined
}

/** An IPv4 address. */
export const IPV4_FIELD: FieldCodec<FieldOf<'ipv4'>> = {
  parse: (_, words, out) => pushIpv4(words.take(), out),
  lengthAt: fixed(4),
  format: (_, octets) => formatIpv4(numberOf(octets, 4)),
}

/** An IPv6 address. */
export const IPV6_FIELD: FieldCodec<FieldOf<'ipv6'>> = {
  parse: (_, words, out) => pushIpv6(words.take(), out),
  lengthAt: fixed(16),
  format: (_, octets) => ipv6Text(octets),
}

/** Four groups of hexadecimal digits. */
export const HEXTETS_FIELD: FieldCodec<FieldOf<'hextets'>> = {
  parse: (_, words, out) => {
    const text = words.take()
    if (!/^[0-9a-f]{1,4}(:[0-9a-f]{1,4}){3}$/i.test(text)) throw new RdataError(`"${text}" is not four groups as in 2001:db8:0:1`)
    for (const group of text.split(':')) out.push16(Number.parseInt(group, 16))
  },
  lengthAt: fixed(8),
  format: (_, octets) => [0, 2, 4, 6].map((at) => numberOf(octets, 2, at).toString(16).padStart(4, '0')).join(':'),
}

/** Octets with hyphens. */
export const EUI_FIELD: FieldCodec<FieldOf<'eui'>> = {
  parse: ({ bytes }, words, out) => {
    const text = words.take()
    const pairs = text.split('-')
    if (pairs.length !== bytes || !pairs.every((pair) => /^[0-9a-f]{2}$/i.test(pair)))
      throw new RdataError(`"${text}" is not ${bytes} pairs of hexadecimal digits with hyphens between them`)
    for (const pair of pairs) out.push(Number.parseInt(pair, 16))
  },
  lengthAt: ({ bytes }) => bytes,
  format: (_, octets) => Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('-'),
}

/** Writes one character-string. */
function pushText(out: Octets, text: string): void {
  const at = out.length
  out.push(0)
  pushOctets(out, text)
  const length = out.length - at - 1
  if (length > 255) throw new RdataError(`a text has ${length} octets, at most 255 are allowed; split it into several quoted texts`)
  out.bytes[at] = length
}

function textLength(rdata: Uint8Array, at: number, end: number): number {
  return at < end && at + 1 + rdata[at]! <= end ? 1 + rdata[at]! : -1
}

/** One text. */
export const TEXT_FIELD: FieldCodec<FieldOf<'text'>> = {
  parse: (_, words, out) => pushText(out, words.take()),
  lengthAt: (_, rdata, at, end) => textLength(rdata, at, end),
  format: (_, octets) => quoteOctets(octets.subarray(1)),
}

/** One text, or none. */
export const OPTIONAL_TEXT_FIELD: FieldCodec<FieldOf<'optional-text'>> = {
  parse: (_, words, out) => {
    if (words.hasMore()) pushText(out, words.take())
  },
  lengthAt: (_, rdata, at, end) => (at === end ? 0 : textLength(rdata, at, end)),
  format: (_, octets) => (octets.length === 0 ? '' : quoteOctets(octets.subarray(1))),
}

/** Texts. */
export const TEXTS_FIELD: FieldCodec<FieldOf<'texts'>> = {
  parse: (_, words, out) => {
    if (!words.hasMore()) throw missing(`${words.type} needs at least one text`)
    while (words.hasMore()) pushText(out, words.take())
  },
  lengthAt: (_, rdata, at, end) => {
    let position = at
    while (position < end) position += 1 + rdata[position]!
    return position === end && position > at ? position - at : -1
  },
  format: (_, octets) => {
    const texts: string[] = []
    for (let at = 0; at < octets.length; at += 1 + octets[at]!) texts.push(quoteOctets(octets.subarray(at + 1, at + 1 + octets[at]!)))
    return texts.join(' ')
  },
}

/** A tag. */
export const TAG_FIELD: FieldCodec<FieldOf<'tag'>> = {
  parse: (_, words, out) => {
    const text = words.take()
    if (!/^[0-9a-zA-Z]{1,255}$/.test(text)) throw new RdataError(`"${text}" is not a ${words.type} tag of letters and digits`)
    pushText(out, text)
  },
  lengthAt: (_, rdata, at, end) => {
    const length = textLength(rdata, at, end)
    if (length < 2) return -1
    for (let i = at + 1; i < at + length; i++) if (!isTagOctet(rdata[i]!)) return -1
    return length
  },
  format: (_, octets) => Buffer.from(octets.subarray(1)).toString('latin1'),
}

function isTagOctet(octet: number): boolean {
  const lower = octet | 0x20
  return (octet >= 0x30 && octet <= 0x39) || (lower >= 0x61 && lower <= 0x7a)
}

/** A text up to the end. */
export const REST_TEXT_FIELD: FieldCodec<FieldOf<'rest-text'>> = {
  parse: (_, words, out) => pushOctets(out, words.take()),
  lengthAt: (_, __, at, end) => end - at,
  format: (_, octets) => quoteOctets(octets),
}

/** A type. */
export const TYPE_FIELD: FieldCodec<FieldOf<'type'>> = {
  parse: (_, words, out) => out.push16(takeType(words)),
  lengthAt: fixed(2),
  format: (_, octets) => typeWord(numberOf(octets, 2)),
}

function takeType(words: WordReader): number {
  const text = words.take()
  const type = findType(text)
  if (type === undefined) throw new RdataError(`"${text}" is not a record type`)
  return type
}

/** Types as windows of bits. */
export const TYPE_BITMAP_FIELD: FieldCodec<FieldOf<'type-bitmap'>> = {
  parse: ({ mayBeEmpty }, words, out) => {
    const types = new Set<number>()
    while (words.hasMore()) types.add(takeType(words))
    if (types.size === 0 && mayBeEmpty !== true) throw missing(`${words.type} needs at least one type`)
    const sorted = [...types].sort((a, b) => a - b)
    for (let i = 0; i < sorted.length; ) {
      const window = sorted[i]! >> 8
      const bits = new Uint8Array(32)
      let last = 0
      for (; i < sorted.length && sorted[i]! >> 8 === window; i++) {
        last = (sorted[i]! & 255) >> 3
        bits[last]! |= 0x80 >> (sorted[i]! & 7)
      }
      out.push(window)
      out.push(last + 1)
      out.pushAll(bits.subarray(0, last + 1))
    }
  },
  lengthAt: ({ mayBeEmpty }, rdata, at, end) => {
    if (at === end) return mayBeEmpty === true ? 0 : -1
    let position = at
    for (let window = -1; position < end; ) {
      const length = position + 1 < end ? rdata[position + 1]! : 0
      // RFC 4034 §4.1.2: windows in order, without trailing zero octets.
      if (rdata[position]! <= window || length < 1 || length > 32 || position + 2 + length > end) return -1
      window = rdata[position]!
      position += 2 + length
      if (rdata[position - 1] === 0) return -1
    }
    return position - at
  },
  format: (_, octets) => {
    const types: string[] = []
    for (let at = 0; at < octets.length; at += 2 + octets[at + 1]!) {
      for (let bit = 0; bit < 8 * octets[at + 1]!; bit++) {
        if ((octets[at + 2 + (bit >> 3)]! & (0x80 >> (bit & 7))) !== 0) types.push(typeWord(256 * octets[at]! + bit))
      }
    }
    return types.join(' ')
  },
}
