/**
 * `nearcast token`: API tokens, for the whole API or only for reports of endpoints and vantages. A secret is printed once, when it is made; it is
 * kept as a hash and stands in no log.
 */
import type { Token, TokenAdd } from '../admin-ui/contract/access.ts'
import { tokenAddSchema } from '../admin-ui/contract/access.ts'
import { ROLES, TOKEN_SCOPES } from '../admin-ui/contract/role.ts'
import { readRole, withAccessClient } from './access-client.ts'
import { type Command, type CommandArgs, type CommandOption, UsageError } from './command.ts'
import { CLIENT_OPTIONS } from './control-client.ts'
import { listFlag, numberFlag, textFlag } from './process-settings.ts'

const JSON_OPTION: Readonly<Record<string, CommandOption>> = { json: { type: 'boolean', help: 'prints JSON instead of text' } }

/** A token as a line of a list. */
export function tokenLine(token: Token): string {
  const limits = [...token.endpoints.map((id) => `only ${id}`), ...(token.vantage === '' ? [] : [`vantage ${token.vantage}`])]
  const rights = token.scope === 'api' ? token.role : token.scope
  const words = [`of ${token.user}`, `ends ${token.expiresAt ?? 'never'}`, `last used ${token.lastUsedAt ?? 'never'}`, ...limits]
  return `${token.id.padEnd(6)} ${token.label.padEnd(24)} ${rights.padEnd(10)} ${words.join(', ')}\n`
}

function print(args: CommandArgs, value: unknown, text: string): number {
  process.stdout.write(args.flags.json === true ? `${JSON.stringify(value, null, 2)}\n` : text)
  return 0
}

const list: Command = {
  name: 'token list',
  summary: 'Shows the tokens without their secrets: scope or role, limits, expiry, last use.',
  positionals: '',
  options: { ...JSON_OPTION, ...CLIENT_OPTIONS },
  run: (args) =>
    withAccessClient(args.flags, async (client) => {
      const { tokens } = await client.call('tokens', {})
      return print(args, tokens, tokens.length === 0 ? 'no tokens\n' : tokens.map(tokenLine).join(''))
    }),
}

const create: Command = {
  name: 'token create',
  summary: 'Makes a token and prints its secret, once.',
  positionals: 'LABEL',
  options: {
    scope: {
      type: 'string',
      value: 'SCOPE',
      help: 'api: what its role may do; push: POST /health/push only; samples: POST /health/samples and /latency/samples only [api]',
    },
    role: { type: 'string', value: 'ROLE', help: `role of a token of scope api: ${ROLES.join(', ')} [viewer]` },
    endpoint: { type: 'string', value: 'ID', multiple: true, help: 'push, samples: only about this endpoint [all]' },
    vantage: { type: 'string', value: 'NAME', help: 'samples: only of this vantage [named by each request]' },
    days: { type: 'string', value: 'N', help: 'days after which it ends [no end]' },
    ...JSON_OPTION,
    ...CLIENT_OPTIONS,
  },
  run: (args) => {
    const body = wishOf(args)
    return withAccessClient(args.flags, async (client) => {
      const token = await client.call('addToken', { body })
      return print(args, token, `${token.secret}\n`)
    })
  },
}

function wishOf({ flags, positionals }: CommandArgs): TokenAdd {
  const [label, ...rest] = positionals
  if (label === undefined || rest.length > 0) throw new UsageError('token create takes one label')
  const word = textFlag(flags, 'scope', 'api')
  const scope = TOKEN_SCOPES.find((known) => known === word)
  if (scope === undefined) throw new UsageError(`"${word}" is no scope; scopes are ${TOKEN_SCOPES.join(', ')}`)
  const endpoints = listFlag(flags, 'endpoint', [])
  const wish: TokenAdd = {
    label,
    scope,
    expiresInDays: flags.days === undefined ? null : numberFlag(flags, 'days', 90, 1, 3650),
    ...(flags.role === undefined ? {} : { role: readRole(textFlag(flags, 'role', '')) }),
    ...(endpoints.length === 0 ? {} : { endpoints }),
    ...(flags.vantage === undefined ? {} : { vantage: textFlag(flags, 'vantage', '') }),
  }
  // The same schema as the server's, because with control away the store is worked on directly.
  const checked = tokenAddSchema.safeParse(wish)
  if (!checked.success) throw new UsageError(checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
  return wish
}

const revoke: Command = {
  name: 'token revoke',
  summary: 'Ends a token at once; "nearcast token list" shows the ids.',
  positionals: 'ID',
  options: { ...JSON_OPTION, ...CLIENT_OPTIONS },
  run: (args) => {
    const [id, ...rest] = args.positionals
    if (id === undefined || rest.length > 0) throw new UsageError('token revoke takes one id')
    return withAccessClient(args.flags, async (client) => {
      await client.call('removeToken', { params: { id } })
      return print(args, { revoked: id }, `token ${id} revoked\n`)
    })
  },
}

/** The command. */
export const command: Command = {
  name: 'token',
  summary: 'Makes, lists and revokes API tokens.',
  positionals: 'list | create LABEL | revoke ID',
  options: CLIENT_OPTIONS,
  actions: { list, create, revoke },
  run: async ({ positionals: [word] }) => {
    throw new UsageError(word === undefined ? 'name an action: list, create or revoke' : `"${word}" is none of list, create, revoke`)
  },
}
