/**
 * What an override would do: which lines would be left on the fallback, or with nothing. Pure.
 *
 *   health (now, and as if all were up) ─► bits of members ─► overrides before | after ─► pools usable? ─► each line walked as a decision
 *
 * A drain counts as it is when it is over. Clients of a line are known by the line alone: those of a custom or AS line may also match
 * others, but only the default line is sure.
 */
import { widerLines } from '../../../geodata/line/line-steps.ts'
import type { RankPlan } from '../../../health/model/rank-plan.ts'
import { MEMBER_ELIGIBLE, MEMBER_IN_PLACE, MEMBER_NOT_DOWN, MEMBER_PRESENT } from '../../../health/model/ranking.ts'
import type { ForcedStanding } from '../../../health/score/rank-endpoints.ts'
import type { Config, Policy } from '../../../policy/config/config-schema.ts'
import type { HealthScore } from '../../contract/health-scores.ts'
import type { OverrideLine, OverrideOutcome } from '../../contract/override.ts'
import { rankNow } from '../publish/ranking-of-now.ts'

/** What is compared. */
export type ImpactInput = {
  readonly config: Config
  /** Of the same document. */
  readonly plan: Omit<RankPlan, 'generation'>
  /** Null = no node answers: only "all up" is judged. */
  readonly scores: readonly HealthScore[] | null
  /** Endpoints held without the override, and with it. */
  readonly before: readonly ForcedStanding[]
  readonly after: readonly ForcedStanding[]
}

/** A line that would be worse off; labels are added by the desk. */
export type ImpactLine = Omit<OverrideLine, 'labelEn' | 'labelZh'>

/** What answers a line. */
type Answer = { readonly outcome: OverrideOutcome; readonly pool: string }
type BitsOf = (policy: string, pool: string, view: number) => readonly number[]

const OUTCOMES: readonly OverrideOutcome[] = ['rule', 'fallback', 'last-resort', 'nothing']
const ALL_BITS = MEMBER_PRESENT | MEMBER_NOT_DOWN | MEMBER_IN_PLACE | MEMBER_ELIGIBLE

/** Lines worse off with the override than without it, in order of policies and rules. */
export function findImpact(input: ImpactInput): readonly ImpactLine[] {
  const worlds: { readonly health: OverrideLine['health']; readonly scores: readonly HealthScore[] }[] = [
    ...(input.scores === null ? [] : [{ health: 'now' as const, scores: input.scores }]),
    { health: 'all-up', scores: [] },
  ]
  const found = new Map<string, ImpactLine>()
  for (const { health, scores } of worlds) {
    const bits = rankNow(input.plan, scores, new Map()).memberBits
    const before = bitsReader(input.plan, bits, input.before)
    const after = bitsReader(input.plan, bits, input.after)
    for (const policy of input.config.policies) {
      for (const { line } of policy.rules) {
        const key = `${policy.id}\n${line}`
        if (found.has(key)) continue
        const worse = worseAnswer(policy, line, input, before, after)
        if (worse !== undefined) found.set(key, { policy: policy.id, line, ...worse, health })
      }
    }
  }
  const order = input.config.policies.flatMap((policy) => policy.rules.map(({ line }) => `${policy.id}\n${line}`))
  return order.flatMap((key) => found.get(key) ?? [])
}

/** Compares a line in each view that its policy answers in; the worst is told. */
function worseAnswer(
  policy: Policy,
  line: string,
  { config }: ImpactInput,
  before: BitsOf,
  after: BitsOf,
): Pick<OverrideLine, 'before' | 'after' | 'pool'> | undefined {
  let worst: Pick<OverrideLine, 'before' | 'after' | 'pool'> | undefined
  for (const view of policy.families === 'same-endpoint' ? [0] : [0, 1]) {
    const pools = [...new Set([...policy.rules.flatMap((rule) => rule.pools), ...policy.fallback])]
    // Without any member of the family there is no record of it, whatever holds.
    if (!pools.some((pool) => before(policy.id, pool, view).some((bits) => (bits & MEMBER_PRESENT) !== 0))) continue
    const was = answerOf(policy, line, config, (pool) => before(policy.id, pool, view))
    const is = answerOf(policy, line, config, (pool) => after(policy.id, pool, view))
    if (OUTCOMES.indexOf(is.outcome) <= OUTCOMES.indexOf(was.outcome)) continue
    if (worst !== undefined && OUTCOMES.indexOf(is.outcome) <= OUTCOMES.indexOf(worst.after)) continue
    worst = { before: was.outcome, after: is.outcome, pool: is.pool }
  }
  return worst
}

/** The decision of DESIGN.md 6 for a line. A pool of the fallback counts as the fallback in a rule, too. */
function answerOf(policy: Policy, line: string, config: Config, bitsOf: (pool: string) => readonly number[]): Answer {
  const rules = rulesOf(policy, line)
  const has = (pool: string, bit: number, least = 1): boolean => bitsOf(pool).filter((bits) => (bits & bit) !== 0).length >= least
  const inRules = rules.flatMap((rule) => rule.pools)
  for (const pool of inRules) {
    const minimumUp = config.pools.find(({ id }) => id === pool)?.minimumUp ?? 1
    if (has(pool, MEMBER_ELIGIBLE, Math.max(1, minimumUp))) return { outcome: policy.fallback.includes(pool) ? 'fallback' : 'rule', pool }
  }
  for (const pool of policy.fallback) if (has(pool, MEMBER_IN_PLACE)) return { outcome: 'fallback', pool }
  for (const pool of inRules) if (has(pool, MEMBER_NOT_DOWN)) return { outcome: 'last-resort', pool }
  return { outcome: 'nothing', pool: '' }
}

/** The rules that clients of a line match, most specific first. */
function rulesOf(policy: Policy, line: string): Policy['rules'] {
  const lines = [...new Set([line, ...widerLines(line, policy.precedence), '*'])]
  const rules = lines.flatMap((key) => policy.rules.filter((rule) => rule.line === key))
  return policy.inherit ? rules : rules.slice(0, 1)
}

function bitsReader(plan: ImpactInput['plan'], memberBits: Uint8Array, forced: readonly ForcedStanding[]): BitsOf {
  const byEndpoint = new Map(forced.map((standing) => [standing.endpointId, standing]))
  const uses = new Map(plan.poolUses.map((use) => [`${use.policyId}\n${use.poolId}`, use]))
  return (policy, pool, view) => {
    const use = uses.get(`${policy}\n${pool}`)
    if (use === undefined) return []
    return use.members.map(({ endpoint }, position) => {
      const bits = memberBits[2 * (use.firstMember + position) + view]!
      const hold = byEndpoint.get(plan.endpoints[endpoint]!.id)
      if (hold === undefined || (bits & MEMBER_PRESENT) === 0) return bits
      if (hold.action === 'up') return ALL_BITS
      return hold.action === 'down' || hold.share <= 0 ? MEMBER_PRESENT : bits
    })
  }
}
