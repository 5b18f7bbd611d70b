/**
 * Places as international databases write them: ISO 3166-2 codes, English names and GeoNames ids → the fields of a location. Pure.
 * A name is taken only where it is sure: the city must lie in the province that is named, and a name that two prefectures share
 * (Suzhou, Taizhou, Fuzhou, Yichun, Yulin) needs that province. A county or a district is no prefecture and is left out.
 */
import type { SourceRecord } from '../compile/merge-sources.ts'
import { findCityAbroad, findCityByGeonameId } from '../line/cities-abroad.ts'
import { fold } from '../line/fold-name.ts'
import { findPlaceAlias } from '../line/line-aliases.ts'
import { ABROAD_PROVINCES, findPlace, listPlaces } from '../line/line-catalogue.ts'
import { findCityByName, findProvinceByName } from './chinese-place-names.ts'
import { GEONAME_IDS } from './data/geoname-ids.ts'

/** A part of a country as a database has it. */
export type NamedPart = {
  /** ISO 3166-2 code without the country ("ZJ", "CA"). */
  readonly code?: string | undefined
  /** Names, English or Chinese. */
  readonly names: readonly string[]
  readonly geonameId?: number | undefined
}

/** Parts of names that some lists write and others leave out. */
const GENERIC = /\s+(province|region|state|oblast|governorate|district|prefecture|county|department|municipality|sheng|shi)$/i

const cityByGeonameId = new Map(
  GEONAME_IDS.trim()
    .split('\n')
    .map((row): [number, string] => [Number(row.split('|')[0]), row.split('|')[1]!]),
)
/** "cc folded name" → region key; "" where two regions share it. */
const regions = new Map<string, string>()
/** "33 folded name" → prefecture code. */
const prefectures = new Map<string, string>()
loadNames()

/** Whether a code is a country here: ISO 3166-1, with Hong Kong, Macao and Taiwan. */
export function isCountryCode(code: string): boolean {
  return code === 'CN' || code in ABROAD_PROVINCES || (/^[A-Z]{2}$/.test(code) && findPlace(code.toLowerCase()) !== undefined)
}

/** Fields of a place; what is not known for sure stays out. Parts stand widest first. */
export function placeOfNames(countryCode: string | undefined, parts: readonly NamedPart[], city: NamedPart | undefined): SourceRecord {
  const country = countryCode?.toUpperCase()
  if (country === undefined || !isCountryCode(country)) return {}
  if (country in ABROAD_PROVINCES) return { country }
  if (country === 'CN') return chinesePlace(parts, city)
  const region = firstOf(parts, (part) => findRegion(country, part))
  const abroad = city === undefined ? undefined : findAbroad(country, region, city)
  return { country, region, city: abroad }
}

function chinesePlace(parts: readonly NamedPart[], city: NamedPart | undefined): SourceRecord {
  const province = firstOf(parts, findProvince)
  // A municipality's parts are districts; the special provinces have no prefectures here.
  const code = city === undefined ? undefined : findPrefecture(province, city)
  return { country: 'CN', province: province ?? code?.slice(0, 2), city: code }
}

function findProvince({ code, names }: NamedPart): string | undefined {
  const byCode = code === undefined || code === '' ? undefined : provinceOfKey(findPlaceAlias(`cn-${code}`))
  return byCode ?? firstOf(names, (name) => findProvinceByName(name) ?? provinceOfKey(findPlaceAlias(name.replace(GENERIC, ''))))
}

function provinceOfKey(key: string | undefined): string | undefined {
  return key !== undefined && /^cn-\d\d$/.test(key) ? key.slice(3) : undefined
}

function findPrefecture(province: string | undefined, { names, geonameId }: NamedPart): string | undefined {
  const byId = geonameId === undefined ? undefined : cityByGeonameId.get(geonameId)
  if (byId !== undefined) return province === undefined || byId.startsWith(province) ? byId : undefined
  return firstOf(names, (name) => {
    if (province !== undefined) return findCityByName(province, name) ?? prefectures.get(`${province} ${foldPart(name)}`)
    // Without a province only a name that is one prefecture's alone.
    const key = findPlaceAlias(name.replace(GENERIC, ''))
    return key !== undefined && /^cn-\d{4}$/.test(key) ? key.slice(3) : undefined
  })
}

function findRegion(country: string, { code, names }: NamedPart): string | undefined {
  if (code !== undefined && code !== '') {
    const key = `${country}-${code}`.toLowerCase()
    if (findPlace(key)?.kind === 'region') return key.toUpperCase()
  }
  return firstOf(names, (name) => regions.get(`${country} ${foldPart(name)}`) || undefined)
}

function findAbroad(country: string, region: string | undefined, { names, geonameId }: NamedPart): string | undefined {
  const byId = geonameId === undefined ? undefined : findCityByGeonameId(geonameId)
  if (byId?.startsWith(`${country}-`)) return byId
  return firstOf(names, (name) => findCityAbroad(country, region, name))
}

function foldPart(name: string): string {
  return fold(name.replace(GENERIC, ''))
}

function firstOf<Part, Found>(parts: readonly Part[], find: (part: Part) => Found | undefined): Found | undefined {
  for (const part of parts) {
    const found = find(part)
    if (found !== undefined) return found
  }
  return undefined
}

function loadNames(): void {
  for (const place of listPlaces()) {
    if (place.kind === 'city' && /^cn-\d{4}$/.test(place.key)) {
      prefectures.set(`${place.key.slice(3, 5)} ${foldPart(place.label.en)}`, place.key.slice(3))
    }
    if (place.kind !== 'region' || place.key.startsWith('cn-')) continue
    const key = place.key.toUpperCase()
    const name = `${key.slice(0, 2)} ${foldPart(place.label.en)}`
    regions.set(name, regions.has(name) ? '' : key)
  }
}
