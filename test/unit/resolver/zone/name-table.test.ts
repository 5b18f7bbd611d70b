/** Names as numbers: each once, found in any case, in the canonical order of RFC 4034 §6.1. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { canonicalName, formatName, parseName } from '../../../../resolver/wire/name.ts'
import { NameTable, sortNames } from '../../../../resolver/zone/name-table.ts'
import { PROPERTY_SEED } from '../../../support/synthetic-arbitraries.ts'

const sorted = (names: NameTable): string[] => Array.from(sortNames(names), (number) => formatName(names.name(number)))

describe('NameTable', () => {
  test('a name comes with its ancestors, once, in any case', () => {
    const names = new NameTable()
    const number = names.intern(parseName('A.b.C.'), 0)
    assert.equal(names.intern(parseName('a.B.c.'), 0), number)
    assert.equal(names.count, 4)
    assert.equal(formatName(names.name(names.parent[number]!)), 'b.c.')
    assert.equal(names.find(parseName('B.C.'), 0), names.parent[number])
    assert.equal(names.find(parseName('x.c.'), 0), -1)
    assert.equal(names.isAtOrBelow(number, names.find(parseName('c.'), 0)), true)
    assert.equal(names.isAtOrBelow(number, number), true)
    assert.equal(names.isAtOrBelow(names.find(parseName('c.'), 0), number), false)
    assert.equal(names.isAtOrBelow(number, names.intern(parseName('b.d.'), 0)), false)
  })

  test('the example of RFC 4034 §6.1', () => {
    const order = [
      'example.',
      'a.example.',
      'yljkjljk.a.example.',
      'Z.a.example.',
      'zABC.a.EXAMPLE.',
      'z.example.',
      '\\001.z.example.',
      '*.z.example.',
      '\\200.z.example.',
    ]
    const names = new NameTable()
    for (const name of [...order].reverse()) names.intern(parseName(name), 0)
    assert.deepEqual(
      sorted(names),
      ['.', ...order].map((name) => formatName(canonicalName(parseName(name)))),
    )
  })

  test('any names are in the order of their labels from the root, octet by octet', () => {
    const label = fc.array(fc.oneof(fc.constantFrom(0, 1, 2, 97, 98, 255), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.array(fc.array(label, { minLength: 1, maxLength: 5 }), { maxLength: 80 }), (list) => {
        const names = new NameTable()
        for (const labels of list) names.intern(Uint8Array.from([...labels.flatMap((octets) => [octets.length, ...octets]), 0]), 0)
        const labelsOf = (number: number): Buffer[] => {
          const name = names.name(number)
          const labels: Buffer[] = []
          for (let at = 0; name[at] !== 0; at += 1 + name[at]!) labels.unshift(Buffer.from(name.subarray(at + 1, at + 1 + name[at]!)))
          return labels
        }
        const order = sortNames(names)
        assert.equal(new Set(order).size, names.count)
        for (let i = 1; i < order.length; i++) {
          const a = labelsOf(order[i - 1]!)
          const b = labelsOf(order[i]!)
          const at = a.findIndex((octets, k) => b[k] === undefined || !octets.equals(b[k]))
          assert.ok(at < 0 ? a.length < b.length : b[at] !== undefined && Buffer.compare(a[at]!, b[at]) < 0)
        }
      }),
      { seed: PROPERTY_SEED, numRuns: 300 },
    )
  })
})
