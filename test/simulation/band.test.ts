/** A day of virtual time of two endpoints with trembling latencies: who is picked moves only when one of them is really better. Seeded. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRankKeeper } from '../../health/schedule/rank-keeper.ts'
import { emptyRanking, rankEndpoint, rankPlan } from '../support/rank-plans.ts'
import { seededChance } from '../support/virtual-clock.ts'

const INTERVAL_MS = 5000
const DAY_MS = 86_400_000
const SEEDS = [1, 2, 3, 4, 5]

/** Picks over a day; latencies tremble by ±20 %, at `changeAtMs` b's becomes another. */
function simulate(seed: number, aMs: number, bMs: number, later: { readonly atMs: number; readonly bMs: number } | undefined) {
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

for (const [aMs, bMs] of [
  [20, 20],
  [20, 21],
  [40, 43],
  [120, 150],
] as const) {
  test(`${aMs} and ${bMs} ms ± 20 %: no switch in a day (seeds ${SEEDS.join(' ')})`, () => {
    for (const seed of SEEDS) assert.deepEqual(simulate(seed, aMs, bMs, undefined).switches, [], `seed ${seed}`)
  })
}

test('an endpoint that becomes really better is picked after window and dwell, once', () => {
  for (const seed of SEEDS) {
    const { switches, pick } = simulate(seed, 20, 30, { atMs: DAY_MS / 2, bMs: 12 })
    const late = switches.filter(({ atMs }) => atMs >= DAY_MS / 2)
    assert.equal(late.length, 1, `seed ${seed}`)
    assert.equal(pick, 1)
    // Half of the window until the median moves, then the dwell.
    const delayMs = late[0]!.atMs - DAY_MS / 2
    assert.ok(delayMs >= 60_000 && delayMs <= 300_000, `${delayMs} ms`)
  }
})
