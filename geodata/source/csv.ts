/**
 * Reader of an operator's own table, or of a public one. The first line, or `columns` of the source, names the columns: `prefix` (or
 * `first` and `last`), and any of `place`, `carrier`, `asn`; or `country`, `province`, `region`, `city` apart. Places and carriers in
 * any accepted spelling; an unknown one is an error. Public lists have names of their own: with a column `state` (the first-level part
 * of a country by its English name) a state or city that is not known is passed over. The file may be compressed with gzip. Shell.
 */
import { type Address, compareWords, findAddress, formatAddress } from '../address/address.ts'
import { GeodataError } from '../address/geodata-error.ts'
import { lastAddressOf, parsePrefix } from '../address/prefix.ts'
import type { SourceRecord } from '../compile/merge-sources.ts'
import { parseCarrier, parsePlace } from '../line/line.ts'
import { findCityByName, findProvinceByName } from './chinese-place-names.ts'
import { splitCsvRow } from './csv-row.ts'
import { readingOf } from './describe-source.ts'
import { placeOfNames } from './place-of-names.ts'
import { recordOfPlace } from './place-record.ts'
import { readLines, SourceHash } from './read-lines.ts'
import { sourceProblem } from './read-range-csv.ts'
import { SourceBuilder } from './source-builder.ts'
import type { SourceKind } from './source-kind.ts'

const COLUMNS = ['prefix', 'first', 'last', 'place', 'country', 'province', 'region', 'state', 'city', 'carrier', 'asn'] as const
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
  country_code: 'country',
  state1: 'state',
}

/** Rows repeat few statements; those seen last are kept. */
const MAX_CACHED_STATEMENTS = 65536

/** Rows of a list up to which a network that is written twice is found; in a longer list the later row counts. */
const MAX_CHECKED_ROWS = 262_144

/** Table with a header line. */
export const csv: SourceKind = {
  kind: 'csv',
  fileCount: [1, 16],
  read: async (spec, files) => {
    const builder = new SourceBuilder()
    const hash = new SourceHash()
    for (const file of files) {
      const table = new TableReader(
        file,
        builder,
        spec.columns === undefined ? undefined : parseColumns(spec.columns, `source "${spec.name ?? file}"`),
      )
      await readLines(file, hash, (line, lineNumber) => table.take(line, lineNumber))
    }
    return readingOf(spec, builder.build(), hash.text(), {})
  },
}

/** Reads the rows of one file into the source. */
class TableReader {
  readonly #file: string
  readonly #builder: SourceBuilder
  #columns: readonly (Column | undefined)[] | undefined
  /** Number of each statement that was seen lately. */
  readonly #statements = new Map<string, number>()
  /** Network → line and statement. */
  readonly #rows = new Map<string, readonly [number, number]>()

  constructor(file: string, builder: SourceBuilder, columns: readonly (Column | undefined)[] | undefined) {
    this.#file = file
    this.#builder = builder
    this.#columns = columns
  }

  take(line: string, lineNumber: number): void {
    if (line.trim() === '' || line.startsWith('#')) return
    const fields = splitCsvRow(lineNumber === 1 ? line.replace(/^\uFEFF/, '') : line)
    if (fields === undefined) throw sourceProblem(this.#file, lineNumber, 'has a quote that is never closed', 'close it on the same line')
    if (this.#columns === undefined) this.#columns = parseColumns(fields, `"${this.#file}" line ${lineNumber}`)
    else this.#addRow(lineNumber, rowOf(this.#columns, fields), this.#columns.includes('state'))
  }

  #addRow(lineNumber: number, row: Row, isPublic: boolean): void {
    try {
      const [first, last] = rangeOf(row)
      const key = [row.place, row.country, row.province, row.region, row.state, row.city, row.carrier, row.asn].join('\n')
      let statement = this.#statements.get(key)
      if (statement === undefined) {
        statement = this.#builder.record(recordOf(row, isPublic))
        if (this.#statements.size >= MAX_CACHED_STATEMENTS) this.#statements.clear()
        this.#statements.set(key, statement)
      }
      this.#checkTwice(first, last, statement, lineNumber)
      this.#builder.add(first, last, statement)
    } catch (error) {
      if (!(error instanceof GeodataError)) throw error
      throw sourceProblem(this.#file, lineNumber, `has ${error.message}`, error.suggestion)
    }
  }

  /** The same network with the same statement is only said twice; with another one, one of the lines is wrong. */
  #checkTwice(first: Address, last: Address, statement: number, lineNumber: number): void {
    if (this.#rows.size >= MAX_CHECKED_ROWS) return
    const range = `${formatAddress(first)} to ${formatAddress(last)}`
    const other = this.#rows.get(range)
    if (other !== undefined && other[1] !== statement) {
      throw new GeodataError(
        'GEODATA_SOURCE_INVALID',
        `${range}, of which line ${other[0]} says something else`,
        'keep one of the two lines',
      )
    }
    this.#rows.set(range, [lineNumber, statement])
  }
}

/** Positions of the columns that are known; others are passed over, unless nothing says where a network stands. */
function parseColumns(fields: readonly string[], where: string): (Column | undefined)[] {
  const columns = fields.map((field) => {
    const name = field.trim().toLowerCase()
    return COLUMN_ALIASES[name] ?? COLUMNS.find((column) => column === name)
  })
  const twice = columns.find((column, position) => column !== undefined && columns.indexOf(column) !== position)
  if (twice !== undefined) {
    throw new GeodataError('GEODATA_SOURCE_INVALID', `${where} names the column "${twice}" twice`, 'name it once')
  }
  if (!columns.includes('prefix') && !(columns.includes('first') && columns.includes('last'))) {
    const remedy = 'write a first line such as prefix,place,carrier, or name the columns of the source with "columns"'
    throw new GeodataError('GEODATA_SOURCE_INVALID', `${where} names no column "prefix", nor "first" and "last"`, remedy)
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

/** `isPublic`: the table has names of its own, of which unknown ones are passed over. */
function recordOf(row: Row, isPublic: boolean): SourceRecord {
  const asn = row.asn === undefined ? undefined : Number(row.asn.replace(/^as/i, ''))
  if (asn !== undefined && !(Number.isInteger(asn) && asn >= 1 && asn <= 0xffffffff)) {
    throw new GeodataError('GEODATA_SOURCE_INVALID', `"${row.asn}" where an AS number belongs`, 'write it as 4134')
  }
  const carrier = row.carrier === undefined ? undefined : parseCarrier(row.carrier)
  if (row.place !== undefined) return { ...recordOfPlace(parsePlace(row.place)), carrier, asn }
  const country = row.country === undefined ? undefined : recordOfPlace(parsePlace(row.country))
  const region = row.region === undefined ? undefined : recordOfPlace(parsePlace(row.region))
  const place = { ...country, ...region }
  if (isPublic || (place.country ?? 'CN') !== 'CN') return { ...place, ...namedPlace(place, row), carrier, asn }
  return { ...place, ...chinesePlace(row), carrier, asn }
}

/** State and city by English names, as public lists write them; a province's column belongs to China alone. */
function namedPlace(place: SourceRecord, row: Row): SourceRecord {
  if (row.province !== undefined && place.country !== undefined && place.country !== 'CN') {
    throw new GeodataError('GEODATA_LINE_UNKNOWN', `province "${row.province}" outside China`, 'use the column "region" or "state"')
  }
  const parts = row.state === undefined ? [] : [{ names: [row.state] }]
  const region = place.region === undefined ? [] : [{ code: place.region.slice(3), names: [] }]
  const named = placeOfNames(place.country, [...region, ...parts], row.city === undefined ? undefined : { names: [row.city] })
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
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
