/**
 * Is it the endpoints that fail, or is this vantage cut off? (DESIGN: health, vantages.) Pure: the last results and the clock come from
 * the caller. Only targets outside the vantage's own site are asked about: those inside are reached whatever happens to the way out.
 *
 *   (a) two and more other vantages are fresh: isolated when more than half of the targets that a majority of them sees up fail here
 *   (b) alone, with references: isolated when every target and every reference fails, and a reference was still reached within a window
 *   (c) alone after others were heard: who was isolated by (a) stays so until more than half of what stands is reached again
 *
 * Votes of others that fall silent grow old one by one. Until the last of them is gone (a) still has something to compare, and what it
 * said then stands by (c).
 */

/** A target outside the own site, as this vantage sees it. */
export type RemoteTarget = {
  /** Endpoint and address. */
  readonly key: string
  /** Whether the newest result failed, or it is out of its place; undefined = nothing measured. */
  readonly fails: boolean | undefined
  /** In place by its own rule: what stands until then. */
  readonly inPlace: boolean
}

/** An address of `isolation.reference`. */
export type ReferenceState = {
  /** Undefined = not tried yet. */
  readonly fails: boolean | undefined
  /** When it was reached last, monotonic ms; NaN = never. */
  readonly reachedAtMs: number
}

/** Fresh votes of one vantage, by target. */
export type Votes = ReadonlyMap<string, boolean>

/** How many of the others vote about a target, and how many of them see it up. */
export type Tally = ReadonlyMap<string, { readonly up: number; readonly votes: number }>

/** Others that must be fresh for rule (a). */
export const LEAST_OTHERS = 2
/** More than this share of the targets must fail. */
const MOST_FAILING_SHARE = 0.5

/** What the rules look at. */
export type IsolationInput = {
  readonly targets: readonly RemoteTarget[]
  readonly references: readonly ReferenceState[]
  /** Other vantages that are fresh and not isolated themselves. */
  readonly otherCount: number
  /** Their votes. */
  readonly others: Tally
  /** Whether it was isolated until now. */
  readonly wasIsolated: boolean
  readonly windowMs: number
  readonly nowMs: number
}

/** True when the vantage is cut off. */
export function findIsolation(input: IsolationInput): boolean {
  const { others, otherCount, wasIsolated } = input
  const verdict = otherCount >= LEAST_OTHERS ? seesLess(new Map(failing(input.targets)), others, new Map()) : undefined
  if (verdict !== undefined) return verdict
  if (wasIsolated) return !isBack(input)
  return isAloneAndCutOff(input)
}

function* failing(targets: readonly RemoteTarget[]): Generator<readonly [key: string, isUp: boolean]> {
  for (const { key, fails } of targets) if (fails !== undefined) yield [key, !fails]
}

/** Adds up the votes of several vantages. */
export function tallyVotes(all: readonly Votes[]): Tally {
  const tally = new Map<string, { up: number; votes: number }>()
  for (const votes of all) {
    for (const [key, isUp] of votes) {
      const entry = tally.get(key) ?? { up: 0, votes: 0 }
      entry.votes++
      if (isUp) entry.up++
      tally.set(key, entry)
    }
  }
  return tally
}

/** Rule (a), undefined when there is nothing to compare: does a vantage that sees `seen` see less than the others of `tally`? `counted` is what the tally holds of its own votes. */
export function seesLess(seen: Votes, tally: Tally, counted: Votes): boolean | undefined {
  let compared = 0
  let failingCount = 0
  for (const [key, isUp] of seen) {
    const own = counted.get(key)
    const votes = (tally.get(key)?.votes ?? 0) - (own === undefined ? 0 : 1)
    const up = (tally.get(key)?.up ?? 0) - (own === true ? 1 : 0)
    if (votes < LEAST_OTHERS || 2 * up <= votes) continue
    compared++
    if (!isUp) failingCount++
  }
  return compared === 0 ? undefined : failingCount > MOST_FAILING_SHARE * compared
}

/** Rule (b). A reference that has not been reached for a window says nothing any more: it may be gone. */
function isAloneAndCutOff({ targets, references, windowMs, nowMs }: IsolationInput): boolean {
  if (references.length === 0 || targets.length === 0) return false
  if (!references.every(({ fails }) => fails === true)) return false
  if (!references.some(({ reachedAtMs }) => nowMs - reachedAtMs <= windowMs)) return false
  const measured = targets.filter(({ fails }) => fails !== undefined)
  return measured.length > 0 && measured.every(({ fails }) => fails === true)
}

/** A reference is reached, or more than half of the targets that stand. */
function isBack({ targets, references }: IsolationInput): boolean {
  if (references.some(({ fails }) => fails === false)) return true
  const standing = targets.filter(({ fails, inPlace }) => inPlace && fails !== undefined)
  if (standing.length === 0) return targets.some(({ fails }) => fails === false)
  return standing.filter(({ fails }) => fails === false).length > MOST_FAILING_SHARE * standing.length
}
