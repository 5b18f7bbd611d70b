import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coordinatesOf, coordinatesOfPlace } from '../../../../geodata/line/coordinates-of.ts'
import { findPlace } from '../../../../geodata/line/line-catalogue.ts'
import { type Location, UNKNOWN_LOCATION } from '../../../../geodata/line/location.ts'

const cases: readonly { name: string; location: Partial<Location>; place: string | undefined }[] = [
  { name: 'the city', location: { country: 'CN', province: '33', city: '3302' }, place: 'cn-3302' },
  { name: 'a municipality is its own city', location: { country: 'CN', province: '31' }, place: 'cn-31' },
  { name: 'the capital where it is near everything in the province', location: { country: 'CN', province: '33' }, place: 'cn-33' },
  { name: 'no point in a province that is a thousand kilometres wide', location: { country: 'CN', province: '65' }, place: undefined },
  { name: 'no middle of China', location: { country: 'CN' }, place: undefined },
  { name: 'the country outside China', location: { country: 'JP' }, place: 'jp' },
  { name: 'Hong Kong', location: { country: 'CN', province: '81' }, place: 'cn-81' },
  { name: 'a country without places', location: { country: 'AQ' }, place: undefined },
  { name: 'unknown is not a coordinate', location: {}, place: undefined },
]

for (const { name, location, place } of cases) {
  test(`coordinatesOf: ${name}`, () => {
    const expected = place === undefined ? undefined : findPlace(place)!.coordinates
    assert.deepEqual(coordinatesOf({ ...UNKNOWN_LOCATION, ...location }), expected)
    if (place !== undefined) assert.ok(expected)
  })
}

test('coordinatesOfPlace takes the capital whatever the size: the operator said so', () => {
  assert.deepEqual(coordinatesOfPlace('cn-65'), findPlace('cn-6501')!.coordinates)
  assert.equal(coordinatesOfPlace('cn'), undefined)
  assert.equal(coordinatesOfPlace('atlantis'), undefined)
})
