import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type KeptStanding, openHistory } from '../../../../policy/store/history.ts'

const folder = mkdtempSync(join(tmpdir(), 'nearcast-history-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const standing = (endpoint: string): KeptStanding => ({ endpoint, address: '192.0.2.1', vantage: 'n', standing: 'up', latencyMs: 1.5 })

test('openHistory gives back what was kept, the newest 5,000 events and the last day', () => {
  const path = join(folder, 'one')
  const first = openHistory(path)
  for (let id = 1; id <= 5100; id++) first.addEvent({ id })
  for (const minute of [1, 2, 1441]) first.saveMinute({ minute, standings: [standing('a')] })
  first.saveMinute({ minute: 1441, standings: [standing('b')] })
  first.close()
  const again = openHistory(path)
  const ids = again.events().map(({ id }) => id)
  assert.deepEqual([ids.length, ids[0], ids.at(-1)], [5000, 101, 5100])
  assert.deepEqual(again.minutes(), [
    { minute: 2, standings: [standing('a')] },
    { minute: 1441, standings: [standing('b')] },
  ])
  again.close()
})

test('events much older than the newest are forgotten', () => {
  const path = join(folder, 'old')
  const first = openHistory(path)
  for (const [id, at] of [
    [1, '2025-01-01T00:00:00Z'],
    [2, '2026-05-01T00:00:00Z'],
    [3, '2026-06-01T00:00:00Z'],
  ] as const)
    first.addEvent({ id, at })
  first.close()
  const again = openHistory(path)
  const ids = (): number[] => again.events().map(({ id }) => id)
  assert.deepEqual(ids(), [2, 3])
  assert.deepEqual(ids(), [2, 3])
  again.close()
})

test('the size of the minutes is bounded, the oldest go first', () => {
  const history = openHistory(join(folder, 'small'), 1000)
  // Names that do not compress.
  const noise = (seed: number): string => Array.from({ length: 60 }, (_, at) => ((seed * 7919 + at * 104_729) % 9973).toString(36)).join('')
  for (let minute = 1; minute <= 50; minute++) history.saveMinute({ minute, standings: [standing(noise(minute))] })
  const minutes = history.minutes().map(({ minute }) => minute)
  assert.ok(minutes.length > 0 && minutes.length < 20, `${minutes.length} kept`)
  assert.deepEqual(
    minutes,
    Array.from({ length: minutes.length }, (_, at) => 51 - minutes.length + at),
  )
  history.close()
})

test('a file that is no history is put aside', () => {
  const path = join(folder, 'damaged')
  writeFileSync(path, 'this is no database at all, and longer than a header of one has to be'.repeat(20))
  const history = openHistory(path)
  assert.deepEqual(history.events(), [])
  history.addEvent({ id: 1 })
  history.close()
  assert.ok(existsSync(`${path}.damaged`))
})
