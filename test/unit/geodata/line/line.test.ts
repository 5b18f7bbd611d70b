import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineLabel, parseCarrier, parseLine, parseLineKey, parsePlace, placeLabel } from '../../../../geodata/line/line.ts'
import { listPlaces } from '../../../../geodata/line/line-catalogue.ts'
import { homonymsOf, namesOfPlace } from '../../../../geodata/line/place-names.ts'

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
  ['10=22', '*/cbn'],
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
  ['os_europe', 'continent-eu'],
  ['os_oceania', 'continent-oc'],
  ['os_africa_os_africa_eh', 'eh'],
  // Names as consoles and exports show them.
  ['中国电信_东北', 'cn-northeast/telecom'],
  ['中国地区_华东_浙江', 'cn-33'],
  ['中国电信_华东_浙江', 'cn-33/telecom'],
  ['电信_华北地区', 'cn-north/telecom'],
  ['移动_浙江', 'cn-33/mobile'],
  ['亚洲_日本', 'jp'],
  ['亚洲_中国香港', 'cn-81'],
  ['China Telecom_Zhejiang', 'cn-33/telecom'],
  ['China Unicom_North China', 'cn-north/unicom'],
  ['China Mobile_Northeast', 'cn-northeast/mobile'],
  ['阿里云_中国内地', 'cn/aliyun'],
  ['阿里云_境外', 'abroad/aliyun'],
  ['境内电信', 'cn/telecom'],
  // Old, short and Latin names.
  ['襄樊', 'cn-4206'],
  ['xiangfan', 'cn-4206'],
  ['思茅电信', 'cn-5308/telecom'],
  ['朔县', 'cn-1406'],
  ['巢湖', 'cn-3401'],
  ['莱芜', 'cn-3701'],
  ['达县地区', 'cn-5117'],
  ['恩施州', 'cn-4228'],
  ['内蒙古自治区', 'cn-15'],
  ['粤', 'cn-44'],
  ['haerbin', 'cn-2301'],
  ["xi'an", 'cn-6101'],
  ['jilin', 'cn-22'],
  ['吉林市', 'cn-2202'],
  // Big cities abroad.
  ['city-us-lax', 'city-us-lax'],
  ['US-LAX', 'city-us-lax'],
  ['Los Angeles/aliyun', 'city-us-lax/aliyun'],
  ['München', 'city-de-muc'],
  ['Singapore', 'sg'],
  // Regions abroad by name, unless something else has it; joined names with a carrier.
  ['california', 'us-ca'],
  ['加利福尼亚州', 'us-ca'],
  ['伊利诺伊', 'us-il'],
  ['Moscow Oblast', 'ru-mos'],
  ['Moscow', 'city-ru-mow'],
  ['Bavaria', 'de-by'],
  ['Bavaria telecom', 'de-by/telecom'],
  ['United States California', 'us-ca'],
  ['美国加利福尼亚', 'us-ca'],
  ['Georgia', 'ge'],
  ['河南省', 'cn-41'],
  ['ningbo telecom', 'cn-3302/telecom'],
  ['ningbo dianxin', 'cn-3302/telecom'],
  ['Zhejiang China Telecom', 'cn-33/telecom'],
  ['zhejiang dianxin', 'cn-33/telecom'],
  ['dianxin zhejiang', 'cn-33/telecom'],
  // Codes that ISO 3166-2 has withdrawn.
  ['in-tg', 'in-ts'],
  ['PL-MA', 'pl-12'],
  ['fr-gp', 'gp'],
  ['al-br', 'al-br'],
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
  // Names of every object in JavaScript are no lines.
  { text: 'constructor', message: /unknown place/, suggestion: /did you mean/ },
  { text: '__proto__', message: /unknown place/, suggestion: /did you mean/ },
  { text: 'a_constructor', message: /unknown place/, suggestion: /did you mean/ },
  { text: 'cn-33/constructor', message: /unknown carrier/, suggestion: /did you mean/ },
  { text: 'cn-33/', message: /unknown carrier ""/, suggestion: /did you mean/ },
  { text: 'cn-33/telecom/x', message: /unknown carrier "telecom\/x"/, suggestion: /telecom/ },
  { text: 'asn:0', message: /not an AS number/, suggestion: /asn:4134/ },
  { text: 'asn:4294967296', message: /not an AS number/, suggestion: /asn:4134/ },
  { text: '百度', message: /search engine/, suggestion: /custom line/ },
  { text: '80=0', message: /search engine/, suggestion: /custom line/ },
  { text: 'cn_search_baidu', message: /search engine/, suggestion: /custom line/ },
  { text: '浙江百度', message: /unknown place/, suggestion: /did you mean/ },
  { text: '宁坡', message: /unknown place/, suggestion: /"cn-3302"/ },
  { text: '宁坡/电信', message: /unknown place/, suggestion: /"cn-3302\/telecom"/ },
  { text: '电信/浙江', message: /the carrier before the place/, suggestion: /"cn-33\/telecom"/ },
  { text: 'telecom/mars', message: /the carrier before the place/, suggestion: /"\*\/telecom"/ },
  { text: 'cn_telecom_mars', message: /unknown place "mars"/, suggestion: /"cn-[^"]+\/telecom"/ },
  { text: 'cn_telecom_california', message: /unknown place "california"/, suggestion: /"cn-[^"]+\/telecom"/ },
  { text: 'cn_telecom_atlantis', message: /unknown place/, suggestion: /did you mean/ },
]

for (const { text, message, suggestion } of refused) {
  test(`parseLine refuses "${text}" and says what is near`, () => {
    assert.throws(() => parseLine(text), { code: 'GEODATA_LINE_UNKNOWN', message, suggestion })
  })
}

/** Names that two places share, and what tells them apart. */
const homonyms: readonly (readonly [text: string, keys: readonly string[], qualified: readonly (readonly [string, string])[]])[] = [
  [
    'yichun',
    ['cn-2307', 'cn-3609'],
    [
      ['heilongjiang yichun', 'cn-2307'],
      ['江西宜春', 'cn-3609'],
      ['伊春', 'cn-2307'],
    ],
  ],
  [
    'Suzhou',
    ['cn-3205', 'cn-3413'],
    [
      ['Jiangsu Suzhou', 'cn-3205'],
      ['suzhou, anhui', 'cn-3413'],
      ['宿州', 'cn-3413'],
    ],
  ],
  [
    'taizhou',
    ['cn-3212', 'cn-3310'],
    [
      ['jiangsu taizhou', 'cn-3212'],
      ['浙江台州', 'cn-3310'],
      ['泰州市', 'cn-3212'],
    ],
  ],
  [
    'fuzhou',
    ['cn-3501', 'cn-3610'],
    [
      ['fujian fuzhou', 'cn-3501'],
      ['江西抚州', 'cn-3610'],
      ['福州', 'cn-3501'],
    ],
  ],
  [
    'yulin',
    ['cn-4509', 'cn-6108'],
    [
      ['guangxi yulin', 'cn-4509'],
      ['shaanxi yulin', 'cn-6108'],
      ['陕西榆林', 'cn-6108'],
    ],
  ],
  [
    'shanxi',
    ['cn-14', 'cn-61'],
    [
      ['Shaanxi', 'cn-61'],
      ['山西', 'cn-14'],
      ['陕西', 'cn-61'],
      ['cn_region_shanxi', 'cn-14'],
      ['shannxi', 'cn-61'],
    ],
  ],
  [
    'San José',
    ['city-cr-sjo', 'city-us-sjc'],
    [
      ['san jose costa rica', 'city-cr-sjo'],
      ['美国圣何塞', 'city-us-sjc'],
      ['US-SJC', 'city-us-sjc'],
    ],
  ],
  [
    'Punjab',
    ['in-pb', 'pk-pb'],
    [
      ['punjab india', 'in-pb'],
      ['巴基斯坦旁遮普', 'pk-pb'],
    ],
  ],
  [
    '伯明翰',
    ['city-gb-bhm', 'city-us-bhm'],
    [
      ['英国伯明翰', 'city-gb-bhm'],
      ['birmingham alabama', 'city-us-bhm'],
    ],
  ],
]

for (const [text, keys, qualified] of homonyms) {
  test(`"${text}" alone is refused and both places are listed; qualified it works`, () => {
    for (const written of [text, `${text}/telecom`]) {
      assert.throws(
        () => parseLine(written),
        (error: { code: string; suggestion: string }) => {
          assert.equal(error.code, 'GEODATA_LINE_AMBIGUOUS')
          for (const key of keys) assert.ok(error.suggestion.includes(`"${key}${written.slice(text.length)}"`), error.suggestion)
          return true
        },
      )
    }
    for (const [written, key] of qualified) {
      assert.equal(parseLineKey(written), key)
      if (!/[a-z]_/.test(written)) assert.equal(parseLineKey(`${written}/telecom`), `${key}/telecom`)
    }
  })
}

test('no other name of the catalogue is shared by two places of one kind', () => {
  const known = ['yichun', 'suzhou', 'taizhou', 'fuzhou', 'yulin', 'shanxi', 'sanjose', '圣何塞', 'birmingham', '伯明翰']
  known.push('newcastle', '纽卡斯尔', '维多利亚', '奥克兰')
  const found = new Set<string>()
  for (const place of listPlaces()) {
    if (place.kind === 'region' && !place.key.startsWith('cn-')) continue
    for (const name of namesOfPlace(place)) if (homonymsOf(name).length > 1) found.add(name)
  }
  assert.deepEqual([...found].sort(), known.sort())
})

test('counties right below a province are explained, not guessed', () => {
  for (const [text, key] of [
    ['济源', 'cn-41'],
    ['神农架林区', 'cn-42'],
    ['石河子市', 'cn-65'],
    ['琼海', 'cn-46'],
  ] as const) {
    assert.throws(() => parseLine(text), {
      code: 'GEODATA_LINE_UNKNOWN',
      message: /right below its province/,
      suggestion: new RegExp(`"${key}"`),
    })
  }
})

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
  ['us-il', 'Illinois (United States)', '美国伊利诺伊州'],
  ['fr-k', 'Languedoc-Roussillon (France, former code)', '法国朗格多克-鲁西永（旧代码）'],
  ['it-bz', 'Bolzano (Italy)', '意大利 Bolzano'],
  ['city-us-lax', 'Los Angeles (United States)', '美国洛杉矶'],
  ['city-jp-tyo/telecom', 'Tokyo (Japan) Telecom', '日本东京电信'],
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
