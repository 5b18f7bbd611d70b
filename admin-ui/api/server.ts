/**
 * The HTTP side of control: express with its guards in front of the routes. Composition only; what a route does is in routes/.
 *
 *   request id ─► Host allow-list ─► security headers ─► rate limit ─► JSON, Origin ─► caller ─► role ─► schema ─► handler
 *   anything else below /api/v1 ─► problem+json 404          everything else ─► the built console
 *
 * Never answers with a stack trace, and never with anything but problem+json below /api.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { ipKeyGenerator, rateLimit } from 'express-rate-limit'
import helmet from 'helmet'
import type { Problem } from '../contract/problem.ts'
import { API_BASE, ROUTES } from '../contract/routes.ts'
import { ApiError, asApiError } from './api-error.ts'
import { type Accounts, type Caller, SOCKET_CALLER } from './auth/accounts.ts'
import { allowedHosts, checkChange, checkHost, isDirectLoopback } from './auth/request-origin.ts'
import { WrongTokens } from './auth/wrong-tokens.ts'
import { mountRoutes, type RouteHandlers, wrongScope } from './route-handler.ts'
import { serveConsole } from './serve-console.ts'

/** A line of log: control writes it with pino. */
export type ApiLog = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What the server is made with. */
export type ApiServerOptions = {
  readonly handlers: RouteHandlers
  readonly accounts: Accounts
  readonly log: ApiLog
  /** Host that the TCP listener binds. */
  readonly listenHost: string
  /** Further Host headers to accept. */
  readonly allowedHosts: readonly string[]
  /** Key and certificate in PEM; absent = plain http. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** A proxy in front ends TLS and sets X-Forwarded-For. */
  readonly behindProxy: boolean
  /** Folder of the built console. */
  readonly consoleFolder: string
  /** Requests, reports (routes that tokens of narrow scopes may use), sign-ins, and wrong tokens: each a minute and peer address. */
  readonly limits?: Partial<ApiLimits>
}

/** Limits a minute and peer address. */
export type ApiLimits = {
  readonly requestsPerMinute: number
  readonly reportsPerMinute: number
  readonly signInsPerMinute: number
  readonly wrongTokensPerMinute: number
}

/** Reports have a limit of their own: hundreds of endpoints may stand behind one address, and one that is refused would count as failed. */
const LIMITS: ApiLimits = { requestsPerMinute: 1200, reportsPerMinute: 12_000, signInsPerMinute: 20, wrongTokensPerMinute: 20 }
/** Where reports go. */
const REPORTS: ReadonlySet<string> = new Set(
  Object.values(ROUTES).flatMap(({ path, scope }) => (scope === undefined ? [] : [`${API_BASE}${path}`])),
)

/** Largest body: a document with its files. */
const BODY_LIMIT = '160mb'
/** Where such a body may come. */
const LARGE_BODIES = [`${API_BASE}/document`, `${API_BASE}/draft`, `${API_BASE}/lines/check`]
/** Largest body of everything that is no document. */
const SMALL_BODY_LIMIT = '1mb'
/** Name of the cookie on loopback without TLS. `__Host-` binds the other to TLS, this host and the path "/". */
const PLAIN_COOKIE = 'nearcast_session'
const SECURE_COOKIE = '__Host-nearcast'
/** Headers by which a proxy shows itself. */
const FORWARDED = ['x-forwarded-for', 'x-forwarded-proto', 'forwarded'] as const

/** The servers: one for the TCP listener, one for the unix socket. They share the routes, not the guards. */
export type ApiServers = { readonly tcp: Server; readonly socket: Server }

/** Builds both servers; the caller listens and closes. */
export function createApiServers(options: ApiServerOptions): ApiServers {
  const tcpApp = createApp(options, false)
  const tcp =
    options.tls === undefined
      ? createServer(tcpApp)
      : (createTlsServer({ ...options.tls, minVersion: 'TLSv1.2' }, tcpApp) as unknown as Server)
  const socket = createServer(createApp(options, true))
  for (const server of [tcp, socket]) {
    server.headersTimeout = 10_000
    server.requestTimeout = 60_000
    server.maxHeadersCount = 100
  }
  return { tcp, socket }
}

function createApp(options: ApiServerOptions, local: boolean): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  if (options.behindProxy) app.set('trust proxy', 1)
  app.use((request, response, next) => {
    response.locals.requestId = randomBytes(8).toString('hex')
    response.set('X-Request-Id', response.locals.requestId)
    response.locals.secure =
      options.tls !== undefined ||
      (options.behindProxy &&
        !isDirectLoopback({ host: request.headers.host, forwarded: FORWARDED.some((header) => request.headers[header] !== undefined) }))
    next()
  })
  if (!local) guardNetwork(app, options)
  app.use(API_BASE, (_request, response, next) => {
    response.set('Cache-Control', 'no-store')
    next()
  })
  const wrongTokens = new WrongTokens({ ...LIMITS, ...options.limits }.wrongTokensPerMinute, () => performance.now())
  const callerOf = (request: Request): Caller | null => (local ? SOCKET_CALLER : findCaller(request, options.accounts, wrongTokens))
  app.use(LARGE_BODIES, (request, _response, next) => {
    // Before the body is read: strangers do not get to send 160 MB, nor does a device with a token for its reports.
    const caller = callerOf(request)
    if (caller === null) throw new ApiError('AUTH_NEEDED', 'nobody is signed in')
    if (caller.scope !== 'api') throw wrongScope(caller.scope, 'api')
    next()
  })
  app.use(LARGE_BODIES, express.json({ limit: BODY_LIMIT, type: () => true, strict: true }))
  app.use(express.json({ limit: SMALL_BODY_LIMIT, type: () => true, strict: true }))
  mountRoutes(app, options.handlers, {
    findCaller: callerOf,
    setSessionCookie: (response, token) => setSessionCookie(response, token),
  })
  app.use('/api', (request: Request) => {
    throw new ApiError('API_NOT_FOUND', `there is nothing at "${request.originalUrl.slice(0, 200)}"`)
  })
  if (!local) serveConsole(app, options.consoleFolder)
  app.use((request: Request) => {
    throw new ApiError('API_NOT_FOUND', `there is nothing at "${request.originalUrl.slice(0, 200)}"`)
  })
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => sendProblem(error, request, response, options.log))
  return app
}

function guardNetwork(app: Express, options: ApiServerOptions): void {
  const hosts = allowedHosts(options.listenHost, options.allowedHosts)
  app.use((request, _response, next) => {
    checkHost(request.headers.host, hosts)
    next()
  })
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'self'"],
          // Component styles are set by the browser's style API; inline style attributes of SVG and Mantine need this one.
          styleSrc: ["'self'", "'unsafe-inline'"],
          imgSrc: ["'self'", 'data:'],
          fontSrc: ["'self'"],
          connectSrc: ["'self'"],
          objectSrc: ["'none'"],
          baseUri: ["'none'"],
          frameAncestors: ["'none'"],
          formAction: ["'self'"],
        },
      },
      strictTransportSecurity: options.tls !== undefined || options.behindProxy ? { maxAge: 31_536_000, includeSubDomains: false } : false,
      referrerPolicy: { policy: 'same-origin' },
      xFrameOptions: { action: 'deny' },
    }),
  )
  const limits = { ...LIMITS, ...options.limits }
  const limit = (perMinute: number) =>
    rateLimit({
      windowMs: 60_000,
      limit: perMinute,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      validate: false,
      handler: (_request, _response, next) =>
        next(new ApiError('API_TOO_MANY_REQUESTS', `more than ${perMinute} requests a minute`, { retryAfterSeconds: 60 })),
    })
  const requests = limit(limits.requestsPerMinute)
  const reports = limit(limits.reportsPerMinute)
  app.use('/api', (request, response, next) => {
    const isReport = request.method === 'POST' && REPORTS.has(request.baseUrl + request.path)
    ;(isReport ? reports : requests)(request, response, next)
  })
  const signIns = limit(limits.signInsPerMinute)
  app.use(`${API_BASE}/session`, (request, response, next) =>
    request.method === 'POST' || request.method === 'PUT' ? signIns(request, response, next) : next(),
  )
  app.use((request, _response, next) => {
    if (!['GET', 'HEAD', 'OPTIONS'].includes(request.method)) {
      checkChange({
        contentType: request.get('content-type'),
        origin: request.get('origin'),
        host: request.get('host'),
        fetchSite: request.get('sec-fetch-site'),
        hasCookie: cookieOf(request) !== undefined,
        secure: isSecure(request.res),
      })
    }
    next()
  })
}

/** Whether the browser's side of this request is TLS, as found when it came in. */
function isSecure(response: Response | undefined): boolean {
  return response?.locals.secure !== false
}

function cookieOf(request: Request): string | undefined {
  const name = isSecure(request.res) ? SECURE_COOKIE : PLAIN_COOKIE
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2)
    if (key === name && value !== undefined && value !== '') return value
  }
  return undefined
}

function findCaller(request: Request, accounts: Accounts, wrongTokens: WrongTokens): Caller | null {
  const authorization = request.get('authorization')
  if (authorization !== undefined) {
    const [, bearer = ''] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
    const caller = bearer === '' ? undefined : accounts.findToken(bearer)
    if (caller !== undefined) return caller
    // One client may have a whole /56 of IPv6.
    wrongTokens.count(ipKeyGenerator(request.ip ?? '', 56))
    // A wrong token is not passed over for a cookie: scripts must learn that theirs is void.
    throw new ApiError('AUTH_WRONG', 'the bearer token is unknown, revoked or expired', {
      suggestion: 'check the token, its expiry and its scope; "nearcast token list" shows them, "nearcast token create" makes another',
    })
  }
  const cookie = cookieOf(request)
  return (cookie === undefined ? undefined : accounts.findSession(cookie)) ?? null
}

function setSessionCookie(response: Response, token: string | null): void {
  const secure = isSecure(response)
  const name = secure ? SECURE_COOKIE : PLAIN_COOKIE
  const flags = { httpOnly: true, sameSite: 'strict', secure, path: '/' } as const
  if (token === null) response.clearCookie(name, flags)
  else response.cookie(name, token, flags)
}

/** Errors of express.json by their type. */
const BODY_ERRORS: Readonly<Record<string, 'API_BODY_TOO_LARGE' | 'API_BODY_NOT_JSON'>> = {
  'entity.too.large': 'API_BODY_TOO_LARGE',
  'entity.parse.failed': 'API_BODY_NOT_JSON',
  'encoding.unsupported': 'API_BODY_NOT_JSON',
  'charset.unsupported': 'API_BODY_NOT_JSON',
  'request.aborted': 'API_BODY_NOT_JSON',
  'request.size.invalid': 'API_BODY_NOT_JSON',
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Too large',
  415: 'Unsupported media type',
  421: 'Misdirected request',
  422: 'Not acceptable content',
  428: 'Precondition required',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available',
  504: 'Timed out',
}

function toApiError(error: unknown): ApiError | undefined {
  const type = (error as { type?: unknown } | null)?.type
  if (typeof type === 'string' && Object.hasOwn(BODY_ERRORS, type))
    return new ApiError(BODY_ERRORS[type]!, type === 'entity.too.large' ? 'the body is too large' : 'the body is not JSON')
  if (error instanceof URIError) return new ApiError('API_PARAMETER', 'the path is not a valid URL')
  return asApiError(error)
}

function sendProblem(error: unknown, request: Request, response: Response, log: ApiLog): void {
  const known = toApiError(error)
  const requestId = response.locals.requestId as string
  // An absent node is told to the caller and seen in the status; only our own failures are the log's.
  if (known === undefined || known.status === 500 || known.code === 'API_STORE') {
    log.error({ requestId, method: request.method, path: request.path, err: error }, 'a request failed')
  }
  if (response.headersSent) {
    response.destroy()
    return
  }
  const failure = known ?? new ApiError('API_INTERNAL', 'an internal error happened')
  const problem: Problem = {
    type: `urn:nearcast:problem:${failure.code}`,
    title: TITLES[failure.status] ?? 'Failure',
    status: failure.status,
    code: failure.code,
    message: `${failure.message}; ${failure.suggestion}`,
    requestId,
    ...failure.extras,
  }
  if (failure.extras.retryAfterSeconds !== undefined) response.set('Retry-After', String(failure.extras.retryAfterSeconds))
  if (failure.status === 401) response.set('WWW-Authenticate', 'Bearer')
  response.status(failure.status).type('application/problem+json').send(JSON.stringify(problem))
}
