/**
 * Health of addresses + plan → one ranking slot (health/model/ranking.ts). Pure: the clocks are parameters, the memory of incumbents and
 * challengers lies in RankMemory, which survives publishes and restarts (it is keyed by policy and pool id, never by index).
 *
 *   address: standing, numbers, TTL bound ─► member bits per view ─► pool bits, picks of `best` (band and dwell), order, weights
 *
 * Band and dwell hold back only moves between eligible endpoints; nothing delays leaving an ineligible one.
 */

import type { RankPlan, RankPoolUse } from '../model/rank-plan.ts'
import {
  ADDRESS_DRAINING,
  ADDRESS_OVERRIDE_DOWN,
  ADDRESS_OVERRIDE_UP,
  ADDRESS_PRESENT,
  ADDRESS_UNPROBED,
  MEMBER_ELIGIBLE,
  MEMBER_IN_PLACE,
  MEMBER_NOT_DOWN,
  MEMBER_PRESENT,
  POOL_IN_PLACE,
  POOL_NOT_DOWN,
  POOL_PRESENT,
  POOL_USABLE,
  type RankingColumns,
} from '../model/ranking.ts'
import { STANDING_DEGRADED, STANDING_DOWN } from '../model/standing.ts'
import {
  type AddressHealth,
  effectiveStanding,
  type GateLimits,
  isGateOpen,
  measuresOf,
  NO_TTL_BOUND,
  shownStanding,
  ttlBoundSeconds,
} from './address-health.ts'
import { orderingScore, scoreOf } from './score-profile.ts'

/** Band of `best`: never less than this many points. */
const LEAST_BAND_POINTS = 3

/** The incumbent of one pool-use view, and who has been better for how long. */
export type Incumbent = { endpointId: string; challengerId: string; challengerSinceMs: number }

/** What ranking remembers from one time to the next. */
export type RankMemory = { readonly incumbents: Map<string, Incumbent> }

/** An operator's forced standing of an endpoint. */
export type ForcedStanding = {
  readonly endpointId: string
  readonly action: 'up' | 'down' | 'drain' /** Share of its weight that is left, 0–1 (drain). */
  readonly share: number
}

/** What a ranking is made of. */
export type RankInput = {
  readonly plan: RankPlan
  /** Two an endpoint: IPv4 or target, IPv6; undefined = the endpoint has no such address. */
  readonly addresses: readonly (AddressHealth | undefined)[]
  readonly memory: RankMemory
  readonly overrides: readonly ForcedStanding[]
  readonly nowMs: number
  readonly wallMs: number
  readonly rankingId: number
}

/** Memory of a first ranking. */
export function createRankMemory(): RankMemory {
  return { incumbents: new Map() }
}

/** Limits of all gates of a plan, without doubles. */
export function gateLimitsOf(plan: RankPlan): readonly GateLimits[] {
  const limits = new Map<string, GateLimits>()
  for (const { maxErrorRatePercent, maxLatencyMs } of plan.poolUses)
    limits.set(`${maxErrorRatePercent}/${maxLatencyMs}`, { maxErrorRatePercent, maxLatencyMs })
  return [...limits.values()]
}

/** Facts about one address that every pool use asks for. */
type AddressFacts = {
  readonly health: AddressHealth
  readonly standing: number
  readonly override: ForcedStanding | undefined
  readonly latencyMs: number
  readonly errorRatePercent: number
}

/** Fills `out` with the ranking. */
export function rankEndpoints(input: RankInput, out: RankingColumns): void {
  const { plan, addresses, wallMs } = input
  out.header[0] = plan.generation
  out.header[1] = input.rankingId
  out.header[2] = wallMs
  const limitsList = gateLimitsOf(plan)
  const overrides = new Map(input.overrides.map((override) => [override.endpointId, override]))
  const facts: (AddressFacts | undefined)[] = []
  for (let at = 0; at < 2 * plan.endpoints.length; at++)
    facts.push(fillAddress(input, at, addresses[at], overrides.get(plan.endpoints[at >> 1]!.id), limitsList, out))
  plan.poolUses.forEach((poolUse, number) => {
    for (let view = 0; view < (poolUse.jointFamilies ? 1 : 2); view++) fillPoolUse(input, poolUse, number, view, facts, out)
  })
  for (let at = 0; at < facts.length; at++) out.addressLastEligibleAt[at] = facts[at]?.health.lastEligibleAt ?? 0
}

function fillAddress(
  input: RankInput,
  at: number,
  health: AddressHealth | undefined,
  override: ForcedStanding | undefined,
  limitsList: readonly GateLimits[],
  out: RankingColumns,
): AddressFacts | undefined {
  const isPresent = health !== undefined && input.plan.endpoints[at >> 1]!.enabled
  const measures = health === undefined ? undefined : measuresOf(health)
  out.addressStanding[at] = health === undefined ? 0 : shownStanding(health, limitsList, input.nowMs)
  out.addressFlags[at] =
    (isPresent ? ADDRESS_PRESENT : 0) |
    (health !== undefined && health.tracks.length === 0 ? ADDRESS_UNPROBED : 0) |
    (override?.action === 'up' ? ADDRESS_OVERRIDE_UP : 0) |
    (override?.action === 'down' ? ADDRESS_OVERRIDE_DOWN : 0) |
    (override?.action === 'drain' ? ADDRESS_DRAINING : 0)
  out.addressLatencyMs[at] = measures?.latencyMs ?? Number.NaN
  out.addressErrorRatePercent[at] = measures?.errorRatePercent ?? Number.NaN
  out.addressSampleCount[at] = measures?.sampleCount ?? 0
  out.addressSampleAt[at] = health?.sampleAt ?? 0
  out.addressSinceAt[at] = health?.sinceAt ?? 0
  out.addressTtlBoundSeconds[at] = isPresent ? ttlBoundSeconds(health) : NO_TTL_BOUND
  if (!isPresent) return undefined
  return {
    health,
    standing: effectiveStanding(health, input.nowMs),
    override,
    latencyMs: measures!.latencyMs,
    errorRatePercent: measures!.errorRatePercent,
  }
}

/** The addresses that a member stands on in a view: all of them (joint), or the family's; a target stands in both views. */
function addressesOf(
  input: RankInput,
  poolUse: RankPoolUse,
  endpoint: number,
  view: number,
  facts: readonly (AddressFacts | undefined)[],
): AddressFacts[] {
  const isTarget = input.plan.endpoints[endpoint]!.target !== ''
  const wanted = poolUse.jointFamilies ? [2 * endpoint, 2 * endpoint + 1] : isTarget ? [2 * endpoint] : [2 * endpoint + view]
  const found: AddressFacts[] = []
  for (const at of wanted) if (facts[at] !== undefined) found.push(facts[at])
  return found
}

function memberBitsOf(stands: readonly AddressFacts[], limits: GateLimits): number {
  if (stands.length === 0) return 0
  if (stands.some(({ override }) => override?.action === 'down')) return MEMBER_PRESENT
  // An override `up` beats standing and gates.
  if (stands.every(({ override }) => override?.action === 'up')) return MEMBER_PRESENT | MEMBER_NOT_DOWN | MEMBER_IN_PLACE | MEMBER_ELIGIBLE
  let bits = MEMBER_PRESENT
  const isInPlace = stands.every(({ standing }) => standing >= STANDING_DEGRADED)
  if (stands.every(({ standing }) => standing !== STANDING_DOWN)) bits |= MEMBER_NOT_DOWN
  if (isInPlace) bits |= MEMBER_IN_PLACE
  if (isInPlace && stands.every(({ health }) => isGateOpen(health, limits))) bits |= MEMBER_ELIGIBLE
  return bits
}

function fillPoolUse(
  input: RankInput,
  poolUse: RankPoolUse,
  number: number,
  view: number,
  facts: readonly (AddressFacts | undefined)[],
  out: RankingColumns,
): void {
  const at = 2 * number + view
  const order: { readonly member: number; readonly score: number; readonly endpointId: string }[] = []
  let poolBits = 0
  let eligible = 0
  let bound = NO_TTL_BOUND
  poolUse.members.forEach(({ endpoint, weight }, position) => {
    const member = poolUse.firstMember + position
    const stands = addressesOf(input, poolUse, endpoint, view, facts)
    const bits = memberBitsOf(stands, poolUse)
    out.memberBits[2 * member + view] = bits
    if (bits & MEMBER_PRESENT) poolBits |= POOL_PRESENT
    if (bits & MEMBER_NOT_DOWN) poolBits |= POOL_NOT_DOWN
    if (bits & MEMBER_IN_PLACE) poolBits |= POOL_IN_PLACE
    if (bits & MEMBER_ELIGIBLE) {
      eligible++
      for (const { health } of stands) health.lastEligibleAt = input.wallMs
    }
    let score = Number.POSITIVE_INFINITY
    let known = Number.POSITIVE_INFINITY
    for (const { latencyMs, errorRatePercent, health } of stands) {
      score = Math.min(score, orderingScore(poolUse.score, latencyMs, errorRatePercent))
      known = Math.min(known, scoreOf(poolUse.score, latencyMs, errorRatePercent))
      bound = Math.min(bound, ttlBoundSeconds(health))
    }
    if (view === 0 || Number.isNaN(out.memberScore[member]!))
      out.memberScore[member] = known === Number.POSITIVE_INFINITY ? Number.NaN : known
    out.memberWeight[2 * member + view] = bits & MEMBER_PRESENT ? weightOf(input, poolUse, weight, stands) : 0
    order.push({ member, score: bits & MEMBER_PRESENT ? score : Number.NEGATIVE_INFINITY, endpointId: input.plan.endpoints[endpoint]!.id })
  })
  if (eligible >= Math.max(1, poolUse.minimumUp)) poolBits |= POOL_USABLE
  out.poolBits[at] = poolBits
  out.poolTtlBoundSeconds[at] = bound
  // Best first; equal scores in declared order (the sort is stable).
  order.sort((a, b) => b.score - a.score)
  order.forEach(({ member }, position) => {
    out.memberOrder[2 * member + view] = position
  })
  const firstWith = (bit: number): number => order.find(({ member }) => (out.memberBits[2 * member + view]! & bit) !== 0)?.member ?? -1
  const incumbent = keepIncumbent(input, poolUse, view, order, out)
  out.poolPick[at] = incumbent
  const keeps = (bit: number): boolean => incumbent >= 0 && (out.memberBits[2 * incumbent + view]! & bit) !== 0
  out.poolPickInPlace[at] = keeps(MEMBER_IN_PLACE) ? incumbent : firstWith(MEMBER_IN_PLACE)
  out.poolPickNotDown[at] = keeps(MEMBER_NOT_DOWN) ? incumbent : firstWith(MEMBER_NOT_DOWN)
}

/** Configured weight × slow start × drain, rounded; a member that counts at all keeps at least 1. */
function weightOf(input: RankInput, poolUse: RankPoolUse, weight: number, stands: readonly AddressFacts[]): number {
  let share = 1
  for (const { health, override } of stands) {
    if (override?.action === 'drain') share = Math.min(share, override.share)
    if (poolUse.slowStartSeconds <= 0) continue
    for (const { place } of health.tracks) {
      const sinceMs = input.nowMs - place.returnedAtMs
      // Steps of a tenth: a share that moved with every ranking would move clients with every ranking.
      if (place.inPlace && sinceMs >= 0) share = Math.min(share, Math.ceil((10 * sinceMs + 1) / (1000 * poolUse.slowStartSeconds)) / 10)
    }
  }
  const effective = Math.round(weight * share)
  return weight > 0 && share > 0 ? Math.max(1, effective) : effective
}

/** The incumbent of a pool-use view after band and dwell; -1 when nobody is eligible. */
function keepIncumbent(
  input: RankInput,
  poolUse: RankPoolUse,
  view: number,
  order: readonly { readonly member: number; readonly score: number; readonly endpointId: string }[],
  out: RankingColumns,
): number {
  const eligible = order.filter(({ member }) => (out.memberBits[2 * member + view]! & MEMBER_ELIGIBLE) !== 0)
  const best = eligible[0]
  const key = `${poolUse.policyId}/${poolUse.poolId}/${view}`
  if (best === undefined) return -1
  const { incumbents } = input.memory
  const known = incumbents.get(key)
  const current = eligible.find(({ endpointId }) => endpointId === known?.endpointId)
  const take = (endpointId: string): void => {
    incumbents.set(key, { endpointId, challengerId: '', challengerSinceMs: Number.NaN })
  }
  if (known === undefined || current === undefined) {
    take(best.endpointId)
    return best.member
  }
  const band = Math.max(LEAST_BAND_POINTS, (poolUse.tolerancePercent / 100) * current.score)
  if (best.score <= current.score + band) {
    known.challengerId = ''
    return current.member
  }
  if (known.challengerId === '') {
    known.challengerId = best.endpointId
    known.challengerSinceMs = input.nowMs
  }
  if (input.nowMs - known.challengerSinceMs < 1000 * poolUse.dwellSeconds) return current.member
  take(best.endpointId)
  return best.member
}
