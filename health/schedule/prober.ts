/**
 * The prober: one timer over a queue of due probes, jittered, at most one in flight a target; a hanging target delays nobody. Shell, but
 * clock, timer, chance and the measuring itself are handed in, so that tests run it on virtual time.
 */
import type { ProbeSample } from '../model/probe-sample.ts'
import type { RankPlan } from '../model/rank-plan.ts'
import { nextDelayMs, type PlannedProbe, planProbes, secondDelayMs } from './probe-plan.ts'

/** What the prober needs of the world. */
export type ProberOptions = {
  readonly measure: (planned: PlannedProbe, generation: number) => Promise<ProbeSample>
  readonly onSample: (sample: ProbeSample) => void
  readonly nowMs: () => number
  /** Calls back once at or after `delayMs`; returns a cancel. */
  readonly setTimer: (callback: () => void, delayMs: number) => () => void
  /** 0–1. */
  readonly chance: () => number
}

/** A running prober. */
export type Prober = {
  /** Turns to a plan: new probes at once (spread over a moment), removed ones never again, kept ones go on in their rhythm. */
  readonly replacePlan: (plan: RankPlan) => void
  readonly stop: () => void
}

type Entry = { planned: PlannedProbe; dueMs: number; inFlight: boolean; failuresInRow: number; isNew: boolean; removed: boolean }

/** First probes of a plan are spread over this time at the most. */
const SPREAD_MS = 500

/** Starts with an empty plan. */
export function startProber(options: ProberOptions): Prober {
  const entries = new Map<string, Entry>()
  /** Entries by due time: a binary heap. */
  const heap: Entry[] = []
  let generation = 0
  let cancelTimer: (() => void) | undefined
  let stopped = false

  function arm(): void {
    cancelTimer?.()
    cancelTimer = undefined
    const next = heap[0]
    if (next !== undefined && !stopped) cancelTimer = options.setTimer(runDue, Math.max(0, next.dueMs - options.nowMs()))
  }

  function runDue(): void {
    const nowMs = options.nowMs()
    for (let next = heap[0]; next !== undefined && next.dueMs <= nowMs; next = heap[0]) {
      popFirst(heap)
      if (!next.removed) void probe(next, nowMs)
    }
    arm()
  }

  async function probe(entry: Entry, startedMs: number): Promise<void> {
    entry.inFlight = true
    const { planned } = entry
    const sample = await options.measure(planned, generation)
    entry.inFlight = false
    // A probe of a removed endpoint that was under way tells nobody anything.
    if (entry.removed || stopped) return
    entry.failuresInRow = sample.ok ? 0 : entry.failuresInRow + 1
    options.onSample(sample)
    const chance = options.chance()
    const isFirstGood = entry.isNew && sample.ok
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
        entries.delete(key)
      }
      const fresh = [...wanted].filter(([key]) => !entries.has(key))
      const nowMs = options.nowMs()
      fresh.forEach(([key, planned], position) => {
        const entry: Entry = {
          planned,
          dueMs: nowMs + Math.min(position, (SPREAD_MS * position) / fresh.length),
          inFlight: false,
          failuresInRow: 0,
          isNew: true,
          removed: false,
        }
        entries.set(key, entry)
        push(heap, entry)
      })
      arm()
    },
    stop() {
      stopped = true
      cancelTimer?.()
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
