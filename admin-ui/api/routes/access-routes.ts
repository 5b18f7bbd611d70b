/** Users, tokens, sessions, audit: for admins. */
import type { ApiToken, Session as StoredSession, User as StoredUser } from '../../../policy/store/store.ts'
import type { AuditEntry, Session, Token, User } from '../../contract/access.ts'
import { ApiError } from '../api-error.ts'
import type { ApiParts } from '../api-parts.ts'
import { asRole, asScope, sessionId } from '../auth/accounts.ts'
import { callerOf, numberParameter, type RouteHandlers } from '../route-handler.ts'

type Names =
  | 'users'
  | 'addUser'
  | 'setUserRole'
  | 'resetUser'
  | 'removeUser'
  | 'tokens'
  | 'addToken'
  | 'removeToken'
  | 'sessions'
  | 'removeSession'
  | 'audit'

const iso = (at: number): string => new Date(at).toISOString()
const isoOrNull = (at: number | null): string | null => (at === null || at === 0 ? null : iso(at))

/** Handlers. */
export function accessRoutes({ accounts, store, now }: Pick<ApiParts, 'accounts' | 'store' | 'now'>): RouteHandlers<Names> {
  const viewUser = (user: StoredUser): User => ({
    name: user.name,
    role: asRole(user.role),
    mustChangePassword: user.mustChangePassword,
    createdAt: iso(user.createdAt),
    lastSeenAt: isoOrNull(user.lastSeenAt),
    lockedUntil: user.lockedUntilAt > now() ? iso(user.lockedUntilAt) : null,
  })
  return {
    users: () => ({ answer: { users: accounts.listUsers().map(viewUser) } }),
    addUser: async (request) => {
      const { name, role } = request.body
      const { password } = await accounts.addUser(name, role, callerOf(request).user)
      return { status: 201, answer: { name, role, password } }
    },
    setUserRole: (request) => ({ answer: viewUser(accounts.setRole(request.params.user!, request.body.role, callerOf(request).user)) }),
    resetUser: async (request) => {
      const { user, password } = await accounts.resetUser(request.params.user!, callerOf(request).user)
      return { answer: { name: user.name, role: asRole(user.role), password } }
    },
    removeUser: (request) => {
      accounts.removeUser(request.params.user!, callerOf(request).user)
      return { answer: undefined }
    },
    tokens: () => ({ answer: { tokens: accounts.listTokens().map(viewToken) } }),
    addToken: (request) => {
      const caller = callerOf(request)
      // Else a stolen token could make others that outlive it.
      if (caller.via === 'token') throw new ApiError('AUTH_FORBIDDEN', 'a token cannot make tokens')
      const { token, secret } = accounts.addToken(caller, request.body)
      return { status: 201, answer: { ...viewToken(token), secret } }
    },
    removeToken: (request) => {
      accounts.removeToken(request.params.id!, callerOf(request).user)
      return { answer: undefined }
    },
    sessions: (request) => {
      const users = new Map(accounts.listUsers().map((user) => [user.id, user.name]))
      const { id } = callerOf(request)
      return { answer: { sessions: accounts.listSessions().map((session) => viewSession(session, users, id)) } }
    },
    removeSession: (request) => {
      accounts.removeSession(request.params.id!, callerOf(request).user)
      return { answer: undefined }
    },
    audit: (request) => {
      const limit = numberParameter(request, 'limit', 50, 1, 500)
      const before = numberParameter(request, 'before', Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER)
      const rows = store.listAudit({ before, limit: limit + 1 })
      const entries = rows.slice(0, limit).map(
        (row): AuditEntry => ({
          id: row.id,
          at: iso(row.at),
          account: row.who,
          action: row.action,
          object: row.object,
          detail: readDetail(row.detail),
        }),
      )
      return { answer: { entries, more: rows.length > limit } }
    },
  }
}

function viewToken(token: ApiToken): Token {
  return {
    id: String(token.id),
    label: token.name,
    role: asRole(token.role),
    scope: asScope(token.scope),
    endpoints: token.endpoints,
    vantage: token.vantage,
    user: token.createdBy,
    createdAt: iso(token.createdAt),
    expiresAt: isoOrNull(token.expiresAt),
    lastUsedAt: isoOrNull(token.lastUsedAt),
  }
}

function viewSession(session: StoredSession, users: ReadonlyMap<number, string>, current: string): Session {
  return {
    id: sessionId(session.idHash),
    user: users.get(session.userId) ?? '',
    createdAt: iso(session.createdAt),
    lastSeenAt: iso(session.lastUsedAt),
    expiresAt: iso(session.expiresAt),
    address: session.detail,
    current: session.idHash === current,
  }
}

function readDetail(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Plain words of another writer.
  }
  return text === '' ? {} : { text }
}
