/**
 * The prober: one timer over a queue of due probes, jittered, at most one in flight a target; a hanging target delays nobody. Shell, but
 * clock, timer, chance and the measuring itself are handed in, so that tests run it on virtual time.
 */
import type { ProbeSample } from '../model/probe-sample.ts'
import { nextDelayMs, type PlannedProbe, type ProbePlan, planProbes, secondDelayMs } from './probe-plan.ts'

/** What the prober needs of the world. */
export type ProberOptions = {
  /** Undefined: there was nothing to measure. `signal` fires when nobody wants the result any more. */
  readonly measure: (planned: PlannedProbe, generation: number, signal: AbortSignal) => Promise<ProbeSample | undefined>
  readonly onSample: (sample: ProbeSample) => void
  readonly nowMs: () => number
  /** Calls back once at or after `delayMs`; returns a cancel. */
  readonly setTimer: (callback: () => void, delayMs: number) => () => void
  /** 0–1. */
  readonly chance: () => number
  /** Measurements under way at the most [MOST_IN_FLIGHT]. */
  readonly mostInFlight?: number
}

/** A running prober. */
export type Prober = {
  /** Turns to a plan: new probes at once (spread over a moment), removed ones never again, kept ones go on in their rhythm. */
  readonly replacePlan: (plan: ProbePlan) => void
  readonly load: () => ProberLoad
  readonly stop: () => void
}

/** How a prober keeps up. */
export type ProberLoad = {
  readonly targetCount: number
  readonly startedCount: number
  readonly inFlightCount: number
  /** The most that a probe started after its due time since the last look, ms. */
  readonly latestStartMs: number
}

type Entry = {
  planned: PlannedProbe
  dueMs: number
  failuresInRow: number
  isNew: boolean
  removed: boolean
  /** Of the measurement under way. */
  controller: AbortController | undefined
}

/** First probes of a plan are spread over this time at the most: a millisecond each, which is what one with TLS takes of a core. */
const SPREAD_MS = 1000
/**
 * Measurements under way at the most: each holds a descriptor, and there must be some left for answering. A target has one at a time, so
 * that only more targets than this that all hang can make others wait, and only until the first of them has reached its limit.
 */
const MOST_IN_FLIGHT = 8192

/** Starts with an empty plan. */
export function startProber(options: ProberOptions): Prober {
  const { mostInFlight = MOST_IN_FLIGHT } = options
  const entries = new Map<string, Entry>()
  /** Entries by due time: a binary heap. */
  const heap: Entry[] = []
  let generation = 0
  let cancelTimer: (() => void) | undefined
  let stopped = false
  let startedCount = 0
  let inFlightCount = 0
  let latestStartMs = 0

  function arm(): void {
    cancelTimer?.()
    cancelTimer = undefined
    const next = heap[0]
    // At the most that may be under way, the next one that ends goes on from here.
    if (inFlightCount >= mostInFlight) return
    if (next !== undefined && !stopped) cancelTimer = options.setTimer(runDue, Math.max(0, next.dueMs - options.nowMs()))
  }

  function runDue(): void {
    const nowMs = options.nowMs()
    for (let next = heap[0]; next !== undefined && next.dueMs <= nowMs && inFlightCount < mostInFlight; next = heap[0]) {
      popFirst(heap)
      if (!next.removed) void probe(next, nowMs)
    }
    arm()
  }

  async function probe(entry: Entry, startedMs: number): Promise<void> {
    const { planned } = entry
    const controller = new AbortController()
    entry.controller = controller
    startedCount++
    inFlightCount++
    latestStartMs = Math.max(latestStartMs, startedMs - entry.dueMs)
    const sample = await options.measure(planned, generation, controller.signal)
    inFlightCount--
    entry.controller = undefined
    // A probe of a removed endpoint that was under way tells nobody anything.
    if (entry.removed || stopped) {
      arm()
      return
    }
    if (sample !== undefined) {
      entry.failuresInRow = sample.ok ? 0 : entry.failuresInRow + 1
      options.onSample(sample)
    }
    const chance = options.chance()
    const isFirstGood = entry.isNew && sample?.ok !== false
    entry.isNew = false
    const delayMs = isFirstGood ? secondDelayMs(planned.probe, chance) : nextDelayMs(planned.probe, entry.failuresInRow, chance)
    entry.dueMs = Math.max(options.nowMs(), startedMs + delayMs)
    push(heap, entry)
    arm()
  }

  return {
    replacePlan(plan) {
      generation = plan.generation
      const wanted = new Map(planProbes(plan).map((planned) => [planned.key, planned]))
      for (const [key, entry] of entries) {
        if (wanted.has(key)) continue
        entry.removed = true
        entry.controller?.abort()
        entries.delete(key)
      }
      const fresh = [...wanted].filter(([key]) => !entries.has(key))
      const nowMs = options.nowMs()
      fresh.forEach(([key, planned], position) => {
        const entry: Entry = {
          planned,
          dueMs: nowMs + Math.min(position, (SPREAD_MS * position) / fresh.length),
          failuresInRow: 0,
          isNew: true,
          removed: false,
          controller: undefined,
        }
        entries.set(key, entry)
        push(heap, entry)
      })
      arm()
    },
    load() {
      const load = { targetCount: entries.size, startedCount, inFlightCount, latestStartMs }
      latestStartMs = 0
      return load
    },
    stop() {
      stopped = true
      cancelTimer?.()
      for (const entry of entries.values()) entry.controller?.abort()
    },
  }
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.length
  heap.push(entry)
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (heap[parent]!.dueMs <= entry.dueMs) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = entry
}

function popFirst(heap: Entry[]): void {
  const last = heap.pop()!
  if (heap.length === 0) return
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && heap[child + 1]!.dueMs < heap[child]!.dueMs) child++
    if (heap[child]!.dueMs >= last.dueMs) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = last
}
