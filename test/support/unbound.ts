/** Starts unbound as a resolver in front of a server of the test: its zones are stubs, everything else has no way out. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, until } from './product.ts'

/** A running resolver. */
export type Unbound = { readonly port: number; readonly stop: () => Promise<void>; readonly output: () => string }

/** How it is set up. */
export type UnboundSettings = {
  /** Folder for its files; made when missing. */
  readonly folder: string
  /** Zones that it asks the server for. */
  readonly zones: readonly string[]
  /** `ADDRESS@PORT` or, for TLS, `ADDRESS@PORT#NAME`. */
  readonly server: string
  /** Further lines of `server:`. */
  readonly lines?: readonly string[]
  /** Further lines of every `stub-zone:`. */
  readonly stubLines?: readonly string[]
}

/** Starts it; resolves when it takes queries. */
export async function startUnbound(settings: UnboundSettings): Promise<Unbound> {
  const port = await freePort()
  mkdirSync(settings.folder, { recursive: true })
  const path = join(settings.folder, 'unbound.conf')
  const stubs = settings.zones.map(
    (zone) => `stub-zone:
  name: "${zone}"
  stub-addr: ${settings.server}
${(settings.stubLines ?? []).map((line) => `  ${line}\n`).join('')}`,
  )
  writeFileSync(
    path,
    `server:
  interface: 127.0.0.1@${port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "${settings.folder}"
  pidfile: ""
  use-syslog: no
  verbosity: 1
  num-threads: 1
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  root-hints: ""
  module-config: "iterator"
  local-zone: "test." nodefault
${(settings.lines ?? []).map((line) => `  ${line}\n`).join('')}remote-control:
  control-enable: no
${stubs.join('')}`,
  )
  const child: ChildProcess = spawn('unbound', ['-d', '-c', path], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (data) => {
      said += data
    })
  await until('unbound starts', 20_000, () => {
    if (child.exitCode !== null) throw new Error(`unbound ended with ${child.exitCode}: ${said}`)
    return /start of service/.test(said)
  })
  return {
    port,
    output: () => said,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      if (child.exitCode === null && child.kill('SIGTERM')) await ended
    },
  }
}
