/**
 * Other spellings of lines, places and carriers: names (place-names.ts), ISO letters, six-digit GB codes, and the published line
 * names, ids and codes of DNSPod, Alibaba Cloud and Huawei Cloud. Pure. Ids of DNSPod that are not in its public documents
 * (province with carrier) are not guessed; the international DNSPod uses the same id syntax with other meanings.
 */
import { fold } from './fold-name.ts'
import {
  ABROAD_PROVINCES,
  CARRIERS,
  type Carrier,
  countryOfPlace,
  findPlace,
  findProvinceByLetters,
  listPlaces,
  listWithdrawnRegions,
  type Place,
} from './line-catalogue.ts'
import { findPlaceByName, homonymsOf } from './place-names.ts'

/** Whole lines: the DNSPod ids of its API document, the first-level codes of Alibaba and Huawei. */
const LINE_ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    default: '*',
    默认: '*',
    全网默认: '*',
    default_view: '*',
    '0': '*',
    '7=0': 'cn',
    '3=0': 'abroad',
    '10=0': '*/telecom',
    '10=1': '*/unicom',
    '10=2': '*/edu',
    '10=3': '*/mobile',
    // Not in the old API document, but in every public tool that maps line ids.
    '10=22': '*/cbn',
    国内: 'cn',
    境内: 'cn',
    中国: 'cn',
    中国大陆: 'cn',
    中国内地: 'cn',
    中国地区: 'cn',
    internal: 'cn',
    domestic: 'cn',
    国外: 'abroad',
    境外: 'abroad',
    海外: 'abroad',
    oversea: 'abroad',
    overseas: 'abroad',
    aliyun_internal: 'cn/aliyun',
    aliyun_oversea: 'abroad/aliyun',
  }),
)

/** Municipalities: their "city" is the province itself. */
const MUNICIPALITIES: readonly string[] = ['11', '12', '31', '50']

/** Lines of search engines: DNSPod 80=0, 90=n and names; Alibaba search, cn_search_x, os_search_x. */
const SEARCH_ENGINES =
  /^(80=0|90=\d+|(cn_|os_)?search(_\w+)?|搜索引擎|百度|谷歌|有道|必应|搜搜|搜狗|奇虎|神马|google|baidu_spider|biying|bing|youdao|sougou|qihu|yahoo)$/i

/** Parts of Chinese and English line names that only say which list the line stands in. */
const LIST_PARTS = /^(中国地区|中国|中国内地|地域线路|运营商线路|境外|海外|chinese mainland|china|outside (the )?chinese mainland|abroad)$/i
/** Big regions as the last part of a longer name ("China Telecom_Northeast", "电信_华北地区"). */
const BIG_REGION_PARTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    north: 'cn-north',
    northeast: 'cn-northeast',
    east: 'cn-east',
    central: 'cn-central',
    south: 'cn-south',
    southwest: 'cn-southwest',
    northwest: 'cn-northwest',
  }),
)
/** Kinds of places from wide to narrow, for names that hold several. */
const NARROW_LAST = ['any', 'abroad', 'continent', 'country', 'big-region', 'region', 'city']

const carrierAliases = new Map<string, string>()
for (const carrier of CARRIERS) {
  for (const name of [carrier.id, carrier.label.en, carrier.label['zh-CN'], ...carrier.aliases]) carrierAliases.set(fold(name), carrier.id)
}

/** Canonical key of a vendor's or a joined spelling of a whole line; undefined when it is none. */
export function findAlias(text: string): string | undefined {
  const name = text.toLowerCase()
  const whole = LINE_ALIASES.get(name)
  if (whole !== undefined) return whole
  // A carrier alone means the carrier anywhere. Two-letter texts are countries and never reach this as carriers.
  const carrier = carrierAliases.get(fold(text))
  if (carrier !== undefined) return `*/${carrier}`
  return aliasOfCode(name) ?? aliasOfListedNames(text) ?? aliasOfJoinedNames(text)
}

/** Canonical key of a place; undefined when it is none. */
export function findPlaceAlias(text: string): string | undefined {
  const name = text.toLowerCase()
  if (findPlace(name) !== undefined) return name
  const chinese = /^cn-(\w+)$/.exec(name)
  if (chinese !== null) return chinesePlace(chinese[1]!)
  if (Object.hasOwn(ABROAD_PROVINCES, text.toUpperCase())) return `cn-${ABROAD_PROVINCES[text.toUpperCase()]}`
  const renamed = listWithdrawnRegions().get(name)
  if (renamed !== undefined) return renamed.now
  const line = LINE_ALIASES.get(name)
  return line !== undefined && !line.includes('/') ? line : findPlaceByName(text)
}

/** Id of a carrier; undefined when it is none. */
export function findCarrierAlias(text: string): string | undefined {
  return carrierAliases.get(fold(text))
}

/** Whether a text is a vendor's line for search engines. */
export function isSearchEngineLine(text: string): boolean {
  return SEARCH_ENGINES.test(text)
}

/** The known place whose key or name is nearest to a text. */
export function nearestPlace(text: string): Place {
  // A district or county belongs to a prefecture, and an unknown prefecture to a province: these are nearer than any spelling.
  const code = /^(?:cn-)?(\d{2})(\d{2})?\d*$/i.exec(text)
  const holder = code === null ? undefined : (findPlace(`cn-${code[1]}${code[2] ?? ''}`) ?? findPlace(`cn-${code[1]}`))
  if (holder !== undefined) return holder
  const country = /^([a-z]{2})-/i.exec(text)?.[1]?.toLowerCase()
  const known = listPlaces().filter((place) => place.isWithdrawn === undefined && place.kind !== 'any')
  const siblings = country === undefined ? [] : known.filter((place) => place.key.startsWith(`${country}-`))
  return nearestOf(text, siblings.length > 0 ? siblings : known)
}

/** The place of mainland China whose name is nearest to what stands for the place in a vendor's code. */
export function nearestChinesePlace(text: string): Place {
  return nearestOf(
    text,
    listPlaces().filter((place) => place.key.startsWith('cn-')),
  )
}

function nearestOf(text: string, places: readonly Place[]): Place {
  const find = (among: readonly Place[]): Place =>
    nearest(text, among, (place) => [place.key, place.label.en, place.label['zh-CN'], place.fullName ?? place.key])
  if (!/[\u4e00-\u9fff]/.test(text)) return find(places)
  // There are more cities than provinces and countries: of equally near names of two or three characters a city's is more often meant.
  const city = find(places.toSorted((a, b) => Number(b.kind === 'city') - Number(a.kind === 'city')))
  return [...text].some((character) => city.label['zh-CN'].includes(character)) ? city : find(places)
}

/** The known carrier whose id or name is nearest to a text. */
export function nearestCarrier(text: string): Carrier {
  return nearest(text, CARRIERS, (carrier) => [carrier.id, carrier.label.en, carrier.label['zh-CN'], ...carrier.aliases])
}

/** "cn-zj", "cn-330000", "cn-330200", "cn-1101": part behind "cn-". */
function chinesePlace(part: string): string | undefined {
  const letters = findProvinceByLetters(part)
  if (letters !== undefined) return `cn-${letters}`
  const short = /^\d{6}$/.test(part) && part.endsWith('00') ? part.slice(0, 4) : part
  const province = short.slice(0, 2)
  if (/^\d{4}$/.test(short) && (short.endsWith('00') || MUNICIPALITIES.includes(province))) {
    return findPlace(`cn-${province}`) === undefined ? undefined : `cn-${province}`
  }
  return findPlace(`cn-${short}`) === undefined ? undefined : `cn-${short}`
}

/** Alibaba (cn_telecom_zhejiang, cn_region_zhejiang, os_asia_jp, os_namerica_us_ca) and Huawei (Dianxin_Zhejiang). */
function aliasOfCode(name: string): string | undefined {
  // Alibaba's list has this doubled once (os_africa_os_africa_eh).
  const parts = name.replace(/^(os_[a-z]+_)\1/, '$1').split('_')
  if (parts.length < 2) return undefined
  if (parts[0] === 'os') {
    const carrier = carrierAliases.get(fold(parts[1]!))
    if (carrier !== undefined && parts.length === 2) return `abroad/${carrier}`
    if (findPlaceByName(parts[1]!)?.startsWith('continent-') !== true) return undefined
    return findPlaceAlias(parts.length === 2 ? parts[1]! : parts.slice(2).join('-'))
  }
  // More parts than a code has are a name of the console.
  if (parts.length > (parts[0] === 'cn' ? 3 : 2)) return undefined
  const [first, second] = parts[0] === 'cn' ? parts.slice(1) : parts
  if (parts[0] === 'cn' && first === 'region') return second === undefined ? undefined : findPlaceByName(second)
  const carrier = carrierAliases.get(fold(first!))
  if (carrier === undefined) return undefined
  if (second === undefined) return `cn/${carrier}`
  const place = findPlaceByName(second) ?? (second === 'cn' ? 'cn' : undefined)
  return place === undefined || (parts[0] === 'cn' && !/^cn(-|$)/.test(place)) ? undefined : `${place}/${carrier}`
}

/** Carrier and what should be a place in a vendor's code of a carrier in China (cn_telecom_zhejiang); undefined when it is none. */
export function partsOfChineseCode(text: string): { readonly place: string; readonly carrier: string } | undefined {
  const [, name, place] = /^cn_([a-z]+)_([a-z]+)$/i.exec(text) ?? []
  const carrier = name === undefined ? undefined : carrierAliases.get(fold(name))
  return carrier === undefined ? undefined : { place: place!, carrier }
}

/** 中国电信_东北, 中国地区_华东_浙江, 电信_华北地区, 亚洲_日本, China Telecom_Zhejiang: names as consoles and exports show them. */
function aliasOfListedNames(text: string): string | undefined {
  const parts = text.split('_').map((part) => part.trim())
  if (parts.length < 2) return undefined
  while (parts.length > 1 && LIST_PARTS.test(parts[0]!)) parts.shift()
  let carrier: string | undefined
  let place: string | undefined
  for (const part of parts) {
    const carrierHere = carrierAliases.get(fold(part))
    if (carrierHere !== undefined && carrier === undefined) {
      carrier = carrierHere
      continue
    }
    const placeHere = BIG_REGION_PARTS.get(part.toLowerCase()) ?? findPlaceAlias(part.replace(/地区$/, ''))
    if (placeHere === undefined || (place !== undefined && lieApart(place, placeHere))) return undefined
    if (place === undefined || widthOf(placeHere) > widthOf(place)) place = placeHere
  }
  if (place === undefined) return carrier === undefined ? undefined : `*/${carrier}`
  return carrier === undefined ? place : `${place}/${carrier}`
}

/** Whether two places are in different countries. */
function lieApart(a: string, b: string): boolean {
  const countries = [countryOfPlace(a), countryOfPlace(b)]
  return countries[0] !== undefined && countries[1] !== undefined && countries[0] !== countries[1]
}

function widthOf(place: string): number {
  return NARROW_LAST.indexOf(findPlace(place)!.kind)
}

/** 浙江电信, 华东联通, 浙江宁波电信, 宁波电信: names written one behind the other. */
function aliasOfJoinedNames(text: string): string | undefined {
  if (!/^[\u4e00-\u9fff]+$/.test(text)) {
    const parts = splitJoinedNames(text)
    const place = parts === undefined ? undefined : findPlaceAlias(parts.place)
    return place === undefined || homonymsOf(parts!.place).length > 1 ? undefined : `${place}/${parts!.carrier}`
  }
  for (let end = text.length - 1; end >= 2; end--) {
    const carrier = carrierAliases.get(text.slice(end))
    const place = findPlaceAlias(text.slice(0, end))
    if (carrier !== undefined && place !== undefined) return `${place}/${carrier}`
  }
  return undefined
}

/** "ningbo telecom", "Zhejiang China Telecom", "ningbo dianxin", "telecom zhejiang": the names of a known place (or of several) and of a carrier. */
export function splitJoinedNames(text: string): { readonly place: string; readonly carrier: string } | undefined {
  if (/[/_]/.test(text) || findPlaceAlias(text) !== undefined) return undefined
  const words = text.trim().split(/\s+/)
  for (let count = words.length - 1; count > 0; count--) {
    for (const [place, name] of [
      [words.slice(0, -count), words.slice(-count)],
      [words.slice(count), words.slice(0, count)],
    ] as const) {
      const carrier = carrierAliases.get(fold(name.join(' ')))
      const joined = place.join(' ')
      if (carrier !== undefined && (findPlaceAlias(joined) !== undefined || homonymsOf(joined).length > 1))
        return { place: joined, carrier }
    }
  }
  return undefined
}

function nearest<T>(text: string, candidates: readonly T[], namesOf: (candidate: T) => readonly string[]): T {
  let best: T = candidates[0] as T
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    for (const name of namesOf(candidate)) {
      const distance = editDistance(text.toLowerCase(), name.toLowerCase(), bestDistance)
      if (distance < bestDistance) {
        best = candidate
        bestDistance = distance
      }
    }
  }
  return best
}

/** Levenshtein distance; gives up at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1))
    }
    previous = current
  }
  return previous[b.length]!
}
