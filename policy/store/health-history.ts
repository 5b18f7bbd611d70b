/**
 * Health over time on disk: a SQLite file of its own beside the store, bounded by age and by a hard size. It may be lost, is in no backup,
 * and is written without waiting for the disk. Shell.
 *
 *   raw (10 s)   blocks  a blob a bucket, all addresses in it                   the first to go when room is short
 *   minute       blocks while its hour is under way, then chunks: a blob an address and hour
 *   hour         hours   a row an address and hour                              the last to go
 *
 * Each step is written when its bucket is over, so coarsening is forgetting the finer one: the oldest raw points first, then the oldest
 * minutes, then the oldest hours. SQLite itself refuses to let the file grow beyond the limit and a tenth.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Database } from './database.ts'
import { openSideDatabase } from './side-database.ts'

/** Steps of history, the finest first. */
export type HealthStep = 'raw' | 'minute' | 'hour'
/** One address of one endpoint, seen from one vantage, in one bucket. */
export type HealthPoint = {
  readonly endpoint: string
  readonly address: string
  readonly vantage: string
  /** Start of the bucket, ms since epoch. */
  readonly at: number
  /** Worst of the bucket. */
  readonly standing: 'up' | 'degraded' | 'unknown' | 'down'
  /** Means over the bucket's reports; null without samples. */
  readonly score: number | null
  readonly latencyMs: number | null
  /** Largest of the bucket. */
  readonly latencyP95Ms: number | null
  readonly errorRatePercent: number | null
  /** Samples in the window of the last report. */
  readonly sampleCount: number
  /** Reports in it. */
  readonly weight: number
}
/** A bucket that is over. */
export type Rollup = { readonly step: HealthStep; readonly at: number; readonly points: readonly HealthPoint[] }

/** How much is kept. */
export type HealthRetention = {
  readonly megabytes: number
  readonly rawHours: number
  readonly minuteDays: number
  readonly hourDays: number
}
/** Without another word in the document. */
export const DEFAULT_RETENTION: HealthRetention = { megabytes: 256, rawHours: 6, minuteDays: 30, hourDays: 730 }

/** An open history. */
export type HealthHistory = {
  /** Keeps buckets; forgets what is too old or too much. */
  readonly save: (rollups: readonly Rollup[]) => void
  /** Points of endpoints from `fromMs` to before `toMs`; those of one address seen from one vantage are oldest first. */
  readonly read: (endpoints: readonly string[], step: HealthStep, fromMs: number, toMs: number) => readonly HealthPoint[]
  /** Hands over the points of all endpoints in minutes from `fromMs` on, those of one address oldest first: a day of them at once is much memory. */
  readonly visitMinutes: (fromMs: number, visit: (point: HealthPoint) => void) => void
  /** Start of the oldest bucket kept of a step; undefined = none. */
  readonly oldest: (step: HealthStep) => number | undefined
  /** Bytes in use. */
  readonly sizeBytes: () => number
  readonly setRetention: (retention: HealthRetention) => void
  readonly close: () => void
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const FORMAT = 1
const BLOB_LIMIT_BYTES = 64 << 20
const STANDINGS = ['up', 'degraded', 'unknown', 'down'] as const
/** Share of the limit that is made free when it is reached, so that not every bucket has to make room. */
const ROOM = 0.05
const RAW = 0
const MINUTE = 1

/** Series, standing, score, latency, p95, errors, samples, reports. */
type BlockRow = readonly [number, number, number | null, number | null, number | null, number | null, number, number]
/** Milliseconds into the hour, then as above without the series. */
type ChunkRow = BlockRow

/** Opens a history. A file that cannot be read is put aside as PATH.damaged and begun anew. Throws StoreError when that fails too. */
export function openHealthHistory(path: string, retention: HealthRetention = DEFAULT_RETENTION): HealthHistory {
  return new HistoryFile(path, retention)
}

class HistoryFile implements HealthHistory {
  readonly #database: Database
  readonly #series = new Map<string, number>()
  readonly #names = new Map<number, Pick<HealthPoint, 'endpoint' | 'address' | 'vantage'>>()
  #retention: HealthRetention
  #prunedMs = Number.NEGATIVE_INFINITY

  constructor(path: string, retention: HealthRetention) {
    this.#retention = retention
    this.#database = openSideDatabase(path, { version: FORMAT, create: createTables, begin })
    for (const row of this.#database.all('SELECT * FROM series')) {
      const name = { endpoint: String(row.endpoint), address: String(row.address), vantage: String(row.vantage) }
      this.#remember(Number(row.id), name)
    }
    this.setRetention(retention)
  }

  save(rollups: readonly Rollup[]): void {
    if (rollups.length === 0) return
    try {
      this.#write(rollups)
    } catch (error) {
      // The file is as large as it may be: what it has of the oldest goes, then once more.
      if (!this.#makeRoom(ROOM)) throw error
      this.#write(rollups)
    }
    this.#prune(rollups.at(-1)!.at)
    if (this.sizeBytes() > this.#limitBytes()) this.#makeRoom(ROOM)
  }

  read(endpoints: readonly string[], step: HealthStep, fromMs: number, toMs: number): readonly HealthPoint[] {
    const ids = new Set([...this.#names].filter(([, name]) => endpoints.includes(name.endpoint)).map(([id]) => id))
    if (ids.size === 0) return []
    if (step !== 'hour') {
      const points: HealthPoint[] = []
      const visit = (point: HealthPoint): void => void points.push(point)
      if (step === 'minute') this.#visitChunks(fromMs, toMs, ids, visit)
      this.#visitBlocks(step === 'raw' ? RAW : MINUTE, fromMs, toMs, ids, visit)
      return points
    }
    const rows = [...ids].flatMap((id) =>
      this.#database.all('SELECT * FROM hours WHERE series = ? AND at >= ? AND at < ? ORDER BY at', id, fromMs, toMs),
    )
    return rows.map((row) => this.#pointOf(Number(row.at), [row.series, ...hourColumns(row)] as unknown as BlockRow)!)
  }

  visitMinutes(fromMs: number, visit: (point: HealthPoint) => void): void {
    this.#visitChunks(fromMs, Number.MAX_SAFE_INTEGER, undefined, visit)
    this.#visitBlocks(MINUTE, fromMs, Number.MAX_SAFE_INTEGER, undefined, visit)
  }

  oldest(step: HealthStep): number | undefined {
    const first = (sql: string): number | undefined => {
      const at = this.#database.first(sql)?.at
      return at === null || at === undefined ? undefined : Number(at)
    }
    if (step === 'raw') return first(`SELECT min(at) AS at FROM blocks WHERE step = ${RAW}`)
    if (step === 'hour') return first('SELECT min(at) AS at FROM hours')
    return first('SELECT min(at) AS at FROM chunks') ?? first(`SELECT min(at) AS at FROM blocks WHERE step = ${MINUTE}`)
  }

  sizeBytes(): number {
    const page = (name: string): number => Number(this.#database.pragma(name))
    return (page('page_count') - page('freelist_count')) * page('page_size')
  }

  setRetention(retention: HealthRetention): void {
    this.#retention = retention
    const pages = Math.ceil((1.1 * this.#limitBytes()) / Number(this.#database.pragma('page_size')))
    this.#database.pragma(`max_page_count = ${pages}`)
  }

  close(): void {
    this.#database.close()
  }

  #limitBytes(): number {
    return this.#retention.megabytes * 1_000_000
  }

  #remember(id: number, name: Pick<HealthPoint, 'endpoint' | 'address' | 'vantage'>): void {
    this.#series.set(`${name.endpoint} ${name.address} ${name.vantage}`, id)
    this.#names.set(id, name)
  }

  #write(rollups: readonly Rollup[]): void {
    const added: number[] = []
    try {
      this.#database.transaction(() => {
        for (const { step, at, points } of rollups) {
          const rows = points.map((point): BlockRow => {
            const known = this.#series.get(`${point.endpoint} ${point.address} ${point.vantage}`)
            return rowOf(known ?? this.#addSeries(point, added), point)
          })
          if (step === 'hour') this.#writeHours(at, rows)
          else this.#database.run('INSERT OR REPLACE INTO blocks VALUES (?, ?, ?)', step === 'raw' ? RAW : MINUTE, at, pack(rows))
          if (step === 'minute') this.#packHours(at)
        }
      })
    } catch (error) {
      // Rolled back with the rest.
      for (const id of added) {
        const { endpoint, address, vantage } = this.#names.get(id)!
        this.#series.delete(`${endpoint} ${address} ${vantage}`)
        this.#names.delete(id)
      }
      throw error
    }
  }

  #addSeries({ endpoint, address, vantage }: HealthPoint, added: number[]): number {
    const { lastId } = this.#database.run('INSERT INTO series (endpoint, address, vantage) VALUES (?, ?, ?)', endpoint, address, vantage)
    this.#remember(lastId, { endpoint, address, vantage })
    added.push(lastId)
    return lastId
  }

  #writeHours(at: number, rows: readonly BlockRow[]): void {
    for (const [series, ...columns] of rows)
      this.#database.run('INSERT OR REPLACE INTO hours VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)', series, at, ...columns)
  }

  /** Minutes of hours that are over: from a blob a minute to a blob an address and hour, which is a twentieth of the size to read one. */
  #packHours(minuteAt: number): void {
    const endMs = Math.floor(minuteAt / HOUR_MS) * HOUR_MS
    const rows = this.#database.all(`SELECT at, points FROM blocks WHERE step = ${MINUTE} AND at < ? ORDER BY at`, endMs)
    const byHour = Map.groupBy(rows, ({ at }) => Math.floor(Number(at) / HOUR_MS) * HOUR_MS)
    for (const [hour, minutes] of byHour) {
      const bySeries = new Map<number, ChunkRow[]>()
      for (const { at, points } of minutes) {
        for (const [series, ...columns] of unpack(points)) {
          const list = bySeries.get(series)
          const row = [Number(at) - hour, ...columns] as const
          if (list === undefined) bySeries.set(series, [row])
          else list.push(row)
        }
      }
      for (const [series, list] of bySeries) this.#database.run('INSERT OR REPLACE INTO chunks VALUES (?, ?, ?)', hour, series, pack(list))
    }
    if (rows.length > 0) this.#database.run(`DELETE FROM blocks WHERE step = ${MINUTE} AND at < ?`, endMs)
  }

  #visitBlocks(
    step: number,
    fromMs: number,
    toMs: number,
    ids: ReadonlySet<number> | undefined,
    visit: (point: HealthPoint) => void,
  ): void {
    const rows = this.#database.all('SELECT at, points FROM blocks WHERE step = ? AND at >= ? AND at < ? ORDER BY at', step, fromMs, toMs)
    for (const { at, points } of rows) {
      for (const row of unpack(points)) {
        const point = ids === undefined || ids.has(row[0]) ? this.#pointOf(Number(at), row) : undefined
        if (point !== undefined) visit(point)
      }
    }
  }

  #visitChunks(fromMs: number, toMs: number, ids: ReadonlySet<number> | undefined, visit: (point: HealthPoint) => void): void {
    const firstMs = Math.floor(fromMs / HOUR_MS) * HOUR_MS
    const where = 'at >= ? AND at < ?'
    const rows =
      ids === undefined
        ? this.#database.all(`SELECT * FROM chunks WHERE ${where} ORDER BY at`, firstMs, toMs)
        : [...ids].flatMap((id) => this.#database.all(`SELECT * FROM chunks WHERE ${where} AND series = ? ORDER BY at`, firstMs, toMs, id))
    for (const { at, series, points } of rows) {
      for (const [offsetMs, ...columns] of unpack(points)) {
        const atMs = Number(at) + offsetMs
        if (atMs < fromMs || atMs >= toMs) continue
        const point = this.#pointOf(atMs, [Number(series), ...columns])
        if (point !== undefined) visit(point)
      }
    }
  }

  #pointOf(
    at: number,
    [series, standing, score, latencyMs, latencyP95Ms, errorRatePercent, sampleCount, weight]: BlockRow,
  ): HealthPoint | undefined {
    const name = this.#names.get(Number(series))
    if (name === undefined) return undefined
    return {
      ...name,
      at,
      standing: STANDINGS[standing] ?? 'unknown',
      score,
      latencyMs,
      latencyP95Ms,
      errorRatePercent,
      sampleCount,
      weight,
    }
  }

  /** Once an hour of the points' own time: what is older than it may be. */
  #prune(atMs: number): void {
    if (Math.abs(atMs - this.#prunedMs) < HOUR_MS) return
    this.#prunedMs = atMs
    const { rawHours, minuteDays, hourDays } = this.#retention
    this.#database.transaction(() => {
      this.#database.run(`DELETE FROM blocks WHERE step = ${RAW} AND at < ?`, atMs - rawHours * HOUR_MS)
      this.#database.run('DELETE FROM chunks WHERE at < ?', atMs - minuteDays * DAY_MS)
      this.#database.run('DELETE FROM hours WHERE at < ?', atMs - hourDays * DAY_MS)
      this.#forgetSeries()
    })
    this.#database.exec('PRAGMA incremental_vacuum')
  }

  /** Series that no hour and no chunk speaks of, and that no block of now does. */
  #forgetSeries(): void {
    const rows = this.#database.all(
      'SELECT id FROM series WHERE id NOT IN (SELECT series FROM hours) AND id NOT IN (SELECT series FROM chunks)',
    )
    if (rows.length === 0) return
    const used = new Set(this.#database.all('SELECT points FROM blocks').flatMap(({ points }) => unpack(points).map(([series]) => series)))
    for (const { id } of rows) {
      if (used.has(Number(id))) continue
      const { endpoint, address, vantage } = this.#names.get(Number(id))!
      this.#database.run('DELETE FROM series WHERE id = ?', Number(id))
      this.#series.delete(`${endpoint} ${address} ${vantage}`)
      this.#names.delete(Number(id))
    }
  }

  /** Forgets the oldest of the finest step until this share of the limit is free. False when there was nothing left to forget. */
  #makeRoom(share: number): boolean {
    const goalBytes = (1 - share) * this.#limitBytes()
    let hasFreed = false
    while (this.sizeBytes() > goalBytes) {
      if (!this.#forgetOldest()) break
      hasFreed = true
    }
    if (hasFreed) this.#database.exec('PRAGMA incremental_vacuum')
    return hasFreed
  }

  #forgetOldest(): boolean {
    const database = this.#database
    const oldestOf = (table: string, batch: number): string => `SELECT at FROM ${table} ORDER BY at LIMIT ${batch}`
    const raw = database.run(`DELETE FROM blocks WHERE step = ${RAW} AND at IN (${oldestOf(`blocks WHERE step = ${RAW}`, 60)})`)
    if (raw.changes > 0) return true
    if (database.run('DELETE FROM chunks WHERE at = (SELECT min(at) FROM chunks)').changes > 0) return true
    if (database.run('DELETE FROM hours WHERE at = (SELECT min(at) FROM hours)').changes > 0) return true
    return database.run(`DELETE FROM blocks WHERE at IN (${oldestOf('blocks', 10)})`).changes > 0
  }
}

function begin(database: Database): void {
  // Before the first table: a file that has shrunk gives its room back.
  database.exec('PRAGMA auto_vacuum = INCREMENTAL')
  database.exec('PRAGMA journal_size_limit = 4194304')
}

function createTables(database: Database): void {
  database.exec(`
    DROP TABLE IF EXISTS series; DROP TABLE IF EXISTS blocks; DROP TABLE IF EXISTS chunks; DROP TABLE IF EXISTS hours;
    CREATE TABLE series (
      id INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, address TEXT NOT NULL, vantage TEXT NOT NULL,
      UNIQUE (endpoint, address, vantage)
    ) STRICT;
    CREATE TABLE blocks (step INTEGER NOT NULL, at INTEGER NOT NULL, points BLOB NOT NULL, PRIMARY KEY (step, at)) STRICT;
    CREATE TABLE chunks (at INTEGER NOT NULL, series INTEGER NOT NULL, points BLOB NOT NULL, PRIMARY KEY (at, series)) STRICT;
    CREATE TABLE hours (
      series INTEGER NOT NULL, at INTEGER NOT NULL, standing INTEGER NOT NULL, score REAL, latency_ms REAL, latency_p95_ms REAL,
      error_rate_percent REAL, sample_count INTEGER NOT NULL, weight INTEGER NOT NULL, PRIMARY KEY (series, at)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX hours_at ON hours (at);`)
}

function rowOf(series: number, point: HealthPoint): BlockRow {
  const { score, latencyMs, latencyP95Ms, errorRatePercent, sampleCount, weight } = point
  return [series, STANDINGS.indexOf(point.standing), score, latencyMs, latencyP95Ms, errorRatePercent, sampleCount, weight]
}

function hourColumns(row: Readonly<Record<string, unknown>>): readonly unknown[] {
  return [row.standing, row.score, row.latency_ms, row.latency_p95_ms, row.error_rate_percent, row.sample_count, row.weight]
}

function pack(rows: readonly BlockRow[]): Uint8Array {
  return deflateRawSync(JSON.stringify(rows))
}

function unpack(blob: unknown): readonly BlockRow[] {
  return JSON.parse(inflateRawSync(blob as Uint8Array, { maxOutputLength: BLOB_LIMIT_BYTES }).toString('utf8')) as readonly BlockRow[]
}
