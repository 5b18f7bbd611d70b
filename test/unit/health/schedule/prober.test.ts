import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProbeSample } from '../../../../health/model/probe-sample.ts'
import type { PlannedProbe } from '../../../../health/schedule/probe-plan.ts'
import { startProber } from '../../../../health/schedule/prober.ts'
import { probeSpec, rankEndpoint, rankPlan } from '../../../support/rank-plans.ts'
import { createVirtualClock, seededChance } from '../../../support/virtual-clock.ts'

/** A prober whose measuring takes `latencyMs(endpoint)` and succeeds unless told. */
function subject(behaviour: { latencyMs?: (id: string) => number; ok?: (id: string) => boolean; mostInFlight?: number } = {}) {
  const clock = createVirtualClock()
  const started: { readonly id: string; readonly atMs: number }[] = []
  const samples: ProbeSample[] = []
  const prober = startProber({
    measure: async ({ endpointId, address, probe }: PlannedProbe, generation) => {
      const startedAt = clock.nowMs()
      started.push({ id: endpointId, atMs: startedAt })
      const latencyMs = behaviour.latencyMs?.(endpointId) ?? 10
      await clock.sleep(latencyMs)
      const ok = behaviour.ok?.(endpointId) ?? true
      return {
        generation,
        endpointId,
        address,
        probeId: probe.id,
        startedAt,
        endedMonotonicMs: clock.nowMs(),
        ok,
        latencyMs,
        lagged: false,
      }
    },
    onSample: (sample) => samples.push(sample),
    nowMs: clock.nowMs,
    setTimer: clock.setTimer,
    chance: seededChance(1),
    ...(behaviour.mostInFlight === undefined ? {} : { mostInFlight: behaviour.mostInFlight }),
  })
  const times = (id: string): number[] => started.filter((each) => each.id === id).map(({ atMs }) => atMs)
  return { clock, prober, started, samples, times }
}

const gaps = (times: readonly number[]): number[] => times.slice(1).map((atMs, i) => atMs - times[i]!)

test('the prober keeps to the interval, shortened by at most a tenth', async () => {
  const { clock, prober, times } = subject()
  prober.replacePlan(rankPlan([rankEndpoint('a')], []))
  await clock.advance(600_000)
  const [, ...steady] = gaps(times('a'))
  assert.ok(
    steady.every((gap) => gap >= 4500 && gap <= 5000),
    `${Math.min(...steady)} … ${Math.max(...steady)}`,
  )
  assert.ok(new Set(steady).size > 50, 'jittered')
})

test('after a first failure it comes back at the retry interval until fall', async () => {
  const { clock, prober, times } = subject({ ok: () => false })
  prober.replacePlan(rankPlan([rankEndpoint('a')], []))
  await clock.advance(60_000)
  const [first, second, ...later] = gaps(times('a'))
  assert.ok(first! <= 2500 && second! <= 2500, `${first} ${second}`)
  assert.ok(
    later.every((gap) => gap >= 4500),
    'then at the interval',
  )
})

test('a hanging target delays nobody, and is never asked twice at once', async () => {
  const { clock, prober, times } = subject({ latencyMs: (id) => (id === 'hangs' ? 60_000 : 10) })
  prober.replacePlan(rankPlan([rankEndpoint('hangs'), rankEndpoint('a'), rankEndpoint('b')], []))
  await clock.advance(50_000)
  assert.equal(times('hangs').length, 1)
  for (const id of ['a', 'b'])
    assert.ok(
      gaps(times(id)).every((gap) => gap <= 5000),
      id,
    )
})

test('1,000 endpoints at 5 s: all seen within a second, then spread over the interval', async () => {
  const { clock, prober, started } = subject()
  prober.replacePlan(
    rankPlan(
      Array.from({ length: 1000 }, (_, i) => rankEndpoint(`e${i}`)),
      [],
    ),
  )
  await clock.advance(1000)
  assert.equal(new Set(started.map(({ id }) => id)).size, 1000)
  await clock.advance(19_000)
  const perSecond = Array.from({ length: 15 }, (_, s) => started.filter(({ atMs }) => Math.floor(atMs / 1000) === s + 5).length)
  assert.ok(Math.max(...perSecond) < 300 && Math.min(...perSecond) > 130, perSecond.join(' '))
})

test('replacePlan asks new targets at once, leaves kept ones in their rhythm and forgets removed ones', async () => {
  const { clock, prober, times, samples } = subject()
  prober.replacePlan(rankPlan([rankEndpoint('kept'), rankEndpoint('removed')], [], 1))
  await clock.advance(20_000)
  const keptBefore = times('kept').length
  prober.replacePlan(rankPlan([rankEndpoint('kept'), rankEndpoint('new')], [], 2))
  await clock.advance(100)
  assert.equal(times('new').length, 1)
  assert.equal(times('kept').length, keptBefore, 'not asked again because of the publish')
  const removedBefore = times('removed').length
  await clock.advance(20_000)
  assert.equal(times('removed').length, removedBefore)
  assert.equal(samples.at(-1)!.generation, 2)
})

test('replacePlan begins anew with all probes of an address when one of them changed', async () => {
  const { clock, prober, times } = subject()
  prober.replacePlan(rankPlan([rankEndpoint('a', { probes: [probeSpec(), probeSpec({ id: 'x' })] })], [], 1))
  await clock.advance(10_000)
  const before = times('a').length
  prober.replacePlan(rankPlan([rankEndpoint('a', { probes: [probeSpec(), probeSpec({ id: 'x', path: '/other' })] })], [], 2))
  await clock.advance(600)
  assert.ok(times('a').length >= before + 2)
})

test('a probe that was under way when its endpoint was removed gives no sample', async () => {
  const { clock, prober, samples } = subject({ latencyMs: () => 500 })
  prober.replacePlan(rankPlan([rankEndpoint('a')], [], 1))
  await clock.advance(100)
  prober.replacePlan(rankPlan([], [], 2))
  await clock.advance(10_000)
  assert.deepEqual(samples, [])
})

test('stop ends it', async () => {
  const { clock, prober, started } = subject()
  prober.replacePlan(rankPlan([rankEndpoint('a')], []))
  await clock.advance(10_000)
  prober.stop()
  const count = started.length
  await clock.advance(60_000)
  assert.equal(started.length, count)
})

test('a probe under way is ended when its endpoint is removed or its prober stops', async () => {
  const clock = createVirtualClock()
  const ended: string[] = []
  const prober = startProber({
    measure: ({ endpointId }, _generation, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          ended.push(endpointId)
          resolve(undefined)
        })
      }),
    onSample: () => assert.fail('nobody is told'),
    nowMs: clock.nowMs,
    setTimer: clock.setTimer,
    chance: seededChance(1),
  })
  prober.replacePlan(rankPlan([rankEndpoint('kept'), rankEndpoint('removed')], [], 1))
  await clock.advance(1000)
  prober.replacePlan(rankPlan([rankEndpoint('kept')], [], 2))
  await clock.advance(1000)
  assert.deepEqual(ended, ['removed'])
  prober.stop()
  assert.deepEqual(ended, ['removed', 'kept'])
})

test('nothing to measure is no sample, and the rhythm goes on', async () => {
  const clock = createVirtualClock()
  let asked = 0
  const prober = startProber({
    measure: async () => {
      asked++
      return undefined
    },
    onSample: () => assert.fail('there is none'),
    nowMs: clock.nowMs,
    setTimer: clock.setTimer,
    chance: seededChance(1),
  })
  prober.replacePlan(rankPlan([rankEndpoint('a')], []))
  await clock.advance(60_000)
  assert.ok(asked >= 12 && asked <= 15, `${asked}`)
})

test('beyond the most that may be under way, targets wait for the first that ends, and none starves', async () => {
  const { clock, prober, started } = subject({ latencyMs: () => 1000, mostInFlight: 20 })
  prober.replacePlan(
    rankPlan(
      Array.from({ length: 30 }, (_, i) => rankEndpoint(`e${i}`)),
      [],
    ),
  )
  await clock.advance(900)
  assert.equal(started.length, 20)
  assert.equal(prober.load().inFlightCount, 20)
  await clock.advance(1500)
  assert.equal(new Set(started.map(({ id }) => id)).size, 30)
  assert.ok(prober.load().latestStartMs > 0)
})
