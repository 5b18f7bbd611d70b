import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearRanges, emptyRanges, mergeEqualRanges, RangeCollector, sizeOfRange } from '../../../../geodata/compile/flat-ranges.ts'

const MAX = 0xffffffff

const cases: readonly {
  name: string
  ranges: readonly (readonly [number, number, number])[]
  expected: readonly (readonly [number, number])[]
}[] = [
  { name: 'nothing', ranges: [], expected: [[0, 0]] },
  {
    name: 'a gap before and behind',
    ranges: [[10, 19, 1]],
    expected: [
      [0, 0],
      [10, 1],
      [20, 0],
    ],
  },
  { name: 'the whole space', ranges: [[0, MAX, 1]], expected: [[0, 1]] },
  {
    name: 'the last address',
    ranges: [[MAX, MAX, 1]],
    expected: [
      [0, 0],
      [MAX, 1],
    ],
  },
  {
    name: 'neighbours of equal value are joined',
    ranges: [
      [0, 9, 1],
      [10, 19, 1],
    ],
    expected: [
      [0, 1],
      [20, 0],
    ],
  },
  {
    name: 'any order',
    ranges: [
      [20, 29, 2],
      [0, 9, 1],
    ],
    expected: [
      [0, 1],
      [10, 0],
      [20, 2],
      [30, 0],
    ],
  },
  {
    name: 'a narrower range lies on top',
    ranges: [
      [0, 99, 1],
      [10, 19, 2],
    ],
    expected: [
      [0, 1],
      [10, 2],
      [20, 1],
      [100, 0],
    ],
  },
  {
    name: 'at the same start',
    ranges: [
      [0, 9, 2],
      [0, 99, 1],
    ],
    expected: [
      [0, 2],
      [10, 1],
      [100, 0],
    ],
  },
  {
    name: 'at the same end',
    ranges: [
      [90, 99, 2],
      [0, 99, 1],
    ],
    expected: [
      [0, 1],
      [90, 2],
      [100, 0],
    ],
  },
  {
    name: 'three deep',
    ranges: [
      [0, 99, 1],
      [10, 50, 2],
      [20, 30, 3],
    ],
    expected: [
      [0, 1],
      [10, 2],
      [20, 3],
      [31, 2],
      [51, 1],
      [100, 0],
    ],
  },
  {
    name: 'two inside one',
    ranges: [
      [0, 99, 1],
      [10, 19, 2],
      [30, 39, 3],
    ],
    expected: [
      [0, 1],
      [10, 2],
      [20, 1],
      [30, 3],
      [40, 1],
      [100, 0],
    ],
  },
  {
    name: 'partial overlap: the later start wins',
    ranges: [
      [0, 20, 1],
      [10, 30, 2],
    ],
    expected: [
      [0, 1],
      [10, 2],
      [31, 0],
    ],
  },
  {
    name: 'partial overlap inside a wider one',
    ranges: [
      [0, 99, 9],
      [10, 20, 1],
      [15, 30, 2],
    ],
    expected: [
      [0, 9],
      [10, 1],
      [15, 2],
      [31, 9],
      [100, 0],
    ],
  },
  {
    name: 'the same range twice: the later added wins',
    ranges: [
      [0, 9, 1],
      [0, 9, 2],
    ],
    expected: [
      [0, 2],
      [10, 0],
    ],
  },
  {
    name: 'touching ranges leave no gap',
    ranges: [
      [0, 9, 1],
      [10, 19, 2],
    ],
    expected: [
      [0, 1],
      [10, 2],
      [20, 0],
    ],
  },
]

for (const { name, ranges, expected } of cases) {
  for (const width of [1, 4] as const) {
    test(`RangeCollector, IPv${width === 1 ? 4 : 6}: ${name}`, () => {
      const collector = new RangeCollector(width)
      // The same numbers in the last word, and in the first word followed by zeros and ones, so that carries cross words.
      const first = (number: number): number[] => (width === 1 ? [number] : [number, 0, 0, 0])
      const last = (number: number): number[] => (width === 1 ? [number] : [number, MAX, MAX, MAX])
      for (const [from, to, value] of ranges) collector.add(first(from), last(to), value)
      const built = collector.build()
      const rows = Array.from(built.values, (value, range) => [built.starts[range * width]!, value])
      assert.deepEqual(rows, expected)
    })
  }
}

test('RangeCollector grows beyond its first room', () => {
  const collector = new RangeCollector(1)
  for (let range = 0; range < 5000; range++) collector.add([range * 2], [range * 2], (range % 7) + 1)
  assert.equal(collector.build().values.length, 10000)
})

test('mergeEqualRanges and sizeOfRange', () => {
  const merged = mergeEqualRanges({ width: 1, starts: Uint32Array.of(0, 5, 9), values: Uint32Array.of(1, 1, 2) })
  assert.deepEqual([...merged.starts], [0, 9])
  assert.equal(sizeOfRange(merged, 0), 9)
  assert.equal(sizeOfRange(merged, 1), 2 ** 32 - 9)
  assert.equal(sizeOfRange(emptyRanges(1), 0), 2 ** 32)
  assert.equal(sizeOfRange(emptyRanges(4), 0), 2 ** 48)
  const split = {
    width: 4 as const,
    starts: Uint32Array.of(0, 0, 0, 0, 0x20010db8, 0, 0, 0, 0x20010db9, 0, 0, 0),
    values: Uint32Array.of(0, 1, 0),
  }
  assert.equal(sizeOfRange(split, 1), 65536)
})

test('clearRanges forgets what lies under the mask, at every kind of border', () => {
  const ranges = { width: 1 as const, starts: Uint32Array.of(0, 10, 20, 30), values: Uint32Array.of(0, 1, 2, 3) }
  const mask = (rows: readonly (readonly [number, number])[]) => ({
    width: 1 as const,
    starts: Uint32Array.from(rows.map(([start]) => start)),
    values: Uint32Array.from(rows.map(([, value]) => value)),
  })
  const cleared = (rows: readonly (readonly [number, number])[]): number[][] => {
    const { starts, values } = clearRanges(ranges, mask(rows))
    return Array.from(values, (value, range) => [starts[range]!, value])
  }
  assert.deepEqual(cleared([[0, 0]]), [
    [0, 0],
    [10, 1],
    [20, 2],
    [30, 3],
  ])
  assert.deepEqual(cleared([[0, 1]]), [[0, 0]])
  assert.deepEqual(
    cleared([
      [0, 0],
      [10, 1],
      [20, 0],
    ]),
    [
      [0, 0],
      [20, 2],
      [30, 3],
    ],
  )
  assert.deepEqual(
    cleared([
      [0, 0],
      [12, 1],
      [14, 0],
    ]),
    [
      [0, 0],
      [10, 1],
      [12, 0],
      [14, 1],
      [20, 2],
      [30, 3],
    ],
  )
  assert.deepEqual(
    cleared([
      [0, 0],
      [15, 1],
      [25, 0],
      [40, 1],
    ]),
    [
      [0, 0],
      [10, 1],
      [15, 0],
      [25, 2],
      [30, 3],
      [40, 0],
    ],
  )
})
