/** RFC 7871 §6, §7.1.2: what a client subnet option may look like, bit by bit. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { makeClientSubnet, readClientSubnet } from '../../../../resolver/wire/client-subnet.ts'

type Row = readonly [
  title: string,
  data: readonly number[],
  expected: readonly [family: number, source: number, ...words: number[]] | false,
]
const ROWS: readonly Row[] = [
  ['IPv4 /24', [0, 1, 24, 0, 202, 96, 104], [1, 24, 0xca606800, 0, 0, 0]],
  ['IPv4 /32', [0, 1, 32, 0, 255, 255, 255, 255], [1, 32, 0xffffffff, 0, 0, 0]],
  ['IPv4 /25 with its last bit', [0, 1, 25, 0, 10, 0, 0, 128], [1, 25, 0x0a000080, 0, 0, 0]],
  ['IPv4 /1', [0, 1, 1, 0, 128], [1, 1, 0x80000000, 0, 0, 0]],
  ['IPv4 /0', [0, 1, 0, 0], [1, 0, 0, 0, 0, 0]],
  ['IPv6 /0', [0, 2, 0, 0], [2, 0, 0, 0, 0, 0]],
  ['IPv6 /56', [0, 2, 56, 0, 0x24, 0x0e, 3, 0x80, 1, 2, 3], [2, 56, 0x240e0380, 0x01020300, 0, 0]],
  ['IPv6 /128', [0, 2, 128, 0, ...Array.from({ length: 16 }, (_, i) => i + 1)], [2, 128, 0x01020304, 0x05060708, 0x090a0b0c, 0x0d0e0f10]],
  ['family 0 /0, as dig +subnet=0 sends it', [0, 0, 0, 0], [0, 0, 0, 0, 0, 0]],
  ['family 0 with a prefix', [0, 0, 8, 0, 10], false],
  ['an unknown family', [0, 3, 8, 0, 10], false],
  ['a family in the upper octet', [1, 1, 8, 0, 10], false],
  ['IPv4 /33', [0, 1, 33, 0, 1, 2, 3, 4, 5], false],
  ['IPv6 /129', [0, 2, 129, 0, ...Array.from({ length: 17 }, () => 0)], false],
  ['a scope in a query', [0, 1, 24, 24, 202, 96, 104], false],
  ['an octet too few', [0, 1, 24, 0, 202, 96], false],
  ['an octet too many', [0, 1, 24, 0, 202, 96, 104, 0], false],
  ['/0 with an address', [0, 1, 0, 0, 1], false],
  ['a bit beyond the prefix', [0, 1, 23, 0, 202, 96, 105], false],
  ['all bits beyond the prefix', [0, 1, 1, 0, 0xff], false],
  ['three octets in all', [0, 1, 0], false],
  ['nothing', [], false],
]

describe('readClientSubnet', () => {
  for (const [title, data, expected] of ROWS) {
    test(title, () => {
      const mem = Uint8Array.from([0xff, ...data, 0xff, 0xff])
      const out = makeClientSubnet()
      const isRead = readClientSubnet(mem, 1, data.length, out)
      assert.deepEqual(isRead && [out.family, out.sourcePrefixLength, out.w0, out.w1, out.w2, out.w3], expected)
    })
  }
})
