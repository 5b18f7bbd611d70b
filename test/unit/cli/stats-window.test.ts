import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PolicyAnswers } from '../../../cli/data-plane/data-plane.ts'
import { addSample, ratesOf, type StatsTotals, sumPolicyAnswers } from '../../../cli/data-plane/stats-window.ts'

const sampleOf = (seconds: number, queries: number, noerror = 0, nxdomain = 0, policyAnswers = 0, displaced = 0): StatsTotals => ({
  atMonotonicMs: 1000 * seconds,
  queries,
  rcodes: [noerror, 0, 0, nxdomain],
  policyAnswers,
  displaced,
})

describe('ratesOf', () => {
  const nothing = { queriesPerSecond: null, answerMixPercent: null, displacedPercent: null }
  const cases: readonly { readonly name: string; readonly window: readonly StatsTotals[]; readonly expected: object }[] = [
    { name: 'no sample', window: [], expected: nothing },
    { name: 'one sample', window: [sampleOf(0, 5)], expected: nothing },
    { name: 'no traffic', window: [sampleOf(0, 5), sampleOf(5, 5)], expected: { ...nothing, queriesPerSecond: 0 } },
    {
      name: 'traffic',
      window: [sampleOf(0, 100, 90, 10, 50, 0), sampleOf(10, 200, 165, 35, 90, 10)],
      expected: { queriesPerSecond: 10, answerMixPercent: { NOERROR: 75, NXDOMAIN: 25 }, displacedPercent: 25 },
    },
  ]
  for (const { name, window, expected } of cases) test(name, () => assert.deepEqual(ratesOf(window), expected))

  test('queries are those of the last minute, answers those of five', () => {
    let window: readonly StatsTotals[] = []
    for (let n = 0; n <= 100; n++) window = addSample(window, sampleOf(5 * n, n <= 88 ? 0 : 600 * (n - 88), n))
    assert.equal(window.length, 61)
    assert.equal(ratesOf(window).queriesPerSecond, 120)
    assert.deepEqual(ratesOf(window).answerMixPercent, { NOERROR: 100 })
  })
})

test('sumPolicyAnswers leaves SERVFAIL and NODATA aside', () => {
  const answers = (['rule', 'displaced', 'fallback', 'last-resort', 'all-down', 'nodata', 'servfail'] as const).map(
    (outcome, n): PolicyAnswers => ({ policy: 'p', rule: 'none', outcome, count: 10 ** n }),
  )
  assert.deepEqual(sumPolicyAnswers(answers), { policyAnswers: 11_111, displaced: 11_110 })
})
