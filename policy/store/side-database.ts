/**
 * A SQLite file beside the store that may be lost: it is in no backup, and is written without waiting for the disk (a power cut costs the
 * last seconds, `kill -9` nothing that was written). Shell.
 */
import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs'
import { Database } from './database.ts'

/** Where a file has no path: it is in memory. */
export const IN_MEMORY = ':memory:'

/** What a file holds. */
export type SideFormat = {
  /** `user_version` of a file of this format. */
  readonly version: number
  /** Makes the tables of this format; in a transaction. `found` is the version of the file, 0 of a new one. */
  readonly create: (database: Database, found: number) => void
  /** Runs before anything else. */
  readonly begin?: (database: Database) => void
}

/** Opens a file. One that cannot be read is put aside as PATH.damaged and begun anew. Throws StoreError when that fails too. */
export function openSideDatabase(path: string, format: SideFormat): Database {
  if (path === IN_MEMORY) return openFile(path, format)
  try {
    return openFile(path, format)
  } catch {
    for (const side of ['-wal', '-shm']) rmSync(`${path}${side}`, { force: true })
    if (existsSync(path)) renameSync(path, `${path}.damaged`)
    return openFile(path, format)
  }
}

function openFile(path: string, { version, create, begin }: SideFormat): Database {
  if (path !== IN_MEMORY && !existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  const database = new Database(path)
  try {
    begin?.(database)
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = NORMAL')
    const found = Number(database.pragma('user_version'))
    if (found !== version) {
      database.transaction(() => {
        create(database, found)
        database.exec(`PRAGMA user_version = ${version}`)
      })
    }
    if (String(database.pragma('quick_check')) !== 'ok') throw new Error('the file is damaged')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
