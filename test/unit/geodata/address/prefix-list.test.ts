/** Prefix lists as numbers, and union and difference of them, against sets of addresses counted one by one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressOfIpv4, parseAddress } from '../../../../geodata/address/address.ts'
import { formatPrefix, parsePrefix, prefixAround } from '../../../../geodata/address/prefix.ts'
import { subtractSet, uniteSets } from '../../../../geodata/address/prefix-algebra.ts'
import {
  countPrefixes,
  equalPrefixSets,
  hasPrefix,
  longestPrefixAround,
  mergeLists,
  type PrefixSet,
  PrefixSetBuilder,
  prefixAt,
  prefixSetOf,
  prefixTexts,
} from '../../../../geodata/address/prefix-list.ts'

const textsOf = (set: PrefixSet): string[] => [...prefixTexts(set)]

test('a set is in order, each prefix once, and says what was doubled', () => {
  const builder = new PrefixSetBuilder()
  const given = ['10.1.0.0/16', '::/0', '10.0.0.0/8', '10.1.0.0/16', '0.0.0.0/0', '255.255.255.255/32', 'ffff::/128', '::/0', '10.0.0.0/16']
  for (const [place, text] of given.entries()) builder.add(parsePrefix(text), place)
  const { set, doubles, doubled } = builder.finish()
  assert.deepEqual(textsOf(set), ['0.0.0.0/0', '10.0.0.0/8', '10.0.0.0/16', '10.1.0.0/16', '255.255.255.255/32', '::/0', 'ffff::/128'])
  assert.equal(doubles, 2)
  assert.deepEqual(doubled, { at: 3, prefix: parsePrefix('10.1.0.0/16'), firstPlace: 0, place: 3 })
  assert.ok(hasPrefix(set.v4, parsePrefix('10.0.0.0/16')))
  assert.ok(!hasPrefix(set.v4, parsePrefix('10.0.0.0/15')))
  assert.equal(longestPrefixAround(set, parseAddress('10.1.2.3')), 16)
  assert.equal(longestPrefixAround(set, parseAddress('11.1.2.3')), 0)
  assert.equal(longestPrefixAround(set, parseAddress('ffff::')), 128)
  assert.equal(longestPrefixAround(prefixSetOf(['10.0.0.0/8']), parseAddress('2001:db8::1')), -1)
})

test('twenty thousand and more prefixes are sorted as a comparator would, IPv6 by all four words', () => {
  const texts: string[] = []
  for (let n = 0; n < 25_000; n++) {
    const mixed = (n * 2_654_435_761) >>> 0
    texts.push(formatPrefix(prefixAround(addressOfIpv4(mixed), 8 + (n % 25))))
    const words = [0x20010db8, n % 7, mixed, n % 3 === 0 ? mixed : 0] as const
    texts.push(formatPrefix(prefixAround({ family: 6, words }, 64 + (n % 65))))
  }
  const set = prefixSetOf(texts)
  assert.equal(countPrefixes(set), new Set(texts).size)
  for (const list of [set.v4, set.v6]) {
    for (let at = 1; at < list.lengths.length; at++) {
      const [a, b] = [prefixAt(list, at - 1), prefixAt(list, at)]
      const word = a.words.findIndex((value, position) => value !== b.words[position])
      assert.ok(word < 0 ? a.length < b.length : a.words[word]! < b.words[word]!, `${formatPrefix(a)} before ${formatPrefix(b)}`)
    }
  }
  assert.ok(equalPrefixSets(set, prefixSetOf(texts.toReversed())))
})

test('merging tells who holds a prefix first and who holds it again', () => {
  const lists = [['10.0.0.0/8', '10.1.0.0/16'], ['10.1.0.0/16'], ['9.0.0.0/8', '10.0.0.0/8']].map((texts) => prefixSetOf(texts).v4)
  const told: string[] = []
  const merged = mergeLists(1, lists, (first, second, prefix) => told.push(`${first} ${second} ${formatPrefix(prefix)}`))
  assert.deepEqual(told, ['0 2 10.0.0.0/8', '0 1 10.1.0.0/16'])
  assert.deepEqual([...merged.owners], [2, 0, 0])
  assert.equal(merged.lengths.length, 3)
})

test('union and difference by table', () => {
  const cases: [from: string[], without: string[], union: string[], difference: string[]][] = [
    [['10.0.0.0/25', '10.0.0.128/25'], [], ['10.0.0.0/24'], ['10.0.0.0/24']],
    [['10.0.0.0/8', '10.1.0.0/16'], [], ['10.0.0.0/8'], ['10.0.0.0/8']],
    [
      ['0.0.0.0/0'],
      ['255.255.255.255/32'],
      ['0.0.0.0/0'],
      Array.from({ length: 32 }, (_, n) => formatPrefix(prefixAround(addressOfIpv4(n === 0 ? 0 : (0xffffffff << (32 - n)) >>> 0), n + 1))),
    ],
    [['0.0.0.0/1', '128.0.0.0/1'], [], ['0.0.0.0/0'], ['0.0.0.0/0']],
    [['10.0.0.0/24'], ['10.0.0.0/8'], ['10.0.0.0/8'], []],
    [['10.0.0.0/30'], ['10.0.0.1/32'], ['10.0.0.0/30'], ['10.0.0.0/32', '10.0.0.2/31']],
    [['2001:db8::/126'], ['2001:db8::3/128'], ['2001:db8::/126'], ['2001:db8::/127', '2001:db8::2/128']],
    [['::/0'], ['8000::/1'], ['::/0'], ['::/1']],
    [['::/0', '10.0.0.0/8'], ['0.0.0.0/0'], ['0.0.0.0/0', '::/0'], ['::/0']],
    [
      ['10.0.0.0/24', '10.0.2.0/24', '10.0.4.0/24'],
      ['10.0.1.0/24', '10.0.2.0/23'],
      ['10.0.0.0/22', '10.0.4.0/24'],
      ['10.0.0.0/24', '10.0.4.0/24'],
    ],
  ]
  for (const [from, without, union, difference] of cases) {
    const [a, b] = [prefixSetOf(from), prefixSetOf(without)]
    assert.deepEqual(textsOf(uniteSets([a, b])), union, `${from} and ${without}`)
    assert.deepEqual(textsOf(subtractSet(a, b, Infinity)!), difference, `${from} without ${without}`)
  }
})

/** Prefixes around few addresses at the ends of the space, so that they nest, touch and meet. */
const few = (family: 4 | 6): fc.Arbitrary<string> => {
  const bits = family === 4 ? 32 : 128
  return fc.tuple(fc.nat(255), fc.integer({ min: bits - 8, max: bits }), fc.boolean()).map(([low, length, last]) => {
    const high = last ? 0xffffff00 : 0
    const words =
      family === 4 ? ([0, 0, 0xffff, (high + low) >>> 0] as const) : ([high, high, last ? 0xffffffff : 0, (high + low) >>> 0] as const)
    return formatPrefix(prefixAround({ family, words }, length))
  })
}

test('union and difference hold exactly the addresses they should, in the fewest prefixes', () => {
  for (const family of [4, 6] as const) {
    const list = fc.array(few(family), { maxLength: 12 })
    fc.assert(
      fc.property(list, list, (from, without) => {
        const [a, b] = [prefixSetOf(from), prefixSetOf(without)]
        const united = uniteSets([a, b])
        const left = subtractSet(a, b, Infinity)!
        const count = countPrefixes(left)
        assert.deepEqual(subtractSet(a, b, count), left)
        if (count > 0) assert.equal(subtractSet(a, b, count - 1), undefined, 'one too many')
        for (let n = 0; n < 512; n++) {
          const low = n & 255
          const high = n >= 256 ? 0xffffff00 : 0
          const words =
            family === 4
              ? ([0, 0, 0xffff, (high + low) >>> 0] as const)
              : ([high, high, n >= 256 ? 0xffffffff : 0, (high + low) >>> 0] as const)
          const isIn = (set: PrefixSet): boolean => longestPrefixAround(set, { family, words }) >= 0
          assert.equal(isIn(united), isIn(a) || isIn(b))
          assert.equal(isIn(left), isIn(a) && !isIn(b))
        }
        for (const set of [united, left]) assert.deepEqual(textsOf(uniteSets([set])), textsOf(set), 'no two of them could be one')
      }),
      { numRuns: 120, seed: 20261121 },
    )
  }
})
