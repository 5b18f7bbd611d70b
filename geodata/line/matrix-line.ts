/**
 * Which line of the latency matrix a location is on: its province or region, else its country, by `city` its city where that is known;
 * with its carrier, e.g. "cn-33/telecom", "us-ca", "jp". Pure; used where samples are located and where policies are compiled, so that
 * both agree. "" = nothing is known of the place.
 */
import { ABROAD_PROVINCES, cityPlaceKey } from './line-catalogue.ts'
import type { Location } from './location.ts'

/** How fine the lines of a matrix are. */
export type MatrixBy = 'region' | 'city'

/** The matrix line of a location. */
export function matrixLineOf(location: Location, by: MatrixBy): string {
  const place = placeOf(location, by)
  return place === '' || location.carrier === undefined ? place : `${place}/${location.carrier}`
}

function placeOf({ country, province, region, city }: Location, by: MatrixBy): string {
  if (by === 'city' && city !== undefined) return cityPlaceKey(city)
  if (province !== undefined) return `cn-${province}`
  if (region !== undefined) return region.toLowerCase()
  if (country === undefined) return ''
  const abroad = ABROAD_PROVINCES[country]
  return abroad === undefined ? country.toLowerCase() : `cn-${abroad}`
}
