/**
 * Prober and ranking joined on virtual time: how long until an endpoint that fails is out, and until it is back? The bound of DESIGN is
 * `fall × interval + timeout + 1.5 s`; the 1.5 s are for the swap and the answer threads, so here it must hold without them. Seeded.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProbeSpec } from '../../health/model/rank-plan.ts'
import { MEMBER_ELIGIBLE } from '../../health/model/ranking.ts'
import type { PlannedProbe } from '../../health/schedule/probe-plan.ts'
import { startProber } from '../../health/schedule/prober.ts'
import { createRankKeeper } from '../../health/schedule/rank-keeper.ts'
import { emptyRanking, probeSpec, rankEndpoint, rankPlan } from '../support/rank-plans.ts'
import { createVirtualClock, seededChance } from '../support/virtual-clock.ts'

const SEEDS = Array.from({ length: 25 }, (_, i) => i + 1)
const ENDPOINTS = 20

/** A fleet whose endpoint 0 can be broken: answering, refusing at once, or silent until the time limit. */
function startFleet(spec: ProbeSpec, seed: number) {
  const clock = createVirtualClock()
  const state: { failed: '' | 'refused' | 'silent' } = { failed: '' }
  const plan = rankPlan(
    Array.from({ length: ENDPOINTS }, (_, i) => rankEndpoint(`e${i}`, { ipv4: `192.0.2.${i}`, probes: [spec] })),
    [{ members: Array.from({ length: ENDPOINTS }, (_, i) => i) }],
  )
  const keeper = createRankKeeper(undefined, 0, 0)
  const planned = keeper.replacePlan(plan, 0)
  const ranking = emptyRanking(plan)
  const prober = startProber({
    measure: async ({ endpointId, address, probe }: PlannedProbe, generation) => {
      const startedAt = clock.nowMs()
      const failed = endpointId === 'e0' ? state.failed : ''
      const latencyMs = failed === 'silent' ? probe.timeoutMs : failed === 'refused' ? 0.2 : 12
      await clock.sleep(latencyMs)
      return {
        generation,
        endpointId,
        address,
        probeId: probe.id,
        startedAt,
        endedMonotonicMs: clock.nowMs(),
        ok: failed === '',
        latencyMs,
        lagged: false,
      }
    },
    onSample: (sample) => keeper.takeSample(sample, clock.nowMs(), clock.nowMs()),
    nowMs: clock.nowMs,
    setTimer: clock.setTimer,
    chance: seededChance(seed),
  })
  prober.replacePlan(plan)

  /** Virtual time until endpoint 0 is (not) eligible. */
  async function until(eligible: boolean): Promise<number> {
    const startedMs = clock.nowMs()
    for (let i = 0; i < 100_000; i++) {
      keeper.rank(planned, ranking, [], clock.nowMs(), clock.nowMs())
      if (((ranking.memberBits[0]! & MEMBER_ELIGIBLE) !== 0) === eligible) return clock.nowMs() - startedMs
      await clock.advance(50)
    }
    throw new Error('it never came')
  }
  const othersEligible = (): boolean =>
    Array.from({ length: ENDPOINTS - 1 }, (_, i) => ranking.memberBits[2 * i + 2]!).every((bits) => bits & MEMBER_ELIGIBLE)
  return { clock, state, until, othersEligible }
}

const specs = [
  probeSpec(),
  probeSpec({ intervalMs: 2000, retryIntervalMs: 1000, timeoutMs: 500 }),
  probeSpec({ intervalMs: 1000, retryIntervalMs: 1000, timeoutMs: 900, fall: 2 }),
  probeSpec({ intervalMs: 30_000, retryIntervalMs: 15_000, timeoutMs: 5000, fall: 5, rise: 3 }),
]
for (const spec of specs) {
  const name = `interval ${spec.intervalMs}, timeout ${spec.timeoutMs}, fall ${spec.fall}, rise ${spec.rise}`
  for (const how of ['refused', 'silent'] as const) {
    test(`${name}: ${how}, out within the bound and back after rise successes`, async (t) => {
      const outs: number[] = []
      for (const seed of SEEDS) {
        const fleet = startFleet(spec, seed)
        await fleet.clock.advance(10 * spec.intervalMs + seed * 137)
        fleet.state.failed = how
        const outMs = await fleet.until(false)
        outs.push(outMs)
        const boundMs = spec.fall * spec.intervalMs + (how === 'silent' ? spec.timeoutMs : 0)
        assert.ok(outMs <= boundMs, `seed ${seed}: out after ${outMs} ms, bound ${boundMs}`)
        assert.ok(fleet.othersEligible(), 'and nobody else')
        fleet.state.failed = ''
        const backMs = await fleet.until(true)
        const backBoundMs = spec.rise * spec.intervalMs + spec.timeoutMs + 100
        assert.ok(backMs <= backBoundMs, `seed ${seed}: back after ${backMs} ms, bound ${backBoundMs}`)
      }
      t.diagnostic(`out after ${Math.min(...outs)} … ${Math.max(...outs)} ms`)
    })
  }
}

test('an endpoint that keeps falling needs twice the successes each time, and is forgiven after 30 minutes', async () => {
  const spec = probeSpec({ intervalMs: 1000, retryIntervalMs: 500, timeoutMs: 400 })
  const fleet = startFleet(spec, 7)
  await fleet.clock.advance(60_000)
  const backs: number[] = []
  for (let round = 0; round < 6; round++) {
    fleet.state.failed = 'refused'
    await fleet.until(false)
    fleet.state.failed = ''
    backs.push(await fleet.until(true))
    await fleet.clock.advance(5000)
  }
  for (const [round, backMs] of backs.entries()) {
    const needed = 2 ** (round + 1)
    assert.ok(backMs <= 1000 * needed + 500 && backMs >= 900 * (needed - 1), `round ${round}: ${backMs} ms for ${needed} successes`)
  }
  await fleet.clock.advance(1_800_000)
  fleet.state.failed = 'refused'
  await fleet.until(false)
  fleet.state.failed = ''
  assert.ok((await fleet.until(true)) <= 2500, 'forgiven')
})
