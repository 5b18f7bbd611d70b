import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineLabel, parseCarrier, parseLine, parseLineKey, parsePlace, placeLabel } from '../../../../geodata/line/line.ts'

/** Every accepted spelling and the canonical key it becomes. */
const accepted: readonly (readonly [string, string])[] = [
  // Canonical keys stay what they are.
  ...[
    '*',
    'cn',
    'abroad',
    'cn-east',
    'cn-33',
    'cn-3302',
    'continent-eu',
    'jp',
    'us-ca',
    '*/telecom',
    'cn/telecom',
    'cn-33/telecom',
    'cn-3302/telecom',
    'cn-east/unicom',
    'us-ca/aliyun',
    'asn:4134',
    'custom:park-a',
    'custom:Park_A.2',
  ].map((key): [string, string] => [key, key]),
  // Spelling.
  [' cn-33 ', 'cn-33'],
  ['CN-33/Telecom', 'cn-33/telecom'],
  ['AS4134', 'asn:4134'],
  ['asn:0004134', 'asn:4134'],
  ['cn-zj', 'cn-33'],
  ['cn-330000', 'cn-33'],
  ['cn-330200', 'cn-3302'],
  ['cn-1101', 'cn-11'],
  ['cn-5002', 'cn-50'],
  ['hk', 'cn-81'],
  ['mo', 'cn-82'],
  ['tw', 'cn-71'],
  ['cn-hk', 'cn-81'],
  ['ningbo', 'cn-3302'],
  ['宁波市/电信', 'cn-3302/telecom'],
  // DNSPod.
  ['默认', '*'],
  ['0', '*'],
  ['境内', 'cn'],
  ['国内', 'cn'],
  ['7=0', 'cn'],
  ['境外', 'abroad'],
  ['国外', 'abroad'],
  ['3=0', 'abroad'],
  ['电信', '*/telecom'],
  ['10=0', '*/telecom'],
  ['联通', '*/unicom'],
  ['10=1', '*/unicom'],
  ['教育网', '*/edu'],
  ['10=2', '*/edu'],
  ['移动', '*/mobile'],
  ['10=3', '*/mobile'],
  ['铁通', '*/tietong'],
  ['浙江', 'cn-33'],
  ['浙江省', 'cn-33'],
  ['浙江电信', 'cn-33/telecom'],
  ['内蒙古联通', 'cn-15/unicom'],
  ['华东', 'cn-east'],
  ['华东移动', 'cn-east/mobile'],
  ['浙江宁波', 'cn-3302'],
  ['浙江宁波电信', 'cn-3302/telecom'],
  ['浙江省宁波市电信', 'cn-3302/telecom'],
  ['亚洲', 'continent-as'],
  ['日本', 'jp'],
  ['中国香港', 'cn-81'],
  ['海南', 'cn-46'],
  ['青海海南', 'cn-6325'],
  // Alibaba Cloud.
  ['default', '*'],
  ['telecom', '*/telecom'],
  ['btvn', '*/cbn'],
  ['bgctv', '*/gehua'],
  ['topway_video', '*/topway'],
  ['internal', 'cn'],
  ['oversea', 'abroad'],
  ['cn_telecom_huadong', 'cn-east/telecom'],
  ['cn_telecom_zhejiang', 'cn-33/telecom'],
  ['cn_mobile_neimenggu', 'cn-15/mobile'],
  ['cn_region_xibei', 'cn-northwest'],
  ['cn_region_zhejiang', 'cn-33'],
  ['cn_region_shanxi', 'cn-14'],
  ['cn_region_shannxi', 'cn-61'],
  ['cn_aliyun', 'cn/aliyun'],
  ['os_aliyun', 'abroad/aliyun'],
  ['aliyun_internal', 'cn/aliyun'],
  ['os_asia', 'continent-as'],
  ['os_euro', 'continent-eu'],
  ['os_asia_jp', 'jp'],
  ['os_asia_hk', 'cn-81'],
  ['os_namerica_us_ca', 'us-ca'],
  // Huawei Cloud.
  ['default_view', '*'],
  ['Dianxin', '*/telecom'],
  ['Pengboshi', '*/drpeng'],
  ['Dianxin_Huadong', 'cn-east/telecom'],
  ['Liantong_Zhejiang', 'cn-33/unicom'],
  ['CN', 'cn'],
  ['Abroad', 'abroad'],
]

for (const [text, key] of accepted) {
  test(`parseLine reads "${text}" as ${key}`, () => {
    assert.equal(parseLineKey(text), key)
    assert.equal(parseLineKey(key), key)
  })
}

const refused: readonly { text: string; message: RegExp; suggestion: RegExp }[] = [
  { text: 'cn-330203', message: /unknown place "cn-330203"/, suggestion: /"cn-3302" \(Zhejiang Ningbo, 浙江宁波\)/ },
  { text: 'cn-3399', message: /unknown place/, suggestion: /"cn-33"/ },
  { text: 'cn-99', message: /unknown place/, suggestion: /the GB\/T 2260 code of a province/ },
  { text: 'cn-33/telcom', message: /unknown carrier "telcom"/, suggestion: /"cn-33\/telecom"/ },
  { text: 'us-cc', message: /unknown place/, suggestion: /"us-/ },
  { text: 'xx', message: /unknown place "xx"/, suggestion: /did you mean/ },
  { text: '', message: /unknown place ""/, suggestion: /did you mean/ },
  { text: 'suzhou', message: /unknown place "suzhou"/, suggestion: /cn-3205/ },
  { text: 'cn-33/', message: /unknown carrier ""/, suggestion: /did you mean/ },
  { text: 'cn-33/telecom/x', message: /unknown carrier "telecom\/x"/, suggestion: /telecom/ },
  { text: 'asn:0', message: /not an AS number/, suggestion: /asn:4134/ },
  { text: 'asn:4294967296', message: /not an AS number/, suggestion: /asn:4134/ },
  { text: '百度', message: /search engine/, suggestion: /custom line/ },
  { text: '80=0', message: /search engine/, suggestion: /custom line/ },
  { text: 'cn_search_baidu', message: /search engine/, suggestion: /custom line/ },
  { text: '浙江百度', message: /unknown place/, suggestion: /did you mean/ },
  { text: 'cn_telecom_atlantis', message: /unknown place/, suggestion: /did you mean/ },
]

for (const { text, message, suggestion } of refused) {
  test(`parseLine refuses "${text}" and says what is near`, () => {
    assert.throws(() => parseLine(text), { code: 'GEODATA_LINE_UNKNOWN', message, suggestion })
  })
}

test('parseLine says what kind of line it is', () => {
  assert.deepEqual(parseLine('浙江电信'), { kind: 'place', key: 'cn-33/telecom', place: 'cn-33', carrier: 'telecom' })
  assert.deepEqual(parseLine('jp'), { kind: 'place', key: 'jp', place: 'jp', carrier: undefined })
  assert.deepEqual(parseLine('AS4134'), { kind: 'asn', key: 'asn:4134', asn: 4134 })
  assert.deepEqual(parseLine('custom:park-a'), { kind: 'custom', key: 'custom:park-a', id: 'park-a' })
})

test('parsePlace and parseCarrier read one half', () => {
  assert.equal(parsePlace('宁波'), 'cn-3302')
  assert.equal(parseCarrier('中国电信'), 'telecom')
  assert.throws(() => parsePlace('电信'), { code: 'GEODATA_LINE_UNKNOWN' })
})

const labels: readonly (readonly [string, string, string])[] = [
  ['*', 'Default', '默认'],
  ['cn', 'Mainland China', '境内'],
  ['abroad', 'Abroad', '境外'],
  ['*/telecom', 'Telecom', '电信'],
  ['cn-east/mobile', 'East China Mobile', '华东移动'],
  ['cn-33/telecom', 'Zhejiang Telecom', '浙江电信'],
  ['cn-3302/telecom', 'Zhejiang Ningbo Telecom', '浙江宁波电信'],
  ['cn-81', 'Hong Kong, China', '中国香港'],
  ['cn-82', 'Macao, China', '中国澳门'],
  ['cn-71', 'Taiwan, China', '中国台湾'],
  ['continent-eu', 'Europe', '欧洲'],
  ['jp', 'Japan', '日本'],
  ['us-ca', 'California (United States)', '美国加利福尼亚州'],
  ['asn:4134', 'AS4134', 'AS4134'],
  ['custom:park-a', 'Custom line park-a', '自定义线路 park-a'],
]

for (const [key, en, zh] of labels) {
  test(`lineLabel of ${key}`, () => {
    assert.equal(lineLabel(key, 'en'), en)
    assert.equal(lineLabel(key, 'zh-CN'), zh)
  })
}

test('placeLabel of an unknown key is the key', () => assert.equal(placeLabel('atlantis', 'en'), 'atlantis'))
