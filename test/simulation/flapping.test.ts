/**
 * Days of virtual time of an endpoint that loses a share of its probes: how often does it come and go, and how much of the time is it
 * handed out? Beside it the naive rule, which looks at the point estimate of the window alone. Seeded; the seeds are in the names.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MEMBER_ELIGIBLE } from '../../health/model/ranking.ts'
import { createRankKeeper } from '../../health/schedule/rank-keeper.ts'
import { addSample, createWindow, summarizeWindow } from '../../health/score/window.ts'
import { emptyRanking, rankEndpoint, rankPlan } from '../support/rank-plans.ts'
import { seededChance } from '../support/virtual-clock.ts'

const INTERVAL_MS = 5000
const DAY_MS = 86_400_000
const DAYS = 2
const SEEDS = [1, 2, 3, 4]

type Outcome = { readonly changesPerDay: number; readonly eligibleShare: number }

function simulate(lossPercent: number, seed: number): Outcome {
  const chance = seededChance(seed)
  const plan = rankPlan([rankEndpoint('edge')], [{ members: [0] }])
  const keeper = createRankKeeper(undefined, 0, 0)
  const planned = keeper.replacePlan(plan, 0)
  const ranking = emptyRanking(plan)
  let changes = 0
  let eligibleMs = 0
  let eligible = true
  for (let atMs = 0; atMs < DAYS * DAY_MS; ) {
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
    if (eligible) eligibleMs += Math.min(stepMs, DAYS * DAY_MS - atMs)
    atMs += stepMs
  }
  return { changesPerDay: changes / DAYS, eligibleShare: eligibleMs / (DAYS * DAY_MS) }
}

function simulateNaive(lossPercent: number, seed: number): number {
  const chance = seededChance(seed)
  const window = createWindow()
  let changes = 0
  let eligible = true
  for (let atMs = 0; atMs < DAYS * DAY_MS; atMs += INTERVAL_MS) {
    addSample(window, { at: atMs, ok: 100 * chance() >= lossPercent, latencyMs: 12 }, 300_000)
    const now = summarizeWindow(window).errorRatePercent < 5
    if (now !== eligible) changes++
    eligible = now
  }
  return changes / DAYS
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

const cases = [
  { lossPercent: 0, mostChanges: 0, leastEligible: 1, mostEligible: 1 },
  { lossPercent: 1, mostChanges: 2, leastEligible: 0.99, mostEligible: 1 },
  { lossPercent: 3, mostChanges: 10, leastEligible: 0.9, mostEligible: 1 },
  { lossPercent: 8, mostChanges: 10, leastEligible: 0, mostEligible: 0.1 },
  { lossPercent: 20, mostChanges: 10, leastEligible: 0, mostEligible: 0.01 },
  { lossPercent: 100, mostChanges: 1, leastEligible: 0, mostEligible: 0.01 },
]
for (const { lossPercent, mostChanges, leastEligible, mostEligible } of cases) {
  test(`${lossPercent} % loss, ${DAYS} days, seeds ${SEEDS.join(' ')}: at most ${mostChanges} changes a day`, (t) => {
    const outcomes = SEEDS.map((seed) => simulate(lossPercent, seed))
    const changes = mean(outcomes.map(({ changesPerDay }) => changesPerDay))
    const share = mean(outcomes.map(({ eligibleShare }) => eligibleShare))
    const naive = mean(SEEDS.map((seed) => simulateNaive(lossPercent, seed)))
    t.diagnostic(
      `${changes.toFixed(2)} changes a day, eligible ${(100 * share).toFixed(2)} % of the time; naive rule ${naive.toFixed(0)} changes`,
    )
    assert.ok(changes <= mostChanges, `${changes} changes a day`)
    assert.ok(share >= leastEligible && share <= mostEligible, `eligible ${share}`)
  })
}
