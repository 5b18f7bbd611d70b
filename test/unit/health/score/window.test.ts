import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addSample,
  createWindow,
  nextNumber,
  restartWindow,
  summarizeWindow,
  wilsonIntervalPercent,
  wilsonLowPercent,
} from '../../../../health/score/window.ts'

const WINDOW_MS = 300_000

test('addSample keeps 60 samples or the time of the window, whichever is longer', () => {
  const cases = [
    { name: 'every 5 s: 61 samples span 300 s', everyMs: 5000, count: 500, expected: 61 },
    { name: 'every minute: 60 samples, though they span an hour', everyMs: 60_000, count: 200, expected: 60 },
    { name: 'every second: all of 5 minutes', everyMs: 1000, count: 900, expected: 301 },
    { name: 'every 100 ms: never more than 2,000', everyMs: 100, count: 5000, expected: 2000 },
    { name: 'fewer than 60 stay, however old', everyMs: 3_600_000, count: 10, expected: 10 },
  ]
  for (const { name, everyMs, count, expected } of cases) {
    const window = createWindow()
    for (let i = 0; i < count; i++) addSample(window, { at: i * everyMs, ok: true, latencyMs: 10 }, WINDOW_MS)
    assert.equal(window.samples.length, expected, name)
    assert.equal(nextNumber(window), count, name)
    assert.equal(summarizeWindow(window).sampleCount, expected, name)
  }
})

test('summarizeWindow gives percentiles of the successes and the error rate of all', () => {
  const window = createWindow()
  const empty = summarizeWindow(window)
  assert.equal(empty.sampleCount, 0)
  assert.ok(Number.isNaN(empty.p50Ms) && Number.isNaN(empty.errorRatePercent) && Number.isNaN(empty.errorRateLowPercent))
  // 1 … 20 ms in disorder, then five failures.
  for (let i = 0; i < 20; i++) addSample(window, { at: i, ok: true, latencyMs: ((i * 7) % 20) + 1 }, WINDOW_MS)
  for (let i = 0; i < 5; i++) addSample(window, { at: 20 + i, ok: false, latencyMs: Number.NaN }, WINDOW_MS)
  const summary = summarizeWindow(window)
  assert.equal(summary.p50Ms, 10)
  assert.equal(summary.p95Ms, 19)
  assert.equal(summary.errorRatePercent, 20)
  assert.equal(summary.sampleCount, 25)
  const late = summarizeWindow(window, 20)
  assert.equal(late.sampleCount, 5)
  assert.equal(late.errorRatePercent, 100)
  assert.ok(Number.isNaN(late.p50Ms))
})

test('a sample spoilt by our own lag counts as a success without a latency', () => {
  const window = createWindow()
  addSample(window, { at: 0, ok: true, latencyMs: Number.NaN }, WINDOW_MS)
  addSample(window, { at: 1, ok: true, latencyMs: 12 }, WINDOW_MS)
  const { sampleCount, p50Ms, errorRatePercent } = summarizeWindow(window)
  assert.deepEqual({ sampleCount, p50Ms, errorRatePercent }, { sampleCount: 2, p50Ms: 12, errorRatePercent: 0 })
  assert.equal(window.ewmaMs, 12)
})

test('restartWindow empties it and lets the numbers go on', () => {
  const window = createWindow()
  for (let i = 0; i < 7; i++) addSample(window, { at: i, ok: false, latencyMs: Number.NaN }, WINDOW_MS)
  restartWindow(window)
  assert.equal(nextNumber(window), 7)
  addSample(window, { at: 8, ok: true, latencyMs: 5 }, WINDOW_MS)
  assert.equal(summarizeWindow(window).errorRatePercent, 0)
  assert.equal(summarizeWindow(window, 7).sampleCount, 1)
})

test('wilsonLowPercent is the sure part of an error rate (z 2.33)', () => {
  // Solved by bisection from its definition: the rate L below the observed one that lies just z standard errors away from it.
  const cases = [
    { failures: 0, count: 60, low: 0 },
    { failures: 1, count: 20, low: 0.689 },
    { failures: 3, count: 60, low: 1.429 },
    { failures: 8, count: 60, low: 6.122 },
    { failures: 20, count: 20, low: 78.651 },
  ]
  for (const { failures, count, low } of cases)
    assert.ok(Math.abs(wilsonLowPercent(failures, count) - low) < 0.001, `${failures} of ${count}: ${wilsonLowPercent(failures, count)}`)
  assert.ok(Number.isNaN(wilsonLowPercent(0, 0)))
})

test('wilsonIntervalPercent says how little few samples say (95 %)', () => {
  const cases = [
    { failures: 0, count: 1, low: 0, high: 79.35 },
    { failures: 0, count: 20, low: 0, high: 16.11 },
    { failures: 1, count: 20, low: 0.89, high: 23.61 },
    { failures: 3, count: 60, low: 1.71, high: 13.7 },
    { failures: 60, count: 60, low: 93.98, high: 100 },
  ]
  for (const { failures, count, low, high } of cases) {
    const bounds = wilsonIntervalPercent(failures, count)
    assert.ok(Math.abs(bounds[0] - low) < 0.01 && Math.abs(bounds[1] - high) < 0.01, `${failures} of ${count}: ${bounds}`)
  }
  assert.ok(wilsonIntervalPercent(0, 0).every(Number.isNaN))
})
