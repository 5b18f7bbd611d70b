import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RangeTable4 } from '../../../../geodata/address/range-table.ts'
import { buildIndex, buildRangeTable4, buildRangeTable6, indexBitsFor } from '../../../../geodata/compile/build-range-table.ts'
import { checkRangeTable } from '../../../../geodata/compile/check-range-table.ts'

test('buildRangeTable4 joins equal neighbours and indexes', () => {
  const table = buildRangeTable4(Uint32Array.of(0, 10, 2 ** 31, 3 * 2 ** 30), Uint32Array.of(0, 0, 1, 0))
  assert.deepEqual(table, {
    starts: Uint32Array.of(0, 2 ** 31, 3 * 2 ** 30),
    values: Uint32Array.of(0, 1, 0),
    index: Uint32Array.of(0, 0, 1, 2, 2),
    indexBits: 2,
  })
  assert.deepEqual(checkRangeTable(table, 1, 2), [])
})

test('buildRangeTable6 indexes the top bits; a slice whose first address is inside a range belongs to it', () => {
  const table = buildRangeTable6(Uint32Array.of(0, 0, 0, 0, 2 ** 31, 0, 0, 1), Uint32Array.of(0, 1))
  assert.deepEqual([...table.index], [0, 0, 1])
  assert.deepEqual(checkRangeTable(table, 4, 2), [])
})

test('a table of one range has no index to speak of', () => {
  assert.deepEqual(buildRangeTable4(Uint32Array.of(0), Uint32Array.of(7)), {
    starts: Uint32Array.of(0),
    values: Uint32Array.of(7),
    index: Uint32Array.of(0, 0),
    indexBits: 0,
  })
})

test('indexBitsFor gives about one range a slice, at most 16 bits', () => {
  const bits: readonly (readonly [number, number])[] = [
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 3],
    [65536, 16],
    [65537, 16],
    [4_000_000, 16],
  ]
  for (const [ranges, expected] of bits) assert.equal(indexBitsFor(ranges), expected, `${ranges}`)
})

const good: RangeTable4 = buildRangeTable4(Uint32Array.of(0, 10, 20), Uint32Array.of(0, 1, 2))
const broken: readonly { name: string; table: RangeTable4; valueCount?: number; issue: RegExp }[] = [
  { name: 'no range', table: { ...good, starts: new Uint32Array(0), values: new Uint32Array(0) }, issue: /no range/ },
  { name: 'starts and values of different number', table: { ...good, starts: Uint32Array.of(0, 10) }, issue: /2 start words for 3/ },
  { name: 'first start', table: { ...good, starts: Uint32Array.of(1, 10, 20) }, issue: /address 0/ },
  { name: 'falling starts', table: { ...good, starts: Uint32Array.of(0, 20, 10) }, issue: /range 2 does not start behind/ },
  { name: 'equal starts', table: { ...good, starts: Uint32Array.of(0, 10, 10) }, issue: /range 2 does not start behind/ },
  { name: 'equal values', table: { ...good, values: Uint32Array.of(0, 1, 1) }, issue: /same value/ },
  { name: 'value outside', table: good, valueCount: 2, issue: /value 2, there are 2/ },
  { name: 'index bits', table: { ...good, indexBits: 17 }, issue: /17 bits/ },
  { name: 'index length', table: { ...good, index: Uint32Array.of(0, 2) }, issue: /2 entries instead of 5/ },
  { name: 'index content', table: { ...good, index: Uint32Array.of(0, 1, 2, 2, 2) }, issue: /does not match/ },
]

for (const { name, table, valueCount = 3, issue } of broken) {
  test(`checkRangeTable finds: ${name}`, () => assert.match(checkRangeTable(table, 1, valueCount).join('; '), issue))
}

test('buildIndex counts a start whose lower words are not zero into the slice before it', () => {
  assert.deepEqual([...buildIndex(Uint32Array.of(0, 0, 0, 0, 2 ** 31, 0, 0, 0), 4, 1)], [0, 1, 1])
  assert.deepEqual([...buildIndex(Uint32Array.of(0, 0, 0, 0, 2 ** 31, 1, 0, 0), 4, 1)], [0, 0, 1])
})
