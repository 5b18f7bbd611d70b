/**
 * Health over time: reports of now → points of 10 s, a minute and an hour, each step folded by itself from what was reported. Pure; time is
 * passed in. health-recorder.ts feeds it, policy/store/health-history.ts keeps what it gives.
 *
 *   scores every 2 s ─► bucket of each step ─► (bucket over) ─► Rollup {step, at, points}
 */
import type { HealthPoint, HealthStep, Rollup } from '../../../policy/store/health-history.ts'
import type { HealthScore } from '../../contract/health-scores.ts'

/** Length of each step in ms, the finest first. */
export const STEP_MS: Readonly<Record<HealthStep, number>> = { raw: 10_000, minute: 60_000, hour: 3_600_000 }
const STEPS = Object.keys(STEP_MS) as readonly HealthStep[]
/** Addresses seen from vantages that are kept; more than that are passed over. */
const SERIES_MAX = 20_000
/** Worst last. */
const ORDER = ['up', 'degraded', 'unknown', 'down'] as const

type Sum = { sum: number; weight: number }
type Bucket = {
  readonly endpoint: string
  readonly address: string
  readonly vantage: string
  worst: number
  readonly score: Sum
  readonly latencyMs: Sum
  latencyP95Ms: number
  readonly errorRatePercent: Sum
  sampleCount: number
  weight: number
}
type Open = { at: number; readonly buckets: Map<string, Bucket> }

/** Folds reports to points. */
export class HealthRollup {
  readonly #open: Readonly<Record<HealthStep, Open>> = {
    raw: { at: Number.NaN, buckets: new Map() },
    minute: { at: Number.NaN, buckets: new Map() },
    hour: { at: Number.NaN, buckets: new Map() },
  }

  /** Takes in a report of now; gives the buckets that are over by it. */
  add(scores: readonly HealthScore[], at: number): readonly Rollup[] {
    const closed = this.close(at)
    for (const step of STEPS) {
      const open = this.#open[step]
      open.at = startOf(step, at)
      for (const score of scores) fold(open.buckets, pointOf(score, at))
    }
    return closed
  }

  /** Gives the buckets that are over at this time. */
  close(at: number): readonly Rollup[] {
    const closed: Rollup[] = []
    for (const step of STEPS) {
      const open = this.#open[step]
      // A clock that was set back ends a bucket too.
      if (open.at === startOf(step, at) || Number.isNaN(open.at)) continue
      if (open.buckets.size > 0) closed.push({ step, at: open.at, points: finish(open) })
      open.buckets.clear()
      open.at = Number.NaN
    }
    return closed
  }

  /** Everything that is under way, as far as it goes: for a stop. */
  flush(): readonly Rollup[] {
    return this.close(Number.POSITIVE_INFINITY)
  }

  /** Goes on with the hour of `at`, which was under way when the run before ended, by one of its minutes; minutes of other hours are passed over. */
  restore(minute: HealthPoint, at: number): void {
    const open = this.#open.hour
    open.at = startOf('hour', at)
    if (startOf('hour', minute.at) === open.at) fold(open.buckets, minute)
  }
}

/** Start of the bucket that a time lies in. */
export function startOf(step: HealthStep, at: number): number {
  return Math.floor(at / STEP_MS[step]) * STEP_MS[step]
}

function pointOf(score: HealthScore, at: number): HealthPoint {
  return {
    endpoint: score.endpoint,
    address: score.address,
    vantage: score.vantage,
    at,
    standing: score.standing,
    score: score.score ?? null,
    latencyMs: score.latencyMs ?? null,
    latencyP95Ms: score.latencyP95Ms ?? null,
    errorRatePercent: score.errorRatePercent ?? null,
    sampleCount: score.sampleCount,
    weight: 1,
  }
}

function fold(buckets: Map<string, Bucket>, point: HealthPoint): void {
  const key = `${point.endpoint} ${point.address} ${point.vantage}`
  let bucket = buckets.get(key)
  if (bucket === undefined) {
    if (buckets.size >= SERIES_MAX) return
    const { endpoint, address, vantage } = point
    const empty = (): Sum => ({ sum: 0, weight: 0 })
    const sums = { score: empty(), latencyMs: empty(), errorRatePercent: empty() }
    bucket = { endpoint, address, vantage, worst: 0, ...sums, latencyP95Ms: Number.NaN, sampleCount: 0, weight: 0 }
    buckets.set(key, bucket)
  }
  bucket.worst = Math.max(bucket.worst, ORDER.indexOf(point.standing))
  addTo(bucket.score, point.score, point.weight)
  addTo(bucket.latencyMs, point.latencyMs, point.weight)
  addTo(bucket.errorRatePercent, point.errorRatePercent, point.weight)
  // The worst of the bucket: means of percentiles are none.
  if (point.latencyP95Ms !== null && !(point.latencyP95Ms <= bucket.latencyP95Ms)) bucket.latencyP95Ms = point.latencyP95Ms
  bucket.sampleCount = point.sampleCount
  bucket.weight += point.weight
}

function addTo(sum: Sum, value: number | null, weight: number): void {
  if (value === null) return
  sum.sum += value * weight
  sum.weight += weight
}

function finish({ at, buckets }: Open): readonly HealthPoint[] {
  return [...buckets.values()].map((bucket) => ({
    endpoint: bucket.endpoint,
    address: bucket.address,
    vantage: bucket.vantage,
    at,
    standing: ORDER[bucket.worst]!,
    score: meanOf(bucket.score),
    latencyMs: meanOf(bucket.latencyMs),
    latencyP95Ms: Number.isNaN(bucket.latencyP95Ms) ? null : rounded(bucket.latencyP95Ms),
    errorRatePercent: meanOf(bucket.errorRatePercent),
    sampleCount: bucket.sampleCount,
    weight: bucket.weight,
  }))
}

const rounded = (value: number): number => Math.round(100 * value) / 100

function meanOf({ sum, weight }: Sum): number | null {
  return weight === 0 ? null : rounded(sum / weight)
}
