/** The decision of DESIGN.md section 6: a row a step, and what each policy setting changes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConfigDraft, makeSyntheticConfig, type PolicyDraft } from '../../../support/synthetic-config.ts'
import { makeSubject, type Question } from '../../../support/synthetic-decision.ts'
import { makeSyntheticGeodata } from '../../../support/synthetic-geodata.ts'
import type { PlainStanding, RankingDraft } from '../../../support/synthetic-ranking.ts'

const geodata = makeSyntheticGeodata([
  ['202.96.104.0', 'cn/33/3302/telecom'],
  ['202.96.105.0', 'cn/33/3301/telecom'],
  ['202.96.106.0', ''],
])
const NINGBO = '202.96.104.15'
const HANGZHOU = '202.96.105.15'
const ELSEWHERE = '8.8.8.8'

const EDGE_API: PolicyDraft = {
  id: 'edge-api',
  rules: [
    { line: 'cn-3302/telecom', pools: ['ningbo', 'zhejiang'] },
    { line: 'cn-33/telecom', pools: ['zhejiang'] },
    { line: '*', pools: ['middle'] },
  ],
  fallback: ['central', 'reserve'],
}
const POOLS: ConfigDraft['pools'] = [
  { id: 'ningbo', members: ['n1', 'n2'], minimumUp: 2 },
  { id: 'zhejiang', members: ['h1'] },
  { id: 'middle', members: ['m1'] },
  { id: 'central', members: ['c1', 'c2'] },
  { id: 'reserve', members: ['r1'] },
]
const NOBODY = { n1: 0, n2: 0, h1: 0, m1: 0, c1: 0, c2: 0, r1: 0 }
const ENDPOINTS = ['n1', 'n2', 'h1', 'm1', 'c1', 'c2', 'r1']

/** Standings with everything else down. */
function only(standings: Readonly<Record<string, PlainStanding>>): RankingDraft {
  return { standings: { ...Object.fromEntries(ENDPOINTS.map((id) => [id, 'down' as const])), ...standings } }
}

function subjectOf(policy: Partial<PolicyDraft> = {}, pools: ConfigDraft['pools'] = POOLS) {
  return makeSubject(makeSyntheticConfig({ pools, policies: [{ ...EDGE_API, ...policy }] }), geodata)
}

test('decide takes the first of the four steps that has an endpoint', () => {
  const cases: {
    name: string
    client: string
    health: RankingDraft
    expected: [step: number, line: string, chainPosition: number, pool: string, poolPosition: number, endpoints: string[]]
  }[] = [
    {
      name: '1: the first pool of the most specific rule',
      client: NINGBO,
      health: {},
      expected: [1, 'cn-3302/telecom', 0, 'ningbo', 0, ['n1']],
    },
    {
      name: '1: below minimumUp the next pool of the rule, though a member is eligible',
      client: NINGBO,
      health: { standings: { n2: 'in-place' } },
      expected: [1, 'cn-3302/telecom', 0, 'zhejiang', 1, ['h1']],
    },
    {
      name: '1: no eligible endpoint hands over to the next rule of the chain',
      client: NINGBO,
      health: only({ m1: 'eligible', n1: 'eligible' }),
      expected: [1, '*', 2, 'middle', 0, ['m1']],
    },
    {
      name: '1: a client outside the lines has the default rule',
      client: ELSEWHERE,
      health: {},
      expected: [1, '*', 0, 'middle', 0, ['m1']],
    },
    {
      name: '1: a pool whose members keep others hands over to the next pool, in the same rule and along the chain',
      client: NINGBO,
      health: { keeps: { n1: 0, n2: 0, h1: 0 } },
      expected: [1, '*', 2, 'middle', 0, ['m1']],
    },
    {
      name: '2: nobody of the rules keeps the client',
      client: NINGBO,
      health: { keeps: { n1: 0, n2: 0, h1: 0, m1: 0, c1: 0 } },
      expected: [2, '', -1, 'central', 0, ['c2']],
    },
    {
      name: '1: nobody at all keeps the client: as if everybody did',
      client: NINGBO,
      health: { keeps: NOBODY },
      expected: [1, 'cn-3302/telecom', 0, 'ningbo', 0, ['n1']],
    },
    {
      name: '1: a share does not count towards minimumUp',
      client: NINGBO,
      health: { standings: { n2: 'in-place' }, keeps: { h1: 0 } },
      expected: [1, '*', 2, 'middle', 0, ['m1']],
    },
    {
      name: '2: the fallback needs only the standing',
      client: NINGBO,
      health: only({ n1: 'in-place', n2: 'in-place', c2: 'in-place' }),
      expected: [2, '', -1, 'central', 0, ['c2']],
    },
    {
      name: '2: the second fallback pool when the first is down',
      client: NINGBO,
      health: only({ c1: 'not-down', r1: 'in-place' }),
      expected: [2, '', -1, 'reserve', 1, ['r1']],
    },
    {
      name: '3: a member that is not down; gates and minimumUp ignored',
      client: NINGBO,
      health: only({ n2: 'in-place', c1: 'not-down' }),
      expected: [3, 'cn-3302/telecom', 0, 'ningbo', 0, ['n2']],
    },
    {
      name: '3: further down the chain',
      client: HANGZHOU,
      health: only({ m1: 'not-down', n1: 'not-down' }),
      expected: [3, '*', 1, 'middle', 0, ['m1']],
    },
    {
      name: '4: everything down: the first fallback pool as if up, best order first',
      client: NINGBO,
      health: { ...only({}), order: ['c2', 'c1'] },
      expected: [4, '', -1, 'central', 0, ['c2']],
    },
  ]
  const subject = subjectOf()
  for (const { name, client, health, expected } of cases) {
    const { outcome, step, line, chainPosition, poolId, poolPosition, endpoints } = subject.ask(client, health)
    assert.deepEqual([outcome, step, line, chainPosition, poolId, poolPosition, endpoints], ['answer', ...expected], name)
  }
})

test('decide looks at the first matching rule only when nothing is inherited', () => {
  const subject = subjectOf({ inherit: false })
  const decision = subject.ask(NINGBO, only({ m1: 'eligible', c1: 'in-place' }))
  assert.deepEqual([decision.step, decision.endpoints], [2, ['c1']])
  assert.deepEqual(subject.ask(NINGBO, only({ m1: 'eligible' })).step, 4)
})

test('decide with everything down gives what allDown says', () => {
  const lastEligibleAt = { h1: [700, 0], c2: [900, 0], m1: [800, 0] } as const
  const cases: {
    name: string
    policy: Partial<PolicyDraft>
    health: RankingDraft
    expected: [outcome: string, pool: string, poolPosition: number, endpoints: string[]]
  }[] = [
    { name: 'servfail', policy: { allDown: 'servfail' }, health: only({}), expected: ['servfail', '', -1, []] },
    {
      name: 'last-good: of the chain and the fallback the one eligible last',
      policy: { allDown: 'last-good' },
      health: { ...only({}), lastEligibleAt },
      expected: ['answer', 'central', 0, ['c2']],
    },
    {
      name: 'last-good: only endpoints of the chain count',
      policy: { allDown: 'last-good', rules: [{ line: '*', pools: ['zhejiang'] }], fallback: ['reserve'] },
      health: { ...only({}), lastEligibleAt },
      expected: ['answer', 'zhejiang', 0, ['h1']],
    },
    {
      name: 'last-good: nothing was ever eligible: the fallback',
      policy: { allDown: 'last-good' },
      health: only({}),
      expected: ['answer', 'central', 0, ['c1']],
    },
    {
      name: 'all: every member of the first pool of the first rule',
      policy: { allDown: 'all' },
      health: { ...only({}), order: ['n2', 'n1'] },
      expected: ['answer', 'ningbo', 0, ['n2', 'n1']],
    },
  ]
  for (const { name, policy, health, expected } of cases) {
    const { outcome, step, line, chainPosition, poolId, poolPosition, endpoints } = subjectOf(policy).ask(NINGBO, health)
    assert.deepEqual([outcome, step, line, chainPosition], [expected[0], 4, '', -1], name)
    assert.deepEqual([poolId, poolPosition, endpoints], expected.slice(1), name)
  }
})

test('decide per family counts only members that have the family, and never replaces an answer by nothing', () => {
  const config = makeSyntheticConfig({
    endpoints: [
      { id: 'four', ipv4: '192.0.2.1' },
      { id: 'six', ipv6: '2001:db8::1' },
      { id: 'both', ipv4: '192.0.2.2', ipv6: '2001:db8::2' },
      { id: 'host', target: 'cdn.example.' },
    ],
    pools: [
      { id: 'p4', members: ['four'] },
      { id: 'p6', members: ['six'] },
      { id: 'pair', members: ['four', 'both'] },
      { id: 'hosts', members: ['host'] },
    ],
    policies: [
      { id: 'joint', rules: [{ line: '*', pools: ['p4'] }], fallback: ['p6'] },
      { id: 'each', families: 'each', rules: [{ line: '*', pools: ['p4', 'pair'] }], fallback: ['p4'] },
      { id: 'each-all', families: 'each', allDown: 'all', rules: [{ line: '*', pools: ['p4'] }], fallback: ['p6'] },
      { id: 'each-good', families: 'each', allDown: 'last-good', rules: [{ line: '*', pools: ['pair', 'hosts'] }], fallback: ['p4'] },
      { id: 'joint-good', allDown: 'last-good', rules: [{ line: '*', pools: ['pair'] }], fallback: ['p4'] },
      { id: 'none', families: 'each', rules: [{ line: '*', pools: ['p4'] }], fallback: ['p4'] },
      { id: 'target', families: 'each', rules: [{ line: '*', pools: ['hosts'] }], fallback: ['p4'] },
    ],
  })
  const subject = makeSubject(config, geodata)
  const down: RankingDraft = {
    standings: { four: 'down', six: 'down', both: 'down', host: 'down' },
    lastEligibleAt: { four: [5, 0], both: [3, 9], host: [7, 0] },
  }
  const cases: [name: string, question: Question, health: RankingDraft, expected: [string, number, string[]]][] = [
    ['joint: AAAA leads where A leads', { policy: 'joint', view: 1 }, {}, ['answer', 1, ['four']]],
    ['each: A', { policy: 'each', view: 0 }, {}, ['answer', 1, ['four']]],
    ['each: AAAA passes over the pool without IPv6', { policy: 'each', view: 1 }, {}, ['answer', 1, ['both']]],
    ['each: all down, the fallback lacks the family: a pool of the rules', { policy: 'each', view: 1 }, down, ['answer', 4, ['both']]],
    ['each: all: the first pool lacks the family: the fallback', { policy: 'each-all', view: 1 }, down, ['answer', 4, ['six']]],
    ['each: last-good by the time of the IPv6 address', { policy: 'each-good', view: 1 }, down, ['answer', 4, ['both']]],
    ['each: last-good by the time of the IPv4 address or target', { policy: 'each-good', view: 0 }, down, ['answer', 4, ['host']]],
    ['joint: last-good by the later of both', { policy: 'joint-good', view: 0 }, down, ['answer', 4, ['both']]],
    ['each: nobody has the family', { policy: 'none', view: 1 }, {}, ['nodata', 4, []]],
    ['a target answers every family', { policy: 'target', view: 1 }, {}, ['answer', 1, ['host']]],
  ]
  for (const [name, question, health, expected] of cases) {
    const { outcome, step, endpoints } = subject.ask(ELSEWHERE, health, question)
    assert.deepEqual([outcome, step, endpoints], expected, name)
  }
})

test('the TTL is the policy’s, bounded by pools whose change could change the answer, not below the floor', () => {
  const cases: [name: string, policy: Partial<PolicyDraft>, health: RankingDraft, ttlSeconds: number][] = [
    ['no bound', {}, {}, 30],
    ['bound of the answering pool', {}, { ttlBounds: { ningbo: 12 } }, 12],
    ['a pool further down does not count', {}, { ttlBounds: { zhejiang: 12, central: 7 } }, 30],
    ['a pool passed over counts', {}, { standings: { n1: 'down' }, ttlBounds: { ningbo: 12, zhejiang: 20 } }, 12],
    ['not below the floor', {}, { ttlBounds: { ningbo: 1 } }, 5],
    ['the floor never lengthens the policy’s TTL', { ttlSeconds: 2 }, { ttlBounds: { ningbo: 1 } }, 2],
    ['a bound above the TTL', {}, { ttlBounds: { ningbo: 300 } }, 30],
    ['a TTL above the largest bound, unbounded', { ttlSeconds: 86400 }, {}, 86400],
    ['step 2 has seen every pool of the rules', {}, { ...only({ c1: 'in-place' }), ttlBounds: { middle: 9 } }, 9],
    [
      'a pool that passes the client on counts, and so does the one that answers',
      {},
      { keeps: { n1: 0, n2: 0 }, ttlBounds: { ningbo: 12, zhejiang: 20, middle: 6 } },
      12,
    ],
    ['nobody in the chain keeps the client: every pool has been passed', {}, { keeps: NOBODY, ttlBounds: { ningbo: 25, reserve: 8 } }, 8],
    ['a step of a share is a bound like another; the floor holds', {}, { keeps: { n1: 30_000 }, ttlBounds: { ningbo: 2 } }, 5],
    ['when all is steady it rises again', {}, { keeps: { n1: 65_535 } }, 30],
    ['SERVFAIL too', { allDown: 'servfail' }, { ...only({}), ttlBounds: { reserve: 8 } }, 8],
  ]
  for (const [name, policy, health, ttlSeconds] of cases) assert.equal(subjectOf(policy).ask(NINGBO, health).ttlSeconds, ttlSeconds, name)
})

test('both orders of precedence: lines {Zhejiang, Telecom}, an asker on Zhejiang Telecom', () => {
  const rules = [
    { line: 'cn-33', pools: ['zhejiang'] },
    { line: '*/telecom', pools: ['ningbo'] },
    { line: '*', pools: ['middle'] },
  ]
  assert.equal(subjectOf({ rules, precedence: 'place-first' }).ask(NINGBO).line, 'cn-33')
  assert.equal(subjectOf({ rules, precedence: 'carrier-first' }).ask(NINGBO).line, '*/telecom')
})

test('custom lines stand in front of the chain, the longest prefix first, and hand over', () => {
  const config = makeSyntheticConfig({
    pools: ['wide', 'narrow', 'host', 'ningbo', 'middle'].map((id) => ({ id, members: [`${id}-1`] })),
    lines: {
      wide: ['202.96.0.0/16', '10.0.0.0/8', '2001:db8::/32'],
      narrow: ['202.96.104.0/25', '10.1.0.0/16', '2001:db8:5::/48'],
      host: ['202.96.104.15/32', '10.1.2.3/32', '2001:db8:5::1/128'],
    },
    policies: [
      {
        id: 'p',
        rules: [
          { line: 'custom:wide', pools: ['wide'] },
          { line: 'custom:narrow', pools: ['narrow'] },
          { line: 'custom:host', pools: ['host'] },
          { line: 'cn-3302/telecom', pools: ['ningbo'] },
          { line: '*', pools: ['middle'] },
        ],
        fallback: ['middle'],
      },
      // The same lines, of which this policy names only the wide one: a longer prefix of another policy must not hide it.
      {
        id: 'q',
        rules: [
          { line: 'custom:wide', pools: ['wide'] },
          { line: '*', pools: ['middle'] },
        ],
        fallback: ['middle'],
      },
    ],
  })
  const subject = makeSubject(config, geodata)
  const cases: [client: string, down: string[], expected: string, scope: number][] = [
    ['202.96.104.15', [], 'host', 32],
    ['202.96.104.15', ['host-1'], 'narrow', 32],
    ['202.96.104.15', ['host-1', 'narrow-1'], 'wide', 32],
    ['202.96.104.15', ['host-1', 'narrow-1', 'wide-1'], 'ningbo', 32],
    ['202.96.104.14', [], 'narrow', 32],
    ['202.96.104.16', [], 'narrow', 28],
    ['202.96.104.128', [], 'wide', 25],
    ['10.1.2.3', [], 'host', 32],
    ['10.255.0.1', [], 'wide', 9],
    ['2001:db8:5::1', ['host-1'], 'narrow', 128],
    ['2001:db8:6::', [], 'wide', 47],
    ['2001:db9::', [], 'middle', 32],
  ]
  for (const [client, down, poolId, scope] of cases) {
    const decision = subject.ask(client, { standings: Object.fromEntries(down.map((id) => [id, 'down' as const])) }, { policy: 'p' })
    assert.deepEqual([decision.poolId, decision.scope], [poolId, scope], `${client} without ${down}`)
  }
  assert.deepEqual(subject.ask('202.96.104.15', {}, { policy: 'q' }).poolId, 'wide')
  assert.deepEqual(subject.ask('202.96.104.15', {}, { policy: 'q' }).scope, 16)
})

test('hashPrefix makes scopes finer, never wider', () => {
  const subject = subjectOf({ hashPrefix: { ipv4: 20, ipv6: 56 } })
  assert.equal(subject.ask(ELSEWHERE).scope, 20)
  assert.equal(subject.ask(NINGBO).scope, 24)
  assert.equal(subject.ask('2001:db8::1').scope, 56)
})

test('hashPrefix by default is for those who can come to a pool of shares; all others have their true scope', () => {
  const shares: ConfigDraft['pools'] = POOLS.map((pool) => (pool.id === 'ningbo' ? { ...pool, choose: 'weighted' } : pool))
  const subject = (pools: ConfigDraft['pools'], draft: Partial<PolicyDraft>) => {
    const policies = [{ ...EDGE_API, hashPrefix: { ipv4: 28, ipv6: 56 }, ...draft }]
    return makeSubject(makeSyntheticConfig({ endpoints: ENDPOINTS.map((id) => ({ id })), pools, policies }), geodata)
  }
  const scopesOf = (pools: ConfigDraft['pools'], draft: Partial<PolicyDraft>): number[] =>
    [NINGBO, HANGZHOU, ELSEWHERE, '2001:db8::1'].map((client) => subject(pools, draft).ask(client).scope)
  const automatic: Partial<PolicyDraft> = { automaticHashPrefix: ['ipv4', 'ipv6'] }
  const everywhere = [28, 28, 28, 56]
  const atNingbo = [28, 24, 1, 0]
  const cases: [name: string, pools: ConfigDraft['pools'], draft: Partial<PolicyDraft>, scopes: number[]][] = [
    ['by default', shares, automatic, atNingbo],
    ['written', shares, {}, everywhere],
    ['written for IPv6 only', shares, { automaticHashPrefix: ['ipv4'] }, [28, 24, 1, 56]],
    ['shares in the fallback', shares, { ...automatic, fallback: ['central', 'ningbo'] }, everywhere],
    [
      'a line that inherits from shares',
      shares,
      { ...automatic, rules: EDGE_API.rules.map((rule) => (rule.line === 'cn-33/telecom' ? { ...rule, pools: ['ningbo'] } : rule)) },
      [28, 28, 1, 0],
    ],
    ['nobody has shares', POOLS, automatic, [24, 24, 1, 0]],
  ]
  for (const [name, pools, draft, scopes] of cases) assert.deepEqual(scopesOf(pools, draft), scopes, name)
  const inherited = { ...automatic, rules: EDGE_API.rules.map((rule) => (rule.line === '*' ? { ...rule, pools: ['ningbo'] } : rule)) }
  assert.deepEqual(scopesOf(shares, inherited), everywhere, 'every chain ends at *')
  assert.deepEqual(
    scopesOf(shares, {
      ...inherited,
      inherit: false,
      rules: inherited.rules.map((rule) => (rule.line === 'cn-3302/telecom' ? { ...rule, pools: ['zhejiang'] } : rule)),
    }),
    [24, 24, 28, 56],
    'nothing is inherited',
  )
})

test('policies with other shares have tables of their own, equal ones share theirs', () => {
  const pools: ConfigDraft['pools'] = POOLS.map((pool) => (pool.id === 'ningbo' ? { ...pool, choose: 'weighted' } : pool))
  const automatic: Partial<PolicyDraft> = { hashPrefix: { ipv4: 24, ipv6: 56 }, automaticHashPrefix: ['ipv4', 'ipv6'] }
  const policies = [
    { ...EDGE_API, ...automatic, id: 'a' },
    { ...EDGE_API, ...automatic, id: 'b', ttlSeconds: 5 },
    { ...EDGE_API, id: 'c' },
  ]
  const { compiled } = makeSubject(makeSyntheticConfig({ endpoints: ENDPOINTS.map((id) => ({ id })), pools, policies }), geodata)
  assert.deepEqual([...compiled.columns.policyTable], [0, 0, 1])
})

test('a pool whose bits promise a member that the pick denies is passed over', () => {
  // Cannot come from a sound ranking; an empty answer would be worse than the next pool.
  const subject = subjectOf()
  const plain = subject.plainOf({})
  const broken = {
    ...plain,
    pools: new Map(plain.pools).set('edge-api / ningbo / 0', { ...plain.pools.get('edge-api / ningbo / 0')!, pick: -1 }),
  }
  assert.deepEqual(subject.askNumber(4, 0xca60680fn, broken).endpoints, ['h1'])
})
