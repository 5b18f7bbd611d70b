/**
 * Every name a place is known by: labels in both languages, official names, pinyin, names of before a renaming, one-character
 * abbreviations → its key. Pure. A name that several places of one kind share (suzhou, shanxi, San José) is a homonym: whoever writes
 * it must say which one is meant; of different kinds the widest has it (吉林 is the province). Regions of other countries have the names
 * that nothing else has: Barcelona is the city, Bavaria the region.
 */
import { CITIES_ABROAD } from './cities-abroad.ts'
import { fold } from './fold-name.ts'
import { cityPlaceKey, countryOfPlace, findPlace, listPlaces, type Place, type PlaceKind } from './line-catalogue.ts'
import { readPlace } from './place-readings.ts'

/** Prefectures and provinces by names they no longer have; places that were merged stand for what they are part of now. */
const FORMER_NAMES: Readonly<Record<string, string>> = {
  襄樊: 'cn-4206',
  思茅: 'cn-5308',
  朔县: 'cn-1406',
  巢湖: 'cn-3401',
  莱芜: 'cn-3701',
  荆沙: 'cn-4210',
  沙市: 'cn-4210',
  淮阴: 'cn-3208',
  万县: 'cn-50',
  涪陵: 'cn-50',
  黔江: 'cn-50',
  达县: 'cn-5117',
  达川: 'cn-5117',
  大庸: 'cn-4308',
  东川: 'cn-5301',
  徽州: 'cn-3410',
  临河: 'cn-1508',
  集宁: 'cn-1509',
  海拉尔: 'cn-1507',
  伊克昭: 'cn-1506',
  哲里木: 'cn-1505',
  昭乌达: 'cn-1504',
  银南: 'cn-6403',
  武都: 'cn-6212',
  浑江: 'cn-2206',
  锦西: 'cn-2114',
  松花江: 'cn-2301',
  雁北: 'cn-1402',
  忻县: 'cn-1409',
  昌潍: 'cn-3707',
  惠民: 'cn-3716',
  零陵: 'cn-4311',
  涟源: 'cn-4313',
  黔阳: 'cn-4312',
  惠阳: 'cn-4413',
  梅县: 'cn-4414',
  建阳: 'cn-3507',
  晋江地区: 'cn-3505',
  龙溪: 'cn-3506',
  宿县: 'cn-3413',
  滁县: 'cn-3411',
  中甸: 'cn-5334',
  南宁地区: 'cn-4514',
  柳州地区: 'cn-4513',
  贺县: 'cn-4511',
  西沙: 'cn-4603',
  南沙群岛: 'cn-4603',
  襄樊市: 'cn-4206',
}
/** How former names are typed in Latin letters; only those that are no other place's. */
const FORMER_READINGS: Readonly<Record<string, string>> = { xiangfan: 'cn-4206', simao: 'cn-5308', laiwu: 'cn-3701', chaohu: 'cn-3401' }

/** Places by names that are in no table: abbreviations, pinyin of big regions, continents as vendors write them. */
const MORE_NAMES: Readonly<Record<string, string>> = {
  京: 'cn-11',
  津: 'cn-12',
  冀: 'cn-13',
  晋: 'cn-14',
  蒙: 'cn-15',
  内蒙: 'cn-15',
  辽: 'cn-21',
  吉: 'cn-22',
  黑: 'cn-23',
  沪: 'cn-31',
  苏: 'cn-32',
  浙: 'cn-33',
  皖: 'cn-34',
  闽: 'cn-35',
  赣: 'cn-36',
  鲁: 'cn-37',
  豫: 'cn-41',
  鄂: 'cn-42',
  湘: 'cn-43',
  粤: 'cn-44',
  桂: 'cn-45',
  琼: 'cn-46',
  渝: 'cn-50',
  川: 'cn-51',
  蜀: 'cn-51',
  黔: 'cn-52',
  贵: 'cn-52',
  滇: 'cn-53',
  云: 'cn-53',
  藏: 'cn-54',
  陕: 'cn-61',
  秦: 'cn-61',
  甘: 'cn-62',
  陇: 'cn-62',
  青: 'cn-63',
  宁: 'cn-64',
  新: 'cn-65',
  台: 'cn-71',
  港: 'cn-81',
  澳: 'cn-82',
  tibet: 'cn-54',
  // Alibaba's own spelling of 陕西.
  shannxi: 'cn-61',
  hongkong: 'cn-81',
  macao: 'cn-82',
  macau: 'cn-82',
  taiwan: 'cn-71',
  香港: 'cn-81',
  澳门: 'cn-82',
  台湾: 'cn-71',
  北美: 'continent-na',
  南美: 'continent-sa',
  euro: 'continent-eu',
  namerica: 'continent-na',
  samerica: 'continent-sa',
  oceanica: 'continent-oc',
}

/** Counties and county-level cities right below their province: they are in no prefecture, and no address database tells them apart. */
const DIRECT_COUNTIES: Readonly<Record<string, readonly string[]>> = {
  41: ['济源'],
  42: ['仙桃', '潜江', '天门', '神农架'],
  46: ['五指山', '琼海', '文昌', '万宁', '东方', '定安', '屯昌', '澄迈', '临高', '白沙', '昌江', '乐东', '陵水', '保亭', '琼中'],
  65: ['石河子', '阿拉尔', '图木舒克', '五家渠', '北屯', '铁门关', '双河', '可克达拉', '昆玉', '胡杨河', '新星', '白杨'],
}

/** Endings that people write or leave out. */
const ENDINGS = /(特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区|自治州|自治县|林区|地区|省|市|盟|州|县)$/

/** What English and Chinese names of regions abroad end in, in one source or the other. */
const REGION_ENDINGS =
  /\s+(province|region|state|oblast|krai|governorate|district|prefecture|county|department|republic|voivodeship|oblysy)$|(边疆区|共和国|自治区|自治州|大区|地区|州|省|邦|府|县|郡|道|都)$/i

/** Kinds of places, widest first. */
const WIDTH: readonly PlaceKind[] = ['any', 'abroad', 'continent', 'country', 'big-region', 'region', 'city']

type Named = { readonly key: string; readonly isLabel: boolean }

const byName = new Map<string, Named[]>()
const formerByKey = new Map<string, string[]>()
const directCounties = new Map(
  Object.entries(DIRECT_COUNTIES).flatMap(([province, names]) => names.map((name) => [name, `cn-${province}`])),
)
let isLoaded = false

/** Key of the place that has a name; undefined when none has, or when several have it and it is the label of none or of many. */
export function findPlaceByName(name: string): string | undefined {
  const found = candidates(name)
  if (found.length === 1) return found[0]!.key
  // Databases in English mean 山西 by Shanxi: there it is the label, while it is only the pinyin of 陕西.
  const labelled = found.filter((candidate) => candidate.isLabel)
  return labelled.length === 1 ? labelled[0]!.key : undefined
}

/** Keys of all places of one kind that share a name; fewer than two = it is no homonym. */
export function homonymsOf(name: string): readonly string[] {
  return candidates(name).map(({ key }) => key)
}

/** Province that a county right below it belongs to; undefined when the name is none. */
export function provinceOfDirectCounty(name: string): string | undefined {
  return directCounties.get(name) ?? directCounties.get(name.replace(ENDINGS, ''))
}

/** Names that a place had, or has in parts that were merged into it. */
export function formerNamesOf(key: string): readonly string[] {
  loadNames()
  return formerByKey.get(key) ?? []
}

/** Names a place is found by, folded, without those joined with its province's. */
export function namesOfPlace(place: Place): readonly string[] {
  const own = [place.label.en, place.label['zh-CN'], place.fullName ?? '', readingOf(place)?.pinyin ?? '', ...formerNamesOf(place.key)]
  return [...new Set(own.map(fold))].filter((name) => name !== '')
}

/** Pinyin and initials of a Chinese place; undefined elsewhere. */
export function readingOf(place: Place): ReturnType<typeof readPlace> {
  const chinese = place.key === 'cn' || place.key === 'abroad' || place.key.startsWith('cn-')
  return chinese ? readPlace(place.label['zh-CN'], place.label.en) : undefined
}

function candidates(name: string): readonly Named[] {
  loadNames()
  const exact = byName.get(fold(name))
  if (exact !== undefined) return exact
  // 恩施州, 阿拉善盟, 宁波地区: an ending that is not in the official name.
  if (!/^[\u4e00-\u9fff]{3,}$/.test(name)) return []
  const short = name.replace(ENDINGS, '')
  return short === name || short.length < 2 ? [] : (byName.get(fold(short)) ?? [])
}

function add(name: string, key: string, isLabel: boolean): void {
  const folded = fold(name)
  if (folded === '') return
  const list = byName.get(folded) ?? []
  byName.set(folded, list)
  const known = list.findIndex((named) => named.key === key)
  if (known >= 0) {
    if (isLabel) list[known] = { key, isLabel }
    return
  }
  const order = (other: string): number => WIDTH.indexOf(findPlace(other)!.kind)
  const first = list[0]
  if (first === undefined || order(first.key) === order(key)) list.push({ key, isLabel })
  else if (order(key) < order(first.key)) list.splice(0, list.length, { key, isLabel })
}

/** At the first question: a data plane asks none, and 5,000 regions take 0.1 s and ten megabytes of each thread. */
function loadNames(): void {
  if (isLoaded) return
  isLoaded = true
  for (const [name, key] of Object.entries(MORE_NAMES)) add(name, key, true)
  for (const [name, key] of Object.entries(FORMER_NAMES)) formerByKey.set(key, [...(formerByKey.get(key) ?? []), name])
  for (const place of listPlaces()) {
    if (place.kind === 'any' || isRegionAbroad(place)) continue
    const { key, label, fullName } = place
    for (const name of [label.en, label['zh-CN'], fullName ?? '']) add(name, key, true)
    add(readingOf(place)?.pinyin ?? '', key, false)
    if (place.kind === 'city') addJoinedNames(place)
  }
  for (const city of CITIES_ABROAD) {
    for (const alias of city.aliases) add(alias, cityPlaceKey(city.code), true)
    add(city.code, cityPlaceKey(city.code), false)
  }
  // After the names of today: a former name never hides one.
  for (const [name, key] of Object.entries({ ...FORMER_NAMES, ...FORMER_READINGS })) if (!byName.has(fold(name))) add(name, key, false)
  loadRegionsAbroad()
}

/** 5,000 regions of other countries: their names come last, in full before shortened, and never stand for what is called so already. */
function loadRegionsAbroad(): void {
  const regions = listPlaces().filter((place) => isRegionAbroad(place) && place.isWithdrawn === undefined)
  for (const namesOf of [(place: Place) => [place.label.en, place.label['zh-CN'], ...withCountry(place)], shortNames]) {
    const found = new Map<string, Named[]>()
    for (const place of regions) {
      for (const name of new Set(namesOf(place).map(fold))) {
        if (name === '' || byName.has(name) || directCounties.has(name)) continue
        found.set(name, [...(found.get(name) ?? []), { key: place.key, isLabel: true }])
      }
    }
    for (const [name, list] of found) byName.set(name, list)
  }
}

function isRegionAbroad({ kind, key }: Place): boolean {
  return kind === 'region' && !key.startsWith('cn-')
}

/** California United States, 美国加利福尼亚州. */
function withCountry({ label, parent }: Place): readonly string[] {
  const country = findPlace(parent ?? '')!.label
  return [label.en + country.en, country.en + label.en, country['zh-CN'] + label['zh-CN']]
}

function shortNames(place: Place): readonly string[] {
  const { label, parent } = place
  const short = [label.en, label['zh-CN']].map((name) => name.replace(REGION_ENDINGS, '')).filter((name) => [...name].length > 1)
  return [...short, ...short.map((name) => findPlace(parent ?? '')!.label[/^[\u4e00-\u9fff]/.test(name) ? 'zh-CN' : 'en'] + name)]
}

/** Zhejiang Ningbo, Ningbo Zhejiang, 浙江宁波, 浙江省宁波市, San Jose California, 美国圣何塞. */
function addJoinedNames({ key, label, fullName, parent }: Place): void {
  const country = countryOfPlace(key)
  const around = [findPlace(parent ?? ''), country === 'CN' ? undefined : findPlace(country?.toLowerCase() ?? '')]
  for (const holder of around) {
    if (holder === undefined) continue
    add(holder.label.en + label.en, key, false)
    add(label.en + holder.label.en, key, false)
    add(holder.label['zh-CN'] + label['zh-CN'], key, false)
    if (country !== 'CN') continue
    add(holder.label['zh-CN'] + (fullName ?? ''), key, false)
    add((holder.fullName ?? '') + label['zh-CN'], key, false)
    add((holder.fullName ?? '') + (fullName ?? ''), key, false)
    const provincePinyin = readingOf(holder)?.pinyin
    const pinyin = readPlace(label['zh-CN'], label.en)?.pinyin
    if (provincePinyin !== undefined && pinyin !== undefined) add(provincePinyin + pinyin, key, false)
  }
}
