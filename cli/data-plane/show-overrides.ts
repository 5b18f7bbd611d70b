/** Overrides beside what they hold: in scores and explanations of a node. Pure: the clock is a parameter. */
import { noteOf } from '../../admin-ui/api/overrides/override-view.ts'
import type { ExplainAnswer, ExplainCandidate, ExplainPool } from '../../admin-ui/contract/explain.ts'
import type { HealthScores } from '../../admin-ui/contract/health-scores.ts'
import type { OverrideNote } from '../../admin-ui/contract/override.ts'
import type { Override } from '../../health/model/override.ts'
import { heldEndpoints, type OverridePlan } from '../../health/score/forced-standings.ts'

/** Overrides that hold endpoints now, by endpoint id. */
export function overrideNotes(
  overrides: readonly Override[],
  plan: OverridePlan | undefined,
  nowMs: number,
): ReadonlyMap<string, OverrideNote> {
  if (plan === undefined || overrides.length === 0) return new Map()
  return new Map([...heldEndpoints(overrides, plan, nowMs)].map(([id, held]) => [id, noteOf(held)]))
}

/** Scores with the override of each endpoint. */
export function noteScores(scores: HealthScores, notes: ReadonlyMap<string, OverrideNote>): HealthScores {
  if (notes.size === 0) return scores
  return { ...scores, scores: scores.scores.map((score) => ({ ...score, ...noteFor(notes, score.endpoint) })) }
}

/** An explanation with the override of each candidate. */
export function noteExplanation(answer: ExplainAnswer, notes: ReadonlyMap<string, OverrideNote>): ExplainAnswer {
  if (notes.size === 0) return answer
  const candidate = (one: ExplainCandidate): ExplainCandidate => ({ ...one, ...noteFor(notes, one.endpoint) })
  const pool = (one: ExplainPool): ExplainPool => ({ ...one, candidates: one.candidates.map(candidate) })
  return {
    ...answer,
    rules: answer.rules.map((rule) => ({ ...rule, pools: rule.pools.map(pool) })),
    fallback: answer.fallback.map(pool),
  }
}

function noteFor(notes: ReadonlyMap<string, OverrideNote>, endpoint: string): { readonly override?: OverrideNote } {
  const override = notes.get(endpoint)
  return override === undefined ? {} : { override }
}
