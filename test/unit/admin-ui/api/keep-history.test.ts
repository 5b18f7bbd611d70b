/** Events over a restart of control. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { EventFeed } from '../../../../admin-ui/api/observe/event-feed.ts'
import { keepHistory } from '../../../../admin-ui/api/observe/keep-history.ts'
import { openHistory } from '../../../../policy/store/history.ts'

const START = 60_000_000
const folder = mkdtempSync(join(tmpdir(), 'nearcast-keep-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** One run of control, beginning at `startedAt`. */
function run(startedAt: number) {
  const errors: string[] = []
  const feed = new EventFeed(startedAt)
  const log = { error: (_fields: object, message: string) => errors.push(message) }
  return { feed, kept: keepHistory({ history: openHistory(join(folder, 'history')), feed, log }), errors }
}

test('events and their numbers go on after a restart', () => {
  const first = run(START)
  const told = first.feed.add({ at: '', node: 'n', kind: 'standing', subject: 'a', detail: 'up → down' })
  first.kept.stop()
  const second = run(START + 240_000)
  assert.deepEqual(second.feed.list(Number.MAX_SAFE_INTEGER, 10).events, [told])
  assert.ok(second.feed.add({ at: '', node: 'n', kind: 'standing', subject: 'a', detail: 'down → up' }).id > told.id)
  assert.deepEqual(second.errors, [])
  second.kept.stop()
})

test('a history that fails is told of once, and nothing else', () => {
  const broken = new EventFeed(START)
  const history = {
    ...openHistory(join(folder, 'broken')),
    addEvent: () => {
      throw new Error('disk full')
    },
  }
  const told: string[] = []
  const log = { error: (_fields: object, message: string) => told.push(message) }
  const kept = keepHistory({ history, feed: broken, log })
  for (let n = 0; n < 3; n++) broken.add({ at: '', node: 'n', kind: 'standing', subject: 'a', detail: '' })
  kept.stop()
  assert.deepEqual([told.length, broken.list(Number.MAX_SAFE_INTEGER, 9).events.length], [1, 3])
})
