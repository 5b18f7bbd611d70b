/** Common part of the readers of "first,last,…" files: range, order and count of columns are checked, problems name file and line. Shell. */
import { type Address, compareWords, findAddress } from '../address/address.ts'
import { GeodataError } from '../address/geodata-error.ts'
import { splitCsvRow } from './csv-row.ts'
import { readLines, type SourceHash } from './read-lines.ts'
import { refuseMappedText } from './source-lines.ts'

/** A row: first and last address, and all its columns. */
export type RangeRow = {
  readonly lineNumber: number
  readonly first: Address
  readonly last: Address
  readonly columns: readonly string[]
}

/** Reads a file of at least `columnCount` columns whose first two are the addresses of a range. No header; blank lines and # comments pass. */
export async function readRangeCsv(file: string, columnCount: number, hash: SourceHash, take: (row: RangeRow) => void): Promise<void> {
  await readLines(file, hash, (line, lineNumber) => {
    if (line === '' || line.startsWith('#')) return
    const columns = splitCsvRow(line)
    if (columns === undefined || columns.length < columnCount) {
      throw sourceProblem(file, lineNumber, `has fewer than ${columnCount} columns`, 'write first,last and the values, separated by commas')
    }
    const first = findAddress(columns[0]!)
    const last = findAddress(columns[1]!)
    if (first === undefined || last === undefined) {
      const wrong = first === undefined ? columns[0]! : columns[1]!
      throw sourceProblem(file, lineNumber, `has "${wrong}" where an address belongs`, 'write addresses as text, not as numbers')
    }
    if (first.family !== last.family || compareWords(first.words, last.words) > 0) {
      throw sourceProblem(file, lineNumber, `ends (${columns[1]}) before it starts (${columns[0]})`, 'write the lower address first')
    }
    refuseMapped(file, lineNumber, columns[0]!, first)
    refuseMapped(file, lineNumber, columns[1]!, last)
    take({ lineNumber, first, last, columns })
  })
}

function refuseMapped(file: string, lineNumber: number, text: string, address: Address): void {
  try {
    refuseMappedText(text, address)
  } catch (error) {
    throw error instanceof GeodataError ? sourceProblem(file, lineNumber, `has ${error.message}`, error.suggestion) : error
  }
}

/** A problem at a line of a source. */
export function sourceProblem(file: string, lineNumber: number, problem: string, remedy: string): GeodataError {
  return new GeodataError('GEODATA_SOURCE_INVALID', `"${file}" line ${lineNumber} ${problem}`, remedy)
}
