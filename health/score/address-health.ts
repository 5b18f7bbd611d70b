/**
 * Health of one address of one endpoint as seen from here. Pure: samples and the clock come from the caller.
 *
 *   sample ─► window of its probe ─► place of its probe (fall, rise) ─────────────► standing of the address
 *                 └────────────────► place of its probe behind each gate (fall, rise, limits) ─► gate open or closed
 *
 * Gates are the policies', places are the addresses': so each pair of limits (max error rate, max latency) that some policy with this
 * endpoint has, keeps a place of its own for each probe, under the same one rule (hysteresis.ts), doubling included. It is lost by
 * `fall` failures in a row as well as by the closing of the gate, so it is never in place while the standing's is not, and a loss of
 * either sort soon after a return doubles the next one. Policies with equal limits share it; it outlives publishes and restarts.
 * On a return the window starts anew: the standing's return empties it, a gate's return only moves the gate's own beginning, so that
 * shown numbers, score and other gates keep their samples.
 */
import type { ProbeSpec } from '../model/rank-plan.ts'
import { STANDING_DEGRADED, STANDING_DOWN, STANDING_UNKNOWN, STANDING_UP } from '../model/standing.ts'
import type { CombinedView } from './combine-vantages.ts'
import { createPlace, losePlace, type Place, type PlaceRule, restorePlace, takeResult } from './hysteresis.ts'
import {
  addSample,
  createWindow,
  dropFailuresInRow,
  GATE_SAMPLES,
  nextNumber,
  restartWindow,
  summarizeWindow,
  type Window,
} from './window.ts'

/** An unknown standing counts as the last known one for this long. */
export const LAST_KNOWN_MS = 3_600_000
/** Beyond this share of a gate an address in place is degraded. */
const DEGRADED_SHARE = 0.8

/** Limits of a gate: at or beyond either of them it closes. */
export type GateLimits = { readonly maxErrorRatePercent: number; readonly maxLatencyMs: number }

/** What closed a gate. */
export type GateReason = 'error-rate' | 'latency'

/** Place of one probe behind one gate. */
export type GateTrack = {
  readonly place: Place
  /** Number of the first sample that the gate judges (window.ts). */
  fromNumber: number
  /** What closed it; undefined when it is in place or fell by failures in a row. */
  reason: GateReason | undefined
}

/** One gate of one address; `tracks` stand beside those of the address. */
export type GateState = { readonly limits: GateLimits; readonly tracks: readonly GateTrack[] }

/** One probe of one address. */
export type ProbeTrack = {
  readonly spec: ProbeSpec
  readonly window: Window
  readonly place: Place
  /** False while this machine cannot make it at all: no route, no `ping`, scripts off. */
  measurable: boolean
}

/** All that is known of one address. */
export type AddressHealth = {
  readonly endpointId: string
  readonly address: string
  readonly tracks: readonly ProbeTrack[]
  /** By gateKey; set by setGates. */
  readonly gates: Map<string, GateState>
  /** STANDING_*: places of the probes, and degraded. */
  standing: number
  /** When the standing changed last, ms since epoch; 0 = never. */
  sinceAt: number
  /** Start of the newest sample, ms since epoch; 0 = none. */
  sampleAt: number
  /** Eligible in some pool use last, ms since epoch; 0 = never. */
  lastEligibleAt: number
  /** When an estimate was last beyond 80 % of a gate, monotonic ms; NaN = never. */
  beyondAtMs: number
  /** False while this vantage has no route to it: then there are no samples and no vote. */
  measurable: boolean
  /** What all vantages said last, and gateKeys of the gates that are closed by it; undefined = our own judgement counts alone. */
  joint: { readonly view: CombinedView; readonly closed: ReadonlySet<string> } | undefined
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
  readonly unmeasurable?: true
}

/** What a sample changed. */
export type SampleEffect = {
  /** Standing before and after. */
  readonly from: number
  readonly to: number
  /** Gates that closed or opened while the standing stayed in place. */
  readonly gates: readonly { readonly limits: GateLimits; readonly open: boolean; readonly reason: GateReason | undefined }[]
}

/** A new address with nothing measured and no gates. */
export function createAddressHealth(endpointId: string, address: string, probes: readonly ProbeSpec[]): AddressHealth {
  return {
    endpointId,
    address,
    tracks: probes.map((spec) => ({ spec, window: createWindow(), place: createPlace(), measurable: true })),
    gates: new Map(),
    standing: probes.length === 0 ? STANDING_UP : STANDING_UNKNOWN,
    sinceAt: 0,
    sampleAt: 0,
    lastEligibleAt: 0,
    beyondAtMs: Number.NaN,
    measurable: true,
    joint: undefined,
    lastKnown: undefined,
  }
}

/** Key of a gate: equal limits, equal gate. */
export function gateKey(limits: GateLimits): string {
  return `${limits.maxErrorRatePercent}/${limits.maxLatencyMs}`
}

/** A gate before its first judgement: where the probes stand. */
export function createGate(health: AddressHealth, limits: GateLimits): GateState {
  return { limits, tracks: health.tracks.map(({ place }) => ({ place: { ...place }, fromNumber: 0, reason: undefined })) }
}

/**
 * Sets the gates that the address is judged by. Known ones go on, others are forgotten; a new one is judged at once by the window
 * there is: limits that an edit made tighter must not let a slow endpoint in until its next probe.
 */
export function setGates(health: AddressHealth, limitsList: readonly GateLimits[], nowMs: number): void {
  const wanted = new Map(limitsList.map((limits) => [gateKey(limits), limits]))
  for (const key of health.gates.keys()) if (!wanted.has(key)) health.gates.delete(key)
  for (const [key, limits] of wanted) {
    if (health.gates.has(key)) continue
    const gate = createGate(health, limits)
    health.gates.set(key, gate)
    for (const number of gate.tracks.keys()) closeIfBeyond(health, gate, number, nowMs)
  }
}

/** Takes one sample in. Undefined when it changed nothing; samples of a probe that the address no longer has are passed over. */
export function takeSample(health: AddressHealth, sample: HealthSample, nowMs: number, wallMs: number): SampleEffect | undefined {
  const number = health.tracks.findIndex(({ spec }) => spec.id === sample.probeId)
  const track = health.tracks[number]
  if (track === undefined) return undefined
  // No route from here, or no means for this probe, says something about us and nothing about the endpoint.
  track.measurable = sample.unmeasurable !== true
  health.measurable = requiredTracks(health).some(({ measurable }) => measurable)
  if (!track.measurable) return judgeWithout(health, nowMs, wallMs)
  const { spec, window, place } = track
  const wasOut = place.inPlace === false
  takeResult(place, sample.ok, spec, nowMs)
  // Its window starts anew with its return: what made it leave must not make it leave again.
  if (wasOut && place.inPlace) restartWindow(window)
  const latencyMs = sample.ok && !sample.lagged ? sample.latencyMs : Number.NaN
  addSample(window, { at: nowMs, ok: sample.ok, latencyMs }, 1000 * spec.windowSeconds)
  health.sampleAt = sample.startedAt
  // What was known from before a restart counts as what it was: coming back to the same is no change.
  const from = effectiveStanding(health, nowMs)
  health.lastKnown = undefined
  const wasOpen = new Map([...health.gates].map(([key, gate]) => [key, isOpen(gate)]))
  for (const gate of health.gates.values()) judgeGate(health, gate, number, sample, nowMs)
  health.standing = standingOf(health, nowMs)
  if (health.standing !== from) health.sinceAt = wallMs
  const gates = [...health.gates]
    .filter(([key, gate]) => isOpen(gate) !== wasOpen.get(key) && inPlace(from) && inPlace(health.standing))
    .map(([, gate]) => ({
      limits: gate.limits,
      open: isOpen(gate),
      reason: gate.tracks.find(({ reason }) => reason !== undefined)?.reason,
    }))
  return health.standing === from && gates.length === 0 ? undefined : { from, to: health.standing, gates }
}

/** A probe that cannot be made here falls out of the judgement: what was only waiting for it is known now. */
function judgeWithout(health: AddressHealth, nowMs: number, wallMs: number): SampleEffect | undefined {
  if (!health.measurable || health.standing !== STANDING_UNKNOWN) return undefined
  const from = effectiveStanding(health, nowMs)
  health.standing = standingOf(health, nowMs)
  if (health.standing === STANDING_UNKNOWN) return undefined
  health.lastKnown = undefined
  if (health.standing === from) return undefined
  health.sinceAt = wallMs
  return { from, to: health.standing, gates: [] }
}

function inPlace(standing: number): boolean {
  return standing >= STANDING_DEGRADED
}

/** Required probes must all be in place; one never seen leaves the whole unknown unless another is out. */
function standingOf(health: AddressHealth, nowMs: number): number {
  const judged = judgedTracks(health)
  if (judged.some(({ place }) => place.inPlace === false)) {
    health.beyondAtMs = Number.NaN
    return STANDING_DOWN
  }
  if (!judged.every(({ place }) => place.inPlace)) return STANDING_UNKNOWN
  if (isBeyond(health)) health.beyondAtMs = nowMs
  // Degraded is left when a whole window has passed without being beyond: an estimate at the border would else ring all day.
  const heldMs = 1000 * Math.max(...health.tracks.map(({ spec }) => spec.windowSeconds))
  return nowMs - health.beyondAtMs < heldMs ? STANDING_DEGRADED : STANDING_UP
}

/** The probes that decide the standing: the required ones, or all when none is. */
function requiredTracks(health: AddressHealth): readonly ProbeTrack[] {
  const required = health.tracks.filter(({ spec }) => spec.required)
  return required.length > 0 ? required : health.tracks
}

/**
 * Those of them that have a voice: one that this machine never managed to make has none beside others. What had a place keeps it, or a
 * moment without descriptors would bring back what is down.
 */
function judgedTracks(health: AddressHealth): readonly ProbeTrack[] {
  const required = requiredTracks(health)
  const able = required.filter(({ measurable, place }) => measurable || place.inPlace !== undefined)
  return able.length > 0 ? able : required
}

/** True when an estimate lies beyond 80 % of a gate. */
function isBeyond(health: AddressHealth): boolean {
  const { latencyMs, errorRatePercent, sampleCount } = measuresOf(health)
  if (sampleCount < GATE_SAMPLES) return false
  for (const { limits } of health.gates.values())
    if (errorRatePercent > DEGRADED_SHARE * limits.maxErrorRatePercent || latencyMs > DEGRADED_SHARE * limits.maxLatencyMs) return true
  return false
}

/** `fall` never comes for an optional probe: it counts in the error rate only. */
function gateRule(spec: ProbeSpec): PlaceRule {
  return spec.required ? spec : { fall: Number.POSITIVE_INFINITY, rise: spec.rise }
}

function judgeGate(health: AddressHealth, gate: GateState, number: number, sample: HealthSample, nowMs: number): void {
  const { spec, window } = health.tracks[number]!
  const gateTrack = gate.tracks[number]!
  const { place } = gateTrack
  if (place.inPlace === undefined && !spec.required) place.inPlace = true
  const wasOut = place.inPlace === false
  // Out for slowness, a slow answer is no success: the gate would open at once and close again.
  const isSlow = number === 0 && !sample.lagged && sample.latencyMs >= gate.limits.maxLatencyMs
  takeResult(place, sample.ok && !(wasOut && isSlow), gateRule(spec), nowMs)
  if (wasOut && place.inPlace) {
    // From the sample on that brought it back, as the window of the standing does.
    gateTrack.fromNumber = nextNumber(window) - 1
    gateTrack.reason = undefined
  }
  closeIfBeyond(health, gate, number, nowMs)
}

/** Closes a gate by what its window says for sure: errors by the lower Wilson bound, latency by the median of the first probe. */
function closeIfBeyond(health: AddressHealth, gate: GateState, number: number, nowMs: number): void {
  const gateTrack = gate.tracks[number]!
  if (gateTrack.place.inPlace !== true) return
  const summary = summarizeWindow(health.tracks[number]!.window, gateTrack.fromNumber)
  if (summary.sampleCount < GATE_SAMPLES) return
  const isErrors = summary.errorRateLowPercent >= gate.limits.maxErrorRatePercent
  if (!isErrors && !(number === 0 && summary.p50Ms >= gate.limits.maxLatencyMs)) return
  losePlace(gateTrack.place, nowMs)
  gateTrack.reason = isErrors ? 'error-rate' : 'latency'
}

/** Nothing known yet is not closed: what is not measured is kept out by its standing. */
function isOpen(gate: GateState): boolean {
  for (const { place } of gate.tracks) if (place.inPlace === false) return false
  return true
}

/** True when the gate with these limits is open. */
export function isGateOpen(health: AddressHealth, limits: GateLimits): boolean {
  return isKeyedGateOpen(health, gateKey(limits))
}

/** The same by its gateKey, for who asks of thousands. */
export function isKeyedGateOpen(health: AddressHealth, key: string): boolean {
  const gate = health.gates.get(key)
  return gate === undefined || isOpen(gate)
}

/** The failures in a row up to now were ours, not the address's: they leave the windows, and its places are as they were. */
export function pardon(health: AddressHealth, nowMs: number): void {
  for (const { place, window } of health.tracks) {
    restorePlace(place)
    dropFailuresInRow(window)
  }
  for (const gate of health.gates.values()) {
    for (const track of gate.tracks) {
      restorePlace(track.place)
      track.reason = undefined
    }
  }
  health.standing = standingOf(health, nowMs)
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
  for (let number = 1; number < health.tracks.length; number++) {
    const other = summarizeWindow(health.tracks[number]!.window)
    if (other.sampleCount > 0 && !(other.errorRatePercent <= errorRatePercent)) errorRatePercent = other.errorRatePercent
  }
  return { latencyMs: summary.p50Ms, p95Ms: summary.p95Ms, errorRatePercent, sampleCount: summary.sampleCount }
}

/** Unknown counts as the last known standing, if that is at most an hour old. */
export function effectiveStanding(health: AddressHealth, nowMs: number): number {
  if (health.standing !== STANDING_UNKNOWN || health.lastKnown === undefined) return health.standing
  return nowMs - health.lastKnown.atMs <= LAST_KNOWN_MS ? health.lastKnown.standing : STANDING_UNKNOWN
}

/** When it came back last to a place or through the gate with these limits, monotonic ms; NaN = it never left. */
export function returnedAtMs(health: AddressHealth, limits: GateLimits): number {
  const gate = health.gates.get(gateKey(limits))
  let latest = Number.NaN
  for (const { place } of [...health.tracks, ...(gate?.tracks ?? [])])
    if (place.inPlace && !(place.returnedAtMs <= latest)) latest = Number.isNaN(place.returnedAtMs) ? latest : place.returnedAtMs
  return latest
}
