/**
 * Rows of pools with `choose: latency`: what clients share that may be given one order, matrix line and order by distance. Pure; runs on
 * publish. Rows are numbered pool by pool in the order in which the sweep first meets them; row 0 of each pool is "nothing is known".
 * Each table has its own, which are joined to those of the snapshot: tables may share pools.
 *
 *   class ─► row of each latency pool (classRows) ─► line of the matrix, order by distance, kilometres to each member
 *                                                 └► entries in the ranking (poolUseEntryFirst, health/model/latency-matrix.ts)
 */
import { greatCircleDistanceKm } from '../../geodata/lookup/great-circle-distance.ts'
import {
  LATENCY_ENTRIES_CAP,
  LATENCY_EXPLORE_CAP,
  LATENCY_ORDER_CAP,
  type LatencyPlan,
  type LatencyPool,
  UNKNOWN_KM,
} from '../../health/model/latency-matrix.ts'
import type { RankPlan } from '../../health/model/rank-plan.ts'
import type { Pool } from '../config/config-schema.ts'
import type { PolicyColumns, PolicyNames } from '../model/policy-columns.ts'
import type { OrderedMember } from './order-members.ts'
import type { Spot } from './spot.ts'

/** Country of a spot in mainland China (Spot.country). */
const MAINLAND = 'cn'
/** Detour to another carrier inside mainland China: its carriers meet in few places (some 15 ms). */
const CARRIER_KM = 1000
/** Detour over the border of mainland China (some 40 ms). */
const BORDER_KM = 2500

/** Rows of one table, laid open. */
export type TableRows = {
  /** Lines of the matrix by their numbers in the table; 0 is "". */
  readonly lines: readonly string[]
  readonly pools: readonly {
    readonly pool: string
    readonly memberCount: number
    readonly lines: readonly number[]
    /** Numbers of the table's orders. */
    readonly orders: readonly number[]
    readonly km: readonly number[]
    readonly overflows: boolean
  }[]
}

/** Rows of latency pools under construction. */
export class LatencyRows {
  readonly lines: string[] = ['']
  readonly #lineNumbers = new Map<string, number>([['', 0]])
  readonly #pools = new Map<string, PoolRows>()

  /** Row of clients of a line who have this order list, standing at `spot`. */
  rowOf(pool: string, members: readonly OrderedMember[], line: string, order: number, spot: Spot): number {
    const rows = this.#rowsOf(pool, members.length)
    // Spots of equal line and order differ by little; the first one met stands for all.
    return internRow(rows, this.#lineNumber(line), order, (at) => kmBetween(spot, members[at]!.spot))
  }

  /** All that is here, for `join`. */
  ofTable(): TableRows {
    const pools = [...this.#pools].map(([pool, { memberCount, lines, orders, km, overflows }]) => ({
      pool,
      memberCount,
      lines,
      orders,
      km,
      overflows,
    }))
    return { lines: this.lines, pools }
  }

  /** Takes in the rows of a table; returns the row here of each row of a pool there. `orderOf`: the order here of one of the table. */
  join(table: TableRows, orderOf: (order: number) => number): (pool: string, row: number) => number {
    const lineOf = table.lines.map((line) => this.#lineNumber(line))
    const joined = new Map<string, readonly number[]>()
    for (const { pool, memberCount, lines, orders, km, overflows } of table.pools) {
      const rows = this.#rowsOf(pool, memberCount)
      if (overflows) rows.overflows = true
      const numbers = lines.map((line, row) =>
        internRow(rows, lineOf[line]!, row === 0 ? 0 : orderOf(orders[row]!), (at) => km[row * memberCount + at]!),
      )
      joined.set(pool, numbers)
    }
    return (pool, row) => joined.get(pool)![row]!
  }

  #rowsOf(pool: string, memberCount: number): PoolRows {
    let rows = this.#pools.get(pool)
    if (rows === undefined) {
      const km = new Array<number>(memberCount).fill(UNKNOWN_KM)
      rows = { memberCount, lines: [0], orders: [0], km, byKey: new Map([['0/0', 0]]), overflows: false }
      this.#pools.set(pool, rows)
    }
    return rows
  }

  /** The finished columns; `uses` are the pool uses in order, `fits` is told of those that have no room in a ranking. */
  finish(uses: readonly { readonly pool: Pool }[], doesNotFit: (pool: Pool) => void): LatencyColumns {
    const rowFirst = new Map<string, number>()
    const kmFirst = new Map<string, number>()
    const lines: number[] = []
    const orders: number[] = []
    const km: number[] = []
    for (const [id, rows] of this.#pools) {
      rowFirst.set(id, lines.length)
      kmFirst.set(id, km.length)
      for (const line of rows.lines) lines.push(line)
      for (const order of rows.orders) orders.push(order)
      for (const value of rows.km) km.push(value)
    }
    let entries = 0
    const told = new Set<string>()
    const poolUses = uses.map(({ pool }) => {
      const rows = this.#pools.get(pool.id)
      if (pool.choose !== 'latency' || rows === undefined) return { rowFirst: 0, rowCount: 0, kmFirst: 0, entryFirst: 0, width: 0 }
      const width = Math.min(LATENCY_ORDER_CAP, pool.members.length)
      const size = rows.lines.length * (width + LATENCY_EXPLORE_CAP)
      const fits = !rows.overflows && entries + size <= LATENCY_ENTRIES_CAP
      if (!fits && !told.has(pool.id)) doesNotFit(pool)
      if (!fits) told.add(pool.id)
      const entryFirst = entries
      if (fits) entries += size
      return {
        rowFirst: rowFirst.get(pool.id)!,
        rowCount: rows.lines.length,
        kmFirst: kmFirst.get(pool.id)!,
        entryFirst,
        width: fits ? width : 0,
      }
    })
    return {
      rowLine: Uint32Array.from(lines),
      rowOrder: Uint32Array.from(orders),
      rowKm: Uint16Array.from(km),
      poolUseRowFirst: Uint32Array.from(poolUses, (use) => use.rowFirst),
      poolUseRowCount: Uint32Array.from(poolUses, (use) => use.rowCount),
      poolUseKmFirst: Uint32Array.from(poolUses, (use) => use.kmFirst),
      poolUseEntryFirst: Uint32Array.from(poolUses, (use) => use.entryFirst),
      poolUseEntryWidth: Uint8Array.from(poolUses, (use) => use.width),
    }
  }

  #lineNumber(line: string): number {
    let number = this.#lineNumbers.get(line)
    if (number === undefined) {
      number = this.lines.push(line) - 1
      this.#lineNumbers.set(line, number)
    }
    return number
  }
}

/** Columns of the rows. */
export type LatencyColumns = Pick<
  PolicyColumns,
  'rowLine' | 'rowOrder' | 'rowKm' | 'poolUseRowFirst' | 'poolUseRowCount' | 'poolUseKmFirst' | 'poolUseEntryFirst' | 'poolUseEntryWidth'
>

type PoolRows = {
  readonly memberCount: number
  readonly lines: number[]
  readonly orders: number[]
  readonly km: number[]
  readonly byKey: Map<string, number>
  overflows: boolean
}

/** Number of a row; 0 when there is no room for another. */
function internRow(rows: PoolRows, line: number, order: number, kmTo: (member: number) => number): number {
  const key = `${line}/${order}`
  const known = rows.byKey.get(key)
  if (known !== undefined) return known
  if (rows.km.length + rows.memberCount > LATENCY_ENTRIES_CAP) {
    rows.overflows = true
    return 0
  }
  const row = rows.lines.length
  rows.byKey.set(key, row)
  rows.lines.push(line)
  rows.orders.push(order)
  for (let member = 0; member < rows.memberCount; member++) rows.km.push(kmTo(member))
  return row
}

/** Kilometres, with what other carriers and the border of mainland China cost as kilometres. Only where a latency is expected, never in the order by distance. */
function kmBetween(client: Spot, member: Spot): number {
  if (client.coordinates === null || member.coordinates === null) return UNKNOWN_KM
  const isClientInside = client.country === MAINLAND
  const isMemberInside = member.country === MAINLAND
  const isOtherCarrier = client.carrier !== '' && member.carrier !== '' && !isSameCarrier(client, member)
  const detourKm = isClientInside !== isMemberInside ? BORDER_KM : isClientInside && isOtherCarrier ? CARRIER_KM : 0
  return Math.round(greatCircleDistanceKm(client.coordinates, member.coordinates) + detourKm)
}

function isSameCarrier(client: Spot, member: Spot): boolean {
  return client.carrier === member.carrier || client.parentCarrier === member.carrier || client.carrier === member.parentCarrier
}

/** The latency part of a snapshot's rank plan; undefined when it has no latency pools. */
export function latencyPlanOf(columns: PolicyColumns, names: PolicyNames, plan: Pick<RankPlan, 'poolUses'>): LatencyPlan | undefined {
  // A snapshot of a version before these columns.
  if (columns.poolUseRowCount === undefined || names.matrixLines === undefined) return undefined
  const pools: LatencyPool[] = []
  for (const [poolUse, { latency, members }] of plan.poolUses.entries()) {
    const rowCount = columns.poolUseRowCount[poolUse]!
    if (latency === undefined || rowCount === 0) continue
    const rowFirst = columns.poolUseRowFirst[poolUse]!
    const kmFirst = columns.poolUseKmFirst[poolUse]!
    const rowPosition = new Uint16Array(rowCount * members.length)
    for (let row = 0; row < rowCount; row++) {
      const order = columns.rowOrder[rowFirst + row]!
      writePositions(columns, order, rowPosition.subarray(row * members.length, (row + 1) * members.length))
    }
    pools.push({
      poolUse,
      firstEntry: columns.poolUseEntryFirst[poolUse]!,
      width: columns.poolUseEntryWidth[poolUse]!,
      settings: latency,
      rowLine: columns.rowLine.slice(rowFirst, rowFirst + rowCount),
      rowKm: columns.rowKm.slice(kmFirst, kmFirst + rowCount * members.length),
      rowPosition,
    })
  }
  return pools.length === 0 ? undefined : { lines: names.matrixLines, pools }
}

/** Position of each member in an order list; those that it does not hold follow in declared order. */
function writePositions(columns: PolicyColumns, order: number, out: Uint16Array): void {
  const listed = new Set<number>()
  for (let at = columns.orderFirst[order]!; at < columns.orderFirst[order + 1]!; at++) {
    const member = columns.orderMembers[at]!
    out[member] = listed.size
    listed.add(member)
  }
  let next = listed.size
  for (let member = 0; member < out.length; member++) if (!listed.has(member)) out[member] = next++
}
