/** Reduces a source to the fields that are wanted from it, so that the rest costs no ranges. Pure, builder side. */
import type { LocationField } from '../geodata.ts'
import { mergeEqualRanges } from './flat-ranges.ts'
import type { SourceRanges, SourceRecord } from './merge-sources.ts'

/** Parts of a place that tell whether a narrower one fits. */
const WIDER: Readonly<Partial<Record<LocationField, readonly LocationField[]>>> = {
  province: ['country'],
  region: ['country'],
  city: ['country', 'province', 'region'],
}

/** The source with only these fields to take, and the wider parts that they are checked by. */
export function takeFields(source: SourceRanges, fields: readonly LocationField[]): SourceRanges {
  const kept = [...new Set(fields.flatMap((field) => [...(WIDER[field] ?? []), field]))]
  const records: SourceRecord[] = [{}]
  const numbers = new Map<string, number>()
  const numberOf = source.records.map((record) => {
    // A country alone, kept to check a province that this record does not have, says nothing.
    if (!fields.some((field) => record[field] !== undefined)) return 0
    const reduced = { ...Object.fromEntries(kept.map((field) => [field, record[field]])), sources: record.sources }
    const key = JSON.stringify(reduced)
    let number = numbers.get(key)
    if (number === undefined) {
      number = records.length
      records.push(reduced)
      numbers.set(key, number)
    }
    return number
  })
  const reduce = (ranges: SourceRanges['v4']): SourceRanges['v4'] =>
    mergeEqualRanges({ ...ranges, values: ranges.values.map((value) => numberOf[value]!) })
  return { ...source, v4: reduce(source.v4), v6: reduce(source.v6), records, fields }
}
