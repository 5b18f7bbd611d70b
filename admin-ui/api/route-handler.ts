/**
 * From the table of routes to express: each route checks the caller's role and the body's schema before its handler runs, so that
 * no handler can forget it. A route without a handler does not compile.
 */
import type { Express, NextFunction, Request, Response } from 'express'
import type { z } from 'zod'
import type { Issue } from '../contract/issue.ts'
import { mayAct, type TokenScope } from '../contract/role.ts'
import { ROUTE_SCHEMAS } from '../contract/route-schemas.ts'
import { API_BASE, ROUTES, type Route, type RouteName, type RouteTypes } from '../contract/routes.ts'
import { ApiError } from './api-error.ts'
import type { Caller } from './auth/accounts.ts'

/** A request as handlers see it. */
export type ApiRequest<Name extends RouteName = RouteName> = {
  readonly body: RouteTypes[Name]['body']
  readonly params: Readonly<Record<string, string>>
  /** A query parameter; undefined when absent or repeated. */
  readonly query: (name: string) => string | undefined
  readonly header: (name: string) => string | undefined
  /** Null only on routes for `anyone`. */
  readonly caller: Caller | null
  /** Address of the peer (of the client behind a trusted proxy). */
  readonly address: string
}

/** A reply. */
export type ApiReply<Name extends RouteName = RouteName> = {
  /** Default 200, or 204 without an answer. */
  readonly status?: number
  readonly answer: RouteTypes[Name]['answer']
  readonly etag?: string
  /** New session token to set as cookie; null = clear it. */
  readonly sessionToken?: string | null
  /** Takes over the response (event stream). */
  readonly stream?: (response: Response) => void
}

/** Answers one route. */
export type RouteHandler<Name extends RouteName> = (request: ApiRequest<Name>) => ApiReply<Name> | Promise<ApiReply<Name>>
/** A handler for each of these routes. */
export type RouteHandlers<Name extends RouteName = RouteName> = { readonly [N in Name]: RouteHandler<N> }

/** What the mounting needs from the server. */
export type MountOptions = {
  /** Who asks; null = nobody known. */
  readonly findCaller: (request: Request) => Caller | null
  readonly setSessionCookie: (response: Response, token: string | null) => void
}

/** The caller; only for handlers of routes that need one. */
export function callerOf(request: Pick<ApiRequest, 'caller'>): Caller {
  if (request.caller === null) throw new ApiError('AUTH_NEEDED', 'nobody is signed in')
  return request.caller
}

/** A whole number in bounds out of a query parameter. Throws API_PARAMETER. */
export function numberParameter(request: Pick<ApiRequest, 'query'>, name: string, otherwise: number, least: number, most: number): number {
  const text = request.query(name)
  if (text === undefined || text === '') return otherwise
  const value = Number(text)
  if (!/^\d{1,15}$/.test(text) || value < least || value > most) {
    throw new ApiError('API_PARAMETER', `${name} "${text.slice(0, 40)}" is not a whole number from ${least} to ${most}`)
  }
  return value
}

/** Puts every route on the app. */
export function mountRoutes(app: Express, handlers: RouteHandlers, options: MountOptions): void {
  const byPath = new Map<string, Map<string, (request: Request, response: Response) => Promise<void>>>()
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const { method, path } = ROUTES[name]
    const methods = byPath.get(path) ?? new Map()
    methods.set(method, answerRoute(name, handlers[name] as unknown as RouteHandler<RouteName>, options))
    byPath.set(path, methods)
  }
  // Fixed paths before those with parameters: /lines/search is no :id.
  const paths = [...byPath.keys()].sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')))
  for (const path of paths) {
    const methods = byPath.get(path)!
    app.all(`${API_BASE}${path}`, async (request: Request, response: Response, _next: NextFunction) => {
      const answer = methods.get(request.method === 'HEAD' ? 'GET' : request.method)
      if (answer === undefined) {
        response.set('Allow', [...methods.keys()].join(', '))
        throw new ApiError('API_METHOD', `${request.method} is not possible here, only ${[...methods.keys()].join(', ')}`)
      }
      await answer(request, response)
    })
  }
}

function answerRoute(name: RouteName, handler: RouteHandler<RouteName>, options: MountOptions) {
  const route = ROUTES[name]
  const schema = ROUTE_SCHEMAS[name].body as z.ZodType<RouteTypes[RouteName]['body']> | null
  return async (request: Request, response: Response): Promise<void> => {
    const caller = options.findCaller(request)
    checkRole(route, caller)
    const reply = await handler({
      body: schema === null ? undefined : parseBody(schema, request.body),
      params: request.params as Record<string, string>,
      query: (key) => (typeof request.query[key] === 'string' ? request.query[key] : undefined),
      header: (key) => request.get(key),
      caller,
      address: request.ip ?? '',
    })
    if (reply.sessionToken !== undefined) options.setSessionCookie(response, reply.sessionToken)
    if (reply.etag !== undefined) response.set('ETag', `"${reply.etag}"`)
    if (reply.stream !== undefined) reply.stream(response)
    else if (reply.answer === undefined) response.status(reply.status ?? 204).end()
    else response.status(reply.status ?? 200).json(reply.answer)
  }
}

function checkRole({ role: needed, scope }: Route, caller: Caller | null): void {
  if (needed === 'anyone') return
  if (caller === null) throw new ApiError('AUTH_NEEDED', 'nobody is signed in')
  if (caller.scope !== 'api' && caller.scope !== scope) throw wrongScope(caller.scope, scope ?? 'api')
  if (needed === 'signed-in') return
  if (caller.mustChangePassword) throw new ApiError('AUTH_PASSWORD_CHANGE_NEEDED', 'the first password has to be changed')
  if (!mayAct(caller.role, needed)) throw new ApiError('AUTH_FORBIDDEN', `this needs the role ${needed}, yours is ${caller.role}`)
}

/** A token of another scope than a route needs. */
export function wrongScope(scope: TokenScope, needed: TokenScope): ApiError {
  return new ApiError('AUTH_FORBIDDEN', `this token is of scope ${scope}, and this needs scope ${needed}`, {
    suggestion: `use a token of scope ${needed}: "nearcast token create LABEL --scope ${needed}"`,
  })
}

/** The body by its schema. Throws API_BODY_INVALID with every mistake at once. */
export function parseBody<Body>(schema: z.ZodType<Body>, body: unknown): Body {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const issues: Issue[] = parsed.error.issues.flatMap(meantIssues).map((issue) => ({
    code: 'API_BODY_FIELD',
    severity: 'error',
    path: issue.path.reduce<string>(
      (path, key) => (typeof key === 'number' ? `${path}[${key}]` : path === '' ? String(key) : `${path}.${String(key)}`),
      '',
    ),
    params: {},
    message: issue.message,
    suggestion: '',
    where: null,
  }))
  throw new ApiError('API_BODY_INVALID', `the body has ${issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`}`, { issues })
}

/** Of a body that may have several shapes: the issues of the shape that was meant, which is the one with the fewest. */
function meantIssues(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0 || issue.errors.some((errors) => errors.length === 0)) return [issue]
  // A key that a shape does not know speaks against it more than a wrong value.
  const unfit = (errors: readonly z.core.$ZodIssue[]): number =>
    errors.reduce((sum, { code, path }) => sum + (path.length === 0 && code === 'unrecognized_keys' ? 1000 : 1), 0)
  const [meant] = issue.errors.toSorted((a, b) => unfit(a) - unfit(b))
  return meant!.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
}

/** Compares If-Match / If-None-Match with what is there; `present` undefined = nothing is. Throws API_PRECONDITION_REQUIRED or _FAILED. */
export function checkPrecondition(request: Pick<ApiRequest, 'header'>, present: string | undefined, required: boolean): void {
  const match = request.header('if-match')
  const noneMatch = request.header('if-none-match')
  if (match === undefined && noneMatch === undefined) {
    if (required) throw new ApiError('API_PRECONDITION_REQUIRED', 'neither If-Match nor If-None-Match was sent')
    return
  }
  const tags = (text: string): string[] =>
    text.split(',').map((tag) =>
      tag
        .trim()
        .replace(/^W\//, '')
        .replace(/^"(.*)"$/, '$1'),
    )
  if (match !== undefined && (present === undefined || !(match.trim() === '*' || tags(match).includes(present)))) {
    throw new ApiError('API_PRECONDITION_FAILED', present === undefined ? 'it does not exist any more' : 'it changed since it was read')
  }
  if (noneMatch !== undefined && present !== undefined && (noneMatch.trim() === '*' || tags(noneMatch).includes(present))) {
    throw new ApiError('API_PRECONDITION_FAILED', 'it exists already')
  }
}
