/** Numbers of an endpoint over its addresses, as lists show them: the worst of each. Pure. */
import type { EndpointSummary } from '../../../contract/endpoint.ts'

/** Numbers; null = no samples. */
export type EndpointNumbers = {
  readonly latencyMs: number | null
  readonly errorRatePercent: number | null
  readonly score: number | null
  readonly ageSeconds: number | null
  readonly sampleCount: number
}

/** Order of standings, worst first. */
export const STANDING_ORDER: readonly (EndpointSummary['standing'] | null)[] = ['down', 'degraded', 'unknown', null, 'up']

/** The numbers. */
export function numbersOf(endpoint: EndpointSummary): EndpointNumbers {
  const { health } = endpoint
  const pick = (values: readonly (number | undefined)[], choose: (...values: number[]) => number): number | null => {
    const known = values.filter((value) => value !== undefined)
    return known.length === 0 ? null : choose(...known)
  }
  return {
    latencyMs: pick(
      health.map((one) => one.latencyMs),
      Math.max,
    ),
    errorRatePercent: pick(
      health.map((one) => one.errorRatePercent),
      Math.max,
    ),
    score: pick(
      health.map((one) => one.score),
      Math.min,
    ),
    ageSeconds: pick(
      health.map((one) => one.sampleAgeSeconds),
      Math.min,
    ),
    sampleCount: health.reduce((sum, one) => sum + one.sampleCount, 0),
  }
}

/** Worst standing first, then by id. */
export function byStanding(a: EndpointSummary, b: EndpointSummary): number {
  return STANDING_ORDER.indexOf(a.standing) - STANDING_ORDER.indexOf(b.standing) || (a.id < b.id ? -1 : 1)
}
