/** Reader of plain lists of networks: one prefix a line, # comments. The recipe names the place and carrier of them all. Shell. */
import { GeodataError } from '../address/geodata-error.ts'
import { type Prefix, parsePrefix } from '../address/prefix.ts'
import { parseCarrier, parsePlace } from '../line/line.ts'
import { readingOf } from './describe-source.ts'
import { recordOfPlace } from './place-record.ts'
import { readLines, SourceHash } from './read-lines.ts'
import { sourceProblem } from './read-range-csv.ts'
import { SourceBuilder } from './source-builder.ts'
import type { SourceKind } from './source-kind.ts'
import { refuseMappedText, SourceLines } from './source-lines.ts'

/** Networks of one place and carrier. */
export const cidrList: SourceKind = {
  kind: 'cidr-list',
  fileCount: [1, 16],
  read: async (spec, files) => {
    if (spec.place === undefined && spec.carrier === undefined) {
      throw new GeodataError(
        'GEODATA_SOURCE_INVALID',
        `source "${spec.name ?? files[0]}" of kind cidr-list says neither place nor carrier`,
        'add "place": "cn-33" or "carrier": "telecom"',
      )
    }
    const builder = new SourceBuilder()
    const hash = new SourceHash()
    const place = spec.place === undefined ? {} : recordOfPlace(parsePlace(spec.place))
    const record = builder.record({ ...place, carrier: spec.carrier === undefined ? undefined : parseCarrier(spec.carrier) })
    const lines = new SourceLines()
    for (const file of files) {
      lines.open(file)
      const before = builder.rangeCount
      await readLines(file, hash, (line, lineNumber) => {
        const text = line.replace(/#.*$/, '').trim()
        if (text !== '') builder.addPrefix(parsePrefixAt(file, lineNumber, text), record, lines.place(lineNumber))
      })
      lines.requireRows(builder, before)
    }
    const { ranges, notes } = lines.finish(builder, 'own')
    return { ...readingOf(spec, ranges, hash.text(), {}), notes }
  },
}

function parsePrefixAt(file: string, lineNumber: number, text: string): Prefix {
  try {
    const prefix = parsePrefix(text)
    refuseMappedText(text, prefix)
    return prefix
  } catch (error) {
    if (!(error instanceof GeodataError)) throw error
    throw sourceProblem(file, lineNumber, `has ${error.message}`, error.suggestion)
  }
}
