import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePrefix } from '../../../../geodata/address/prefix.ts'
import { canonicalRecord, mergeSources, type SourceRanges, type SourceRecord } from '../../../../geodata/compile/merge-sources.ts'
import { type Location, UNKNOWN_LOCATION } from '../../../../geodata/line/location.ts'
import { SourceBuilder } from '../../../../geodata/source/source-builder.ts'

function source(rows: Readonly<Record<string, SourceRecord>>): SourceRanges {
  const builder = new SourceBuilder()
  for (const [prefix, record] of Object.entries(rows)) builder.addPrefix(parsePrefix(prefix), builder.record(record))
  return builder.build()
}

/** Location of the only known range. */
function mergedLocation(...records: SourceRecord[]): Location {
  const merged = mergeSources(records.map((record) => source({ '192.0.2.0/24': record })))
  assert.deepEqual([...merged.v4.values], [0, 1, 0])
  return merged.locations[1]!
}

const location = (fields: Partial<Location>): Location => ({ ...UNKNOWN_LOCATION, ...fields })

const cases: readonly { name: string; records: readonly SourceRecord[]; expected: Location }[] = [
  {
    name: 'each field from the first source that has it',
    records: [{ country: 'CN', province: '33' }, { asn: 4134, carrier: 'telecom' }, { country: 'CN' }],
    expected: location({
      country: 'CN',
      province: '33',
      carrier: 'telecom',
      asn: 4134,
      sources: { country: 0, province: 0, carrier: 1, asn: 1 },
    }),
  },
  {
    name: 'the first carrier wins',
    records: [
      { country: 'CN', carrier: 'aliyun' },
      { carrier: 'telecom', asn: 4134 },
    ],
    expected: location({ country: 'CN', carrier: 'aliyun', asn: 4134, sources: { country: 0, carrier: 0, asn: 1 } }),
  },
  {
    name: 'a narrower part from a later source that agrees on the wider one',
    records: [{ country: 'CN' }, { country: 'CN', province: '33', city: '3302' }],
    expected: location({ country: 'CN', province: '33', city: '3302', sources: { country: 0, province: 1, city: 1 } }),
  },
  {
    name: 'a city of another province is not taken',
    records: [
      { country: 'CN', province: '44' },
      { country: 'CN', province: '33', city: '3302' },
    ],
    expected: location({ country: 'CN', province: '44', sources: { country: 0, province: 0 } }),
  },
  {
    name: 'a province of another country is not taken',
    records: [{ country: 'JP' }, { country: 'CN', province: '33', city: '3302' }],
    expected: location({ country: 'JP', sources: { country: 0 } }),
  },
  {
    name: 'a region of another country is not taken',
    records: [
      { country: 'CN', province: '33' },
      { country: 'US', region: 'US-CA' },
    ],
    expected: location({ country: 'CN', province: '33', sources: { country: 0, province: 0 } }),
  },
  {
    name: 'a region implies its country',
    records: [{ region: 'US-CA' }],
    expected: location({ country: 'US', region: 'US-CA', sources: { country: 0, region: 0 } }),
  },
  {
    name: 'a city implies its province and country',
    records: [{ city: '3302' }],
    expected: location({ country: 'CN', province: '33', city: '3302', sources: { country: 0, province: 0, city: 0 } }),
  },
  {
    name: 'HK as a country is province 81 of CN',
    records: [{ country: 'HK' }],
    expected: location({ country: 'CN', province: '81', sources: { country: 0, province: 0 } }),
  },
]

for (const { name, records, expected } of cases) {
  test(`mergeSources: ${name}`, () => assert.deepEqual(mergedLocation(...records), expected))
}

test('canonicalRecord writes Macao and Taiwan as provinces, whatever else was said', () => {
  assert.deepEqual(canonicalRecord({ country: 'tw', region: 'TW-TPE' }), {
    country: 'CN',
    province: '71',
    city: undefined,
    region: undefined,
  })
  assert.equal(canonicalRecord({ country: 'MO' }).province, '82')
})

test('mergeSources cuts at the boundaries of every source, in both families', () => {
  const merged = mergeSources([
    source({ '10.0.0.0/24': { country: 'CN' }, '2001:db8::/32': { country: 'CN' } }),
    source({ '10.0.0.128/25': { carrier: 'telecom' }, '2001:db8:8000::/33': { carrier: 'unicom' }, '10.0.1.0/24': { country: 'CN' } }),
  ])
  const name = ({ country, carrier, sources }: Location): string => `${country ?? '-'}/${carrier ?? '-'}/${sources.country ?? '-'}`
  assert.deepEqual(
    Array.from(merged.v4.values, (value) => name(merged.locations[value]!)),
    ['-/-/-', 'CN/-/0', 'CN/telecom/0', 'CN/-/1', '-/-/-'],
  )
  assert.deepEqual(
    Array.from(merged.v6.values, (value) => name(merged.locations[value]!)),
    ['-/-/-', 'CN/-/0', 'CN/unicom/0', '-/-/-'],
  )
  assert.equal(merged.coverage[0]!.country.ipv4Addresses, 256)
  assert.equal(merged.coverage[1]!.country.ipv4Addresses, 256)
  assert.equal(merged.coverage[1]!.carrier.ipv4Addresses, 128)
  assert.equal(merged.coverage[0]!.country.ipv6Networks48, 65536)
  assert.equal(merged.coverage[1]!.carrier.ipv6Networks48, 32768)
  assert.equal(merged.coverage[1]!.asn.ipv4Addresses, 0)
})

test('mergeSources keeps the sources of a snapshot apart', () => {
  const own = source({ '10.0.0.0/24': { carrier: 'telecom' } })
  const snapshot: SourceRanges = {
    ...source({ '10.0.0.0/23': { country: 'CN', sources: { country: 1, carrier: 0 }, carrier: 'mobile' } }),
    descriptionCount: 2,
  }
  const merged = mergeSources([own, snapshot])
  assert.deepEqual(merged.locations.slice(1), [
    location({ country: 'CN', carrier: 'telecom', sources: { country: 2, carrier: 0 } }),
    location({ country: 'CN', carrier: 'mobile', sources: { country: 2, carrier: 1 } }),
  ])
  assert.equal(merged.coverage.length, 3)
  assert.equal(merged.coverage[2]!.country.ipv4Addresses, 512)
})

test('mergeSources of nothing knows nothing', () => {
  const merged = mergeSources([])
  assert.deepEqual([...merged.v4.values, ...merged.v6.values], [0, 0])
  assert.deepEqual(merged.locations, [UNKNOWN_LOCATION])
})
