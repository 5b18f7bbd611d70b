/** What the sentence and the six steps of Explain are made of, read from the answer. Pure. */
import type { ExplainAnswer, ExplainCandidate, ExplainPool } from '../../../contract/explain.ts'

/** A candidate with how it was reached: line key, or "fallback". */
export type ReachedCandidate = { readonly candidate: ExplainCandidate; readonly pool: ExplainPool; readonly reachedBy: string }

/** True when this one was answered: only one verdict says so. */
export function isPicked(candidate: ExplainCandidate): boolean {
  return candidate.verdict === 'picked'
}

/** Candidates of every pool that was tried, in the order walked, each address once. */
export function reachedCandidates(answer: ExplainAnswer): readonly ReachedCandidate[] {
  const found = new Map<string, ReachedCandidate>()
  const take = (pool: ExplainPool, reachedBy: string): void => {
    if (pool.verdict === 'not-reached') return
    for (const candidate of pool.candidates) {
      const key = `${candidate.endpoint} ${candidate.address}`
      const known = found.get(key)
      // Tried twice: the row that was answered says more.
      if (known === undefined || (!isPicked(known.candidate) && isPicked(candidate))) found.set(key, { candidate, pool, reachedBy })
    }
  }
  for (const rule of answer.rules) for (const pool of rule.pools) take(pool, rule.line)
  for (const pool of answer.fallback) take(pool, 'fallback')
  return [...found.values()]
}

/** How the answer came about. */
export type Verdict = {
  readonly picked: readonly ReachedCandidate[]
  /** Endpoints of earlier pools that could not answer, with why. */
  readonly passed: readonly ReachedCandidate[]
  /** Rules that had nothing eligible before the one that answered. */
  readonly rulesPassed: number
  /** Line of the rule that answered; null = no rule did. */
  readonly line: string | null
  /** Not the first pool of the first matching rule. */
  readonly displaced: boolean
}

/** The verdict. */
export function verdictOf(answer: ExplainAnswer): Verdict {
  const candidates = reachedCandidates(answer)
  const rule = answer.rules.find((one) => one.verdict === 'answered')
  const rulesPassed = answer.rules.filter((one) => one.verdict === 'no-eligible-endpoint' || one.verdict === 'passed-on').length
  const firstPool = rule === undefined || rulesPassed > 0 ? false : rule.pools[0]?.verdict === 'answered'
  const picked = candidates.filter((one) => isPicked(one.candidate))
  const passed = candidates.filter((one) => ['none-eligible', 'too-few-eligible', 'passed-on'].includes(one.pool.verdict))
  return { picked, passed, rulesPassed, line: rule?.line ?? null, displaced: answer.policy !== null && !firstPool }
}

/** Why an endpoint was not the answer. */
export type WhyNot = {
  readonly reason: 'not-on-chain' | 'picked' | 'later-pool' | ExplainCandidate['verdict']
  readonly reachedBy: string
  readonly pool: string
}

/** The first reason for one endpoint. */
export function whyNot(answer: ExplainAnswer, endpoint: string): WhyNot {
  const reached = reachedCandidates(answer).find((one) => one.candidate.endpoint === endpoint)
  if (reached !== undefined) {
    const reason = isPicked(reached.candidate) ? 'picked' : reached.candidate.verdict
    return { reason, reachedBy: reached.reachedBy, pool: reached.pool.pool }
  }
  const later = answer.rules
    .flatMap((rule) => rule.pools.map((pool) => ({ pool, by: rule.line })))
    .concat(answer.fallback.map((pool) => ({ pool, by: 'fallback' })))
  const found = later.find(({ pool }) => pool.candidates.some((candidate) => candidate.endpoint === endpoint))
  return found === undefined
    ? { reason: 'not-on-chain', reachedBy: '', pool: '' }
    : { reason: 'later-pool', reachedBy: found.by, pool: found.pool.pool }
}

/** The dig command that asks the same. */
export function digCommand(answer: Pick<ExplainAnswer, 'name' | 'type' | 'addressSource'>, client: string, server: string): string {
  // A lone address stands for its whole self, as the server takes it.
  const subnet = answer.addressSource === 'client-subnet' ? ` +subnet=${client}` : ''
  return `dig @${server} ${answer.name} ${answer.type}${subnet}`
}
