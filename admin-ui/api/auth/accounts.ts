/**
 * Accounts, sessions and tokens: who may come in, and as what. Shell around the store; time is passed in.
 *
 *   password ─► lockout ─► argon2 ─► new session token (never one that the browser brought: no fixation)
 *   cookie   ─► SHA-256 ─► session ─► user ─► Caller
 *   bearer   ─► id + SHA-256 of the secret ─► token ─► user ─► Caller with the weaker of both roles
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { ROLES, type Role } from '../../contract/role.ts'
import { ApiError } from '../api-error.ts'
import type { ControlStore, StoredSession, StoredToken, StoredUser } from '../control-store.ts'
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
  /** Ms since epoch; 0 = no expiry. */
  readonly expiresAt: number
  /** Id of the session or token; empty for the socket. */
  readonly id: string
}

/** The caller on the unix socket: whoever may open it owns the state folder anyway. */
export const SOCKET_CALLER: Caller = { user: 'local', role: 'admin', via: 'socket', mustChangePassword: false, expiresAt: 0, id: '' }

/** A sign-in that worked. */
export type SignedIn = { readonly caller: Caller; readonly token: string }

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')
const sameHash = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

/** How long an account is locked after `failedCount` wrong passwords in a row. */
export function lockMs(failedCount: number): number {
  if (failedCount < LOCK_AFTER) return 0
  return Math.min(LOCK_FIRST_MS * 2 ** Math.min(failedCount - LOCK_AFTER, 20), LOCK_MAX_MS)
}

/** The accounts of one store. */
export class Accounts {
  readonly #store: ControlStore
  readonly #now: () => number
  // Names that no account has are locked out likewise, in memory only, so that a lock does not tell that an account exists.
  readonly #strangers = new Map<string, { failedCount: number; lockedUntil: number }>()

  constructor(store: ControlStore, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** Makes the first admin when there is no account; returns its generated password, undefined when accounts exist. */
  async ensureFirstAdmin(): Promise<{ readonly user: string; readonly password: string } | undefined> {
    if (this.#store.listUsers().length > 0) return undefined
    const password = await this.addUser('admin', 'admin', 'control')
    return { user: 'admin', password }
  }

  /** Signs in. Throws AUTH_WRONG or AUTH_LOCKED_OUT. */
  async signIn(name: string, password: string, address: string): Promise<SignedIn> {
    const user = this.#store.getUser(name)
    const lockedUntil = user?.lockedUntil ?? this.#strangers.get(name)?.lockedUntil ?? 0
    if (lockedUntil > this.#now()) {
      const retryAfterSeconds = Math.ceil((lockedUntil - this.#now()) / 1000)
      throw new ApiError('AUTH_LOCKED_OUT', `too many wrong passwords, locked for ${retryAfterSeconds} s more`, { retryAfterSeconds })
    }
    const right = user === undefined ? await verifyNothing(password) : await verifyPassword(user.passwordHash, password)
    // Read again: the check took time, and others may have counted meanwhile.
    const present = this.#store.getUser(name)
    if (!right || present === undefined || present.passwordHash !== user?.passwordHash) {
      this.#countWrong(name, present, address)
      throw new ApiError('AUTH_WRONG', 'user or password is wrong')
    }
    if (present.lockedUntil > this.#now()) throw new ApiError('AUTH_WRONG', 'user or password is wrong')
    this.#store.putUser({ ...present, failedCount: 0, lockedUntil: 0, lastSeenAt: this.#now() })
    this.#audit(name, 'sign-in', name, { address })
    return this.#openSession(present, address)
  }

  /** The caller of a session cookie; undefined = none or expired. */
  findSession(token: string): Caller | undefined {
    const session = this.#store.findSession(sha256(token))
    if (session === undefined) return undefined
    const now = this.#now()
    const user = this.#store.getUser(session.user)
    if (user === undefined || session.expiresAt <= now) {
      this.#store.deleteSession(session.id)
      return undefined
    }
    if (now - session.lastSeenAt > SEEN_STEP_MS) {
      const expiresAt = Math.min(now + SESSION_IDLE_MS, session.createdAt + SESSION_MAX_MS)
      this.#store.putSession({ ...session, lastSeenAt: now, expiresAt })
    }
    return sessionCaller(user, session)
  }

  /** The caller of a bearer token; undefined = unknown, revoked or expired. */
  findToken(bearer: string): Caller | undefined {
    const parts = /^nearcast_([a-f0-9]{16})_([A-Za-z0-9_-]{43})$/.exec(bearer)
    if (parts === null) return undefined
    const token = this.#store.findToken(parts[1]!)
    if (token === undefined || !sameHash(token.secretHash, sha256(parts[2]!))) return undefined
    const now = this.#now()
    // A token made through the unix socket belongs to no account; revoking it is its only end.
    const user = token.user === SOCKET_CALLER.user ? undefined : this.#store.getUser(token.user)
    if ((token.expiresAt !== 0 && token.expiresAt <= now) || (user === undefined && token.user !== SOCKET_CALLER.user)) return undefined
    if (now - token.lastUsedAt > SEEN_STEP_MS) this.#store.putToken({ ...token, lastUsedAt: now })
    const role = user === undefined ? token.role : weaker(token.role, user.role)
    return { user: token.user, role, via: 'token', mustChangePassword: false, expiresAt: token.expiresAt, id: token.id }
  }

  /** Ends a session. */
  signOut(caller: Caller): void {
    if (caller.via === 'session') this.#store.deleteSession(caller.id)
  }

  /** Changes the caller's own password and ends every session of the account; returns a new one. Throws AUTH_WRONG, AUTH_PASSWORD_WEAK. */
  async changePassword(caller: Caller, currentPassword: string, newPassword: string, address: string): Promise<SignedIn> {
    const user = this.#store.getUser(caller.user)
    if (user === undefined || caller.via !== 'session')
      throw new ApiError('AUTH_FORBIDDEN', 'only a signed-in account changes its password')
    if (user.lockedUntil > this.#now()) {
      const retryAfterSeconds = Math.ceil((user.lockedUntil - this.#now()) / 1000)
      throw new ApiError('AUTH_LOCKED_OUT', `too many wrong passwords, locked for ${retryAfterSeconds} s more`, { retryAfterSeconds })
    }
    if (!(await verifyPassword(user.passwordHash, currentPassword))) {
      this.#countWrong(user.name, this.#store.getUser(user.name), address)
      throw new ApiError('AUTH_WRONG', 'the current password is wrong')
    }
    const weakness = newPassword === currentPassword ? 'the new password is the old one' : findPasswordWeakness(newPassword, user.name)
    if (weakness !== undefined) throw new ApiError('AUTH_PASSWORD_WEAK', weakness)
    const passwordHash = await hashPassword(newPassword)
    const next: StoredUser = { ...user, passwordHash, mustChangePassword: false, failedCount: 0, lockedUntil: 0 }
    this.#store.putUser(next)
    this.#endSessions(user.name)
    this.#audit(user.name, 'password.change', user.name, {})
    return this.#openSession(next, address)
  }

  /** All accounts by name. */
  listUsers(): readonly StoredUser[] {
    return this.#store.listUsers()
  }

  /** Adds an account; returns its generated password. Throws USER_EXISTS. */
  async addUser(name: string, role: Role, by: string): Promise<string> {
    const password = generatePassword()
    const passwordHash = await hashPassword(password)
    if (name === SOCKET_CALLER.user || name === 'control' || this.#store.getUser(name) !== undefined) {
      throw new ApiError('USER_EXISTS', `there is already a user "${name}"`)
    }
    this.#store.putUser({
      name,
      role,
      passwordHash,
      mustChangePassword: true,
      createdAt: this.#now(),
      lastSeenAt: 0,
      failedCount: 0,
      lockedUntil: 0,
    })
    this.#audit(by, 'user.add', name, { role })
    return password
  }

  /** Generates a new password, lifts a lock, ends all sessions. Throws USER_UNKNOWN. */
  async resetUser(name: string, by: string): Promise<{ readonly user: StoredUser; readonly password: string }> {
    const password = generatePassword()
    const passwordHash = await hashPassword(password)
    const user = { ...this.#getUser(name), passwordHash, mustChangePassword: true, failedCount: 0, lockedUntil: 0 }
    this.#store.putUser(user)
    this.#endSessions(name)
    this.#audit(by, 'user.reset', name, {})
    return { user, password }
  }

  /** Changes a role. Throws USER_UNKNOWN, USER_LAST_ADMIN. */
  setRole(name: string, role: Role, by: string): StoredUser {
    const user = this.#getUser(name)
    if (role !== 'admin') this.#refuseLastAdmin(user)
    const next = { ...user, role }
    this.#store.putUser(next)
    this.#audit(by, 'user.role', name, { from: user.role, to: role })
    return next
  }

  /** Removes an account. Throws USER_UNKNOWN, USER_LAST_ADMIN. */
  removeUser(name: string, by: string): void {
    this.#refuseLastAdmin(this.#getUser(name))
    this.#store.deleteUser(name)
    this.#audit(by, 'user.remove', name, {})
  }

  /** All tokens. */
  listTokens(): readonly StoredToken[] {
    return this.#store.listTokens()
  }

  /** Makes a token with at most the maker's role. Throws AUTH_FORBIDDEN. */
  addToken(
    caller: Caller,
    label: string,
    role: Role,
    expiresInDays: number | null,
  ): { readonly token: StoredToken; readonly secret: string } {
    if (weaker(role, caller.role) !== role) throw new ApiError('AUTH_FORBIDDEN', `a token cannot have more than your role ${caller.role}`)
    const id = randomBytes(8).toString('hex')
    const secret = randomBytes(32).toString('base64url')
    const now = this.#now()
    const token: StoredToken = {
      id,
      secretHash: sha256(secret),
      label,
      role,
      user: caller.user,
      createdAt: now,
      expiresAt: expiresInDays === null ? 0 : now + expiresInDays * 86_400_000,
      lastUsedAt: 0,
    }
    this.#store.putToken(token)
    this.#audit(caller.user, 'token.add', id, { label, role })
    return { token, secret: `nearcast_${id}_${secret}` }
  }

  /** Revokes a token. Throws TOKEN_UNKNOWN. */
  removeToken(id: string, by: string): void {
    if (!this.#store.deleteToken(id)) throw new ApiError('TOKEN_UNKNOWN', `there is no token "${id}"`)
    this.#audit(by, 'token.remove', id, {})
  }

  /** Open sessions. */
  listSessions(): readonly StoredSession[] {
    return this.#store.listSessions().filter((session) => session.expiresAt > this.#now())
  }

  /** Ends a session. Throws SESSION_UNKNOWN. */
  removeSession(id: string, by: string): void {
    if (!this.#store.deleteSession(id)) throw new ApiError('SESSION_UNKNOWN', `there is no session "${id}"`)
    this.#audit(by, 'session.remove', id, {})
  }

  #getUser(name: string): StoredUser {
    const user = this.#store.getUser(name)
    if (user === undefined) throw new ApiError('USER_UNKNOWN', `there is no user "${name}"`)
    return user
  }

  #refuseLastAdmin(user: StoredUser): void {
    if (user.role === 'admin' && this.#store.listUsers().every((other) => other.name === user.name || other.role !== 'admin')) {
      throw new ApiError('USER_LAST_ADMIN', `"${user.name}" is the last admin`)
    }
  }

  #openSession(user: StoredUser, address: string): SignedIn {
    const now = this.#now()
    for (const session of this.#store.listSessions()) if (session.expiresAt <= now) this.#store.deleteSession(session.id)
    const token = randomBytes(32).toString('base64url')
    const session: StoredSession = {
      id: randomBytes(8).toString('hex'),
      tokenHash: sha256(token),
      user: user.name,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: now + SESSION_IDLE_MS,
      address,
    }
    this.#store.putSession(session)
    return { caller: sessionCaller(user, session), token }
  }

  #endSessions(user: string): void {
    for (const session of this.#store.listSessions()) if (session.user === user) this.#store.deleteSession(session.id)
  }

  #countWrong(name: string, user: StoredUser | undefined, address: string): void {
    const failedCount = (user?.failedCount ?? this.#strangers.get(name)?.failedCount ?? 0) + 1
    const lockedUntil = lockMs(failedCount) === 0 ? 0 : this.#now() + lockMs(failedCount)
    if (user === undefined) {
      if (this.#strangers.size >= STRANGERS_MAX) this.#strangers.delete(this.#strangers.keys().next().value!)
      this.#strangers.set(name, { failedCount, lockedUntil })
    } else {
      this.#store.putUser({ ...user, failedCount, lockedUntil })
      this.#audit(user.name, 'sign-in.failed', user.name, { address, failedCount, locked: lockedUntil !== 0 })
    }
  }

  #audit(account: string, action: string, object: string, detail: Readonly<Record<string, unknown>>): void {
    this.#store.addAudit({ at: this.#now(), account, action, object, detail })
  }
}

function sessionCaller(user: StoredUser, session: StoredSession): Caller {
  return {
    user: user.name,
    role: user.role,
    via: 'session',
    mustChangePassword: user.mustChangePassword,
    expiresAt: session.expiresAt,
    id: session.id,
  }
}

function weaker(a: Role, b: Role): Role {
  return ROLES.indexOf(a) <= ROLES.indexOf(b) ? a : b
}
