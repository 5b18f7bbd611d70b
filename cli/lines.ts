/**
 * `nearcast lines list | search | show | import`: the catalogue of lines in both languages, and documents made from the exports of
 * DNSPod, Alibaba Cloud DNS and Huawei Cloud DNS. Works without a running product; custom lines of a document are shown with --document.
 */
import { LineDirectory } from '../admin-ui/api/lines/line-directory.ts'
import {
  LINE_KINDS,
  type LineCatalogue,
  type LineDescription,
  type LineHit,
  type LineKind,
  type LineLabel,
} from '../admin-ui/contract/line.ts'
import { loadGeodata } from '../geodata/geodata-file.ts'
import { parsePlace } from '../geodata/line/line.ts'
import type { Line } from '../policy/config/config-schema.ts'
import { parseConfig } from '../policy/config/parse-config.ts'
import { type Command, type CommandArgs, UsageError } from './command.ts'
import { defaultGeodataFile } from './geodata.ts'
import { importLines } from './import-lines.ts'
import { ProductError } from './product-error.ts'
import { readDocument } from './read-document.ts'

/** Hits of a search [20]. */
const DEFAULT_HITS = 20
const MAX_HITS = 1000

const ACTIONS: Readonly<Record<string, (args: CommandArgs, operands: readonly string[]) => Promise<number> | number>> = {
  list,
  search,
  show,
  import: importLines,
}

/** The command. */
export const command: Command = {
  name: 'lines',
  summary:
    "lists lines (list), finds them by Chinese, pinyin, initials, English, code or vendor name (search TEXT), shows one (show KEY), makes a document from a vendor's export (import FILE…)",
  positionals: 'list | search TEXT | show KEY… | import FILE…',
  options: {
    kind: { type: 'string', value: 'KIND', help: `list, search: only ${LINE_KINDS.join(', ')}` },
    parent: { type: 'string', value: 'PLACE', help: 'list: only what lies right in this place, e.g. cn-33' },
    limit: { type: 'string', value: 'N', help: `search: most hits [${DEFAULT_HITS}]` },
    document: { type: 'string', value: 'FILE', help: 'list, search, show: also the custom lines of this document' },
    geodata: { type: 'string', value: 'FILE', help: 'geodata file that shares are counted in [the one that comes with nearcast]' },
    from: { type: 'string', value: 'VENDOR', help: 'import: dnspod, alibaba or huawei; told from the file when absent' },
    zone: { type: 'string', value: 'NAME', help: 'import: zone of the records, where the file does not say' },
    'custom-lines': {
      type: 'string',
      multiple: true,
      value: 'FILE',
      help: 'import: export of custom lines, line groups or their networks',
    },
    nameserver: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      help: 'import: name server of the zones [ns1. of each zone, to be replaced]',
    },
    precedence: { type: 'string', value: 'ORDER', help: "import: place-first or carrier-first [the vendor's own]" },
    out: { type: 'string', value: 'FILE', help: 'import: file for the document [standard output]' },
    report: { type: 'string', value: 'FILE', help: 'import: file for the report as JSON' },
    json: { type: 'boolean', help: 'prints JSON; import: the report, with the document inside' },
  },
  run: async (args) => {
    const [action, ...operands] = args.positionals
    const run = action === undefined || !Object.hasOwn(ACTIONS, action) ? undefined : ACTIONS[action]
    if (run === undefined) {
      throw new UsageError(action === undefined ? 'say what to do: list, search, show or import' : `unknown action "${action}"`)
    }
    return run(args, operands)
  },
}

function list(args: CommandArgs, operands: readonly string[]): number {
  if (operands.length > 0) throw new UsageError('list takes no operand; narrow it with --kind and --parent')
  const parent = typeof args.flags.parent === 'string' ? parsePlace(args.flags.parent) : undefined
  const catalogue = directoryOf(args).catalogue(customOf(args), { kind: kindOf(args), parent })
  print(args, catalogue, textOfCatalogue(catalogue, parent))
  return 0
}

function textOfCatalogue({ places, carriers, custom }: LineCatalogue, parent: string | undefined): string[] {
  const rows = [
    ...places.map((place) => [place.code, place.zh, place.en, place.kind, place.within]),
    ...carriers.map((carrier) => [`${parent ?? '*'}/${carrier.id}`, carrier.zh, carrier.en, 'carrier', parent ?? '']),
    ...custom.map((line) => [line.line, line.labelZh, line.labelEn, 'custom', '']),
  ]
  return rows.length === 0 ? ['no such line'] : table(rows)
}

function search(args: CommandArgs, operands: readonly string[]): number {
  const text = operands.join(' ')
  if (text.trim() === '') throw new UsageError('search takes a text: a name, initials, a code, an address')
  const limit = Number(args.flags.limit ?? DEFAULT_HITS)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_HITS) throw new UsageError(`--limit is a number from 1 to ${MAX_HITS}`)
  const found = directoryOf(args).search(text, limit, customOf(args), kindOf(args))
  print(args, found, found.hits.length === 0 ? [`no line is called "${text}"`] : table(found.hits.map(rowOfHit)))
  return found.hits.length === 0 ? 1 : 0
}

function rowOfHit(hit: LineHit): string[] {
  return [hit.line, hit.labelZh, hit.labelEn, percent(hit), hit.match]
}

function show(args: CommandArgs, operands: readonly string[]): number {
  if (operands.length === 0) throw new UsageError('show takes the key or name of a line')
  const directory = directoryOf(args)
  const custom = customOf(args)
  const shown = operands.map((text) => directory.show(text, custom))
  print(
    args,
    shown.length === 1 ? shown[0] : shown,
    shown.flatMap((line, position) => [...(position > 0 ? [''] : []), ...textOfLine(line)]),
  )
  return 0
}

function textOfLine(line: LineDescription): string[] {
  const vendors = [
    line.dnspod === null ? '' : `DNSPod ${line.dnspod}${line.dnspodId === null ? '' : ` (${line.dnspodId})`}`,
    line.alibaba === null ? '' : `Alibaba ${line.alibaba}`,
    line.huawei === null ? '' : `Huawei ${line.huawei}`,
  ].filter((text) => text !== '')
  const optional: readonly (readonly [string, string])[] = [
    ['within', line.within ?? ''],
    ['names', line.names.join(', ')],
    ['formerly', line.formerNames.join(', ')],
    ['vendors', vendors.join(', ')],
    ['addresses', line.ipv4Addresses === null ? '' : `${line.ipv4Addresses} IPv4, ${percent(line)}`],
    ['coordinates', line.coordinates?.join(', ') ?? ''],
  ]
  return [
    `${line.line}  ${line.labelZh} · ${line.labelEn}`,
    `  ${'kind'.padEnd(13)} ${line.kind}`,
    ...optional.filter(([, text]) => text !== '').map(([name, text]) => `  ${name.padEnd(13)} ${text}`),
    ...line.order.map(({ precedence, position, of, step, chain }) => {
      const walk = chain.length === 0 ? '' : `: ${chain.map((label) => label.line).join(' > ')}`
      return `  ${precedence.padEnd(13)} step ${position} of ${of} (${step})${walk}`
    }),
  ]
}

function percent({ sharePercent }: LineLabel): string {
  if (sharePercent === null) return ''
  const text = sharePercent >= 0.01 || sharePercent === 0 ? sharePercent.toFixed(2) : '<0.01'
  return `${text} %`
}

function kindOf(args: CommandArgs): LineKind | undefined {
  const { kind } = args.flags
  if (typeof kind !== 'string') return undefined
  if ((LINE_KINDS as readonly string[]).includes(kind)) return kind as LineKind
  throw new UsageError(`--kind "${kind}" is none of ${LINE_KINDS.join(', ')}`)
}

function directoryOf(args: CommandArgs): LineDirectory {
  return new LineDirectory(loadGeodata(typeof args.flags.geodata === 'string' ? args.flags.geodata : defaultGeodataFile()))
}

function customOf(args: CommandArgs): readonly Line[] {
  if (typeof args.flags.document !== 'string') return []
  const { path, text, files } = readDocument(args.flags.document)
  const parsed = parseConfig(text, files, path)
  if (parsed.ok) return parsed.config.lines
  const [issue] = parsed.issues
  throw new ProductError(
    issue?.code ?? 'CONFIG_TYPE',
    `document "${path}" has errors, the first: ${issue?.message}`,
    `see nearcast check ${path}`,
  )
}

/** Columns of equal width; Chinese characters take two cells. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) for (const [column, text] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cells(text))
  return rows.map((row) =>
    row
      .map((text, column) => text + ' '.repeat(Math.max(0, widths[column]! - cells(text))))
      .join('  ')
      .trimEnd(),
  )
}

function cells(text: string): number {
  let count = 0
  for (const character of text)
    count += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/.test(character) ? 2 : 1
  return count
}

function print(args: CommandArgs, value: unknown, lines: readonly string[]): void {
  process.stdout.write(args.flags.json === true ? `${JSON.stringify(value, null, 2)}\n` : `${lines.join('\n')}\n`)
}
