/**
 * The sliding window of one probe of one address (DESIGN: health): the last 60 samples or the last `windowSeconds`, whichever is
 * longer. Pure; times are monotonic milliseconds given by the caller. Samples have running numbers, so that a judge may look only at
 * those after its own beginning (a window that "starts anew") without a copy.
 *
 *   samples      [ · · · · · · · · ]      firstNumber = number of the oldest kept one
 *   a gate's own           └ fromNumber: judged from here on
 */

/** At least this many samples are kept. */
export const WINDOW_SAMPLES = 60
/** Fewer samples than this close no gate. */
export const GATE_SAMPLES = 20
/** One-sided 99 % (z of the Wilson bound). */
const Z = 2.33
/** Two-sided 95 %, for people. */
const Z_95 = 1.96
/** Weight of a new sample in the moving average. */
const EWMA_SHARE = 0.2
/** Never more than this, whatever interval and window say: 200 ms for an hour would be 18,000. */
const MOST_SAMPLES = 2000

/** One kept sample. */
export type WindowSample = {
  /** Monotonic ms. */
  readonly at: number
  /** NaN for a failure, and for a success whose time was spoilt by our own lag. */
  readonly latencyMs: number
  readonly ok: boolean
}

/** A window. */
export type Window = {
  readonly samples: WindowSample[]
  /** Number of samples[0]. */
  firstNumber: number
  /** Moving average of the latency; NaN before the first success. */
  ewmaMs: number
  /** Summary of all samples, until the next one comes: ranking reads it each second for every address. */
  summary: WindowSummary | undefined
}

/** What a window says. NaN = no samples to say it from. */
export type WindowSummary = {
  readonly sampleCount: number
  readonly failureCount: number
  /** Latencies of the successes, ascending. */
  readonly latenciesMs: readonly number[]
  readonly p50Ms: number
  readonly p95Ms: number
  readonly errorRatePercent: number
  /** The part of the error rate that is sure: lower Wilson bound, percent. */
  readonly errorRateLowPercent: number
}

/** An empty window. */
export function createWindow(): Window {
  return { samples: [], firstNumber: 0, ewmaMs: Number.NaN, summary: undefined }
}

/** Adds a sample and drops what is both beyond 60 samples and older than `windowMs`. */
export function addSample(window: Window, sample: WindowSample, windowMs: number): void {
  window.summary = undefined
  window.samples.push(sample)
  if (!Number.isNaN(sample.latencyMs)) {
    window.ewmaMs = Number.isNaN(window.ewmaMs) ? sample.latencyMs : window.ewmaMs + EWMA_SHARE * (sample.latencyMs - window.ewmaMs)
  }
  let drop = 0
  const excess = window.samples.length - WINDOW_SAMPLES
  while (drop < excess && (window.samples[drop]!.at < sample.at - windowMs || window.samples.length - drop > MOST_SAMPLES)) drop++
  if (drop > 0) {
    window.samples.splice(0, drop)
    window.firstNumber += drop
  }
}

/** Empties the window; numbers go on. */
export function restartWindow(window: Window): void {
  window.summary = undefined
  window.firstNumber = nextNumber(window)
  window.samples.length = 0
  window.ewmaMs = Number.NaN
}

/** Takes the newest failures out again, up to the newest success. */
export function dropFailuresInRow(window: Window): void {
  window.summary = undefined
  while (window.samples.at(-1)?.ok === false) window.samples.pop()
}

/** Number that the next sample will have: a judge that begins anew now remembers it. */
export function nextNumber(window: Window): number {
  return window.firstNumber + window.samples.length
}

/** Position of a quantile among `count` sorted numbers: the nearest rank. */
export function quantilePosition(count: number, q: number): number {
  return Math.min(count - 1, Math.max(0, Math.ceil(q * count) - 1))
}

/** Lower Wilson bound of `failures` in `count`, percent; NaN for none. */
export function wilsonLowPercent(failures: number, count: number): number {
  return wilsonBounds(failures, count, Z)[0]
}

/** Where the true rate of `failures` in `count` lies with 95 % certainty (Wilson), percent; NaN for none. */
export function wilsonIntervalPercent(failures: number, count: number): readonly [low: number, high: number] {
  return wilsonBounds(failures, count, Z_95)
}

function wilsonBounds(failures: number, count: number, z: number): readonly [low: number, high: number] {
  if (count === 0) return [Number.NaN, Number.NaN]
  const p = failures / count
  const z2 = z * z
  const centre = p + z2 / (2 * count)
  const spread = z * Math.sqrt((p * (1 - p) + z2 / (4 * count)) / count)
  const whole = 1 + z2 / count
  return [Math.max(0, (100 * (centre - spread)) / whole), Math.min(100, (100 * (centre + spread)) / whole)]
}

/** Summary of the samples from number `fromNumber` on. */
export function summarizeWindow(window: Window, fromNumber: number = 0): WindowSummary {
  const start = Math.max(0, fromNumber - window.firstNumber)
  if (start === 0 && window.summary !== undefined) return window.summary
  const latenciesMs: number[] = []
  let failureCount = 0
  for (let i = start; i < window.samples.length; i++) {
    const sample = window.samples[i]!
    if (!sample.ok) failureCount++
    else if (!Number.isNaN(sample.latencyMs)) latenciesMs.push(sample.latencyMs)
  }
  latenciesMs.sort((a, b) => a - b)
  const sampleCount = Math.max(0, window.samples.length - start)
  const quantile = (q: number): number => (latenciesMs.length === 0 ? Number.NaN : latenciesMs[quantilePosition(latenciesMs.length, q)]!)
  const summary: WindowSummary = {
    sampleCount,
    failureCount,
    latenciesMs,
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    errorRatePercent: sampleCount === 0 ? Number.NaN : (100 * failureCount) / sampleCount,
    errorRateLowPercent: wilsonLowPercent(failureCount, sampleCount),
  }
  if (start === 0) window.summary = summary
  return summary
}
