/** Reader of "first,last,asn,organisation" files (ip-location-db asn): origin AS, and the carrier that runs it. Shell. */
import { CARRIER_BY_ASN } from './carrier-asns.ts'
import { publicReadingOf } from './describe-source.ts'
import { SourceHash } from './read-lines.ts'
import { readRangeCsv } from './read-range-csv.ts'
import { SourceBuilder } from './source-builder.ts'
import type { SourceKind } from './source-kind.ts'

/** Research networks that announce addresses of mainland China only: country tables often have the registry's own country for them. */
const DOMESTIC_CARRIERS: ReadonlySet<string | undefined> = new Set(['edu', 'cstnet'])

/** Origin AS by range. */
export const asnCsv: SourceKind = {
  kind: 'asn-csv',
  fileCount: [1, 2],
  read: async (spec, files) => {
    const builder = new SourceBuilder()
    const hash = new SourceHash()
    for (const file of files) {
      await readRangeCsv(file, 3, hash, ({ first, last, columns }) => {
        const asn = Number(columns[2])
        // 0 stands for "not announced" in these lists.
        if (!Number.isInteger(asn) || asn < 1 || asn > 0xffffffff) return
        const carrier = CARRIER_BY_ASN.get(asn)
        builder.add(first, last, builder.record({ country: DOMESTIC_CARRIERS.has(carrier) ? 'CN' : undefined, carrier, asn }))
      })
    }
    return publicReadingOf(spec, builder.build(), hash.text(), { inferredFields: ['country', 'carrier'] })
  },
}
