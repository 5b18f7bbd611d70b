/**
 * Failures of the API: one catalogue of codes with status and remedy (docs/errors.md has each), and the error that carries one.
 * Everything that a handler throws and that is not an ApiError becomes API_INTERNAL without any detail.
 */
import type { Change } from '../contract/change.ts'
import type { Issue } from '../contract/issue.ts'

/** A code of the catalogue. */
export type ApiCode =
  | 'API_BODY_INVALID'
  | 'API_BODY_NOT_JSON'
  | 'API_BODY_TOO_LARGE'
  | 'API_CONTENT_TYPE'
  | 'API_HOST_NOT_ALLOWED'
  | 'API_INTERNAL'
  | 'API_NOT_FOUND'
  | 'API_METHOD'
  | 'API_ORIGIN'
  | 'API_PARAMETER'
  | 'API_PRECONDITION_FAILED'
  | 'API_PRECONDITION_REQUIRED'
  | 'API_STORE'
  | 'API_TOO_MANY_REQUESTS'
  | 'AUTH_FORBIDDEN'
  | 'AUTH_LOCKED_OUT'
  | 'AUTH_NEEDED'
  | 'AUTH_PASSWORD_CHANGE_NEEDED'
  | 'AUTH_PASSWORD_WEAK'
  | 'AUTH_WRONG'
  | 'DOCUMENT_DYNAMIC'
  | 'DOCUMENT_INVALID'
  | 'DOCUMENT_NOT_BASED_ON_LIVE'
  | 'DRAFT_CONFLICT'
  | 'DRAFT_EMPTY'
  | 'DRAFT_NOT_BASED_ON_LIVE'
  | 'FLEET_NODE_AWAY'
  | 'FLEET_TIMEOUT'
  | 'GENERATION_UNKNOWN'
  | 'HEALTH_ENDPOINT_UNKNOWN'
  | 'HEALTH_NUMBER'
  | 'HEALTH_PROBE_UNKNOWN'
  | 'HEALTH_TIME'
  | 'HEALTH_VANTAGE'
  | 'GEODATA_NOTHING_BEFORE'
  | 'GEODATA_NOTHING_PENDING'
  | 'GEODATA_REFRESH_REFUSED'
  | 'OVERRIDE_ENDED'
  | 'OVERRIDE_INVALID'
  | 'OVERRIDE_LEAVES_FALLBACK'
  | 'OVERRIDE_TARGET_UNKNOWN'
  | 'OVERRIDE_TOO_MANY'
  | 'OVERRIDE_UNKNOWN'
  | 'POLICY_UNKNOWN'
  | 'PUBLISH_FAILED'
  | 'PUBLISH_WARNINGS'
  | 'TOKEN_UNKNOWN'
  | 'USER_EXISTS'
  | 'USER_LAST_ADMIN'
  | 'USER_UNKNOWN'
  | 'SESSION_UNKNOWN'
  | 'WEBHOOK_UNKNOWN'

/** Every code with its HTTP status and remedy. */
export const API_CODES: Readonly<Record<ApiCode, readonly [status: number, remedy: string]>> = {
  API_BODY_INVALID: [422, 'correct the fields named in issues'],
  API_BODY_NOT_JSON: [400, 'send valid JSON'],
  API_BODY_TOO_LARGE: [413, 'send less, or move long lists into files of their own'],
  API_CONTENT_TYPE: [415, 'send Content-Type: application/json'],
  API_HOST_NOT_ALLOWED: [421, 'name the host with --allowed-host where control is started'],
  API_INTERNAL: [500, 'look for the request id in the log of control'],
  API_NOT_FOUND: [404, 'see /api/v1/openapi.json for the routes'],
  API_METHOD: [405, 'see /api/v1/openapi.json for the methods of this path'],
  API_ORIGIN: [403, 'use the console under its own address, or a bearer token'],
  API_PARAMETER: [400, 'correct the parameter'],
  API_PRECONDITION_FAILED: [412, 'read it again, and repeat the change on what is there now'],
  API_PRECONDITION_REQUIRED: [428, 'send If-Match with the ETag that you read, or If-None-Match: * for a new object'],
  API_STORE: [503, 'free disk space and check the state folder; nothing of this request was kept'],
  API_TOO_MANY_REQUESTS: [429, 'wait as long as Retry-After says'],
  AUTH_FORBIDDEN: [403, 'ask an admin for an account or a token that may do this'],
  AUTH_LOCKED_OUT: [429, 'wait, or let an admin reset the account with "nearcast user reset"'],
  AUTH_NEEDED: [401, 'sign in, or send a bearer token'],
  AUTH_PASSWORD_CHANGE_NEEDED: [403, 'change the password with PUT /api/v1/session/password'],
  AUTH_PASSWORD_WEAK: [422, 'choose another password of at least 12 characters'],
  AUTH_WRONG: [401, 'check user and password; "nearcast user reset" on the machine gives a new one'],
  DOCUMENT_DYNAMIC: [422, 'correct the entry of dynamicRecords, or export again'],
  DOCUMENT_INVALID: [422, 'correct the errors named in issues'],
  DOCUMENT_NOT_BASED_ON_LIVE: [409, 'export the live document and repeat the change on it, or publish with force'],
  DRAFT_CONFLICT: [409, 'make these objects equal to the live ones, move the draft again, then repeat the change on them'],
  DRAFT_EMPTY: [409, 'change something first'],
  DRAFT_NOT_BASED_ON_LIVE: [409, 'look at what changed, and repeat the change on the live document'],
  FLEET_NODE_AWAY: [503, 'wait until a node is connected; it goes on answering by itself'],
  FLEET_TIMEOUT: [504, 'try again; the node is busy or hangs'],
  GENERATION_UNKNOWN: [404, 'GET /api/v1/generations lists them'],
  GEODATA_NOTHING_BEFORE: [409, 'GET /api/v1/geodata shows what is kept'],
  GEODATA_NOTHING_PENDING: [404, 'GET /api/v1/geodata shows what is in use'],
  GEODATA_REFRESH_REFUSED: [422, 'the data in use stays; correct the source, then refresh again'],
  OVERRIDE_ENDED: [409, 'set a new one'],
  OVERRIDE_INVALID: [422, 'correct the fields named in issues'],
  OVERRIDE_LEAVES_FALLBACK: [409, 'look at the lines, then repeat with this code in accept'],
  OVERRIDE_TARGET_UNKNOWN: [422, 'GET /api/v1/endpoints and /api/v1/pools list what can be named'],
  OVERRIDE_TOO_MANY: [409, 'end those that are not needed any more, or name a site, pool or label instead of single endpoints'],
  OVERRIDE_UNKNOWN: [404, 'GET /api/v1/overrides lists them'],
  HEALTH_ENDPOINT_UNKNOWN: [422, 'GET /api/v1/endpoints lists the endpoints with their addresses; publish the document that has it first'],
  HEALTH_NUMBER: [422, 'correct the number'],
  HEALTH_PROBE_UNKNOWN: [422, 'name a probe of the endpoint, or give it one of kind push in the document'],
  HEALTH_TIME: [422, 'set the clock of the sender (NTP), and send reports as they come; without "at" they count as of now'],
  HEALTH_VANTAGE: [422, 'name a vantage of your own; GET /api/v1/health/vantages lists those that there are'],
  POLICY_UNKNOWN: [404, 'GET /api/v1/policies lists them'],
  PUBLISH_FAILED: [500, 'look for the request id in the log of control; the live generation is untouched'],
  PUBLISH_WARNINGS: [422, 'read the warnings, then repeat with their codes in accept'],
  TOKEN_UNKNOWN: [404, 'GET /api/v1/tokens lists them'],
  USER_EXISTS: [409, 'choose another name'],
  USER_LAST_ADMIN: [409, 'make another account admin first'],
  USER_UNKNOWN: [404, '"nearcast user list" or GET /api/v1/users lists them'],
  SESSION_UNKNOWN: [404, 'GET /api/v1/sessions lists them'],
  WEBHOOK_UNKNOWN: [404, 'GET /api/v1/webhooks lists them; publish the document that has it'],
}

/** What a problem may carry besides code and message. */
export type ApiErrorExtras = {
  readonly issues?: readonly Issue[]
  readonly changes?: readonly Change[]
  readonly liveGeneration?: number
  readonly retryAfterSeconds?: number
  /** What to do about it, where that of the code is not it; a lower-case fragment. */
  readonly suggestion?: string
}

/** A failure that the caller is told of. */
export class ApiError extends Error {
  readonly code: ApiCode
  readonly status: number
  /** What to do about it; a lower-case fragment. */
  readonly suggestion: string
  readonly extras: Omit<ApiErrorExtras, 'suggestion'>

  constructor(code: ApiCode, message: string, extras: ApiErrorExtras = {}, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.status = API_CODES[code][0]
    const { suggestion = API_CODES[code][1], ...told } = extras
    this.suggestion = suggestion
    this.extras = told
  }
}

/** An ApiError out of an error of another part with a code that the catalogue has too (FLEET_NODE_AWAY, FLEET_TIMEOUT); else undefined. */
export function asApiError(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (typeof code === 'string' && code.startsWith('STORE_')) return new ApiError('API_STORE', String(message), {}, { cause: error })
  if (typeof code === 'string' && Object.hasOwn(API_CODES, code))
    return new ApiError(code as ApiCode, String(message), {}, { cause: error })
  return undefined
}
