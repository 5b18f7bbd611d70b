import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineDirectory } from '../../../../admin-ui/api/lines/line-directory.ts'
import { listPlaces } from '../../../../geodata/line/line-catalogue.ts'
import { readPlace, splitPinyin } from '../../../../geodata/line/place-readings.ts'
import { makeLine } from '../../../../policy/config/fill-lines.ts'
import { FIXTURE_GEODATA } from '../../../support/control-fixture.ts'

const park = makeLine('park-a', { en: 'Industrial park A', 'zh-CN': '工业园A' }, ['1.2.3.0/24', '2001:db8::/32'])
const wide = makeLine('wide', { en: '', 'zh-CN': '' }, ['1.2.0.0/16'])
const directory = new LineDirectory(FIXTURE_GEODATA)

test('search finds a line however it is typed', () => {
  const cases = [
    ['宁波电信', 'cn-3302/telecom'],
    ['浙江宁波电信', 'cn-3302/telecom'],
    ['nbdx', 'cn-3302/telecom'],
    ['ningbo dianxin', 'cn-3302/telecom'],
    ['ningbo tel', 'cn-3302/telecom'],
    ['telecom ningbo', 'cn-3302/telecom'],
    ['cn-3302', 'cn-3302'],
    ['3302', 'cn-3302'],
    ['330200', 'cn-3302'],
    ['cn-3302/telecom', 'cn-3302/telecom'],
    ['cn_telecom_zhejiang', 'cn-33/telecom'],
    ['zhejiang', 'cn-33'],
    ['浙江', 'cn-33'],
    ['zj', 'cn-33'],
    ['电信', '*/telecom'],
    ['California', 'us-ca'],
    ['伊利诺伊', 'us-il'],
    ['日本', 'jp'],
    ['AS4134', 'asn:4134'],
    ['*', '*'],
    ['park', 'custom:park-a'],
    ['工业园', 'custom:park-a'],
  ] as const
  for (const [query, line] of cases) assert.equal(directory.search(query, 20, [park]).hits[0]?.line, line, query)
})

test('search offers every place of the same reading', () => {
  const cases = [
    ['shanxi', ['cn-14', 'cn-61']],
    ['taizhou', ['cn-3212', 'cn-3310']],
    ['suzhou', ['cn-3205', 'cn-3413']],
    ['fuzhou', ['cn-3501', 'cn-3610']],
  ] as const
  for (const [query, lines] of cases) {
    const hits = directory.search(query, 20, []).hits.map((hit) => hit.line)
    for (const line of lines) assert.ok(hits.includes(line), `${query} has ${line}: ${hits}`)
  }
  assert.equal(directory.search('suzhou', 20, []).hits.find((hit) => hit.line === 'cn-3413')!.withinZh, '安徽')
})

test('search of an address gives its chain, narrowest custom network first', () => {
  const { hits } = directory.search('1.2.3.4', 30, [wide, park])
  assert.deepEqual(
    hits.slice(0, 4).map((hit) => hit.line),
    ['custom:park-a', 'custom:wide', 'cn-3302/telecom', 'cn-3302'],
  )
  assert.equal(hits.at(-1)!.line, '*')
  assert.ok(hits.every((hit) => hit.match === 'address'))
})

test('search finds nothing quietly, respects its limit, and takes anything', () => {
  assert.deepEqual(directory.search('', 20, []).hits, [])
  assert.deepEqual(directory.search('qqqqqq', 20, []).hits, [])
  assert.equal(directory.search('a', 7, []).hits.length, 7)
  for (const odd of ['(', '\\', '.*', '\u0000', '🙂', 'constructor', '__proto__', '1.2.3', '::', '/', 'custom:', '300.1.1.1'])
    directory.search(odd, 20, [park])
})

test('a place found whole offers its large carriers that have addresses', () => {
  assert.deepEqual(
    directory.search('宁波', 20, []).hits.map((hit) => hit.line),
    ['cn-3302', 'cn-3302/telecom'],
  )
})

test('shares are of mainland China for its lines, else of the known world', () => {
  const share = (line: string) => directory.describe(line, [park]).sharePercent
  assert.equal(Math.round(share('cn-3302/telecom')!), 33)
  assert.equal(Math.round(share('cn-33')!), 67)
  assert.equal(share('cn'), 100)
  assert.equal(share('us'), 25)
  assert.equal(share('*'), 100)
  assert.equal(share('jp'), null)
  assert.ok(share('custom:park-a')! > 0)
})

test('describe labels lines, custom ones by their document, and passes over what is no line', () => {
  assert.deepEqual(directory.describe('cn-3302/telecom', []).labelZh, '浙江宁波电信')
  assert.deepEqual(directory.describe('custom:park-a', [park]).labelEn, 'Industrial park A')
  assert.deepEqual(directory.describe('custom:wide', [wide]).labelZh, 'wide')
  assert.deepEqual(directory.describe('nonsense', []), { line: 'nonsense', labelEn: 'nonsense', labelZh: 'nonsense', sharePercent: null })
})

test('the chain of an unknown address is only the default', () => {
  assert.deepEqual(directory.chain('5.5.5.5', 'place-first', []).location, null)
  assert.deepEqual(
    directory.chain('5.5.5.5', 'place-first', []).chain.map((label) => label.line),
    ['*'],
  )
  assert.equal(directory.chain('1.2.3.0/24', 'place-first', []).address, '1.2.3.0')
  assert.throws(() => directory.chain('nowhere', 'place-first', []), { code: 'API_PARAMETER' })
})

test('the catalogue is small enough to load: no regions of other countries', () => {
  const { places, carriers, custom } = directory.catalogue([park])
  assert.ok(places.length > 600 && places.length < 800, String(places.length))
  assert.equal(places.find((place) => place.code === 'cn-33')!.kind, 'province')
  assert.equal(places.find((place) => place.code === 'cn-3302')!.within, 'cn-33')
  assert.ok(carriers.some((carrier) => carrier.id === 'telecom'))
  assert.equal(custom[0]!.line, 'custom:park-a')
})

test('splitPinyin cuts into as many syllables as there are characters', () => {
  const cases = [
    ['Ningbo', 2, 'ning bo'],
    ['Jinan', 2, 'ji nan'],
    ["Xi'an", 2, 'xi an'],
    ["Lu'an", 2, 'lu an'],
    ['Shijiazhuang', 3, 'shi jia zhuang'],
    ['Huanggang', 2, 'huang gang'],
    ['Zhangjiajie', 3, 'zhang jia jie'],
    ["Daxing'anling", 4, 'da xing an ling'],
    ['Shanghai', 2, 'shang hai'],
    ['Lhasa', 2, undefined],
  ] as const
  for (const [text, count, parts] of cases) assert.equal(splitPinyin(text, count)?.join(' '), parts, text)
})

test('every Chinese province and city has a reading', () => {
  const without = listPlaces()
    .filter((place) => /^cn-\d+$/.test(place.key))
    .filter((place) => readPlace(place.label['zh-CN'], place.label.en) === undefined)
  assert.deepEqual(
    without.map((place) => place.label['zh-CN'] + place.label.en),
    [],
  )
})

test('show says all of one line; unknown and shared names throw', () => {
  const ningbo = directory.show('宁波电信', [])
  assert.deepEqual([ningbo.line, ningbo.kind, ningbo.within, ningbo.dnspod], ['cn-3302/telecom', 'carrier', 'cn-33', null])
  assert.deepEqual(
    ningbo.order[0]!.chain.slice(0, 3).map(({ line }) => line),
    ['cn-3302/telecom', 'cn-3302', 'cn-33/telecom'],
  )
  assert.ok(ningbo.ipv4Addresses! > 0)
  const telecom = directory.show('10=0', [])
  assert.deepEqual([telecom.dnspod, telecom.dnspodId, telecom.alibaba, telecom.huawei], ['电信', '10=0', 'telecom', 'Dianxin'])
  assert.deepEqual(directory.show('襄阳', []).formerNames, ['襄樊', '襄樊市'])
  assert.equal(directory.show('custom:park-a', [park]).labelZh, '工业园A')
  assert.throws(() => directory.show('suzhou', []), { code: 'GEODATA_LINE_AMBIGUOUS' })
  assert.throws(() => directory.show('atlantis', []), { code: 'GEODATA_LINE_UNKNOWN' })
})

test('the catalogue is narrowed by kind and by parent; regions and cities abroad come when asked for', () => {
  const codes = (filter: Parameters<typeof directory.catalogue>[1]): string[] =>
    directory.catalogue([park], filter).places.map(({ code }) => code)
  assert.ok(codes({ kind: 'region' }).includes('us-ca'))
  assert.ok(codes({ kind: 'city' }).includes('city-us-lax') && codes({ kind: 'city' }).includes('cn-3302'))
  assert.deepEqual(codes({ kind: 'province', parent: 'cn-northeast' }), ['cn-21', 'cn-22', 'cn-23'])
  assert.deepEqual(directory.catalogue([park], { kind: 'custom' }).custom.length, 1)
  assert.deepEqual(
    directory.catalogue([park], { kind: 'carrier', parent: 'cn-3302' }).carriers.map(({ id }) => id),
    ['telecom'],
  )
  assert.deepEqual(
    directory.search('ningbo', 20, [], 'city').hits.map(({ line }) => line),
    ['cn-3302'],
  )
})
