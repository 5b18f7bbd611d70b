/**
 * One row of a latency pool: what its line knows of the members + the way to each of them → the order, and whom to explore. Pure; runs
 * thousands of times when much changes, so it works in arrays of numbers and allocates nothing.
 */
import { LATENCY_EXPLORE_CAP, type LatencyPool, NO_LATENCY_MEMBER, UNKNOWN_KM } from '../model/latency-matrix.ts'

/** Round trip per kilometre of great circle, ms: light in fibre takes 0.01, real ways are longer by half. */
const MS_A_KM = 0.015
/** Fixed part of a latency where nothing is measured, ms. */
const USUAL_FIXED_MS = 5
/** Nothing is nearer than this, ms. */
export const LEAST_MS = 0.5
/** An endpoint without a place is as far as the other side of the earth. */
const FARTHEST_KM = 20_000
/** What is held changes when the number is further away than this part of a step. */
const HOLD = 0.75
/** Explored are members that are expected within this factor of the best, or this many ms. */
const EXPLORE_FACTOR = Math.log(2.5)
const EXPLORE_MS = 20
/** Weighs a band in a key that is sorted: more than any position. */
const BAND_WEIGHT = 65_536

/** What a line knows of the members of a pool, by position. */
export type LineKnowledge = {
  /** 0–1, in steps; 0 = nothing. */
  readonly confidence: Float64Array
  /** Logarithm of the held median. */
  readonly logMs: Float64Array
}

/** Memory of one pool's rows while they are worked out. */
export type RowScratch = {
  readonly estimate: Float64Array
  readonly keys: Float64Array
  readonly parts: Float64Array
  /** Member at each position of the order by distance. */
  readonly byDistance: Uint16Array
}

/** Memory for rows of this many members. */
export function makeRowScratch(members: number): RowScratch {
  return {
    estimate: new Float64Array(members),
    keys: new Float64Array(members),
    parts: new Float64Array(members),
    byDistance: new Uint16Array(members),
  }
}

/** A number in steps of `step` that stays where it is until `value` is further away than three quarters of a step. */
export function holdStep(held: number | undefined, value: number, step: number): number {
  if (held !== undefined && Math.abs(value - held) <= HOLD * step) return held
  return step * Math.round(value / step)
}

/**
 * Writes the entries of a row. `held`: logarithms of the fixed parts of all rows, NaN = none yet. Without anything believed the order is left
 * empty: by distance, exactly.
 */
export function fillRow(
  pool: LatencyPool,
  row: number,
  known: LineKnowledge,
  step: number,
  held: Float64Array,
  epoch: number,
  entries: Uint16Array,
  scratch: RowScratch,
): void {
  entries.fill(NO_LATENCY_MEMBER)
  const { estimate, keys, byDistance } = scratch
  const members = estimate.length
  const first = row * members
  const fixedMs = fixedPartOf(pool, row, known, step, held, scratch)
  let any = false
  let lowest = Number.POSITIVE_INFINITY
  for (let member = 0; member < members; member++) {
    const confidence = known.confidence[member]!
    if (confidence > 0) any = true
    const expected = confidence < 1 ? Math.log(Math.max(LEAST_MS, fixedMs + wayMs(pool.rowKm[first + member]!))) : 0
    const value = confidence * known.logMs[member]! + (1 - confidence) * expected
    estimate[member] = value
    if (value < lowest) lowest = value
    const position = pool.rowPosition[first + member]!
    byDistance[position] = member
    keys[member] = BAND_WEIGHT * Math.round(value / step) + position
  }
  if (!any) keys.set(pool.rowPosition.subarray(first, first + members))
  keys.sort()
  if (any) for (let at = 0; at < pool.width; at++) entries[at] = byDistance[positionOf(keys[at]!)]!
  if (pool.settings.explorePercent > 0) fillExplore(pool, known, step, epoch, lowest, entries, scratch)
}

function positionOf(key: number): number {
  return key - BAND_WEIGHT * Math.floor(key / BAND_WEIGHT)
}

function wayMs(km: number): number {
  return MS_A_KM * (km === UNKNOWN_KM ? FARTHEST_KM : km)
}

/**
 * The fixed part of the latencies of a line: the weighted median of measured minus way. Of two equal halves the greater one: an unknown
 * endpoint is not expected to be better than what its line measured on a shorter way.
 */
function fixedPartOf(
  pool: LatencyPool,
  row: number,
  known: LineKnowledge,
  step: number,
  held: Float64Array,
  { parts, estimate }: RowScratch,
): number {
  const first = row * estimate.length
  let total = 0
  let count = 0
  // Kept sorted by falling part while inserting; `estimate` is free until then and holds the weights.
  for (let member = 0; member < known.confidence.length; member++) {
    const weight = known.confidence[member]!
    if (weight <= 0) continue
    const part = Math.exp(known.logMs[member]!) - wayMs(pool.rowKm[first + member]!)
    let at = count++
    for (; at > 0 && parts[at - 1]! < part; at--) {
      parts[at] = parts[at - 1]!
      estimate[at] = estimate[at - 1]!
    }
    parts[at] = part
    estimate[at] = weight
    total += weight
  }
  let fixedMs = USUAL_FIXED_MS
  let above = 0
  for (let at = 0; at < count; at++) {
    above += estimate[at]!
    fixedMs = parts[at]!
    if (above >= total / 2) break
  }
  const before = held[row]!
  const log = holdStep(Number.isNaN(before) ? undefined : before, Math.log(Math.max(LEAST_MS, fixedMs)), step)
  held[row] = log
  return Math.exp(log)
}

/**
 * Members worth exploring: within a sane radius of the best, least known first, of these the most promising; equal ones take turns by epoch.
 * `keys` holds the order: who comes first in it is not explored.
 */
function fillExplore(
  pool: LatencyPool,
  known: LineKnowledge,
  step: number,
  epoch: number,
  lowest: number,
  entries: Uint16Array,
  { estimate, keys, byDistance, parts }: RowScratch,
): void {
  const members = estimate.length
  const limit = Math.max(lowest + EXPLORE_FACTOR, Math.log(Math.exp(lowest) + EXPLORE_MS))
  let count = 0
  for (let at = 1; at < members; at++) {
    const position = positionOf(keys[at]!)
    const member = byDistance[position]!
    if (estimate[member]! > limit) continue
    // Confidence first, then the band, then the turn.
    const turn = (((position - epoch) % members) + members) % members
    const rank = 1e9 * known.confidence[member]! + 1e5 * Math.min(9000, Math.round(estimate[member]! / step) + 1000) + turn
    let place = count < LATENCY_EXPLORE_CAP ? count++ : LATENCY_EXPLORE_CAP
    for (; place > 0 && parts[place - 1]! > rank; place--) {
      if (place < LATENCY_EXPLORE_CAP) {
        parts[place] = parts[place - 1]!
        entries[pool.width + place] = entries[pool.width + place - 1]!
      }
    }
    if (place < LATENCY_EXPLORE_CAP) {
      parts[place] = rank
      entries[pool.width + place] = member
    }
  }
}
