/**
 * `nearcast user`: accounts and API tokens. Goes through the running control; when none runs on this machine, works on its store directly, so that a
 * lost admin password can always be set anew by whoever owns the state folder.
 */
import { userNameSchema } from '../admin-ui/contract/access.ts'
import { ROLES, type Role } from '../admin-ui/contract/role.ts'
import { readRole, withAccessClient } from './access-client.ts'
import { type Command, type CommandArgs, UsageError } from './command.ts'
import { CLIENT_OPTIONS, type ControlClient } from './control-client.ts'
import { type Flags, numberFlag, textFlag } from './process-settings.ts'
import { tokenLine } from './token.ts'

/** What each role may do. */
const ROLE_WORDS: Readonly<Record<Role, string>> = {
  viewer: 'sees everything but accounts',
  operator: 'viewer; acts on endpoints (overrides)',
  editor: 'operator; edits drafts',
  publisher: 'editor; publishes and rolls back',
  admin: 'publisher; accounts, tokens, audit',
}

/** The command. */
export const command: Command = {
  name: 'user',
  summary: 'Lists and changes accounts and API tokens.',
  positionals: 'list | roles | add NAME | reset NAME | role NAME ROLE | remove NAME | tokens | token LABEL | revoke ID',
  options: {
    role: { type: 'string', value: 'ROLE', help: `role of a new user or token: ${ROLES.join(', ')} [viewer]` },
    days: { type: 'string', value: 'N', help: 'days after which a new token ends [no end]' },
    json: { type: 'boolean', help: 'prints JSON instead of text' },
    ...CLIENT_OPTIONS,
  },
  run,
}

type Print = (value: unknown, text: string) => number

async function run(args: CommandArgs): Promise<number> {
  const [verb = 'list', ...words] = args.positionals
  const print: Print = (value, text) => {
    process.stdout.write(args.flags.json === true ? `${JSON.stringify(value, null, 2)}\n` : text)
    return 0
  }
  const action = ACTIONS[verb]
  if (action === undefined) throw new UsageError(`"${verb}" is none of ${Object.keys(ACTIONS).join(', ')}`)
  if (words.length !== action.words)
    throw new UsageError(
      `user ${verb} takes ${action.words === 0 ? 'no further words' : action.words === 1 ? 'one name' : 'a name and a role'}`,
    )
  if (verb === 'roles') return print(ROLE_WORDS, `${ROLES.map((role) => `${role.padEnd(10)} ${ROLE_WORDS[role]}`).join('\n')}\n`)
  return await withAccessClient(args.flags, (client) => action.run(client, words, args.flags, print))
}

type Action = {
  readonly words: number
  readonly run: (client: ControlClient, words: readonly string[], flags: Flags, print: Print) => Promise<number>
}

const ACTIONS: Readonly<Record<string, Action>> = {
  list: {
    words: 0,
    run: async (client, _words, _flags, print) => {
      const { users } = await client.call('users', {})
      const lines = users.map((user) => {
        const state = [
          user.mustChangePassword ? 'must change password' : '',
          user.lockedUntil === null ? '' : `locked until ${user.lockedUntil}`,
        ]
        return `${user.name.padEnd(20)} ${user.role.padEnd(10)} last seen ${user.lastSeenAt ?? 'never'}${state
          .filter((word) => word !== '')
          .map((word) => `, ${word}`)
          .join('')}\n`
      })
      return print(users, lines.join(''))
    },
  },
  roles: { words: 0, run: async () => 0 },
  add: {
    words: 1,
    run: async (client, [name], flags, print) => {
      const checked = userNameSchema.safeParse(name)
      if (!checked.success) throw new UsageError(`"${name}" is no user name: ${checked.error.issues[0]!.message}`)
      const added = await client.call('addUser', { body: { name: name!, role: readRole(textFlag(flags, 'role', 'viewer')) } })
      return print(
        added,
        `user "${added.name}", role ${added.role}, password "${added.password}" (shown only now; to be changed at the first sign-in)\n`,
      )
    },
  },
  reset: {
    words: 1,
    run: async (client, [name], _flags, print) => {
      const reset = await client.call('resetUser', { params: { user: name! } })
      return print(reset, `user "${reset.name}", new password "${reset.password}" (shown only now; to be changed at the next sign-in)\n`)
    },
  },
  role: {
    words: 2,
    run: async (client, [name, role], _flags, print) => {
      const user = await client.call('setUserRole', { params: { user: name! }, body: { role: readRole(role!) } })
      return print(user, `user "${user.name}" has the role ${user.role}\n`)
    },
  },
  remove: {
    words: 1,
    run: async (client, [name], _flags, print) => {
      await client.call('removeUser', { params: { user: name! } })
      return print({ removed: name }, `user "${name}" removed\n`)
    },
  },
  tokens: {
    words: 0,
    run: async (client, _words, _flags, print) => {
      const { tokens } = await client.call('tokens', {})
      return print(tokens, tokens.map(tokenLine).join(''))
    },
  },
  token: {
    words: 1,
    run: async (client, [label], flags, print) => {
      const days = flags.days === undefined ? null : numberFlag(flags, 'days', 90, 1, 3650)
      const token = await client.call('addToken', {
        body: { label: label!, role: readRole(textFlag(flags, 'role', 'viewer')), expiresInDays: days },
      })
      return print(token, `${token.secret}\n`)
    },
  },
  revoke: {
    words: 1,
    run: async (client, [id], _flags, print) => {
      await client.call('removeToken', { params: { id: id! } })
      return print({ revoked: id }, `token ${id} revoked\n`)
    },
  },
}
