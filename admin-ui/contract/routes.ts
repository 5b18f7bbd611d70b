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
  addLatencySamples: { body: LatencySamples; answer: LatencySamplesAnswer }
  latencyMatrix: { body: undefined; answer: LatencyMatrix }
  lines: { body: undefined; answer: LineCatalogue }
  lineSearch: { body: undefined; answer: LineSearch }
  lineChain: { body: undefined; answer: LineChain }
  line: { body: undefined; answer: LineDescription }
  checkNetworks: { body: NetworkCheckWish; answer: NetworkCheck }
  geodata: { body: undefined; answer: GeodataStatus }
  geodataPending: { body: undefined; answer: GeodataPending }
  confirmGeodata: { body: undefined; answer: GeodataStatus }
  rejectGeodata: { body: undefined; answer: GeodataStatus }
  refreshGeodata: { body: GeodataRefresh; answer: GeodataRefreshAnswer }
  rollBackGeodata: { body: undefined; answer: GeodataStatus }
  zones: { body: undefined; answer: ZoneList }
  zone: { body: undefined; answer: ZoneAnswer }
  document: { body: undefined; answer: DocumentAnswer }
  checkDocument: { body: DocumentCheck; answer: DocumentCheckAnswer }
  putDocument: { body: DocumentPut; answer: PublishAnswer }
  draft: { body: undefined; answer: Draft }
  draftDocument: { body: undefined; answer: DocumentAnswer }
  putDraftDocument: { body: DraftPut; answer: Draft }
  rebaseDraft: { body: undefined; answer: Draft }
  discardDraft: { body: undefined; answer: undefined }
  reviewDraft: { body: undefined; answer: Review }
  publish: { body: Publish; answer: PublishAnswer }
  generations: { body: undefined; answer: GenerationList }
  generation: { body: undefined; answer: GenerationAnswer }
  rollBack: { body: Publish; answer: PublishAnswer }
  explain: { body: undefined; answer: ExplainAnswer }
  events: { body: undefined; answer: EventList }
  /** Answers text/event-stream, see event.ts. */
  eventStream: { body: undefined; answer: undefined }
  webhooks: { body: undefined; answer: WebhookList }
  testWebhook: { body: undefined; answer: WebhookTest }
  users: { body: undefined; answer: { readonly users: readonly User[] } }
  addUser: { body: UserAdd; answer: UserPassword }
  setUserRole: { body: UserRole; answer: User }
  resetUser: { body: undefined; answer: UserPassword }
  removeUser: { body: undefined; answer: undefined }
  tokens: { body: undefined; answer: { readonly tokens: readonly Token[] } }
  addToken: { body: TokenAdd; answer: TokenSecret }
  removeToken: { body: undefined; answer: undefined }
  sessions: { body: undefined; answer: { readonly sessions: readonly Session[] } }
  removeSession: { body: undefined; answer: undefined }
  audit: { body: undefined; answer: { readonly entries: readonly AuditEntry[]; readonly more: boolean } }
  openApi: { body: undefined; answer: unknown }
}

/** Name of a route. */
export type RouteName = keyof RouteTypes

/** All routes by name. */
export const ROUTES: Readonly<Record<RouteName, Route>> = {
  signIn: route('POST', '/session', 'anyone', 'signs in; sets the session cookie'),
  me: route('GET', '/session', 'signed-in', 'who I am'),
  signOut: route('DELETE', '/session', 'signed-in', 'ends this session'),
  changePassword: route('PUT', '/session/password', 'signed-in', 'changes my password; ends my other sessions'),
  status: route('GET', '/status', 'viewer', 'generation, nodes, uptime, queries per second'),
  healthScores: route('GET', '/health/scores', 'viewer', 'standing, latency, error rate and score of each address'),
  pushHealth: scoped(
    'push',
    route('POST', '/health/push', 'operator', 'an endpoint, or who watches it, reports: one or a batch; tokens of scope push'),
  ),
  pushSamples: scoped('samples', route('POST', '/health/samples', 'operator', 'samples of a foreign vantage; tokens of scope samples')),
  vantages: route('GET', '/health/vantages', 'viewer', 'vantages: nodes and fed ones, newest sample, isolation, counts'),
  tryProbes: route('POST', '/probes/try', 'editor', 'tries the probes of an endpoint once, now, from here; counts for nothing'),
  standingHistory: route('GET', '/health/history', 'viewer', 'worst standing per minute and address; ?minutes=60'),
  healthSeries: route('GET', '/health/series', 'viewer', 'health over time for plots; ?endpoint=a,b&from=&to=&step='),
  policies: route('GET', '/policies', 'viewer', 'policies with their names, rules and issues; ?of=draft|live'),
  policy: route('GET', '/policies/:id', 'viewer', 'one policy with its ETag; ?of=draft|live'),
  putPolicy: route('PUT', '/policies/:id', 'editor', 'writes a policy into my draft; If-Match or If-None-Match: * is required'),
  deletePolicy: route('DELETE', '/policies/:id', 'editor', 'removes a policy from my draft; If-Match is required'),
  pools: route('GET', '/pools', 'viewer', 'pools and who uses them; ?of=draft|live'),
  endpoints: route('GET', '/endpoints', 'viewer', 'endpoints with their health'),
  overrides: route('GET', '/overrides', 'viewer', 'overrides that have not ended, newest first; ?ended= adds that many ended ones'),
  override: route('GET', '/overrides/:id', 'viewer', 'one override with its ETag'),
  addOverride: route('POST', '/overrides', 'operator', 'forces endpoints up, down, or drains them; 409 lists lines left on the fallback'),
  checkOverride: route('POST', '/overrides/check', 'operator', 'says which endpoints and lines an override would hit; sets nothing'),
  changeOverride: route('PATCH', '/overrides/:id', 'operator', 'changes an open override; If-Match is required'),
  endOverride: route('DELETE', '/overrides/:id', 'operator', 'ends an override; ?reason=, If-Match is honoured'),
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
