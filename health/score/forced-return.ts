/**
 * When endpoints come back from what an operator forced on them: the end of a `down`, or of a drain, is a return, and slow start begins
 * with it. Pure: the memory lies in RankMemory and is kept over a restart, points in time are monotonic ms. It looks at what is forced
 * from one ranking to the next, so it does not matter how it ended: by hand, by its time, by the end of a window, by a wider override.
 */
import type { ForcedStanding } from './rank-endpoints.ts'

/** What is remembered of an endpoint that was forced out. */
export type ForcedReturn = {
  /** Share that the override leaves it now, 0–1; undefined when it holds no more. */
  readonly heldShare: number | undefined
  /** Share that it came back with last: what was left of a drain, else 0. */
  readonly fromShare: number
  /** When it came back last; NaN = not yet. */
  readonly releasedAtMs: number
}

/** Share that is left of an endpoint by what is forced. */
function heldShareOf(forced: ForcedStanding | undefined): number {
  if (forced === undefined || forced.action === 'up') return 1
  return forced.action === 'down' ? 0 : forced.share
}

/** Time on the way of a slow start, from its beginning with nothing. */
export function forcedReturnMs(
  { fromShare, releasedAtMs }: Pick<ForcedReturn, 'fromShare' | 'releasedAtMs'>,
  slowStartSeconds: number,
  nowMs: number,
): number {
  return nowMs - releasedAtMs + Math.round(10 * fromShare) * 100 * slowStartSeconds
}

/** Writes down what is forced now, and what is no more. `longestSeconds` is the longest slow start of any pool. */
export function noteForced(
  memory: Map<string, ForcedReturn>,
  endpointIds: Iterable<string>,
  forced: ReadonlyMap<string, ForcedStanding>,
  longestSeconds: number,
  nowMs: number,
): void {
  if (forced.size === 0 && memory.size === 0) return
  for (const id of endpointIds) {
    const share = heldShareOf(forced.get(id))
    const known = memory.get(id)
    if (share < 1 && known?.heldShare === share) continue
    // A slow start that is under way goes on beneath a new override.
    if (share < 1) memory.set(id, { fromShare: 0, releasedAtMs: Number.NaN, ...known, heldShare: share })
    else if (known?.heldShare !== undefined) memory.set(id, released(known, known.heldShare, longestSeconds, nowMs))
    else if (known !== undefined && !(forcedReturnMs(known, longestSeconds, nowMs) < 1000 * longestSeconds)) memory.delete(id)
  }
}

/** A drain that was broken off while less than its share had come back from the one before changes nothing. */
function released(known: ForcedReturn, heldShare: number, longestSeconds: number, nowMs: number): ForcedReturn {
  const backShare = forcedReturnMs(known, longestSeconds, nowMs) / (1000 * longestSeconds)
  return backShare < heldShare ? { ...known, heldShare: undefined } : { heldShare: undefined, fromShare: heldShare, releasedAtMs: nowMs }
}
