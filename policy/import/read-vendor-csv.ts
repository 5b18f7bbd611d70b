/**
 * Tables that vendors' consoles export (Chinese or English headers, comma, semicolon or tab) → VendorExport. Pure. Columns are known by
 * their headers, in any order; a row that cannot be read is a problem with its line number, the others go on.
 */
import { splitCsvRow } from '../../geodata/source/csv-row.ts'
import { isEnabledText, splitRanges } from './read-vendor-json.ts'
import { ImportError, type ImportProblem, type Vendor, type VendorExport, type VendorLine, type VendorRecord } from './vendor-export.ts'

type Column =
  | 'zone'
  | 'name'
  | 'type'
  | 'line'
  | 'lineId'
  | 'value'
  | 'weight'
  | 'priority'
  | 'ttl'
  | 'status'
  | 'lineName'
  | 'ranges'
  | 'code'

/** Headers without spaces, units and case → column. */
const HEADERS: Readonly<Record<string, Column>> = {
  域名: 'zone',
  域名名称: 'zone',
  domain: 'zone',
  domainname: 'zone',
  zone: 'zone',
  主机记录: 'name',
  主机: 'name',
  主机名: 'name',
  子域名: 'name',
  host: 'name',
  hostname: 'name',
  hostrecord: 'name',
  subdomain: 'name',
  name: 'name',
  rr: 'name',
  记录类型: 'type',
  类型: 'type',
  type: 'type',
  recordtype: 'type',
  线路类型: 'line',
  线路: 'line',
  解析线路: 'line',
  解析请求来源: 'line',
  请求来源: 'line',
  记录线路: 'line',
  line: 'line',
  isp: 'line',
  ispline: 'line',
  linetype: 'line',
  splitzone: 'line',
  dnsrequestsource: 'line',
  线路id: 'lineId',
  lineid: 'lineId',
  记录值: 'value',
  值: 'value',
  value: 'value',
  recordvalue: 'value',
  权重: 'weight',
  weight: 'weight',
  mx优先级: 'priority',
  mx: 'priority',
  优先级: 'priority',
  priority: 'priority',
  mxpriority: 'priority',
  ttl: 'ttl',
  ttl值: 'ttl',
  缓存时间: 'ttl',
  生存时间: 'ttl',
  状态: 'status',
  记录状态: 'status',
  解析状态: 'status',
  status: 'status',
  线路名称: 'lineName',
  自定义线路: 'lineName',
  自定义线路名称: 'lineName',
  linename: 'lineName',
  ip段: 'ranges',
  ip地址段: 'ranges',
  ip范围: 'ranges',
  地址段: 'ranges',
  area: 'ranges',
  ipsegments: 'ranges',
  iprange: 'ranges',
  线路代码: 'code',
  linecode: 'code',
  code: 'code',
}
/** Headers that only one vendor writes. */
const TELLS: readonly (readonly [RegExp, Vendor])[] = [
  [/线路类型|最后操作时间/, 'dnspod'],
  [/解析线路|解析请求来源|TTL值/i, 'alibaba'],
]
/** Longest value that may span lines, so that an open quote does not swallow the rest of the file. */
const MAX_ROW_LINES = 20
/** Seconds of the units that consoles print. */
const UNITS: Readonly<Record<string, number>> = { 秒: 1, s: 1, 分: 60, 分钟: 60, min: 60, m: 60, 小时: 3600, h: 3600, 天: 86400, d: 86400 }

/** Reads a table. Throws IMPORT_FORMAT when its first row names no columns of records or lines. */
export function readVendorCsv(text: string, file: string): VendorExport {
  const rows = splitRows(text, file)
  const header = rows.next().value
  const titles = header === undefined || 'problem' in header ? [] : header.fields
  const columns = titles.map((title) => (Object.hasOwn(HEADERS, normalizeHeader(title)) ? HEADERS[normalizeHeader(title)] : undefined))
  const has = (column: Column): boolean => columns.includes(column)
  const vendor = TELLS.find(([pattern]) => titles.some((title) => pattern.test(title)))?.[1]
  const found = { vendor, records: [] as VendorRecord[], lines: [] as VendorLine[], groups: [], problems: [] as ImportProblem[] }
  const isRecords = has('name') && has('type') && has('value')
  const isLines = !isRecords && has('ranges') && (has('lineName') || has('name') || has('line'))
  if (!isRecords && !isLines) {
    throw new ImportError(
      `"${file}" begins with "${titles.join(',').slice(0, 80)}", no header of an export`,
      'the first row must name the columns, e.g. 主机记录,记录类型,线路类型,记录值,TTL or Host,Type,Line,Value,TTL',
    )
  }
  for (const row of rows) {
    if ('problem' in row) {
      found.problems.push(row.problem)
      continue
    }
    const cell = (column: Column): string => (row.fields[columns.indexOf(column)] ?? '').trim()
    if (isLines) addLine(found.lines, row.where, cell)
    else addRecord(found, row.where, cell)
  }
  return found
}

function addLine(lines: VendorLine[], where: string, cell: (column: Column) => string): void {
  const names = [cell('lineName') || cell('name') || cell('line'), cell('code'), cell('lineId')].filter((name) => name !== '')
  if (names.length > 0) lines.push({ where, names, ranges: splitRanges(cell('ranges')) })
}

function addRecord(found: { records: VendorRecord[]; problems: ImportProblem[] }, where: string, cell: (column: Column) => string): void {
  const record = {
    where,
    zone: cell('zone').replace(/\.$/, '') || undefined,
    name: cell('name'),
    type: cell('type'),
    line: cell('line'),
    lineId: cell('lineId'),
    value: cell('value'),
    isEnabled: isEnabledText(cell('status')),
  }
  const ttlSeconds = secondsOf(cell('ttl'))
  const weight = countOf(cell('weight'))
  const priority = countOf(cell('priority'))
  const reason =
    (record.type === '' && 'it has no record type') ||
    (record.value === '' && 'it has no value') ||
    (ttlSeconds === null && `"${cell('ttl')}" is no TTL`) ||
    (weight === null && `"${cell('weight')}" is no weight`) ||
    (priority === null && `"${cell('priority')}" is no priority`)
  if (reason !== false || ttlSeconds === null || weight === null || priority === null) {
    const subject = [record.name, record.type, record.line, record.value].filter((part) => part !== '').join(' ')
    found.problems.push({ where, subject, kind: 'left-out', reason: String(reason), remedy: 'correct the row and import again' })
    return
  }
  found.records.push({ ...record, ttlSeconds, weight, priority })
}

/** Undefined = empty, null = neither empty nor a number. */
function countOf(text: string): number | undefined | null {
  if (text === '' || /^[-–—]+$/.test(text)) return undefined
  return /^\d{1,10}$/.test(text) ? Number(text) : null
}

/** "600", "10 分钟", "1h". */
function secondsOf(text: string): number | undefined | null {
  const match = /^(\d{1,10})\s*([^\d\s]*)$/.exec(text)
  if (match === null) return countOf(text)
  const word = match[2]!.toLowerCase()
  const unit = word === '' ? 1 : Object.hasOwn(UNITS, word) ? UNITS[word] : undefined
  return unit === undefined ? null : Number(match[1]) * unit
}

function normalizeHeader(title: string): string {
  return title
    .replace(/[(（].*?[)）]/g, '')
    .replace(/[\s_"*]/g, '')
    .toLowerCase()
}

type Row = { readonly where: string; readonly fields: readonly string[] } | { readonly problem: ImportProblem }

function* splitRows(text: string, file: string): Generator<Row, undefined> {
  const lines = text.split(/\r\n|\n|\r/)
  const first = lines.find((line) => line.trim() !== '') ?? ''
  const separator = [',', '\t', ';', '，'].toSorted((a, b) => first.split(b).length - first.split(a).length)[0]!
  for (let at = 0; at < lines.length; at++) {
    const where = `${file} line ${at + 1}`
    if (lines[at]!.trim() === '') continue
    let row = lines[at]!
    let fields = split(row, separator)
    for (let more = 1; fields === undefined && more <= MAX_ROW_LINES && at + more < lines.length; more++) {
      row += `\n${lines[at + more]}`
      fields = split(row, separator)
      if (fields !== undefined) at += more
    }
    if (fields !== undefined) yield { where, fields }
    else {
      const reason = 'a quote is never closed, or text follows one'
      yield { problem: { where, subject: lines[at]!.slice(0, 80), kind: 'left-out', reason, remedy: 'correct the row and import again' } }
    }
  }
  return undefined
}

function split(row: string, separator: string): readonly string[] | undefined {
  if (separator === ',') return splitCsvRow(row)
  if (!row.includes('"')) return row.split(separator)
  // The splitter knows commas: both signs change places, and back.
  const swap = (text: string): string =>
    text.replaceAll(/[,\t;，]/g, (sign) => (sign === ',' ? separator : sign === separator ? ',' : sign))
  return splitCsvRow(swap(row))?.map(swap)
}
