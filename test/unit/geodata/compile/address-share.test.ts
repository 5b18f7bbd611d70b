import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressShareByLine, countAddressesByLocation } from '../../../../geodata/compile/address-share.ts'
import { diffGeodata } from '../../../../geodata/compile/diff-geodata.ts'
import type { Geodata } from '../../../../geodata/geodata.ts'
import { type Location, UNKNOWN_LOCATION } from '../../../../geodata/line/location.ts'
import { table4, table6 } from '../../../support/geodata-tables.ts'

const location = (fields: Partial<Location>): Location => ({ ...UNKNOWN_LOCATION, ...fields })
const QUARTER = 2 ** 30

function geodata(locations: readonly Location[], ...quarters: readonly number[]): Geodata {
  return {
    header: { sources: [], coverage: {} as never },
    v4: table4(quarters.map((value, quarter) => [quarter * QUARTER, value])),
    v6: table6([[0n, 0]]),
    locations,
    digest: '',
  }
}

const LOCATIONS = [
  UNKNOWN_LOCATION,
  location({ country: 'CN', province: '33', carrier: 'tietong' }),
  location({ country: 'CN', province: '33', city: '3302' }),
  location({ country: 'JP' }),
]

test('countAddressesByLocation adds up all ranges of a location', () => {
  assert.deepEqual([...countAddressesByLocation(geodata(LOCATIONS, 1, 0, 1, 3))], [QUARTER, 2 * QUARTER, 0, QUARTER])
})

test('addressShareByLine counts an address for every line it can match, of the located ones', () => {
  const shares = addressShareByLine(geodata(LOCATIONS, 0, 1, 2, 3))
  const expected: Readonly<Record<string, number>> = {
    '*': 3,
    cn: 2,
    abroad: 1,
    'cn-33': 2,
    'cn-3302': 1,
    'cn-33/tietong': 1,
    'cn-33/mobile': 1,
    '*/mobile': 1,
    jp: 1,
    'continent-as': 3,
  }
  for (const [line, quarters] of Object.entries(expected)) {
    assert.deepEqual(shares.get(line), { ipv4Addresses: quarters * QUARTER, share: (quarters * QUARTER) / (3 * QUARTER) }, line)
  }
  assert.equal(shares.get('cn-44'), undefined)
})

test('diffGeodata counts addresses by field and lists moves, greatest first', () => {
  const diff = diffGeodata(geodata(LOCATIONS, 0, 1, 1, 3), geodata(LOCATIONS, 3, 1, 2, 2), 10)
  assert.deepEqual(diff.changed, { country: 2 * QUARTER, province: QUARTER, region: 0, city: 2 * QUARTER, carrier: QUARTER, asn: 0 })
  assert.deepEqual(
    diff.moves.map(({ from, to }) => `${from} → ${to}`),
    ['? → jp', 'cn-33/tietong → cn-33', 'jp → cn-33'],
  )
  assert.equal(diffGeodata(geodata(LOCATIONS, 0, 1, 1, 3), geodata(LOCATIONS, 3, 1, 2, 2), 1).moves.length, 1)
  assert.deepEqual(diffGeodata(geodata(LOCATIONS, 0, 1, 2, 3), geodata(LOCATIONS, 0, 1, 2, 3), 10).moves, [])
})
