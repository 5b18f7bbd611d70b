/**
 * IPv4 and IPv6 addresses as four 32-bit words, and their text. Pure, imports nothing of other folders.
 *
 * One form for both families: IPv4 a.b.c.d has the words of ::ffff:a.b.c.d, so `words[3]` is the IPv4 number and a text such as
 * "::ffff:192.0.2.1" parses to the IPv4 address. Formatting is canonical (RFC 5952), so equal addresses have equal text.
 */
import { GeodataError } from './geodata-error.ts'

/** Four unsigned 32-bit words, most significant first. */
export type AddressWords = readonly [number, number, number, number]

/** An address. */
export type Address = {
  /** 4 for IPv4 (words 0, 0, 0xffff, number), 6 for everything else. */
  readonly family: 4 | 6
  /** The address, most significant word first. */
  readonly words: AddressWords
}

/** Third word of an IPv4 address in its mapped form. */
export const MAPPED_WORD = 0xffff

/** Parses an address. Throws GEODATA_ADDRESS_INVALID. */
export function parseAddress(text: string): Address {
  const address = findAddress(text)
  if (address === undefined) {
    throw new GeodataError(
      'GEODATA_ADDRESS_INVALID',
      `"${text}" is not an IP address`,
      'write IPv4 as four decimal numbers (192.0.2.1), IPv6 as in 2001:db8::1, without zone or port',
    )
  }
  return address
}

/** Parses an address, undefined when the text is none. */
export function findAddress(text: string): Address | undefined {
  if (!text.includes(':')) {
    const number = parseIpv4(text)
    return number === undefined ? undefined : addressOfIpv4(number)
  }
  const words = parseIpv6(text)
  return words === undefined ? undefined : addressOfWords(words)
}

/** The address of an IPv4 number. */
export function addressOfIpv4(number: number): Address {
  return { family: 4, words: [0, 0, MAPPED_WORD, number >>> 0] }
}

/** The address of four words; mapped IPv4 becomes family 4. */
export function addressOfWords(words: AddressWords): Address {
  return { family: words[0] === 0 && words[1] === 0 && words[2] === MAPPED_WORD ? 4 : 6, words }
}

/** The canonical text of an address. */
export function formatAddress(address: Address): string {
  return address.family === 4 ? formatIpv4(address.words[3]) : formatIpv6(address.words)
}

/** Text of an IPv4 number. */
export function formatIpv4(number: number): string {
  return `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups shortened; mapped IPv4 in dotted form. */
export function formatIpv6(words: AddressWords): string {
  if (words[0] === 0 && words[1] === 0 && words[2] === MAPPED_WORD) return `::ffff:${formatIpv4(words[3])}`
  const group = (position: number): number => (words[position >> 1]! >>> (position % 2 === 0 ? 16 : 0)) & 0xffff
  let bestStart = -1
  let bestLength = 1
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && group(start + length) === 0) length++
    if (length > bestLength) {
      bestStart = start
      bestLength = length
    }
    start += length
  }
  let text = ''
  for (let position = 0; position < 8; position++) {
    if (position === bestStart) {
      text += '::'
      position += bestLength - 1
    } else text += text === '' || text.endsWith('::') ? group(position).toString(16) : `:${group(position).toString(16)}`
  }
  return text
}

/** Orders addresses by their words: negative, 0 or positive. IPv4 sorts as its mapped form. */
export function compareWords(a: AddressWords, b: AddressWords): number {
  for (let word = 0; word < 4; word++) {
    if (a[word] !== b[word]) return a[word]! < b[word]! ? -1 : 1
  }
  return 0
}

const DOT = 46
const ZERO = 48
const NINE = 57

/** The address number of "a.b.c.d", undefined when it is none. Leading zeros are refused: some software reads them as octal. */
export function parseIpv4(text: string): number | undefined {
  let number = 0
  let part = 0
  let digits = 0
  let dots = 0
  // By characters: a large document has a hundred thousand addresses, and parts with a pattern each took ten times as long (2026-11).
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT) {
      if (digits === 0 || ++dots > 3) return undefined
      number = number * 256 + part
      part = 0
      digits = 0
    } else {
      if (code < ZERO || code > NINE || (digits > 0 && part === 0)) return undefined
      part = part * 10 + code - ZERO
      if (++digits > 3 || part > 255) return undefined
    }
  }
  return digits === 0 || dots !== 3 ? undefined : number * 256 + part
}

function parseIpv6(text: string): AddressWords | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0]!, halves.length === 1)
  if (head === undefined) return undefined
  if (halves.length === 1) return head.length === 8 ? wordsOfGroups(head) : undefined
  const tail = parseGroups(halves[1]!, true)
  // "::" stands for at least one group (RFC 4291 §2.2).
  if (tail === undefined || head.length + tail.length > 7) return undefined
  return wordsOfGroups([...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail])
}

/** Groups of one side of "::"; only the end of the address may be dotted IPv4. */
function parseGroups(text: string, mayEndDotted: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [position, part] of parts.entries()) {
    if (part.includes('.')) {
      const number = mayEndDotted && position === parts.length - 1 ? parseIpv4(part) : undefined
      if (number === undefined) return undefined
      groups.push(number >>> 16, number & 0xffff)
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined
      groups.push(Number.parseInt(part, 16))
    }
  }
  return groups
}

function wordsOfGroups(groups: readonly number[]): AddressWords {
  const word = (position: number): number => groups[2 * position]! * 0x10000 + groups[2 * position + 1]!
  return [word(0), word(1), word(2), word(3)]
}
