/** Rates of a node over its last minutes, from totals taken every five seconds. Pure: time is handed in. */
import type { PolicyAnswers } from './data-plane.ts'

/** Time between two samples. */
export const STATS_INTERVAL_MS = 5000
const MINUTE_SAMPLES = 12
const WINDOW_SAMPLES = 60

/** Totals at one moment. */
export type StatsTotals = {
  readonly atMonotonicMs: number
  readonly queries: number
  /** Responses by rcode number. */
  readonly rcodes: readonly number[]
  /** Answers of policies, and those of them not from the first pool of the first matching rule. */
  readonly policyAnswers: number
  readonly displaced: number
}

/** Rates. */
export type StatsRates = {
  readonly queriesPerSecond: number | null
  readonly answerMixPercent: Readonly<Record<string, number>> | null
  readonly displacedPercent: number | null
}

/** Words of the header's rcodes (IANA DNS RCODEs); others appear as RCODE<n>. */
const RCODE_WORDS = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
]

/** Word of an rcode. */
export function rcodeWord(rcode: number): string {
  return RCODE_WORDS[rcode] ?? `RCODE${rcode}`
}

/** Sums of policy answers: all, and displaced ones. SERVFAIL and NODATA by policy count as neither displaced nor not. */
export function sumPolicyAnswers(answers: readonly PolicyAnswers[]): { readonly policyAnswers: number; readonly displaced: number } {
  let policyAnswers = 0
  let displaced = 0
  for (const { outcome, count } of answers) {
    if (outcome === 'nodata' || outcome === 'servfail') continue
    policyAnswers += count
    if (outcome !== 'rule') displaced += count
  }
  return { policyAnswers, displaced }
}

/** Adds a sample to a window, dropping those too old; returns the new window. */
export function addSample(window: readonly StatsTotals[], sample: StatsTotals): readonly StatsTotals[] {
  return [...window, sample].slice(-WINDOW_SAMPLES - 1)
}

/** Rates of a window. */
export function ratesOf(window: readonly StatsTotals[]): StatsRates {
  const last = window.at(-1)
  const oldest = window[0]
  if (last === undefined || oldest === undefined || oldest === last)
    return { queriesPerSecond: null, answerMixPercent: null, displacedPercent: null }
  const minuteAgo = window[Math.max(0, window.length - 1 - MINUTE_SAMPLES)]!
  const seconds = (last.atMonotonicMs - minuteAgo.atMonotonicMs) / 1000
  const responses = last.rcodes.map((count, rcode) => count - (oldest.rcodes[rcode] ?? 0))
  const responsesInAll = responses.reduce((sum, count) => sum + count, 0)
  const mix: Record<string, number> = {}
  for (const [rcode, count] of responses.entries()) if (count > 0) mix[rcodeWord(rcode)] = (100 * count) / responsesInAll
  const answers = last.policyAnswers - oldest.policyAnswers
  return {
    queriesPerSecond: seconds > 0 ? (last.queries - minuteAgo.queries) / seconds : null,
    answerMixPercent: responsesInAll > 0 ? mix : null,
    displacedPercent: answers > 0 ? (100 * (last.displaced - oldest.displaced)) / answers : null,
  }
}
