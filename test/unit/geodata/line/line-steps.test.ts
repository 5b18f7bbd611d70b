/** Both published orders are total: over every place and carrier of the catalogue no client meets two lines on one rank. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CARRIERS, cityPlaceKey, findCarrier, findPlace, listPlaces, type Place } from '../../../../geodata/line/line-catalogue.ts'
import { lineChain } from '../../../../geodata/line/line-precedence.ts'
import { LINE_STEPS, positionOfLine, stepOfLine, widerLines } from '../../../../geodata/line/line-steps.ts'
import { type Location, UNKNOWN_LOCATION } from '../../../../geodata/line/location.ts'
import { recordOfPlace } from '../../../../geodata/source/place-record.ts'

const PRECEDENCES = ['place-first', 'carrier-first'] as const

function locationOf(place: Place, carrier: string | undefined): Location {
  const record = recordOfPlace(place.key)
  return { ...UNKNOWN_LOCATION, ...record, country: record.country ?? record.region?.slice(0, 2), carrier } as Location
}

const located = listPlaces().filter(({ kind }) => kind === 'city' || kind === 'region' || kind === 'country')

test('the steps of both orders are the same ones', () => {
  assert.deepEqual(LINE_STEPS['place-first'].toSorted(), LINE_STEPS['carrier-first'].toSorted())
  assert.equal(new Set(LINE_STEPS['place-first']).size, 16)
})

test('no tie anywhere: along every chain the step rises, or stays for the carrier that a carrier is part of', () => {
  // tietong → mobile and greatwall → drpeng are carriers of carriers.
  const carriers = [undefined, 'telecom', 'tietong', 'greatwall', 'aliyun']
  for (const precedence of PRECEDENCES) {
    for (const place of located) {
      for (const carrier of carriers) {
        const chain = lineChain(locationOf(place, carrier), precedence)
        assert.equal(new Set(chain).size, chain.length, chain.join(' '))
        for (let at = 1; at < chain.length; at++) {
          const before = positionOfLine(chain[at - 1]!, precedence)
          const here = positionOfLine(chain[at]!, precedence)
          if (here > before) continue
          assert.equal(here, before, `${chain.join(' ')}: ${chain[at]}`)
          const [placeBefore, carrierBefore] = chain[at - 1]!.split('/')
          const [placeHere, carrierHere] = chain[at]!.split('/')
          assert.equal(placeHere, placeBefore)
          assert.equal(findCarrier(carrierBefore!)!.parent, carrierHere)
        }
      }
    }
  }
})

test('widerLines of every place and carrier is the chain of a client there', () => {
  for (const precedence of PRECEDENCES) {
    for (const place of located) {
      for (const carrier of [undefined, 'tietong']) {
        const key = carrier === undefined ? place.key : `${place.key}/${carrier}`
        assert.deepEqual(widerLines(key, precedence), lineChain(locationOf(place, carrier), precedence), key)
      }
    }
  }
})

test('every line of the catalogue, with every carrier, stands on a step of both orders', () => {
  for (const place of listPlaces()) {
    for (const carrier of [undefined, ...CARRIERS.map(({ id }) => id)]) {
      const key = carrier === undefined ? place.key : `${place.key}/${carrier}`
      for (const precedence of PRECEDENCES) assert.ok(positionOfLine(key, precedence) > 0, key)
    }
  }
  assert.equal(stepOfLine('custom:park-a'), 'custom')
  assert.equal(stepOfLine('asn:4134'), 'asn')
  assert.equal(stepOfLine('*'), 'default')
  assert.equal(stepOfLine('city-us-lax/aliyun'), 'city/carrier')
  assert.deepEqual(widerLines('custom:park-a', 'place-first'), [])
  assert.deepEqual(widerLines('asn:4134', 'place-first'), [])
})

test('lines that are wider than any client', () => {
  assert.equal(
    widerLines('cn-east/telecom', 'place-first').join(' '),
    'cn-east/telecom cn-east cn/telecom */telecom cn continent-as/telecom continent-as *',
  )
  assert.equal(widerLines('*/telecom', 'carrier-first').join(' '), '*/telecom *')
  assert.equal(widerLines('continent-eu', 'place-first').join(' '), 'continent-eu abroad *')
  assert.equal(widerLines('continent-eu', 'carrier-first').join(' '), 'continent-eu abroad *')
  assert.equal(widerLines('continent-as', 'place-first').join(' '), 'continent-as *')
  assert.equal(widerLines('cn-81', 'place-first').join(' '), 'cn-81 continent-as abroad *')
  assert.equal(findPlace(cityPlaceKey('3302'))!.key, 'cn-3302')
})
