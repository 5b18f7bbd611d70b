/**
 * Health of a process: a prober worker and a rank worker with heap limits, watched by heartbeat. Whatever happens in the prober (throw,
 * endless loop, heap exhaustion) costs no answer: the ranking stays where it is, with a growing age, and another prober is started.
 *
 *   main thread ── plan ──► prober worker ── samples (own port) ──► rank worker ──► shared memory ──► answer threads
 */
import { MessageChannel, Worker } from 'node:worker_threads'
import type { ProbeSample } from '../model/probe-sample.ts'
import type { RankPlan } from '../model/rank-plan.ts'
import { STANDINGS } from '../model/standing.ts'
import type { OwnSocket } from '../probe/allowed-target.ts'
import type { ToProber } from './prober-worker.ts'
import type { AddressDetail, FromRank, ToRank } from './rank-worker.ts'

/** Options. */
export type HealthOptions = {
  /** File of the kept state; undefined = none is kept. */
  readonly statePath: string | undefined
  /** Sockets of ours that must not be probed. */
  readonly own: readonly OwnSocket[]
  /** A standing changed: endpoint, and a sentence with the evidence. */
  readonly onStanding: (endpointId: string, detail: string) => void
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
  /** Breaks the prober's worker, for tests of the watchdog. */
  readonly breakProber: (how: 'throw' | 'loop' | 'heap') => void
  readonly stop: () => Promise<void>
}

/** A worker whose heartbeat stands still for this long is replaced. */
const SILENT_MS = 3000
const WATCH_MS = 500
const PROBER_HEAP_MB = 256
const RANK_HEAP_MB = 512
const FIRST_BACKOFF_MS = 200
const MOST_BACKOFF_MS = 10_000
/** A worker that ran this long starts again without back-off. */
const SETTLED_MS = 60_000

type Kept = { worker: Worker; readonly heartbeat: Int32Array; seen: number; seenAtMs: number; readonly startedMs: number }

const workerUrl = (name: string): URL => new URL(import.meta.url.endsWith('.ts') ? `./${name}.ts` : `./${name}.js`, import.meta.url)

/** Starts both workers. */
export function startHealth(options: HealthOptions): HealthRuntime {
  let stopped = false
  let lastPlan: { readonly plan: RankPlan; readonly ranking: SharedArrayBuffer } | undefined
  let number = 0
  const waiting = new Map<number, (result: unknown) => void>()
  const backoffs = { prober: 0, rank: 0 }

  let rank = startRank()
  let prober = startProber()

  function keep(worker: Worker, heartbeat: Int32Array): Kept {
    return { worker, heartbeat, seen: 0, seenAtMs: performance.now(), startedMs: performance.now() }
  }

  function startRank(): Kept {
    const heartbeat = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(workerUrl('rank-worker'), {
      workerData: { statePath: options.statePath, heartbeat },
      resourceLimits: { maxOldGenerationSizeMb: RANK_HEAP_MB },
    })
    worker.on('message', (message: FromRank) => {
      if (message.type === 'done') {
        waiting.get(message.number)?.(message.result)
        waiting.delete(message.number)
      } else if (message.type === 'warning') options.onWarning(message.message)
      else {
        const { change } = message
        const { sample } = change
        const evidence = sample.ok ? `${sample.latencyMs.toFixed(1)} ms` : `${sample.failure}: ${sample.detail ?? ''}`
        options.onStanding(
          change.endpointId,
          `${change.address} ${STANDINGS[change.from]} → ${STANDINGS[change.to]} (probe ${sample.probeId}, ${evidence})`,
        )
      }
    })
    const kept = keep(worker, heartbeat)
    watchEnd(kept, 'rank', () => {
      rank = startRank()
      linkWorkers()
      if (lastPlan !== undefined) void replacePlan(lastPlan.plan, lastPlan.ranking)
    })
    return kept
  }

  function startProber(): Kept {
    const heartbeat = new Int32Array(new SharedArrayBuffer(4))
    const channel = new MessageChannel()
    const worker = new Worker(workerUrl('prober-worker'), {
      workerData: { samples: channel.port1, heartbeat, own: options.own, plan: lastPlan?.plan },
      transferList: [channel.port1],
      resourceLimits: { maxOldGenerationSizeMb: PROBER_HEAP_MB },
    })
    tellRank({ type: 'samples', port: channel.port2 }, [channel.port2])
    const kept = keep(worker, heartbeat)
    watchEnd(kept, 'prober', () => {
      prober = startProber()
    })
    return kept
  }

  /** A new rank worker needs a new way for the samples: the prober is started anew with one. */
  function linkWorkers(): void {
    const old = prober
    old.worker.removeAllListeners('exit')
    void old.worker.terminate()
    prober = startProber()
  }

  function watchEnd(kept: Kept, name: 'prober' | 'rank', restart: () => void): void {
    let reason = 'ended'
    kept.worker.on('error', (error) => {
      reason = (error as Error).message
    })
    kept.worker.on('exit', () => {
      if (stopped) return
      if (performance.now() - kept.startedMs > SETTLED_MS) backoffs[name] = 0
      const delayMs = backoffs[name]
      backoffs[name] = Math.min(MOST_BACKOFF_MS, delayMs === 0 ? FIRST_BACKOFF_MS : 2 * delayMs)
      options.onWorkerReplaced(name, reason)
      setTimeout(() => {
        if (!stopped) restart()
      }, delayMs)
    })
  }

  const watchdog = setInterval(() => {
    const nowMs = performance.now()
    for (const kept of [prober, rank]) {
      const beat = Atomics.load(kept.heartbeat, 0)
      if (beat !== kept.seen) {
        kept.seen = beat
        kept.seenAtMs = nowMs
      } else if (nowMs - kept.seenAtMs > SILENT_MS) {
        kept.seenAtMs = nowMs
        void kept.worker.terminate()
      }
    }
  }, WATCH_MS)

  function tellRank(message: ToRank, transfer: import('node:worker_threads').Transferable[] = []): void {
    rank.worker.postMessage(message, transfer)
  }

  function tellProber(message: ToProber): void {
    prober.worker.postMessage(message)
  }

  async function replacePlan(plan: RankPlan, ranking: SharedArrayBuffer): Promise<void> {
    lastPlan = { plan, ranking }
    const own = ++number
    const done = new Promise((resolve) => waiting.set(own, resolve))
    tellRank({ type: 'plan', number: own, plan, ranking })
    tellProber({ plan })
    await done
  }

  return {
    replacePlan,
    async details() {
      const own = ++number
      return await new Promise((resolve) => {
        waiting.set(own, resolve as (result: unknown) => void)
        tellRank({ type: 'ask', number: own, what: 'details' })
      })
    },
    async samples(endpointId, limit) {
      const own = ++number
      return await new Promise((resolve) => {
        waiting.set(own, resolve as (result: unknown) => void)
        tellRank({ type: 'ask', number: own, what: 'samples', endpointId, limit })
      })
    },
    breakProber: (how) => tellProber({ break: how }),
    async stop() {
      stopped = true
      clearInterval(watchdog)
      await prober.worker.terminate()
      const own = ++number
      const saved = new Promise((resolve) => waiting.set(own, resolve))
      tellRank({ type: 'stop', number: own })
      const limit = new Promise((resolve) => setTimeout(resolve, 2000).unref())
      await Promise.race([saved, limit])
      await rank.worker.terminate()
    },
  }
}
