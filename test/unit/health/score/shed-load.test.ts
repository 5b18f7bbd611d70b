import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDropCounts } from '../../../../health/score/drop-counts.ts'
import { createLoadBook } from '../../../../health/score/load-book.ts'
import { allowedSteps, createShedState, isOverloaded, loadPercentOf, stepShare } from '../../../../health/score/shed-load.ts'
import { rankEndpoint, rankPlan } from '../../../support/rank-plans.ts'

const CAPACITY = { requestsPerSecond: 1000, softPercent: 80, hardPercent: 100 }
const reported = (perSecond: number) => ({ reportedPerSecond: perSecond, smoothPerSecond: perSecond, estimatedPerSecond: Number.NaN })
const TTL_MS = 30_000

test('allowedSteps is linear between the marks', () => {
  const cases = [
    [0, 10],
    [80, 10],
    [82, 9],
    [85, 7.5],
    [90, 5],
    [98, 1],
    [100, 1],
    [500, 1],
  ] as const
  for (const [percent, expected] of cases) assert.equal(allowedSteps(CAPACITY, percent), expected, `${percent} %`)
})

test('isOverloaded: from the hard mark on, until it is below the soft mark; only by what was reported', () => {
  const cases = [
    { name: 'below', load: reported(999), was: false, expected: false },
    { name: 'at the mark', load: reported(1000), was: false, expected: true },
    { name: 'between the marks: as it was', load: reported(900), was: true, expected: true },
    { name: 'below the soft mark', load: reported(799), was: true, expected: false },
    { name: 'nothing is reported any more', load: undefined, was: true, expected: false },
    {
      name: 'an estimate closes nothing',
      load: { reportedPerSecond: Number.NaN, smoothPerSecond: Number.NaN, estimatedPerSecond: 9999 },
      was: false,
      expected: false,
    },
  ]
  for (const { name, load, was, expected } of cases) assert.equal(isOverloaded(CAPACITY, load, was), expected, name)
})

/** Load of an endpoint that is asked for `demand`, kept by its share, over `steps` TTLs. */
function follow(demand: (step: number) => number, steps: number): { readonly shares: number[]; readonly outs: number } {
  const state = createShedState()
  let share = 1
  let overloaded = false
  let outs = 0
  const shares: number[] = []
  for (let step = 0; step < steps; step++) {
    const load = reported(overloaded ? 0 : demand(step) * share)
    const was = overloaded
    overloaded = isOverloaded(CAPACITY, load, was)
    if (overloaded && !was) outs++
    share = stepShare(state, CAPACITY, loadPercentOf(CAPACITY, load), overloaded, TTL_MS, step * TTL_MS)
    shares.push(share)
  }
  return { shares, outs }
}

test('one step a TTL, and it settles instead of swinging', () => {
  const { shares, outs } = follow(() => 980, 40)
  assert.deepEqual(shares.slice(0, 3), [0.9, 0.8, 0.8])
  assert.equal(new Set(shares.slice(10)).size, 1, `settled: ${shares.slice(10)}`)
  assert.equal(outs, 0)
})

test('steps come once a TTL whatever the number of rankings', () => {
  const state = createShedState()
  const shares = [0, 1000, 15_000, 29_999, 30_000, 31_000].map((nowMs) => stepShare(state, CAPACITY, 99, false, TTL_MS, nowMs))
  assert.deepEqual(shares, [0.9, 0.9, 0.9, 0.9, 0.8, 0.8])
})

test('beyond the hard mark it leaves at once, and comes back step by step without leaving again', () => {
  const { shares, outs } = follow(() => 1500, 60)
  assert.equal(outs, 1)
  assert.equal(shares[0], 0.1)
  const settled = shares.at(-1)!
  assert.ok(1500 * settled < 1000 && 1500 * settled > 600, `keeps ${settled}`)
  for (const [i, share] of shares.entries()) if (i > 0) assert.ok(share - shares[i - 1]! <= 0.1 + 1e-9)
})

test('when the demand is over everybody comes back', () => {
  const { shares } = follow((step) => (step < 20 ? 990 : 100), 40)
  assert.equal(shares.at(-1), 1)
})

test('load book: fresh reports, an estimate by what an answer was worth, and nothing that cannot be', () => {
  const plan = rankPlan([rankEndpoint('a', { capacity: CAPACITY }), rankEndpoint('free')], [{ members: [0, 1] }])
  const dropped = createDropCounts()
  const book = createLoadBook(dropped)
  const wall = 1_000_000_000
  const read = (nowMs: number) => book.read(plan, nowMs).get('a')
  book.takeAnswers('a', 10, 0)
  assert.deepEqual(read(0), { reportedPerSecond: Number.NaN, smoothPerSecond: Number.NaN, estimatedPerSecond: 10 })
  for (const [load, reason] of [
    [{ requestsPerSecond: -1, at: wall }, 'absurd'],
    [{ requestsPerSecond: Number.NaN, at: wall }, 'absurd'],
    [{ requestsPerSecond: 1e300, at: wall }, 'absurd'],
    [{ requestsPerSecond: 5, at: wall + 6000 }, 'future'],
    [{ requestsPerSecond: 5, at: wall - 31_000 }, 'past'],
  ] as const) {
    const before = dropped[reason]
    book.takeReport({ endpointId: 'a', ...load }, 0, wall)
    assert.equal(dropped[reason], before + 1, reason)
  }
  book.takeReport({ endpointId: 'a', requestsPerSecond: 600, at: wall - 10_000 }, 1000, wall)
  assert.equal(read(1000)!.reportedPerSecond, 600)
  assert.equal(read(21_001)!.reportedPerSecond, Number.NaN, 'it was 10 s old when it came')
  assert.ok(read(1000)!.estimatedPerSecond > 100, 'an answer was worth 60 requests')
  book.takeReport({ endpointId: 'a', requestsPerSecond: 1, at: wall - 11_000 }, 1000, wall)
  assert.equal(read(1000)!.reportedPerSecond, 600, 'older than what is known')
  assert.equal(read(31_000)!.estimatedPerSecond, Number.NaN)
  assert.equal(book.read(plan, 0).has('free'), false)
  book.retain(() => false)
  assert.equal(read(1000), undefined)
})
