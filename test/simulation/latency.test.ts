/** A network with known truth: what was measured beats geography, and a start without measurements is geography. Seeded; bench/latency.bench.ts is the long version. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulateLatency } from '../support/latency-simulation.ts'

const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length

for (const seed of [1, 2]) {
  test(`choose: latency has at least 30 % less regret than geography, and never a worse cold start (seed ${seed})`, (t) => {
    const outcome = simulateLatency({ seed, minutes: 40, requestsPerMinute: 4000, reportShare: 0.2, lieShare: 0.02 })
    const { latency, nearest } = outcome.regretByMinute
    t.diagnostic(
      `regret ${outcome.meanLatency.toFixed(2)} ms, geography ${outcome.meanNearest.toFixed(2)} ms, auto ${outcome.meanAuto.toFixed(2)} ms`,
    )
    assert.equal(outcome.coldDifferences, 0)
    assert.equal(latency[0], nearest[0])
    assert.ok(mean(latency.slice(0, 10)) <= mean(nearest.slice(0, 10)), 'the first ten minutes are worse than geography')
    assert.ok(outcome.meanLatency <= 0.7 * outcome.meanNearest, `${outcome.meanLatency} ms of regret, geography ${outcome.meanNearest} ms`)
    assert.ok(outcome.orderChangesPerRowHour < 1, 'orders tremble')
  })
}

test('without reports choose: latency is geography all the time, and explores nothing', () => {
  const outcome = simulateLatency({ seed: 3, minutes: 12, requestsPerMinute: 1000, reportShare: 0, lieShare: 0 })
  assert.deepEqual(outcome.regretByMinute.latency, outcome.regretByMinute.nearest)
  assert.equal(outcome.exploredPercent, 0)
})

test('a fifth of the reports being lies costs little: medians by network, trimmed', () => {
  const outcome = simulateLatency({ seed: 2, minutes: 30, requestsPerMinute: 4000, reportShare: 0.2, lieShare: 0.2 })
  assert.ok(outcome.meanLatency < outcome.meanNearest, `${outcome.meanLatency} ms of regret, geography ${outcome.meanNearest} ms`)
})
