/** The matrix through the real rank worker: told cells reach the shared ranking, are kept over a restart, and can be asked for. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  DEFAULT_LATENCY_SETTINGS,
  EXPLORE_EPOCH_MS,
  LATENCY_EXPLORE_CAP,
  type LatencyCell,
  NO_LATENCY_MEMBER,
} from '../../../../health/model/latency-matrix.ts'
import type { RankPlan } from '../../../../health/model/rank-plan.ts'
import { type RankingColumns, rankingShapeOf, sharedRankingSizeBytes, viewSharedRanking } from '../../../../health/model/ranking.ts'
import { type HealthRuntime, startHealth } from '../../../../health/schedule/health-runtime.ts'
import { rankEndpoint, rankPlan } from '../../../support/rank-plans.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

/** Two endpoints without probes in a latency pool; the clients of "jp" are nearer to the first. */
function planOf(generation: number): RankPlan {
  const endpoints = ['a', 'b'].map((id) => rankEndpoint(id, { probes: [] }))
  const plan = rankPlan(endpoints, [{ members: [0, 1], choose: 'latency' }], generation)
  const pool = {
    poolUse: 0,
    firstEntry: 0,
    width: 2,
    settings: DEFAULT_LATENCY_SETTINGS,
    rowLine: Uint32Array.of(1),
    rowKm: Uint16Array.of(100, 900),
    rowPosition: Uint16Array.of(0, 1),
  }
  return { ...plan, latency: { lines: ['', 'jp'], pools: [pool] } }
}

function start(t: TestContext, statePath: string): HealthRuntime {
  const health = startHealth({
    statePath,
    own: [],
    onStanding: () => undefined,
    onWarning: () => undefined,
    onWorkerReplaced: () => undefined,
  })
  t.after(() => health.stop())
  return health
}

async function publish(health: HealthRuntime, plan: RankPlan): Promise<() => RankingColumns> {
  const shape = rankingShapeOf(plan)
  assert.equal(shape.latencyEntryCount, 2 + LATENCY_EXPLORE_CAP)
  const buffer = new SharedArrayBuffer(sharedRankingSizeBytes(shape))
  const shared = viewSharedRanking(buffer, shape)
  await health.replacePlan(plan, buffer)
  return () => shared.slots[Atomics.load(shared.live, 0)]!
}

const cell = (endpointId: string, medianMs: number): LatencyCell => {
  return { line: 'jp', endpointId, medianMs, p90Ms: 2 * medianMs, count: 20, at: 1000 }
}

test('cells order the rows of the shared ranking, survive a restart and can be asked for', async (t) => {
  const statePath = join(temporaryFolder().path, 'node', 'health')
  const health = start(t, statePath)
  const ranking = await publish(health, planOf(1))
  assert.equal(ranking().latencyOrder[0], NO_LATENCY_MEMBER)
  assert.ok(Math.abs(ranking().header[3]! - Date.now() / EXPLORE_EPOCH_MS) <= 2)
  health.takeLatency({ type: 'latency', whole: true, cells: [cell('a', 90), cell('b', 20)], at: 1000 })
  while (ranking().latencyOrder[0] === NO_LATENCY_MEMBER) await pause(20)
  assert.deepEqual([...ranking().latencyOrder.subarray(0, 2)], [1, 0])
  const cells = await health.latencyCells('jp')
  assert.deepEqual(
    cells.map(({ endpointId, medianMs, count }) => [endpointId, medianMs, count]),
    [
      ['a', 90, 20],
      ['b', 20, 20],
    ],
  )
  assert.deepEqual(await health.latencyCells('kr'), [])
  await health.stop()
  const next = start(t, statePath)
  const kept = await publish(next, planOf(2))
  assert.deepEqual([...kept().latencyOrder.subarray(0, 2)], [1, 0])
})
