/**
 * Reader of an operator's own table. The first line names the columns: `prefix` (or `first` and `last`), and any of `place`,
 * `carrier`, `asn`; or `country`, `province`, `region`, `city` apart. Places and carriers in any accepted spelling. Shell.
 */
import { type Address, compareWords, findAddress } from '../address/address.ts'
import { GeodataError } from '../address/geodata-error.ts'
import { lastAddressOf, parsePrefix } from '../address/prefix.ts'
import type { SourceRecord } from '../compile/merge-sources.ts'
import { parseCarrier, parsePlace } from '../line/line.ts'
import { findCityByName, findProvinceByName } from './chinese-place-names.ts'
import { splitCsvRow } from './csv-row.ts'
import { readingOf } from './describe-source.ts'
import { recordOfPlace } from './place-record.ts'
import { readLines, SourceHash } from './read-lines.ts'
import { sourceProblem } from './read-range-csv.ts'
import { SourceBuilder } from './source-builder.ts'
import type { SourceKind } from './source-kind.ts'

const COLUMNS = ['prefix', 'first', 'last', 'place', 'country', 'province', 'region', 'city', 'carrier', 'asn'] as const
type Column = (typeof COLUMNS)[number]
type Row = Readonly<Partial<Record<Column, string>>>

/** Names that other tables use for our columns. */
const COLUMN_ALIASES: Readonly<Record<string, Column>> = {
  cidr: 'prefix',
  network: 'prefix',
  start: 'first',
  end: 'last',
  isp: 'carrier',
  as: 'asn',
}

/** Table with a header line. */
export const csv: SourceKind = {
  kind: 'csv',
  fileCount: [1, 16],
  read: async (spec, files) => {
    const builder = new SourceBuilder()
    const hash = new SourceHash()
    for (const file of files) {
      let columns: readonly (Column | undefined)[] | undefined
      await readLines(file, hash, (line, lineNumber) => {
        if (line.trim() === '' || line.startsWith('#')) return
        const fields = splitCsvRow(lineNumber === 1 ? line.replace(/^\uFEFF/, '') : line)
        if (fields === undefined) throw sourceProblem(file, lineNumber, 'has a quote that is never closed', 'close it on the same line')
        if (columns === undefined) columns = parseHeader(file, lineNumber, fields)
        else addRow(builder, file, lineNumber, rowOf(columns, fields))
      })
    }
    return readingOf(spec, builder.build(), hash.text(), {})
  },
}

function parseHeader(file: string, lineNumber: number, fields: readonly string[]): (Column | undefined)[] {
  const columns = fields.map((field) => {
    const name = field.trim().toLowerCase()
    return COLUMN_ALIASES[name] ?? COLUMNS.find((column) => column === name)
  })
  if (!columns.includes('prefix') && !(columns.includes('first') && columns.includes('last'))) {
    throw sourceProblem(
      file,
      lineNumber,
      'names no column "prefix", nor "first" and "last"',
      `write a first line such as prefix,place,carrier`,
    )
  }
  return columns
}

function rowOf(columns: readonly (Column | undefined)[], fields: readonly string[]): Row {
  const row: Partial<Record<Column, string>> = {}
  for (const [position, column] of columns.entries()) {
    const value = fields[position]?.trim()
    if (column !== undefined && value) row[column] = value
  }
  return row
}

function addRow(builder: SourceBuilder, file: string, lineNumber: number, row: Row): void {
  try {
    const [first, last] = rangeOf(row)
    builder.add(first, last, builder.record(recordOf(row)))
  } catch (error) {
    if (!(error instanceof GeodataError)) throw error
    throw sourceProblem(file, lineNumber, `has ${error.message}`, error.suggestion)
  }
}

function rangeOf(row: Row): [Address, Address] {
  if (row.prefix !== undefined) {
    const prefix = parsePrefix(row.prefix)
    return [{ family: prefix.family, words: prefix.words }, lastAddressOf(prefix)]
  }
  const first = findAddress(row.first ?? '')
  const last = findAddress(row.last ?? '')
  if (first === undefined || last === undefined || first.family !== last.family || compareWords(first.words, last.words) > 0) {
    throw new GeodataError(
      'GEODATA_SOURCE_INVALID',
      `no range in "${row.first ?? ''}" to "${row.last ?? ''}"`,
      'write the lower address first',
    )
  }
  return [first, last]
}

function recordOf(row: Row): SourceRecord {
  const asn = row.asn === undefined ? undefined : Number(row.asn.replace(/^as/i, ''))
  if (asn !== undefined && !(Number.isInteger(asn) && asn >= 1 && asn <= 0xffffffff)) {
    throw new GeodataError('GEODATA_SOURCE_INVALID', `"${row.asn}" where an AS number belongs`, 'write it as 4134')
  }
  const carrier = row.carrier === undefined ? undefined : parseCarrier(row.carrier)
  if (row.place !== undefined) return { ...recordOfPlace(parsePlace(row.place)), carrier, asn }
  const country = row.country === undefined ? undefined : recordOfPlace(parsePlace(row.country))
  const region = row.region === undefined ? undefined : recordOfPlace(parsePlace(row.region))
  return { ...country, ...region, ...chinesePlace(row), carrier, asn }
}

/** Province and city columns hold Chinese places, as names or keys. */
function chinesePlace(row: Row): SourceRecord {
  const province = row.province === undefined ? undefined : (findProvinceByName(row.province) ?? keyOfKind(row.province, 2))
  if (row.city === undefined) return province === undefined ? {} : { country: 'CN', province }
  const city = (province === undefined ? undefined : findCityByName(province, row.city)) ?? keyOfKind(row.city, 4)
  return { country: 'CN', province: city.slice(0, 2), city: city.length === 4 ? city : undefined }
}

function keyOfKind(text: string, digits: number): string {
  const key = parsePlace(/^\d+$/.test(text) ? `cn-${text}` : text)
  const code = /^cn-(\d{2,4})$/.exec(key)?.[1]
  if (code === undefined || (digits === 2 && code.length !== 2)) {
    throw new GeodataError(
      'GEODATA_LINE_UNKNOWN',
      `"${text}" where a Chinese ${digits === 2 ? 'province' : 'city'} belongs`,
      'use the column "place"',
    )
  }
  return code
}
