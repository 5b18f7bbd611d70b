/**
 * Who holds the first place of a pool (`choose: best`): the incumbent stays unless somebody is better by more than the band for longer
 * than the dwell. Pure. Band and dwell hold back only moves between equals in standing; an incumbent that is no candidate any more is
 * left at once.
 */

/** Band: never less than this many points. */
export const LEAST_BAND_POINTS = 3

/** The incumbent of one pool-use view, and since when each challenger has been better by more than the band (monotonic ms). */
export type Incumbent = { endpointId: string; readonly challengers: Map<string, number> }

/** One that may be picked. */
export type Candidate = { readonly endpointId: string; readonly score: number }

/** How hard the incumbent is to move. */
export type BandRule = { readonly tolerancePercent: number; readonly dwellSeconds: number }

/**
 * Position in `candidates` (best first) of the one that holds the place now; -1 when there is none. Writes the memory: a place that
 * nobody may hold at present keeps its last holder, who comes back to it before anybody who is not better by the band.
 */
export function keepIncumbent(
  memory: Map<string, Incumbent>,
  key: string,
  candidates: readonly Candidate[],
  rule: BandRule,
  nowMs: number,
): number {
  if (candidates.length === 0) return -1
  const known = memory.get(key)
  const current = known === undefined ? -1 : candidates.findIndex(({ endpointId }) => endpointId === known.endpointId)
  if (known === undefined || current < 0) {
    memory.set(key, { endpointId: candidates[0]!.endpointId, challengers: new Map() })
    return 0
  }
  const { score } = candidates[current]!
  const threshold = score + Math.max(LEAST_BAND_POINTS, (rule.tolerancePercent / 100) * score)
  const challengers = new Map<string, number>()
  let winner = -1
  for (const [position, candidate] of candidates.entries()) {
    if (!(candidate.score > threshold)) break
    const sinceMs = known.challengers.get(candidate.endpointId) ?? nowMs
    challengers.set(candidate.endpointId, sinceMs)
    if (winner < 0 && nowMs - sinceMs >= 1000 * rule.dwellSeconds) winner = position
  }
  if (winner < 0) {
    memory.set(key, { endpointId: known.endpointId, challengers })
    return current
  }
  memory.set(key, { endpointId: candidates[winner]!.endpointId, challengers: new Map() })
  return winner
}
