/**
 * What the query log costs: answers per second of CPU with the log off, sampled 1:100 and full, side by side on one machine, rounds
 * interleaved. Two figures each: by the CPU time of the answer thread alone (what a busy server loses), and by that of the whole process
 * (the log's own thread included, which a server with a core to spare has for nothing).
 *
 *   node bench/query-log.bench.ts [--rounds 5] [--seconds 2] [--json] [--check]
 *
 * Needs a C compiler for the load generator (bench/load). --check exits 1 when the answer thread answers less than 0.9 of its answers with
 * the log sampled, or less than 0.7 with the full log.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { packageRoot } from '../cli/package-root.ts'
import { buildLoad } from './load/build-load.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    json: { type: 'boolean' },
    check: { type: 'boolean' },
  },
})
/** Clients and queries under way of each; where replies leave in bursts an answer is cheapest, and the log weighs most. */
const SHAPES = [
  { clients: 16, window: 16 },
  { clients: 256, window: 1 },
] as const
const LOGS: readonly (readonly [name: string, flags: readonly string[]])[] = [
  ['off', []],
  ['json 1:100', ['--query-log', 'json', '--query-log-sample', '100', '--query-log-to', '/dev/null']],
  ['json full', ['--query-log', 'json', '--query-log-to', '/dev/null']],
  ['dnstap 1:100', ['--query-log', 'dnstap', '--query-log-sample', '100', '--query-log-to', '/dev/null']],
  ['dnstap full', ['--query-log', 'dnstap', '--query-log-to', '/dev/null']],
]
/** Guards of --check, as shares of the answers with the log off. */
const LEAST_SAMPLED = 0.9
const LEAST_FULL = 0.7

const ZONE = `$TTL 300
@ IN SOA ns1.bench.test. hostmaster.bench.test. 1 3600 600 604800 60
@ IN NS ns1.bench.test.
ns1 IN A 192.0.2.53
www2 IN A 192.0.2.80
`

type Server = { readonly name: string; readonly port: number; readonly child: ChildProcess; answerTask: string }

async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/** CPU time of each thread of a process, ns. */
function cpuNs(pid: number): Map<string, number> {
  const found = new Map<string, number>()
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      found.set(task, Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]))
    } catch {
      // A thread that has just ended.
    }
  }
  return found
}

async function startServer(name: string, folder: string, flags: readonly string[]): Promise<Server> {
  const port = await freePort()
  const words = [
    join(packageRoot(), 'main.ts'),
    'serve',
    '--zones',
    folder,
    '--listen',
    `127.0.0.1:${port}`,
    '--udp-threads',
    '1',
    ...flags,
  ]
  const child = spawn('taskset', ['-c', '0', process.execPath, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise<void>((resolve, reject) => {
    let text = ''
    child.stdout!.on('data', (data) => {
      text += data
      if (/^ready$/m.test(text)) resolve()
    })
    child.once('exit', (code) => reject(new Error(`the server with the log ${name} ended with ${code}`)))
  })
  return { name, port, child, answerTask: '' }
}

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

type Figures = { readonly thread: number; readonly process: number }

/** One round: thousand answers per second of CPU. */
async function measure(server: Server, shape: (typeof SHAPES)[number]): Promise<Figures> {
  const before = cpuNs(server.child.pid!)
  const { stdout } = await promisify(execFile)('taskset', [
    ...['-c', String(Math.min(1, cpus().length - 1)), generator, '-p', String(server.port), '-t', values.seconds],
    ...['-n', String(shape.clients), '-w', String(shape.window), '-q', 'www2.bench.test'],
  ])
  const { received, wrong } = JSON.parse(stdout) as { received: number; wrong: number }
  if (wrong > 0) throw new Error(`${wrong} of ${received} replies with the log ${server.name} were not answers`)
  const used = new Map([...cpuNs(server.child.pid!)].map(([task, ns]) => [task, ns - (before.get(task) ?? 0)]))
  // With the log off, the busiest thread answers; threads are numbered as they start, so it is found by its place in all servers.
  if (server.answerTask === '') server.answerTask = answerTask(server, used)
  const all = [...used.values()].reduce((sum, ns) => sum + ns, 0)
  return { thread: received / ((used.get(server.answerTask) ?? Number.NaN) / 1e6), process: received / (all / 1e6) }
}

/** The answer thread: by its name where the system shows it, else the busiest thread. */
function answerTask(server: Server, used: ReadonlyMap<string, number>): string {
  for (const task of used.keys()) {
    if (readFileSync(`/proc/${server.child.pid}/task/${task}/comm`, 'utf8').includes('answer-0')) return task
  }
  return [...used].sort(([, a], [, b]) => b - a)[0]![0]
}

const { generator } = buildLoad()
const folder = mkdtempSync(join(tmpdir(), 'nearcast-bench-'))
writeFileSync(join(folder, 'bench.test.zone'), ZONE)
writeFileSync(join(folder, 'zones.txt'), 'bench.test bench.test.zone\n')
const servers: Server[] = []
try {
  for (const [name, flags] of LOGS) servers.push(await startServer(name, folder, flags))
  const rows: { shape: string; log: string; thread: number; process: number; threadShare: number; processShare: number }[] = []
  for (const shape of SHAPES) {
    const figures = new Map<string, Figures[]>(servers.map(({ name }) => [name, []]))
    for (const server of servers) await measure(server, shape)
    for (let round = 0; round < Number(values.rounds); round++)
      for (const server of servers) figures.get(server.name)!.push(await measure(server, shape))
    const off = figures.get('off')!
    for (const [log, found] of figures) {
      const of = (key: keyof Figures): number => median(found.map((figure) => figure[key]))
      const share = (key: keyof Figures): number => median(found.map((figure, round) => figure[key] / off[round]![key]))
      rows.push({
        ...{ shape: `${shape.clients} x ${shape.window}`, log, thread: of('thread'), process: of('process') },
        ...{ threadShare: share('thread'), processShare: share('process') },
      })
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`)
  else {
    process.stdout.write(
      `thousand answers per second of CPU, and share of those with the log off; median of ${values.rounds} rounds of ${values.seconds} s; load ${loadavg()[0]!.toFixed(1)}; node ${process.version}\n\n`,
    )
    const line = (cells: readonly string[]): void =>
      void process.stdout.write(
        `${cells[0]!.padEnd(10)}${cells[1]!.padEnd(14)}${cells
          .slice(2)
          .map((cell) => cell.padStart(15))
          .join('')}\n`,
      )
    line(['clients', 'query log', 'answer thread', 'share', 'process', 'share'])
    for (const row of rows)
      line([row.shape, row.log, row.thread.toFixed(1), row.threadShare.toFixed(2), row.process.toFixed(1), row.processShare.toFixed(2)])
  }
  if (values.check) {
    const failed = rows.filter(
      ({ log, threadShare }) => !(threadShare >= (log.includes('1:') ? LEAST_SAMPLED : log === 'off' ? 0 : LEAST_FULL)),
    )
    for (const { shape, log, threadShare } of failed)
      process.stdout.write(`"${log}", ${shape}: only ${threadShare.toFixed(2)} of the answers\n`)
    process.stdout.write(`# pass ${rows.length - failed.length}\n# fail ${failed.length}\n`)
    if (failed.length > 0) process.exitCode = 1
  }
} finally {
  for (const { child } of servers) {
    child.removeAllListeners('exit')
    child.kill('SIGTERM')
  }
  rmSync(folder, { recursive: true, force: true })
}
