/**
 * Client of the API for the commands: over the unix socket in the state folder (no token, full rights), or `--server URL` with a token
 * from NEARCAST_TOKEN or --token-file. A secret never comes from the command line, where every user of the machine can read it. Shell.
 */
import { existsSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Problem } from '../admin-ui/contract/problem.ts'
import { ROUTES, type RouteName, type RouteTypes, routePath } from '../admin-ui/contract/routes.ts'
import type { CommandOption } from './command.ts'
import { readSecretFile } from './process-log.ts'
import { type Flags, textFlag } from './process-settings.ts'
import { ProductError } from './product-error.ts'
import { statePaths } from './state-paths.ts'

/** Flags of every command that talks to control. */
export const CLIENT_OPTIONS: Readonly<Record<string, CommandOption>> = {
  state: { type: 'string', value: 'DIR', help: 'state folder of the control on this machine [./var]' },
  server: {
    type: 'string',
    value: 'URL',
    help: 'control elsewhere, e.g. https://dns.example.com; token from NEARCAST_TOKEN or --token-file',
  },
  'token-file': { type: 'string', value: 'FILE', help: 'file with the API token' },
}

/** What a call may carry. */
export type CallOptions<Name extends RouteName> = {
  readonly params?: Readonly<Record<string, string | number>>
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly headers?: Readonly<Record<string, string>>
} & (RouteTypes[Name]['body'] extends undefined ? { readonly body?: undefined } : { readonly body: RouteTypes[Name]['body'] })

/** Control as the commands see it. */
export type ControlClient = {
  /** Calls a route. Throws ProblemError for what control refuses, ProductError when it cannot be reached. */
  readonly call: <Name extends RouteName>(name: Name, options: CallOptions<Name>) => Promise<RouteTypes[Name]['answer']>
}

/** A refusal of control, with everything that it said. */
export class ProblemError extends ProductError {
  readonly problem: Problem

  constructor(problem: Problem) {
    // The server's message ends with the remedy.
    const cut = problem.message.lastIndexOf('; ')
    super(problem.code, cut < 0 ? problem.message : problem.message.slice(0, cut), cut < 0 ? '' : problem.message.slice(cut + 2))
    this.problem = problem
  }
}

/** Longest wait for an answer: a publish waits for its nodes. */
const TIMEOUT_MS = 150_000

type Target = {
  readonly secure: boolean
  readonly where: { readonly socketPath: string } | { readonly host: string; readonly port: number }
  readonly hostHeader: string
  readonly prefix: string
  readonly token: string | undefined
  readonly shown: string
}

/** True when a control answers on the socket of this state folder, as far as its file tells. */
export function hasLocalControl(flags: Flags): boolean {
  return existsSync(statePaths(textFlag(flags, 'state', './var')).controlSocket)
}

/** The client for a command's flags. Throws CLI_SERVER, CLI_TOKEN. */
export function openControlClient(flags: Flags, environment: Readonly<Record<string, string | undefined>>): ControlClient {
  const target = typeof flags.server === 'string' ? remoteTarget(flags.server, flags, environment) : localTarget(flags)
  return {
    call: async (name, options) => {
      const query = new URLSearchParams(
        Object.entries(options.query ?? {}).filter((pair): pair is [string, string] => pair[1] !== undefined),
      ).toString()
      const path = `${target.prefix}${routePath(name, options.params)}${query === '' ? '' : `?${query}`}`
      const { status, text } = await send(target, ROUTES[name].method, path, options.body, options.headers ?? {})
      if (status === 204) return undefined as never
      const value = readJson(text, target)
      if (status >= 400) throw new ProblemError(value as Problem)
      return value as never
    },
  }
}

function localTarget(flags: Flags): Target {
  const state = textFlag(flags, 'state', './var')
  const { controlSocket } = statePaths(state)
  // A path beyond 107 bytes cannot be a socket's address; one relative to this process often can.
  return {
    secure: false,
    where: { socketPath: controlSocket },
    hostHeader: 'localhost',
    prefix: '',
    token: undefined,
    shown: join(state, 'control.sock'),
  }
}

function remoteTarget(server: string, flags: Flags, environment: Readonly<Record<string, string | undefined>>): Target {
  let url: URL
  try {
    url = new URL(server)
  } catch (cause) {
    throw new ProductError('CLI_SERVER', `"${server}" is not a URL`, 'write it as https://dns.example.com', { cause })
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new ProductError('CLI_SERVER', `"${server}" is neither http nor https`, 'write it as https://dns.example.com')
  if (url.username !== '' || url.password !== '')
    throw new ProductError('CLI_SERVER', 'the URL of the server holds a secret', 'put the token into a file and name it with --token-file')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const secure = url.protocol === 'https:'
  if (!secure && host !== 'localhost' && !(isIP(host) !== 0 && (host === '::1' || host.startsWith('127.')))) {
    throw new ProductError('CLI_SERVER', `the token would go to "${server}" without encryption`, 'use https')
  }
  const file = flags['token-file']
  const token = typeof file === 'string' ? readSecretFile(file) : environment.NEARCAST_TOKEN?.trim()
  if (token === undefined || token === '') {
    throw new ProductError(
      'CLI_TOKEN',
      'there is no API token for --server',
      'set NEARCAST_TOKEN, or name a file with --token-file; "nearcast token create" makes one',
    )
  }
  const port = Number(url.port || (secure ? 443 : 80))
  return { secure, where: { host, port }, hostHeader: url.host, prefix: url.pathname.replace(/\/$/, ''), token, shown: url.origin }
}

function send(
  target: Target,
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const call = (target.secure ? httpsRequest : httpRequest)(
      {
        ...target.where,
        method,
        path,
        timeout: TIMEOUT_MS,
        headers: {
          Host: target.hostHeader,
          Accept: 'application/json',
          ...(method === 'GET' ? {} : { 'Content-Type': 'application/json' }),
          ...(target.token === undefined ? {} : { Authorization: `Bearer ${target.token}` }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }))
        response.on('error', reject)
      },
    )
    call.on('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
    call.on('error', (cause) => reject(unreachable(target, cause as NodeJS.ErrnoException)))
    if (body !== undefined) call.write(JSON.stringify(body))
    call.end()
  })
}

function unreachable(target: Target, cause: NodeJS.ErrnoException): ProductError {
  const local = 'socketPath' in target.where
  if (local && (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED')) {
    return new ProductError(
      'CONTROL_AWAY',
      `no control runs on this state folder (${target.shown})`,
      'start it with "nearcast up", or name its folder with --state or its address with --server',
      { cause },
    )
  }
  if (local && cause.code === 'EACCES') {
    return new ProductError(
      'CONTROL_AWAY',
      `"${target.shown}" may not be opened by this user`,
      'run the command as the user that runs control',
      { cause },
    )
  }
  return new ProductError(
    'CONTROL_AWAY',
    `control at ${target.shown} cannot be reached (${cause.code ?? cause.message})`,
    'check the address and that control runs',
    { cause },
  )
}

function readJson(text: string, target: Target): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ProductError('CLI_ANSWER', `what answers at ${target.shown} is not nearcast`, 'check the address', { cause })
  }
}
