/**
 * The whole API on a loopback port with a store in a temporary folder, synthetic geodata, compiles in this thread, a fake hub and a clock that the
 * test moves. Everything else is the real thing.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ApiParts } from '../../admin-ui/api/api-parts.ts'
import { Accounts } from '../../admin-ui/api/auth/accounts.ts'
import { GeodataDesk } from '../../admin-ui/api/geodata/geodata-desk.ts'
import { prepareGeodataFolders } from '../../admin-ui/api/geodata/geodata-state.ts'
import { openReportDesks } from '../../admin-ui/api/health/report-desks.ts'
import { LatencyDesk } from '../../admin-ui/api/latency/latency-desk.ts'
import { LineDirectory } from '../../admin-ui/api/lines/line-directory.ts'
import { EventFeed } from '../../admin-ui/api/observe/event-feed.ts'
import { FleetWatch } from '../../admin-ui/api/observe/fleet-watch.ts'
import { recordHealth } from '../../admin-ui/api/observe/health-recorder.ts'
import { StandingRing } from '../../admin-ui/api/observe/standing-ring.ts'
import { OverrideDesk } from '../../admin-ui/api/overrides/override-desk.ts'
import { DraftDesk } from '../../admin-ui/api/publish/draft-desk.ts'
import { createLocalCompiler } from '../../admin-ui/api/publish/local-compiler.ts'
import { Publisher, type PublisherParts } from '../../admin-ui/api/publish/publisher.ts'
import { allRoutes } from '../../admin-ui/api/routes/all-routes.ts'
import { type ApiServerOptions, createApiServers } from '../../admin-ui/api/server.ts'
import { WebhookDesk } from '../../admin-ui/api/webhooks/webhook-desk.ts'
import { readWebhookSecrets } from '../../admin-ui/api/webhooks/webhook-secrets.ts'
import type { SecondaryView } from '../../admin-ui/api/zones/secondary-keeper.ts'
import type { HealthScore, HealthScores } from '../../admin-ui/contract/health-scores.ts'
import type { Role } from '../../admin-ui/contract/role.ts'
import { API_BASE } from '../../admin-ui/contract/routes.ts'
import type { FleetHub, HealthMessage, NodeEvent, NodeStatus, PublishMessage } from '../../cluster/fleet-transport.ts'
import type { NodeClients } from '../../cluster/node-clients.ts'
import type { NodeIncumbents } from '../../cluster/node-incumbents.ts'
import type { NodeProblems } from '../../cluster/node-problems.ts'
import { GeodataError } from '../../geodata/address/geodata-error.ts'
import type { Geodata } from '../../geodata/geodata.ts'
import type { LatencyMessage } from '../../health/model/latency-matrix.ts'
import type { Override } from '../../health/model/override.ts'
import type { VantageReport } from '../../health/model/vantage-report.ts'
import { tryProbes } from '../../health/probe/try-probes.ts'
import { DEFAULT_RETENTION, openHealthHistory } from '../../policy/store/health-history.ts'
import { openStore } from '../../policy/store/store.ts'
import { openWebhookQueue } from '../../policy/store/webhook-queue.ts'
import { makeSyntheticGeodata } from './synthetic-geodata.ts'

/** The document of DESIGN.md section 10. */
export const EXAMPLE_DOCUMENT: string = readFileSync(fileURLToPath(new URL('./design-example.yaml', import.meta.url)), 'utf8')

/** A few networks: Ningbo Telecom, Zhejiang Mobile, Beijing Unicom, abroad. */
export const FIXTURE_GEODATA: Geodata = {
  ...makeSyntheticGeodata([
    ['1.0.0.0', 'cn/33/3302/telecom'],
    ['2.0.0.0', 'cn/33/3301/mobile'],
    ['3.0.0.0', 'cn/11//unicom'],
    ['4.0.0.0', 'us/us-ca'],
    ['5.0.0.0', ''],
  ]),
  header: { sources: [], coverage: {} as Geodata['header']['coverage'] },
  digest: 'fixture',
}

/** A hub without sockets. */
export type FakeHub = FleetHub & {
  readonly published: PublishMessage[]
  /** Connected nodes; empty at first. */
  nodeList: NodeStatus[]
  /** Latency messages that nodes were told. */
  readonly latency: LatencyMessage[]
  /** Overrides that nodes were told last. */
  overrides: readonly Override[]
  /** What `scores` answers. */
  scores: readonly HealthScore[]
  /** What `incumbents` answers. */
  incumbents: NodeIncumbents
  /** What `problems` answers. */
  problems: NodeProblems
  /** Nodes that have told what they kept, and their connections. */
  caughtUpNodes: ReadonlyMap<string, number>
  /** What `clients` answers. */
  clients: NodeClients
  /** What `explain` answers. */
  explain: (params: unknown) => unknown
  tell(event: NodeEvent): void
  /** What nodes were told of health. */
  readonly health: HealthMessage[]
  /** What a node that connects is told of it. */
  healthWanted: () => readonly HealthMessage[]
  /** A node reports as a vantage. */
  report: (report: VantageReport) => void
}

/** A reply of the API. */
export type Reply = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect.
  readonly json: any
}

/** A request; the default headers are those of our own console. */
export type CallOptions = {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly cookie?: string
  readonly raw?: string
}

/** The running API. */
export type ControlFixture = {
  readonly parts: ApiParts
  readonly hub: FakeHub
  /** What the keeper of secondary zones says of each. */
  readonly secondaryViews: Map<string, SecondaryView>
  readonly port: number
  readonly folder: string
  /** Moves the clock. */
  advance(ms: number): void
  call(method: string, path: string, options?: CallOptions): Promise<Reply>
  /** Makes an account with this role, its password changed, and signs it in; returns the cookie. */
  signInAs(role: Role, name?: string): Promise<string>
  /** A publisher as after a restart: it knows what the store has. */
  restartedPublisher(): Publisher
  stop(): Promise<void>
}

/** Publishes a first document as a publisher; fails with what the API says. */
export async function publishDocument(control: ControlFixture, text: string, files: Readonly<Record<string, string>> = {}): Promise<void> {
  const cookie = await control.signInAs('publisher')
  const body = { text, files, basedOn: null, force: false, comment: '', accept: [] }
  const put = await control.call('PUT', '/document', { cookie, body })
  assert.equal(put.status, 200, put.text)
}

/** The cookie that a reply sets, as a browser would send it. */
export function cookieOf(reply: Reply): string {
  const [set = ''] = (reply.headers['set-cookie'] ?? []) as string[]
  return set.split(';')[0]!
}

function makeHub(): FakeHub {
  const listeners: ((nodeId: string, event: NodeEvent) => void)[] = []
  const hub: FakeHub = {
    published: [],
    health: [],
    healthWanted: () => [],
    report: () => undefined,
    nodeList: [],
    overrides: [],
    latency: [],
    scores: [],
    incumbents: [],
    problems: { generation: 0, standings: [], failOpen: [], isolated: null, overloaded: null },
    caughtUpNodes: new Map(),
    clients: [],
    explain: () => ({}),
    nodes: () => hub.nodeList,
    publish: async (message) => {
      hub.published.push(message)
      return hub.nodeList.map((node) => ({ nodeId: node.nodeId, ok: true }))
    },
    request: async (method, params) => {
      if (hub.nodeList.length === 0) throw Object.assign(new Error('no node is connected'), { code: 'FLEET_NODE_AWAY' })
      if (method === 'explain') return hub.explain(params)
      if (method === 'incumbents') return hub.incumbents
      if (method === 'clients') return hub.clients
      if (method === 'problems') return hub.problems
      if (method === 'stats') return { queriesPerSecond: 12, answerMixPercent: { NOERROR: 100 }, displacedPercent: 3 }
      return {
        generation: 1,
        rankingId: 7,
        computedAt: '2026-01-01T00:00:00.000Z',
        windowSeconds: 300,
        scores: hub.scores,
      } satisfies HealthScores
    },
    onEvent: (listener) => void listeners.push(listener),
    caughtUp: () => hub.caughtUpNodes,
    onAsk: () => undefined,
    tellFreshness: () => undefined,
    tellFigures: () => undefined,
    tellLatency: (read) => {
      hub.latency.push(read(hub.latency.length === 0))
    },
    tellHealth: (message) => void hub.health.push(message),
    onHealthWanted: (read) => {
      hub.healthWanted = read
    },
    onVantageReport: (listener) => {
      hub.report = listener
    },
    tellOverrides: (read) => {
      hub.overrides = read().overrides
    },
    close: async () => undefined,
    tell: (event) => {
      for (const listener of listeners) listener('node-1', event)
    },
  }
  return hub
}

/** Starts it. */
export async function startControl(
  options: { readonly limits?: ApiServerOptions['limits']; readonly geodata?: Geodata; readonly behindProxy?: boolean } = {},
): Promise<ControlFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-control-'))
  let nowMs = Date.UTC(2026, 5, 15, 12)
  /** Callbacks of timers: every advance of the clock is longer than they wait. */
  const timers: (() => void)[] = []
  const now = (): number => nowMs
  const store = openStore(join(folder, 'control.sqlite'), { productVersion: '0.0.0', now })
  const geodata = options.geodata ?? FIXTURE_GEODATA
  const hub = makeHub()
  const feed = new EventFeed(now())
  const ring = new StandingRing()
  const healthHistory = openHealthHistory(join(folder, 'health-history.sqlite'))
  const recorder = recordHealth({
    history: healthHistory,
    retention: () => DEFAULT_RETENTION,
    onRestored: () => undefined,
    now,
    log: { error: () => undefined },
  })
  const fleet = new FleetWatch(hub, feed, ring, now, recorder.add)
  const compiler = createLocalCompiler(() => geodata)
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const publisherParts: PublisherParts = {
    store,
    compiler: {
      parse: async (source) => compiler.parse(source),
      compile: async (source, input) => compiler.compile(source, input),
    },
    hub,
    geodata,
    geodataPath: 'fixture',
    snapshotFolder: join(folder, 'snapshots'),
    scores: async () => (hub.nodeList.length === 0 ? null : hub.scores),
    incumbents: () => fleet.incumbents(),
    onPublished: (generation, account, comment) =>
      void feed.add({
        at: new Date(now()).toISOString(),
        node: 'control',
        kind: 'publish',
        subject: String(generation),
        detail: `${account} ${comment}`,
      }),
    now,
    log: quiet,
  }
  const publisher = new Publisher(publisherParts)
  const geodataFolder = join(folder, 'geodata')
  const geodataDesk = new GeodataDesk({
    publisher,
    store,
    folders: {
      ...prepareGeodataFolders(geodataFolder),
      files: join(geodataFolder, 'files'),
      secrets: join(folder, 'secrets'),
      shippedPath: 'fixture',
    },
    build: async () => {
      throw new GeodataError('GEODATA_SOURCE_INVALID', 'the fixture builds nothing', '')
    },
    clients: () => fleet.clients(),
    mayAskPrivate: () => false,
    onEvent: (subject, detail) => void feed.add({ at: new Date(now()).toISOString(), node: 'control', kind: 'geodata', subject, detail }),
    onChanged: () => undefined,
    now,
    log: quiet,
  })
  const accounts = new Accounts(store, now)
  const webhooks = new WebhookDesk({
    queue: openWebhookQueue(undefined),
    webhooks: () => publisher.live()?.config?.options.webhooks ?? [],
    subjects: () => undefined,
    readSecrets: (webhook) => readWebhookSecrets(join(folder, 'secrets'), webhook),
    send: async () => ({ ok: true, status: 200, detail: 'it answers 200', reply: 'ok', durationMs: 5, retryAfterSeconds: 0 }),
    now,
    setTimer: () => () => undefined,
    random: () => 0.5,
    version: '0.0.0',
    log: quiet,
  })
  const secondaryViews = new Map<string, SecondaryView>()
  const lines = new LineDirectory(geodata)
  const overrides = new OverrideDesk({
    store,
    publisher,
    hub,
    scores: async () => (hub.nodeList.length === 0 ? null : hub.scores),
    labelOf: (line, config) => lines.describe(line, config.lines),
    onEvent: (subject, detail) => void feed.add({ at: new Date(now()).toISOString(), node: 'control', kind: 'override', subject, detail }),
    now,
    log: quiet,
  })
  const latency = new LatencyDesk({
    store,
    config: () => publisher.live()?.config,
    geodata: () => geodata,
    hub,
    labelOf: (line) => lines.describe(line, []),
    now,
    monotonicMs: now,
    log: { error: () => undefined },
  })
  const parts: ApiParts = {
    store,
    accounts,
    publisher,
    drafts: new DraftDesk(store, publisher),
    fleet,
    ...openReportDesks({
      hub,
      live: () => publisher.live(),
      now,
      monotonicMs: now,
      setTimer: (callback) => void timers.push(callback),
    }),
    tryProbes: (endpoint) => tryProbes(endpoint, { monotonicMs: now, wallMs: now, lagSinceMs: () => 0, own: [] }),
    overrides,
    latency,
    secondary: (zone) => secondaryViews.get(zone),
    feed,
    ring,
    healthHistory,
    lines,
    geodata,
    geodataDesk,
    webhooks,
    version: '0.0.0',
    now,
    startedAt: nowMs,
  }
  const { tcp, socket } = createApiServers({
    handlers: allRoutes(parts),
    accounts,
    log: quiet,
    listenHost: '127.0.0.1',
    allowedHosts: ['dns.example.com'],
    behindProxy: options.behindProxy ?? false,
    consoleFolder: join(folder, 'console'),
    limits: {
      requestsPerMinute: 100_000,
      reportsPerMinute: 100_000,
      signInsPerMinute: 100_000,
      wrongTokensPerMinute: 100_000,
      ...options.limits,
    },
  })
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  await new Promise<void>((resolve) => socket.listen(join(folder, 'control.sock'), resolve))
  const { port } = tcp.address() as { port: number }
  const fixture: ControlFixture = {
    parts,
    secondaryViews,
    hub,
    port,
    folder,
    advance: (ms) => {
      nowMs += ms
      for (const callback of timers.splice(0)) callback()
    },
    call: (method, path, callOptions = {}) => send(port, method, path, callOptions),
    signInAs: async (role, name = `${role}-1`) => {
      const { password } = await accounts.addUser(name, role, 'test')
      const { caller } = await accounts.signIn(name, password, '')
      const { token } = await accounts.changePassword(caller, password, `a good password of ${name}`, '')
      return `nearcast_session=${token}`
    },
    restartedPublisher: () => new Publisher(publisherParts),
    stop: async () => {
      tcp.closeAllConnections()
      await Promise.all([tcp, socket].map((server) => new Promise((resolve) => server.close(resolve))))
      store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return fixture
}

function send(port: number, method: string, path: string, options: CallOptions): Promise<Reply> {
  const own = method === 'GET' ? {} : { 'Content-Type': 'application/json', Origin: `http://127.0.0.1:${port}` }
  const headers = { ...own, ...(options.cookie === undefined ? {} : { Cookie: options.cookie }), ...options.headers }
  const present = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<string, string>
  const sent = options.raw ?? (options.body === undefined ? '' : JSON.stringify(options.body))
  // Without it node sends the body of a DELETE unframed.
  if (method !== 'GET') present['Content-Length'] = String(Buffer.byteLength(sent))
  return new Promise((resolve, reject) => {
    const target = path.startsWith('//') ? path.slice(1) : `${API_BASE}${path}`
    const call = request({ host: '127.0.0.1', port, method, path: target, headers: present, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const isJson = /json/.test(String(response.headers['content-type']))
        resolve({ status: response.statusCode!, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined })
      })
    })
    call.on('error', reject)
    if (sent !== '') call.write(sent)
    call.end()
  })
}
