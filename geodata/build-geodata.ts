/** Builds a snapshot from a list of sources: reads each, merges them field by field, adds up coverage. Shell; takes seconds, so run it in a worker or a command. */
import { resolve } from 'node:path'
import { GeodataError } from './address/geodata-error.ts'
import { buildRangeTable4, buildRangeTable6 } from './compile/build-range-table.ts'
import { type Coverage, mergeSources, type SourceOrder } from './compile/merge-sources.ts'
import { takeFields } from './compile/take-fields.ts'
import { type FieldCoverage, type Geodata, LOCATION_FIELDS, type LocationField } from './geodata.ts'
import { sealGeodata } from './geodata-file.ts'
import { correctionsSpec } from './source/corrections.ts'
import type { FieldOrder, Recipe, SourceReading, SourceSpec } from './source/source-kind.ts'
import { SOURCE_KINDS } from './source/source-kinds.ts'

/** Most sources of a recipe: every boundary of one is looked up in all of them. */
const MAX_SOURCES = 32

/** Where things are while building. */
export type BuildOptions = {
  /** Folder that relative file names of sources start from. */
  readonly folder: string
  /** File that the source `default` stands for. */
  readonly defaultFile: string
  /** Told what is being done, one line a step. */
  readonly onProgress?: (line: string) => void
  /** Told what each source said, by its name, before anything is merged. */
  readonly onReading?: (name: string, reading: SourceReading) => void
}

/**
 * Builds a snapshot from a recipe, or from its sources alone: in order of precedence, "default" stands for the shipped file, corrections
 * come before all. Throws GeodataError.
 */
export async function buildGeodata(given: Recipe | Recipe['sources'], options: BuildOptions): Promise<Geodata> {
  const recipe: Recipe = 'sources' in given ? given : { sources: given }
  if (recipe.sources.length === 0) throw new GeodataError('GEODATA_SOURCE_INVALID', 'no geodata source is named', 'name at least "default"')
  if (recipe.sources.length > MAX_SOURCES) {
    const message = `${recipe.sources.length} geodata sources are more than ${MAX_SOURCES}`
    throw new GeodataError('GEODATA_SOURCE_INVALID', message, 'give several files to one source, or build a snapshot of some first')
  }
  const specs: SourceSpec[] = recipe.sources.map((source) =>
    source === 'default' ? { kind: 'snapshot', name: 'default', file: options.defaultFile } : source,
  )
  if (recipe.corrections !== undefined && recipe.corrections.length > 0) specs.unshift(correctionsSpec(recipe.corrections))
  const readings: SourceReading[] = []
  for (const spec of specs) {
    const startedAt = performance.now()
    const reading = await readSource(spec, options.folder)
    const { v4, v6 } = reading.ranges
    options.onReading?.(spec.name ?? reading.descriptions[0]?.name ?? spec.kind, reading)
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    options.onProgress?.(
      `read ${spec.name ?? reading.descriptions[0]?.name ?? spec.kind}: ${v4.values.length} IPv4 and ${v6.values.length} IPv6 ranges in ${seconds} s`,
    )
    for (const note of reading.notes ?? []) options.onProgress?.(`  ${note}`)
    readings.push(spec.fields === undefined ? reading : { ...reading, ranges: takeFields(reading.ranges, spec.fields) })
  }
  const order = orderOfSources(recipe, readings)
  const merged = mergeSources(
    readings.map((reading) => reading.ranges),
    order,
  )
  options.onProgress?.(
    `merged: ${merged.v4.values.length} IPv4 and ${merged.v6.values.length} IPv6 ranges, ${merged.locations.length} locations`,
  )
  const descriptions = readings.flatMap((reading) => reading.descriptions)
  return sealGeodata({
    header: {
      sources: descriptions.map((description, position) => ({ ...description, coverage: merged.coverage[position]! })),
      coverage: sumCoverage(merged.coverage),
    },
    v4: buildRangeTable4(merged.v4.starts, merged.v4.values),
    v6: buildRangeTable6(merged.v6.starts, merged.v6.values),
    locations: merged.locations,
  })
}

async function readSource(spec: SourceSpec, folder: string): Promise<SourceReading> {
  const kind = SOURCE_KINDS.find((known) => known.kind === spec.kind)
  if (kind === undefined) {
    const known = SOURCE_KINDS.map((entry) => entry.kind).join(', ')
    throw new GeodataError('GEODATA_SOURCE_INVALID', `unknown kind of geodata source "${spec.kind}"`, `known kinds: ${known}`)
  }
  const files = spec.files ?? (spec.file === undefined ? [] : [spec.file])
  const [fewest, most] = kind.fileCount
  if (files.length < fewest || files.length > most) {
    const wanted = fewest === most ? `${fewest}` : `${fewest} to ${most}`
    throw new GeodataError(
      'GEODATA_SOURCE_INVALID',
      `source "${spec.name ?? spec.kind}" has ${files.length} files, kind ${spec.kind} takes ${wanted}`,
      'name them with "file" or "files"',
    )
  }
  return kind.read(
    spec,
    files.map((file) => resolve(folder, file)),
  )
}

/** Positions of the sources that `fieldOrder` names; corrections are asked before them in any case. */
function orderOfSources(recipe: Recipe, readings: readonly SourceReading[]): SourceOrder {
  const base = readings.length - recipe.sources.length
  const names = recipe.sources.map((source, position) =>
    source === 'default' ? 'default' : (source.name ?? readings[base + position]!.descriptions[0]?.name ?? source.kind),
  )
  const positions = (field: LocationField, wanted: readonly string[]): number[] => [
    ...(base === 1 ? [0] : []),
    ...wanted.map((name) => base + findName(field, name, names)),
  ]
  const entries = Object.entries(recipe.fieldOrder ?? {}) as [keyof FieldOrder, readonly string[]][]
  return Object.fromEntries(entries.map(([field, wanted]) => [field, positions(field, wanted)]))
}

function findName(field: LocationField, name: string, names: readonly string[]): number {
  const position = names.indexOf(name)
  const problem = position < 0 ? 'no source has' : position === names.lastIndexOf(name) ? undefined : 'more than one source has'
  if (problem === undefined) return position
  throw new GeodataError(
    'GEODATA_SOURCE_INVALID',
    `fieldOrder of ${field} has "${name}", a name that ${problem}`,
    `give each source its own "name"; names here: ${names.join(', ')}`,
  )
}

function sumCoverage(parts: readonly Coverage[]): Coverage {
  const sum = (field: LocationField, key: keyof FieldCoverage): number => parts.reduce((total, part) => total + part[field][key], 0)
  return Object.fromEntries(
    LOCATION_FIELDS.map((field) => [field, { ipv4Addresses: sum(field, 'ipv4Addresses'), ipv6Networks48: sum(field, 'ipv6Networks48') }]),
  ) as Record<LocationField, FieldCoverage>
}
