/**
 * A flood with forged source addresses for one name, and a client with a cookie beside it: how many of its queries are answered.
 * Needs CAP_NET_RAW; loopback only.
 *
 *   node bench/flood.bench.ts [--rate 100000 --seconds 5 --check]
 *
 * --check exits 1 when the client with the cookie gets less than 99 % of its answers.
 */
import { execFile, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { packageRoot } from '../cli/package-root.ts'
import { buildQuery } from '../test/support/dns-packets.ts'

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '100000' }, seconds: { type: 'string', default: '5' }, check: { type: 'boolean' } },
})
const NAME = 'www.flood.test'
/** Queries a second of the client. */
const CLIENT_RATE = 500
const LEAST_SHARE = 0.99

const folder = mkdtempSync(join(tmpdir(), 'nearcast-flood-'))
writeFileSync(
  join(folder, 'flood.test.zone'),
  '$TTL 300\n@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.53\nwww A 192.0.2.80\n',
)
const probe = createServer().listen(0, '127.0.0.1')
await once(probe, 'listening')
const { port } = probe.address() as { port: number }
probe.close()
const server = spawn(
  process.execPath,
  // The exemption of loopback is taken away by naming another.
  [
    join(packageRoot(), 'main.ts'),
    'serve',
    '--zones',
    folder,
    '--listen',
    `127.0.0.1:${port}`,
    '--rate-limit-exempt',
    '192.0.2.0/24',
    '--log-level',
    'error',
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)

const socket = createSocket('udp4')
socket.bind(0, '127.0.0.1')
await once(socket, 'listening')
const query = (cookie: readonly number[] | undefined, id: number): Uint8Array =>
  buildQuery({ name: NAME, id, opts: [{ options: cookie === undefined ? [] : [[10, cookie]] }] })

/** The cookie option of a reply to a query with one. */
function cookieOf(reply: Buffer): number[] {
  const at = reply.lastIndexOf(Buffer.from([0, 10, 0, 24]))
  return [...reply.subarray(at + 4, at + 28)]
}

/** Asks at the client's rate; the share that is answered whole within a second. */
async function askSteadily(cookie: readonly number[] | undefined, seconds: number): Promise<number> {
  let answered = 0
  const count = CLIENT_RATE * seconds
  const waiting = new Set<number>()
  const onMessage = (reply: Buffer): void => {
    if (waiting.delete(reply.readUInt16BE(0)) && (reply[2]! & 2) === 0 && reply[7] !== 0) answered++
  }
  socket.on('message', onMessage)
  const startedAt = performance.now()
  for (let i = 0; i < count; i++) {
    while (performance.now() - startedAt < (i * 1000) / CLIENT_RATE) await new Promise((resolve) => setTimeout(resolve, 1))
    waiting.add(i & 0xffff)
    socket.send(query(cookie, i & 0xffff), port, '127.0.0.1')
  }
  await new Promise((resolve) => setTimeout(resolve, 1000))
  socket.off('message', onMessage)
  return answered / count
}

try {
  let text = ''
  server.stdout!.on('data', (data) => {
    text += data
  })
  while (!/^ready$/m.test(text)) await new Promise((resolve) => setTimeout(resolve, 20))
  const first = once(socket, 'message')
  socket.send(query([1, 2, 3, 4, 5, 6, 7, 8], 1), port, '127.0.0.1')
  const cookie = cookieOf((await first)[0] as Buffer)
  const seconds = Number(values.seconds)
  process.stdout.write(`${'flood'.padEnd(34)}${'sent/s'.padStart(9)}${'with a cookie'.padStart(16)}${'without'.padStart(10)}\n`)
  const rows: number[] = []
  for (const [name, prefixes] of [
    ["the client's own prefix forged", 0],
    ['10,000 forged prefixes', 10_000],
  ] as const) {
    const shares: number[] = []
    let perSecond = 0
    for (const known of [cookie, undefined]) {
      const flood = promisify(execFile)(process.execPath, [
        join(packageRoot(), 'bench/flood-generator.ts'),
        ...[String(port), String(seconds + 2), values.rate, String(prefixes), NAME],
      ])
      await new Promise((resolve) => setTimeout(resolve, 700))
      shares.push(await askSteadily(known, seconds))
      perSecond = (JSON.parse((await flood).stdout) as { perSecond: number }).perSecond
    }
    rows.push(shares[0]!)
    process.stdout.write(
      `${name.padEnd(34)}${String(perSecond).padStart(9)}${`${(100 * shares[0]!).toFixed(2)} %`.padStart(16)}${`${(100 * shares[1]!).toFixed(2)} %`.padStart(10)}\n`,
    )
  }
  if (values.check) {
    const failed = rows.filter((share) => share < LEAST_SHARE)
    process.stdout.write(`# pass ${rows.length - failed.length}\n# fail ${failed.length}\n`)
    if (failed.length > 0) process.exitCode = 1
  }
} finally {
  socket.close()
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  await ended
  rmSync(folder, { recursive: true, force: true })
}
