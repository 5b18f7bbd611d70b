/**
 * `nearcast node`: the data plane of one machine. Answers from the last good snapshot and the kept standings with control away; takes
 * generations, and answers questions, over the fleet link. Shell: composition only.
 *
 *   kept snapshot ─► publish ─┐
 *   fleet link ──── publish ──┴─► data plane ─► workers            metrics port, requests of control: read-only views
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import type { FiguresMessage, NodeEvent, NodeStatus, PublishMessage } from '../cluster/fleet-transport.ts'
import { openLocalFleetLink } from '../cluster/local-fleet-transport.ts'
import { formatAddress } from '../geodata/address/address.ts'
import { startMetricsEndpoint } from '../resolver/observe/metrics-endpoint.ts'
import type { Snapshot } from '../resolver/snapshot/snapshot.ts'
import { type BlockSource, keepSnapshotFile, loadKeptSnapshot, loadSnapshotInSlices } from '../resolver/snapshot/snapshot-file.ts'
import { formatListenAddress } from '../resolver/transport/listen-address.ts'
import { ANSWER_OPTIONS, answerSettings } from './answer-options.ts'
import type { Command, CommandArgs, CommandOption } from './command.ts'
import { startGuardState } from './data-plane/cookie-secrets.ts'
import { type DataPlane, startDataPlane } from './data-plane/data-plane.ts'
import { startHealthFigures } from './data-plane/health-figures.ts'
import { readNodeLine, startLineFeed } from './data-plane/line-feed.ts'
import { nodeMetricRows } from './data-plane/node-metrics.ts'
import { startNodeOverrides } from './data-plane/node-overrides.ts'
import { createNodeRequests } from './data-plane/node-requests.ts'
import { openSockets } from './data-plane/open-sockets.ts'
import { startNodeEncryption } from './data-plane/start-encrypted.ts'
import { startNodeHealth, takeHealth } from './data-plane/start-health.ts'
import { nodeTransfers } from './data-plane/start-transfers.ts'
import { describeJump, watchClock } from './data-plane/watch-clock.ts'
import { startFreshness } from './data-plane/zone-freshness.ts'
import { nodeZoneRequests } from './data-plane/zone-requests.ts'
import { apiListenOf, metricsListenOf, metricsTokenOf } from './http-settings.ts'
import { takeInheritedSockets } from './inherited-sockets.ts'
import { packageRoot } from './package-root.ts'
import { createStartLog, LOG_OPTION, type ProcessLog } from './process-log.ts'
import { applySettingsFile, defaultUdpThreads, listenFlags, numberFlag, SETTINGS_OPTION, textFlag } from './process-settings.ts'
import { ProductError } from './product-error.ts'
import { QUERY_LOG_OPTIONS, queryLogSettings, startNodeQueryLog } from './query-log-options.ts'
import { scriptFolderOf } from './script-folder.ts'
import { prepareStateFolder } from './state-folder.ts'
import { type StatePaths, statePaths } from './state-paths.ts'
import { waitForStop } from './stop-signal.ts'
import { streamSettings } from './stream-options.ts'

const OPTIONS: Readonly<Record<string, CommandOption>> = {
  state: { type: 'string', value: 'DIR', help: 'state folder [./var]' },
  ...ANSWER_OPTIONS,
  ...QUERY_LOG_OPTIONS,
  'metrics-listen': { type: 'string', value: 'ADDR:PORT', help: 'metrics [127.0.0.1:9153]' },
  'api-listen': { type: 'string', value: 'ADDR:PORT', help: 'API of this machine, which probes must not reach [127.0.0.1:8080]' },
  'metrics-token-file': { type: 'string', value: 'FILE', help: 'file with the bearer token of the metrics port; needed beyond loopback' },
  line: { type: 'string', value: 'LINE', help: 'own line, e.g. cn-33/telecom: probes of this node count as measured there [none]' },
  'node-id': { type: 'string', value: 'NAME', help: 'name of this node [host name]' },
  site: { type: 'string', value: 'NAME', help: 'site (endpoints[].site) that this node stands in [none]' },
  ...LOG_OPTION,
  ...SETTINGS_OPTION,
}

/** DNS opens at the latest after this time, with what there is (DESIGN.md section 2). */
const OPEN_AT_LATEST_MS = 3000
/** Pause before a first generation that could not be made live is tried again; it doubles up to FIRST_RETRY_LAST_MS. */
const FIRST_RETRY_MS = 1000
const FIRST_RETRY_LAST_MS = 30_000

/** Keeps what the node answers from now, for a start with nothing else reachable. Failures cost only that start: they are logged. */
async function keep(paths: StatePaths, message: PublishMessage, log: ProcessLog): Promise<void> {
  try {
    await keepSnapshotFile(message.path, paths.nodeSnapshot)
    writeFileSync(paths.nodeGeodata, message.geodataPath, { mode: 0o600 })
  } catch (error) {
    log.error({ error: (error as Error).message, path: paths.nodeSnapshot }, 'the snapshot could not be kept for the next start')
  }
}

/** Publishes the kept snapshot, if there is one that can be used. */
async function publishKept(plane: DataPlane, paths: StatePaths, log: ProcessLog): Promise<void> {
  try {
    await plane.publish((blockSource) => {
      const kept = loadKeptSnapshot(paths.nodeSnapshot, blockSource)
      if (kept === undefined) throw new ProductError('NODE_NOTHING_KEPT', 'no snapshot was kept', 'wait for control')
      if (kept.problem !== undefined)
        log.error({ problem: kept.problem.message, path: kept.path }, 'the kept snapshot is damaged; the older copy is used')
      return kept.snapshot
    })
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code === 'NODE_NOTHING_KEPT') log.info('no snapshot was kept; waiting for control')
    else log.error({ code, error: message }, 'the kept snapshot cannot be used; waiting for control')
  }
}

/** Loads what control published and checks that it is that. */
async function loadPublished(message: PublishMessage, blockSource: BlockSource): Promise<Snapshot> {
  const snapshot = await loadSnapshotInSlices(message.path, blockSource)
  if (snapshot.generation === message.generation && snapshot.digest === message.digest) return snapshot
  throw new ProductError(
    'NODE_WRONG_SNAPSHOT',
    `"${message.path}" holds generation ${snapshot.generation} (${snapshot.digest.slice(0, 12)}), not ${message.generation} (${message.digest.slice(0, 12)})`,
    'publish again',
  )
}

async function run(args: CommandArgs): Promise<number> {
  const flags = applySettingsFile(OPTIONS, args.flags)
  const { log, release } = createStartLog('node', flags)
  const stopped = waitForStop()
  let isStopping = false
  void stopped.then(() => {
    isStopping = true
  })
  const startedAt = Date.now()
  const nodeId = textFlag(flags, 'node-id', hostname())
  const line = readNodeLine(textFlag(flags, 'line', ''))
  const threads = numberFlag(flags, 'udp-threads', defaultUdpThreads(), 1, 64)
  const addresses = listenFlags(flags, 'listen', ['127.0.0.1:5300'], 53)
  const metricsListen = metricsListenOf(flags)
  const apiListen = apiListenOf(flags)
  const token = metricsTokenOf(flags, metricsListen)
  const querySettings = queryLogSettings(flags, nodeId)
  const paths = statePaths(prepareStateFolder(textFlag(flags, 'state', './var')))
  mkdirSync(dirname(paths.nodeSnapshot), { recursive: true, mode: 0o700 })
  const inherited = takeInheritedSockets(process.env, process.pid)
  const settings = answerSettings(flags)
  const streams = streamSettings(flags)
  const guard = startGuardState(textFlag(flags, 'cookie-secret-file', ''), paths.cookieSecrets, log)
  const opened = await openSockets(inherited, addresses, threads, log, streams.encrypted)

  let status: NodeStatus = { nodeId, generation: 0, digest: '', startedAt }
  let geodataPath = existsSync(paths.nodeGeodata) ? readFileSync(paths.nodeGeodata, 'utf8') : ''
  const link = openLocalFleetLink({ path: paths.fleetSocket, status })
  const tell = (kind: NodeEvent['kind'], subject: string, detail: string, evidence?: unknown): void => {
    link.event({ at: Date.now(), kind, subject, detail, ...(evidence === undefined ? {} : { evidence }) })
    log.info({ event: kind, subject, detail }, 'event')
  }
  const workerReplaced = (name: string, reason: string): void => {
    log.error({ worker: name, reason }, 'a worker was replaced')
    tell('worker-replaced', name, reason)
  }
  const health = startNodeHealth({
    statePath: paths.nodeHealth,
    vantage: nodeId,
    site: textFlag(flags, 'site', ''),
    own: [metricsListen, apiListen].map(({ address, port }) => ({ address: formatAddress(address), port })),
    scriptFolder: scriptFolderOf(flags),
    log,
    onIsolation: (_isolated, detail) => tell('isolation', nodeId, detail),
    onStanding: (subject, detail, evidence) => {
      const to = /→ (up|down|degraded|unknown)\b/.exec(detail)?.[1]
      if (to !== undefined) healthFigures.changed(subject, evidence.address, to)
      tell('standing', subject, detail, evidence)
    },
    onWorkerReplaced: workerReplaced,
    onReport: (report) => link.vantageReport(report),
  })
  const healthFigures = startHealthFigures({
    vantage: nodeId,
    details: () => health.details(),
    state: () => health.state(),
    onCapacity: (endpoint, isBeyond) =>
      tell('capacity', endpoint, isBeyond ? 'beyond its hard capacity: gets no clients' : 'below its hard capacity again'),
  })
  const stopClockWatch = watchClock({ onJump: (jumpMs) => tell('clock', nodeId, describeJump(jumpMs)) })
  // Before the first plan: not one answer without what operators force.
  const overrides = startNodeOverrides(paths.nodeOverrides, log, health.replaceOverrides)
  const encryption = startNodeEncryption(streams, opened.encrypted.length > 0, log, (detail) => tell('certificate', nodeId, detail))
  const plane = startDataPlane({
    sockets: opened.assigned,
    settings,
    guard: guard.memory,
    queryLog: startNodeQueryLog(querySettings, log, workerReplaced),
    tcpLimits: streams.limits,
    encryption,
    health,
    transfers: nodeTransfers({
      secretsFolder: textFlag(flags, 'secrets', paths.secrets),
      journalPath: paths.nodeJournal,
      allow: [],
      listen: opened.addresses,
      log,
    }),
    requests: nodeZoneRequests(link, log),
    freshness: startFreshness(paths.nodeFreshness, log),
    log,
    onWorkerReplaced: workerReplaced,
    onFailOpen: (policy, open) => tell('fail-open', policy, open ? 'answers without an eligible endpoint' : 'has eligible endpoints again'),
  })
  const requests = createNodeRequests({
    plane,
    overrides: overrides.list,
    nodeId,
    startedAt,
    details: healthFigures.details,
    healthState: () => health.state(),
    latencyCells: (ofLine) => health.latencyCells(ofLine),
    geodataPath: () => geodataPath,
  })
  const version = (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version
  const closers: (() => Promise<void>)[] = []
  let newest: PublishMessage | undefined
  // Of control, as it told them last.
  let figures: FiguresMessage['rows'] = {}
  let figuresAtMs: number | undefined
  try {
    const metrics = await startMetricsEndpoint({
      listen: metricsListen,
      token,
      rows: () => {
        const [scores, nowMs] = [requests.scores(), Date.now()]
        const ages = figuresAtMs === undefined ? [] : [{ labels: {}, value: (performance.now() - figuresAtMs) / 1000 }]
        return {
          ...figures,
          nearcast_control_age_seconds: ages,
          nearcast_node_events_waiting: [{ labels: {}, value: link.eventFigures().waiting }],
          nearcast_node_events_dropped_total: [{ labels: {}, value: link.eventFigures().dropped }],
          ...nodeMetricRows(plane, scores, { nodeId, version, startedAt }, nowMs),
          ...healthFigures.rows(plane.live(), scores, nowMs),
        }
      },
      scores: () => requests.scores(),
      ready: () => plane.isOpen() && plane.live() !== undefined,
    })
    closers.push(() => metrics.close())

    let hasSaidReady = false
    /** `ready` to who started this node alone: once, when DNS is open and there is something to answer from. */
    const sayReady = (): void => {
      if (process.send !== undefined || hasSaidReady || !plane.isOpen() || plane.live() === undefined) return
      hasSaidReady = true
      process.stdout.write('ready\n')
    }
    /** Tells everybody what is live now. */
    const announce = (): NodeStatus => {
      const { generation, digest } = plane.live()!.snapshot
      status = { nodeId, generation, digest, startedAt }
      process.send?.({ type: 'live', generation })
      sayReady()
      return status
    }
    let firstLive: () => void = () => undefined
    const live = new Promise<void>((resolve) => {
      firstLive = resolve
    })
    link.onOverrides((message) => overrides.take(message.overrides))
    link.onLatency((message) => health.takeLatency(message))
    const feed = startLineFeed(
      line,
      () => plane.live(),
      (method, params, timeoutMs) => link.ask(method, params, timeoutMs),
    )
    closers.push(async () => feed.stop())
    link.onFreshness(({ expiresInMs }) => plane.freshness?.take(expiresInMs))
    link.onFigures((message) => {
      figures = message.rows
      figuresAtMs = performance.now()
    })
    link.onHealth((message) => takeHealth(health, message))
    link.onRequest((method, params) => requests.answer(method, params))
    const kept = publishKept(plane, paths, log).then(() => {
      if (plane.live() === undefined) return
      link.status(announce())
      firstLive()
    })
    const apply = async (message: PublishMessage): Promise<NodeStatus> => {
      // What was kept is usually just this generation.
      await kept
      const now = plane.live()?.snapshot
      if (now?.generation !== message.generation || now.digest !== message.digest) {
        await plane.publish((blockSource) => loadPublished(message, blockSource))
        tell('generation', String(message.generation), `live with digest ${message.digest.slice(0, 12)}`)
      }
      geodataPath = message.geodataPath
      await keep(paths, message, log)
      firstLive()
      return announce()
    }
    const retryFirst = (message: PublishMessage, waitMs: number): void => {
      const again = async (): Promise<void> => {
        if (newest !== message || plane.live() !== undefined) return
        try {
          link.status(await apply(message))
        } catch (error) {
          log.error({ generation: message.generation, error: (error as Error).message }, 'the generation could not be made live')
          retryFirst(message, Math.min(2 * waitMs, FIRST_RETRY_LAST_MS))
        }
      }
      setTimeout(() => void again(), waitMs).unref()
    }
    link.onPublish(async (message) => {
      newest = message
      try {
        return await apply(message)
      } catch (error) {
        // There is nothing older to answer from: a machine that was too busy for the first ranking must not stay without one.
        if (plane.live() === undefined) retryFirst(message, FIRST_RETRY_MS)
        throw error
      }
    })
    await Promise.race([live, stopped, new Promise((resolve) => setTimeout(resolve, OPEN_AT_LATEST_MS))])
    await plane.open()
    process.send?.({ type: 'ready', address: formatListenAddress(metrics.listen) })
    sayReady()
    if (process.send === undefined && !hasSaidReady)
      process.stdout.write('not ready: no generation is live, DNS answers SERVFAIL; waiting for control\n')
    log.info({ dns: opened.addresses.map(formatListenAddress), metrics: formatListenAddress(metrics.listen) }, 'node is ready')
    if (!isStopping) release()
    log.info({ reason: await stopped }, 'stopping')
    return 0
  } finally {
    newest = undefined
    guard.stop()
    await plane.stop()
    await link.close()
    for (const close of closers) await close()
    requests.stop()
    healthFigures.stop()
    stopClockWatch()
  }
}

/** The command. */
export const command: Command = {
  name: 'node',
  summary: 'Runs the data plane alone: DNS, probes, metrics; generations come from control.',
  positionals: '',
  options: OPTIONS,
  run,
}
