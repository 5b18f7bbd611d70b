/** The networks that make up a range of addresses exactly ("192.0.2.1-192.0.2.5"), as vendors write custom lines. Pure. */
import { type Address, addressOfWords, compareWords, findAddress } from './address.ts'
import { formatPrefix, type Prefix, parsePrefix, prefixAround } from './prefix.ts'

const ADDRESS_END = 1n << 128n

/** Networks of a range, in order; at most 2 × 128. `first` must not lie behind `last`, both of one family. */
export function prefixesOfRange(first: Address, last: Address): readonly Prefix[] {
  const width = first.family === 4 ? 32 : 128
  const prefixes: Prefix[] = []
  const end = numberOf(last)
  for (let at = numberOf(first); at <= end; ) {
    // The widest network that begins here and ends in the range.
    let length = width
    while (length > 0) {
      const size = 1n << BigInt(width - length + 1)
      if (at % size !== 0n || at + size - 1n > end) break
      length--
    }
    prefixes.push(prefixAround(addressOf(at, first.family), length))
    at += 1n << BigInt(width - length)
    if (at >= ADDRESS_END) break
  }
  return prefixes
}

/** Networks of a text: a range with a hyphen, a prefix, or one address. A reason instead when it is none of these. */
export function parseRange(text: string): readonly string[] | { readonly reason: string } {
  const [from, to, more] = text.split(/\s*[-–~]\s*/)
  if (more !== undefined) return { reason: `"${text}" is no range` }
  if (to === undefined) {
    try {
      return [formatPrefix(parsePrefix(text.trim()))]
    } catch (error) {
      const { message, suggestion } = error as Error & { suggestion?: string }
      return { reason: suggestion === undefined ? message : `${message}; ${suggestion}` }
    }
  }
  const first = findAddress(from!.trim())
  const last = findAddress(to.trim())
  if (first === undefined || last === undefined) return { reason: `"${text}" is no range of addresses` }
  if (first.family !== last.family) return { reason: `"${text}" begins in IPv${first.family} and ends in IPv${last.family}` }
  if (compareWords(first.words, last.words) > 0) return { reason: `"${text}" ends before it begins` }
  return prefixesOfRange(first, last).map(formatPrefix)
}

function numberOf({ family, words }: Address): bigint {
  if (family === 4) return BigInt(words[3])
  return words.reduce((number, word) => (number << 32n) | BigInt(word), 0n)
}

function addressOf(number: bigint, family: 4 | 6): Address {
  const word = (shift: bigint): number => Number((number >> shift) & 0xffffffffn)
  return family === 4 ? addressOfWords([0, 0, 0xffff, Number(number)]) : { family, words: [word(96n), word(64n), word(32n), word(0n)] }
}
