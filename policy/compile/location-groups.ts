/**
 * Locations that no line and no order can tell apart. Real geodata has 134,000 locations (AS numbers and sources are part of them)
 * but only some thousands of places × carriers; chains and orders are worked out once a group, and neighbouring ranges of one group
 * are swept as one. Pure; what depends on the geodata alone is worked out once for it, however many documents are compiled.
 */
import { mergeEqualRanges } from '../../geodata/compile/flat-ranges.ts'
import type { Geodata } from '../../geodata/geodata.ts'
import type { Location } from '../../geodata/line/location.ts'

/** A grouping of locations. */
export type LocationGroups = {
  /** Group of each location. */
  readonly groupOf: Uint32Array
  /** One location of each group; its AS number is set only where the grouping looks at it. */
  readonly representatives: readonly Location[]
}

/** Ranges of one family with the group of each; neighbours differ. `starts` has one word a range (IPv4) or four (IPv6). */
export type GroupRanges = {
  readonly starts: Uint32Array
  readonly values: Uint32Array
  /** Groups that there are: every value is below it. */
  readonly groupCount: number
}

/** The address space by group. */
export type GroupedSpace = { readonly groups: LocationGroups; readonly v4: GroupRanges; readonly v6: GroupRanges }

type Places = Pick<Geodata, 'v4' | 'v6' | 'locations'>

/** By geodata: they are immutable, and the next document is compiled with the same. */
const grouped = new WeakMap<Places, GroupedSpace>()

/** The address space by place and carrier, and by AS number as far as `asns` names it: policies rarely name any, and then only a few. */
export function groupSpace(geodata: Places, asns: ReadonlySet<number>): GroupedSpace {
  let space = grouped.get(geodata)
  if (space === undefined) {
    space = spaceOf(geodata, groupLocations(geodata.locations))
    grouped.set(geodata, space)
  }
  return asns.size === 0 ? space : spaceOf(geodata, splitByAsn(space.groups, geodata.locations, asns))
}

function spaceOf(geodata: Places, groups: LocationGroups): GroupedSpace {
  const groupCount = groups.representatives.length
  const byGroup = (width: 1 | 4, { starts, values }: Omit<GroupRanges, 'groupCount'>): GroupRanges => ({
    ...mergeEqualRanges({ width, starts, values: values.map((location) => groups.groupOf[location]!) }),
    groupCount,
  })
  return { groups, v4: byGroup(1, geodata.v4), v6: byGroup(4, geodata.v6) }
}

/** Groups by place and carrier. */
function groupLocations(locations: readonly Location[]): LocationGroups {
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

/** Splits groups by AS number, as far as `asns` names it. */
function splitByAsn(groups: LocationGroups, locations: readonly Location[], asns: ReadonlySet<number>): LocationGroups {
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
