import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DEFAULT_LATENCY_SETTINGS,
  EXPLORE_EPOCH_MS,
  LATENCY_EXPLORE_CAP,
  type LatencyCell,
  type LatencySettings,
  NO_LATENCY_MEMBER,
  UNKNOWN_KM,
} from '../../../../health/model/latency-matrix.ts'
import type { RankPlan } from '../../../../health/model/rank-plan.ts'
import { confidenceOf, createLatencyOrderer, type LatencyOrderer } from '../../../../health/score/latency-order.ts'
import { holdStep } from '../../../../health/score/latency-row.ts'
import { rankEndpoint, rankPlan } from '../../../support/rank-plans.ts'

const NOW = 5_000_000
const IDS = ['a', 'b', 'c', 'd']

/** A plan with one latency pool of a, b, c, d and two rows: nothing known, and "jp" with these kilometres. */
function planOf(km: readonly number[], given: Partial<LatencySettings> = {}): RankPlan {
  const plan = rankPlan(
    IDS.map((id) => rankEndpoint(id)),
    [{ members: [0, 1, 2, 3], choose: 'latency' }],
  )
  const byDistance = IDS.map((_, at) => at).sort((x, y) => km[x]! - km[y]!)
  const positions = IDS.map((_, at) => byDistance.indexOf(at))
  const pool = {
    poolUse: 0,
    firstEntry: 0,
    width: 4,
    settings: { ...DEFAULT_LATENCY_SETTINGS, ...given },
    rowLine: Uint32Array.of(0, 1),
    rowKm: Uint16Array.from([...IDS.map(() => UNKNOWN_KM), ...km]),
    rowPosition: Uint16Array.from([0, 1, 2, 3, ...positions]),
  }
  return { ...plan, latency: { lines: ['', 'jp'], pools: [pool] } }
}

const cell = (endpointId: string, medianMs: number, given: Partial<LatencyCell> = {}): LatencyCell => {
  return { line: 'jp', endpointId, medianMs, p90Ms: 2 * medianMs, count: 20, at: NOW, ...given }
}
const tell = (orderer: LatencyOrderer, cells: readonly LatencyCell[], nowMs: number = NOW): void =>
  orderer.take({ type: 'latency', whole: false, cells, at: NOW }, nowMs)

/** Order and candidates of the row of "jp". */
function fill(orderer: LatencyOrderer, plan: RankPlan, nowMs: number = NOW, wallMs: number = NOW): { order: string; explore: string } {
  const out = new Uint16Array(2 * (4 + LATENCY_EXPLORE_CAP)).fill(7)
  orderer.fill(plan, out, nowMs, wallMs)
  const words = (from: number): string =>
    [...out.subarray(from, from + 4)].map((at) => (at === NO_LATENCY_MEMBER ? '-' : IDS[at]!)).join('')
  assert.equal(words(0) + words(4), '--------', 'the row of nobody has entries')
  return { order: words(8), explore: words(12) }
}

const KM = [100, 800, 900, 6000]
for (const [name, cells, order] of [
  ['nothing measured: by distance', [], '----'],
  ['the near one is slow, the far one known to be good', [cell('a', 90), cell('b', 20)], 'bacd'],
  ['all measured: by latency', [cell('a', 50), cell('b', 30), cell('c', 80), cell('d', 10)], 'dbac'],
  ['equal within a band: by distance', [cell('a', 19.9), cell('b', 18.5), cell('c', 19), cell('d', 60)], 'abcd'],
  ['one sample moves nothing', [cell('a', 300, { count: 1 })], '----'],
  ['few samples move little', [cell('a', 14, { count: 3 }), cell('b', 11, { count: 3 })], 'abcd'],
  ['a line that is slow as a whole leaves nobody', [cell('a', 120)], 'abcd'],
  ['too old counts for nothing', [cell('a', 90, { at: NOW - 3_600_001 }), cell('b', 20, { at: NOW - 3_600_001 })], '----'],
  ['another line counts for nothing', [cell('b', 1, { line: 'kr' })], '----'],
  ['an endpoint that the pool has not counts for nothing', [cell('x', 1)], '----'],
] as const) {
  test(`order of a row: ${name}`, () => {
    const orderer = createLatencyOrderer()
    tell(orderer, cells)
    assert.equal(fill(orderer, planOf(KM)).order, order)
  })
}

test('an order does not tremble while medians stay near a band, and follows when they leave it', () => {
  const orderer = createLatencyOrderer()
  const plan = planOf(KM)
  const orders = new Set<string>()
  for (let step = 0; step < 200; step++) {
    tell(orderer, [cell('a', 30 + (step % 5)), cell('b', 34 - (step % 5)), cell('c', 70), cell('d', 200)])
    orders.add(fill(orderer, plan).order)
  }
  assert.equal(orders.size, 1)
  tell(orderer, [cell('a', 60)])
  assert.equal(fill(orderer, plan).order, 'bacd')
})

test('cells grow old: after maxAgeSeconds the order is by distance again', () => {
  const orderer = createLatencyOrderer()
  const plan = planOf(KM)
  tell(orderer, [cell('a', 90), cell('b', 20)])
  assert.equal(fill(orderer, plan, NOW).order, 'bacd')
  assert.equal(fill(orderer, plan, NOW + 1_700_000).order, 'bacd')
  assert.equal(fill(orderer, plan, NOW + 3_700_000).order, '----')
})

test('a whole matrix replaces what was known; a cell of 0 samples is gone', () => {
  const orderer = createLatencyOrderer()
  const plan = planOf(KM)
  tell(orderer, [cell('a', 90), cell('b', 20)])
  tell(orderer, [cell('a', 0, { count: 0 }), cell('b', 0, { count: 0 })])
  assert.equal(fill(orderer, plan).order, '----')
  tell(orderer, [cell('a', 90), cell('b', 20)])
  orderer.take({ type: 'latency', whole: true, cells: [cell('a', 50), cell('c', 10)], at: NOW }, NOW)
  assert.equal(fill(orderer, plan).order[0], 'c')
  assert.deepEqual(orderer.cellsOf('jp', NOW + 2000), [
    { endpointId: 'a', medianMs: 50, p90Ms: 100, count: 20, ageSeconds: 2 },
    { endpointId: 'c', medianMs: 10, p90Ms: 20, count: 20, ageSeconds: 2 },
  ])
})

test('what is kept over a restart gives the same order; ages go on', () => {
  const orderer = createLatencyOrderer()
  tell(orderer, [cell('a', 90), cell('b', 20)])
  const kept = JSON.parse(JSON.stringify(orderer.keep(NOW + 1000)))
  const restored = createLatencyOrderer()
  restored.restore(kept, 400)
  assert.equal(fill(restored, planOf(KM), 500).order, 'bacd')
  assert.equal(restored.cellsOf('jp', 400)[0]!.ageSeconds, 1)
})

test('explored are near members of which little is known, the most promising first; nobody is, where nothing is known or nothing wanted', () => {
  const orderer = createLatencyOrderer()
  const plan = planOf(KM)
  assert.equal(fill(orderer, plan).explore, '----')
  tell(orderer, [cell('a', 12)])
  // d is too far away to be worth it.
  assert.equal(fill(orderer, plan).explore, 'bc--')
  tell(orderer, [cell('b', 15)])
  assert.equal(fill(orderer, plan).explore, 'cb--')
  assert.equal(fill(orderer, planOf(KM, { explorePercent: 0 })).explore, '----')
})

test('equally unknown members take turns by epoch', () => {
  const orderer = createLatencyOrderer()
  const plan = planOf([100, 500, 510, 520])
  tell(orderer, [cell('a', 12)])
  const firsts = new Set<string>()
  for (let epoch = 0; epoch < 8; epoch++) firsts.add(fill(orderer, plan, NOW, epoch * EXPLORE_EPOCH_MS).explore[0]!)
  assert.deepEqual([...firsts].sort(), ['b', 'c', 'd'])
})

test('confidenceOf grows with the samples and falls in the second half of the age', () => {
  const of = (count: number, ageSeconds: number): number =>
    confidenceOf(
      { line: 'jp', endpointId: 'a', medianMs: 1, p90Ms: 1, count, atMs: NOW - 1000 * ageSeconds },
      DEFAULT_LATENCY_SETTINGS,
      NOW,
    )
  assert.deepEqual([of(5, 0), of(10, 0), of(99, 1800), of(10, 2700), of(10, 3600), of(10, 9999)], [0.5, 1, 1, 0.5, 0, 0])
})

test('holdStep stays until a number is further away than three quarters of a step', () => {
  assert.equal(holdStep(undefined, 0.6, 0.25), 0.5)
  assert.equal(holdStep(0.5, 0.68, 0.25), 0.5)
  assert.equal(holdStep(0.5, 0.7, 0.25), 0.75)
})

test('what changed is worked out a piece at a time; a first filling is whole', () => {
  const plan = planOf(KM)
  const pool = plan.latency!.pools[0]!
  const twice = {
    ...pool,
    rowLine: Uint32Array.of(1, 2),
    rowKm: Uint16Array.from([...KM, ...KM]),
    rowPosition: Uint16Array.from([0, 1, 2, 3, 0, 1, 2, 3]),
  }
  const both: RankPlan = { ...plan, latency: { lines: ['', 'jp', 'kr'], pools: [twice] } }
  const orderer = createLatencyOrderer(4)
  const out = new Uint16Array(2 * (4 + LATENCY_EXPLORE_CAP))
  const bests = (): string => {
    orderer.fill(both, out, NOW, NOW)
    return `${IDS[out[0]!]}${IDS[out[4 + LATENCY_EXPLORE_CAP]!]}`
  }
  for (const line of ['jp', 'kr']) tell(orderer, [cell('a', 90, { line }), cell('b', 20, { line })])
  assert.equal(bests(), 'bb')
  for (const line of ['jp', 'kr']) tell(orderer, [cell('c', 5, { line })])
  assert.deepEqual([bests(), bests()], ['cb', 'cc'])
})

test('the same pool of the next plan keeps its order and what is held', () => {
  const orderer = createLatencyOrderer()
  tell(orderer, [cell('a', 90), cell('b', 20)])
  assert.equal(fill(orderer, planOf(KM)).order, 'bacd')
  assert.equal(fill(orderer, { ...planOf(KM), generation: 2 }).order, 'bacd')
  // Another way to a member: worked out anew.
  assert.equal(fill(orderer, { ...planOf([100, 800, 20, 6000]), generation: 3 }).order, 'bcad')
})
