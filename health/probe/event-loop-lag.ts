/**
 * Lag of our own event loop, found by a tick that should come every TICK_MS: whatever it comes late by, everything else came late by as
 * well. A time that was measured meanwhile is ours and not the endpoint's. Pure; the clock is the caller's.
 */

/** Time from one tick to the next. */
export const LAG_TICK_MS = 20
/** Lags below this are the timer's own trembling. */
const LEAST_LAG_MS = 5
/** The longest time limit of a probe: older lags matter to none. */
const KEPT_MS = 60_000
/** Lag beyond this spoils a measured time. */
const SPOILING_LAG_MS = 15

/** The lags of the last minute. */
export type LagRecord = { lastTickMs: number; readonly lags: { readonly atMs: number; readonly lagMs: number }[] }

/** A record that begins now. */
export function createLagRecord(nowMs: number): LagRecord {
  return { lastTickMs: nowMs, lags: [] }
}

/** Takes a tick. */
export function takeTick(record: LagRecord, nowMs: number): void {
  const lagMs = nowMs - record.lastTickMs - LAG_TICK_MS
  record.lastTickMs = nowMs
  if (lagMs > LEAST_LAG_MS) record.lags.push({ atMs: nowMs, lagMs })
  let old = 0
  while (old < record.lags.length && record.lags[old]!.atMs < nowMs - KEPT_MS) old++
  if (old > 0) record.lags.splice(0, old)
}

/** The largest lag since a moment, the one that is going on now included. */
export function lagSince(record: LagRecord, sinceMs: number, nowMs: number): number {
  let worst = Math.max(0, nowMs - record.lastTickMs - LAG_TICK_MS)
  for (let i = record.lags.length - 1; i >= 0 && record.lags[i]!.atMs >= sinceMs; i--) worst = Math.max(worst, record.lags[i]!.lagMs)
  return worst
}

/** True when a time that was measured under this lag is not the endpoint's. */
export function isSpoilt(lagMs: number): boolean {
  return lagMs > SPOILING_LAG_MS
}
