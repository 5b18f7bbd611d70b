/**
 * Faults of the prober's worker (exception, endless loop, heap exhaustion) and of an answer thread cost no answer. Over the data plane
 * of `serve` with real health, in this process, because only here the fault can be caused.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { pino } from 'pino'
import { compileStatic } from '../../cli/compile-static.ts'
import { assignSockets } from '../../cli/data-plane/assign-sockets.ts'
import { type DataPlane, startDataPlane } from '../../cli/data-plane/data-plane.ts'
import { newestRanking } from '../../cli/data-plane/read-scores.ts'
import { startNodeHealth } from '../../cli/data-plane/start-health.ts'
import { packageRoot } from '../../cli/package-root.ts'
import { findAddress } from '../../geodata/address/address.ts'
import { libcUnavailable } from '../../resolver/transport/libc.ts'
import { closeSocket, openListeningSockets } from '../../resolver/transport/raw-socket.ts'
import { TCP_LIMITS } from '../../resolver/transport/tcp-listener.ts'
import { type Load, startLoad, tally } from '../support/dns-load.ts'
import { EDGE_NAME, type Example, startExample } from '../support/example-product.ts'
import { makeGuardMemory, OPEN_GUARD } from '../support/guard-subject.ts'
import { until } from '../support/product.ts'

const FAULTS = [
  { how: 'throw', reason: /./ },
  { how: 'loop', reason: /./ },
  { how: 'heap', reason: /memory/i },
] as const

describe('faults of the prober', { skip: libcUnavailable() ?? false }, () => {
  let example: Example
  let plane: DataPlane
  let health: ReturnType<typeof startNodeHealth>
  let load: Load | undefined
  const replaced: string[] = []
  const sockets = libcUnavailable() === undefined ? openListeningSockets([{ address: findAddress('127.0.0.1')!, port: 0 }], 2) : []
  const port = sockets[0]?.listen.port ?? 0
  before(async () => {
    example = await startExample()
    const log = pino({ level: 'silent' })
    const workerReplaced = (name: string, reason: string): void => void replaced.push(`${name}: ${reason}`)
    health = startNodeHealth({
      statePath: undefined,
      vantage: 'test',
      own: [],
      log,
      onStanding: () => undefined,
      onWorkerReplaced: workerReplaced,
    })
    plane = startDataPlane({
      sockets: assignSockets(sockets, 2),
      settings: { identity: '', replyBursts: true, guard: OPEN_GUARD },
      guard: makeGuardMemory(),
      tcpLimits: TCP_LIMITS,
      health,
      log,
      onWorkerReplaced: workerReplaced,
      onFailOpen: () => undefined,
    })
    const snapshot = compileStatic(
      {
        zoneFolder: undefined,
        documentPath: example.documentPath,
        geodataPath: join(packageRoot(), 'geodata/default/default.geodata'),
      },
      () => undefined,
    )
    await plane.publish(() => snapshot)
    await plane.open()
  })
  afterEach(async () => {
    await load?.stop(0)
    load = undefined
  })
  after(async () => {
    await plane?.stop()
    for (const { fd } of sockets) closeSocket(fd)
    await example?.stop()
  })

  for (const { how, reason } of FAULTS) {
    test(`${how}: no answer is lost or wrong, another prober measures on`, async (t) => {
      const ningbo = example.address('ningbo-telecom-1')
      load = startLoad(port, EDGE_NAME, ['202.96.104.0/24'], 1000)
      const { results } = load
      await until('load runs', 5000, () => results.filter(({ answer }) => answer === ningbo).length > 300)
      const before = replaced.length
      const brokenAt = performance.now()
      health.breakProber(how)
      const replacement = await until(`the prober is replaced after ${how}`, 30_000, () =>
        replaced.slice(before).find((line) => line.startsWith('prober')),
      )
      assert.match(replacement, reason)
      const replacedMs = performance.now() - brokenAt
      // Another prober: samples come that started after the fault.
      const wallNow = Date.now()
      await until('new samples come', 20_000, async () =>
        (await health.samples('ningbo-telecom-1', 5)).some(({ startedAt }) => startedAt > wallNow),
      )
      await until('the ranking goes on', 10_000, () => newestRanking(plane.live()!).header[2]! > wallNow)
      const all = await load.stop(2000)
      const wrong = all.filter(({ answer }) => answer !== ningbo)
      assert.equal(wrong.length, 0, `${wrong.length} of ${all.length} queries were lost or answered wrongly: ${tally(all)}`)
      assert.deepEqual(
        replaced.slice(before).filter((line) => !line.startsWith('prober')),
        [],
        'other workers were replaced too',
      )
      t.diagnostic(`${how}: replaced after ${replacedMs.toFixed(0)} ms (${replacement}); ${all.length} queries, none lost`)
    })
  }

  test('an endpoint that fails is noticed by the prober that came after', async () => {
    const shanghai = example.address('shanghai-telecom-1')
    load = startLoad(port, EDGE_NAME, ['202.96.104.0/24'], 200)
    const { results } = load
    await example.set('ningbo-telecom-1', { down: true })
    await until('failover', 12_000, () => results.some(({ answer }) => answer === shanghai))
    await example.set('ningbo-telecom-1', { down: false })
  })
})
