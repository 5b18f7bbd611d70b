/**
 * The store of control: generations, audit, accounts, drafts. One SQLite file in the state folder; control is its one writer, commands on the same machine
 * (user, backup) may open it beside. WAL with synchronous=FULL: what a function has returned from is on disk and survives kill -9. Shell.
 */
import { chmodSync, closeSync, copyFileSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Override, OverrideSchedule } from '../../health/model/override.ts'
import type { KeptLatencyCell } from '../../health/score/latency-aggregate.ts'
import { Database, type Row, type Value } from './database.ts'
import { APPLICATION_ID, MIGRATIONS } from './migrations.ts'
import { StoreError } from './store-error.ts'

/** A published document. */
export type Generation = {
  /** Increasing, from 1. */
  readonly number: number
  /** The document as it was given. */
  readonly documentText: string
  /** Attachments by name. */
  readonly files: Readonly<Record<string, string>>
  readonly canonicalDigest: string
  /** SHA-256 of the compiled snapshot, hex; empty until it is known. */
  readonly snapshotDigest: string
  readonly author: string
  readonly comment: string
  /** Codes of warnings that were acknowledged. */
  readonly acceptedIssues: readonly string[]
  /** ms since epoch. */
  readonly createdAt: number
  /** Generation that the author had before their eyes; null for the first. */
  readonly basedOn: number | null
  /** Share of addresses whose answer the publish moved; null when it is not known (the first). */
  readonly movedPercent: number | null
  /** Serial and digest of the transferable content of each zone that changed; those of all zones tells listZoneSerials. */
  readonly zones: Readonly<Record<string, StoredZone>>
  /** Number of the generation that brought the document: this one, or an earlier one when only dynamic layers changed. */
  readonly documentNumber: number
}

/** One row of the dynamic layer of a zone: what an update added, or removed of the document's. */
export type StoredDynamicRecord = {
  /** Apex, absolute and lower-case. */
  readonly zone: string
  /** Absolute and lower-case. */
  readonly owner: string
  readonly type: number
  /** Wire form, names uncompressed. */
  readonly rdata: Uint8Array
  readonly kind: 'added' | 'removed'
  /** 0 for removed ones. */
  readonly ttlSeconds: number
}

/** A zone as it was transferred from its primary. */
export type TransferredZone = {
  /** Apex, absolute and lower-case. */
  readonly zone: string
  readonly serial: number
  /** Packed records, the SOA first. */
  readonly records: Uint8Array
  /** SHA-256 of them, hex. */
  readonly digest: string
  /** ms since epoch. */
  readonly transferredAt: number
  /** Last time a primary said that this is its newest, ms since epoch. */
  readonly refreshedAt: number
  /** Address of the primary that it came from. */
  readonly primary: string
}

/** Generations kept that only changed layers (updates, transfers in); those with a document are all kept. */
const LAYER_GENERATIONS_KEPT = 1000
/** Audit lines of updates kept; all others are kept for ever. */
const UPDATE_LINES_KEPT = 20_000
/** Old ones are removed once in so many generations. */
const PRUNE_EVERY = 64

/** Serial of one zone in a generation. */
export type StoredZone = { readonly serial: number; readonly contentDigest: string }

/** A generation without its texts, for lists. */
export type GenerationSummary = Omit<Generation, 'documentText' | 'files' | 'zones' | 'documentNumber'>

/** What is needed to save one. */
export type NewGeneration = Omit<Generation, 'number' | 'createdAt' | 'movedPercent' | 'zones' | 'documentNumber'> &
  Partial<Pick<Generation, 'movedPercent' | 'zones' | 'documentNumber'>>

/** One line of the audit. */
export type AuditEntry = {
  readonly id: number
  readonly at: number
  /** Account, token or "machine" (the local socket). */
  readonly who: string
  /** Verb: publish, sign-in, user-create … */
  readonly action: string
  /** What it was done to. */
  readonly object: string
  readonly detail: string
  /** Canonical digests before and after; empty when nothing of the document changed. */
  readonly beforeDigest: string
  readonly afterDigest: string
}

/** What is needed to write one. */
export type NewAuditEntry = Pick<AuditEntry, 'who' | 'action' | 'object'> &
  Partial<Pick<AuditEntry, 'detail' | 'beforeDigest' | 'afterDigest'>>

/** An account. */
export type User = {
  readonly id: number
  /** Compared without regard to case. */
  readonly name: string
  readonly role: string
  /** argon2 text, made by the caller. */
  readonly passwordHash: string
  readonly mustChangePassword: boolean
  readonly enabled: boolean
  readonly failedSignIns: number
  readonly lockedUntilAt: number
  readonly createdAt: number
  /** 0 = never. */
  readonly lastSeenAt: number
}

/** A signed-in browser. */
export type Session = {
  /** Hash of the cookie's value, made by the caller. */
  readonly idHash: string
  readonly userId: number
  readonly createdAt: number
  readonly lastUsedAt: number
  readonly expiresAt: number
  /** Shown in the list of sessions, e.g. the browser. */
  readonly detail: string
}

/** A bearer token. */
export type ApiToken = {
  readonly id: number
  readonly name: string
  readonly tokenHash: string
  readonly role: string
  /** api, push, samples. */
  readonly scope: string
  /** Endpoints that it is limited to; empty = none. */
  readonly endpoints: readonly string[]
  /** Vantage that its samples are of; empty = they name it. */
  readonly vantage: string
  readonly createdBy: string
  readonly createdAt: number
  /** Null = no end. */
  readonly expiresAt: number | null
  /** 0 = never. */
  readonly lastUsedAt: number
}

/** The unpublished edit of one account. */
export type Draft = {
  readonly account: string
  readonly documentText: string
  readonly files: Readonly<Record<string, string>>
  /** Generation it was begun on; null = none was there. */
  readonly baseGeneration: number | null
  /** Rises with every save; the ETag. */
  readonly version: number
  readonly updatedAt: number
}

/** An override with what only control needs of it. */
export type StoredOverride = {
  readonly override: Override
  /** Account that set it. */
  readonly createdBy: string
  /** Rises with every change; the ETag. */
  readonly version: number
  /** ms since epoch; null = it has not ended. */
  readonly endedAt: number | null
  /** Account that ended it, "control" when its time was over; empty while it is open. */
  readonly endedBy: string
  readonly endReason: string
}

/** Ended overrides kept. */
const ENDED_OVERRIDES_KEPT = 5000

/** How to open a store. */
export type StoreOptions = {
  /** Version of the product, noted in the file for messages to older ones. */
  readonly productVersion: string
  /** Wall clock, ms since epoch. */
  readonly now?: () => number
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
    return new Store(database, path, options)
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
  private readonly now: () => number

  constructor(database: Database, path: string, options: StoreOptions) {
    this.database = database
    this.path = path
    this.now = options.now ?? Date.now
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

  /**
   * Saves a generation with the next number, and its audit line, in one transaction. With `expectedLatest` (0 = none yet) it is refused with
   * STORE_GENERATION_CONFLICT when somebody else has published in between.
   */
  saveGeneration(
    generation: NewGeneration,
    options: { readonly expectedLatest?: number; readonly audit?: NewAuditEntry } = {},
  ): Generation {
    return this.database.transaction(() => {
      const latest = this.latestGenerationNumber()
      if (options.expectedLatest !== undefined && options.expectedLatest !== latest) {
        throw new StoreError(
          'STORE_GENERATION_CONFLICT',
          `the edit is based on generation ${options.expectedLatest}, but ${latest} is live`,
          'look at the difference and apply again on the live generation, or use --force',
        )
      }
      const number = latest + 1
      const saved: Generation = { movedPercent: null, zones: {}, documentNumber: number, ...generation, number, createdAt: this.now() }
      const isOwn = saved.documentNumber === number
      this.database.run(
        `INSERT INTO generations (number, document_text, files, canonical_digest, snapshot_digest, author, comment, accepted_issues, created_at, based_on, moved_percent, zones, document_number)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        saved.number,
        isOwn ? saved.documentText : '',
        isOwn ? JSON.stringify(saved.files) : '{}',
        saved.canonicalDigest,
        saved.snapshotDigest,
        saved.author,
        saved.comment,
        JSON.stringify(saved.acceptedIssues),
        saved.createdAt,
        saved.basedOn,
        saved.movedPercent,
        JSON.stringify(saved.zones),
        isOwn ? null : saved.documentNumber,
      )
      if (options.audit !== undefined) this.appendAudit(options.audit)
      if (number % PRUNE_EVERY === 0) this.prune(number)
      return saved
    })
  }

  /** Removes what many updates left behind. */
  private prune(latest: number): void {
    this.database.run(
      'DELETE FROM generations WHERE document_number IS NOT NULL AND number IN (SELECT number FROM generations WHERE document_number IS NOT NULL AND number < ? ORDER BY number DESC LIMIT -1 OFFSET ?)',
      latest,
      LAYER_GENERATIONS_KEPT - 1,
    )
    this.database.run(
      "DELETE FROM audit WHERE action = 'update' AND id <= (SELECT id FROM audit WHERE action = 'update' ORDER BY id DESC LIMIT 1 OFFSET ?)",
      UPDATE_LINES_KEPT,
    )
  }

  /** Notes the digest of the compiled snapshot of a generation. */
  setSnapshotDigest(number: number, digest: string): void {
    this.database.run('UPDATE generations SET snapshot_digest = ? WHERE number = ?', digest, number)
  }

  /** Number of the newest generation, 0 = none. */
  latestGenerationNumber(): number {
    return Number(this.database.first('SELECT coalesce(max(number), 0) AS n FROM generations')?.n)
  }

  /** The newest generation. */
  latestGeneration(): Generation | undefined {
    return this.getGeneration(this.latestGenerationNumber())
  }

  /** A generation by its number. */
  getGeneration(number: number): Generation | undefined {
    const row = this.database.first('SELECT * FROM generations WHERE number = ?', number)
    if (row === undefined || row.document_number === null) return asGeneration(row)
    const document = this.database.first('SELECT document_text, files FROM generations WHERE number = ?', Number(row.document_number))
    return asGeneration({ ...row, ...document })
  }

  /** Number of the generation that brought the document of generation `number`, whether that is still kept or not; 0 = there never was one. */
  documentNumberOf(number: number): number {
    const known = this.database.first('SELECT coalesce(document_number, number) AS n FROM generations WHERE number = ?', number)
    if (known !== undefined) return Number(known.n)
    if (number <= 0 || number > this.latestGenerationNumber()) return 0
    // Only layers changed with one that is gone: its document is the last before it.
    const before = this.database.first('SELECT max(number) AS n FROM generations WHERE number < ? AND document_number IS NULL', number)
    return Number(before?.n ?? 0)
  }

  /** Generations from the newest down, without texts; `before` continues an earlier list. */
  listGenerations(options: { readonly limit?: number; readonly before?: number } = {}): readonly GenerationSummary[] {
    const rows = this.database.all(
      `SELECT number, canonical_digest, snapshot_digest, author, comment, accepted_issues, created_at, based_on, moved_percent FROM generations
       WHERE number < ? ORDER BY number DESC LIMIT ?`,
      options.before ?? Number.MAX_SAFE_INTEGER,
      options.limit ?? 100,
    )
    return rows.map(asSummary)
  }

  // Audit

  /** Adds a line to the audit; lines are never changed. */
  appendAudit(entry: NewAuditEntry): void {
    this.database.run(
      'INSERT INTO audit (at, who, action, object, detail, before_digest, after_digest) VALUES (?, ?, ?, ?, ?, ?, ?)',
      this.now(),
      entry.who,
      entry.action,
      entry.object,
      entry.detail ?? '',
      entry.beforeDigest ?? '',
      entry.afterDigest ?? '',
    )
  }

  /** The audit from the newest line down; `before` is the id of the last line seen. */
  listAudit(
    filter: {
      readonly limit?: number
      readonly before?: number
      readonly who?: string
      readonly action?: string
      readonly object?: string
    } = {},
  ): readonly AuditEntry[] {
    const conditions = ['id < ?']
    const values: Value[] = [filter.before ?? Number.MAX_SAFE_INTEGER]
    for (const column of ['who', 'action', 'object'] as const) {
      const value = filter[column]
      if (value === undefined) continue
      conditions.push(`${column} = ?`)
      values.push(value)
    }
    const sql = `SELECT * FROM audit WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT ?`
    return this.database.all(sql, ...values, filter.limit ?? 100).map((row) => ({
      id: Number(row.id),
      at: Number(row.at),
      who: String(row.who),
      action: String(row.action),
      object: String(row.object),
      detail: String(row.detail),
      beforeDigest: String(row.before_digest),
      afterDigest: String(row.after_digest),
    }))
  }

  // Accounts

  /** Creates an account. STORE_USER_EXISTS when the name is taken. */
  createUser(user: Pick<User, 'name' | 'role' | 'passwordHash'> & { readonly mustChangePassword?: boolean }): User {
    return this.database.transaction(() => {
      if (this.findUser(user.name) !== undefined) {
        throw new StoreError('STORE_USER_EXISTS', `there is a user "${user.name}" already`, 'choose another name')
      }
      const { lastId } = this.database.run(
        'INSERT INTO users (name, role, password_hash, must_change_password, enabled, created_at) VALUES (?, ?, ?, ?, 1, ?)',
        user.name,
        user.role,
        user.passwordHash,
        user.mustChangePassword === true ? 1 : 0,
        this.now(),
      )
      return this.getUser(lastId)!
    })
  }

  /** An account by name, case ignored. */
  findUser(name: string): User | undefined {
    return asUser(this.database.first('SELECT * FROM users WHERE name = ?', name))
  }

  /** An account by id. */
  getUser(id: number): User | undefined {
    return asUser(this.database.first('SELECT * FROM users WHERE id = ?', id))
  }

  /** All accounts by name. */
  listUsers(): readonly User[] {
    return this.database.all('SELECT * FROM users ORDER BY name').map((row) => asUser(row)!)
  }

  /** Changes some fields of an account; undefined when there is none. A new password, a new role or disabling ends all its sessions. */
  updateUser(id: number, changes: Partial<Omit<User, 'id' | 'name' | 'createdAt'>>): User | undefined {
    return this.database.transaction(() => {
      const user = this.getUser(id)
      if (user === undefined) return undefined
      const next = { ...user, ...changes }
      this.database.run(
        `UPDATE users SET role = ?, password_hash = ?, must_change_password = ?, enabled = ?, failed_sign_ins = ?, locked_until_at = ?, last_seen_at = ?
         WHERE id = ?`,
        next.role,
        next.passwordHash,
        next.mustChangePassword ? 1 : 0,
        next.enabled ? 1 : 0,
        next.failedSignIns,
        next.lockedUntilAt,
        next.lastSeenAt,
        id,
      )
      if (next.passwordHash !== user.passwordHash || next.role !== user.role || !next.enabled) this.deleteSessionsOf(id)
      return next
    })
  }

  /** Deletes an account with its sessions and draft. */
  deleteUser(id: number): boolean {
    return this.database.transaction(() => {
      const user = this.getUser(id)
      if (user === undefined) return false
      this.database.run('DELETE FROM drafts WHERE account = ?', user.name)
      return this.database.run('DELETE FROM users WHERE id = ?', id).changes > 0
    })
  }

  // Sessions

  /** Saves a session. */
  saveSession(session: Omit<Session, 'createdAt' | 'lastUsedAt'>): Session {
    const at = this.now()
    this.database.run(
      'INSERT INTO sessions (id_hash, user_id, created_at, last_used_at, expires_at, detail) VALUES (?, ?, ?, ?, ?, ?)',
      session.idHash,
      session.userId,
      at,
      at,
      session.expiresAt,
      session.detail,
    )
    return { ...session, createdAt: at, lastUsedAt: at }
  }

  /** A session that has not expired. */
  findSession(idHash: string): Session | undefined {
    const row = this.database.first('SELECT * FROM sessions WHERE id_hash = ? AND expires_at > ?', idHash, this.now())
    return row === undefined ? undefined : asSession(row)
  }

  /** Notes that a session was used, and moves its end. */
  touchSession(idHash: string, expiresAt: number): void {
    this.database.run('UPDATE sessions SET last_used_at = ?, expires_at = ? WHERE id_hash = ?', this.now(), expiresAt, idHash)
  }

  /** Sessions that have not expired, of one account or all. */
  listSessions(userId?: number): readonly Session[] {
    const rows = this.database.all(
      'SELECT * FROM sessions WHERE expires_at > ? AND (?2 IS NULL OR user_id = ?2) ORDER BY created_at',
      this.now(),
      userId ?? null,
    )
    return rows.map(asSession)
  }

  /** Ends a session. */
  deleteSession(idHash: string): boolean {
    return this.database.run('DELETE FROM sessions WHERE id_hash = ?', idHash).changes > 0
  }

  /** Ends all sessions of an account but the one named. */
  deleteSessionsOf(userId: number, exceptIdHash: string = ''): number {
    return this.database.run('DELETE FROM sessions WHERE user_id = ? AND id_hash <> ?', userId, exceptIdHash).changes
  }

  /** Removes expired sessions and tokens. */
  deleteExpired(): number {
    const at = this.now()
    return this.database.transaction(
      () =>
        this.database.run('DELETE FROM sessions WHERE expires_at <= ?', at).changes +
        this.database.run('DELETE FROM api_tokens WHERE expires_at <= ?', at).changes,
    )
  }

  // Tokens

  /** Saves a token by its hash. */
  saveApiToken(
    token: Pick<ApiToken, 'name' | 'tokenHash' | 'role' | 'createdBy' | 'expiresAt'> &
      Partial<Pick<ApiToken, 'scope' | 'endpoints' | 'vantage'>>,
  ): ApiToken {
    const { lastId } = this.database.run(
      'INSERT INTO api_tokens (name, token_hash, role, scope, endpoints, vantage, created_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      token.name,
      token.tokenHash,
      token.role,
      token.scope ?? 'api',
      JSON.stringify(token.endpoints ?? []),
      token.vantage ?? '',
      token.createdBy,
      this.now(),
      token.expiresAt,
    )
    return asToken(this.database.first('SELECT * FROM api_tokens WHERE id = ?', lastId)!)
  }

  /** A token that has not expired, by its hash; notes that it was used. */
  useApiToken(tokenHash: string): ApiToken | undefined {
    const at = this.now()
    const row = this.database.first(
      'SELECT * FROM api_tokens WHERE token_hash = ? AND (expires_at IS NULL OR expires_at > ?)',
      tokenHash,
      at,
    )
    if (row === undefined) return undefined
    // A write a minute is enough for "last used", and keeps scrapes from writing all day.
    if (at - Number(row.last_used_at) > 60_000) this.database.run('UPDATE api_tokens SET last_used_at = ? WHERE id = ?', at, Number(row.id))
    return asToken(row)
  }

  /** All tokens, newest first. */
  listApiTokens(): readonly ApiToken[] {
    return this.database.all('SELECT * FROM api_tokens ORDER BY id DESC').map(asToken)
  }

  /** Deletes a token. */
  deleteApiToken(id: number): boolean {
    return this.database.run('DELETE FROM api_tokens WHERE id = ?', id).changes > 0
  }

  // Overrides

  /** Saves a new override; gives it its id. */
  addOverride(override: Omit<Override, 'id' | 'createdAt'>, createdBy: string): StoredOverride {
    const { lastId } = this.database.run(
      `INSERT INTO overrides (target_kind, target_value, action, drain_seconds, owner, reason, created_by, created_at, starts_at, ends_at, schedule, version)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
      override.target.kind,
      override.target.value,
      override.action,
      override.drainSeconds,
      override.owner,
      override.reason,
      createdBy,
      this.now(),
      override.startsAt,
      override.endsAt,
      override.schedule === undefined ? null : JSON.stringify(override.schedule),
    )
    return this.getOverride(String(lastId))!
  }

  /** Writes what can change of an open override; undefined when it is not there or has ended. */
  changeOverride(
    id: string,
    change: Pick<Override, 'action' | 'drainSeconds' | 'reason' | 'owner' | 'startsAt' | 'endsAt' | 'schedule'>,
  ): StoredOverride | undefined {
    const { changes } = this.database.run(
      `UPDATE overrides SET action = ?, drain_seconds = ?, reason = ?, owner = ?, starts_at = ?, ends_at = ?, schedule = ?, version = version + 1
       WHERE id = ? AND removed_at IS NULL`,
      change.action,
      change.drainSeconds,
      change.reason,
      change.owner,
      change.startsAt,
      change.endsAt,
      change.schedule === undefined ? null : JSON.stringify(change.schedule),
      idOf(id),
    )
    return changes === 0 ? undefined : this.getOverride(id)
  }

  /** Ends an open override; undefined when it is not there or has ended. */
  endOverride(id: string, end: { readonly at: number; readonly by: string; readonly reason: string }): StoredOverride | undefined {
    const { changes } = this.database.run(
      'UPDATE overrides SET removed_at = ?, removed_by = ?, removed_reason = ?, version = version + 1 WHERE id = ? AND removed_at IS NULL',
      end.at,
      end.by,
      end.reason,
      idOf(id),
    )
    if (changes === 0) return undefined
    this.database.run(
      'DELETE FROM overrides WHERE removed_at IS NOT NULL AND id NOT IN (SELECT id FROM overrides WHERE removed_at IS NOT NULL ORDER BY removed_at DESC, id DESC LIMIT ?)',
      ENDED_OVERRIDES_KEPT,
    )
    return this.getOverride(id)
  }

  /** An override, ended or not. */
  getOverride(id: string): StoredOverride | undefined {
    const row = this.database.first('SELECT * FROM overrides WHERE id = ?', idOf(id))
    return row === undefined ? undefined : asOverride(row)
  }

  /** Open overrides, newest first. */
  listOpenOverrides(): readonly StoredOverride[] {
    return this.database.all('SELECT * FROM overrides WHERE removed_at IS NULL ORDER BY id DESC').map(asOverride)
  }

  /** Ended overrides, the last ended first. */
  listEndedOverrides(limit: number): readonly StoredOverride[] {
    return this.database
      .all('SELECT * FROM overrides WHERE removed_at IS NOT NULL ORDER BY removed_at DESC, id DESC LIMIT ?', limit)
      .map(asOverride)
  }

  // Drafts

  /** The draft of an account. */
  getDraft(account: string): Draft | undefined {
    const row = this.database.first('SELECT * FROM drafts WHERE account = ?', account)
    return row === undefined ? undefined : asDraft(row)
  }

  /** All drafts, the last edited first. */
  listDrafts(): readonly Draft[] {
    return this.database.all('SELECT * FROM drafts ORDER BY updated_at DESC, account').map(asDraft)
  }

  /** Saves a draft. `expectedVersion` (0 = none yet) guards against another window of the same account: STORE_DRAFT_CONFLICT. */
  saveDraft(draft: Pick<Draft, 'account' | 'documentText' | 'files' | 'baseGeneration'>, expectedVersion?: number): Draft {
    return this.database.transaction(() => {
      const version = this.getDraft(draft.account)?.version ?? 0
      if (expectedVersion !== undefined && expectedVersion !== version) {
        throw new StoreError('STORE_DRAFT_CONFLICT', `the draft has version ${version}, not ${expectedVersion}`, 'load the draft again')
      }
      const saved: Draft = { ...draft, version: version + 1, updatedAt: this.now() }
      this.database.run(
        'INSERT OR REPLACE INTO drafts (account, document_text, files, base_generation, version, updated_at) VALUES (?, ?, ?, ?, ?, ?)',
        saved.account,
        saved.documentText,
        JSON.stringify(saved.files),
        saved.baseGeneration,
        saved.version,
        saved.updatedAt,
      )
      return saved
    })
  }

  /** Throws a draft away. */
  deleteDraft(account: string): boolean {
    return this.database.run('DELETE FROM drafts WHERE account = ?', account).changes > 0
  }

  // Settings and serials

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

  /** Last serial given to a zone, with the digest of the content it was given for. */
  getZoneSerial(zone: string): { readonly serial: number; readonly contentDigest: string } | undefined {
    const row = this.database.first('SELECT serial, content_digest FROM zone_serials WHERE zone = ?', zone)
    return row === undefined ? undefined : { serial: Number(row.serial), contentDigest: String(row.content_digest) }
  }

  /** The last serials given to all zones. */
  listZoneSerials(): ReadonlyMap<string, StoredZone> {
    const rows = this.database.all('SELECT zone, serial, content_digest FROM zone_serials')
    return new Map(rows.map((row) => [String(row.zone), { serial: Number(row.serial), contentDigest: String(row.content_digest) }]))
  }

  /** Notes the serial given to a zone. */
  setZoneSerial(zone: string, serial: number, contentDigest: string): void {
    this.database.run('INSERT OR REPLACE INTO zone_serials VALUES (?, ?, ?)', zone, serial, contentDigest)
  }

  // Dynamic layers and transferred zones

  /** All rows of all dynamic layers, by zone, owner, type and octets. */
  listDynamicRecords(): readonly StoredDynamicRecord[] {
    return this.database.all('SELECT * FROM dynamic_records ORDER BY zone, owner, type, rdata').map((row) => ({
      zone: String(row.zone),
      owner: String(row.owner),
      type: Number(row.type),
      rdata: row.rdata as Uint8Array,
      kind: row.kind === 'removed' ? 'removed' : 'added',
      ttlSeconds: Number(row.ttl_seconds),
    }))
  }

  /** Replaces the rows of an RRset of a layer. */
  replaceDynamicSet(zone: string, owner: string, type: number, rows: readonly StoredDynamicRecord[]): void {
    this.database.transaction(() => {
      this.database.run('DELETE FROM dynamic_records WHERE zone = ? AND owner = ? AND type = ?', zone, owner, type)
      for (const row of rows) this.putDynamicRecord(row)
    })
  }

  /** Replaces the whole layer of a zone. */
  replaceDynamicLayer(zone: string, rows: readonly StoredDynamicRecord[]): void {
    this.database.transaction(() => {
      this.database.run('DELETE FROM dynamic_records WHERE zone = ?', zone)
      for (const row of rows) this.putDynamicRecord(row)
    })
  }

  private putDynamicRecord(row: StoredDynamicRecord): void {
    this.database.run(
      'INSERT OR REPLACE INTO dynamic_records (zone, owner, type, rdata, kind, ttl_seconds) VALUES (?, ?, ?, ?, ?, ?)',
      row.zone,
      row.owner,
      row.type,
      row.rdata,
      row.kind,
      row.ttlSeconds,
    )
  }

  /** All transferred zones. */
  listTransferredZones(): readonly TransferredZone[] {
    return this.database.all('SELECT * FROM transferred_zones ORDER BY zone').map((row) => ({
      zone: String(row.zone),
      serial: Number(row.serial),
      records: row.records as Uint8Array,
      digest: String(row.digest),
      transferredAt: Number(row.transferred_at),
      refreshedAt: Number(row.refreshed_at),
      primary: String(row.primary_address),
    }))
  }

  /** Keeps a transferred zone in place of its version before. */
  saveTransferredZone(zone: TransferredZone): void {
    this.database.run(
      'INSERT OR REPLACE INTO transferred_zones (zone, serial, records, digest, transferred_at, refreshed_at, primary_address) VALUES (?, ?, ?, ?, ?, ?, ?)',
      zone.zone,
      zone.serial,
      zone.records,
      zone.digest,
      zone.transferredAt,
      zone.refreshedAt,
      zone.primary,
    )
  }

  /** Notes that a primary has nothing newer. */
  touchTransferredZone(zone: string, refreshedAt: number): void {
    this.database.run('UPDATE transferred_zones SET refreshed_at = ? WHERE zone = ?', refreshedAt, zone)
  }

  /** Forgets a transferred zone. */
  deleteTransferredZone(zone: string): void {
    this.database.run('DELETE FROM transferred_zones WHERE zone = ?', zone)
  }

  /** The latency matrix as it was kept; rows that cannot be read are left out. */
  latencyCells(): readonly KeptLatencyCell[] {
    return this.database.all('SELECT line, endpoint, samples FROM latency_cells').flatMap((row) => {
      try {
        return [{ line: String(row.line), endpointId: String(row.endpoint), samples: JSON.parse(String(row.samples)) }]
      } catch {
        return []
      }
    })
  }

  /** Keeps cells in place of what they were; one without samples is forgotten. */
  keepLatencyCells(cells: readonly KeptLatencyCell[]): void {
    this.database.transaction(() => {
      for (const { line, endpointId, samples } of cells) {
        if (samples.length === 0) this.database.run('DELETE FROM latency_cells WHERE line = ? AND endpoint = ?', line, endpointId)
        else
          this.database.run(
            'INSERT OR REPLACE INTO latency_cells (line, endpoint, samples) VALUES (?, ?, ?)',
            line,
            endpointId,
            JSON.stringify(samples),
          )
      }
    })
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

function asSummary(row: Row): GenerationSummary {
  return {
    number: Number(row.number),
    canonicalDigest: String(row.canonical_digest),
    snapshotDigest: String(row.snapshot_digest),
    author: String(row.author),
    comment: String(row.comment),
    acceptedIssues: JSON.parse(String(row.accepted_issues)) as string[],
    createdAt: Number(row.created_at),
    basedOn: row.based_on === null ? null : Number(row.based_on),
    movedPercent: row.moved_percent === null ? null : Number(row.moved_percent),
  }
}

function asGeneration(row: Row | undefined): Generation | undefined {
  if (row === undefined) return undefined
  return {
    ...asSummary(row),
    documentText: String(row.document_text),
    files: JSON.parse(String(row.files)) as Record<string, string>,
    zones: JSON.parse(String(row.zones)) as Record<string, StoredZone>,
    documentNumber: Number(row.document_number ?? row.number),
  }
}

function asUser(row: Row | undefined): User | undefined {
  if (row === undefined) return undefined
  return {
    id: Number(row.id),
    name: String(row.name),
    role: String(row.role),
    passwordHash: String(row.password_hash),
    mustChangePassword: row.must_change_password === 1,
    enabled: row.enabled === 1,
    failedSignIns: Number(row.failed_sign_ins),
    lockedUntilAt: Number(row.locked_until_at),
    createdAt: Number(row.created_at),
    lastSeenAt: Number(row.last_seen_at),
  }
}

function asSession(row: Row): Session {
  return {
    idHash: String(row.id_hash),
    userId: Number(row.user_id),
    createdAt: Number(row.created_at),
    lastUsedAt: Number(row.last_used_at),
    expiresAt: Number(row.expires_at),
    detail: String(row.detail),
  }
}

function asToken(row: Row): ApiToken {
  return {
    id: Number(row.id),
    name: String(row.name),
    tokenHash: String(row.token_hash),
    role: String(row.role),
    scope: String(row.scope),
    endpoints: JSON.parse(String(row.endpoints)) as string[],
    vantage: String(row.vantage),
    createdBy: String(row.created_by),
    createdAt: Number(row.created_at),
    expiresAt: row.expires_at === null ? null : Number(row.expires_at),
    lastUsedAt: Number(row.last_used_at),
  }
}

function asDraft(row: Row): Draft {
  return {
    account: String(row.account),
    documentText: String(row.document_text),
    files: JSON.parse(String(row.files)) as Record<string, string>,
    baseGeneration: row.base_generation === null ? null : Number(row.base_generation),
    version: Number(row.version),
    updatedAt: Number(row.updated_at),
  }
}

/** Row number of an override; -1, which no row has, for what is no number. */
function idOf(id: string): number {
  return /^[1-9]\d{0,14}$/.test(id) ? Number(id) : -1
}

function asOverride(row: Row): StoredOverride {
  const override: Override = {
    id: String(row.id),
    target: { kind: String(row.target_kind) as Override['target']['kind'], value: String(row.target_value) },
    action: String(row.action) as Override['action'],
    drainSeconds: Number(row.drain_seconds),
    owner: String(row.owner),
    reason: String(row.reason),
    createdAt: Number(row.created_at),
    startsAt: row.starts_at === null ? null : Number(row.starts_at),
    endsAt: row.ends_at === null ? null : Number(row.ends_at),
    ...(row.schedule === null ? {} : { schedule: JSON.parse(String(row.schedule)) as OverrideSchedule }),
  }
  return {
    override,
    createdBy: String(row.created_by),
    version: Number(row.version),
    endedAt: row.removed_at === null ? null : Number(row.removed_at),
    endedBy: String(row.removed_by),
    endReason: String(row.removed_reason),
  }
}
