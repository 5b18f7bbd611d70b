import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyRanges } from '../../../../geodata/compile/flat-ranges.ts'
import { mergeSources } from '../../../../geodata/compile/merge-sources.ts'
import { takeFields } from '../../../../geodata/compile/take-fields.ts'

/** Four neighbouring networks: a city and its carrier, the same city with another one, its province alone, an AS alone. */
const source = {
  v4: { width: 1 as const, starts: Uint32Array.of(0, 256, 512, 768, 1024), values: Uint32Array.of(1, 2, 3, 4, 0) },
  v6: emptyRanges(4),
  records: [
    {},
    { country: 'CN', province: '33', city: '3302', carrier: 'telecom' },
    { country: 'CN', province: '33', city: '3302', carrier: 'unicom' },
    { country: 'CN', province: '33' },
    { asn: 4134 },
  ],
  descriptionCount: 1,
}

test('takeFields joins what differs only in other fields, and keeps the wider parts that a city is checked by', () => {
  const cities = takeFields(source, ['city'])
  assert.deepEqual([...cities.v4.starts], [0, 512])
  assert.equal(cities.records.length, 2)
  assert.equal(cities.records[1]!.province, '33')
  assert.deepEqual([...takeFields(source, ['carrier']).v4.starts], [0, 256, 512])
  assert.deepEqual([...takeFields(source, ['asn']).v4.starts], [0, 768, 1024])
})

test('a city is taken only where another source says the same province', () => {
  const provinces = (province: string) => ({
    ...source,
    records: source.records.map((_, record) => (record === 1 ? { country: 'CN', province } : {})),
  })
  const city = (province: string): string | undefined =>
    mergeSources([provinces(province), takeFields(source, ['city'])]).locations[1]?.city
  assert.equal(city('33'), '3302')
  assert.equal(city('44'), undefined)
})
