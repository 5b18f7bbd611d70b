/** `nearcast serve`: a data plane alone, answering from zones and a document compiled at the start and on SIGHUP; no console, no control. Shell. */
import { hostname } from 'node:os'
import { collectGarbage } from '../resolver/transport/take-swaps.ts'
import { ANSWER_OPTIONS, answerSettings } from './answer-options.ts'
import { type Command, type CommandArgs, type CommandOption, UsageError } from './command.ts'
import type { StaticSources } from './compile-static.ts'
import { startGuardState } from './data-plane/cookie-secrets.ts'
import { type DataPlane, startDataPlane } from './data-plane/data-plane.ts'
import { openSockets } from './data-plane/open-sockets.ts'
import { startNodeEncryption } from './data-plane/start-encrypted.ts'
import { startNodeHealth } from './data-plane/start-health.ts'
import { nodeTransfers } from './data-plane/start-transfers.ts'
import { defaultGeodataFile } from './geodata.ts'
import { takeInheritedSockets } from './inherited-sockets.ts'
import { createProcessLog, LOG_OPTION, type ProcessLog } from './process-log.ts'
import { applySettingsFile, defaultUdpThreads, listenFlags, listFlag, numberFlag, SETTINGS_OPTION, textFlag } from './process-settings.ts'
import { QUERY_LOG_OPTIONS, queryLogSettings, startNodeQueryLog } from './query-log-options.ts'
import { scriptFolderOf } from './script-folder.ts'
import { prepareStateFolder } from './state-folder.ts'
import { statePaths } from './state-paths.ts'
import { createStaticLoader, type Served, type StaticLoader } from './static-loader.ts'
import { waitForStop } from './stop-signal.ts'
import { streamSettings } from './stream-options.ts'

const OPTIONS: Readonly<Record<string, CommandOption>> = {
  zones: { type: 'string', value: 'DIR', help: 'folder of master files: DIR/zones.txt lists "origin file", else every *.zone' },
  document: { type: 'string', value: 'FILE', help: 'document with endpoints, policies and steered names' },
  ...ANSWER_OPTIONS,
  ...QUERY_LOG_OPTIONS,
  state: { type: 'string', value: 'DIR', help: 'folder for standings kept over a restart [none is kept]' },
  geodata: { type: 'string', value: 'FILE', help: 'geodata file [the default geodata]' },
  'allow-transfer': { type: 'string', multiple: true, value: 'PREFIX', help: 'prefixes that may transfer zones' },
  ...LOG_OPTION,
  ...SETTINGS_OPTION,
}

/**
 * SIGHUP reads zones and document again. A zone that fails keeps its last good version and is named with its errors; when anything
 * else fails, all stays as it is. Reloads run one after another; signals during one make one more. A stop ends a reload where it is.
 */
function reloadOnSignal(plane: DataPlane, loader: StaticLoader, sources: StaticSources, first: Served, log: ProcessLog): void {
  let lastGood = first
  let generation = 1
  let isRunning = false
  let isWanted = false
  const reload = async (): Promise<void> => {
    try {
      const served = await loader.compile(sources, generation + 1, lastGood)
      await plane.publish(served.load)
      generation++
      loader.forget(lastGood)
      lastGood = served
      for (const { zone, isKept, errors } of served.failed) {
        log.error(
          { zone, isKept, errors },
          isKept ? 'the zone failed and keeps its last good version' : 'the zone failed and is not served',
        )
      }
      log.info({ generation, zones: served.zones, failed: served.failed.length }, 'reloaded')
    } catch (error) {
      if (loader.isStopped()) return
      const { code, message } = error as { code?: string; message: string }
      log.error({ code, reason: message }, 'reload failed; what was served stays')
    }
  }
  process.on('SIGHUP', async () => {
    isWanted = true
    if (isRunning) return
    isRunning = true
    while (isWanted && !loader.isStopped()) {
      isWanted = false
      await reload()
    }
    isRunning = false
  })
}

async function run(args: CommandArgs): Promise<number> {
  const flags = applySettingsFile(OPTIONS, args.flags)
  const log = createProcessLog('serve', flags)
  const zoneFolder = textFlag(flags, 'zones', '')
  const documentPath = textFlag(flags, 'document', '')
  if (zoneFolder === '' && documentPath === '') throw new UsageError('name what to serve with --zones DIR or --document FILE')
  const threads = numberFlag(flags, 'udp-threads', defaultUdpThreads(), 1, 64)
  const addresses = listenFlags(flags, 'listen', ['127.0.0.1:5300'], 53)
  const querySettings = queryLogSettings(flags, textFlag(flags, 'identity', hostname()))
  const state = textFlag(flags, 'state', '')
  const paths = state === '' ? undefined : statePaths(prepareStateFolder(state))
  const inherited = takeInheritedSockets(process.env, process.pid)
  const settings = answerSettings(flags)
  const streams = streamSettings(flags)
  const guard = startGuardState(textFlag(flags, 'cookie-secret-file', ''), paths?.cookieSecrets, log)
  const { assigned, addresses: opened, encrypted } = await openSockets(inherited, addresses, threads, log, streams.encrypted)

  const sources: StaticSources = {
    zoneFolder: zoneFolder || undefined,
    documentPath: documentPath || undefined,
    geodataPath: textFlag(flags, 'geodata', defaultGeodataFile()),
  }
  const loader = createStaticLoader(state || undefined)
  const stopped = waitForStop()
  const first = await Promise.race([loader.compile(sources, 1), stopped]).catch((error: unknown) => {
    loader.stop()
    throw error
  })
  if (typeof first === 'string') {
    log.info({ reason: first }, 'stopping')
    loader.stop()
    guard.stop()
    return 0
  }
  const workerReplaced = (name: string, reason: string): void => log.warn({ worker: name, reason }, 'a worker was replaced')
  const encryption = startNodeEncryption(streams, encrypted.length > 0, log, () => undefined)
  const plane = startDataPlane({
    sockets: assigned,
    settings,
    guard: guard.memory,
    queryLog: startNodeQueryLog(querySettings, log, workerReplaced),
    tcpLimits: streams.limits,
    encryption,
    health: startNodeHealth({
      statePath: paths?.nodeHealth,
      vantage: hostname(),
      site: '',
      own: [],
      scriptFolder: scriptFolderOf(flags),
      log,
      onIsolation: (isolated, detail) => log.info({ isolated, detail }, 'isolation'),
      onStanding: (subject, detail) => log.info({ subject, detail }, 'standing'),
      onWorkerReplaced: workerReplaced,
    }),
    transfers: nodeTransfers({
      secretsFolder: textFlag(flags, 'secrets', paths?.secrets ?? '') || undefined,
      journalPath: paths?.nodeJournal,
      allow: listFlag(flags, 'allow-transfer', []),
      listen: opened,
      log,
    }),
    log,
    onWorkerReplaced: workerReplaced,
    onFailOpen: (policy, open) => log.warn({ policy, open }, 'policy fail-open'),
  })
  await plane.publish(first.load)
  await plane.open()
  reloadOnSignal(plane, loader, sources, first, log)
  process.stdout.write('ready\n')
  // What a start leaves behind stays resident otherwise, in a process that makes no garbage later (measured: 25 MB).
  collectGarbage()
  log.info({ reason: await stopped }, 'stopping')
  guard.stop()
  loader.stop()
  await plane.stop()
  return 0
}

/** The command. */
export const command: Command = {
  name: 'serve',
  summary: 'Answers from a folder of zones and a document, without control and console.',
  positionals: '',
  options: OPTIONS,
  run,
}
