/** Ratios beside the baseline of bench:guard: what fails, what a file may hold, and what the table shows. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  type Baseline,
  blockKey,
  compareWithBaseline,
  formatBaseline,
  formatComparison,
  parseBaseline,
  ratiosOf,
  updateBaseline,
} from '../../../bench/answer/baseline.ts'
import { type Block, pathGuardsOf, rowsOf } from '../../../bench/answer/figures.ts'
import { SHAPES, VARIANTS, WORKLOADS } from '../../../bench/answer/workloads.ts'
import type { LoadSample } from '../../../bench/load/measure-load.ts'

const SAMPLE: LoadSample = {
  ...{ sent: 1000, received: 990, lost: 10, wrong: 0, qps: 990, p50Us: 30, p99Us: 80, p999Us: 200 },
  ...{ averageBytes: 74, ecsPercent: 100, meanScope: 13.5, idlePercent: 50, cores: 0.9, rssBytes: 1e8, perCpuSecond: 100_000 },
}
/** A block whose servers answered so many thousands a CPU second in each round. */
function block(speeds: Readonly<Record<string, readonly number[]>>, workload = 'static', shape = '16x16'): Block {
  const samples = Object.entries(speeds).map(([server, rounds]) => [server, rounds.map((k) => ({ ...SAMPLE, perCpuSecond: 1000 * k }))])
  return { workload, shape, isOpenLoop: false, samples: Object.fromEntries(samples) }
}
const BASELINE: Baseline = { machine: 'a machine', ratios: { 'static, 16x16': { nearcast: [0.8, 1, 0.9], dgram: [0.3] } } }

test('compareWithBaseline fails a ratio that dropped by more than a fifth, and what is missing on either side', () => {
  const cases: readonly { name: string; speeds: Readonly<Record<string, readonly number[]>>; expected: readonly string[] }[] = [
    { name: 'equal', speeds: { null: [300], nearcast: [270], dgram: [90] }, expected: ['nearcast ok', 'dgram ok'] },
    { name: 'faster', speeds: { null: [300], nearcast: [600], dgram: [90] }, expected: ['nearcast ok', 'dgram ok'] },
    { name: 'a little slower', speeds: { null: [300], nearcast: [217], dgram: [90] }, expected: ['nearcast ok', 'dgram ok'] },
    { name: 'a lot slower', speeds: { null: [300], nearcast: [215], dgram: [90] }, expected: ['nearcast dropped', 'dgram ok'] },
    // The machine was slower as a whole: the null server of the same rounds too.
    { name: 'a slow machine', speeds: { null: [30], nearcast: [27], dgram: [9] }, expected: ['nearcast ok', 'dgram ok'] },
    // One round of three was disturbed.
    {
      name: 'one bad round',
      speeds: { null: [300, 300, 300], nearcast: [270, 20, 270], dgram: [90, 90, 90] },
      expected: ['nearcast ok', 'dgram ok'],
    },
    { name: 'a path that ended', speeds: { null: [300], nearcast: [270] }, expected: ['nearcast ok', 'dgram not measured'] },
    {
      name: 'a new path',
      speeds: { null: [300], nearcast: [270], dgram: [90], xdp: [900] },
      expected: ['nearcast ok', 'dgram ok', 'xdp not in the baseline'],
    },
  ]
  for (const { name, speeds, expected } of cases) {
    const rows = compareWithBaseline(BASELINE, [block(speeds)], ['static, 16x16'])
    assert.deepEqual(
      rows.map(({ path, verdict }) => `${path} ${verdict}`),
      expected,
      name,
    )
  }
})

test('compareWithBaseline tells of a block that was wanted and not measured', () => {
  const rows = compareWithBaseline(BASELINE, [], ['static, 16x16', 'unheard of'])
  assert.deepEqual(
    rows.map(({ verdict }) => verdict),
    ['not measured', 'not measured'],
  )
})

test('updateBaseline replaces the rows that were measured, or adds a run to them, and keeps the others', () => {
  const measured = [block({ null: [300], nearcast: [600] }), block({ null: [100], nearcast: [85.4321] }, 'tcp')]
  assert.deepEqual(updateBaseline(BASELINE, measured, 'another', false), {
    machine: 'another',
    ratios: { 'static, 16x16': { nearcast: [2] }, 'tcp, 16x16': { nearcast: [0.854] } },
  })
  const appended = updateBaseline(BASELINE, measured.slice(0, 1), 'another', true)
  assert.deepEqual(appended.ratios['static, 16x16'], { nearcast: [0.8, 1, 0.9, 2] })
  assert.deepEqual(BASELINE.ratios['static, 16x16']!.nearcast, [0.8, 1, 0.9])
  const many = Array.from({ length: 20 }).reduce<Baseline | undefined>((old) => updateBaseline(old, measured, 'm', true), undefined)
  assert.equal(many!.ratios['static, 16x16']!.nearcast!.length, 9)
  assert.deepEqual(parseBaseline(formatBaseline(BASELINE)), BASELINE)
})

test('parseBaseline says what is wrong with a file', () => {
  const cases: readonly { text: string; expected: RegExp }[] = [
    { text: '{', expected: /JSON/ },
    { text: '[]', expected: /--update/ },
    { text: '{"machine":"m"}', expected: /--update/ },
    { text: '{"machine":"m","ratios":{"static":[1]}}', expected: /"static"/ },
    { text: '{"machine":"m","ratios":{"static":{"dgram":[]}}}', expected: /"static", "dgram"/ },
    { text: '{"machine":"m","ratios":{"static":{"dgram":[1,0]}}}', expected: /"static", "dgram"/ },
    { text: '{"machine":"m","ratios":{"static":{"dgram":0.5}}}', expected: /"static", "dgram"/ },
  ]
  for (const { text, expected } of cases) assert.throws(() => parseBaseline(text), expected, text)
})

test('formatComparison shows a line a ratio, with its change', () => {
  const rows = compareWithBaseline(BASELINE, [block({ null: [300], nearcast: [180], dgram: [99] })], ['static, 16x16'])
  assert.equal(
    formatComparison(rows),
    `x null server                       path          baseline       now    change
static, 16x16                       nearcast          0.90      0.60   -33.3 %  dropped
static, 16x16                       dgram             0.30      0.33    10.0 %
`,
  )
})

test('rowsOf takes medians, and ratios of the same round', () => {
  // Both servers were slow in the second round: the ratio stays.
  const [, row] = rowsOf(block({ null: [300, 30, 330], nearcast: [240, 24, 264] }))
  assert.equal(row!.timesNull, 0.8)
  assert.equal(row!.perCpuSecond, 240_000)
  assert.deepEqual([row!.perCpuSecondLeast, row!.perCpuSecondMost], [24_000, 264_000])
  assert.equal(row!.lossPercent, 1)
})

test('pathGuardsOf asks for 3 and 2 times the dgram path with bursts possible, and for 0.8 of the path without bursts else', () => {
  const speeds = { null: [300], nearcast: [280], 'no bursts': [210], dgram: [100] }
  const verdicts = (measured: Block): string[] => pathGuardsOf(measured).map(({ ratio, least }) => `${ratio.toFixed(1)} of ${least}`)
  assert.deepEqual(verdicts(block(speeds)), ['2.8 of 3', '2.1 of 2'])
  assert.deepEqual(verdicts(block(speeds, 'static', '256x1')), ['1.3 of 0.8'])
  assert.deepEqual(verdicts(block({ null: [300], nearcast: [280] })), [])
})

test('the baseline in the tree has every row that the guard measures', () => {
  const baseline = parseBaseline(readFileSync(new URL('../../../bench/baseline.json', import.meta.url), 'utf8'))
  const guarded = new Set(VARIANTS.filter(({ udpThreads }) => udpThreads === 1).map(({ id }) => id))
  const expected = WORKLOADS.filter(({ data }) => data === 'small').flatMap(({ title, variants }) =>
    SHAPES.flatMap(({ id }) =>
      variants.filter((variant) => guarded.has(variant)).map((variant) => `${blockKey({ workload: title, shape: id })}: ${variant}`),
    ),
  )
  const present = Object.entries(baseline.ratios).flatMap(([key, paths]) => Object.keys(paths).map((path) => `${key}: ${path}`))
  assert.deepEqual(present.sort(), expected.sort())
  assert.deepEqual(ratiosOf(block({ null: [300], nearcast: [150] })), { nearcast: 0.5 })
})
