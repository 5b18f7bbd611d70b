/** Reader of "first,last,country" files (ip-location-db geo-whois-asn-country and the like). Shell. */
import type { Address } from '../address/address.ts'
import { parsePrefix, prefixContains } from '../address/prefix.ts'
import { ABROAD_PROVINCES, findPlace } from '../line/line-catalogue.ts'
import { publicReadingOf } from './describe-source.ts'
import { SourceHash } from './read-lines.ts'
import { readRangeCsv } from './read-range-csv.ts'
import { SourceBuilder } from './source-builder.ts'
import type { SourceKind } from './source-kind.ts'
import { SourceLines } from './source-lines.ts'

/** Country by range. Codes that ISO 3166-1 does not know (ZZ, EU, AP) are passed over: they name no country. */
export const countryCsv: SourceKind = {
  kind: 'country-csv',
  fileCount: [1, 2],
  read: async (spec, files) => {
    const builder = new SourceBuilder()
    const hash = new SourceHash()
    const numbers = new Map<string, number>()
    const ignored = (spec.ignore ?? []).map(({ country, prefix }) => ({ country: country.toUpperCase(), prefix: parsePrefix(prefix) }))
    const isIgnored = (code: string, first: Address): boolean =>
      ignored.some((entry) => entry.country === code && prefixContains(entry.prefix, first))
    const lines = new SourceLines()
    for (const file of files) {
      lines.open(file)
      const before = builder.rangeCount
      await readRangeCsv(file, 3, hash, ({ lineNumber, first, last, columns }) => {
        const code = columns[2]!.trim().toUpperCase()
        let number = numbers.get(code)
        if (number === undefined) {
          number = isCountry(code) ? builder.record({ country: code }) : 0
          numbers.set(code, number)
        }
        if (number !== 0 && !isIgnored(code, first)) builder.add(first, last, number, lines.place(lineNumber))
      })
      lines.requireRows(builder, before)
    }
    const { ranges, notes } = lines.finish(builder, 'public')
    return { ...publicReadingOf(spec, ranges, hash.text(), {}), notes }
  },
}

function isCountry(code: string): boolean {
  return code === 'CN' || code in ABROAD_PROVINCES || (/^[A-Z]{2}$/.test(code) && findPlace(code.toLowerCase()) !== undefined)
}
