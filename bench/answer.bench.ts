/**
 * Answers per second of server CPU: the koffi path and the node:dgram path side by side, rounds interleaved, on one machine.
 * The figure is answers divided by the CPU time of all threads of the server process, so it says what one whole core would
 * answer, whatever share of a core the server got.
 *
 *   npm run bench [-- --rounds 5 --seconds 2 --check --json]
 *
 * --check exits 1 when the koffi path is less than 2 times the dgram path (median of the rounds' ratios): a guard against losing the
 * batched path, not the aim. Measured 2.4–2.5 (2026-11, Node 24.21, whose dgram answers nearly twice what Node 20's did); the kernel's
 * own limit, a null server in C, is 3.0 times the dgram path on the same machine.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
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
const WORKLOADS = [
  { name: 'static', query: 'www2.bench.test', subnet: 'none' },
  { name: 'steered', query: 'edge.bench.test', subnet: 'none' },
  { name: 'steered, random ECS /24', query: 'edge.bench.test', subnet: 'random4' },
] as const

/** Guard of --check. */
const LEAST_RATIO = 2

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

async function startServer(name: string, folder: string, environment: Record<string, string>): Promise<Server> {
  const port = await freePort()
  const words = [join(packageRoot(), 'main.ts'), 'serve', '--zones', folder, '--document', join(folder, 'document.yaml')]
  const state = join(folder, `state-${name}`)
  const child = spawn(
    'taskset',
    ['-c', '0', process.execPath, ...words, '--listen', `127.0.0.1:${port}`, '--udp-threads', '1', '--state', state],
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
    ...[String(server.port), values.seconds, '16', '16', workload.query, workload.subnet],
  ])
  const { received, wrong } = JSON.parse(stdout) as { received: number; wrong: number }
  if (wrong > 0) throw new Error(`${wrong} of ${received} replies of the ${server.name} path to ${workload.query} were not answers`)
  return received / ((cpuNs(server.child.pid!) - before) / 1e6)
}

const folder = mkdtempSync(join(tmpdir(), 'nearcast-bench-'))
writeFileSync(join(folder, 'bench.test.zone'), ZONE)
writeFileSync(join(folder, 'zones.txt'), 'bench.test bench.test.zone\n')
writeFileSync(join(folder, 'document.yaml'), DOCUMENT)
const servers: Server[] = []
try {
  servers.push(await startServer('koffi', folder, {}))
  servers.push(await startServer('dgram', folder, { NEARCAST_NO_FFI: '1' }))
  const rows: { workload: string; koffi: number; dgram: number; ratio: number }[] = []
  for (const workload of WORKLOADS) {
    const figures: Record<string, number[]> = { koffi: [], dgram: [] }
    for (const server of servers) await measure(server, workload)
    for (let round = 0; round < Number(values.rounds); round++)
      for (const server of servers) figures[server.name]!.push(await measure(server, workload))
    const ratio = median(figures.koffi!.map((figure, round) => figure / figures.dgram![round]!))
    rows.push({ workload: workload.name, koffi: median(figures.koffi!), dgram: median(figures.dgram!), ratio })
  }
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`)
  else {
    process.stdout.write(
      `thousand answers per second of server CPU; median of ${values.rounds} rounds of ${values.seconds} s; load ${loadavg()[0]!.toFixed(1)}; node ${process.version}\n\n`,
    )
    process.stdout.write(`${'workload'.padEnd(26)}${'koffi'.padStart(8)}${'dgram'.padStart(8)}${'ratio'.padStart(8)}\n`)
    for (const row of rows)
      process.stdout.write(
        `${row.workload.padEnd(26)}${row.koffi.toFixed(1).padStart(8)}${row.dgram.toFixed(1).padStart(8)}${row.ratio.toFixed(2).padStart(8)}\n`,
      )
  }
  if (values.check) {
    const failed = rows.filter((row) => row.ratio < LEAST_RATIO)
    for (const row of failed)
      process.stdout.write(
        `"${row.workload}": the koffi path is only ${row.ratio.toFixed(2)} times the dgram path, at least ${LEAST_RATIO} is asked\n`,
      )
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
