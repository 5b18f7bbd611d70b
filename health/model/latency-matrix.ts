/**
 * The latency matrix: what devices and nodes of a line measured to each endpoint, aggregated. Cells travel from control to the nodes and
 * lie in the rank worker, which turns them into the order of each latency pool's members for each line (health/score/latency-order.ts).
 * Pure types and numbers. Numbers from devices are untrusted: they reorder eligible endpoints and never revive or remove one.
 */

/** Aggregated latency of one line to one endpoint. */
export type LatencyCell = {
  /** Matrix line, e.g. "cn-33/telecom", "us-ca", "jp" (geodata/line/matrix-line.ts). */
  readonly line: string
  readonly endpointId: string
  readonly medianMs: number
  readonly p90Ms: number
  /** Samples behind it; 0 = the cell is gone. */
  readonly count: number
  /** When the newest sample was taken, ms since epoch. */
  readonly at: number
}

/** A cell as explain shows it. */
export type LatencyCellAge = {
  readonly endpointId: string
  readonly medianMs: number
  readonly p90Ms: number
  readonly count: number
  /** Of the newest sample. */
  readonly ageSeconds: number
}

/** How a policy reads the matrix (`policies[].latency`). */
export type LatencySettings = {
  /** Share of scope blocks that are led to little known endpoints, in percent; 0 = none. */
  readonly explorePercent: number
  /** A cell of fewer samples is blended with the latency that the distance lets expect. */
  readonly minimumSamples: number
  /** An older cell counts for nothing; from half of this on it counts for less and less. */
  readonly maxAgeSeconds: number
  /** Width of the geometric bands that latencies are compared in: members of one band are in the order of distance. */
  readonly bandPercent: number
}

/** Settings that nothing was said about. */
export const DEFAULT_LATENCY_SETTINGS: LatencySettings = { explorePercent: 2, minimumSamples: 10, maxAgeSeconds: 3600, bandPercent: 15 }

/** Best members of a line's order that a ranking holds; behind them the pool's order by distance goes on. */
export const LATENCY_ORDER_CAP = 16
/** Candidates for exploration that a ranking holds a row. */
export const LATENCY_EXPLORE_CAP = 4
/** Entries of all rows in one ranking slot; 2 bytes each. Pools that do not fit any more are ordered by distance. */
export const LATENCY_ENTRIES_CAP: number = 1 << 22
/** An entry that names no member: the list ends here. */
export const NO_LATENCY_MEMBER = 0xffff
/** `rowKm` of a member whose distance is unknown. */
export const UNKNOWN_KM = 0xffff
/** Blocks that explore, and the endpoints they are led to, change this often. */
export const EXPLORE_EPOCH_MS = 300_000

/**
 * One pool with `choose: latency` as used by one policy. A row is what clients of one answer class share: matrix line and order by distance.
 *
 *   latencyOrder of a row = [best … width entries │ LATENCY_EXPLORE_CAP entries], positions in the pool, NO_LATENCY_MEMBER ends a list
 */
export type LatencyPool = {
  /** Pool use it belongs to. */
  readonly poolUse: number
  /** First entry of row 0 in `RankingColumns.latencyOrder`. */
  readonly firstEntry: number
  /** Entries of the order a row; 0 = the pool did not fit, it is ordered by distance. */
  readonly width: number
  readonly settings: LatencySettings
  /** Number of the matrix line of each row, in `LatencyPlan.lines`. */
  readonly rowLine: Uint32Array
  /** Kilometres from the clients of each row to each member: `rowKm[row × members + position]`. */
  readonly rowKm: Uint16Array
  /** Position of each member in the order by distance, laid out as `rowKm`. */
  readonly rowPosition: Uint16Array
}

/** The latency pools of one generation. */
export type LatencyPlan = {
  /** Matrix lines; 0 is "", the clients of which nothing is known. */
  readonly lines: readonly string[]
  readonly pools: readonly LatencyPool[]
}

/** Entries of `latencyOrder` that a plan takes. */
export function latencyEntryCount(plan: LatencyPlan | undefined): number {
  let end = 0
  for (const pool of plan?.pools ?? []) {
    if (pool.width > 0) end = Math.max(end, pool.firstEntry + pool.rowLine.length * (pool.width + LATENCY_EXPLORE_CAP))
  }
  return end
}

/** Control → node: cells that changed, or with `whole` all there are. */
export type LatencyMessage = {
  readonly type: 'latency'
  readonly whole: boolean
  readonly cells: readonly LatencyCell[]
  /** Control's clock when it was sent, ms since epoch: ages are told from it, whatever the node's own clock says. */
  readonly at: number
}
