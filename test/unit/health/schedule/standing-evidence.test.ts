/** Evidence of a change: which samples, and its bounds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProbeSample } from '../../../../health/model/probe-sample.ts'
import { createRankKeeper, type StandingChange } from '../../../../health/schedule/rank-keeper.ts'
import { rankEndpoint, rankPlan } from '../../../support/rank-plans.ts'

const START = Date.UTC(2026, 0, 1)
const sample = (number: number, ok: boolean, change: Partial<ProbeSample> = {}): ProbeSample => ({
  generation: 1,
  endpointId: 'a',
  address: '192.0.2.1',
  probeId: 'edge-http',
  startedAt: START + 5000 * number,
  endedMonotonicMs: 5000 * number,
  ok,
  latencyMs: 12.34,
  lagged: false,
  ...(ok ? {} : { failure: 'timeout' as const, detail: 'no result within 1000 ms' }),
  ...change,
})

/** The last change that samples made. */
function lastChange(samples: readonly ProbeSample[]): StandingChange {
  const keeper = createRankKeeper(undefined, 0, 0)
  keeper.replacePlan(rankPlan([rankEndpoint('a', { ipv6: '2001:db8::1' })], [{ members: [0] }]), 0)
  let last: StandingChange | undefined
  for (const one of samples) last = keeper.takeSample(one, one.endedMonotonicMs, one.startedAt).at(-1) ?? last
  assert.ok(last)
  return last
}

test('a loss carries the failures that decided, the success before them, the rule and the window', () => {
  const { evidence } = lastChange([0, 1, 2, 3, 4].map((number) => sample(number, number < 2)))
  assert.deepEqual([evidence.address, evidence.probe, evidence.fall, evidence.rise], ['192.0.2.1', 'edge-http', 3, 2])
  assert.deepEqual(
    evidence.samples.map(({ ok }) => ok),
    [true, true, false, false, false],
  )
  assert.deepEqual(evidence.samples.at(-1), {
    at: '2026-01-01T00:00:20.000Z',
    probe: 'edge-http',
    ok: false,
    latencyMs: 12.3,
    failure: 'timeout',
    detail: 'no result within 1000 ms',
  })
  assert.deepEqual(evidence.window, { samples: 5, failures: 3, errorRatePercent: 60, latencyMs: 12.3 })
})

test('samples of the other address are not shown, and only the newest ones', () => {
  const samples = Array.from({ length: 40 }, (_, number) => [
    sample(number, number < 37),
    sample(number, true, { address: '2001:db8::1', startedAt: START + 5000 * number + 1 }),
  ]).flat()
  const { evidence } = lastChange(samples)
  assert.equal(evidence.samples.length, 16)
  assert.equal(evidence.samples.at(-1)!.at, '2026-01-01T00:03:15.000Z')
})

test('whatever a target answers, the evidence stays below 4 kB', () => {
  const detail = '异常'.repeat(5000)
  const { evidence } = lastChange(Array.from({ length: 20 }, (_, number) => sample(number, number < 17, { detail })))
  assert.ok(Buffer.byteLength(JSON.stringify(evidence)) <= 3800)
  assert.ok(evidence.samples.length >= 3)
  assert.equal(evidence.samples.at(-1)!.ok, false)
})
