/** What comes from outside through the real workers: reports of other vantages, loads, overrides, and what this one says itself. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  KEEP_ALL,
  MEMBER_ELIGIBLE,
  type RankingColumns,
  rankingShapeOf,
  sharedRankingSizeBytes,
  viewSharedRanking,
} from '../../../../health/model/ranking.ts'
import { STANDING_DOWN, STANDING_UP } from '../../../../health/model/standing.ts'
import type { VantageReport } from '../../../../health/model/vantage-report.ts'
import { type HealthRuntime, startHealth } from '../../../../health/schedule/health-runtime.ts'
import { probeSpec, rankEndpoint, rankPlan } from '../../../support/rank-plans.ts'

/** "good" accepts, the port of "refused" is closed; both have a capacity of 100. */
async function start(t: TestContext): Promise<{ health: HealthRuntime; reports: VantageReport[]; ranking: () => RankingColumns }> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const quick = { kind: 'tcp', intervalMs: 200, retryIntervalMs: 100, timeoutMs: 1000 } as const
  const capacity = { requestsPerSecond: 100, softPercent: 80, hardPercent: 100 }
  const plan = rankPlan(
    [
      rankEndpoint('good', {
        ipv4: '127.0.0.1',
        capacity,
        probes: [probeSpec({ ...quick, port: (server.address() as AddressInfo).port })],
      }),
      rankEndpoint('refused', { ipv4: '127.0.0.1', capacity, probes: [probeSpec({ ...quick, port: 1 })] }),
    ],
    [{ members: [0, 1] }],
  )
  const reports: VantageReport[] = []
  const health = startHealth({
    statePath: undefined,
    own: [],
    identity: { vantage: 'here', site: 'east' },
    onReport: (report) => reports.push(report),
    onStanding: () => undefined,
    onWarning: () => undefined,
    onWorkerReplaced: () => undefined,
  })
  t.after(() => health.stop())
  const shape = rankingShapeOf(plan)
  const buffer = new SharedArrayBuffer(sharedRankingSizeBytes(shape))
  const shared = viewSharedRanking(buffer, shape)
  await health.replacePlan(plan, buffer)
  return { health, reports, ranking: () => shared.slots[Atomics.load(shared.live, 0)]! }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(20)
}

const isEligible = (ranking: RankingColumns, member: number): boolean => (ranking.memberBits[2 * member]! & MEMBER_ELIGIBLE) !== 0

test('each ranking is told, and the votes of others count in the next', { timeout: 60_000 }, async (t) => {
  const { health, reports, ranking } = await start(t)
  await until(() => reports.length > 0)
  const { vantage, site, addresses } = reports[0]!
  assert.deepEqual([vantage, site], ['here', 'east'])
  assert.deepEqual(
    addresses.map(({ endpointId, inPlace }) => [endpointId, inPlace]),
    [
      ['good', true],
      ['refused', false],
    ],
  )
  assert.deepEqual([isEligible(ranking(), 0), isEligible(ranking(), 1)], [true, false])
  // Two others see it the other way round; their votes are told again, as nodes do, until they have counted.
  const otherwise = (name: string): VantageReport => {
    const at = Date.now()
    const rows = addresses.map((row) => ({ ...row, inPlace: !row.inPlace, latencyMs: 5, errorRatePercent: 0, sampleCount: 60, at }))
    return { vantage: name, site: '', at, addresses: rows }
  }
  let standings: number[] = []
  await until(() => {
    health.takeReports([otherwise('there'), otherwise('elsewhere')])
    const now = ranking()
    standings = [now.addressStanding[0]!, now.addressStanding[2]!]
    // Of three votes one is not enough.
    return isEligible(now, 1) && !isEligible(now, 0)
  })
  assert.deepEqual(standings, [STANDING_DOWN, STANDING_UP])
  for (let heard: string[] = []; heard.join() !== 'elsewhere,there'; ) {
    health.takeReports([otherwise('there'), otherwise('elsewhere')])
    heard = (await health.state())!.others.map((other) => other.vantage).sort()
  }
  // Silent again, they count for three intervals and no longer.
  await until(() => isEligible(ranking(), 0) && !isEligible(ranking(), 1))
})

test('loads and overrides reach the ranking; what cannot be is counted', { timeout: 60_000 }, async (t) => {
  const { health, ranking } = await start(t)
  health.takeLoads([
    { endpointId: 'good', requestsPerSecond: 90, at: Date.now() },
    { endpointId: 'nobody', requestsPerSecond: 1, at: Date.now() },
    { endpointId: 'refused', requestsPerSecond: -5, at: Date.now() },
  ])
  await until(() => ranking().memberKeep[0]! < KEEP_ALL)
  const state = await health.state()
  assert.deepEqual([state!.dropped['unknown-endpoint'], state!.dropped.absurd, state!.isolated], [1, 1, false])
  const override = { drainSeconds: 0, owner: 'o', reason: 'r', createdAt: 0, startsAt: null, endsAt: null }
  health.replaceOverrides([
    { ...override, id: '1', target: { kind: 'endpoint', value: 'good' }, action: 'down' },
    { ...override, id: '2', target: { kind: 'endpoint', value: 'refused' }, action: 'up' },
  ])
  await until(() => !isEligible(ranking(), 0) && isEligible(ranking(), 1))
})
