/** Health over time: folded by step, kept over a restart, and a disk that is full costs the past only. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { recordHealth } from '../../../../admin-ui/api/observe/health-recorder.ts'
import { HealthRollup } from '../../../../admin-ui/api/observe/health-rollup.ts'
import { readSeries } from '../../../../admin-ui/api/observe/read-series.ts'
import { StandingRing } from '../../../../admin-ui/api/observe/standing-ring.ts'
import type { HealthScore } from '../../../../admin-ui/contract/health-scores.ts'
import { DEFAULT_RETENTION, type HealthPoint, openHealthHistory } from '../../../../policy/store/health-history.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const START = 480_000 * HOUR
const folder = mkdtempSync(join(tmpdir(), 'nearcast-recorder-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const score = (standing: HealthScore['standing'], latencyMs?: number, errorRatePercent = 0): HealthScore => ({
  endpoint: 'a',
  address: '192.0.2.1',
  family: 4,
  vantage: 'node-1',
  standing,
  since: null,
  ...(latencyMs === undefined ? {} : { latencyMs, latencyP95Ms: 2 * latencyMs, errorRatePercent, score: 80 }),
  sampleCount: 60,
  inPlace: standing !== 'down',
})

test('a bucket has the worst standing, means, and the largest percentile; what is unknown is not made up', () => {
  const rollup = new HealthRollup()
  assert.deepEqual(rollup.add([score('up', 10)], START), [])
  assert.deepEqual(rollup.add([score('down', 30, 50)], START + 4000), [])
  assert.deepEqual(rollup.add([score('unknown')], START + 8000), [])
  const closed = rollup.add([score('up', 10)], START + 10_000)
  assert.deepEqual(
    closed.map(({ step, at }) => [step, at]),
    [['raw', START]],
  )
  const { standing, latencyMs, latencyP95Ms, errorRatePercent, weight, score: mean } = closed[0]!.points[0]!
  assert.deepEqual([standing, latencyMs, latencyP95Ms, errorRatePercent, mean, weight], ['down', 20, 60, 25, 80, 3])
  assert.deepEqual(
    rollup.close(START + HOUR).map(({ step, at, points }) => [step, at, points[0]!.weight]),
    [
      ['raw', START + 10_000, 1],
      ['minute', START, 4],
      ['hour', START, 4],
    ],
  )
})

/** One run of control, beginning at `startedAt`. */
function run(path: string, startedAt: number) {
  let nowMs = startedAt
  const errors: string[] = []
  const history = openHealthHistory(path)
  const log = { error: (_fields: object, message: string) => errors.push(message) }
  const ring = new StandingRing()
  const onRestored = (minute: HealthPoint): void => ring.restore(minute)
  const recorder = recordHealth({ history, retention: () => DEFAULT_RETENTION, onRestored, now: () => nowMs, log })
  const add = (at: number, ...scores: HealthScore[]): void => {
    nowMs = at
    recorder.add(scores)
  }
  return { history, recorder, ring, errors, add }
}

test('strips and the hour that was under way go on after a restart, with a gap for the time between', () => {
  const path = join(folder, 'restart')
  const first = run(path, START)
  first.add(START, score('up', 3))
  first.add(START + MINUTE, score('down', 5))
  first.add(START + 2 * MINUTE, score('up', 7))
  // Killed: the minute that was under way is lost, no other one.
  const second = run(path, START + 5 * MINUTE)
  second.ring.add([score('up', 9)], START + 5 * MINUTE)
  const { series } = second.ring.read(6, START + 5 * MINUTE)
  assert.deepEqual(series[0]!.standings, ['up', 'down', null, null, null, 'up'])
  second.add(START + 5 * MINUTE, score('up', 10))
  second.add(START + HOUR, score('up', 10))
  assert.deepEqual(
    second.history.read(['a'], 'hour', START, START + HOUR).map(({ standing, latencyMs, weight }) => [standing, latencyMs, weight]),
    [['down', 6, 3]],
  )
  assert.deepEqual(second.errors, [])
  first.recorder.stop()
  second.recorder.stop()
})

test('a disk that is full is told of once; what could not be written is written later, as far as there is room for it', () => {
  const path = join(folder, 'full')
  const { history, recorder: good, errors } = run(path, START)
  let isFull = true
  let nowMs = START
  const told: string[] = []
  const recorder = recordHealth({
    history: {
      ...history,
      visitMinutes: () => undefined,
      save: (rollups) => {
        if (isFull) throw new Error('database or disk is full')
        history.save(rollups)
      },
    },
    retention: () => DEFAULT_RETENTION,
    onRestored: () => undefined,
    now: () => nowMs,
    log: { error: (_fields, message) => told.push(message) },
  })
  for (; nowMs < START + 10 * MINUTE; nowMs += 2000) recorder.add([score('up', 4)])
  assert.deepEqual(told, ['the history of health cannot be kept'])
  assert.ok(recorder.droppedTotal() > 0)
  isFull = false
  for (; nowMs < START + 12 * MINUTE; nowMs += 2000) recorder.add([score('up', 4)])
  assert.ok(history.read(['a'], 'minute', START, nowMs).length > 2)
  assert.deepEqual(errors, [])
  good.stop()
})

test('readSeries takes the finest step that suits the range', () => {
  const { history, recorder, add } = run(join(folder, 'steps'), START)
  const endMs = START + 5 * HOUR
  for (let at = START; at < endMs; at += 30_000) add(at, score('up', 4))
  const ask = (given: object): [string, number] => {
    const { step, series } = readSeries(history, { endpoint: 'a', ...given }, endMs)
    return [step, series[0]?.points.length ?? 0]
  }
  const from = (ms: number): string => new Date(endMs - ms).toISOString()
  assert.deepEqual(ask({ from: from(10 * MINUTE) }), ['raw', 19])
  assert.deepEqual(ask({ from: from(4 * HOUR) }), ['minute', 239])
  assert.deepEqual(ask({ from: from(4 * 24 * HOUR) }), ['hour', 4])
  assert.deepEqual(ask({ from: from(HOUR), step: 'hour' }), ['hour', 0])
  assert.deepEqual(ask({ from: from(HOUR), to: from(30 * MINUTE), step: 'minute' }), ['minute', 30])
  const bad: readonly (readonly [object, RegExp])[] = [
    [{ endpoint: '' }, /endpoint is missing/],
    [{ endpoint: 'a,b,c,d,e,f,g,h,i' }, /at most 8/],
    [{ endpoint: 'a', from: 'yesterday' }, /no time/],
    [{ endpoint: 'a', from: from(0) }, /not before/],
    [{ endpoint: 'a', step: 'day' }, /one of auto, raw/],
    [{ endpoint: 'a', from: from(7 * HOUR), step: 'raw' }, /coarser/],
    [{ endpoint: 'a', from: from(90 * 24 * HOUR), step: 'minute' }, /coarser/],
  ]
  for (const [question, message] of bad) assert.throws(() => readSeries(history, question, endMs), message)
  recorder.stop()
})
