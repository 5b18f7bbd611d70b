/** The zones of a document → zone columns, with what is kept of former compiles (compile-cache.ts). Pure. */
import type { IssueDraft } from '../../policy/config/config-issue.ts'
import type { Config } from '../../policy/config/config-schema.ts'
import type { PolicyNames } from '../../policy/model/policy-columns.ts'
import { type CompiledZones, compileZones } from '../zone/compile-zones.ts'
import { type DynamicRecord, layersByZone } from '../zone/dynamic-layer.ts'
import type { ZoneInput, ZoneIssue } from '../zone/zone-record.ts'
import type { CompileCache } from './compile-cache.ts'
import { keyOfSteered, keyOfZone } from './compile-keys.ts'
import { readSteered } from './read-steered.ts'
import { draftOfZoneIssue, readZones, type ZoneRead } from './read-zones.ts'

/** Zone columns, and what is wrong with the zones. */
export type ZonePart = { readonly columns: CompiledZones['columns']; readonly issues: readonly IssueDraft[] }

/** What zone columns are made of. */
export type ZonePartInput = {
  readonly config: Config
  readonly names: PolicyNames
  readonly serials: ReadonlyMap<string, number>
  readonly dynamic: readonly DynamicRecord[]
  /** Packed records of secondary zones, by zone name. */
  readonly transferred: ReadonlyMap<string, Uint8Array>
  /** Digests of these. */
  readonly transferredDigests: ReadonlyMap<string, string>
  /** Zones from outside the document; with some nothing is kept. */
  readonly moreZones: readonly ZoneInput[]
}

/** Compiles the zones and steered names of a document. */
export function compileZonePart(input: ZonePartInput, cache: CompileCache | undefined): ZonePart {
  if (cache === undefined || input.moreZones.length > 0) return makePart(input, undefined)
  cache.zones.begin()
  return cache.zones.get(keyOfPart(input), () => {
    cache.reads.begin()
    return makePart(input, cache)
  })
}

function keyOfPart({ config, serials, dynamic, transferredDigests }: ZonePartInput): string {
  const layers = layersByZone(dynamic)
  const keys = config.zones.map((zone) => {
    const content = zone.primaries.length > 0 ? transferredDigests.get(zone.name) : serials.get(zone.name)
    return `${keyOfZone(config.files, zone, layers.get(zone.name) ?? [])} ${content}`
  })
  return `${keyOfSteered(config)}\n${keys.join('\n')}`
}

function makePart({ config, names, serials, dynamic, transferred, moreZones }: ZonePartInput, cache: CompileCache | undefined): ZonePart {
  const keep = cache && ((key: () => string, make: () => ZoneRead) => cache.reads.get(key(), make))
  const read = readZones(config, serials, dynamic, transferred, keep)
  const steered = readSteered(config, names)
  const zones = compileZones([...read.zones, ...moreZones], steered.steered)
  return { columns: zones.columns, issues: [...read.issues, ...draftZoneIssues(config, zones.issues), ...steered.issues] }
}

/** Issues of compiled zones at their places in the document. */
function draftZoneIssues(config: Config, issues: readonly ZoneIssue[]): readonly IssueDraft[] {
  return issues.map((issue) => {
    const number = config.zones.findIndex((zone) => zone.file === issue.file || zone.name === issue.file)
    const isFile = number < 0 ? issue.file !== '' : config.zones[number]!.file !== ''
    if (number < 0) return draftOfZoneIssue(issue, ['zones'], isFile)
    const { record } = issue
    const set = record && config.zones[number]!.records.find(({ name, type }) => name === record.name && type === record.type)
    const inner = set?.position === undefined ? [] : ['records', set.position]
    return draftOfZoneIssue(issue, ['zones', number, ...inner], isFile)
  })
}
