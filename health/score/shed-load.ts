/**
 * Capacity of an endpoint → share of its clients that keep it (DESIGN: choosing). Pure; clocks and loads come from the caller.
 *
 *   load     0 ──────── soft mark ───────────── hard mark ────────►
 *   keeps    all             linear, in tenths      not eligible (by a fresh report only)
 *
 * At most one step a TTL of the policy: clients that were told to stay are not asked sooner, so a quicker step would answer a load that
 * is already on its way out. A step back is taken only if the load that it would bring stays within what that step allows; without this
 * two neighbouring steps would take turns for ever. Beyond the hard mark the endpoint leaves at once and comes back with one tenth.
 * A load that is only estimated from answers given sheds, but never makes it ineligible.
 */
import type { EndpointCapacity } from '../model/rank-plan.ts'

/** A reported load older than this says nothing any more. */
export const FRESH_LOAD_MS = 30_000
/** Steps from nobody to everybody. */
export const SHED_STEPS = 10

/** What is known of an endpoint's load. NaN = nothing. */
export type EndpointLoad = {
  /** As it told itself, not older than FRESH_LOAD_MS: for the hard mark. */
  readonly reportedPerSecond: number
  /** The same, smoothed: steps must not follow its trembling. */
  readonly smoothPerSecond: number
  /** From answers given. */
  readonly estimatedPerSecond: number
}

/** How a member of a pool use sheds. */
export type ShedState = { keepSteps: number; steppedAtMs: number }

/** A member that sheds nothing. */
export function createShedState(): ShedState {
  return { keepSteps: SHED_STEPS, steppedAtMs: Number.NEGATIVE_INFINITY }
}

/** Load in percent of the capacity; NaN = not known. */
export function loadPercentOf(capacity: EndpointCapacity, load: EndpointLoad | undefined): number {
  if (load === undefined) return Number.NaN
  const perSecond = Number.isNaN(load.smoothPerSecond) ? load.estimatedPerSecond : load.smoothPerSecond
  return (100 * perSecond) / capacity.requestsPerSecond
}

/** Whether it is beyond what it can take: from the hard mark on, until it reports less than the soft mark or nothing any more. */
export function isOverloaded(capacity: EndpointCapacity, load: EndpointLoad | undefined, wasOverloaded: boolean): boolean {
  const percent = (100 * (load?.reportedPerSecond ?? Number.NaN)) / capacity.requestsPerSecond
  if (Number.isNaN(percent)) return false
  return percent >= (wasOverloaded ? capacity.softPercent : capacity.hardPercent)
}

/** Steps that a load allows, not rounded, 1–10: beyond the hard mark it is eligibility that ends. */
export function allowedSteps(capacity: EndpointCapacity, percent: number): number {
  const { softPercent, hardPercent } = capacity
  const share = (hardPercent - percent) / (hardPercent - softPercent)
  return Math.max(1, Math.min(SHED_STEPS, SHED_STEPS * share))
}

/** How far beyond a step, in steps, a load must be to bring about a step down or up: in between a trembling load changes nothing. */
const DEAD_BAND_STEPS = 0.5

/** Moves a member by one step at most; returns its share, 0–1. */
export function stepShare(
  state: ShedState,
  capacity: EndpointCapacity,
  percent: number,
  overloaded: boolean,
  stepMs: number,
  nowMs: number,
): number {
  if (overloaded) {
    state.keepSteps = 1
    state.steppedAtMs = nowMs
    return 1 / SHED_STEPS
  }
  if (nowMs - state.steppedAtMs >= stepMs) {
    const step = Number.isNaN(percent) ? 1 : findStep(capacity, percent, state.keepSteps)
    if (step !== 0 && state.keepSteps + step <= SHED_STEPS) {
      state.keepSteps += step
      state.steppedAtMs = nowMs
    }
  }
  return state.keepSteps / SHED_STEPS
}

/** -1, 0 or 1. A step up is judged by the load that it would bring. */
function findStep(capacity: EndpointCapacity, percent: number, keepSteps: number): number {
  if (allowedSteps(capacity, percent) < keepSteps - DEAD_BAND_STEPS) return -1
  const next = keepSteps + 1
  return allowedSteps(capacity, (percent * next) / keepSteps) >= Math.min(SHED_STEPS, next + DEAD_BAND_STEPS) ? 1 : 0
}
