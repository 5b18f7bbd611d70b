/** Starts nearcast, BIND, NSD and Knot (Debian: bind9, nsd, knot) on the same zones, set to be compared. Shell. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../../cli/package-root.ts'
import { freePort, until } from '../product.ts'
import type { DrawnZone } from './generate-zones.ts'

/** Those that are compared. */
export const SERVERS = ['nearcast', 'bind', 'nsd', 'knot'] as const

/** One of them. */
export type ServerName = (typeof SERVERS)[number]

/** A running server. */
export type RunningServer = { readonly name: ServerName; readonly port: number; stop(): Promise<void> }

type Start = (folder: string, port: number, zones: readonly DrawnZone[]) => readonly [command: string, ...args: string[]]

const fileOf = (zone: DrawnZone): string => `${zone.origin.slice(0, -1)}.zone`

/** Replies of one size for all; nothing optional but glue; every zone is taken as it is. */
const STARTS: Readonly<Record<ServerName, Start>> = {
  nearcast: (folder, port) => [
    process.execPath,
    join(packageRoot(), 'main.ts'),
    'serve',
    '--zones',
    folder,
    '--listen',
    `127.0.0.1:${port}`,
  ],
  bind: (folder, port, zones) => {
    const path = join(folder, 'named.conf')
    const blocks = zones.map(
      (zone) => `zone "${zone.origin}" { type primary; file "${join(folder, fileOf(zone))}"; check-names ignore; check-mx ignore;
  check-mx-cname ignore; check-srv-cname ignore; check-integrity no; check-sibling no; check-wildcard no; check-dup-records ignore; };`,
    )
    writeFileSync(
      path,
      `options { directory "${folder}"; pid-file none; session-keyfile none; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  recursion no; allow-query { any; }; allow-transfer { none; }; notify no; empty-zones-enable no; minimal-responses yes; minimal-any yes;
  answer-cookie no; edns-udp-size 1232; max-udp-size 1232; dnssec-validation no; check-names primary ignore; };
controls { };
logging { channel quiet { stderr; severity warning; }; category default { quiet; }; };
${blocks.join('\n')}
`,
    )
    return ['named', '-c', path, '-f', '-n', '1']
  },
  nsd: (folder, port, zones) => {
    const path = join(folder, 'nsd.conf')
    const blocks = zones.map((zone) => `zone:\n  name: "${zone.origin}"\n  zonefile: "${fileOf(zone)}"`)
    writeFileSync(
      path,
      `server:
  ip-address: 127.0.0.1@${port}
  do-ip6: no
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: ""
  zonelistfile: "${join(folder, 'nsd.list')}"
  xfrdfile: ""
  xfrdir: "${folder}"
  server-count: 1
  ipv4-edns-size: 1232
  refuse-any: no
  rrl-ratelimit: 0
  verbosity: 0
remote-control:
  control-enable: no
${blocks.join('\n')}
`,
    )
    return ['nsd', '-d', '-c', path]
  },
  knot: (folder, port, zones) => {
    const path = join(folder, 'knot.conf')
    const blocks = zones.map((zone) => `  - domain: "${zone.origin}"\n    file: "${join(folder, fileOf(zone))}"`)
    mkdirSync(join(folder, 'knot'))
    writeFileSync(
      path,
      `server:
    rundir: "${join(folder, 'knot')}"
    listen: 127.0.0.1@${port}
    udp-max-payload: 1232
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "${join(folder, 'knot')}"
log:
  - target: stderr
    any: warning
template:
  - id: default
    semantic-checks: off
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
${blocks.join('\n')}
`,
    )
    return ['knotd', '-c', path]
  },
}

/** Starts one server on zones in a folder of its own; resolves when every zone is answered for. */
export async function startServer(name: ServerName, folder: string, zones: readonly DrawnZone[]): Promise<RunningServer> {
  mkdirSync(folder)
  for (const zone of zones) writeFileSync(join(folder, fileOf(zone)), zone.text)
  writeFileSync(join(folder, 'zones.txt'), zones.map((zone) => `${zone.origin} ${fileOf(zone)}\n`).join(''))
  const port = await freePort()
  const [command, ...args] = STARTS[name](folder, port, zones)
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  let failure: Error | undefined
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      printed += data
    })
  }
  child.on('error', (error) => {
    failure = error
  })
  try {
    for (const zone of zones) {
      await until(`${name} answers for ${zone.origin}`, 30_000, async () => {
        if (failure !== undefined) throw failure
        if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`)
        return isServed(port, zone.origin)
      })
    }
  } catch (error) {
    await stopChild(child)
    throw new Error(`${(error as Error).message}\n${printed}`)
  }
  return { name, port, stop: () => stopChild(child) }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

/** True when the SOA of a zone comes with AA. */
function isServed(port: number, origin: string): Promise<boolean> {
  const labels = origin.split('.').filter((label) => label !== '')
  const name = Buffer.concat([...labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)])), Buffer.of(0)])
  const query = Buffer.concat([Buffer.from('123400000001000000000000', 'hex'), name, Buffer.of(0, 6, 0, 1)])
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    const finish = (isServedNow: boolean): void => {
      clearTimeout(timer)
      socket.close()
      resolve(isServedNow)
    }
    const timer = setTimeout(() => finish(false), 300)
    socket.on('error', () => finish(false))
    socket.on('message', (reply) => finish((reply[2]! & 4) !== 0 && (reply[3]! & 15) === 0))
    socket.connect(port, '127.0.0.1', () => socket.send(query))
  })
}
