import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLineKey } from '../../../../geodata/line/line.ts'
import {
  bigRegionOf,
  CARRIERS,
  continentOf,
  currentRegion,
  findCarrier,
  findPlace,
  findProvinceByLetters,
  listPlaces,
  listWithdrawnRegions,
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

/** Characters of traditional script that stand in names of places; mainland China writes each of them in another way. */
const TRADITIONAL = /[亞爾羅蘭維島縣區廣東國門馬魯聖倫納薩達爲為來興長紐華黃會萬與個們傑劉吳陳張陽陰靜歐岡濱漢灣樂豐貝賓賴頓諾訥譚蘇莊蓋葉]/

test('every Chinese label is of Han script, simplified and longer than one character, or the English one', () => {
  const wrong: string[] = []
  let regions = 0
  for (const { key, kind, label } of listPlaces()) {
    const zh = label['zh-CN']
    if (kind === 'region' && zh !== label.en) regions++
    const isHan = /^[\u4e00-\u9fff][\u4e00-\u9fff·、（）-]*[\u4e00-\u9fff）]$/.test(zh) && !TRADITIONAL.test(zh)
    if (!isHan && !(kind === 'region' && zh === label.en)) wrong.push(`${key} ${zh}`)
  }
  assert.deepEqual(wrong, [])
  assert.ok(regions > 3000, `${regions} regions with a Chinese name`)
})

test('the regions of large countries have their Chinese names', () => {
  const known = { us: 57, ca: 13, au: 8, jp: 47, kr: 17, de: 16, br: 27, in: 36, ru: 83 }
  for (const [country, count] of Object.entries(known)) {
    const named = listPlaces().filter(
      ({ key, isWithdrawn, label }) => key.startsWith(`${country}-`) && !isWithdrawn && label.en !== label['zh-CN'],
    )
    assert.equal(named.length, count, country)
  }
  const names = {
    'ru-ros': '罗斯托夫州',
    'ru-se': '北奥塞梯-阿兰共和国',
    'ru-mow': '莫斯科',
    'kr-11': '首尔',
    'us-md': '马里兰州',
    'mm-14': '钦邦',
  }
  for (const [key, name] of Object.entries(names)) assert.equal(findPlace(key)!.label['zh-CN'], name)
})

test('withdrawn codes of regions: the same place has its code of now, what was redrawn is kept and marked', () => {
  assert.equal(currentRegion('IN-TG'), 'IN-TS')
  assert.equal(currentRegion('US-CA'), 'US-CA')
  assert.equal(currentRegion('FR-GP'), undefined)
  for (const [code, { now }] of listWithdrawnRegions()) {
    assert.equal(findPlace(code), undefined, code)
    assert.ok(findPlace(now) !== undefined && findPlace(now)!.isWithdrawn === undefined, `${code} ${now}`)
    assert.equal(parseLineKey(code), now)
  }
  assert.ok(findPlace('al-br')!.isWithdrawn)
  // A region and a district of the same name, both in use.
  for (const key of ['al-01', 'ci-lg', 'cz-72', 'cz-724', 'es-as', 'es-o', 'no-40'])
    assert.equal(findPlace(key)!.isWithdrawn, undefined, key)
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
  for (const country of ['TR', 'CY', 'KZ', 'GE', 'AM', 'AZ', 'TL', 'IL']) assert.equal(continentOf(country), 'as', country)
  for (const country of ['RU', 'GR', 'IS', 'XK']) assert.equal(continentOf(country), 'eu', country)
  assert.equal(continentOf('EG'), 'af')
  assert.equal(continentOf('ZZ'), undefined)
  assert.equal(findProvinceByLetters('zj'), '33')
  assert.equal(findProvinceByLetters('ZZ'), undefined)
})
