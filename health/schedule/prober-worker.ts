/**
 * Worker: the prober on real clocks. Samples go straight to the rank worker's port, not through the main thread. It may throw, loop or
 * run out of heap: the runtime's watchdog sees a silent heartbeat and starts another (health-runtime.ts).
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { PushedResult } from '../model/vantage-report.ts'
import type { OwnSocket } from '../probe/allowed-target.ts'
import { createLagRecord, LAG_TICK_MS, lagSince, takeTick } from '../probe/event-loop-lag.ts'
import { type ProbeWorld, runProbe } from '../probe/run-probe.ts'
import type { ProbePlan } from './probe-plan.ts'
import { startProber } from './prober.ts'

/** What the worker is started with. */
export type ProberWorkerData = {
  readonly samples: MessagePort
  readonly heartbeat: Int32Array
  readonly own: readonly OwnSocket[]
  readonly plan: ProbePlan | undefined
  /** Folder of script probes; undefined = they are off. */
  readonly scriptFolder: string | undefined
}
/** What the runtime sends. `break` is for tests of the watchdog only. */
export type ToProber =
  | { readonly plan: ProbePlan }
  | { readonly pushes: readonly PushedResult[] }
  | { readonly stop: true }
  | { readonly break: 'throw' | 'loop' | 'heap' }

const { samples, heartbeat, own, plan: firstPlan, scriptFolder } = workerData as ProberWorkerData
const lag = createLagRecord(performance.now())
setInterval(() => {
  takeTick(lag, performance.now())
  Atomics.add(heartbeat, 0, 1)
}, LAG_TICK_MS)

/** When the newest report to a push probe came, monotonic ms, by endpoint and probe. */
const reports = new Map<string, number>()
const startedMs = performance.now()
const reportKey = (endpointId: string, probeId: string): string => `${endpointId} ${probeId}`

function takeReports(pushes: readonly PushedResult[]): void {
  const nowMs = performance.now()
  for (const { endpointId, probeId, at } of pushes) {
    const key = reportKey(endpointId, probeId)
    // By the wall clock only as far as it says that the report is old: one from the future came now.
    const atMs = nowMs - Math.max(0, Date.now() - at)
    reports.set(key, Math.max(atMs, reports.get(key) ?? atMs))
  }
}

/** Reports to probes that are gone are forgotten: memory stays flat over any number of publishes. */
function forgetReports(plan: ProbePlan): void {
  const wanted = new Set(plan.endpoints.flatMap(({ id, probes }) => probes.map((probe) => reportKey(id, probe.id))))
  for (const key of reports.keys()) if (!wanted.has(key)) reports.delete(key)
}

const world: ProbeWorld = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  lagSinceMs: (sinceMs) => lagSince(lag, sinceMs, performance.now()),
  own,
  scriptFolder,
  reportAgeMs: (endpointId, probeId) => performance.now() - (reports.get(reportKey(endpointId, probeId)) ?? startedMs),
}

const prober = startProber({
  measure: (planned, generation, signal) => runProbe(planned, generation, world, { signal }),
  onSample: (sample) => samples.postMessage(sample),
  nowMs: world.monotonicMs,
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
  chance: Math.random,
})
if (firstPlan !== undefined) prober.replacePlan(firstPlan)

parentPort!.on('message', (message: ToProber) => {
  if ('plan' in message) {
    forgetReports(message.plan)
    prober.replacePlan(message.plan)
    return
  }
  if ('pushes' in message) {
    takeReports(message.pushes)
    return
  }
  if ('stop' in message) {
    // What programs run for probes are killed here: they would outlive the worker.
    prober.stop()
    process.exit()
  }
  if (message.break === 'throw') throw new Error('broken by a test')
  if (message.break === 'loop') for (;;);
  const hoard: unknown[] = []
  for (;;) hoard.push(new Array(100_000).fill(hoard))
})
