import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { openHistory } from '../../../../policy/store/history.ts'

const folder = mkdtempSync(join(tmpdir(), 'nearcast-history-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('openHistory gives back what was kept, the newest 5,000 events', () => {
  const path = join(folder, 'one')
  const first = openHistory(path)
  for (let id = 1; id <= 5100; id++) first.addEvent({ id })
  first.close()
  const again = openHistory(path)
  const ids = again.events().map(({ id }) => id)
  assert.deepEqual([ids.length, ids[0], ids.at(-1)], [5000, 101, 5100])
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

test('a file that is no history is put aside', () => {
  const path = join(folder, 'damaged')
  writeFileSync(path, 'this is no database at all, and longer than a header of one has to be'.repeat(20))
  const history = openHistory(path)
  assert.deepEqual(history.events(), [])
  history.addEvent({ id: 1 })
  history.close()
  assert.ok(existsSync(`${path}.damaged`))
})

test('a history of format 1 loses its minutes, not its events', () => {
  const path = join(folder, 'format-1')
  const before = new DatabaseSync(path)
  before.exec(`CREATE TABLE events (id INTEGER PRIMARY KEY, event TEXT NOT NULL) STRICT; CREATE TABLE minutes (minute INTEGER PRIMARY KEY);
    INSERT INTO events VALUES (7, '{"id":7}'); PRAGMA user_version = 1`)
  before.close()
  const history = openHistory(path)
  assert.deepEqual(history.events(), [{ id: 7 }])
  history.close()
})
