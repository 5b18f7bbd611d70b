/**
 * Days of virtual time of an endpoint that loses a share of its probes: how often does it come and go, and how much of the time is it
 * handed out? Beside it the naive rule, which looks at the point estimate of the window alone. Seeded; the seeds are in the names.
 * More seeds: bench/simulate-health.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulateLoss, simulateNaiveLoss } from '../support/simulated-loss.ts'

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

// The climb to the longest waits takes a day, so what loses much is looked at for two weeks: the first day alone has about 14 changes.
const cases = [
  { lossPercent: 0, days: 2, seeds: [1], mostChanges: 0, leastEligible: 1, mostEligible: 1 },
  { lossPercent: 1, days: 2, seeds: [1, 2], mostChanges: 1, leastEligible: 0.99, mostEligible: 1 },
  { lossPercent: 3, days: 2, seeds: [1, 2, 3], mostChanges: 10, leastEligible: 0.9, mostEligible: 1 },
  { lossPercent: 5, days: 2, seeds: [1, 2, 3], mostChanges: 40, leastEligible: 0, mostEligible: 1 },
  { lossPercent: 8, days: 14, seeds: [1], mostChanges: 5, leastEligible: 0, mostEligible: 0.02 },
  { lossPercent: 30, days: 14, seeds: [3], mostChanges: 5, leastEligible: 0, mostEligible: 0.02 },
  { lossPercent: 100, days: 2, seeds: [1], mostChanges: 1, leastEligible: 0, mostEligible: 0.01 },
]
for (const { lossPercent, days, seeds, mostChanges, leastEligible, mostEligible } of cases) {
  test(`${lossPercent} % loss, ${days} days, seeds ${seeds.join(' ')}: at most ${mostChanges} changes a day`, (t) => {
    const outcomes = seeds.map((seed) => simulateLoss(lossPercent, seed, days))
    const changes = mean(outcomes.map(({ changesPerDay }) => changesPerDay))
    const share = mean(outcomes.map(({ eligibleShare }) => eligibleShare))
    const naive = mean(seeds.map((seed) => simulateNaiveLoss(lossPercent, seed, days)))
    t.diagnostic(
      `${changes.toFixed(2)} changes a day, eligible ${(100 * share).toFixed(2)} % of the time; naive rule ${naive.toFixed(0)} changes`,
    )
    assert.ok(changes <= mostChanges, `${changes} changes a day`)
    assert.ok(share >= leastEligible && share <= mostEligible, `eligible ${share}`)
  })
}
