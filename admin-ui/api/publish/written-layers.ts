/** Dynamic layers ↔ `dynamicRecords` of a document, and layers with some RRsets replaced. Pure. */
import type { Config } from '../../../policy/config/config-schema.ts'
import { canonicalName, formatName, NameError, parseName } from '../../../resolver/wire/name.ts'
import { formatRdata, parseRdata, RdataError, splitRdata } from '../../../resolver/wire/rdata/rdata-text.ts'
import { findType, typeWord } from '../../../resolver/wire/registry.ts'
import { type DynamicRecord, layersByZone } from '../../../resolver/zone/dynamic-layer.ts'
import { ApiError } from '../api-error.ts'
import type { LayerChange } from './publisher.ts'

/** Rows in the order of the store. */
function inOrder(rows: readonly DynamicRecord[]): readonly DynamicRecord[] {
  const keyed = rows.map((row) => ({ row, hex: Buffer.from(row.rdata).toString('hex') }))
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  keyed.sort(
    (a, b) => compare(a.row.zone, b.row.zone) || compare(a.row.owner, b.row.owner) || a.row.type - b.row.type || compare(a.hex, b.hex),
  )
  return keyed.map(({ row }) => row)
}

/** Layers with other rows for some RRsets. */
export function withSets(rows: readonly DynamicRecord[], sets: LayerChange['sets']): readonly DynamicRecord[] {
  const keyOf = ({ zone, owner, type }: { readonly zone: string; readonly owner: string; readonly type: number }): string =>
    `${zone} ${owner} ${type}`
  const replaced = new Set(sets.map(keyOf))
  return inOrder([...rows.filter((row) => !replaced.has(keyOf(row))), ...sets.flatMap((set) => set.rows)])
}

/** The layers that a document writes down. Throws DOCUMENT_DYNAMIC when one cannot be read. */
export function writtenLayers(config: Config): readonly DynamicRecord[] {
  const rows = new Map<string, DynamicRecord>()
  for (const zone of config.zones) {
    const origin = canonicalName(parseName(zone.name))
    for (const set of zone.dynamicRecords) {
      try {
        const type = findType(set.type)
        if (type === undefined) throw new RdataError(`"${set.type}" is not a record type`)
        const owner = formatName(canonicalName(parseName(set.name, origin)))
        const put = (text: string, kind: DynamicRecord['kind']): void => {
          const rdata = parseRdata(type, splitRdata(text), origin)
          const row = { zone: zone.name, owner, type, rdata, kind, ttlSeconds: kind === 'added' ? set.ttlSeconds : 0 }
          rows.set(`${row.zone} ${owner} ${type} ${Buffer.from(rdata).toString('hex')}`, row)
        }
        for (const text of set.removed) put(text, 'removed')
        for (const text of set.data) put(text, 'added')
      } catch (error) {
        if (!(error instanceof RdataError) && !(error instanceof NameError)) throw error
        throw new ApiError('DOCUMENT_DYNAMIC', `dynamicRecords of zone "${zone.name}", ${set.name} ${set.type}: ${error.message}`)
      }
    }
  }
  return inOrder([...rows.values()])
}

/** A document as plain values, with the layers of its zones written down. */
export function withWrittenLayers(value: Record<string, unknown>, rows: readonly DynamicRecord[]): Record<string, unknown> {
  if (rows.length === 0 || !Array.isArray(value.zones)) return value
  const layers = layersByZone(rows)
  const zones = (value.zones as Record<string, unknown>[]).map((zone) => {
    const layer = layers.get(String(zone.name))
    return layer === undefined ? zone : { ...zone, dynamicRecords: writeLayer(layer) }
  })
  return { ...value, zones }
}

function writeLayer(rows: readonly DynamicRecord[]): readonly Record<string, unknown>[] {
  const sets = new Map<string, { name: string; type: string; ttlSeconds?: number; data?: string[]; removed?: string[] }>()
  for (const { owner, type, rdata, kind, ttlSeconds } of rows) {
    const key = `${owner} ${type}`
    const set = sets.get(key) ?? { name: owner, type: typeWord(type) }
    sets.set(key, set)
    const text = formatRdata(type, rdata)
    if (kind === 'removed') set.removed = [...(set.removed ?? []), text]
    else {
      set.ttlSeconds = ttlSeconds
      set.data = [...(set.data ?? []), text]
    }
  }
  return [...sets.values()]
}
