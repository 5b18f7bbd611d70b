/** What a policy says of latency per line, with what it leaves unsaid. Pure. */
import { DEFAULT_LATENCY_SETTINGS } from '../../health/model/latency-matrix.ts'
import type { LatencyReading, Policy } from './config-schema.ts'

/** What holds when nothing is said. */
export const USUAL_LATENCY: LatencyReading = { by: 'region', ...DEFAULT_LATENCY_SETTINGS }

/** How a policy reads the matrix. */
export function latencyReadingOf(policy: Pick<Policy, 'latency'>): LatencyReading {
  return policy.latency ?? USUAL_LATENCY
}

/** Whether that is the usual way. */
export function isUsualLatency(reading: LatencyReading): boolean {
  return Object.entries(USUAL_LATENCY).every(([key, value]) => reading[key as keyof LatencyReading] === value)
}
