/** Places and carriers as Chinese address databases write them ("浙江省", "恩施", "黔东南", "中国|浙江省|宁波市|电信"). Pure. */
import { CARRIERS, listPlaces } from '../line/line-catalogue.ts'

/** Suffixes that databases write or leave out. */
const SUFFIX = /(特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区|自治州|地区|省|市|盟)$/

const provinces = new Map<string, string>()
const provinceNames = new Map<string, string>()
const citiesByProvince = new Map<string, { readonly code: string; readonly short: string; readonly full: string }[]>()
for (const place of listPlaces()) {
  if (place.kind === 'region' && /^cn-\d{2}$/.test(place.key)) {
    const name = place.fullName!.replace(SUFFIX, '')
    provinces.set(name, place.key.slice(3))
    provinceNames.set(place.key.slice(3), name)
  }
  if (place.kind === 'city') {
    const province = place.key.slice(3, 5)
    const list = citiesByProvince.get(province) ?? []
    list.push({ code: place.key.slice(3), short: place.label['zh-CN'], full: place.fullName! })
    citiesByProvince.set(province, list)
  }
}

/** Prefectures that older databases still name, and the one they are part of now. */
const FORMER_CITIES: Readonly<Record<string, string>> = { 山东莱芜: '3701', 安徽巢湖: '3401' }

/** Carriers by the texts that databases use. Exact only: 中华电信 and 澳大利亚电信 are other companies. */
const carriers = new Map<string, string>([
  ...CARRIERS.flatMap((carrier) => [carrier.label['zh-CN'], ...carrier.aliases].map((name): [string, string] => [name, carrier.id])),
  ['中移铁通', 'tietong'],
  ['鹏博士长城宽带', 'greatwall'],
  ['浙江华数', 'wasu'],
  ['西安交通大学', 'edu'],
  ['大连理工大学', 'edu'],
  ['上海教委', 'edu'],
  ['珠江宽频', 'cbn'],
  ['湖南有线', 'cbn'],
  ['吉视传媒', 'cbn'],
  ['广州驰联', 'wexchange'],
  ['上海驰联', 'wexchange'],
  ['百度', 'baidu'],
])

/** Province code of a name; undefined when it is none. */
export function findProvinceByName(name: string): string | undefined {
  return provinces.get(name.replace(SUFFIX, ''))
}

/** Prefecture code of a name inside a province; undefined when it is none (a county directly under its province has none). */
export function findCityByName(province: string, name: string): string | undefined {
  const short = name.replace(SUFFIX, '')
  if (short.length < 2) return undefined
  const cities = citiesByProvince.get(province) ?? []
  const former = FORMER_CITIES[`${provinceNames.get(province)}${short}`]
  if (former !== undefined) return former
  const exact = cities.find((city) => city.short === short || city.full === name)
  if (exact !== undefined) return exact.code
  // 博尔塔拉蒙古, 恩施土家族: parts of the full name.
  return cities.find((city) => short.startsWith(city.short) && city.full.startsWith(short))?.code
}

/** What databases write behind a carrier's name: 电信DNS服务器, 鹏博士宽带, 阿里云BGP数据中心. */
const SERVICE = /(宽带|BGP|IDC|CDN|DNS|anycast|数据中心|网络有限公司|公共|机房|服务器).*$/i

/** Carrier id of a text; undefined when it is none. A province's own broadcast network ("陕西广电") is cbn. */
export function findCarrierByText(text: string): string | undefined {
  const exact = carriers.get(text) ?? carriers.get(text.replace(SERVICE, ''))
  if (exact !== undefined) return exact
  return text.endsWith('广电') && provinces.has(text.slice(0, -2)) ? 'cbn' : undefined
}
