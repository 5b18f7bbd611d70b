/** Fields of octets written in hexadecimal, base32 or base64. Pure. */
import type { Octets } from '../octets.ts'
import type { FieldCodec, FieldOf } from './field-codec.ts'
import { RdataError } from './rdata-error.ts'
import { missing, type WordReader } from './word-reader.ts'

/** Octets of hexadecimal digits; throws RdataError. */
export function readHex(text: string): Uint8Array {
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) throw new RdataError(`"${shorten(text)}" is not pairs of hexadecimal digits`)
  return Buffer.from(text, 'hex')
}

/** Octets of base64 with its padding (RFC 4648 §4); throws RdataError. */
export function readBase64(text: string): Uint8Array {
  const octets = Buffer.from(text, 'base64')
  // Written again it must be the same: Node skips what is no base64, and bits that are left over must be zero.
  if (octets.toString('base64') !== text) throw new RdataError(`"${shorten(text)}" is not base64`)
  return octets
}

/** Hexadecimal digits, in lower case. */
export function hexText(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('hex')
}

/** Base64 with padding. */
export function base64Text(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64')
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function pushRest(words: WordReader, out: Octets, read: (text: string) => Uint8Array, mayBeEmpty: boolean | undefined): void {
  if (!words.hasMore()) {
    if (mayBeEmpty === true) return
    throw missing(`${words.type} ends before its last field`)
  }
  const octets = read(words.takeRest())
  if (octets.length === 0 && mayBeEmpty !== true) throw new RdataError(`the last field of ${words.type} is empty`)
  out.pushAll(octets)
}

const restLength = ({ mayBeEmpty }: { readonly mayBeEmpty?: boolean }, _: Uint8Array, at: number, end: number): number =>
  end > at || (end === at && mayBeEmpty === true) ? end - at : -1

/** Hexadecimal digits up to the end. */
export const HEX_FIELD: FieldCodec<FieldOf<'hex'>> = {
  parse: ({ mayBeEmpty }, words, out) => pushRest(words, out, readHex, mayBeEmpty),
  lengthAt: restLength,
  format: (_, octets) => hexText(octets),
}

/** Base64 up to the end. */
export const BASE64_FIELD: FieldCodec<FieldOf<'base64'>> = {
  parse: ({ mayBeEmpty, dash }, words, out) => {
    if (dash === true && words.peek()?.text === '-') words.take()
    else pushRest(words, out, readBase64, mayBeEmpty)
  },
  lengthAt: restLength,
  format: ({ dash }, octets) => (octets.length === 0 && dash === true ? '-' : base64Text(octets)),
}

/** Octets with a length octet, in hexadecimal digits. */
export const SALT_FIELD: FieldCodec<FieldOf<'salt'>> = {
  parse: (_, words, out) => {
    const text = words.take()
    const octets = readHex(text === '-' ? '' : text)
    if (octets.length > 255) throw new RdataError(`the salt has ${octets.length} octets, at most 255 are allowed`)
    out.push(octets.length)
    out.pushAll(octets)
  },
  lengthAt: (_, rdata, at, end) => (at < end ? 1 + rdata[at]! : -1),
  format: (_, octets) => (octets.length === 1 ? '-' : hexText(octets.subarray(1))),
}

const BASE32 = '0123456789abcdefghijklmnopqrstuv'

/** Octets with a length octet, in base32 without padding. */
export const HASH_FIELD: FieldCodec<FieldOf<'hash'>> = {
  parse: (_, words, out) => {
    const text = words.take()
    const octets = findBase32(text.toLowerCase())
    if (octets === undefined || octets.length === 0 || octets.length > 255)
      throw new RdataError(`"${shorten(text)}" is not a hash in base32 with the extended hex alphabet`)
    out.push(octets.length)
    for (const octet of octets) out.push(octet)
  },
  lengthAt: (_, rdata, at, end) => (at < end && rdata[at]! > 0 ? 1 + rdata[at]! : -1),
  format: (_, octets) => {
    let text = ''
    let bits = 0
    let held = 0
    for (let at = 1; at < octets.length; at++) {
      held = ((held & 0xfff) << 8) | octets[at]!
      for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(held >> (bits - 5)) & 31]
    }
    return bits > 0 ? text + BASE32[(held << (5 - bits)) & 31] : text
  },
}

function findBase32(text: string): number[] | undefined {
  const octets: number[] = []
  let bits = 0
  let held = 0
  for (const letter of text) {
    const value = BASE32.indexOf(letter)
    if (value < 0) return undefined
    held = ((held & 0xfff) << 5) | value
    bits += 5
    if (bits >= 8) {
      bits -= 8
      octets.push((held >> bits) & 255)
    }
  }
  return bits < 5 && (held & ((1 << bits) - 1)) === 0 ? octets : undefined
}

/** An NSAP address. */
export const NSAP_FIELD: FieldCodec<FieldOf<'nsap'>> = {
  parse: (_, words, out) => {
    const text = words.take()
    const digits = text.replaceAll('.', '')
    if (!/^0x([0-9a-f]{2})+$/i.test(digits)) throw new RdataError(`"${shorten(text)}" is not 0x and pairs of hexadecimal digits`)
    out.pushAll(readHex(digits.slice(2)))
  },
  lengthAt: (_, __, at, end) => (end > at ? end - at : -1),
  format: (_, octets) => `0x${hexText(octets)}`,
}
