/**
 * A flood with forged source addresses for one name, and clients with a cookie beside it: how many of their queries are answered. Each query
 * is sent once and counts once, with a second for its answer. Needs CAP_NET_RAW; loopback only. docs/abuse.md has the figures.
 *
 *   node bench/flood.bench.ts [--rate 100000 --rounds 5 --seconds 3 --floods own,10000 --udp-threads 2 --json --check]
 *
 * Attacker, server and clients share the cores of one machine. Clients without a cookie are shown beside, once a round, as what the flood
 * does to those that nobody knows. --check exits 1 when clients with a cookie get less than 99 % of their answers in the median round.
 */
import { execFile, spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { packageRoot } from '../cli/package-root.ts'
import { buildQuery } from '../test/support/dns-packets.ts'
import { freePort } from '../test/support/product.ts'

/** Floods by key: title, SOURCES and COOKIE of flood-generator.ts. */
const FLOODS: Readonly<Record<string, readonly [title: string, sources: string, cookie: string]>> = {
  own: ["the clients' own prefix", 'own', 'none'],
  one: ['one other prefix', '1', 'none'],
  '10000': ['10,000 prefixes', '10000', 'none'],
  random: ['any of 65,536 prefixes', 'random', 'none'],
  'own-cookie': ["the clients' own prefix, forged cookies", 'own', 'forged'],
  '10000-cookie': ['10,000 prefixes, forged cookies', '10000', 'forged'],
  'random-cookie': ['any prefix, forged cookies', 'random', 'forged'],
}
const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    floods: { type: 'string', default: 'own,one,10000,random,own-cookie,10000-cookie,random-cookie' },
    'udp-threads': { type: 'string', default: String(cpus().length) },
    json: { type: 'boolean' },
    check: { type: 'boolean' },
  },
})
const NAME = 'www.flood.test'
/** Queries a second of all clients. */
const CLIENT_RATE = 500
/** Sockets of the clients: several, so that every answer thread has some. */
const CLIENTS = 16
const LEAST_SHARE = 0.99
/** The flood runs this long before the clients ask. */
const LEAD_MS = 1000
/** An answer that takes longer is none. */
const WAIT_MS = 1000

const folder = mkdtempSync(join(tmpdir(), 'nearcast-flood-'))
writeFileSync(
  join(folder, 'flood.test.zone'),
  '$TTL 300\n@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.53\nwww A 192.0.2.80\n',
)
const port = await freePort()
const words = ['serve', '--zones', folder, '--listen', `127.0.0.1:${port}`, '--udp-threads', values['udp-threads'], '--log-level', 'error']
// The exemption of loopback is taken away by naming another.
const server = spawn(process.execPath, [join(packageRoot(), 'main.ts'), ...words, '--rate-limit-exempt', '192.0.2.0/24'], {
  stdio: ['ignore', 'pipe', 'inherit'],
})

const sockets: Socket[] = []
for (let i = 0; i < CLIENTS; i++) {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  sockets.push(socket)
}
const query = (cookie: readonly number[] | undefined, id: number): Uint8Array =>
  buildQuery({ name: NAME, id, opts: [{ options: cookie === undefined ? [] : [[10, cookie]] }] })

/** The cookie option of a reply to a query with one. */
function cookieOf(reply: Buffer): number[] {
  const at = reply.lastIndexOf(Buffer.from([0, 10, 0, 24]))
  return [...reply.subarray(at + 4, at + 28)]
}

/** Messages that the system threw away because a queue of the server was full. */
function lostByTheSystem(): number {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  let lost = 0
  for (const line of readFileSync('/proc/net/udp', 'utf8').split('\n')) {
    const cells = line.trim().split(/\s+/)
    if (cells[1]?.endsWith(hex)) lost += Number(cells.at(-1))
  }
  return lost
}

/** Asks at the clients' rate; the share that is answered whole, in time. */
async function askSteadily(cookie: readonly number[] | undefined, seconds: number): Promise<number> {
  let answered = 0
  const count = CLIENT_RATE * seconds
  const sentAt = new Map<number, number>()
  const onMessage = (reply: Buffer): void => {
    const id = reply.readUInt16BE(0)
    const at = sentAt.get(id)
    if (at === undefined || performance.now() - at > WAIT_MS) return
    if ((reply[2]! & 2) === 0 && reply[7] !== 0) answered++
    sentAt.delete(id)
  }
  for (const socket of sockets) socket.on('message', onMessage)
  const startedAt = performance.now()
  for (let i = 0; i < count; i++) {
    while (performance.now() - startedAt < (i * 1000) / CLIENT_RATE) await new Promise((resolve) => setTimeout(resolve, 1))
    sentAt.set(i & 0xffff, performance.now())
    sockets[i % CLIENTS]!.send(query(cookie, i & 0xffff), port, '127.0.0.1')
  }
  await new Promise((resolve) => setTimeout(resolve, WAIT_MS))
  for (const socket of sockets) socket.off('message', onMessage)
  return answered / count
}

type Round = { readonly share: number; readonly perSecond: number; readonly cores: number; readonly lost: number }

/** One flood with clients beside it. */
async function measure(sources: string, forgedCookie: string, cookie: readonly number[] | undefined): Promise<Round> {
  const seconds = Number(values.seconds)
  const lostBefore = lostByTheSystem()
  const flood = promisify(execFile)(process.execPath, [
    join(packageRoot(), 'bench/flood-generator.ts'),
    // One second more than the clients need: the last query is asked under the flood too.
    ...[String(port), String(LEAD_MS / 1000 + seconds + 1), values.rate, sources, forgedCookie, NAME],
  ])
  await new Promise((resolve) => setTimeout(resolve, LEAD_MS))
  const share = await askSteadily(cookie, seconds)
  const { perSecond, cores } = JSON.parse((await flood).stdout) as { perSecond: number; cores: number }
  return { share, perSecond, cores, lost: lostByTheSystem() - lostBefore }
}

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`

try {
  let text = ''
  server.stdout!.on('data', (data) => {
    text += data
  })
  while (!/^ready$/m.test(text)) await new Promise((resolve) => setTimeout(resolve, 20))
  const first = once(sockets[0]!, 'message')
  sockets[0]!.send(query([1, 2, 3, 4, 5, 6, 7, 8], 1), port, '127.0.0.1')
  const cookie = cookieOf((await first)[0] as Buffer)
  const line = (cells: readonly string[]): string =>
    `${cells[0]!.padEnd(42)}${cells
      .slice(1)
      .map((cell) => cell.padStart(11))
      .join('')}\n`
  if (!values.json) {
    process.stdout.write(
      `${values.rounds} rounds of ${values.seconds} s, ${CLIENT_RATE} queries/s of clients; ${values['udp-threads']} answer threads, ${cpus().length} cores for all; load ${loadavg()[0]!.toFixed(1)}; node ${process.version}\n\n`,
    )
    process.stdout.write(line(['forged sources', 'flood/s', 'its cores', 'cookie med', 'worst', 'no cookie', 'lost']))
  }
  const rows: { readonly title: string; readonly known: readonly Round[]; readonly unknown: readonly Round[] }[] = []
  for (const key of values.floods.split(',')) {
    const [title, sources, forgedCookie] = FLOODS[key]!
    const [known, unknown]: [Round[], Round[]] = [[], []]
    for (let round = 0; round < Number(values.rounds); round++) {
      known.push(await measure(sources, forgedCookie, cookie))
      unknown.push(await measure(sources, forgedCookie, undefined))
    }
    rows.push({ title, known, unknown })
    const shares = known.map(({ share }) => share)
    const all = [...known, ...unknown]
    if (values.json) continue
    process.stdout.write(
      line([
        ...[title, String(Math.round(median(all.map(({ perSecond }) => perSecond)))), median(all.map(({ cores }) => cores)).toFixed(2)],
        ...[percent(median(shares)), percent(Math.min(...shares)), percent(median(unknown.map(({ share }) => share)))],
        String(all.reduce((sum, { lost }) => sum + lost, 0)),
      ]),
    )
  }
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`)
  if (values.check) {
    const failed = rows.filter(({ known }) => !(median(known.map(({ share }) => share)) >= LEAST_SHARE))
    process.stdout.write(`# pass ${rows.length - failed.length}\n# fail ${failed.length}\n`)
    if (failed.length > 0) process.exitCode = 1
  }
} finally {
  for (const socket of sockets) socket.close()
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  await ended
  rmSync(folder, { recursive: true, force: true })
}
