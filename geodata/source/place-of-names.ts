/**
 * Places as international databases write them: ISO 3166-2 codes, English names and GeoNames ids → the fields of a location. Pure.
 * A name is taken only where it is sure: the city must lie in the province that is named, and a name that two prefectures share
 * (Suzhou, Taizhou, Fuzhou, Yichun, Yulin) needs that province. A county or a district is no prefecture and is left out.
 */
import type { SourceRecord } from '../compile/merge-sources.ts'
import { findCityAbroad, findCityByGeonameId } from '../line/cities-abroad.ts'
import { fold } from '../line/fold-name.ts'
import { findPlaceAlias } from '../line/line-aliases.ts'
import { ABROAD_PROVINCES, currentRegion, findPlace, listPlaces, listWithdrawnRegions } from '../line/line-catalogue.ts'
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
/** The same abroad, where a shortened name counts only when no region is called so in full. */
const GENERIC_ABROAD =
  /^((state|canton|province|county|region|city municipality) of|dki)\s+|\s+(city|county|d\.?c\.?|f\.?d\.?)$|-do$|-si$|\s*\(.*\)$/gi

/** Names that DB-IP and others have for regions, where they are not those of ISO 3166-2 or are two's. */
export const REGION_NAMES: Readonly<Record<string, string>> = {
  'AR buenosaires': 'AR-B',
  'AR buenosairesfd': 'AR-C',
  'BD dhaka': 'BD-C',
  'BE brusselscapital': 'BE-BRU',
  'BE flanders': 'BE-VLG',
  'BE wallonia': 'BE-WAL',
  'BG sofiagrad': 'BG-22',
  'CO bogotadc': 'CO-DC',
  'DE rheinlandpfalz': 'DE-RP',
  'DK capitalregion': 'DK-84',
  'DK centraljutland': 'DK-82',
  // Autonomous communities, of which provinces have the same names.
  'ES madrid': 'ES-MD',
  'ES valencia': 'ES-VC',
  'FR newaquitaine': 'FR-NAQ',
  'KR gyeongsangbukdo': 'KR-47',
  'KR gyeongsangnamdo': 'KR-48',
  'KR jeollabukdo': 'KR-45',
  'KR jeollanamdo': 'KR-46',
  'LT vilnius': 'LT-VL',
  'MX mexico': 'MX-MEX',
  'PH nationalcapitalregion': 'PH-00',
  'PK islamabad': 'PK-IS',
  'PL greaterpoland': 'PL-30',
  'PL lesserpoland': 'PL-12',
  'PL mazovia': 'PL-14',
  'PL pomerania': 'PL-22',
  'PL silesia': 'PL-24',
  'PT lisbon': 'PT-11',
  'RU stpetersburg': 'RU-SPE',
  'UA kyivcity': 'UA-30',
}

const cityByGeonameId = new Map(
  GEONAME_IDS.trim()
    .split('\n')
    .map((row): [number, string] => [Number(row.split('|')[0]), row.split('|')[1]!]),
)
/** "cc folded name" → region key, by full names; "" where two regions share one. */
const regions = new Map<string, string>()
/** The same by shortened names. */
const shortRegions = new Map<string, string>()
/** "33 folded name" → prefecture code. */
const prefectures = new Map<string, string>()
let isLoaded = false

/** Whether a code is a country here: ISO 3166-1, with Hong Kong, Macao and Taiwan. */
export function isCountryCode(code: string): boolean {
  return code === 'CN' || code in ABROAD_PROVINCES || (/^[A-Z]{2}$/.test(code) && findPlace(code.toLowerCase()) !== undefined)
}

/** Fields of a place; what is not known for sure stays out. Parts stand widest first. */
export function placeOfNames(countryCode: string | undefined, parts: readonly NamedPart[], city: NamedPart | undefined): SourceRecord {
  const country = countryCode?.toUpperCase()
  if (country === undefined || !isCountryCode(country)) return {}
  if (country in ABROAD_PROVINCES) return { country }
  loadNames()
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
    if (province !== undefined) {
      const folded = foldPart(name)
      // DB-IP joins the suffix to some names: Taiyuanshi.
      return (
        findCityByName(province, name) ??
        prefectures.get(`${province} ${folded}`) ??
        prefectures.get(`${province} ${folded.replace(/shi$/, '')}`)
      )
    }
    // Without a province only a name that is one prefecture's alone.
    const key = findPlaceAlias(name.replace(GENERIC, ''))
    return key !== undefined && /^cn-\d{4}$/.test(key) ? key.slice(3) : undefined
  })
}

function findRegion(country: string, { code, names }: NamedPart): string | undefined {
  if (code !== undefined && code !== '') {
    const region = currentRegion(`${country}-${code}`.toUpperCase())
    if (region !== undefined && findPlace(region.toLowerCase())?.kind === 'region') return region
  }
  return firstOf(names, (name) => {
    const exact = `${country} ${fold(name)}`
    const short = `${country} ${shortName(name)}`
    const known = REGION_NAMES[exact] ?? regions.get(exact) ?? REGION_NAMES[short] ?? regions.get(short) ?? shortRegions.get(short)
    return known || undefined
  })
}

function findAbroad(country: string, region: string | undefined, { names, geonameId }: NamedPart): string | undefined {
  const byId = geonameId === undefined ? undefined : findCityByGeonameId(geonameId)
  if (byId?.startsWith(`${country}-`)) return byId
  return firstOf(names, (name) => findCityAbroad(country, region, name))
}

function shortName(name: string): string {
  return fold(name.replace(GENERIC_ABROAD, '').replace(GENERIC, ''))
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

/** At the first question, which only those who read databases ask. */
function loadNames(): void {
  if (isLoaded) return
  isLoaded = true
  for (const place of listPlaces()) {
    if (place.kind === 'city' && /^cn-\d{4}$/.test(place.key)) {
      prefectures.set(`${place.key.slice(3, 5)} ${foldPart(place.label.en)}`, place.key.slice(3))
    }
    if (place.kind === 'region' && !place.key.startsWith('cn-') && place.isWithdrawn === undefined) {
      addRegionName(place.key.toUpperCase(), place.label.en)
    }
  }
  // Databases go on with what ISO 3166-2 has withdrawn: Małopolskie is PL-12 now, the municipalities of Latvia are no more.
  for (const { key, label, isWithdrawn } of listPlaces()) {
    const named = `${key.slice(0, 2).toUpperCase()} ${fold(label.en)}`
    // France's regions before 2016 had one letter; what is named by them now lies in others.
    if (isWithdrawn && !/^fr-.$/.test(key) && !regions.has(named)) regions.set(named, key.toUpperCase())
  }
  for (const [code, { now, name }] of listWithdrawnRegions()) {
    const named = `${code.slice(0, 2).toUpperCase()} ${fold(name)}`
    if (now.includes('-') && !regions.has(named)) regions.set(named, now.toUpperCase())
  }
}

function addRegionName(key: string, label: string): void {
  for (const [names, name] of [
    [regions, fold(label)],
    [shortRegions, shortName(label)],
  ] as const) {
    const named = `${key.slice(0, 2)} ${name}`
    names.set(named, names.has(named) ? '' : key)
  }
}
