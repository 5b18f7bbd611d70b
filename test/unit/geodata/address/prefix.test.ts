import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAddress, parseAddress } from '../../../../geodata/address/address.ts'
import {
  firstAddressOf,
  formatPrefix,
  lastAddressOf,
  parsePrefix,
  prefixAround,
  prefixContains,
} from '../../../../geodata/address/prefix.ts'

const accepted: readonly { text: string; canonical?: string; last: string }[] = [
  { text: '0.0.0.0/0', last: '255.255.255.255' },
  { text: '192.0.2.0/24', last: '192.0.2.255' },
  { text: '192.0.2.1', canonical: '192.0.2.1/32', last: '192.0.2.1' },
  { text: '::/0', last: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' },
  { text: '2001:DB8::/32', canonical: '2001:db8::/32', last: '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff' },
  { text: '2001:db8::/33', last: '2001:db8:7fff:ffff:ffff:ffff:ffff:ffff' },
  { text: '::1', canonical: '::1/128', last: '::1' },
  { text: '::ffff:192.0.2.0/120', canonical: '192.0.2.0/24', last: '192.0.2.255' },
]

for (const { text, canonical = text, last } of accepted) {
  test(`parsePrefix reads ${text}`, () => {
    const prefix = parsePrefix(text)
    assert.equal(formatPrefix(prefix), canonical)
    assert.equal(formatAddress(lastAddressOf(prefix)), last)
    assert.ok(prefixContains(prefix, firstAddressOf(prefix)) && prefixContains(prefix, lastAddressOf(prefix)))
  })
}

for (const text of ['', '/24', '192.0.2.0/', '192.0.2.0/33', '192.0.2.0/-1', '192.0.2.0/024', '::/129', '192.0.2.0/24/8', 'park/24']) {
  test(`parsePrefix refuses "${text}"`, () => assert.throws(() => parsePrefix(text), { code: 'GEODATA_PREFIX_INVALID' }))
}

const hostBits: readonly { text: string; suggestion: string }[] = [
  { text: '10.1.2.3/8', suggestion: 'write "10.0.0.0/8"' },
  { text: '192.0.2.1/31', suggestion: 'write "192.0.2.0/31"' },
  { text: '2001:db8::1/64', suggestion: 'write "2001:db8::/64"' },
  { text: '::ffff:192.0.2.1/120', suggestion: 'write "192.0.2.0/24"' },
]

for (const { text, suggestion } of hostBits) {
  test(`parsePrefix says what to write instead of ${text}`, () => {
    assert.throws(() => parsePrefix(text), { code: 'GEODATA_PREFIX_HOST_BITS', suggestion })
  })
}

test('prefixContains never mixes families', () => {
  assert.equal(prefixContains(parsePrefix('::/0'), parseAddress('192.0.2.1')), false)
  assert.equal(prefixContains(parsePrefix('0.0.0.0/0'), parseAddress('::1')), false)
  assert.equal(prefixContains(parsePrefix('192.0.2.0/25'), parseAddress('192.0.2.128')), false)
})

test('prefixAround cuts the host bits in the family of the address', () => {
  assert.equal(formatPrefix(prefixAround(parseAddress('202.96.104.15'), 24)), '202.96.104.0/24')
  assert.equal(formatPrefix(prefixAround(parseAddress('240e:380:1:2::3'), 56)), '240e:380:1::/56')
  assert.equal(formatPrefix(prefixAround(parseAddress('202.96.104.15'), 0)), '0.0.0.0/0')
})
