/** Distance on the earth's surface. Pure. With the real cosine of the latitude: the common flat approximation is 40 % off at 60° north. */
import type { Coordinates } from '../line/location.ts'

/** Mean radius of the earth (IUGG). */
const EARTH_RADIUS_KM = 6371.0088

/** Great-circle distance in kilometres (haversine: exact for near points too). */
export function greatCircleDistanceKm(a: Coordinates, b: Coordinates): number {
  const latitudeA = radians(a[0])
  const latitudeB = radians(b[0])
  const halfLatitude = Math.sin((latitudeB - latitudeA) / 2)
  const halfLongitude = Math.sin(radians(b[1] - a[1]) / 2)
  const h = halfLatitude * halfLatitude + Math.cos(latitudeA) * Math.cos(latitudeB) * halfLongitude * halfLongitude
  // Rounding can lift h of antipodes above 1.
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(Math.min(1, h)))
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}
