/**
 * The dynamic layer of a zone: what updates (RFC 2136) did to it, kept beside the document and laid over it at every compile. Pure.
 *
 *   zone served  =  (records of the document − removed rows) + added rows
 *
 * So that neither side overwrites the other: an edit of the document leaves rows alone, an update never edits the document. A removed row
 * hides one record of the document, by name, type and octets; when the document has another record in its place, that one shows. While an
 * RRset has added rows, their TTL (they share one) is that of the whole RRset (RFC 2181 §5.2). An added SOA takes the place of the
 * document's while that stays what it was when the update came: its row is joined by a removed one that holds it.
 */
import { canonicalName, formatName, parseName } from '../wire/name.ts'
import { canonicalRdata } from '../wire/rdata/rdata-wire.ts'
import { TYPE_SOA } from '../wire/registry.ts'
import { RecordTable } from './record-table.ts'
import type { ZoneInput, ZoneRecord } from './zone-record.ts'

/** One row; the store's own shape (policy/store/store.ts). */
export type DynamicRecord = {
  /** Apex, absolute and lower-case. */
  readonly zone: string
  /** Absolute and lower-case. */
  readonly owner: string
  readonly type: number
  /** Wire form, names uncompressed, case kept. */
  readonly rdata: Uint8Array
  readonly kind: 'added' | 'removed'
  /** 0 for removed ones. */
  readonly ttlSeconds: number
}

/** Octets as a key of maps. */
export function octetsKey(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1')
}

/** Key under which records are the same (RFC 2136 §1.1.2: names in rdata without regard to case). A SOA is known by all but its serial. */
export function recordKey(type: number, rdata: Uint8Array): string {
  const canonical = canonicalRdata(type, rdata)
  if (type !== TYPE_SOA || canonical.length < 22) return octetsKey(canonical)
  const copy = Uint8Array.from(canonical)
  copy.fill(0, copy.length - 20, copy.length - 16)
  return octetsKey(copy)
}

/** Lays a layer over a zone of the document. Rows are of this zone only. */
export function mergeLayer(zone: ZoneInput, rows: readonly DynamicRecord[]): ZoneInput {
  if (rows.length === 0) return zone
  const layer = makeLayerIndex(rows)
  const merged = new RecordTable()
  const kept: { owner: Uint8Array; ownerAt: number } = { owner: new Uint8Array(0), ownerAt: 0 }
  const seen = new Map<string, Set<string>>()
  const add = ({ owner, type, ttlSeconds, rdata, line }: ZoneRecord, file: number): void => {
    if (octetsKey(owner) !== octetsKey(kept.owner)) {
      kept.owner = owner
      kept.ownerAt = merged.addOwner(owner)
    }
    const dataAt = merged.octets.length
    merged.octets.pushAll(rdata)
    merged.add(kept.ownerAt, type, ttlSeconds, dataAt, line, line > 0 ? 1 : 0, file)
  }
  const hidesSoa = layer.soaReplaced(zone)
  const take = (record: ZoneRecord, file: number): void => {
    const set = layer.find(record.owner, record.type)
    if (set === undefined) {
      add(record, file)
      return
    }
    const key = recordKey(record.type, record.rdata)
    if (record.type === TYPE_SOA ? hidesSoa : set.removed.has(key)) return
    if (record.type !== TYPE_SOA && set.added.has(key)) {
      const name = `${octetsKey(record.owner)} ${record.type}`
      seen.set(name, (seen.get(name) ?? new Set()).add(key))
    }
    add(record.type === TYPE_SOA || set.ttlSeconds === undefined ? record : { ...record, ttlSeconds: set.ttlSeconds }, file)
  }
  const { table } = zone
  if (table !== undefined) {
    for (let row = 0; row < table.count; row++) take(table.record(row), merged.fileNumber(table.files[table.file[row]!] ?? zone.file))
  }
  const own = merged.fileNumber(zone.file)
  for (const record of zone.records) take(record, own)
  const updates = merged.fileNumber(`updates of ${formatName(zone.origin)}`)
  for (const row of rows) {
    if (row.kind !== 'added' || (row.type === TYPE_SOA && !hidesSoa)) continue
    const owner = canonicalName(parseName(row.owner))
    if (seen.get(`${octetsKey(owner)} ${row.type}`)?.has(recordKey(row.type, row.rdata)) === true) continue
    // Not line 0, which is the document's own: what it has checked itself (steered names) was not checked with these.
    add({ owner, type: row.type, ttlSeconds: row.ttlSeconds, rdata: row.rdata, line: 1 }, updates)
  }
  return { ...zone, records: [], table: merged }
}

type LayerSet = { readonly added: Set<string>; readonly removed: Set<string>; ttlSeconds: number | undefined }

function makeLayerIndex(rows: readonly DynamicRecord[]): {
  readonly find: (owner: Uint8Array, type: number) => LayerSet | undefined
  readonly soaReplaced: (zone: ZoneInput) => boolean
} {
  const sets = new Map<string, Map<number, LayerSet>>()
  for (const { owner, type, rdata, kind, ttlSeconds } of rows) {
    const name = octetsKey(canonicalName(parseName(owner)))
    const types = sets.get(name) ?? new Map<number, LayerSet>()
    sets.set(name, types)
    const set = types.get(type) ?? { added: new Set(), removed: new Set(), ttlSeconds: undefined }
    types.set(type, set)
    set[kind].add(recordKey(type, rdata))
    if (kind === 'added') set.ttlSeconds = ttlSeconds
  }
  const find = (owner: Uint8Array, type: number): LayerSet | undefined => sets.get(octetsKey(owner))?.get(type)
  return {
    find,
    soaReplaced: (zone) => {
      const set = find(zone.origin, TYPE_SOA)
      if (set === undefined || set.added.size === 0) return false
      const matches = ({ type, rdata }: ZoneRecord): boolean => type === TYPE_SOA && set.removed.has(recordKey(TYPE_SOA, rdata))
      if (zone.records.some(matches)) return true
      const { table } = zone
      if (table === undefined) return false
      for (let row = 0; row < table.count; row++) if (table.type[row] === TYPE_SOA && matches(table.record(row))) return true
      return false
    },
  }
}

/** Rows of a layer by zone. */
export function layersByZone(rows: readonly DynamicRecord[]): ReadonlyMap<string, readonly DynamicRecord[]> {
  const layers = new Map<string, DynamicRecord[]>()
  for (const row of rows) {
    const list = layers.get(row.zone)
    if (list === undefined) layers.set(row.zone, [row])
    else list.push(row)
  }
  return layers
}

/** Text that differs when layers do; rows are in the order of the store. */
export function layerText(rows: readonly DynamicRecord[]): string {
  return rows
    .map(({ owner, type, rdata, kind, ttlSeconds }) => `${owner} ${type} ${kind} ${ttlSeconds} ${Buffer.from(rdata).toString('hex')}`)
    .join('\n')
}

/** Name of a canonical wire name as rows have it. */
export function rowOwner(owner: Uint8Array): string {
  return formatName(owner)
}
