/**
 * The compiled policies: typed arrays that lie in the snapshot (shared memory), read by policy/decide on the hot path.
 * Pure types; made by policy/compile/compile-policies.ts. Ids are sorted by bytes, so equal input gives equal bytes.
 *
 *   name + type ──► policy p ──► line table t = policyTable[p] ──► range r ──► class c
 *                                                                              └► rule slots in order (most specific first)
 *   rule slot s of p ──► rule policyRuleFirst[p] + s ──► pool uses in order ──► member uses
 *
 * A line table is shared by policies with the same signature (precedence, inherit, lines, auto/nearest orders,
 * which rules lead to shares);
 * rule slots number the lines of the signature in byte order of their keys, and each policy keeps its rules in that order.
 * An answer class is the whole ordered list of matching rule slots plus, for each auto/nearest pool slot, its member order.
 */

/** How a pool picks; the numbers are in `poolUseChoose`. */
export const CHOOSE_KINDS = ['best', 'weighted', 'all', 'nearest', 'latency', 'auto'] as const
/** `allDown` of a policy; the numbers are in `policyAllDown`. */
export const ALL_DOWN_KINDS = ['fallback', 'last-good', 'all', 'servfail'] as const

/** Policy flag: a rule with no eligible endpoint hands over to the next rule of the chain. */
export const POLICY_INHERIT = 1
/** Policy flag: families are decided apart (`families: each`); without it A, AAAA and HTTPS lead to the same endpoint. */
export const POLICY_EACH_FAMILY = 2

/** `classFlags`: `hashPrefix` of the policy does not count for IPv4 clients of the class, who can come to no pool of shares. */
export const CLASS_TRUE_SCOPE4 = 1
/** `classFlags`: the same for IPv6. */
export const CLASS_TRUE_SCOPE6 = 2

/** `endpointKinds`: has an IPv4 address. */
export const ENDPOINT_IPV4 = 1
/** `endpointKinds`: has an IPv6 address. */
export const ENDPOINT_IPV6 = 2
/** `endpointKinds`: is a host name, answered as CNAME. */
export const ENDPOINT_TARGET = 4
/** `endpointKinds`: is not answered (`enabled: false`); rankings leave it out, transfers do by this. */
export const ENDPOINT_DISABLED = 8

/** All columns. Index spaces: t tables, c classes, p policies, r rules, u pool uses, m member uses, e endpoints. */
export type PolicyColumns = {
  /** t: first range and number of ranges in tableStarts4 / tableClass4. */
  readonly tableFirst4: Uint32Array
  readonly tableCount4: Uint32Array
  /** t: first entry in tableIndex4 and its bits. */
  readonly tableIndexFirst4: Uint32Array
  readonly tableIndexBits4: Uint8Array
  readonly tableStarts4: Uint32Array
  /** Class of each range (global class number). */
  readonly tableClass4: Uint32Array
  readonly tableIndex4: Uint32Array
  /** The same for IPv6; starts have four words a range (first word at 4 × range). */
  readonly tableFirst6: Uint32Array
  readonly tableCount6: Uint32Array
  readonly tableIndexFirst6: Uint32Array
  readonly tableIndexBits6: Uint8Array
  readonly tableStarts6: Uint32Array
  readonly tableClass6: Uint32Array
  readonly tableIndex6: Uint32Array

  /** c: its rule slots are classSlots[classSlotFirst[c] … classSlotFirst[c+1]-1]; one more entry than classes. */
  readonly classSlotFirst: Uint32Array
  readonly classSlots: Uint16Array
  /** c: CLASS_* bits. */
  readonly classFlags: Uint8Array
  /** c: first entry in classOrders; entry k (a number of an order list) belongs to auto slot k of the signature. */
  readonly classOrderFirst: Uint32Array
  readonly classOrders: Uint32Array
  /**
   * Parallel to classOrders, by family: where the blocks of class c lie among the clients that have the same member first in auto slot k
   * (begin << 16 | width, of 0 … 65535; signed, so that no read is boxed; see policy/decide/keep-position.ts). 65535 = anywhere; without
   * entries everybody lies anywhere.
   */
  readonly classSpans4: Int32Array
  readonly classSpans6: Int32Array
  /** c: first entry in classRows; entry k is the row of latency slot k of the signature. */
  readonly classRowFirst: Uint32Array
  readonly classRows: Uint32Array
  /** Rows of latency pools (policy/compile/latency-rows.ts): matrix line, order list, and the kilometres to each member. */
  readonly rowLine: Uint32Array
  readonly rowOrder: Uint32Array
  readonly rowKm: Uint16Array
  /** Order list o: member positions inside the pool, best first: orderMembers[orderFirst[o] … orderFirst[o+1]-1]. */
  readonly orderFirst: Uint32Array
  readonly orderMembers: Uint16Array

  /** p: line table. */
  readonly policyTable: Uint32Array
  /** p: first rule; one more entry than policies. Rule of slot s = policyRuleFirst[p] + s. */
  readonly policyRuleFirst: Uint32Array
  /** p: its fallback pool uses are fallbackPoolUses[policyFallbackFirst[p] … policyFallbackFirst[p+1]-1]. */
  readonly policyFallbackFirst: Uint32Array
  readonly fallbackPoolUses: Uint32Array
  /** p: POLICY_* bits. */
  readonly policyFlags: Uint8Array
  /** p: index in ALL_DOWN_KINDS. */
  readonly policyAllDown: Uint8Array
  readonly policyTtlSeconds: Uint32Array
  readonly policyTtlFloorSeconds: Uint16Array
  /** p: blocks of fractional choices are at least this fine, but for classes with the flag of the family; 0 = not used. */
  readonly policyHashPrefix4: Uint8Array
  readonly policyHashPrefix6: Uint8Array
  /** p: salt of fractional choices, a hash of the policy id. */
  readonly policySalt: Uint32Array

  /** r: its pool uses in order are rulePoolUses[rulePoolFirst[r] … rulePoolFirst[r+1]-1]. */
  readonly rulePoolFirst: Uint32Array
  readonly rulePoolUses: Uint32Array

  /** u: pool number (index in PolicyNames.pools). */
  readonly poolUsePool: Uint32Array
  /** u: index in CHOOSE_KINDS. */
  readonly poolUseChoose: Uint8Array
  /** u: auto slot k of the signature, 0xffff = not auto/nearest/latency. */
  readonly poolUseAutoSlot: Uint16Array
  /** u: latency slot k of the signature, 0xffff = not latency. */
  readonly poolUseLatencySlot: Uint16Array
  /** u: rows of its pool are poolUseRowFirst[u] … + poolUseRowCount[u]; their kilometres begin at poolUseKmFirst[u], one a member. */
  readonly poolUseRowFirst: Uint32Array
  readonly poolUseRowCount: Uint32Array
  readonly poolUseKmFirst: Uint32Array
  /** u: first entry of row 0 in the ranking's `latencyOrder`, and members of the order a row; width 0 = ordered by distance. */
  readonly poolUseEntryFirst: Uint32Array
  readonly poolUseEntryWidth: Uint8Array
  /** u: share of scope blocks that explore, n/65535. */
  readonly poolUseExplore: Uint16Array
  readonly poolUseMaxAnswers: Uint8Array
  /** u: 1 = sticky (hash of the scope block), 0 = drawn at random. */
  readonly poolUseSticky: Uint8Array
  /** u: its member uses are poolUseMemberFirst[u] … poolUseMemberFirst[u+1]-1. */
  readonly poolUseMemberFirst: Uint32Array
  /** m: endpoint index. */
  readonly memberEndpoint: Uint32Array
  /** m: configured weight. */
  readonly memberConfiguredWeight: Uint32Array
  /** m: hash of the endpoint id, so that fractional choices do not depend on how endpoints are numbered. */
  readonly memberSalt: Uint32Array

  /** e: ENDPOINT_* bits. */
  readonly endpointKinds: Uint8Array
  /** e: IPv4 address as a number. */
  readonly endpointIpv4: Uint32Array
  /** e: four words. */
  readonly endpointIpv6: Uint32Array
  /** e: host name of a target, wire form in endpointTargets[endpointTargetFirst[e] … endpointTargetFirst[e+1]-1]. */
  readonly endpointTargetFirst: Uint32Array
  readonly endpointTargets: Uint8Array
}

/** Names for people (explain, metrics, API), kept beside the columns as JSON; never read on the hot path. */
export type PolicyNames = {
  readonly policies: readonly string[]
  /** Line key of each rule, by rule number. */
  readonly ruleLines: readonly string[]
  readonly pools: readonly string[]
  readonly endpoints: readonly string[]
  /** Lines of the latency matrix by number; 0 is "". Absent in snapshots of versions without it. */
  readonly matrixLines?: readonly string[]
}
