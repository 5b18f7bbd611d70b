/**
 * Document + geodata → policy columns. Pure; runs in a worker on publish. Equal input gives equal bytes, whatever the order of the
 * document's lists: everything is numbered in byte order of ids, classes in order of addresses.
 *
 *   policy ─► signature ─► one line table: custom prefixes swept over the location ranges (sweep-ranges.ts)
 *                                          classes interned on the way (class-builder.ts), orders by place (order-members.ts),
 *                                          who moves first when a member sheds clients (loss-spans.ts)
 *   policy ─► rules by slot ─► pool uses (policy × pool) ─► member uses
 */
import { formatPrefix, type Prefix } from '../../geodata/address/prefix.ts'
import { mergeLists } from '../../geodata/address/prefix-list.ts'
import type { RangeTable4, RangeTable6 } from '../../geodata/address/range-table.ts'
import { lineChain } from '../../geodata/line/line-precedence.ts'
import type { Location } from '../../geodata/line/location.ts'
import { matrixLineOf } from '../../geodata/line/matrix-line.ts'
import { LATENCY_ENTRIES_CAP } from '../../health/model/latency-matrix.ts'
import type { IssueDraft } from '../config/config-issue.ts'
import type { Config, Policy, Pool } from '../config/config-schema.ts'
import { isShared } from '../config/is-shared.ts'
import { latencyReadingOf } from '../config/latency-reading.ts'
import { hashId } from '../decide/hash-block.ts'
import {
  ALL_DOWN_KINDS,
  CHOOSE_KINDS,
  POLICY_EACH_FAMILY,
  POLICY_INHERIT,
  type PolicyColumns,
  type PolicyNames,
} from '../model/policy-columns.ts'
import { checkFamilies } from './check-families.ts'
import { checkReachability } from './check-reachability.ts'
import { ClassBuilder, type LocationChains } from './class-builder.ts'
import { coarsenRanges } from './coarsen-ranges.ts'
import { encodeEndpoints } from './encode-endpoints.ts'
import { LatencyRows } from './latency-rows.ts'
import { byId, isPlaced, type LineSignature, poolIdsOf, signatureOf, sortConfig, sortRules } from './line-signature.ts'
import { LineStacks } from './line-stacks.ts'
import { groupSpace, type LocationGroups } from './location-groups.ts'
import { bandOfLoss, type LossFacts, layOutSpans } from './loss-spans.ts'
import { OrderLists } from './order-lists.ts'
import { lossOf, orderSorted, type SortedMember, sortMembers } from './order-members.ts'
import { type Spot, spotKey, spotOfEndpoint, spotOfLocation } from './spot.ts'
import { sweepRanges4, sweepRanges6 } from './sweep-ranges.ts'
import { TableColumns } from './table-columns.ts'

/** What is known of addresses: the tables' values are positions in `locations`. A geodata file has this shape. */
export type LocationTables = {
  readonly v4: RangeTable4
  readonly v6: RangeTable6
  readonly locations: readonly Location[]
}

/** The outcome of a compile. With an error among the issues the columns must not be published. */
export type CompiledConfig = {
  readonly columns: PolicyColumns
  readonly names: PolicyNames
  readonly issues: readonly IssueDraft[]
}

/** `poolUseAutoSlot` of a pool that is not ordered by place. */
const NO_AUTO_SLOT = 0xffff
const CUSTOM = 'custom:'
const ASN = 'asn:'
/** Conflicts reported at most; two copies of one long list need no million messages. */
const MAX_CONFLICTS = 20

/** Compiles every policy of a checked document. */
export function compilePolicies(config: Config, geodata: LocationTables): CompiledConfig {
  const tables = compileTables(config, geodata)
  const { policies, pools, endpoints } = sortConfig(config)
  const poolById = byId(pools)
  const poolNumber = new Map(pools.map((pool, number) => [pool.id, number]))
  const endpointById = byId(endpoints)
  const endpointNumber = new Map(endpoints.map((endpoint, number) => [endpoint.id, number]))

  const policyTable: number[] = []
  const policyRuleFirst: number[] = [0]
  const policyFallbackFirst: number[] = [0]
  const fallbackPoolUses: number[] = []
  const ruleLines: string[] = []
  const rulePoolFirst: number[] = [0]
  const rulePoolUses: number[] = []
  const poolUses: PoolUse[] = []
  for (const policy of policies) {
    const signature = signatureOf(policy, poolById, endpointById)
    policyTable.push(tables.numberOf(signature))
    const firstUse = poolUses.length
    const poolIds = poolIdsOf(policy)
    for (const id of poolIds) {
      const pool = poolById.get(id)!
      const autoSlot = isPlaced(pool.choose) ? signature.placedPools.findIndex((placed) => placed.pool.id === id) : NO_AUTO_SLOT
      const latencySlot = pool.choose === 'latency' ? signature.latencySlots.indexOf(autoSlot) : NO_AUTO_SLOT
      poolUses.push({ pool, autoSlot, latencySlot, explorePercent: latencyReadingOf(policy).explorePercent })
    }
    const poolUseOf = (id: string): number => firstUse + poolIds.indexOf(id)
    for (const rule of sortRules(policy)) {
      ruleLines.push(rule.line)
      rulePoolUses.push(...rule.pools.map(poolUseOf))
      rulePoolFirst.push(rulePoolUses.length)
    }
    policyRuleFirst.push(ruleLines.length)
    fallbackPoolUses.push(...policy.fallback.map(poolUseOf))
    policyFallbackFirst.push(fallbackPoolUses.length)
  }

  const poolUseMemberFirst: number[] = [0]
  const members: { readonly endpoint: string; readonly weight: number }[] = []
  for (const { pool } of poolUses) {
    members.push(...pool.members)
    poolUseMemberFirst.push(members.length)
  }

  const latency = tables.rows.finish(poolUses, (pool) => tables.issues.push(latencyIssue(config, pool)))
  const columns: PolicyColumns = {
    ...tables.columns,
    ...latency,
    policyTable: Uint32Array.from(policyTable),
    policyRuleFirst: Uint32Array.from(policyRuleFirst),
    policyFallbackFirst: Uint32Array.from(policyFallbackFirst),
    fallbackPoolUses: Uint32Array.from(fallbackPoolUses),
    policyFlags: Uint8Array.from(policies, flagsOf),
    policyAllDown: Uint8Array.from(policies, (policy) => ALL_DOWN_KINDS.indexOf(policy.allDown)),
    policyTtlSeconds: Uint32Array.from(policies, (policy) => policy.ttlSeconds),
    policyTtlFloorSeconds: Uint16Array.from(policies, (policy) => policy.ttlFloorSeconds),
    policyHashPrefix4: Uint8Array.from(policies, (policy) => policy.hashPrefix.ipv4),
    policyHashPrefix6: Uint8Array.from(policies, (policy) => policy.hashPrefix.ipv6),
    policySalt: Uint32Array.from(policies, (policy) => hashId(policy.id)),
    rulePoolFirst: Uint32Array.from(rulePoolFirst),
    rulePoolUses: Uint32Array.from(rulePoolUses),
    poolUsePool: Uint32Array.from(poolUses, ({ pool }) => poolNumber.get(pool.id)!),
    poolUseChoose: Uint8Array.from(poolUses, ({ pool }) => CHOOSE_KINDS.indexOf(pool.choose)),
    poolUseAutoSlot: Uint16Array.from(poolUses, ({ autoSlot }) => autoSlot),
    poolUseLatencySlot: Uint16Array.from(poolUses, ({ latencySlot }) => latencySlot),
    poolUseExplore: Uint16Array.from(poolUses, ({ explorePercent }) => Math.round((0xffff * explorePercent) / 100)),
    poolUseMaxAnswers: Uint8Array.from(poolUses, ({ pool }) => pool.maxAnswers),
    poolUseSticky: Uint8Array.from(poolUses, ({ pool }) => (pool.sticky ? 1 : 0)),
    poolUseMemberFirst: Uint32Array.from(poolUseMemberFirst),
    memberEndpoint: Uint32Array.from(members, (member) => endpointNumber.get(member.endpoint)!),
    memberConfiguredWeight: Uint32Array.from(members, (member) => member.weight),
    memberSalt: Uint32Array.from(members, (member) => hashId(member.endpoint)),
    ...encodeEndpoints(endpoints),
  }
  const names: PolicyNames = {
    policies: policies.map((policy) => policy.id),
    ruleLines,
    pools: pools.map((pool) => pool.id),
    endpoints: endpoints.map((endpoint) => endpoint.id),
    matrixLines: tables.rows.lines,
  }
  return {
    columns,
    names,
    issues: [...tables.issues, ...checkReachability(config, columns, names, geodata), ...checkFamilies(config)],
  }
}

/** A pool as used by a policy, while columns are made. */
type PoolUse = { readonly pool: Pool; readonly autoSlot: number; readonly latencySlot: number; readonly explorePercent: number }

function flagsOf(policy: Policy): number {
  return (policy.inherit ? POLICY_INHERIT : 0) | (policy.families === 'each' ? POLICY_EACH_FAMILY : 0)
}

type TablesAndClasses = Pick<
  PolicyColumns,
  | 'tableFirst4'
  | 'tableCount4'
  | 'tableIndexFirst4'
  | 'tableIndexBits4'
  | 'tableStarts4'
  | 'tableClass4'
  | 'tableIndex4'
  | 'tableFirst6'
  | 'tableCount6'
  | 'tableIndexFirst6'
  | 'tableIndexBits6'
  | 'tableStarts6'
  | 'tableClass6'
  | 'tableIndex6'
  | 'classSlotFirst'
  | 'classSlots'
  | 'classFlags'
  | 'classOrderFirst'
  | 'classOrders'
  | 'classSpans4'
  | 'classSpans6'
  | 'classRowFirst'
  | 'classRows'
  | 'orderFirst'
  | 'orderMembers'
>

/** Compiles one line table for each distinct signature, in the order of the policies that first need it. */
function compileTables(
  config: Config,
  geodata: LocationTables,
): { columns: TablesAndClasses; numberOf: (signature: LineSignature) => number; rows: LatencyRows; issues: IssueDraft[] } {
  const { policies, pools, endpoints } = sortConfig(config)
  const poolById = byId(pools)
  const endpointById = byId(endpoints)
  const numbers = new Map<string, number>()
  const classes = new ClassBuilder()
  const orders = new OrderLists()
  const rows = new LatencyRows()
  const tables4 = new TableColumns(1)
  const tables6 = new TableColumns(4)
  const lineById = byId(config.lines)
  const granularity = config.options.scopeGranularity
  const issues: IssueDraft[] = []
  const spans4: Int32Array[] = []
  const spans6: Int32Array[] = []
  for (const policy of policies) {
    const signature = signatureOf(policy, poolById, endpointById)
    if (numbers.has(signature.key)) continue
    numbers.set(signature.key, numbers.size)
    const custom = signature.lines.flatMap((line, slot) =>
      line.startsWith(CUSTOM) ? [{ slot, line: lineById.get(line.slice(CUSTOM.length))! }] : [],
    )
    let conflicts = 0
    const report = (first: number, second: number, prefix: Prefix): void => {
      if (first === second || ++conflicts > MAX_CONFLICTS) return
      issues.push(conflictIssue(config, policy, custom[first]!.line.id, custom[second]!.line.id, prefix))
    }
    const slotOf = (owner: number): number => custom[owner]!.slot
    const sorted4 = mergeLists(
      1,
      custom.map(({ line }) => line.prefixes.v4),
      report,
    )
    const sorted6 = mergeLists(
      4,
      custom.map(({ line }) => line.prefixes.v6),
      report,
    )
    const stacks = new LineStacks()
    const space = groupSpace(geodata, asnsOf(signature))
    const firstClass = classes.orderFirst.length
    const chains = chainsOf(signature, config, space.groups, orders, rows)
    const classOf = classes.makeClassOf(signature, chains, stacks)
    const swept4 = sweepRanges4(space.v4, { ...sorted4, slotOf }, stacks, classOf)
    const swept6 = sweepRanges6(space.v6, { ...sorted6, slotOf }, stacks, classOf)
    const ranges4 = granularity === undefined ? swept4 : coarsenRanges(1, swept4, granularity.ipv4)
    const ranges6 = granularity === undefined ? swept6 : coarsenRanges(4, swept6, granularity.ipv6)
    tables4.add(ranges4)
    tables6.add(ranges6)
    const facts = lossFactsOf(classes, firstClass, orders, chains, space.groups)
    spans4.push(layOutSpans(1, ranges4, space.v4, signature, facts))
    spans6.push(layOutSpans(4, ranges6, space.v6, signature, facts))
  }
  const finished4 = tables4.finish()
  const finished6 = tables6.finish()
  const columns: TablesAndClasses = {
    tableFirst4: finished4.first,
    tableCount4: finished4.count,
    tableIndexFirst4: finished4.indexFirst,
    tableIndexBits4: finished4.indexBits,
    tableStarts4: finished4.starts,
    tableClass4: finished4.classes,
    tableIndex4: finished4.index,
    tableFirst6: finished6.first,
    tableCount6: finished6.count,
    tableIndexFirst6: finished6.indexFirst,
    tableIndexBits6: finished6.indexBits,
    tableStarts6: finished6.starts,
    tableClass6: finished6.classes,
    tableIndex6: finished6.index,
    classSlotFirst: classes.slotFirst.view().slice(),
    classSlots: Uint16Array.from(classes.slots.view()),
    classFlags: Uint8Array.from(classes.flags.view()),
    classOrderFirst: classes.orderFirst.view().slice(),
    classOrders: classes.orders.view().slice(),
    classRowFirst: classes.rowFirst.view().slice(),
    classRows: classes.rows.view().slice(),
    classSpans4: joinSpans(spans4),
    classSpans6: joinSpans(spans6),
    orderFirst: Uint32Array.from(orders.first),
    orderMembers: Uint16Array.from(orders.members),
  }
  return { columns, numberOf: (signature) => numbers.get(signature.key)!, rows, issues }
}

/** What laying out the clients of a table's members needs (loss-spans.ts). */
function lossFactsOf(
  classes: ClassBuilder,
  firstClass: number,
  orders: OrderLists,
  chains: LocationChains,
  groups: LocationGroups,
): LossFacts {
  const isKnown = Uint8Array.from(groups.representatives, ({ country, carrier }) =>
    country === undefined && carrier === undefined ? 0 : 1,
  )
  return {
    firstClass,
    endClass: classes.orderFirst.length,
    headSlotOf: (number) => classes.headSlotOf(number),
    firstMemberOf: (number, autoSlot) => orders.headOf(classes.orders.at(classes.orderFirst.at(number) + autoSlot)),
    lossOf: chains.lossOf,
    isKnown: (group) => isKnown[group] === 1,
  }
}

/** Classes of one table follow those of the table before, so their spans do. */
function joinSpans(tables: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(tables.reduce((sum, table) => sum + table.length, 0))
  let at = 0
  for (const table of tables) {
    all.set(table, at)
    at += table.length
  }
  return all
}

/** AS numbers that a signature names. */
function asnsOf(signature: LineSignature): Set<number> {
  return new Set(signature.lines.flatMap((line) => (line.startsWith(ASN) ? [Number(line.slice(ASN.length))] : [])))
}

/** A placed pool at one spot: sorted once; an order that no class has never becomes a list. */
type PlacedAt = { readonly spot: Spot; readonly sorted: readonly SortedMember[]; order: number; readonly loss: number }

/** What a signature makes of each group of locations; orders are made once a pool and distinct spot. */
function chainsOf(signature: LineSignature, config: Config, groups: LocationGroups, orders: OrderLists, rows: LatencyRows): LocationChains {
  const slotOf = new Map(signature.lines.map((line, slot) => [line, slot]))
  const endpoints = byId(config.endpoints)
  const placed = signature.placedPools.map(({ pool }) => ({
    pool,
    byPathQuality: pool.choose === 'auto',
    isBanded: isShared(pool, endpoints),
    members: pool.members.map(({ endpoint }) => ({ endpointId: endpoint, spot: spotOfEndpoint(endpoints.get(endpoint)!) })),
    known: new Map<string, PlacedAt>(),
    // Asked range by range, so by number; spots are the same for many groups.
    atGroup: new Array<PlacedAt | undefined>(groups.representatives.length),
  }))
  const placedAt = (autoSlot: number, group: number): PlacedAt => {
    const { byPathQuality, members, known, atGroup } = placed[autoSlot]!
    const found = atGroup[group]
    if (found !== undefined) return found
    const spot = spotOfLocation(groups.representatives[group]!)
    const key = spotKey(spot)
    let result = known.get(key)
    if (result === undefined) {
      const sorted = sortMembers(byPathQuality, spot, members)
      result = { spot, sorted, order: -1, loss: lossOf(spot, sorted) }
      known.set(key, result)
    }
    atGroup[group] = result
    return result
  }
  const orderOf = (autoSlot: number, group: number): number => {
    const at = placedAt(autoSlot, group)
    if (at.order < 0) at.order = orders.intern(orderSorted(at.sorted))
    return at.order
  }
  return {
    groupCount: groups.representatives.length,
    slotsOf: (group) =>
      lineChain(groups.representatives[group]!, signature.precedence).flatMap((line) => {
        const slot = slotOf.get(line)
        return slot === undefined ? [] : [slot]
      }),
    orderOf,
    rowOf: (autoSlot, group) => {
      const { pool, members } = placed[autoSlot]!
      const line = matrixLineOf(groups.representatives[group]!, signature.matrixBy)
      return rows.rowOf(pool, members, line, orderOf(autoSlot, group), placedAt(autoSlot, group).spot)
    },
    lossOf: (autoSlot, group) => placedAt(autoSlot, group).loss,
    bandOf: (autoSlot, group) => (placed[autoSlot]!.isBanded ? bandOfLoss(placedAt(autoSlot, group).loss) : 0),
  }
}

function latencyIssue(config: Config, pool: Pool): IssueDraft {
  return {
    code: 'POLICY_LATENCY_BY_DISTANCE',
    path: ['pools', config.pools.findIndex(({ id }) => id === pool.id), 'choose'],
    params: { pool: pool.id, cap: LATENCY_ENTRIES_CAP },
  }
}

function conflictIssue(config: Config, policy: Policy, first: string, second: string, prefix: Prefix): IssueDraft {
  return {
    code: 'POLICY_PREFIX_CONFLICT',
    path: ['policies', config.policies.indexOf(policy), 'rules'],
    params: { policy: policy.id, first, second, prefix: formatPrefix(prefix) },
  }
}
