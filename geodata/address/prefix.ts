/**
 * Network prefixes ("192.0.2.0/24", "2001:db8::/32"): text, first and last address, containment. Pure.
 * Host bits that are set are an error, not silently cut: "10.1.2.3/8" is more often a typing mistake than a wish for 10.0.0.0/8.
 */
import { type Address, type AddressWords, findAddress, formatAddress } from './address.ts'
import { GeodataError } from './geodata-error.ts'

/** A network. */
export type Prefix = {
  /** 4 or 6; the length counts in this family. */
  readonly family: 4 | 6
  /** First address of the network, in the form of Address. */
  readonly words: AddressWords
  /** Bits of the network: 0–32 or 0–128. */
  readonly length: number
}

/** Parses "address/length"; an address alone is a network of one. Throws GEODATA_PREFIX_INVALID or GEODATA_PREFIX_HOST_BITS. */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf('/')
  const address = findAddress(slash < 0 ? text : text.slice(0, slash))
  const lengthText = slash < 0 ? undefined : text.slice(slash + 1)
  if (address === undefined || (lengthText !== undefined && !/^(0|[1-9]\d{0,2})$/.test(lengthText))) throw invalid(text)
  const mapped = address.family === 4 && text.includes(':')
  const widest = address.family === 4 && !mapped ? 32 : 128
  const written = lengthText === undefined ? widest : Number(lengthText)
  if (written > widest) throw invalid(text)
  // ::ffff:a.b.c.d/n is the IPv4 network a.b.c.d/(n-96); shorter ones reach outside IPv4 and stay IPv6.
  const family = mapped && written < 96 ? 6 : address.family
  const length = mapped && family === 4 ? written - 96 : written
  const words = networkWords(address.words, family === 4 ? length + 96 : length)
  if (words.some((word, position) => word !== address.words[position])) {
    const network = formatPrefix({ family, words, length })
    throw new GeodataError('GEODATA_PREFIX_HOST_BITS', `"${text}" has bits set behind its length`, `write "${network}"`)
  }
  return { family, words, length }
}

/** The canonical text of a prefix. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress({ family: prefix.family, words: prefix.words })}/${prefix.length}`
}

/** The network of `length` bits (counted in the address's family) around an address. */
export function prefixAround(address: Address, length: number): Prefix {
  return { family: address.family, words: networkWords(address.words, address.family === 4 ? length + 96 : length), length }
}

/** Last address of a prefix. */
export function lastAddressOf(prefix: Prefix): Address {
  const bits = prefix.family === 4 ? prefix.length + 96 : prefix.length
  const word = (position: number): number => (prefix.words[position]! | ~maskOfWord(bits, position)) >>> 0
  const words: AddressWords = [word(0), word(1), word(2), word(3)]
  return { family: prefix.family, words }
}

/** First address of a prefix. */
export function firstAddressOf(prefix: Prefix): Address {
  return { family: prefix.family, words: prefix.words }
}

/** Whether an address lies in a prefix. Families never mix: "::/0" holds no IPv4 address. */
export function prefixContains(prefix: Prefix, address: Address): boolean {
  if (prefix.family !== address.family) return false
  const bits = prefix.family === 4 ? prefix.length + 96 : prefix.length
  for (let position = 0; position < 4; position++) {
    const mask = maskOfWord(bits, position)
    if ((address.words[position]! & mask) >>> 0 !== (prefix.words[position]! & mask) >>> 0) return false
  }
  return true
}

/** Words with every bit behind the first `bits` (of 128) cleared. */
function networkWords(words: AddressWords, bits: number): AddressWords {
  const word = (position: number): number => (words[position]! & maskOfWord(bits, position)) >>> 0
  return [word(0), word(1), word(2), word(3)]
}

/** Mask of word `position` for a network of `bits` bits. */
function maskOfWord(bits: number, position: number): number {
  const inWord = Math.min(32, Math.max(0, bits - 32 * position))
  // A shift by 32 is a shift by 0 in this language.
  return inWord === 0 ? 0 : (0xffffffff << (32 - inWord)) >>> 0
}

function invalid(text: string): GeodataError {
  return new GeodataError(
    'GEODATA_PREFIX_INVALID',
    `"${text}" is not a network prefix`,
    'write it as 192.0.2.0/24 (length 0 to 32) or 2001:db8::/32 (length 0 to 128)',
  )
}
