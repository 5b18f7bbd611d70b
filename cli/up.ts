/**
 * `nearcast up`: supervises node and control on one machine (and the edge simulator with --example). Opens the DNS sockets and hands
 * them down, so that a node that ends, however it ends, finds its queries waiting when it is back. Shell. Answers nothing itself.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { loadCertificate } from '../resolver/transport/certificate-files.ts'
import { libcUnavailable } from '../resolver/transport/libc.ts'
import { formatListenAddress, parseListenAddress } from '../resolver/transport/listen-address.ts'
import type { ListeningSocket } from '../resolver/transport/raw-socket.ts'
import { ANSWER_OPTIONS } from './answer-options.ts'
import type { Command, CommandArgs, CommandOption } from './command.ts'
import { CONTROL_OPTIONS } from './control-options.ts'
import { completeSockets } from './data-plane/open-sockets.ts'
import { FIRST_INHERITED_FD, INHERITED_NAMES_VARIABLE, INHERITED_VARIABLE, takeInheritedSockets } from './inherited-sockets.ts'
import { createProcessLog, LOG_OPTION } from './process-log.ts'
import { applySettingsFile, defaultUdpThreads, type Flags, listenFlags, numberFlag, SETTINGS_OPTION, textFlag } from './process-settings.ts'
import { QUERY_LOG_OPTIONS, queryLogSettings } from './query-log-options.ts'
import { createStartReport } from './start-report.ts'
import { lockStateFolder, prepareStateFolder } from './state-folder.ts'
import { waitForStop } from './stop-signal.ts'
import { neededCertificate, type StreamSettings, streamSettings } from './stream-options.ts'
import { type ChildMessage, type Supervised, superviseChild } from './supervise-child.ts'

const OPTIONS: Readonly<Record<string, CommandOption>> = {
  state: { type: 'string', value: 'DIR', help: 'state folder [./var]' },
  ...ANSWER_OPTIONS,
  ...QUERY_LOG_OPTIONS,
  ...CONTROL_OPTIONS,
  'metrics-listen': { type: 'string', value: 'ADDR:PORT', help: 'metrics of the node [127.0.0.1:9153]' },
  'metrics-token-file': { type: 'string', value: 'FILE', help: 'file with the bearer token of the metrics port; needed beyond loopback' },
  'node-id': { type: 'string', value: 'NAME', help: 'name of this node [host name]' },
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
  'log-level',
]
/** Flags that go to control as they are. */
const CONTROL_FLAGS = [...Object.keys(CONTROL_OPTIONS), 'log-level']
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

/** Starts a child process of a script. Its group is its own: Ctrl-C reaches the supervisor, which ends the children in order. */
function spawnScript(script: string, words: readonly string[], sockets: readonly ListeningSocket[]): ChildProcess {
  const names = sockets.map(({ kind }) => kind).join(':')
  const handedDown = { [INHERITED_VARIABLE]: String(sockets.length), [INHERITED_NAMES_VARIABLE]: names }
  const environment = { ...process.env, ...(sockets.length > 0 ? handedDown : {}) }
  // Descriptors from FIRST_INHERITED_FD on, in order; node's own channel comes behind them.
  const stdio: ('ignore' | 'inherit' | 'ipc' | number)[] = ['ignore', 'inherit', 'inherit', ...sockets.map(({ fd }) => fd), 'ipc']
  if (stdio[FIRST_INHERITED_FD] === undefined) throw new Error('no place for the first inherited descriptor')
  return spawn(process.execPath, [...process.execArgv, script, ...words], { stdio, env: environment, detached: true })
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

async function run(args: CommandArgs): Promise<number> {
  const flags = applySettingsFile(OPTIONS, args.flags)
  const log = createProcessLog('up', flags)
  const addresses = listenFlags(flags, 'listen', ['127.0.0.1:5300'], 53)
  const threads = numberFlag(flags, 'udp-threads', defaultUdpThreads(), 1, 64)
  const apiListen = parseListenAddress(textFlag(flags, 'api-listen', '127.0.0.1:8080'), 8080)
  const metricsListen = parseListenAddress(textFlag(flags, 'metrics-listen', '127.0.0.1:9153'), 9153)
  const hasQueryLog = queryLogSettings(flags, '') !== undefined
  const streams = streamSettings(flags)
  // Looked at before anything is started; the node reads it for itself.
  if (streams.encrypted.length > 0) loadCertificate(neededCertificate(streams))
  const state = prepareStateFolder(textFlag(flags, 'state', './var'))
  const lock = lockStateFolder(state)
  const inherited = takeInheritedSockets(process.env, process.pid)
  const sockets = libcUnavailable() === undefined ? completeSockets(inherited, addresses, threads, streams.encrypted) : inherited
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

  const outcome = new Promise<number>((resolve) => {
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
          if (name === 'control' && address !== undefined) apiAddress = address
          if (name === 'node' && address !== undefined) metricsAddress = address
          if (generation !== undefined) report.stored(generation)
          report.partReady(name)
        },
        onMessage: (message) => take(name, message),
        onFailedStart: (code) => {
          log.error({ child: name, code }, 'a part ended before it was ready; see its message above')
          resolve(code === 0 ? 1 : code)
        },
        onRestart: (reason, waitMs) => log.warn({ child: name, reason, waitMs }, 'a part ended and is started again'),
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
      resolve(0)
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
