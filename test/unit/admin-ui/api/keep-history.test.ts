/** Events and strips over a restart of control. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { EventFeed } from '../../../../admin-ui/api/observe/event-feed.ts'
import { keepHistory } from '../../../../admin-ui/api/observe/keep-history.ts'
import { StandingRing } from '../../../../admin-ui/api/observe/standing-ring.ts'
import type { HealthScore } from '../../../../admin-ui/contract/health-scores.ts'
import { openHistory } from '../../../../policy/store/history.ts'

const MINUTE = 60_000
const START = 1000 * MINUTE
const folder = mkdtempSync(join(tmpdir(), 'nearcast-keep-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const score = (standing: HealthScore['standing'], latencyMs: number): HealthScore => ({
  endpoint: 'a',
  address: '192.0.2.1',
  family: 4,
  vantage: 'node-1',
  standing,
  since: null,
  latencyMs,
  sampleCount: 1,
  inPlace: standing !== 'down',
})

/** One run of control, beginning at `startedAt`. */
function run(startedAt: number) {
  let nowMs = startedAt
  const errors: string[] = []
  const feed = new EventFeed(startedAt)
  const ring = new StandingRing()
  const log = { error: (_fields: object, message: string) => errors.push(message) }
  const kept = keepHistory({ history: openHistory(join(folder, 'history')), feed, ring, now: () => nowMs, log })
  const setTime = (at: number): void => {
    nowMs = at
  }
  return { feed, ring, kept, errors, setTime }
}

test('events, their numbers and the strips go on after a restart, with a gap for the time between', () => {
  const first = run(START)
  const told = first.feed.add({ at: '', node: 'n', kind: 'standing', subject: 'a', detail: 'up → down' })
  first.ring.add([score('up', 3)], START)
  first.setTime(START + MINUTE)
  first.ring.add([score('down', 4)], START + MINUTE)
  first.kept.look()
  first.kept.stop()

  const second = run(START + 4 * MINUTE)
  second.ring.add([score('up', 5)], START + 4 * MINUTE)
  assert.deepEqual(second.feed.list(Number.MAX_SAFE_INTEGER, 10).events, [told])
  assert.ok(second.feed.add({ at: '', node: 'n', kind: 'standing', subject: 'a', detail: 'down → up' }).id > told.id)
  const { series } = second.ring.read(6, START + 4 * MINUTE)
  assert.deepEqual(series[0]!.standings, [null, 'up', 'down', null, null, 'up'])
  assert.deepEqual(series[0]!.latencyMs, [null, 3, 4, null, null, 5])
  assert.deepEqual(second.errors, [])
  second.kept.stop()
})

test('a minute that control was killed in loses no minute before', () => {
  rmSync(join(folder, 'history'), { force: true })
  const first = run(START)
  first.ring.add([score('up', 3)], START)
  first.setTime(START + MINUTE)
  first.kept.look()
  // Killed: nothing is stopped.
  const second = run(START + MINUTE)
  assert.deepEqual(second.ring.read(2, START + MINUTE).series[0]!.standings, ['up', null])
  second.kept.stop()
  first.kept.stop()
})

test('a history that fails is told of once, and nothing else', () => {
  const { feed, kept, errors } = run(START)
  kept.stop()
  const broken = new EventFeed(START)
  const history = {
    ...openHistory(join(folder, 'broken')),
    addEvent: () => {
      throw new Error('disk full')
    },
  }
  const told: string[] = []
  const log = { error: (_fields: object, message: string) => told.push(message) }
  const again = keepHistory({ history, feed: broken, ring: new StandingRing(), now: () => START, log })
  for (let n = 0; n < 3; n++) broken.add({ at: '', node: 'n', kind: 'standing', subject: 'a', detail: '' })
  again.stop()
  assert.deepEqual([told.length, errors.length, broken.list(Number.MAX_SAFE_INTEGER, 9).events.length], [1, 0, 3])
  assert.ok(feed !== broken)
})
