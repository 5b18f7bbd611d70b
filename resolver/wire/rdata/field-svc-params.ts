/**
 * Service parameters of SVCB and HTTPS (RFC 9460 §2.1, §2.2, §7, §8; dohpath RFC 9461; ohttp RFC 9540): key=value words in any order →
 * keys in ascending order on the wire, and back in that order. Pure. Both ways go through the same checks of the wire form.
 */
import { formatIpv4 } from '../../../geodata/address/address.ts'
import { Octets } from '../octets.ts'
import type { FieldCodec, FieldOf } from './field-codec.ts'
import { base64Text, readBase64 } from './fields-encoded.ts'
import { ipv6Text, numberOf, pushIpv4, pushIpv6 } from './fields-plain.ts'
import { RdataError } from './rdata-error.ts'
import { findNumber, pushOctets, quoteOctets, type WordReader } from './word-reader.ts'

/** One key: its value in words and octets. */
type SvcKey = {
  readonly number: number
  readonly word: string
  /** Octets of the value, escapes of the character-string undone. */
  readonly parse: (octets: Uint8Array, out: Octets) => void
  /** What is wrong with a value on the wire. */
  readonly findFault: (value: Uint8Array) => string | undefined
  readonly format: (value: Uint8Array) => string
}

const COMMA = 0x2c
const BACKSLASH = 0x5c
const latin1 = (octets: Uint8Array): string => Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1')

/** Items of a comma-separated list with its own escapes (RFC 9460 Appendix A.1). */
function splitList(octets: Uint8Array): number[][] {
  const items: number[][] = [[]]
  for (let at = 0; at < octets.length; at++) {
    const octet = octets[at]!
    if (octet === COMMA) items.push([])
    else if (octet === BACKSLASH && at + 1 < octets.length) items.at(-1)!.push(octets[++at]!)
    else items.at(-1)!.push(octet)
  }
  return items
}

/** A list of fixed-size items. */
const hints = (
  number: number,
  word: string,
  bytes: number,
  push: (text: string, out: Octets) => void,
  text: (octets: Uint8Array) => string,
): SvcKey => ({
  number,
  word,
  parse: (octets, out) => {
    for (const item of latin1(octets).split(',')) push(item, out)
  },
  findFault: (value) => (value.length === 0 || value.length % bytes !== 0 ? `${word} is not a list of addresses` : undefined),
  format: (value) => {
    const items: string[] = []
    for (let at = 0; at < value.length; at += bytes) items.push(text(value.subarray(at, at + bytes)))
    return items.join(',')
  },
})

/** A key without value. */
const bare = (number: number, word: string): SvcKey => ({
  number,
  word,
  parse: (octets) => {
    if (octets.length > 0) throw new RdataError(`${word} takes no value`)
  },
  findFault: (value) => (value.length > 0 ? `${word} takes no value` : undefined),
  format: () => '',
})

const MANDATORY = 0
const ALPN = 1
const NO_DEFAULT_ALPN = 2

const KEYS: readonly SvcKey[] = [
  {
    number: MANDATORY,
    word: 'mandatory',
    parse: (octets, out) => {
      const keys = latin1(octets)
        .split(',')
        .map((text) => findKey(text) ?? fail(`"${text}" in mandatory is no key`))
      for (const key of keys.sort((a, b) => a - b)) out.push16(key)
    },
    findFault: (value) => {
      if (value.length === 0 || value.length % 2 !== 0) return 'mandatory is not a list of keys'
      let last = -1
      for (let at = 0; at < value.length; at += 2) {
        const key = numberOf(value, 2, at)
        if (key === MANDATORY) return 'mandatory may not name itself'
        if (key <= last) return key === last ? `mandatory names ${keyWord(key)} twice` : 'the keys in mandatory are not in order'
        last = key
      }
      return undefined
    },
    format: (value) => {
      const words: string[] = []
      for (let at = 0; at < value.length; at += 2) words.push(keyWord(numberOf(value, 2, at)))
      return words.join(',')
    },
  },
  {
    number: ALPN,
    word: 'alpn',
    parse: (octets, out) => {
      for (const id of splitList(octets)) {
        if (id.length === 0 || id.length > 255) throw new RdataError('an id in alpn has 1–255 octets')
        out.push(id.length)
        out.pushAll(Uint8Array.from(id))
      }
    },
    findFault: (value) => {
      let at = 0
      while (at < value.length && value[at] !== 0) at += 1 + value[at]!
      return at === value.length && at > 0 ? undefined : 'alpn is not a list of ids'
    },
    format: (value) => {
      const octets: number[] = []
      for (let at = 0; at < value.length; at += 1 + value[at]!) {
        if (at > 0) octets.push(COMMA)
        for (const octet of value.subarray(at + 1, at + 1 + value[at]!)) {
          if (octet === COMMA || octet === BACKSLASH) octets.push(BACKSLASH)
          octets.push(octet)
        }
      }
      return charString(Uint8Array.from(octets))
    },
  },
  bare(NO_DEFAULT_ALPN, 'no-default-alpn'),
  {
    number: 3,
    word: 'port',
    parse: (octets, out) => out.push16(findNumber(latin1(octets), 0xffff) ?? fail(`"${latin1(octets)}" is not a port from 0 to 65535`)),
    findFault: (value) => (value.length === 2 ? undefined : 'port has not 2 octets'),
    format: (value) => String(numberOf(value, 2)),
  },
  hints(4, 'ipv4hint', 4, pushIpv4, (octets) => formatIpv4(numberOf(octets, 4))),
  {
    number: 5,
    word: 'ech',
    parse: (octets, out) => out.pushAll(readBase64(latin1(octets))),
    findFault: (value) => (value.length > 0 ? undefined : 'ech is empty'),
    format: base64Text,
  },
  hints(6, 'ipv6hint', 16, pushIpv6, ipv6Text),
  {
    number: 7,
    word: 'dohpath',
    parse: (octets, out) => out.pushAll(octets),
    // RFC 9461 §5: a relative URI template in UTF-8 with the variable "dns".
    findFault: (value) => {
      const text = Buffer.from(value).toString('utf8')
      const isUtf8 = Buffer.from(text, 'utf8').equals(value)
      return isUtf8 && text.startsWith('/') && /\{[^}]*\bdns\b[^}]*\}/.test(text)
        ? undefined
        : 'dohpath is not a path with the variable dns, e.g. /dns-query{?dns}'
    },
    format: charString,
  },
  bare(8, 'ohttp'),
]

const BY_WORD: ReadonlyMap<string, number> = new Map(KEYS.map(({ word, number }) => [word, number]))

function fail(message: string): never {
  throw new RdataError(message)
}

function keyWord(number: number): string {
  return KEYS[number]?.word ?? `key${number}`
}

function findKey(word: string): number | undefined {
  const lower = word.toLowerCase()
  const known = BY_WORD.get(lower)
  if (known !== undefined) return known
  const match = /^key(0|[1-9][0-9]{0,4})$/.exec(lower)
  // RFC 9460 §14.3.2: 65535 is "Invalid key".
  return match !== null && Number(match[1]) < 0xffff ? Number(match[1]) : undefined
}

/** A character-string: plain where nothing in it needs quotes. */
function charString(octets: Uint8Array): string {
  const text = latin1(octets)
  return /^[\w.,:/+=@!*~^%&?<>[\]{}|'`#-]+$/.test(text) ? text : quoteOctets(octets)
}

/** What is wrong with the parameters from `at` to the end; undefined = nothing. */
function findFault(rdata: Uint8Array, at: number, end: number): string | undefined {
  const seen = new Map<number, Uint8Array>()
  let last = -1
  for (let position = at; position < end; ) {
    if (position + 4 > end) return 'a parameter is cut off'
    const key = numberOf(rdata, 2, position)
    const valueAt = position + 4
    position = valueAt + numberOf(rdata, 2, position + 2)
    if (position > end) return 'a parameter is cut off'
    if (key <= last) return key === last ? `${keyWord(key)} is given twice` : 'the parameters are not in order'
    if (key === 0xffff) return 'key65535 is not allowed'
    last = key
    const value = rdata.subarray(valueAt, position)
    const fault = KEYS[key]?.findFault(value)
    if (fault !== undefined) return fault
    seen.set(key, value)
  }
  if (seen.has(NO_DEFAULT_ALPN) && !seen.has(ALPN)) return 'no-default-alpn needs alpn (RFC 9460 §7.1.1)'
  const mandatory = seen.get(MANDATORY) ?? new Uint8Array(0)
  for (let i = 0; i < mandatory.length; i += 2) {
    const key = numberOf(mandatory, 2, i)
    if (!seen.has(key)) return `mandatory names ${keyWord(key)}, which is not given`
  }
  return undefined
}

/** Reads one "key", "key=value" or "key=" with a quoted text behind it. */
function takeParam(words: WordReader): { readonly key: number; readonly value: Uint8Array } {
  const token = words.takeToken()
  const equals = token.text.indexOf('=')
  const word = equals < 0 ? token.text : token.text.slice(0, equals)
  const key = token.quoted ? undefined : findKey(word)
  if (key === undefined) throw new RdataError(`"${word}" is no service parameter; others are written as keyNNNNN`)
  let text = equals < 0 ? '' : token.text.slice(equals + 1)
  const next = words.peek()
  if (equals >= 0 && text === '' && next?.quoted === true && next.glued === true) text = words.take()
  const octets = new Octets(64)
  pushOctets(octets, text)
  const known = KEYS[key]
  // RFC 9460 §2.1: behind keyNNNNN the octets are those of the wire, of a known key too; findFault looks at them.
  if (known === undefined || known.word !== word.toLowerCase()) return { key, value: octets.take() }
  const value = new Octets(64)
  known.parse(octets.take(), value)
  return { key, value: value.take() }
}

/** The parameters. */
export const SVC_PARAMS_FIELD: FieldCodec<FieldOf<'svc-params'>> = {
  parse: (_, words, out) => {
    const params: { readonly key: number; readonly value: Uint8Array }[] = []
    while (words.hasMore()) params.push(takeParam(words))
    params.sort((a, b) => a.key - b.key)
    const start = out.length
    for (const { key, value } of params) {
      if (value.length > 0xffff) throw new RdataError(`${keyWord(key)} has more than 65535 octets`)
      out.push16(key)
      out.push16(value.length)
      out.pushAll(value)
    }
    const fault = findFault(out.bytes, start, out.length)
    if (fault !== undefined) throw new RdataError(fault)
  },
  lengthAt: (_, rdata, at, end) => (findFault(rdata, at, end) === undefined ? end - at : -1),
  format: (_, octets) => {
    const words: string[] = []
    for (let at = 0; at < octets.length; ) {
      const key = numberOf(octets, 2, at)
      const value = octets.subarray(at + 4, at + 4 + numberOf(octets, 2, at + 2))
      at += 4 + value.length
      const text = KEYS[key] === undefined ? (value.length === 0 ? '' : quoteOctets(value)) : KEYS[key].format(value)
      words.push(text === '' ? keyWord(key) : `${keyWord(key)}=${text}`)
    }
    return words.join(' ')
  },
}
