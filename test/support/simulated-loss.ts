/** An endpoint that loses a share of its probes, on virtual time: by our rule, and by a naive one. Seeded. */
import { MEMBER_ELIGIBLE } from '../../health/model/ranking.ts'
import { createRankKeeper } from '../../health/schedule/rank-keeper.ts'
import { addSample, createWindow, summarizeWindow } from '../../health/score/window.ts'
import { emptyRanking, rankEndpoint, rankPlan } from './rank-plans.ts'
import { seededChance } from './virtual-clock.ts'

const INTERVAL_MS = 5000
const DAY_MS = 86_400_000

/** What became of it. */
export type LossOutcome = { readonly changesPerDay: number; readonly eligibleShare: number }

/** Days of one endpoint that loses this share of its probes. */
export function simulateLoss(lossPercent: number, seed: number, days: number): LossOutcome {
  const chance = seededChance(seed)
  const plan = rankPlan([rankEndpoint('edge')], [{ members: [0] }])
  const keeper = createRankKeeper(undefined, 0, 0)
  const planned = keeper.replacePlan(plan, 0)
  const ranking = emptyRanking(plan)
  let changes = 0
  let eligibleMs = 0
  let eligible = true
  for (let atMs = 0; atMs < days * DAY_MS; ) {
    const ok = atMs === 0 || 100 * chance() >= lossPercent
    const sample = {
      generation: 1,
      endpointId: 'edge',
      address: '192.0.2.1',
      probeId: 'edge-http',
      startedAt: atMs,
      endedMonotonicMs: atMs,
    }
    keeper.takeSample({ ...sample, ok, latencyMs: 12, lagged: false }, atMs, atMs)
    keeper.rank(planned, ranking, [], atMs, atMs)
    const now = (ranking.memberBits[0]! & MEMBER_ELIGIBLE) !== 0
    if (now !== eligible) changes++
    eligible = now
    const stepMs = ok ? INTERVAL_MS : INTERVAL_MS / 2
    if (eligible) eligibleMs += Math.min(stepMs, days * DAY_MS - atMs)
    atMs += stepMs
  }
  return { changesPerDay: changes / days, eligibleShare: eligibleMs / (days * DAY_MS) }
}

/** Changes a day by the point estimate of the window alone. */
export function simulateNaiveLoss(lossPercent: number, seed: number, days: number): number {
  const chance = seededChance(seed)
  const window = createWindow()
  let changes = 0
  let eligible = true
  for (let atMs = 0; atMs < days * DAY_MS; atMs += INTERVAL_MS) {
    addSample(window, { at: atMs, ok: 100 * chance() >= lossPercent, latencyMs: 12 }, 300_000)
    const now = summarizeWindow(window).errorRatePercent < 5
    if (now !== eligible) changes++
    eligible = now
  }
  return changes / days
}
