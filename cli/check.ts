/** `nearcast check FILE…`: every issue of a document at once, with place and remedy. Exit 0 = no errors, 2 = errors, 1 = cannot be read. */
import { type ConfigIssue, formatIssue } from '../policy/config/config-issue.ts'
import { documentJsonSchema } from '../policy/config/json-schema.ts'
import { parseConfig } from '../policy/config/parse-config.ts'
import { type Command, type CommandArgs, UsageError } from './command.ts'
import { readDocument } from './read-document.ts'

/** The command. */
export const command: Command = {
  name: 'check',
  summary: 'Checks documents and shows every problem with its place and remedy; exit code 2 when there are errors.',
  positionals: 'FILE…',
  options: {
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
  const checked = args.positionals.map(checkFile)
  if (args.flags.json === true)
    process.stdout.write(`${JSON.stringify({ ok: checked.every((file) => file.ok), files: checked }, null, 2)}\n`)
  else for (const file of checked) process.stdout.write(formatFile(file))
  return checked.every((file) => file.ok) ? 0 : 2
}

function checkFile(path: string): CheckedFile {
  const { path: shown, text, files } = readDocument(path)
  const result = parseConfig(text, files, shown)
  return { file: shown, ok: result.ok, digest: result.ok ? result.digest : null, issues: result.issues }
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
