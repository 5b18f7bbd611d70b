import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLineKey } from '../../../../geodata/line/line.ts'
import {
  bigRegionOf,
  CARRIERS,
  continentOf,
  findCarrier,
  findPlace,
  findProvinceByLetters,
  listPlaces,
} from '../../../../geodata/line/line-catalogue.ts'
import { greatCircleDistanceKm } from '../../../../geodata/lookup/great-circle-distance.ts'

test('the catalogue has all provinces, prefectures, big regions, continents and countries', () => {
  const count = (pattern: RegExp): number => listPlaces().filter((place) => pattern.test(place.key)).length
  assert.equal(count(/^cn-\d{2}$/), 34)
  assert.equal(count(/^cn-\d{4}$/), 333)
  assert.equal(count(/^cn-[a-z]+$/), 7)
  assert.equal(count(/^continent-/), 7)
  assert.ok(count(/^[a-z]{2}$/) >= 245)
  assert.ok(count(/^(?!cn)[a-z]{2}-/) > 5000)
})

test('every place has labels, a parent that exists, and parses to itself', () => {
  for (const place of listPlaces()) {
    assert.ok(place.label.en && place.label['zh-CN'], place.key)
    assert.ok(place.parent === undefined ? place.key === '*' : findPlace(place.parent) !== undefined, place.key)
    assert.equal(parseLineKey(place.key), place.key)
  }
})

test('every province and prefecture has coordinates, a prefecture at most 1,200 km from its capital', () => {
  for (const place of listPlaces()) {
    if (!/^cn-\d+$/.test(place.key)) continue
    assert.ok(place.coordinates !== undefined, place.key)
    const [latitude, longitude] = place.coordinates
    assert.ok(latitude > 15 && latitude < 54 && longitude > 73 && longitude < 136, place.key)
    const province = findPlace(place.key.slice(0, 5))!
    assert.ok(greatCircleDistanceKm(place.coordinates, province.coordinates!) < 1200, place.key)
  }
})

test('known places are where they are', () => {
  const known: readonly (readonly [string, string, number, number])[] = [
    ['cn-3302', '宁波', 29.88, 121.55],
    ['cn-4403', '深圳', 22.55, 114.07],
    ['cn-6501', '乌鲁木齐', 43.8, 87.6],
    ['cn-2327', '大兴安岭', 50.42, 124.12],
    ['cn-5334', '迪庆', 27.83, 99.7],
    ['cn-11', '北京', 39.91, 116.4],
  ]
  for (const [key, name, latitude, longitude] of known) {
    const place = findPlace(key)!
    assert.equal(place.label['zh-CN'], name)
    assert.ok(greatCircleDistanceKm(place.coordinates!, [latitude, longitude]) < 30, `${key} ${place.coordinates}`)
  }
})

test('carriers: ids are unique, parents exist, aliases name one carrier each', () => {
  const names = CARRIERS.flatMap((carrier) => [carrier.id, ...carrier.aliases])
  assert.equal(new Set(names).size, names.length)
  for (const carrier of CARRIERS) assert.ok(carrier.parent === undefined || findCarrier(carrier.parent) !== undefined, carrier.id)
  assert.equal(findCarrier('tietong')!.parent, 'mobile')
})

test('big regions, continents and ISO letters', () => {
  assert.equal(bigRegionOf('33'), 'east')
  assert.equal(bigRegionOf('81'), undefined)
  assert.equal(bigRegionOf('99'), undefined)
  assert.equal(continentOf('CN'), 'as')
  assert.equal(continentOf('US'), 'na')
  assert.equal(continentOf('ZZ'), undefined)
  assert.equal(findProvinceByLetters('zj'), '33')
  assert.equal(findProvinceByLetters('ZZ'), undefined)
})
