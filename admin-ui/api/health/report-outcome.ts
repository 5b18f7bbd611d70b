/** What becomes of a row of a report: taken, or dropped for a reason that is told to the sender and counted. Pure. */
import type { ReportProblem, ReportsAnswer } from '../../contract/health-report.ts'
import { type ApiCode, ApiError } from '../api-error.ts'

/** Why a row is not taken; the words are labels of metrics. */
export type RejectReason =
  | 'unknown-endpoint'
  | 'unknown-address'
  | 'unknown-probe'
  | 'absurd'
  | 'future'
  | 'past'
  | 'too-often'
  | 'too-many'
  | 'forbidden'

/** Code of the problem for each reason. */
const CODES: Readonly<Record<RejectReason, ApiCode>> = {
  'unknown-endpoint': 'HEALTH_ENDPOINT_UNKNOWN',
  'unknown-address': 'HEALTH_ENDPOINT_UNKNOWN',
  'unknown-probe': 'HEALTH_PROBE_UNKNOWN',
  absurd: 'HEALTH_NUMBER',
  future: 'HEALTH_TIME',
  past: 'HEALTH_TIME',
  'too-often': 'HEALTH_TIME',
  'too-many': 'HEALTH_VANTAGE',
  forbidden: 'AUTH_FORBIDDEN',
}

/** Why a row is not taken, with the words for its sender. */
export type Reject = { readonly reason: RejectReason; readonly message: string }

/** Rows named in an answer at the most. */
const PROBLEMS_MAX = 100
/** A clock may be this far ahead of ours. */
export const FUTURE_MS = 10_000
/** Nothing answers slower. */
const MOST_LATENCY_MS = 600_000

/** Collects the rows of one request. */
export class ReportOutcome {
  accepted = 0
  repeated = 0
  #rejected = 0
  readonly #problems: ReportProblem[] = []

  /** Notes a row that is not taken. */
  reject(index: number, { reason, message }: Reject): void {
    this.#rejected++
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push({ index, code: CODES[reason], message })
  }

  /** The answer. Throws the first problem when nothing was taken at all: a script that sends one report sees it fail. */
  answer(): ReportsAnswer {
    const [first] = this.#problems
    if (this.accepted === 0 && this.repeated === 0 && first !== undefined) {
      const more = this.#rejected > 1 ? ` (and ${this.#rejected - 1} more)` : ''
      throw new ApiError(first.code as ApiCode, `${first.message}${more}`)
    }
    return {
      accepted: this.accepted,
      repeated: this.repeated,
      rejected: this.#rejected,
      problems: this.#problems.toSorted((a, b) => a.index - b.index),
    }
  }
}

/** Counts by label; a fixed set of them. */
export function countOne(counts: Map<string, number>, label: string): void {
  counts.set(label, (counts.get(label) ?? 0) + 1)
}

/** A point in time of a report, ms since epoch; NaN = it is none. */
export function readTime(at: string | number): number {
  if (typeof at === 'number') return at
  return /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(at) ? Date.parse(at) : Number.NaN
}

/** What is wrong with a time, given how old it may be; undefined = nothing. */
export function checkTime(at: number, shown: string | number, wallMs: number, mostAgeMs: number): Reject | undefined {
  if (!Number.isFinite(at)) return { reason: 'absurd', message: `at "${shown}" is neither RFC 3339 with a zone nor ms since epoch` }
  if (at > wallMs + FUTURE_MS) return { reason: 'future', message: `at "${shown}" lies ${seconds(at - wallMs)} ahead of our clock` }
  if (at < wallMs - mostAgeMs)
    return { reason: 'past', message: `at "${shown}" is ${seconds(wallMs - at)} old, more than the ${seconds(mostAgeMs)} that count` }
  return undefined
}

/** What is wrong with a latency; undefined = nothing. */
export function checkLatency(latencyMs: number | undefined): Reject | undefined {
  if (latencyMs === undefined || (latencyMs >= 0 && latencyMs <= MOST_LATENCY_MS)) return undefined
  return { reason: 'absurd', message: `latencyMs ${latencyMs} is not from 0 to ${MOST_LATENCY_MS}` }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
