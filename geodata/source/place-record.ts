/** Turns a place of the catalogue into the fields of a location. Pure. */
import { GeodataError } from '../address/geodata-error.ts'
import type { SourceRecord } from '../compile/merge-sources.ts'
import { findPlace, type Place } from '../line/line-catalogue.ts'

/** Fields of a canonical place key: a city, province, region or country. Classes and continents are no location of an address. */
export function recordOfPlace(key: string): SourceRecord {
  const place = findPlace(key)
  if (place?.kind === 'city') return recordOfCity(place)
  if (place?.kind === 'region') return key.startsWith('cn-') ? { country: 'CN', province: key.slice(3) } : { region: key.toUpperCase() }
  if (place?.kind === 'country') return { country: key.toUpperCase() }
  throw new GeodataError('GEODATA_LINE_UNKNOWN', `"${key}" is not the place of an address`, 'name a city, province, region or country')
}

function recordOfCity({ key, parent }: Place): SourceRecord {
  if (key.startsWith('cn-')) return { country: 'CN', province: key.slice(3, 5), city: key.slice(3) }
  const city = key.slice('city-'.length).toUpperCase()
  const region = parent?.includes('-') ? parent.toUpperCase() : undefined
  return { country: city.slice(0, 2), region, city }
}
