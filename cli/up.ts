/**
 * `nearcast up`: supervises node and control on one machine (and the edge simulator with --example). Opens the DNS sockets and hands
 * them down, so that a node that ends, however it ends, finds its queries waiting when it is back. Shell. Answers nothing itself.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve as resolvePath } from 'node:path'
import { fileURLToPath } from 'node:url'
import { libcUnavailable } from '../resolver/transport/libc.ts'
import { formatListenAddress, type ListenAddress } from '../resolver/transport/listen-address.ts'
import type { ListeningSocket } from '../resolver/transport/raw-socket.ts'
import { ANSWER_OPTIONS } from './answer-options.ts'
import { type CheckedSettings, checkFiles, checkSettings, tryPorts } from './check-start.ts'
import type { Command, CommandArgs, CommandOption } from './command.ts'
import { CONTROL_OPTIONS } from './control-options.ts'
import { completeSockets } from './data-plane/open-sockets.ts'
import { FIRST_INHERITED_FD, INHERITED_NAMES_VARIABLE, INHERITED_VARIABLE, takeInheritedSockets } from './inherited-sockets.ts'
import { createProcessLog, LOG_OPTION } from './process-log.ts'
import { applySettingsFile, defaultUdpThreads, type Flags, listenFlags, numberFlag, SETTINGS_OPTION, textFlag } from './process-settings.ts'
import { QUERY_LOG_OPTIONS } from './query-log-options.ts'
import { createStartReport } from './start-report.ts'
import { lockStateFolder, prepareStateFolder } from './state-folder.ts'
import { statePaths } from './state-paths.ts'
import { waitForStop } from './stop-signal.ts'
import type { StreamSettings } from './stream-options.ts'
import { type ChildMessage, SUPERVISOR_VARIABLE, type Supervised, superviseChild } from './supervise-child.ts'

const OPTIONS: Readonly<Record<string, CommandOption>> = {
  state: { type: 'string', value: 'DIR', help: 'state folder [./var]' },
  ...ANSWER_OPTIONS,
  ...QUERY_LOG_OPTIONS,
  ...CONTROL_OPTIONS,
  'metrics-listen': { type: 'string', value: 'ADDR:PORT', help: 'metrics of the node [127.0.0.1:9153]' },
  'metrics-token-file': { type: 'string', value: 'FILE', help: 'file with the bearer token of the metrics port; needed beyond loopback' },
  'node-id': { type: 'string', value: 'NAME', help: 'name of this node [host name]' },
  site: { type: 'string', value: 'NAME', help: 'site (endpoints[].site) that this node stands in [none]' },
  line: { type: 'string', value: 'LINE', help: 'own line, e.g. cn-33/telecom: probes of this node count as measured there [none]' },
  example: { type: 'boolean', help: 'loads examples/edge-api into an empty store and runs simulated edge endpoints' },
  ...LOG_OPTION,
  ...SETTINGS_OPTION,
}

/** Flags that go to the node as they are. */
const NODE_FLAGS = [
  ...Object.keys({ ...ANSWER_OPTIONS, ...QUERY_LOG_OPTIONS }),
  'api-listen',
  'metrics-listen',
  'metrics-token-file',
  'node-id',
  'site',
  'line',
  'log-level',
]
/** Flags that go to control as they are. */
const CONTROL_FLAGS = [...Object.keys(CONTROL_OPTIONS), 'metrics-listen', 'log-level']
/** A start without `ready` says by then what it waits for. */
const OVERDUE_MS = 10_000

/** The words of some flags that were given. */
function wordsOf(flags: Flags, names: readonly string[]): string[] {
  const words: string[] = []
  for (const name of names) {
    const value = flags[name]
    if (typeof value === 'string') words.push(`--${name}`, value)
    else if (value === true) words.push(`--${name}`)
    else if (Array.isArray(value)) for (const item of value) words.push(`--${name}`, item)
  }
  return words
}

/**
 * Megabytes that fresh objects of a thread may fill thrice over. V8's own limit is 32 and is reached under load, thread after thread: three
 * minutes of hostile messages took a node from 280 to 580 MB with nothing leaked (2026-11-21); what the operator sees must be flat. The
 * fast path makes no objects, and what signed and stream queries make dies at once, so that small is no slower.
 */
const SEMI_SPACE_MB = 4

/** Starts a child process of a script. Its group is its own: Ctrl-C reaches the supervisor, which ends the children in order. */
function spawnScript(script: string, words: readonly string[], sockets: readonly ListeningSocket[]): ChildProcess {
  const names = sockets.map(({ kind }) => kind).join(':')
  const handedDown = { [INHERITED_VARIABLE]: String(sockets.length), [INHERITED_NAMES_VARIABLE]: names }
  const environment = { ...process.env, [SUPERVISOR_VARIABLE]: String(process.pid), ...(sockets.length > 0 ? handedDown : {}) }
  // Descriptors from FIRST_INHERITED_FD on, in order; node's own channel comes behind them.
  const stdio: ('ignore' | 'inherit' | 'ipc' | number)[] = ['ignore', 'inherit', 'inherit', ...sockets.map(({ fd }) => fd), 'ipc']
  if (stdio[FIRST_INHERITED_FD] === undefined) throw new Error('no place for the first inherited descriptor')
  return spawn(process.execPath, [`--max-semi-space-size=${SEMI_SPACE_MB}`, ...process.execArgv, script, ...words], {
    stdio,
    env: environment,
    detached: true,
  })
}

/** Lines of the start report for DNS over TLS and HTTPS. */
function encryptedLines(sockets: readonly ListeningSocket[], { encrypted, dohPath }: StreamSettings): string[] {
  const opened = sockets.filter(({ kind }) => kind === 'dot' || kind === 'doh')
  return (opened.length > 0 ? opened : encrypted).map(({ kind, listen }) => {
    const address = formatListenAddress(listen)
    return kind === 'dot' ? `  DoT      ${address}` : `  DoH      https://${address}${dohPath}`
  })
}

/** Path of a script of ours, from source or from dist/. */
function scriptPath(relative: string): string {
  return fileURLToPath(new URL(`${relative}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url))
}

/** True when the node has something to answer from without control: its snapshot, or the one before. */
function hasKeptSnapshot(state: string): boolean {
  const { nodeSnapshot } = statePaths(state)
  return existsSync(nodeSnapshot) || existsSync(`${nodeSnapshot}.old`)
}

/**
 * Checks what the parts need and opens the DNS sockets, before anything is made. With a kept generation what only control needs does
 * not count: DNS must be answered, control says for itself what it lacks and is started again until it has it (decision 0009).
 */
async function openAll(
  flags: Flags,
  { apiListen, metricsListen, streams }: CheckedSettings,
  addresses: readonly ListenAddress[],
  threads: number,
  hasKept: boolean,
): Promise<readonly ListeningSocket[]> {
  const metrics = { listen: metricsListen, what: 'metrics', flag: '--metrics-listen' }
  if (!hasKept) checkFiles(flags)
  await tryPorts(hasKept ? [metrics] : [{ listen: apiListen, what: 'API', flag: '--api-listen' }, metrics])
  const inherited = takeInheritedSockets(process.env, process.pid)
  return libcUnavailable() === undefined ? completeSockets(inherited, addresses, threads, streams.encrypted) : inherited
}

/** A line on standard error. */
function printError(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** A line of a part without its name, to stand inside another line. */
function withoutName(line: string): string {
  return line.replace(/^nearcast \w+: /, '')
}

async function run(args: CommandArgs): Promise<number> {
  const flags = applySettingsFile(OPTIONS, args.flags)
  const log = createProcessLog('up', flags)
  const addresses = listenFlags(flags, 'listen', ['127.0.0.1:5300'], 53)
  const threads = numberFlag(flags, 'udp-threads', defaultUdpThreads(), 1, 64)
  const checked = checkSettings(flags)
  const { apiListen, metricsListen, hasQueryLog, streams } = checked
  const folder = resolvePath(textFlag(flags, 'state', './var'))
  // A second `up` on a folder in use is told so, not that its ports are taken; one that is refused makes no folder.
  const isFresh = !existsSync(folder)
  const earlyLock = isFresh ? undefined : lockStateFolder(prepareStateFolder(folder))
  const hasKept = hasKeptSnapshot(folder)
  let sockets: readonly ListeningSocket[]
  try {
    sockets = await openAll(flags, checked, addresses, threads, hasKept)
  } catch (error) {
    earlyLock?.release()
    throw error
  }
  const state = isFresh ? prepareStateFolder(folder) : folder
  const lock = earlyLock ?? lockStateFolder(state)
  const dns = sockets.length > 0 ? sockets.filter(({ kind }) => kind === 'udp').map(({ listen }) => listen) : addresses
  const print = (line: string): void => void process.stdout.write(`${line}\n`)

  const main = scriptPath('../main')
  const passed = { ...flags, 'log-level': textFlag(flags, 'log-level', log.level) }
  const children: Record<'node' | 'control' | 'simulator', Supervised | undefined> = {
    node: undefined,
    control: undefined,
    simulator: undefined,
  }
  let apiAddress = formatListenAddress(apiListen)
  let metricsAddress = formatListenAddress(metricsListen)
  const report = createStartReport({
    parts: flags.example === true ? ['simulator', 'control', 'node'] : ['control', 'node'],
    addresses: () => [
      `  DNS      ${[...new Set(dns.map(formatListenAddress))].join(', ')} (UDP and TCP)`,
      ...encryptedLines(sockets, streams),
      `  console  http://${apiAddress}/`,
      `  metrics  http://${metricsAddress}/metrics`,
    ],
    print,
  })
  const overdue = setTimeout(report.overdue, OVERDUE_MS)

  /** Last line of a part that was started again, until it serves. */
  const told = new Map<string, string>()
  let isOver = false
  const outcome = new Promise<number>((resolve) => {
    const finish = (code: number): void => {
      isOver = true
      resolve(code)
    }
    const take = (name: string, message: ChildMessage): void => {
      if (message.type === 'first-password') {
        print(`  sign in  user "${message.user}", password "${message.password}" (shown only now; you change it at the first sign-in)`)
      } else if (message.type === 'live') {
        report.live()
      } else {
        log.debug({ child: name, message }, 'message of a child that nobody waits for')
      }
    }
    const supervise = (name: 'node' | 'control' | 'simulator', start: () => ChildProcess): void => {
      children[name] = superviseChild({
        name,
        spawn: start,
        onReady: ({ address, generation }) => {
          told.delete(name)
          if (name === 'control' && address !== undefined) apiAddress = address
          if (name === 'node' && address !== undefined) metricsAddress = address
          if (generation !== undefined) report.stored(generation)
          report.partReady(name)
        },
        onMessage: (message) => take(name, message),
        // What control cannot do must not end what the node can.
        mayComeLater: name === 'control' && hasKept,
        onFailedStart: (code, { reason, line }) => {
          // One line for the start that failed: of two parts that cannot start, the first.
          if (!isOver) printError(line ?? `nearcast up: ${name} could not start: ${reason}; what it printed above says why`)
          finish(code === 0 ? 1 : code)
        },
        onRestart: ({ reason, line, hasServed }, waitMs) => {
          if (!hasServed) report.partFailed(name, line === undefined ? reason : withoutName(line))
          // The same trouble every ten seconds is told once.
          const isNew = line === undefined || told.get(name) !== line
          if (line !== undefined) told.set(name, line)
          log[isNew ? 'warn' : 'debug']({ child: name, reason, waitMs, line }, 'a part ended and is started again')
        },
      })
    }
    print(`nearcast is starting; state in ${state}`)
    if (flags.example === true) supervise('simulator', () => spawnScript(scriptPath('../examples/edge-simulator/main'), [], []))
    supervise('node', () => spawnScript(main, ['node', '--state', state, ...wordsOf(passed, NODE_FLAGS)], sockets))
    supervise('control', () =>
      spawnScript(
        main,
        ['control', '--state', state, ...wordsOf(passed, CONTROL_FLAGS), ...(flags.example === true ? ['--example'] : [])],
        [],
      ),
    )
    // The node opens its query log anew and reads its certificate; without either the signal means what it always means.
    if (hasQueryLog || streams.certificate !== undefined)
      process.on('SIGHUP', () => {
        const pid = children.node?.pid()
        if (pid !== undefined) process.kill(pid, 'SIGHUP')
      })
    void waitForStop().then((reason) => {
      log.info({ reason }, 'stopping')
      finish(0)
    })
  })

  const code = await outcome
  clearTimeout(overdue)
  // Control first, so that nothing is published to a node that ends; the simulator last, so that nothing looks failed.
  await children.control?.stop(5000)
  await children.node?.stop(5000)
  await children.simulator?.stop(2000)
  lock.release()
  return code
}

/** The command. */
export const command: Command = {
  name: 'up',
  summary: 'Runs node and control on this machine and keeps them running.',
  positionals: '',
  options: OPTIONS,
  run,
}
