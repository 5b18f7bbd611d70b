/** Members that keep a share of their clients (slow start, drain, shedding): who goes, where to, and how many. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KEEP_ALL } from '../../../../health/model/ranking.ts'
import type { ChooseKind } from '../../../../policy/config/config-schema.ts'
import { keepPosition, WHOLE_SPAN } from '../../../../policy/decide/keep-position.ts'
import { makeSyntheticConfig, type PolicyDraft, type PoolDraft } from '../../../support/synthetic-config.ts'
import { makeSubject, type Subject } from '../../../support/synthetic-decision.ts'
import { makeSyntheticGeodata } from '../../../support/synthetic-geodata.ts'
import type { RankingDraft } from '../../../support/synthetic-ranking.ts'

const SUBNETS = 100_000
/** Enough for the tables of cases, with a wider tolerance. */
const SAMPLE = 10_000
/** Blocks of 8.0.0.0/6 and of 2000::/3, spread over them. */
const blocks4 = Array.from({ length: SUBNETS }, (_, n) => BigInt(0x0800_0000 + ((n * 2621) % 0x40000) * 256))
const blocks6 = Array.from({ length: SUBNETS }, (_, n) => (0x2000n << 112n) + (((BigInt(n) * 0x9e37_79b9_7f4a_7c15n) % (1n << 53n)) << 72n))
const HASHED = { hashPrefix: { ipv4: 24, ipv6: 56 } }
const half = Math.round(KEEP_ALL / 2)

function subjectOf(pools: readonly PoolDraft[], policy: Partial<PolicyDraft> = {}): Subject {
  const rules = [{ line: '*', pools: pools.slice(0, -1).map(({ id }) => id) }]
  const config = makeSyntheticConfig({ pools, policies: [{ id: 'p', rules, fallback: [pools.at(-1)!.id], ...HASHED, ...policy }] })
  return makeSubject(config, makeSyntheticGeodata([]))
}

/** How many blocks get each list of endpoints, as a share of all. */
function sharesOf(subject: Subject, health: RankingDraft, family: 4 | 6 = 4, count: number = SAMPLE): ReadonlyMap<string, number> {
  const plain = subject.plainOf(health)
  return countShares(
    (family === 4 ? blocks4 : blocks6).slice(0, count).map((block) => subject.askNumber(family, block, plain).endpoints.join(' ')),
  )
}

function countShares(answers: readonly string[]): ReadonlyMap<string, number> {
  const shares = new Map<string, number>()
  for (const key of answers) shares.set(key, (shares.get(key) ?? 0) + 1 / answers.length)
  return shares
}

function assertShares(
  actual: ReadonlyMap<string, number>,
  expected: Readonly<Record<string, number>>,
  text: string,
  tolerance: number = 0.015,
): void {
  assert.deepEqual([...actual.keys()].sort(), Object.keys(expected).sort(), text)
  for (const [key, share] of Object.entries(expected)) {
    assert.ok(Math.abs(actual.get(key)! - share) < tolerance, `${text}: ${key} has ${actual.get(key)}, not ${share}`)
  }
}

test('a share of the clients keeps a member in every kind; the others go along the order, then to the pools behind', () => {
  const pool = (choose: ChooseKind, members: string[], id = 'edge'): PoolDraft => ({ id, choose, members })
  const central: PoolDraft = { id: 'central', members: ['c'] }
  const cases: {
    name: string
    pools: readonly PoolDraft[]
    health: RankingDraft
    expected: Record<string, number>
  }[] = [
    {
      name: 'best: the next by score',
      pools: [pool('best', ['a', 'b']), central],
      health: { keeps: { a: half } },
      expected: { a: 0.5, b: 0.5 },
    },
    {
      name: 'best: both keep a share',
      pools: [pool('best', ['a', 'b']), central],
      health: { keeps: { a: half, b: half } },
      expected: { a: 0.5, b: 0.25, c: 0.25 },
    },
    {
      name: 'best: the order, not the list, says who is next',
      pools: [pool('best', ['a', 'b', 'd']), central],
      health: { keeps: { d: half }, order: ['d', 'b', 'a'] },
      expected: { d: 0.5, b: 0.5 },
    },
    {
      name: 'best: a pool of one hands over',
      pools: [pool('best', ['a']), central],
      health: { keeps: { a: 6554 } },
      expected: { a: 0.1, c: 0.9 },
    },
    { name: 'auto', pools: [pool('auto', ['a', 'b']), central], health: { keeps: { a: half } }, expected: { a: 0.5, b: 0.5 } },
    {
      name: 'nearest, second choice with a share as well',
      pools: [pool('nearest', ['a', 'b']), central],
      health: { keeps: { a: half, b: half } },
      expected: { a: 0.5, b: 0.25, c: 0.25 },
    },
    {
      name: 'all: in that share of the answers',
      pools: [pool('all', ['a', 'b']), central],
      health: { keeps: { a: half } },
      expected: { 'a b': 0.5, b: 0.5 },
    },
    {
      name: 'all: nobody keeps it: the pool behind',
      pools: [pool('all', ['a', 'b']), central],
      health: { keeps: { a: half, b: half } },
      expected: { 'a b': 0.25, a: 0.25, b: 0.25, c: 0.25 },
    },
    {
      name: 'through two pools to the fallback',
      pools: [pool('best', ['a']), pool('auto', ['b'], 'second'), central],
      health: { keeps: { a: half, b: half } },
      expected: { a: 0.5, b: 0.25, c: 0.25 },
    },
    {
      name: 'a keep of 0 is nobody',
      pools: [pool('best', ['a', 'b']), central],
      health: { keeps: { a: 0 } },
      expected: { b: 1 },
    },
    {
      name: 'nobody in the chain keeps a client: the first of those who keep anybody',
      pools: [pool('best', ['a', 'b']), central],
      health: { keeps: { a: 0, b: half, c: half } },
      expected: { b: 0.75, c: 0.25 },
    },
    {
      name: 'nobody keeps anybody: the first',
      pools: [pool('best', ['a', 'b']), central],
      health: { keeps: { a: 0, b: 0, c: 0 } },
      expected: { a: 1 },
    },
    {
      name: 'step 3 knows no shares',
      pools: [pool('best', ['a', 'b']), central],
      health: { keeps: { a: half }, standings: { a: 'not-down', b: 'not-down', c: 'down' } },
      expected: { a: 1 },
    },
    {
      name: 'a refusing fallback does not bring about the last resort',
      pools: [pool('best', ['a']), central],
      health: { keeps: { c: 0 }, standings: { a: 'not-down' } },
      expected: { c: 1 },
    },
  ]
  for (const { name, pools, health, expected } of cases) {
    for (const family of [4, 6] as const) assertShares(sharesOf(subjectOf(pools), health, family), expected, `${name}, IPv${family}`)
  }
})

test('whoever is moved at a share is moved at every smaller one, and nobody else moves', () => {
  for (const choose of ['best', 'auto', 'all'] as const) {
    const subject = subjectOf([
      { id: 'edge', choose, maxAnswers: 1, members: ['a', 'b'] },
      { id: 'central', members: ['c'] },
    ])
    let before: readonly string[] | undefined
    for (const percent of [100, 90, 70, 40, 10, 1, 0]) {
      const plain = subject.plainOf({ keeps: { a: Math.round((KEEP_ALL * percent) / 100) } })
      const after = blocks4.slice(0, 5000).map((block) => subject.askNumber(4, block, plain).endpoints[0]!)
      if (before !== undefined)
        for (const [n, id] of after.entries()) assert.ok(id === before[n] || id === 'b', `${choose} at ${percent} %`)
      before = after
    }
    assert.ok(before!.every((id) => id === 'b'))
  }
})

test('who was refused by a member is drawn by weight among all members of the next pool', () => {
  const subject = subjectOf([
    { id: 'edge', members: ['a'] },
    {
      id: 'shared',
      choose: 'weighted',
      members: [
        { endpoint: 'a', weight: 50 },
        { endpoint: 'b', weight: 50 },
      ],
    },
    { id: 'central', members: ['c'] },
  ])
  // Half are refused by a; half of those are drawn to it all the same, since the weighted pool has the share in its weights.
  assertShares(sharesOf(subject, { keeps: { a: half } }), { a: 0.75, b: 0.25 }, 'edge then shared')
})

test('weighted 70/20/10 over 100,000 subnets of either family: within 0.5 %, and a member that leaves moves only its clients', () => {
  const members = Object.entries({ a: 70, b: 20, c: 10 }).map(([endpoint, weight]) => ({ endpoint, weight }))
  const pools: PoolDraft[] = [
    { id: 'shared', choose: 'weighted', members },
    { id: 'central', members: ['d'] },
  ]
  // The default of a policy with a weighted pool is what is measured.
  const config = makeSyntheticConfig({ pools, policies: [{ id: 'p', rules: [{ line: '*', pools: ['shared'] }], fallback: ['central'] }] })
  assert.deepEqual(config.policies[0]!.hashPrefix, HASHED.hashPrefix)
  const subject = makeSubject(config, makeSyntheticGeodata([]))
  // Slow start of b at three tenths: weights 70, 6, 10.
  const plains = [{}, { standings: { b: 'down' } } as const, { weights: { b: 6 } }].map((health) => subject.plainOf(health))
  for (const family of [4, 6] as const) {
    const [all, without, slow] = plains.map((plain) =>
      (family === 4 ? blocks4 : blocks6).map((block) => subject.askNumber(family, block, plain).endpoints[0]!),
    )
    assertShares(countShares(all!), { a: 0.7, b: 0.2, c: 0.1 }, `IPv${family}`, 0.005)
    assertShares(countShares(without!), { a: 7 / 8, c: 1 / 8 }, `IPv${family} without b`, 0.005)
    assertShares(countShares(slow!), { a: 70 / 86, b: 6 / 86, c: 10 / 86 }, `IPv${family}, b at 30 %`, 0.005)
    for (const [n, before] of all!.entries()) {
      if (before !== 'b') assert.equal(without![n], before)
      if (slow![n] !== before) assert.equal(before, 'b', 'slow start takes clients from nobody else')
    }
  }
})

test('not sticky: shares hold by the draw, and a share that is kept goes by the block all the same', () => {
  const members = [
    { endpoint: 'a', weight: 70 },
    { endpoint: 'b', weight: 30 },
  ]
  const subject = subjectOf([
    { id: 'edge', members: ['e'] },
    { id: 'shared', choose: 'weighted', sticky: false, members },
    { id: 'central', members: ['d'] },
  ])
  const plain = subject.plainOf({ keeps: { e: half } })
  const answers = blocks4.slice(0, SAMPLE).map((block, n) => {
    const draw = Math.imul(n + 1, 0x9e37_79b1)
    const [id] = subject.askNumber(4, block, plain, { draw }).endpoints
    if (id === 'e') assert.deepEqual(subject.askNumber(4, block, plain, { draw: draw + 1 }).endpoints, ['e'])
    return id!
  })
  assertShares(countShares(answers), { e: 0.5, a: 0.35, b: 0.15 }, 'half kept, the rest drawn')
})

test('a position lies in its span and is uniform there; the golden values are the contract of all nodes', () => {
  for (const [begin, width] of [
    [0, 65535],
    [100, 0],
    [40_000, 25_535],
    [65_535, 0],
  ] as const) {
    let [least, most] = [65_536, -1]
    for (let seed = 0; seed < 20_000; seed++) {
      const position = keepPosition(Math.imul(seed, 0x9e37_79b1), 7, begin * 65_536 + width)
      least = Math.min(least, position)
      most = Math.max(most, position)
    }
    assert.ok(least >= begin && least <= begin + 0.01 * width, `${least} in ${begin} + ${width}`)
    assert.ok(most <= Math.max(begin, begin + width - 1) && most >= begin + 0.99 * width - 1, `${most} in ${begin} + ${width}`)
  }
  const seeds = [0, 1, -1, 0x7fff_ffff, 123_456_789]
  assert.deepEqual(
    seeds.map((seed) => keepPosition(seed, 2334961884, WHOLE_SPAN)),
    [15713, 49057, 45437, 19104, 23346],
  )
})
