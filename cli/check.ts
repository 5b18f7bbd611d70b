/**
 * `nearcast check FILE…`: every issue of a document at once, with place and remedy. Exit 0 = no errors, 2 = errors, 1 = cannot be read.
 * A document that reads well is also compiled, because rdata, master files and rules that no address can reach show only there.
 */
import { join } from 'node:path'
import type { Geodata } from '../geodata/geodata.ts'
import { loadGeodata } from '../geodata/geodata-file.ts'
import { type ConfigIssue, formatIssue, hasErrors, makeIssue } from '../policy/config/config-issue.ts'
import { documentJsonSchema } from '../policy/config/json-schema.ts'
import { parseConfig } from '../policy/config/parse-config.ts'
import { compileSnapshot } from '../resolver/snapshot/compile-snapshot.ts'
import { type Command, type CommandArgs, UsageError } from './command.ts'
import { packageRoot } from './package-root.ts'
import { explainMissingFiles, readDocument } from './read-document.ts'

/** The command. */
export const command: Command = {
  name: 'check',
  summary: 'Checks documents and shows every problem with its place and remedy; exit code 2 when there are errors.',
  positionals: 'FILE…',
  options: {
    geodata: { type: 'string', value: 'FILE', help: 'geodata file to compile with [the one that comes with nearcast]' },
    json: { type: 'boolean', help: 'prints one JSON object instead of text' },
    schema: { type: 'boolean', help: 'prints the JSON Schema of the document and ends' },
  },
  run: runCheck,
}

type CheckedFile = { readonly file: string; readonly ok: boolean; readonly digest: string | null; readonly issues: readonly ConfigIssue[] }

async function runCheck(args: CommandArgs): Promise<number> {
  if (args.flags.schema === true) {
    process.stdout.write(`${JSON.stringify(documentJsonSchema(), null, 2)}\n`)
    return 0
  }
  if (args.positionals.length === 0) throw new UsageError('name the document to check')
  const geodataPath = (args.flags.geodata as string | undefined) ?? join(packageRoot(), 'geodata', 'default', 'default.geodata')
  let geodata: Geodata | undefined
  const checked = args.positionals.map((path) =>
    checkFile(path, () => {
      geodata ??= loadGeodata(geodataPath)
      return geodata
    }),
  )
  if (args.flags.json === true)
    process.stdout.write(`${JSON.stringify({ ok: checked.every((file) => file.ok), files: checked }, null, 2)}\n`)
  else for (const file of checked) process.stdout.write(formatFile(file))
  return checked.every((file) => file.ok) ? 0 : 2
}

function checkFile(path: string, getGeodata: () => Geodata): CheckedFile {
  const document = readDocument(path)
  const { path: shown, text, files } = document
  const parsed = parseConfig(text, files, shown)
  if (!parsed.ok) return { file: shown, ok: false, digest: null, issues: explainMissingFiles(parsed.issues, document) }
  const { config, digest, locate } = parsed
  const compiled = compileSnapshot({
    config,
    documentDigest: digest,
    geodata: getGeodata(),
    serials: new Map(),
    moreZones: [],
    generation: 0,
  })
  const issues = [...parsed.issues]
  for (const draft of compiled.issues) {
    const issue = makeIssue(draft, draft.where ?? locate(draft.path, draft.atKey))
    // Reading and compiling find some problems both.
    const known = issues.some(
      (other) => other.code === issue.code && other.where.line === issue.where.line && other.where.column === issue.where.column,
    )
    if (!known) issues.push(issue)
  }
  return { file: shown, ok: !hasErrors(issues), digest, issues }
}

function formatFile(checked: CheckedFile): string {
  const lines = checked.issues.flatMap((issue) => [formatIssue(issue), `    ${issue.suggestion}`])
  const count = (severity: ConfigIssue['severity']): string => {
    const n = checked.issues.filter((issue) => issue.severity === severity).length
    return `${n} ${severity}${n === 1 ? '' : 's'}`
  }
  const digest = checked.digest === null ? '' : `, digest ${checked.digest.slice(0, 12)}`
  lines.push(`${checked.file}: ${checked.ok ? 'ok' : 'refused'}, ${count('error')}, ${count('warning')}, ${count('note')}${digest}`)
  return `${lines.join('\n')}\n`
}
