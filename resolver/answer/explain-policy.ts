/**
 * The policy part of an explanation: which rules and pools were walked, and why each candidate was or was not picked. Pure. Reads the
 * very columns, ranking and decision that answered; it decides nothing itself. Not hot.
 */
import { LATENCY_EXPLORE_CAP, NO_LATENCY_MEMBER } from '../../health/model/latency-matrix.ts'
import type { RankPlan, RankPoolUse } from '../../health/model/rank-plan.ts'
import {
  ADDRESS_DRAINING,
  ADDRESS_OVERLOADED,
  ADDRESS_OVERRIDE_DOWN,
  ADDRESS_PRESENT,
  ADDRESS_RELEASED,
  KEEP_ALL,
  MEMBER_ELIGIBLE,
  MEMBER_IN_PLACE,
  MEMBER_NOT_DOWN,
  MEMBER_PRESENT,
  type RankingColumns,
  WEIGHT_SCALE,
} from '../../health/model/ranking.ts'
import { STANDING_DEGRADED, STANDING_DOWN, STANDINGS, type Standing } from '../../health/model/standing.ts'
import { exploreStart, isExplorer } from '../../policy/decide/choose-latency.ts'
import { keepPosition, spanAt } from '../../policy/decide/keep-position.ts'
import { type Decision, KEEP_BY_POSITION, STEP_ALL_DOWN, STEP_FALLBACK, STEP_LAST_RESORT, STEP_RULE } from '../../policy/model/decision.ts'
import { CHOOSE_KINDS, POLICY_EACH_FAMILY, type PolicyColumns, type PolicyNames } from '../../policy/model/policy-columns.ts'

/**
 * Why a candidate was (`picked`, and no other word) or was not picked; `behind-incumbent` scores higher than the incumbent that stays;
 * `draining`, `slow-start` and `shed` keep only a share of their clients, and this one is not in it.
 */
export type CandidateVerdict =
  | 'picked'
  | 'not-best'
  | 'behind-incumbent'
  | 'gate-error-rate'
  | 'gate-latency'
  | 'over-capacity'
  | 'down'
  | 'unknown'
  | 'override-down'
  | 'drained'
  | 'draining'
  | 'slow-start'
  | 'shed'
  | 'no-address-of-family'
  | 'disabled'
  | 'not-reached'

/** One candidate of a pool with the numbers it was judged by. */
export type ExplainedCandidate = {
  readonly endpoint: string
  /** The address of the family asked for, or the target's host name. */
  readonly address: string
  readonly standing: Standing
  readonly latencyMs: number | null
  readonly errorRatePercent: number | null
  readonly score: number | null
  readonly sampleCount: number
  readonly ageSeconds: number | null
  readonly weight: number
  /** Share of its clients that it keeps, in percent; left out when it keeps all. */
  readonly keepPercent?: number
  /** Where this client stands among them, 0–1: it stays below the share. Left out with it, and where weights are drawn. */
  readonly keepPosition?: number
  readonly verdict: CandidateVerdict
}

/** One pool as walked. */
export type ExplainedPool = {
  readonly pool: string
  readonly choose: string
  readonly minimumUp: number
  /** Members that were eligible. */
  readonly eligible: number
  /** `passed-on`: those that are eligible keep a share of their clients, and this one is not in it. */
  readonly verdict: 'answered' | 'too-few-eligible' | 'none-eligible' | 'passed-on' | 'not-reached'
  readonly candidates: readonly ExplainedCandidate[]
  /** Only with `choose: latency`. */
  readonly latency?: ExplainedLatency
}

/** What a latency pool went by for this client. */
export type ExplainedLatency = {
  /** Line of the matrix; empty = nothing is known of the client's place. */
  readonly line: string
  /** `explored`: this block was led to a little known endpoint; `distance`: nothing is measured for the line, the nearest answers. */
  readonly by: 'measured' | 'explored' | 'distance'
  /** Endpoints as measured for the line, best first; empty = by distance. */
  readonly order: readonly string[]
}

/** One rule of the client's chain as walked. */
export type ExplainedRule = {
  readonly line: string
  readonly verdict: 'answered' | 'no-eligible-endpoint' | 'passed-on' | 'not-reached'
  readonly pools: readonly ExplainedPool[]
}

/** What was decided and what it was decided from. */
export type ExplainPolicyInput = {
  readonly columns: PolicyColumns
  readonly names: PolicyNames
  readonly plan: Omit<RankPlan, 'generation'>
  readonly ranking: RankingColumns
  readonly policy: number
  readonly decision: Decision
  /** Hash of the block that was decided for (hash-block.ts). */
  readonly seed: number
  /** True for AAAA: the second address of each endpoint is shown. */
  readonly ipv6: boolean
  readonly nowMs: number
}

/** Walks the client's chain and the fallback as the decision did. */
export function explainPolicy(input: ExplainPolicyInput): {
  readonly rules: readonly ExplainedRule[]
  readonly fallback: readonly ExplainedPool[]
} {
  const { columns, names, policy, decision } = input
  const rules: ExplainedRule[] = []
  // The last resort walks the same rules a second time: then every pool of step 1 was reached, and one of them answered after all.
  const allReached = decision.step !== STEP_RULE
  let reached = true
  const firstSlot = columns.classSlotFirst[decision.class]!
  const endSlot = columns.classSlotFirst[decision.class + 1]!
  for (let slot = firstSlot; slot < endSlot; slot++) {
    const rule = columns.policyRuleFirst[policy]! + columns.classSlots[slot]!
    const pools: ExplainedPool[] = []
    const ruleReached = reached
    for (let at = columns.rulePoolFirst[rule]!; at < columns.rulePoolFirst[rule + 1]!; at++) {
      const answers =
        (decision.step === STEP_RULE || decision.step === STEP_LAST_RESORT) &&
        decision.rule === rule &&
        decision.poolPosition === at - columns.rulePoolFirst[rule]!
      pools.push(explainPool(input, columns.rulePoolUses[at]!, reached || allReached, answers))
      if (answers && !allReached) reached = false
    }
    const answered = pools.some((pool) => pool.verdict === 'answered')
    rules.push({
      line: names.ruleLines[rule]!,
      verdict: answered ? 'answered' : ruleReached || allReached ? passedVerdict(pools) : 'not-reached',
      pools,
    })
  }
  const fallback: ExplainedPool[] = []
  let fallbackReached = decision.step !== STEP_RULE
  for (let at = columns.policyFallbackFirst[policy]!; at < columns.policyFallbackFirst[policy + 1]!; at++) {
    const poolUse = columns.fallbackPoolUses[at]!
    const answers =
      (decision.step === STEP_FALLBACK || decision.step === STEP_ALL_DOWN) &&
      decision.poolUse === poolUse &&
      decision.poolPosition === at - columns.policyFallbackFirst[policy]!
    fallback.push(explainPool(input, poolUse, fallbackReached, answers))
    if (answers && decision.step === STEP_FALLBACK) fallbackReached = false
  }
  return { rules, fallback }
}

/** Of a rule that was reached and did not answer. */
function passedVerdict(pools: readonly ExplainedPool[]): ExplainedRule['verdict'] {
  return pools.some((pool) => pool.verdict === 'passed-on') ? 'passed-on' : 'no-eligible-endpoint'
}

function explainPool(input: ExplainPolicyInput, poolUse: number, reached: boolean, answered: boolean): ExplainedPool {
  const { columns, names, plan, ranking, policy } = input
  const view = (columns.policyFlags[policy]! & POLICY_EACH_FAMILY) !== 0 && input.ipv6 ? 1 : 0
  const use = plan.poolUses[poolUse]!
  const candidates: ExplainedCandidate[] = []
  let eligible = 0
  for (let member = columns.poolUseMemberFirst[poolUse]!; member < columns.poolUseMemberFirst[poolUse + 1]!; member++) {
    if ((ranking.memberBits[2 * member + view]! & MEMBER_ELIGIBLE) !== 0) eligible++
    candidates.push(explainCandidate(input, use, member, view, reached, answered))
  }
  return {
    pool: names.pools[columns.poolUsePool[poolUse]!]!,
    choose: CHOOSE_KINDS[columns.poolUseChoose[poolUse]!]!,
    minimumUp: use.minimumUp,
    eligible,
    verdict: answered
      ? 'answered'
      : !reached
        ? 'not-reached'
        : candidates.some((candidate) => SHARE_VERDICTS.has(candidate.verdict))
          ? 'passed-on'
          : eligible === 0
            ? 'none-eligible'
            : 'too-few-eligible',
    candidates,
    ...(use.choose === 'latency' ? { latency: explainLatency(input, poolUse, use) } : {}),
  }
}

/** The row of the client as choose-latency.ts reads it. */
function explainLatency(input: ExplainPolicyInput, poolUse: number, use: RankPoolUse): ExplainedLatency {
  const { columns, names, plan, ranking, decision, seed } = input
  const slot = columns.classRows === undefined ? NO_LATENCY_SLOT : columns.poolUseLatencySlot[poolUse]!
  if (slot === NO_LATENCY_SLOT) return { line: '', by: 'distance', order: [] }
  const row = columns.classRows[columns.classRowFirst[decision.class]! + slot]!
  const line = names.matrixLines?.[columns.rowLine[columns.poolUseRowFirst[poolUse]! + row]!] ?? ''
  const width = columns.poolUseEntryWidth[poolUse]!
  const at = columns.poolUseEntryFirst[poolUse]! + row * (width + LATENCY_EXPLORE_CAP)
  const idOf = (position: number): string => plan.endpoints[use.members[position]!.endpoint]!.id
  const entries = ranking.latencyOrder.length === 0 ? [] : [...ranking.latencyOrder.subarray(at, at + width + LATENCY_EXPLORE_CAP)]
  const order = entries.slice(0, width).filter((position) => position !== NO_LATENCY_MEMBER)
  const explored = entries.slice(width + exploreStart(seed)).filter((position) => position !== NO_LATENCY_MEMBER)
  const picked = decision.poolUse === poolUse && decision.memberCount > 0 ? decision.members[0]! - use.firstMember : -1
  const isExplored = decision.step === STEP_RULE && isExplorer(columns, ranking, poolUse, seed) && explored.includes(picked)
  return { line, by: isExplored ? 'explored' : order.length > 0 ? 'measured' : 'distance', order: order.map(idOf) }
}

/** `poolUseLatencySlot` of a pool that has no rows. */
const NO_LATENCY_SLOT = 0xffff

/** Verdicts of members that keep a share of their clients without this one. */
const SHARE_VERDICTS: ReadonlySet<CandidateVerdict> = new Set(['draining', 'slow-start', 'shed'])

function explainCandidate(
  input: ExplainPolicyInput,
  use: RankPoolUse,
  member: number,
  view: number,
  reached: boolean,
  answered: boolean,
): ExplainedCandidate {
  const { columns, names, plan, ranking } = input
  const endpointNumber = columns.memberEndpoint[member]!
  const endpoint = plan.endpoints[endpointNumber]!
  const address = 2 * endpointNumber + (input.ipv6 && endpoint.ipv6 !== '' ? 1 : 0)
  const number = (value: number): number | null => (Number.isNaN(value) ? null : value)
  const sampleAt = ranking.addressSampleAt[address]!
  return {
    endpoint: names.endpoints[endpointNumber]!,
    address: endpoint.target || (input.ipv6 ? endpoint.ipv6 : endpoint.ipv4) || endpoint.ipv4 || endpoint.ipv6,
    standing: STANDINGS[ranking.addressStanding[address]!]!,
    latencyMs: number(ranking.addressLatencyMs[address]!),
    errorRatePercent: number(ranking.addressErrorRatePercent[address]!),
    score: number(ranking.memberScore[member]!),
    sampleCount: ranking.addressSampleCount[address]!,
    ageSeconds: sampleAt === 0 ? null : Math.max(0, (input.nowMs - sampleAt) / 1000),
    weight: columns.memberConfiguredWeight[member]!,
    ...shareOf(input, use, member, view),
    verdict: verdictOf(input, use, member, view, reached, answered),
  }
}

/** What a member keeps and where the client stands. In a weighted pool the share is in the weight that is drawn by. */
function shareOf(
  { columns, plan, ranking, decision, seed }: ExplainPolicyInput,
  use: RankPoolUse,
  member: number,
  view: number,
): Pick<ExplainedCandidate, 'keepPercent' | 'keepPosition'> {
  const at = 2 * member + view
  if (use.choose === 'weighted') {
    const configured = WEIGHT_SCALE * columns.memberConfiguredWeight[member]!
    if (configured === 0 || ranking.memberWeight[at]! >= configured || ranking.memberBits[at] === 0) return {}
    return { keepPercent: (100 * ranking.memberWeight[at]!) / configured }
  }
  const keep = ranking.memberKeep[at]!
  if (keep === KEEP_ALL || ranking.memberBits[at] === 0) return {}
  const span = spanAt(columns, plan.poolUses.indexOf(use), member, decision)
  return { keepPercent: (100 * keep) / KEEP_ALL, keepPosition: keepPosition(seed, columns.memberSalt[member]!, span) / KEEP_ALL }
}

/** Why a member that is eligible and not draining keeps a share of its clients only. */
function shareVerdict(
  { plan, ranking, nowMs }: ExplainPolicyInput,
  use: RankPoolUse,
  endpoint: number,
  present: readonly number[],
): CandidateVerdict {
  const isReturning = present.some(
    (address) =>
      (use.slowStartSeconds > 0 && (ranking.addressFlags[address]! & ADDRESS_RELEASED) !== 0) ||
      nowMs - ranking.addressSinceAt[address]! < 1000 * use.slowStartSeconds,
  )
  return isReturning || plan.endpoints[endpoint]!.capacity === undefined ? 'slow-start' : 'shed'
}

function verdictOf(
  input: ExplainPolicyInput,
  use: RankPoolUse,
  member: number,
  view: number,
  reached: boolean,
  answered: boolean,
): CandidateVerdict {
  const { columns, plan, ranking, decision } = input
  const endpointNumber = columns.memberEndpoint[member]!
  if (answered) for (let i = 0; i < decision.memberCount; i++) if (decision.members[i] === member) return 'picked'
  const bits = ranking.memberBits[2 * member + view]!
  if (!plan.endpoints[endpointNumber]!.enabled) return 'disabled'
  if ((bits & MEMBER_PRESENT) === 0) return 'no-address-of-family'
  if (!reached) return 'not-reached'
  // In a joint view either address may be the reason; the worse one is named.
  const addresses = use.jointFamilies ? [2 * endpointNumber, 2 * endpointNumber + 1] : [2 * endpointNumber + view]
  const present = addresses.filter((address) => (ranking.addressFlags[address]! & ADDRESS_PRESENT) !== 0)
  if (present.some((address) => (ranking.addressFlags[address]! & ADDRESS_OVERRIDE_DOWN) !== 0)) return 'override-down'
  const isDraining = present.some((address) => (ranking.addressFlags[address]! & ADDRESS_DRAINING) !== 0)
  if ((bits & MEMBER_ELIGIBLE) === 0) {
    // Drained to the end it is out, though it may be up.
    if (isDraining && (bits & MEMBER_NOT_DOWN) === 0 && present.every((address) => ranking.addressStanding[address] !== STANDING_DOWN))
      return 'drained'
    if (present.some((address) => ranking.addressStanding[address] === STANDING_DOWN)) return 'down'
    if (present.some((address) => ranking.addressStanding[address]! < STANDING_DEGRADED)) return 'unknown'
    if (present.some((address) => (ranking.addressFlags[address]! & ADDRESS_OVERLOADED) !== 0)) return 'over-capacity'
    if ((bits & MEMBER_IN_PLACE) !== 0 || (bits & MEMBER_NOT_DOWN) !== 0) {
      return present.some((address) => ranking.addressLatencyMs[address]! >= use.maxLatencyMs) ? 'gate-latency' : 'gate-error-rate'
    }
    return 'down'
  }
  const { keepPercent, keepPosition: position } = shareOf(input, use, member, view)
  if (keepPercent !== undefined && position !== undefined && decision.keepRule === KEEP_BY_POSITION && 100 * position >= keepPercent)
    return isDraining ? 'draining' : shareVerdict(input, use, endpointNumber, present)
  const picked = answered && decision.memberCount > 0 ? ranking.memberScore[decision.members[0]!]! : Number.NaN
  return use.choose === 'best' && ranking.memberScore[member]! > picked ? 'behind-incumbent' : 'not-best'
}
