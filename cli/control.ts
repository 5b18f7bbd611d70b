/**
 * `nearcast control`: the control process. Store, publishing, API and console; nodes connect to it over a socket in the state folder.
 * Composition only. Killing it costs no answer and no acknowledged edit: the store is durable before an edit is acknowledged, and the
 * newest generation goes to the nodes again at every start.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, unwatchFile, watchFile } from 'node:fs'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { basename, join, resolve } from 'node:path'
import type { ApiParts } from '../admin-ui/api/api-parts.ts'
import { Accounts } from '../admin-ui/api/auth/accounts.ts'
import { GeodataDesk } from '../admin-ui/api/geodata/geodata-desk.ts'
import { loadGeodataInUse, prepareGeodataFolders } from '../admin-ui/api/geodata/geodata-state.ts'
import { openReportDesks, reportFigures } from '../admin-ui/api/health/report-desks.ts'
import { LatencyDesk } from '../admin-ui/api/latency/latency-desk.ts'
import { LineDirectory } from '../admin-ui/api/lines/line-directory.ts'
import { EventFeed } from '../admin-ui/api/observe/event-feed.ts'
import { FleetWatch } from '../admin-ui/api/observe/fleet-watch.ts'
import { recordHealth } from '../admin-ui/api/observe/health-recorder.ts'
import { keepHistory } from '../admin-ui/api/observe/keep-history.ts'
import { StandingRing } from '../admin-ui/api/observe/standing-ring.ts'
import { OverrideDesk } from '../admin-ui/api/overrides/override-desk.ts'
import { createCompiler } from '../admin-ui/api/publish/compile-in-worker.ts'
import { DraftDesk } from '../admin-ui/api/publish/draft-desk.ts'
import { Publisher } from '../admin-ui/api/publish/publisher.ts'
import { allRoutes } from '../admin-ui/api/routes/all-routes.ts'
import { createApiServers } from '../admin-ui/api/server.ts'
import { sendWebhook } from '../admin-ui/api/webhooks/send-webhook.ts'
import { WebhookDesk } from '../admin-ui/api/webhooks/webhook-desk.ts'
import { readWebhookSecrets } from '../admin-ui/api/webhooks/webhook-secrets.ts'
import { SecondaryKeeper } from '../admin-ui/api/zones/secondary-keeper.ts'
import { UpdateDesk } from '../admin-ui/api/zones/update-desk.ts'
import type { Issue } from '../admin-ui/contract/issue.ts'
import type { LatencyAsk } from '../cluster/latency-ask.ts'
import { startLocalFleetHub } from '../cluster/local-fleet-transport.ts'
import type { NotifyAsk, UpdateAsk } from '../cluster/zone-asks.ts'
import { findAddress, formatAddress } from '../geodata/address/address.ts'
import { type Prefix, parsePrefix, prefixContains } from '../geodata/address/prefix.ts'
import { isPrivateAddress } from '../geodata/address/private-addresses.ts'
import { loadGeodata } from '../geodata/geodata-file.ts'
import { buildInWorker } from '../geodata/refresh/build-in-worker.ts'
import { type OwnSocket, whyForbidden } from '../health/probe/allowed-target.ts'
import { DEFAULT_RETENTION, openHealthHistory } from '../policy/store/health-history.ts'
import { openHistory } from '../policy/store/history.ts'
import { openStore } from '../policy/store/store.ts'
import { openWebhookQueue, type WebhookQueue } from '../policy/store/webhook-queue.ts'
import { readSecrets } from '../resolver/transfer/secret-folder.ts'
import { transferZone } from '../resolver/transfer/transfer-client.ts'
import { formatListenAddress, type ListenAddress } from '../resolver/transport/listen-address.ts'
import { formatIssue } from './apply.ts'
import { type Command, type CommandArgs, type CommandOption, UsageError } from './command.ts'
import { CONTROL_OPTIONS } from './control-options.ts'
import { apiListenOf, apiTlsOf, metricsListenOf } from './http-settings.ts'
import { packageRoot } from './package-root.ts'
import { createProbeTrials } from './probe-trials.ts'
import { createStartLog, LOG_OPTION, type ProcessLog } from './process-log.ts'
import { applySettingsFile, type Flags, listFlag, SETTINGS_OPTION, textFlag } from './process-settings.ts'
import { ProductError } from './product-error.ts'
import { productVersion } from './product-version.ts'
import { readDocument } from './read-document.ts'
import { scriptFolderOf } from './script-folder.ts'
import { prepareStateFolder } from './state-folder.ts'
import { statePaths } from './state-paths.ts'
import { waitForStop } from './stop-signal.ts'

const OPTIONS: Readonly<Record<string, CommandOption>> = {
  state: { type: 'string', value: 'DIR', help: 'state folder [./var]' },
  ...CONTROL_OPTIONS,
  'metrics-listen': { type: 'string', value: 'ADDR:PORT', help: 'metrics of this machine, which webhooks must not reach [127.0.0.1:9153]' },
  example: { type: 'boolean', help: 'seeds an empty store with examples/edge-api' },
  ...LOG_OPTION,
  ...SETTINGS_OPTION,
}

/** Interval of looking at a watched document. */
const WATCH_INTERVAL_MS = 1000
/** Interval of telling nodes the figures of control. */
const FIGURES_INTERVAL_MS = 5000
/** Time that open requests have to end at a stop. */
const DRAIN_MS = 2000

async function run(args: CommandArgs): Promise<number> {
  const flags = applySettingsFile(OPTIONS, args.flags)
  const { log, release } = createStartLog('control', flags)
  const stopped = waitForStop()
  const listen = apiListenOf(flags)
  const tls = apiTlsOf(flags, listen)
  const paths = statePaths(prepareStateFolder(textFlag(flags, 'state', './var')))
  const shippedPath = textFlag(flags, 'geodata', join(packageRoot(), 'geodata', 'default', 'default.geodata'))
  // Before anything is made: what cannot be read ends the start with one line, and leaves nothing behind.
  const shipped = { geodata: loadGeodata(shippedPath), geodataPath: shippedPath }
  const outgoing = listFlag(flags, 'outgoing-allow', []).map((text) => readPrefixFlag('outgoing-allow', text))
  const allowed = [...outgoing, ...listFlag(flags, 'geodata-allow', []).map((text) => readPrefixFlag('geodata-allow', text))]
  await refuseSecond(paths.controlSocket)
  mkdirSync(paths.snapshots, { recursive: true, mode: 0o700 })
  const version = productVersion()
  const store = openStore(paths.store, { productVersion: version })
  const hub = await startLocalFleetHub({ path: paths.fleetSocket })
  const geodataFolders = {
    ...prepareGeodataFolders(paths.geodata),
    files: resolve(textFlag(flags, 'geodata-folder', join(paths.geodata, 'files'))),
    secrets: resolve(textFlag(flags, 'secrets', paths.secrets)),
    shippedPath,
  }
  const { geodata, geodataPath, problem } = loadGeodataInUse(store, geodataFolders, shipped)
  if (problem !== undefined) log.error({ problem, path: geodataPath }, 'the geodata that was in use cannot be read, older data is')
  const compiler = createCompiler()
  const feed = new EventFeed(Date.now())
  const ring = new StandingRing()
  const kept = startHistory(paths.history, feed, log)
  const healthHistory = openHealthHistory(paths.healthHistory)
  const recorder = recordHealth({
    history: healthHistory,
    retention: () => publisher.live()?.config?.options.retention ?? DEFAULT_RETENTION,
    onRestored: (minute) => ring.restore(minute),
    now: Date.now,
    log,
  })
  const fleet = new FleetWatch(hub, feed, ring, Date.now, recorder.add, {
    openProblems: (nodeId) => webhooks.openProblems(nodeId),
    takeAgain: (event) => webhooks.takeAgain(event),
  })
  const publisher = new Publisher({
    store,
    compiler,
    hub,
    geodata,
    geodataPath,
    snapshotFolder: paths.snapshots,
    scores: async () => (hub.nodes().length === 0 ? null : (await fleet.scores().catch(() => ({ scores: null }))).scores),
    incumbents: () => fleet.incumbents(),
    onPublished: (generation, account, comment) => {
      const detail = `published by ${account}${comment === '' ? '' : `: ${comment}`}`
      feed.add({ at: new Date().toISOString(), node: 'control', kind: 'publish', subject: String(generation), detail })
      secondaries.sync()
      geodataDesk.sync()
      webhooks.sync()
    },
    now: Date.now,
    log,
  })
  await publisher.open()
  const updates = new UpdateDesk({ publisher, log, now: Date.now })
  const secrets = textFlag(flags, 'secrets', paths.secrets)
  const secondaries = new SecondaryKeeper({
    publisher,
    transfer: transferZone,
    readKeys: (references) => readSecrets(secrets, references).keys,
    readCa: (name) => readFileSync(join(secrets, name), 'utf8'),
    tellFreshness: (read) => hub.tellFreshness(read),
    onEvent: (zone, detail) => void feed.add({ at: new Date().toISOString(), node: 'control', kind: 'zone', subject: zone, detail }),
    log,
    now: Date.now,
    monotonicMs: () => performance.now(),
    random: Math.random,
  })
  hub.onAsk(async (nodeId, method, params) => {
    if (method === 'update') return updates.submit(params as UpdateAsk)
    if (method === 'latency') {
      latency.takeNode(nodeId, params as LatencyAsk)
      return null
    }
    const { zone, client } = params as NotifyAsk
    secondaries.notified(zone, client)
    return null
  })
  let figuresTimer: NodeJS.Timeout | undefined
  let lines = new LineDirectory(geodata)
  const geodataDesk = new GeodataDesk({
    publisher,
    store,
    folders: geodataFolders,
    build: buildInWorker,
    clients: () => fleet.clients(),
    mayAskPrivate: (text) => {
      const address = findAddress(text)
      return address !== undefined && allowed.some((prefix) => prefixContains(prefix, address))
    },
    onEvent: (subject, detail) => void feed.add({ at: new Date().toISOString(), node: 'control', kind: 'geodata', subject, detail }),
    onChanged: () => {
      lines = new LineDirectory(publisher.geodataInUse().geodata)
    },
    now: Date.now,
    log,
  })
  const overrides = new OverrideDesk({
    store,
    publisher,
    hub,
    scores: async () => (hub.nodes().length === 0 ? null : (await fleet.scores().catch(() => ({ scores: null }))).scores),
    labelOf: (line, config) => lines.describe(line, config.lines),
    onEvent: (subject, detail) => void feed.add({ at: new Date().toISOString(), node: 'control', kind: 'override', subject, detail }),
    now: Date.now,
    log,
  })
  const own = [listen, metricsListenOf(flags)].map(({ address, port }) => ({ address: formatAddress(address), port }))
  const webhooks = new WebhookDesk({
    queue: startWebhookQueue(paths.webhooks, log),
    webhooks: () => publisher.live()?.config?.options.webhooks ?? [],
    subjects: () => {
      const config = publisher.live()?.config
      if (config === undefined) return undefined
      return { endpoints: new Set(config.endpoints.map(({ id }) => id)), policies: new Set(config.policies.map(({ id }) => id)) }
    },
    readSecrets: (webhook) => readWebhookSecrets(secrets, webhook),
    send: (format, message) => sendWebhook(format, message, (address, port) => whyUnreachable(address, port, own, outgoing)),
    now: Date.now,
    setTimer: (callback, delayMs) => {
      const timer = setTimeout(callback, delayMs)
      return () => clearTimeout(timer)
    },
    random: Math.random,
    version,
    log,
  })
  feed.listen((message) => {
    if (message.kind === 'event') webhooks.take(message.event)
  })
  const latency = new LatencyDesk({
    store,
    config: () => publisher.live()?.config,
    geodata: () => publisher.geodataInUse().geodata,
    hub,
    labelOf: (line) => lines.describe(line, []),
    now: Date.now,
    monotonicMs: () => performance.now(),
    log,
  })
  const reports = openReportDesks({
    hub,
    live: () => publisher.live(),
    now: Date.now,
    monotonicMs: () => performance.now(),
    setTimer: (callback, delayMs) => void setTimeout(callback, delayMs).unref(),
  })
  const accounts = new Accounts(store, Date.now)
  const parts: ApiParts = {
    store,
    accounts,
    publisher,
    drafts: new DraftDesk(store, publisher),
    fleet,
    ...reports,
    tryProbes: createProbeTrials(own, scriptFolderOf(flags)),
    overrides,
    latency,
    secondary: (zone) => secondaries.view(zone),
    feed,
    ring,
    healthHistory,
    get lines() {
      return lines
    },
    get geodata() {
      return publisher.geodataInUse().geodata
    },
    geodataDesk,
    webhooks,
    version,
    now: Date.now,
    startedAt: Date.now(),
  }
  const servers = createApiServers({
    handlers: allRoutes(parts),
    accounts,
    log,
    listenHost: formatAddress(listen.address),
    allowedHosts: listFlag(flags, 'allowed-host', []),
    ...(tls === undefined ? {} : { tls }),
    behindProxy: flags['behind-proxy'] === true,
    consoleFolder: join(packageRoot(), 'dist', 'admin-ui', 'web'),
  })
  try {
    // Before a generation goes out: nodes must not answer a moment without what operators force.
    overrides.start()
    latency.start()
    await openServers(servers.tcp, servers.socket, listen, paths.controlSocket)
    await bringUp(publisher, flags, log)
    // Only now: a start that is refused, because the port is taken or the first document is wrong, makes no account and tells no password.
    const first = await accounts.ensureFirstAdmin()
    if (first !== undefined) tellFirstPassword(first)
    secondaries.sync()
    geodataDesk.sync()
    webhooks.sync()
    const tellFigures = (): void =>
      hub.tellFigures(() => ({
        type: 'figures',
        rows: {
          ...geodataDesk.figures().rows,
          ...webhooks.figures(),
          nearcast_published_generation: [{ labels: {}, value: store.latestGenerationNumber() }],
          ...latency.figures(),
          ...reportFigures(reports, Date.now()),
        },
      }))
    tellFigures()
    figuresTimer = setInterval(tellFigures, FIGURES_INTERVAL_MS)
    fleet.start()
    const seed = watchSeed(publisher, flags, log)
    const { port } = servers.tcp.address() as { port: number }
    const address = formatListenAddress({ ...listen, port })
    tell({ type: 'ready', address, generation: store.latestGenerationNumber() })
    log.info({ address, generation: store.latestGenerationNumber(), version }, 'control is ready')
    release()
    if (process.send === undefined) process.stdout.write(`  console  http${tls === undefined ? '' : 's'}://${address}/\nready\n`)
    const reason = await stopped
    log.info({ reason }, 'stopping')
    seed.stop()
    return 0
  } finally {
    fleet.stop()
    overrides.stop()
    latency.stop()
    secondaries.stop()
    clearInterval(figuresTimer)
    await geodataDesk.stop()
    kept?.stop()
    webhooks.stop()
    recorder.stop()
    await Promise.all([servers.tcp, servers.socket].map(closeServer))
    await hub.close()
    await compiler.close()
    store.close()
  }
}

function readPrefixFlag(flag: string, text: string): Prefix {
  try {
    return parsePrefix(text)
  } catch (error) {
    throw new UsageError(`--${flag}: ${(error as Error).message}`)
  }
}

/** Events of earlier runs. Without them control works all the same. */
function startHistory(path: string, feed: EventFeed, log: ProcessLog): ReturnType<typeof keepHistory> | undefined {
  try {
    return keepHistory({ history: openHistory(path), feed, log })
  } catch (error) {
    log.error({ path, err: error }, 'events cannot be kept for the next start')
    return undefined
  }
}

/** Why a webhook may not be sent there; undefined = it may. */
function whyUnreachable(address: string, port: number, own: readonly OwnSocket[], outgoing: readonly Prefix[]): string | undefined {
  const forbidden = whyForbidden(address, port, own)
  const found = findAddress(address)
  if (forbidden !== undefined || found === undefined) return forbidden ?? `"${address}" is no address`
  if (!isPrivateAddress(found) || outgoing.some((prefix) => prefixContains(prefix, found))) return undefined
  return `${address} is a private address; allow it with --outgoing-allow`
}

/** What waits from earlier runs; without its file messages wait in memory. */
function startWebhookQueue(path: string, log: ProcessLog): WebhookQueue {
  try {
    return openWebhookQueue(path)
  } catch (error) {
    log.error({ path, err: error }, 'what webhooks have to tell cannot be kept for the next start')
    return openWebhookQueue(undefined)
  }
}

/** The newest generation to the nodes; an empty store is seeded first. */
async function bringUp(publisher: Publisher, flags: Flags, log: ProcessLog): Promise<void> {
  const path = seedPath(flags)
  if (publisher.live() === undefined && path !== undefined) {
    const { issues } = await publisher
      .publish({ ...readSeed(path), ...SEED_WISH, comment: `first document, ${basename(path)}`, accept: 'all' })
      .catch((error: unknown) => {
        throw seedError(error, path)
      })
    for (const issue of issues) if (issue.severity === 'warning') log.warn({ issue: issue.code, path: issue.path }, issue.message)
    return
  }
  try {
    await publisher.republish()
    publisher.warmUp()
  } catch (error) {
    // Nodes go on with what they have, and the console is the place to correct it: control must come up.
    log.error({ err: error }, 'the newest generation could not be published again')
  }
}

/** Every issue of a first document goes to standard error, as `nearcast check` shows it, before the one line that says why control ends. */
function seedError(error: unknown, path: string): unknown {
  const { code, message, extras } = error as { code?: string; message: string; extras?: { issues?: readonly Issue[] } }
  if (code !== 'DOCUMENT_INVALID') return error
  for (const issue of extras?.issues ?? []) process.stderr.write(`${formatIssue(issue, path)}\n`)
  return new ProductError(code, `"${path}" cannot be the first document: ${message}`, 'correct what is listed above, then start again', {
    cause: error,
  })
}

const SEED_WISH = { account: 'control', basedOn: null, force: true, origin: 'document' } as const

function seedPath(flags: Flags): string | undefined {
  if (typeof flags.document === 'string') return flags.document
  return flags.example === true ? join(packageRoot(), 'examples', 'edge-api', 'nearcast.yaml') : undefined
}

function readSeed(path: string): { readonly text: string; readonly files: Readonly<Record<string, string>> } {
  const { text, files } = readDocument(path)
  return { text, files: Object.fromEntries(files) }
}

/** Applies the document again on SIGHUP, and when it changes with --watch. */
function watchSeed(publisher: Publisher, flags: Flags, log: ProcessLog): { readonly stop: () => void } {
  const path = typeof flags.document === 'string' ? flags.document : undefined
  const apply = async (why: string): Promise<void> => {
    if (path === undefined) return
    try {
      // Warnings of the document are the operator's own words; the guards (fallback down, many moved) want a person.
      const answer = await publisher.publish({ ...readSeed(path), ...SEED_WISH, comment: `${basename(path)}, ${why}`, accept: 'document' })
      log.info({ generation: answer.generation, changed: answer.changed, path }, 'document applied')
    } catch (error) {
      const { code, message, extras } = error as { code?: string; message: string; extras?: { issues?: readonly Issue[] } }
      log.error({ code, path, issues: extras?.issues }, `the document was not applied, the live generation stays: ${message}`)
    }
  }
  const onHangup = (): void => void apply('SIGHUP')
  process.on('SIGHUP', onHangup)
  const watches = path !== undefined && flags.watch === true
  if (watches) watchFile(path, { interval: WATCH_INTERVAL_MS }, () => void (existsSync(path) && apply('changed')))
  return {
    stop: () => {
      process.off('SIGHUP', onHangup)
      if (watches) unwatchFile(path)
    },
  }
}

/** A second control on the same state folder would publish against the first. */
async function refuseSecond(socketPath: string): Promise<void> {
  if (!existsSync(socketPath)) return
  const answers = await new Promise<boolean>((resolve) => {
    const socket = connect(socketPath)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
  if (answers) {
    throw new ProductError(
      'CONTROL_RUNNING',
      `another control already runs on this state folder ("${socketPath}" answers)`,
      'stop it first, or choose another folder with --state',
    )
  }
  rmSync(socketPath, { force: true })
}

async function openServers(tcp: Server, socket: Server, listen: ListenAddress, socketPath: string): Promise<void> {
  await listening(tcp, { host: formatAddress(listen.address), port: listen.port }, formatListenAddress(listen))
  // Nobody but this user, from the first moment on: the folder is 0700 and the mask covers the rest.
  const mask = process.umask(0o177)
  try {
    await listening(socket, { path: socketPath }, socketPath)
  } finally {
    process.umask(mask)
  }
  chmodSync(socketPath, 0o600)
}

function listening(
  server: Server,
  where: { readonly host?: string; readonly port?: number; readonly path?: string },
  shown: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const inUse = error.code === 'EADDRINUSE'
      const remedy = inUse ? 'stop what uses it, or choose another with --api-listen' : 'choose another address with --api-listen'
      reject(
        new ProductError('API_LISTEN', `the API cannot listen on ${shown} (${inUse ? 'in use' : error.code})`, remedy, { cause: error }),
      )
    }
    server.once('error', fail)
    server.listen(where, () => {
      server.off('error', fail)
      resolve()
    })
  })
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
  await closed
  clearTimeout(timer)
}

function tell(message: object): void {
  process.send?.(message)
}

/** To the supervisor when there is one, else once to the terminal; never to the log. */
function tellFirstPassword(first: { readonly user: string; readonly password: string }): void {
  if (process.send !== undefined) tell({ type: 'first-password', ...first })
  else
    process.stdout.write(
      `  sign in  user "${first.user}", password "${first.password}" (shown only now; you change it at the first sign-in)\n`,
    )
}

/** The command. */
export const command: Command = {
  name: 'control',
  summary: 'Runs the control process alone: store, publishing, API and console.',
  positionals: '',
  options: OPTIONS,
  run,
}
