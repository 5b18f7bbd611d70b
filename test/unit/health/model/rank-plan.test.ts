import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completeRankPlan, type RankPlan } from '../../../../health/model/rank-plan.ts'
import { rankEndpoint, rankPlan } from '../../../support/rank-plans.ts'

test('a plan of a snapshot that an older version compiled is completed; one of this version stays as it is', () => {
  const plan = rankPlan([rankEndpoint('a', { site: 'east' })], [{ members: [0] }])
  assert.equal(completeRankPlan(plan), plan)
  const { references: _references, ...rest } = plan
  const { site: _site, labels: _labels, ...endpoint } = plan.endpoints[0]!
  const { ttlSeconds: _ttl, vantageSharePercent: _share, ...poolUse } = plan.poolUses[0]!
  const old = JSON.parse(JSON.stringify({ ...rest, endpoints: [endpoint], poolUses: [poolUse] })) as RankPlan
  const { references, endpoints, poolUses } = completeRankPlan(old)
  assert.deepEqual(references, [])
  assert.deepEqual([endpoints[0]!.site, endpoints[0]!.labels], ['', {}])
  assert.deepEqual([poolUses[0]!.ttlSeconds, poolUses[0]!.vantageSharePercent], [30, 18])
})
