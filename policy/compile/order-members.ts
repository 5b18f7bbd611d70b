/**
 * The order of a pool's members for one place and carrier: `auto` by path quality, `nearest` and `latency` by distance. Pure; runs on
 * publish, once a pool and distinct spot.
 *
 *   auto steps   0 same city + carrier → 1 same province + carrier → 2 same big region + carrier → 3 same carrier
 *                → 4 same place, other carrier → 5 rest, for a client in mainland China its mainland part → 6 the other rest
 *   in a step    great-circle distance, then endpoint id; with the client's place unknown: declared order
 *
 * So the same carrier in the next province beats another carrier next door: between Chinese carriers the peering points, not the
 * kilometres, make the latency. And every mainland path beats a cross-border one, however near Hong Kong is
 * (docs/decisions/0008-mainland-before-abroad.md).
 */
import { greatCircleDistanceKm } from '../../geodata/lookup/great-circle-distance.ts'
import type { Spot } from './spot.ts'

/** Most members in an order list; those behind follow in declared order. Keeps large pools × thousands of places small. */
export const ORDER_LIST_CAP = 32

/** Country of a spot in mainland China (Spot.country). */
const MAINLAND = 'cn'

/** A member as far as ordering is concerned. */
export type OrderedMember = { readonly endpointId: string; readonly spot: Spot }

/** More kilometres than any distance; a path step weighs more than them all. */
export const STEP_KM = 40_100
/** Farthest that two points can be apart, rounded up; stands in for a member whose place is unknown. */
const FARTHEST_KM = 20_040

/** A member where it stands in a client's order. */
export type SortedMember = { readonly position: number; readonly step: number; readonly distanceKm: number }

/** Member positions, best first, at most ORDER_LIST_CAP; empty when that is the declared order. */
export function orderMembers(byPathQuality: boolean, client: Spot, members: readonly OrderedMember[]): readonly number[] {
  return orderSorted(sortMembers(byPathQuality, client, members))
}

/** The same of members that are sorted already. */
export function orderSorted(sorted: readonly SortedMember[]): readonly number[] {
  if (sorted.every(({ position }, at) => position === at)) return []
  return sorted.slice(0, ORDER_LIST_CAP).map(({ position }) => position)
}

/** What a client loses by its second choice, in kilometres; a path step counts as STEP_KM of them. 0 where there is none or nothing is known. */
export function lossOf(client: Spot, sorted: readonly SortedMember[]): number {
  const [first, second] = sorted
  if (first === undefined || second === undefined) return 0
  const steps = STEP_KM * (second.step - first.step)
  if (client.coordinates === null) return steps
  return Math.round(steps + Math.min(FARTHEST_KM, second.distanceKm) - Math.min(FARTHEST_KM, first.distanceKm))
}

/** All members, best first for a client. */
export function sortMembers(byPathQuality: boolean, client: Spot, members: readonly OrderedMember[]): readonly SortedMember[] {
  const placeKnown = client.coordinates !== null
  const sorted = members.map(
    ({ spot }, position): SortedMember => ({
      position,
      step: byPathQuality ? pathStep(client, spot) : 0,
      distanceKm: distanceKm(client, spot),
    }),
  )
  return sorted.sort((a, b) => {
    if (a.step !== b.step) return a.step - b.step
    if (!placeKnown) return a.position - b.position
    if (a.distanceKm !== b.distanceKm) return a.distanceKm < b.distanceKm ? -1 : 1
    return members[a.position]!.endpointId < members[b.position]!.endpointId ? -1 : 1
  })
}

/** Step of `auto` that a member is in for a client, 0 = best. */
export function pathStep(client: Spot, member: Spot): number {
  const sameCarrier = member.carrier !== '' && (member.carrier === client.carrier || member.carrier === client.parentCarrier)
  if (sameCarrier) {
    if (client.city !== '' && client.city === member.city) return 0
    if (client.region !== '' && client.region === member.region) return 1
    if (client.bigRegion !== '' && client.bigRegion === member.bigRegion) return 2
    return 3
  }
  if (isSamePlace(client, member)) return 4
  return client.country === MAINLAND && member.country !== MAINLAND ? 6 : 5
}

/** Whether the member stands in the client's place, as closely as that is known. */
function isSamePlace(client: Spot, member: Spot): boolean {
  if (client.city !== '') return client.city === member.city
  if (client.region !== '') return client.region === member.region
  return client.country !== '' && client.country === member.country
}

function distanceKm(client: Spot, member: Spot): number {
  if (client.coordinates === null || member.coordinates === null) return Number.POSITIVE_INFINITY
  return greatCircleDistanceKm(client.coordinates, member.coordinates)
}
