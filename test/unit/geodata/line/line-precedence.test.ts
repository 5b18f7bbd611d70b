import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAbroad, keepLines, lineChain } from '../../../../geodata/line/line-precedence.ts'
import { type Location, UNKNOWN_LOCATION } from '../../../../geodata/line/location.ts'

const place = (fields: Partial<Location>): Location => ({ ...UNKNOWN_LOCATION, ...fields })
const NINGBO_TELECOM = place({ country: 'CN', province: '33', city: '3302', carrier: 'telecom', asn: 4134 })

const chains: readonly { name: string; location: Location; placeFirst: string; carrierFirst: string }[] = [
  {
    name: 'Ningbo Telecom: the published orders in full',
    location: NINGBO_TELECOM,
    placeFirst:
      'asn:4134 cn-3302/telecom cn-3302 cn-33/telecom cn-33 cn-east/telecom cn-east cn/telecom */telecom cn continent-as/telecom continent-as *',
    carrierFirst:
      'asn:4134 cn-3302/telecom cn-33/telecom cn-east/telecom cn/telecom continent-as/telecom */telecom cn-3302 cn-33 cn-east cn continent-as *',
  },
  {
    name: 'a carrier tries itself, then its parent, in each step',
    location: place({ country: 'CN', province: '11', carrier: 'tietong' }),
    placeFirst:
      'cn-11/tietong cn-11/mobile cn-11 cn-north/tietong cn-north/mobile cn-north cn/tietong cn/mobile */tietong */mobile cn continent-as/tietong continent-as/mobile continent-as *',
    carrierFirst:
      'cn-11/tietong cn-11/mobile cn-north/tietong cn-north/mobile cn/tietong cn/mobile continent-as/tietong continent-as/mobile */tietong */mobile cn-11 cn-north cn continent-as *',
  },
  {
    name: 'Hong Kong is a region of its own, abroad, in no big region and not domestic',
    location: place({ country: 'CN', province: '81' }),
    placeFirst: 'cn-81 continent-as abroad *',
    carrierFirst: 'cn-81 continent-as abroad *',
  },
  {
    name: 'California',
    location: place({ country: 'US', region: 'US-CA', carrier: 'aliyun' }),
    placeFirst: 'us-ca/aliyun us-ca us/aliyun */aliyun us continent-na/aliyun continent-na abroad/aliyun abroad *',
    carrierFirst: 'us-ca/aliyun us/aliyun continent-na/aliyun abroad/aliyun */aliyun us-ca us continent-na abroad *',
  },
  {
    name: 'carrier known, province not (IPv6 of China Telecom)',
    location: place({ country: 'CN', carrier: 'telecom' }),
    placeFirst: 'cn/telecom */telecom cn continent-as/telecom continent-as *',
    carrierFirst: 'cn/telecom continent-as/telecom */telecom cn continent-as *',
  },
  {
    name: 'carrier known, country not: neither domestic nor abroad',
    location: place({ carrier: 'telecom' }),
    placeFirst: '*/telecom *',
    carrierFirst: '*/telecom *',
  },
  { name: 'nothing known', location: UNKNOWN_LOCATION, placeFirst: '*', carrierFirst: '*' },
  {
    name: 'a country without continent in the catalogue',
    location: place({ country: 'ZZ' }),
    placeFirst: 'zz abroad *',
    carrierFirst: 'zz abroad *',
  },
]

for (const { name, location, placeFirst, carrierFirst } of chains) {
  test(`lineChain: ${name}`, () => {
    assert.equal(lineChain(location, 'place-first').join(' '), placeFirst)
    assert.equal(lineChain(location, 'carrier-first').join(' '), carrierFirst)
    // The second call comes from memory and must be another array: callers may change what they get.
    lineChain(location, 'place-first').pop()
    assert.equal(lineChain(location, 'place-first').join(' '), placeFirst)
  })
}

/** Golden: what the vendors publish for an asker on Zhejiang (Ningbo) Telecom, by the lines that exist. */
const golden: readonly { lines: readonly string[]; placeFirst: string; carrierFirst: string }[] = [
  { lines: ['cn-33', '*/telecom', '*'], placeFirst: 'cn-33', carrierFirst: '*/telecom' },
  { lines: ['cn-33/telecom', 'cn-33', '*/telecom', '*'], placeFirst: 'cn-33/telecom', carrierFirst: 'cn-33/telecom' },
  { lines: ['cn-east', '*/telecom', '*'], placeFirst: 'cn-east', carrierFirst: '*/telecom' },
  { lines: ['cn', '*/telecom', '*'], placeFirst: '*/telecom', carrierFirst: '*/telecom' },
  { lines: ['cn-east/telecom', 'cn-33', '*'], placeFirst: 'cn-33', carrierFirst: 'cn-east/telecom' },
  { lines: ['cn-3302', 'cn-33/telecom', '*'], placeFirst: 'cn-3302', carrierFirst: 'cn-33/telecom' },
  { lines: ['abroad', '*/unicom', 'cn-44/telecom', '*'], placeFirst: '*', carrierFirst: '*' },
  { lines: ['asn:4134', 'cn-3302/telecom', '*'], placeFirst: 'asn:4134', carrierFirst: 'asn:4134' },
]

for (const { lines, placeFirst, carrierFirst } of golden) {
  test(`keepLines: lines {${lines.join(', ')}} give Zhejiang Telecom ${placeFirst} / ${carrierFirst}`, () => {
    const set = new Set(lines)
    assert.equal(keepLines(lineChain(NINGBO_TELECOM, 'place-first'), set)[0], placeFirst)
    assert.equal(keepLines(lineChain(NINGBO_TELECOM, 'carrier-first'), set)[0], carrierFirst)
  })
}

test('isAbroad: both vendors count Hong Kong, Macao and Taiwan as abroad; unknown is not', () => {
  for (const province of ['71', '81', '82']) assert.equal(isAbroad(place({ country: 'CN', province })), true)
  assert.equal(isAbroad(place({ country: 'CN', province: '33' })), false)
  assert.equal(isAbroad(place({ country: 'CN' })), false)
  assert.equal(isAbroad(place({ country: 'JP' })), true)
  assert.equal(isAbroad(UNKNOWN_LOCATION), false)
})
