/** Builds a snapshot from a list of sources: reads each, merges them field by field, adds up coverage. Shell; takes seconds, so run it in a worker or a command. */
import { resolve } from 'node:path'
import { GeodataError } from './address/geodata-error.ts'
import { buildRangeTable4, buildRangeTable6 } from './compile/build-range-table.ts'
import { type Coverage, mergeSources } from './compile/merge-sources.ts'
import { type FieldCoverage, type Geodata, LOCATION_FIELDS, type LocationField } from './geodata.ts'
import { sealGeodata } from './geodata-file.ts'
import type { SourceReading, SourceSpec } from './source/source-kind.ts'
import { SOURCE_KINDS } from './source/source-kinds.ts'

/** Where things are while building. */
export type BuildOptions = {
  /** Folder that relative file names of sources start from. */
  readonly folder: string
  /** File that the source `default` stands for. */
  readonly defaultFile: string
  /** Told what is being done, one line a step. */
  readonly onProgress?: (line: string) => void
}

/** Builds a snapshot; sources in order of precedence, "default" among them stands for the shipped one. Throws GeodataError. */
export async function buildGeodata(sources: readonly ('default' | SourceSpec)[], options: BuildOptions): Promise<Geodata> {
  if (sources.length === 0) throw new GeodataError('GEODATA_SOURCE_INVALID', 'no geodata source is named', 'name at least "default"')
  const readings: SourceReading[] = []
  for (const source of sources) {
    const spec: SourceSpec = source === 'default' ? { kind: 'snapshot', file: options.defaultFile } : source
    const reading = await readSource(spec, options.folder)
    const { v4, v6 } = reading.ranges
    options.onProgress?.(`read ${reading.descriptions[0]?.name ?? spec.kind}: ${v4.values.length} IPv4 and ${v6.values.length} IPv6 ranges`)
    readings.push(reading)
  }
  const merged = mergeSources(readings.map((reading) => reading.ranges))
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

function sumCoverage(parts: readonly Coverage[]): Coverage {
  const sum = (field: LocationField, key: keyof FieldCoverage): number => parts.reduce((total, part) => total + part[field][key], 0)
  return Object.fromEntries(
    LOCATION_FIELDS.map((field) => [field, { ipv4Addresses: sum(field, 'ipv4Addresses'), ipv6Networks48: sum(field, 'ipv6Networks48') }]),
  ) as Record<LocationField, FieldCoverage>
}
