/** Compiled policies laid open for deciding: the columns, and a range-table view for each line table. Pure. */
import type { RangeTable4, RangeTable6 } from '../../geodata/address/range-table.ts'
import type { PolicyColumns } from '../model/policy-columns.ts'

/** What decide() reads besides the ranking. */
export type CompiledPolicies = {
  readonly columns: PolicyColumns
  /** One a line table; values are global class numbers. */
  readonly tables4: readonly RangeTable4[]
  readonly tables6: readonly RangeTable6[]
}

/** Lays range-table views over the columns. */
export function viewPolicies(columns: PolicyColumns): CompiledPolicies {
  const tables4: RangeTable4[] = []
  const tables6: RangeTable6[] = []
  for (let t = 0; t < columns.tableFirst4.length; t++) {
    const first4 = columns.tableFirst4[t]!
    const end4 = first4 + columns.tableCount4[t]!
    const bits4 = columns.tableIndexBits4[t]!
    const at4 = columns.tableIndexFirst4[t]!
    tables4.push({
      starts: columns.tableStarts4.subarray(first4, end4),
      values: columns.tableClass4.subarray(first4, end4),
      index: columns.tableIndex4.subarray(at4, at4 + 2 ** bits4 + 1),
      indexBits: bits4,
    })
    const first6 = columns.tableFirst6[t]!
    const end6 = first6 + columns.tableCount6[t]!
    const bits6 = columns.tableIndexBits6[t]!
    const at6 = columns.tableIndexFirst6[t]!
    tables6.push({
      starts: columns.tableStarts6.subarray(4 * first6, 4 * end6),
      values: columns.tableClass6.subarray(first6, end6),
      index: columns.tableIndex6.subarray(at6, at6 + 2 ** bits6 + 1),
      indexBits: bits6,
    })
  }
  return { columns, tables4, tables6 }
}
