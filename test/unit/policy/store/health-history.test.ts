import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  DEFAULT_RETENTION,
  type HealthHistory,
  type HealthPoint,
  openHealthHistory,
  type Rollup,
} from '../../../../policy/store/health-history.ts'

const folder = mkdtempSync(join(tmpdir(), 'nearcast-health-history-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const HOUR = 3_600_000
const MINUTE = 60_000
const START = 500_000 * HOUR
const point = (endpoint: string, at: number, given: Partial<HealthPoint> = {}): HealthPoint => ({
  endpoint,
  address: '192.0.2.1',
  vantage: 'n',
  at,
  standing: 'up',
  score: 91.25,
  latencyMs: 12.5,
  latencyP95Ms: 20,
  errorRatePercent: 0,
  sampleCount: 60,
  weight: 30,
  ...given,
})
const rollup = (step: Rollup['step'], at: number, ...endpoints: string[]): Rollup => ({
  step,
  at,
  points: endpoints.map((endpoint) => point(endpoint, at)),
})

/** Points that visitMinutes hands over. */
function minutesSince(history: HealthHistory, fromMs: number): readonly HealthPoint[] {
  const points: HealthPoint[] = []
  history.visitMinutes(fromMs, (point) => points.push(point))
  return points
}

test('points of every step are read back by endpoint and range, over a restart too', () => {
  const path = join(folder, 'one')
  const first = openHealthHistory(path)
  const down = point('a', START + 2 * MINUTE, { standing: 'down', score: null, latencyMs: null, latencyP95Ms: null, errorRatePercent: 100 })
  first.save([rollup('raw', START, 'a', 'b'), rollup('minute', START, 'a', 'b'), rollup('hour', START - HOUR, 'a', 'b')])
  first.save([rollup('minute', START + MINUTE, 'a')])
  first.save([{ step: 'minute', at: down.at, points: [down] }])
  const minutes = [point('a', START), point('a', START + MINUTE), down]
  const check = (history: ReturnType<typeof openHealthHistory>): void => {
    assert.deepEqual(history.read(['a'], 'raw', START, START + HOUR), [point('a', START)])
    assert.deepEqual(history.read(['a'], 'minute', START, START + HOUR), minutes)
    assert.deepEqual(history.read(['a'], 'minute', START + 1, down.at), [minutes[1]])
    assert.deepEqual(history.read(['a'], 'hour', 0, START), [point('a', START - HOUR)])
    assert.deepEqual(history.read(['c'], 'minute', 0, START + HOUR), [])
    assert.deepEqual([history.oldest('raw'), history.oldest('minute'), history.oldest('hour')], [START, START, START - HOUR])
    assert.equal(minutesSince(history, START + MINUTE).length, 2)
  }
  check(first)
  // Killed: nothing is closed.
  const second = openHealthHistory(path)
  check(second)
  first.close()
  // The next hour packs the minutes of this one; nothing of them changes.
  second.save([rollup('minute', START + HOUR, 'a')])
  check({
    ...second,
    visitMinutes: (fromMs, visit) => second.visitMinutes(fromMs, (point) => point.at < START + HOUR && visit(point)),
    read: second.read.bind(second),
    oldest: second.oldest.bind(second),
  })
  second.close()
})

test('what is older than it may be is forgotten, each step by its own age', () => {
  const history = openHealthHistory(join(folder, 'old'), { ...DEFAULT_RETENTION, rawHours: 1, minuteDays: 1, hourDays: 2 })
  history.save([rollup('raw', START, 'gone'), rollup('minute', START, 'gone'), rollup('hour', START, 'gone')])
  for (const hours of [25, 50]) {
    const at = START + hours * HOUR
    history.save([rollup('raw', at, 'a'), rollup('minute', at, 'a'), rollup('hour', at, 'a')])
  }
  assert.deepEqual(
    (['raw', 'minute', 'hour'] as const).map((step) => (history.oldest(step)! - START) / HOUR),
    [50, 50, 25],
  )
  assert.deepEqual(history.read(['gone'], 'hour', 0, Number.MAX_SAFE_INTEGER), [])
  history.close()
})

test('the size is a hard limit: raw points go first, then minutes, then hours; the file shrinks', () => {
  const path = join(folder, 'small')
  const history = openHealthHistory(path, { ...DEFAULT_RETENTION, megabytes: 1 })
  let seed = 1
  // Numbers that hardly compress.
  const noise = (): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
    return seed / 1000
  }
  const many = (step: Rollup['step'], at: number): Rollup => ({
    step,
    at,
    points: Array.from({ length: 200 }, (_, n) =>
      point(`endpoint-${n}`, at, { score: noise(), latencyMs: noise(), latencyP95Ms: noise() }),
    ),
  })
  const largest: number[] = []
  for (let hour = 0; hour < 30; hour++) {
    const at = START + hour * HOUR
    history.save([many('raw', at), many('raw', at + 10_000), many('minute', at), many('minute', at + MINUTE), many('hour', at)])
    largest.push(statSync(path).size)
  }
  assert.ok(Math.max(...largest) <= 1_100_000, `${Math.max(...largest)} bytes`)
  assert.ok(history.sizeBytes() <= 1_000_000)
  const last = START + 29 * HOUR
  // The newest of the coarsest is there, and reaches further back than what is finer.
  assert.ok(history.read(['endpoint-7'], 'hour', last, last + HOUR).length === 1)
  assert.ok(history.oldest('hour')! <= (history.oldest('minute') ?? last))
  assert.ok((history.oldest('minute') ?? last) <= (history.oldest('raw') ?? last))
  // A larger limit takes effect without a restart.
  history.setRetention({ ...DEFAULT_RETENTION, megabytes: 3 })
  for (let hour = 30; hour < 40; hour++) history.save([many('hour', START + hour * HOUR)])
  assert.ok(history.sizeBytes() > 900_000)
  history.close()
})

test('a file that is no history is put aside, and a new one begun', () => {
  const path = join(folder, 'damaged')
  writeFileSync(path, 'this is no database at all, and longer than a header of one has to be'.repeat(20))
  const history = openHealthHistory(path)
  history.save([rollup('minute', START, 'a')])
  assert.equal(minutesSince(history, 0).length, 1)
  history.close()
  assert.ok(existsSync(`${path}.damaged`))
})
