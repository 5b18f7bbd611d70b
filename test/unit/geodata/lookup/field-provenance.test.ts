import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../../../geodata/address/address.ts'
import type { GeodataSource } from '../../../../geodata/geodata.ts'
import { UNKNOWN_LOCATION } from '../../../../geodata/line/location.ts'
import { provenanceOf } from '../../../../geodata/lookup/field-provenance.ts'

const source = (name: string, more: Partial<GeodataSource> = {}): GeodataSource => ({
  name,
  version: '',
  date: '2026-01-02',
  licence: '',
  attribution: '',
  url: '',
  inferred: false,
  sha256: '',
  coverage: {} as never,
  ...more,
})
const wide = { prefix: '10.0.0.0/8', place: 'cn-33', carrier: 'telecom', reason: 'wide' }
const narrow = { prefix: '10.1.0.0/16', place: 'cn-3302', reason: 'narrow', author: 'li', date: '2026-03-01' }
const elsewhere = { prefix: '11.0.0.0/8', carrier: 'unicom', reason: 'elsewhere' }
const header = {
  sources: [
    source('corrections', { corrections: [wide, narrow, elsewhere, { ...wide, reason: 'wide again' }] }),
    source('asn list', { inferredFields: ['carrier'] }),
    source('plan', { inferred: true, date: '' }),
  ],
  coverage: {} as never,
}
const location = { ...UNKNOWN_LOCATION, country: 'CN', province: '33', carrier: 'telecom', asn: 4134 }

test('each field names its source and date, and whether it is inferred: all of a plan, the carrier of a list of ASs', () => {
  const found = provenanceOf({ header }, parseAddress('10.1.2.3'), { ...location, sources: { province: 2, carrier: 1, asn: 1 } })
  assert.deepEqual(found, {
    province: { source: 'plan', date: '', inferred: true },
    carrier: { source: 'asn list', date: '2026-01-02', inferred: true },
    asn: { source: 'asn list', date: '2026-01-02', inferred: false },
  })
})

test('a corrected field shows the narrowest correction around the address that speaks of it', () => {
  const found = provenanceOf({ header }, parseAddress('10.1.2.3'), {
    ...location,
    sources: { country: 0, province: 0, carrier: 0, asn: 0 },
  })
  assert.deepEqual([found.country?.correction, found.province?.correction], [narrow, narrow])
  assert.deepEqual(found.carrier?.correction, wide)
  assert.equal(found.asn?.correction, undefined)
})

test('nothing is said of unknown fields, and of a source that the header does not have', () => {
  assert.deepEqual(provenanceOf({ header }, parseAddress('10.1.2.3'), UNKNOWN_LOCATION), {})
  assert.deepEqual(provenanceOf({ header }, parseAddress('10.1.2.3'), { ...location, sources: { country: 9 } }), {})
})
