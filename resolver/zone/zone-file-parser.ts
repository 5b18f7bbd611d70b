/**
 * Master files (RFC 1035 §5, $TTL of RFC 2308 §4, generic types of RFC 3597 §5) → records in wire form, with every problem and its
 * place. Pure: $INCLUDE asks the reader that is handed in, which decides what may be read (DESIGN.md section 11).
 */
import { canonicalName, NameError, parseName } from '../wire/name.ts'
import { parseRdata, RdataError } from '../wire/rdata/rdata-text.ts'
import { findSeconds, MAX_TTL_SECONDS } from '../wire/rdata/ttl-units.ts'
import { findType } from '../wire/registry.ts'
import { lexZoneFile, type ZoneEntry, type ZoneToken } from './zone-file-lexer.ts'
import { MAX_ZONE_ISSUES, type ZoneIssue, type ZoneRecord } from './zone-record.ts'

/** Files may include files to this depth. */
const MAX_INCLUDE_DEPTH = 8

/** Gives the text of an included file, or the reason why not. */
export type IncludeReader = (name: string) => { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string }

/** What was read. With an error among the issues the records are incomplete and must not be served. */
export type ParsedZoneFile = { readonly records: readonly ZoneRecord[]; readonly issues: readonly ZoneIssue[] }

type State = {
  readonly records: ZoneRecord[]
  readonly issues: ZoneIssue[]
  dropped: number
  readonly include: IncludeReader
}
type FileState = {
  readonly name: string
  origin: Uint8Array
  owner: Uint8Array | undefined
  defaultTtl: number | undefined
  lastTtl: number | undefined
}

/** Parses a master file. `origin` is the wire form of the zone's name; `name` is used in issues. */
export function parseZoneFile(text: string, origin: Uint8Array, name: string, include: IncludeReader): ParsedZoneFile {
  const state: State = { records: [], issues: [], dropped: 0, include }
  readFile(state, { name, origin, owner: undefined, defaultTtl: undefined, lastTtl: undefined }, text, 0)
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
  return { records: state.records, issues: state.issues }
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

function readFile(state: State, file: FileState, text: string, depth: number): void {
  // A mark at the very start is no part of the first owner name.
  const faults = lexZoneFile(text.replace(/^\uFEFF/, ''), (entry) => readEntry(state, file, entry, depth))
  for (const fault of faults) report(state, file, 'ZONE_SYNTAX', fault, fault.message, fault.suggestion)
}

function readEntry(state: State, file: FileState, entry: ZoneEntry, depth: number): void {
  const first = entry.tokens[0]!
  if (!entry.ownerOmitted && !first.quoted && first.text.startsWith('$')) {
    readDirective(state, file, entry.tokens, depth)
    return
  }
  let next = 0
  if (!entry.ownerOmitted) {
    next = 1
    const owner = readName(state, file, first)
    // Records that inherit a broken owner name would be reported at the wrong place: the owner becomes unknown.
    file.owner = owner === undefined ? undefined : canonicalName(owner)
    if (owner === undefined) return
  }
  if (file.owner === undefined) {
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
  readRecord(state, file, entry.tokens.slice(next), entry.line)
}

function readName(state: State, file: FileState, token: ZoneToken): Uint8Array | undefined {
  try {
    return parseName(token.text, file.origin)
  } catch (error) {
    if (!(error instanceof NameError)) throw error
    report(state, file, 'ZONE_BAD_NAME', token, error.message, 'write labels of 1–63 octets, names of at most 255')
    return undefined
  }
}

/** [TTL] [class] type rdata, or [class] [TTL] type rdata. */
function readRecord(state: State, file: FileState, tokens: readonly ZoneToken[], line: number): void {
  let next = 0
  let ttl: number | undefined
  for (; next < tokens.length; next++) {
    const text = tokens[next]!.text
    if (/^(IN|CLASS1)$/i.test(text)) continue
    if (/^(CH|HS|CS|CLASS[0-9]+)$/i.test(text)) {
      report(state, file, 'ZONE_CLASS', tokens[next]!, `class "${text}" is not served`, 'use class IN')
      return
    }
    if (ttl !== undefined || !/^[0-9]/.test(text)) break
    ttl = findSeconds(text)
    if (ttl === undefined || ttl > MAX_TTL_SECONDS) {
      report(
        state,
        file,
        'ZONE_BAD_TTL',
        tokens[next]!,
        `"${text}" is not a TTL`,
        'give seconds from 0 to 2147483647, or units as in 1h30m',
      )
      return
    }
  }
  const typeToken = tokens[next]
  if (typeToken === undefined) {
    report(
      state,
      file,
      'ZONE_SYNTAX',
      tokens[next - 1] ?? { line, column: 1 },
      'the record has no type',
      'write: owner [TTL] [IN] type data',
    )
    return
  }
  const type = findType(typeToken.text)
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
  if (type === 0 || type === 41 || (type >= 128 && type <= 255)) {
    report(state, file, 'ZONE_META_TYPE', typeToken, `type ${typeToken.text} cannot be stored in a zone`, 'remove the record')
    return
  }
  let rdata: Uint8Array
  try {
    rdata = parseRdata(type, tokens.slice(next + 1), file.origin)
  } catch (error) {
    if (!(error instanceof RdataError)) throw error
    report(
      state,
      file,
      'ZONE_BAD_DATA',
      tokens[next + 1] ?? typeToken,
      error.message,
      `correct the data of the ${typeToken.text.toUpperCase()} record`,
    )
    return
  }
  // RFC 2308 §4: the default is not to be the SOA's minimum (which BIND takes, with a warning); we do not guess one.
  const ttlSeconds = ttl ?? file.defaultTtl ?? file.lastTtl
  if (ttlSeconds === undefined) {
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
  file.lastTtl = ttlSeconds
  state.records.push({ owner: file.owner!, type, ttlSeconds, rdata, line })
}

function readDirective(state: State, file: FileState, tokens: readonly ZoneToken[], depth: number): void {
  const [directive, argument, second] = tokens as [ZoneToken, ZoneToken | undefined, ZoneToken | undefined]
  const word = directive.text.toUpperCase()
  if (argument === undefined) {
    report(state, file, 'ZONE_SYNTAX', directive, `${word} needs an argument`, word === '$TTL' ? 'write: $TTL 300' : `write: ${word} NAME`)
    return
  }
  if (word === '$TTL') {
    const seconds = findSeconds(argument.text)
    if (seconds === undefined || seconds > MAX_TTL_SECONDS)
      report(
        state,
        file,
        'ZONE_BAD_TTL',
        argument,
        `"${argument.text}" is not a TTL`,
        'give seconds from 0 to 2147483647, or units as in 1h30m',
      )
    else file.defaultTtl = seconds
  } else if (word === '$ORIGIN') {
    const origin = readName(state, file, argument)
    if (origin !== undefined) file.origin = origin
  } else if (word === '$INCLUDE') {
    if (depth >= MAX_INCLUDE_DEPTH) {
      report(
        state,
        file,
        'ZONE_INCLUDE',
        directive,
        `files are included more than ${MAX_INCLUDE_DEPTH} deep`,
        'remove the loop of $INCLUDE',
      )
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
    if (origin !== undefined) readFile(state, { ...file, name: argument.text, origin }, included.text, depth + 1)
  } else {
    report(state, file, 'ZONE_SYNTAX', directive, `"${directive.text}" is no directive`, 'known are $TTL, $ORIGIN and $INCLUDE')
  }
}
