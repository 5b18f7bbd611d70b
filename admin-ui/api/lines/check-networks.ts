/** A prefix list before it becomes a custom line: wrong rows, what it holds, and which lines of the document it overlaps. Pure. */
import { formatPrefix } from '../../../geodata/address/prefix.ts'
import { sameBits, uniteSets } from '../../../geodata/address/prefix-algebra.ts'
import {
  hasPrefix,
  type PrefixList,
  type PrefixSet,
  PrefixSetBuilder,
  prefixAt,
  prefixTexts,
} from '../../../geodata/address/prefix-list.ts'
import { compareStarts } from '../../../geodata/compile/flat-ranges.ts'
import type { Line } from '../../../policy/config/config-schema.ts'
import { MOST_PREFIXES } from '../../../policy/config/fill-lines.ts'
import { readPrefixList } from '../../../policy/config/read-prefix-list.ts'
import type { NetworkCheck, NetworkOverlap } from '../../contract/network-check.ts'

/** Rows of the preview, and lines that are told to overlap. */
const MOST_SHOWN = 20
const MOST_OVERLAPS = 200

/** Reads a list. `lines` are those of the document; the one named `replaced` is left out. */
export function checkNetworks(text: string, lines: readonly Line[], replaced: string): NetworkCheck {
  const builder = new PrefixSetBuilder()
  const { problems, wrong, refused, rows } = readPrefixList(text, builder, MOST_PREFIXES)
  const { set, doubles, doubled } = builder.finish()
  const tooMany = builder.added > MOST_PREFIXES
  const others = lines.filter(({ id }) => id !== replaced)
  const united = uniteSets([set])
  return {
    ok: wrong === 0 && refused === undefined && !tooMany && builder.added > 0,
    rows,
    ipv4Networks: set.v4.lengths.length,
    ipv6Networks: set.v6.lengths.length,
    ipv4Addresses: Number(addressesOf(united.v4)),
    ipv6Addresses: String(addressesOf(united.v6)),
    first: firstOf(prefixTexts(set)),
    problems,
    problemsLeftOut: wrong - problems.length,
    refused:
      refused ??
      (tooMany
        ? { line: rows, reason: `there are more than ${MOST_PREFIXES} networks`, remedy: 'join networks that lie side by side' }
        : null),
    doubles,
    firstDouble:
      doubled === undefined ? null : { network: formatPrefix(doubled.prefix), line: doubled.place, firstLine: doubled.firstPlace },
    overlaps: findOverlaps(set, united, others),
  }
}

function firstOf(texts: Iterable<string>): readonly string[] {
  const first: string[] = []
  for (const text of texts) {
    if (first.length === MOST_SHOWN) break
    first.push(text)
  }
  return first
}

function addressesOf({ width, lengths }: PrefixList): bigint {
  const counts = new Array<number>(129).fill(0)
  for (const length of lengths) counts[length]!++
  return counts.reduce((sum, count, length) => (count === 0 ? sum : sum + BigInt(count) * (1n << BigInt(32 * width - length))), 0n)
}

/** Lines with networks in, around or equal to those of the set, the most overlapped first. */
function findOverlaps(set: PrefixSet, united: PrefixSet, lines: readonly Line[]): readonly NetworkOverlap[] {
  const overlaps = lines.map(({ id, prefixes }) => {
    const found = { line: `custom:${id}`, networks: 0, equal: 0, example: '' }
    for (const family of ['v4', 'v6'] as const) {
      const list = prefixes[family]
      for (let at = 0; at < list.lengths.length; at++) {
        if (!touches(united[family], list, at)) continue
        const prefix = prefixAt(list, at)
        if (found.networks++ === 0) found.example = formatPrefix(prefix)
        if (hasPrefix(set[family], prefix)) found.equal++
      }
    }
    return found
  })
  return overlaps
    .filter(({ networks }) => networks > 0)
    .sort((a, b) => b.networks - a.networks || (a.line < b.line ? -1 : 1))
    .slice(0, MOST_OVERLAPS)
}

/** Whether prefix `at` of a list shares addresses with `apart`, prefixes that lie side by side. */
function touches(apart: PrefixList, list: PrefixList, at: number): boolean {
  const { width } = list
  // The last of them that begins at or below, and the next one.
  let low = 0
  let high = apart.lengths.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareStarts(width, apart.starts, middle, list.starts, at) <= 0) low = middle + 1
    else high = middle
  }
  const shares = (other: number): boolean =>
    other >= 0 &&
    other < apart.lengths.length &&
    sameBits(width, apart.starts, other, list.starts, at, Math.min(apart.lengths[other]!, list.lengths[at]!))
  return shares(low - 1) || shares(low)
}
