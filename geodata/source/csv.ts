/**
 * Reader of an operator's own table, or of a public one. The first line, or `columns` of the source, names the columns: `prefix` (or
 * `first` and `last`), and any of `place`, `carrier`, `asn`; or `country`, `province`, `region`, `city` apart. Places and carriers in
 * any accepted spelling; an unknown one is an error, and so are columns that contradict each other (a city that is not in the country that
 * is named), lines that do, and rows that end early. Public lists have names of their own: with a column `state` (the first-level part
 * of a country by its English name) a state or city that is not known is passed over. The file may be compressed with gzip. Shell.
 */
import { type Address, compareWords, findAddress } from '../address/address.ts'
import { GeodataError } from '../address/geodata-error.ts'
import { lastAddressOf, parsePrefix } from '../address/prefix.ts'
import { canonicalRecord, type SourceRecord } from '../compile/merge-sources.ts'
import { parseCarrier, parsePlace } from '../line/line.ts'
import { cityPlaceKey } from '../line/line-catalogue.ts'
import { findCityByName, findProvinceByName } from './chinese-place-names.ts'
import { splitCsvRow } from './csv-row.ts'
import { readingOf } from './describe-source.ts'
import { placeOfNames } from './place-of-names.ts'
import { recordOfPlace } from './place-record.ts'
import { readLines, SourceHash } from './read-lines.ts'
import { sourceProblem } from './read-range-csv.ts'
import { SourceBuilder } from './source-builder.ts'
import type { SourceKind } from './source-kind.ts'
import { refuseMappedText, SourceLines } from './source-lines.ts'

const COLUMNS = ['prefix', 'first', 'last', 'place', 'country', 'province', 'region', 'state', 'city', 'carrier', 'asn'] as const
type Column = (typeof COLUMNS)[number]
type Row = Readonly<Partial<Record<Column, string>>>

/** Fields of which a row says one thing. */
const PLACE_FIELDS = ['country', 'province', 'region', 'city'] as const

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

/** Table with a header line. */
export const csv: SourceKind = {
  kind: 'csv',
  fileCount: [1, 16],
  read: async (spec, files) => {
    const builder = new SourceBuilder()
    const hash = new SourceHash()
    const lines = new SourceLines()
    let isPublic = false
    for (const file of files) {
      lines.open(file)
      const before = builder.rangeCount
      const table = new TableReader(
        file,
        lines,
        builder,
        spec.columns === undefined ? undefined : parseColumns(spec.columns, `source "${spec.name ?? file}"`),
      )
      await readLines(file, hash, (line, lineNumber) => table.take(line, lineNumber))
      lines.requireRows(builder, before)
      isPublic ||= table.isPublic
    }
    const { ranges, notes } = lines.finish(builder, isPublic ? 'public' : 'own')
    return { ...readingOf(spec, ranges, hash.text(), {}), notes }
  },
}

/** Reads the rows of one file into the source. */
class TableReader {
  readonly #file: string
  readonly #lines: SourceLines
  readonly #builder: SourceBuilder
  #columns: readonly (Column | undefined)[] | undefined
  /** Fields that a row has at least: up to the last column that is read. */
  #width = 0
  /** Number of each statement that was seen lately. */
  readonly #statements = new Map<string, number>()

  constructor(file: string, lines: SourceLines, builder: SourceBuilder, columns: readonly (Column | undefined)[] | undefined) {
    this.#file = file
    this.#lines = lines
    this.#builder = builder
    if (columns !== undefined) this.#setColumns(columns)
  }

  /** Whether the table has names of its own, of which unknown ones are passed over. */
  get isPublic(): boolean {
    return this.#columns?.includes('state') === true
  }

  #setColumns(columns: readonly (Column | undefined)[]): void {
    this.#columns = columns
    this.#width = columns.findLastIndex((column) => column !== undefined) + 1
  }

  take(line: string, lineNumber: number): void {
    if (line.trim() === '' || line.startsWith('#')) return
    const fields = splitCsvRow(lineNumber === 1 ? line.replace(/^\uFEFF/, '') : line)
    if (fields === undefined) throw sourceProblem(this.#file, lineNumber, 'has a quote that is never closed', 'close it on the same line')
    if (this.#columns === undefined) {
      this.#setColumns(parseColumns(fields, `"${this.#file}" line ${lineNumber}`))
      return
    }
    if (fields.length < this.#width) {
      const problem = `has ${fields.length} of ${this.#width} columns`
      throw sourceProblem(this.#file, lineNumber, problem, 'write every column, with nothing between the commas where nothing is known')
    }
    this.#addRow(lineNumber, rowOf(this.#columns, fields), this.isPublic)
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
      this.#builder.add(first, last, statement, this.#lines.place(lineNumber))
    } catch (error) {
      if (!(error instanceof GeodataError)) throw error
      throw sourceProblem(this.#file, lineNumber, `has ${error.message}`, error.suggestion)
    }
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
    refuseMappedText(row.prefix, prefix)
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
  refuseMappedText(row.first ?? '', first)
  refuseMappedText(row.last ?? '', last)
  return [first, last]
}

/** `isPublic`: the table has names of its own, of which unknown ones are passed over. */
function recordOf(row: Row, isPublic: boolean): SourceRecord {
  const asn = row.asn === undefined ? undefined : Number(row.asn.replace(/^as/i, ''))
  if (asn !== undefined && !(Number.isInteger(asn) && asn >= 1 && asn <= 0xffffffff)) {
    throw new GeodataError('GEODATA_SOURCE_INVALID', `"${row.asn}" where an AS number belongs`, 'write it as 4134')
  }
  const carrier = row.carrier === undefined ? undefined : parseCarrier(row.carrier)
  return { ...(isPublic ? publicPlace(row) : ownPlace(row)), carrier, asn }
}

/** State and city by English names, as public lists write them; what contradicts the country is passed over. */
function publicPlace(row: Row): SourceRecord {
  if (row.place !== undefined) return recordOfPlace(parsePlace(row.place))
  const country = row.country === undefined ? {} : recordOfPlace(parsePlace(row.country))
  const said = row.region === undefined ? {} : canonicalRecord(recordOfPlace(parsePlace(row.region)))
  const place = country.country === undefined || said.country === country.country ? { ...country, ...said } : country
  refuseProvinceAbroad(row, place)
  const parts = row.state === undefined ? [] : [{ names: [row.state] }]
  const region = place.region === undefined ? [] : [{ code: place.region.slice(3), names: [] }]
  const named = placeOfNames(place.country, [...region, ...parts], row.city === undefined ? undefined : { names: [row.city] })
  return { ...place, ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)) }
}

/** All columns that name a place, which have to name the same one. */
function ownPlace(row: Row): SourceRecord {
  let place: SourceRecord = {}
  const named: string[] = []
  const take = (column: 'place' | 'country' | 'region' | 'province' | 'city', record: SourceRecord): void => {
    const said = canonicalRecord(record)
    named.push(`${column} "${row[column]}"`)
    for (const field of PLACE_FIELDS) {
      if (place[field] === undefined || said[field] === undefined || place[field] === said[field]) continue
      throw new GeodataError(
        'GEODATA_SOURCE_INVALID',
        `${named.slice(0, -1).join(', ')} and ${named.at(-1)}, which contradict each other`,
        'keep the one that is right: a row names one place',
      )
    }
    place = { ...place, ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) }
  }
  if (row.country !== undefined) take('country', recordOfPlace(parsePlace(row.country)))
  if (row.place !== undefined) take('place', recordOfPlace(parsePlace(row.place)))
  if (row.region !== undefined) take('region', recordOfPlace(parsePlace(row.region)))
  refuseProvinceAbroad(row, place)
  if (row.province !== undefined) {
    const province = findProvinceByName(row.province) ?? keyOfKind(row.province, 2)
    take('province', { country: 'CN', province })
  }
  if (row.city !== undefined) take('city', cityOf(row.city, place))
  return place
}

/** A city in any accepted spelling; a name alone is looked for in what the other columns say. */
function cityOf(text: string, place: SourceRecord): SourceRecord {
  if ((place.country ?? 'CN') !== 'CN') {
    const inside = placeOfNames(place.country, place.region === undefined ? [] : [{ code: place.region.slice(3), names: [] }], {
      names: [text],
    })
    return inside.city === undefined ? recordOfPlace(parsePlace(text)) : recordOfPlace(cityPlaceKey(inside.city))
  }
  const city = (place.province === undefined ? undefined : findCityByName(place.province, text)) ?? keyOfKind(text, 4)
  return { country: 'CN', province: city.slice(0, 2), city: city.length === 4 ? city : undefined }
}

/** A province's column belongs to China alone. */
function refuseProvinceAbroad(row: Row, place: SourceRecord): void {
  if (row.province === undefined || place.country === undefined || place.country === 'CN') return
  throw new GeodataError('GEODATA_LINE_UNKNOWN', `province "${row.province}" outside China`, 'use the column "region" or "state"')
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
