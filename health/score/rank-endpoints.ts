/**
 * Health of addresses + plan → one ranking slot (health/model/ranking.ts). Pure: the clocks are parameters, the memory of incumbents
 * lies in RankMemory, which survives publishes and restarts (it is keyed by policy and pool id, never by index).
 *
 *   address: standing, numbers, TTL bound ─► member bits per view ─► pool bits, picks of `best` (incumbent.ts), order, weights, keeps
 *
 * A member stands on all addresses its endpoint has (joint) or on the family's (each). An address that this vantage cannot measure
 * (no route to the family) has no vote: its endpoint is judged by the other one.
 */

import { type RankPlan, type RankPoolUse, VANTAGE_SHARE_PERCENT } from '../model/rank-plan.ts'
import {
  ADDRESS_DRAINING,
  ADDRESS_OVERLOADED,
  ADDRESS_OVERRIDE_DOWN,
  ADDRESS_OVERRIDE_UP,
  ADDRESS_PRESENT,
  ADDRESS_RELEASED,
  ADDRESS_UNPROBED,
  KEEP_ALL,
  MEMBER_ELIGIBLE,
  MEMBER_IN_PLACE,
  MEMBER_NOT_DOWN,
  MEMBER_PRESENT,
  POOL_IN_PLACE,
  POOL_NOT_DOWN,
  POOL_PRESENT,
  POOL_SHARES,
  POOL_USABLE,
  type RankingColumns,
  WEIGHT_SCALE,
} from '../model/ranking.ts'
import { STANDING_DEGRADED, STANDING_DOWN, STANDING_UNKNOWN, STANDING_UP } from '../model/standing.ts'
import {
  type AddressHealth,
  effectiveStanding,
  type GateLimits,
  gateKey,
  isKeyedGateOpen,
  measuresOf,
  returnedAtMs,
} from './address-health.ts'
import { type CombinedView, isInPlaceBy } from './combine-vantages.ts'
import { type ForcedReturn, forcedReturnMs, noteForced } from './forced-return.ts'
import { type Candidate, type Incumbent, keepIncumbent, type UnknownMembers } from './incumbent.ts'
import { orderingScore, scoreOf } from './score-profile.ts'
import { createShedState, type EndpointLoad, isOverloaded, loadPercentOf, type ShedState, stepShare } from './shed-load.ts'
import { boundOfMs, NO_TTL_BOUND, ttlBoundSeconds } from './ttl-bound.ts'

/** What ranking remembers from one time to the next. */
export type RankMemory = {
  readonly incumbents: Map<string, Incumbent>
  /** How members shed, by memberKey; only those with a capacity. */
  readonly shedding: Map<string, ShedState>
  /** Ids of endpoints beyond their hard mark. */
  readonly overloaded: Set<string>
  /** Endpoints that are or were forced out, by id. */
  readonly forced: Map<string, ForcedReturn>
}

/** An operator's forced standing of an endpoint. */
export type ForcedStanding = {
  readonly endpointId: string
  readonly action: 'up' | 'down' | 'drain'
  /** Share of its weight that is left, 0–1 (drain). */
  readonly share: number
  /** Time until the share falls further; absent when nothing falls. */
  readonly nextStepMs?: number
}

/** What a ranking is made of. */
export type RankInput = {
  readonly plan: RankPlan
  /** Two an endpoint: IPv4 or target, IPv6; undefined = the endpoint has no such address. */
  readonly addresses: readonly (AddressHealth | undefined)[]
  /** What all vantages say, where not our own judgement alone counts; as `addresses`. */
  readonly views?: readonly (CombinedView | undefined)[]
  /** Loads by endpoint id, of those with a capacity. */
  readonly loads?: ReadonlyMap<string, EndpointLoad>
  readonly memory: RankMemory
  readonly overrides: readonly ForcedStanding[]
  readonly nowMs: number
  readonly wallMs: number
  readonly rankingId: number
}

/** Memory of a first ranking. */
export function createRankMemory(): RankMemory {
  return { incumbents: new Map(), shedding: new Map(), overloaded: new Set(), forced: new Map() }
}

/** Not known to be down, not known to be in place. */
const UNKNOWN_BITS = MEMBER_PRESENT | MEMBER_NOT_DOWN
/** First results are waited for no longer, whatever the interval: a first choice that moves late is a switch. */
const MOST_SETTLE_MS = 60_000

/** Key of a member of a pool use. */
export function memberKey(poolUse: RankPoolUse, endpointId: string): string {
  return `${poolUse.policyId}/${poolUse.poolId}/${endpointId}`
}

/** Key of an incumbent. */
export function incumbentKey(poolUse: RankPoolUse, view: number): string {
  return `${poolUse.policyId}/${poolUse.poolId}/${view}`
}

/** Keys by pool use: every ranking of a plan asks for all of them. */
type PlanKeys = { readonly gates: readonly string[]; readonly incumbents: readonly (readonly string[])[] }

const keysOfPlans = new WeakMap<RankPlan, PlanKeys>()

function keysOf(plan: RankPlan): PlanKeys {
  let keys = keysOfPlans.get(plan)
  if (keys === undefined) {
    const { poolUses } = plan
    keys = { gates: poolUses.map(gateKey), incumbents: [0, 1].map((view) => poolUses.map((poolUse) => incumbentKey(poolUse, view))) }
    keysOfPlans.set(plan, keys)
  }
  return keys
}

/** Limits of the gates that each endpoint of a plan stands behind, without doubles; by endpoint index. */
export function gateLimitsOf(plan: RankPlan): readonly (readonly GateLimits[])[] {
  const limits = plan.endpoints.map(() => new Map<string, GateLimits>())
  for (const { members, maxErrorRatePercent, maxLatencyMs } of plan.poolUses) {
    const gate = { maxErrorRatePercent, maxLatencyMs }
    for (const { endpoint } of members) limits[endpoint]!.set(gateKey(gate), gate)
  }
  return limits.map((map) => [...map.values()])
}

/** Facts about one address that every pool use asks for. */
type AddressFacts = {
  readonly health: AddressHealth
  /** What all vantages say; undefined = our own judgement. */
  readonly view: CombinedView | undefined
  readonly standing: number
  readonly override: ForcedStanding | undefined
  readonly latencyMs: number
  readonly errorRatePercent: number
  readonly ttlBoundSeconds: number
}

/** One member while its pool is ranked. */
type RankedMember = Candidate & { readonly member: number; readonly bits: number }

/** Fills `out` with the ranking. */
export function rankEndpoints(input: RankInput, out: RankingColumns): void {
  const { plan, addresses, wallMs } = input
  out.header[0] = plan.generation
  out.header[1] = input.rankingId
  out.header[2] = wallMs
  const overrides = new Map(input.overrides.map((override) => [override.endpointId, override]))
  const slowestSeconds = plan.poolUses.reduce((longest, { slowStartSeconds }) => Math.max(longest, slowStartSeconds), 0)
  const ids = plan.endpoints.map(({ id }) => id)
  noteForced(input.memory.forced, ids, overrides, slowestSeconds, input.nowMs)
  for (const { id, capacity } of plan.endpoints) {
    if (capacity === undefined) continue
    const overloaded = isOverloaded(capacity, input.loads?.get(id), input.memory.overloaded.has(id))
    if (overloaded) input.memory.overloaded.add(id)
    else input.memory.overloaded.delete(id)
  }
  const facts: (AddressFacts | undefined)[] = []
  for (let at = 0; at < 2 * plan.endpoints.length; at++)
    facts.push(fillAddress(input, at, addresses[at], overrides.get(plan.endpoints[at >> 1]!.id), out))
  const keys = keysOf(plan)
  for (const [number, poolUse] of plan.poolUses.entries()) {
    fillPoolUse(input, poolUse, number, 0, facts, keys, out)
    if (poolUse.jointFamilies) clearView(poolUse, number, out)
    else fillPoolUse(input, poolUse, number, 1, facts, keys, out)
  }
  for (let at = 0; at < facts.length; at++) out.addressLastEligibleAt[at] = facts[at]?.health.lastEligibleAt ?? 0
}

function fillAddress(
  input: RankInput,
  at: number,
  health: AddressHealth | undefined,
  override: ForcedStanding | undefined,
  out: RankingColumns,
): AddressFacts | undefined {
  const endpoint = input.plan.endpoints[at >> 1]!
  const present = endpoint.enabled ? health : undefined
  const view = present === undefined ? undefined : input.views?.[at]
  const measures = present === undefined ? undefined : (view ?? measuresOf(present))
  const standing =
    present === undefined ? STANDING_UNKNOWN : standingBy(view, VANTAGE_SHARE_PERCENT, effectiveStanding(present, input.nowMs))
  const bound = present === undefined ? NO_TTL_BOUND : ttlBoundSeconds(present)
  out.addressStanding[at] = standing
  out.addressFlags[at] =
    (present === undefined ? 0 : ADDRESS_PRESENT) |
    (present !== undefined && present.tracks.length === 0 ? ADDRESS_UNPROBED : 0) |
    (override?.action === 'up' ? ADDRESS_OVERRIDE_UP : 0) |
    (override?.action === 'down' ? ADDRESS_OVERRIDE_DOWN : 0) |
    (override?.action === 'drain' ? ADDRESS_DRAINING : 0) |
    (present !== undefined && input.memory.overloaded.has(endpoint.id) ? ADDRESS_OVERLOADED : 0) |
    (Number.isFinite(input.memory.forced.get(endpoint.id)?.releasedAtMs) ? ADDRESS_RELEASED : 0)
  out.addressLatencyMs[at] = measures?.latencyMs ?? Number.NaN
  out.addressErrorRatePercent[at] = measures?.errorRatePercent ?? Number.NaN
  out.addressSampleCount[at] = measures?.sampleCount ?? 0
  out.addressSampleAt[at] = view?.sampleAt ?? present?.sampleAt ?? 0
  out.addressSinceAt[at] = present?.sinceAt ?? 0
  out.addressTtlBoundSeconds[at] = bound
  if (present === undefined || measures === undefined) return undefined
  const { latencyMs, errorRatePercent } = measures
  return { health: present, view, standing, override, ttlBoundSeconds: bound, latencyMs, errorRatePercent }
}

/** Standing by the votes of all; our own degrees of being in place stay where both agree. */
function standingBy(view: CombinedView | undefined, sharePercent: number, own: number): number {
  const isInPlace = view === undefined ? undefined : isInPlaceBy(view, sharePercent)
  if (isInPlace === undefined) return own
  if (!isInPlace) return STANDING_DOWN
  return own >= STANDING_DEGRADED ? own : STANDING_UP
}

/** Our own gate, or the one that all numbers together close. */
function isGateOpenFor({ health, view }: AddressFacts, key: string): boolean {
  return view === undefined ? isKeyedGateOpen(health, key) : health.joint?.closed.has(key) !== true
}

/** The addresses that a member stands on in a view: all of them (joint) or the family's; a target stands in both views. */
function addressesOf(
  input: RankInput,
  poolUse: RankPoolUse,
  endpoint: number,
  view: number,
  facts: readonly (AddressFacts | undefined)[],
): readonly AddressFacts[] {
  const first = facts[2 * endpoint]
  const second = facts[2 * endpoint + 1]
  const isTarget = input.plan.endpoints[endpoint]!.target !== ''
  const wanted = poolUse.jointFamilies ? listOf(first, second) : listOf(view === 0 || isTarget ? first : second, undefined)
  if (wanted.every(hasVote)) return wanted
  const voters = (poolUse.jointFamilies ? wanted : listOf(first, second)).filter(hasVote)
  return voters.length > 0 && wanted.length > 0 ? voters : wanted
}

const NO_FACTS: readonly AddressFacts[] = []

/** Those of two that are there. */
function listOf(first: AddressFacts | undefined, second: AddressFacts | undefined): readonly AddressFacts[] {
  if (first === undefined) return second === undefined ? NO_FACTS : [second]
  return second === undefined ? [first] : [first, second]
}

/** An address without a route from here says nothing, unless something is known of it from before. */
function hasVote({ health, standing }: AddressFacts): boolean {
  return health.measurable || standing !== STANDING_UNKNOWN
}

function memberBitsOf(input: RankInput, stands: readonly AddressFacts[], poolUse: RankPoolUse, gate: string): number {
  if (stands.length === 0) return 0
  // Drained to nothing is out, as an override `down` is.
  if (stands.some(({ override }) => override?.action === 'down' || (override?.action === 'drain' && override.share <= 0)))
    return MEMBER_PRESENT
  // An override `up` beats standing and gates.
  if (stands.every(({ override }) => override?.action === 'up')) return MEMBER_PRESENT | MEMBER_NOT_DOWN | MEMBER_IN_PLACE | MEMBER_ELIGIBLE
  let bits = MEMBER_PRESENT
  const standings = stands.map(({ view, standing }) => standingBy(view, poolUse.vantageSharePercent, standing))
  const isInPlace = standings.every((standing) => standing >= STANDING_DEGRADED)
  if (standings.every((standing) => standing !== STANDING_DOWN)) bits |= MEMBER_NOT_DOWN
  if (isInPlace) bits |= MEMBER_IN_PLACE
  const isOpen = stands.every((stand) => isGateOpenFor(stand, gate))
  if (isInPlace && isOpen && !input.memory.overloaded.has(stands[0]!.health.endpointId)) bits |= MEMBER_ELIGIBLE
  return bits
}

function fillPoolUse(
  input: RankInput,
  poolUse: RankPoolUse,
  number: number,
  view: 0 | 1,
  facts: readonly (AddressFacts | undefined)[],
  keys: PlanKeys,
  out: RankingColumns,
): void {
  const order: RankedMember[] = []
  let eligible = 0
  let allBits = 0
  let shares = 0
  let bound = NO_TTL_BOUND
  for (let position = 0; position < poolUse.members.length; position++) {
    const { endpoint, weight } = poolUse.members[position]!
    const member = poolUse.firstMember + position
    const stands = addressesOf(input, poolUse, endpoint, view, facts)
    const bits = memberBitsOf(input, stands, poolUse, keys.gates[number]!)
    allBits |= bits
    if (bits & MEMBER_ELIGIBLE) {
      eligible++
      for (const { health } of stands) health.lastEligibleAt = input.wallMs
    }
    for (const stand of stands) bound = Math.min(bound, stand.ttlBoundSeconds)
    out.memberBits[2 * member + view] = bits
    const { share, nextStepMs } = bits === 0 ? NO_SHARE : shareOf(input, poolUse, endpoint, stands)
    // Who is kept changes with the next step, so no answer is kept for longer.
    if (bits & MEMBER_IN_PLACE) bound = Math.min(bound, boundOfMs(nextStepMs))
    const isWeighted = poolUse.choose === 'weighted'
    out.memberWeight[2 * member + view] = atLeastOne(WEIGHT_SCALE * weight, isWeighted ? share : bits === 0 ? 0 : 1)
    const keep = isWeighted ? KEEP_ALL : atLeastOne(KEEP_ALL, share)
    out.memberKeep[2 * member + view] = keep
    if (bits !== 0 && keep !== KEEP_ALL) shares = POOL_SHARES
    fillScore(poolUse, member, view, stands, out)
    order.push({ member, position, bits, score: orderScoreOf(poolUse, stands), endpointId: input.plan.endpoints[endpoint]!.id })
  }
  // Best first; equal scores in declared order (the sort is stable).
  if (order.length > 1) order.sort((a, b) => b.score - a.score)
  for (let position = 0; position < order.length; position++) out.memberOrder[2 * order[position]!.member + view] = position
  const at = 2 * number + view
  out.poolBits[at] =
    shares |
    (eligible >= Math.max(1, poolUse.minimumUp) ? POOL_USABLE : 0) |
    (allBits & MEMBER_IN_PLACE ? POOL_IN_PLACE : 0) |
    (allBits & MEMBER_NOT_DOWN ? POOL_NOT_DOWN : 0) |
    (allBits & MEMBER_PRESENT ? POOL_PRESENT : 0)
  out.poolTtlBoundSeconds[at] = bound
  fillPicks(input, poolUse, keys.incumbents[view]![number]!, at, order, allBits, out)
}

/** What a member may be picked for, the strongest first. */
const BITS_FROM_BEST = [MEMBER_ELIGIBLE, MEMBER_IN_PLACE, MEMBER_NOT_DOWN] as const

/**
 * One incumbent a view, among the members with the best bit that anybody has: eligible, else in place, else not down. With nobody
 * eligible the weaker picks would else follow every trembling of the scores. Eligible implies in place implies not down, so the same
 * member answers all weaker steps.
 */
function fillPicks(
  input: RankInput,
  poolUse: RankPoolUse,
  key: string,
  at: number,
  order: readonly RankedMember[],
  allBits: number,
  out: RankingColumns,
): void {
  const best = BITS_FROM_BEST.find((bit) => (allBits & bit) !== 0) ?? 0
  const candidates = order.filter(({ bits }) => (bits & best) !== 0)
  const unknown = unknownMembers(input, poolUse, order)
  const position = keepIncumbent(input.memory.incumbents, key, candidates, poolUse, input.nowMs, unknown)
  const pick = candidates[position]
  out.poolPick[at] = pick !== undefined && pick.bits & MEMBER_ELIGIBLE ? pick.member : -1
  out.poolPickInPlace[at] = pick !== undefined && pick.bits & MEMBER_IN_PLACE ? pick.member : -1
  out.poolPickNotDown[at] = pick !== undefined && pick.bits & MEMBER_NOT_DOWN ? pick.member : -1
}

/** Members whose first results are to come: after an interval and its time limit they are there. */
function unknownMembers(input: RankInput, poolUse: RankPoolUse, order: readonly RankedMember[]): UnknownMembers {
  const unknown = order.filter(isUnknown)
  if (unknown.length === 0) return NOBODY
  let settleMs = 0
  for (const { position } of unknown)
    for (const { intervalMs, timeoutMs } of input.plan.endpoints[poolUse.members[position]!.endpoint]!.probes)
      settleMs = Math.max(settleMs, intervalMs + timeoutMs)
  return { endpointIds: unknown.map(({ endpointId }) => endpointId), settleMs: Math.min(settleMs, MOST_SETTLE_MS) }
}

const NOBODY: UnknownMembers = { endpointIds: [], settleMs: 0 }

function isUnknown({ bits }: RankedMember): boolean {
  return (bits & (MEMBER_PRESENT | MEMBER_NOT_DOWN | MEMBER_IN_PLACE)) === UNKNOWN_BITS
}

/** Score that members are ordered by: of the worst address; absent ones last. */
function orderScoreOf(poolUse: RankPoolUse, stands: readonly AddressFacts[]): number {
  if (stands.length === 0) return Number.NEGATIVE_INFINITY
  let score = Number.POSITIVE_INFINITY
  for (const { latencyMs, errorRatePercent } of stands) score = Math.min(score, orderingScore(poolUse.score, latencyMs, errorRatePercent))
  return score
}

/** The score to show: of the worst address; NaN when one of them has no samples. View 1 only fills what view 0 left open. */
function fillScore(poolUse: RankPoolUse, member: number, view: number, stands: readonly AddressFacts[], out: RankingColumns): void {
  if (view === 1 && !Number.isNaN(out.memberScore[member]!)) return
  let score = stands.length === 0 ? Number.NaN : Number.POSITIVE_INFINITY
  for (const { latencyMs, errorRatePercent } of stands) score = Math.min(score, scoreOf(poolUse.score, latencyMs, errorRatePercent))
  out.memberScore[member] = score
}

/** Share of its clients that a member keeps, 0–1, and when it changes. */
type KeptShare = { readonly share: number; readonly nextStepMs: number }

const NO_SHARE: KeptShare = { share: 0, nextStepMs: Number.POSITIVE_INFINITY }
const WHOLE_SHARE: KeptShare = { share: 1, nextStepMs: Number.POSITIVE_INFINITY }

/** The smallest of slow start, drain and shedding; its next change is the next step of any that are under way. */
function shareOf(input: RankInput, poolUse: RankPoolUse, endpoint: number, stands: readonly AddressFacts[]): KeptShare {
  let kept = shedShareOf(input, poolUse, endpoint)
  const { slowStartSeconds } = poolUse
  for (const { health, override } of stands) {
    if (override?.action === 'drain')
      kept = smallerOf(kept, { share: override.share, nextStepMs: override.nextStepMs ?? Number.POSITIVE_INFINITY })
    if (slowStartSeconds > 0) kept = smallerOf(kept, slowShare(slowStartSeconds, input.nowMs - returnedAtMs(health, poolUse)))
  }
  if (slowStartSeconds === 0) return kept
  const forced = input.memory.forced.get(input.plan.endpoints[endpoint]!.id)
  if (forced === undefined) return kept
  return smallerOf(kept, slowShare(slowStartSeconds, forcedReturnMs(forced, slowStartSeconds, input.nowMs)))
}

function smallerOf(a: KeptShare, b: KeptShare): KeptShare {
  if (b === WHOLE_SHARE) return a
  if (a === WHOLE_SHARE) return b
  return { share: Math.min(a.share, b.share), nextStepMs: Math.min(a.nextStepMs, b.nextStepMs) }
}

/** What has come back so long after a return (NaN = never left). */
function slowShare(slowStartSeconds: number, sinceMs: number): KeptShare {
  const stepMs = 100 * slowStartSeconds
  if (!(sinceMs >= 0 && sinceMs < 9 * stepMs)) return WHOLE_SHARE
  // Steps of a tenth: a share that moved with every ranking would move clients with every ranking.
  const step = Math.floor(sinceMs / stepMs)
  return { share: (step + 1) / 10, nextStepMs: (step + 1) * stepMs - sinceMs }
}

/** By load: one state a member, whatever views it is ranked in. */
function shedShareOf(input: RankInput, poolUse: RankPoolUse, endpoint: number): KeptShare {
  const { id, capacity } = input.plan.endpoints[endpoint]!
  if (capacity === undefined) return WHOLE_SHARE
  const key = memberKey(poolUse, id)
  const state = input.memory.shedding.get(key) ?? createShedState()
  input.memory.shedding.set(key, state)
  const percent = loadPercentOf(capacity, input.loads?.get(id))
  const stepMs = 1000 * poolUse.ttlSeconds
  const share = stepShare(state, capacity, percent, input.memory.overloaded.has(id), stepMs, input.nowMs)
  const waitMs = state.steppedAtMs + stepMs - input.nowMs
  // A share that has settled may stay for hours: then nothing is under way.
  return { share, nextStepMs: share < 1 && waitMs > 0 ? waitMs : Number.POSITIVE_INFINITY }
}

/** A share of a whole, rounded; what counts at all keeps at least 1. */
function atLeastOne(whole: number, share: number): number {
  const part = Math.round(whole * share)
  return whole > 0 && share > 0 ? Math.max(1, part) : part
}

/** A joint pool use has no second view; the slot may hold that of another generation. */
function clearView(poolUse: RankPoolUse, number: number, out: RankingColumns): void {
  for (let member = poolUse.firstMember; member < poolUse.firstMember + poolUse.members.length; member++) {
    out.memberBits[2 * member + 1] = 0
    out.memberWeight[2 * member + 1] = 0
    out.memberKeep[2 * member + 1] = KEEP_ALL
    out.memberOrder[2 * member + 1] = 0
  }
  const at = 2 * number + 1
  out.poolBits[at] = 0
  out.poolPick[at] = -1
  out.poolPickInPlace[at] = -1
  out.poolPickNotDown[at] = -1
  out.poolTtlBoundSeconds[at] = NO_TTL_BOUND
}
