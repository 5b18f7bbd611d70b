/** Which prefixes of a list lie in other ones of it, so that the rest is disjoint. Pure. */
import { type Prefix, prefixContains } from './prefix.ts'

/** For each prefix the position of one that holds it, -1 for those that are left: the widest ones, the first of equal ones. */
export function findCovering(prefixes: readonly Prefix[]): Int32Array {
  const covering = new Int32Array(prefixes.length).fill(-1)
  const order = prefixes.map((_, position) => position).sort((a, b) => comparePrefixes(prefixes[a]!, prefixes[b]!) || a - b)
  // In this order everything that a prefix holds follows it at once.
  let last = -1
  for (const position of order) {
    const prefix = prefixes[position]!
    if (last >= 0 && prefixes[last]!.length <= prefix.length && prefixContains(prefixes[last]!, prefix)) covering[position] = last
    else last = position
  }
  return covering
}

/** By family, then network, then length: a network stands before those in it. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  if (a.family !== b.family) return a.family - b.family
  for (let word = 0; word < 4; word++) if (a.words[word] !== b.words[word]) return a.words[word]! - b.words[word]!
  return a.length - b.length
}
