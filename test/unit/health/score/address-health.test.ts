import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STANDING_DEGRADED, STANDING_DOWN, STANDING_UNKNOWN, STANDING_UP, STANDINGS } from '../../../../health/model/standing.ts'
import {
  type AddressHealth,
  createAddressHealth,
  effectiveStanding,
  isGateOpen,
  LAST_KNOWN_MS,
  measuresOf,
  type SampleEffect,
  setGates,
  takeSample,
} from '../../../../health/score/address-health.ts'
import { NO_TTL_BOUND, ttlBoundSeconds } from '../../../../health/score/ttl-bound.ts'
import { probeSpec } from '../../../support/rank-plans.ts'

const GATE = { maxErrorRatePercent: 5, maxLatencyMs: 500 }
const STEP_MS = 5000

/** An address and a hand that feeds it a sample each 5 s. */
function subject(probes = [probeSpec()], gates = [GATE]) {
  const health = createAddressHealth('ningbo-telecom-1', '192.0.2.11', probes)
  setGates(health, gates, 0)
  const clock = { nowMs: 0 }
  const feed = (ok: boolean, latencyMs = 12, probeId = probes[0]!.id, extra: object = {}): SampleEffect | undefined => {
    clock.nowMs += STEP_MS
    return takeSample(health, { probeId, ok, latencyMs, lagged: false, startedAt: clock.nowMs, ...extra }, clock.nowMs, 1e12 + clock.nowMs)
  }
  const feedMany = (count: number, ok: boolean, latencyMs = 12): void => {
    for (let i = 0; i < count; i++) feed(ok, latencyMs)
  }
  return { health, feed, feedMany, clock }
}

const standingOf = (health: AddressHealth): string => STANDINGS[health.standing]!

test('takeSample changes the standing after fall failures and rise successes, and says since when', () => {
  const { health, feed, clock } = subject()
  assert.equal(standingOf(health), 'unknown')
  assert.deepEqual(feed(true), { from: STANDING_UNKNOWN, to: STANDING_UP, gates: [] })
  assert.equal(feed(false), undefined)
  assert.equal(feed(false), undefined)
  assert.deepEqual(feed(false), { from: STANDING_UP, to: STANDING_DOWN, gates: [] })
  assert.equal(health.sinceAt, 1e12 + clock.nowMs)
  assert.equal(feed(true), undefined)
  assert.deepEqual(feed(true), { from: STANDING_DOWN, to: STANDING_UP, gates: [] })
  assert.equal(measuresOf(health).sampleCount, 1, 'its window starts anew with its return')
  assert.equal(measuresOf(health).errorRatePercent, 0)
})

test('a gate judges from 20 samples on, errors by what is sure of them', () => {
  const { health, feed, feedMany } = subject()
  // 19 samples with 5 failures, never three in a row.
  for (const result of '+-+-+-+-+-+++++++++') feed(result === '+')
  assert.ok(isGateOpen(health, GATE), '26 % of 19')
  feed(true)
  assert.ok(!isGateOpen(health, GATE), '25 % of 20: at least 9 % are sure')
  assert.equal(standingOf(health), 'degraded', 'the address itself keeps its place: a fallback asks no more')
  feedMany(1, true)
  assert.ok(!isGateOpen(health, GATE))
  feedMany(1, true)
  assert.ok(isGateOpen(health, GATE), 'open again after rise successes')
  feedMany(30, true)
  assert.ok(isGateOpen(health, GATE), 'the failures before its return are forgotten by the gate')
  assert.ok(measuresOf(health).errorRatePercent > 5, 'though still shown')
})

test('a gate closes on the median latency and opens after quick successes only', () => {
  const { health, feed, feedMany } = subject()
  feedMany(15, true, 600)
  feedMany(4, true, 100)
  assert.ok(isGateOpen(health, GATE), '19 samples')
  const effect = feed(true, 100)
  assert.ok(!isGateOpen(health, GATE))
  assert.deepEqual(effect, { from: STANDING_UP, to: STANDING_DEGRADED, gates: [{ limits: GATE, open: false, reason: 'latency' }] })
  feedMany(50, true, 600)
  assert.ok(!isGateOpen(health, GATE), 'slow answers are no successes for it')
  feed(true, 100)
  assert.deepEqual(feed(true, 100)?.gates, [{ limits: GATE, open: true, reason: undefined }])
})

test('the latency gate uses the first probe only, the error gate the worst', () => {
  const probes = [probeSpec(), probeSpec({ id: 'second' })]
  const slow = subject(probes)
  for (let i = 0; i < 40; i++) slow.feed(true, i % 2 === 0 ? 12 : 900, i % 2 === 0 ? 'edge-http' : 'second')
  assert.ok(isGateOpen(slow.health, GATE))
  assert.equal(measuresOf(slow.health).latencyMs, 12)
  const failing = subject(probes)
  for (let i = 0; i < 40; i++) failing.feed(i % 10 !== 9, 12, i % 2 === 0 ? 'edge-http' : 'second')
  assert.equal(measuresOf(failing.health).errorRatePercent, 20, '4 of the 20 of the second')
  assert.ok(!isGateOpen(failing.health, GATE))
})

test('gate and standing follow one rule: a loss by failures and a loss by the gate double each other', () => {
  const { health, feed, feedMany } = subject()
  feed(true)
  feedMany(3, false)
  feedMany(2, true)
  assert.equal(standingOf(health), 'up')
  assert.ok(isGateOpen(health, GATE))
  for (const result of '+-+-+-+-+-++++++++++') feed(result === '+')
  assert.ok(!isGateOpen(health, GATE), 'lost again, by the gate this time')
  feed(false)
  feedMany(3, true)
  assert.ok(!isGateOpen(health, GATE), 'rise is doubled')
  feedMany(1, true)
  assert.ok(isGateOpen(health, GATE))
})

test('gates with other limits are judged apart; equal ones are one', () => {
  const strict = { maxErrorRatePercent: 5, maxLatencyMs: 50 }
  const { health, feedMany } = subject([probeSpec()], [GATE, strict, { ...GATE }])
  assert.equal(health.gates.size, 2)
  feedMany(30, true, 80)
  assert.ok(isGateOpen(health, GATE))
  assert.ok(!isGateOpen(health, strict))
})

test('setGates judges new limits by the window there is, keeps known gates and forgets others', () => {
  const { health, feedMany, clock } = subject()
  feedMany(30, true, 80)
  const strict = { maxErrorRatePercent: 5, maxLatencyMs: 50 }
  setGates(health, [GATE, strict], clock.nowMs)
  assert.ok(!isGateOpen(health, strict), 'an edit that makes limits tighter counts at once')
  setGates(health, [GATE], clock.nowMs)
  assert.deepEqual([...health.gates.keys()], ['5/500'])
})

test('degraded begins beyond 80 % of a gate and ends a whole window later', () => {
  const { health, feedMany } = subject()
  feedMany(40, true, 399)
  assert.equal(standingOf(health), 'up')
  const slow = subject()
  slow.feedMany(40, true, 401)
  assert.equal(standingOf(slow.health), 'degraded')
  assert.ok(isGateOpen(slow.health, GATE), 'eligible all the same')
  slow.feedMany(41, true, 100)
  assert.equal(standingOf(slow.health), 'degraded', 'the median is fine again, but held')
  slow.feedMany(61, true, 100)
  assert.equal(standingOf(slow.health), 'up')
})

test('an optional probe counts in the error rate only', () => {
  const { health, feed } = subject([probeSpec(), probeSpec({ id: 'extra', required: false })])
  feed(true)
  for (let i = 0; i < 5; i++) feed(false, 12, 'extra')
  assert.equal(standingOf(health), 'up')
  assert.equal(measuresOf(health).errorRatePercent, 100)
  assert.ok(isGateOpen(health, GATE), 'five samples judge nothing')
  for (let i = 0; i < 15; i++) feed(false, 12, 'extra')
  assert.ok(!isGateOpen(health, GATE))
})

test('all required probes must be in place', () => {
  const { health, feed } = subject([probeSpec(), probeSpec({ id: 'second' })])
  feed(true)
  assert.equal(standingOf(health), 'unknown')
  feed(true, 12, 'second')
  assert.equal(standingOf(health), 'up')
  for (let i = 0; i < 3; i++) feed(false, 12, 'second')
  assert.equal(standingOf(health), 'down')
})

test('what cannot be measured from here has no vote', () => {
  const { health, feed } = subject()
  for (let i = 0; i < 5; i++) assert.equal(feed(false, 1, 'edge-http', { unmeasurable: true }), undefined)
  assert.equal(standingOf(health), 'unknown')
  assert.equal(health.measurable, false)
  assert.equal(measuresOf(health).sampleCount, 0)
  feed(true)
  assert.equal(health.measurable, true)
  for (let i = 0; i < 5; i++) feed(false, 1, 'edge-http', { unmeasurable: true })
  assert.equal(standingOf(health), 'up', 'it keeps the standing it had')
})

test('samples of probes it no longer has are passed over; without probes it is up', () => {
  const { health, feed } = subject()
  assert.equal(feed(false, 1, 'gone'), undefined)
  assert.equal(standingOf(health), 'unknown')
  assert.equal(standingOf(createAddressHealth('x', '192.0.2.1', [])), 'up')
})

test('unknown counts as the last known standing for an hour; the same standing again is no change', () => {
  const { health, feed } = subject()
  health.lastKnown = { standing: STANDING_UP, atMs: 0 }
  assert.equal(effectiveStanding(health, LAST_KNOWN_MS), STANDING_UP)
  assert.equal(effectiveStanding(health, LAST_KNOWN_MS + 1), STANDING_UNKNOWN)
  health.sinceAt = 77
  assert.equal(feed(true), undefined)
  assert.equal(health.sinceAt, 77)
})

test('ttlBoundSeconds is interval × checks left before the standing could change', () => {
  const { health, feed, feedMany } = subject()
  assert.equal(ttlBoundSeconds(health), 5, 'unknown: the next result decides')
  feed(true)
  assert.equal(ttlBoundSeconds(health), 10, 'three failures: 5 s to the first, then 2 × 2.5 s')
  feed(false)
  assert.equal(ttlBoundSeconds(health), 5, 'two more at 2.5 s')
  feed(false)
  assert.equal(ttlBoundSeconds(health), 3, '2.5 s, rounded up')
  feed(false)
  assert.equal(ttlBoundSeconds(health), 10, 'down: two successes at 5 s')
  feed(true)
  assert.equal(ttlBoundSeconds(health), 5)
  feedMany(1, true)
  for (const result of '+-+-+-+++++++++++') feed(result === '+')
  assert.equal(ttlBoundSeconds(health), 8, '18 samples with 3 failures: with two more, 5 of 20, the gate closes')
  assert.equal(ttlBoundSeconds(createAddressHealth('x', '192.0.2.1', [])), NO_TTL_BOUND)
  const quick = createAddressHealth('x', '192.0.2.1', [probeSpec({ intervalMs: 200, retryIntervalMs: 100 })])
  assert.equal(ttlBoundSeconds(quick), 1, 'never below 1')
})

test('a probe that this machine cannot make has no voice beside others, and takes none from what is known', () => {
  const probes = [probeSpec({ id: 'web' }), probeSpec({ id: 'alive', kind: 'icmp' })]
  const { health, feed } = subject(probes)
  assert.equal(feed(true, 12, 'web'), undefined, 'the other one may still tell')
  assert.deepEqual(feed(false, 1, 'alive', { unmeasurable: true }), { from: STANDING_UNKNOWN, to: STANDING_UP, gates: [] })
  assert.ok(health.measurable)
  for (let i = 0; i < 3; i++) feed(false, 12, 'web')
  assert.equal(standingOf(health), 'down')
  // Descriptors run out: what is down stays down, though nothing can be measured.
  assert.equal(feed(false, 1, 'web', { unmeasurable: true }), undefined)
  assert.deepEqual([standingOf(health), health.measurable], ['down', false])
  feed(true, 12, 'web')
  assert.deepEqual(feed(true, 12, 'web'), { from: STANDING_DOWN, to: STANDING_UP, gates: [] })
  // Somebody installs it: from then on it counts.
  feed(false, 1, 'alive')
  assert.equal(standingOf(health), 'down')
  assert.equal(feed(false, 1, 'alive', { unmeasurable: true }), undefined)
  assert.equal(standingOf(health), 'down')
})

test('an address of which no probe can be made stays as it was known', () => {
  const { health, feed } = subject([probeSpec({ id: 'alive', kind: 'icmp' }), probeSpec({ id: 'web', required: false })])
  assert.equal(feed(true, 12, 'web'), undefined)
  assert.equal(feed(false, 1, 'alive', { unmeasurable: true }), undefined)
  assert.deepEqual([standingOf(health), health.measurable], ['unknown', false], 'what is optional brings nobody in')
})
