/**
 * The decision of DESIGN.md section 6: client address → members to answer with, TTL, ECS scope. One pure function; the ranking and
 * the random number are parameters. Hot: runs for every steered query, allocates nothing, writes into the caller's record
 * (bench/decide.bench.ts). Its slow, obvious twin is policy/reference/naive-decide.ts.
 *
 *   address ─► range of the line table ─► answer class ─► scope = class scope, at least hashPrefix where the class leads to shares
 *   class   ─► 1 pools of the matching rules, usable     (most specific rule first)
 *           ─► 2 pools of the fallback, a member in place
 *           ─► 3 the pools of 1 again, a member not down
 *           ─► 4 allDown
 *
 * In 1 and 2 a member that keeps only a share of its clients (slow start, drain, shedding) passes the others on: inside its pool first,
 * then to the pools behind it. When nobody keeps a client, 1 and 2 are walked again, and whoever keeps anybody answers; when nobody keeps
 * anybody, whoever is there: no share takes an answer away (docs/decisions/0011-shares-of-clients.md).
 *
 * Health never changes the scope: it is a function of the snapshot and the address alone (RFC 7871 §7.2.1).
 */
import { findRange4, findRange6, scopeOfRange4, scopeOfRange6 } from '../../geodata/lookup/find-range.ts'
import {
  MEMBER_ELIGIBLE,
  MEMBER_IN_PLACE,
  MEMBER_NOT_DOWN,
  MEMBER_PRESENT,
  POOL_IN_PLACE,
  POOL_NOT_DOWN,
  POOL_USABLE,
  type RankingColumns,
} from '../../health/model/ranking.ts'
import {
  type Decision,
  KEEP_BY_POSITION,
  KEEP_IGNORED,
  OUTCOME_ANSWER,
  OUTCOME_NODATA,
  OUTCOME_SERVFAIL,
  STEP_ALL_DOWN,
  STEP_FALLBACK,
  STEP_LAST_RESORT,
  STEP_RULE,
} from '../model/decision.ts'
import {
  ALL_DOWN_KINDS,
  CLASS_TRUE_SCOPE4,
  CLASS_TRUE_SCOPE6,
  ENDPOINT_TARGET,
  POLICY_EACH_FAMILY,
  type PolicyColumns,
} from '../model/policy-columns.ts'
import { chooseAll } from './choose-all.ts'
import { choosePool } from './choose-kind.ts'
import type { CompiledPolicies } from './compiled-policies.ts'
import { hashBlock4, hashBlock6 } from './hash-block.ts'

/** A TTL bound that bounds nothing. */
const UNBOUNDED = 0xffff
const LAST_GOOD = ALL_DOWN_KINDS.indexOf('last-good')
const ALL = ALL_DOWN_KINDS.indexOf('all')
const SERVFAIL = ALL_DOWN_KINDS.indexOf('servfail')

/**
 * Decides one query into `out`. `view` is 0 for A (and every question where the family does not matter), 1 for AAAA; policies that
 * keep the families together ignore it. `family` and the words are the client address used: IPv4 in `w0` alone, IPv6 in four words.
 * `draw` is a random 32-bit number, used only by pools that are not sticky. Words and `draw` may be signed or unsigned; signed ones
 * (`x | 0`) are passed without boxing.
 */
export function decide(
  policies: CompiledPolicies,
  ranking: RankingColumns,
  policy: number,
  view: 0 | 1,
  family: 4 | 6,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  draw: number,
  out: Decision,
): void {
  const columns = policies.columns
  const table = columns.policyTable[policy]!
  const salt = columns.policySalt[policy]! | 0
  let seed: number
  out.family = family
  if (family === 4) {
    const ranges = policies.tables4[table]!
    const range = findRange4(ranges, w0)
    out.class = ranges.values[range]!
    const hashPrefix = (columns.classFlags[out.class]! & CLASS_TRUE_SCOPE4) === 0 ? columns.policyHashPrefix4[policy]! : 0
    out.scope = Math.max(scopeOfRange4(ranges, range, w0), hashPrefix)
    seed = hashBlock4(salt, w0, out.scope)
  } else {
    const ranges = policies.tables6[table]!
    const range = findRange6(ranges, w0, w1, w2, w3)
    out.class = ranges.values[range]!
    const hashPrefix = (columns.classFlags[out.class]! & CLASS_TRUE_SCOPE6) === 0 ? columns.policyHashPrefix6[policy]! : 0
    out.scope = Math.max(scopeOfRange6(ranges, range, w0, w1, w2, w3), hashPrefix)
    seed = hashBlock6(salt, w0, w1, w2, w3, out.scope)
  }
  const poolView = (columns.policyFlags[policy]! & POLICY_EACH_FAMILY) === 0 ? 0 : view
  walkSteps(columns, ranking, policy, poolView, seed, draw | 0, out)
}

/** Decides for a client whose class is known (`out.class`, `out.family` and `out.scope` are set): the walk of the four steps. */
export function walkSteps(
  columns: PolicyColumns,
  ranking: RankingColumns,
  policy: number,
  view: number,
  seed: number,
  draw: number,
  out: Decision,
): void {
  out.outcome = OUTCOME_ANSWER
  out.ttlSeconds = UNBOUNDED
  out.keepRule = KEEP_BY_POSITION
  out.refusals = 0
  let answered = tryEligible(columns, ranking, policy, view, seed, draw, out)
  while (!answered && out.refusals > 0 && out.keepRule !== KEEP_IGNORED) {
    out.keepRule++
    answered = tryEligible(columns, ranking, policy, view, seed, draw, out)
  }
  if (!answered) {
    out.keepRule = KEEP_IGNORED
    if (!tryRules(columns, ranking, policy, view, POOL_NOT_DOWN, MEMBER_NOT_DOWN, STEP_LAST_RESORT, seed, draw, out)) {
      answerAllDown(columns, ranking, policy, view, seed, draw, out)
    }
  }
  boundTtl(columns, policy, out)
}

/** Steps 1 and 2. */
function tryEligible(
  columns: PolicyColumns,
  ranking: RankingColumns,
  policy: number,
  view: number,
  seed: number,
  draw: number,
  out: Decision,
): boolean {
  return (
    tryRules(columns, ranking, policy, view, POOL_USABLE, MEMBER_ELIGIBLE, STEP_RULE, seed, draw, out) ||
    tryFallback(columns, ranking, policy, view, POOL_IN_PLACE, MEMBER_IN_PLACE, STEP_FALLBACK, seed, draw, out)
  )
}

/** Tries the pools of the matching rules, most specific rule first: the first pool with `poolBit` that yields a member with `memberBit`. */
function tryRules(
  columns: PolicyColumns,
  ranking: RankingColumns,
  policy: number,
  view: number,
  poolBit: number,
  memberBit: number,
  step: number,
  seed: number,
  draw: number,
  out: Decision,
): boolean {
  const firstSlot = columns.classSlotFirst[out.class]!
  const endSlot = columns.classSlotFirst[out.class + 1]!
  const firstRule = columns.policyRuleFirst[policy]!
  for (let slot = firstSlot; slot < endSlot; slot++) {
    const rule = firstRule + columns.classSlots[slot]!
    const firstPool = columns.rulePoolFirst[rule]!
    const endPool = columns.rulePoolFirst[rule + 1]!
    for (let pool = firstPool; pool < endPool; pool++) {
      if (tryPool(columns, ranking, columns.rulePoolUses[pool]!, view, poolBit, memberBit, seed, draw, out)) {
        out.step = step
        out.rule = rule
        out.chainPosition = slot - firstSlot
        out.poolPosition = pool - firstPool
        return true
      }
    }
  }
  return false
}

/** Tries the pools of the fallback in order. */
function tryFallback(
  columns: PolicyColumns,
  ranking: RankingColumns,
  policy: number,
  view: number,
  poolBit: number,
  memberBit: number,
  step: number,
  seed: number,
  draw: number,
  out: Decision,
): boolean {
  const firstPool = columns.policyFallbackFirst[policy]!
  const endPool = columns.policyFallbackFirst[policy + 1]!
  for (let pool = firstPool; pool < endPool; pool++) {
    if (tryPool(columns, ranking, columns.fallbackPoolUses[pool]!, view, poolBit, memberBit, seed, draw, out)) {
      out.step = step
      out.rule = -1
      out.chainPosition = -1
      out.poolPosition = pool - firstPool
      return true
    }
  }
  return false
}

/**
 * Tries one pool use. Its TTL bound counts whether it answers or not: a change in a pool that was passed over could change this
 * answer too, one in a pool further down could not. `poolBit` 0 asks nothing of the pool.
 */
function tryPool(
  columns: PolicyColumns,
  ranking: RankingColumns,
  poolUse: number,
  view: number,
  poolBit: number,
  memberBit: number,
  seed: number,
  draw: number,
  out: Decision,
): boolean {
  const at = 2 * poolUse + view
  const bound = ranking.poolTtlBoundSeconds[at]!
  if (bound < out.ttlSeconds) out.ttlSeconds = bound
  if ((ranking.poolBits[at]! & poolBit) !== poolBit) return false
  out.memberCount = choosePool(columns, ranking, poolUse, view, memberBit, seed, draw, out)
  if (out.memberCount === 0) return false
  out.poolUse = poolUse
  return true
}

/** Step 4. Whatever the policy says here, an answer is given as long as any endpoint of the client's chain exists in this view. */
function answerAllDown(
  columns: PolicyColumns,
  ranking: RankingColumns,
  policy: number,
  view: number,
  seed: number,
  draw: number,
  out: Decision,
): void {
  const kind = columns.policyAllDown[policy]!
  if (kind === SERVFAIL) {
    giveNoAnswer(OUTCOME_SERVFAIL, out)
    return
  }
  if (kind === LAST_GOOD && answerLastGood(columns, ranking, policy, view, out)) return
  if (kind === ALL && answerWholePool(columns, ranking, policy, view, out)) return
  if (tryFallback(columns, ranking, policy, view, 0, MEMBER_PRESENT, STEP_ALL_DOWN, seed, draw, out)) return
  if (tryRules(columns, ranking, policy, view, 0, MEMBER_PRESENT, STEP_ALL_DOWN, seed, draw, out)) {
    out.rule = -1
    out.chainPosition = -1
    return
  }
  giveNoAnswer(OUTCOME_NODATA, out)
}

function giveNoAnswer(outcome: number, out: Decision): void {
  out.outcome = outcome
  out.step = STEP_ALL_DOWN
  out.rule = -1
  out.chainPosition = -1
  out.poolPosition = -1
  out.poolUse = -1
  out.memberCount = 0
}

/** `allDown: last-good`: the member of the chain (rules, then fallback) that was eligible last; false when none ever was. */
function answerLastGood(columns: PolicyColumns, ranking: RankingColumns, policy: number, view: number, out: Decision): boolean {
  out.memberCount = 0
  let latestAt = 0
  const endSlot = columns.classSlotFirst[out.class + 1]!
  for (let slot = columns.classSlotFirst[out.class]!; slot < endSlot; slot++) {
    const rule = columns.policyRuleFirst[policy]! + columns.classSlots[slot]!
    const firstPool = columns.rulePoolFirst[rule]!
    const endPool = columns.rulePoolFirst[rule + 1]!
    for (let pool = firstPool; pool < endPool; pool++) {
      latestAt = takeLater(columns, ranking, policy, columns.rulePoolUses[pool]!, pool - firstPool, view, latestAt, out)
    }
  }
  const firstPool = columns.policyFallbackFirst[policy]!
  const endPool = columns.policyFallbackFirst[policy + 1]!
  for (let pool = firstPool; pool < endPool; pool++) {
    latestAt = takeLater(columns, ranking, policy, columns.fallbackPoolUses[pool]!, pool - firstPool, view, latestAt, out)
  }
  out.step = STEP_ALL_DOWN
  out.rule = -1
  out.chainPosition = -1
  return latestAt > 0
}

/** Takes the member of a pool use that was eligible later than `latestAt`, if there is one; returns the later time. */
function takeLater(
  columns: PolicyColumns,
  ranking: RankingColumns,
  policy: number,
  poolUse: number,
  poolPosition: number,
  view: number,
  latestAt: number,
  out: Decision,
): number {
  const times = ranking.addressLastEligibleAt
  const eachFamily = (columns.policyFlags[policy]! & POLICY_EACH_FAMILY) !== 0
  let latest = latestAt
  const end = columns.poolUseMemberFirst[poolUse + 1]!
  for (let m = columns.poolUseMemberFirst[poolUse]!; m < end; m++) {
    if ((ranking.memberBits[2 * m + view]! & MEMBER_PRESENT) === 0) continue
    const endpoint = columns.memberEndpoint[m]!
    // A joint view stands for both addresses of the endpoint; one that it lacks was never eligible (0). A target has one for all views.
    const isOne = eachFamily && (columns.endpointKinds[endpoint]! & ENDPOINT_TARGET) === 0
    const at = isOne ? times[2 * endpoint + view]! : Math.max(times[2 * endpoint]!, times[2 * endpoint + 1]!)
    if (at <= latest) continue
    latest = at
    out.members[0] = m
    out.memberCount = 1
    out.poolUse = poolUse
    out.poolPosition = poolPosition
  }
  return latest
}

/** `allDown: all`: every member (up to `maxAnswers`) of the first pool of the first rule; false when none exists in this view. */
function answerWholePool(columns: PolicyColumns, ranking: RankingColumns, policy: number, view: number, out: Decision): boolean {
  const rule = columns.policyRuleFirst[policy]! + columns.classSlots[columns.classSlotFirst[out.class]!]!
  const poolUse = columns.rulePoolUses[columns.rulePoolFirst[rule]!]!
  out.memberCount = chooseAll(columns, ranking, poolUse, view, MEMBER_PRESENT, 0, 0, out)
  out.step = STEP_ALL_DOWN
  out.rule = -1
  out.chainPosition = -1
  out.poolPosition = 0
  out.poolUse = poolUse
  return out.memberCount > 0
}

/**
 * TTL = the policy's, but not longer than the earliest time at which a standing could change the answer, that bound not below the
 * floor. The floor never lengthens what the operator wrote.
 */
function boundTtl(columns: PolicyColumns, policy: number, out: Decision): void {
  const ttlSeconds = columns.policyTtlSeconds[policy]!
  const bound = Math.max(out.ttlSeconds, columns.policyTtlFloorSeconds[policy]!)
  out.ttlSeconds = out.ttlSeconds !== UNBOUNDED && bound < ttlSeconds ? bound : ttlSeconds
}
