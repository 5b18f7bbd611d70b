import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProbeSample } from '../../../../health/model/probe-sample.ts'
import { summarizePhases } from '../../../../health/schedule/phase-summary.ts'

const sample = (latencyMs: number, given: Partial<ProbeSample> = {}): ProbeSample => ({
  generation: 1,
  endpointId: 'a',
  address: '192.0.2.1',
  probeId: 'p',
  startedAt: 0,
  endedMonotonicMs: 0,
  ok: true,
  latencyMs,
  lagged: false,
  ...given,
})

test('phases of successes of one address; what was not measured is left out', () => {
  const samples = [
    sample(10, { connectMs: 2, firstByteMs: 9 }),
    sample(20, { connectMs: 4, firstByteMs: 19 }),
    sample(30, { connectMs: 6, firstByteMs: 29 }),
    sample(900, { ok: false, failure: 'timeout' }),
    sample(800, { lagged: true }),
    sample(700, { address: '2001:db8::1' }),
  ]
  assert.deepEqual(summarizePhases(samples, '192.0.2.1'), [
    { phase: 'connect', p50Ms: 4, p95Ms: 6 },
    { phase: 'first-byte', p50Ms: 19, p95Ms: 29 },
    { phase: 'total', p50Ms: 20, p95Ms: 30 },
  ])
  assert.deepEqual(summarizePhases([], '192.0.2.1'), [])
})

test('only the newest thirty count', () => {
  const samples = Array.from({ length: 100 }, (_, number) => sample(number))
  assert.deepEqual(summarizePhases(samples, '192.0.2.1'), [{ phase: 'total', p50Ms: 84, p95Ms: 98 }])
})
