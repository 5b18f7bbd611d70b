/**
 * Answers per second of server CPU: the koffi path and the node:dgram path side by side, rounds interleaved, on one machine.
 * The figure is answers divided by the CPU time of all threads of the server process, so it says what one whole core would
 * answer, whatever share of a core the server got.
 *
 *   npm run bench [-- --rounds 5 --seconds 2 --check --json]
 *
 * The koffi path is shown as it is by default, with reply bursts (resolver/transport/send-batch.ts), and without them. Bursts help only
 * where a client has several queries under way from one port, so every workload is shown in two shapes: 16 clients with 16 queries
 * under way each, and 256 clients with one each, where there is nothing to join (and where the generator, with a system call a query,
 * leaves the server waiting: batches are small, so each answer carries more of a system call and of a wake-up).
 *
 * --check exits 1 when, with 16 x 16, the default koffi path is less than 3 times the dgram path (median of the rounds' ratios) or less
 * than 2 times without bursts, or when, with 256 x 1, looking for bursts costs more than a fifth (decision 0007).
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { packageRoot } from '../cli/package-root.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    check: { type: 'boolean' },
    json: { type: 'boolean' },
  },
})
const QUERIES = [
  { name: 'static', query: 'www2.bench.test', subnet: 'none' },
  { name: 'steered', query: 'edge.bench.test', subnet: 'none' },
  { name: 'steered, random ECS /24', query: 'edge.bench.test', subnet: 'random4' },
] as const
/** Clients (sockets) and queries under way of each. */
const SHAPES = [
  { clients: 16, window: 16 },
  { clients: 256, window: 1 },
] as const
const WORKLOADS = SHAPES.flatMap((shape) => QUERIES.map((query) => ({ ...query, ...shape })))

/** Guards of --check where bursts can be made, as times of the dgram path. */
const LEAST_RATIO = 3
const LEAST_RATIO_WITHOUT_BURSTS = 2
/** Guard of --check where none can be made: the default path as a share of the path that does not look for them. */
const LEAST_SHARE = 0.8

const ZONE = `$TTL 300
@ IN SOA ns1.bench.test. hostmaster.bench.test. 1 3600 600 604800 60
@ IN NS ns1.bench.test.
ns1 IN A 192.0.2.53
www2 IN A 192.0.2.80
`
const DOCUMENT = `apiVersion: nearcast/v1
endpoints:
  - {id: ningbo-telecom-1, ipv4: 192.0.2.11, place: cn-3302, carrier: telecom}
  - {id: hangzhou-unicom-1, ipv4: 192.0.2.12, place: cn-3301, carrier: unicom}
  - {id: central-1, ipv4: 192.0.2.1, place: cn-11}
pools:
  - {id: ningbo-telecom, members: [{endpoint: ningbo-telecom-1}]}
  - {id: hangzhou-unicom, members: [{endpoint: hangzhou-unicom-1}]}
  - {id: central, members: [{endpoint: central-1}]}
policies:
  - id: edge
    ttlSeconds: 30
    rules:
      - {line: cn-33/telecom, pools: [ningbo-telecom]}
      - {line: cn-33/unicom, pools: [hangzhou-unicom]}
      - {line: "*", pools: [central]}
    fallback: [central]
names:
  - {name: edge.bench.test., types: [A], policy: edge}
`

type Server = { readonly name: string; readonly port: number; readonly child: ChildProcess }

async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/** CPU time of all threads of a process, ns. */
function cpuNs(pid: number): number {
  let sum = 0
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])
    } catch {
      // A thread that has just ended.
    }
  }
  return sum
}

async function startServer(name: string, folder: string, environment: Record<string, string>, flags: string[]): Promise<Server> {
  const port = await freePort()
  const words = [join(packageRoot(), 'main.ts'), 'serve', '--zones', folder, '--document', join(folder, 'document.yaml')]
  const state = join(folder, `state-${name}`)
  const child = spawn(
    'taskset',
    ['-c', '0', process.execPath, ...words, '--listen', `127.0.0.1:${port}`, '--udp-threads', '1', '--state', state, ...flags],
    {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  await new Promise<void>((resolve, reject) => {
    let text = ''
    child.stdout!.on('data', (data) => {
      text += data
      if (/^ready$/m.test(text)) resolve()
    })
    child.once('exit', (code) => reject(new Error(`the server of the ${name} path ended with ${code}`)))
  })
  return { name, port, child }
}

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

/** One round: answers per second of server CPU, in thousands. */
async function measure(server: Server, workload: (typeof WORKLOADS)[number]): Promise<number> {
  const before = cpuNs(server.child.pid!)
  const { stdout } = await promisify(execFile)('taskset', [
    ...['-c', String(Math.min(1, cpus().length - 1)), process.execPath, join(packageRoot(), 'bench/query-generator.ts')],
    ...[String(server.port), values.seconds, String(workload.clients), String(workload.window), workload.query, workload.subnet],
  ])
  const { received, wrong } = JSON.parse(stdout) as { received: number; wrong: number }
  if (wrong > 0) throw new Error(`${wrong} of ${received} replies of the ${server.name} path to ${workload.query} were not answers`)
  return received / ((cpuNs(server.child.pid!) - before) / 1e6)
}

type Row = {
  readonly workload: string
  /** Clients x queries under way of each. */
  readonly shape: string
  /** Thousand answers per second of server CPU. */
  readonly koffi: number
  readonly koffiWithoutBursts: number
  readonly dgram: number
  /** Medians of the rounds' ratios to the dgram path. */
  readonly ratio: number
  readonly ratioWithoutBursts: number
}

function formatTable(rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string =>
    `${cells[0]!.padEnd(26)}${cells
      .slice(1)
      .map((cell) => cell.padStart(13))
      .join('')}\n`
  return [
    `thousand answers per second of server CPU; median of ${values.rounds} rounds of ${values.seconds} s; load ${loadavg()[0]!.toFixed(1)}; node ${process.version}\n\n`,
    line(['workload', 'clients', 'koffi', 'no bursts', 'dgram', 'koffi:dgram', 'no b.:dgram']),
    ...rows.map((row) =>
      line([
        ...[row.workload, row.shape, row.koffi.toFixed(1), row.koffiWithoutBursts.toFixed(1), row.dgram.toFixed(1)],
        ...[row.ratio.toFixed(2), row.ratioWithoutBursts.toFixed(2)],
      ]),
    ),
  ].join('')
}

/** Counts the guards and sets the exit code. */
function check(rows: readonly Row[]): void {
  const guards = rows.flatMap(({ workload, shape, koffi, koffiWithoutBursts, ratio, ratioWithoutBursts }) => {
    const name = `${workload}, ${shape}: koffi`
    if (shape !== '16 x 16') return [{ name, ratio: koffi / koffiWithoutBursts, of: 'the path without bursts', least: LEAST_SHARE }]
    return [
      { name, ratio, of: 'the dgram path', least: LEAST_RATIO },
      { name: `${name} without bursts`, ratio: ratioWithoutBursts, of: 'the dgram path', least: LEAST_RATIO_WITHOUT_BURSTS },
    ]
  })
  const failed = guards.filter((guard) => !(guard.ratio >= guard.least))
  for (const { name, ratio, of, least } of failed)
    process.stdout.write(`"${name}" is only ${ratio.toFixed(2)} times ${of}, at least ${least} is asked\n`)
  process.stdout.write(`# pass ${guards.length - failed.length}\n# fail ${failed.length}\n`)
  if (failed.length > 0) process.exitCode = 1
}

const folder = mkdtempSync(join(tmpdir(), 'nearcast-bench-'))
writeFileSync(join(folder, 'bench.test.zone'), ZONE)
writeFileSync(join(folder, 'zones.txt'), 'bench.test bench.test.zone\n')
writeFileSync(join(folder, 'document.yaml'), DOCUMENT)
const servers: Server[] = []
try {
  servers.push(await startServer('koffi', folder, {}, []))
  servers.push(await startServer('no bursts', folder, {}, ['--reply-bursts', 'off']))
  servers.push(await startServer('dgram', folder, { NEARCAST_NO_FFI: '1' }, []))
  const rows: Row[] = []
  for (const workload of WORKLOADS) {
    const figures: Record<string, number[]> = { koffi: [], 'no bursts': [], dgram: [] }
    for (const server of servers) await measure(server, workload)
    for (let round = 0; round < Number(values.rounds); round++)
      for (const server of servers) figures[server.name]!.push(await measure(server, workload))
    const ratio = (path: string): number => median(figures[path]!.map((figure, round) => figure / figures.dgram![round]!))
    rows.push({
      workload: workload.name,
      shape: `${workload.clients} x ${workload.window}`,
      koffi: median(figures.koffi!),
      koffiWithoutBursts: median(figures['no bursts']!),
      dgram: median(figures.dgram!),
      ratio: ratio('koffi'),
      ratioWithoutBursts: ratio('no bursts'),
    })
  }
  process.stdout.write(values.json ? `${JSON.stringify(rows)}\n` : formatTable(rows))
  if (values.check) check(rows)
} finally {
  for (const { child } of servers) {
    child.removeAllListeners('exit')
    // It writes into the folder until it has ended.
    const ended = child.exitCode === null ? once(child, 'exit') : undefined
    child.kill('SIGTERM')
    await ended
  }
  rmSync(folder, { recursive: true, force: true })
}
