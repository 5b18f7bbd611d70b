/**
 * Votes of several vantages about one address → one view (DESIGN: health, vantages). Pure.
 *
 *   in place   more than `vantageSharePercent` of the votes say so; of three and more votes at least two
 *   numbers    medians: one vantage behind a bad link moves neither latency nor error rate
 *   gate       by the medians: closed at a limit, open again below 80 % of both, so that a number at the limit does not ring
 *
 * A vantage without a route to the family, or without a sample yet, has no vote. Who is isolated was left out before (find-isolation.ts).
 */
import type { GateLimits } from './address-health.ts'
import { GATE_SAMPLES, wilsonLowPercent } from './window.ts'

/** What one vantage says about an address. */
export type VantageVote = {
  /** Null = no vote. */
  readonly inPlace: boolean | null
  /** NaN = not known. */
  readonly latencyMs: number
  /** NaN = not known. */
  readonly errorRatePercent: number
  readonly sampleCount: number
  /** Newest sample, ms since epoch; 0 = none. */
  readonly sampleAt: number
}

/** What all of them say. */
export type CombinedView = {
  readonly inPlaceCount: number
  readonly voteCount: number
  readonly latencyMs: number
  readonly errorRatePercent: number
  /** Of all voters. */
  readonly sampleCount: number
  readonly sampleAt: number
}

/** A gate opens again below this share of its limits. */
const REOPEN_SHARE = 0.8

/** Joins the votes; those that are none count nowhere. */
export function combineVantages(votes: readonly VantageVote[]): CombinedView {
  let inPlaceCount = 0
  let voteCount = 0
  let sampleCount = 0
  let sampleAt = 0
  const latencies: number[] = []
  const errors: number[] = []
  for (const vote of votes) {
    if (vote.inPlace === null) continue
    voteCount++
    if (vote.inPlace) inPlaceCount++
    sampleCount += vote.sampleCount
    sampleAt = Math.max(sampleAt, vote.sampleAt)
    if (!Number.isNaN(vote.latencyMs)) latencies.push(vote.latencyMs)
    if (!Number.isNaN(vote.errorRatePercent)) errors.push(vote.errorRatePercent)
  }
  return { inPlaceCount, voteCount, latencyMs: median(latencies), errorRatePercent: median(errors), sampleCount, sampleAt }
}

/** The quorum rule; undefined without a vote. */
export function isInPlaceBy({ inPlaceCount, voteCount }: CombinedView, sharePercent: number): boolean | undefined {
  if (voteCount === 0) return undefined
  const least = voteCount >= 3 ? 2 : 1
  return inPlaceCount >= least && 100 * inPlaceCount > sharePercent * voteCount
}

/** Whether a gate is open by what all say, given that it was (not) open before. */
export function isOpenBy(view: CombinedView, limits: GateLimits, wasOpen: boolean): boolean {
  const { latencyMs, errorRatePercent, voteCount } = view
  // As sure as one vantage is: the median is no rate of all samples together.
  const sampleCount = view.sampleCount / voteCount
  if (!wasOpen) return !(latencyMs >= REOPEN_SHARE * limits.maxLatencyMs || errorRatePercent >= REOPEN_SHARE * limits.maxErrorRatePercent)
  if (sampleCount < GATE_SAMPLES) return true
  if (latencyMs >= limits.maxLatencyMs) return false
  return !(wilsonLowPercent((errorRatePercent / 100) * sampleCount, sampleCount) >= limits.maxErrorRatePercent)
}

/** The middle one, or between the two middle ones. */
function median(values: number[]): number {
  if (values.length === 0) return Number.NaN
  values.sort((a, b) => a - b)
  return (values[(values.length - 1) >> 1]! + values[values.length >> 1]!) / 2
}
