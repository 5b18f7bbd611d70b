/**
 * Client of the account and token routes for `nearcast user` and `nearcast token`: the running control, or the store itself when none runs
 * on this machine. Shell.
 */
import { existsSync } from 'node:fs'
import { Accounts, SOCKET_CALLER } from '../admin-ui/api/auth/accounts.ts'
import type { RouteHandler } from '../admin-ui/api/route-handler.ts'
import { accessRoutes } from '../admin-ui/api/routes/access-routes.ts'
import { ROLES, type Role } from '../admin-ui/contract/role.ts'
import type { RouteName } from '../admin-ui/contract/routes.ts'
import { openStore } from '../policy/store/store.ts'
import { UsageError } from './command.ts'
import { type ControlClient, openControlClient } from './control-client.ts'
import { type Flags, textFlag } from './process-settings.ts'
import { ProductError } from './product-error.ts'
import { productVersion } from './product-version.ts'
import { statePaths } from './state-paths.ts'

/** A role by its word. Throws UsageError. */
export function readRole(text: string): Role {
  const role = ROLES.find((word) => word === text)
  if (role === undefined) throw new UsageError(`"${text}" is no role; roles are ${ROLES.join(', ')}`)
  return role
}

/**
 * Works through the running control; when none runs on this machine, directly on its store, so that who owns the state folder can always
 * come in.
 */
export async function withAccessClient(flags: Flags, work: (client: ControlClient) => Promise<number>): Promise<number> {
  try {
    return await work(openControlClient(flags, process.env))
  } catch (error) {
    if (typeof flags.server === 'string' || (error as { code?: string }).code !== 'CONTROL_AWAY') throw error
    const { store } = statePaths(textFlag(flags, 'state', './var'))
    if (!existsSync(store)) throw error
    return await workOnStore(store, work)
  }
}

/** The same routes on the store itself, with the rights of the unix socket. */
async function workOnStore(path: string, work: (client: ControlClient) => Promise<number>): Promise<number> {
  const store = openStore(path, { productVersion: productVersion() })
  try {
    const handlers = accessRoutes({ store, accounts: new Accounts(store, Date.now), now: Date.now })
    const call: ControlClient['call'] = async (name, options) => {
      const handler = (handlers as Readonly<Partial<Record<RouteName, RouteHandler<RouteName>>>>)[name]
      if (handler === undefined) throw new ProductError('CONTROL_AWAY', `${name} needs a running control`, 'start it with "nearcast up"')
      const query = options.query ?? {}
      const params = Object.fromEntries(Object.entries(options.params ?? {}).map(([key, value]) => [key, String(value)]))
      const reply = await handler({
        body: options.body as never,
        params,
        query: (key) => query[key],
        header: () => undefined,
        caller: SOCKET_CALLER,
        address: '',
      })
      return reply.answer as never
    }
    return await work({ call })
  } finally {
    store.close()
  }
}
