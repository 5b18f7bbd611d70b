/**
 * Lines for people: search, catalogue, chain of an address, labels with shares. Built once from the catalogue and the geodata in use;
 * custom lines come with each question, because they belong to a document. Pure but for the time it takes to build (about 100 ms).
 */
import { findAddress, formatAddress } from '../../../geodata/address/address.ts'
import { firstAddressOf, parsePrefix } from '../../../geodata/address/prefix.ts'
import { longestPrefixAround } from '../../../geodata/address/prefix-list.ts'
import { countAddressesByLocation } from '../../../geodata/compile/address-share.ts'
import type { Geodata } from '../../../geodata/geodata.ts'
import { lineLabel, parseLineKey, placeLabel } from '../../../geodata/line/line.ts'
import { CARRIERS, countryOfPlace, findCarrier, findPlace, listPlaces, type Place } from '../../../geodata/line/line-catalogue.ts'
import { isAbroad, lineChain, type Precedence } from '../../../geodata/line/line-precedence.ts'
import { LINE_STEPS, positionOfLine, stepOfLine, widerLines } from '../../../geodata/line/line-steps.ts'
import { formerNamesOf, homonymsOf, namesOfPlace, readingOf } from '../../../geodata/line/place-names.ts'
import { vendorNamesOf } from '../../../geodata/line/vendor-lines.ts'
import { lookupLocation } from '../../../geodata/lookup/lookup-location.ts'
import type { Line } from '../../../policy/config/config-schema.ts'
import type {
  CatalogueCarrier,
  CataloguePlace,
  LineCatalogue,
  LineChain,
  LineDescription,
  LineHit,
  LineKind,
  LineLabel,
  LineSearch,
} from '../../contract/line.ts'
import { ApiError } from '../api-error.ts'

/** Where a text was found, best first. */
const MATCHES = ['exact', 'custom', 'address', 'name', 'initials', 'code', 'substring'] as const
type Match = LineHit['match']
/** A place with everything that it is found by, in folded form. */
type Spelling = { readonly place: Place; readonly names: readonly string[]; readonly initials: string; readonly codes: readonly string[] }
type CarrierSpelling = { readonly id: string; readonly names: readonly string[]; readonly initials: string }
type Hit = { readonly line: string; readonly match: Match }

/** Initials by which the large carriers are typed. */
const CARRIER_INITIALS: Readonly<Record<string, string>> = {
  telecom: 'dx',
  unicom: 'lt',
  mobile: 'yd',
  edu: 'jyw',
  cbn: 'gd',
  tietong: 'tt',
}
/** Carriers that are offered with a place that was found without one. */
const LARGE_CARRIERS = ['telecom', 'unicom', 'mobile']
/** Names that fold to fewer characters than this are not looked for inside others. */
const SUBSTRING_MIN = 2

/** The directory. */
export class LineDirectory {
  readonly #geodata: Geodata
  readonly #shares = new Map<string, number>()
  /** IPv4 addresses by line. */
  readonly #addresses = new Map<string, number>()
  readonly #spellings: readonly Spelling[]
  readonly #carriers: readonly CarrierSpelling[]

  constructor(geodata: Geodata) {
    this.#geodata = geodata
    this.#countShares()
    this.#spellings = listPlaces().map(spellPlace)
    this.#carriers = CARRIERS.map((carrier) => ({
      id: carrier.id,
      names: [carrier.id, carrier.label.en, carrier.label['zh-CN'], ...carrier.aliases].map(fold),
      initials: CARRIER_INITIALS[carrier.id] ?? '',
    }))
  }

  /** Label and share of a line; a key that is no line is its own label. */
  describe(line: string, custom: readonly Line[]): LineLabel {
    const sharePercent = this.#shares.get(line) ?? null
    const own = line.startsWith('custom:') ? custom.find((candidate) => `custom:${candidate.id}` === line) : undefined
    if (own !== undefined) {
      const { en, 'zh-CN': zh } = own.label
      return { line, labelEn: en || zh || own.id, labelZh: zh || en || own.id, sharePercent: this.#shareOfCustom(own) }
    }
    try {
      return { line, labelEn: lineLabel(line, 'en'), labelZh: lineLabel(line, 'zh-CN'), sharePercent }
    } catch {
      return { line, labelEn: line, labelZh: line, sharePercent: null }
    }
  }

  /** Places, carriers and custom lines; the 5,500 regions and cities abroad only when `kind` or `parent` asks for them. */
  catalogue(
    custom: readonly Line[],
    filter: { readonly kind?: LineKind | undefined; readonly parent?: string | undefined } = {},
  ): LineCatalogue {
    const { kind, parent } = filter
    const all = kind === undefined && parent === undefined
    const places = listPlaces()
      .filter((place) => !all || place.key.startsWith('cn-') || (place.kind !== 'region' && place.kind !== 'city'))
      .filter((place) => parent === undefined || place.parent === parent)
      .map(cataloguePlace)
      .filter((place) => kind === undefined || place.kind === kind)
    const carriers = CARRIERS.map((carrier): CatalogueCarrier => ({ id: carrier.id, en: carrier.label.en, zh: carrier.label['zh-CN'] }))
    return {
      places,
      carriers: all || kind === 'carrier' ? carriers.filter(({ id }) => parent === undefined || this.#shares.has(`${parent}/${id}`)) : [],
      custom: all || kind === 'custom' ? custom.map((line) => this.describe(`custom:${line.id}`, custom)) : [],
    }
  }

  /** Everything about one line in any accepted spelling. Throws GEODATA_LINE_UNKNOWN, GEODATA_LINE_AMBIGUOUS. */
  show(text: string, custom: readonly Line[]): LineDescription {
    const key = parseLineKey(text)
    const label = this.describe(key, custom)
    const [placeKey, carrier] = key.split('/')
    const place = findPlace(placeKey!)
    const vendors = vendorNamesOf(key)
    const others =
      carrier === undefined && place !== undefined
        ? namesOf(place)
        : carrier !== undefined && place?.kind === 'any'
          ? carrierNames(carrier)
          : []
    const wider = (precedence: Precedence): readonly LineLabel[] => widerLines(key, precedence).map((line) => this.describe(line, custom))
    return {
      ...label,
      kind: kindOfLine(key),
      within: place?.parent ?? null,
      names: others,
      formerNames: place !== undefined && carrier === undefined ? formerNamesOf(place.key) : [],
      dnspod: vendors.dnspod ?? null,
      dnspodId: vendors.dnspodId ?? null,
      alibaba: vendors.alibaba ?? null,
      huawei: vendors.huawei ?? null,
      ipv4Addresses: this.#addresses.get(key) ?? null,
      coordinates: place?.coordinates ?? null,
      order: (['place-first', 'carrier-first'] as const).map((precedence) => ({
        precedence,
        step: stepOfLine(key),
        position: positionOfLine(key, precedence),
        of: LINE_STEPS[precedence].length,
        chain: wider(precedence),
      })),
    }
  }

  /** Finds lines by whatever people type. */
  search(query: string, limit: number, custom: readonly Line[], kind?: LineKind): LineSearch {
    const hits = new Map<string, Match>()
    const add = ({ line, match }: Hit): void => {
      const known = hits.get(line)
      if (known === undefined || MATCHES.indexOf(match) < MATCHES.indexOf(known)) hits.set(line, match)
    }
    const text = query.trim()
    if (text !== '') {
      const chain = this.#findChain(text, 'place-first', custom)
      if (chain !== undefined) for (const label of chain.chain) add({ line: label.line, match: 'address' })
      else {
        // A name that several places share: each of them is as good as the other.
        for (const line of homonymsOf(text)) add({ line, match: 'exact' })
        for (const hit of [...this.#findExact(text), ...findCustom(fold(text), custom), ...this.#findPlaces(fold(text))]) add(hit)
      }
    }
    const wanted = kind === undefined ? [...hits] : [...hits].filter(([line]) => kindOfLine(line) === kind)
    const found = wanted.map(([line, match]): LineHit => ({ ...this.describe(line, custom), match, ...this.#within(line) }))
    // The chain of an address is in the order a client walks; everything else best match first, then the largest.
    found.sort(
      (a, b) =>
        MATCHES.indexOf(a.match) - MATCHES.indexOf(b.match) || (a.match === 'address' ? 0 : (b.sharePercent ?? 0) - (a.sharePercent ?? 0)),
    )
    return { query, hits: found.slice(0, limit) }
  }

  /** The lines that a client at an address (or at the first one of a prefix) can match. Throws API_PARAMETER. */
  chain(text: string, precedence: Precedence, custom: readonly Line[]): LineChain {
    const chain = this.#findChain(text.trim(), precedence, custom)
    if (chain === undefined) throw new ApiError('API_PARAMETER', `"${text.slice(0, 60)}" is no address`)
    return chain
  }

  #findChain(text: string, precedence: Precedence, custom: readonly Line[]): LineChain | undefined {
    if (!/[.:]/.test(text) || /^custom:|^asn:/i.test(text)) return undefined
    const address = text.includes('/') ? firstOf(text) : findAddress(text)
    if (address === undefined) return undefined
    const { location, range } = lookupLocation(this.#geodata, address)
    const known = location.country !== undefined || location.carrier !== undefined
    const keys = lineChain(location, precedence)
    const place = keys.map((key) => key.split('/')[0]!).find((key) => findPlace(key) !== undefined) ?? '*'
    const carrier = location.carrier === undefined ? undefined : findCarrier(location.carrier)
    // Narrowest custom network first, as the line tables have it.
    const own = custom
      .map((line) => ({ line, length: longestPrefixAround(line.prefixes, address) }))
      .filter((entry) => entry.length >= 0)
      .sort((a, b) => b.length - a.length)
    return {
      address: formatAddress(address),
      location: known
        ? {
            country: location.country ?? null,
            province: location.province ?? location.region ?? null,
            city: location.city ?? null,
            carrier: location.carrier ?? null,
            labelEn: [placeLabel(place, 'en'), carrier?.label.en].filter((part) => part !== undefined).join(' '),
            labelZh: [placeLabel(place, 'zh-CN'), carrier?.label['zh-CN']].filter((part) => part !== undefined).join(''),
            range,
          }
        : null,
      chain: [...own.map((entry) => `custom:${entry.line.id}`), ...keys].map((key) => this.describe(key, custom)),
    }
  }

  #findExact(text: string): readonly Hit[] {
    try {
      return [{ line: parseLineKey(text), match: 'exact' }]
    } catch {
      return []
    }
  }

  /** Place, carrier, or both in any order. */
  #findPlaces(query: string): readonly Hit[] {
    const hits: Hit[] = []
    for (const { id, names } of this.#carriers) {
      if (names.some((name) => name.startsWith(query) && query.length >= SUBSTRING_MIN)) hits.push({ line: `*/${id}`, match: 'name' })
    }
    for (const spelling of this.#spellings) hits.push(...this.#matchPlace(spelling, query))
    return hits
  }

  #matchPlace(spelling: Spelling, query: string): readonly Hit[] {
    const { key } = spelling.place
    const alone = matchWords(spelling, query)
    if (alone !== undefined) {
      const more = alone.whole ? LARGE_CARRIERS.map((carrier) => `${key}/${carrier}`).filter((line) => this.#shares.has(line)) : []
      return [key, ...more].map((line) => ({ line, match: alone.match }))
    }
    const hits: Hit[] = []
    for (const [words, match] of wordsOf(spelling)) {
      for (const word of words) {
        // A single letter says nothing about the place, only about the rest.
        if (word.length < SUBSTRING_MIN) continue
        if (query.startsWith(word)) hits.push(...this.#withCarrier(key, query.slice(word.length), match))
        if (query.endsWith(word)) hits.push(...this.#withCarrier(key, query.slice(0, -word.length), match))
      }
    }
    return hits
  }

  #withCarrier(place: string, rest: string, match: Match): readonly Hit[] {
    if (rest === '') return []
    return this.#carriers
      .filter(
        (carrier) =>
          carrier.initials === rest ||
          carrier.names.some((name) => name === rest || (rest.length >= SUBSTRING_MIN && name.startsWith(rest))),
      )
      .map((carrier) => ({ line: place === '*' ? `*/${carrier.id}` : `${place}/${carrier.id}`, match }))
  }

  #within(line: string): { readonly withinEn: string; readonly withinZh: string } {
    const place = findPlace(line.split('/')[0]!)
    const parent = place?.kind === 'city' || place?.kind === 'region' ? findPlace(place.parent ?? '') : undefined
    return { withinEn: parent?.label.en ?? '', withinZh: parent?.label['zh-CN'] ?? '' }
  }

  #countShares(): void {
    const { locations } = this.#geodata
    const counts = countAddressesByLocation(this.#geodata)
    let world = 0
    let china = 0
    const byLine = new Map<string, number>()
    for (const [number, location] of locations.entries()) {
      const count = counts[number]!
      if (location.country === undefined) continue
      world += count
      if (!isAbroad(location)) china += count
      for (const line of lineChain(location, 'place-first')) byLine.set(line, (byLine.get(line) ?? 0) + count)
    }
    for (const [line, count] of byLine) {
      this.#addresses.set(line, count)
      const whole = isChinese(line) ? china : world
      if (whole > 0) this.#shares.set(line, (100 * count) / whole)
    }
    this.#worldAddresses = world
  }

  #worldAddresses = 0

  #shareOfCustom(line: Line): number | null {
    if (this.#worldAddresses === 0) return null
    const { starts, lengths } = line.prefixes.v4
    let count = 0
    let end = 0
    // Networks in others of the line are behind them.
    for (let at = 0; at < lengths.length; at++) {
      if (starts[at]! < end) continue
      const size = 2 ** (32 - lengths[at]!)
      count += size
      end = starts[at]! + size
    }
    return (100 * count) / this.#worldAddresses
  }
}

/** Lines whose share is told of mainland China: places there, and carriers anywhere, which are its carriers. */
function isChinese(line: string): boolean {
  return line === 'cn' || line.startsWith('cn/') || line.startsWith('*/') || (line.startsWith('cn-') && !/^cn-(?:71|81|82)/.test(line))
}

/** Lower case without spaces, marks and accents: how names and queries are compared. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[\s'’·.,_/|()（）-]+/g, '')
}

function spellPlace(place: Place): Spelling {
  const zh = place.label['zh-CN']
  const parent = place.kind === 'city' ? (findPlace(place.parent ?? '') ?? undefined) : undefined
  const names = new Set(namesOfPlace(place).map(fold))
  if (parent !== undefined) {
    names.add(fold(parent.label['zh-CN'] + zh))
    names.add(fold((parent.fullName ?? '') + (place.fullName ?? zh)))
    names.add(fold(parent.label.en + place.label.en))
  }
  const country = place.key.startsWith('city-') ? findPlace(countryOfPlace(place.key)!.toLowerCase()) : undefined
  if (country !== undefined) names.add(fold(country.label['zh-CN'] + zh))
  names.delete('')
  const digits = /^cn-(\d{2}|\d{4})$/.exec(place.key)?.[1]
  const codes = digits === undefined ? [place.key] : [place.key, digits, digits.padEnd(6, '0')]
  return { place, names: [...names], initials: readingOf(place)?.initials ?? '', codes: codes.map(fold) }
}

function namesOf(place: Place): readonly string[] {
  const { label, fullName } = place
  const reading = readingOf(place)
  return [...new Set([label['zh-CN'], fullName, label.en, reading?.pinyin, reading?.initials])].filter((name) => name !== undefined)
}

function carrierNames(id: string): readonly string[] {
  const carrier = findCarrier(id)!
  return [...new Set([carrier.label['zh-CN'], carrier.label.en, ...carrier.aliases])]
}

function cataloguePlace(place: Place): CataloguePlace {
  return { code: place.key, en: place.label.en, zh: place.label['zh-CN'], kind: kindOf(place), within: place.parent ?? '' }
}

function kindOfLine(line: string): LineKind | 'asn' {
  if (line.startsWith('custom:')) return 'custom'
  if (line.startsWith('asn:')) return 'asn'
  return line.includes('/') ? 'carrier' : kindOf(findPlace(line)!)
}

function wordsOf(spelling: Spelling): readonly (readonly [readonly string[], Match])[] {
  return [
    [spelling.names, 'name'],
    [spelling.initials === '' ? [] : [spelling.initials], 'initials'],
    [spelling.codes, 'code'],
  ]
}

/** How a place alone matches; `whole` = the query says no less than the place. */
function matchWords(spelling: Spelling, query: string): { readonly match: Match; readonly whole: boolean } | undefined {
  const { names, initials, codes } = spelling
  if (names.includes(query)) return { match: 'exact', whole: true }
  if (codes.includes(query)) return { match: 'code', whole: true }
  if (names.some((name) => name.startsWith(query))) return { match: 'name', whole: false }
  if (initials !== '' && initials === query) return { match: 'initials', whole: true }
  if (query.length >= SUBSTRING_MIN && names.some((name) => name.includes(query))) return { match: 'substring', whole: false }
  return undefined
}

function findCustom(query: string, custom: readonly Line[]): readonly Hit[] {
  return custom
    .filter((line) =>
      [line.id, `custom:${line.id}`, line.label.en, line.label['zh-CN']].some((name) => name !== '' && fold(name).includes(query)),
    )
    .map((line) => ({ line: `custom:${line.id}`, match: 'custom' }))
}

function kindOf(place: Place): CataloguePlace['kind'] {
  if (place.kind === 'any' || place.kind === 'abroad' || place.key === 'cn') return 'class'
  return place.kind === 'region' && place.key.startsWith('cn-') ? 'province' : place.kind
}

function firstOf(text: string): ReturnType<typeof findAddress> {
  try {
    return firstAddressOf(parsePrefix(text))
  } catch {
    return undefined
  }
}
