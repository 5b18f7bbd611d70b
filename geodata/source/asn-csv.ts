/** Reader of "first,last,asn,organisation" files (ip-location-db asn): origin AS, and the carrier that runs it. Shell. */
import { CARRIER_BY_ASN } from './carrier-asns.ts'
import { publicReadingOf } from './describe-source.ts'
import { SourceHash } from './read-lines.ts'
import { readRangeCsv } from './read-range-csv.ts'
import { SourceBuilder } from './source-builder.ts'
import type { SourceKind } from './source-kind.ts'
import { SourceLines } from './source-lines.ts'

/** Research networks that announce addresses of mainland China only: country tables often have the registry's own country for them. */
const DOMESTIC_CARRIERS: ReadonlySet<string | undefined> = new Set(['edu', 'cstnet'])

/** Origin AS by range. */
export const asnCsv: SourceKind = {
  kind: 'asn-csv',
  fileCount: [1, 2],
  read: async (spec, files) => {
    const builder = new SourceBuilder()
    const hash = new SourceHash()
    const lines = new SourceLines()
    for (const file of files) {
      lines.open(file)
      const before = builder.rangeCount
      await readRangeCsv(file, 3, hash, ({ lineNumber, first, last, columns }) => {
        const asn = Number(columns[2])
        // 0 stands for "not announced" in these lists.
        if (!Number.isInteger(asn) || asn < 1 || asn > 0xffffffff) return
        const carrier = CARRIER_BY_ASN.get(asn)
        const record = builder.record({ country: DOMESTIC_CARRIERS.has(carrier) ? 'CN' : undefined, carrier, asn })
        builder.add(first, last, record, lines.place(lineNumber))
      })
      lines.requireRows(builder, before)
    }
    const { ranges, notes } = lines.finish(builder, 'public')
    return { ...publicReadingOf(spec, ranges, hash.text(), { inferredFields: ['country', 'carrier'] }), notes }
  },
}
