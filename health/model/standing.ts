/**
 * Standing of an address or endpoint after hysteresis, as words (API, store) and as numbers (shared memory).
 * Pure; the rule that changes a standing is health/score/hysteresis.ts.
 */

/** A standing by its word. */
export type Standing = 'unknown' | 'down' | 'degraded' | 'up'

/** Numbers of the standings in shared memory; in place means ≥ STANDING_DEGRADED. */
export const STANDING_UNKNOWN = 0
export const STANDING_DOWN = 1
export const STANDING_DEGRADED = 2
export const STANDING_UP = 3

/** The words, indexed by their number. */
export const STANDINGS: readonly Standing[] = ['unknown', 'down', 'degraded', 'up']
