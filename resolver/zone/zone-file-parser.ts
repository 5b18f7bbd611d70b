/**
 * Master files (RFC 1035 §5, $TTL of RFC 2308 §4, generic types of RFC 3597 §5, $GENERATE as BIND has it) → records in wire form, with
 * every problem and its place. Pure: $INCLUDE asks the reader that is handed in, which decides what may be read (DESIGN.md section 11).
 *
 *   readFile ─ lexZoneFile ─► readEntry ─► readDirective: $TTL $ORIGIN $INCLUDE (readFile again) $GENERATE (readEntry again)
 *                                    └───► readRecord ─► writeRdata ─► RecordTable
 */
import { NameError, parseName, scanName } from '../wire/name.ts'
import { RdataError, writeRdata } from '../wire/rdata/rdata-text.ts'
import { findSeconds, MAX_TTL_SECONDS } from '../wire/rdata/ttl-units.ts'
import { CLASS_IN, findClass, findType, isMetaType } from '../wire/registry.ts'
import { findGenerated, type Generated } from './generate-entries.ts'
import { RecordTable } from './record-table.ts'
import { lexZoneFile, type ZoneEntry, type ZoneToken } from './zone-file-lexer.ts'
import { MAX_ZONE_ISSUES, type ZoneIssue, type ZoneRecord } from './zone-record.ts'

/** Files may include files to this depth. */
const MAX_INCLUDE_DEPTH = 8

/** Gives the text of an included file, or the reason why not. */
export type IncludeReader = (name: string) => { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string }

/** What was read. With an error among the issues the records are incomplete and must not be served. */
export type ParsedZoneFile = { readonly records: readonly ZoneRecord[]; readonly issues: readonly ZoneIssue[] }

/** The same with the records as columns. */
export type ZoneFileTable = { readonly table: RecordTable; readonly issues: readonly ZoneIssue[] }

type State = {
  readonly table: RecordTable
  readonly issues: ZoneIssue[]
  dropped: number
  readonly include: IncludeReader
  /** Files that are being read, the outermost first. */
  readonly open: string[]
  /** By $TTL, which goes on behind the end of an included file (RFC 2308 §4; RFC 1035 §5.1 protects the origin alone). */
  defaultTtl: number | undefined
  /** Of the record before. */
  lastTtl: number | undefined
}
type FileState = {
  readonly name: string
  readonly number: number
  origin: Uint8Array
  /** Place of the owner in the table; -1 = none yet, or the last one was broken. */
  ownerAt: number
  /** Words of that owner and the origin it was completed with: the same words again are the same owner. */
  ownerText: string
  ownerOrigin: Uint8Array | undefined
}

const NAME = new Uint8Array(256)

/** Parses a master file into columns. `origin` is the wire form of the zone's name; `name` is used in issues. */
export function readZoneFile(text: string, origin: Uint8Array, name: string, include: IncludeReader): ZoneFileTable {
  const state: State = { table: new RecordTable(), issues: [], dropped: 0, include, open: [], defaultTtl: undefined, lastTtl: undefined }
  const number = state.table.fileNumber(name)
  readFile(state, { name, number, origin, ownerAt: -1, ownerText: '', ownerOrigin: undefined }, text)
  if (state.dropped > 0) {
    state.issues.push({
      code: 'ZONE_TOO_MANY_ISSUES',
      severity: 'error',
      message: `${state.dropped} more problems are not shown`,
      suggestion: 'mend the ones above and check again',
      file: name,
      line: 0,
      column: 0,
    })
  }
  return { table: state.table, issues: state.issues }
}

/** Parses a master file into records that are objects: for small ones, and tests. */
export function parseZoneFile(text: string, origin: Uint8Array, name: string, include: IncludeReader): ParsedZoneFile {
  const { table, issues } = readZoneFile(text, origin, name, include)
  return { records: Array.from({ length: table.count }, (_, i) => table.record(i)), issues }
}

function report(
  state: State,
  file: FileState,
  code: string,
  token: { readonly line: number; readonly column: number },
  message: string,
  suggestion: string,
): void {
  if (state.issues.length >= MAX_ZONE_ISSUES) {
    state.dropped++
    return
  }
  state.issues.push({ code, severity: 'error', message, suggestion, file: file.name, line: token.line, column: token.column })
}

function readFile(state: State, file: FileState, text: string): void {
  state.open.push(file.name)
  // A mark at the very start is no part of the first owner name.
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  const faults = lexZoneFile(body, (entry) => readEntry(state, file, entry))
  for (const fault of faults) report(state, file, 'ZONE_SYNTAX', fault, fault.message, fault.suggestion)
  state.open.pop()
}

function readEntry(state: State, file: FileState, entry: ZoneEntry): void {
  const first = entry.tokens[0]!
  if (!entry.ownerOmitted && !first.quoted && first.text.charCodeAt(0) === 0x24) {
    readDirective(state, file, entry)
    return
  }
  if (!entry.ownerOmitted && !readOwner(state, file, first)) return
  if (file.ownerAt < 0) {
    report(
      state,
      file,
      'ZONE_NO_OWNER',
      first,
      'the record has no owner name and none stands before it',
      'begin the line with the owner name, or with "@" for the zone',
    )
    return
  }
  readRecord(state, file, entry.tokens, entry.ownerOmitted ? 0 : 1, entry.line)
}

function readOwner(state: State, file: FileState, token: ZoneToken): boolean {
  if (file.ownerAt >= 0 && token.text === file.ownerText && file.origin === file.ownerOrigin) return true
  // Records that inherit a broken owner name would be reported at the wrong place: the owner becomes unknown.
  file.ownerAt = -1
  let length: number
  try {
    length = scanName(token.text, file.origin, NAME)
  } catch (error) {
    if (!(error instanceof NameError)) throw error
    reportName(state, file, token, error)
    return false
  }
  // Length octets are below 64, so only letters change.
  for (let i = 0; i < length; i++) if (NAME[i]! >= 0x41 && NAME[i]! <= 0x5a) NAME[i]! += 0x20
  file.ownerAt = state.table.addOwner(NAME, length)
  file.ownerText = token.text
  file.ownerOrigin = file.origin
  return true
}

function reportName(state: State, file: FileState, token: ZoneToken, error: NameError): void {
  report(state, file, 'ZONE_BAD_NAME', token, error.message, 'write labels of 1–63 octets, names of at most 255')
}

function readName(state: State, file: FileState, token: ZoneToken): Uint8Array | undefined {
  try {
    return parseName(token.text, file.origin)
  } catch (error) {
    if (!(error instanceof NameError)) throw error
    reportName(state, file, token, error)
    return undefined
  }
}

function reportTtl(state: State, file: FileState, token: ZoneToken): void {
  report(state, file, 'ZONE_BAD_TTL', token, `"${token.text}" is not a TTL`, 'give seconds from 0 to 2147483647, or units as in 1h30m')
}

/** [TTL] [class] type rdata, or [class] [TTL] type rdata. */
function readRecord(state: State, file: FileState, tokens: readonly ZoneToken[], start: number, line: number): void {
  let next = start
  let ttl: number | undefined
  let type: number | undefined
  let hasClass = false
  for (; next < tokens.length; next++) {
    const token = tokens[next]!
    const code = token.text.charCodeAt(0)
    if (code >= 0x30 && code <= 0x39) {
      if (ttl !== undefined) break
      ttl = findSeconds(token.text)
      if (ttl === undefined || ttl > MAX_TTL_SECONDS) {
        reportTtl(state, file, token)
        return
      }
      continue
    }
    type = findType(token.text)
    if (type !== undefined) break
    const recordClass = findClass(token.text)
    if (recordClass === undefined) break
    if (hasClass) {
      report(state, file, 'ZONE_SYNTAX', token, 'the record has two classes', 'write: owner [TTL] [IN] type data')
      return
    }
    hasClass = true
    if (recordClass !== CLASS_IN) {
      report(state, file, 'ZONE_CLASS', token, `class "${token.text}" is not served`, 'use class IN')
      return
    }
  }
  const typeToken = tokens[next]
  if (typeToken === undefined) {
    const place = tokens[next - 1] ?? { line, column: 1 }
    report(state, file, 'ZONE_SYNTAX', place, 'the record has no type', 'write: owner [TTL] [IN] type data')
    return
  }
  if (type === undefined || typeToken.quoted) {
    report(
      state,
      file,
      'ZONE_UNKNOWN_TYPE',
      typeToken,
      `"${typeToken.text}" is not a record type`,
      'correct it, or write it as TYPEnnn with \\# LENGTH HEX',
    )
    return
  }
  if (isMetaType(type)) {
    report(state, file, 'ZONE_META_TYPE', typeToken, `type ${typeToken.text} cannot be stored in a zone`, 'remove the record')
    return
  }
  const { table } = state
  const dataAt = table.octets.length
  try {
    writeRdata(type, tokens, next + 1, file.origin, table.octets)
  } catch (error) {
    if (!(error instanceof RdataError)) throw error
    const place = tokens[next + 1 + (error.word ?? 0)] ?? typeToken
    report(state, file, 'ZONE_BAD_DATA', place, error.message, `correct the data of the ${typeToken.text.toUpperCase()} record`)
    return
  }
  // RFC 2308 §4: the default is not to be the SOA's minimum (which BIND takes, with a warning); we do not guess one.
  const ttlSeconds = ttl ?? state.defaultTtl ?? state.lastTtl
  if (ttlSeconds === undefined) {
    table.octets.length = dataAt
    report(
      state,
      file,
      'ZONE_NO_TTL',
      typeToken,
      'the record has no TTL and there is no $TTL before it',
      'put "$TTL 300" at the top of the file, or a TTL into the record',
    )
    return
  }
  state.lastTtl = ttlSeconds
  table.add(file.ownerAt, type, ttlSeconds, dataAt, line, typeToken.line === line ? typeToken.column : 1, file.number)
}

const MODIFIER_USAGE = `write $\{offset,width,base}, base one of d, o, x, X, n and N`
const USAGE: Readonly<Record<string, string>> = {
  $TTL: '$TTL 300',
  $ORIGIN: '$ORIGIN NAME',
  $INCLUDE: '$INCLUDE FILE [ORIGIN]',
  $GENERATE: '$GENERATE 1-254 host-$ A 192.0.2.$',
}

function readDirective(state: State, file: FileState, entry: ZoneEntry): void {
  const [directive, argument, second] = entry.tokens as [ZoneToken, ZoneToken | undefined, ZoneToken | undefined]
  const word = directive.text.toUpperCase()
  if (!Object.hasOwn(USAGE, word)) {
    const suggestion = 'known are $TTL, $ORIGIN, $INCLUDE and $GENERATE; a name that begins with $ is written \\$'
    report(state, file, 'ZONE_SYNTAX', directive, `"${directive.text}" is no directive`, suggestion)
    return
  }
  if (argument === undefined) {
    report(state, file, 'ZONE_SYNTAX', directive, `${word} needs an argument`, `write: ${USAGE[word]}`)
    return
  }
  const extra = entry.tokens[word === '$INCLUDE' ? 3 : 2]
  if (extra !== undefined && word !== '$GENERATE') {
    report(state, file, 'ZONE_SYNTAX', extra, `"${extra.text}" is one word too many behind ${word}`, `write: ${USAGE[word]}`)
    return
  }
  if (word === '$TTL') {
    const seconds = findSeconds(argument.text)
    if (seconds === undefined || seconds > MAX_TTL_SECONDS) reportTtl(state, file, argument)
    else state.defaultTtl = seconds
  } else if (word === '$ORIGIN') {
    const origin = readName(state, file, argument)
    if (origin !== undefined) file.origin = origin
  } else if (word === '$INCLUDE') readInclude(state, file, directive, argument, second)
  else generate(state, file, entry)
}

function readInclude(state: State, file: FileState, directive: ZoneToken, argument: ZoneToken, second: ZoneToken | undefined): void {
  const loop = state.open.indexOf(argument.text)
  if (loop >= 0) {
    const way = [...state.open.slice(loop), argument.text].map((name) => `"${name}"`).join(' includes ')
    report(state, file, 'ZONE_INCLUDE', directive, `the files include themselves: ${way}`, 'remove the loop of $INCLUDE')
    return
  }
  if (state.open.length > MAX_INCLUDE_DEPTH) {
    const message = `files are included more than ${MAX_INCLUDE_DEPTH} deep`
    report(state, file, 'ZONE_INCLUDE', directive, message, 'include the files from fewer levels')
    return
  }
  const included = state.include(argument.text)
  if (!included.ok) {
    report(
      state,
      file,
      'ZONE_INCLUDE',
      argument,
      `"${argument.text}" cannot be included: ${included.reason}`,
      'correct the path; it is relative to the folder of the document',
    )
    return
  }
  const origin = second === undefined ? file.origin : readName(state, file, second)
  // RFC 1035 §5.1: the origin of the including file is not changed by the included one.
  if (origin !== undefined) {
    const number = state.table.fileNumber(argument.text)
    readFile(state, { ...file, name: argument.text, number, origin }, included.text)
  }
}

/** Each step is read like an entry of its own; the first one with a problem is the last. */
function generate(state: State, file: FileState, entry: ZoneEntry): void {
  const generated: Generated = findGenerated(entry)
  if (!generated.ok) {
    report(state, file, 'ZONE_GENERATE', generated.at, generated.message, `write: ${USAGE.$GENERATE}`)
    return
  }
  const before = state.issues.length + state.dropped
  for (let value = generated.first; value <= generated.last && state.issues.length + state.dropped === before; value += generated.step) {
    const made = generated.entryOf(value)
    if (made.ok) readEntry(state, file, made.entry)
    else report(state, file, 'ZONE_GENERATE', made.at, made.message, MODIFIER_USAGE)
  }
}
