/**
 * What `serve` answers from: a folder of master files, and perhaps a document, compiled once at the start. Shell for the reading.
 * The zones of the folder become zones of the document, so that they are checked by the same rules and steered names find them.
 */
import { parse } from 'yaml'
import { loadGeodata } from '../geodata/geodata-file.ts'
import { type ConfigIssue, formatIssue, hasErrors, makeIssue } from '../policy/config/config-issue.ts'
import { parseConfig } from '../policy/config/parse-config.ts'
import { compileSnapshot } from '../resolver/snapshot/compile-snapshot.ts'
import type { Snapshot } from '../resolver/snapshot/snapshot.ts'
import { ProductError } from './product-error.ts'
import { readDocument } from './read-document.ts'
import { readZoneFolder } from './read-zone-folder.ts'

/** Where it comes from. */
export type StaticSources = {
  readonly zoneFolder: string | undefined
  readonly documentPath: string | undefined
  readonly geodataPath: string
}

/** A document with the folder's zones in it. */
type Merged = { readonly text: string; readonly files: ReadonlyMap<string, string>; readonly name: string }

function mergeSources({ zoneFolder, documentPath }: StaticSources): Merged {
  const document =
    documentPath === undefined
      ? { path: zoneFolder ?? '', text: 'apiVersion: nearcast/v1\n', files: new Map<string, string>() }
      : readDocument(documentPath)
  if (zoneFolder === undefined) return { text: document.text, files: document.files, name: document.path }
  const { zones, files } = readZoneFolder(zoneFolder)
  // What is no map of keys is left as it is: parseConfig says what is wrong with it.
  const value: unknown = parse(document.text, { logLevel: 'silent', maxAliasCount: 100 })
  if (typeof value !== 'object' || value === null || Array.isArray(value))
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
  const { text, files, name } = mergeSources(sources)
  const parsed = parseConfig(text, files, name)
  if (!parsed.ok) throw invalid(name, parsed.issues)
  const geodata = loadGeodata(sources.geodataPath)
  const { snapshot, issues: drafts } = compileSnapshot({
    config: parsed.config,
    documentDigest: parsed.digest,
    geodata,
    serials: new Map(),
    moreZones: [],
    generation: 1,
  })
  const issues = [...parsed.issues, ...drafts.map((draft) => makeIssue(draft, draft.where ?? parsed.locate(draft.path, draft.atKey)))]
  if (snapshot === undefined || hasErrors(issues)) throw invalid(name, issues)
  for (const issue of issues) if (issue.severity === 'warning') warn(formatIssue(issue))
  return snapshot
}

function invalid(name: string, issues: readonly ConfigIssue[]): ProductError {
  const errors = issues.filter(({ severity }) => severity === 'error').map((issue) => `\n  ${formatIssue(issue)}`)
  return new ProductError(
    'SERVE_INVALID',
    `"${name}" has ${errors.length} error${errors.length === 1 ? '' : 's'}:${errors.join('')}\n`,
    'correct them all, then start again',
  )
}
