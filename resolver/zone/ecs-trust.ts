/**
 * Resolvers whose client subnets are used (`options.ecsTrust`): prefixes as a column, and the search in it. Pure; the search is hot, its
 * cost grows with the logarithm of the list, and it makes no garbage (test/unit/resolver/answer/no-garbage.test.ts).
 *
 *   [0] 0 = everybody's, 1 = those of the list   [1] n, the IPv4 networks   n × (network, mask)   rest: 8 words each (network, mask)
 *
 * Networks of a family are sorted and disjoint, so only the last one that begins at or before an address can hold it.
 */
import { comparePrefixes, findCovering } from '../../geodata/address/covered-prefixes.ts'
import type { Prefix } from '../../geodata/address/prefix.ts'
import { prefixMask } from '../guard/rate-limit.ts'

/** The column when every resolver's client subnets are used. */
export const EVERYBODY: Uint32Array = Uint32Array.of(0)

const HEAD = 2

/** The column of a list; an empty list trusts nobody. */
export function compileEcsTrust(prefixes: readonly Prefix[] | undefined): Uint32Array {
  if (prefixes === undefined) return EVERYBODY
  const covering = findCovering(prefixes)
  const left = prefixes.filter((_, position) => covering[position] === -1).sort(comparePrefixes)
  const four = left.filter((prefix) => prefix.family === 4)
  const six = left.filter((prefix) => prefix.family === 6)
  return Uint32Array.from([
    1,
    four.length,
    ...four.flatMap(({ words, length }) => [words[3], prefixMask(length)]),
    ...six.flatMap(({ words, length }) => [...words, ...[0, 1, 2, 3].map((word) => prefixMask(length - 32 * word))]),
  ])
}

/** Whether client subnets from `src[at …]` (four words, IPv4 mapped) are used. */
export function isTrusted(trust: Uint32Array, src: Uint32Array, at: number): boolean {
  if (trust[0] === 0) return true
  const isIpv4 = src[at] === 0 && src[at + 1] === 0 && src[at + 2] === 0xffff
  return isIpv4 ? holds4(trust, src, at + 3) : holds6(trust, src, at)
}

function holds4(trust: Uint32Array, src: Uint32Array, at: number): boolean {
  let low = 0
  let high = trust[1]!
  while (low < high) {
    const middle = (low + high) >>> 1
    if (trust[HEAD + 2 * middle]! <= src[at]!) low = middle + 1
    else high = middle
  }
  const row = HEAD + 2 * (low - 1)
  return low > 0 && (src[at]! & trust[row + 1]!) >>> 0 === trust[row]
}

function holds6(trust: Uint32Array, src: Uint32Array, at: number): boolean {
  const first = HEAD + 2 * trust[1]!
  let low = 0
  let high = (trust.length - first) >>> 3
  while (low < high) {
    const middle = (low + high) >>> 1
    if (beginsAtOrBefore(trust, first + 8 * middle, src, at)) low = middle + 1
    else high = middle
  }
  if (low === 0) return false
  const row = first + 8 * (low - 1)
  for (let word = 0; word < 4; word++) if ((src[at + word]! & trust[row + 4 + word]!) >>> 0 !== trust[row + word]) return false
  return true
}

function beginsAtOrBefore(trust: Uint32Array, row: number, src: Uint32Array, at: number): boolean {
  for (let word = 0; word < 4; word++) if (trust[row + word] !== src[at + word]) return trust[row + word]! < src[at + word]!
  return true
}
