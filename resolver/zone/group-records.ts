/**
 * Records of all zones → RRsets in canonical order of owner names, then of zones, then of types; records of a set in canonical order. Pure;
 * columns all the way, so that a million records are grouped in seconds and few megabytes.
 *
 *   tables ─ intern owners ─► sort names ─► counting sort of records by owner ─► small sorts inside an owner ─► RRsets
 */
import { compareOctets, compareRdata } from '../wire/rdata/compare-rdata.ts'
import type { NameTable } from './name-table.ts'
import type { RecordTable } from './record-table.ts'

const NONE = -1

/** RRsets of all zones. n names, c records, s RRsets. */
export type GroupedRecords = {
  readonly names: NameTable
  /** Names in canonical order, and the place of each name in it. */
  readonly order: Uint32Array
  readonly rank: Uint32Array
  /** c: zone and row of the record, in the order of the RRsets. */
  readonly recordZone: Uint32Array
  readonly recordRow: Uint32Array
  readonly setCount: number
  /** s: owner, zone, type of the RRset. */
  readonly setName: Uint32Array
  readonly setZone: Uint32Array
  readonly setType: Uint16Array
  /** s + 1: its records are those from setFirst[s] to setFirst[s+1]-1. */
  readonly setFirst: Uint32Array
  /** n + 1: RRsets of the name at a place of `order`, of all zones. */
  readonly placeFirstSet: Uint32Array
  /** RRsets of zone z are zoneSets[zoneFirst[z]] … zoneSets[zoneFirst[z+1]-1], in canonical order. */
  readonly zoneSets: Uint32Array
  readonly zoneFirst: Uint32Array
}

/** Groups the records whose owner is in its zone. `recordName` has the owner of each record, zone by zone, -1 = out of the zone. */
export function groupRecords(tables: readonly RecordTable[], names: NameTable, order: Uint32Array, recordName: Int32Array): GroupedRecords {
  const rank = new Uint32Array(names.count)
  for (let place = 0; place < order.length; place++) rank[order[place]!] = place
  const placeFirst = new Uint32Array(names.count + 1)
  for (const name of recordName) if (name !== NONE) placeFirst[rank[name]! + 1]!++
  for (let place = 0; place < names.count; place++) placeFirst[place + 1]! += placeFirst[place]!
  const total = placeFirst[names.count]!
  const recordZone = new Uint32Array(total)
  const recordRow = new Uint32Array(total)
  const next = placeFirst.slice()
  let position = 0
  for (let zone = 0; zone < tables.length; zone++) {
    for (let row = 0; row < tables[zone]!.count; row++) {
      const name = recordName[position++]!
      if (name === NONE) continue
      const at = next[rank[name]!]!++
      recordZone[at] = zone
      recordRow[at] = row
    }
  }
  sortInsideOwners(tables, placeFirst, recordZone, recordRow)
  const setName = new Uint32Array(total)
  const setZone = new Uint32Array(total)
  const setType = new Uint16Array(total)
  const setFirst = new Uint32Array(total + 1)
  const placeFirstSet = new Uint32Array(names.count + 1)
  let setCount = 0
  for (let place = 0; place < names.count; place++) {
    let lastZone = NONE
    let lastType = NONE
    for (let i = placeFirst[place]!; i < placeFirst[place + 1]!; i++) {
      const zone = recordZone[i]!
      const type = tables[zone]!.type[recordRow[i]!]!
      if (zone !== lastZone || type !== lastType) {
        setName[setCount] = order[place]!
        setZone[setCount] = zone
        setType[setCount] = type
        setFirst[setCount++] = i
      }
      lastZone = zone
      lastType = type
    }
    placeFirstSet[place + 1] = setCount
  }
  setFirst[setCount] = total
  const zoneFirst = new Uint32Array(tables.length + 1)
  for (let set = 0; set < setCount; set++) zoneFirst[setZone[set]! + 1]!++
  for (let zone = 0; zone < tables.length; zone++) zoneFirst[zone + 1]! += zoneFirst[zone]!
  const zoneSets = new Uint32Array(setCount)
  const nextInZone = zoneFirst.slice()
  for (let set = 0; set < setCount; set++) zoneSets[nextInZone[setZone[set]!]!++] = set
  return { names, order, rank, recordZone, recordRow, setCount, setName, setZone, setType, setFirst, placeFirstSet, zoneSets, zoneFirst }
}

/** Fewer records are sorted by insertion. */
const FEW = 16

/** By zone, type, canonical form, octets, row: records that are the same stand side by side. */
function sortInsideOwners(tables: readonly RecordTable[], placeFirst: Uint32Array, recordZone: Uint32Array, recordRow: Uint32Array): void {
  const compare = (aZone: number, aRow: number, bZone: number, bRow: number): number => {
    if (aZone !== bZone) return aZone - bZone
    const table = tables[aZone]!
    const types = table.type[aRow]! - table.type[bRow]!
    if (types !== 0) return types
    const { bytes } = table.octets
    const aAt = table.dataAt[aRow]!
    const bAt = table.dataAt[bRow]!
    const aBytes = table.dataBytes[aRow]!
    const bBytes = table.dataBytes[bRow]!
    return (
      compareRdata(table.type[aRow]!, bytes, aAt, aBytes, bytes, bAt, bBytes) ||
      compareOctets(bytes, aAt, aBytes, bytes, bAt, bBytes) ||
      aRow - bRow
    )
  }
  for (let place = 0; place + 1 < placeFirst.length; place++) {
    const first = placeFirst[place]!
    const end = placeFirst[place + 1]!
    if (end - first > FEW) {
      const sorted = Array.from({ length: end - first }, (_, i) => [recordZone[first + i]!, recordRow[first + i]!] as const)
      sorted.sort((a, b) => compare(a[0], a[1], b[0], b[1]))
      sorted.forEach(([zone, row], i) => {
        recordZone[first + i] = zone
        recordRow[first + i] = row
      })
      continue
    }
    for (let i = first + 1; i < end; i++) {
      const zone = recordZone[i]!
      const row = recordRow[i]!
      let j = i
      for (; j > first && compare(zone, row, recordZone[j - 1]!, recordRow[j - 1]!) < 0; j--) {
        recordZone[j] = recordZone[j - 1]!
        recordRow[j] = recordRow[j - 1]!
      }
      recordZone[j] = zone
      recordRow[j] = row
    }
  }
}
