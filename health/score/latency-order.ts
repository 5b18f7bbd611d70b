/**
 * The matrix → the order of each latency pool's members for each row (health/model/latency-matrix.ts). Pure; the clock is a parameter.
 *
 *   estimate of a member = confidence × measured + (1 − confidence) × expected, in logarithms
 *     measured     median of its cell, in a band of `bandPercent` that is held until the median is a quarter of a band beyond it
 *     confidence   count / minimumSamples, at most 1, less and less in the second half of maxAgeSeconds; held in quarters likewise
 *     expected     fixed part of the line + way by its distance; the fixed part is learned from what was measured in the line
 *   order = by band of the estimate, in a band by distance
 *
 * So a line of which nothing is known has the order by distance, exactly; one sample moves nothing; and as everything that is compared is
 * held, an order does not tremble with the numbers. What is expected of an endpoint never falls below what the line measured on a shorter
 * way, unless the line measured something better elsewhere: leaving a known endpoint for an unknown one needs evidence.
 */
import {
  EXPLORE_EPOCH_MS,
  LATENCY_EXPLORE_CAP,
  type LatencyCell,
  type LatencyCellAge,
  type LatencyMessage,
  type LatencyPlan,
  type LatencyPool,
  NO_LATENCY_MEMBER,
  UNKNOWN_KM,
} from '../model/latency-matrix.ts'
import type { RankPlan } from '../model/rank-plan.ts'

/** Round trip per kilometre of great circle, ms: light in fibre takes 0.01, real ways are longer by half. */
const MS_A_KM = 0.015
/** Fixed part of a latency as long as nothing is measured, ms. */
const USUAL_FIXED_MS = 5
/** Nothing is nearer than this, ms. */
const LEAST_MS = 0.5
/** An endpoint without a place is as far as the other side of the earth. */
const FARTHEST_KM = 20_000
/** Confidence is held in steps of this. */
const CONFIDENCE_STEP = 0.25
/** What is held changes when the number is further away than this part of a step. */
const HOLD = 0.75
/** Explored are members that are expected within this factor of the best, and this many ms. */
const EXPLORE_FACTOR = 2.5
const EXPLORE_MS = 20
/** Matrix cells taken from a message at most, in all. */
const MAX_CELLS = 50_000

/** Held numbers at most; beyond, a publish begins anew. */
const MAX_HELD = 500_000

/** A cell with its age by the monotonic clock. */
export type AgedCell = Omit<LatencyCell, 'at'> & { readonly atMs: number }

/** The keeper of cells and orders. */
export type LatencyOrderer = {
  readonly take: (message: LatencyMessage, nowMs: number) => void
  /** Cells as they are kept over a restart: with ages instead of points in time. */
  readonly keep: (nowMs: number) => readonly KeptCell[]
  readonly restore: (cells: readonly KeptCell[], savedMs: number) => void
  /** What is known of one line. */
  readonly cellsOf: (line: string, nowMs: number) => LatencyCellAge[]
  /** Writes the entries of all rows of a plan; works out anew only what may have changed. */
  readonly fill: (plan: RankPlan, out: Uint16Array, nowMs: number, wallMs: number) => void
  /** Number of the time of exploring, for `RankingColumns.header[3]`: by the wall clock, so that all nodes lead a block to the same endpoint. */
  readonly epoch: (wallMs: number) => number
}

/** A cell on disk. */
export type KeptCell = readonly [line: string, endpointId: string, medianMs: number, p90Ms: number, count: number, ageMs: number]

/** Orders are worked out anew this often although no cell changed: cells grow old. */
const REFRESH_MS = 30_000

/** A keeper without cells. */
export function createLatencyOrderer(): LatencyOrderer {
  const cells = new Map<string, Map<string, AgedCell>>()
  let cellCount = 0
  /** Held numbers by name: bands of medians, confidences, fixed parts. */
  const held = new Map<string, number>()
  const worked = new WeakMap<RankPlan, { readonly entries: Uint16Array; atMs: number; version: number; epoch: number }>()
  let version = 0

  function put(cell: AgedCell): void {
    let line = cells.get(cell.line)
    if (cell.count <= 0) {
      if (line?.delete(cell.endpointId)) cellCount--
      if (line?.size === 0) cells.delete(cell.line)
      return
    }
    if (line === undefined) {
      line = new Map()
      cells.set(cell.line, line)
    }
    if (!line.has(cell.endpointId)) {
      if (cellCount >= MAX_CELLS) return
      cellCount++
    }
    line.set(cell.endpointId, cell)
  }

  function clear(): void {
    cells.clear()
    cellCount = 0
  }

  return {
    take({ whole, cells: given, at }, nowMs) {
      if (whole) clear()
      for (const { at: sampleAt, ...cell } of given) put({ ...cell, atMs: nowMs - Math.max(0, at - sampleAt) })
      if (whole || given.length > 0) version++
    },
    keep: (nowMs) =>
      [...cells.values()].flatMap((line) =>
        [...line.values()].map(
          ({ line: name, endpointId, medianMs, p90Ms, count, atMs }) =>
            [name, endpointId, medianMs, p90Ms, count, Math.round(nowMs - atMs)] as const,
        ),
      ),
    restore(kept, savedMs) {
      for (const [line, endpointId, medianMs, p90Ms, count, ageMs] of kept)
        put({ line, endpointId, medianMs, p90Ms, count, atMs: savedMs - ageMs })
      version++
    },
    cellsOf: (line, nowMs) =>
      [...(cells.get(line)?.values() ?? [])].map(({ endpointId, medianMs, p90Ms, count, atMs }) => ({
        endpointId,
        medianMs,
        p90Ms,
        count,
        ageSeconds: Math.round(Math.max(0, nowMs - atMs) / 1000),
      })),
    fill(plan, out, nowMs, wallMs) {
      const { latency } = plan
      if (latency === undefined || out.length === 0) return
      const epoch = Math.floor(wallMs / EXPLORE_EPOCH_MS)
      const known = worked.get(plan)
      if (known !== undefined && known.version === version && known.epoch === epoch && nowMs - known.atMs < REFRESH_MS) {
        out.set(known.entries)
        return
      }
      if (known === undefined && held.size > MAX_HELD) held.clear()
      for (const pool of latency.pools) if (pool.width > 0) fillPool(plan, latency, pool, cells, held, epoch, nowMs, out)
      worked.set(plan, { entries: out.slice(), atMs: nowMs, version, epoch })
    },
    epoch: (wallMs) => Math.floor(wallMs / EXPLORE_EPOCH_MS),
  }
}

/** Share that a cell has in an estimate, 0–1, before it is held in steps. */
export function confidenceOf(cell: AgedCell, settings: LatencyPool['settings'], nowMs: number): number {
  const ageShare = (nowMs - cell.atMs) / (1000 * settings.maxAgeSeconds)
  return Math.min(1, cell.count / settings.minimumSamples) * Math.max(0, Math.min(1, 2 - 2 * ageShare))
}

/** A number in steps of `step` that stays where it is until `value` is further away than HOLD × step. */
export function holdStep(held: number | undefined, value: number, step: number): number {
  if (held !== undefined && Math.abs(value - held) <= HOLD * step) return held
  return step * Math.round(value / step)
}

type Cells = ReadonlyMap<string, ReadonlyMap<string, AgedCell>>

/** What a line knows of one member. */
type Known = { readonly confidence: number; readonly logMs: number; readonly atMs: number }

function fillPool(
  plan: RankPlan,
  latency: LatencyPlan,
  pool: LatencyPool,
  cells: Cells,
  held: Map<string, number>,
  epoch: number,
  nowMs: number,
  out: Uint16Array,
): void {
  const use = plan.poolUses[pool.poolUse]!
  const ids = use.members.map(({ endpoint }) => plan.endpoints[endpoint]!.id)
  const stride = pool.width + LATENCY_EXPLORE_CAP
  const step = Math.log(1 + pool.settings.bandPercent / 100)
  const knownByLine = new Map<number, readonly (Known | undefined)[] | undefined>()
  for (let row = 0; row < pool.rowLine.length; row++) {
    const number = pool.rowLine[row]!
    let known = knownByLine.get(number)
    if (known === undefined && !knownByLine.has(number)) {
      known = knowLine(latency.lines[number]!, ids, pool, step, cells, held, nowMs)
      knownByLine.set(number, known)
    }
    const entries = out.subarray(pool.firstEntry + row * stride, pool.firstEntry + (row + 1) * stride)
    entries.fill(NO_LATENCY_MEMBER)
    if (known !== undefined) fillRow(pool, row, latency.lines[number]!, known, step, held, epoch, entries)
  }
}

/** What a line knows of the members; undefined when that is nothing. */
function knowLine(
  line: string,
  ids: readonly string[],
  pool: LatencyPool,
  step: number,
  cells: Cells,
  held: Map<string, number>,
  nowMs: number,
): readonly (Known | undefined)[] | undefined {
  const ofLine = cells.get(line)
  if (line === '' || ofLine === undefined) return undefined
  let any = false
  const known = ids.map((id) => {
    const cell = ofLine.get(id)
    const raw = cell === undefined ? 0 : confidenceOf(cell, pool.settings, nowMs)
    if (cell === undefined || raw <= 0) return undefined
    any = true
    const bandKey = `${step} ${line} ${id}`
    const logMs = holdStep(held.get(bandKey), Math.log(Math.max(LEAST_MS, cell.medianMs)), step)
    held.set(bandKey, logMs)
    const confidenceKey = `c ${pool.settings.minimumSamples} ${pool.settings.maxAgeSeconds} ${line} ${id}`
    const confidence = Math.min(1, holdStep(held.get(confidenceKey), raw, CONFIDENCE_STEP))
    held.set(confidenceKey, confidence)
    return { confidence, logMs, atMs: cell.atMs }
  })
  return any ? known : undefined
}

type Rated = {
  readonly position: number
  readonly distancePosition: number
  readonly band: number
  readonly estimateMs: number
  readonly confidence: number
  readonly atMs: number
}

function fillRow(
  pool: LatencyPool,
  row: number,
  line: string,
  known: readonly (Known | undefined)[],
  step: number,
  held: Map<string, number>,
  epoch: number,
  entries: Uint16Array,
): void {
  const first = row * known.length
  const wayMs = (position: number): number => {
    const km = pool.rowKm[first + position]!
    return MS_A_KM * (km === UNKNOWN_KM ? FARTHEST_KM : km)
  }
  const fixedMs = fixedPartOf(known, wayMs, `f ${pool.poolUse} ${row} ${line}`, step, held)
  const rated: Rated[] = known.map((one, position) => {
    const expected = Math.log(Math.max(LEAST_MS, fixedMs + wayMs(position)))
    const confidence = one?.confidence ?? 0
    const estimate = confidence * (one?.logMs ?? 0) + (1 - confidence) * expected
    const band = Math.round(estimate / step)
    const distancePosition = pool.rowPosition[first + position]!
    return { position, distancePosition, band, estimateMs: Math.exp(estimate), confidence, atMs: one?.atMs ?? Number.NEGATIVE_INFINITY }
  })
  // Nothing is believed yet: exactly the order by distance.
  if (rated.some(({ confidence }) => confidence > 0)) {
    rated.sort((a, b) => a.band - b.band || a.distancePosition - b.distancePosition)
    for (let at = 0; at < pool.width; at++) entries[at] = rated[at]!.position
  } else rated.sort((a, b) => a.distancePosition - b.distancePosition)
  fillExplore(pool, rated, epoch, entries)
}

/**
 * The fixed part of the latencies of a line: the weighted median of measured minus way. Of two equal halves the greater one: an unknown
 * endpoint is not expected to be better than what its line measured on a shorter way.
 */
function fixedPartOf(
  known: readonly (Known | undefined)[],
  wayMs: (position: number) => number,
  key: string,
  step: number,
  held: Map<string, number>,
): number {
  const parts: { readonly ms: number; readonly weight: number }[] = []
  for (const [position, one] of known.entries())
    if (one !== undefined && one.confidence > 0) parts.push({ ms: Math.exp(one.logMs) - wayMs(position), weight: one.confidence })
  parts.sort((a, b) => b.ms - a.ms)
  const half = parts.reduce((sum, { weight }) => sum + weight, 0) / 2
  let above = 0
  let fixedMs = USUAL_FIXED_MS
  for (const { ms, weight } of parts) {
    above += weight
    fixedMs = ms
    if (above >= half) break
  }
  const log = holdStep(held.get(key), Math.log(Math.max(LEAST_MS, fixedMs)), step)
  held.set(key, log)
  return Math.exp(log)
}

/** Members worth exploring: within a sane radius of the best, least known first, of these the most promising; equal ones take turns by epoch. */
function fillExplore(pool: LatencyPool, rated: readonly Rated[], epoch: number, entries: Uint16Array): void {
  if (pool.settings.explorePercent <= 0) return
  const bestMs = Math.min(...rated.map(({ estimateMs }) => estimateMs))
  const best = rated[0]!
  const near = rated.filter((one) => one !== best && one.estimateMs <= Math.max(EXPLORE_FACTOR * bestMs, bestMs + EXPLORE_MS))
  const turn = (one: Rated): number => (((one.distancePosition - epoch) % rated.length) + rated.length) % rated.length
  near.sort((a, b) => a.confidence - b.confidence || a.band - b.band || turn(a) - turn(b))
  for (let at = 0; at < Math.min(LATENCY_EXPLORE_CAP, near.length); at++) entries[pool.width + at] = near[at]!.position
}
