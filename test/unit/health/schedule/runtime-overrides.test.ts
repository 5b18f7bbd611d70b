/** Overrides through the real rank worker: before the first plan, by the clock alone, and over a worker that is replaced. No endpoint is probed. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Override } from '../../../../health/model/override.ts'
import {
  MEMBER_ELIGIBLE,
  type RankingColumns,
  rankingShapeOf,
  sharedRankingSizeBytes,
  viewSharedRanking,
} from '../../../../health/model/ranking.ts'
import { type HealthRuntime, startHealth } from '../../../../health/schedule/health-runtime.ts'
import { rankEndpoint, rankPlan } from '../../../support/rank-plans.ts'

const plan = rankPlan(
  [
    rankEndpoint('a', { ipv4: '192.0.2.1', site: 'west', probes: [] }),
    rankEndpoint('b', { ipv4: '192.0.2.2', labels: { rack: 'r1' }, probes: [] }),
  ],
  [{ members: [0, 1] }],
  1,
)

const override = (given: Partial<Override>): Override => ({
  id: '1',
  target: { kind: 'endpoint', value: 'a' },
  action: 'down',
  drainSeconds: 0,
  owner: 'wang',
  reason: 'power work',
  createdAt: Date.now(),
  startsAt: null,
  endsAt: null,
  ...given,
})

async function start(t: TestContext, overrides: readonly Override[]) {
  const replaced: string[] = []
  const health: HealthRuntime = startHealth({
    statePath: undefined,
    own: [],
    onStanding: () => undefined,
    onWarning: () => undefined,
    onWorkerReplaced: (name) => replaced.push(name),
  })
  t.after(() => health.stop())
  health.replaceOverrides(overrides)
  const shape = rankingShapeOf(plan)
  const buffer = new SharedArrayBuffer(sharedRankingSizeBytes(shape))
  const shared = viewSharedRanking(buffer, shape)
  await health.replacePlan(plan, buffer)
  const ranking = (): RankingColumns => shared.slots[Atomics.load(shared.live, 0) & 1]!
  return {
    health,
    replaced,
    rankingId: () => ranking().header[1]!,
    /** Ids of the eligible ones. */
    eligible: () => ['a', 'b'].filter((_id, member) => (ranking().memberBits[2 * member]! & MEMBER_ELIGIBLE) !== 0).join(''),
  }
}

/** Waits for a condition, with the test's own time limit as the only one. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(10)
}

test('what is forced before the first plan holds in its first ranking; a later list in the next', async (t) => {
  const { health, eligible } = await start(t, [override({ target: { kind: 'site', value: 'west' } })])
  assert.equal(eligible(), 'b')
  health.replaceOverrides([override({ target: { kind: 'label', value: 'rack=r1' } })])
  await until(() => eligible() === 'a')
  health.replaceOverrides([])
  await until(() => eligible() === 'ab')
})

test('starts, ends and drains come by the clock alone', async (t) => {
  const { health, eligible } = await start(t, [])
  const startsAt = Date.now() + 300
  health.replaceOverrides([override({ startsAt })])
  await until(() => eligible() === 'b')
  assert.ok(Date.now() >= startsAt)
  const endsAt = Date.now() + 300
  health.replaceOverrides([override({ endsAt })])
  await until(() => eligible() === 'ab')
  assert.ok(Date.now() >= endsAt)
  const drainsAt = Date.now()
  health.replaceOverrides([override({ action: 'drain', drainSeconds: 1, startsAt: drainsAt })])
  await until(() => eligible() === 'b')
  assert.ok(Date.now() >= drainsAt + 1000, 'a drain is over when its time is')
})

test('a rank worker that is replaced goes on with the overrides', async (t) => {
  const { health, replaced, rankingId, eligible } = await start(t, [override({})])
  health.breakRank('throw')
  await until(() => replaced.includes('rank'))
  // A new worker begins its ids anew and soon writes; never without what is forced.
  const seen = new Set<string>()
  const before = rankingId()
  await until(() => {
    seen.add(eligible())
    return rankingId() !== before
  })
  seen.add(eligible())
  assert.deepEqual([...seen], ['b'])
})
