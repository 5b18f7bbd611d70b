/** `nearcast lines import FILE…`: exports of a vendor → a document, with a report of all that did not come over as it was. */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { loadGeodata } from '../geodata/geodata-file.ts'
import type { Precedence } from '../geodata/line/line-precedence.ts'
import { type ConfigIssue, formatIssue, hasErrors, makeIssue } from '../policy/config/config-issue.ts'
import { parseConfig } from '../policy/config/parse-config.ts'
import { writeYaml } from '../policy/config/write-yaml.ts'
import { buildDocument, type ImportedDocument, VENDOR_PRECEDENCE } from '../policy/import/build-document.ts'
import { decodeExport } from '../policy/import/decode-export.ts'
import { readVendorCsv } from '../policy/import/read-vendor-csv.ts'
import { readVendorJson } from '../policy/import/read-vendor-json.ts'
import { VENDORS, type Vendor, type VendorExport } from '../policy/import/vendor-export.ts'
import { compileSnapshot } from '../resolver/snapshot/compile-snapshot.ts'
import { type CommandArgs, UsageError } from './command.ts'
import { defaultGeodataFile } from './geodata.ts'
import { ProductError } from './product-error.ts'

/** Runs it: the document goes to --out or standard output, the report to standard error. Exit code 1 when the document has errors. */
export function importLines(args: CommandArgs, operands: readonly string[]): number {
  if (operands.length === 0) throw new UsageError('import takes at least one export file')
  const more = (args.flags['custom-lines'] as readonly string[] | undefined) ?? []
  const found = [...operands, ...more].map(readExport)
  const vendor = vendorOf(args, found)
  const precedence = precedenceOf(args) ?? VENDOR_PRECEDENCE[vendor]
  const zone = typeof args.flags.zone === 'string' ? args.flags.zone : undefined
  const nameservers = (args.flags.nameserver as readonly string[] | undefined) ?? []
  const made = buildDocument(joined(found), { vendor, precedence, zone, nameservers })
  if (made.counts.zones === 0) {
    const [problem] = made.problems
    const reason = problem?.reason ?? 'it holds no records'
    const remedy = problem?.remedy || 'export the records again'
    throw new ProductError('IMPORT_EMPTY', `nothing of "${operands.join(', ')}" can be imported: ${reason}`, remedy)
  }
  const document = headerOf(vendor, operands) + writeYaml(made.document)
  const issues = checkDocument(document, args)
  const ok = !hasErrors(issues)
  const report = { ok, vendor, precedence, counts: made.counts, problems: made.problems, issues }
  if (typeof args.flags.report === 'string') write(args.flags.report, `${JSON.stringify(report, null, 2)}\n`)
  if (typeof args.flags.out === 'string') write(args.flags.out, document)
  if (args.flags.json === true) process.stdout.write(`${JSON.stringify({ ...report, document: made.document }, null, 2)}\n`)
  else {
    process.stderr.write(textOfReport(made, vendor, precedence, issues))
    if (typeof args.flags.out !== 'string') process.stdout.write(document)
  }
  return ok ? 0 : 1
}

function readExport(path: string): VendorExport {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    throw new ProductError('IMPORT_FORMAT', `"${path}" ${reason}`, 'name the file that the vendor exported', { cause: error })
  }
  const name = basename(path)
  const text = decodeExport(bytes, name)
  return /^\s*[[{]/.test(text) ? readVendorJson(text, name) : readVendorCsv(text, name)
}

function vendorOf(args: CommandArgs, found: readonly VendorExport[]): Vendor {
  const { from } = args.flags
  if (typeof from === 'string') {
    if ((VENDORS as readonly string[]).includes(from)) return from as Vendor
    throw new UsageError(`--from "${from}" is none of ${VENDORS.join(', ')}`)
  }
  const told = [...new Set(found.map(({ vendor }) => vendor).filter((vendor) => vendor !== undefined))]
  if (told.length === 1) return told[0]!
  throw new UsageError(
    told.length === 0
      ? 'the files do not tell the vendor; name it with --from'
      : `the files are of ${told.join(' and ')}; import them apart`,
  )
}

function precedenceOf(args: CommandArgs): Precedence | undefined {
  const { precedence } = args.flags
  if (precedence === undefined || precedence === 'place-first' || precedence === 'carrier-first') return precedence
  throw new UsageError('--precedence is place-first or carrier-first')
}

function joined(found: readonly VendorExport[]): VendorExport {
  return {
    vendor: undefined,
    records: found.flatMap(({ records }) => records),
    lines: found.flatMap(({ lines }) => lines),
    groups: found.flatMap(({ groups }) => groups),
    problems: found.flatMap(({ problems }) => problems),
  }
}

function headerOf(vendor: Vendor, files: readonly string[]): string {
  return `# Made by nearcast lines import --from ${vendor} of ${files.map((file) => basename(file)).join(', ')}; check it, then nearcast apply it.\n`
}

/** The same judgement as nearcast check: a document that is handed out has been compiled. */
function checkDocument(text: string, args: CommandArgs): readonly ConfigIssue[] {
  const parsed = parseConfig(text, new Map(), 'document')
  if (!parsed.ok) return parsed.issues
  const geodata = loadGeodata(typeof args.flags.geodata === 'string' ? args.flags.geodata : defaultGeodataFile())
  const { config, digest, locate } = parsed
  const compiled = compileSnapshot({ config, documentDigest: digest, geodata, serials: new Map(), moreZones: [], generation: 0 })
  return [...parsed.issues, ...compiled.issues.map((draft) => makeIssue(draft, draft.where ?? locate(draft.path, draft.atKey)))]
}

function textOfReport(
  { counts, problems }: ImportedDocument,
  vendor: Vendor,
  precedence: Precedence,
  issues: readonly ConfigIssue[],
): string {
  const lines = [
    `${counts.records} records of ${vendor}: ${counts.staticRecords} static, ${counts.steeredRecords} steered, ${counts.disabledRecords} paused, ${counts.leftOut} left out`,
    `${counts.zones} zones, ${counts.names} steered names, ${counts.policies} policies (${precedence}), ${counts.pools} pools, ${counts.endpoints} endpoints, ${counts.lines} custom lines`,
  ]
  for (const [kind, title] of [
    ['left-out', 'left out'],
    ['changed', 'changed'],
    ['to-do', 'to do'],
  ] as const) {
    const some = problems.filter((problem) => problem.kind === kind)
    if (some.length > 0) lines.push('', `${title} (${some.length})`)
    for (const { where, subject, reason, remedy } of some) {
      lines.push(
        `  ${[where, subject].filter((part) => part !== '').join(': ')}${where || subject ? ': ' : ''}${reason}${remedy ? `; ${remedy}` : ''}`,
      )
    }
  }
  const told = issues.filter(({ severity }) => severity !== 'note')
  if (told.length > 0) lines.push('', 'nearcast check says', ...told.map((issue) => `  ${formatIssue(issue)}; ${issue.suggestion}`))
  return `${lines.join('\n')}\n`
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ProductError('IMPORT_UNWRITABLE', `"${path}" cannot be written (${code})`, 'name a file in a folder that you may write to', {
      cause: error,
    })
  }
}
