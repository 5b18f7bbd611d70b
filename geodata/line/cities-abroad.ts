/**
 * Big cities outside mainland China, by UN/LOCODE ("US-LAX"): how databases name them → which one it is. Pure; the table is generated
 * (data/build-cities.mjs). A name is taken only where it is sure: in the region that is named, or, without a region, when no other
 * town of the country is called so (Portland alone is not Oregon's).
 */
import { BIG_CITIES } from './data/big-cities.ts'
import { fold } from './fold-name.ts'
import type { Coordinates } from './location.ts'

/** A big city abroad. */
export type CityAbroad = {
  /** UN/LOCODE with a hyphen, e.g. "US-LAX"; the `city` of a location. */
  readonly code: string
  /** ISO 3166-2 code, e.g. "US-CA"; undefined where names of the two lists do not meet. */
  readonly region: string | undefined
  readonly geonameId: number
  readonly en: string
  readonly zh: string
  readonly coordinates: Coordinates
  /** Other names, as databases write them. */
  readonly aliases: readonly string[]
  /** Another town of the country has the name. */
  readonly shared: boolean
}

/** All of them, by code. */
export const CITIES_ABROAD: readonly CityAbroad[] = BIG_CITIES.trim().split('\n').map(readRow)

const byGeonameId = new Map(CITIES_ABROAD.map((city) => [city.geonameId, city.code]))
const byName = new Map<string, CityAbroad>()
for (const city of CITIES_ABROAD) {
  for (const name of [city.en, ...city.aliases]) byName.set(`${city.code.slice(0, 2)} ${fold(name)}`, city)
}

/** UN/LOCODE of a city by its English name; `country` as ISO 3166-1, `region` as ISO 3166-2 where it is known. */
export function findCityAbroad(country: string, region: string | undefined, name: string): string | undefined {
  const city = byName.get(`${country.toUpperCase()} ${fold(name)}`)
  if (city === undefined) return undefined
  if (region !== undefined && city.region !== undefined) return city.region === region.toUpperCase() ? city.code : undefined
  return city.shared ? undefined : city.code
}

/** UN/LOCODE of a city by its GeoNames id. */
export function findCityByGeonameId(id: number): string | undefined {
  return byGeonameId.get(id)
}

function readRow(row: string): CityAbroad {
  const [code, region, id, en, zh, latitude, longitude, aliases, shared] = row.split('|')
  return {
    code: code!,
    region: region || undefined,
    geonameId: Number(id),
    en: en!,
    zh: zh!,
    coordinates: [Number(latitude), Number(longitude)],
    aliases: aliases ? aliases.split(',') : [],
    shared: shared === 'shared',
  }
}
