/**
 * Accounts, sessions and tokens: who may come in, and as what. Shell around the store; time is passed in.
 *
 *   password ─► lockout ─► argon2 ─► new session token (never one that the browser brought: no fixation)
 *   cookie   ─► SHA-256 ─► session ─► user ─► Caller
 *   bearer   ─► SHA-256 ─► token ─► its maker ─► Caller with the weaker of both roles
 */
import { createHash, randomBytes } from 'node:crypto'
import type { ApiToken, Session, Store, User } from '../../../policy/store/store.ts'
import type { TokenAdd } from '../../contract/access.ts'
import { mayAct, ROLES, type Role, TOKEN_SCOPES, type TokenScope } from '../../contract/role.ts'
import { ApiError } from '../api-error.ts'
import { findPasswordWeakness, generatePassword, hashPassword, verifyNothing, verifyPassword } from './password.ts'

/** A session ends after this long without a request. */
export const SESSION_IDLE_MS: number = 12 * 3_600_000
/** A session ends this long after the sign-in at the latest. */
export const SESSION_MAX_MS: number = 7 * 24 * 3_600_000
/** Wrong passwords in a row before the first lock. */
export const LOCK_AFTER = 5
/** First lock; doubles with each further wrong password, up to LOCK_MAX_MS. */
export const LOCK_FIRST_MS = 60_000
/** Longest lock. */
export const LOCK_MAX_MS = 3_600_000
/** lastSeenAt is written at most this often, so that reading does not write. */
const SEEN_STEP_MS = 60_000
/** Unknown names remembered for the lockout. */
const STRANGERS_MAX = 1000

/** Who is asking. */
export type Caller = {
  readonly user: string
  readonly role: Role
  readonly via: 'session' | 'token' | 'socket'
  readonly mustChangePassword: boolean
  /** `api` for everybody but tokens of a narrower scope. */
  readonly scope: TokenScope
  /** Endpoints that a token is limited to; empty = all. */
  readonly endpoints: readonly string[]
  /** Vantage that a token's samples are of; empty = they name it. */
  readonly vantage: string
  /** Ms since epoch; 0 = no expiry. */
  readonly expiresAt: number
  /** Hash of the session, id of the token; empty for the socket. */
  readonly id: string
}

/** The caller on the unix socket: whoever may open it owns the state folder anyway. */
export const SOCKET_CALLER: Caller = {
  user: 'machine',
  role: 'admin',
  via: 'socket',
  mustChangePassword: false,
  scope: 'api',
  endpoints: [],
  vantage: '',
  expiresAt: 0,
  id: '',
}

/** A sign-in that worked. */
export type SignedIn = { readonly caller: Caller; readonly token: string }

/** Role of tokens of a narrow scope: what they report acts on endpoints, so it holds as long as their maker may do that. */
const NARROW_ROLE: Role = 'operator'

/** Accounts that nobody can have: they stand in the audit for the unix socket and for control itself. */
const RESERVED: ReadonlySet<string> = new Set([SOCKET_CALLER.user, 'control'])

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')

/** How long an account is locked after `failedCount` wrong passwords in a row. */
export function lockMs(failedCount: number): number {
  if (failedCount < LOCK_AFTER) return 0
  return Math.min(LOCK_FIRST_MS * 2 ** Math.min(failedCount - LOCK_AFTER, 20), LOCK_MAX_MS)
}

/** The accounts of one store. */
export class Accounts {
  readonly #store: Store
  readonly #now: () => number
  // Names that no account has are locked out likewise, in memory only, so that a lock does not tell that an account exists.
  readonly #strangers = new Map<string, { failedSignIns: number; lockedUntilAt: number }>()

  constructor(store: Store, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** Makes the first admin when there is no account; returns its generated password, undefined when accounts exist. */
  async ensureFirstAdmin(): Promise<{ readonly user: string; readonly password: string } | undefined> {
    if (this.#store.listUsers().length > 0) return undefined
    const { password } = await this.addUser('admin', 'admin', 'control')
    return { user: 'admin', password }
  }

  /** Signs in. Throws AUTH_WRONG or AUTH_LOCKED_OUT. */
  async signIn(name: string, password: string, address: string): Promise<SignedIn> {
    const user = this.#store.findUser(name)
    this.#refuseLocked(user ?? this.#strangers.get(name.toLowerCase()))
    const right = user === undefined ? await verifyNothing(password) : await verifyPassword(user.passwordHash, password)
    // Read again: the check took time, and others may have counted meanwhile.
    const present = this.#store.findUser(name)
    this.#refuseLocked(present)
    if (!right || present === undefined || present.passwordHash !== user?.passwordHash) {
      this.#countWrong(name, present, address)
      throw new ApiError('AUTH_WRONG', 'user or password is wrong')
    }
    if (!present.enabled) throw new ApiError('AUTH_WRONG', 'user or password is wrong')
    return this.#store.transaction(() => {
      this.#store.updateUser(present.id, { failedSignIns: 0, lockedUntilAt: 0, lastSeenAt: this.#now() })
      this.#audit(present.name, 'sign-in', present.name, { address })
      return this.#openSession(present, address)
    })
  }

  /** The caller of a session cookie; undefined = none or expired. */
  findSession(token: string): Caller | undefined {
    const session = this.#store.findSession(sha256(token))
    if (session === undefined) return undefined
    const user = this.#store.getUser(session.userId)
    if (user === undefined || !user.enabled) return undefined
    const now = this.#now()
    if (now - session.lastUsedAt > SEEN_STEP_MS) {
      this.#store.touchSession(session.idHash, Math.min(now + SESSION_IDLE_MS, session.createdAt + SESSION_MAX_MS))
    }
    return sessionCaller(user, session)
  }

  /** The caller of a bearer token; undefined = unknown, revoked or expired. */
  findToken(bearer: string): Caller | undefined {
    if (!/^nearcast_[A-Za-z0-9_-]{43}$/.test(bearer)) return undefined
    // biome-ignore lint/correctness/useHookAtTopLevel: a method of the store, not a hook of React.
    const token = this.#store.useApiToken(sha256(bearer))
    if (token === undefined) return undefined
    const caller = {
      via: 'token',
      mustChangePassword: false,
      scope: asScope(token.scope),
      endpoints: token.endpoints,
      vantage: token.vantage,
      expiresAt: token.expiresAt ?? 0,
      id: String(token.id),
    } as const
    // A token made through the unix socket belongs to no account; revoking it is its only end.
    if (token.createdBy === SOCKET_CALLER.user) return { ...caller, user: token.createdBy, role: asRole(token.role) }
    const user = this.#store.findUser(token.createdBy)
    if (user === undefined || !user.enabled) return undefined
    return { ...caller, user: user.name, role: weaker(asRole(token.role), asRole(user.role)) }
  }

  /** True while the session or token that a caller came with still holds: for answers that last (event streams). */
  isStillValid(caller: Caller): boolean {
    if (caller.via === 'socket') return true
    if (caller.expiresAt !== 0 && caller.via === 'token' && caller.expiresAt <= this.#now()) return false
    if (caller.via === 'token') return this.#store.listApiTokens().some((token) => String(token.id) === caller.id)
    return this.#store.findSession(caller.id) !== undefined
  }

  /** Ends a session. */
  signOut(caller: Caller): void {
    if (caller.via === 'session') this.#store.deleteSession(caller.id)
  }

  /** Changes the caller's own password and ends every session of the account; returns a new one. Throws AUTH_WRONG, AUTH_PASSWORD_WEAK. */
  async changePassword(caller: Caller, currentPassword: string, newPassword: string, address: string): Promise<SignedIn> {
    const user = this.#store.findUser(caller.user)
    if (user === undefined || caller.via !== 'session')
      throw new ApiError('AUTH_FORBIDDEN', 'only a signed-in account changes its password')
    this.#refuseLocked(user)
    if (!(await verifyPassword(user.passwordHash, currentPassword))) {
      this.#countWrong(user.name, this.#store.findUser(user.name), address)
      throw new ApiError('AUTH_WRONG', 'the current password is wrong')
    }
    const weakness = newPassword === currentPassword ? 'the new password is the old one' : findPasswordWeakness(newPassword, user.name)
    if (weakness !== undefined) throw new ApiError('AUTH_PASSWORD_WEAK', weakness)
    const passwordHash = await hashPassword(newPassword)
    return this.#store.transaction(() => {
      const next = this.#store.updateUser(user.id, { passwordHash, mustChangePassword: false, failedSignIns: 0, lockedUntilAt: 0 })
      if (next === undefined) throw new ApiError('AUTH_NEEDED', 'the account was removed meanwhile')
      this.#store.deleteSessionsOf(user.id)
      this.#audit(user.name, 'password.change', user.name, {})
      return this.#openSession(next, address)
    })
  }

  /** All accounts by name. */
  listUsers(): readonly User[] {
    return this.#store.listUsers()
  }

  /** Adds an account with a generated password. Throws USER_EXISTS. */
  async addUser(name: string, role: Role, by: string): Promise<{ readonly user: User; readonly password: string }> {
    const password = generatePassword()
    const passwordHash = await hashPassword(password)
    return this.#store.transaction(() => {
      if (RESERVED.has(name.toLowerCase()) || this.#store.findUser(name) !== undefined) {
        throw new ApiError('USER_EXISTS', `there is already a user "${name}"`)
      }
      const user = this.#store.createUser({ name, role, passwordHash, mustChangePassword: true })
      this.#audit(by, 'user.add', name, { role })
      return { user, password }
    })
  }

  /** Generates a new password, lifts a lock, ends all sessions. Throws USER_UNKNOWN. */
  async resetUser(name: string, by: string): Promise<{ readonly user: User; readonly password: string }> {
    this.#getUser(name)
    const password = generatePassword()
    const passwordHash = await hashPassword(password)
    return this.#store.transaction(() => {
      const changes = { passwordHash, mustChangePassword: true, enabled: true, failedSignIns: 0, lockedUntilAt: 0 }
      const user = this.#store.updateUser(this.#getUser(name).id, changes)!
      this.#store.deleteSessionsOf(user.id)
      this.#audit(by, 'user.reset', user.name, {})
      return { user, password }
    })
  }

  /** Changes a role, which ends the account's sessions. Throws USER_UNKNOWN, USER_LAST_ADMIN. */
  setRole(name: string, role: Role, by: string): User {
    return this.#store.transaction(() => {
      const user = this.#getUser(name)
      if (role !== 'admin') this.#refuseLastAdmin(user)
      this.#audit(by, 'user.role', user.name, { from: user.role, to: role })
      return this.#store.updateUser(user.id, { role })!
    })
  }

  /** Removes an account with its sessions, tokens and draft. Throws USER_UNKNOWN, USER_LAST_ADMIN. */
  removeUser(name: string, by: string): void {
    this.#store.transaction(() => {
      const user = this.#getUser(name)
      this.#refuseLastAdmin(user)
      for (const token of this.#store.listApiTokens()) if (token.createdBy === user.name) this.#store.deleteApiToken(token.id)
      this.#store.deleteUser(user.id)
      this.#audit(by, 'user.remove', user.name, {})
    })
  }

  /** All tokens. */
  listTokens(): readonly ApiToken[] {
    return this.#store.listApiTokens()
  }

  /** Makes a token with at most the maker's role. Throws AUTH_FORBIDDEN. */
  addToken(caller: Caller, wish: TokenAdd): { readonly token: ApiToken; readonly secret: string } {
    const { label, expiresInDays, scope = 'api', endpoints = [], vantage = '' } = wish
    const role = scope === 'api' ? (wish.role ?? 'viewer') : NARROW_ROLE
    if (!mayAct(caller.role, role)) throw new ApiError('AUTH_FORBIDDEN', `a token cannot have more than your role ${caller.role}`)
    const secret = `nearcast_${randomBytes(32).toString('base64url')}`
    const expiresAt = expiresInDays === null ? null : this.#now() + expiresInDays * 86_400_000
    return this.#store.transaction(() => {
      const createdBy = caller.user
      const token = this.#store.saveApiToken({
        name: label,
        tokenHash: sha256(secret),
        role,
        scope,
        endpoints,
        vantage,
        createdBy,
        expiresAt,
      })
      const limits = { ...(endpoints.length === 0 ? {} : { endpoints }), ...(vantage === '' ? {} : { vantage }) }
      this.#audit(caller.user, 'token.add', String(token.id), { label, ...(scope === 'api' ? { role } : { scope }), ...limits })
      return { token, secret }
    })
  }

  /** Revokes a token. Throws TOKEN_UNKNOWN. */
  removeToken(id: string, by: string): void {
    if (!/^\d{1,15}$/.test(id) || !this.#store.deleteApiToken(Number(id))) throw new ApiError('TOKEN_UNKNOWN', `there is no token "${id}"`)
    this.#audit(by, 'token.remove', id, {})
  }

  /** Open sessions. */
  listSessions(): readonly Session[] {
    return this.#store.listSessions()
  }

  /** Ends a session by its public id. Throws SESSION_UNKNOWN. */
  removeSession(id: string, by: string): void {
    const session = this.#store.listSessions().find((open) => sessionId(open.idHash) === id)
    if (session === undefined) throw new ApiError('SESSION_UNKNOWN', `there is no session "${id}"`)
    this.#store.deleteSession(session.idHash)
    this.#audit(by, 'session.remove', id, {})
  }

  #getUser(name: string): User {
    const user = this.#store.findUser(name)
    if (user === undefined) throw new ApiError('USER_UNKNOWN', `there is no user "${name}"`)
    return user
  }

  #refuseLastAdmin(user: User): void {
    if (
      user.role === 'admin' &&
      this.#store.listUsers().every((other) => other.id === user.id || other.role !== 'admin' || !other.enabled)
    ) {
      throw new ApiError('USER_LAST_ADMIN', `"${user.name}" is the last admin`)
    }
  }

  #refuseLocked(user: { readonly lockedUntilAt: number } | undefined): void {
    const leftMs = (user?.lockedUntilAt ?? 0) - this.#now()
    if (leftMs <= 0) return
    const retryAfterSeconds = Math.ceil(leftMs / 1000)
    throw new ApiError('AUTH_LOCKED_OUT', `too many wrong passwords, locked for ${retryAfterSeconds} s more`, { retryAfterSeconds })
  }

  #openSession(user: User, address: string): SignedIn {
    this.#store.deleteExpired()
    const token = randomBytes(32).toString('base64url')
    const session = this.#store.saveSession({
      idHash: sha256(token),
      userId: user.id,
      expiresAt: this.#now() + SESSION_IDLE_MS,
      detail: address,
    })
    return { caller: sessionCaller(user, session), token }
  }

  #countWrong(name: string, user: User | undefined, address: string): void {
    const key = name.toLowerCase()
    const failedSignIns = (user?.failedSignIns ?? this.#strangers.get(key)?.failedSignIns ?? 0) + 1
    const lockedUntilAt = lockMs(failedSignIns) === 0 ? 0 : this.#now() + lockMs(failedSignIns)
    if (user === undefined) {
      if (this.#strangers.size >= STRANGERS_MAX) this.#strangers.delete(this.#strangers.keys().next().value!)
      this.#strangers.set(key, { failedSignIns, lockedUntilAt })
    } else {
      this.#store.updateUser(user.id, { failedSignIns, lockedUntilAt })
      this.#audit(user.name, 'sign-in.failed', user.name, { address, failedSignIns, locked: lockedUntilAt !== 0 })
    }
  }

  #audit(who: string, action: string, object: string, detail: Readonly<Record<string, unknown>>): void {
    this.#store.appendAudit({ who, action, object, detail: JSON.stringify(detail) })
  }
}

/** Public id of a session: tells nothing of its token. */
export function sessionId(idHash: string): string {
  return idHash.slice(0, 16)
}

/** A scope as stored; a word of a newer version opens nothing that this one has. */
export function asScope(word: string): TokenScope {
  return TOKEN_SCOPES.find((scope) => scope === word) ?? 'push'
}

/** A role as stored; an unknown word may only look. */
export function asRole(word: string): Role {
  return ROLES.find((role) => role === word) ?? 'viewer'
}

function sessionCaller(user: User, session: Session): Caller {
  return {
    user: user.name,
    role: asRole(user.role),
    via: 'session',
    mustChangePassword: user.mustChangePassword,
    scope: 'api',
    endpoints: [],
    vantage: '',
    expiresAt: session.expiresAt,
    id: session.idHash,
  }
}

function weaker(a: Role, b: Role): Role {
  return ROLES.indexOf(a) <= ROLES.indexOf(b) ? a : b
}
