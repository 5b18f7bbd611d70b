/**
 * Guards health/score/rank-endpoints.ts: one ranking of 1,000 endpoints with full windows, each sampled every 5 s, 40 pools of 50 and
 * one of all. Run: node test/bench/rank-endpoints.bench.ts
 */
import { createRankKeeper } from '../../health/schedule/rank-keeper.ts'
import { emptyRanking, rankEndpoint, rankPlan } from '../support/rank-plans.ts'
import { seededChance } from '../support/virtual-clock.ts'

const ENDPOINTS = 1000
const ROUNDS = 200
const chance = seededChance(1)
const all = Array.from({ length: ENDPOINTS }, (_, i) => i)
const plan = rankPlan(
  all.map((i) => rankEndpoint(`edge-${i}`, { ipv4: `10.0.${i >> 8}.${i & 255}` })),
  [...Array.from({ length: 40 }, (_, p) => ({ members: all.slice(25 * p, 25 * p + 50).map((i) => i % ENDPOINTS) })), { members: all }],
)
const keeper = createRankKeeper(undefined, 0, 0)
const planned = keeper.replacePlan(plan, 0)
const out = emptyRanking(plan)

function sampleAll(atMs: number, share: number): number {
  let count = 0
  for (const endpoint of plan.endpoints) {
    if (chance() >= share) continue
    const sample = {
      generation: 1,
      endpointId: endpoint.id,
      address: endpoint.ipv4,
      probeId: 'edge-http',
      startedAt: atMs,
      endedMonotonicMs: atMs,
    }
    keeper.takeSample({ ...sample, ok: chance() > 0.01, latencyMs: 10 + 40 * chance(), lagged: false }, atMs, atMs)
    count++
  }
  return count
}

for (let i = 0; i < 60; i++) sampleAll(5000 * i, 1)
const rankMs: number[] = []
let sampleMs = 0
let samples = 0
for (let round = 0; round < ROUNDS; round++) {
  const atMs = 300_000 + 1000 * round
  let startedMs = performance.now()
  samples += sampleAll(atMs, 0.2)
  sampleMs += performance.now() - startedMs
  startedMs = performance.now()
  keeper.rank(planned, out, [], atMs, atMs)
  rankMs.push(performance.now() - startedMs)
}
rankMs.sort((a, b) => a - b)
const startedMs = performance.now()
const kept = JSON.stringify(keeper.keep(500_000))
const keepMs = performance.now() - startedMs
process.stdout.write(
  `rank: p50 ${rankMs[ROUNDS / 2]!.toFixed(2)} ms, p99 ${rankMs[Math.floor(ROUNDS * 0.99)]!.toFixed(2)} ms (${ENDPOINTS} endpoints, ${plan.poolUses.length} pool uses)\n` +
    `sample: ${((1000 * sampleMs) / samples).toFixed(1)} µs each\n` +
    `keep: ${keepMs.toFixed(1)} ms, ${(kept.length / 1e6).toFixed(2)} MB\n`,
)
