import assert from 'node:assert/strict'
import { test } from 'node:test'
import { greatCircleDistanceKm } from '../../../../geodata/lookup/great-circle-distance.ts'

const cases: readonly { name: string; from: readonly [number, number]; to: readonly [number, number]; km: number }[] = [
  { name: 'the same place', from: [29.87, 121.55], to: [29.87, 121.55], km: 0 },
  { name: 'Ningbo to Hangzhou', from: [29.88, 121.55], to: [30.29, 120.16], km: 141.5 },
  { name: 'Beijing to Shanghai', from: [39.91, 116.4], to: [31.22, 121.46], km: 1068 },
  { name: 'one degree of longitude at 60° north is half of one at the equator', from: [60, 0], to: [60, 1], km: 55.6 },
  { name: 'over the date line', from: [0, 179.5], to: [0, -179.5], km: 111.2 },
  { name: 'over the pole', from: [89, 0], to: [89, 180], km: 222.4 },
  { name: 'antipodes', from: [0, 0], to: [0, 180], km: 20015 },
]

for (const { name, from, to, km } of cases) {
  test(`greatCircleDistanceKm: ${name}`, () => {
    assert.ok(Math.abs(greatCircleDistanceKm(from, to) - km) <= Math.max(0.1, km * 0.002), `${greatCircleDistanceKm(from, to)}`)
    assert.equal(greatCircleDistanceKm(from, to), greatCircleDistanceKm(to, from))
  })
}
