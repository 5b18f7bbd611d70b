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
  latencyEntryCount,
  NO_LATENCY_MEMBER,
} from '../model/latency-matrix.ts'
import type { RankPlan } from '../model/rank-plan.ts'
import { fillRow, holdStep, LEAST_MS, type LineKnowledge, makeRowScratch, type RowScratch } from './latency-row.ts'

/** Confidence is held in steps of this. */
const CONFIDENCE_STEP = 0.25
/** Matrix cells taken from messages at most. */
const MAX_CELLS = 50_000
/** Held numbers at most; beyond, a publish begins anew. */
const MAX_HELD = 500_000
/** Orders are worked out anew this often although no cell changed: cells grow old. */
const REFRESH_MS = 30_000
/** Members rated in one filling: some 10 ms. What is left is done in the next ones, a second later each. */
const RATINGS_A_FILL = 50_000
/** The same in the first filling of a plan: a publish must not take orders away for a while. */
const RATINGS_AT_FIRST = 1_500_000

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
  /** Writes the entries of all rows of a plan; works out anew, a piece at a time, what may have changed. */
  readonly fill: (plan: RankPlan, out: Uint16Array, nowMs: number, wallMs: number) => void
  /** Number of the time of exploring, for `RankingColumns.header[3]`: by the wall clock, so that all nodes lead a block to the same endpoint. */
  readonly epoch: (wallMs: number) => number
}

/** A cell on disk. */
export type KeptCell = readonly [line: string, endpointId: string, medianMs: number, p90Ms: number, count: number, ageMs: number]

/** One pool of a plan and how far its rows are. */
type PoolWork = {
  readonly pool: LatencyPool
  /** Name of the pool use, and ids of its members. */
  readonly name: string
  readonly ids: readonly string[]
  readonly step: number
  /** Logarithm of the held fixed part of each row; NaN = none. */
  readonly fixed: Float64Array
  readonly scratch: RowScratch
}

/** The orders of a plan. */
type PlanWork = {
  readonly lines: readonly string[]
  readonly entries: Uint16Array
  readonly pools: readonly PoolWork[]
  /** What the pass that runs looks at: lines that changed; undefined = all of them. */
  dirty: Set<number> | undefined
  /** Where it is: pool and row; pool = number of pools when it has ended. */
  poolAt: number
  rowAt: number
  /** Lines of the pool that it is at, by number. */
  knowledge: Map<number, LineKnowledge | undefined>
  /** Changes up to this number are in it. */
  version: number
  epoch: number
  allMs: number
}

/** A keeper without cells. */
export function createLatencyOrderer(ratingsAFill: number = RATINGS_A_FILL): LatencyOrderer {
  const cells = new Map<string, Map<string, AgedCell>>()
  let cellCount = 0
  /** Held bands and confidences by name. */
  const held = new Map<string, number>()
  const worked = new WeakMap<RankPlan, PlanWork>()
  let newest: PlanWork | undefined
  let version = 0
  /** Number of the last change of each line, and of the last one of all of them. */
  const changedAt = new Map<string, number>()
  let allChangedAt = 0

  function put(cell: AgedCell): void {
    changedAt.set(cell.line, version)
    let line = cells.get(cell.line)
    if (cell.count <= 0) {
      if (line?.delete(cell.endpointId)) cellCount--
      if (line?.size === 0) cells.delete(cell.line)
      return
    }
    if (line?.has(cell.endpointId) !== true && cellCount >= MAX_CELLS) return
    if (line === undefined) {
      line = new Map()
      cells.set(cell.line, line)
    }
    if (!line.has(cell.endpointId)) cellCount++
    line.set(cell.endpointId, cell)
  }

  function replaceAll(): void {
    cells.clear()
    changedAt.clear()
    cellCount = 0
    allChangedAt = version
  }

  /** Begins a pass over the rows whose lines changed, or all of them. */
  function beginPass(work: PlanWork, all: boolean): void {
    work.dirty = undefined
    if (!all && allChangedAt <= work.version) {
      work.dirty = new Set()
      for (const [number, line] of work.lines.entries()) if ((changedAt.get(line) ?? 0) > work.version) work.dirty.add(number)
    }
    work.version = version
    work.poolAt = 0
    work.rowAt = 0
    work.knowledge = new Map()
  }

  /** Goes on with the pass for as many ratings. */
  function goOn(work: PlanWork, ratings: number, nowMs: number): void {
    let left = ratings
    for (; work.poolAt < work.pools.length; work.poolAt++, work.rowAt = 0, work.knowledge = new Map()) {
      const { pool, ids, step, fixed, scratch } = work.pools[work.poolAt]!
      const stride = pool.width + LATENCY_EXPLORE_CAP
      for (; work.rowAt < pool.rowLine.length; work.rowAt++) {
        if (left <= 0) return
        const row = work.rowAt
        const number = pool.rowLine[row]!
        if (work.dirty !== undefined && !work.dirty.has(number)) continue
        let known = work.knowledge.get(number)
        if (known === undefined && !work.knowledge.has(number)) {
          known = knowLine(work.lines[number]!, ids, pool, step, cells, held, nowMs)
          work.knowledge.set(number, known)
          left -= ids.length
        }
        const entries = work.entries.subarray(pool.firstEntry + row * stride, pool.firstEntry + (row + 1) * stride)
        if (known === undefined) {
          entries.fill(NO_LATENCY_MEMBER)
          fixed[row] = Number.NaN
          left--
        } else {
          fillRow(pool, row, known, step, fixed, work.epoch, entries, scratch)
          left -= ids.length
        }
      }
    }
  }

  function begin(plan: RankPlan, latency: LatencyPlan, nowMs: number): PlanWork {
    if (held.size > MAX_HELD) held.clear()
    const work: PlanWork = {
      lines: latency.lines,
      entries: new Uint16Array(latencyEntryCount(latency)).fill(NO_LATENCY_MEMBER),
      pools: latency.pools.filter(({ width }) => width > 0).map((pool) => beginPool(plan, pool)),
      dirty: undefined,
      poolAt: 0,
      rowAt: 0,
      knowledge: new Map(),
      version: -1,
      epoch: -1,
      allMs: nowMs,
    }
    // What is the same in the plan before keeps its orders until it is looked at.
    if (newest !== undefined) for (const pool of work.pools) takeOver(newest, work, pool)
    worked.set(plan, work)
    newest = work
    return work
  }

  return {
    take({ whole, cells: given, at }, nowMs) {
      if (!whole && given.length === 0) return
      version++
      if (whole) replaceAll()
      for (const { at: sampleAt, ...cell } of given) put({ ...cell, atMs: nowMs - Math.max(0, at - sampleAt) })
    },
    keep: (nowMs) =>
      [...cells.values()].flatMap((line) =>
        [...line.values()].map(
          ({ line: name, endpointId, medianMs, p90Ms, count, atMs }) =>
            [name, endpointId, medianMs, p90Ms, count, Math.round(nowMs - atMs)] as const,
        ),
      ),
    restore(kept, savedMs) {
      version++
      for (const [line, endpointId, medianMs, p90Ms, count, ageMs] of kept)
        put({ line, endpointId, medianMs, p90Ms, count, atMs: savedMs - ageMs })
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
      const known = worked.get(plan)
      const work = known ?? begin(plan, latency, nowMs)
      if (work.poolAt >= work.pools.length || known === undefined) {
        const epoch = Math.floor(wallMs / EXPLORE_EPOCH_MS)
        const all = known === undefined || epoch !== work.epoch || nowMs - work.allMs >= REFRESH_MS
        if (all || work.version !== version) {
          work.epoch = epoch
          if (all) work.allMs = nowMs
          beginPass(work, all)
        }
      }
      goOn(work, known === undefined ? Math.max(RATINGS_AT_FIRST, ratingsAFill) : ratingsAFill, nowMs)
      out.set(work.entries)
    },
    epoch: (wallMs) => Math.floor(wallMs / EXPLORE_EPOCH_MS),
  }
}

function beginPool(plan: RankPlan, pool: LatencyPool): PoolWork {
  const use = plan.poolUses[pool.poolUse]!
  return {
    pool,
    name: `${use.policyId}/${use.poolId}`,
    ids: use.members.map(({ endpoint }) => plan.endpoints[endpoint]!.id),
    step: Math.log(1 + pool.settings.bandPercent / 100),
    fixed: new Float64Array(pool.rowLine.length).fill(Number.NaN),
    scratch: makeRowScratch(use.members.length),
  }
}

/** Takes over the rows of the same pool of the plan before, when nothing about them has changed. */
function takeOver(before: PlanWork, work: PlanWork, { pool, name, ids, fixed }: PoolWork): void {
  const old = before.pools.find((one) => one.name === name)
  if (old === undefined || old.pool.width !== pool.width || old.ids.join() !== ids.join()) return
  if (old.pool.rowLine.length !== pool.rowLine.length || !isEqual(old.pool.rowPosition, pool.rowPosition)) return
  if (pool.rowLine.some((line, row) => work.lines[line] !== before.lines[old.pool.rowLine[row]!])) return
  const size = pool.rowLine.length * (pool.width + LATENCY_EXPLORE_CAP)
  work.entries.set(before.entries.subarray(old.pool.firstEntry, old.pool.firstEntry + size), pool.firstEntry)
  fixed.set(old.fixed)
}

function isEqual(a: Uint16Array, b: Uint16Array): boolean {
  return a.length === b.length && a.every((value, at) => value === b[at])
}

/** Share that a cell has in an estimate, 0–1, before it is held in steps. */
export function confidenceOf(cell: AgedCell, settings: LatencyPool['settings'], nowMs: number): number {
  const ageShare = (nowMs - cell.atMs) / (1000 * settings.maxAgeSeconds)
  return Math.min(1, cell.count / settings.minimumSamples) * Math.max(0, Math.min(1, 2 - 2 * ageShare))
}

/** What a line knows of the members; undefined when that is nothing. */
function knowLine(
  line: string,
  ids: readonly string[],
  pool: LatencyPool,
  step: number,
  cells: ReadonlyMap<string, ReadonlyMap<string, AgedCell>>,
  held: Map<string, number>,
  nowMs: number,
): LineKnowledge | undefined {
  const ofLine = cells.get(line)
  if (line === '' || ofLine === undefined) return undefined
  const known: LineKnowledge = { confidence: new Float64Array(ids.length), logMs: new Float64Array(ids.length) }
  const { minimumSamples, maxAgeSeconds } = pool.settings
  let any = false
  for (const [member, id] of ids.entries()) {
    const cell = ofLine.get(id)
    const raw = cell === undefined ? 0 : confidenceOf(cell, pool.settings, nowMs)
    if (cell === undefined || raw <= 0) continue
    any = true
    const bandKey = `${step} ${line} ${id}`
    const logMs = holdStep(held.get(bandKey), Math.log(Math.max(LEAST_MS, cell.medianMs)), step)
    held.set(bandKey, logMs)
    const confidenceKey = `c ${minimumSamples} ${maxAgeSeconds} ${line} ${id}`
    const confidence = Math.min(1, holdStep(held.get(confidenceKey), raw, CONFIDENCE_STEP))
    held.set(confidenceKey, confidence)
    known.logMs[member] = logMs
    known.confidence[member] = confidence
  }
  return any ? known : undefined
}
