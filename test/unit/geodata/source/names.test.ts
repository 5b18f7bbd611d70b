import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCarrier, findPlace } from '../../../../geodata/line/line-catalogue.ts'
import { CARRIER_BY_ASN } from '../../../../geodata/source/carrier-asns.ts'
import { findCarrierByText, findCityByName, findProvinceByName } from '../../../../geodata/source/chinese-place-names.ts'
import { splitCsvRow } from '../../../../geodata/source/csv-row.ts'
import { parseRecipe } from '../../../../geodata/source/parse-recipe.ts'
import { REGION_NAMES } from '../../../../geodata/source/place-of-names.ts'

test('provinces by the names of databases', () => {
  for (const [name, code] of [
    ['浙江省', '33'],
    ['广西', '45'],
    ['内蒙古自治区', '15'],
    ['新疆', '65'],
    ['香港', '81'],
    ['北京市', '11'],
    ['0', undefined],
    ['', undefined],
  ] as const) {
    assert.equal(findProvinceByName(name), code, name)
  }
})

test('prefectures by the names of databases, inside their province only', () => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ['33', '宁波市', '3302'],
    ['33', '宁波', '3302'],
    ['22', '延边', '2224'],
    ['42', '恩施土家族', '4228'],
    ['65', '博尔塔拉蒙古', '6527'],
    ['52', '黔东南苗族侗族自治州', '5226'],
    ['63', '海南', '6325'],
    ['37', '莱芜市', '3701'],
    ['41', '济源', undefined],
    ['44', '宁波市', undefined],
    ['33', '0', undefined],
    ['31', '浦东', undefined],
  ]
  for (const [province, name, code] of cases) assert.equal(findCityByName(province, name), code, name)
})

test('carriers by text are exact: other companies have 电信 in their names', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['电信', 'telecom'],
    ['中华电信', undefined],
    ['澳大利亚电信', undefined],
    ['陕西广电', 'cbn'],
    ['华数传媒', 'wasu'],
    ['阿里巴巴', 'aliyun'],
    ['0', undefined],
    ['电信DNS服务器', 'telecom'],
    ['鹏博士BGP', 'drpeng'],
    ['鹏博士长城宽带', 'greatwall'],
    ['中移铁通', 'tietong'],
    ['阿里云BGP数据中心', 'aliyun'],
    ['中华电信(HiNet)数据中心DNS服务器', undefined],
    ['电信/联通', undefined],
  ]
  for (const [text, carrier] of cases) assert.equal(findCarrierByText(text), carrier, text)
})

test('the curated list of ASs names known carriers, each AS once', () => {
  const known: readonly (readonly [number, string | undefined])[] = [
    [4134, 'telecom'],
    [4837, 'unicom'],
    [9808, 'mobile'],
    [56041, 'mobile'],
    [9394, 'tietong'],
    [4538, 'edu'],
    [24372, 'edu'],
    [7641, 'cbn'],
    [37963, 'aliyun'],
    [4847, undefined],
    [15169, undefined],
  ]
  for (const [asn, carrier] of known) assert.equal(CARRIER_BY_ASN.get(asn), carrier, `${asn}`)
  for (const [asn, carrier] of CARRIER_BY_ASN) assert.ok(Number.isInteger(asn) && findCarrier(carrier) !== undefined, `${asn} ${carrier}`)
  assert.ok(CARRIER_BY_ASN.size >= 120)
})

test('splitCsvRow', () => {
  assert.deepEqual(splitCsvRow('a,b,,'), ['a', 'b', '', ''])
  assert.deepEqual(splitCsvRow('"a,1","b ""x""",c'), ['a,1', 'b "x"', 'c'])
  assert.deepEqual(splitCsvRow('a,""'), ['a', ''])
  assert.equal(splitCsvRow('"a'), undefined)
  assert.equal(splitCsvRow('"a"b'), undefined)
})

test('parseRecipe takes "default" and objects of known keys', () => {
  const source = { kind: 'csv', file: 'a.csv', ignore: [{ country: 'AU', prefix: '2001:200::/23' }], inferred: true, files: ['b'] }
  assert.deepEqual(parseRecipe({ sources: ['default', source] }, 'r'), { sources: ['default', source] })
  const whole = {
    sources: ['default', { kind: 'mmdb', file: 'x', fields: ['country', 'city'] }],
    fieldOrder: { carrier: ['default'] },
    corrections: [{ prefix: '10.0.0.0/8', asn: 4134, reason: 'x' }],
  }
  assert.deepEqual(parseRecipe(whole, 'r'), whole)
})

const brokenRecipes: readonly { recipe: unknown; message: RegExp }[] = [
  { recipe: undefined, message: /no list "sources"/ },
  { recipe: [], message: /no list "sources"/ },
  { recipe: { sources: [] }, message: /no list "sources"/ },
  { recipe: { sources: ['mine'] }, message: /source 1 is neither/ },
  { recipe: { sources: ['default', { file: 'x' }] }, message: /source 2 has no "kind"/ },
  { recipe: { sources: [{ kind: 1 }] }, message: /no text in "kind"/ },
  { recipe: { sources: [{ kind: 'csv', fiel: 'x' }] }, message: /unknown key "fiel"/ },
  { recipe: { sources: [{ kind: 'csv', files: 'x' }] }, message: /"files"/ },
  { recipe: { sources: [{ kind: 'csv', inferred: 'yes' }] }, message: /"inferred"/ },
  { recipe: { sources: [{ kind: 'csv', ignore: [{ country: 'AU' }] }] }, message: /"ignore"/ },
  { recipe: { sources: ['default'], order: {} }, message: /recipe "r" has the unknown key "order"/ },
  { recipe: { sources: [{ kind: 'csv', fields: ['citty'] }] }, message: /"fields"/ },
  { recipe: { sources: [{ kind: 'csv', columns: 'prefix' }] }, message: /no list of texts in "columns"/ },
  { recipe: { sources: ['default'], fieldOrder: [] }, message: /no object in "fieldOrder"/ },
  { recipe: { sources: ['default'], fieldOrder: { isp: ['default'] } }, message: /unknown field "isp"/ },
  { recipe: { sources: ['default'], fieldOrder: { city: 'default' } }, message: /no list of source names/ },
  { recipe: { sources: ['default'], fieldOrder: { city: ['default', 'default'] } }, message: /"default" twice/ },
  { recipe: { sources: ['default'], corrections: {} }, message: /no list in "corrections"/ },
  { recipe: { sources: ['default'], corrections: ['x'] }, message: /correction 1 is no object/ },
  { recipe: { sources: ['default'], corrections: [{ prefix: '10.0.0.0/8' }] }, message: /correction 1 has no "reason"/ },
  { recipe: { sources: ['default'], corrections: [{ reason: 'x' }] }, message: /correction 1 has no "prefix"/ },
  { recipe: { sources: ['default'], corrections: [{ prefix: 'x', reason: 'x', asn: '1' }] }, message: /no number in "asn"/ },
  { recipe: { sources: ['default'], corrections: [{ prefix: 'x', reason: 'x', until: 'x' }] }, message: /unknown key "until"/ },
  { recipe: { sources: ['default'], corrections: [{ prefix: 'x', reason: 1 }] }, message: /no text in "reason"/ },
]
for (const { recipe, message } of brokenRecipes) {
  test(`parseRecipe refuses ${JSON.stringify(recipe)}`, () =>
    assert.throws(() => parseRecipe(recipe, 'r'), { code: 'GEODATA_SOURCE_INVALID', message }))
}

test('other names of regions lead to regions of the catalogue', () => {
  for (const [name, key] of Object.entries(REGION_NAMES)) {
    assert.equal(key.slice(0, 2), name.slice(0, 2))
    assert.equal(findPlace(key.toLowerCase())?.kind, 'region', key)
  }
})
