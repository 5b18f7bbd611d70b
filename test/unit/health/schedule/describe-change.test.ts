import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProbeSample } from '../../../../health/model/probe-sample.ts'
import { STANDINGS } from '../../../../health/model/standing.ts'
import { describeChange } from '../../../../health/schedule/describe-change.ts'
import type { StandingChange } from '../../../../health/schedule/rank-keeper.ts'

const sample: ProbeSample = {
  generation: 1,
  endpointId: 'a',
  address: '192.0.2.1',
  probeId: 'h',
  startedAt: 0,
  endedMonotonicMs: 0,
  latencyMs: 218.06,
  lagged: false,
  ok: true,
}

test('describeChange tells the latency of a sample, unless a pause of ours spoilt it', () => {
  const cases: readonly (readonly [Partial<ProbeSample>, string])[] = [
    [{}, '(probe h, 218.1 ms)'],
    [{ lagged: true }, '(probe h)'],
    [{ ok: false, failure: 'refused', detail: 'nobody there' }, '(probe h, refused: nobody there)'],
    [{ ok: false, failure: 'refused', detail: 'nobody there', lagged: true }, '(probe h, refused: nobody there)'],
  ]
  for (const [given, expected] of cases) {
    const change = { address: '192.0.2.1', from: 0, to: STANDINGS.indexOf('up'), gates: [], sample: { ...sample, ...given } }
    assert.deepEqual(describeChange(change as unknown as StandingChange), [`192.0.2.1 ${STANDINGS[0]} → up ${expected}`])
  }
})
