/**
 * Text of a prefix list or CSV → prefixes, row by row without a copy of the text. Pure.
 *
 *   # comment                       rows end at "#"
 *   10.0.0.0/8                      a network, an address, or a range "first-last"
 *   "2001:db8::/32","office"        the first column counts; "," ";" and tab part columns
 *   network,name                    a first row of names: the column that is named network, prefix, cidr … counts
 *
 * A wrong row is told with its number and hides no other; of a file that is no text at all nothing is read.
 */
import { findAddress } from '../../geodata/address/address.ts'
import type { PrefixSetBuilder } from '../../geodata/address/prefix-list.ts'
import { readNetwork } from './read-network.ts'

/** A wrong row; `line` and `column` count from 1. */
export type RowProblem = {
  readonly line: number
  readonly column: number
  readonly value: string
  readonly reason: string
  readonly remedy: string
}

/** What a prefix list holds. */
export type PrefixListReading = {
  /** The first MAX_PROBLEMS wrong rows. */
  readonly problems: readonly RowProblem[]
  /** Number of all wrong rows that were seen. */
  readonly wrong: number
  /** Why the file is none at all, or was read to a part only. */
  readonly refused: { readonly line: number; readonly reason: string; readonly remedy: string } | undefined
  /** Rows with a network. */
  readonly rows: number
}

/** Wrong rows that are told one by one. */
export const MAX_PROBLEMS = 100
/** More wrong rows than this: it is another kind of file, and the rest is not read. */
const MAX_WRONG = 10_000
/** Longest row in characters. */
const MAX_ROW = 4096
/** Names of the column that counts, folded. */
const COLUMN_NAMES: ReadonlySet<string> = new Set(
  'prefix network cidr subnet ip ipaddress address block net range ipprefix ipnetwork ipcidr iprange 网段 地址 地址段 ip地址 ip段 ip网段'.split(
    ' ',
  ),
)
/** First characters of gzip, zip, bzip2, xz and zstd files. */
const COMPRESSED = ['\u001f', 'PK\u0003\u0004', 'BZh9', '\u00fd7zXZ', '\ufffd7zXZ', '(\u00b5/', '(\ufffd/'] as const
const NEWLINE = 10
const QUOTE = 34
const COLON = 58
const SLASH = 47

/** Reads `text` into `builder`, the row number as the place of each prefix; stops when it has added more than `mostPrefixes`. */
export function readPrefixList(text: string, builder: PrefixSetBuilder, mostPrefixes: number): PrefixListReading {
  const problems: RowProblem[] = []
  const before = builder.added
  let wrong = 0
  let rows = 0
  const refused = refuseAtOnce(text)
  const done = (line: number, reason: string, remedy: string): PrefixListReading => ({
    problems,
    wrong,
    rows,
    refused: { line, reason, remedy },
  })
  if (refused !== undefined) return { problems, wrong, rows, refused }
  let column = -1
  let line = 0
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < text.length; ) {
    line++
    let end = text.indexOf('\n', at)
    if (end < 0) end = text.length
    const from = at
    at = end + 1
    if (end - from > MAX_ROW) return done(line, `row ${line} has more than ${MAX_ROW} characters`, 'write one network a row')
    if (scanIpv4(text, from, end)) {
      rows++
      builder.add4(scannedStart, scannedLength, line)
    } else if (scanIpv6(text, from, end)) {
      rows++
      builder.add6(scannedWords, scannedLength, line)
    } else {
      const row = readRow(text.slice(from, end))
      if (row === undefined) continue
      // Names of columns stand in the first row that is no comment.
      if (rows === 0 && wrong === 0 && column < 0) {
        column = row.fields.findIndex((field) => COLUMN_NAMES.has(field.text.toLowerCase().replace(/[\s_-]/g, '')))
        if (column >= 0) continue
      }
      const problem = readFields(row, column, line, builder)
      if (problem === undefined) rows++
      else {
        wrong++
        if (problems.length < MAX_PROBLEMS) problems.push(problem)
        if (wrong > MAX_WRONG) return done(line, `more than ${MAX_WRONG} rows are wrong`, 'name a file with one network a row')
      }
    }
    // The caller tells that there are too many.
    if (builder.added - before > mostPrefixes) break
  }
  return { problems, wrong, rows, refused: undefined }
}

/** What can be seen before any row is read. */
function refuseAtOnce(text: string): PrefixListReading['refused'] {
  const refuse = (reason: string, remedy: string): PrefixListReading['refused'] => ({ line: 1, reason, remedy })
  const head = text.slice(0, 200).trimStart().toLowerCase()
  if (COMPRESSED.some((magic) => text.startsWith(magic))) return refuse('it is compressed', 'unpack it')
  if (/^<(!doctype|html|\?xml|head|body)/.test(head)) return refuse('it is a web page', 'download the list itself, not the page about it')
  if (/^[[{]/.test(head)) return refuse('it is JSON', 'write one network a row')
  const nul = text.indexOf('\0')
  if (nul >= 0) return { line: lineAt(text, nul), reason: 'it has a NUL character: it is no text in UTF-8', remedy: 'save it as UTF-8' }
  // What the decoder puts for bytes that are no UTF-8.
  const undecoded = text.indexOf('\ufffd')
  if (undecoded < 0) return undefined
  return { line: lineAt(text, undecoded), reason: 'it is no text in UTF-8 (GB18030 or GBK?)', remedy: 'save it as UTF-8' }
}

function lineAt(text: string, position: number): number {
  let line = 1
  for (let at = 0; at < position; at++) if (text.charCodeAt(at) === NEWLINE) line++
  return line
}

type Field = { readonly text: string; readonly column: number }
type Row = { readonly fields: readonly Field[]; readonly broken: string | undefined }

/** Columns of a row; undefined = nothing is written there. */
function readRow(row: string): Row | undefined {
  const fields: Field[] = []
  for (let at = 0; at <= row.length; ) {
    while (at < row.length && (row[at] === ' ' || row[at] === '\r')) at++
    if (row[at] === '#') break
    const column = at + 1
    if (row.charCodeAt(at) === QUOTE) {
      const quoted = /^"((?:[^"]|"")*)"[ \r]*(?=[,;\t#]|$)/.exec(row.slice(at))
      if (quoted === null) return { fields: [{ text: row.trim(), column }], broken: 'its quotes do not close' }
      fields.push({ text: quoted[1]!.replaceAll('""', '"').trim(), column: column + 1 })
      at += quoted[0].length
    } else {
      const plain = /^[^,;\t#]*/.exec(row.slice(at))![0]
      fields.push({ text: plain.trim(), column })
      at += plain.length
    }
    if (at >= row.length || row[at] === '#') break
    at++
  }
  return fields.every(({ text }) => text === '') ? undefined : { fields, broken: undefined }
}

function readFields({ fields, broken }: Row, column: number, line: number, builder: PrefixSetBuilder): RowProblem | undefined {
  const field = fields[Math.max(0, column)] ?? { text: '', column: 1 }
  const value = field.text.slice(0, 100)
  const problem = (reason: string, remedy: string): RowProblem => ({ line, column: field.column, value, reason, remedy })
  if (broken !== undefined) return problem(broken, 'close the quotes in the same row')
  if (field.text === '') return problem('the column of networks is empty', 'write the network there, or delete the row')
  const second = column < 0 ? fields[1]?.text : undefined
  if (second !== undefined && findAddress(field.text) !== undefined && findAddress(second) !== undefined) {
    return problem(
      'two addresses stand in the row',
      `write a range as "${field.text}-${second.slice(0, 60)}", single addresses in rows of their own`,
    )
  }
  const read = readNetwork(field.text)
  if ('reason' in read) return problem(read.reason, read.remedy)
  for (const prefix of read) builder.add(prefix, line)
  return undefined
}

const scannedGroups = new Uint16Array(8)
const scannedWords = new Uint32Array(4)
let scannedStart = 0
let scannedLength = 0

/** Reads a row that is an IPv6 network in hexadecimal groups and nothing else; false = read it in the slow way. */
function scanIpv6(text: string, from: number, to: number): boolean {
  const end = to > from && text.charCodeAt(to - 1) === 13 ? to - 1 : to
  let at = from
  let groups = 0
  let gap = -1
  if (end - from > 2 && text.charCodeAt(at) === COLON && text.charCodeAt(at + 1) === COLON) {
    gap = 0
    at += 2
  }
  while (at < end && text.charCodeAt(at) !== SLASH) {
    let value = 0
    let digits = 0
    for (; at < end; at++, digits++) {
      const digit = hexDigit(text.charCodeAt(at))
      if (digit < 0) break
      value = 16 * value + digit
    }
    if (digits === 0 || digits > 4 || groups === 8) return false
    scannedGroups[groups++] = value
    if (at >= end || text.charCodeAt(at) === SLASH) break
    if (text.charCodeAt(at) !== COLON) return false
    at++
    if (at < end && text.charCodeAt(at) === COLON) {
      if (gap >= 0) return false
      gap = groups
      at++
    } else if (at >= end || text.charCodeAt(at) === SLASH) return false
  }
  if (gap < 0 ? groups !== 8 : groups > 7) return false
  if (!scanLength(text, at, end)) return false
  placeGroups(groups, gap < 0 ? groups : gap)
  // Mapped IPv4 and bits behind the length are told by the slow way.
  if (scannedWords[0] === 0 && scannedWords[1] === 0 && scannedWords[2] === 0xffff) return false
  for (let word = 0; word < 4; word++) {
    const kept = Math.min(32, Math.max(0, scannedLength - 32 * word))
    if (kept < 32 && (scannedWords[word]! & (0xffffffff >>> kept)) !== 0) return false
  }
  return true
}

/** "/n" at the end of a row; 128 without it. */
function scanLength(text: string, slash: number, end: number): boolean {
  scannedLength = 128
  if (slash >= end) return true
  let at = slash + 1
  if (at >= end || end - at > 3 || (end - at > 1 && text.charCodeAt(at) === 48)) return false
  for (scannedLength = 0; at < end; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return false
    scannedLength = 10 * scannedLength + digit
  }
  return scannedLength <= 128
}

/** Groups to words: those from `gap` on stand at the end. */
function placeGroups(groups: number, gap: number): void {
  scannedWords.fill(0)
  for (let n = 0; n < groups; n++) {
    const place = n < gap ? n : 8 - groups + n
    scannedWords[place >> 1]! += (place & 1) === 0 ? scannedGroups[n]! * 0x10000 : scannedGroups[n]!
  }
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 0x20
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

/** Reads a row that is "a.b.c.d/n" or "a.b.c.d" and nothing else; false = read it in the slow way, which also says what is wrong. */
function scanIpv4(text: string, from: number, to: number): boolean {
  let end = to
  if (end > from && text.charCodeAt(end - 1) === 13) end--
  let at = from
  let start = 0
  for (let part = 0; part < 4; part++) {
    const first = text.charCodeAt(at) - 48
    if (at >= end || first < 0 || first > 9) return false
    let value = first
    at++
    for (let digits = 1; digits < 3 && at < end; digits++, at++) {
      const digit = text.charCodeAt(at) - 48
      if (digit < 0 || digit > 9) break
      if (first === 0) return false
      value = 10 * value + digit
    }
    if (value > 255) return false
    start = 256 * start + value
    if (part < 3) {
      if (at >= end || text.charCodeAt(at) !== 46) return false
      at++
    }
  }
  let length = 32
  if (at < end) {
    if (text.charCodeAt(at) !== 47 || at + 1 >= end || end - at > 3) return false
    length = text.charCodeAt(at + 1) - 48
    if (length < 0 || length > 9) return false
    if (end - at === 3) {
      const digit = text.charCodeAt(at + 2) - 48
      if (length === 0 || digit < 0 || digit > 9) return false
      length = 10 * length + digit
    }
    // Bits behind the length are told by the slow way.
    if (length > 32 || start % 2 ** (32 - length) !== 0) return false
  }
  scannedStart = start
  scannedLength = length
  return true
}
