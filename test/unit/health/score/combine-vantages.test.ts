import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CombinedView, combineVantages, isInPlaceBy, isOpenBy, type VantageVote } from '../../../../health/score/combine-vantages.ts'

const vote = (inPlace: boolean | null, latencyMs = 20, errorRatePercent = 0, sampleCount = 60): VantageVote => ({
  inPlace,
  latencyMs,
  errorRatePercent,
  sampleCount,
  sampleAt: 1000,
})

test('isInPlaceBy: more than the share of the votes, and two of three and more', () => {
  const cases = [
    { name: 'nobody votes', votes: [], expected: undefined },
    { name: 'no votes are none', votes: [null, null], expected: undefined },
    { name: 'alone up', votes: [true], expected: true },
    { name: 'alone down', votes: [false], expected: false },
    { name: 'one of two', votes: [true, false], expected: true },
    { name: 'one of three is not enough, whatever the share', votes: [true, false, false], expected: false },
    { name: 'one of two with a third that has no vote', votes: [true, false, null], expected: true },
    { name: 'two of five', votes: [true, true, false, false, false], expected: true },
    { name: 'two of eleven are 18.2 %', votes: [true, true, ...Array(9).fill(false)], expected: true },
    { name: 'two of twelve are 16.7 %', votes: [true, true, ...Array(10).fill(false)], expected: false },
    { name: 'none of five', votes: Array(5).fill(false), expected: false },
  ]
  for (const { name, votes, expected } of cases)
    assert.equal(isInPlaceBy(combineVantages(votes.map((inPlace: boolean | null) => vote(inPlace))), 18), expected, name)
  const half = combineVantages([true, true, false, false].map((inPlace) => vote(inPlace)))
  assert.equal(isInPlaceBy(half, 50), false, 'more than the share, not as much')
  assert.equal(isInPlaceBy(half, 49), true)
})

test('combineVantages: medians of the voters; unknown numbers count nowhere', () => {
  const cases = [
    { name: 'odd', votes: [vote(true, 10), vote(true, 500), vote(true, 20)], expected: [20, 0] },
    { name: 'even: between the two', votes: [vote(true, 10, 0), vote(true, 30, 8)], expected: [20, 4] },
    { name: 'no vote, no number', votes: [vote(true, 10), vote(null, 900, 90)], expected: [10, 0] },
    { name: 'a voter without latency', votes: [vote(true, Number.NaN, 100), vote(true, 30, 0), vote(true, 40, 0)], expected: [35, 0] },
    { name: 'nobody', votes: [], expected: [Number.NaN, Number.NaN] },
  ]
  for (const { name, votes, expected } of cases) {
    const { latencyMs, errorRatePercent } = combineVantages(votes)
    assert.deepEqual([latencyMs, errorRatePercent], expected, name)
  }
})

test('isOpenBy: closed at a limit as surely as one vantage is, open again below 80 % of both', () => {
  const limits = { maxErrorRatePercent: 5, maxLatencyMs: 500 }
  const view = (latencyMs: number, errorRatePercent: number, sampleCount = 180): CombinedView => ({
    inPlaceCount: 3,
    voteCount: 3,
    latencyMs,
    errorRatePercent,
    sampleCount,
    sampleAt: 0,
  })
  const cases = [
    { name: 'good', view: view(20, 0), wasOpen: true, expected: true },
    { name: 'errors beyond the limit, but not surely', view: view(20, 8), wasOpen: true, expected: true },
    { name: 'errors surely beyond', view: view(20, 20), wasOpen: true, expected: false },
    { name: 'slow', view: view(500, 0), wasOpen: true, expected: false },
    { name: 'too few samples close nothing', view: view(900, 90, 30), wasOpen: true, expected: true },
    { name: 'closed, at 90 % of the limit', view: view(450, 0), wasOpen: false, expected: false },
    { name: 'closed, errors at 90 %', view: view(20, 4.5), wasOpen: false, expected: false },
    { name: 'closed, below 80 % of both', view: view(399, 3.9), wasOpen: false, expected: true },
  ]
  for (const one of cases) assert.equal(isOpenBy(one.view, limits, one.wasOpen), one.expected, one.name)
})
