/**
 * The store of control: generations, audit, accounts, drafts. One SQLite file in the state folder; control is its one writer, commands on the same machine
 * (user, backup) may open it beside. WAL with synchronous=FULL: what a function has returned from is on disk and survives kill -9. Shell.
 */
import { chmodSync, closeSync, copyFileSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { Database, type Row, type Value } from './database.ts'
import { APPLICATION_ID, MIGRATIONS } from './migrations.ts'
import { StoreError } from './store-error.ts'

/** Roles of accounts and tokens, weakest first. */
export type StoredRole = 'viewer' | 'operator' | 'editor' | 'publisher' | 'admin'

/** Serial of one zone in a generation. */
export type StoredZone = { readonly serial: number; readonly contentDigest: string }

/** A published generation. */
export type StoredGeneration = {
  /** Increasing by one, from 1. */
  readonly generation: number
  /** Ms since epoch. */
  readonly at: number
  readonly account: string
  readonly comment: string
  /** Canonical digest of the document. */
  readonly digest: string
  /** Document as it was given, YAML or JSON. */
  readonly text: string
  /** Attachments by the name used in the document. */
  readonly files: Readonly<Record<string, string>>
  /** Codes of the warnings acknowledged. */
  readonly accepted: readonly string[]
  /** Share of addresses whose answer the publish moved; null for the first. */
  readonly movedPercent: number | null
  /** Serial and digest of the transferable content of each zone. */
  readonly zones: Readonly<Record<string, StoredZone>>
  /** SHA-256 of the snapshot's block, hex. */
  readonly snapshotDigest: string
  /** Generation that the author had before their eyes; absent when nothing was published or it is not known. */
  readonly basedOn?: number
}
/** A generation without its texts, for lists. */
export type StoredGenerationHead = Omit<StoredGeneration, 'text' | 'files' | 'zones'>

/** What happened, by whom: an entry of the audit before it has a number. */
export type AuditNote = {
  /** Ms since epoch. */
  readonly at: number
  readonly account: string
  /** Verb: publish, sign-in, user-create … */
  readonly action: string
  /** What it was done to. */
  readonly object: string
  readonly detail: Readonly<Record<string, unknown>>
  /** Canonical digests before and after; absent when nothing of the document changed. */
  readonly beforeDigest?: string
  readonly afterDigest?: string
}
/** An entry of the audit. */
export type StoredAuditNote = AuditNote & { readonly id: number }
/** Which entries of the audit. */
export type AuditFilter = { readonly account?: string; readonly action?: string; readonly object?: string }

/** The unpublished edit of one account. */
export type StoredDraft = {
  readonly account: string
  /** Generation it was begun on, 0 = none was there. */
  readonly baseGeneration: number
  readonly savedAt: number
  readonly text: string
  readonly files: Readonly<Record<string, string>>
}

/** An account; its name is compared without regard to case. */
export type StoredUser = {
  readonly name: string
  readonly role: StoredRole
  /** Made by the caller. */
  readonly passwordHash: string
  readonly mustChangePassword: boolean
  readonly createdAt: number
  /** 0 = never. */
  readonly lastSeenAt: number
  /** Wrong passwords in a row. */
  readonly failedCount: number
  /** 0 = not locked. */
  readonly lockedUntil: number
}

/** A session; only a hash of its token is kept. */
export type StoredSession = {
  readonly id: string
  readonly tokenHash: string
  readonly user: string
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
  readonly address: string
}

/** An API token; only a hash of its secret is kept. */
export type StoredToken = {
  readonly id: string
  readonly secretHash: string
  readonly label: string
  readonly role: StoredRole
  readonly user: string
  readonly createdAt: number
  /** 0 = no expiry. */
  readonly expiresAt: number
  /** 0 = never. */
  readonly lastUsedAt: number
}

/** How to open a store. */
export type StoreOptions = {
  /** Version of the product, noted in the file for messages to older ones. */
  readonly productVersion: string
}

/** Opens the store, creating or migrating it. Throws StoreError. */
export function openStore(path: string, options: StoreOptions): Store {
  let database: Database | undefined
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    // Password and token hashes lie in it: nobody else may read it, and SQLite gives its side files the same rights.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
    database = new Database(path)
    prepareFormat(database, path, options.productVersion)
    return new Store(database, path)
  } catch (error) {
    database?.close()
    if (error instanceof StoreError) throw error
    const { message } = error as Error
    throw new StoreError(
      'STORE_OPEN_FAILED',
      `the store "${path}" cannot be opened: ${message}`,
      'check that the state folder exists and is writable',
      {
        cause: error,
      },
    )
  }
}

function prepareFormat(database: Database, path: string, productVersion: string): void {
  const version = Number(database.pragma('user_version'))
  const tables = Number(database.first("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'")?.n)
  checkFormat(database, path, version, tables)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  if (version === MIGRATIONS.length) return
  // The copy is complete even if another process has the write-ahead log open.
  if (version > 0) {
    const copy = `${path}.format-${version}`
    rmSync(copy, { force: true })
    database.run('VACUUM INTO ?', copy)
    chmodSync(copy, 0o600)
  }
  database.transaction(() => {
    // Another process may have migrated between the look and the lock.
    const now = Number(database.pragma('user_version'))
    for (const step of MIGRATIONS.slice(now)) database.exec(step)
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`)
    database.run("INSERT INTO meta VALUES ('format_needs', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", productVersion)
  })
}

function checkFormat(database: Database, path: string, version: number, tables: number): void {
  const applicationId = Number(database.pragma('application_id'))
  if (tables > 0 && applicationId !== APPLICATION_ID) {
    throw new StoreError('STORE_NOT_OURS', `"${path}" is a database of another program`, 'name another state folder')
  }
  if (version > MIGRATIONS.length) {
    const needs = database.first("SELECT value FROM meta WHERE key = 'format_needs'")?.value ?? 'a newer version'
    throw new StoreError(
      'STORE_FORMAT_NEWER',
      `"${path}" has format ${version}, this version reads formats up to ${MIGRATIONS.length}`,
      `run nearcast ${String(needs)} or newer, or restore an older backup`,
    )
  }
}

/** An open store; made by openStore. */
export class Store {
  private readonly database: Database
  private readonly path: string

  constructor(database: Database, path: string) {
    this.database = database
    this.path = path
  }

  /** Runs several calls as one: all or nothing. */
  transaction<T>(work: () => T): T {
    return this.database.transaction(work)
  }

  /** Folds the log in and closes the file. */
  close(): void {
    this.database.close()
  }

  // Generations

  /** Number of the live generation, 0 = nothing published yet. */
  liveGenerationNumber(): number {
    return Number(this.database.first('SELECT coalesce(max(generation), 0) AS n FROM generations')?.n)
  }

  /** The newest generation, which is live; undefined = nothing published yet. */
  liveGeneration(): StoredGeneration | undefined {
    return asGeneration(this.database.first('SELECT * FROM generations ORDER BY generation DESC LIMIT 1'))
  }

  /** A generation by its number. */
  getGeneration(generation: number): StoredGeneration | undefined {
    return asGeneration(this.database.first('SELECT * FROM generations WHERE generation = ?', generation))
  }

  /** Generations below `before`, newest first, without their texts. */
  listGenerations(before: number, limit: number): readonly StoredGenerationHead[] {
    const sql = `SELECT generation, at, account, comment, digest, accepted, moved_percent, snapshot_digest, based_on FROM generations
       WHERE generation < ? ORDER BY generation DESC LIMIT ?`
    return this.database.all(sql, clamp(before), clamp(limit)).map(asHead)
  }

  /**
   * Saves a generation with its audit entry in one transaction. Its number must be the live one's + 1: STORE_GENERATION_CONFLICT when somebody
   * else has published in between. The digests before and after are added to the entry.
   */
  addGeneration(generation: StoredGeneration, note: AuditNote): void {
    this.database.transaction(() => {
      const live = this.database.first('SELECT generation, digest FROM generations ORDER BY generation DESC LIMIT 1')
      const liveNumber = Number(live?.generation ?? 0)
      if (generation.generation !== liveNumber + 1) {
        throw new StoreError(
          'STORE_GENERATION_CONFLICT',
          `generation ${generation.generation} cannot follow ${liveNumber}, which is live`,
          'look at what was published in between and apply again on it',
        )
      }
      this.database.run(
        'INSERT INTO generations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        generation.generation,
        generation.at,
        generation.account,
        generation.comment,
        generation.digest,
        generation.text,
        JSON.stringify(generation.files),
        JSON.stringify(generation.accepted),
        generation.movedPercent,
        JSON.stringify(generation.zones),
        generation.snapshotDigest,
        generation.basedOn ?? null,
      )
      this.addAudit({ beforeDigest: String(live?.digest ?? ''), afterDigest: generation.digest, ...note })
    })
  }

  // Audit

  /** Adds an entry to the audit; entries are never changed. */
  addAudit(note: AuditNote): void {
    this.database.run(
      'INSERT INTO audit (at, account, action, object, detail, before_digest, after_digest) VALUES (?, ?, ?, ?, ?, ?, ?)',
      note.at,
      note.account,
      note.action,
      note.object,
      JSON.stringify(note.detail),
      note.beforeDigest ?? '',
      note.afterDigest ?? '',
    )
  }

  /** Entries below the id `before`, newest first. */
  listAudit(before: number, limit: number, filter: AuditFilter = {}): readonly StoredAuditNote[] {
    const conditions = ['id < ?']
    const values: Value[] = [clamp(before)]
    for (const column of ['account', 'action', 'object'] as const) {
      const value = filter[column]
      if (value === undefined) continue
      conditions.push(`${column} = ?`)
      values.push(value)
    }
    const sql = `SELECT * FROM audit WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT ?`
    return this.database.all(sql, ...values, clamp(limit)).map(asAudit)
  }

  // Accounts

  /** All accounts by name. */
  listUsers(): readonly StoredUser[] {
    return this.database.all('SELECT * FROM users ORDER BY name').map(asUser)
  }

  /** An account by name, case ignored. */
  getUser(name: string): StoredUser | undefined {
    const row = this.database.first('SELECT * FROM users WHERE name = ?', name)
    return row === undefined ? undefined : asUser(row)
  }

  /** Creates or changes an account. */
  putUser(user: StoredUser): void {
    this.database.run(
      `INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET role = excluded.role,
       password_hash = excluded.password_hash, must_change_password = excluded.must_change_password, last_seen_at = excluded.last_seen_at,
       failed_count = excluded.failed_count, locked_until = excluded.locked_until`,
      user.name,
      user.role,
      user.passwordHash,
      user.mustChangePassword ? 1 : 0,
      user.createdAt,
      user.lastSeenAt,
      user.failedCount,
      user.lockedUntil,
    )
  }

  /** Removes an account with its sessions, tokens and draft. */
  deleteUser(name: string): boolean {
    return this.database.transaction(() => {
      this.database.run('DELETE FROM drafts WHERE account = ?', name)
      return this.database.run('DELETE FROM users WHERE name = ?', name).changes > 0
    })
  }

  // Sessions

  /** All sessions, expired ones too, oldest first. */
  listSessions(): readonly StoredSession[] {
    return this.database.all('SELECT * FROM sessions ORDER BY created_at, id').map(asSession)
  }

  /** A session by the hash of its token, expired or not. */
  findSession(tokenHash: string): StoredSession | undefined {
    const row = this.database.first('SELECT * FROM sessions WHERE token_hash = ?', tokenHash)
    return row === undefined ? undefined : asSession(row)
  }

  /** Creates or changes a session; its user must exist. */
  putSession(session: StoredSession): void {
    this.database.run(
      `INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET token_hash = excluded.token_hash,
       last_seen_at = excluded.last_seen_at, expires_at = excluded.expires_at, address = excluded.address`,
      session.id,
      session.tokenHash,
      session.user,
      session.createdAt,
      session.lastSeenAt,
      session.expiresAt,
      session.address,
    )
  }

  /** Ends a session. */
  deleteSession(id: string): boolean {
    return this.database.run('DELETE FROM sessions WHERE id = ?', id).changes > 0
  }

  // Tokens

  /** All tokens, oldest first. */
  listTokens(): readonly StoredToken[] {
    return this.database.all('SELECT * FROM tokens ORDER BY created_at, id').map(asToken)
  }

  /** A token by id. */
  findToken(id: string): StoredToken | undefined {
    const row = this.database.first('SELECT * FROM tokens WHERE id = ?', id)
    return row === undefined ? undefined : asToken(row)
  }

  /** Creates or changes a token; its user must exist. */
  putToken(token: StoredToken): void {
    this.database.run(
      `INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET secret_hash = excluded.secret_hash, label = excluded.label,
       role = excluded.role, expires_at = excluded.expires_at, last_used_at = excluded.last_used_at`,
      token.id,
      token.secretHash,
      token.label,
      token.role,
      token.user,
      token.createdAt,
      token.expiresAt,
      token.lastUsedAt,
    )
  }

  /** Deletes a token. */
  deleteToken(id: string): boolean {
    return this.database.run('DELETE FROM tokens WHERE id = ?', id).changes > 0
  }

  /** Removes sessions and tokens that ended before `at`; gives how many. */
  deleteExpired(at: number): number {
    return this.database.transaction(
      () =>
        this.database.run('DELETE FROM sessions WHERE expires_at <= ?', at).changes +
        this.database.run('DELETE FROM tokens WHERE expires_at > 0 AND expires_at <= ?', at).changes,
    )
  }

  // Drafts

  /** The draft of an account; its version rises with every save. */
  getDraft(account: string): (StoredDraft & { readonly version: number }) | undefined {
    const row = this.database.first('SELECT * FROM drafts WHERE account = ?', account)
    return row === undefined ? undefined : asDraft(row)
  }

  /** All drafts, the last saved first. */
  listDrafts(): readonly (StoredDraft & { readonly version: number })[] {
    return this.database.all('SELECT * FROM drafts ORDER BY saved_at DESC, account').map(asDraft)
  }

  /** Saves a draft; gives its new version. `expectedVersion` (0 = none yet) guards against another window: STORE_DRAFT_CONFLICT. */
  putDraft(draft: StoredDraft, expectedVersion?: number): number {
    return this.database.transaction(() => {
      const version = this.getDraft(draft.account)?.version ?? 0
      if (expectedVersion !== undefined && expectedVersion !== version) {
        throw new StoreError('STORE_DRAFT_CONFLICT', `the draft has version ${version}, not ${expectedVersion}`, 'load the draft again')
      }
      const files = JSON.stringify(draft.files)
      const sql = 'INSERT OR REPLACE INTO drafts VALUES (?, ?, ?, ?, ?, ?)'
      this.database.run(sql, draft.account, draft.baseGeneration, draft.savedAt, version + 1, draft.text, files)
      return version + 1
    })
  }

  /** Throws a draft away. */
  deleteDraft(account: string): boolean {
    return this.database.run('DELETE FROM drafts WHERE account = ?', account).changes > 0
  }

  // Settings

  /** A setting as it was saved; undefined when it never was. */
  getSetting(key: string): unknown {
    const row = this.database.first('SELECT value FROM settings WHERE key = ?', key)
    return row === undefined ? undefined : JSON.parse(String(row.value))
  }

  /** Saves a setting (any JSON value). */
  setSetting(key: string, value: unknown): void {
    this.database.run(
      'INSERT INTO settings VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      key,
      JSON.stringify(value),
    )
  }

  /** Writes a complete copy to a file that must not exist yet; others may go on writing. */
  backupTo(path: string): void {
    if (existsSync(path)) throw new StoreError('STORE_BACKUP_FAILED', `"${path}" exists already`, 'name a new file')
    const temporary = `${path}.part`
    try {
      rmSync(temporary, { force: true })
      this.database.run('VACUUM INTO ?', temporary)
      chmodSync(temporary, 0o600)
      syncFile(temporary)
      renameSync(temporary, path)
      syncFile(dirname(path))
    } catch (error) {
      rmSync(temporary, { force: true })
      throw new StoreError(
        'STORE_BACKUP_FAILED',
        `the backup "${path}" cannot be written: ${(error as Error).message}`,
        'check the folder and its free space',
        {
          cause: error,
        },
      )
    }
  }

  /** Path of the file. */
  filePath(): string {
    return this.path
  }
}

/**
 * Replaces the store at `path` by a backup. Nobody may have it open. The backup is checked first; what was there is kept as `<path>.before-restore`.
 * Throws StoreError and leaves everything as it was.
 */
export function restoreFrom(backupPath: string, path: string): void {
  checkBackup(backupPath)
  const temporary = `${path}.restore`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    copyFileSync(backupPath, temporary)
    chmodSync(temporary, 0o600)
    syncFile(temporary)
    if (existsSync(path)) {
      // Opening and closing folds a left-over log in, so that the kept copy is whole.
      const old = new Database(path)
      old.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      old.close()
      renameSync(path, `${path}.before-restore`)
    }
    for (const side of ['-wal', '-shm']) rmSync(`${path}${side}`, { force: true })
    renameSync(temporary, path)
    syncFile(dirname(path))
  } catch (error) {
    rmSync(temporary, { force: true })
    if (error instanceof StoreError) throw error
    throw new StoreError(
      'STORE_BACKUP_FAILED',
      `"${backupPath}" cannot be restored: ${(error as Error).message}`,
      'check the state folder and its free space',
      {
        cause: error,
      },
    )
  }
}

function checkBackup(backupPath: string): void {
  if (!existsSync(backupPath))
    throw new StoreError('STORE_BACKUP_FAILED', `there is no backup "${backupPath}"`, 'name the file that nearcast backup wrote')
  const database = new Database(backupPath, { readOnly: true })
  try {
    const version = Number(database.pragma('user_version'))
    checkFormat(database, backupPath, version, 1)
    const verdict = String(database.pragma('integrity_check'))
    if (verdict !== 'ok') throw new StoreError('STORE_DAMAGED', `"${backupPath}" is damaged: ${verdict}`, 'use another backup')
  } finally {
    database.close()
  }
}

function syncFile(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Callers say "no bound" with Infinity, which SQLite has no integer for. */
function clamp(value: number): number {
  return Math.min(Math.max(0, Math.floor(value)), Number.MAX_SAFE_INTEGER)
}

function asHead(row: Row): StoredGenerationHead {
  return {
    generation: Number(row.generation),
    at: Number(row.at),
    account: String(row.account),
    comment: String(row.comment),
    digest: String(row.digest),
    accepted: JSON.parse(String(row.accepted)) as string[],
    movedPercent: row.moved_percent === null ? null : Number(row.moved_percent),
    snapshotDigest: String(row.snapshot_digest),
    ...(row.based_on === null ? {} : { basedOn: Number(row.based_on) }),
  }
}

function asGeneration(row: Row | undefined): StoredGeneration | undefined {
  if (row === undefined) return undefined
  return {
    ...asHead(row),
    text: String(row.text),
    files: JSON.parse(String(row.files)) as Record<string, string>,
    zones: JSON.parse(String(row.zones)) as Record<string, StoredZone>,
  }
}

function asAudit(row: Row): StoredAuditNote {
  return {
    id: Number(row.id),
    at: Number(row.at),
    account: String(row.account),
    action: String(row.action),
    object: String(row.object),
    detail: JSON.parse(String(row.detail)) as Record<string, unknown>,
    ...(row.before_digest === '' ? {} : { beforeDigest: String(row.before_digest) }),
    ...(row.after_digest === '' ? {} : { afterDigest: String(row.after_digest) }),
  }
}

function asUser(row: Row): StoredUser {
  return {
    name: String(row.name),
    role: String(row.role) as StoredRole,
    passwordHash: String(row.password_hash),
    mustChangePassword: row.must_change_password === 1,
    createdAt: Number(row.created_at),
    lastSeenAt: Number(row.last_seen_at),
    failedCount: Number(row.failed_count),
    lockedUntil: Number(row.locked_until),
  }
}

function asSession(row: Row): StoredSession {
  return {
    id: String(row.id),
    tokenHash: String(row.token_hash),
    user: String(row.user),
    createdAt: Number(row.created_at),
    lastSeenAt: Number(row.last_seen_at),
    expiresAt: Number(row.expires_at),
    address: String(row.address),
  }
}

function asToken(row: Row): StoredToken {
  return {
    id: String(row.id),
    secretHash: String(row.secret_hash),
    label: String(row.label),
    role: String(row.role) as StoredRole,
    user: String(row.user),
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    lastUsedAt: Number(row.last_used_at),
  }
}

function asDraft(row: Row): StoredDraft & { readonly version: number } {
  return {
    account: String(row.account),
    baseGeneration: Number(row.base_generation),
    savedAt: Number(row.saved_at),
    text: String(row.text),
    files: JSON.parse(String(row.files)) as Record<string, string>,
    version: Number(row.version),
  }
}
