/**
 * What `serve` answers from: a folder of master files, and perhaps a document, compiled at the start and at each reload. Shell for the
 * reading.
 * The zones of the folder become zones of the document, so that they are checked by the same rules and steered names find them.
 */
import type { Geodata } from '../geodata/geodata.ts'
import { loadGeodata } from '../geodata/geodata-file.ts'
import { type ConfigIssue, formatIssue, hasErrors, makeIssue } from '../policy/config/config-issue.ts'
import { includesOf } from '../policy/config/includes-of.ts'
import { parseConfig } from '../policy/config/parse-config.ts'
import { readYaml } from '../policy/config/read-yaml.ts'
import { compileSnapshot } from '../resolver/snapshot/compile-snapshot.ts'
import type { Snapshot } from '../resolver/snapshot/snapshot.ts'
import { ProductError } from './product-error.ts'
import { readDocument } from './read-document.ts'
import { type FolderZone, listZones, readZoneFolder, readZoneVersion, type ZoneFolder, type ZoneVersion } from './read-zone-folder.ts'
import type { ZoneVersions } from './zone-versions-file.ts'

/** Where it comes from. */
export type StaticSources = {
  readonly zoneFolder: string | undefined
  readonly documentPath: string | undefined
  readonly geodataPath: string
}

/** A document with zones of a folder in it. */
type Merged = { readonly text: string; readonly files: ReadonlyMap<string, string>; readonly name: string }

/** What a folder of zones was compiled to. */
export type FolderCompiled = {
  readonly snapshot: Snapshot
  /** What is served of each zone, by its name: what the next reload goes back to when a zone fails. */
  readonly versions: ReadonlyMap<string, ZoneVersion>
  /** Zones whose files have errors. */
  readonly failed: readonly FailedZone[]
}

/** A zone that failed at a reload. */
export type FailedZone = {
  readonly zone: string
  /** True when its last good version is served; false when there is none. */
  readonly isKept: boolean
  /** Errors with file, line and column, one a line. */
  readonly errors: readonly string[]
}

function mergeSources({ documentPath, zoneFolder }: StaticSources, folder: ZoneFolder | undefined): Merged {
  const document =
    documentPath === undefined
      ? { path: zoneFolder ?? '', text: 'apiVersion: nearcast/v1\n', files: new Map<string, string>() }
      : readDocument(documentPath)
  if (folder === undefined) return { text: document.text, files: document.files, name: document.path }
  const { zones, files } = folder
  // What is no map of keys, or has mistakes, is left as it is: parseConfig says what is wrong with it.
  const { value, issues } = readYaml(document.text, document.path)
  if (issues.length > 0 || typeof value !== 'object' || value === null || Array.isArray(value))
    return { text: document.text, files: document.files, name: document.path }
  const { zones: own } = value as { zones?: unknown }
  // Behind the text where that can be: lines of the document stay what they are.
  const isBlock = !document.text.trimStart().startsWith('{')
  if (own === undefined && isBlock) {
    return {
      text: `${document.text}\nzones: ${JSON.stringify(zones)}\n`,
      files: new Map([...document.files, ...files]),
      name: document.path,
    }
  }
  const merged = { ...value, zones: [...(Array.isArray(own) ? own : []), ...zones] }
  return { text: JSON.stringify(merged), files: new Map([...document.files, ...files]), name: document.path }
}

/** Compiles it. Warnings go to `warn`, one a line; errors are thrown as one SERVE_INVALID that lists them all. */
export function compileStatic(sources: StaticSources, warn: (line: string) => void): Snapshot {
  return compileFirst(sources, warn).snapshot
}

/** The same, with what the zones of the folder were compiled from. */
export function compileFirst(sources: StaticSources, warn: (line: string) => void): FolderCompiled {
  const folder = sources.zoneFolder === undefined ? undefined : readZoneFolder(sources.zoneFolder)
  const merged = mergeSources(sources, folder)
  const { snapshot, issues } = compileMerged(merged, loadGeodata(sources.geodataPath))
  if (snapshot === undefined) throw invalid(merged.name, issues)
  for (const issue of issues) if (issue.severity === 'warning') warn(formatIssue(issue))
  const texts = new Map(folder?.files)
  const versions = new Map((folder?.zones ?? []).map(({ name, file }) => [name, readZoneVersion(sources.zoneFolder ?? '', file, texts)]))
  return { snapshot, versions, failed: [] }
}

/**
 * Compiles again, with `lastGood` to go back to: a zone whose files cannot be read or have errors keeps its last good version, or is
 * left out when it has none; the others go live. Throws SERVE_ZONES when the list of zones cannot be read, and SERVE_INVALID when
 * something is wrong that is no zone's own.
 */
export function compileFolderAgain(
  sources: StaticSources & { readonly zoneFolder: string },
  lastGood: ZoneVersions,
  warn: (line: string) => void,
): FolderCompiled {
  const geodata = loadGeodata(sources.geodataPath)
  const zones = listZones(sources.zoneFolder)
  const known = new Map<string, string>()
  const versions = new Map<string, ZoneVersion>()
  const failed = new Map<string, string[]>()
  const fail = (zone: string, error: string): void => {
    const errors = failed.get(zone)
    if (errors !== undefined) {
      errors.push(error)
      return
    }
    failed.set(zone, [error])
  }
  for (const { name, file } of zones) {
    try {
      versions.set(name, readZoneVersion(sources.zoneFolder, file, known))
    } catch (error) {
      fail(name, (error as Error).message)
      const good = lastGood.get(name)
      if (good !== undefined) versions.set(name, good)
    }
  }
  for (;;) {
    const folder = folderOf(zones, versions, failed)
    const merged = mergeSources(sources, folder)
    const { snapshot, issues } = compileMerged(merged, geodata)
    if (snapshot !== undefined) {
      for (const issue of issues) if (issue.severity === 'warning') warn(formatIssue(issue))
      return {
        snapshot,
        versions,
        failed: [...failed].map(([zone, errors]) => ({ zone, isKept: versions.has(zone), errors })),
      }
    }
    const before = failed.size
    for (const issue of issues.filter(({ severity }) => severity === 'error')) {
      for (const [zone, version] of versions) if (version.files.has(issue.where.file)) fail(zone, formatIssue(issue))
    }
    for (const zone of [...failed.keys()].slice(before)) {
      const good = lastGood.get(zone)
      if (good === undefined) versions.delete(zone)
      else versions.set(zone, good)
    }
    // Each round takes at least one zone back, so that this ends; errors of no zone, or of a version that was good, end it at once.
    if (failed.size === before) throw invalid(merged.name, issues)
  }
}

/** The zones with a version. Files of kept versions get names of their own: a new version of another zone may include others. */
function folderOf(
  zones: readonly FolderZone[],
  versions: ReadonlyMap<string, ZoneVersion>,
  failed: ReadonlyMap<string, unknown>,
): ZoneFolder {
  const files = new Map<string, string>()
  const served: FolderZone[] = []
  for (const zone of zones) {
    const version = versions.get(zone.name)
    if (version === undefined) continue
    const rename = failed.has(zone.name) ? (name: string): string => `${name} (last good of ${zone.name})` : (name: string): string => name
    served.push({ ...zone, file: rename(version.file) })
    for (const [name, text] of version.files) files.set(rename(name), failed.has(zone.name) ? renameIncludes(text, rename) : text)
  }
  return { zones: served, files }
}

function renameIncludes(text: string, rename: (name: string) => string): string {
  const includes = new Map(includesOf(text).map(({ line, file }) => [line, file]))
  if (includes.size === 0) return text
  return text
    .split('\n')
    .map((row, number) => {
      const file = includes.get(number + 1)
      return file === undefined ? row : row.replace(`"${file}"`, file).replace(file, () => `"${rename(file)}"`)
    })
    .join('\n')
}

function compileMerged(
  merged: Merged,
  geodata: Geodata,
): { readonly snapshot: Snapshot | undefined; readonly issues: readonly ConfigIssue[] } {
  const parsed = parseConfig(merged.text, merged.files, merged.name)
  if (!parsed.ok) return { snapshot: undefined, issues: parsed.issues }
  const { snapshot, issues: drafts } = compileSnapshot({
    config: parsed.config,
    documentDigest: parsed.digest,
    geodata,
    serials: new Map(),
    moreZones: [],
    generation: 1,
  })
  const issues = [...parsed.issues, ...drafts.map((draft) => makeIssue(draft, draft.where ?? parsed.locate(draft.path, draft.atKey)))]
  return { snapshot: hasErrors(issues) ? undefined : snapshot, issues }
}

function invalid(name: string, issues: readonly ConfigIssue[]): ProductError {
  const errors = issues.filter(({ severity }) => severity === 'error').map((issue) => `\n  ${formatIssue(issue)}`)
  return new ProductError(
    'SERVE_INVALID',
    `"${name}" has ${errors.length} error${errors.length === 1 ? '' : 's'}:${errors.join('')}\n`,
    'correct them all, then start again',
  )
}
