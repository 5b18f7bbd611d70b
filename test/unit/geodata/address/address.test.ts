import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareWords, findAddress, formatAddress, formatIpv6, parseAddress } from '../../../../geodata/address/address.ts'

const accepted: readonly { text: string; canonical?: string; family: 4 | 6 }[] = [
  { text: '0.0.0.0', family: 4 },
  { text: '255.255.255.255', family: 4 },
  { text: '202.96.104.15', family: 4 },
  { text: '::ffff:192.0.2.1', canonical: '192.0.2.1', family: 4 },
  { text: '::ffff:c000:201', canonical: '192.0.2.1', family: 4 },
  { text: '::', family: 6 },
  { text: '::1', family: 6 },
  { text: '1::', family: 6 },
  { text: '2001:DB8:0:0:0:0:0:1', canonical: '2001:db8::1', family: 6 },
  { text: '2001:0db8:0000:0001:0000:0000:0000:0001', canonical: '2001:db8:0:1::1', family: 6 },
  { text: '1:0:0:2:0:0:0:3', canonical: '1:0:0:2::3', family: 6 },
  { text: '2001:db8:0:1:1:1:1:1', family: 6 },
  { text: '1:2:3:4:5:6:7::', canonical: '1:2:3:4:5:6:7:0', family: 6 },
  { text: '64:ff9b::192.0.2.33', canonical: '64:ff9b::c000:221', family: 6 },
  { text: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', family: 6 },
]

const refused: readonly string[] = [
  '',
  ' 1.2.3.4',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '1.2.3.04',
  '1.2.3.-4',
  '0x1.2.3.4',
  '::1%eth0',
  '[::1]',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::8',
  '12345::',
  ':1',
  '1:',
  '1.2.3.4::',
  '1.2.3.4:5::',
  '::1.2.3',
  'g::',
]

for (const { text, canonical = text, family } of accepted) {
  test(`parseAddress reads ${text}`, () => {
    const address = parseAddress(text)
    assert.equal(formatAddress(address), canonical)
    assert.equal(address.family, family)
  })
}

for (const text of refused) {
  test(`parseAddress refuses "${text}"`, () => {
    assert.equal(findAddress(text), undefined)
    assert.throws(() => parseAddress(text), { code: 'GEODATA_ADDRESS_INVALID' })
  })
}

test('an IPv4 address has the words of its mapped form', () => {
  assert.deepEqual(parseAddress('202.96.104.15').words, [0, 0, 0xffff, 0xca60680f])
})

test('formatIpv6 writes mapped addresses with dots', () => {
  assert.equal(formatIpv6([0, 0, 0xffff, 0xc0000201]), '::ffff:192.0.2.1')
})

test('compareWords orders by the first word that differs', () => {
  assert.equal(compareWords([1, 2, 3, 4], [1, 2, 3, 4]), 0)
  assert.ok(compareWords([1, 2, 3, 4], [1, 2, 4, 0]) < 0)
  assert.ok(compareWords([0xffffffff, 0, 0, 0], [1, 2, 3, 4]) > 0)
})
