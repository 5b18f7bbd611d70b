/** Metric rows of health: what is shown, in which bounds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HealthScore, HealthScores } from '../../../admin-ui/contract/health-scores.ts'
import type { LiveGeneration } from '../../../cli/data-plane/data-plane.ts'
import { startHealthFigures } from '../../../cli/data-plane/health-figures.ts'
import type { AddressDetail, HealthState } from '../../../health/schedule/rank-worker.ts'
import { createDropCounts } from '../../../health/score/drop-counts.ts'
import { emptyRanking, probeSpec, rankEndpoint, rankPlan } from '../../support/rank-plans.ts'

const score = (endpoint: string, given: Partial<HealthScore> = {}): HealthScore => ({
  endpoint,
  address: '192.0.2.1',
  family: 4,
  vantage: 'n',
  standing: 'up',
  since: null,
  sampleCount: 1,
  inPlace: true,
  ...given,
})
const scores = (list: readonly HealthScore[]): HealthScores => ({
  generation: 1,
  rankingId: 1,
  computedAt: '',
  windowSeconds: 300,
  scores: list,
})
const detail = (endpointId: string, given: Partial<AddressDetail> = {}): AddressDetail => ({
  endpointId,
  address: '192.0.2.1',
  p95Ms: null,
  ewmaMs: null,
  certificateDays: null,
  phases: [],
  ...given,
})
const plan = rankPlan(
  [rankEndpoint('a', { probes: [probeSpec({ intervalMs: 2000 })] }), rankEndpoint('b', { probes: [] })],
  [{ members: [0, 1] }],
)

function start(details: readonly AddressDetail[], state?: Partial<HealthState>) {
  const whole = { isolated: false, sinceAt: 0, others: [], failingReferences: [], dropped: createDropCounts(), overloaded: [], ...state }
  return startHealthFigures({ vantage: 'n', details: async () => details, state: async () => whole as HealthState })
}

test('phases, certificates, standings, intervals and changes, each with its labels', async () => {
  const figures = start([detail('a', { certificateDays: 10, phases: [{ phase: 'connect', p50Ms: 2, p95Ms: 4 }] }), detail('gone')])
  try {
    await figures.details()
    for (const to of ['down', 'up', 'down']) figures.changed('a', '192.0.2.1', to)
    figures.changed('gone', '192.0.2.1', 'down')
    const ranking = emptyRanking(plan)
    ranking.memberKeep.fill(0xffff)
    ranking.memberKeep[0] = 0x8000
    const live = { plan, shared: { live: new Int32Array(1), slots: [ranking, ranking] } } as unknown as LiveGeneration
    const rows = figures.rows(live, scores([score('a', { standing: 'degraded' }), score('b')]), 1_000_000)
    const labels = { endpoint: 'a', address: '192.0.2.1', family: 4, vantage: 'n' }
    assert.deepEqual(rows.nearcast_probe_phase_seconds, [
      { labels: { ...labels, phase: 'connect', percentile: '50' }, value: 0.002 },
      { labels: { ...labels, phase: 'connect', percentile: '95' }, value: 0.004 },
    ])
    assert.deepEqual(rows.nearcast_endpoint_certificate_expiry_timestamp_seconds, [{ labels, value: 865_000 }])
    assert.deepEqual(
      rows.nearcast_endpoint_standing!.map(({ value }) => value),
      [2, 3],
    )
    assert.deepEqual(rows.nearcast_endpoint_standing_changes_total, [
      { labels: { endpoint: 'a', address: '192.0.2.1', vantage: 'n', to: 'down' }, value: 2 },
      { labels: { endpoint: 'a', address: '192.0.2.1', vantage: 'n', to: 'up' }, value: 1 },
      { labels: { endpoint: 'b', address: '192.0.2.1', vantage: 'n', to: 'down' }, value: 0 },
    ])
    assert.deepEqual(rows.nearcast_probe_interval_seconds, [{ labels, value: 2 }], 'an endpoint without probes has none')
    assert.deepEqual(rows.nearcast_endpoint_keep_ratio, [
      { labels: { policy: 'edge-api', pool: 'pool-0', endpoint: 'a' }, value: 0x8000 / 0xffff },
    ])
  } finally {
    figures.stop()
  }
})

test('isolation and what was dropped come from the rank worker; without its answer they are absent', async () => {
  const figures = start([], {
    isolated: true,
    others: [{ vantage: 'm', site: '', isolated: false }],
    dropped: { ...createDropCounts(), future: 3 },
  })
  try {
    assert.equal(figures.rows(undefined, scores([]), 0).nearcast_node_isolated, undefined)
    await new Promise((resolve) => setImmediate(resolve))
    const rows = figures.rows(undefined, scores([]), 0)
    assert.deepEqual(rows.nearcast_node_isolated, [{ labels: { vantage: 'n' }, value: 1 }])
    assert.deepEqual(
      rows.nearcast_vantages_heard!.map(({ value }) => value),
      [1, 0],
    )
    assert.deepEqual(rows.nearcast_health_dropped_total![0], { labels: { reason: 'future' }, value: 3 })
  } finally {
    figures.stop()
  }
})

test('phases of very many addresses are bounded', async () => {
  const many = Array.from({ length: 3000 }, (_, number) => detail(`e${number}`, { phases: [{ phase: 'total', p50Ms: 1, p95Ms: 1 }] }))
  const figures = start(many)
  try {
    await figures.details()
    const rows = figures.rows(undefined, scores(many.map(({ endpointId }) => score(endpointId))), 0)
    assert.equal(rows.nearcast_probe_phase_seconds!.length, 4000)
  } finally {
    figures.stop()
  }
})

test('an endpoint beyond its capacity is told once, and when it is over', async () => {
  const told: string[] = []
  const states = [['a'], ['a', 'b'], ['b'], []]
  let asked = 0
  const state = async (): Promise<HealthState> => {
    const overloaded = states[Math.min(asked++, states.length - 1)]!
    return { isolated: false, sinceAt: 0, others: [], failingReferences: [], dropped: createDropCounts(), overloaded }
  }
  const onCapacity = (id: string, isBeyond: boolean): void => void told.push(`${id} ${isBeyond}`)
  const figures = startHealthFigures({ vantage: 'n', details: async () => [], state, onCapacity, stateIntervalMs: 1 })
  try {
    while (asked < 6) await new Promise((resolve) => setTimeout(resolve, 1))
    assert.deepEqual(told, ['a true', 'b true', 'a false', 'b false'])
    assert.deepEqual(figures.rows(undefined, scores([]), 0).nearcast_endpoint_overloaded, [])
  } finally {
    figures.stop()
  }
})
