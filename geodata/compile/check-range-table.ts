/** Checks the invariants of a range table (geodata/address/range-table.ts). Pure; run on every file that is loaded. */
import type { RangeTable4, RangeTable6 } from '../address/range-table.ts'
import { buildIndex } from './build-range-table.ts'
import { compareStarts } from './flat-ranges.ts'

/** What is wrong with a table, in words; empty when nothing is. `valueCount`: values must be below it. */
export function checkRangeTable(table: RangeTable4 | RangeTable6, width: 1 | 4, valueCount: number): string[] {
  const { starts, values, index, indexBits } = table
  const count = values.length
  if (count === 0) return ['it has no range']
  if (starts.length !== count * width) return [`it has ${starts.length} start words for ${count} ranges`]
  const issues: string[] = []
  for (let word = 0; word < width; word++) if (starts[word] !== 0) issues.push('its first range does not start at address 0')
  for (let range = 0; range < count && issues.length === 0; range++) {
    if (values[range]! >= valueCount) issues.push(`range ${range} has value ${values[range]}, there are ${valueCount}`)
    if (range === 0) continue
    if (compareStarts(width, starts, range - 1, starts, range) >= 0) issues.push(`range ${range} does not start behind range ${range - 1}`)
    if (values[range] === values[range - 1]) issues.push(`ranges ${range - 1} and ${range} have the same value`)
  }
  if (!(Number.isInteger(indexBits) && indexBits >= 0 && indexBits <= 16)) issues.push(`its index has ${indexBits} bits`)
  else if (issues.length === 0) {
    const expected = buildIndex(starts, width, indexBits)
    if (index.length !== expected.length) issues.push(`its index has ${index.length} entries instead of ${expected.length}`)
    else if (expected.some((range, slice) => index[slice] !== range)) issues.push('its index does not match its ranges')
  }
  return issues
}
