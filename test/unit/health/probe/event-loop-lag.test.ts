import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLagRecord, isSpoilt, lagSince, takeTick } from '../../../../health/probe/event-loop-lag.ts'

test('lagSince gives the largest lag since a moment, from ticks that came late', () => {
  const record = createLagRecord(0)
  for (const atMs of [20, 40, 110, 131, 151, 400, 420]) takeTick(record, atMs)
  const cases = [
    { sinceMs: 0, nowMs: 420, expected: 229, why: 'the worst of all' },
    { sinceMs: 111, nowMs: 420, expected: 229, why: 'the first one is over' },
    { sinceMs: 401, nowMs: 420, expected: 0, why: 'nothing since' },
    { sinceMs: 401, nowMs: 500, expected: 60, why: 'one that is going on now' },
    { sinceMs: 0, nowMs: 700, expected: 260, why: 'what goes on now is the worst' },
  ]
  for (const { sinceMs, nowMs, expected, why } of cases) assert.equal(lagSince(record, sinceMs, nowMs), expected, why)
  assert.deepEqual(
    record.lags.map(({ lagMs }) => lagMs),
    [50, 229],
    'the timer’s own trembling is none',
  )
})

test('the record forgets after a minute, however long it runs', () => {
  const record = createLagRecord(0)
  for (let atMs = 100; atMs <= 600_000; atMs += 100) takeTick(record, atMs)
  assert.ok(record.lags.length <= 601, `${record.lags.length}`)
})

test('isSpoilt draws the line at 15 ms', () => {
  assert.deepEqual([0, 15, 15.1, 1000].map(isSpoilt), [false, false, true, true])
})
