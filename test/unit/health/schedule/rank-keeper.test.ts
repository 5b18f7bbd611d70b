import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RankPlan } from '../../../../health/model/rank-plan.ts'
import { KEEP_ALL, MEMBER_ELIGIBLE } from '../../../../health/model/ranking.ts'
import { STANDING_DOWN, STANDING_UNKNOWN, STANDING_UP } from '../../../../health/model/standing.ts'
import type { PushedResult } from '../../../../health/model/vantage-report.ts'
import type { KeptHealth } from '../../../../health/schedule/kept-health.ts'
import { createRankKeeper, type PlannedHealth, type RankKeeper } from '../../../../health/schedule/rank-keeper.ts'
import { emptyRanking, probeSpec, rankEndpoint, rankPlan } from '../../../support/rank-plans.ts'

function feed(
  keeper: RankKeeper,
  endpointId: string,
  results: string,
  fromMs: number,
  given: { address?: string; latencyMs?: number } = {},
): void {
  const { address = '192.0.2.1', latencyMs = 12 } = given
  for (const [i, result] of [...results].entries()) {
    const at = fromMs + 5000 * i
    keeper.takeSample(
      {
        generation: 1,
        endpointId,
        address,
        probeId: 'edge-http',
        startedAt: at,
        endedMonotonicMs: at,
        ok: result === '+',
        latencyMs,
        lagged: false,
      },
      at,
      at,
    )
  }
}

function rank(keeper: RankKeeper, planned: PlannedHealth, nowMs: number) {
  const out = emptyRanking(planned.plan)
  keeper.rank(planned, out, [], nowMs, nowMs)
  return out
}

/** What stands in the file: JSON. */
const throughJson = (kept: KeptHealth): KeptHealth => JSON.parse(JSON.stringify(kept)) as KeptHealth

const twoEndpoints = (generation: number, given: Parameters<typeof rankEndpoint>[1] = {}): RankPlan =>
  rankPlan([rankEndpoint('a'), rankEndpoint('b', given)], [{ members: [0, 1] }], generation)

test('a publish carries standings over; only a changed address or probe begins anew', () => {
  const cases = [
    { name: 'nothing changed', given: {}, expected: STANDING_UP, unknown: 0 },
    { name: 'another address', given: { ipv4: '192.0.2.9' }, expected: STANDING_UNKNOWN, unknown: 1 },
    { name: 'another probe', given: { probes: [probeSpec({ path: '/' })] }, expected: STANDING_UNKNOWN, unknown: 1 },
    { name: 'no probe', given: { probes: [] }, expected: STANDING_UP, unknown: 0 },
    { name: 'disabled', given: { enabled: false }, expected: STANDING_UNKNOWN, unknown: 0 },
  ]
  for (const { name, given, expected, unknown } of cases) {
    const keeper = createRankKeeper(undefined, 0, 0)
    keeper.replacePlan(twoEndpoints(1), 0)
    feed(keeper, 'a', '+---', 0)
    feed(keeper, 'b', '+++', 0)
    const planned = keeper.replacePlan(twoEndpoints(2, given), 20_000)
    const ranking = rank(keeper, planned, 20_000)
    assert.deepEqual([ranking.addressStanding[0], ranking.addressStanding[2]], [STANDING_DOWN, expected], name)
    assert.equal(keeper.unknownCount(planned, 20_000), unknown, name)
  }
})

test('while a new generation waits for first results, the live one is ranked on', () => {
  const keeper = createRankKeeper(undefined, 0, 0)
  const live = keeper.replacePlan(twoEndpoints(1), 0)
  feed(keeper, 'a', '+', 0)
  feed(keeper, 'b', '+', 0)
  const next = keeper.replacePlan(rankPlan([rankEndpoint('a'), rankEndpoint('b'), rankEndpoint('c')], [{ members: [0, 1, 2] }], 2), 1000)
  assert.equal(keeper.unknownCount(next, 1000), 1)
  feed(keeper, 'a', '---', 5000)
  const ranking = rank(keeper, live, 20_000)
  assert.equal(ranking.header[0], 1)
  assert.deepEqual([ranking.memberBits[0]! & MEMBER_ELIGIBLE, ranking.memberBits[2]! & MEMBER_ELIGIBLE], [0, MEMBER_ELIGIBLE])
})

test('going back to the generation before finds its health; a minute later it would be old', () => {
  for (const [afterMs, expected] of [
    [10_000, STANDING_UP],
    [61_000, STANDING_UNKNOWN],
  ] as const) {
    const keeper = createRankKeeper(undefined, 0, 0)
    keeper.replacePlan(twoEndpoints(1), 0)
    feed(keeper, 'b', '+', 0)
    keeper.replacePlan(rankPlan([rankEndpoint('a')], [{ members: [0] }], 2), 20_000)
    const planned = keeper.replacePlan(twoEndpoints(1), 20_000 + afterMs)
    assert.equal(rank(keeper, planned, 20_000 + afterMs).addressStanding[2], expected)
  }
})

test('gates of the generation before are forgotten when the new one is live', () => {
  const keeper = createRankKeeper(undefined, 0, 0)
  const gated = (maxLatencyMs: number, generation: number): RankPlan =>
    rankPlan([rankEndpoint('a')], [{ members: [0], maxLatencyMs }], generation)
  keeper.replacePlan(gated(10, 1), 0)
  const planned = keeper.replacePlan(gated(500, 2), 1000)
  const gates = (): string[] => [...keeper.addresses()].flatMap(({ gates }) => [...gates.keys()])
  assert.deepEqual(gates(), ['5/10', '5/500'])
  keeper.settle(planned, 1000)
  assert.deepEqual(gates(), ['5/500'])
})

test('kept health: the last known standing until the first result, counters, window and doubling go on', () => {
  const first = createRankKeeper(undefined, 0, 0)
  first.replacePlan(twoEndpoints(1), 0)
  feed(first, 'a', '+---++---', 0)
  feed(first, 'b', '++-++', 0, { latencyMs: 20 })
  const kept = throughJson(first.keep(50_000))
  const second = createRankKeeper(kept, 60_000, 1000)
  const planned = second.replacePlan(twoEndpoints(1), 1000)
  assert.equal(second.unknownCount(planned, 1000), 0, 'nothing to wait for')
  const ranking = rank(second, planned, 1000)
  assert.deepEqual([ranking.addressStanding[0], ranking.addressStanding[2]], [STANDING_DOWN, STANDING_UP])
  assert.equal(ranking.addressSampleCount[2], 5)
  assert.equal(ranking.addressLatencyMs[2], 20)
  assert.equal(ranking.addressSinceAt[0], 40_000)
  feed(second, 'a', '+++', 5000)
  assert.equal(rank(second, planned, 20_000).addressStanding[0], STANDING_DOWN, 'four successes are needed: the relapse is remembered')
  feed(second, 'a', '+', 20_000)
  assert.equal(rank(second, planned, 21_000).addressStanding[0], STANDING_UP)
})

test('kept health older than an hour is no standing, only history', () => {
  const first = createRankKeeper(undefined, 0, 0)
  first.replacePlan(twoEndpoints(1), 0)
  feed(first, 'a', '+', 0)
  feed(first, 'b', '+', 0)
  const kept = throughJson(first.keep(1000))
  const second = createRankKeeper(kept, 3_700_000, 500)
  const planned = second.replacePlan(twoEndpoints(1), 500)
  assert.equal(second.unknownCount(planned, 500), 2)
  assert.equal(rank(second, planned, 500).addressStanding[0], STANDING_UNKNOWN)
})

test('an unproved standing keeps ageing over two restarts', () => {
  const first = createRankKeeper(undefined, 0, 0)
  first.replacePlan(twoEndpoints(1), 0)
  feed(first, 'a', '+', 0)
  const second = createRankKeeper(throughJson(first.keep(0)), 2_000_000, 0)
  second.replacePlan(twoEndpoints(1), 0)
  const third = createRankKeeper(throughJson(second.keep(1000)), 2_000_000, 0)
  assert.equal(rank(third, third.replacePlan(twoEndpoints(1), 0), 0).addressStanding[0], STANDING_UNKNOWN)
})

test('incumbents and ranking ids survive a restart', () => {
  const first = createRankKeeper(undefined, 0, 0)
  const planned = first.replacePlan(twoEndpoints(1), 0)
  feed(first, 'a', '+', 0, { latencyMs: 20 })
  feed(first, 'b', '+', 0, { latencyMs: 21 })
  assert.equal(rank(first, planned, 100).poolPick[0], 0)
  const second = createRankKeeper(throughJson(first.keep(200)), 1000, 0)
  const again = second.replacePlan(twoEndpoints(1), 0)
  feed(second, 'a', '++++', 0, { latencyMs: 21 })
  feed(second, 'b', '++++', 0, { latencyMs: 20 })
  const ranking = rank(second, again, 20_000)
  assert.equal(ranking.poolPick[0], 0, 'b is better, but within the band')
  assert.equal(ranking.header[1], 2)
})

test('what was forced survives a restart: its end is a return then too, and a slow start under way goes on', () => {
  const plan = rankPlan([rankEndpoint('a'), rankEndpoint('b')], [{ members: [0, 1], slowStartSeconds: 100 }])
  const start = (kept?: KeptHealth, elapsedMs = 0) => {
    const keeper = createRankKeeper(kept === undefined ? undefined : throughJson(kept), elapsedMs, 0)
    const planned = keeper.replacePlan(plan, 0)
    for (const id of ['a', 'b']) feed(keeper, id, '+', 0)
    const out = emptyRanking(plan)
    const tenthsAt = (nowMs: number, forced: boolean): number => {
      keeper.rank(planned, out, forced ? [{ endpointId: 'a', action: 'down', share: 1 }] : [], nowMs, nowMs)
      return Math.round((10 * out.memberKeep[0]!) / KEEP_ALL)
    }
    return { keeper, tenthsAt }
  }
  const first = start()
  assert.equal(first.tenthsAt(1000, true), 10)
  const held = first.keeper.keep(2000)
  const second = start(held, 5000)
  assert.equal(second.tenthsAt(100, false), 1, 'it ended while the node was away')
  assert.equal(second.tenthsAt(10_100, false), 2)
  const third = start(second.keeper.keep(10_100), 20_000)
  assert.equal(third.tenthsAt(0, false), 4, '30 s after it ended')
  assert.equal(start(held, 3_700_000).tenthsAt(100, false), 10, 'away for an hour')
  const { forced: _, ...older } = held
  assert.equal(start(older, 5000).tenthsAt(100, false), 10, 'a file of a version that did not keep it')
})

test('samplesOf gives the newest, oldest first; samples of strangers are dropped', () => {
  const keeper = createRankKeeper(undefined, 0, 0)
  keeper.replacePlan(twoEndpoints(1), 0)
  feed(keeper, 'a', '+-+', 0)
  feed(keeper, 'stranger', '+', 0)
  assert.deepEqual(
    keeper.samplesOf('a', 2).map(({ ok, startedAt }) => [ok, startedAt]),
    [
      [false, 5000],
      [true, 10_000],
    ],
  )
  assert.deepEqual(keeper.samplesOf('stranger', 5), [])
})

test('what cannot be is counted and dropped: samples, pushes, loads', () => {
  const keeper = createRankKeeper(undefined, 0, 0)
  const push = probeSpec({ id: 'reports', kind: 'push', expireSeconds: 10 })
  const planned = keeper.replacePlan(rankPlan([rankEndpoint('a', { probes: [push] })], [{ members: [0] }], 1), 0)
  const wall = 1_000_000_000
  const ok = { endpointId: 'a', probeId: 'reports', at: wall, ok: true, latencyMs: 12, detail: '' }
  const cases: readonly { name: string; given: Partial<typeof ok>; reason: string }[] = [
    { name: 'unknown endpoint', given: { endpointId: 'x' }, reason: 'unknown-endpoint' },
    { name: 'unknown probe', given: { probeId: 'x' }, reason: 'unknown-probe' },
    { name: 'from the future', given: { at: wall + 6000 }, reason: 'future' },
    { name: 'from the past', given: { at: wall - 16_000 }, reason: 'past' },
    { name: 'negative', given: { latencyMs: -1 }, reason: 'absurd' },
    { name: 'absurd', given: { latencyMs: 1e15 }, reason: 'absurd' },
    { name: 'no number', given: { latencyMs: Number.NaN }, reason: 'absurd' },
    { name: 'no time', given: { at: Number.POSITIVE_INFINITY }, reason: 'absurd' },
  ]
  for (const { name, given, reason } of cases) {
    const before = { ...keeper.dropped() }
    assert.deepEqual(keeper.takePush({ ...ok, ...given }, 1000, wall), [], name)
    assert.deepEqual(keeper.dropped(), { ...before, [reason]: before[reason as 'past'] + 1 }, name)
  }
  assert.equal(rank(keeper, planned, 1000).addressSampleCount[0], 0)
  assert.equal(keeper.takePush(ok, 1000, wall).length, 1)
  assert.deepEqual(keeper.takePush(ok, 1000, wall), [], 'the same one again is no trouble, and no sample')
  assert.deepEqual(keeper.takePush({ ...ok, at: wall - 1 }, 1000, wall), [], 'an older one after a newer')
  // The newest is told again when a node connects: no mistake of anybody's.
  assert.deepEqual([keeper.dropped().past, rank(keeper, planned, 1000).addressSampleCount[0]], [2, 1])
  keeper.takeLoad({ endpointId: 'x', requestsPerSecond: 1, at: wall }, 1000, wall)
  assert.equal(keeper.dropped()['unknown-endpoint'], 2)
})

test('memory stays flat whatever comes: strangers leave nothing behind', () => {
  const keeper = createRankKeeper(undefined, 0, 0)
  keeper.replacePlan(twoEndpoints(1), 0)
  const sample = {
    generation: 1,
    address: '192.0.2.1',
    probeId: 'edge-http',
    startedAt: 0,
    endedMonotonicMs: 0,
    ok: true,
    latencyMs: 1,
    lagged: false,
  }
  for (let i = 0; i < 5000; i++) {
    keeper.takeSample({ ...sample, endpointId: `x${i}` }, 0, 0)
    keeper.takePush({ endpointId: `x${i}`, probeId: 'edge-http', at: 0, ok: true, latencyMs: 1, detail: '' }, 0, 0)
    keeper.takeReport({ vantage: `v${i}`, site: '', at: 0, addresses: [] }, 0, 0)
  }
  for (let i = 0; i < 5000; i++) assert.equal(keeper.samplesOf(`x${i}`, 10).length, 0)
  assert.equal(keeper.keep(0).addresses.length, 2)
})

test('a pushed result counts once, in its order, until it expires; a publish does not wait for the first one', () => {
  const probe = probeSpec({ id: 'self', kind: 'push', expireSeconds: 60, fall: 1, rise: 1 })
  const keeper = createRankKeeper(undefined, 0, 0)
  const planned = keeper.replacePlan(rankPlan([rankEndpoint('edge', { probes: [probe] })], [{ members: [0] }]), 0)
  assert.equal(keeper.unknownCount(planned, 0), 0)
  const wallMs = 1_000_000
  const push = (given: Partial<PushedResult>) => {
    const [change] = keeper.takePush(
      { endpointId: 'edge', probeId: 'self', at: wallMs, ok: true, latencyMs: null, detail: '', ...given },
      0,
      wallMs,
    )
    return change?.to
  }
  const cases: readonly (readonly [string, Partial<PushedResult>, number | undefined, string | undefined])[] = [
    ['expired', { at: wallMs - 60_001 }, undefined, 'past'],
    ['kept by control while we were away', { at: wallMs - 50_000 }, STANDING_UP, undefined],
    ['the same told again', { at: wallMs - 50_000 }, undefined, undefined],
    ['one before it', { at: wallMs - 55_000, ok: false }, undefined, 'past'],
    ['a newer one', { at: wallMs - 1000, ok: false }, STANDING_DOWN, undefined],
    ['the future', { at: wallMs + 5001 }, undefined, 'future'],
    ['an unknown endpoint', { endpointId: 'gone' }, undefined, 'unknown-endpoint'],
    ['an unknown probe', { probeId: 'gone' }, undefined, 'unknown-probe'],
    ['a negative latency', { latencyMs: -1 }, undefined, 'absurd'],
  ]
  for (const [name, given, standing, dropped] of cases) {
    const before = { ...keeper.dropped() }
    assert.equal(push(given), standing, name)
    const counted = Object.entries(keeper.dropped()).filter(([reason, count]) => count !== before[reason as keyof typeof before])
    assert.deepEqual(
      counted.map(([reason]) => reason),
      dropped === undefined ? [] : [dropped],
      name,
    )
  }
})
