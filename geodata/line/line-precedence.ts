/**
 * Which lines a location can match, most specific first, in both published orders. Pure; runs when policies are compiled and
 * when a decision is explained, never per query. Custom lines are matched by address, not by location: the compiler puts them
 * in front.
 *
 *   place-first    asn > city/carrier > city > region/carrier > region > big region/carrier > big region > country/carrier
 *   (DNSPod)         > carrier > country > continent/carrier > continent > abroad/carrier > abroad > *
 *   carrier-first  asn > city/carrier > region/carrier > … > carrier > city > region > … > *
 *   (Alibaba)
 *
 * In each step with a carrier the carrier itself comes first, then the carrier it belongs to (铁通, then 移动).
 */

import { DEFAULT_LINE, type LineKey } from './line.ts'
import { ABROAD_PROVINCES, bigRegionOf, cityPlaceKey, continentOf, findCarrier } from './line-catalogue.ts'
import type { Location } from './location.ts'

/** Published orders of lines. */
export type Precedence = 'place-first' | 'carrier-first'

/** Chains without AS number by what they depend on: geodata has 134,000 locations, but only 5,000 places with carrier. */
const chains = new Map<string, readonly LineKey[]>()
/** Beyond this many the memory is given back; a database of the world's regions has 70,000. */
const MAX_CHAINS = 200_000

/** Every line but custom ones that a location matches, most specific first; always ends with "*". */
export function lineChain(location: Location, precedence: Precedence): LineKey[] {
  const { country, province, region, city, carrier, asn } = location
  const key = `${precedence}|${country}|${province}|${region}|${city}|${carrier}`
  let chain = chains.get(key)
  if (chain === undefined) {
    if (chains.size >= MAX_CHAINS) chains.clear()
    chain = chainOfPlaceAndCarrier(location, precedence)
    chains.set(key, chain)
  }
  return asn === undefined ? [...chain] : [`asn:${asn}`, ...chain]
}

function chainOfPlaceAndCarrier(location: Location, precedence: Precedence): LineKey[] {
  const chain: LineKey[] = []
  const carriers = carriersOf(location.carrier)
  const near = nearPlaces(location)
  const far = farPlaces(location)
  const country = countryLine(location)
  const withCarrier = (place: string): LineKey[] => carriers.map((carrier) => `${place}/${carrier}`)
  if (precedence === 'place-first') {
    for (const place of near) chain.push(...withCarrier(place), place)
    // The carrier anywhere stands between the country with a carrier and the country alone.
    if (country !== undefined) chain.push(...withCarrier(country))
    chain.push(...withCarrier('*'))
    if (country !== undefined) chain.push(country)
    for (const place of far) chain.push(...withCarrier(place), place)
  } else {
    const places = country === undefined ? [...near, ...far] : [...near, country, ...far]
    for (const place of [...places, '*']) chain.push(...withCarrier(place))
    chain.push(...places)
  }
  chain.push(DEFAULT_LINE)
  return chain
}

/** The lines of a chain that a policy has rules for, in the chain's order. */
export function keepLines(chain: readonly LineKey[], lines: ReadonlySet<LineKey>): LineKey[] {
  return chain.filter((key) => lines.has(key))
}

/** Whether a location is abroad: a known country that is not mainland China. Unknown is neither abroad nor domestic. */
export function isAbroad(location: Location): boolean {
  return location.country !== undefined && !isMainland(location)
}

/** City, region and big region of a location, as far as known. */
function nearPlaces(location: Location): string[] {
  const places: string[] = []
  if (location.city !== undefined) places.push(cityPlaceKey(location.city))
  if (location.province !== undefined) {
    places.push(`cn-${location.province}`)
    const bigRegion = bigRegionOf(location.province)
    if (bigRegion !== undefined) places.push(`cn-${bigRegion}`)
  } else if (location.region !== undefined) places.push(location.region.toLowerCase())
  return places
}

/** Continent and the class abroad. */
function farPlaces(location: Location): string[] {
  if (location.country === undefined) return []
  const continent = continentOf(location.country)
  const places = continent === undefined ? [] : [`continent-${continent}`]
  if (isAbroad(location)) places.push('abroad')
  return places
}

/** Country line; Hong Kong, Macao and Taiwan have only their region's ("hk" is an alias of cn-81). */
function countryLine(location: Location): string | undefined {
  if (location.country === undefined) return undefined
  if (location.country === 'CN') return isMainland(location) ? 'cn' : undefined
  return location.country.toLowerCase()
}

function isMainland(location: Location): boolean {
  return location.country === 'CN' && (location.province === undefined || !Object.values(ABROAD_PROVINCES).includes(location.province))
}

/** A carrier, then the carriers it is part of. */
function carriersOf(carrier: string | undefined): string[] {
  const carriers: string[] = []
  for (let id = carrier; id !== undefined; id = findCarrier(id)?.parent) carriers.push(id)
  return carriers
}
