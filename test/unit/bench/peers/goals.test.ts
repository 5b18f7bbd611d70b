import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Block } from '../../../../bench/answer/figures.ts'
import type { LoadSample } from '../../../../bench/load/measure-load.ts'
import { peerRowsOf, ratioOf } from '../../../../bench/peers/comparison.ts'
import { formatGoal, goalsOfBlock, goalsOfRun, isMet } from '../../../../bench/peers/goals.ts'
import { formatAnswerChecks, formatBlock } from '../../../../bench/peers/report.ts'

const SAMPLE: LoadSample = {
  ...{ sent: 1000, received: 1000, lost: 0, wrong: 0, qps: 200_000, p50Us: 30, p99Us: 80, p999Us: 500, averageBytes: 74 },
  ...{ junkSent: 0, maxUs: 900 },
  ...{ ecsPercent: 100, meanScope: 13.5, idlePercent: 40, perCpuSecond: 250_000, cores: 0.8, rssBytes: 150e6 },
}
const sample = (changes: Partial<LoadSample>): LoadSample => ({ ...SAMPLE, ...changes })
const block = (workload: string, shape: string, samples: Record<string, LoadSample[]>): Block => ({
  ...{ workload, shape, samples },
  isOpenLoop: shape.endsWith('/s'),
})
const PEERS = ['null', 'gdnsd', 'knot', 'pdns']

test('ratioOf compares servers within rounds, not their medians', () => {
  const speeds = (list: number[]): LoadSample[] => list.map((perCpuSecond) => sample({ perCpuSecond }))
  // The machine was slow in the second round, for both.
  const rounds = block('static', '16x16', { nearcast: speeds([200, 50, 330]), gdnsd: speeds([100, 50, 300]) })
  assert.equal(ratioOf(rounds, 'nearcast', 'gdnsd', 'perCpuSecond'), 1.1)
  assert.equal(ratioOf(rounds, 'nearcast', 'knot', 'perCpuSecond'), undefined)
})

const GOALS: readonly {
  readonly name: string
  readonly given: Block
  readonly expected: readonly (readonly [name: string, value: number | undefined, met: boolean])[]
}[] = [
  {
    name: 'steered in closed loop: gdnsd and the null server',
    given: block('steered', '16x16', {
      nearcast: [sample({ perCpuSecond: 240_000 })],
      gdnsd: [sample({ perCpuSecond: 250_000 })],
      null: [sample({ perCpuSecond: 320_000 })],
    }),
    expected: [
      ['steered, 16x16: wrong replies', 0, true],
      ['steered, 16x16: times gdnsd', 0.96, true],
      ['steered, 16x16: times null', 0.75, false],
    ],
  },
  {
    name: 'client subnets in closed loop: all of them, and the scope; a peer that was asked for and is not there is a miss',
    given: block('ecs', '16x16', {
      nearcast: [sample({ perCpuSecond: 240_000, meanScope: 15, wrong: 2 })],
      gdnsd: [sample({ perCpuSecond: 240_000 })],
      null: [sample({ perCpuSecond: 320_000 })],
      knot: [sample({ perCpuSecond: 120_000 })],
    }),
    expected: [
      ['ecs, 16x16: wrong replies', 2, false],
      ['ecs, 16x16: times gdnsd', 1, true],
      ['ecs, 16x16: times null', 0.75, true],
      ['ecs, 16x16: times knot', 2, true],
      ['ecs, 16x16: times pdns', undefined, false],
      ["ecs, 16x16: mean scope, bits from gdnsd's", 1.5, false],
    ],
  },
  {
    name: 'client subnets of unrelated clients: Knot and PowerDNS are shown and not judged',
    given: block('ecs', '256x1', { nearcast: [SAMPLE], gdnsd: [SAMPLE], null: [SAMPLE], knot: [SAMPLE], pdns: [SAMPLE] }),
    expected: [
      ['ecs, 256x1: wrong replies', 0, true],
      ['ecs, 256x1: times gdnsd', 1, true],
      ['ecs, 256x1: times null', 1, true],
      ["ecs, 256x1: mean scope, bits from gdnsd's", 0, true],
    ],
  },
  {
    name: 'at 50,000 a second: latency',
    given: block('steered', '50000/s', { nearcast: [sample({ p50Us: 33 })], gdnsd: [sample({ p50Us: 32 })] }),
    expected: [
      ['steered, 50000/s: wrong replies', 0, true],
      ["steered, 50000/s: p50, times gdnsd's", 33 / 32, true],
    ],
  },
  {
    name: 'at low load: CPU per answer',
    given: block('steered', '16000/s', { nearcast: [sample({ perCpuSecond: 100_000 })], gdnsd: [sample({ perCpuSecond: 140_000 })] }),
    expected: [
      ['steered, 16000/s: wrong replies', 0, true],
      ["steered, 16000/s: CPU per answer, times gdnsd's", 1.4, false],
    ],
  },
]
for (const { name, given, expected } of GOALS) {
  test(`goalsOfBlock: ${name}`, () => {
    const goals = goalsOfBlock(given, PEERS)
    assert.deepEqual(
      goals.map((goal) => [goal.name, goal.value, isMet(goal)]),
      expected,
    )
  })
}

test('goalsOfBlock asks nothing about peers that were not asked for', () => {
  const goals = goalsOfBlock(block('ecs', '16x16', { nearcast: [SAMPLE], null: [SAMPLE] }), ['null'])
  assert.deepEqual(
    goals.map(({ name }) => name),
    ['ecs, 16x16: wrong replies', 'ecs, 16x16: times null'],
  )
})

test('goalsOfRun asks for memory near that of gdnsd, and for answers that are the table’s', () => {
  const blocks = [block('static', '16x16', { nearcast: [sample({ rssBytes: 211e6 })], gdnsd: [SAMPLE] })]
  const checks = {
    nearcast: { bySubnet: { right: 499, asked: 500, scopesTooShort: 2, scopesTooLong: 0 }, bySource: undefined },
    nsd: { bySubnet: undefined, bySource: undefined },
  }
  assert.deepEqual(goalsOfRun(blocks, checks, PEERS).map(formatGoal), [
    "FAILED  resident memory, MB over gdnsd's: 61, at most 60 is asked",
    "FAILED  nearcast: answers by client subnet that are not the table's: 1, at most 0 is asked",
    'FAILED  nearcast: scopes that are too short: 2, at most 0 is asked',
  ])
})

test('peerRowsOf and formatBlock show medians, what is not known, and what makes a figure doubtful', () => {
  const given = block('ecs', '16x16', {
    null: [sample({ perCpuSecond: 320_000, idlePercent: 3 }), sample({ perCpuSecond: 320_000, idlePercent: 3 })],
    nearcast: [sample({ perCpuSecond: 240_000, lost: 1 }), sample({ perCpuSecond: 260_000, wrong: 4 })],
  })
  const [, row] = peerRowsOf(given)
  assert.deepEqual(
    [row!.rounds, row!.perCpuSecond, row!.perCpuSecondLeast, row!.perCpuSecondMost, row!.timesGdnsd, row!.lossPercent, row!.wrong],
    [2, 250_000, 240_000, 260_000, null, 0.05, 4],
  )
  const lines = formatBlock(given).split('\n')
  assert.match(lines[0]!, /^ecs, 16x16 +k\/cpu-s +least-most +x gdnsd +x null/)
  assert.match(lines[1]!, /^null +320\.0 +320-320 +- +1\.000 .* 3$/)
  assert.match(lines[3]!, /null: the generator was busy/)
  assert.match(lines[4]!, /nearcast: 4 replies were wrong/)
})

test('formatAnswerChecks tells a server without such a choice', () => {
  const knot = { bySubnet: { right: 500, asked: 500, scopesTooShort: 40, scopesTooLong: 3 }, bySource: undefined }
  const text = formatAnswerChecks({ bind: { bySubnet: undefined, bySource: { right: 128, asked: 128 } }, knot })
  assert.match(text.split('\n')[1]!, /^bind +no such choice +- +- +128 of 128$/)
  assert.match(text.split('\n')[2]!, /^knot +500 of 500 +40 +3 +no such choice$/)
})
