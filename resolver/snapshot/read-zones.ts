/**
 * The zones of a document → zone input in wire form: inline records or master files, SOA and NS of inline zones, serials given from
 * outside. Pure. Every problem becomes an issue at its place in the master file, or at the zone in the document.
 */
import type { CatalogueEntry, IssueDraft } from '../../policy/config/config-issue.ts'
import type { Config, Zone } from '../../policy/config/config-schema.ts'
import { findAsciiForm } from '../../policy/config/domain-name.ts'
import { cursorOfPack } from '../transfer/record-cursor.ts'
import { canonicalName, NameError, parseName } from '../wire/name.ts'
import { Octets } from '../wire/octets.ts'
import { findRdataType } from '../wire/rdata/rdata-registry.ts'
import { parseRdata, RdataError, type RdataToken, splitRdata } from '../wire/rdata/rdata-text.ts'
import { findType, TYPE_NS, TYPE_SOA } from '../wire/registry.ts'
import { type DynamicRecord, layersByZone, mergeLayer } from '../zone/dynamic-layer.ts'
import { RecordTable, tableOfRecords } from '../zone/record-table.ts'
import { type IncludeReader, readZoneFile } from '../zone/zone-file-parser.ts'
import type { ZoneInput, ZoneIssue, ZoneRecord } from '../zone/zone-record.ts'
import { keyOfZone } from './compile-keys.ts'

/** Zones ready to compile, and what is wrong with them. */
export type ZonesRead = { readonly zones: readonly ZoneInput[]; readonly issues: readonly IssueDraft[] }

/** Wording of zone issues: they bring their own. */
function wordingOf(issue: Pick<ZoneIssue, 'severity' | 'message' | 'suggestion'>): CatalogueEntry {
  return { severity: issue.severity, message: () => issue.message, remedy: () => issue.suggestion }
}

/** An issue of a zone as an issue of the document: at its place in the master file, else at `path`. */
export function draftOfZoneIssue(issue: ZoneIssue, path: IssueDraft['path'], isFile: boolean): IssueDraft {
  const draft = { code: issue.code, path, params: {}, wording: wordingOf(issue) }
  return isFile ? { ...draft, where: { file: issue.file, line: Math.max(1, issue.line), column: Math.max(1, issue.column) } } : draft
}

/** One zone as it was read, before its serial is written into it; the issues have the number of the zone that it had then. */
export type ZoneRead = { readonly input: ZoneInput; readonly issues: readonly IssueDraft[] }

/** Gives what was read of a zone before, by its key (keyOfZone), or reads it. */
export type KeepZone = (key: () => string, read: () => ZoneRead) => ZoneRead

/**
 * Reads all zones of a document. `serials` gives the SOA serial of zones whose serial is `auto`, by zone name; `dynamic` what updates did
 * to them (resolver/zone/dynamic-layer.ts), `transferred` the packed records of secondary zones.
 */
export function readZones(
  config: Config,
  serials: ReadonlyMap<string, number>,
  dynamic: readonly DynamicRecord[] = [],
  transferred: ReadonlyMap<string, Uint8Array> = new Map(),
  keep: KeepZone = (_, read) => read(),
): ZonesRead {
  const issues: IssueDraft[] = []
  const layers = layersByZone(dynamic)
  const zones = config.zones.map((zone, number) => {
    if (zone.primaries.length > 0) return readTransferred(zone, transferred.get(zone.name))
    const layer = layers.get(zone.name) ?? []
    const read = keep(
      () => keyOfZone(config.files, zone, layer),
      () => readLayered(config, zone, number, layer),
    )
    for (const issue of read.issues) issues.push({ ...issue, path: ['zones', number, ...issue.path.slice(2)] })
    const serial = zone.serial === 'auto' ? serials.get(zone.name) : undefined
    return serial === undefined ? read.input : withSerial(read.input, serial)
  })
  return { zones, issues }
}

/** A zone as a table of its own, its layer laid over it. */
function readLayered(config: Config, zone: Zone, number: number, layer: readonly DynamicRecord[]): ZoneRead {
  const issues: IssueDraft[] = []
  const read = readZone(config, zone, number, undefined, issues)
  const merged = mergeLayer(read, layer)
  return { input: { ...merged, records: [], table: tableOfRecords(merged.records, merged.file, merged.table) }, issues }
}

/** The zone with another serial; what was read is left alone, it may be kept. */
function withSerial(zone: ZoneInput, serial: number): ZoneInput {
  const { table } = zone
  if (table === undefined) return zone
  const octets = new Octets(table.octets.length)
  octets.pushAll(table.octets.bytes.subarray(0, table.octets.length))
  const copy = Object.assign(new RecordTable(), table, { octets })
  writeSerial(copy, serial)
  return { ...zone, table: copy }
}

/** A secondary zone. Before its first transfer it is a SOA that is never answered: the zone counts as expired. */
function readTransferred(zone: Zone, pack: Uint8Array | undefined): ZoneInput {
  const origin = canonicalName(parseName(zone.name))
  const base = { origin, useClientSubnet: zone.ecs === 'use', file: zone.name }
  if (pack === undefined) {
    const soa = parseRdata(TYPE_SOA, splitRdata('. . 0 3600 600 604800 300'), origin)
    const record = { owner: origin, ttlSeconds: 0, line: 0 }
    const ns = parseRdata(TYPE_NS, splitRdata('.'), origin)
    return {
      ...base,
      records: [
        { ...record, type: TYPE_SOA, rdata: soa },
        { ...record, type: TYPE_NS, rdata: ns },
      ],
    }
  }
  const table = new RecordTable()
  const file = table.fileNumber(zone.name)
  const cursor = cursorOfPack(pack)
  while (cursor.next()) {
    const owner = table.addOwner(pack.subarray(cursor.nameAt, cursor.nameAt + cursor.nameLength))
    const dataAt = table.octets.length
    table.octets.pushAll(pack.subarray(cursor.dataAt, cursor.dataAt + cursor.dataLength))
    table.add(owner, cursor.type, cursor.ttlSeconds, dataAt, table.count + 1, 1, file)
  }
  return { ...base, records: [], table }
}

/** One zone of a document as it stands there; undefined = the document has none of this name. Problems are passed over: it was compiled. */
export function readZoneOf(config: Config, name: string, serial: number | undefined): ZoneInput | undefined {
  const number = config.zones.findIndex((zone) => zone.name === name)
  return number < 0 ? undefined : readZone(config, config.zones[number]!, number, serial, [])
}

function readZone(config: Config, zone: Zone, number: number, serial: number | undefined, issues: IssueDraft[]): ZoneInput {
  const origin = canonicalName(parseName(zone.name))
  const isFile = zone.file !== ''
  const given = zone.serial === 'auto' ? serial : undefined
  const base = { origin, useClientSubnet: zone.ecs === 'use', file: isFile ? zone.file : zone.name }
  if (!isFile) return { ...base, records: readInline(zone, number, origin, given ?? (zone.soa?.serial || 1), issues) }
  const include: IncludeReader = (name) => {
    const text = Object.hasOwn(config.files, name) ? config.files[name] : undefined
    return text === undefined ? { ok: false, reason: 'it was not sent with the document' } : { ok: true, text }
  }
  const { table, issues: found } = readZoneFile(config.files[zone.file] ?? '', origin, zone.file, include)
  for (const issue of found) issues.push(draftOfZoneIssue(issue, ['zones', number, 'file'], true))
  if (given !== undefined) writeSerial(table, given)
  return { ...base, records: [], table }
}

function readInline(zone: Zone, number: number, origin: Uint8Array, serial: number, issues: IssueDraft[]): ZoneRecord[] {
  const records: ZoneRecord[] = []
  const add = (name: string, type: number, ttlSeconds: number, text: string, path: IssueDraft['path']): void => {
    try {
      const tokens = splitRdata(text)
      checkNames(type, tokens)
      records.push({ owner: canonicalName(parseName(name, origin)), type, ttlSeconds, rdata: parseRdata(type, tokens, origin), line: 0 })
    } catch (error) {
      if (!(error instanceof RdataError) && !(error instanceof NameError)) throw error
      const message = `${name} ${text}: ${error.message}`
      issues.push({
        code: 'ZONE_BAD_DATA',
        path,
        params: {},
        wording: wordingOf({ severity: 'error', message, suggestion: 'correct the data of the record' }),
      })
    }
  }
  const path = ['zones', number]
  if (zone.soa !== null) {
    const { mname, rname, refreshSeconds, retrySeconds, expireSeconds, minimumSeconds } = zone.soa
    const text = [mname, rname, serial, refreshSeconds, retrySeconds, expireSeconds, minimumSeconds].join(' ')
    add(zone.name, TYPE_SOA, zone.ttlSeconds, text, [...path, 'soa'])
  }
  for (const server of zone.nameservers) add(zone.name, TYPE_NS, zone.ttlSeconds, server, [...path, 'nameservers'])
  for (const set of zone.records) {
    const at = set.position === undefined ? [...path, 'records'] : [...path, 'records', set.position]
    const type = findType(set.type)
    if (type === undefined) {
      const message = `"${set.type}" is not a record type`
      issues.push({
        code: 'ZONE_UNKNOWN_TYPE',
        path: [...at, 'type'],
        params: {},
        wording: wordingOf({ severity: 'error', message, suggestion: 'correct it, or write it as TYPEnnn with \\# LENGTH HEX' }),
      })
      continue
    }
    for (const [number, text] of set.data.entries()) add(set.name, type, set.ttlSeconds, text, [...at, 'data', number])
  }
  return records
}

/** A name beyond ASCII that is typed into a document is meant for resolvers, which ask for its other form. Throws RdataError. */
function checkNames(type: number, tokens: readonly RdataToken[]): void {
  if (!findRdataType(type)?.fields.some(({ kind }) => kind === 'name' || kind === 'names')) return
  for (const { text, quoted } of tokens) {
    // Parameters of services hold texts.
    if (quoted || text.includes('=') || !/[\u0080-\uffff]/.test(text)) continue
    throw new RdataError(`the name "${text}" has a character outside ASCII; write ${findAsciiForm(text) ?? 'its "xn--" form'}`)
  }
}

/** Gives the SOA records of a table another serial. */
function writeSerial(table: RecordTable, serial: number): void {
  const view = new DataView(table.octets.bytes.buffer)
  for (let row = 0; row < table.count; row++) {
    if (table.type[row] === TYPE_SOA && table.dataBytes[row]! >= 22) view.setUint32(table.dataAt[row]! + table.dataBytes[row]! - 20, serial)
  }
}
