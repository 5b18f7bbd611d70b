import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAddress } from '../../../../geodata/address/address.ts'
import { findCovering } from '../../../../geodata/address/covered-prefixes.ts'
import { type Prefix, parsePrefix, prefixAround, prefixContains } from '../../../../geodata/address/prefix.ts'
import { compileEcsTrust, EVERYBODY, isTrusted } from '../../../../resolver/zone/ecs-trust.ts'

const asks = (list: readonly string[] | undefined, address: string): boolean =>
  isTrusted(compileEcsTrust(list?.map(parsePrefix)), Uint32Array.from([9, ...parseAddress(address).words]), 1)

const LIST = ['10.0.0.0/8', '192.0.2.53', '198.51.100.0/25', '2001:db8:53::/48', '2001:db8::53', '255.255.255.255']
const ROWS: readonly (readonly [list: readonly string[] | undefined, address: string, expected: boolean])[] = [
  [undefined, '192.0.2.1', true],
  [undefined, '2001:db8::1', true],
  [[], '192.0.2.1', false],
  [[], '2001:db8::1', false],
  [LIST, '10.0.0.0', true],
  [LIST, '10.255.255.255', true],
  [LIST, '9.255.255.255', false],
  [LIST, '11.0.0.0', false],
  [LIST, '192.0.2.53', true],
  [LIST, '192.0.2.52', false],
  [LIST, '192.0.2.54', false],
  [LIST, '198.51.100.127', true],
  [LIST, '198.51.100.128', false],
  [LIST, '255.255.255.255', true],
  [LIST, '0.0.0.0', false],
  [LIST, '2001:db8:53:ffff::', true],
  [LIST, '2001:db8:54::', false],
  [LIST, '2001:db8:52:ffff::', false],
  [LIST, '2001:db8::53', true],
  [LIST, '2001:db8::54', false],
  [LIST, '::', false],
  [LIST, 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', false],
  // A mapped source is an IPv4 resolver that came in by a socket for both families; families are listed apart.
  [LIST, '::ffff:10.1.2.3', true],
  [['::/0'], '2001:db8::1', true],
  [['::/0'], '10.1.2.3', false],
  [['0.0.0.0/0'], '10.1.2.3', true],
  [['0.0.0.0/0'], '2001:db8::1', false],
  [['::ffff:10.0.0.0/104'], '10.1.2.3', true],
  [['10.0.0.0/8', '10.1.0.0/16', '10.0.0.0/8'], '10.200.0.1', true],
]
for (const [list, address, expected] of ROWS)
  test(`${list === undefined ? 'all' : `[${list.join(' ')}]`}: ${address} is ${expected ? '' : 'not '}trusted`, () => {
    assert.equal(asks(list, address), expected)
  })

test('the column of everybody is one word', () => assert.equal(compileEcsTrust(undefined), EVERYBODY))

const word = fc.constantFrom(0, 1, 0xffff, 0x80000000, 0xfffffffe, 0xffffffff)
const address = fc.oneof(
  fc.tuple(word, word, word, word).map((of): Pick<Prefix, 'family' | 'words'> => ({ family: 6, words: of })),
  word.map((of): Pick<Prefix, 'family' | 'words'> => ({ family: 4, words: [0, 0, 0xffff, of] })),
)
const prefix = fc
  .tuple(address, fc.nat(128))
  .map(([of, length]) => prefixAround(of, of.family === 4 ? length % 33 : length))
  // Within the mapped block the same words are an IPv4 network.
  .filter((of) => of.family === 4 || of.words[2] !== 0xffff)

test('the search finds what a walk over the list finds', () => {
  fc.assert(
    fc.property(fc.array(prefix, { maxLength: 12 }), fc.array(address, { minLength: 1, maxLength: 20 }), (list, asked) => {
      const trust = compileEcsTrust(list)
      for (const of of asked) {
        const isMapped = of.words[0] === 0 && of.words[1] === 0 && of.words[2] === 0xffff
        const believed = { family: isMapped ? (4 as const) : of.family, words: of.words }
        const expected = list.some((one) => prefixContains(one, believed))
        assert.equal(isTrusted(trust, Uint32Array.from(of.words), 0), expected)
      }
    }),
    { numRuns: 2000 },
  )
})

test('findCovering leaves the widest ones, the first of equal ones', () => {
  const list = ['10.1.0.0/16', '10.0.0.0/8', '2001:db8::/32', '10.0.0.0/8', '10.1.2.0/24', '2001:db8:1::/48', '11.0.0.0/8', '::/0'].map(
    parsePrefix,
  )
  assert.deepEqual([...findCovering(list)], [1, -1, 7, 1, 1, 7, -1, -1])
})
