/**
 * How long an answer may be kept without missing a change: `interval × checks left before the standing could change` of an address
 * (DESIGN: policies, TTL). Pure. A change is a place lost or regained or a gate closed or opened (rank-endpoints.ts adds the next step
 * of a slow start, drain or shedding); whole seconds, rounded up, at least 1.
 */
import type { AddressHealth, GateLimits, GateTrack, ProbeTrack } from './address-health.ts'
import { type Place, successesNeeded } from './hysteresis.ts'
import { GATE_SAMPLES, quantilePosition, summarizeWindow, wilsonLowPercent } from './window.ts'

/** No bound: nothing measures it. */
export const NO_TTL_BOUND = 0xffff

/** Seconds until something about the address could change at the earliest; NO_TTL_BOUND without probes. */
export function ttlBoundSeconds(health: AddressHealth): number {
  let boundMs = Number.POSITIVE_INFINITY
  for (const [number, track] of health.tracks.entries()) {
    boundMs = Math.min(boundMs, placeBoundMs(track.place, track))
    for (const gate of health.gates.values()) {
      const gateTrack = gate.tracks[number]!
      boundMs = Math.min(boundMs, placeBoundMs(gateTrack.place, track))
      if (gateTrack.place.inPlace && track.place.inPlace)
        boundMs = Math.min(boundMs, closingBoundMs(track, gateTrack, gate.limits, number === 0))
    }
  }
  return boundOfMs(boundMs)
}

/** Whole seconds, rounded up, at least 1; NO_TTL_BOUND of an infinite time. */
export function boundOfMs(boundMs: number): number {
  return boundMs === Number.POSITIVE_INFINITY ? NO_TTL_BOUND : Math.min(NO_TTL_BOUND - 1, Math.max(1, Math.ceil(boundMs / 1000)))
}

function placeBoundMs(place: Place, { spec }: ProbeTrack): number {
  if (place.inPlace === undefined) return spec.intervalMs
  if (!place.inPlace) return successesNeeded(place, spec) * spec.intervalMs
  return checksMs(Math.max(1, spec.fall - place.failuresInRow), place.failuresInRow, spec)
}

/** Time of `checks` further failures: the first comes after the interval, those after a failure at the retry interval. */
function checksMs(checks: number, failuresInRow: number, spec: ProbeTrack['spec']): number {
  return failuresInRow > 0 ? checks * spec.retryIntervalMs : spec.intervalMs + (checks - 1) * spec.retryIntervalMs
}

/** The same for a gate that fewer than `fall` bad samples would close. */
function closingBoundMs(track: ProbeTrack, gateTrack: GateTrack, limits: GateLimits, isFirst: boolean): number {
  const { spec, place, window } = track
  const summary = summarizeWindow(window, gateTrack.fromNumber)
  const { latenciesMs } = summary
  for (let more = 1; more < spec.fall - place.failuresInRow; more++) {
    const count = summary.sampleCount + more
    if (count < GATE_SAMPLES) continue
    const failing = wilsonLowPercent(summary.failureCount + more, count) >= limits.maxErrorRatePercent
    // Slow answers would stand at the end of the sorted latencies.
    const middle = latenciesMs[quantilePosition(latenciesMs.length + more, 0.5)]
    const slow = isFirst && (middle === undefined || middle >= limits.maxLatencyMs)
    if (failing) return checksMs(more, place.failuresInRow, spec)
    // Slow answers are no failures: they come at the interval.
    if (slow) return more * spec.intervalMs
  }
  return Number.POSITIVE_INFINITY
}
