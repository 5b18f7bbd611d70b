/** Starts the whole product as a user would (`nearcast up --example`) on free ports with a fresh state folder, for end-to-end tests. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../../cli/package-root.ts'

/** A running product. */
export type Product = {
  readonly dnsPort: number
  readonly apiPort: number
  readonly metricsPort: number
  readonly stateFolder: string
  readonly child: ChildProcess
  /** All that it printed so far. */
  output(): string
  /** Process id of a child of the supervisor by its command word (node, control). */
  pidOf(command: 'node' | 'control'): number | undefined
  /** Runs a CLI command against this product; returns its standard output, throws when it fails. */
  cli(...words: string[]): Promise<string>
  /** Ends it; keeps the state folder when that was given by the caller. */
  stop(): Promise<void>
}

/** How to start it. */
export type ProductSettings = {
  /** State folder [a fresh one, removed at the end]. */
  readonly stateFolder?: string
  /** Further environment variables. */
  readonly environment?: Readonly<Record<string, string>>
  /** User and group to run as [this process's]. */
  readonly uid?: number
}

/** What a command line did. */
export type CliResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs `nearcast WORDS` to its end (at most `timeoutMs`). */
export function runCli(
  words: readonly string[],
  settings: Pick<ProductSettings, 'environment' | 'uid'> = {},
  timeoutMs: number = 60_000,
): CliResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(packageRoot(), 'main.ts'), ...words], {
    encoding: 'utf8',
    timeout: timeoutMs,
    env: { ...process.env, ...settings.environment },
    ...(settings.uid === undefined ? {} : { uid: settings.uid, gid: settings.uid }),
  })
  return { code: status, stdout, stderr }
}

/** Ports below those that kernels give to clients (32768 on Linux): no connection of a neighbour takes one between choosing and use. */
const FIRST_PORT = 20_000
const LAST_PORT = 32_767

/** A port of 127.0.0.1 that is free for TCP and UDP now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1))
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer()
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => {
        const socket = createSocket('udp4')
        const end = (verdict: boolean) => server.close(() => resolve(verdict))
        socket.once('error', () => end(false))
        socket.bind(port, '127.0.0.1', () => socket.close(() => end(true)))
      })
    })
    if (free) return port
  }
}

/** Waits until `condition` gives a value, asking every 20 ms; rejects with `what` after `timeoutMs`. */
export async function until<T>(
  what: string,
  timeoutMs: number,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const value = await condition()
    if (value !== undefined && value !== false) return value as T
    if (performance.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Direct children of a process with their command lines. */
export function childrenOf(pid: number): { pid: number; commandLine: string }[] {
  const found: { pid: number; commandLine: string }[] = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      if (parent === pid)
        found.push({ pid: Number(entry), commandLine: readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ') })
    } catch {
      // The process ended between the listing and the reading.
    }
  }
  return found
}

/** Starts it and resolves when it has printed `ready`, or, without a document, that there is none, or that control cannot start. */
export async function startProduct(extra: readonly string[] = [], settings: ProductSettings = {}): Promise<Product> {
  const stateFolder = settings.stateFolder ?? mkdtempSync(join(tmpdir(), 'nearcast-e2e-'))
  mkdirSync(stateFolder, { recursive: true })
  if (settings.uid !== undefined) chownSync(stateFolder, settings.uid, settings.uid)
  const dnsPort = await freePort()
  const apiPort = await freePort()
  const metricsPort = await freePort()
  const main = join(packageRoot(), 'main.ts')
  const words = [
    'up',
    '--listen',
    `127.0.0.1:${dnsPort}`,
    '--api-listen',
    `127.0.0.1:${apiPort}`,
    '--metrics-listen',
    `127.0.0.1:${metricsPort}`,
    '--state',
    stateFolder,
    ...extra,
  ]
  const child = spawn(process.execPath, [main, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...settings.environment },
    ...(settings.uid === undefined ? {} : { uid: settings.uid, gid: settings.uid }),
  })
  let printed = ''
  child.stdout!.on('data', (data) => {
    printed += data
  })
  child.stderr!.on('data', (data) => {
    printed += data
  })
  const product: Product = {
    dnsPort,
    apiPort,
    metricsPort,
    stateFolder,
    child,
    output: () => printed,
    pidOf: (command) => childrenOf(child.pid!).find((c) => new RegExp(`main\\.[tj]s ${command}( |$)`).test(c.commandLine))?.pid,
    // Not the synchronous one: a test's own load must go on meanwhile.
    cli: async (...args) =>
      (await promisify(execFile)(process.execPath, [main, ...args, '--state', stateFolder], { maxBuffer: 64 << 20 })).stdout,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGTERM')
        await ended
      }
      if (settings.stateFolder === undefined) rmSync(stateFolder, { recursive: true, force: true })
    },
  }
  try {
    await until('the product prints ready', 30_000, () => {
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${printed}`)
      return /^(?:ready|not ready: (?:no document is published|control cannot start).*)$/m.test(printed)
    })
  } catch (error) {
    await product.stop()
    throw new Error(`${(error as Error).message}\n${printed}`)
  }
  return product
}
