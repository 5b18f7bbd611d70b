/** Coordinates of a location or a place, for nearest and auto choices. Pure. Unknown is `undefined`, never a middle of somewhere. */
import { capitalStandsForProvince, cityPlaceKey, findPlace } from './line-catalogue.ts'
import type { Coordinates, Location } from './location.ts'

/**
 * Where a client is: its city; else the capital of its province, where that is near enough to everything in it; else, outside
 * China, the mean of its country's places. Undefined otherwise.
 */
export function coordinatesOf(location: Location): Coordinates | undefined {
  if (location.city !== undefined) return findPlace(cityPlaceKey(location.city))?.coordinates
  if (location.province !== undefined) {
    return capitalStandsForProvince(location.province) ? findPlace(`cn-${location.province}`)?.coordinates : undefined
  }
  if (location.country === undefined || location.country === 'CN') return undefined
  return findPlace(location.country.toLowerCase())?.coordinates
}

/** Where an endpoint is whose operator wrote only a place: the city, or the capital of the province, or the middle of the country. */
export function coordinatesOfPlace(key: string): Coordinates | undefined {
  return findPlace(key)?.coordinates
}
