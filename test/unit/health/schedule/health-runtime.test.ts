/** The runtime with its real workers against HTTP servers on loopback. What takes time here is waited for by events, never by sleeping. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { ProbeSpec, RankPlan } from '../../../../health/model/rank-plan.ts'
import {
  MEMBER_ELIGIBLE,
  type RankingColumns,
  rankingShapeOf,
  sharedRankingSizeBytes,
  viewSharedRanking,
} from '../../../../health/model/ranking.ts'
import { STANDING_DOWN, STANDING_UP } from '../../../../health/model/standing.ts'
import { type HealthRuntime, startHealth } from '../../../../health/schedule/health-runtime.ts'
import { probeSpec, rankEndpoint, rankPlan } from '../../../support/rank-plans.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

let server: Server
let port = 0

before(async () => {
  server = createServer((_request, response) => response.end('ok'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
after(() => {
  server.closeAllConnections()
  server.close()
})

/** A quick probe of the server. */
const quickProbe = (given: Partial<ProbeSpec> = {}): ProbeSpec =>
  probeSpec({ port, intervalMs: 200, retryIntervalMs: 100, timeoutMs: 1000, ...given })

/** "good" answers; the port of "refused" is closed. */
const plan = (generation: number, given: Partial<ProbeSpec> = {}): RankPlan =>
  rankPlan(
    [
      rankEndpoint('good', { ipv4: '127.0.0.1', probes: [quickProbe(given)] }),
      rankEndpoint('refused', { ipv4: '127.0.0.1', probes: [quickProbe({ port: 1, ...given })] }),
    ],
    [{ members: [0, 1] }],
    generation,
  )

/** A runtime that notes what it is told, and the newest ranking of its plan. */
function start(t: TestContext, statePath?: string) {
  const replaced: string[] = []
  const standings: string[] = []
  const warnings: string[] = []
  const health = startHealth({
    statePath,
    own: [],
    onStanding: (endpointId, detail) => standings.push(`${endpointId} ${detail}`),
    onWarning: (message) => warnings.push(message),
    onWorkerReplaced: (name) => replaced.push(name),
  })
  t.after(() => health.stop())
  return { health, replaced, standings, warnings }
}

async function publish(health: HealthRuntime, next: RankPlan): Promise<() => RankingColumns> {
  const shape = rankingShapeOf(next)
  const buffer = new SharedArrayBuffer(sharedRankingSizeBytes(shape))
  const shared = viewSharedRanking(buffer, shape)
  await health.replacePlan(next, buffer)
  return () => shared.slots[Atomics.load(shared.live, 0)]!
}

/** Waits for a condition, with the test's own time limit as the only one. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(20)
}

test('replacePlan resolves with a ranking of first results in shared memory', async (t) => {
  const { health, standings } = start(t)
  const ranking = await publish(health, plan(3))
  const { header, addressStanding, memberBits, poolPick } = ranking()
  assert.equal(header[0], 3)
  assert.deepEqual([addressStanding[0], addressStanding[2]], [STANDING_UP, STANDING_DOWN])
  assert.deepEqual([memberBits[0]! & MEMBER_ELIGIBLE, memberBits[2]! & MEMBER_ELIGIBLE], [MEMBER_ELIGIBLE, 0])
  assert.equal(poolPick[0], 0)
  const id = header[1]!
  await until(() => ranking().header[1]! > id + 1)
  assert.ok(ranking().addressSampleCount[0]! > 3, 'it goes on measuring')
  const samples = await health.samples('refused', 3)
  assert.equal(samples.length, 3)
  assert.equal(samples[0]!.failure, 'refused')
  const [good] = await health.details()
  assert.equal(good!.endpointId, 'good')
  assert.ok(good!.p95Ms === null || good!.p95Ms > 0)
  assert.match(standings.join('\n'), /refused 127\.0\.0\.1 unknown → down \(probe edge-http, refused: /)
})

test('replacePlan waits for hanging endpoints no longer than 2 s', async (t) => {
  const { health } = start(t)
  // A server that accepts and never answers.
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => {
    silent.closeAllConnections()
    silent.close()
  })
  const hanging = quickProbe({ port: (silent.address() as AddressInfo).port, intervalMs: 60_000, timeoutMs: 50_000 })
  const startedMs = performance.now()
  const ranking = await publish(health, rankPlan([rankEndpoint('hangs', { ipv4: '127.0.0.1', probes: [hanging] })], [{ members: [0] }], 1))
  assert.equal(ranking().header[0], 1)
  assert.equal(ranking().addressSampleCount[0], 0)
  assert.ok(performance.now() - startedMs >= 1990, 'it did wait')
})

for (const how of ['throw', 'loop', 'heap'] as const) {
  test(`a prober that dies by ${how} is replaced and costs nothing but age`, { timeout: 60_000 }, async (t) => {
    const { health, replaced } = start(t)
    const ranking = await publish(health, plan(1))
    health.breakProber(how)
    await until(() => replaced.length > 0)
    assert.deepEqual(replaced, ['prober'])
    assert.deepEqual([ranking().addressStanding[0], ranking().addressStanding[2]], [STANDING_UP, STANDING_DOWN], 'the ranking stands')
    const before = ranking().addressSampleAt[0]!
    await until(() => ranking().addressSampleAt[0]! > before)
    assert.equal(ranking().addressStanding[0], STANDING_UP)
    // The thread that answers questions about health was never held up.
    assert.equal((await health.details()).length, 2)
  })
}

for (const how of ['throw', 'loop'] as const) {
  test(`a rank worker that dies by ${how} is replaced, and what was asked of it is asked again`, { timeout: 60_000 }, async (t) => {
    const { health, replaced } = start(t, join(temporaryFolder().path, 'health'))
    const ranking = await publish(health, plan(1))
    health.breakRank(how)
    const details = health.details()
    await until(() => replaced.includes('rank'))
    assert.equal((await details).length, 2)
    const before = Date.now()
    await until(() => ranking().header[2]! > before && ranking().addressSampleAt[0]! > before)
    assert.deepEqual([ranking().addressStanding[0], ranking().addressStanding[2]], [STANDING_UP, STANDING_DOWN])
  })
}

test('state survives a restart: the next process has its ranking at once', async (t) => {
  const statePath = join(temporaryFolder().path, 'node', 'health')
  const first = start(t, statePath)
  await publish(first.health, plan(1))
  await first.health.stop()
  const second = start(t, statePath)
  // Nothing answers before an hour: what is known is known from the file.
  const ranking = await publish(second.health, plan(1))
  assert.deepEqual([ranking().addressStanding[0], ranking().addressStanding[2]], [STANDING_UP, STANDING_DOWN])
  assert.deepEqual(second.warnings, [])
})

test('a state that cannot be read or written is told, and nothing else suffers', async (t) => {
  const { health, warnings } = start(t, join(temporaryFolder().write('file', ''), 'health'))
  const ranking = await publish(health, plan(1))
  assert.equal(ranking().addressStanding[0], STANDING_UP)
  await health.stop()
  assert.match(warnings.join(), /the health state cannot be kept/)
})

test('a pushed endpoint is up by its reports, and down when they stay away', async (t) => {
  const { health } = start(t)
  const probe = probeSpec({
    id: 'reports',
    kind: 'push',
    port: 0,
    expireSeconds: 1,
    intervalMs: 200,
    retryIntervalMs: 100,
    fall: 2,
    rise: 1,
  })
  const ranking = await publish(health, rankPlan([rankEndpoint('edge', { ipv4: '127.0.0.1', probes: [probe] })], [{ members: [0] }], 1))
  const report = { endpointId: 'edge', probeId: 'reports', ok: true, latencyMs: 7, detail: '' }
  let isReporting = true
  await until(() => {
    if (isReporting) health.takePushes([{ ...report, at: Date.now() }])
    if (ranking().addressStanding[0] === STANDING_UP) isReporting = false
    return !isReporting && ranking().addressStanding[0] === STANDING_DOWN
  })
  const samples = await health.samples('edge', 100)
  const failed = samples.filter(({ ok }) => !ok)
  assert.ok(failed.length >= 2)
  assert.match(failed.at(-1)!.detail!, /no report for \d+ s; one counts for 1 s/)
})

test('a pushed result is known to the plan that names its endpoint later, and to a worker that is replaced', async (t) => {
  const { health, replaced } = start(t)
  const probe = probeSpec({ id: 'reports', kind: 'push', port: 0, expireSeconds: 3600, fall: 1, rise: 1 })
  health.takePushes([{ endpointId: 'edge', probeId: 'reports', ok: true, latencyMs: 7, detail: '', at: Date.now() }])
  const ranking = await publish(health, rankPlan([rankEndpoint('edge', { ipv4: '127.0.0.1', probes: [probe] })], [{ members: [0] }], 1))
  await until(() => ranking().addressStanding[0] === STANDING_UP)
  // Nothing was kept on disk: what the next worker knows, it was told.
  health.breakRank('throw')
  await until(() => replaced.includes('rank'))
  const replacedAt = Date.now()
  await until(() => ranking().header[2]! > replacedAt && ranking().addressStanding[0] === STANDING_UP)
})

test('stop ends programs that run for probes', async () => {
  const folder = temporaryFolder().path
  const pidFile = join(folder, 'pid')
  const script = join(folder, 'hangs')
  writeFileSync(script, `#!/bin/sh\necho $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}\nsleep 600\n`)
  chmodSync(script, 0o755)
  const health = startHealth({
    statePath: undefined,
    own: [],
    scriptFolder: folder,
    onStanding: () => undefined,
    onWarning: () => undefined,
    onWorkerReplaced: () => undefined,
  })
  const probe = probeSpec({ kind: 'script', port: 0, script: 'hangs', intervalMs: 60_000, timeoutMs: 50_000 })
  const published = publish(health, rankPlan([rankEndpoint('edge', { ipv4: '127.0.0.1', probes: [probe] })], [{ members: [0] }], 1))
  await until(() => existsSync(pidFile))
  await published
  await health.stop()
  const stat = `/proc/${readFileSync(pidFile, 'utf8').trim()}/stat`
  // Gone, or a zombie until its parent looks.
  await until(() => !existsSync(stat) || /\) [ZX]/.test(readFileSync(stat, 'utf8')))
})
