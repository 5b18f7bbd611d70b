/**
 * A record of an MMDB file → the fields of a location. Pure. Three families of schemas, told apart by the keys that are there:
 *
 *   MaxMind      country.iso_code, subdivisions[].iso_code/names, city.names/geoname_id; isp, organization, autonomous_system_number,
 *                mobile_country_code at the top (ISP, ASN) or below traits (Enterprise). DB-IP's paid files have the same.
 *   flat         country_code, state1, state2, city (ip-location-db), all text; autonomous_system_number
 *   ipinfo       country or country_code, region, city, asn ("AS4134"), as_name
 *
 * Connection-Type files (connection_type: "Cellular") hold nothing that a line could name.
 */
import type { SourceRecord } from '../compile/merge-sources.ts'
import type { SourceDescription } from '../geodata.ts'
import { CARRIER_BY_ASN } from './carrier-asns.ts'
import { findCarrierByIsp, findCarrierByMobileCode } from './carrier-of-isp.ts'
import type { MmdbMap, MmdbValue, Wanted } from './mmdb-data.ts'
import { type NamedPart, placeOfNames } from './place-of-names.ts'

const NAMES: Wanted = { en: 'all', 'zh-CN': 'all' }
const NETWORK: { readonly [key: string]: Wanted } = {
  isp: 'all',
  organization: 'all',
  autonomous_system_number: 'all',
  autonomous_system_organization: 'all',
  mobile_country_code: 'all',
  mobile_network_code: 'all',
}

/** What is decoded of a record. A key can hold a map in one schema and a text in another: a text is always taken whole. */
export const MMDB_FIELDS: Wanted = {
  country: { iso_code: 'all' },
  subdivisions: { iso_code: 'all', names: NAMES },
  city: { geoname_id: 'all', names: NAMES },
  traits: NETWORK,
  ...NETWORK,
  country_code: 'all',
  state1: 'all',
  state2: 'all',
  region: 'all',
  region_code: 'all',
  asn: 'all',
  as_name: 'all',
}

/** Licences of well-known files by their type, so that the credit they ask for is shown without being typed in. */
const LICENCES: readonly (readonly [RegExp, Partial<SourceDescription>])[] = [
  [
    /^GeoLite2-/,
    {
      licence: 'GeoLite2 EULA: delete within 30 days of a newer build',
      attribution: 'This product includes GeoLite2 data created by MaxMind, available from https://www.maxmind.com',
      url: 'https://www.maxmind.com',
    },
  ],
  [/^GeoIP2-/, { licence: 'MaxMind end user licence, not to be passed on', url: 'https://www.maxmind.com' }],
  [/^DBIP-.*Lite|^dbip-/i, { licence: 'CC-BY-4.0', attribution: 'IP Geolocation by DB-IP (https://db-ip.com)', url: 'https://db-ip.com' }],
]

/** What is known of a file by its database type: licence and credit, and that an ASN file knows carriers by their AS only. */
export function describeMmdb(databaseType: string): Partial<SourceDescription> {
  const licence = LICENCES.find(([pattern]) => pattern.test(databaseType))?.[1] ?? {}
  return /\bASN\b/i.test(databaseType) ? { ...licence, inferredFields: ['carrier'] } : licence
}

/** The statement that a record makes. */
export function recordOfMmdb(value: MmdbMap): SourceRecord {
  const country = textOf(value.country_code) ?? textOf(value.country) ?? textOf(mapOf(value.country)?.iso_code)
  const place = placeOfNames(country, partsOf(value), cityOf(value))
  const network = { ...value, ...mapOf(value.traits) }
  const asn = asnOf(network.autonomous_system_number ?? value.asn)
  const carrier = carrierOf(network, asn, place.country)
  return { ...place, ...(carrier === undefined ? {} : { carrier }), ...(asn === undefined ? {} : { asn }) }
}

function partsOf(value: MmdbMap): NamedPart[] {
  if (Array.isArray(value.subdivisions)) {
    return (value.subdivisions as readonly MmdbValue[]).flatMap((entry) => {
      const part = mapOf(entry)
      return part === undefined ? [] : [{ code: textOf(part.iso_code), names: namesOf(part.names) }]
    })
  }
  const codes = { code: textOf(value.region_code) }
  return [{ ...codes, names: textsOf(value.state1 ?? value.region) }, { names: textsOf(value.state2) }]
}

function cityOf(value: MmdbMap): NamedPart | undefined {
  const flat = textOf(value.city)
  // DB-IP writes a quarter behind the city: "Frankfurt am Main (Bornheim)".
  if (flat !== undefined) return { names: [flat.replace(/\s*\(.*\)$/, '')] }
  const city = mapOf(value.city)
  if (city === undefined) return undefined
  return { names: namesOf(city.names), geonameId: typeof city.geoname_id === 'number' ? city.geoname_id : undefined }
}

function carrierOf(network: MmdbMap, asn: number | undefined, country: string | undefined): string | undefined {
  const mobile = findCarrierByMobileCode(textOf(network.mobile_country_code) ?? '', textOf(network.mobile_network_code) ?? '')
  if (mobile !== undefined) return mobile
  const texts = textsOf(network.isp, network.organization)
  for (const text of texts) {
    const carrier = findCarrierByIsp(text, country)
    if (carrier !== undefined) return carrier
  }
  const byAsn = asn === undefined ? undefined : CARRIER_BY_ASN.get(asn)
  if (byAsn !== undefined || asn !== undefined) return byAsn
  const owner = textOf(network.autonomous_system_organization) ?? textOf(network.as_name)
  return owner === undefined ? undefined : findCarrierByIsp(owner, country)
}

function asnOf(value: MmdbValue | undefined): number | undefined {
  const number = typeof value === 'string' ? Number(/^(?:AS)?(\d+)$/i.exec(value)?.[1]) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= 0xffffffff ? number : undefined
}

function namesOf(value: MmdbValue | undefined): string[] {
  const names = mapOf(value)
  return textsOf(names?.en, names?.['zh-CN'])
}

function textsOf(...values: readonly (MmdbValue | undefined)[]): string[] {
  return values.flatMap((value) => textOf(value) ?? [])
}

function textOf(value: MmdbValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function mapOf(value: MmdbValue | undefined): MmdbMap | undefined {
  const isMap = typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array)
  return isMap ? (value as MmdbMap) : undefined
}
