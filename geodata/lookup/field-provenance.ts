/** Tells for each field of a location who said so: source, its date, whether it is inferred, and the correction behind it. Pure, not hot. */
import type { Address } from '../address/address.ts'
import { parsePrefix, prefixContains } from '../address/prefix.ts'
import { type Correction, type Geodata, LOCATION_FIELDS, type LocationField } from '../geodata.ts'
import type { Location } from '../line/location.ts'

/** Where one field comes from. */
export type FieldProvenance = {
  /** Name of the source. */
  readonly source: string
  /** Day its data is of; "" when unknown. */
  readonly date: string
  /** Whether it is deduced (from a numbering plan, from the origin AS) and not looked up. */
  readonly inferred: boolean
  /** The operator's correction that says so. */
  readonly correction?: Correction
}

/** Provenance of the known fields. */
export type LocationProvenance = { readonly [Field in LocationField]?: FieldProvenance }

/** Provenance of what `lookupLocation` found for an address. */
export function provenanceOf(geodata: Pick<Geodata, 'header'>, address: Address, location: Location): LocationProvenance {
  const fields: { -readonly [Field in LocationField]?: FieldProvenance } = {}
  for (const field of LOCATION_FIELDS) {
    const position = location.sources[field]
    const source = position === undefined ? undefined : geodata.header.sources[position]
    if (source === undefined) continue
    const correction = source.corrections === undefined ? undefined : findCorrection(source.corrections, address, field)
    const { name, date, inferred, inferredFields = [] } = source
    fields[field] = {
      source: name,
      date,
      inferred: inferred || inferredFields.includes(field),
      ...(correction === undefined ? {} : { correction }),
    }
  }
  return fields
}

/** The narrowest correction around an address that says something about a field. */
function findCorrection(corrections: readonly Correction[], address: Address, field: LocationField): Correction | undefined {
  const part = field === 'carrier' || field === 'asn' ? field : 'place'
  let best: Correction | undefined
  let bestLength = -1
  for (const correction of corrections) {
    if (correction[part] === undefined) continue
    const prefix = parsePrefix(correction.prefix)
    if (prefix.length <= bestLength || !prefixContains(prefix, address)) continue
    best = correction
    bestLength = prefix.length
  }
  return best
}
