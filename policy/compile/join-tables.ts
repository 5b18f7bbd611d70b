/**
 * Line tables laid one behind the other: class, order and row numbers of each are made those of the snapshot. Pure. Orders and rows are
 * interned over all tables, in the order in which the tables first have them.
 */
import type { PolicyColumns } from '../model/policy-columns.ts'
import type { ClassColumns } from './class-builder.ts'
import { LatencyRows } from './latency-rows.ts'
import type { LineSignature } from './line-signature.ts'
import type { LineTable } from './line-table.ts'
import { OrderLists } from './order-lists.ts'
import type { SweptRanges } from './sweep-ranges.ts'
import { TableColumns } from './table-columns.ts'

/** Columns of all tables and their classes. */
export type JoinedColumns = Pick<
  PolicyColumns,
  | 'tableFirst4'
  | 'tableCount4'
  | 'tableIndexFirst4'
  | 'tableIndexBits4'
  | 'tableStarts4'
  | 'tableClass4'
  | 'tableIndex4'
  | 'tableFirst6'
  | 'tableCount6'
  | 'tableIndexFirst6'
  | 'tableIndexBits6'
  | 'tableStarts6'
  | 'tableClass6'
  | 'tableIndex6'
  | 'classSlotFirst'
  | 'classSlots'
  | 'classFlags'
  | 'classOrderFirst'
  | 'classOrders'
  | 'classSpans4'
  | 'classSpans6'
  | 'classRowFirst'
  | 'classRows'
  | 'orderFirst'
  | 'orderMembers'
>

/** Joins tables. */
export class TableJoiner {
  readonly rows: LatencyRows = new LatencyRows()
  readonly #orders = new OrderLists()
  readonly #tables4 = new TableColumns(1)
  readonly #tables6 = new TableColumns(4)
  readonly #classes: ClassColumns[] = []
  readonly #spans4: Int32Array[] = []
  readonly #spans6: Int32Array[] = []
  #classCount = 0

  /** Puts a table behind the others. */
  add(signature: LineSignature, table: LineTable): void {
    const orders = [0, ...table.orders.map((order) => this.#orders.intern(order))]
    const rowOf = this.rows.join(table.rows, (order) => orders[order]!)
    const { classes } = table
    this.#tables4.add(shifted(table.ranges4, this.#classCount))
    this.#tables6.add(shifted(table.ranges6, this.#classCount))
    this.#classes.push({
      ...classes,
      orders: classes.orders.map((order) => orders[order]!),
      rows: rowsOf(signature, classes, rowOf),
    })
    this.#spans4.push(table.spans4)
    this.#spans6.push(table.spans6)
    this.#classCount += classes.orderFirst.length
  }

  /** The columns of all that were added. */
  finish(): JoinedColumns {
    const tables4 = this.#tables4.finish()
    const tables6 = this.#tables6.finish()
    const column = (name: keyof ClassColumns): Uint32Array =>
      join(
        Uint32Array,
        this.#classes.map((classes) => classes[name]),
      )
    const slotFirst = join(Uint32Array, [Uint32Array.of(0), ...this.#offsets('slotFirst', 'slots').map((first) => first.subarray(1))])
    return {
      tableFirst4: tables4.first,
      tableCount4: tables4.count,
      tableIndexFirst4: tables4.indexFirst,
      tableIndexBits4: tables4.indexBits,
      tableStarts4: tables4.starts,
      tableClass4: tables4.classes,
      tableIndex4: tables4.index,
      tableFirst6: tables6.first,
      tableCount6: tables6.count,
      tableIndexFirst6: tables6.indexFirst,
      tableIndexBits6: tables6.indexBits,
      tableStarts6: tables6.starts,
      tableClass6: tables6.classes,
      tableIndex6: tables6.index,
      classSlotFirst: slotFirst,
      classSlots: Uint16Array.from(column('slots')),
      classFlags: Uint8Array.from(column('flags')),
      classOrderFirst: join(Uint32Array, this.#offsets('orderFirst', 'orders')),
      classOrders: column('orders'),
      classRowFirst: join(Uint32Array, this.#offsets('rowFirst', 'rows')),
      classRows: column('rows'),
      classSpans4: join(Int32Array, this.#spans4),
      classSpans6: join(Int32Array, this.#spans6),
      orderFirst: Uint32Array.from(this.#orders.first),
      orderMembers: Uint16Array.from(this.#orders.members),
    }
  }

  /** `first` of each table, counted on behind the tables before it. */
  #offsets(first: 'slotFirst' | 'orderFirst' | 'rowFirst', of: 'slots' | 'orders' | 'rows'): Uint32Array[] {
    let before = 0
    return this.#classes.map((classes) => {
      const offset = before
      before += classes[of].length
      return classes[first].map((at) => at + offset)
    })
  }
}

/** Rows of the classes of a table in the numbers of the snapshot: each class that has rows has one of each latency pool. */
function rowsOf(
  { latencySlots, placedPools }: LineSignature,
  { rows }: ClassColumns,
  rowOf: (pool: string, row: number) => number,
): Uint32Array {
  const pools = latencySlots.map((autoSlot) => placedPools[autoSlot]!.pool.id)
  return rows.map((row, at) => (row === 0 ? 0 : rowOf(pools[at % pools.length]!, row)))
}

function shifted(ranges: SweptRanges, classCount: number): SweptRanges {
  return classCount === 0 ? ranges : { starts: ranges.starts, values: ranges.values.map((value) => value + classCount) }
}

function join<Column extends Uint32Array | Int32Array>(kind: new (length: number) => Column, parts: readonly Column[]): Column {
  const whole = new kind(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
