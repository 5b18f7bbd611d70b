/**
 * What webhooks still have to tell, and what they told last, over a restart of control. A SQLite file of its own beside the store: bursts of
 * events do not make edits wait, it is in no backup, and it is written without waiting for the disk (a power cut costs the last seconds,
 * `kill -9` nothing). Bounded by number a webhook and by age; the caller counts what is dropped. Shell.
 *
 *   queue  id │ webhook │ key │ notice (JSON) │ times          oldest first
 *   told   webhook │ key │ what it was told last (JSON)
 */
import type { Database, Row } from './database.ts'
import { IN_MEMORY, openSideDatabase } from './side-database.ts'

/** A message that waits. */
export type QueuedNotice = {
  readonly id: number
  readonly webhook: string
  /** What it is about. */
  readonly key: string
  /** JSON of the caller. */
  readonly notice: string
  /** ms since epoch. */
  readonly queuedAt: number
  /** Not to be sent before. */
  readonly notBefore: number
  /** Times that it could not be delivered. */
  readonly attempts: number
}

/** What a webhook was told last about a key. */
export type ToldNotice = { readonly webhook: string; readonly key: string; readonly told: string; readonly toldAt: number }

/** Messages that wait, a webhook. */
export const QUEUE_MAX = 1000
/** Keys remembered, a webhook. */
const TOLD_MAX = 5000
/** Format of the file; another one is begun anew. */
const FORMAT = 1

/** An open queue. */
export type WebhookQueue = {
  /** All that wait, oldest first. */
  readonly list: (webhook: string) => readonly QueuedNotice[]
  /** Those about a key. */
  readonly listOf: (webhook: string, key: string) => readonly QueuedNotice[]
  /** How many wait, when the oldest came, and when the first may be sent; 0 for none. */
  readonly state: (webhook: string) => { readonly length: number; readonly oldestAt: number; readonly firstDueAt: number }
  /** Adds a message; gives how many older ones were dropped for it. Those in `spared` are being sent and stay. */
  readonly add: (notice: Omit<QueuedNotice, 'id' | 'attempts'>, spared: ReadonlySet<number>) => number
  readonly replace: (id: number, notice: string, notBefore: number) => void
  readonly failed: (ids: readonly number[]) => void
  readonly remove: (ids: readonly number[]) => void
  readonly told: (webhook: string) => readonly ToldNotice[]
  readonly toldOf: (webhook: string, key: string) => ToldNotice | undefined
  readonly tell: (told: ToldNotice) => void
  /** Forgets all of the webhooks that are not in the list; gives the messages that waited. */
  readonly keepOnly: (webhooks: readonly string[]) => number
  readonly close: () => void
}

/** Opens a queue; undefined path = in memory. A file that cannot be read is put aside as PATH.damaged and begun anew. */
export function openWebhookQueue(path: string | undefined): WebhookQueue {
  const database = openSideDatabase(path ?? IN_MEMORY, { version: FORMAT, create: createTables })
  const each = (sql: string, ids: readonly number[]): void =>
    database.transaction(() => {
      for (const id of ids) database.run(sql, id)
    })
  return {
    list: (webhook) => database.all('SELECT * FROM queue WHERE webhook = ? ORDER BY id', webhook).map(asQueued),
    listOf: (webhook, key) => database.all('SELECT * FROM queue WHERE webhook = ? AND key = ? ORDER BY id', webhook, key).map(asQueued),
    state: (webhook) => {
      const sql = `SELECT count(*) AS n, coalesce(min(queued_at), 0) AS oldest, coalesce(min(not_before), 0) AS first
                   FROM queue WHERE webhook = ?`
      const row = database.first(sql, webhook)
      return { length: Number(row?.n), oldestAt: Number(row?.oldest), firstDueAt: Number(row?.first) }
    },
    add: ({ webhook, key, notice, queuedAt, notBefore }, spared) =>
      database.transaction(() => {
        const length = Number(database.first('SELECT count(*) AS n FROM queue WHERE webhook = ?', webhook)?.n)
        const surplus = Math.max(0, length + 1 - QUEUE_MAX)
        const oldest = database.all('SELECT id FROM queue WHERE webhook = ? ORDER BY id LIMIT ?', webhook, surplus + spared.size)
        const dropped = (surplus === 0 ? [] : oldest)
          .map(({ id }) => Number(id))
          .filter((id) => !spared.has(id))
          .slice(0, surplus)
        for (const id of dropped) database.run('DELETE FROM queue WHERE id = ?', id)
        const sql = 'INSERT INTO queue (webhook, key, notice, queued_at, not_before, attempts) VALUES (?, ?, ?, ?, ?, 0)'
        database.run(sql, webhook, key, notice, queuedAt, notBefore)
        return dropped.length
      }),
    replace: (id, notice, notBefore) =>
      void database.run('UPDATE queue SET notice = ?, not_before = ? WHERE id = ?', notice, notBefore, id),
    failed: (ids) => each('UPDATE queue SET attempts = attempts + 1 WHERE id = ?', ids),
    remove: (ids) => each('DELETE FROM queue WHERE id = ?', ids),
    toldOf: (webhook, key) => database.all('SELECT * FROM told WHERE webhook = ? AND key = ?', webhook, key).map(asTold)[0],
    told: (webhook) => database.all('SELECT * FROM told WHERE webhook = ?', webhook).map(asTold),
    tell: ({ webhook, key, told, toldAt }) =>
      database.transaction(() => {
        database.run('INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?)', webhook, key, told, toldAt)
        database.run(
          `DELETE FROM told WHERE webhook = ? AND key IN (SELECT key FROM told WHERE webhook = ? ORDER BY told_at DESC LIMIT -1 OFFSET ?)`,
          webhook,
          webhook,
          TOLD_MAX,
        )
      }),
    keepOnly: (webhooks) =>
      database.transaction(() => {
        const known = JSON.stringify(webhooks)
        database.run('DELETE FROM told WHERE webhook NOT IN (SELECT value FROM json_each(?))', known)
        return database.run('DELETE FROM queue WHERE webhook NOT IN (SELECT value FROM json_each(?))', known).changes
      }),
    close: () => database.close(),
  }
}

function createTables(database: Database): void {
  database.exec('DROP TABLE IF EXISTS queue; DROP TABLE IF EXISTS told')
  database.exec(`
  CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT, webhook TEXT NOT NULL, key TEXT NOT NULL, notice TEXT NOT NULL,
    queued_at INTEGER NOT NULL, not_before INTEGER NOT NULL, attempts INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX queue_of_webhook ON queue (webhook, id);
  CREATE INDEX queue_of_key ON queue (webhook, key);
  CREATE TABLE told (
    webhook TEXT NOT NULL, key TEXT NOT NULL, told TEXT NOT NULL, told_at INTEGER NOT NULL, PRIMARY KEY (webhook, key)
  ) STRICT, WITHOUT ROWID;`)
}

function asQueued(row: Row): QueuedNotice {
  return {
    id: Number(row.id),
    webhook: String(row.webhook),
    key: String(row.key),
    notice: String(row.notice),
    queuedAt: Number(row.queued_at),
    notBefore: Number(row.not_before),
    attempts: Number(row.attempts),
  }
}

function asTold(row: Row): ToldNotice {
  return { webhook: String(row.webhook), key: String(row.key), told: String(row.told), toldAt: Number(row.told_at) }
}
