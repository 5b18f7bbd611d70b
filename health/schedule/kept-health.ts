/**
 * Health as it is kept over a restart: plain JSON, points of monotonic time as ages before the saving (NaN as null), numbers of samples
 * as positions. Pure. The file around it: health-state-file.ts.
 */
import { STANDING_UNKNOWN } from '../model/standing.ts'
import { type AddressHealth, type GateLimits, type GateReason, gateKey, LAST_KNOWN_MS } from '../score/address-health.ts'
import type { Place } from '../score/hysteresis.ts'
import type { KeptCell } from '../score/latency-order.ts'
import type { RankMemory } from '../score/rank-endpoints.ts'
import { nextNumber } from '../score/window.ts'

/** A place; `returnedAgeMs` instead of its point in time. */
type KeptPlace = Omit<Place, 'returnedAtMs'> & { readonly returnedAgeMs: number | null }

/** One address. */
export type KeptAddress = {
  /** healthKey: another address or probe is another key. */
  readonly key: string
  readonly standing: number
  /** Age of `standing` when it is only a last known one; null when it was proved by the newest sample. */
  readonly lastKnownAgeMs: number | null
  readonly sinceAt: number
  readonly sampleAt: number
  readonly lastEligibleAt: number
  readonly beyondAgeMs: number | null
  readonly tracks: readonly {
    readonly place: KeptPlace
    readonly ewmaMs: number | null
    readonly samples: readonly (readonly [ageMs: number, ok: 0 | 1, latencyMs: number | null])[]
  }[]
  readonly gates: readonly {
    readonly limits: GateLimits
    readonly tracks: readonly { readonly place: KeptPlace; readonly fromPosition: number; readonly reason: GateReason | null }[]
  }[]
}

/** Challengers with the time they have been better. */
type KeptChallengers = readonly (readonly [endpointId: string, ageMs: number])[]

/** All of it. */
export type KeptHealth = {
  readonly rankingId: number
  readonly addresses: readonly KeptAddress[]
  readonly incumbents: readonly (readonly [key: string, endpointId: string, challengers: KeptChallengers])[]
  /** Endpoints that are or were forced out; absent in files of versions without it. */
  readonly forced?: readonly (readonly [endpointId: string, heldShare: number | null, fromShare: number, releasedAgeMs: number | null])[]
  /** Cells of the latency matrix; absent in files of versions without it. */
  readonly latency?: readonly KeptCell[]
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)
const ageOf = (atMs: number, nowMs: number): number | null => (Number.isNaN(atMs) ? null : Math.round(nowMs - atMs))
const atOf = (ageMs: number | null, savedMs: number): number => (ageMs === null ? Number.NaN : savedMs - ageMs)

function keepPlace({ returnedAtMs, ...place }: Place, nowMs: number): KeptPlace {
  return { ...place, returnedAgeMs: ageOf(returnedAtMs, nowMs) }
}

function restorePlace({ returnedAgeMs, ...place }: KeptPlace, savedMs: number): Place {
  return { ...place, returnedAtMs: atOf(returnedAgeMs, savedMs) }
}

/** An address as it is now. */
export function keepAddress(key: string, health: AddressHealth, nowMs: number): KeptAddress {
  const lastKnown = health.standing === STANDING_UNKNOWN ? health.lastKnown : undefined
  return {
    key,
    standing: lastKnown?.standing ?? health.standing,
    lastKnownAgeMs: lastKnown === undefined ? null : Math.round(nowMs - lastKnown.atMs),
    sinceAt: health.sinceAt,
    sampleAt: health.sampleAt,
    lastEligibleAt: health.lastEligibleAt,
    beyondAgeMs: ageOf(health.beyondAtMs, nowMs),
    tracks: health.tracks.map(({ place, window }) => ({
      place: keepPlace(place, nowMs),
      ewmaMs: orNull(window.ewmaMs),
      samples: window.samples.map(
        ({ at, ok, latencyMs }) => [Math.round(nowMs - at), ok ? 1 : 0, orNull(Math.round(100 * latencyMs) / 100)] as const,
      ),
    })),
    gates: [...health.gates.values()].map((gate) => ({
      limits: gate.limits,
      tracks: gate.tracks.map(({ place, fromNumber, reason }, number) => ({
        place: keepPlace(place, nowMs),
        fromPosition: Math.max(0, fromNumber - health.tracks[number]!.window.firstNumber),
        reason: reason ?? null,
      })),
    })),
  }
}

/**
 * Puts kept health into a new address of the same key. Window and counters go on, but until its first result the standing is only the
 * last known one, with its age: nobody watched meanwhile. Older than an hour, only the history is taken.
 */
export function restoreAddress(health: AddressHealth, kept: KeptAddress, savedMs: number, nowMs: number): void {
  health.sinceAt = kept.sinceAt
  health.sampleAt = kept.sampleAt
  health.lastEligibleAt = kept.lastEligibleAt
  if (kept.tracks.length !== health.tracks.length || nowMs - savedMs > LAST_KNOWN_MS) return
  health.standing = STANDING_UNKNOWN
  if (kept.standing !== STANDING_UNKNOWN) health.lastKnown = { standing: kept.standing, atMs: savedMs - (kept.lastKnownAgeMs ?? 0) }
  health.beyondAtMs = atOf(kept.beyondAgeMs, savedMs)
  for (const [number, track] of kept.tracks.entries()) {
    const { place, window } = health.tracks[number]!
    Object.assign(place, restorePlace(track.place, savedMs))
    window.ewmaMs = track.ewmaMs ?? Number.NaN
    for (const [ageMs, ok, latencyMs] of track.samples)
      window.samples.push({ at: savedMs - ageMs, ok: ok === 1, latencyMs: latencyMs ?? Number.NaN })
  }
  for (const { limits, tracks } of kept.gates) {
    if (tracks.length !== health.tracks.length) continue
    health.gates.set(gateKey(limits), {
      limits,
      tracks: tracks.map(({ place, fromPosition, reason }, number) => ({
        place: restorePlace(place, savedMs),
        fromNumber: Math.min(fromPosition, nextNumber(health.tracks[number]!.window)),
        reason: reason ?? undefined,
      })),
    })
  }
}

/** Incumbents as they are now. */
export function keepIncumbents(memory: RankMemory, nowMs: number): KeptHealth['incumbents'] {
  return [...memory.incumbents].map(([key, { endpointId, challengers }]) => [
    key,
    endpointId,
    [...challengers].map(([id, sinceMs]) => [id, Math.round(nowMs - sinceMs)] as const),
  ])
}

/** Puts kept incumbents back. The time while nobody measured does not count as being better. */
export function restoreIncumbents(memory: RankMemory, kept: KeptHealth['incumbents'], nowMs: number): void {
  for (const [key, endpointId, challengers] of kept)
    memory.incumbents.set(key, { endpointId, challengers: new Map(challengers.map(([id, ageMs]) => [id, nowMs - ageMs])) })
}

/** What was forced, as it is now. */
export function keepForced(memory: RankMemory, nowMs: number): NonNullable<KeptHealth['forced']> {
  return [...memory.forced].map(([id, { heldShare, fromShare, releasedAtMs }]) => [
    id,
    heldShare ?? null,
    fromShare,
    ageOf(releasedAtMs, nowMs),
  ])
}

/** Puts back what was forced: what ended while nobody ranked comes back with the first ranking. Older than an hour it is long over. */
export function restoreForced(memory: RankMemory, kept: NonNullable<KeptHealth['forced']>, elapsedMs: number, nowMs: number): void {
  if (elapsedMs > LAST_KNOWN_MS) return
  for (const [id, heldShare, fromShare, releasedAgeMs] of kept)
    memory.forced.set(id, { heldShare: heldShare ?? undefined, fromShare, releasedAtMs: atOf(releasedAgeMs, nowMs - elapsedMs) })
}
