/**
 * The prober with many endpoints: CPU share of its thread, memory of its process, how late probes start at the worst, and how many samples
 * our own lag spoilt. The endpoints are HTTP servers in a process of their own, each endpoint an address of 127.0.0.0/8; some accept and never
 * answer. Probes run as in health/schedule/prober-worker.ts, on the main thread of this process, so that its numbers are the prober's.
 *
 *   node bench/prober.bench.ts [--endpoints 1000] [--hanging 50] [--interval 5000] [--seconds 30] [--https] [--check]
 *
 * --check exits 1 when a probe started more than 1 s late, a good endpoint failed, a hanging one succeeded, or the prober took over half a core.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { cpus, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { ProbeSample } from '../health/model/probe-sample.ts'
import { createLagRecord, LAG_TICK_MS, lagSince, takeTick } from '../health/probe/event-loop-lag.ts'
import { type ProbeWorld, runProbe } from '../health/probe/run-probe.ts'
import { startProber } from '../health/schedule/prober.ts'
import { EDGE_EXAMPLE } from '../test/support/edge-example-certificate.ts'
import { probeSpec, rankEndpoint, rankPlan } from '../test/support/rank-plans.ts'

const MOST_LATE_MS = 1000
const MOST_CPU_SHARE = 0.5

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    endpoints: { type: 'string', default: '1000' },
    hanging: { type: 'string', default: '50' },
    interval: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '30' },
    https: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
})

/** In a process of its own: a server that answers and one that hangs; says their ports. */
async function serve(): Promise<void> {
  const answer = values.https
    ? createHttpsServer(EDGE_EXAMPLE, (_request, response) => response.end('ok'))
    : createHttpServer((_request, response) => response.end('ok'))
  const hang = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.resume()
  })
  const ports: number[] = []
  for (const server of [answer, hang] as Server[]) {
    server.listen({ host: '0.0.0.0', port: 0, backlog: 4096 })
    await once(server, 'listening')
    ports.push((server.address() as AddressInfo).port)
  }
  process.send!(ports)
  process.on('disconnect', () => process.exit())
}

function addressOf(number: number): string {
  return `127.1.${Math.floor(number / 250)}.${(number % 250) + 1}`
}

async function measure(): Promise<boolean> {
  const endpoints = Number(values.endpoints)
  const hanging = Number(values.hanging)
  const intervalMs = Number(values.interval)
  const seconds = Number(values.seconds)
  const words = [...process.execArgv, fileURLToPath(import.meta.url), 'serve', ...(values.https ? ['--https'] : [])]
  const servers: ChildProcess = spawn(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [[goodPort, hangingPort]] = (await once(servers, 'message')) as [[number, number]]
  const lag = createLagRecord(performance.now())
  const ticks = setInterval(() => takeTick(lag, performance.now()), LAG_TICK_MS)
  const world: ProbeWorld = {
    monotonicMs: () => performance.now(),
    wallMs: Date.now,
    lagSinceMs: (sinceMs) => lagSince(lag, sinceMs, performance.now()),
    own: [],
  }
  const samples: ProbeSample[] = []
  let isCounting = false
  const prober = startProber({
    measure: (planned, generation, signal) => runProbe(planned, generation, world, { signal }),
    onSample: (sample) => {
      if (isCounting) samples.push(sample)
    },
    nowMs: world.monotonicMs,
    setTimer: (callback, delayMs) => {
      const timer = setTimeout(callback, delayMs)
      return () => clearTimeout(timer)
    },
    chance: Math.random,
  })
  const probe = { intervalMs, timeoutMs: Math.min(1000, intervalMs - 1), retryIntervalMs: Math.round(intervalMs / 2), path: '/health' }
  const kind = values.https ? ({ kind: 'https', certificate: 'ignore' } as const) : ({ kind: 'http' } as const)
  const plan = rankPlan(
    Array.from({ length: endpoints }, (_, number) => {
      const port = number < hanging ? hangingPort : goodPort
      const id = number < hanging ? `hangs-${number}` : `edge-${number}`
      return rankEndpoint(id, { ipv4: addressOf(number), probes: [probeSpec({ ...kind, ...probe, port })] })
    }),
    [],
  )
  prober.replacePlan(plan)
  // The first round is a burst by intent; code is compiled then as well. Its lateness counts, its CPU time does not.
  await sleep(intervalMs + 500)
  const firstLateMs = prober.load().latestStartMs
  isCounting = true
  const cpuBefore = process.threadCpuUsage()
  const startedMs = performance.now()
  const rss: number[] = []
  for (let second = 0; second < seconds; second++) {
    await sleep(1000)
    rss.push(process.memoryUsage.rss() / 1e6)
  }
  const elapsedMs = performance.now() - startedMs
  const cpu = process.threadCpuUsage(cpuBefore)
  const load = prober.load()
  prober.stop()
  clearInterval(ticks)
  servers.disconnect()
  const share = (cpu.user + cpu.system) / 1000 / elapsedMs
  const good = samples.filter(({ endpointId }) => endpointId.startsWith('edge-'))
  const failed = good.filter(({ ok }) => !ok)
  const wronglyGood = samples.filter(({ ok, endpointId }) => ok && endpointId.startsWith('hangs-'))
  const latencies = good
    .filter(({ ok, lagged }) => ok && !lagged)
    .map(({ latencyMs }) => latencyMs)
    .sort((a, b) => a - b)
  const at = (q: number): string => (latencies[Math.floor(q * (latencies.length - 1))] ?? Number.NaN).toFixed(1)
  const lateMs = Math.max(firstLateMs, load.latestStartMs)
  const lines = [
    `${endpoints} endpoints (${kind.kind}, ${hanging} of them hang), interval ${intervalMs} ms, ${seconds} s; ${cpus()[0]?.model}, load ${loadavg()[0]!.toFixed(1)}, node ${process.version}`,
    `probes           ${(samples.length / (elapsedMs / 1000)).toFixed(0)}/s`,
    `CPU of the prober ${(100 * share).toFixed(1)} % of a core (${((1000 * share * elapsedMs) / samples.length).toFixed(0)} µs a probe)`,
    `memory           RSS ${rss.at(0)!.toFixed(0)} MB at the beginning, ${rss.at(-1)!.toFixed(0)} MB at the end, at most ${Math.max(...rss).toFixed(0)} MB`,
    `latest start     ${lateMs.toFixed(0)} ms after it was due (first round ${firstLateMs.toFixed(0)} ms)`,
    `latency          p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms (of the good ones; our own lag included below its limit)`,
    `lagged           ${samples.filter(({ lagged }) => lagged).length} of ${samples.length} samples`,
    `wrong            ${failed.length} good ones failed${failed.length > 0 ? ` (${failed[0]!.detail})` : ''}, ${wronglyGood.length} hanging ones succeeded`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  return lateMs <= MOST_LATE_MS && failed.length === 0 && wronglyGood.length === 0 && share <= MOST_CPU_SHARE
}

if (positionals[0] === 'serve') await serve()
else if (!(await measure()) && values.check) process.exitCode = 1
