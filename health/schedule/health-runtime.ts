/**
 * Health of a process: a prober worker and a rank worker with heap limits, watched by heartbeat. Whatever happens in the prober (throw,
 * endless loop, heap exhaustion) costs no answer: the ranking stays where it is, with a growing age, and another prober is started. The
 * rank worker is replaced likewise, from the kept state; what was asked of it is asked again.
 *
 *   this thread ── plan ──► prober worker ── samples (own port) ──► rank worker ──► shared memory ──► answer threads
 */

import { MessageChannel, type Transferable, Worker } from 'node:worker_threads'
import type { StandingEvidence } from '../../admin-ui/contract/event.ts'
import type { LatencyCellAge, LatencyMessage } from '../model/latency-matrix.ts'
import type { Override } from '../model/override.ts'
import type { ProbeSample } from '../model/probe-sample.ts'
import { completeRankPlan, type RankPlan } from '../model/rank-plan.ts'
import type { LoadReport, PushedResult, VantageReport } from '../model/vantage-report.ts'
import type { OwnSocket } from '../probe/allowed-target.ts'
import type { AnswerRate } from '../score/load-book.ts'
import { describeChange } from './describe-change.ts'
import { probePlanOf } from './probe-plan.ts'
import type { ProberWorkerData, ToProber } from './prober-worker.ts'
import type { AddressDetail, FromRank, HealthState, RankRequest, RankWorkerData, ToRank } from './rank-worker.ts'
import type { VantageIdentity } from './vantage-judge.ts'

/** Options. */
export type HealthOptions = {
  /** File of the kept state; undefined = none is kept. */
  readonly statePath: string | undefined
  /** Sockets of ours that must not be probed. */
  readonly own: readonly OwnSocket[]
  /** Folder of script probes; absent = they are off. */
  readonly scriptFolder?: string | undefined
  /** Name and site of this node among the vantages; absent = alone and nameless. */
  readonly identity?: VantageIdentity | undefined
  /** What this vantage says to the others, at each ranking; absent = nobody asks. */
  readonly onReport?: ((report: VantageReport) => void) | undefined
  /** This node is cut off, or is so no more. */
  readonly onIsolation?: ((isolated: boolean, detail: string) => void) | undefined
  /** A standing changed: endpoint, a sentence, and the samples that decided. */
  readonly onStanding: (endpointId: string, detail: string, evidence: StandingEvidence) => void
  readonly onWarning: (message: string) => void
  readonly onWorkerReplaced: (name: string, reason: string) => void
}

/** A running health. */
export type HealthRuntime = {
  /** Turns to another plan; resolves when its first ranking stands in `ranking` (sharedRankingSizeBytes). New endpoints are probed before, at most 2 s. */
  readonly replacePlan: (plan: RankPlan, ranking: SharedArrayBuffer) => Promise<void>
  /** Numbers that a ranking has no room for. */
  readonly details: () => Promise<readonly AddressDetail[]>
  /** Newest samples of an endpoint, oldest first. */
  readonly samples: (endpointId: string, limit: number) => Promise<readonly ProbeSample[]>
  /** Results that endpoints or outside systems pushed. */
  readonly takePushes: (pushes: readonly PushedResult[]) => void
  /** What other vantages say. */
  readonly takeReports: (reports: readonly VantageReport[]) => void
  /** Loads that endpoints told. */
  readonly takeLoads: (loads: readonly LoadReport[]) => void
  /** How many answers a second led to endpoints: an estimate of loads that nobody reports. */
  readonly takeAnswers: (answers: readonly AnswerRate[]) => void
  /** Cells of the latency matrix that changed; kept over a restart. */
  readonly takeLatency: (message: LatencyMessage) => void
  /** What is known of a line of the matrix. */
  readonly latencyCells: (line: string) => Promise<readonly LatencyCellAge[]>
  /** Isolation, other vantages, what was dropped. */
  readonly state: () => Promise<HealthState | undefined>
  /** The whole list of overrides; holds from the next swap on. To be called before the first plan, too. */
  readonly replaceOverrides: (overrides: readonly Override[]) => void
  /** Breaks the prober's worker, for tests of the watchdog. */
  readonly breakProber: (how: 'throw' | 'loop' | 'heap') => void
  /** Breaks the rank worker, for tests of the watchdog. */
  readonly breakRank: (how: 'throw' | 'loop') => void
  /** Ends both workers; the state is saved before. */
  readonly stop: () => Promise<void>
}

/** A worker whose heartbeat stands still for this long is replaced. */
const SILENT_MS = 3000
/** Until its first heartbeat a worker has this long: loading its code takes time on a busy machine. */
const START_MS = 20_000
const WATCH_MS = 500
const PROBER_HEAP_MB = 256
const RANK_HEAP_MB = 512
const FIRST_BACKOFF_MS = 200
const MOST_BACKOFF_MS = 10_000
/** A worker that ran this long starts again without back-off. */
const SETTLED_MS = 60_000
const SAVE_AT_STOP_MS = 2000
/** A prober that does not end by itself is ended after this. */
const STOP_MS = 500

/** Endpoints and probes of which the newest pushed result is kept, known to the plan or not yet. */
const MOST_PUSHED = 20_000

type WorkerName = 'prober' | 'rank'
type Watched = { readonly worker: Worker; readonly heartbeat: Int32Array; seen: number; seenAtMs: number; readonly startedMs: number }
type Waiting = { readonly request: RankRequest; readonly resolve: (result: unknown) => void }

const pushKey = ({ endpointId, probeId }: PushedResult): string => `${endpointId} ${probeId}`

const workerUrl = (name: string): URL => new URL(import.meta.url.endsWith('.ts') ? `./${name}.ts` : `./${name}.js`, import.meta.url)

/** Starts both workers. */
export function startHealth(options: HealthOptions): HealthRuntime {
  let stopped = false
  let ending: Promise<void> | undefined
  let lastPlan: Extract<RankRequest, { type: 'plan' }> | undefined
  let lastNumber = 0
  let overrides: readonly Override[] = []
  /** Newest pushed result of each endpoint and probe: workers that are replaced, and plans that name the endpoint only now, know nothing of it. */
  const pushed = new Map<string, PushedResult>()
  const waiting = new Map<number, Waiting>()
  const backoffMs: Record<WorkerName, number> = { prober: 0, rank: 0 }
  let rank = startRank()
  let prober = startProber()

  function watch(worker: Worker, heartbeat: Int32Array, name: WorkerName, restart: () => void): Watched {
    const startedMs = performance.now()
    let reason = 'it ended'
    worker.on('error', (error) => {
      reason = (error as Error).message
    })
    const watched: Watched = { worker, heartbeat, seen: 0, seenAtMs: startedMs, startedMs }
    worker.on('exit', () => {
      if (stopped) return
      if (performance.now() - startedMs > SETTLED_MS) backoffMs[name] = 0
      const delayMs = backoffMs[name]
      backoffMs[name] = Math.min(MOST_BACKOFF_MS, delayMs === 0 ? FIRST_BACKOFF_MS : 2 * delayMs)
      options.onWorkerReplaced(name, watched.seenAtMs === Number.POSITIVE_INFINITY ? 'its heartbeat stood still' : reason)
      setTimeout(() => {
        // A prober may have been replaced meanwhile, together with a rank worker.
        if (!stopped && (name === 'prober' ? prober : rank) === watched) restart()
      }, delayMs)
    })
    return watched
  }

  function startRank(): Watched {
    const heartbeat = new Int32Array(new SharedArrayBuffer(4))
    const workerData: RankWorkerData = {
      statePath: options.statePath,
      heartbeat,
      identity: options.identity ?? { vantage: '', site: '' },
      reports: options.onReport !== undefined,
    }
    const worker = new Worker(workerUrl('rank-worker'), { workerData, resourceLimits: { maxOldGenerationSizeMb: RANK_HEAP_MB } })
    worker.on('message', (message: FromRank) => {
      if (message.type === 'done') {
        waiting.get(message.number)?.resolve(message.result)
        waiting.delete(message.number)
      } else if (message.type === 'warning') options.onWarning(message.message)
      else if (message.type === 'isolation') options.onIsolation?.(message.isolated, message.detail)
      else if (message.type === 'report') options.onReport?.(message.report)
      else
        for (const detail of describeChange(message.change)) options.onStanding(message.change.endpointId, detail, message.change.evidence)
    })
    return watch(worker, heartbeat, 'rank', () => {
      rank = startRank()
      tellRank({ type: 'overrides', overrides })
      // The samples need a way to the new one: the prober is started anew with one.
      prober.worker.removeAllListeners('exit')
      void prober.worker.terminate()
      prober = startProber()
      askAgain()
      // After the plan, without which it knows no endpoint.
      tellRank({ type: 'pushes', pushes: [...pushed.values()] })
    })
  }

  function startProber(): Watched {
    const heartbeat = new Int32Array(new SharedArrayBuffer(4))
    const channel = new MessageChannel()
    const workerData: ProberWorkerData = {
      samples: channel.port1,
      heartbeat,
      own: options.own,
      plan: lastPlan && probePlanOf(lastPlan.plan),
      scriptFolder: options.scriptFolder,
    }
    const worker = new Worker(workerUrl('prober-worker'), {
      workerData,
      transferList: [channel.port1],
      resourceLimits: { maxOldGenerationSizeMb: PROBER_HEAP_MB },
    })
    tellRank({ type: 'prober', port: channel.port2 }, [channel.port2])
    if (pushed.size > 0) worker.postMessage({ pushes: [...pushed.values()] } satisfies ToProber)
    return watch(worker, heartbeat, 'prober', () => {
      prober = startProber()
    })
  }

  const watchdog = setInterval(() => {
    const nowMs = performance.now()
    for (const watched of [prober, rank]) {
      const beat = Atomics.load(watched.heartbeat, 0)
      if (beat !== watched.seen) {
        watched.seen = beat
        watched.seenAtMs = nowMs
      } else if (nowMs - watched.seenAtMs > (beat === 0 ? START_MS : SILENT_MS)) {
        watched.seenAtMs = Number.POSITIVE_INFINITY
        void watched.worker.terminate()
      }
    }
  }, WATCH_MS)

  function tellRank(message: ToRank, transfer: readonly Transferable[] = []): void {
    rank.worker.postMessage(message, transfer)
  }

  function tellProber(message: ToProber): void {
    prober.worker.postMessage(message)
  }

  function ask(request: RankRequest): Promise<unknown> {
    const number = ++lastNumber
    return new Promise((resolve) => {
      waiting.set(number, { request, resolve })
      tellRank({ ...request, number })
    })
  }

  /** A new rank worker knows no plan and none of the open requests. */
  function askAgain(): void {
    const plan = lastPlan
    const open = [...waiting]
    for (const [number, { request, resolve }] of open) {
      if (request.type !== 'plan' || request === plan) continue
      waiting.delete(number)
      resolve(undefined)
    }
    if (plan !== undefined && !open.some(([, { request }]) => request === plan)) void ask(plan)
    for (const [number, { request }] of waiting) if (open.some(([known]) => known === number)) tellRank({ ...request, number })
  }

  async function end(): Promise<void> {
    stopped = true
    clearInterval(watchdog)
    // It ends by itself, and the programs that it runs for probes with it; one that hangs is ended.
    tellProber({ stop: true })
    let patience: NodeJS.Timeout | undefined
    await new Promise((resolve) => {
      prober.worker.once('exit', resolve)
      patience = setTimeout(resolve, STOP_MS)
    })
    clearTimeout(patience)
    await prober.worker.terminate()
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, SAVE_AT_STOP_MS)
    })
    await Promise.race([ask({ type: 'stop' }), limit])
    clearTimeout(timer)
    await rank.worker.terminate()
  }

  return {
    async replacePlan(given, ranking) {
      const plan = completeRankPlan(given)
      lastPlan = { type: 'plan', plan, ranking }
      const done = ask(lastPlan)
      const wanted = new Set(plan.endpoints.map(({ id }) => id))
      for (const [key, { endpointId }] of pushed) if (!wanted.has(endpointId)) pushed.delete(key)
      const pushes = [...pushed.values()]
      if (pushes.length > 0) tellRank({ type: 'pushes', pushes })
      tellProber({ plan: probePlanOf(plan) })
      if (pushes.length > 0) tellProber({ pushes })
      await done
    },
    details: async () => (await ask({ type: 'details' })) as readonly AddressDetail[],
    samples: async (endpointId, limit) => (await ask({ type: 'samples', endpointId, limit })) as readonly ProbeSample[],
    takePushes: (pushes) => {
      for (const push of pushes) if (pushed.size < MOST_PUSHED || pushed.has(pushKey(push))) pushed.set(pushKey(push), push)
      tellRank({ type: 'pushes', pushes })
      tellProber({ pushes })
    },
    takeReports: (reports) => tellRank({ type: 'vantage-reports', reports }),
    takeLoads: (loads) => tellRank({ type: 'loads', loads }),
    takeAnswers: (answers) => tellRank({ type: 'answers', answers }),
    takeLatency: (message) => tellRank(message),
    latencyCells: async (line) => ((await ask({ type: 'latency-cells', line })) ?? []) as readonly LatencyCellAge[],
    state: async () => (await ask({ type: 'state' })) as HealthState | undefined,
    replaceOverrides: (next) => {
      overrides = next
      tellRank({ type: 'overrides', overrides })
    },
    breakProber: (how) => tellProber({ break: how }),
    breakRank: (how) => tellRank({ type: 'break', how }),
    stop() {
      ending ??= end()
      return ending
    },
  }
}
