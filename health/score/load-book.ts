/**
 * Loads of endpoints: what they told, and what is estimated from answers given. Pure: clocks are parameters; bounded by the endpoints
 * of the plan. An answer leads to as many requests as its resolver has clients: how many, is learned while an endpoint tells its load,
 * and 1 before, which is the least it can be. Answers of other nodes are not known here; so the estimate sheds, and never closes.
 */
import type { RankPlan } from '../model/rank-plan.ts'
import type { LoadReport } from '../model/vantage-report.ts'
import { countDropped, type DropCounts } from './drop-counts.ts'
import { type EndpointLoad, FRESH_LOAD_MS } from './shed-load.ts'

/** Answers a second that led to an endpoint. */
export type AnswerRate = { readonly endpointId: string; readonly perSecond: number }

/** The book. */
export type LoadBook = {
  readonly takeReport: (load: LoadReport, nowMs: number, wallMs: number) => void
  readonly takeAnswers: (endpointId: string, perSecond: number, nowMs: number) => void
  /** Loads of the endpoints of a plan that have a capacity. */
  readonly read: (plan: RankPlan, nowMs: number) => ReadonlyMap<string, EndpointLoad>
  readonly retain: (isKnown: (endpointId: string) => boolean) => void
}

/** A load may be told this far ahead of our wall clock. */
const FUTURE_MS = 5000
/** No machine serves more. */
const MOST_PER_SECOND = 1e9
/** Counts of answers older than this are none. */
const FRESH_ANSWERS_MS = 30_000
/** Weight of a new ratio of requests to answers. */
const RATIO_SHARE = 0.2

/** A reported load is followed within this time, roughly. */
const SMOOTH_MS = 20_000

type Entry = {
  at: number
  smoothPerSecond: number
  reportedAtMs: number
  reportedPerSecond: number
  answersAtMs: number
  answersPerSecond: number
  requestsPerAnswer: number
}

/** An empty book. */
export function createLoadBook(dropped: DropCounts): LoadBook {
  const entries = new Map<string, Entry>()

  function entryOf(endpointId: string): Entry {
    const known = entries.get(endpointId)
    if (known !== undefined) return known
    const made: Entry = {
      at: 0,
      smoothPerSecond: Number.NaN,
      reportedAtMs: Number.NEGATIVE_INFINITY,
      reportedPerSecond: Number.NaN,
      answersAtMs: Number.NEGATIVE_INFINITY,
      answersPerSecond: Number.NaN,
      requestsPerAnswer: 1,
    }
    entries.set(endpointId, made)
    return made
  }

  return {
    takeReport({ endpointId, requestsPerSecond, at }, nowMs, wallMs) {
      const isSane = requestsPerSecond >= 0 && requestsPerSecond <= MOST_PER_SECOND && Number.isFinite(at)
      const entry = entryOf(endpointId)
      const isPast = at < wallMs - FRESH_LOAD_MS || at < entry.at
      const reason = !isSane ? 'absurd' : at > wallMs + FUTURE_MS ? 'future' : isPast ? 'past' : undefined
      if (reason !== undefined) {
        countDropped(dropped, reason)
        return
      }
      const share = nowMs - entry.reportedAtMs > FRESH_LOAD_MS ? 1 : 1 - Math.exp(-Math.max(0, at - entry.at) / SMOOTH_MS)
      const smooth = Number.isNaN(entry.smoothPerSecond) ? requestsPerSecond : entry.smoothPerSecond
      entry.smoothPerSecond = smooth + share * (requestsPerSecond - smooth)
      entry.at = at
      entry.reportedAtMs = nowMs - Math.max(0, wallMs - at)
      entry.reportedPerSecond = requestsPerSecond
      if (nowMs - entry.answersAtMs > FRESH_ANSWERS_MS || !(entry.answersPerSecond > 0)) return
      const ratio = Math.max(1, requestsPerSecond / entry.answersPerSecond)
      entry.requestsPerAnswer += RATIO_SHARE * (ratio - entry.requestsPerAnswer)
    },
    takeAnswers(endpointId, perSecond, nowMs) {
      if (!(perSecond >= 0 && perSecond <= MOST_PER_SECOND)) return
      const entry = entryOf(endpointId)
      entry.answersAtMs = nowMs
      entry.answersPerSecond = perSecond
    },
    read(plan, nowMs) {
      const loads = new Map<string, EndpointLoad>()
      for (const { id, capacity } of plan.endpoints) {
        const entry = capacity === undefined ? undefined : entries.get(id)
        if (entry === undefined) continue
        const isFresh = nowMs - entry.reportedAtMs <= FRESH_LOAD_MS
        loads.set(id, {
          reportedPerSecond: isFresh ? entry.reportedPerSecond : Number.NaN,
          smoothPerSecond: isFresh ? entry.smoothPerSecond : Number.NaN,
          estimatedPerSecond: nowMs - entry.answersAtMs <= FRESH_ANSWERS_MS ? entry.answersPerSecond * entry.requestsPerAnswer : Number.NaN,
        })
      }
      return loads
    },
    retain(isKnown) {
      for (const id of entries.keys()) if (!isKnown(id)) entries.delete(id)
    },
  }
}
