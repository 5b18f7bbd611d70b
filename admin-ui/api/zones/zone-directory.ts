/** The zones of the live generation as the API shows them. Pure but for what it is given. */
import type { Zone } from '../../../policy/config/config-schema.ts'
import { serialOfSoa } from '../../../resolver/transfer/serial.ts'
import { findZone, soaOf } from '../../../resolver/transfer/zone-walk.ts'
import { canonicalName, NameError, parseName } from '../../../resolver/wire/name.ts'
import { formatRdata } from '../../../resolver/wire/rdata/rdata-text.ts'
import { typeWord } from '../../../resolver/wire/registry.ts'
import { type DynamicRecord, layersByZone } from '../../../resolver/zone/dynamic-layer.ts'
import type { DynamicRow, SecondaryState, ZoneAnswer, ZoneList, ZoneSummary } from '../../contract/zone.ts'
import type { Publisher } from '../publish/publisher.ts'
import type { SecondaryView } from './secondary-keeper.ts'

/** What it is made of. */
export type ZoneSources = {
  readonly publisher: Pick<Publisher, 'live' | 'dynamic' | 'serials' | 'transferred' | 'snapshot'>
  /** State of a secondary zone by name; undefined = not kept yet. */
  readonly secondary: (zone: string) => SecondaryView | undefined
}

/** Zones by name, those after `after`; undefined = from the first. */
export function listZones(sources: ZoneSources, after: string, limit: number): ZoneList {
  const live = sources.publisher.live()
  const layers = layersByZone(sources.publisher.dynamic())
  const all = sortedZones(live?.config?.zones ?? []).filter(({ name }) => name > after)
  return {
    generation: live?.generation.number ?? 0,
    zones: all.slice(0, limit).map((zone) => summarize(sources, zone, layers.get(zone.name)?.length ?? 0)),
    more: all.length > limit,
  }
}

/** One zone with rows of its dynamic layer; undefined = there is none of this name. */
export function showZone(sources: ZoneSources, name: string, skip: number, limit: number): ZoneAnswer | undefined {
  const live = sources.publisher.live()
  const wanted = name.toLowerCase().replace(/\.?$/, '.')
  const zone = live?.config?.zones.find((other) => other.name === wanted)
  if (live === undefined || zone === undefined) return undefined
  const rows = layersByZone(sources.publisher.dynamic()).get(zone.name) ?? []
  return {
    ...summarize(sources, zone, rows.length),
    generation: live.generation.number,
    dynamic: rows.slice(skip, skip + limit).map(rowOf),
    more: rows.length > skip + limit,
  }
}

function sortedZones(zones: readonly Zone[]): readonly Zone[] {
  return [...zones].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

function rowOf({ owner, type, ttlSeconds, rdata, kind }: DynamicRecord): DynamicRow {
  return { name: owner, type: typeWord(type), ttlSeconds, data: formatRdata(type, rdata), change: kind }
}

function summarize(sources: ZoneSources, zone: Zone, dynamicCount: number): ZoneSummary {
  const isSecondary = zone.primaries.length > 0
  return {
    zone: zone.name,
    kind: isSecondary ? 'secondary' : zone.file === '' ? 'inline' : 'file',
    serial: serialOf(sources, zone, isSecondary),
    serialMode: isSecondary ? 'keep' : zone.serial,
    dynamicCount,
    allowTransfer: zone.allowTransfer.map(({ prefix, tsigKey }) => ({ prefix, tsigKey })),
    notify: zone.notify.map(({ address, port, tsigKey }) => ({ address, port, tsigKey })),
    allowUpdate: zone.allowUpdate.map(({ tsigKey, names, types }) => ({ tsigKey, names: [...names], types: [...types] })),
    secondary: isSecondary ? stateOf(sources, zone) : null,
  }
}

/** The serial in the snapshot that nodes have; a secondary zone without a transfer has a SOA that is never answered. */
function serialOf({ publisher }: ZoneSources, zone: Zone, isSecondary: boolean): number | null {
  if (isSecondary) return publisher.transferred().get(zone.name)?.serial ?? null
  const zones = publisher.snapshot()?.zones
  if (zones !== undefined) {
    const number = findZone(zones, apexOf(zone))
    if (number >= 0) return serialOfSoa(soaOf(zones, number).rdata)
  }
  return publisher.serials().get(zone.name)?.serial ?? null
}

function apexOf({ name }: Zone): Uint8Array {
  try {
    return canonicalName(parseName(name))
  } catch (error) {
    if (error instanceof NameError) return Uint8Array.of(0)
    throw error
  }
}

function stateOf({ publisher, secondary }: ZoneSources, { name, primaries }: Zone): SecondaryState {
  const view = secondary(name)
  const kept = publisher.transferred().get(name)
  const failures = view?.failures ?? 0
  const isExpired = view !== undefined && kept !== undefined && view.leftMs === 0
  return {
    standing: kept === undefined ? 'waiting' : isExpired ? 'expired' : failures > 0 ? 'failing' : 'current',
    primaries: primaries.map(({ address, port, tsigKey, tlsName }) => ({ address, port, tsigKey, tls: tlsName !== '' })),
    transferredFrom: kept?.primary ?? '',
    transferredAt: timeText(kept?.transferredAt),
    refreshedAt: timeText(kept?.refreshedAt),
    nextRefreshAt: timeText(view?.nextAt),
    expiresAt: kept === undefined ? null : timeText(view?.expiresAt),
    refreshing: view?.refreshing ?? false,
    failures,
    lastError: view?.lastError ?? '',
    lastErrorAt: timeText(view?.lastErrorAt),
  }
}

function timeText(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}
