/**
 * Serials of zones, given at publish (RFC 1982): raised only for zones whose transferable content changed, so that all nodes serve
 * equal serials and secondaries do not transfer for nothing. Pure; what was given before is passed in.
 */
import { createHash } from 'node:crypto'
import type { Config, Zone } from '../../../policy/config/config-schema.ts'
import { digestOfZoneFiles } from '../../../resolver/snapshot/zone-files.ts'
import { isLaterSerial, serialOfSoa } from '../../../resolver/transfer/serial.ts'
import { TYPE_SOA } from '../../../resolver/wire/registry.ts'
import { type DynamicRecord, layersByZone, layerText } from '../../../resolver/zone/dynamic-layer.ts'
import { type ContentIndex, indexContent, knownDigests, zonesAbove } from './content-index.ts'

/** Serial of a zone and the digest of the content it stands for. */
export type ZoneSerial = { readonly serial: number; readonly contentDigest: string }

/** The serial after `previous`: the day's first (YYYYMMDD00) when that is later, else the next number, never 0. */
export function nextSerial(previous: number | undefined, at: number): number {
  const day = new Date(at)
  const first = (day.getUTCFullYear() * 10_000 + (day.getUTCMonth() + 1) * 100 + day.getUTCDate()) * 100
  if (previous === undefined || isLaterSerial(first, previous)) return first
  const next = (previous + 1) >>> 0
  // 0 means "none" in the document, and some secondaries treat it as such.
  return next === 0 ? 1 : next
}

/** Changes that a backup is taken to be behind when nobody can tell: a day's worth. */
const UNKNOWN_CHANGES = 100

/**
 * The serial of a zone of a restored backup, so that it is later than all that secondaries may have; undefined = it may stay. `before` is
 * what the state of before had; undefined = there was none, or it could not be read.
 */
export function restoredSerial(
  restored: ZoneSerial,
  before: ReadonlyMap<string, ZoneSerial> | undefined,
  zone: string,
  at: number,
): ZoneSerial | undefined {
  const was = before?.get(zone)
  if (was !== undefined && was.serial === restored.serial && was.contentDigest === restored.contentDigest) return undefined
  // Nobody served it under this state: it cannot have gone further.
  if (before !== undefined && (was === undefined || isLaterSerial(restored.serial, was.serial))) return undefined
  const reached = was?.serial ?? (restored.serial + UNKNOWN_CHANGES) >>> 0
  // No content has this digest: the next publish raises it as well.
  return { serial: nextSerial(reached, at), contentDigest: '' }
}

/**
 * Serial of each zone of the document that leaves it to us (`serial: auto`). `dynamic`: what updates did; `transferred`: digests of
 * secondary zones, by name.
 */
export function assignSerials(
  config: Config,
  previous: (zone: string) => ZoneSerial | undefined,
  at: number,
  dynamic: readonly DynamicRecord[] = [],
  transferred: ReadonlyMap<string, string> = new Map(),
): Readonly<Record<string, ZoneSerial>> {
  const serials: Record<string, ZoneSerial> = {}
  const layers = layersByZone(dynamic)
  const zones = new Set(config.zones.map((zone) => zone.name))
  const shown: Shown = { layers: byZoneAbove(zones, layers), transferred: byZoneAbove(zones, transferred) }
  for (const zone of config.zones) {
    if (zone.serial !== 'auto') continue
    const contentDigest = digestZone(config, zone, shown)
    const before = previous(zone.name)
    if (before?.contentDigest === contentDigest) serials[zone.name] = before
    else serials[zone.name] = { serial: nextOf(before, [zone.soa?.serial ?? 0, soaSerial(layers.get(zone.name) ?? [])], at), contentDigest }
  }
  return serials
}

/** Digests of the contents of all zones as they are when nothing lies beside the document, by zone name. */
export function digestContents(config: Config): ReadonlyMap<string, string> {
  const alone: Shown = { layers: new Map(), transferred: new Map() }
  return new Map(config.zones.map((zone) => [zone.name, digestZone(config, zone, alone)]))
}

/** Takes over what digestContents found for this configuration elsewhere: some 100 ms for a large one. */
export function keepContentDigests(config: Config, digests: ReadonlyMap<string, string>): void {
  const known = knownDigests(config)
  for (const [zone, digest] of digests) known.set(zone, digest)
}

/** A serial written in the document or given by an update is a floor: a zone that comes from another server must not go back. */
function nextOf(before: ZoneSerial | undefined, floors: readonly number[], at: number): number {
  let next = nextSerial(before?.serial, at)
  for (const floor of floors) if (floor !== 0 && isLaterSerial(floor, next)) next = floor
  return next
}

/** Serial of the SOA that an update gave; 0 = none. */
function soaSerial(rows: readonly DynamicRecord[]): number {
  const soa = rows.find((row) => row.type === TYPE_SOA && row.kind === 'added')
  return soa === undefined ? 0 : serialOfSoa(soa.rdata)
}

/** What lies beside the document, by each zone that shows it: a zone shows NS, DS and glue of those nested in it. */
type Shown = {
  readonly layers: ReadonlyMap<string, readonly (readonly [zone: string, rows: readonly DynamicRecord[]])[]>
  readonly transferred: ReadonlyMap<string, readonly (readonly [zone: string, digest: string])[]>
}

function byZoneAbove<T>(
  zones: ReadonlySet<string>,
  values: ReadonlyMap<string, T>,
): ReadonlyMap<string, readonly (readonly [string, T])[]> {
  const found = new Map<string, (readonly [string, T])[]>()
  for (const entry of values) {
    for (const zone of zonesAbove(zones, entry[0])) {
      const entries = found.get(zone)
      if (entries === undefined) found.set(zone, [entry])
      else entries.push(entry)
    }
  }
  return found
}

/** SHA-256 of all that a transfer of the zone shows: records, master files, and the static view of its steered names. */
function digestZone(config: Config, zone: Zone, shown: Shown): string {
  const rows = (shown.layers.get(zone.name) ?? []).flatMap(([, layer]) => layer)
  const secondary = shown.transferred.get(zone.name) ?? []
  const isPlain = rows.length === 0 && secondary.length === 0
  const known = isPlain ? knownDigests(config).get(zone.name) : undefined
  if (known !== undefined) return known
  const index = indexContent(config)
  const view = staticViews(index)
  const { serial: _serial, ecs: _ecs, allowTransfer: _allow, notify: _notify, soa, ...rest } = zone
  const { allowUpdate: _update, dynamicRecords: _dynamic, primaries: _primaries, ...content } = rest
  const names = (index.names.get(zone.name) ?? []).map((name) => [name.name, name.types, name.records, view(name.policy)])
  // Not "" without files: digests of before stay.
  const files = zone.file === '' ? {} : digestOfZoneFiles(config.files, zone)
  const dynamic = {
    ...(rows.length === 0 ? {} : { dynamic: layerText(rows) }),
    ...(secondary.length === 0 ? {} : { secondary }),
  }
  const value = {
    ...content,
    soa: soa === null ? null : { ...soa, serial: 0 },
    names,
    files,
    ...nestedZones(config, index, zone),
    ...dynamic,
  }
  const digest = createHash('sha256').update(JSON.stringify(value), 'utf8').digest('hex')
  if (isPlain) knownDigests(config).set(zone.name, digest)
  return digest
}

/** Zones of ours nested in this one: a transfer shows their NS, DS and glue (resolver/transfer/zone-walk.ts). */
function nestedZones(config: Config, index: ContentIndex, zone: Zone): { readonly nested?: readonly unknown[] } {
  const inside = index.nested.get(zone.name) ?? []
  if (inside.length === 0) return {}
  const shown = inside.map(({ name, ttlSeconds, nameservers, records, file }) => [
    name,
    ttlSeconds,
    nameservers,
    digestOfZoneFiles(config.files, { file }),
    records
      .filter((record) => record.type === 'DS' || nameservers.includes(record.name))
      .map((record) => [record.name, record.type, record.ttlSeconds, record.data]),
  ])
  return { nested: shown }
}

/** Addresses of the first fallback pool of each policy, which stand for its names in a transfer; worked out once a policy. */
function staticViews(index: ContentIndex): (policy: string) => readonly unknown[] {
  const known = new Map<string, readonly unknown[]>()
  return (id) => {
    let view = known.get(id)
    if (view === undefined) {
      const policy = index.policies.get(id)
      const pool = index.pools.get(policy?.fallback[0] ?? '')
      const endpoints = (pool?.members ?? []).map(({ endpoint }) => index.endpoints.get(endpoint))
      const shown = endpoints.filter((endpoint) => endpoint?.enabled !== false)
      view = [policy?.ttlSeconds, shown.map((endpoint) => [endpoint?.ipv4, endpoint?.ipv6, endpoint?.target])]
      known.set(id, view)
    }
    return view
  }
}
