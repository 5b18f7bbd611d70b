/**
 * Answers of vendors' APIs as JSON → VendorExport. Pure. Read are DNSPod DescribeRecordList (and the older Record.List),
 * DescribeDomainCustomLineList, DescribeLineGroupList; Alibaba DescribeDomainRecords, DescribeCustomLines and DescribeCustomLine;
 * Huawei record sets, custom lines and line groups. A file holds one answer, or a list of them (pages).
 */
import {
  ImportError,
  type ImportProblem,
  type Vendor,
  type VendorExport,
  type VendorLine,
  type VendorLineGroup,
  type VendorRecord,
} from './vendor-export.ts'

type Json = Readonly<Record<string, unknown>>
type Found = {
  vendor: Vendor | undefined
  records: VendorRecord[]
  lines: VendorLine[]
  groups: VendorLineGroup[]
  problems: ImportProblem[]
}

/** Reads the answers in a file. Throws IMPORT_FORMAT when it holds none. */
export function readVendorJson(text: string, file: string): VendorExport {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ImportError(`"${file}" is broken JSON: ${(error as Error).message}`, 'save the whole answer of the API')
  }
  const found: Found = { vendor: undefined, records: [], lines: [], groups: [], problems: [] }
  const answers = Array.isArray(value) ? value : [value]
  let known = 0
  for (const answer of answers) known += readAnswer(objectOf(answer), file, found) ? 1 : 0
  // A bare list of records, as scripts save them.
  const first = objectOf(answers[0])
  if (known === 0 && ('Type' in first || 'type' in first)) known = readAnswer({ [listKeyOf(first)]: answers }, file, found) ? 1 : 0
  if (known === 0) {
    throw new ImportError(
      `"${file}" is JSON, but no list of records or lines of DNSPod, Alibaba Cloud or Huawei Cloud`,
      'save the answer of DescribeRecordList, DescribeDomainRecords or of the record sets with lines',
    )
  }
  return found
}

/** Which list single records belong to. */
function listKeyOf(record: Json): string {
  if ('RR' in record) return 'DomainRecords'
  if ('zone_name' in record) return 'recordsets'
  return 'Name' in record ? 'RecordList' : 'records'
}

function readAnswer(outer: Json, file: string, found: Found): boolean {
  const answer = 'Response' in outer ? objectOf(outer.Response) : outer
  const before = found.records.length
  const at = (what: string, number: number): string => `${file} ${what} ${before + number + 1}`
  const readers: readonly [string, Vendor, (rows: readonly Json[]) => void][] = [
    ['RecordList', 'dnspod', (rows) => addAll(rows, found, at, dnspodRecord(text(answer.Domain)))],
    ['records', 'dnspod', (rows) => addAll(rows, found, at, oldDnspodRecord(text(objectOf(answer.domain).name)))],
    ['DomainRecords', 'alibaba', (rows) => addAll(rows, found, at, alibabaRecord)],
    ['recordsets', 'huawei', (rows) => addAll(rows, found, at, huaweiRecords)],
    ['LineList', 'dnspod', (rows) => addLines(rows, found, at, 'Area')],
    ['CustomLines', 'alibaba', (rows) => addLines(rows, found, at, 'IpSegmentList')],
    ['IpSegmentList', 'alibaba', () => addLines([answer], found, at, 'IpSegmentList')],
    ['lines', 'huawei', (rows) => addLines(rows, found, at, 'ip_segments')],
    ['LineGroups', 'dnspod', (rows) => addGroups(rows, found, at)],
    ['linegroups', 'huawei', (rows) => addGroups(rows, found, at)],
  ]
  let isKnown = false
  for (const [key, vendor, read] of readers) {
    const rows = listOf(answer[key])
    if (rows === undefined || (key === 'lines' && rows.some((row) => !('line_id' in row)))) continue
    found.vendor ??= vendor
    isKnown = true
    read(rows)
  }
  return isKnown
}

type At = (what: string, number: number) => string

function addAll(rows: readonly Json[], found: Found, at: At, read: (row: Json, where: string) => VendorRecord | VendorRecord[]): void {
  for (const [number, row] of rows.entries()) found.records.push(...[read(row, at('record', number))].flat())
}

function addLines(rows: readonly Json[], found: Found, at: At, rangesKey: string): void {
  for (const [number, row] of rows.entries()) {
    const names = [row.Name, row.name, row.Code, row.line_id, row.Id, row.id].map(text).filter((name) => name !== '')
    const ranges = rangesOf(row[rangesKey] ?? row.IpSegments ?? row.Area)
    found.lines.push({ where: at('line', number), names: [...new Set(names)], ranges })
  }
}

function addGroups(rows: readonly Json[], found: Found, at: At): void {
  for (const [number, row] of rows.entries()) {
    const names = [row.Name, row.name, row.Id, row.line_id, row.id].map(text).filter((name) => name !== '')
    const lines = [...(Array.isArray(row.Lines) ? row.Lines : []), ...(Array.isArray(row.lines) ? row.lines : [])].map(text)
    found.groups.push({ where: at('line group', number), names: [...new Set(names)], lines: lines.filter((line) => line !== '') })
  }
}

/** "a-b;c-d", ["a-b"], [{StartIp, EndIp}]. */
function rangesOf(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value]
  return list.flatMap((entry) => {
    const { StartIp, EndIp } = objectOf(entry)
    if (StartIp !== undefined) return [`${text(StartIp)}-${text(EndIp ?? StartIp)}`]
    return splitRanges(text(entry))
  })
}

/** Ranges of a text with any of the separators that consoles take. */
export function splitRanges(written: string): string[] {
  return written.split(/[\s;,；，、]+/).filter((range) => range !== '')
}

function dnspodRecord(zone: string): (row: Json, where: string) => VendorRecord {
  return (row, where) => ({
    where,
    zone: zone || text(row.Domain) || undefined,
    name: text(row.Name),
    type: text(row.Type),
    line: text(row.Line),
    lineId: text(row.LineId),
    value: text(row.Value),
    weight: numberOf(row.Weight),
    priority: numberOf(row.MX),
    ttlSeconds: numberOf(row.TTL),
    isEnabled: isEnabledText(text(row.Status)),
  })
}

function oldDnspodRecord(zone: string): (row: Json, where: string) => VendorRecord {
  return (row, where) => ({
    where,
    zone: zone || undefined,
    name: text(row.name),
    type: text(row.type),
    line: text(row.line),
    lineId: text(row.line_id),
    value: text(row.value),
    weight: numberOf(row.weight),
    priority: numberOf(row.mx),
    ttlSeconds: numberOf(row.ttl),
    isEnabled: isEnabledText(text(row.status) || text(row.enabled)),
  })
}

function alibabaRecord(row: Json, where: string): VendorRecord {
  return {
    where,
    zone: text(row.DomainName) || undefined,
    name: text(row.RR),
    type: text(row.Type),
    line: text(row.Line),
    lineId: '',
    value: text(row.Value),
    weight: numberOf(row.Weight),
    priority: numberOf(row.Priority),
    ttlSeconds: numberOf(row.TTL),
    isEnabled: isEnabledText(text(row.Status)),
  }
}

/** A record set has all its values in one. */
function huaweiRecords(row: Json, where: string): VendorRecord[] {
  const zone = text(row.zone_name).replace(/\.$/, '')
  const name = text(row.name).replace(/\.$/, '')
  const relative = zone !== '' && name === zone ? '@' : zone !== '' && name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : name
  const values = Array.isArray(row.records) ? row.records.map(text) : [text(row.records)]
  return values.map((value) => ({
    where,
    zone: zone || undefined,
    name: relative,
    type: text(row.type),
    line: text(row.line),
    lineId: '',
    value,
    weight: numberOf(row.weight),
    priority: undefined,
    ttlSeconds: numberOf(row.ttl),
    isEnabled: isEnabledText(text(row.status)),
  }))
}

/** Whether a state means that the record is answered, in the words of all vendors. */
export function isEnabledText(state: string): boolean {
  return !/^(disabled?|0|no|false|paused?|暂停|停用|已暂停|已停用|禁用)$/i.test(state.trim())
}

function listOf(value: unknown): readonly Json[] | undefined {
  // Alibaba wraps lists: DomainRecords: {Record: […]}, CustomLines: {CustomLine: […]}.
  const list = Array.isArray(value) ? value : Object.values(objectOf(value)).find(Array.isArray)
  return list === undefined ? undefined : (list as unknown[]).map(objectOf)
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : ''
}

function numberOf(value: unknown): number | undefined {
  const written = text(value)
  return /^\d{1,10}$/.test(written) ? Number(written) : undefined
}
