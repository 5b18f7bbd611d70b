/**
 * Carriers as international databases write them: English names of companies, mobile country and network codes. Pure.
 * Patterns hold the company's whole name: "cable" is Comcast too, and "education and research network" is Sri Lanka's. Where the
 * country is known and is not China, names say nothing about Chinese carriers.
 */
import { findCarrierByText } from './chinese-place-names.ts'

/** Patterns of names → carrier, first match wins. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/^china ?tie ?tong\b|^china railcom\b|^chinatietong\b/i, 'tietong'],
  [/^chinanet\b|^china ?telecom\b|^ctgnet\b|^shanghai telecom\b|^(next generation network of )?china ?telecom\b/i, 'telecom'],
  [/^china ?unicom\b|^china ?169\b|^china netcom\b|^unicom\b.*\bchina\b|^cncgroup\b|^china united network\b/i, 'unicom'],
  [
    /^china ?mobile\b|^cmnet\b|^(guangdong|zhejiang|jiangsu|shandong|henan|hebei|sichuan|hunan|fujian|anhui|beijing|shanghai) mobile communication/i,
    'mobile',
  ],
  [/^china education and research network\b|^cernet2?\b|^china next generation internet cernet2\b/i, 'edu'],
  [/^china science and technology network\b|^cstnet\b/i, 'cstnet'],
  [/^china broadcasting\b|^china radio (and|&) (tv|television)\b|^china broadnet\b|^china cable tv network\b/i, 'cbn'],
  [/^oriental cable network\b/i, 'ocn'],
  [/^beijing gehua\b/i, 'gehua'],
  [/^shenzhen topway\b/i, 'topway'],
  [/^wasu\b|^huashu media\b/i, 'wasu'],
  [/^dr\.? ?peng\b|^beijing dian-?xin-?tong\b/i, 'drpeng'],
  [/^great wall broadband\b/i, 'greatwall'],
  [/^hangzhou alibaba\b|^alibaba \(us\)|^alibaba cloud\b|^alibaba\.com\b|^aliyun\b/i, 'aliyun'],
  [/^shenzhen tencent\b|^tencent\b/i, 'tencent'],
  [/^huawei cloud\b/i, 'huawei'],
  [/^beijing volcano engine\b|^volcano engine\b|^bytedance\b/i, 'volcengine'],
  [/^beijing baidu\b|^baidu\b/i, 'baidu'],
  [/^beijing jingdong\b|^jd cloud\b/i, 'jdcloud'],
  [/^beijing kingsoft cloud\b|^kingsoft cloud\b/i, 'ksyun'],
  [/^(beijing )?21 ?vianet\b/i, 'vnet'],
  [/^wangsu\b|^chinanetcenter\b|^quantil\b/i, 'wangsu'],
]

/** Networks of mobile country code 460 (ITU-T E.212). */
const NETWORKS_460: Readonly<Record<string, string>> = {
  '00': 'mobile',
  '02': 'mobile',
  '04': 'mobile',
  '07': 'mobile',
  '08': 'mobile',
  '01': 'unicom',
  '06': 'unicom',
  '09': 'unicom',
  '10': 'unicom',
  '03': 'telecom',
  '05': 'telecom',
  '11': 'telecom',
  '12': 'telecom',
  '15': 'cbn',
  '20': 'tietong',
}

/** Carrier of a company's name; `country` is where the addresses are, when that is known. */
export function findCarrierByIsp(name: string, country: string | undefined): string | undefined {
  if (country !== undefined && country !== 'CN') return undefined
  const text = name.trim()
  return PATTERNS.find(([pattern]) => pattern.test(text))?.[1] ?? findCarrierByText(text)
}

/** Carrier of a mobile country code and network code. */
export function findCarrierByMobileCode(countryCode: string, networkCode: string): string | undefined {
  return countryCode === '460' ? NETWORKS_460[networkCode.padStart(2, '0')] : undefined
}
