/** A day of virtual time of two endpoints with trembling latencies: who is picked, and when that changes. Seeded. */
import { createRankKeeper } from '../../health/schedule/rank-keeper.ts'
import { emptyRanking, rankEndpoint, rankPlan } from './rank-plans.ts'
import { seededChance } from './virtual-clock.ts'

const INTERVAL_MS = 5000
const DAY_MS = 86_400_000

/** Changes of the pick, and who is picked at the end. */
export type BandOutcome = { readonly switches: readonly { readonly atMs: number; readonly to: number }[]; readonly pick: number }

/** Picks over a day; latencies tremble by ±20 %, at `changeAtMs` b's becomes another. */
export function simulateBand(seed: number, aMs: number, bMs: number, later?: { readonly atMs: number; readonly bMs: number }): BandOutcome {
  const chance = seededChance(seed)
  const plan = rankPlan([rankEndpoint('a', { ipv4: '192.0.2.1' }), rankEndpoint('b', { ipv4: '192.0.2.2' })], [{ members: [0, 1] }])
  const keeper = createRankKeeper(undefined, 0, 0)
  const planned = keeper.replacePlan(plan, 0)
  const ranking = emptyRanking(plan)
  const switches: { readonly atMs: number; readonly to: number }[] = []
  let pick = -1
  for (let atMs = 0; atMs < DAY_MS; atMs += INTERVAL_MS) {
    for (const [endpointId, address, baseMs] of [
      ['a', '192.0.2.1', aMs],
      ['b', '192.0.2.2', later !== undefined && atMs >= later.atMs ? later.bMs : bMs],
    ] as const) {
      const latencyMs = baseMs * (0.8 + 0.4 * chance())
      const sample = { generation: 1, endpointId, address, probeId: 'edge-http', startedAt: atMs, endedMonotonicMs: atMs }
      keeper.takeSample({ ...sample, ok: true, latencyMs, lagged: false }, atMs, atMs)
    }
    keeper.rank(planned, ranking, [], atMs, atMs)
    if (ranking.poolPick[0] !== pick && pick >= 0) switches.push({ atMs, to: ranking.poolPick[0]! })
    pick = ranking.poolPick[0]!
  }
  return { switches, pick }
}
