/**
 * Text of a document and its attachments → Config, or every problem at once with place and remedy. Pure.
 *
 *   text ─ read-yaml ─► values ─ read-shape ─► shapes ─ fill-config ─► Config ─ check-config ─► issues
 *
 * Loading and checking are the same code: a Config with an error-level issue does not exist.
 */
import { digestConfig } from './canonical-config.ts'
import { checkConfig } from './check-config.ts'
import {
  type ConfigIssue,
  type ConfigPath,
  hasErrors,
  type IssueDraft,
  makeIssue,
  type Severity,
  severityOf,
  type Where,
} from './config-issue.ts'
import type { Config } from './config-schema.ts'
import { fillConfig, plainConfig } from './fill-config.ts'
import { readShape } from './read-shape.ts'
import { readYaml } from './read-yaml.ts'

/** Most bytes of all attachments. */
export const FILES_LIMIT_BYTES = 268_435_456
/** More issues than this help nobody. */
const ISSUE_LIMIT = 1000

/** Outcome of reading a document. */
export type ParseResult = {
  /** Issues in the order of their places: errors only when `ok` is false, warnings and notes in both cases. */
  readonly issues: readonly ConfigIssue[]
  /** Line and column of a path of the document, for issues found later (compile, zone files). */
  readonly locate: (path: ConfigPath, atKey?: boolean) => Where
} & ({ readonly ok: true; readonly config: Config; readonly digest: string } | { readonly ok: false })

/** Reads a document. `files` are the attachments by the names that the document uses; `fileName` is shown in places. Never throws. */
export function parseConfig(
  text: string,
  files: ReadonlyMap<string, string> = new Map<string, string>(),
  fileName: string = 'nearcast.yaml',
): ParseResult {
  const yaml = readYaml(text, fileName)
  const drafts: IssueDraft[] = [...yaml.issues]
  checkSize(files, drafts)
  const place = (draft: IssueDraft): ConfigIssue => makeIssue(draft, draft.where ?? yaml.locate(draft.path, draft.atKey))
  const { locate } = yaml
  if (yaml.value === undefined || drafts.some((draft) => draft.code === 'CONFIG_TOO_LARGE')) {
    return { ok: false, issues: arrange(drafts, place, fileName), locate }
  }
  const shape = readShape(yaml.value, drafts)
  const later: IssueDraft[] = []
  const lineOf = (path: ConfigPath): number => locate(shape.documentPath(path)).line
  const filled = fillConfig(shape, files, lineOf, later)
  later.push(...checkConfig(filled, shape, lineOf))
  for (const draft of later) drafts.push({ ...draft, path: shape.documentPath(draft.path) })
  const issues = arrange(drafts, place, fileName)
  if (hasErrors(issues)) return { ok: false, issues, locate }
  const config = plainConfig(filled)
  return { ok: true, config, digest: digestConfig(config), issues, locate }
}

function checkSize(files: ReadonlyMap<string, string>, issues: IssueDraft[]): void {
  let sizeBytes = 0
  for (const text of files.values()) sizeBytes += text.length
  if (sizeBytes > FILES_LIMIT_BYTES) {
    issues.push({ code: 'CONFIG_TOO_LARGE', path: [], params: { what: 'attachments', sizeBytes, limitBytes: FILES_LIMIT_BYTES } })
  }
}

const SEVERITY_ORDER: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 }

/** Places and wording, in the order of the document, its own places before those of attachments; cut at ISSUE_LIMIT, errors kept first. */
function arrange(drafts: readonly IssueDraft[], place: (draft: IssueDraft) => ConfigIssue, fileName: string): readonly ConfigIssue[] {
  const order = (draft: IssueDraft): number => SEVERITY_ORDER[severityOf(draft)]
  const kept = drafts.length <= ISSUE_LIMIT ? drafts : [...drafts].sort((a, b) => order(a) - order(b)).slice(0, ISSUE_LIMIT)
  const rank = (issue: ConfigIssue): number => (issue.where.file === fileName ? 0 : 1)
  return kept
    .map(place)
    .sort(
      (a, b) =>
        rank(a) - rank(b) ||
        (a.where.file < b.where.file ? -1 : a.where.file > b.where.file ? 1 : 0) ||
        a.where.line - b.where.line ||
        a.where.column - b.where.column ||
        SEVERITY_ORDER[a.severity] - SEVERITY_ORDER[b.severity],
    )
}
