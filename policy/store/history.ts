/**
 * What happened, over a restart of control: events. A SQLite file of its own beside the store: it may be lost, is in no backup, and is
 * written without waiting for the disk (a power cut costs the last seconds, `kill -9` nothing that was written). Bounded by number and
 * age; the oldest goes first. Shell. Health over time lies beside it: health-history.ts.
 *
 *   events   id │ JSON             the newest EVENTS_MAX, of the last EVENTS_MAX_AGE_MS
 */
import type { Database } from './database.ts'
import { openSideDatabase } from './side-database.ts'

/** One event; the store looks only at its number, which rises, and at its time (RFC 3339). */
export type KeptEvent = { readonly id: number; readonly at?: string }

/** Events kept. */
const EVENTS_MAX = 5000
/** Age of events kept: what is older helps nobody, and a quiet fleet would keep it for ever. */
const EVENTS_MAX_AGE_MS = 180 * 86_400_000
/** Old events are removed once in so many. */
const PRUNE_EVERY = 100
/** Format of the file; 1 had minutes too, another one is begun anew. */
const FORMAT = 2

/** An open history. */
export type History = {
  /** Kept events, oldest first. */
  readonly events: () => readonly KeptEvent[]
  /** Keeps an event. */
  readonly addEvent: (event: KeptEvent) => void
  readonly close: () => void
}

/** Opens a history. A file that cannot be read is put aside as PATH.damaged and begun anew. Throws StoreError when that fails too. */
export function openHistory(path: string): History {
  const database = openSideDatabase(path, { version: FORMAT, create: createTables })
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
    close: () => database.close(),
  }
}

function createTables(database: Database, found: number): void {
  database.exec('DROP TABLE IF EXISTS minutes')
  if (found !== 1) database.exec('DROP TABLE IF EXISTS events')
  database.exec('CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, event TEXT NOT NULL) STRICT')
}
