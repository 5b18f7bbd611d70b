/**
 * The cases that DNSPod, Alibaba Cloud and Huawei Cloud publish about which of several lines answers, decided by the whole product:
 * lines in the vendor's spelling, compiled with the default geodata, asked and explained. Sources: docs/lines.md, "Published cases".
 * `place-first` is DNSPod's order, `carrier-first` that of the other two. The chains stand in precedence.expected.txt, word for word;
 * UPDATE_GOLDEN=1 writes that file anew.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { stringify } from 'yaml'
import { rankNow } from '../../admin-ui/api/publish/ranking-of-now.ts'
import type { ExplainAnswer } from '../../admin-ui/contract/explain.ts'
import { formatIpv4 } from '../../geodata/address/address.ts'
import { loadGeodata } from '../../geodata/geodata-file.ts'
import { parseLineKey } from '../../geodata/line/line.ts'
import type { Location } from '../../geodata/line/location.ts'
import { parseConfig } from '../../policy/config/parse-config.ts'
import { explainAnswer } from '../../resolver/answer/explain-answer.ts'
import { compileSnapshot } from '../../resolver/snapshot/compile-snapshot.ts'
import type { Snapshot } from '../../resolver/snapshot/snapshot.ts'

const geodata = loadGeodata(join(import.meta.dirname, '../../geodata/default/default.geodata'))
const EXPECTED = join(import.meta.dirname, 'precedence.expected.txt')
const CUSTOM_NETWORK = '202.96.104.0/24'

/** Where askers are; the first address of the default geodata that is there. */
const ASKERS: Readonly<Record<string, Partial<Location>>> = {
  'Ningbo Telecom': { province: '33', city: '3302', carrier: 'telecom' },
  'Zhejiang Telecom': { province: '33', city: '3301', carrier: 'telecom' },
  'Zhejiang Unicom': { province: '33', carrier: 'unicom' },
  'Jiangsu Telecom': { province: '32', carrier: 'telecom' },
  'Jiangsu Unicom': { province: '32', carrier: 'unicom' },
  'Guangdong Telecom': { province: '44', carrier: 'telecom' },
  'Guangdong Unicom': { province: '44', carrier: 'unicom' },
  'Beijing Mobile': { province: '11', carrier: 'mobile' },
  'Hebei Tietong': { province: '13', carrier: 'tietong' },
  'Shaanxi Telecom': { province: '61', carrier: 'telecom' },
  'Hong Kong': { province: '81' },
  Japan: { country: 'JP' },
  Germany: { country: 'DE' },
}
/** An address inside CUSTOM_NETWORK, which is Ningbo Telecom's. */
const CUSTOM_ASKER = 'Ningbo Telecom in the custom line'

type Case = {
  readonly name: string
  readonly lines: readonly string[]
  readonly asker: string
  readonly placeFirst: string
  readonly carrierFirst: string
}

const cases: readonly Case[] = [
  // Where the orders differ (DNSPod against Alibaba and Huawei).
  { name: 'province against carrier', lines: ['浙江', '电信'], asker: 'Zhejiang Telecom', placeFirst: '浙江', carrierFirst: '电信' },
  { name: 'province against another carrier', lines: ['浙江', '联通'], asker: 'Zhejiang Unicom', placeFirst: '浙江', carrierFirst: '联通' },
  { name: 'big region against carrier', lines: ['华东', '电信'], asker: 'Zhejiang Telecom', placeFirst: '华东', carrierFirst: '电信' },
  {
    name: 'province against big region with carrier',
    lines: ['浙江', '华东电信'],
    asker: 'Zhejiang Telecom',
    placeFirst: '浙江',
    carrierFirst: '华东电信',
  },
  // DNSPod's own worked example: 默认, 广东, 广东电信.
  {
    name: "DNSPod's example, telecom",
    lines: ['广东', '广东电信'],
    asker: 'Guangdong Telecom',
    placeFirst: '广东电信',
    carrierFirst: '广东电信',
  },
  {
    name: "DNSPod's example, another carrier",
    lines: ['广东', '广东电信'],
    asker: 'Guangdong Unicom',
    placeFirst: '广东',
    carrierFirst: '广东',
  },
  {
    name: "DNSPod's example, another province",
    lines: ['广东', '广东电信'],
    asker: 'Zhejiang Telecom',
    placeFirst: '默认',
    carrierFirst: '默认',
  },
  {
    name: "DNSPod's example, the narrow line paused",
    lines: ['广东'],
    asker: 'Guangdong Telecom',
    placeFirst: '广东',
    carrierFirst: '广东',
  },
  { name: 'the only line paused falls to the default', lines: [], asker: 'Guangdong Telecom', placeFirst: '默认', carrierFirst: '默认' },
  // DNSPod's list, each step against the next.
  {
    name: 'province × carrier > province',
    lines: ['浙江电信', '浙江'],
    asker: 'Zhejiang Telecom',
    placeFirst: '浙江电信',
    carrierFirst: '浙江电信',
  },
  {
    name: 'province > big region × carrier',
    lines: ['江苏', '华东联通'],
    asker: 'Jiangsu Unicom',
    placeFirst: '江苏',
    carrierFirst: '华东联通',
  },
  {
    name: 'big region × carrier > big region',
    lines: ['华东联通', '华东'],
    asker: 'Jiangsu Unicom',
    placeFirst: '华东联通',
    carrierFirst: '华东联通',
  },
  { name: 'big region > nation-wide carrier', lines: ['华东', '联通'], asker: 'Jiangsu Unicom', placeFirst: '华东', carrierFirst: '联通' },
  { name: 'nation-wide carrier > domestic', lines: ['移动', '境内'], asker: 'Beijing Mobile', placeFirst: '移动', carrierFirst: '移动' },
  { name: 'domestic > default', lines: ['境内'], asker: 'Beijing Mobile', placeFirst: '境内', carrierFirst: '境内' },
  { name: 'country > continent', lines: ['日本', '亚洲'], asker: 'Japan', placeFirst: '日本', carrierFirst: '日本' },
  { name: 'continent > abroad', lines: ['亚洲', '境外'], asker: 'Japan', placeFirst: '亚洲', carrierFirst: '亚洲' },
  { name: 'abroad > default', lines: ['境外', '日本'], asker: 'Germany', placeFirst: '境外', carrierFirst: '境外' },
  { name: 'Hong Kong is abroad', lines: ['境外', '境内'], asker: 'Hong Kong', placeFirst: '境外', carrierFirst: '境外' },
  // Alibaba's list: custom > search engine > cloud > ISP > region > default; the more specific of a class first.
  {
    name: 'Alibaba: ISP > region',
    lines: ['telecom', 'cn_region_zhejiang'],
    asker: 'Zhejiang Telecom',
    placeFirst: 'cn_region_zhejiang',
    carrierFirst: 'telecom',
  },
  {
    name: 'Alibaba: province of an ISP > big region of it',
    lines: ['cn_telecom_zhejiang', 'cn_telecom_huadong', 'telecom'],
    asker: 'Zhejiang Telecom',
    placeFirst: 'cn_telecom_zhejiang',
    carrierFirst: 'cn_telecom_zhejiang',
  },
  {
    name: 'Alibaba: big region of an ISP > the ISP',
    lines: ['cn_telecom_huadong', 'telecom'],
    asker: 'Jiangsu Telecom',
    placeFirst: 'cn_telecom_huadong',
    carrierFirst: 'cn_telecom_huadong',
  },
  {
    name: 'Alibaba: big region of an ISP > any province',
    lines: ['cn_telecom_huadong', 'cn_region_jiangsu'],
    asker: 'Jiangsu Telecom',
    placeFirst: 'cn_region_jiangsu',
    carrierFirst: 'cn_telecom_huadong',
  },
  {
    name: 'Alibaba: province > big region > mainland',
    lines: ['cn_region_zhejiang', 'cn_region_huadong', 'internal'],
    asker: 'Zhejiang Unicom',
    placeFirst: 'cn_region_zhejiang',
    carrierFirst: 'cn_region_zhejiang',
  },
  {
    name: 'Alibaba: its own 陕西',
    lines: ['cn_telecom_shannxi', 'cn_telecom_shanxi'],
    asker: 'Shaanxi Telecom',
    placeFirst: 'cn_telecom_shannxi',
    carrierFirst: 'cn_telecom_shannxi',
  },
  {
    name: 'Alibaba: country > continent > outside the mainland',
    lines: ['os_asia_jp', 'os_asia', 'oversea'],
    asker: 'Japan',
    placeFirst: 'os_asia_jp',
    carrierFirst: 'os_asia_jp',
  },
  {
    name: 'Alibaba: custom > ISP',
    lines: ['custom:own', 'cn_telecom_zhejiang'],
    asker: CUSTOM_ASKER,
    placeFirst: 'custom:own',
    carrierFirst: 'custom:own',
  },
  // Huawei's list: custom > ISP > region (province > big region > mainland > global) > default.
  { name: 'Huawei: ISP > region', lines: ['Dianxin', 'CN'], asker: 'Zhejiang Telecom', placeFirst: 'Dianxin', carrierFirst: 'Dianxin' },
  {
    name: 'Huawei: province of an ISP > the ISP',
    lines: ['Dianxin_Shaanxi', 'Dianxin'],
    asker: 'Shaanxi Telecom',
    placeFirst: 'Dianxin_Shaanxi',
    carrierFirst: 'Dianxin_Shaanxi',
  },
  { name: 'Huawei: mainland > default', lines: ['CN', 'Abroad'], asker: 'Beijing Mobile', placeFirst: 'CN', carrierFirst: 'CN' },
  { name: 'Huawei: global > default', lines: ['CN', 'Abroad'], asker: 'Germany', placeFirst: 'Abroad', carrierFirst: 'Abroad' },
  // What none of them has: cities, and carriers of carriers.
  {
    name: 'city × carrier > city > province × carrier',
    lines: ['浙江宁波电信', '浙江宁波', '浙江电信'],
    asker: 'Ningbo Telecom',
    placeFirst: '浙江宁波电信',
    carrierFirst: '浙江宁波电信',
  },
  {
    name: 'city against province × carrier',
    lines: ['浙江宁波', '浙江电信'],
    asker: 'Ningbo Telecom',
    placeFirst: '浙江宁波',
    carrierFirst: '浙江电信',
  },
  {
    name: 'tietong has its own line before that of mobile',
    lines: ['铁通', '移动'],
    asker: 'Hebei Tietong',
    placeFirst: '铁通',
    carrierFirst: '铁通',
  },
  { name: 'tietong without a line is mobile', lines: ['移动', '境内'], asker: 'Hebei Tietong', placeFirst: '移动', carrierFirst: '移动' },
]

const chains: string[] = []

for (const one of cases) {
  for (const [precedence, winner] of [
    ['place-first', one.placeFirst],
    ['carrier-first', one.carrierFirst],
  ] as const) {
    test(`${precedence}: ${one.name}: {${[...one.lines, '默认'].join(', ')}} give ${one.asker} ${winner}`, () => {
      const answer = explain(compile(documentOf(one.lines, precedence)), 'www.example.com.', addressOfAsker(one.asker))
      const answered = answer.rules.filter(({ verdict }) => verdict === 'answered').map(({ line }) => line)
      assert.deepEqual(answered, [parseLineKey(winner)])
      // AS numbers and cities of the askers change with the geodata; the order of lines does not.
      const shown = answer.chain.filter(({ line, rule }) => rule || !/^(asn:|cn-\d{4})/.test(line))
      const chain = shown.map(({ line, rule }) => (rule ? `[${line}]` : line)).join(' > ')
      // The rule that answers is the first of the chain that has one.
      assert.equal(answer.chain.find(({ rule }) => rule)!.line, parseLineKey(winner))
      chains.push(`${precedence.padEnd(13)} ${one.name}: ${one.asker}\n  ${chain}`)
    })
  }
}

/** The vendors' own exports (test/golden/lines-import), imported: the same askers get what they got at the vendor. */
const imported: readonly (readonly [file: string, name: string, asker: string, records: readonly string[]])[] = [
  ['dnspod-csv', 'www', 'Zhejiang Telecom', ['192.0.2.21']],
  ['dnspod-csv', 'www', 'Jiangsu Telecom', ['192.0.2.31']],
  ['dnspod-csv', 'www', 'Jiangsu Unicom', ['192.0.2.33']],
  ['dnspod-csv', 'www', 'Germany', ['192.0.2.1']],
  ['dnspod-json', 'edge', 'Zhejiang Telecom', ['192.0.2.11', '192.0.2.12']],
  ['dnspod-json', 'edge', 'Zhejiang Unicom', ['192.0.2.21']],
  ['dnspod-json', 'edge', 'Jiangsu Telecom', ['192.0.2.31']],
  ['dnspod-json', 'edge', 'Beijing Mobile', ['192.0.2.71']],
  ['dnspod-json', 'edge', 'Japan', ['192.0.2.41']],
  ['dnspod-json', 'static', 'Japan', ['cdn-abroad.example.org.']],
  ['dnspod-json', 'static', 'Beijing Mobile', ['cdn.example.org.']],
  ['alibaba-csv', 'shop', 'Zhejiang Telecom', ['192.0.2.22']],
  ['alibaba-csv', 'shop', 'Jiangsu Telecom', ['192.0.2.31']],
  ['alibaba-csv', 'shop', 'Jiangsu Unicom', ['192.0.2.21']],
  ['alibaba-csv', 'shop', 'Japan', ['192.0.2.1']],
  ['alibaba-json', 'www', 'Zhejiang Telecom', ['192.0.2.11', '192.0.2.12']],
  ['alibaba-json', 'www', 'Zhejiang Unicom', ['192.0.2.21']],
  ['alibaba-json', 'www', 'Shaanxi Telecom', ['192.0.2.22']],
  ['alibaba-json', 'www', 'Japan', ['192.0.2.42']],
  ['alibaba-json', 'www', 'Hong Kong', ['192.0.2.41']],
  ['alibaba-json', 'www', 'Beijing Mobile', ['192.0.2.1', '192.0.2.2']],
  ['huawei-json', 'www', 'Shaanxi Telecom', ['192.0.2.31']],
  ['huawei-json', 'www', 'Germany', ['192.0.2.1', '192.0.2.2']],
]

for (const [file, name, asker, records] of imported) {
  test(`imported ${file}: ${name} for ${asker}`, () => {
    const snapshot = compile(readFileSync(join(import.meta.dirname, 'lines-import', `${file}.expected.yaml`), 'utf8'))
    const answer = explain(snapshot, `${name}.example.com.`, addressOfAsker(asker))
    const data = answer.records.map((record) => record.split(' ').at(-1)!)
    assert.ok(data.length > 0 && data.every((one) => records.includes(one)), `${answer.records}`)
  })
}

after(() => {
  const text = `${chains.join('\n')}\n`
  if (process.env.UPDATE_GOLDEN === '1' || !existsSync(EXPECTED)) writeFileSync(EXPECTED, text)
  assert.equal(text, readFileSync(EXPECTED, 'utf8'))
})

function documentOf(lines: readonly string[], precedence: string): string {
  const all = [...lines, '默认']
  return stringify({
    apiVersion: 'nearcast/v1',
    zones: [
      { name: 'example.com.', soa: { mname: 'ns1.example.net.', rname: 'hostmaster.example.com.' }, nameservers: ['ns1.example.net.'] },
    ],
    endpoints: all.map((_, position) => ({ id: `e${position}`, ipv4: `192.0.2.${position + 1}` })),
    pools: all.map((_, position) => ({ id: `p${position}`, members: [{ endpoint: `e${position}` }] })),
    ...(lines.includes('custom:own') ? { lines: [{ id: 'own', prefixes: [CUSTOM_NETWORK] }] } : {}),
    policies: [
      {
        id: 'www',
        precedence,
        ttlSeconds: 30,
        rules: all.map((line, position) => ({ line, pools: [`p${position}`] })),
        fallback: [`p${all.length - 1}`],
      },
    ],
    names: [{ name: 'www.example.com.', types: ['A'], policy: 'www' }],
  })
}

function compile(text: string): Snapshot {
  const parsed = parseConfig(text)
  assert.ok(parsed.ok, JSON.stringify(parsed.issues))
  const { config, digest } = parsed
  return compileSnapshot({ config, documentDigest: digest, geodata, serials: new Map(), moreZones: [], generation: 1 }).snapshot!
}

function explain(snapshot: Snapshot, name: string, client: string): ExplainAnswer {
  const ranking = rankNow(snapshot.meta.rankPlan, [], new Map())
  return explainAnswer({ request: { name, type: 'A', client }, snapshot, ranking, geodata, nodeId: 'node-1', nowMs: 0 })
}

function addressOfAsker(asker: string): string {
  if (asker === CUSTOM_ASKER) return '202.96.104.15'
  const wanted = Object.entries(ASKERS[asker]!)
  const number = geodata.locations.findIndex((location) => wanted.every(([field, value]) => location[field as keyof Location] === value))
  assert.ok(number >= 0, asker)
  const range = geodata.v4.values.indexOf(number)
  assert.ok(range >= 0, asker)
  return formatIpv4(geodata.v4.starts[range]!)
}
