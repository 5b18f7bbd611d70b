/**
 * Worker: the prober on real clocks. Samples go straight to the rank worker's port, not through the main thread. It may throw, loop or
 * run out of heap: the runtime's watchdog sees a silent heartbeat and starts another (health-runtime.ts).
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { RankPlan } from '../model/rank-plan.ts'
import type { OwnSocket } from '../probe/allowed-target.ts'
import { runProbe } from '../probe/run-probe.ts'
import { startProber } from './prober.ts'

/** What the worker is started with. */
export type ProberWorkerData = {
  readonly samples: MessagePort
  readonly heartbeat: Int32Array
  readonly own: readonly OwnSocket[]
  readonly plan: RankPlan | undefined
}
/** What the runtime sends. `break` is for tests of the watchdog only. */
export type ToProber = { readonly plan: RankPlan } | { readonly break: 'throw' | 'loop' | 'heap' }

const { samples, heartbeat, own, plan: firstPlan } = workerData as ProberWorkerData
const LAG_TICK_MS = 20
/** Lags below this are the timer's own trembling. */
const LEAST_LAG_MS = 5
/** The longest time limit of a probe: older lags matter to none. */
const LAGS_KEPT_MS = 60_000
/** Oldest first. */
const lags: { readonly atMs: number; readonly lagMs: number }[] = []
let lastTickMs = performance.now()
setInterval(() => {
  const nowMs = performance.now()
  const lagMs = nowMs - lastTickMs - LAG_TICK_MS
  lastTickMs = nowMs
  if (lagMs > LEAST_LAG_MS) lags.push({ atMs: nowMs, lagMs })
  while (lags.length > 0 && lags[0]!.atMs < nowMs - LAGS_KEPT_MS) lags.shift()
  Atomics.add(heartbeat, 0, 1)
}, LAG_TICK_MS)

function lagSinceMs(sinceMs: number): number {
  let worst = performance.now() - lastTickMs - LAG_TICK_MS
  for (let i = lags.length - 1; i >= 0 && lags[i]!.atMs >= sinceMs; i--) worst = Math.max(worst, lags[i]!.lagMs)
  return worst
}

const clocks = { monotonicMs: () => performance.now(), wallMs: () => Date.now(), lagSinceMs }

const prober = startProber({
  measure: (planned, generation) => runProbe(planned, generation, own, clocks),
  onSample: (sample) => samples.postMessage(sample),
  nowMs: clocks.monotonicMs,
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
  chance: Math.random,
})
if (firstPlan !== undefined) prober.replacePlan(firstPlan)

parentPort!.on('message', (message: ToProber) => {
  if ('plan' in message) {
    prober.replacePlan(message.plan)
    return
  }
  if (message.break === 'throw') throw new Error('broken by a test')
  if (message.break === 'loop') for (;;);
  const hoard: unknown[] = []
  for (;;) hoard.push(new Array(100_000).fill(hoard))
})
