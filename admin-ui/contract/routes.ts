/**
 * Every route of the API in one table: method, path, and the weakest role that may use it. Server, client, OpenAPI and the roles
 * test are made from it. Holds no schemas (route-schemas.ts does), so that the console can import it without zod. Pure.
 */
import type { AuditEntry, Session, Token, TokenAdd, TokenSecret, User, UserAdd, UserPassword, UserRole } from './access.ts'
import type { DocumentAnswer, DocumentCheck, DocumentCheckAnswer, DocumentPut } from './document.ts'
import type { Draft, DraftPut, Review } from './draft.ts'
import type { EndpointList } from './endpoint.ts'
import type { EventList } from './event.ts'
import type { ExplainAnswer } from './explain.ts'
import type { GenerationAnswer, GenerationList } from './generation.ts'
import type { GeodataPending, GeodataRefresh, GeodataRefreshAnswer, GeodataStatus } from './geodata.ts'
import type { PushBatch, PushReport, ReportsAnswer, SampleBatch, VantageList } from './health-report.ts'
import type { HealthScores } from './health-scores.ts'
import type { HealthSeriesAnswer } from './health-series.ts'
import type { LatencyMatrix, LatencySamples, LatencySamplesAnswer } from './latency.ts'
import type { LineCatalogue, LineChain, LineDescription, LineSearch } from './line.ts'
import type { NetworkCheck, NetworkCheckWish } from './network-check.ts'
import type { Override, OverrideAdd, OverrideChange, OverrideCheck, OverrideList } from './override.ts'
import type { PolicyAnswer, PolicyList, PolicyObject } from './policy.ts'
import type { PoolList } from './pool.ts'
import type { ProbeTrials, ProbeTrialWish } from './probe-trial.ts'
import type { Publish, PublishAnswer } from './publish.ts'
import type { Role, TokenScope } from './role.ts'
import type { Me, PasswordChange, SignIn } from './session.ts'
import type { StandingHistory } from './standing-history.ts'
import type { Status } from './status.ts'
import type { WebhookList, WebhookTest } from './webhook.ts'
import type { ZoneAnswer, ZoneList } from './zone.ts'

/** Prefix of every path below. */
export const API_BASE = '/api/v1'
/** Milliseconds between two heartbeats of the event stream. */
export const STREAM_HEARTBEAT_MS = 5000

/** One route. */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path below API_BASE; `:name` is a parameter. */
  readonly path: string
  /** Weakest role; `anyone` needs no sign-in, `signed-in` is open even before the first password change. */
  readonly role: Role | 'anyone' | 'signed-in'
  /** Tokens of this scope may use it too; tokens of any scope but `api` may use nothing else. */
  readonly scope?: Exclude<TokenScope, 'api'>
  /** One line for the OpenAPI document and docs/api.md. */
  readonly summary: string
}

const route = (method: Route['method'], path: string, role: Route['role'], summary: string): Route => ({ method, path, role, summary })

/** A route that tokens of a narrow scope may use as well. */
const scoped = (scope: NonNullable<Route['scope']>, open: Route): Route => ({ ...open, scope })

/** Bodies sent and answers given, by route; a route that is not here has none. `body: undefined` = no body, `answer: undefined` = 204. */
export type RouteTypes = {
  signIn: { body: SignIn; answer: Me }
  me: { body: undefined; answer: Me }
  signOut: { body: undefined; answer: undefined }
  changePassword: { body: PasswordChange; answer: Me }
  status: { body: undefined; answer: Status }
  healthScores: { body: undefined; answer: HealthScores }
  pushHealth: { body: PushReport | PushBatch; answer: ReportsAnswer }
  pushSamples: { body: SampleBatch; answer: ReportsAnswer }
  vantages: { body: undefined; answer: VantageList }
  tryProbes: { body: ProbeTrialWish; answer: ProbeTrials }
  standingHistory: { body: undefined; answer: StandingHistory }
  healthSeries: { body: undefined; answer: HealthSeriesAnswer }
  policies: { body: undefined; answer: PolicyList }
  policy: { body: undefined; answer: PolicyAnswer }
  putPolicy: { body: PolicyObject; answer: PolicyAnswer }
  deletePolicy: { body: undefined; answer: undefined }
  pools: { body: undefined; answer: PoolList }
  endpoints: { body: undefined; answer: EndpointList }
  overrides: { body: undefined; answer: OverrideList }
  override: { body: undefined; answer: Override }
  addOverride: { body: OverrideAdd; answer: Override }
  checkOverride: { body: OverrideAdd; answer: OverrideCheck }
  changeOverride: { body: OverrideChange; answer: Override }
  endOverride: { body: undefined; answer: undefined }
  addLatencySamples: scoped(
    'samples',
    route(
      'POST',
      '/latency/samples',
      'operator',
      'takes what clients measured to endpoints; wrong samples are dropped and counted; tokens of scope samples',
    ),
  ),
  latencyMatrix: route('GET', '/latency/matrix', 'viewer', 'latency by line and endpoint as a policy reads it; ?policy='),
  lines: route('GET', '/lines', 'viewer', 'the catalogue: places, carriers, custom lines; ?kind=&parent='),
  lineSearch: route('GET', '/lines/search', 'viewer', 'lines by Chinese or English name, initials, code or address; ?q=&kind=&limit='),
  lineChain: route('GET', '/lines/chain', 'viewer', 'lines that a client can match; ?address='),
  line: route(
    'GET',
    '/lines/:key',
    'viewer',
    'one line: names, vendors, share, place in both orders; any accepted spelling, percent-encoded',
  ),
  checkNetworks: route('POST', '/lines/check', 'editor', 'judges a prefix list or CSV for a custom line; keeps nothing'),
  geodata: route('GET', '/geodata', 'viewer', 'geodata in use: sources with age and licence, corrections, last refresh'),
  geodataPending: route('GET', '/geodata/pending', 'viewer', 'new geodata that waits for confirmation, compared with what is in use'),
  confirmGeodata: route('POST', '/geodata/pending/confirm', 'publisher', 'makes the geodata that waits live; If-Match is honoured'),
  rejectGeodata: route('POST', '/geodata/pending/reject', 'publisher', 'drops the geodata that waits; If-Match is honoured'),
  refreshGeodata: route(
    'POST',
    '/geodata/refresh',
    'publisher',
    'looks for new geodata now; answers when it is live, waits or was refused',
  ),
  rollBackGeodata: route('POST', '/geodata/rollback', 'publisher', 'brings the geodata before back; If-Match is honoured'),
  zones: route('GET', '/zones', 'viewer', 'zones: serial, transfers, updates, state of secondary zones; ?after=&limit='),
  zone: route('GET', '/zones/:zone', 'viewer', 'one zone with the records of its dynamic layer; ?skip=&limit='),
  document: route('GET', '/document', 'viewer', 'the live document; ?format=json|yaml'),
  checkDocument: route('POST', '/document/check', 'editor', 'judges a document; keeps nothing'),
  putDocument: route('PUT', '/document', 'publisher', 'publishes a whole document'),
  draft: route('GET', '/draft', 'editor', 'my draft: base, changes, issues'),
  draftDocument: route('GET', '/draft/document', 'editor', 'my draft as a whole document'),
  putDraftDocument: route('PUT', '/draft/document', 'editor', 'replaces my draft; If-Match is honoured'),
  rebaseDraft: route('POST', '/draft/rebase', 'editor', 'moves my draft onto the live generation; 409 names what both changed'),
  discardDraft: route('DELETE', '/draft', 'editor', 'discards my draft'),
  reviewDraft: route('GET', '/draft/review', 'editor', 'who moves, guards, and what must be acknowledged'),
  publish: route('POST', '/publish', 'publisher', 'publishes my draft'),
  generations: route('GET', '/generations', 'viewer', 'history, newest first; ?before=&limit='),
  generation: route('GET', '/generations/:generation', 'viewer', 'one generation and its difference; ?against='),
  rollBack: route('POST', '/generations/:generation/rollback', 'publisher', 'publishes an old content as a new generation'),
  explain: route('GET', '/explain', 'viewer', 'why a client gets its answer; ?name=&type=&client=&resolver=&node='),
  events: route('GET', '/events', 'viewer', 'what happened, newest first; ?before=&limit=&kind=&subject=&node=&severity=&since=&until='),
  eventStream: route('GET', '/events/stream', 'viewer', 'server-sent events with a heartbeat'),
  webhooks: route('GET', '/webhooks', 'viewer', 'who is told of events, what waits, what went wrong'),
  testWebhook: route('POST', '/webhooks/:id/test', 'editor', 'sends a test message now; answers what the receiver said'),
  users: route('GET', '/users', 'admin', 'accounts'),
  addUser: route('POST', '/users', 'admin', 'adds an account; its generated password is shown once'),
  setUserRole: route('PUT', '/users/:user/role', 'admin', 'changes a role'),
  resetUser: route('POST', '/users/:user/reset', 'admin', 'generates a new password, lifts a lock, ends sessions'),
  removeUser: route('DELETE', '/users/:user', 'admin', 'removes an account with its sessions, tokens and draft'),
  tokens: route('GET', '/tokens', 'admin', 'API tokens'),
  addToken: route('POST', '/tokens', 'admin', 'makes an API token; its secret is shown once'),
  removeToken: route('DELETE', '/tokens/:id', 'admin', 'revokes an API token'),
  sessions: route('GET', '/sessions', 'admin', 'open sessions'),
  removeSession: route('DELETE', '/sessions/:id', 'admin', 'ends a session'),
  audit: route('GET', '/audit', 'admin', 'who did what, newest first; ?before=&limit='),
  openApi: route('GET', '/openapi.json', 'anyone', 'this API as OpenAPI 3.1'),
}

/** The full path of a route with its parameters filled in and encoded. */
export function routePath(name: RouteName, params: Readonly<Record<string, string | number>> = {}): string {
  return (
    API_BASE +
    ROUTES[name].path.replace(/:([a-z]+)/g, (_all, key: string) => {
      const value = params[key]
      if (value === undefined) throw new TypeError(`route ${name} needs the parameter "${key}"`)
      return encodeURIComponent(String(value))
    })
  )
}
