/**
 * The real product for console stories: `up` from source with the example document on ports of its own, the console built into
 * dist/admin-ui/web, and Debian's Chromium. Nothing is faked but the edge endpoints, which `up --example` simulates itself.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Page } from '@playwright/test'
import { packageRoot } from '../../../../cli/package-root.ts'

/** A running product. */
export type ConsoleProduct = {
  readonly base: string
  /** First password of "admin", as printed. */
  readonly firstPassword: string
  readonly browser: Browser
  /** Everything the product wrote. */
  readonly log: () => string
  readonly stop: () => Promise<void>
}

const READY_MS = 60_000
const CHROMIUM_FLAGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Builds the console, starts the product, opens the browser. */
export async function startConsoleProduct(): Promise<ConsoleProduct> {
  const root = packageRoot()
  const web = join(root, 'admin-ui', 'web')
  const build = spawnSync(
    join(root, 'node_modules/.bin/vite'),
    [
      'build',
      web,
      '--config',
      join(web, 'vite.config.ts'),
      '--outDir',
      join(root, 'dist/admin-ui/web'),
      '--emptyOutDir',
      '--logLevel',
      'warn',
    ],
    { cwd: root, encoding: 'utf8' },
  )
  if (build.status !== 0) throw new Error(`the console does not build: ${build.stderr}`)
  const state = mkdtempSync(join(tmpdir(), 'nearcast-console-'))
  const [dns, api, metrics] = await freePorts(3)
  const words = ['up', '--example', '--state', state, '--listen', `127.0.0.1:${dns}`, '--api-listen', `127.0.0.1:${api}`]
  const child = spawn(process.execPath, [join(root, 'main.ts'), ...words, '--metrics-listen', `127.0.0.1:${metrics}`], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  const firstPassword = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready in ${READY_MS} ms:\n${log}`)), READY_MS)
    const take = (chunk: Buffer): void => {
      log += chunk.toString('utf8')
      const password = /user "admin", password "([^"]+)"/.exec(log)?.[1]
      if (password === undefined || !/^ready$/m.test(log)) return
      clearTimeout(timer)
      resolve(password)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('exit', (code) => reject(new Error(`ended with ${code}:\n${log}`)))
  })
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...CHROMIUM_FLAGS] })
  return {
    base: `http://127.0.0.1:${api}`,
    firstPassword,
    browser,
    log: () => log,
    stop: async () => {
      await browser.close()
      await endOf(child)
      rmSync(state, { recursive: true, force: true })
    },
  }
}

/** Violations of axe that are serious or critical, as one text; empty = none. */
export async function seriousViolations(page: Page): Promise<string> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations
    .filter((one) => one.impact === 'serious' || one.impact === 'critical')
    .map(
      (one) =>
        `${one.id}: ${one.nodes
          .map((node) => `${node.target.join(' ')} ${node.any.map((check) => check.message).join(' ')}`)
          .slice(0, 4)
          .join(' | ')}`,
    )
    .join('\n')
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  await ended
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer()
          server.listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
