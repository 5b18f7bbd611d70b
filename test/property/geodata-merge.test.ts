/** Collecting and merging ranges against looking at every range for every address. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { buildRangeTable4 } from '../../geodata/compile/build-range-table.ts'
import { emptyRanges, RangeCollector } from '../../geodata/compile/flat-ranges.ts'
import { mergeSources, type SourceRanges, type SourceRecord } from '../../geodata/compile/merge-sources.ts'
import { takeFields } from '../../geodata/compile/take-fields.ts'
import { LOCATION_FIELDS } from '../../geodata/geodata.ts'
import { decodeContent, encodeContent } from '../../geodata/geodata-content.ts'
import { findRange4 } from '../../geodata/lookup/find-range.ts'

/** Networks of a small space, so that they nest and repeat. */
const network = fc.tuple(fc.nat(255), fc.integer({ min: 24, max: 32 }), fc.integer({ min: 1, max: 4 })).map(([low, bits, value]) => {
  const size = 2 ** (32 - bits)
  const first = 0x0a000000 + Math.floor(low / size) * size
  return { first, last: first + size - 1, value }
})

test('RangeCollector: each address has the value of the narrowest network that holds it, the latest of equals', () => {
  fc.assert(
    fc.property(fc.array(network, { maxLength: 40 }), (networks) => {
      const collector = new RangeCollector(1)
      for (const { first, last, value } of networks) collector.add([first], [last], value)
      const { starts, values } = collector.build()
      const table = buildRangeTable4(starts, values)
      for (let ip = 0x09ffffff; ip <= 0x0a000100; ip++) {
        let best: { first: number; last: number; value: number } | undefined
        for (const entry of networks) {
          if (entry.first > ip || entry.last < ip) continue
          if (best === undefined || entry.last - entry.first <= best.last - best.first) best = entry
        }
        assert.equal(table.values[findRange4(table, ip)], best?.value ?? 0, `${ip}`)
      }
    }),
    { numRuns: 100 },
  )
})

const records: readonly SourceRecord[] = [
  {},
  { country: 'CN', province: '33' },
  { country: 'CN', province: '33', city: '3302', carrier: 'telecom' },
  { country: 'JP', asn: 2516 },
  { carrier: 'unicom', asn: 4837 },
]

/** Fields that are taken from a source; undefined: all. */
const fieldChoice = fc.option(fc.subarray([...LOCATION_FIELDS], { minLength: 1 }), { nil: undefined })
const list = fc.record({ networks: fc.array(network, { maxLength: 10 }), fields: fieldChoice })

test("mergeSources: each field is the first fitting source's in the field's own order, with its provenance; the file keeps it all", () => {
  fc.assert(
    fc.property(fc.array(list, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(3), { maxLength: 3 }), (lists, named) => {
      const sources = lists.map(({ networks, fields }): SourceRanges => {
        const collector = new RangeCollector(1)
        for (const { first, last, value } of networks) collector.add([first], [last], value)
        const source = { v4: collector.build(), v6: emptyRanges(4), records, descriptionCount: 1 }
        return fields === undefined ? source : takeFields(source, fields)
      })
      const carrierFirst = [...new Set(named.filter((source) => source < sources.length))]
      const merged = mergeSources(sources, { carrier: carrierFirst })
      const { starts, values } = merged.v4
      const v4 = buildRangeTable4(starts, values)
      for (let ip = 0x09ffffff; ip <= 0x0a000100; ip += 3) {
        const location = merged.locations[v4.values[findRange4(v4, ip)]!]!
        const said = sources.map((source, position) => {
          const table = buildRangeTable4(source.v4.starts, source.v4.values)
          return { position, fields: source.fields ?? LOCATION_FIELDS, record: source.records[table.values[findRange4(table, ip)]!]! }
        })
        for (const field of LOCATION_FIELDS) {
          const order = field === 'carrier' ? [...carrierFirst.map((position) => said[position]!), ...said] : said
          const first = order.find(
            ({ fields, record }) =>
              fields.includes(field) &&
              record[field] !== undefined &&
              (field === 'country' || field === 'carrier' || field === 'asn' || record.country === location.country) &&
              (field !== 'city' || record.province === location.province),
          )
          assert.equal(location[field], first?.record[field], field)
          assert.equal(location.sources[field], first?.position, field)
        }
      }
      const header = { sources: sources.map((_, position) => ({ name: `${position}` })) as never, coverage: {} as never }
      const content = { header, v4, v6: v6Nothing(), locations: merged.locations }
      const decoded = decodeContent(Buffer.from(encodeContent(content)))
      assert.deepEqual(decoded, content)
    }),
    { numRuns: 200 },
  )
})

function v6Nothing() {
  return { starts: new Uint32Array(4), values: new Uint32Array(1), index: new Uint32Array(2), indexBits: 0 }
}
