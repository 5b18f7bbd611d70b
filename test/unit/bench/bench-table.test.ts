/** The tables of npm run bench, and the words of its flags. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseById, positiveNumber } from '../../../bench/answer/bench-options.ts'
import { formatBlock, formatPathGuards, formatSummary } from '../../../bench/answer/bench-table.ts'
import type { Block } from '../../../bench/answer/figures.ts'
import { SHAPES } from '../../../bench/answer/workloads.ts'
import type { LoadSample } from '../../../bench/load/measure-load.ts'

const sample = (perCpuSecond: number, more: Partial<LoadSample> = {}): LoadSample => ({
  ...{ sent: 1000, received: 999, lost: 1, wrong: 0, qps: 250_000, p50Us: 30.4, p99Us: 80, p999Us: 2000 },
  ...{ averageBytes: 74, ecsPercent: 100, meanScope: 13.84, idlePercent: 40, cores: 0.97, rssBytes: 140e6, perCpuSecond },
  ...more,
})
const block = (more: Partial<Block> = {}): Block => ({
  workload: 'steered',
  shape: '16x16',
  isOpenLoop: false,
  samples: {
    null: [sample(300_000, { idlePercent: 0 })],
    nearcast: [sample(270_000)],
    '2 threads': [sample(225_000)],
  },
  ...more,
})

test('formatBlock has a line a server, and says when the generator was busy and what a second thread costs', () => {
  assert.equal(
    formatBlock(block()),
    `steered, 16x16
                k/cpu-s  least-most  x null  cpu us     k/s  cores  loss %  p50 us  p99 us  p99.9 us  bytes  scope  RSS MB  idle %
  null            300.0     300-300    1.00    3.33   250.0   0.97   0.100      30      80      2000     74      -     140       0
  nearcast        270.0     270-270    0.90    3.70   250.0   0.97   0.100      30      80      2000     74   13.8     140      40
  2 threads       225.0     225-225    0.75    4.44   250.0   0.97   0.100      30      80      2000     74   13.8     140      40
  the generator was busy with null: k/s is a floor, k/cpu-s counts the server alone
  2 answer threads: CPU per answer 1.20 times that of one
`,
  )
  const { samples, ...rest } = block({ isOpenLoop: true })
  assert.doesNotMatch(formatBlock({ ...rest, samples: { null: samples.null!, nearcast: samples.nearcast! } }), /busy|threads/)
})

test('formatSummary has a line a block of closed loop, and a dash for a path that was not measured', () => {
  const blocks = [block(), block({ shape: '5 % load', isOpenLoop: true }), block({ workload: 'tcp', samples: { null: [sample(9e5)] } })]
  assert.equal(
    formatSummary(blocks),
    `k answers per CPU second (x null)          null   nearcast     x null  2 threads     x null
steered, 16x16                            300.0      270.0       0.90      225.0       0.75
tcp, 16x16                                900.0          -          -          -          -
`,
  )
})

test('formatPathGuards says which ratio is too low', () => {
  const guards = [
    { name: 'a', ratio: 3.2, least: 3 },
    { name: 'b', ratio: 1.99, least: 2 },
    { name: 'c', ratio: Number.NaN, least: 2 },
  ]
  assert.equal(formatPathGuards(guards), 'ok   a: 3.20, at least 3\nFAIL b: 1.99, at least 2\nFAIL c: NaN, at least 2\n')
})

test('flags name what there is, and numbers above 0', () => {
  assert.deepEqual(
    chooseById('256x1,16x16', SHAPES, 'shapes').map(({ id }) => id),
    ['256x1', '16x16'],
  )
  assert.throws(() => chooseById('16x16,1x1', SHAPES, 'shapes'), /--shapes: "1x1" is none of 16x16, 256x1/)
  assert.equal(positiveNumber('0.5', 'seconds'), 0.5)
  for (const text of ['0', '-1', 'x', '']) assert.throws(() => positiveNumber(text, 'seconds'), /--seconds/)
})
