/** Lines of an export → canonical keys: custom lines by name, code or id, line groups, everything else by its published name. Pure. */
import { parseRange } from '../../geodata/address/prefixes-of-range.ts'
import { parseLineKey } from '../../geodata/line/line.ts'
import { isSearchEngineLine } from '../../geodata/line/line-aliases.ts'
import { IdMaker } from './id-maker.ts'
import type { ImportProblem, VendorExport, VendorRecord } from './vendor-export.ts'

/** A custom line of the document. */
export type ImportedLine = { readonly id: string; readonly label: string; readonly prefixes: readonly string[] }

/** Keys of a record's line, or why there is none. */
export type MappedLine = { readonly keys: readonly string[] } | { readonly reason: string; readonly remedy: string }

/** The mapping. */
export type LineMap = {
  readonly lines: readonly ImportedLine[]
  readonly keysOf: (record: Pick<VendorRecord, 'line' | 'lineId'>) => MappedLine
}

/** Reads custom lines and groups; what is wrong with their ranges goes to `problems`. */
export function mapLines({ lines, groups }: Pick<VendorExport, 'lines' | 'groups'>, problems: ImportProblem[]): LineMap {
  const ids = new IdMaker()
  const byName = new Map<string, string>()
  const made = new Map<string, { readonly label: string; readonly prefixes: Set<string>; readonly where: string }>()
  // A custom line may stand in several rows, one a range.
  for (const line of lines) {
    const [label] = line.names
    const known = line.names.map((name) => byName.get(name)).find((id) => id !== undefined)
    const id = known ?? ids.make(line.names.map(asciiPart).find((part) => part.length > 1) ?? 'line')
    const entry = made.get(id) ?? { label: label!, prefixes: new Set<string>(), where: line.where }
    made.set(id, entry)
    for (const name of line.names) byName.set(name, id)
    for (const range of line.ranges) addRange(range, entry.prefixes, line.where, label!, problems)
  }
  const owners = new Map<string, string>()
  const imported: ImportedLine[] = []
  for (const [id, { label, prefixes, where }] of made) {
    const kept = [...prefixes].filter((prefix) => keepPrefix(prefix, label, where, owners, problems))
    if (kept.length > 0) imported.push({ id, label, prefixes: kept })
    else problems.push({ where, subject: label, kind: 'left-out', reason: 'the custom line has no network', remedy: 'give it networks' })
  }
  const usable = new Set(imported.map((line) => line.id))
  const groupLines = new Map(groups.flatMap((group) => group.names.map((name) => [name, group.lines] as const)))
  const keyOf = (text: string, lineId: string): MappedLine => {
    const custom = byName.get(text) ?? byName.get(lineId)
    if (custom !== undefined && usable.has(custom)) return { keys: [`custom:${custom}`] }
    if (custom !== undefined) return { reason: `its custom line "${text}" has no network`, remedy: 'give the line networks' }
    return publishedLine(text, lineId)
  }
  const keysOf: LineMap['keysOf'] = ({ line, lineId }) => {
    const members = groupLines.get(line) ?? groupLines.get(lineId)
    if (members === undefined) return keyOf(line, lineId)
    const mapped = members.map((member) => keyOf(member, ''))
    const failed = mapped.find((result) => 'reason' in result)
    return failed ?? { keys: [...new Set(mapped.flatMap((result) => ('keys' in result ? result.keys : [])))] }
  }
  return { lines: imported, keysOf }
}

function addRange(range: string, prefixes: Set<string>, where: string, subject: string, problems: ImportProblem[]): void {
  const read = parseRange(range)
  if ('reason' in read) problems.push({ where, subject, kind: 'left-out', reason: read.reason, remedy: 'correct the range' })
  else for (const prefix of read) prefixes.add(prefix)
}

/** Equal networks in two lines leave no order between them. */
function keepPrefix(prefix: string, label: string, where: string, owners: Map<string, string>, problems: ImportProblem[]): boolean {
  const owner = owners.get(prefix)
  if (owner === undefined) {
    owners.set(prefix, label)
    return true
  }
  const reason = `network ${prefix} is in custom line "${owner}" too`
  problems.push({ where, subject: label, kind: 'left-out', reason, remedy: 'keep it in one of them: equal networks leave no order' })
  return false
}

function publishedLine(text: string, lineId: string): MappedLine {
  const name = text === '' && lineId === '' ? 'default' : text
  if (isSearchEngineLine(name) || (name === '' && isSearchEngineLine(lineId))) {
    return {
      reason: `"${text || lineId}" is a line of search engines`,
      remedy: 'put the networks of their crawlers in a custom line, and a rule for it in front',
    }
  }
  let remedy = ''
  for (const candidate of [name, lineId]) {
    if (candidate === '') continue
    try {
      return { keys: [parseLineKey(candidate)] }
    } catch (error) {
      remedy ||= (error as { suggestion?: string }).suggestion ?? ''
    }
  }
  const known = `if it is a custom line or a line group, give its export with --custom-lines`
  return { reason: `no line is called "${text || lineId}"`, remedy: remedy === '' ? known : `${remedy}; ${known}` }
}

function asciiPart(name: string): string {
  return name.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '')
}
