/**
 * What happened, over a restart of control: events, and the standings of each minute. A SQLite file of its own beside the store: it may
 * be lost, is in no backup, and is written without waiting for the disk (a power cut costs the last seconds, `kill -9` nothing that was
 * written). Bounded by number, age and size; the oldest goes first. Shell.
 *
 *   events   id │ JSON             the newest EVENTS_MAX, of the last EVENTS_MAX_AGE_MS
 *   minutes  minute │ deflated JSON of its standings     of the last day, at most SIZE_LIMIT_BYTES
 */
import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { Database } from './database.ts'

/** One event; the store looks only at its number, which rises, and at its time (RFC 3339). */
export type KeptEvent = { readonly id: number; readonly at?: string }
/** One address in one minute, seen from one vantage. */
export type KeptStanding = {
  readonly endpoint: string
  readonly address: string
  readonly vantage: string
  /** Worst of the minute. */
  readonly standing: string
  readonly latencyMs: number | null
}
/** All standings of a minute, counted from the epoch. */
export type KeptMinute = { readonly minute: number; readonly standings: readonly KeptStanding[] }

/** Events kept. */
const EVENTS_MAX = 5000
/** Age of events kept: what is older helps nobody, and a quiet fleet would keep it for ever. */
const EVENTS_MAX_AGE_MS = 180 * 86_400_000
/** Minutes kept: a day, as far as strips reach. */
const MINUTES_MAX = 1440
/** Bytes of all minutes: a day of some thousand addresses; more addresses are kept for a shorter time. */
const SIZE_LIMIT_BYTES = 16 << 20
/** A minute inflates to no more than this. */
const MINUTE_LIMIT_BYTES = 16 << 20
/** Old events are removed once in so many. */
const PRUNE_EVERY = 100
/** Format of the file; another one is begun anew. */
const FORMAT = 1

type Row = readonly [endpoint: string, address: string, vantage: string, standing: string, latencyMs: number | null]

/** An open history. */
export type History = {
  /** Kept events, oldest first. */
  readonly events: () => readonly KeptEvent[]
  /** Keeps an event. */
  readonly addEvent: (event: KeptEvent) => void
  /** Kept minutes, oldest first. */
  readonly minutes: () => readonly KeptMinute[]
  /** Keeps the standings of a minute, in place of what was kept of it; forgets what is too old or too much. */
  readonly saveMinute: (minute: KeptMinute) => void
  readonly close: () => void
}

/** Opens a history. A file that cannot be read is put aside as PATH.damaged and begun anew. Throws StoreError when that fails too. */
export function openHistory(path: string, limitBytes: number = SIZE_LIMIT_BYTES): History {
  try {
    return openFile(path, limitBytes)
  } catch {
    for (const side of ['-wal', '-shm']) rmSync(`${path}${side}`, { force: true })
    if (existsSync(path)) renameSync(path, `${path}.damaged`)
    return openFile(path, limitBytes)
  }
}

function openFile(path: string, limitBytes: number): History {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  const database = new Database(path)
  try {
    prepare(database)
  } catch (error) {
    database.close()
    throw error
  }
  let added = 0
  return {
    events: () => {
      const kept = database.all('SELECT event FROM events ORDER BY id').map((row) => JSON.parse(String(row.event)) as KeptEvent)
      // By the newest event, not by the clock: one that stands wrong at a start must not empty the history.
      const newestMs = Date.parse(kept.at(-1)?.at ?? '')
      const isOld = ({ at }: KeptEvent): boolean => Date.parse(at ?? '') < newestMs - EVENTS_MAX_AGE_MS
      for (const event of kept) if (isOld(event)) database.run('DELETE FROM events WHERE id = ?', event.id)
      return kept.filter((event) => !isOld(event))
    },
    addEvent: (event) => {
      database.run('INSERT OR REPLACE INTO events VALUES (?, ?)', event.id, JSON.stringify(event))
      if (++added % PRUNE_EVERY === 0) {
        database.run('DELETE FROM events WHERE id <= (SELECT id FROM events ORDER BY id DESC LIMIT 1 OFFSET ?)', EVENTS_MAX)
      }
    },
    minutes: () => database.all('SELECT minute, standings FROM minutes ORDER BY minute').map(decodeMinute),
    saveMinute: ({ minute, standings }) => {
      const rows = standings.map((one): Row => [one.endpoint, one.address, one.vantage, one.standing, one.latencyMs])
      database.transaction(() => {
        database.run('INSERT OR REPLACE INTO minutes VALUES (?, ?)', minute, deflateRawSync(JSON.stringify(rows)))
        database.run('DELETE FROM minutes WHERE minute <= ?', minute - MINUTES_MAX)
        // Newest first, as far as they fit.
        database.run(
          `DELETE FROM minutes WHERE minute IN (
             SELECT minute FROM (SELECT minute, sum(length(standings)) OVER (ORDER BY minute DESC) AS bytes FROM minutes) WHERE bytes > ?)`,
          limitBytes,
        )
      })
    },
    close: () => database.close(),
  }
}

function prepare(database: Database): void {
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = NORMAL')
  if (Number(database.pragma('user_version')) !== FORMAT) {
    database.transaction(() => {
      database.exec('DROP TABLE IF EXISTS events; DROP TABLE IF EXISTS minutes')
      database.exec('CREATE TABLE events (id INTEGER PRIMARY KEY, event TEXT NOT NULL) STRICT')
      database.exec('CREATE TABLE minutes (minute INTEGER PRIMARY KEY, standings BLOB NOT NULL) STRICT')
      database.exec(`PRAGMA user_version = ${FORMAT}`)
    })
  }
  if (String(database.pragma('quick_check')) !== 'ok') throw new Error('the file is damaged')
}

function decodeMinute(row: Readonly<Record<string, unknown>>): KeptMinute {
  const text = inflateRawSync(row.standings as Uint8Array, { maxOutputLength: MINUTE_LIMIT_BYTES }).toString('utf8')
  const standings = (JSON.parse(text) as readonly Row[]).map(
    ([endpoint, address, vantage, standing, latencyMs]): KeptStanding => ({ endpoint, address, vantage, standing, latencyMs }),
  )
  return { minute: Number(row.minute), standings }
}
