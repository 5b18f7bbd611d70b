/**
 * One line table, compiled by itself: its classes, orders and rows are numbered from 0 in it, in the order in which the sweep first meets
 * them. So a table follows from its signature, the lines, pools and endpoints that the signature names, and the geodata alone
 * (keyOfLineTable), and is kept from one document to the next (KeepTable in compile-policies.ts). join-tables.ts makes columns of many. Pure.
 */
import { createHash } from 'node:crypto'
import type { Prefix } from '../../geodata/address/prefix.ts'
import { mergeLists, type PrefixSet } from '../../geodata/address/prefix-list.ts'
import type { RangeTable4, RangeTable6 } from '../../geodata/address/range-table.ts'
import type { Location } from '../../geodata/line/location.ts'
import { matrixLineOf } from '../../geodata/line/matrix-line.ts'
import type { Endpoint, Line, Pool, ScopeGranularity } from '../config/config-schema.ts'
import { isShared } from '../config/is-shared.ts'
import { ClassBuilder, type ClassColumns, type LocationChains } from './class-builder.ts'
import { coarsenRanges } from './coarsen-ranges.ts'
import { factsOfGroups } from './group-facts.ts'
import { LatencyRows, type TableRows } from './latency-rows.ts'
import type { LineSignature } from './line-signature.ts'
import { LineStacks } from './line-stacks.ts'
import { groupSpace, type LocationGroups } from './location-groups.ts'
import { bandOfLoss, type LossFacts, layOutSpans } from './loss-spans.ts'
import { OrderLists } from './order-lists.ts'
import { lossOf, orderSorted, type SortedMember, sortMembers } from './order-members.ts'
import { type Spot, spotOfEndpoint } from './spot.ts'
import { type SweptRanges, sweepRanges4, sweepRanges6 } from './sweep-ranges.ts'

/** What is known of addresses: the tables' values are positions in `locations`. A geodata file has this shape. */
export type LocationTables = {
  readonly v4: RangeTable4
  readonly v6: RangeTable6
  readonly locations: readonly Location[]
}

/** What a signature names, by id. */
export type NamedParts = {
  readonly endpoints: ReadonlyMap<string, Endpoint>
  readonly lines: ReadonlyMap<string, Line>
  /** Longest scopes (options.scopeGranularity); undefined = as long as they are. */
  readonly granularity: ScopeGranularity | undefined
}

/** Two lines of one policy that hold the same prefix. */
export type PrefixConflict = { readonly first: string; readonly second: string; readonly prefix: Prefix }

/** A compiled line table; nothing in it counts from anything outside. */
export type LineTable = {
  readonly ranges4: SweptRanges
  readonly ranges6: SweptRanges
  readonly classes: ClassColumns
  /** Orders by their numbers, without the declared one, which is 0. */
  readonly orders: readonly (readonly number[])[]
  readonly rows: TableRows
  readonly spans4: Int32Array
  readonly spans6: Int32Array
  readonly conflicts: readonly PrefixConflict[]
}

const CUSTOM = 'custom:'
const ASN = 'asn:'
/** Conflicts reported at most; two copies of one long list need no million messages. */
const MAX_CONFLICTS = 20

/** Equal texts = equal tables, under equal geodata. */
export function keyOfLineTable(signature: LineSignature, parts: NamedParts): string {
  const custom = customLines(signature, parts.lines).map(({ line }) => digestOfPrefixes(line.prefixes))
  const placed = signature.placedPools.map(({ pool }) => [
    pool.choose,
    isShared(pool, parts.endpoints),
    pool.members.map(({ endpoint: id }) => {
      const { place, carrier, coordinates } = parts.endpoints.get(id)!
      return [id, place, carrier, coordinates]
    }),
  ])
  return JSON.stringify([signature.key, custom, placed, parts.granularity])
}

/** By the lists: those of a document that is compiled again are the same. */
const digests = new WeakMap<PrefixSet, string>()

/** SHA-256 of a set, hex. */
export function digestOfPrefixes(set: PrefixSet): string {
  let digest = digests.get(set)
  if (digest === undefined) {
    const hash = createHash('sha256')
    for (const { starts, lengths } of [set.v4, set.v6]) hash.update(`${lengths.length} `).update(starts).update(lengths)
    digest = hash.digest('hex')
    digests.set(set, digest)
  }
  return digest
}

/** Compiles the table of a signature. */
export function compileLineTable(signature: LineSignature, parts: NamedParts, geodata: LocationTables): LineTable {
  const { granularity } = parts
  const custom = customLines(signature, parts.lines)
  const conflicts: PrefixConflict[] = []
  const report = (first: number, second: number, prefix: Prefix): void => {
    if (first === second || conflicts.length === MAX_CONFLICTS) return
    conflicts.push({ first: custom[first]!.line.id, second: custom[second]!.line.id, prefix })
  }
  const slotOf = (owner: number): number => custom[owner]!.slot
  const lists4 = custom.map(({ line }) => line.prefixes.v4)
  const lists6 = custom.map(({ line }) => line.prefixes.v6)
  const sorted4 = { ...mergeLists(1, lists4, report), slotOf }
  const sorted6 = { ...mergeLists(4, lists6, report), slotOf }
  const stacks = new LineStacks()
  const space = groupSpace(geodata, asnsOf(signature))
  const classes = new ClassBuilder()
  const orders = new OrderLists()
  const rows = new LatencyRows()
  const chains = chainsOf(signature, parts, space.groups, orders, rows)
  const classOf = classes.makeClassOf(signature, chains, stacks)
  const swept4 = sweepRanges4(space.v4, sorted4, stacks, classOf)
  const swept6 = sweepRanges6(space.v6, sorted6, stacks, classOf)
  const ranges4 = granularity === undefined ? swept4 : coarsenRanges(1, swept4, granularity.ipv4)
  const ranges6 = granularity === undefined ? swept6 : coarsenRanges(4, swept6, granularity.ipv6)
  const facts = lossFactsOf(classes, orders, chains, space.groups)
  return {
    ranges4,
    ranges6,
    classes: classes.finish(),
    orders: orders.lists(),
    rows: rows.ofTable(),
    spans4: layOutSpans(1, ranges4, space.v4, signature, facts),
    spans6: layOutSpans(4, ranges6, space.v6, signature, facts),
    conflicts,
  }
}

/** Custom lines of a signature with their slots. */
function customLines({ lines }: LineSignature, byId: ReadonlyMap<string, Line>): readonly { readonly slot: number; readonly line: Line }[] {
  return lines.flatMap((line, slot) => (line.startsWith(CUSTOM) ? [{ slot, line: byId.get(line.slice(CUSTOM.length))! }] : []))
}

/** AS numbers that a signature names. */
function asnsOf(signature: LineSignature): Set<number> {
  return new Set(signature.lines.flatMap((line) => (line.startsWith(ASN) ? [Number(line.slice(ASN.length))] : [])))
}

/** What laying out the clients of a table's members needs (loss-spans.ts). */
function lossFactsOf(classes: ClassBuilder, orders: OrderLists, chains: LocationChains, groups: LocationGroups): LossFacts {
  const { isKnown } = factsOfGroups(groups)
  return {
    classCount: classes.orderFirst.length,
    headSlotOf: (number) => classes.headSlotOf(number),
    firstMemberOf: (number, autoSlot) => orders.headOf(classes.orders.at(classes.orderFirst.at(number) + autoSlot)),
    lossOf: chains.lossOf,
    isKnown: (group) => isKnown[group] === 1,
  }
}

/** A placed pool at one spot: sorted once; an order that no class has never becomes a list. */
type PlacedAt = { readonly spot: Spot; readonly sorted: readonly SortedMember[]; order: number; readonly loss: number }

/** What a signature makes of each group of locations; orders are made once a pool and distinct spot. */
function chainsOf(
  signature: LineSignature,
  { endpoints }: NamedParts,
  groups: LocationGroups,
  orders: OrderLists,
  rows: LatencyRows,
): LocationChains {
  const facts = factsOfGroups(groups)
  const placed = signature.placedPools.map(({ pool }) => placePool(pool, endpoints))
  const placedAt = (autoSlot: number, group: number): PlacedAt => {
    const { byPathQuality, members, atSpot } = placed[autoSlot]!
    const { spot, number } = facts.spotOf(group)
    let result = atSpot[number]
    if (result === undefined) {
      const sorted = sortMembers(byPathQuality, spot, members)
      result = { spot, sorted, order: -1, loss: lossOf(spot, sorted) }
      atSpot[number] = result
    }
    return result
  }
  const orderOf = (autoSlot: number, group: number): number => {
    const at = placedAt(autoSlot, group)
    if (at.order < 0) at.order = orders.intern(orderSorted(at.sorted))
    return at.order
  }
  return {
    groupCount: groups.representatives.length,
    slotsOf: facts.slotsOf(signature.lines, signature.precedence),
    orderOf,
    rowOf: (autoSlot, group) => {
      const { pool, members } = placed[autoSlot]!
      const line = matrixLineOf(groups.representatives[group]!, signature.matrixBy)
      return rows.rowOf(pool.id, members, line, orderOf(autoSlot, group), placedAt(autoSlot, group).spot)
    },
    lossOf: (autoSlot, group) => placedAt(autoSlot, group).loss,
    bandOf: (autoSlot, group) => (placed[autoSlot]!.isBanded ? bandOfLoss(placedAt(autoSlot, group).loss) : 0),
  }
}

function placePool(pool: Pool, endpoints: ReadonlyMap<string, Endpoint>) {
  return {
    pool,
    byPathQuality: pool.choose === 'auto',
    isBanded: isShared(pool, endpoints),
    members: pool.members.map(({ endpoint }) => ({ endpointId: endpoint, spot: spotOfEndpoint(endpoints.get(endpoint)!) })),
    /** By number of the spot: the same for many groups. */
    atSpot: [] as (PlacedAt | undefined)[],
  }
}
