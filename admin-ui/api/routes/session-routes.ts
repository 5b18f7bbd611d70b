/** Sign-in, who I am, sign-out, password change. */
import type { Me } from '../../contract/session.ts'
import type { ApiParts } from '../api-parts.ts'
import type { Caller } from '../auth/accounts.ts'
import { callerOf, type RouteHandlers } from '../route-handler.ts'

/** A caller as the API shows it. */
export function viewCaller(caller: Caller): Me {
  return {
    user: caller.user,
    role: caller.role,
    via: caller.via,
    mustChangePassword: caller.mustChangePassword,
    expiresAt: caller.expiresAt === 0 ? null : new Date(caller.expiresAt).toISOString(),
  }
}

/** Handlers. */
export function sessionRoutes({ accounts }: Pick<ApiParts, 'accounts'>): RouteHandlers<'signIn' | 'me' | 'signOut' | 'changePassword'> {
  return {
    signIn: async ({ body, address }) => {
      const { caller, token } = await accounts.signIn(body.user, body.password, address)
      return { answer: viewCaller(caller), sessionToken: token }
    },
    me: (request) => ({ answer: viewCaller(callerOf(request)) }),
    signOut: (request) => {
      accounts.signOut(callerOf(request))
      return { answer: undefined, sessionToken: null }
    },
    changePassword: async (request) => {
      const { currentPassword, newPassword } = request.body
      const { caller, token } = await accounts.changePassword(callerOf(request), currentPassword, newPassword, request.address)
      return { answer: viewCaller(caller), sessionToken: token }
    },
  }
}
