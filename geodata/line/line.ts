/**
 * Line keys: `<place>[/<carrier>]`, `asn:<number>`, `custom:<id>` — parsed, normalised, labelled. Pure.
 * Every accepted spelling (vendors' names and ids too, line-aliases.ts) becomes one canonical key, so that two documents that mean
 * the same line have the same key.
 */
import { GeodataError } from '../address/geodata-error.ts'
import {
  findAlias,
  findCarrierAlias,
  findPlaceAlias,
  isSearchEngineLine,
  nearestCarrier,
  nearestChinesePlace,
  nearestPlace,
  partsOfChineseCode,
  splitJoinedNames,
} from './line-aliases.ts'
import { countryOfPlace, findCarrier, findPlace, type LabelLanguage, type Place } from './line-catalogue.ts'
import { homonymsOf, provinceOfDirectCounty } from './place-names.ts'

/** Canonical text of a line, e.g. "cn-33/telecom". */
export type LineKey = string

/** A parsed line. */
export type Line =
  | { readonly kind: 'place'; readonly key: LineKey; readonly place: string; readonly carrier: string | undefined }
  | { readonly kind: 'asn'; readonly key: LineKey; readonly asn: number }
  | { readonly kind: 'custom'; readonly key: LineKey; readonly id: string }

/** The default line: matches every asker. */
export const DEFAULT_LINE: LineKey = '*'

/** Places that share a name, of which so many are told: ten provinces of the world are "Central". */
const MAX_CANDIDATES = 8

/** Greatest AS number (RFC 6793). */
const MAX_ASN = 4294967295

/** Parses a line in any accepted spelling. Throws GEODATA_LINE_UNKNOWN with the nearest known line, GEODATA_LINE_AMBIGUOUS with all. */
export function parseLine(text: string): Line {
  const trimmed = text.trim()
  const custom = /^custom:([A-Za-z0-9][A-Za-z0-9._-]*)$/.exec(trimmed)
  if (custom !== null) return { kind: 'custom', key: trimmed, id: custom[1]! }
  const asn = /^(?:asn:|as)(\d+)$/i.exec(trimmed)
  if (asn !== null) return asnLine(trimmed, Number(asn[1]))
  const alias = findAlias(trimmed)
  if (alias !== undefined) return placeLine(alias)
  const slash = trimmed.indexOf('/')
  if (slash < 0) {
    const joined = splitJoinedNames(trimmed)
    return placeLine(joined === undefined ? resolvePlace(trimmed) : `${resolvePlace(joined.place, `/${joined.carrier}`)}/${joined.carrier}`)
  }
  refuseCarrierFirst(trimmed, slash)
  const carrier = trimmed.slice(slash + 1)
  const place = resolvePlace(trimmed.slice(0, slash), `/${findCarrierAlias(carrier) ?? nearestCarrier(carrier).id}`)
  return placeLine(`${place}/${resolveCarrier(carrier, `${place}/`)}`)
}

/** Canonical key of a line in any accepted spelling. Throws as parseLine. */
export function parseLineKey(text: string): LineKey {
  return parseLine(text).key
}

/** Canonical key of a place in any accepted spelling ("cn-3302", "宁波"). Throws GEODATA_LINE_UNKNOWN. */
export function parsePlace(text: string): string {
  return resolvePlace(text.trim())
}

/** Id of a carrier in any accepted spelling ("telecom", "电信"). Throws GEODATA_LINE_UNKNOWN. */
export function parseCarrier(text: string): string {
  return resolveCarrier(text.trim())
}

/** The key of a place and carrier. */
export function formatLine(place: string, carrier: string | undefined): LineKey {
  return carrier === undefined ? place : `${place}/${carrier}`
}

/** Name of a line for people; a custom line is named by its document, so only its id is shown here. */
export function lineLabel(key: LineKey, language: LabelLanguage): string {
  const line = parseLine(key)
  if (line.kind === 'asn') return `AS${line.asn}`
  if (line.kind === 'custom') return language === 'en' ? `Custom line ${line.id}` : `自定义线路 ${line.id}`
  const carrier = line.carrier === undefined ? undefined : findCarrier(line.carrier)!.label[language]
  if (line.place === '*') return carrier ?? findPlace('*')!.label[language]
  const place = placeLabel(line.place, language)
  if (carrier === undefined) return place
  return language === 'en' ? `${place} ${carrier}` : `${place}${carrier}`
}

/** Name of a place with the province or country it needs to be unambiguous: 浙江宁波, Zhejiang Ningbo, California (United States). */
export function placeLabel(key: string, language: LabelLanguage): string {
  const place = findPlace(key)
  if (place === undefined) return key
  const parent = place.parent === undefined ? undefined : findPlace(place.parent)
  if (place.kind === 'city') {
    // Abroad the country says more than its region: 美国洛杉矶, Los Angeles (United States).
    const holder = key.startsWith('cn-') ? parent! : findPlace(countryOfPlace(key)!.toLowerCase())!
    if (key.startsWith('cn-') || language !== 'en')
      return [holder.label[language], place.label[language]].join(language === 'en' ? ' ' : '')
    return `${place.label.en} (${holder.label.en})`
  }
  if (place.kind !== 'region' || parent?.kind !== 'country') return place.label[language]
  if (language === 'en') return `${place.label.en} (${parent.label.en}${place.isWithdrawn ? ', former code' : ''})`
  // A region without a Chinese name has its English one: 美国 Illinois.
  const name = place.label['zh-CN']
  return `${parent.label['zh-CN']}${/^[\u4e00-\u9fff]/.test(name) ? '' : ' '}${name}${place.isWithdrawn ? '（旧代码）' : ''}`
}

function asnLine(text: string, asn: number): Line {
  if (asn < 1 || asn > MAX_ASN) {
    throw new GeodataError('GEODATA_LINE_UNKNOWN', `"${text}" is not an AS number`, `write asn:4134, from asn:1 to asn:${MAX_ASN}`)
  }
  return { kind: 'asn', key: `asn:${asn}`, asn }
}

function placeLine(key: LineKey): Line {
  const slash = key.indexOf('/')
  if (slash < 0) return { kind: 'place', key, place: key, carrier: undefined }
  return { kind: 'place', key, place: key.slice(0, slash), carrier: key.slice(slash + 1) }
}

/** 电信/浙江: the place stands first. */
function refuseCarrierFirst(text: string, slash: number): void {
  const carrier = findCarrierAlias(text.slice(0, slash))
  if (carrier === undefined || findPlaceAlias(text.slice(0, slash)) !== undefined) return
  const key = `${findPlaceAlias(text.slice(slash + 1)) ?? '*'}/${carrier}`
  throw new GeodataError(
    'GEODATA_LINE_UNKNOWN',
    `"${text}" has the carrier before the place`,
    `did you mean "${key}" (${lineLabel(key, 'en')})?`,
  )
}

/** `rest` is what follows in the key: a suggestion shows the whole key, or it would name a wider line. */
function resolvePlace(text: string, rest: string = ''): string {
  const homonyms = findPlace(text.toLowerCase()) === undefined ? homonymsOf(text) : []
  if (homonyms.length > 1) throw ambiguousPlace(text, homonyms, rest)
  const key = findPlaceAlias(text)
  if (key !== undefined) return key
  const holder = provinceOfDirectCounty(text)
  if (holder !== undefined) {
    throw new GeodataError(
      'GEODATA_LINE_UNKNOWN',
      `"${text}" lies right below its province and is no line of its own: address databases do not tell it apart`,
      `write "${holder}${rest}" (${nameBoth(findPlace(holder)!)}), or its networks as a custom line (custom:ID)`,
    )
  }
  if (isSearchEngineLine(text)) {
    throw new GeodataError(
      'GEODATA_LINE_UNKNOWN',
      `"${text}" is a search engine's line, which has no counterpart here`,
      'put the networks of its crawlers in a custom line (custom:ID)',
    )
  }
  const code = partsOfChineseCode(text)
  if (code !== undefined) {
    const near = nearestChinesePlace(code.place)
    const remedy = `did you mean "${near.key}/${code.carrier}" (${nameBoth(near)})?`
    throw new GeodataError('GEODATA_LINE_UNKNOWN', `unknown place "${code.place}" in "${text}"`, remedy)
  }
  const nearest = nearestPlace(text)
  // A code is not nearly another one, unless it lies in it: its digits name a province and a city.
  if (/^cn-\d+$/i.test(text) && !text.toLowerCase().startsWith(nearest.key)) {
    throw new GeodataError(
      'GEODATA_LINE_UNKNOWN',
      `unknown place "${text}"`,
      'write the GB/T 2260 code of a province (cn-33) or of a prefecture city (cn-3302), or its name',
    )
  }
  throw new GeodataError('GEODATA_LINE_UNKNOWN', `unknown place "${text}"`, `did you mean "${nearest.key}${rest}" (${nameBoth(nearest)})?`)
}

/** Two places of one kind with one name: a guess would send a whole city elsewhere. */
function ambiguousPlace(text: string, keys: readonly string[], rest: string): GeodataError {
  const more = keys.length - MAX_CANDIDATES
  const list = keys.slice(0, MAX_CANDIDATES).map((key) => `"${key}${rest}" (${nameBoth(findPlace(key)!)})`)
  if (more > 0) list.push(`${more} more that nearcast lines search finds`)
  const place = findPlace(keys[0]!)!
  const holder = place.key.startsWith('cn-') ? place.parent! : countryOfPlace(place.key)!.toLowerCase()
  const qualified = `${place.label.en} ${findPlace(holder)!.label.en}`.toLowerCase()
  const example = place.kind === 'city' ? `, or with what it lies in: "${qualified}${rest}"` : ''
  return new GeodataError('GEODATA_LINE_AMBIGUOUS', `"${text}" names ${keys.length} places`, `write ${list.join(' or ')}${example}`)
}

/** `place` is what stands before it in the key, for the suggestion. */
function resolveCarrier(text: string, place: string = ''): string {
  const id = findCarrierAlias(text)
  if (id !== undefined) return id
  const nearest = nearestCarrier(text)
  throw new GeodataError('GEODATA_LINE_UNKNOWN', `unknown carrier "${text}"`, `did you mean "${place}${nearest.id}" (${nearest.label.en})?`)
}

function nameBoth(place: Place): string {
  return `${placeLabel(place.key, 'en')}, ${placeLabel(place.key, 'zh-CN')}`
}
