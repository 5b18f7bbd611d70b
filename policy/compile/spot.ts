/** Where a client or an endpoint is, in the one form that ordering by place compares. Pure. */
import { coordinatesOf, coordinatesOfPlace } from '../../geodata/line/coordinates-of.ts'
import { ABROAD_PROVINCES, bigRegionOf, cityPlaceKey, findCarrier, findPlace } from '../../geodata/line/line-catalogue.ts'
import type { Coordinates, Location } from '../../geodata/line/location.ts'
import type { Endpoint } from '../config/config-schema.ts'

/** A spot; an empty text is "unknown". */
export type Spot = {
  /** Place key of the city, e.g. "cn-3302". */
  readonly city: string
  /** Place key of the province or ISO 3166-2 region, e.g. "cn-33". */
  readonly region: string
  /** Place key of the big region, e.g. "cn-east". */
  readonly bigRegion: string
  /** Place key of the country. Hong Kong, Macao and Taiwan are not in "cn" here: their networks are not the mainland's. */
  readonly country: string
  readonly carrier: string
  /** Carrier that `carrier` is part of. */
  readonly parentCarrier: string
  readonly coordinates: Coordinates | null
}

const ABROAD = new Set(Object.values(ABROAD_PROVINCES).map((province) => `cn-${province}`))

/** The spot of a client. */
export function spotOfLocation(location: Location): Spot {
  const province = location.province === undefined ? '' : `cn-${location.province}`
  const bigRegion = location.province === undefined ? undefined : bigRegionOf(location.province)
  return {
    city: location.city === undefined ? '' : cityPlaceKey(location.city),
    region: province || (location.region?.toLowerCase() ?? ''),
    bigRegion: bigRegion === undefined ? '' : `cn-${bigRegion}`,
    country: ABROAD.has(province) ? province : (location.country?.toLowerCase() ?? ''),
    carrier: location.carrier ?? '',
    parentCarrier: parentOf(location.carrier),
    coordinates: coordinatesOf(location) ?? null,
  }
}

/** The spot of an endpoint: its own coordinates, else those of its place, else those of the country around it. */
export function spotOfEndpoint(endpoint: Endpoint): Spot {
  const levels = { city: '', region: '', 'big-region': '', country: '' }
  let coordinates: Coordinates | undefined = endpoint.coordinates ?? undefined
  for (let key: string | undefined = endpoint.place; key; ) {
    const place = findPlace(key)
    if (place === undefined) break
    if (place.kind in levels) levels[place.kind as keyof typeof levels] = key
    coordinates ??= coordinatesOfPlace(key)
    key = place.parent
  }
  return {
    city: levels.city,
    region: levels.region,
    bigRegion: levels['big-region'],
    country: ABROAD.has(levels.region) ? levels.region : levels.country,
    carrier: endpoint.carrier,
    parentCarrier: parentOf(endpoint.carrier),
    coordinates: coordinates ?? null,
  }
}

/** Equal text = same spot. */
export function spotKey(spot: Spot): string {
  return JSON.stringify([spot.city, spot.region, spot.country, spot.carrier, spot.coordinates])
}

function parentOf(carrier: string | undefined): string {
  return carrier === undefined || carrier === '' ? '' : (findCarrier(carrier)?.parent ?? '')
}
