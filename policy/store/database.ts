/**
 * Small adapter over node:sqlite, so that another SQLite binding could take its place: values in, rows out, transactions, errors with a code.
 * Synchronous on purpose: a transaction of control is over before its event loop goes on. Shell.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { StoreError } from './store-error.ts'

/** A row by column name. */
export type Row = Readonly<Record<string, unknown>>
/** A value that can be bound. */
export type Value = SQLInputValue

/** An open database. */
export class Database {
  private readonly connection: DatabaseSync
  private readonly statements = new Map<string, StatementSync>()
  private depth = 0

  /** Opens (and creates) the file; other processes' locks are waited for up to 5 s. */
  constructor(path: string, options: { readonly readOnly?: boolean } = {}) {
    this.connection = new DatabaseSync(path, { readOnly: options.readOnly ?? false, enableForeignKeyConstraints: true, timeout: 5000 })
  }

  /** Runs statements that give no rows and take no values. */
  exec(sql: string): void {
    this.guard(() => this.connection.exec(sql))
  }

  /** Runs one statement; gives the id of an inserted row and how many rows changed. */
  run(sql: string, ...values: Value[]): { readonly lastId: number; readonly changes: number } {
    return this.guard(() => {
      const result = this.prepare(sql).run(...values)
      return { lastId: Number(result.lastInsertRowid), changes: Number(result.changes) }
    })
  }

  /** All rows of a query. */
  all(sql: string, ...values: Value[]): readonly Row[] {
    return this.guard(() => this.prepare(sql).all(...values) as Row[])
  }

  /** First row of a query. */
  first(sql: string, ...values: Value[]): Row | undefined {
    return this.guard(() => this.prepare(sql).get(...values) as Row | undefined)
  }

  /** A number that PRAGMA gives. */
  pragma(name: string): unknown {
    return Object.values(this.guard(() => this.connection.prepare(`PRAGMA ${name}`).get() as Row | undefined) ?? {})[0]
  }

  /** Runs `work` in a transaction; inner calls join the outer one. When it throws nothing has happened. */
  transaction<T>(work: () => T): T {
    if (this.depth > 0) return work()
    this.guard(() => this.connection.exec('BEGIN IMMEDIATE'))
    this.depth++
    try {
      const result = work()
      this.guard(() => this.connection.exec('COMMIT'))
      return result
    } catch (error) {
      if (this.connection.isTransaction) this.connection.exec('ROLLBACK')
      throw error
    } finally {
      this.depth--
    }
  }

  /** Closes the file; the write-ahead log is folded in. */
  close(): void {
    this.statements.clear()
    if (this.connection.isOpen) this.connection.close()
  }

  private prepare(sql: string): StatementSync {
    const known = this.statements.get(sql)
    if (known !== undefined) return known
    const statement = this.connection.prepare(sql)
    this.statements.set(sql, statement)
    return statement
  }

  private guard<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw wrap(error)
    }
  }
}

/** Primary result codes of SQLite that an operator can do something about: https://www.sqlite.org/rescode.html */
const BUSY = 5
const LOCKED = 6
const READONLY = 8
const IO = 10
const CORRUPT = 11
const FULL = 13
const NOT_A_DATABASE = 26

function wrap(error: unknown): unknown {
  const { code, errcode, message } = error as { code?: string; errcode?: number; message: string }
  if (code !== 'ERR_SQLITE_ERROR' || errcode === undefined) return error
  const cause = { cause: error }
  switch (errcode & 0xff) {
    case BUSY:
    case LOCKED:
      return new StoreError(
        'STORE_BUSY',
        `the store is locked by another process: ${message}`,
        'try again; end other commands on this state folder',
        cause,
      )
    case FULL:
    case IO:
    case READONLY:
      return new StoreError(
        'STORE_WRITE_FAILED',
        `the store cannot be written: ${message}`,
        'free disk space and check the rights of the state folder',
        cause,
      )
    case CORRUPT:
    case NOT_A_DATABASE:
      return new StoreError('STORE_DAMAGED', `the store is damaged: ${message}`, 'restore a backup with nearcast restore', cause)
    default:
      return error
  }
}
