import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../../../geodata/address/address.ts'
import type { Geodata } from '../../../../geodata/geodata.ts'
import { UNKNOWN_LOCATION } from '../../../../geodata/line/location.ts'
import { lookupLocation } from '../../../../geodata/lookup/lookup-location.ts'
import { numberOf, table4, table6 } from '../../../support/geodata-tables.ts'

const NINGBO = { ...UNKNOWN_LOCATION, country: 'CN', province: '33', city: '3302' }
const at = (text: string): number => parseAddress(text).words[3]
const at6 = (text: string): bigint => numberOf(parseAddress(text).words)
const geodata: Geodata = {
  header: { sources: [], coverage: {} as never },
  v4: table4([
    [0, 0],
    [at('202.96.104.0'), 1],
    [at('202.96.106.0'), 0],
  ]),
  v6: table6([
    [0n, 0],
    [at6('2001:db8::'), 1],
    [at6('2001:db9::'), 0],
    [at6('ffff:ffff:ffff:ffff::'), 1],
  ]),
  locations: [UNKNOWN_LOCATION, NINGBO],
  digest: '',
}

const cases: readonly { address: string; known: boolean; range: [string, string]; rangeNumber: number; scope: number }[] = [
  { address: '202.96.104.15', known: true, range: ['202.96.104.0', '202.96.105.255'], rangeNumber: 1, scope: 23 },
  { address: '255.0.0.1', known: false, range: ['202.96.106.0', '255.255.255.255'], rangeNumber: 2, scope: 3 },
  { address: '2001:db8::1', known: true, range: ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'], rangeNumber: 1, scope: 32 },
  { address: '::1', known: false, range: ['::', '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff'], rangeNumber: 0, scope: 3 },
  {
    address: 'ffff:ffff:ffff:ffff::9',
    known: true,
    range: ['ffff:ffff:ffff:ffff::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    rangeNumber: 3,
    scope: 64,
  },
]

for (const { address, known, ...expected } of cases) {
  test(`lookupLocation of ${address}`, () => {
    const { location, ...found } = lookupLocation(geodata, parseAddress(address))
    assert.equal(location, known ? NINGBO : UNKNOWN_LOCATION)
    assert.deepEqual(found, expected)
  })
}
