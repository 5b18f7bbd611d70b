/** The geodata that ships: known addresses, what its header promises, and its size. */
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { test } from 'node:test'
import { defaultGeodataFile } from '../../../cli/geodata.ts'
import { parseAddress } from '../../../geodata/address/address.ts'
import { prefixAround, prefixContains } from '../../../geodata/address/prefix.ts'
import { addressShareByLine } from '../../../geodata/compile/address-share.ts'
import { loadGeodata } from '../../../geodata/geodata-file.ts'
import { lineChain } from '../../../geodata/line/line-precedence.ts'
import { lookupLocation } from '../../../geodata/lookup/lookup-location.ts'

const geodata = loadGeodata(defaultGeodataFile())

/** Address and "country province city carrier", "-" where nothing is known. */
const known: readonly (readonly [string, string])[] = [
  ['202.96.104.15', 'CN 33 3302 telecom'],
  ['202.101.172.35', 'CN 33 3301 telecom'],
  ['221.12.1.227', 'CN 33 3301 unicom'],
  ['211.140.13.188', 'CN 33 3301 mobile'],
  ['219.141.136.10', 'CN 11 - telecom'],
  ['202.106.0.20', 'CN 11 - unicom'],
  ['101.226.4.6', 'CN 31 - telecom'],
  ['202.96.209.133', 'CN 31 - telecom'],
  ['202.96.128.86', 'CN 44 4401 telecom'],
  ['59.36.1.1', 'CN 44 4419 telecom'],
  ['211.138.180.2', 'CN 34 3401 mobile'],
  ['112.124.47.27', 'CN 33 3301 aliyun'],
  ['223.5.5.5', 'CN 33 3301 aliyun'],
  ['119.29.29.29', 'CN 11 - tencent'],
  ['114.114.114.114', 'CN 32 3201 -'],
  ['166.111.8.28', 'CN 11 - edu'],
  ['203.80.96.10', 'CN 81 - -'],
  ['202.175.3.3', 'CN 82 - -'],
  ['168.95.1.1', 'CN 71 - -'],
  ['8.8.8.8', 'US - - -'],
  ['81.2.69.142', 'GB - - -'],
  ['133.242.0.3', 'JP - - -'],
  ['168.126.63.1', 'KR - - -'],
  ['165.21.83.88', 'SG - - -'],
  ['194.25.0.60', 'DE - - -'],
  ['240e:380::', 'CN - - telecom'],
  ['240e:47d:c20::1', 'CN - - telecom'],
  ['2408:8256::', 'CN - - unicom'],
  ['2409:8028::', 'CN 33 - mobile'],
  ['2409:8028:2000::1', 'CN 33 - mobile'],
  ['2409:8a54::1', 'CN 44 - mobile'],
  ['2400:3200::1', 'CN - - aliyun'],
  ['2001:da8::1', 'CN - - edu'],
  ['2001:4860:4860::8888', 'US - - -'],
  ['2001:41d0::1', 'FR - - -'],
  ['10.1.2.3', '- - - -'],
  ['127.0.0.1', '- - - -'],
  ['192.168.1.1', '- - - -'],
  ['::1', '- - - -'],
  ['fe80::1', '- - - -'],
]

for (const [address, expected] of known) {
  test(`${address} is on ${expected}`, () => {
    const { country, province, city, carrier } = lookupLocation(geodata, parseAddress(address)).location
    assert.equal([country, province, city, carrier].map((code) => code ?? '-').join(' '), expected)
  })
}

test('a location says which source it is from, and that the numbering plan is inferred', () => {
  const ningbo = lookupLocation(geodata, parseAddress('202.96.104.15')).location
  assert.equal(geodata.header.sources[ningbo.sources.city!]!.name, 'ip2region')
  const zhejiang = lookupLocation(geodata, parseAddress('2409:8028::')).location
  assert.equal(geodata.header.sources[zhejiang.sources.province!]!.inferred, true)
  assert.equal(geodata.header.sources[zhejiang.sources.carrier!]!.name, 'ip-location-db asn')
  assert.equal(ningbo.asn, 4134)
})

test('every source has a name, date, licence and credit', () => {
  for (const source of geodata.header.sources) {
    assert.ok(source.name && source.licence, source.name)
    assert.match(source.date, /^\d{4}-\d{2}-\d{2}$/)
    if (!source.inferred) assert.ok(source.attribution && source.version && /^[0-9a-f]{64}$/.test(source.sha256), source.name)
  }
})

test('sanity: sizes, and China is about a tenth of the located IPv4 addresses', () => {
  assert.ok(statSync(defaultGeodataFile()).size <= 3_000_000)
  assert.ok(geodata.v4.values.length > 300_000 && geodata.v6.values.length > 200_000)
  const shares = addressShareByLine(geodata)
  const share = (line: string): number => shares.get(line)!.share
  assert.ok(share('cn') > 0.08 && share('cn') < 0.12, `${share('cn')}`)
  assert.ok(share('*/telecom') > 0.03 && share('*/telecom') < 0.05)
  assert.ok(share('cn-3302/telecom') > 0.0002)
  assert.ok(Math.abs(share('cn') + share('abroad') - 1) < 1e-9)
})

test('every line of every location is canonical, and no address of a scope is at another location', () => {
  for (const address of known.map(([text]) => parseAddress(text))) {
    const found = lookupLocation(geodata, address)
    const scope = prefixAround(address, found.scope)
    const [first, last] = found.range.map(parseAddress)
    assert.ok(prefixContains(scope, address))
    assert.ok(lookupLocation(geodata, { family: scope.family, words: scope.words }).rangeNumber === found.rangeNumber)
    assert.equal(lookupLocation(geodata, first!).rangeNumber, found.rangeNumber)
    assert.equal(lookupLocation(geodata, last!).rangeNumber, found.rangeNumber)
    assert.equal(lineChain(found.location, 'place-first').at(-1), '*')
  }
})
