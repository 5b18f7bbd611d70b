import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RankPlan } from '../../../../health/model/rank-plan.ts'
import {
  ADDRESS_OVERLOADED,
  ADDRESS_OVERRIDE_DOWN,
  ADDRESS_PRESENT,
  ADDRESS_RELEASED,
  ADDRESS_UNPROBED,
  KEEP_ALL,
  MEMBER_ELIGIBLE,
  MEMBER_IN_PLACE,
  MEMBER_NOT_DOWN,
  MEMBER_PRESENT,
  POOL_IN_PLACE,
  POOL_NOT_DOWN,
  POOL_PRESENT,
  POOL_SHARES,
  POOL_USABLE,
  type RankingColumns,
  WEIGHT_SCALE,
} from '../../../../health/model/ranking.ts'
import { STANDING_DOWN, STANDING_UNKNOWN, STANDING_UP } from '../../../../health/model/standing.ts'
import { type AddressHealth, createAddressHealth, setGates, takeSample } from '../../../../health/score/address-health.ts'
import {
  createRankMemory,
  type ForcedStanding,
  gateLimitsOf,
  type RankInput,
  rankEndpoints,
} from '../../../../health/score/rank-endpoints.ts'
import { NO_TTL_BOUND } from '../../../../health/score/ttl-bound.ts'
import { emptyRanking, probeSpec, rankEndpoint, rankPlan } from '../../../support/rank-plans.ts'

/** What has been seen of an address: results of 5 s each, and its latency. */
type Seen = { readonly results: string; readonly latencyMs?: number; readonly unmeasurable?: true } | undefined
const UP: Seen = { results: '++', latencyMs: 12 }
const DOWN: Seen = { results: '+---', latencyMs: 12 }
/** Up, but closed by its error rate at the last sample. */
const GATED: Seen = { results: '+-+-+-+-+-++++++++++', latencyMs: 12 }
const SLOW: Seen = { results: '+'.repeat(25), latencyMs: 700 }
const UNSEEN: Seen = { results: '' }

const ELIGIBLE = MEMBER_PRESENT | MEMBER_NOT_DOWN | MEMBER_IN_PLACE | MEMBER_ELIGIBLE
const IN_PLACE = MEMBER_PRESENT | MEMBER_NOT_DOWN | MEMBER_IN_PLACE
const NOT_DOWN = MEMBER_PRESENT | MEMBER_NOT_DOWN

function healthOf(plan: RankPlan, seen: readonly (Seen | readonly [Seen, Seen])[]): (AddressHealth | undefined)[] {
  const limits = gateLimitsOf(plan)
  return plan.endpoints.flatMap((endpoint, number) =>
    [endpoint.ipv4 || endpoint.target, endpoint.ipv6].map((address, family) => {
      if (address === '') return undefined
      const health = createAddressHealth(endpoint.id, address, endpoint.probes)
      setGates(health, limits[number]!, 0)
      const given = seen[number] as Seen | readonly [Seen, Seen]
      const own: Seen = Array.isArray(given) ? given[family] : (given as Seen)
      feed(health, own, 0)
      return health
    }),
  )
}

function feed(health: AddressHealth, seen: Seen, fromMs: number): void {
  for (const [i, result] of [...(seen?.results ?? '')].entries()) {
    const at = fromMs + 5000 * i
    const sample = { probeId: 'edge-http', ok: result === '+', latencyMs: seen!.latencyMs ?? 12, lagged: false, startedAt: at }
    takeSample(health, { ...sample, ...(seen!.unmeasurable ? { unmeasurable: true as const } : {}) }, at, at)
  }
}

function rank(
  plan: RankPlan,
  addresses: readonly (AddressHealth | undefined)[],
  given: Partial<Pick<RankInput, 'memory' | 'overrides' | 'nowMs' | 'views' | 'loads'>> = {},
): RankingColumns {
  const out = emptyRanking(plan)
  const { memory = createRankMemory(), overrides = [], nowMs = 200_000, ...rest } = given
  rankEndpoints({ plan, addresses, memory, overrides, nowMs, wallMs: 5e11 + nowMs, rankingId: 7, ...rest }, out)
  return out
}

test('member and pool bits of one joint pool, by what was seen of its members', () => {
  const cases = [
    { name: 'both up', seen: [UP, UP], members: [ELIGIBLE, ELIGIBLE], pool: POOL_USABLE | POOL_IN_PLACE | POOL_NOT_DOWN | POOL_PRESENT },
    {
      name: 'one down',
      seen: [DOWN, UP],
      members: [MEMBER_PRESENT, ELIGIBLE],
      pool: POOL_USABLE | POOL_IN_PLACE | POOL_NOT_DOWN | POOL_PRESENT,
    },
    {
      name: 'error gate closed',
      seen: [GATED, DOWN],
      members: [IN_PLACE, MEMBER_PRESENT],
      pool: POOL_IN_PLACE | POOL_NOT_DOWN | POOL_PRESENT,
    },
    {
      name: 'latency gate closed',
      seen: [SLOW, DOWN],
      members: [IN_PLACE, MEMBER_PRESENT],
      pool: POOL_IN_PLACE | POOL_NOT_DOWN | POOL_PRESENT,
    },
    { name: 'never seen', seen: [UNSEEN, DOWN], members: [NOT_DOWN, MEMBER_PRESENT], pool: POOL_NOT_DOWN | POOL_PRESENT },
    { name: 'all down', seen: [DOWN, DOWN], members: [MEMBER_PRESENT, MEMBER_PRESENT], pool: POOL_PRESENT },
  ]
  for (const { name, seen, members, pool } of cases) {
    const plan = rankPlan([rankEndpoint('a'), rankEndpoint('b')], [{ members: [0, 1] }])
    const ranking = rank(plan, healthOf(plan, seen))
    assert.deepEqual([ranking.memberBits[0], ranking.memberBits[2]], members, name)
    assert.equal(ranking.poolBits[0], pool, name)
    assert.deepEqual(
      [ranking.memberBits[1], ranking.memberBits[3], ranking.poolBits[1], ranking.poolPick[1]],
      [0, 0, 0, -1],
      `${name}: no view 1`,
    )
  }
})

test('families: joint needs every address, each is judged by its own', () => {
  const dual = rankEndpoint('dual', { ipv6: '2001:db8::1' })
  const cases = [
    { name: 'joint, IPv6 down', joint: true, seen: [UP, DOWN], bits: [MEMBER_PRESENT, 0] },
    { name: 'joint, IPv6 gated', joint: true, seen: [UP, GATED], bits: [IN_PLACE, 0] },
    { name: 'joint, IPv6 never seen', joint: true, seen: [UP, UNSEEN], bits: [NOT_DOWN, 0] },
    { name: 'each, IPv6 down', joint: false, seen: [UP, DOWN], bits: [ELIGIBLE, MEMBER_PRESENT] },
    { name: 'each, IPv4 gated', joint: false, seen: [GATED, UP], bits: [IN_PLACE, ELIGIBLE] },
    {
      name: 'joint, no route to IPv6: IPv4 alone votes',
      joint: true,
      seen: [UP, { results: '---', unmeasurable: true }],
      bits: [ELIGIBLE, 0],
    },
    {
      name: 'each, no route to IPv6: IPv4 votes for it',
      joint: false,
      seen: [UP, { results: '-', unmeasurable: true }],
      bits: [ELIGIBLE, ELIGIBLE],
    },
    {
      name: 'each, no route to IPv6 and IPv4 down',
      joint: false,
      seen: [DOWN, { results: '-', unmeasurable: true }],
      bits: [MEMBER_PRESENT, MEMBER_PRESENT],
    },
  ] as const
  for (const { name, joint, seen, bits } of cases) {
    const plan = rankPlan([dual], [{ members: [0], jointFamilies: joint }])
    const ranking = rank(plan, healthOf(plan, [seen as unknown as readonly [Seen, Seen]]))
    assert.deepEqual([ranking.memberBits[0], ranking.memberBits[1]], bits, name)
  }
})

test('each: an endpoint without the family is not present in its view; a target stands in both', () => {
  const plan = rankPlan(
    [
      rankEndpoint('four'),
      rankEndpoint('six', { ipv4: '', ipv6: '2001:db8::2' }),
      rankEndpoint('cdn', { ipv4: '', target: 'cdn.example.net.' }),
    ],
    [{ members: [0, 1, 2], jointFamilies: false }],
  )
  const ranking = rank(plan, healthOf(plan, [UP, UP, UP]))
  assert.deepEqual([...ranking.memberBits], [ELIGIBLE, 0, 0, ELIGIBLE, ELIGIBLE, ELIGIBLE])
  assert.deepEqual([...ranking.memberScore].map(Math.round), [90, 90, 90])
})

test('minimumUp counts the eligible', () => {
  const plan = rankPlan(
    [rankEndpoint('a'), rankEndpoint('b'), rankEndpoint('c')],
    [
      { members: [0, 1, 2], minimumUp: 2 },
      { members: [0, 1], minimumUp: 2 },
      { members: [0, 1], minimumUp: 0 },
    ],
  )
  const ranking = rank(plan, healthOf(plan, [UP, GATED, UP]))
  assert.deepEqual(
    [0, 2, 4].map((at) => ranking.poolBits[at]! & POOL_USABLE),
    [POOL_USABLE, 0, POOL_USABLE],
  )
})

test('gates are those of each pool use', () => {
  const plan = rankPlan(
    [rankEndpoint('a')],
    [
      { policyId: 'strict', members: [0], maxLatencyMs: 20 },
      { policyId: 'lax', members: [0], maxLatencyMs: 1000 },
    ],
  )
  const ranking = rank(plan, healthOf(plan, [{ results: '+'.repeat(25), latencyMs: 40 }]))
  assert.deepEqual([ranking.memberBits[0], ranking.memberBits[2]], [IN_PLACE, ELIGIBLE])
})

test('unprobed endpoints are up, disabled ones are not there', () => {
  const plan = rankPlan([rankEndpoint('plain', { probes: [] }), rankEndpoint('off', { enabled: false })], [{ members: [0, 1] }])
  const ranking = rank(plan, healthOf(plan, [undefined, UP]))
  assert.deepEqual([ranking.memberBits[0], ranking.memberBits[2]], [ELIGIBLE, 0])
  assert.deepEqual([ranking.addressFlags[0], ranking.addressFlags[2]], [ADDRESS_PRESENT | ADDRESS_UNPROBED, 0])
  assert.deepEqual([ranking.addressStanding[0], ranking.addressStanding[2]], [STANDING_UP, STANDING_UNKNOWN])
  assert.ok(Number.isNaN(ranking.memberScore[0]), 'no samples, no score')
  assert.equal(ranking.addressTtlBoundSeconds[0], NO_TTL_BOUND)
  assert.equal(ranking.poolTtlBoundSeconds[0], NO_TTL_BOUND)
})

test('a kept standing counts until the first result', () => {
  const plan = rankPlan([rankEndpoint('a'), rankEndpoint('b')], [{ members: [0, 1] }])
  const addresses = healthOf(plan, [UNSEEN, UNSEEN])
  addresses[0]!.lastKnown = { standing: STANDING_UP, atMs: -3_000_000 }
  addresses[2]!.lastKnown = { standing: STANDING_DOWN, atMs: 0 }
  assert.deepEqual(
    [...rank(plan, addresses, { nowMs: 500_000 }).memberBits].filter((_, i) => i % 2 === 0),
    [ELIGIBLE, MEMBER_PRESENT],
  )
  assert.deepEqual(
    [...rank(plan, addresses, { nowMs: 700_000 }).memberBits].filter((_, i) => i % 2 === 0),
    [NOT_DOWN, MEMBER_PRESENT],
  )
})

test('address columns carry the numbers', () => {
  const plan = rankPlan([rankEndpoint('a')], [{ members: [0] }])
  const ranking = rank(plan, healthOf(plan, [{ results: '++-+', latencyMs: 20 }]))
  assert.deepEqual([...ranking.header.subarray(0, 3)], [1, 7, 5e11 + 200_000])
  assert.equal(ranking.addressLatencyMs[0], 20)
  assert.equal(ranking.addressErrorRatePercent[0], 25)
  assert.equal(ranking.addressSampleCount[0], 4)
  assert.equal(ranking.addressSampleAt[0], 15_000)
  assert.equal(ranking.addressSinceAt[0], 0)
  assert.equal(ranking.addressLastEligibleAt[0], 5e11 + 200_000)
  assert.equal(ranking.addressTtlBoundSeconds[0], 10)
  assert.equal(ranking.memberScore[0], 60)
  assert.ok(Number.isNaN(ranking.addressLatencyMs[1]))
  assert.equal(ranking.addressFlags[1], 0)
})

test('memberOrder puts the best first, unknown latencies behind measured ones, absent members last', () => {
  const plan = rankPlan(
    [rankEndpoint('slow'), rankEndpoint('off', { enabled: false }), rankEndpoint('unseen'), rankEndpoint('quick'), rankEndpoint('same')],
    [{ members: [0, 1, 2, 3, 4] }],
  )
  const ranking = rank(plan, healthOf(plan, [{ results: '+', latencyMs: 90 }, UP, UNSEEN, UP, UP]))
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((member) => ranking.memberOrder[2 * member]),
    [2, 4, 3, 0, 1],
  )
})

test('picks: the incumbent among the best there are; weaker steps pick the same member', () => {
  const plan = rankPlan([rankEndpoint('a'), rankEndpoint('b'), rankEndpoint('c')], [{ members: [0, 1, 2] }])
  const picks = (seen: readonly Seen[], memory = createRankMemory()): number[] => {
    const { poolPick, poolPickInPlace, poolPickNotDown } = rank(plan, healthOf(plan, seen), { memory })
    return [poolPick[0]!, poolPickInPlace[0]!, poolPickNotDown[0]!]
  }
  const slower: Seen = { results: '++', latencyMs: 30 }
  const cases = [
    { name: 'best score', seen: [slower, UP, slower], picks: [1, 1, 1] },
    { name: 'down ones are left out', seen: [slower, DOWN, DOWN], picks: [0, 0, 0] },
    { name: 'nobody eligible', seen: [DOWN, SLOW, GATED], picks: [-1, 2, 2] },
    { name: 'nobody in place', seen: [DOWN, UNSEEN, DOWN], picks: [-1, -1, 1] },
    { name: 'all down', seen: [DOWN, DOWN, DOWN], picks: [-1, -1, -1] },
  ]
  for (const { name, seen, picks: expected } of cases) assert.deepEqual(picks(seen), expected, name)
  const memory = createRankMemory()
  picks([UP, DOWN, DOWN], memory)
  assert.deepEqual(picks([slower, { results: '++', latencyMs: 28 }, slower], memory), [0, 0, 0], 'within the band the incumbent stays')
  assert.deepEqual(picks([DOWN, slower, slower], memory), [1, 1, 1], 'left at once when it is down')
})

test('incumbents are remembered by name: a publish that renumbers endpoints moves nobody', () => {
  const memory = createRankMemory()
  const before = rankPlan([rankEndpoint('b'), rankEndpoint('c')], [{ poolId: 'central', members: [0, 1] }])
  rank(
    before,
    healthOf(before, [
      { results: '+', latencyMs: 30 },
      { results: '+', latencyMs: 20 },
    ]),
    { memory },
  )
  const after = rankPlan(
    [rankEndpoint('a'), rankEndpoint('b'), rankEndpoint('c')],
    [{ members: [0] }, { poolId: 'central', members: [0, 1, 2] }],
  )
  const ranking = rank(after, healthOf(after, [{ results: '+', latencyMs: 19.5 }, UP, { results: '+', latencyMs: 20 }]), { memory })
  assert.equal(ranking.poolPick[2], 3, 'c, as before')
})

test('slow start in tenths after a return: by weight in weighted pools, by memberKeep in all others', () => {
  const plan = rankPlan(
    [rankEndpoint('a'), rankEndpoint('b')],
    [
      {
        members: [
          [0, 100],
          [1, 50],
        ],
        slowStartSeconds: 60,
        choose: 'weighted',
      },
      {
        members: [
          [0, 100],
          [1, 50],
        ],
        policyId: 'none',
        choose: 'weighted',
      },
      { members: [0, 1], policyId: 'best', slowStartSeconds: 60 },
    ],
  )
  const addresses = healthOf(plan, [UP, UP])
  feed(addresses[0]!, { results: '---++' }, 1_000_000)
  const returnedMs = 1_020_000
  const weights = (nowMs: number): number[] =>
    [...rank(plan, addresses, { nowMs }).memberWeight]
      .filter((_, i) => i % 2 === 0)
      .slice(0, 4)
      .map((weight) => weight / WEIGHT_SCALE)
  const keeps = (nowMs: number): number[] => [...rank(plan, addresses, { nowMs }).memberKeep].filter((_, i) => i % 2 === 0)
  assert.deepEqual(keeps(returnedMs), [KEEP_ALL, KEEP_ALL, KEEP_ALL, KEEP_ALL, Math.round(KEEP_ALL / 10), KEEP_ALL])
  assert.deepEqual(keeps(returnedMs + 30_000).at(-2), Math.round(0.6 * KEEP_ALL))
  assert.deepEqual(keeps(returnedMs + 60_000).at(-2), KEEP_ALL)
  assert.deepEqual(weights(returnedMs), [10, 50, 100, 50])
  assert.deepEqual(weights(returnedMs + 5999), [10, 50, 100, 50])
  assert.deepEqual(weights(returnedMs + 6000), [20, 50, 100, 50])
  assert.deepEqual(weights(returnedMs + 60_000), [100, 50, 100, 50])
})

test('the end of an override is a return: slow start from the moment it holds no more', () => {
  const plan = rankPlan(
    [rankEndpoint('a'), rankEndpoint('b')],
    [
      { members: [0, 1], slowStartSeconds: 60 },
      {
        members: [
          [0, 100],
          [1, 100],
        ],
        policyId: 'weighted',
        slowStartSeconds: 60,
        choose: 'weighted',
      },
      { members: [0, 1], policyId: 'at-once' },
    ],
  )
  const down: ForcedStanding = { endpointId: 'a', action: 'down', share: 1 }
  const drain = (share: number): ForcedStanding => ({ endpointId: 'a', action: 'drain', share })
  const up: ForcedStanding = { endpointId: 'a', action: 'up', share: 1 }
  /** What is forced at a second, and the tenths that a keeps then; null = out. */
  type Row = readonly [seconds: number, forced: ForcedStanding | undefined, tenths: number | null]
  const cases: readonly { readonly name: string; readonly rows: readonly Row[] }[] = [
    {
      name: 'down',
      rows: [
        [0, undefined, 10],
        [10, down, null],
        [100, down, null],
        [101, undefined, 1],
        [106.999, undefined, 1],
        [107, undefined, 2],
        [131, undefined, 6],
        [155, undefined, 10],
        [900, undefined, 10],
      ],
    },
    {
      name: 'drained to nothing',
      rows: [
        [0, drain(0.1), 1],
        [10, drain(0), null],
        [20, undefined, 1],
        [50, undefined, 6],
      ],
    },
    {
      name: 'a drain that is broken off goes back from where it was',
      rows: [
        [0, drain(0.9), 9],
        [10, drain(0.5), 5],
        [20, undefined, 6],
        [26, undefined, 7],
      ],
    },
    {
      name: 'an override up instead of down is an end, too',
      rows: [
        [0, down, null],
        [10, up, 1],
        [40, up, 6],
      ],
    },
    {
      name: 'down again in the middle begins anew',
      rows: [
        [0, down, null],
        [10, undefined, 1],
        [40, down, null],
        [41, undefined, 1],
      ],
    },
    {
      name: 'a drain that begins in the middle never gives back more, nor takes more',
      rows: [
        [0, down, null],
        [10, undefined, 1],
        [20, drain(0.9), 2],
        [30, undefined, 4],
        [40, undefined, 6],
      ],
    },
    {
      name: 'an override up that ends is none',
      rows: [
        [0, up, 10],
        [10, undefined, 10],
      ],
    },
  ]
  for (const { name, rows } of cases) {
    const memory = createRankMemory()
    const addresses = healthOf(plan, [UP, UP])
    for (const [seconds, forced, tenths] of rows) {
      const ranking = rank(plan, addresses, { memory, nowMs: 200_000 + 1000 * seconds, overrides: forced === undefined ? [] : [forced] })
      const isOut = ranking.memberBits[0] === MEMBER_PRESENT
      assert.equal(isOut, tenths === null, `${name} at ${seconds} s`)
      const slow = forced === undefined || forced.action === 'up'
      if (tenths === null) continue
      assert.equal(ranking.memberKeep[0], Math.round((KEEP_ALL * tenths) / 10), `${name} at ${seconds} s`)
      assert.equal(ranking.memberWeight[4], 10 * tenths * WEIGHT_SCALE, `${name} at ${seconds} s, weighted`)
      if (slow) assert.equal(ranking.memberKeep[8], KEEP_ALL, `${name} at ${seconds} s, without slow start`)
      assert.equal(ranking.memberKeep[2], KEEP_ALL, `${name}: b is not concerned`)
    }
    const { addressFlags } = rank(plan, addresses, { memory, nowMs: 2_000_000 })
    rank(plan, addresses, { memory, nowMs: 4_000_000 })
    assert.equal(memory.forced.size, 0, `${name}: forgotten when it is over`)
    assert.equal(addressFlags[2]! & ADDRESS_RELEASED, 0)
  }
})

test('the first pick of a pool: declared order within the band, anew when the first result of an earlier one comes', () => {
  const plan = rankPlan([rankEndpoint('a'), rankEndpoint('b')], [{ members: [0, 1] }])
  const memory = createRankMemory()
  const addresses = healthOf(plan, [UNSEEN, { results: '+', latencyMs: 20 }])
  const pick = (nowMs: number): number => rank(plan, addresses, { memory, nowMs }).poolPick[0]!
  assert.equal(pick(10_000), 1, 'only b is known')
  feed(addresses[0]!, { results: '+', latencyMs: 20.5 }, 10_010)
  assert.equal(pick(10_010), 0, 'the first result of a, within the band')
  const late = healthOf(plan, [UNSEEN, { results: '+', latencyMs: 20 }])
  const lateMemory = createRankMemory()
  rank(plan, late, { memory: lateMemory, nowMs: 10_000 })
  feed(late[0]!, { results: '+', latencyMs: 20.5 }, 16_001)
  // An interval of 5 s and a limit of 1 s.
  assert.equal(rank(plan, late, { memory: lateMemory, nowMs: 16_001 }).poolPick[0], 1, 'too late')
})

test('overrides beat standing and gates', () => {
  const plan = rankPlan([rankEndpoint('a'), rankEndpoint('b'), rankEndpoint('c')], [{ members: [0, 1, [2, 100]], choose: 'weighted' }])
  const ranking = rank(plan, healthOf(plan, [DOWN, UP, UP]), {
    overrides: [
      { endpointId: 'a', action: 'up', share: 1 },
      { endpointId: 'b', action: 'down', share: 0 },
      { endpointId: 'c', action: 'drain', share: 0.25 },
    ],
  })
  assert.deepEqual(
    [0, 2, 4].map((at) => ranking.memberBits[at]),
    [ELIGIBLE, MEMBER_PRESENT, ELIGIBLE],
  )
  assert.equal(ranking.memberWeight[4], 25 * WEIGHT_SCALE)
  assert.equal(ranking.addressFlags[2]! & ADDRESS_OVERRIDE_DOWN, ADDRESS_OVERRIDE_DOWN)
  assert.equal(ranking.addressStanding[0], STANDING_DOWN, 'the measured standing stays visible')
})

test('a share of a weight of one is a weight too', () => {
  const plan = rankPlan(
    [rankEndpoint('a'), rankEndpoint('b')],
    [
      {
        members: [
          [0, 1],
          [1, 1],
        ],
        choose: 'weighted',
      },
    ],
  )
  const { memberWeight } = rank(plan, healthOf(plan, [UP, UP]), { overrides: [{ endpointId: 'a', action: 'drain', share: 0.3 }] })
  assert.deepEqual([memberWeight[0], memberWeight[2]], [0.3 * WEIGHT_SCALE, WEIGHT_SCALE])
})

test('the TTL bound of a pool is the smallest of its members', () => {
  const quick = rankEndpoint('quick', { probes: [probeSpec({ intervalMs: 1000, retryIntervalMs: 500 })] })
  const plan = rankPlan([rankEndpoint('a'), quick], [{ members: [0] }, { members: [0, 1] }])
  const ranking = rank(plan, healthOf(plan, [UP, UP]))
  assert.deepEqual([ranking.poolTtlBoundSeconds[0], ranking.poolTtlBoundSeconds[2]], [10, 2])
})

test('what all vantages say goes before our own judgement, by the share of each policy', () => {
  const plan = rankPlan(
    [rankEndpoint('a'), rankEndpoint('b')],
    [{ members: [0, 1] }, { members: [0, 1], policyId: 'strict', vantageSharePercent: 50 }],
  )
  const view = (inPlaceCount: number, voteCount: number) => ({
    inPlaceCount,
    voteCount,
    latencyMs: 20,
    errorRatePercent: 1,
    sampleCount: 60 * voteCount,
    sampleAt: 9,
  })
  const addresses = healthOf(plan, [DOWN, UP])
  const ranking = rank(plan, addresses, { views: [view(2, 5), undefined, view(0, 5), undefined] })
  assert.deepEqual(
    [0, 2, 4, 6].map((at) => ranking.memberBits[at]),
    [ELIGIBLE, MEMBER_PRESENT, MEMBER_PRESENT, MEMBER_PRESENT],
    'a: 2 of 5 are more than 18 and less than 50 %; b: nobody',
  )
  assert.deepEqual([ranking.addressStanding[0], ranking.addressStanding[2]], [STANDING_UP, STANDING_DOWN])
  assert.deepEqual([ranking.addressLatencyMs[0], ranking.addressSampleCount[0], ranking.addressSampleAt[0]], [20, 300, 9])
  addresses[0]!.joint = { view: view(5, 5), closed: new Set(['5/500']) }
  assert.equal(rank(plan, addresses, { views: [view(5, 5), undefined, undefined, undefined] }).memberBits[0], IN_PLACE, 'their gate')
})

test('capacity: shares fall by a step a TTL, beyond the hard mark it is in place and not eligible', () => {
  const capacity = { requestsPerSecond: 100, softPercent: 80, hardPercent: 100 }
  const plan = rankPlan(
    [rankEndpoint('a', { capacity }), rankEndpoint('b')],
    [
      { members: [0, 1] },
      {
        members: [
          [0, 100],
          [1, 100],
        ],
        choose: 'weighted',
        policyId: 'weighted',
        ttlSeconds: 60,
      },
    ],
  )
  const addresses = healthOf(plan, [UP, UP])
  const memory = createRankMemory()
  const at = (nowMs: number, reportedPerSecond: number, estimatedPerSecond = Number.NaN): number[] => {
    const loads = new Map([['a', { reportedPerSecond, smoothPerSecond: reportedPerSecond, estimatedPerSecond }]])
    const { memberKeep, memberWeight, memberBits } = rank(plan, addresses, { memory, nowMs, loads })
    return [memberKeep[0]!, memberWeight[4]! / WEIGHT_SCALE, memberKeep[4]!, memberBits[0]!, memberKeep[2]!]
  }
  const keep = (share: number): number => Math.round(KEEP_ALL * share)
  assert.deepEqual(at(0, 50), [KEEP_ALL, 100, KEEP_ALL, ELIGIBLE, KEEP_ALL])
  assert.deepEqual(at(1000, 90), [keep(0.9), 90, KEEP_ALL, ELIGIBLE, KEEP_ALL])
  assert.deepEqual(at(2000, 90), [keep(0.9), 90, KEEP_ALL, ELIGIBLE, KEEP_ALL], 'not before the TTL')
  assert.deepEqual(at(31_000, 90), [keep(0.8), 90, KEEP_ALL, ELIGIBLE, KEEP_ALL], 'each policy by its own TTL')
  assert.deepEqual(at(61_000, Number.NaN, 500), [keep(0.7), 80, KEEP_ALL, ELIGIBLE, KEEP_ALL], 'an estimate sheds, and no more')
  assert.deepEqual(at(62_000, 101), [keep(0.1), 10, KEEP_ALL, IN_PLACE, KEEP_ALL])
  assert.deepEqual(at(63_000, 90), [keep(0.1), 10, KEEP_ALL, IN_PLACE, KEEP_ALL], 'until it reports less than the soft mark')
  assert.equal(
    rank(plan, addresses, {
      memory,
      nowMs: 63_500,
      loads: new Map([['a', { reportedPerSecond: 90, smoothPerSecond: 90, estimatedPerSecond: 0 }]]),
    }).addressFlags[0]! & ADDRESS_OVERLOADED,
    ADDRESS_OVERLOADED,
  )
  assert.deepEqual(at(64_000, 10), [keep(0.1), 10, KEEP_ALL, ELIGIBLE, KEEP_ALL], 'and then it begins with a tenth')
})

test('drained to nothing is out', () => {
  const plan = rankPlan([rankEndpoint('a'), rankEndpoint('b')], [{ members: [0, 1] }])
  const of = (share: number): number[] => {
    const ranking = rank(plan, healthOf(plan, [UP, UP]), { overrides: [{ endpointId: 'a', action: 'drain', share }] })
    return [ranking.memberKeep[0]!, ranking.memberBits[0]!]
  }
  assert.deepEqual(of(0.5), [Math.round(KEEP_ALL / 2), ELIGIBLE])
  assert.deepEqual(of(0), [0, MEMBER_PRESENT])
})

test('the TTL bound of a pool is the next step of a slow start, drain or shedding, and goes when all is steady', () => {
  const capacity = { requestsPerSecond: 100, softPercent: 80, hardPercent: 100 }
  // Probed once an hour, so that the standing bounds nothing here.
  const probes = [probeSpec({ intervalMs: 3_600_000, retryIntervalMs: 3_600_000 })]
  const plan = rankPlan(
    [rankEndpoint('a', { probes, capacity }), rankEndpoint('b', { probes })],
    [
      { members: [0, 1], slowStartSeconds: 100 },
      { members: [0, 1], policyId: 'weighted', slowStartSeconds: 100, choose: 'weighted' },
      { members: [1], policyId: 'other', slowStartSeconds: 100 },
      { members: [0], policyId: 'loaded' },
    ],
  )
  const addresses = healthOf(plan, [UP, UP])
  feed(addresses[0]!, { results: '---++' }, 1_000_000)
  const returnedMs = 1_020_000
  const memory = createRankMemory()
  const bounds = (nowMs: number, given: Parameters<typeof rank>[2] = {}): number[] =>
    [...rank(plan, addresses, { memory, nowMs, ...given }).poolTtlBoundSeconds].filter((_, at) => at % 2 === 0)
  // Three failures in a row: an hour and two more.
  const sharesAt = (nowMs: number): boolean[] =>
    [...rank(plan, addresses, { memory, nowMs }).poolBits].filter((_, at) => at % 2 === 0).map((bits) => (bits & POOL_SHARES) !== 0)
  assert.deepEqual(
    sharesAt(returnedMs),
    [true, false, false, false],
    'the pool says that a member keeps a share; a weighted one has it in its weights',
  )
  assert.deepEqual(sharesAt(returnedMs + 100_000), [false, false, false, false])
  const [steady] = bounds(returnedMs + 100_000)
  assert.equal(steady, 3 * 3600)
  const slow: [atMs: number, bound: number][] = [
    [0, 10],
    [1, 10],
    [9000, 1],
    [9999, 1],
    [10_000, 10],
    [85_500, 5],
    [89_000, 1],
    [90_000, 10_800],
  ]
  for (const [atMs, bound] of slow)
    assert.deepEqual(bounds(returnedMs + atMs), [bound, bound, steady, steady], `slow start after ${atMs} ms`)
  const laterMs = returnedMs + 200_000
  const drain = (share: number, nextStepMs?: number) => ({
    overrides: [{ endpointId: 'a', action: 'drain' as const, share, ...(nextStepMs === undefined ? {} : { nextStepMs }) }],
  })
  assert.deepEqual(bounds(laterMs, drain(0.9, 33_333)), [34, 34, steady, 34], 'drain')
  assert.deepEqual(bounds(laterMs, drain(0)), [steady, steady, steady, steady], 'drained')
  const load = (perSecond: number) => ({
    loads: new Map([['a', { reportedPerSecond: perSecond, smoothPerSecond: perSecond, estimatedPerSecond: Number.NaN }]]),
  })
  const ttl = plan.poolUses[3]!.ttlSeconds
  assert.deepEqual(bounds(laterMs, load(95)).at(-1), ttl, 'the first step of shedding')
  assert.deepEqual(bounds(laterMs + 1000 * ttl - 2000, load(95)).at(-1), 2)
  for (let step = 1; step < 30; step++) bounds(laterMs + 1000 * ttl * step, load(90))
  assert.deepEqual(bounds(laterMs + 30_000 * ttl, load(90)).at(-1), steady, 'settled')
})
