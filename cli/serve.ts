/** `nearcast serve`: a data plane alone, answering from zones and a document compiled at the start; no console, no control. Shell. */
import { once } from 'node:events'
import { hostname } from 'node:os'
import { Worker } from 'node:worker_threads'
import { attachSnapshot } from '../resolver/snapshot/attach-snapshot.ts'
import type { Snapshot } from '../resolver/snapshot/snapshot.ts'
import { TCP_LIMITS } from '../resolver/transport/tcp-listener.ts'
import { ANSWER_OPTIONS, answerSettings } from './answer-options.ts'
import { type Command, type CommandArgs, type CommandOption, UsageError } from './command.ts'
import type { StaticSources } from './compile-static.ts'
import type { StaticCompiled } from './compile-static-worker.ts'
import { startDataPlane } from './data-plane/data-plane.ts'
import { openSockets } from './data-plane/open-sockets.ts'
import { startNodeHealth } from './data-plane/start-health.ts'
import { nodeTransfers } from './data-plane/start-transfers.ts'
import { defaultGeodataFile } from './geodata.ts'
import { takeInheritedSockets } from './inherited-sockets.ts'
import { createProcessLog, LOG_OPTION } from './process-log.ts'
import { applySettingsFile, defaultUdpThreads, listenFlags, listFlag, numberFlag, SETTINGS_OPTION, textFlag } from './process-settings.ts'
import { ProductError } from './product-error.ts'
import { prepareStateFolder } from './state-folder.ts'
import { statePaths } from './state-paths.ts'
import { waitForStop } from './stop-signal.ts'

const OPTIONS: Readonly<Record<string, CommandOption>> = {
  zones: { type: 'string', value: 'DIR', help: 'folder of master files: DIR/zones.txt lists "origin file", else every *.zone' },
  document: { type: 'string', value: 'FILE', help: 'document with endpoints, policies and steered names' },
  ...ANSWER_OPTIONS,
  state: { type: 'string', value: 'DIR', help: 'folder for standings kept over a restart [none is kept]' },
  geodata: { type: 'string', value: 'FILE', help: 'geodata file [the default geodata]' },
  'allow-transfer': { type: 'string', multiple: true, value: 'PREFIX', help: 'prefixes that may transfer zones' },
  ...LOG_OPTION,
  ...SETTINGS_OPTION,
}

/** Compiles in a worker that ends with it. Warnings are printed; throws what the worker's compile threw. */
async function compileInWorker(sources: StaticSources): Promise<Snapshot> {
  const url = new URL(`./compile-static-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
  const worker = new Worker(url, { workerData: sources })
  const [compiled] = (await once(worker, 'message')) as [StaticCompiled]
  if (!compiled.ok) throw new ProductError(compiled.code ?? 'SERVE_INVALID', compiled.message, compiled.suggestion ?? 'see --help')
  for (const line of compiled.warnings) process.stderr.write(`${line}\n`)
  return attachSnapshot(compiled.block, 1, compiled.digest)
}

async function run(args: CommandArgs): Promise<number> {
  const flags = applySettingsFile(OPTIONS, args.flags)
  const log = createProcessLog('serve', flags)
  const zoneFolder = textFlag(flags, 'zones', '')
  const documentPath = textFlag(flags, 'document', '')
  if (zoneFolder === '' && documentPath === '') throw new UsageError('name what to serve with --zones DIR or --document FILE')
  const threads = numberFlag(flags, 'udp-threads', defaultUdpThreads(), 1, 64)
  const addresses = listenFlags(flags, 'listen', ['127.0.0.1:5300'], 53)
  const state = textFlag(flags, 'state', '')
  const paths = state === '' ? undefined : statePaths(prepareStateFolder(state))
  const inherited = takeInheritedSockets(process.env, process.pid)
  const { assigned, addresses: opened } = await openSockets(inherited, addresses, threads, log)

  const snapshot = await compileInWorker({
    zoneFolder: zoneFolder || undefined,
    documentPath: documentPath || undefined,
    geodataPath: textFlag(flags, 'geodata', defaultGeodataFile()),
  })
  const workerReplaced = (name: string, reason: string): void => log.warn({ worker: name, reason }, 'a worker was replaced')
  const plane = startDataPlane({
    sockets: assigned,
    settings: answerSettings(flags),
    tcpLimits: TCP_LIMITS,
    health: startNodeHealth({
      statePath: paths?.nodeHealth,
      vantage: hostname(),
      own: [],
      log,
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
  await plane.publish(() => snapshot)
  await plane.open()
  process.stdout.write('ready\n')
  log.info({ reason: await waitForStop() }, 'stopping')
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
