/**
 * All health of one vantage: addresses by identity, the plan in force, incumbents; samples in, rankings out. Pure: clocks are
 * parameters. An address keeps its health over a publish as long as endpoint, address and probes are the same; what the new plan no
 * longer names is forgotten.
 */

import type { ProbeSample } from '../model/probe-sample.ts'
import type { RankPlan } from '../model/rank-plan.ts'
import type { RankingColumns } from '../model/ranking.ts'
import { STANDING_UNKNOWN } from '../model/standing.ts'
import { type AddressHealth, createAddressHealth, type GateState, takeSample } from '../score/address-health.ts'
import type { Place } from '../score/hysteresis.ts'
import {
  createRankMemory,
  type ForcedStanding,
  gateLimitsOf,
  type Incumbent,
  type RankMemory,
  rankEndpoints,
} from '../score/rank-endpoints.ts'
import type { WindowSample } from '../score/window.ts'
import { addressesOfEndpoint, healthKey } from './probe-plan.ts'

/** Newest samples kept an endpoint, for people. */
const SAMPLES_KEPT = 120
/** Kept health older than this is no standing any more, only a last known one. */
const RESTORE_LIMIT_MS = 3_600_000

/** A change of standing, for events. */
export type StandingChange = {
  readonly endpointId: string
  readonly address: string
  readonly from: number
  readonly to: number
  readonly sample: ProbeSample
}

/** Kept state: plain JSON; times are ages in ms before it was saved. NaN becomes null. */
export type KeptHealth = {
  readonly savedAt: number
  readonly addresses: readonly {
    readonly key: string
    readonly standing: number
    readonly sinceAt: number
    readonly sampleAt: number
    readonly lastEligibleAt: number
    readonly tracks: readonly {
      readonly place: Place
      readonly returnedAgeMs: number | null
      readonly ewmaMs: number | null
      readonly samples: readonly (readonly [ageMs: number, ok: 0 | 1, latencyMs: number | null])[]
    }[]
    readonly gates: readonly (readonly [key: string, gate: GateState, returnedAgeMs: number | null])[]
  }[]
  readonly incumbents: readonly (readonly [key: string, endpointId: string])[]
}

/** The keeper. */
export type RankKeeper = {
  /** Turns to a plan. Returns the endpoints of addresses that nothing at all is known of: they are worth a short wait. */
  readonly replacePlan: (plan: RankPlan) => number
  /** Addresses of the plan that have probes and no result yet. */
  readonly unprobedCount: () => number
  readonly takeSample: (sample: ProbeSample, nowMs: number, wallMs: number) => StandingChange | undefined
  readonly rank: (out: RankingColumns, overrides: readonly ForcedStanding[], nowMs: number, wallMs: number) => void
  readonly samplesOf: (endpointId: string, limit: number) => readonly ProbeSample[]
  readonly addresses: () => Iterable<AddressHealth>
  readonly keep: (nowMs: number, wallMs: number) => KeptHealth
}

/** A keeper, with what was kept before a restart. */
export function createRankKeeper(kept: KeptHealth | undefined, nowMs: number, wallMs: number): RankKeeper {
  let plan: RankPlan | undefined
  let byKey = new Map<string, AddressHealth>()
  let ordered: (AddressHealth | undefined)[] = []
  let rankingId = 0
  let keptByKey = new Map(kept?.addresses.map((address) => [address.key, address]) ?? [])
  // A clock that was set back while we were off must not make the past lie in the future.
  const elapsedMs = kept === undefined ? 0 : Math.max(0, wallMs - kept.savedAt)
  const memory: RankMemory = createRankMemory()
  for (const [key, endpointId] of kept?.incumbents ?? [])
    memory.incumbents.set(key, { endpointId, challengerId: '', challengerSinceMs: Number.NaN } satisfies Incumbent)
  const samples = new Map<string, ProbeSample[]>()

  function make(key: string, endpointId: string, address: string, probes: RankPlan['endpoints'][number]['probes']): AddressHealth {
    const health = createAddressHealth(endpointId, address, probes)
    const old = keptByKey.get(key)
    if (old === undefined) return health
    const savedMs = nowMs - elapsedMs
    health.sinceAt = old.sinceAt
    health.sampleAt = old.sampleAt
    health.lastEligibleAt = old.lastEligibleAt
    if (probes.length === 0) return health
    if (elapsedMs > RESTORE_LIMIT_MS) return health
    // Its window and counters go on, but until the first result it is the last known standing, with its age.
    health.lastKnown = { standing: old.standing, atMs: savedMs }
    health.standing = STANDING_UNKNOWN
    old.tracks.forEach((track, number) => {
      const mine = health.tracks[number]
      if (mine === undefined) return
      Object.assign(mine.place, track.place, { returnedAtMs: track.returnedAgeMs === null ? Number.NaN : savedMs - track.returnedAgeMs })
      mine.window.ewmaMs = track.ewmaMs ?? Number.NaN
      for (const [ageMs, ok, latencyMs] of track.samples)
        mine.window.samples.push({ at: savedMs - ageMs, ok: ok === 1, latencyMs: latencyMs ?? Number.NaN } satisfies WindowSample)
    })
    for (const [gateName, gate, returnedAgeMs] of old.gates) {
      health.gates.set(gateName, {
        ...gate,
        place: { ...gate.place, returnedAtMs: returnedAgeMs === null ? Number.NaN : savedMs - returnedAgeMs },
        fromNumbers: [...gate.fromNumbers],
      })
    }
    return health
  }

  return {
    replacePlan(next) {
      const kept = byKey
      byKey = new Map()
      ordered = []
      let fresh = 0
      for (const endpoint of next.endpoints) {
        for (const address of addressesOfEndpoint(endpoint)) {
          if (address === '') {
            ordered.push(undefined)
            continue
          }
          const key = healthKey(endpoint.id, address, endpoint.probes)
          const health = kept.get(key) ?? make(key, endpoint.id, address, endpoint.probes)
          if (health.sampleAt === 0 && endpoint.probes.length > 0 && endpoint.enabled) fresh++
          byKey.set(key, health)
          ordered.push(health)
        }
      }
      keptByKey = new Map()
      const ids = new Set(next.endpoints.map((endpoint) => endpoint.id))
      for (const id of samples.keys()) if (!ids.has(id)) samples.delete(id)
      plan = next
      return fresh
    },
    unprobedCount() {
      let count = 0
      for (const health of byKey.values())
        if (health.tracks.some((track) => track.place.inPlace === undefined) && health.sampleAt === 0) count++
      return count
    },
    takeSample(sample, sampleNowMs, sampleWallMs) {
      const list = samples.get(sample.endpointId) ?? []
      samples.set(sample.endpointId, list)
      list.push(sample)
      if (list.length > SAMPLES_KEPT) list.shift()
      if (plan === undefined) return undefined
      const limits = gateLimitsOf(plan)
      for (const health of byKey.values()) {
        if (health.endpointId !== sample.endpointId || health.address !== sample.address) continue
        const from = health.standing
        if (takeSample(health, sample, limits, sampleNowMs, sampleWallMs))
          return { endpointId: health.endpointId, address: health.address, from, to: health.standing, sample }
      }
      return undefined
    },
    rank(out, overrides, rankNowMs, rankWallMs) {
      if (plan === undefined) return
      rankingId++
      rankEndpoints({ plan, addresses: ordered, memory, overrides, nowMs: rankNowMs, wallMs: rankWallMs, rankingId }, out)
    },
    samplesOf: (endpointId, limit) => (samples.get(endpointId) ?? []).slice(-limit),
    addresses: () => byKey.values(),
    keep(keepNowMs, keepWallMs) {
      const age = (atMs: number): number | null => (Number.isNaN(atMs) ? null : keepNowMs - atMs)
      const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)
      return {
        savedAt: keepWallMs,
        addresses: [...byKey].map(([key, health]) => ({
          key,
          standing: health.standing === STANDING_UNKNOWN && health.lastKnown !== undefined ? health.lastKnown.standing : health.standing,
          sinceAt: health.sinceAt,
          sampleAt: health.sampleAt,
          lastEligibleAt: health.lastEligibleAt,
          tracks: health.tracks.map(({ place, window }) => ({
            place,
            returnedAgeMs: age(place.returnedAtMs),
            ewmaMs: orNull(window.ewmaMs),
            samples: window.samples.map(({ at, ok, latencyMs }) => [Math.round(keepNowMs - at), ok ? 1 : 0, orNull(latencyMs)] as const),
          })),
          // Numbers of samples begin anew with the next process.
          gates: [...health.gates].map(
            ([key, gate]) =>
              [
                key,
                {
                  ...gate,
                  fromNumbers: gate.fromNumbers.map((from, n) => Math.max(0, from - (health.tracks[n]?.window.firstNumber ?? 0))),
                },
                age(gate.place.returnedAtMs),
              ] as const,
          ),
        })),
        incumbents: [...memory.incumbents].map(([key, incumbent]) => [key, incumbent.endpointId] as const),
      }
    },
  }
}
