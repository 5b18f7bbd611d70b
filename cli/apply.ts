/** `nearcast apply FILE`: publishes a document. Exit 0 = live (or unchanged), 2 = the document has errors, 1 = everything else. */
import type { Issue } from '../admin-ui/contract/issue.ts'
import type { Problem } from '../admin-ui/contract/problem.ts'
import type { PublishAnswer } from '../admin-ui/contract/publish.ts'
import { type Command, type CommandArgs, UsageError } from './command.ts'
import { CLIENT_OPTIONS, openControlClient, ProblemError } from './control-client.ts'
import { listFlag, textFlag } from './process-settings.ts'
import { explainMissingFiles, type ReadDocument, readDocument } from './read-document.ts'

/** The command. */
export const command: Command = {
  name: 'apply',
  summary: 'Publishes a document with the files it names; refuses when live has moved on, and shows the difference.',
  positionals: 'FILE',
  options: {
    accept: { type: 'string', multiple: true, value: 'CODE', help: 'acknowledges the warnings of this code' },
    comment: { type: 'string', value: 'TEXT', help: 'why; kept in the history' },
    'based-on': { type: 'string', value: 'N', help: 'generation that the document is an edit of [its line "# basedOn: N"]' },
    force: { type: 'boolean', help: 'publishes although live has moved on' },
    'replace-dynamic': { type: 'boolean', help: 'what updates did to zones becomes what the document says (dynamicRecords) [it stays]' },
    json: { type: 'boolean', help: 'prints one JSON object instead of text' },
    ...CLIENT_OPTIONS,
  },
  run,
}

async function run(args: CommandArgs): Promise<number> {
  const path = args.positionals[0]
  if (path === undefined || args.positionals.length > 1) throw new UsageError('name one document to apply')
  const { flags } = args
  const document = readDocument(path)
  const body = {
    text: document.text,
    files: Object.fromEntries(document.files),
    basedOn: readBase(flags['based-on'], document.text),
    force: flags.force === true,
    replaceDynamic: flags['replace-dynamic'] === true,
    comment: textFlag(flags, 'comment', ''),
    accept: listFlag(flags, 'accept', []),
  }
  const isJson = flags.json === true
  try {
    const answer = await openControlClient(flags, process.env).call('putDocument', { body })
    process.stdout.write(isJson ? `${JSON.stringify(answer, null, 2)}\n` : formatAnswer(answer, document.path))
    return answer.nodes.every((node) => node.ok) ? 0 : 1
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    process[isJson ? 'stdout' : 'stderr'].write(isJson ? `${JSON.stringify(error.problem, null, 2)}\n` : formatProblem(error, document))
    return error.code === 'DOCUMENT_INVALID' ? 2 : 1
  }
}

/** Base of a document: the flag, else the line that `nearcast export` puts on top; null = not known. */
export function readBase(flag: unknown, text: string): number | null {
  if (flag !== undefined) {
    if (!/^\d{1,15}$/.test(String(flag))) throw new UsageError(`--based-on must be a generation number, not "${String(flag)}"`)
    return Number(flag)
  }
  const line = /^# basedOn: (\d{1,15})\s*$/m.exec(text.slice(0, 1000))
  return line === null ? null : Number(line[1])
}

function formatAnswer(answer: PublishAnswer, path: string): string {
  if (!answer.changed) return `${path}: generation ${answer.generation} is live with this content already\n`
  const lines = answer.issues.map((issue) => formatIssue(issue, path))
  lines.push(`generation ${answer.generation} published, digest ${answer.digest.slice(0, 12)}`)
  for (const node of answer.nodes)
    lines.push(node.ok ? `  live on ${node.nodeId}` : `  not live on ${node.nodeId || 'any node'}: ${node.reason ?? 'no answer'}`)
  if (answer.nodes.length === 0) lines.push('  no node is connected; nodes take it when they come')
  return `${lines.join('\n')}\n`
}

function formatProblem({ problem, message, suggestion, code }: ProblemError, document: ReadDocument): string {
  const { path } = document
  const lines = explainMissingFiles(problem.issues ?? [], document).map((issue) => formatIssue(issue, path))
  const count = (severity: Issue['severity']): number => (problem.issues ?? []).filter((issue) => issue.severity === severity).length
  if (problem.issues !== undefined) lines.push(`${path}: ${count('error')} errors, ${count('warning')} warnings, ${count('note')} notes`)
  lines.push(...formatChanges(problem))
  const accept = code === 'PUBLISH_WARNINGS' ? acceptFlags(problem) : ''
  lines.push(
    `nearcast apply: ${message}; ${accept === '' ? remedyOf(code, suggestion) : `read the warnings, then repeat with ${accept}`} [${code}]`,
  )
  return `${lines.join('\n')}\n`
}

function remedyOf(code: string, suggestion: string): string {
  return code === 'DOCUMENT_NOT_BASED_ON_LIVE'
    ? '"nearcast export" and repeat the change on that, or use --force to undo the above'
    : suggestion
}

function acceptFlags(problem: Problem): string {
  const codes = new Set((problem.issues ?? []).filter((issue) => issue.severity === 'warning').map((issue) => issue.code))
  return [...codes].map((code) => `--accept ${code}`).join(' ')
}

function formatChanges({ changes, liveGeneration }: Problem): readonly string[] {
  if (changes === undefined) return []
  return [
    `live ${liveGeneration ?? ''} → this document:`,
    ...changes.map(({ kind, text }) => `  ${{ added: '+', removed: '-', changed: '~' }[kind]} ${text}`),
  ]
}

/** file:line:column severity code message, and the remedy on the next line. */
export function formatIssue(issue: Issue, path: string): string {
  const where =
    issue.where === null
      ? `${path}${issue.path === '' ? '' : ` ${issue.path}`}`
      : `${placeOf(issue.where.file, path)}:${issue.where.line}:${issue.where.column}`
  return `${where} ${issue.severity} ${issue.code} ${issue.message}${issue.suggestion === '' ? '' : `\n    ${issue.suggestion}`}`
}

/** The server does not know the name of the document itself. */
function placeOf(file: string | undefined, path: string): string {
  return file === undefined || file === 'nearcast.yaml' ? path : file
}
