/**
 * The catalogue of places and carriers a line can name: provinces and prefecture cities by GB/T 2260, big regions, countries by
 * ISO 3166-1, regions by ISO 3166-2, continents, big cities abroad by UN/LOCODE, and the carriers kept here by hand. Pure; the place
 * tables are generated (data/build-catalogue.mjs, data/build-cities.mjs) and read once, at import. Keys are those of the document:
 * "cn-33", "cn-3302", "jp", "us-ca", "city-us-lax", …
 */
import { CITIES_ABROAD } from './cities-abroad.ts'
import { COUNTRIES } from './data/countries.ts'
import { PREFECTURES } from './data/prefectures.ts'
import { PROVINCES } from './data/provinces.ts'
import { REGIONS } from './data/regions.ts'
import { WITHDRAWN_REGIONS } from './data/withdrawn-regions.ts'
import type { Coordinates } from './location.ts'

/** Language of a label. */
export type LabelLanguage = 'en' | 'zh-CN'

/** A name in both languages. */
export type Label = {
  readonly en: string
  readonly 'zh-CN': string
}

/** Sort of a place, widest first. */
export type PlaceKind = 'any' | 'abroad' | 'continent' | 'country' | 'big-region' | 'region' | 'city'

/** A place that a line can name. */
export type Place = {
  /** Place part of a line key. */
  readonly key: string
  readonly kind: PlaceKind
  /** Name as part of a longer one ("浙江" in "浙江宁波电信"). */
  readonly label: Label
  /** Official Chinese name where it differs ("浙江省"). */
  readonly fullName: string | undefined
  /** Key of the place that holds it; undefined for the widest. */
  readonly parent: string | undefined
  /** Seat of a city, capital of a province, mean of its places for a country. */
  readonly coordinates: Coordinates | undefined
  /** ISO 3166-2 has withdrawn its code, and no one other place is the same: it was divided, merged or redrawn. */
  readonly isWithdrawn?: true
}

/** A code of a region that ISO 3166-2 has withdrawn. */
export type WithdrawnRegion = {
  /** Key of the same place now: a region or, for overseas parts of France and the like, a country. */
  readonly now: string
  /** Name that it had. */
  readonly name: string
}

/** A carrier. */
export type Carrier = {
  /** Carrier part of a line key. */
  readonly id: string
  readonly label: Label
  /** Carrier that this one is part of: its customers match the parent's lines after their own. */
  readonly parent: string | undefined
  /** Other names: vendors' line names and codes, lower case. */
  readonly aliases: readonly string[]
}

/** A province stands for its capital only where no prefecture seat is farther away: 500 km are about 5 ms of fibre there and back. */
const HONEST_REACH_KM = 500

/** Provinces of the class "abroad", by their usual country code. */
export const ABROAD_PROVINCES: Readonly<Record<string, string>> = { HK: '81', MO: '82', TW: '71' }

/** All carriers. Regional cable operators belong to cbn since the national network was joined. */
export const CARRIERS: readonly Carrier[] = [
  carrier('telecom', 'Telecom', '电信', undefined, '中国电信', 'dianxin', 'chinanet', 'china telecom'),
  carrier('unicom', 'Unicom', '联通', undefined, '中国联通', '网通', '中国网通', 'liantong', 'china unicom'),
  carrier('mobile', 'Mobile', '移动', undefined, '中国移动', 'yidong', 'cmcc', 'china mobile'),
  carrier('edu', 'Education network', '教育网', undefined, '中国教育网', '教育科研网', 'jiaoyuwang', 'cernet', 'china education network'),
  carrier(
    'cbn',
    'Broadcast network',
    '广电网',
    undefined,
    '广电',
    '中国广电',
    '中国广电网',
    'btvn',
    'guangdian',
    'china broadcasting network',
    'china broadnet',
  ),
  carrier('tietong', 'Tietong', '铁通', 'mobile', '中国铁通', 'china tietong'),
  carrier('drpeng', 'Dr.Peng', '鹏博士', undefined, '中国鹏博士', 'pengboshi', 'china dr.peng'),
  carrier('greatwall', 'Great Wall Broadband', '长城宽带', 'drpeng', '长宽', 'gwbn'),
  carrier('cstnet', 'Science and technology network', '科技网', undefined, '中国科技网', '中科院网'),
  carrier('founder', 'Founder Broadband', '方正宽带', undefined),
  carrier('wexchange', 'Chilian', '驰联网络', undefined),
  carrier('cnix', 'Haokuan', '皓宽网络', undefined),
  carrier('ocn', 'Oriental Cable', '东方有线', 'cbn'),
  carrier('gehua', 'Gehua Cable', '歌华有线', 'cbn', '歌华', 'bgctv'),
  carrier('topway', 'Topway', '天威视讯', 'cbn', '天威', 'topway_video'),
  carrier('wasu', 'Wasu', '华数', 'cbn', '华数宽带', '华数传媒'),
  carrier('aliyun', 'Alibaba Cloud', '阿里云', undefined, '阿里巴巴', 'alibaba'),
  carrier('tencent', 'Tencent Cloud', '腾讯云', undefined, '腾讯'),
  carrier('huawei', 'Huawei Cloud', '华为云', undefined, '华为'),
  carrier('volcengine', 'Volcano Engine', '火山引擎', undefined, '字节跳动'),
  carrier('baidu', 'Baidu Cloud', '百度云', undefined),
  carrier('jdcloud', 'JD Cloud', '京东云', undefined),
  carrier('ksyun', 'Kingsoft Cloud', '金山云', undefined),
  carrier('vnet', 'VNET', '世纪互联', undefined, '21vianet'),
  carrier('wangsu', 'Wangsu', '网宿', undefined, '网宿科技', 'chinanetcenter'),
]

const BIG_REGIONS: readonly (readonly [string, string, string])[] = [
  ['north', 'North China', '华北'],
  ['northeast', 'Northeast China', '东北'],
  ['east', 'East China', '华东'],
  ['central', 'Central China', '华中'],
  ['south', 'South China', '华南'],
  ['southwest', 'Southwest China', '西南'],
  ['northwest', 'Northwest China', '西北'],
]

const CONTINENTS: readonly (readonly [string, string, string])[] = [
  ['as', 'Asia', '亚洲'],
  ['eu', 'Europe', '欧洲'],
  ['na', 'North America', '北美洲'],
  ['sa', 'South America', '南美洲'],
  ['af', 'Africa', '非洲'],
  ['oc', 'Oceania', '大洋洲'],
  ['an', 'Antarctica', '南极洲'],
]

const places = new Map<string, Place>()
const withdrawnRegions = new Map<string, WithdrawnRegion>()
const carriersById = new Map(CARRIERS.map((entry) => [entry.id, entry]))
const honestProvinces = new Set<string>()
const provinceByLetters = new Map<string, string>()
loadPlaces()

/** All places in catalogue order: widest first, then by key. */
export function listPlaces(): readonly Place[] {
  return [...places.values()]
}

/** A place by its key. */
export function findPlace(key: string): Place | undefined {
  return places.get(key)
}

/** Withdrawn codes of regions, lower case, that another place is known by now. */
export function listWithdrawnRegions(): ReadonlyMap<string, WithdrawnRegion> {
  return withdrawnRegions
}

/** A region's code ("IN-TG") as ISO 3166-2 has it now ("IN-TS"); undefined when it is a country of its own now. */
export function currentRegion(code: string): string | undefined {
  const now = withdrawnRegions.get(code.toLowerCase())?.now
  if (now === undefined) return code
  return now.includes('-') ? now.toUpperCase() : undefined
}

/** A carrier by its id. */
export function findCarrier(id: string): Carrier | undefined {
  return carriersById.get(id)
}

/** Province code of the ISO 3166-2 letters ("ZJ" → "33"). */
export function findProvinceByLetters(letters: string): string | undefined {
  return provinceByLetters.get(letters.toUpperCase())
}

/** Big region ("east") of a province; undefined for Hong Kong, Macao and Taiwan. */
export function bigRegionOf(province: string): string | undefined {
  const parent = places.get(`cn-${province}`)?.parent
  return parent?.startsWith('cn-') ? parent.slice(3) : undefined
}

/** Continent ("eu") of an ISO 3166-1 country. */
export function continentOf(country: string): string | undefined {
  if (country === 'CN') return 'as'
  return places.get(country.toLowerCase())?.parent?.slice('continent-'.length)
}

/** Place key of a location's city: "3302" → "cn-3302", "US-LAX" → "city-us-lax". */
export function cityPlaceKey(city: string): string {
  return city.includes('-') ? `city-${city.toLowerCase()}` : `cn-${city}`
}

/** ISO 3166-1 code of the country that a place lies in; undefined for wider places. */
export function countryOfPlace(key: string): string | undefined {
  for (let place = places.get(key); place !== undefined; place = places.get(place.parent ?? '')) {
    if (place.key === 'cn' || place.key.startsWith('cn-')) return 'CN'
    if (place.kind === 'country') return place.key.toUpperCase()
  }
  return undefined
}

/** Whether the capital may stand for the whole province when only the province is known. */
export function capitalStandsForProvince(province: string): boolean {
  return honestProvinces.has(province)
}

function carrier(id: string, en: string, zh: string, parent: string | undefined, ...aliases: string[]): Carrier {
  return { id, label: { en, 'zh-CN': zh }, parent, aliases }
}

function addPlace(
  key: string,
  kind: PlaceKind,
  en: string,
  zh: string,
  parent?: string,
  coordinates?: Coordinates,
  fullName?: string,
): void {
  places.set(key, { key, kind, label: { en, 'zh-CN': zh }, fullName, parent, coordinates })
}

function loadPlaces(): void {
  addPlace('*', 'any', 'Default', '默认')
  addPlace('cn', 'country', 'Mainland China', '境内', '*')
  addPlace('abroad', 'abroad', 'Abroad', '境外', '*')
  for (const [id, en, zh] of CONTINENTS) addPlace(`continent-${id}`, 'continent', en, zh, '*')
  for (const [id, en, zh] of BIG_REGIONS) addPlace(`cn-${id}`, 'big-region', en, zh, 'cn')
  for (const [code, short, full, en, letters, big, latitude, longitude, reachKm] of rows(PROVINCES)) {
    provinceByLetters.set(letters!, code!)
    if (Number(reachKm) <= HONEST_REACH_KM) honestProvinces.add(code!)
    const abroad = code! in { 71: 1, 81: 1, 82: 1 }
    addPlace(
      `cn-${code}`,
      'region',
      en!,
      abroad ? `中国${short}` : short!,
      abroad ? 'abroad' : `cn-${big}`,
      point(latitude, longitude),
      full,
    )
  }
  for (const [code, short, full, en, latitude, longitude] of rows(PREFECTURES)) {
    addPlace(`cn-${code}`, 'city', en!, short!, `cn-${code!.slice(0, 2)}`, point(latitude, longitude), full)
  }
  for (const [code, en, zh, continent, latitude, longitude] of rows(COUNTRIES)) {
    if (code === 'CN' || code! in ABROAD_PROVINCES) continue
    addPlace(code!.toLowerCase(), 'country', en!, zh!, `continent-${continent!.toLowerCase()}`, point(latitude, longitude))
  }
  for (const [code, en, zh, withdrawn] of rows(REGIONS)) {
    addPlace(code!.toLowerCase(), 'region', en!, zh || en!, code!.slice(0, 2).toLowerCase())
    if (withdrawn !== undefined) places.set(code!.toLowerCase(), { ...places.get(code!.toLowerCase())!, isWithdrawn: true })
  }
  for (const [code, now, name] of rows(WITHDRAWN_REGIONS))
    withdrawnRegions.set(code!.toLowerCase(), { now: now!.toLowerCase(), name: name! })
  for (const { code, region, en, zh, coordinates } of CITIES_ABROAD) {
    addPlace(cityPlaceKey(code), 'city', en, zh, (region ?? code.slice(0, 2)).toLowerCase(), coordinates)
  }
}

function rows(table: string): string[][] {
  return table
    .trim()
    .split('\n')
    .map((line) => line.split('|'))
}

function point(latitude: string | undefined, longitude: string | undefined): Coordinates | undefined {
  return latitude ? [Number(latitude), Number(longitude)] : undefined
}
