/**
 * Order of rdata in an RRset (RFC 4034 §6.3), names compared without their case where RFC 4034 §6.2 lowers them: records that differ in
 * it alone are the same record (RFC 2181 §5). Pure; without garbage for what large zones are made of. Bench: bench/zone-load.bench.ts.
 */
import { findRdataType } from './rdata-registry.ts'
import type { RdataField } from './rdata-type.ts'
import { canonicalRdata } from './rdata-wire.ts'

/** Where the lowered names of a type stand: behind `skip` octets, `names` of them. */
type NamePlace = { readonly skip: number; readonly names: number }

/** Undefined = no names are lowered; `complex` = something of variable length stands before them. */
const PLACES = new Map<number, NamePlace | 'complex' | undefined>()

function fixedBytes(field: RdataField): number {
  if (field.kind === 'number' || field.kind === 'mnemonic') return field.bytes
  if (field.kind === 'seconds' || field.kind === 'time') return 4
  return field.kind === 'type' ? 2 : -1
}

function isLowered(field: RdataField | undefined): boolean {
  return field?.kind === 'name' && field.lower === true
}

function placeOf(type: number): NamePlace | 'complex' | undefined {
  const known = PLACES.get(type)
  if (known !== undefined || PLACES.has(type)) return known
  const fields = findRdataType(type)?.fields ?? []
  const first = fields.findIndex(isLowered)
  let place: NamePlace | 'complex' | undefined
  if (first >= 0) {
    const before = fields.slice(0, first).map(fixedBytes)
    let names = 1
    while (isLowered(fields[first + names])) names++
    const isPlain = !before.includes(-1) && !fields.slice(first + names).some(isLowered)
    place = isPlain ? { skip: before.reduce((sum, bytes) => sum + bytes, 0), names } : 'complex'
  }
  PLACES.set(type, place)
  return place
}

/** Compares octets like memcmp, the shorter first. */
export function compareOctets(a: Uint8Array, aAt: number, aBytes: number, b: Uint8Array, bAt: number, bBytes: number): number {
  const least = Math.min(aBytes, bBytes)
  for (let i = 0; i < least; i++) {
    const difference = a[aAt + i]! - b[bAt + i]!
    if (difference !== 0) return difference
  }
  return aBytes - bBytes
}

/** Compares two rdata of `type` by their canonical form; 0 = the same record. */
export function compareRdata(type: number, a: Uint8Array, aAt: number, aBytes: number, b: Uint8Array, bAt: number, bBytes: number): number {
  const place = placeOf(type)
  if (place === undefined) return compareOctets(a, aAt, aBytes, b, bAt, bBytes)
  if (place === 'complex') {
    const one = canonicalRdata(type, a.subarray(aAt, aAt + aBytes))
    const other = canonicalRdata(type, b.subarray(bAt, bAt + bBytes))
    return compareOctets(one, 0, one.length, other, 0, other.length)
  }
  const least = Math.min(aBytes, bBytes)
  let namesEnd = -1
  for (let i = 0; i < least; i++) {
    const one = a[aAt + i]!
    const other = b[bAt + i]!
    if (one === other) continue
    if (i < place.skip) return one - other
    // Up to here both are the same, so that their names end at the same place as far as it matters.
    if (namesEnd < 0) namesEnd = endOfNames(a, aAt, aBytes, place)
    const difference = i < namesEnd ? lowered(one) - lowered(other) : one - other
    if (difference !== 0) return difference
  }
  return aBytes - bBytes
}

function endOfNames(octets: Uint8Array, at: number, bytes: number, { skip, names }: NamePlace): number {
  let end = skip
  for (let left = names; left > 0 && end < bytes; left--) {
    while (end < bytes && octets[at + end] !== 0) end += 1 + octets[at + end]!
    end++
  }
  return end
}

function lowered(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet
}
