import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createLatencyAggregate,
  HALF_LIFE_MS,
  HIGHEST_LATENCY_MS,
  type LatencyAggregate,
  type LatencySample,
  OLDEST_SAMPLE_MS,
  SAMPLES_A_CELL,
  SAMPLES_A_NETWORK,
  SAMPLES_A_NETWORK_A_MINUTE,
} from '../../../../health/score/latency-aggregate.ts'

const NOW = 1_000_000_000
const sample = (given: Partial<LatencySample> = {}): LatencySample => {
  return { line: 'jp', endpointId: 'a', network: 'n1', latencyMs: 20, ok: true, at: NOW, ...given }
}
/** Takes a sample of each latency, each of a network of its own. */
function feed(aggregate: LatencyAggregate, latencies: readonly number[], given: Partial<LatencySample> = {}): void {
  for (const [at, latencyMs] of latencies.entries())
    assert.equal(aggregate.take(sample({ latencyMs, network: `n${at}`, ...given }), NOW), undefined)
}

for (const [name, given, expected] of [
  ['a good one', {}, undefined],
  ['a negative latency', { latencyMs: -1 }, 'latency'],
  ['no latency', { latencyMs: Number.NaN }, 'latency'],
  ['an endless latency', { latencyMs: Number.POSITIVE_INFINITY }, 'latency'],
  ['an absurd latency', { latencyMs: HIGHEST_LATENCY_MS + 1 }, 'latency'],
  ['a failure with any number', { latencyMs: -5, ok: false }, undefined],
  ['a little ahead', { at: NOW + 20_000 }, undefined],
  ['from the future', { at: NOW + 60_000 }, 'future'],
  ['no time', { at: Number.NaN }, 'future'],
  ['old', { at: NOW - OLDEST_SAMPLE_MS + 1 }, undefined],
  ['too old', { at: NOW - OLDEST_SAMPLE_MS - 1 }, 'past'],
] as const) {
  test(`a sample is judged: ${name}`, () => {
    assert.equal(createLatencyAggregate().take(sample(given), NOW), expected)
  })
}

test('a cell has the trimmed median and the 90th percentile of the networks', () => {
  const aggregate = createLatencyAggregate()
  feed(aggregate, [10, 11, 12, 13, 14, 15, 16, 17, 18, 5000])
  assert.deepEqual(aggregate.cells(NOW), [{ line: 'jp', endpointId: 'a', medianMs: 14.5, p90Ms: 18, count: 10, at: NOW }])
})

test('one network has one vote, however much it sends', () => {
  const aggregate = createLatencyAggregate()
  feed(aggregate, [20, 21, 22])
  for (let at = 0; at < 50; at++) aggregate.take(sample({ network: 'liar', latencyMs: 1 }), NOW + at)
  const [cell] = aggregate.cells(NOW)
  assert.equal(cell!.medianMs, 20.5)
  assert.equal(cell!.count, 3 + SAMPLES_A_NETWORK)
})

test('a network gives only so many samples a minute, over all cells', () => {
  const aggregate = createLatencyAggregate()
  const take = (at: number): unknown => aggregate.take(sample({ endpointId: `e${at % 7}` }), NOW)
  for (let at = 0; at < SAMPLES_A_NETWORK_A_MINUTE; at++) assert.equal(take(at), undefined)
  assert.equal(take(0), 'quota')
  assert.equal(aggregate.take(sample({ network: 'other' }), NOW), undefined)
  assert.equal(aggregate.take(sample(), NOW + 60_000), undefined)
})

test('failures count as the slowest latency: some are trimmed away, many are not', () => {
  const some = createLatencyAggregate()
  feed(some, Array(20).fill(20))
  some.take(sample({ network: 'x', ok: false, latencyMs: 0 }), NOW)
  assert.equal(some.cells(NOW)[0]!.medianMs, 20)
  const many = createLatencyAggregate()
  feed(many, [20, 20])
  for (const network of ['x', 'y', 'z']) many.take(sample({ network, ok: false, latencyMs: 0 }), NOW)
  assert.equal(many.cells(NOW)[0]!.medianMs, HIGHEST_LATENCY_MS)
})

test('newer samples weigh more; the oldest make room', () => {
  const aggregate = createLatencyAggregate()
  for (let at = 0; at < 3; at++) aggregate.take(sample({ network: `old${at}`, latencyMs: 100, at: NOW - 4 * HALF_LIFE_MS }), NOW)
  for (let at = 0; at < 2; at++) aggregate.take(sample({ network: `new${at}`, latencyMs: 10 }), NOW)
  assert.equal(aggregate.cells(NOW)[0]!.medianMs, 10)
  feed(aggregate, Array(SAMPLES_A_CELL).fill(30), {})
  const [cell] = aggregate.cells(NOW)
  assert.equal(cell!.count, SAMPLES_A_CELL)
})

test('a full matrix takes no new cell, unless one was not fed for long', () => {
  const aggregate = createLatencyAggregate(2)
  assert.equal(aggregate.take(sample({ endpointId: 'a' }), NOW), undefined)
  assert.equal(aggregate.take(sample({ endpointId: 'b' }), NOW), undefined)
  assert.equal(aggregate.take(sample({ endpointId: 'c' }), NOW), 'full')
  assert.equal(aggregate.take(sample({ endpointId: 'a', at: NOW + 700_000 }), NOW + 700_000), undefined)
  assert.equal(aggregate.take(sample({ endpointId: 'c', at: NOW + 700_000 }), NOW + 700_000), undefined)
  assert.deepEqual(
    aggregate.cells(NOW + 700_000).map(({ endpointId }) => endpointId),
    ['a', 'c'],
  )
  assert.equal(aggregate.size(), 2)
})

test('changes come once; what is forgotten comes as a cell of 0 samples', () => {
  const aggregate = createLatencyAggregate()
  feed(aggregate, [10])
  feed(aggregate, [10], { endpointId: 'b' })
  assert.equal(aggregate.changes(NOW).length, 2)
  assert.deepEqual(aggregate.changes(NOW), [])
  aggregate.keepEndpoints(new Set(['a']))
  assert.deepEqual(aggregate.changes(NOW), [{ line: 'jp', endpointId: 'b', medianMs: 0, p90Ms: 0, count: 0, at: 0 }])
  const later = NOW + OLDEST_SAMPLE_MS + 1
  assert.deepEqual(
    aggregate.changes(later).map(({ endpointId, count }) => [endpointId, count]),
    [['a', 0]],
  )
  assert.equal(aggregate.size(), 0)
})

test('what is kept and restored gives the same cells; what grew too old meanwhile is left out', () => {
  const aggregate = createLatencyAggregate()
  feed(aggregate, [10, 12, 14])
  feed(aggregate, [99], { endpointId: 'b', at: NOW - OLDEST_SAMPLE_MS + 1000 })
  const kept = aggregate.unsaved(NOW)
  assert.deepEqual(aggregate.unsaved(NOW), [])
  const restored = createLatencyAggregate()
  restored.restore(kept, NOW + 2000)
  assert.deepEqual(
    restored.cells(NOW + 2000).map(({ endpointId, medianMs, count }) => [endpointId, medianMs, count]),
    [['a', 12, 3]],
  )
  aggregate.keepEndpoints(new Set(['b']))
  assert.deepEqual(
    aggregate.unsaved(NOW).map(({ endpointId, samples }) => [endpointId, samples.length]),
    [['a', 0]],
  )
})
