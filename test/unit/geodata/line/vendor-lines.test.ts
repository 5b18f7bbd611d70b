/** Published names of lines, both ways: what a vendor calls a line parses to it; the vendors' whole lists are read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLineKey } from '../../../../geodata/line/line.ts'
import { CARRIERS, listPlaces } from '../../../../geodata/line/line-catalogue.ts'
import { vendorNamesOf } from '../../../../geodata/line/vendor-lines.ts'

test('whatever a vendor calls a line parses to that line', () => {
  let count = 0
  for (const place of listPlaces()) {
    for (const carrier of [undefined, ...CARRIERS.map(({ id }) => id)]) {
      const key = carrier === undefined ? place.key : `${place.key}/${carrier}`
      for (const name of Object.values(vendorNamesOf(key))) {
        if (name === undefined) continue
        count++
        assert.equal(parseLineKey(name), key, name)
      }
    }
  }
  assert.ok(count > 450, String(count))
})

/** Provinces in pinyin as Alibaba spells them, by big region. */
const PROVINCES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  dongbei: [
    ['heilongjiang', '23'],
    ['jilin', '22'],
    ['liaoning', '21'],
  ],
  huabei: [
    ['beijing', '11'],
    ['hebei', '13'],
    ['tianjin', '12'],
    ['shanxi', '14'],
    ['neimenggu', '15'],
  ],
  huadong: [
    ['shandong', '37'],
    ['shanghai', '31'],
    ['anhui', '34'],
    ['jiangxi', '36'],
    ['zhejiang', '33'],
    ['jiangsu', '32'],
    ['fujian', '35'],
  ],
  huanan: [
    ['guangdong', '44'],
    ['guangxi', '45'],
    ['hainan', '46'],
  ],
  huazhong: [
    ['henan', '41'],
    ['hubei', '42'],
    ['hunan', '43'],
  ],
  xibei: [
    ['gansu', '62'],
    ['qinghai', '63'],
    ['ningxia', '64'],
    ['xinjiang', '65'],
    ['shannxi', '61'],
  ],
  xinan: [
    ['chongqing', '50'],
    ['yunnan', '53'],
    ['xizang', '54'],
    ['sichuan', '51'],
    ['guizhou', '52'],
  ],
}
const REGION_KEYS: Readonly<Record<string, string>> = {
  dongbei: 'cn-northeast',
  huabei: 'cn-north',
  huadong: 'cn-east',
  huanan: 'cn-south',
  huazhong: 'cn-central',
  xibei: 'cn-northwest',
  xinan: 'cn-southwest',
}

test("Alibaba's codes of all levels", () => {
  const carriers = [
    ['telecom', '/telecom'],
    ['unicom', '/unicom'],
    ['mobile', '/mobile'],
    ['region', ''],
  ] as const
  for (const [word, ending] of carriers) {
    for (const [region, provinces] of Object.entries(PROVINCES)) {
      assert.equal(parseLineKey(`cn_${word}_${region}`), `${REGION_KEYS[region]}${ending}`)
      for (const [province, code] of provinces) assert.equal(parseLineKey(`cn_${word}_${province}`), `cn-${code}${ending}`)
    }
  }
  assert.equal(Object.values(PROVINCES).flat().length, 31)
  const whole = [
    'default *',
    'telecom */telecom',
    'unicom */unicom',
    'mobile */mobile',
    'edu */edu',
    'drpeng */drpeng',
    'btvn */cbn',
    'cstnet */cstnet',
    'wexchange */wexchange',
    'founder */founder',
    'topway_video */topway',
    'wasu */wasu',
    'ocn */ocn',
    'cnix */cnix',
    'bgctv */gehua',
    'aliyun */aliyun',
    'cn_aliyun cn/aliyun',
    'os_aliyun abroad/aliyun',
    'oversea abroad',
    'internal cn',
    'os_asia continent-as',
    'os_europe continent-eu',
    'os_namerica continent-na',
    'os_samerica continent-sa',
    'os_africa continent-af',
    'os_oceania continent-oc',
    'os_asia_jp jp',
    'os_asia_sg sg',
    'os_europe_de de',
    'os_namerica_us us',
    'os_oceania_au au',
    'os_samerica_br br',
    'os_africa_za za',
    'os_asia_tw cn-71',
  ]
  for (const [code, key] of whole.map((row) => row.split(' '))) assert.equal(parseLineKey(code!), key, code)
})

test("every country of the catalogue by Alibaba's pattern of continent and country", () => {
  const continents: Readonly<Record<string, string>> = {
    as: 'asia',
    eu: 'europe',
    na: 'namerica',
    sa: 'samerica',
    af: 'africa',
    oc: 'oceania',
  }
  for (const place of listPlaces()) {
    const continent = continents[place.parent?.replace('continent-', '') ?? '']
    if (place.kind !== 'country' || continent === undefined) continue
    assert.equal(parseLineKey(`os_${continent}_${place.key}`), place.key)
  }
})

test("Huawei's ids of all levels", () => {
  const spelled = (name: string): string => (name === 'shannxi' ? 'Shaanxi' : `${name[0]!.toUpperCase()}${name.slice(1)}`)
  for (const [word, carrier] of [
    ['Dianxin', 'telecom'],
    ['Liantong', 'unicom'],
    ['Yidong', 'mobile'],
  ] as const) {
    for (const [region, provinces] of Object.entries(PROVINCES)) {
      assert.equal(parseLineKey(`${word}_${spelled(region)}`), `${REGION_KEYS[region]}/${carrier}`)
      for (const [province, code] of provinces) assert.equal(parseLineKey(`${word}_${spelled(province)}`), `cn-${code}/${carrier}`)
    }
  }
  for (const [id, key] of [
    ['default_view', '*'],
    ['Jiaoyuwang', '*/edu'],
    ['Tietong', '*/tietong'],
    ['Pengboshi', '*/drpeng'],
    ['CN', 'cn'],
    ['Abroad', 'abroad'],
  ]) {
    assert.equal(parseLineKey(id!), key)
  }
})

test("DNSPod's names: each carrier with each province and big region, and the ids that are public", () => {
  const provinces = listPlaces().filter((place) => /^cn-(\d{2}|[a-z]+)$/.test(place.key) && place.parent !== 'abroad')
  assert.equal(provinces.length, 38)
  for (const place of provinces) {
    assert.equal(parseLineKey(place.label['zh-CN']), place.key)
    for (const [name, carrier] of [
      ['电信', 'telecom'],
      ['联通', 'unicom'],
      ['移动', 'mobile'],
      ['教育网', 'edu'],
      ['铁通', 'tietong'],
    ]) {
      assert.equal(parseLineKey(`${place.label['zh-CN']}${name}`), `${place.key}/${carrier}`)
    }
  }
  for (const [id, key] of [
    ['0', '*'],
    ['7=0', 'cn'],
    ['3=0', 'abroad'],
    ['10=0', '*/telecom'],
    ['10=1', '*/unicom'],
    ['10=2', '*/edu'],
    ['10=3', '*/mobile'],
    ['10=22', '*/cbn'],
  ]) {
    assert.equal(parseLineKey(id!), key)
  }
  // Ids that are not public are not guessed.
  for (const id of ['10=4', '15=1', '20=3', '7=1']) assert.throws(() => parseLineKey(id), { code: 'GEODATA_LINE_UNKNOWN' })
})
