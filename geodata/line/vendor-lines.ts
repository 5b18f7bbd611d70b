/**
 * What a line is called at DNSPod, Alibaba Cloud DNS and Huawei Cloud DNS: the other way round of line-aliases.ts, for people who come
 * from there. Pure. Only names, ids and codes that the vendors have published; a line that none of them has (a prefecture city) has none.
 */
import { findPlace } from './line-catalogue.ts'
import { readingOf } from './place-names.ts'

/** Names of one line. */
export type VendorNames = {
  /** DNSPod's name of the line. */
  readonly dnspod: string | undefined
  /** DNSPod's id ("10=0"); public only for whole classes. */
  readonly dnspodId: string | undefined
  /** Alibaba's line code. */
  readonly alibaba: string | undefined
  /** Huawei's line id. */
  readonly huawei: string | undefined
}

const DNSPOD: Readonly<Record<string, readonly [name: string, id: string]>> = {
  '*': ['默认', '0'],
  cn: ['境内', '7=0'],
  abroad: ['境外', '3=0'],
  '*/telecom': ['电信', '10=0'],
  '*/unicom': ['联通', '10=1'],
  '*/edu': ['教育网', '10=2'],
  '*/mobile': ['移动', '10=3'],
  '*/cbn': ['广电网', '10=22'],
}
const ALIBABA: Readonly<Record<string, string>> = {
  '*': 'default',
  cn: 'internal',
  abroad: 'oversea',
  '*/telecom': 'telecom',
  '*/unicom': 'unicom',
  '*/mobile': 'mobile',
  '*/edu': 'edu',
  '*/drpeng': 'drpeng',
  '*/cbn': 'btvn',
  '*/cstnet': 'cstnet',
  '*/wexchange': 'wexchange',
  '*/founder': 'founder',
  '*/topway': 'topway_video',
  '*/wasu': 'wasu',
  '*/ocn': 'ocn',
  '*/cnix': 'cnix',
  '*/gehua': 'bgctv',
  '*/aliyun': 'aliyun',
  'cn/aliyun': 'cn_aliyun',
  'abroad/aliyun': 'os_aliyun',
  'continent-as': 'os_asia',
  'continent-eu': 'os_europe',
  'continent-na': 'os_namerica',
  'continent-sa': 'os_samerica',
  'continent-af': 'os_africa',
  'continent-oc': 'os_oceania',
}
const HUAWEI: Readonly<Record<string, string>> = {
  '*': 'default_view',
  cn: 'CN',
  abroad: 'Abroad',
  '*/telecom': 'Dianxin',
  '*/unicom': 'Liantong',
  '*/mobile': 'Yidong',
  '*/edu': 'Jiaoyuwang',
  '*/tietong': 'Tietong',
  '*/drpeng': 'Pengboshi',
}
/** Carriers that all three have by province and big region. */
const SPLIT_CARRIERS: Readonly<Record<string, readonly [dnspod: string, alibaba: string, huawei: string]>> = {
  telecom: ['电信', 'telecom', 'Dianxin'],
  unicom: ['联通', 'unicom', 'Liantong'],
  mobile: ['移动', 'mobile', 'Yidong'],
}
const NONE: VendorNames = { dnspod: undefined, dnspodId: undefined, alibaba: undefined, huawei: undefined }

/** Names of a line by its canonical key. */
export function vendorNamesOf(key: string): VendorNames {
  if (key in ALIBABA || key in HUAWEI || key in DNSPOD) {
    return { dnspod: DNSPOD[key]?.[0], dnspodId: DNSPOD[key]?.[1], alibaba: ALIBABA[key], huawei: HUAWEI[key] }
  }
  const [placeKey, carrier] = key.split('/')
  const place = findPlace(placeKey!)
  const isSplit = /^cn-(\d{2}|[a-z]+)$/.test(placeKey!) && !/^cn-(71|81|82)$/.test(placeKey!)
  if (place === undefined || !isSplit) return NONE
  const zh = place.label['zh-CN']
  const pinyin = readingOf(place)!.pinyin
  // Both spell 陕西 apart from 山西, each in its own way.
  const alibaba = placeKey === 'cn-61' ? 'shannxi' : pinyin
  if (carrier === undefined) return { ...NONE, dnspod: zh, alibaba: `cn_region_${alibaba}` }
  const split = SPLIT_CARRIERS[carrier]
  if (split === undefined) return NONE
  const huawei = placeKey === 'cn-61' ? 'Shaanxi' : `${pinyin.slice(0, 1).toUpperCase()}${pinyin.slice(1)}`
  return { ...NONE, dnspod: `${zh}${split[0]}`, alibaba: `cn_${split[1]}_${alibaba}`, huawei: `${split[2]}_${huawei}` }
}
