/**
 * Five nodes that tell each other what they see, on virtual time, seeded: nodes that are cut off, links that fail, endpoints that fail for
 * all, for one, or only for the world outside their site. A false failover is a defect.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RankPlan } from '../../health/model/rank-plan.ts'
import { STANDING_DEGRADED } from '../../health/model/standing.ts'
import { probeSpec, rankEndpoint, rankPlan } from '../support/rank-plans.ts'
import { type FleetWorld, type SimulatedFleet, startSimulatedFleet } from '../support/simulated-fleet.ts'
import { seededChance } from '../support/virtual-clock.ts'

const SEEDS = [1, 2, 3, 4, 5]
const CUT_MS = 60_000
const BACK_MS = 360_000
const END_MS = 480_000
const SITES = ['east', 'west', 'north', 'south', 'centre']
const ENDPOINTS = 10

/** Two endpoints a site. */
function makePlan(references: RankPlan['references'] = []): RankPlan {
  const endpoints = Array.from({ length: ENDPOINTS }, (_, i) => rankEndpoint(`e${i}`, { ipv4: `192.0.2.${i + 1}`, site: SITES[i >> 1]! }))
  return rankPlan(endpoints, [{ members: Array.from({ length: ENDPOINTS }, (_, i) => i) }], 1, references)
}

const siteOf = (endpointId: string): string => (endpointId.startsWith('reference:') ? '' : SITES[Number(endpointId.slice(1)) >> 1]!)

type Trouble = Pick<FleetWorld, 'isLinked'> & {
  readonly fails: (node: number, endpointId: string, atMs: number) => boolean
  readonly isProbing?: FleetWorld['isProbing']
}

function run(
  seed: number,
  trouble: Trouble,
  given: { readonly plan?: RankPlan; readonly nodes?: number; readonly untilMs?: number } = {},
): SimulatedFleet {
  const chance = seededChance(1000 + seed)
  const fleet = startSimulatedFleet({
    plan: given.plan ?? makePlan(),
    nodes: SITES.slice(0, given.nodes ?? 5).map((site, i) => ({ vantage: `node-${i}`, site })),
    seed,
    reach: (node, endpointId, atMs) => ({ ok: !trouble.fails(node, endpointId, atMs), latencyMs: 20 * (0.8 + 0.4 * chance()) }),
    isLinked: trouble.isLinked,
    ...(trouble.isProbing === undefined ? {} : { isProbing: trouble.isProbing }),
  })
  fleet.run(given.untilMs ?? END_MS)
  return fleet
}

const during = (atMs: number): boolean => atMs >= CUT_MS && atMs < BACK_MS
const linked = (): boolean => true

test(`2 of 5 vantages cut off from endpoints, the fleet still hears them: no failover (seeds ${SEEDS.join(' ')})`, () => {
  for (const seed of SEEDS) {
    const fleet = run(seed, { fails: (node, id, atMs) => node < 2 && siteOf(id) !== SITES[node] && during(atMs), isLinked: linked })
    assert.deepEqual(fleet.moves, [], `seed ${seed}`)
  }
})

test('2 of 5 vantages cut off from endpoints and from the fleet: no failover on either side, also when it is over', () => {
  for (const seed of SEEDS) {
    const fleet = run(seed, {
      fails: (node, id, atMs) => node < 2 && siteOf(id) !== SITES[node] && during(atMs),
      isLinked: (node, atMs) => node >= 2 || !during(atMs),
    })
    assert.deepEqual(fleet.moves, [], `seed ${seed}`)
  }
})

test('a cut-off node says so, keeps others out of its judgement, and goes on judging its own site', () => {
  for (const seed of SEEDS) {
    const fleet = run(
      seed,
      {
        // Node 0 is cut off; meanwhile e0 of its own site fails, and e2 elsewhere fails for everybody.
        fails: (node, id, atMs) =>
          during(atMs) && ((node === 0 && siteOf(id) !== SITES[0]) || (atMs > CUT_MS + 60_000 && (id === 'e0' || id === 'e2'))),
        isLinked: (node, atMs) => node !== 0 || !during(atMs),
      },
      { untilMs: BACK_MS },
    )
    assert.equal(fleet.keeper(0).vantages().isolated, true)
    assert.deepEqual(
      [...new Set(fleet.moves.filter(({ node }) => node === 0).map(({ member }) => member))],
      [0],
      `seed ${seed}: only its own`,
    )
    assert.deepEqual(
      [...new Set(fleet.moves.filter(({ node }) => node === 1).map(({ member }) => member))].sort(),
      [0, 2],
      'the others see both',
    )
    assert.ok(fleet.keeper(0).dropped().isolated > 100)
  }
})

test('all five lose each other and all endpoints elsewhere: the last ranking stands with its age, and is never empty', () => {
  for (const seed of SEEDS) {
    const fleet = run(
      seed,
      { fails: (node, id, atMs) => siteOf(id) !== SITES[node] && during(atMs), isLinked: (_, atMs) => !during(atMs) },
      { untilMs: BACK_MS },
    )
    assert.deepEqual(fleet.moves, [], `seed ${seed}`)
    assert.equal(fleet.emptyRankings(), 0)
    const { addressSampleAt, addressStanding, header } = fleet.ranking(0)
    assert.ok(addressStanding[4]! >= STANDING_DEGRADED)
    assert.ok(header[2]! - addressSampleAt[4]! > BACK_MS - CUT_MS - 30_000, 'its age shows')
  }
})

test('all probers silent: the last ranking stands with its age', () => {
  const fleet = run(1, { fails: () => false, isLinked: (_, atMs) => atMs < CUT_MS, isProbing: (_, atMs) => atMs < CUT_MS })
  assert.deepEqual(fleet.moves, [])
  assert.equal(fleet.emptyRankings(), 0)
  const { addressSampleAt, header } = fleet.ranking(3)
  assert.ok(header[2]! - addressSampleAt[0]! > END_MS - CUT_MS - 10_000)
})

test('one vantage with a prober that hangs does not hold back a failover that the others see', () => {
  const fleet = run(2, {
    fails: (_, id, atMs) => id === 'e3' && atMs >= CUT_MS,
    isLinked: linked,
    isProbing: (node, atMs) => node !== 4 || atMs < CUT_MS,
  })
  const out = fleet.moves.filter(({ node, member }) => node === 4 && member === 3)
  assert.equal(out.length, 1)
  assert.ok(out[0]!.atMs - CUT_MS < 20_000)
})

test('an endpoint that fails for everybody is out everywhere within 3 intervals and what telling takes', (t) => {
  const delays: number[] = []
  for (const seed of SEEDS) {
    const fleet = run(seed, { fails: (_, id, atMs) => id === 'e5' && atMs >= CUT_MS, isLinked: linked }, { untilMs: CUT_MS + 60_000 })
    assert.deepEqual([...new Set(fleet.moves.map(({ member }) => member))], [5])
    assert.equal(fleet.moves.length, 5)
    for (const { atMs } of fleet.moves) delays.push(atMs - CUT_MS)
  }
  delays.sort((a, b) => a - b)
  t.diagnostic(`out after ${delays[0]} … ${delays.at(-1)} ms`)
  assert.ok(delays.at(-1)! <= 3 * 5000, `${delays.at(-1)} ms`)
})

test('one bad link between a vantage and an endpoint moves nobody; its numbers do not either', () => {
  const fleet = run(3, { fails: (node, id, atMs) => node === 0 && id === 'e9' && atMs >= CUT_MS, isLinked: linked })
  assert.deepEqual(fleet.moves, [])
})

for (const { name, cutNode, linkLost } of [
  { name: 'for good', cutNode: true, linkLost: false },
  { name: 'for seconds, again and again', cutNode: true, linkLost: true },
]) {
  test(`a node alone with references that is cut off ${name}: no failover, nothing to be won back`, () => {
    const plan = makePlan([
      { address: '198.51.100.1', port: 53 },
      { address: '198.51.100.2', port: 53 },
    ])
    for (const seed of SEEDS) {
      const isCut = (atMs: number): boolean => cutNode && during(atMs) && (!linkLost || atMs % 40_000 < 20_000)
      const fleet = run(
        seed,
        { fails: (_, id, atMs) => isCut(atMs) && (id.startsWith('reference:') || siteOf(id) !== SITES[0]), isLinked: linked },
        { plan, nodes: 1 },
      )
      assert.deepEqual(fleet.moves, [], `seed ${seed}`)
    }
  })
}

test('references cost a failing endpoint no more than one of their intervals; a dead reference costs nothing', () => {
  const plan = makePlan([
    { address: '198.51.100.1', port: 53 },
    { address: '198.51.100.2', port: 53 },
  ])
  for (const seed of SEEDS) {
    const fleet = run(
      seed,
      { fails: (_, id, atMs) => id.includes('100.2') || (atMs >= CUT_MS && id === 'e4'), isLinked: linked },
      { plan, nodes: 1, untilMs: CUT_MS + 60_000 },
    )
    assert.equal(fleet.moves.length, 1, `seed ${seed}`)
    assert.ok(fleet.moves[0]!.atMs - CUT_MS <= 3 * 5000, `${fleet.moves[0]!.atMs - CUT_MS} ms`)
  }
})

test('quick probes with fall 1 stand a cut-off too when there are references', () => {
  const spec = probeSpec({ intervalMs: 1000, retryIntervalMs: 500, timeoutMs: 400, fall: 1 })
  const plan = makePlan([{ address: '198.51.100.1', port: 53 }])
  const quick = { ...plan, endpoints: plan.endpoints.map((endpoint) => ({ ...endpoint, probes: [spec] })) }
  for (const seed of SEEDS) {
    const fleet = run(
      seed,
      { fails: (_, id, atMs) => during(atMs) && (id.startsWith('reference:') || siteOf(id) !== SITES[0]), isLinked: linked },
      { plan: quick, nodes: 1, untilMs: BACK_MS + 30_000 },
    )
    assert.deepEqual(fleet.moves, [], `seed ${seed}`)
  }
})

test('cut-offs of any length, with links that come back later than the way out: no failover', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const chance = seededChance(seed)
    const fromMs = 40_000 + 10_000 * chance()
    const untilMs = fromMs + (seed % 2 === 0 ? 1000 + 40_000 * chance() : 10_000 + 100_000 * chance())
    const linkedMs = untilMs + 8000 * chance()
    const isCut = (node: number, atMs: number): boolean => node < 2 && atMs >= fromMs && atMs < untilMs
    const fails = (node: number, id: string, atMs: number): boolean => isCut(node, atMs) && siteOf(id) !== SITES[node]
    const fleet = run(
      seed,
      { fails, isLinked: (node, atMs) => node >= 2 || atMs < fromMs || atMs > linkedMs },
      { untilMs: linkedMs + 60_000 },
    )
    assert.deepEqual(fleet.moves, [], `seed ${seed}`)
    const references = makePlan([{ address: '198.51.100.1', port: 53 }])
    const alone = {
      fails: (_: number, id: string, atMs: number) => isCut(0, atMs) && (id.startsWith('reference:') || siteOf(id) !== SITES[0]),
      isLinked: linked,
    }
    assert.deepEqual(run(seed, alone, { plan: references, nodes: 1, untilMs: untilMs + 60_000 }).moves, [], `seed ${seed}, alone`)
  }
})

test('references that are gone for good hold nothing back: what fails is out', () => {
  const plan = makePlan([{ address: '198.51.100.1', port: 53 }])
  const fails = (_: number, id: string, atMs: number): boolean => id.startsWith('reference:') || (atMs >= CUT_MS && siteOf(id) !== SITES[0])
  const fleet = run(1, { fails, isLinked: linked }, { plan, nodes: 1, untilMs: CUT_MS + 60_000 })
  assert.equal(fleet.moves.length, 8)
  assert.ok(fleet.moves.every(({ atMs, eligible }) => !eligible && atMs - CUT_MS <= 15_000))
})
