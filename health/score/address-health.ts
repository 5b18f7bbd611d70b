/**
 * Health of one address of one endpoint as seen from here: a window and a place for each of its probes, gates by limits, the standing.
 * Pure: samples and the clock come from the caller. Gate state belongs to a pair of limits (max error rate, max latency), not to a
 * policy: policies with equal gates share it, and a gate that closed keeps its own place with its own doubling.
 *
 *   sample ─► window + place of its probe ─► standing of the address
 *                    └► each gate: closes on the window since its last opening, reopens after `rise` good samples, then starts anew
 */
import type { ProbeSpec } from '../model/rank-plan.ts'
import { STANDING_DEGRADED, STANDING_DOWN, STANDING_UNKNOWN, STANDING_UP } from '../model/standing.ts'
import { createPlace, losePlace, type Place, successesNeeded, takeResult } from './hysteresis.ts'
import { addSample, createWindow, GATE_SAMPLES, nextNumber, summarizeWindow, type Window } from './window.ts'

/** An unknown standing counts as the last known one for this long. */
export const LAST_KNOWN_MS = 3_600_000
/** Beyond this share of a gate an address in place is degraded. */
const DEGRADED_SHARE = 0.8
/** No bound on the TTL. */
export const NO_TTL_BOUND = 0xffff

/** Limits of a gate. */
export type GateLimits = { readonly maxErrorRatePercent: number; readonly maxLatencyMs: number }

/** One gate of one address. */
export type GateState = { readonly place: Place; fromNumbers: number[]; reason: 'error-rate' | 'latency' | undefined }

/** One probe of one address. */
export type ProbeTrack = { readonly spec: ProbeSpec; readonly window: Window; readonly place: Place }

/** All that is known of one address. */
export type AddressHealth = {
  readonly endpointId: string
  readonly address: string
  readonly tracks: readonly ProbeTrack[]
  readonly gates: Map<string, GateState>
  /** STANDING_* by the probes alone; degraded is told by limits (standingWith). */
  standing: number
  /** When the standing changed last, ms since epoch; 0 = never. */
  sinceAt: number
  /** Start of the newest sample, ms since epoch; 0 = none. */
  sampleAt: number
  /** Eligible in some pool use last, ms since epoch; 0 = never. */
  lastEligibleAt: number
  /** Standing kept from before a restart, and when it was last proved (monotonic ms, may be negative). */
  lastKnown: { readonly standing: number; readonly atMs: number } | undefined
}

/** One result as the ranking sees it. */
export type HealthSample = {
  readonly probeId: string
  readonly ok: boolean
  readonly latencyMs: number
  readonly lagged: boolean
  readonly startedAt: number
}

/** A new address with nothing measured. */
export function createAddressHealth(endpointId: string, address: string, probes: readonly ProbeSpec[]): AddressHealth {
  return {
    endpointId,
    address,
    tracks: probes.map((spec) => ({ spec, window: createWindow(), place: createPlace() })),
    gates: new Map(),
    standing: probes.length === 0 ? STANDING_UP : STANDING_UNKNOWN,
    sinceAt: 0,
    sampleAt: 0,
    lastEligibleAt: 0,
    lastKnown: undefined,
  }
}

/** Key of a gate. */
export function gateKey(limits: GateLimits): string {
  return `${limits.maxErrorRatePercent}/${limits.maxLatencyMs}`
}

/** Takes one sample in; samples of a probe that the address no longer has are passed over. Returns true when the standing changed. */
export function takeSample(
  health: AddressHealth,
  sample: HealthSample,
  limitsList: readonly GateLimits[],
  nowMs: number,
  wallMs: number,
): boolean {
  const track = health.tracks.find((candidate) => candidate.spec.id === sample.probeId)
  if (track === undefined) return false
  const { spec, window, place } = track
  const wasOut = place.inPlace === false
  takeResult(place, sample.ok, spec, nowMs)
  // Its window starts anew with its return: what made it leave must not make it leave again.
  if (wasOut && place.inPlace) {
    window.firstNumber = nextNumber(window)
    window.samples.length = 0
    window.ewmaMs = Number.NaN
  }
  addSample(
    window,
    { at: nowMs, ok: sample.ok, latencyMs: sample.ok && !sample.lagged ? sample.latencyMs : Number.NaN },
    1000 * spec.windowSeconds,
  )
  health.sampleAt = sample.startedAt
  health.lastKnown = undefined
  for (const limits of limitsList) judgeGate(health, track, limits, sample, nowMs)
  const standing = standingOf(health)
  if (standing === health.standing) return false
  health.standing = standing
  health.sinceAt = wallMs
  return true
}

/** Required probes must all be in place; one never seen leaves the whole unknown unless another is out. */
function standingOf(health: AddressHealth): number {
  const required = health.tracks.filter((track) => track.spec.required)
  const judged = required.length > 0 ? required : health.tracks
  if (judged.some((track) => track.place.inPlace === false)) return STANDING_DOWN
  return judged.every((track) => track.place.inPlace) ? STANDING_UP : STANDING_UNKNOWN
}

function gateOf(health: AddressHealth, limits: GateLimits): GateState {
  const key = gateKey(limits)
  const known = health.gates.get(key)
  if (known !== undefined) return known
  const gate: GateState = { place: { ...createPlace(), inPlace: true }, fromNumbers: health.tracks.map(() => 0), reason: undefined }
  health.gates.set(key, gate)
  return gate
}

function judgeGate(health: AddressHealth, track: ProbeTrack, limits: GateLimits, sample: HealthSample, nowMs: number): void {
  const gate = gateOf(health, limits)
  const number = health.tracks.indexOf(track)
  const isGood = sample.ok && (number > 0 || sample.lagged || sample.latencyMs < limits.maxLatencyMs)
  if (!gate.place.inPlace) {
    // A slow answer is no success for a gate that closed for slowness: it would reopen at once and flap.
    if (takeResult(gate.place, isGood, { fall: 1, rise: track.spec.rise }, nowMs) && gate.place.inPlace) {
      gate.fromNumbers = health.tracks.map((each) => nextNumber(each.window))
      gate.reason = undefined
    }
    return
  }
  const summary = summarizeWindow(track.window, gate.fromNumbers[number] ?? 0)
  if (summary.sampleCount < GATE_SAMPLES) return
  const isErrors = summary.errorRateLowPercent >= limits.maxErrorRatePercent
  const isSlow = number === 0 && summary.p50Ms >= limits.maxLatencyMs
  if (!isErrors && !isSlow) return
  losePlace(gate.place, nowMs)
  gate.reason = isErrors ? 'error-rate' : 'latency'
}

/** True when the gate with these limits is open. */
export function isGateOpen(health: AddressHealth, limits: GateLimits): boolean {
  return health.gates.get(gateKey(limits))?.place.inPlace ?? true
}

/** Latency of the first probe and worst error rate, with the count behind it. NaN without samples. */
export function measuresOf(health: AddressHealth): {
  readonly latencyMs: number
  readonly p95Ms: number
  readonly errorRatePercent: number
  readonly sampleCount: number
} {
  const first = health.tracks[0]
  if (first === undefined) return { latencyMs: Number.NaN, p95Ms: Number.NaN, errorRatePercent: Number.NaN, sampleCount: 0 }
  const summary = summarizeWindow(first.window)
  let { errorRatePercent } = summary
  for (const track of health.tracks.slice(1)) {
    const rate = summarizeWindow(track.window).errorRatePercent
    if (!(rate <= errorRatePercent) && !Number.isNaN(rate)) errorRatePercent = rate
  }
  return { latencyMs: summary.p50Ms, p95Ms: summary.p95Ms, errorRatePercent, sampleCount: summary.sampleCount }
}

/** Standing with the last known one in place of unknown, and degraded beyond 80 % of the tightest limits it is judged by. */
export function shownStanding(health: AddressHealth, limitsList: readonly GateLimits[], nowMs: number): number {
  const standing = effectiveStanding(health, nowMs)
  if (standing !== STANDING_UP) return standing
  const { latencyMs, errorRatePercent, sampleCount } = measuresOf(health)
  if (sampleCount < GATE_SAMPLES) return standing
  const isNear = limitsList.some(
    (limits) => errorRatePercent > DEGRADED_SHARE * limits.maxErrorRatePercent || latencyMs > DEGRADED_SHARE * limits.maxLatencyMs,
  )
  return isNear ? STANDING_DEGRADED : standing
}

/** Unknown counts as the last known standing, if that is at most an hour old. */
export function effectiveStanding(health: AddressHealth, nowMs: number): number {
  if (health.standing !== STANDING_UNKNOWN || health.lastKnown === undefined) return health.standing
  return nowMs - health.lastKnown.atMs <= LAST_KNOWN_MS ? health.lastKnown.standing : STANDING_UNKNOWN
}

/** Seconds until the standing could change at the earliest: checks left × their interval; NO_TTL_BOUND without probes. */
export function ttlBoundSeconds(health: AddressHealth): number {
  let bound = NO_TTL_BOUND
  for (const { spec, place } of health.tracks) {
    const leftMs =
      place.inPlace === undefined
        ? spec.intervalMs
        : place.inPlace
          ? (spec.fall - place.failuresInRow) * (place.failuresInRow > 0 ? spec.retryIntervalMs : spec.intervalMs)
          : successesNeeded(place, spec) * spec.intervalMs
    bound = Math.min(bound, Math.max(1, Math.ceil(leftMs / 1000)))
  }
  return bound
}
