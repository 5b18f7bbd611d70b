/**
 * A recovered endpoint on virtual time: its clients come back in tenths over `slowStartSeconds`, in every kind of choice, and none comes
 * back before it is in place. Beside it an endpoint under a load that is too much: what it keeps settles, and never swings.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KEEP_ALL, MEMBER_ELIGIBLE, WEIGHT_SCALE } from '../../health/model/ranking.ts'
import { createRankKeeper } from '../../health/schedule/rank-keeper.ts'
import { emptyRanking, rankEndpoint, rankPlan } from '../support/rank-plans.ts'
import { seededChance } from '../support/virtual-clock.ts'

const INTERVAL_MS = 5000

test('a recovered endpoint gets a tenth of its clients at once and the rest in steps, without a thundering return', () => {
  const slowStartSeconds = 120
  const plan = rankPlan(
    [rankEndpoint('a'), rankEndpoint('b')],
    [
      { members: [0, 1], slowStartSeconds },
      {
        members: [
          [0, 100],
          [1, 100],
        ],
        slowStartSeconds,
        choose: 'weighted',
        policyId: 'weighted',
      },
    ],
  )
  const keeper = createRankKeeper(undefined, 0, 0)
  const planned = keeper.replacePlan(plan, 0)
  const ranking = emptyRanking(plan)
  const shares: { readonly atMs: number; readonly share: number; readonly weight: number }[] = []
  for (let atMs = 0; atMs < 1_200_000; atMs += 1000) {
    for (const endpointId of ['a', 'b']) {
      if (atMs % INTERVAL_MS !== 0) continue
      const ok = endpointId === 'b' || atMs < 300_000 || atMs >= 330_000
      const sample = { generation: 1, endpointId, address: '192.0.2.1', probeId: 'edge-http', startedAt: atMs, endedMonotonicMs: atMs }
      keeper.takeSample({ ...sample, ok, latencyMs: 12, lagged: false }, atMs, atMs)
    }
    keeper.rank(planned, ranking, [], atMs, atMs)
    const eligible = (ranking.memberBits[0]! & MEMBER_ELIGIBLE) !== 0
    shares.push({
      atMs,
      share: eligible ? ranking.memberKeep[0]! / KEEP_ALL : 0,
      weight: eligible ? ranking.memberWeight[4]! / WEIGHT_SCALE : 0,
    })
  }
  const back = shares.find(({ atMs, share }) => atMs >= 330_000 && share > 0)!
  assert.ok(back.atMs <= 330_000 + 2 * INTERVAL_MS, 'after rise successes')
  assert.ok(Math.abs(back.share - 0.1) < 0.001)
  assert.equal(back.weight, 10)
  const after = shares.filter(({ atMs }) => atMs >= back.atMs)
  for (const [i, { share }] of after.entries())
    if (i > 0) assert.ok(share >= after[i - 1]!.share && share - after[i - 1]!.share < 0.11, 'in steps')
  const full = after.find(({ share }) => share > 0.999)!
  const tookMs = full.atMs - back.atMs
  assert.ok(tookMs >= 0.9 * 1000 * slowStartSeconds - 1000 && tookMs <= 1000 * slowStartSeconds, `${tookMs} ms`)
  assert.equal(new Set(after.map(({ share }) => share)).size, 10)
})

test('too much demand that trembles by 10 %: shedding settles, with a change in minutes and never a leave', (t) => {
  const capacity = { requestsPerSecond: 1000, softPercent: 80, hardPercent: 120 }
  const plan = rankPlan([rankEndpoint('a', { capacity }), rankEndpoint('b')], [{ members: [0, 1] }])
  for (const seed of [1, 2, 3]) {
    const chance = seededChance(seed)
    const keeper = createRankKeeper(undefined, 0, 0)
    const planned = keeper.replacePlan(plan, 0)
    const ranking = emptyRanking(plan)
    let keep = 1
    let following = 1
    let changes = 0
    let outs = 0
    for (let atMs = 0; atMs < 7_200_000; atMs += INTERVAL_MS) {
      for (const endpointId of ['a', 'b']) {
        const sample = { generation: 1, endpointId, address: '192.0.2.1', probeId: 'edge-http', startedAt: atMs, endedMonotonicMs: atMs }
        keeper.takeSample({ ...sample, ok: true, latencyMs: 12, lagged: false }, atMs, atMs)
      }
      // Clients follow within a TTL: each has asked anew by then.
      following += (keep - following) * (INTERVAL_MS / 30_000)
      keeper.takeLoad({ endpointId: 'a', requestsPerSecond: 1150 * following * (0.9 + 0.2 * chance()), at: atMs }, atMs, atMs)
      keeper.rank(planned, ranking, [], atMs, atMs)
      const next = ranking.memberKeep[0]! / KEEP_ALL
      if (next !== keep && atMs > 600_000) changes++
      keep = next
      if (atMs > 600_000 && (ranking.memberBits[0]! & MEMBER_ELIGIBLE) === 0) outs++
    }
    t.diagnostic(`seed ${seed}: ${changes} changes in two hours, keeps ${keep.toFixed(1)}`)
    assert.equal(outs, 0, `seed ${seed}`)
    assert.ok(keep > 0.5 && keep < 1, `keeps ${keep}`)
    assert.ok(changes <= 12, `seed ${seed}: ${changes} changes`)
  }
})
