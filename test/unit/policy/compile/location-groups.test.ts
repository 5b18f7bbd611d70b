import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Geodata } from '../../../../geodata/geodata.ts'
import { groupSpace } from '../../../../policy/compile/location-groups.ts'
import { makeSyntheticGeodata } from '../../../support/synthetic-geodata.ts'

const tables = makeSyntheticGeodata([
  ['1.0.0.0', 'cn/33/3302/telecom'],
  ['2.0.0.0', 'jp'],
])
// The same place and carrier twice, with two AS numbers.
const ningbo = tables.locations.findIndex((location) => location.city === '3302')
const locations = [...tables.locations, { ...tables.locations[ningbo]!, asn: 4134 }]
const starts = Uint32Array.of(0, 0x0100_0000, 0x0180_0000, 0x0200_0000)
const geodata = {
  ...tables,
  locations,
  v4: { ...tables.v4, starts, values: Uint32Array.of(0, ningbo, locations.length - 1, 0) },
} as unknown as Geodata

test('groupSpace joins neighbours of one place and carrier, and parts them by an AS number that is asked for', () => {
  const whole = groupSpace(geodata, new Set())
  assert.deepEqual([...whole.v4.starts], [0, 0x0100_0000, 0x0200_0000])
  const parted = groupSpace(geodata, new Set([4134]))
  assert.deepEqual([...parted.v4.starts], [...starts])
  assert.deepEqual(
    [...parted.v4.values].map((group) => parted.groups.representatives[group]!.asn),
    [undefined, undefined, 4134, undefined],
  )
  assert.deepEqual([...groupSpace(geodata, new Set([9808])).v4.starts], [...whole.v4.starts])
})

test('groupSpace works a geodata out once', () => {
  assert.equal(groupSpace(geodata, new Set()), groupSpace(geodata, new Set()))
  assert.notEqual(groupSpace({ ...geodata }, new Set()), groupSpace(geodata, new Set()))
})
