/**
 * The ranking in shared memory: what the answer threads know about health. Two fixed slots of these columns lie in one
 * SharedArrayBuffer; the rank worker fills the idle slot and swaps (at most once a second). Sized by the snapshot's counts,
 * so it only fits the generation it was made for. Pure types and numbers; filled by health/score/rank-endpoints.ts.
 *
 *   address index     = 2 × endpoint index + (0 for IPv4 or a target, 1 for IPv6)
 *   pool use          = one pool as used by one policy (its gates differ by policy); see RankPlan
 *   view              = 0 joint or IPv4, 1 IPv6 (only policies with `families: each` use view 1)
 *   pool-use view     = 2 × pool use + view
 *   member-use view   = 2 × member use + view
 */

import { type LatencyPlan, latencyEntryCount } from './latency-matrix.ts'

/** Member-use bits: may be picked in step 1 of the decision. */
export const MEMBER_ELIGIBLE = 1
/** In place and not overridden down, gates and capacity ignored: may be picked from a fallback pool (step 2). */
export const MEMBER_IN_PLACE = 2
/** Not down: may be picked in step 3. */
export const MEMBER_NOT_DOWN = 4
/** Exists in this view (has an address of the family): may be picked in step 4. */
export const MEMBER_PRESENT = 8

/** memberKeep of a member that keeps all of its clients. */
export const KEEP_ALL = 0xffff

/** memberWeight of one unit of a configured weight: most documents have weights of 1, and a tenth of that is a weight too. */
export const WEIGHT_SCALE = 1000

/** Pool-use bits: at least `minimumUp` members are eligible (step 1). */
export const POOL_USABLE = 1
/** At least one member is in place (step 2). */
export const POOL_IN_PLACE = 2
/** At least one member is not down (step 3). */
export const POOL_NOT_DOWN = 4
/** At least one member is present (step 4). */
export const POOL_PRESENT = 8
/** A member keeps a share of its clients only (memberKeep below KEEP_ALL). */
export const POOL_SHARES = 16

/** Address flag bits: an override holds it up / down / draining. */
export const ADDRESS_OVERRIDE_UP = 1
export const ADDRESS_OVERRIDE_DOWN = 2
export const ADDRESS_DRAINING = 4
/** The address has no probe: it always counts as up. */
export const ADDRESS_UNPROBED = 8
/** The endpoint has this address at all. */
export const ADDRESS_PRESENT = 16
/** Its endpoint is beyond the hard mark of its capacity. */
export const ADDRESS_OVERLOADED = 32
/** Its endpoint is on its way back from an override: slow start. */
export const ADDRESS_RELEASED = 64

/** Columns of one ranking slot. */
export type RankingColumns = {
  /** [0] generation it belongs to, [1] ranking id (rises by one a swap), [2] computed at (ms since epoch), [3] epoch of exploring (latency-matrix.ts). */
  readonly header: Float64Array
  /** Standing number of each address. */
  readonly addressStanding: Uint8Array
  /** ADDRESS_* bits of each address. */
  readonly addressFlags: Uint8Array
  /** Median latency of the window in ms; NaN without samples. */
  readonly addressLatencyMs: Float32Array
  /** Error rate of the window in percent; NaN without samples. */
  readonly addressErrorRatePercent: Float32Array
  /** Samples in the window. */
  readonly addressSampleCount: Uint32Array
  /** When the newest sample was taken, ms since epoch; 0 without samples. */
  readonly addressSampleAt: Float64Array
  /** When the standing last changed, ms since epoch; 0 if never. */
  readonly addressSinceAt: Float64Array
  /** When it was last eligible in any pool use, ms since epoch; 0 if never (for `allDown: last-good`). */
  readonly addressLastEligibleAt: Float64Array
  /** Seconds until the standing of the address could change at the earliest; 0xffff = no bound (no probe). */
  readonly addressTtlBoundSeconds: Uint16Array
  /** MEMBER_* bits of each member-use view. */
  readonly memberBits: Uint8Array
  /** Effective weight of each member-use view (configured weight × slow start × drain × shedding, WEIGHT_SCALE a unit). */
  readonly memberWeight: Uint32Array
  /**
   * Share of the clients whose choice would be this member that keep it, of each member-use view, n/65535: slow start, drain and shedding.
   * For `weighted` it stays 65535, since memberWeight carries them there.
   */
  readonly memberKeep: Uint16Array
  /** Score of each member use (by the policy's profile), 0–100; NaN without samples. One a member use. */
  readonly memberScore: Float32Array
  /** Position (0 = first) of each member-use view in its pool's order, best first: for `all` and display. */
  readonly memberOrder: Uint16Array
  /** POOL_* bits of each pool-use view. */
  readonly poolBits: Uint8Array
  /** Member use picked by `best` among the eligible (the incumbent), one a pool-use view; -1 = none. */
  readonly poolPick: Int32Array
  /** The same among members in place (step 2). */
  readonly poolPickInPlace: Int32Array
  /** The same among members not down (step 3). */
  readonly poolPickNotDown: Int32Array
  /** Smallest TTL bound over the members of the pool-use view, seconds; 0xffff = none. */
  readonly poolTtlBoundSeconds: Uint16Array
  /** Order of the members of latency pools by row, and whom to explore: laid out by LatencyPool (latency-matrix.ts). */
  readonly latencyOrder: Uint16Array
}

/** Counts that size a ranking; equal for every ranking of one generation. */
export type RankingShape = {
  /** Endpoints in the snapshot. */
  readonly endpointCount: number
  /** Member uses (members over all pool uses). */
  readonly memberUseCount: number
  /** Pool uses. */
  readonly poolUseCount: number
  /** Entries of `latencyOrder` [0]. */
  readonly latencyEntryCount?: number
}

const COLUMN_SIZES: readonly (readonly [
  keyof RankingColumns,
  new (b: SharedArrayBuffer, o: number, l: number) => unknown,
  number,
  (s: RankingShape) => number,
])[] = [
  ['header', Float64Array, 8, () => 4],
  ['addressSampleAt', Float64Array, 8, (s) => 2 * s.endpointCount],
  ['addressSinceAt', Float64Array, 8, (s) => 2 * s.endpointCount],
  ['addressLastEligibleAt', Float64Array, 8, (s) => 2 * s.endpointCount],
  ['addressLatencyMs', Float32Array, 4, (s) => 2 * s.endpointCount],
  ['addressErrorRatePercent', Float32Array, 4, (s) => 2 * s.endpointCount],
  ['addressSampleCount', Uint32Array, 4, (s) => 2 * s.endpointCount],
  ['memberWeight', Uint32Array, 4, (s) => 2 * s.memberUseCount],
  ['memberScore', Float32Array, 4, (s) => s.memberUseCount],
  ['poolPick', Int32Array, 4, (s) => 2 * s.poolUseCount],
  ['poolPickInPlace', Int32Array, 4, (s) => 2 * s.poolUseCount],
  ['poolPickNotDown', Int32Array, 4, (s) => 2 * s.poolUseCount],
  ['addressTtlBoundSeconds', Uint16Array, 2, (s) => 2 * s.endpointCount],
  ['memberKeep', Uint16Array, 2, (s) => 2 * s.memberUseCount],
  ['memberOrder', Uint16Array, 2, (s) => 2 * s.memberUseCount],
  ['poolTtlBoundSeconds', Uint16Array, 2, (s) => 2 * s.poolUseCount],
  ['latencyOrder', Uint16Array, 2, (s) => s.latencyEntryCount ?? 0],
  ['addressStanding', Uint8Array, 1, (s) => 2 * s.endpointCount],
  ['addressFlags', Uint8Array, 1, (s) => 2 * s.endpointCount],
  ['memberBits', Uint8Array, 1, (s) => 2 * s.memberUseCount],
  ['poolBits', Uint8Array, 1, (s) => 2 * s.poolUseCount],
]

/** Bytes that one slot of this shape takes (a multiple of 8). */
export function rankingSizeBytes(shape: RankingShape): number {
  let size = 0
  for (const [, , width, count] of COLUMN_SIZES) size += width * count(shape)
  return (size + 7) & ~7
}

/** Lays the columns of a slot over `buffer` from `offset` (a multiple of 8) on. */
export function viewRanking(buffer: SharedArrayBuffer, offset: number, shape: RankingShape): RankingColumns {
  const columns: Record<string, unknown> = {}
  let at = offset
  for (const [name, type, width, count] of COLUMN_SIZES) {
    columns[name] = new type(buffer, at, count(shape))
    at += width * count(shape)
  }
  // The copy has a shape: V8 keeps an object that computed names have filled as a dictionary from 20 entries on, and every read on the hot
  // path would be a look-up (`all` over 60 members: 2,800 ns instead of 600; bench/decide.bench.ts).
  return { ...columns } as RankingColumns
}

/** Bytes before slot 0 of a shared ranking: an Int32Array of which element 0 is the number of the live slot (0 or 1). */
export const SHARED_RANKING_HEAD_BYTES = 64

/**
 * The shared ranking of one generation: the live slot's number and both slots. The number lies beside its slots, not in a
 * process-wide block: while the first ranking of the next generation is computed, the answer threads still read this one.
 *
 *   head (64 bytes, [0] = live slot) │ slot 0 │ slot 1
 */
export type SharedRanking = {
  /** [0] = number of the live slot; read and written with Atomics. */
  readonly live: Int32Array
  readonly slots: readonly [RankingColumns, RankingColumns]
}

/** Size in bytes of a shared ranking of this shape; the buffer may be larger. */
export function sharedRankingSizeBytes(shape: RankingShape): number {
  return SHARED_RANKING_HEAD_BYTES + 2 * rankingSizeBytes(shape)
}

/** Lays a shared ranking over its buffer. Readers take the slot once a batch: `shared.slots[Atomics.load(shared.live, 0)]`. */
export function viewSharedRanking(buffer: SharedArrayBuffer, shape: RankingShape): SharedRanking {
  return {
    live: new Int32Array(buffer, 0, SHARED_RANKING_HEAD_BYTES / 4),
    slots: [
      viewRanking(buffer, SHARED_RANKING_HEAD_BYTES, shape),
      viewRanking(buffer, SHARED_RANKING_HEAD_BYTES + rankingSizeBytes(shape), shape),
    ],
  }
}

/** The shape that a plan's rankings have. */
export function rankingShapeOf(plan: {
  readonly endpoints: readonly unknown[]
  readonly poolUses: readonly { readonly members: readonly unknown[] }[]
  readonly latency?: LatencyPlan | undefined
}): RankingShape {
  let memberUseCount = 0
  for (const poolUse of plan.poolUses) memberUseCount += poolUse.members.length
  return {
    endpointCount: plan.endpoints.length,
    memberUseCount,
    poolUseCount: plan.poolUses.length,
    latencyEntryCount: latencyEntryCount(plan.latency),
  }
}
