import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../cli/command.ts'
import type { LiveGeneration } from '../../../cli/data-plane/data-plane.ts'
import { mediansOf, readNodeLine } from '../../../cli/data-plane/line-feed.ts'
import { rankingShapeOf, sharedRankingSizeBytes, viewSharedRanking } from '../../../health/model/ranking.ts'
import { rankEndpoint, rankPlan } from '../../support/rank-plans.ts'

for (const [given, expected] of [
  ['', ''],
  ['cn-33/telecom', 'cn-33/telecom'],
  ['浙江/电信', 'cn-33/telecom'],
  ['us-ca', 'us-ca'],
  ['jp', 'jp'],
  ['cn-3302/unicom', 'cn-3302/unicom'],
] as const) {
  test(`readNodeLine("${given}")`, () => assert.equal(readNodeLine(given), expected))
}

for (const given of ['*', 'abroad', 'cn-east', 'asn:4134', 'custom:park', 'continent-eu', 'atlantis', '*/telecom']) {
  test(`readNodeLine refuses "${given}"`, () => assert.throws(() => readNodeLine(given), UsageError))
}

test('mediansOf tells endpoints with enough fresh samples, of two addresses the quicker one', () => {
  const plan = rankPlan(
    ['two', 'few', 'old', 'none'].map((id) => rankEndpoint(id)),
    [{ members: [0, 1, 2, 3] }],
  )
  const shape = rankingShapeOf(plan)
  const shared = viewSharedRanking(new SharedArrayBuffer(sharedRankingSizeBytes(shape)), shape)
  const slot = shared.slots[0]
  slot.addressLatencyMs.fill(Number.NaN)
  const put = (at: number, latencyMs: number, count: number, sampleAt: number): void => {
    slot.addressLatencyMs[at] = latencyMs
    slot.addressSampleCount[at] = count
    slot.addressSampleAt[at] = sampleAt
  }
  put(0, 12.26, 30, 100_000)
  put(1, 9.5, 30, 100_000)
  put(2, 5, 2, 100_000)
  put(4, 5, 30, 30_000)
  assert.deepEqual(mediansOf({ plan, shared } as unknown as LiveGeneration, 100_500), [{ endpointId: 'two', latencyMs: 9.5 }])
})
