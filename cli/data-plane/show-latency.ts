/** What was measured from a client's line, beside the candidates of latency pools in an explanation. Pure but for asking the rank worker. */
import type { ExplainAnswer, ExplainCandidate, ExplainMeasured, ExplainPool } from '../../admin-ui/contract/explain.ts'
import { DEFAULT_LATENCY_SETTINGS, type LatencyCellAge, type LatencySettings } from '../../health/model/latency-matrix.ts'
import type { RankPlan } from '../../health/model/rank-plan.ts'
import { confidenceOf } from '../../health/score/latency-order.ts'
import { holdStep } from '../../health/score/latency-row.ts'

/** An explanation with the cells of the client's line. `cellsOf` asks for those of one line. */
export async function noteLatency(
  answer: ExplainAnswer,
  plan: Pick<RankPlan, 'poolUses'>,
  cellsOf: (line: string) => Promise<readonly LatencyCellAge[]>,
): Promise<ExplainAnswer> {
  const pools = [...answer.rules.flatMap((rule) => rule.pools), ...answer.fallback]
  const lines = new Set(pools.flatMap(({ latency }) => (latency === undefined || latency.line === '' ? [] : [latency.line])))
  if (lines.size === 0) return answer
  const cells = new Map<string, readonly LatencyCellAge[]>()
  for (const line of lines) cells.set(line, await cellsOf(line))
  const pool = (one: ExplainPool): ExplainPool => {
    const known = cells.get(one.latency?.line ?? '')
    if (known === undefined) return one
    const use = plan.poolUses.find(({ poolId, policyId }) => poolId === one.pool && policyId === answer.policy)
    const settings = use?.latency ?? DEFAULT_LATENCY_SETTINGS
    return { ...one, candidates: one.candidates.map((candidate) => noteCandidate(candidate, known, settings)) }
  }
  return {
    ...answer,
    rules: answer.rules.map((rule) => ({ ...rule, pools: rule.pools.map(pool) })),
    fallback: answer.fallback.map(pool),
  }
}

function noteCandidate(candidate: ExplainCandidate, cells: readonly LatencyCellAge[], settings: LatencySettings): ExplainCandidate {
  const cell = cells.find(({ endpointId }) => endpointId === candidate.endpoint)
  return cell === undefined ? candidate : { ...candidate, measured: measuredOf(cell, settings) }
}

/** A cell as it counts under these settings. */
export function measuredOf(cell: LatencyCellAge, settings: LatencySettings): ExplainMeasured {
  const { medianMs, p90Ms, count, ageSeconds } = cell
  const step = Math.log(1 + settings.bandPercent / 100)
  const confidence = confidenceOf({ line: '', ...cell, atMs: -1000 * ageSeconds }, settings, 0)
  return {
    medianMs,
    p90Ms,
    samples: count,
    ageSeconds,
    confidencePercent: Math.round(100 * confidence),
    bandMs: Math.round(10 * Math.exp(holdStep(undefined, Math.log(medianMs), step))) / 10,
  }
}
