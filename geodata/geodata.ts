/** One loaded geodata snapshot: what every address is, and where that knowledge comes from. Pure types; geodata-file.ts reads and writes it. */
import type { RangeTable4, RangeTable6 } from './address/range-table.ts'
import type { Location } from './line/location.ts'

/** Fields of a location that a source can give. */
export const LOCATION_FIELDS = ['country', 'province', 'region', 'city', 'carrier', 'asn'] as const

/** Name of such a field. */
export type LocationField = (typeof LOCATION_FIELDS)[number]

/** How much of the address space one field is known for. */
export type FieldCoverage = {
  /** IPv4 addresses. */
  readonly ipv4Addresses: number
  /** IPv6 /48 networks (rounded up). */
  readonly ipv6Networks48: number
}

/** A source as the operator names it. */
export type SourceDescription = {
  /** Short unique name, e.g. "ip2region". */
  readonly name: string
  /** Version of the package or release; "" when unknown. */
  readonly version: string
  /** Day the data is of (YYYY-MM-DD), not of the build; "" when unknown. */
  readonly date: string
  /** Licence as SPDX expression or in words. */
  readonly licence: string
  /** Line to show with results where the licence asks for one; "" when none is needed. */
  readonly attribution: string
  /** Where it comes from. */
  readonly url: string
  /** Whether it is deduced (a numbering plan) and not looked up. */
  readonly inferred: boolean
  /** Fields that this source deduces, though it looks others up: the carrier from the origin AS. */
  readonly inferredFields?: readonly LocationField[]
  /** kind corrections: its rows, for lookup and explain. */
  readonly corrections?: readonly Correction[]
}

/** One line of the operator's override list: what is really true of a network. Wins over every source. */
export type Correction = {
  /** Network, "192.0.2.0/24". */
  readonly prefix: string
  /** Place in any accepted spelling. */
  readonly place?: string
  /** Carrier in any accepted spelling. */
  readonly carrier?: string
  /** Origin AS number. */
  readonly asn?: number
  /** Why it is known better; shown with every answer that it changes. */
  readonly reason: string
  /** Who says so. */
  readonly author?: string
  /** Day it was entered, YYYY-MM-DD. */
  readonly date?: string
}

/** A source inside a built snapshot. */
export type GeodataSource = SourceDescription & {
  /** SHA-256 of its files, one behind the other. */
  readonly sha256: string
  /** What of the snapshot it decided, by field. */
  readonly coverage: Readonly<Record<LocationField, FieldCoverage>>
}

/** What a snapshot says about itself. */
export type GeodataHeader = {
  /** Sources in declared order, corrections first. Location.sources points here. */
  readonly sources: readonly GeodataSource[]
  /** Sums over all sources, by field. */
  readonly coverage: Readonly<Record<LocationField, FieldCoverage>>
}

/** A snapshot. */
export type Geodata = {
  readonly header: GeodataHeader
  /** IPv4 address → position in `locations`. */
  readonly v4: RangeTable4
  /** IPv6 address → position in `locations`. */
  readonly v6: RangeTable6
  /** Distinct locations; the first is the unknown one. */
  readonly locations: readonly Location[]
  /** SHA-256 of the content in hex: equal for equal content, whatever wrote or compressed the file. */
  readonly digest: string
}
