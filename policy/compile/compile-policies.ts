/**
 * Document + geodata → policy columns. Pure; runs in a worker on publish. Equal input gives equal bytes, whatever the order of the
 * document's lists: everything is numbered in byte order of ids, classes in order of addresses.
 *
 *   policy ─► signature ─► one line table (line-table.ts): custom prefixes swept over the location ranges (sweep-ranges.ts),
 *                                          classes interned on the way (class-builder.ts), orders by place (order-members.ts),
 *                                          who moves first when a member sheds clients (loss-spans.ts)
 *                          tables joined (join-tables.ts)
 *   policy ─► rules by slot ─► pool uses (policy × pool) ─► member uses
 */
import { formatPrefix } from '../../geodata/address/prefix.ts'
import { LATENCY_ENTRIES_CAP } from '../../health/model/latency-matrix.ts'
import type { IssueDraft } from '../config/config-issue.ts'
import type { Config, Endpoint, Policy, Pool } from '../config/config-schema.ts'
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
import { encodeEndpoints } from './encode-endpoints.ts'
import { type JoinedColumns, TableJoiner } from './join-tables.ts'
import type { LatencyRows } from './latency-rows.ts'
import { byId, isPlaced, type LineSignature, poolIdsOf, signatureOf, sortConfig, sortRules } from './line-signature.ts'
import { compileLineTable, keyOfLineTable, type LineTable, type LocationTables, type PrefixConflict } from './line-table.ts'

/** The outcome of a compile. With an error among the issues the columns must not be published. */
export type CompiledConfig = {
  readonly columns: PolicyColumns
  readonly names: PolicyNames
  readonly issues: readonly IssueDraft[]
}

/** `poolUseAutoSlot` of a pool that is not ordered by place. */
const NO_AUTO_SLOT = 0xffff

/** The parts of a document that deciding depends on, as the compile goes through them. */
type SortedConfig = ReturnType<typeof sortConfig> & {
  readonly poolById: ReadonlyMap<string, Pool>
  readonly endpointById: ReadonlyMap<string, Endpoint>
  /** By policy. */
  readonly signatures: readonly LineSignature[]
}

function sortAndSign(config: Config): SortedConfig {
  const sorted = sortConfig(config)
  const poolById = byId(sorted.pools)
  const endpointById = byId(sorted.endpoints)
  return { ...sorted, poolById, endpointById, signatures: sorted.policies.map((policy) => signatureOf(policy, poolById, endpointById)) }
}

/** Gives the table of a key, kept from a former compile with this geodata or made. */
export type KeepTable = (key: () => string, make: () => LineTable) => LineTable

/** Compiles every policy of a checked document. The outcome is the same, byte for byte, whatever tables are kept. */
export function compilePolicies(config: Config, geodata: LocationTables, keep: KeepTable = (_, make) => make()): CompiledConfig {
  const sorted = sortAndSign(config)
  const tables = compileTables(config, sorted, geodata, keep)
  const { policies, pools, endpoints, poolById } = sorted
  const poolNumber = new Map(pools.map((pool, number) => [pool.id, number]))
  const endpointNumber = new Map(endpoints.map((endpoint, number) => [endpoint.id, number]))

  const policyTable: number[] = []
  const policyRuleFirst: number[] = [0]
  const policyFallbackFirst: number[] = [0]
  const fallbackPoolUses: number[] = []
  const ruleLines: string[] = []
  const rulePoolFirst: number[] = [0]
  const rulePoolUses: number[] = []
  const poolUses: PoolUse[] = []
  for (const [at, policy] of policies.entries()) {
    const signature = sorted.signatures[at]!
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

/** One line table for each distinct signature, in the order of the policies that first need it. */
function compileTables(
  config: Config,
  sorted: SortedConfig,
  geodata: LocationTables,
  keep: KeepTable,
): { columns: JoinedColumns; numberOf: (signature: LineSignature) => number; rows: LatencyRows; issues: IssueDraft[] } {
  const parts = { endpoints: sorted.endpointById, lines: byId(config.lines), granularity: config.options.scopeGranularity }
  const numbers = new Map<string, number>()
  const joiner = new TableJoiner()
  const issues: IssueDraft[] = []
  for (const [at, policy] of sorted.policies.entries()) {
    const signature = sorted.signatures[at]!
    if (numbers.has(signature.key)) continue
    numbers.set(signature.key, numbers.size)
    const table = keep(
      () => keyOfLineTable(signature, parts),
      () => compileLineTable(signature, parts, geodata),
    )
    joiner.add(signature, table)
    for (const conflict of table.conflicts) issues.push(conflictIssue(config, policy, conflict))
  }
  return { columns: joiner.finish(), numberOf: (signature) => numbers.get(signature.key)!, rows: joiner.rows, issues }
}

function latencyIssue(config: Config, pool: Pool): IssueDraft {
  return {
    code: 'POLICY_LATENCY_BY_DISTANCE',
    path: ['pools', config.pools.findIndex(({ id }) => id === pool.id), 'choose'],
    params: { pool: pool.id, cap: LATENCY_ENTRIES_CAP },
  }
}

function conflictIssue(config: Config, policy: Policy, { first, second, prefix }: PrefixConflict): IssueDraft {
  return {
    code: 'POLICY_PREFIX_CONFLICT',
    path: ['policies', config.policies.indexOf(policy), 'rules'],
    params: { policy: policy.id, first, second, prefix: formatPrefix(prefix) },
  }
}
