/**
 * The only way of the console to the server: /api/v1, typed by the table of routes in admin-ui/contract/routes.ts. A failed request
 * throws ApiProblem with the problem's code; wording is made from the code elsewhere.
 */
import type { Problem } from '../../contract/problem.ts'
import { ROUTES, type RouteName, type RouteTypes, routePath } from '../../contract/routes.ts'

/** A failure of a request: of the API (its problem), or of the way to it (code NETWORK, status 0). */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly problem: Problem | undefined

  constructor(status: number, code: string, message: string, problem?: Problem, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ApiProblem'
    this.status = status
    this.code = code
    this.problem = problem
  }
}

/** What a request may carry. */
export type CallOptions<N extends RouteName> = {
  readonly params?: Readonly<Record<string, string | number>>
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly ifMatch?: string
  readonly signal?: AbortSignal
} & (RouteTypes[N]['body'] extends undefined ? { readonly body?: undefined } : { readonly body: RouteTypes[N]['body'] })

/** Calls back when the session is gone: the shell shows the sign-in. */
let onSignedOut: () => void = () => {}

/** Registers what happens when the server says that nobody is signed in. */
export function listenSignedOut(listener: () => void): void {
  onSignedOut = listener
}

/** Sends one request. Throws ApiProblem. */
export async function callApi<N extends RouteName>(
  name: N,
  ...[options]: RouteTypes[N]['body'] extends undefined ? [options?: CallOptions<N>] : [options: CallOptions<N>]
): Promise<RouteTypes[N]['answer']> {
  const { method } = ROUTES[name]
  const words = Object.entries(options?.query ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]))
  const path = routePath(name, options?.params) + (words.length === 0 ? '' : `?${new URLSearchParams(words)}`)
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method !== 'GET') headers['Content-Type'] = 'application/json'
  if (options?.ifMatch !== undefined) headers['If-Match'] = `"${options.ifMatch.replaceAll('"', '')}"`
  const request: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' }
  if (options?.body !== undefined) request.body = JSON.stringify(options.body)
  if (options?.signal !== undefined) request.signal = options.signal
  let response: Response
  try {
    response = await fetch(path, request)
  } catch (error) {
    if (options?.signal?.aborted) throw error
    throw new ApiProblem(0, 'NETWORK', 'the server cannot be reached', undefined, { cause: error })
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as RouteTypes[N]['answer']
  const problem = await readProblem(response)
  if (response.status === 401 && name !== 'signIn' && name !== 'me' && name !== 'changePassword') onSignedOut()
  throw new ApiProblem(response.status, problem?.code ?? `HTTP_${response.status}`, problem?.message ?? response.statusText, problem)
}

async function readProblem(response: Response): Promise<Problem | undefined> {
  try {
    const body: unknown = await response.json()
    return typeof body === 'object' && body !== null && 'code' in body ? (body as Problem) : undefined
  } catch {
    return undefined
  }
}
