/** Range look-up and scope against a linear scan, on random tables: the scope is uniform and maximal (RFC 7871 §7.2.1). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkRangeTable } from '../../geodata/compile/check-range-table.ts'
import { findRange4, findRange6, scopeOfRange4, scopeOfRange6 } from '../../geodata/lookup/find-range.ts'
import { naiveFindRange, naiveScope, numberOf, startsOf, table4, table6, wordsOf } from '../support/geodata-tables.ts'

const MAX4 = 0xffffffff
const MAX6 = (1n << 128n) - 1n

/** Addresses that crowd together as real ones do: few high parts, any low part, and both ends of the space. */
const address6 = fc.oneof(
  fc.bigInt({ min: 0n, max: MAX6 }),
  fc
    .tuple(fc.constantFrom(0x240en, 0x2408n, 0x2409n), fc.nat(0xff), fc.nat(0xffff))
    .map(([a, b, c]) => (a << 112n) | (BigInt(b) << 96n) | BigInt(c)),
  fc.constantFrom(0n, 1n, MAX6, MAX6 - 1n, 1n << 96n, 1n << 64n, 1n << 32n),
)
const address4 = fc.oneof(
  fc.nat(MAX4),
  fc.nat(0xffff).map((low) => 0xca600000 + low),
  fc.constantFrom(0, 1, MAX4, MAX4 - 1, 2 ** 31),
)

function rows<T extends number | bigint>(zero: T, cuts: readonly T[], values: readonly number[]): (readonly [T, number])[] {
  const starts = [...new Set([zero, ...cuts])].sort((a, b) => (a < b ? -1 : 1))
  return starts.map((start, position) => [start, values[position % values.length]!] as const)
}

const valuesArbitrary = fc.array(fc.nat(5), { minLength: 1, maxLength: 50 })

test('findRange4 and scopeOfRange4 equal a linear scan', () => {
  fc.assert(
    fc.property(
      fc.array(address4, { maxLength: 300 }),
      valuesArbitrary,
      fc.array(address4, { minLength: 1, maxLength: 40 }),
      (cuts, values, asked) => {
        const table = table4(rows(0, cuts, values))
        assert.deepEqual(checkRangeTable(table, 1, 6), [])
        const starts = startsOf(table, 1)
        for (const ip of [...asked, ...cuts]) {
          const range = findRange4(table, ip)
          assert.equal(range, naiveFindRange(starts, BigInt(ip)))
          assert.equal(scopeOfRange4(table, range, ip), naiveScope(starts, 32, range, BigInt(ip)))
        }
      },
    ),
    { numRuns: 200 },
  )
})

test('findRange6 and scopeOfRange6 equal a linear scan', () => {
  fc.assert(
    fc.property(
      fc.array(address6, { maxLength: 100 }),
      valuesArbitrary,
      fc.array(address6, { minLength: 1, maxLength: 40 }),
      (cuts, values, asked) => {
        const table = table6(rows(0n, cuts, values))
        assert.deepEqual(checkRangeTable(table, 4, 6), [])
        const starts = startsOf(table, 4)
        for (const address of [...asked, ...cuts]) {
          const words = wordsOf(address)
          assert.equal(numberOf(words), address)
          const range = findRange6(table, ...words)
          assert.equal(range, naiveFindRange(starts, address))
          assert.equal(scopeOfRange6(table, range, ...words), naiveScope(starts, 128, range, address))
        }
      },
    ),
    { numRuns: 150 },
  )
})

test('a more specific range never changes addresses outside it', () => {
  fc.assert(
    fc.property(
      fc.array(address4, { maxLength: 50 }),
      valuesArbitrary,
      address4,
      fc.nat(32),
      fc.array(address4),
      (cuts, values, inside, bits, asked) => {
        const size = 2 ** (32 - bits)
        const first = Math.floor(inside / size) * size
        const before = rows(0, cuts, values)
        const valueAt = (ip: number): number => before.findLast(([start]) => start <= ip)![1]
        const kept = before.filter(([start]) => start < first || start > first + size)
        const after = [...kept, [first, 9] as const, ...(first + size <= MAX4 ? [[first + size, valueAt(first + size)] as const] : [])]
        const table = table4(after.sort((a, b) => a[0] - b[0]))
        for (const ip of asked) {
          const expected = ip >= first && ip < first + size ? 9 : valueAt(ip)
          assert.equal(table.values[findRange4(table, ip)], expected)
        }
      },
    ),
  )
})
