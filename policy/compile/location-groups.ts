/**
 * Locations that no line and no order can tell apart. Real geodata has 134,000 locations (AS numbers and sources are part of them)
 * but only some thousands of places × carriers; chains and orders are worked out once a group. Pure.
 */
import type { Location } from '../../geodata/line/location.ts'

/** A grouping of locations. */
export type LocationGroups = {
  /** Group of each location. */
  readonly groupOf: Uint32Array
  /** One location of each group; its AS number is set only where the grouping looks at it. */
  readonly representatives: readonly Location[]
}

/** Groups by place and carrier. */
export function groupLocations(locations: readonly Location[]): LocationGroups {
  const known = new Map<string, number>()
  const representatives: Location[] = []
  const groupOf = Uint32Array.from(locations, (location) => {
    const { country, province, region, city, carrier } = location
    const key = `${country}|${province}|${region}|${city}|${carrier}`
    let group = known.get(key)
    if (group === undefined) {
      group = representatives.length
      known.set(key, group)
      representatives.push({ ...location, asn: undefined })
    }
    return group
  })
  return { groupOf, representatives }
}

/** Splits groups by AS number, as far as `asns` names it: policies rarely name any, and then only a few. */
export function splitByAsn(groups: LocationGroups, locations: readonly Location[], asns: ReadonlySet<number>): LocationGroups {
  if (asns.size === 0) return groups
  const known = new Map<string, number>()
  const representatives: Location[] = [...groups.representatives]
  const groupOf = Uint32Array.from(locations, ({ asn }, location) => {
    const whole = groups.groupOf[location]!
    if (asn === undefined || !asns.has(asn)) return whole
    const key = `${whole}/${asn}`
    let group = known.get(key)
    if (group === undefined) {
      group = representatives.length
      known.set(key, group)
      representatives.push({ ...groups.representatives[whole]!, asn })
    }
    return group
  })
  return { groupOf, representatives }
}
