/**
 * Where an address is and whose network it is on: the value side of every geodata table. Pure.
 * Unknown is `undefined`, never a guess: a policy then falls through to a wider line.
 * Hong Kong, Macao and Taiwan are country CN with provinces 81, 82, 71; they belong to the class "abroad" (line-precedence.ts).
 */

/** A location. */
export type Location = {
  /** ISO 3166-1 code in capitals, e.g. "CN". */
  readonly country: string | undefined
  /** GB/T 2260 province, two digits, e.g. "33"; only with country CN. */
  readonly province: string | undefined
  /** ISO 3166-2 code in capitals, e.g. "US-CA"; never with country CN. */
  readonly region: string | undefined
  /**
   * GB/T 2260 prefecture, four digits, e.g. "3302"; never for Beijing, Tianjin, Shanghai, Chongqing, which are their own city.
   * Outside CN a big city of the catalogue by its UN/LOCODE, e.g. "US-LAX".
   */
  readonly city: string | undefined
  /** Carrier id of the catalogue, e.g. "telecom". */
  readonly carrier: string | undefined
  /** Origin AS number. */
  readonly asn: number | undefined
  /** Where each known field comes from. */
  readonly sources: FieldSources
}

/** For each field its position in the geodata's list of sources; absent where the field is unknown. */
export type FieldSources = {
  readonly [Field in 'country' | 'province' | 'region' | 'city' | 'carrier' | 'asn']?: number
}

/** Latitude and longitude in degrees. */
export type Coordinates = readonly [number, number]

/** The location of an address that no source knows. */
export const UNKNOWN_LOCATION: Location = {
  country: undefined,
  province: undefined,
  region: undefined,
  city: undefined,
  carrier: undefined,
  asn: undefined,
  sources: Object.freeze({}),
}
