/** Phases of the newest probes of an address: how long connecting, TLS, the first byte and all of it took. Pure. */
import type { ProbeSample } from '../model/probe-sample.ts'
import { quantilePosition } from '../score/window.ts'

/** Phases that a probe may have. */
export const PROBE_PHASES = ['connect', 'tls', 'first-byte', 'total'] as const
/** One of them. */
export type ProbePhase = (typeof PROBE_PHASES)[number]

/** Median and 95th percentile of one phase. */
export type PhaseTimes = { readonly phase: ProbePhase; readonly p50Ms: number; readonly p95Ms: number }

/** Samples looked at: some minutes, cheap enough for every address every two seconds. */
const SAMPLES = 30

/** The phases of the newest successes among `samples` (oldest first); those that were never measured are left out. */
export function summarizePhases(samples: readonly ProbeSample[], address: string): readonly PhaseTimes[] {
  const newest: ProbeSample[] = []
  for (let at = samples.length - 1; at >= 0 && newest.length < SAMPLES; at--) {
    const sample = samples[at]!
    if (sample.ok && !sample.lagged && sample.address === address) newest.push(sample)
  }
  return PROBE_PHASES.flatMap((phase) => {
    const times = newest.map((sample) => timeOf(sample, phase)).filter((ms) => ms !== undefined)
    if (times.length === 0) return []
    times.sort((a, b) => a - b)
    const quantile = (q: number): number => times[quantilePosition(times.length, q)]!
    return [{ phase, p50Ms: quantile(0.5), p95Ms: quantile(0.95) }]
  })
}

function timeOf({ connectMs, tlsMs, firstByteMs, latencyMs }: ProbeSample, phase: ProbePhase): number | undefined {
  if (phase === 'connect') return connectMs
  if (phase === 'tls') return tlsMs
  return phase === 'first-byte' ? firstByteMs : latencyMs
}
