import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CITIES_ABROAD, findCityAbroad, findCityByGeonameId } from '../../../../geodata/line/cities-abroad.ts'
import { coordinatesOf } from '../../../../geodata/line/coordinates-of.ts'
import { cityPlaceKey, findPlace } from '../../../../geodata/line/line-catalogue.ts'
import { lineChain } from '../../../../geodata/line/line-precedence.ts'
import { UNKNOWN_LOCATION } from '../../../../geodata/line/location.ts'
import { recordOfPlace } from '../../../../geodata/source/place-record.ts'

test('the table: several hundred cities, codes and ids unique, every one a place with coordinates inside its country', () => {
  assert.ok(CITIES_ABROAD.length >= 450, String(CITIES_ABROAD.length))
  assert.equal(new Set(CITIES_ABROAD.map((city) => city.code)).size, CITIES_ABROAD.length)
  assert.equal(new Set(CITIES_ABROAD.map((city) => city.geonameId)).size, CITIES_ABROAD.length)
  for (const city of CITIES_ABROAD) {
    assert.match(city.code, /^[A-Z]{2}-[A-Z0-9]{3}$/)
    assert.ok(!['CN', 'HK', 'MO', 'TW'].includes(city.code.slice(0, 2)), city.code)
    assert.match(city.zh, /^[\u4e00-\u9fff·-]+$/, city.code)
    assert.match(city.en, /^[A-Za-z' .-]+$/, city.code)
    assert.ok(Math.abs(city.coordinates[0]) <= 72 && Math.abs(city.coordinates[1]) <= 180, city.code)
    const place = findPlace(cityPlaceKey(city.code))!
    assert.ok(findPlace(place.parent!) !== undefined, city.code)
    if (city.region !== undefined) assert.equal(place.parent, city.region.toLowerCase())
  }
})

test('findCityAbroad takes a name only where it is sure', () => {
  const cases: readonly (readonly [string, string | undefined, string, string | undefined])[] = [
    ['US', 'US-CA', 'Los Angeles', 'US-LAX'],
    ['us', 'us-ca', 'los angeles', 'US-LAX'],
    ['US', 'US-OR', 'Portland', 'US-PDX'],
    ['US', 'US-ME', 'Portland', undefined],
    ['US', undefined, 'Portland', undefined],
    ['DE', undefined, 'Frankfurt am Main', 'DE-FRA'],
    ['DE', 'DE-HE', 'Frankfurt', 'DE-FRA'],
    ['DE', 'DE-BB', 'Frankfurt', undefined],
    ['IN', 'IN-KA', 'Bangalore', 'IN-BLR'],
    ['BR', 'BR-SP', 'São Paulo', 'BR-SAO'],
    ['FR', 'FR-IDF', 'Paris', 'FR-PAR'],
    ['US', 'US-TX', 'Paris', undefined],
    ['RU', undefined, 'St Petersburg', 'RU-LED'],
    ['GB', 'US-CA', 'Los Angeles', undefined],
    ['CN', undefined, 'Ningbo', undefined],
    ['XX', undefined, 'Nowhere', undefined],
  ]
  for (const [country, region, name, code] of cases)
    assert.equal(findCityAbroad(country, region, name), code, `${country} ${region} ${name}`)
})

test('findCityByGeonameId', () => {
  assert.equal(findCityByGeonameId(5368361), 'US-LAX')
  assert.equal(findCityByGeonameId(2643743), 'GB-LON')
  assert.equal(findCityByGeonameId(1850147), 'JP-TYO')
  assert.equal(findCityByGeonameId(1), undefined)
})

test('a city abroad stands first in its chain, has coordinates, and is the place of an address', () => {
  const location = { ...UNKNOWN_LOCATION, country: 'US', region: 'US-CA', city: 'US-LAX', carrier: 'aliyun' }
  assert.equal(
    lineChain(location, 'place-first').join(' '),
    'city-us-lax/aliyun city-us-lax us-ca/aliyun us-ca us/aliyun */aliyun us continent-na/aliyun continent-na abroad/aliyun abroad *',
  )
  assert.equal(
    lineChain(location, 'carrier-first').join(' '),
    'city-us-lax/aliyun us-ca/aliyun us/aliyun continent-na/aliyun abroad/aliyun */aliyun city-us-lax us-ca us continent-na abroad *',
  )
  assert.deepEqual(coordinatesOf(location), findPlace('city-us-lax')!.coordinates)
  assert.deepEqual(recordOfPlace('city-us-lax'), { country: 'US', region: 'US-CA', city: 'US-LAX' })
  assert.deepEqual(recordOfPlace('city-sg-sin'), { country: 'SG', region: undefined, city: 'SG-SIN' })
})
