/**
 * Who holds the first place of a pool (`choose: best`): the incumbent stays unless somebody is better by more than the band for longer
 * than the dwell. Pure. Band and dwell hold back only moves between equals in standing; an incumbent that is no candidate any more is
 * left at once.
 *
 * A pool without an incumbent (a new one) is decided by declared order among those within the band of the best, not by who was measured
 * some milliseconds earlier. Members whose first result was still to come are awaited for a while: each that stands before the holder
 * in declared order, or is better by more than the band, has the choice made anew when it comes, once. So two nodes that measure alike
 * agree, in whatever order results come.
 */

/** Band: never less than this many points. */
export const LEAST_BAND_POINTS = 3

/** The incumbent of one pool-use view, and since when each challenger has been better by more than the band (monotonic ms). */
export type Incumbent = {
  readonly endpointId: string
  readonly challengers: Map<string, number>
  /** Members whose first result was to come at the first choice, and until when it is waited for; absent when the choice is settled. */
  readonly awaited?: Awaited
}

/** First results that may still change the first choice. */
type Awaited = { readonly endpointIds: ReadonlySet<string>; readonly untilMs: number }

/** One that may be picked. */
export type Candidate = {
  readonly endpointId: string
  readonly score: number
  /** Place in declared order; lower goes first. */
  readonly position: number
}

/** How hard the incumbent is to move. */
export type BandRule = { readonly tolerancePercent: number; readonly dwellSeconds: number }

/** Members that nothing is known of yet. */
export type UnknownMembers = {
  readonly endpointIds: readonly string[]
  /** How long their first results are waited for after the first choice. */
  readonly settleMs: number
}

const NOBODY: UnknownMembers = { endpointIds: [], settleMs: 0 }

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
  unknown: UnknownMembers = NOBODY,
): number {
  const known = memory.get(key)
  if (known === undefined) {
    if (candidates.length === 0) return -1
    const { endpointIds, settleMs } = unknown
    return hold(memory, key, candidates, findFirst(candidates, rule), awaitedOf(endpointIds, nowMs + settleMs))
  }
  const before = known.awaited !== undefined && nowMs <= known.awaited.untilMs ? known.awaited : undefined
  const awaited = before && awaitedOf(intersect(before.endpointIds, unknown.endpointIds), before.untilMs)
  if (candidates.length === 0) {
    memory.set(key, incumbent(known.endpointId, known.challengers, awaited))
    return -1
  }
  const current = candidates.findIndex(({ endpointId }) => endpointId === known.endpointId)
  if (before !== undefined) {
    const holder = candidates[current]
    const goesBefore = ({ endpointId, position, score }: Candidate): boolean =>
      before.endpointIds.has(endpointId) &&
      awaited?.endpointIds.has(endpointId) !== true &&
      (holder === undefined || position < holder.position || score > bandEnd(holder.score, rule))
    if (holder === undefined || candidates.some(goesBefore)) return hold(memory, key, candidates, findFirst(candidates, rule), awaited)
  }
  if (current < 0) return hold(memory, key, candidates, 0, awaited)
  const threshold = bandEnd(candidates[current]!.score, rule)
  // Nearly always nobody is better, and nothing is to be written down: thousands of pools are looked at in each ranking.
  if (!(candidates[0]!.score > threshold) && known.challengers.size === 0 && known.awaited === awaited) return current
  const challengers = new Map<string, number>()
  let winner = -1
  for (const [position, candidate] of candidates.entries()) {
    if (!(candidate.score > threshold)) break
    const sinceMs = known.challengers.get(candidate.endpointId) ?? nowMs
    challengers.set(candidate.endpointId, sinceMs)
    if (winner < 0 && nowMs - sinceMs >= 1000 * rule.dwellSeconds) winner = position
  }
  if (winner >= 0) return hold(memory, key, candidates, winner, awaited)
  memory.set(key, incumbent(known.endpointId, challengers, awaited))
  return current
}

/** The largest score that is not better than this one by more than the band. */
function bandEnd(score: number, { tolerancePercent }: BandRule): number {
  return score + Math.max(LEAST_BAND_POINTS, (tolerancePercent / 100) * score)
}

/** The first in declared order of those that the best does not beat by more than the band. */
function findFirst(candidates: readonly Candidate[], rule: BandRule): number {
  const best = candidates[0]!.score
  let first = 0
  for (const [at, { score, position }] of candidates.entries())
    if (best <= bandEnd(score, rule) && position < candidates[first]!.position) first = at
  return first
}

function hold(
  memory: Map<string, Incumbent>,
  key: string,
  candidates: readonly Candidate[],
  at: number,
  awaited: Awaited | undefined,
): number {
  memory.set(key, incumbent(candidates[at]!.endpointId, new Map(), awaited))
  return at
}

function incumbent(endpointId: string, challengers: Map<string, number>, awaited: Awaited | undefined): Incumbent {
  return { endpointId, challengers, ...(awaited === undefined ? {} : { awaited }) }
}

function awaitedOf(endpointIds: readonly string[], untilMs: number): Awaited | undefined {
  return endpointIds.length === 0 ? undefined : { endpointIds: new Set(endpointIds), untilMs }
}

function intersect(some: ReadonlySet<string>, others: readonly string[]): readonly string[] {
  return others.filter((each) => some.has(each))
}
