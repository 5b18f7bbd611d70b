/** Steered names in whole replies: which endpoint, which TTL, which scope, what is counted. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ANSWER_OUTCOMES, policyCounterCells, sumEndpointAnswers } from '../../../../resolver/observe/counters.ts'
import { type AnswerDraft, APEX, type Ask, makeAnswerSubject, type NameDraft } from '../../../support/answer-subject.ts'

const NINGBO = '202.96.104.0/24'
const ABROAD = '8.8.8.0/24'
const RANGES = [
  ['202.96.104.0', 'cn/33/3302/telecom'],
  ['202.96.106.0', 'us'],
  ['2001:db8:1::', 'cn/33/3302/telecom'],
  ['2001:db8:2::', 'us'],
] as const
const ZONES = {
  'z.': `${APEX}toedge CNAME edge
toedge2 CNAME toedge
towild CNAME a.b.wild
tomixed CNAME mixed
edge TXT "plain beside steered"
edge A 198.51.100.99
toaway CNAME away
tofail CNAME fail
land TXT "landed"
`,
  'i.': `${APEX}toedge CNAME edge.z.
`,
}
const draft: AnswerDraft = {
  zones: ZONES,
  ignoreEcs: ['i.'],
  ranges: RANGES,
  config: {
    endpoints: [
      { id: 'near', ipv4: '192.0.2.11', ipv6: '2001:db8::11' },
      { id: 'near4', ipv4: '192.0.2.12' },
      { id: 'far', ipv4: '192.0.2.21', ipv6: '2001:db8::21' },
      { id: 'only6', ipv6: '2001:db8::31' },
      { id: 'host', target: 'Cdn.Example.' },
      { id: 'inner', target: 'edge.z.' },
      { id: 'back', target: 'loop.z.' },
      { id: 'lander', target: 'land.z.' },
      { id: 'nowhere', target: 'nowhere.z.' },
    ],
    pools: [
      { id: 'near', members: ['near'] },
      { id: 'near4', members: ['near4'] },
      { id: 'far', members: ['far'] },
      { id: 'both', members: ['near', 'far'], choose: 'all' },
      { id: 'mix', members: ['only6', 'near4'], choose: 'all' },
      { id: 'host', members: ['host'] },
      { id: 'inner', members: ['inner'] },
      { id: 'back', members: ['back'] },
      { id: 'lander', members: ['lander'] },
      { id: 'nowhere', members: ['nowhere'] },
    ],
    policies: [
      {
        id: 'edge',
        rules: [
          { line: 'cn-33/telecom', pools: ['near'] },
          { line: '*', pools: ['far'] },
        ],
        fallback: ['far'],
      },
      { id: 'all', rules: [{ line: '*', pools: ['both'] }], fallback: ['far'] },
      {
        id: 'four',
        rules: [
          { line: 'cn-33/telecom', pools: ['near4'] },
          { line: '*', pools: ['far'] },
        ],
        fallback: ['far'],
      },
      {
        id: 'mixed',
        rules: [
          { line: 'cn-33/telecom', pools: ['near'] },
          { line: '*', pools: ['host'] },
        ],
        fallback: ['host'],
      },
      {
        id: 'inner',
        rules: [
          { line: 'cn-33/telecom', pools: ['inner'] },
          { line: '*', pools: ['far'] },
        ],
        fallback: ['far'],
      },
      { id: 'back', rules: [{ line: '*', pools: ['back'] }], fallback: ['back'] },
      {
        id: 'lander',
        rules: [
          { line: 'cn-33/telecom', pools: ['lander'] },
          { line: '*', pools: ['nowhere'] },
        ],
        fallback: ['far'],
      },
      { id: 'mix', rules: [{ line: '*', pools: ['mix'] }], fallback: ['mix'] },
      { id: 'apart', rules: [{ line: '*', pools: ['near4'] }], fallback: ['near4'], families: 'each' },
      { id: 'fail', rules: [{ line: '*', pools: ['near'] }], fallback: ['far'], allDown: 'servfail' },
    ],
  },
  names: [
    { name: 'edge.z.', types: ['A', 'AAAA'], policy: 'edge' },
    { name: '*.wild.z.', types: ['A'], policy: 'edge' },
    { name: 'all.z.', types: ['A', 'AAAA'], policy: 'all' },
    { name: 'four.z.', types: ['A', 'AAAA'], policy: 'four' },
    { name: 'six.z.', types: ['AAAA'], policy: 'four' },
    { name: 'mixed.z.', types: ['A', 'AAAA'], policy: 'mixed' },
    { name: 'inner.z.', types: ['A'], policy: 'inner' },
    { name: 'loop.z.', types: ['A'], policy: 'back' },
    { name: 'away.z.', types: ['A'], policy: 'lander' },
    { name: 'fail.z.', types: ['A'], policy: 'fail' },
    { name: 'mix.z.', types: ['A', 'AAAA'], policy: 'mix' },
    { name: 'apart.z.', types: ['A', 'AAAA'], policy: 'apart' },
    { name: 'two.z.', types: ['A'], policy: 'edge' },
    { name: 'two.z.', types: ['AAAA'], policy: 'all' },
    {
      name: 'tpl.z.',
      types: ['A', 'SRV', 'TXT', 'MX'],
      policy: 'edge',
      records: { SRV: '1 2 443 h.z.', TXT: '"at {ipv4}"', MX: '10 {target}' },
    },
    { name: 'edge.i.', types: ['A'], policy: 'edge' },
  ] satisfies NameDraft[],
}
const subject = makeAnswerSubject(draft)
const SOA_30 = 'z 30 SOA ns1.z hostmaster.z 7 3600 600 604800 60'
const SOA_60 = 'z 60 SOA ns1.z hostmaster.z 7 3600 600 604800 60'

type Row = readonly [
  title: string,
  ask: Ask,
  answers: readonly string[],
  ecs?: string | undefined,
  more?: { readonly rcode?: string; readonly authorities?: readonly string[] },
]
const ROWS: readonly Row[] = [
  ['by the client subnet', { name: 'edge.z', subnet: NINGBO }, ['edge.z 30 A 192.0.2.11'], '202.96.104.0/24 23'],
  ['everyone else', { name: 'edge.z', subnet: ABROAD }, ['edge.z 30 A 192.0.2.21'], '8.8.8.0/24 1'],
  ['by the resolver’s address', { name: 'edge.z', from: '202.96.105.7' }, ['edge.z 30 A 192.0.2.11']],
  ['by the resolver’s IPv6 address', { name: 'edge.z', from: '2001:db8:1::9' }, ['edge.z 30 A 192.0.2.11']],
  [
    'the client subnet is stronger than the resolver',
    { name: 'edge.z', subnet: ABROAD, from: '202.96.105.7' },
    ['edge.z 30 A 192.0.2.21'],
    '8.8.8.0/24 1',
  ],
  ['an IPv6 subnet', { name: 'edge.z', type: 'AAAA', subnet: '2001:db8:1::/48' }, ['edge.z 30 AAAA 2001:db8::11'], '2001:db8:1::/48 48'],
  [
    'a subnet wider than its scope: the scope is given',
    { name: 'edge.z', subnet: '202.96.0.0/16' },
    ['edge.z 30 A 192.0.2.21'],
    '202.96.0.0/16 18',
  ],
  [
    'source /0: the resolver decides, scope 0',
    { name: 'edge.z', subnet: '0.0.0.0/0', from: '202.96.105.7' },
    ['edge.z 30 A 192.0.2.11'],
    '0.0.0.0/0 0',
  ],
  [
    'a plain type of a steered name: scope 0',
    { name: 'edge.z', type: 'TXT', subnet: NINGBO },
    ['edge.z 300 TXT "plain beside steered"'],
    '202.96.104.0/24 0',
  ],
  [
    'a type that is nowhere: scope 0, the TTL of the zone',
    { name: 'edge.z', type: 'MX', subnet: NINGBO },
    [],
    '202.96.104.0/24 0',
    { authorities: [SOA_60] },
  ],
  [
    'ANY: the first steered type, never the static A',
    { name: 'edge.z', type: 'ANY', subnet: NINGBO },
    ['edge.z 30 A 192.0.2.11'],
    '202.96.104.0/24 23',
  ],
  ['a wildcard', { name: 'q.r.wild.z', subnet: NINGBO }, ['q.r.wild.z 30 A 192.0.2.11'], '202.96.104.0/24 23'],
  ['a type that the wildcard has not', { name: 'q.wild.z', type: 'TXT' }, [], undefined, { authorities: [SOA_60] }],
  ['NXDOMAIN: scope 0', { name: 'nope.z', subnet: NINGBO }, [], '202.96.104.0/24 0', { rcode: 'NXDOMAIN', authorities: [SOA_60] }],
  ['REFUSED: scope 0', { name: 'nope.else', subnet: NINGBO }, [], '202.96.104.0/24 0', { rcode: 'REFUSED' }],
  ['several addresses', { name: 'all.z', type: 'AAAA' }, ['all.z 30 AAAA 2001:db8::11', 'all.z 30 AAAA 2001:db8::21']],
  ['an alias', { name: 'toedge.z', subnet: NINGBO }, ['toedge.z 300 CNAME edge.z', 'edge.z 30 A 192.0.2.11'], '202.96.104.0/24 23'],
  ['an alias of an alias', { name: 'toedge2.z' }, ['toedge2.z 300 CNAME toedge.z', 'toedge.z 300 CNAME edge.z', 'edge.z 30 A 192.0.2.21']],
  [
    'an alias into a wildcard',
    { name: 'towild.z', subnet: NINGBO },
    ['towild.z 300 CNAME a.b.wild.z', 'a.b.wild.z 30 A 192.0.2.11'],
    '202.96.104.0/24 23',
  ],
  [
    'no address of the family for this client: NODATA, its TTL, its scope',
    { name: 'four.z', type: 'AAAA', subnet: NINGBO },
    [],
    '202.96.104.0/24 23',
    { authorities: [SOA_30] },
  ],
  [
    'ANY where the only steered type is not for this client',
    { name: 'six.z', type: 'ANY', subnet: NINGBO },
    [],
    '202.96.104.0/24 23',
    { authorities: [SOA_30] },
  ],
  ['ANY where it is', { name: 'six.z', type: 'ANY', subnet: ABROAD }, ['six.z 30 AAAA 2001:db8::21'], '8.8.8.0/24 1'],
  ['a target: CNAME out of our zones', { name: 'mixed.z', subnet: ABROAD }, ['mixed.z 30 CNAME Cdn.Example'], '8.8.8.0/24 1'],
  ['a target answers every type', { name: 'mixed.z', type: 'MX', subnet: ABROAD }, ['mixed.z 30 CNAME Cdn.Example'], '8.8.8.0/24 1'],
  ['a target answers CNAME and ANY', { name: 'mixed.z', type: 'CNAME', subnet: ABROAD }, ['mixed.z 30 CNAME Cdn.Example'], '8.8.8.0/24 1'],
  ['ANY of a target', { name: 'mixed.z', type: 'ANY', subnet: ABROAD }, ['mixed.z 30 CNAME Cdn.Example'], '8.8.8.0/24 1'],
  ['an address where others get a target', { name: 'mixed.z', subnet: NINGBO }, ['mixed.z 30 A 192.0.2.11'], '202.96.104.0/24 23'],
  [
    'no target for this client: NODATA with its TTL and scope',
    { name: 'mixed.z', type: 'MX', subnet: NINGBO },
    [],
    '202.96.104.0/24 23',
    { authorities: [SOA_30] },
  ],
  [
    'an alias to a target',
    { name: 'tomixed.z', subnet: ABROAD },
    ['tomixed.z 300 CNAME mixed.z', 'mixed.z 30 CNAME Cdn.Example'],
    '8.8.8.0/24 1',
  ],
  [
    'a target that is steered: followed, the larger scope',
    { name: 'inner.z', subnet: NINGBO },
    ['inner.z 30 CNAME edge.z', 'edge.z 30 A 192.0.2.11'],
    '202.96.104.0/24 23',
  ],
  ['a target that leads to itself', { name: 'loop.z' }, ['loop.z 30 CNAME loop.z']],
  [
    'a target in our zone, another type',
    { name: 'away.z', type: 'TXT', subnet: NINGBO },
    ['away.z 30 CNAME land.z', 'land.z 300 TXT "landed"'],
    '202.96.104.0/24 23',
  ],
  [
    'a target that does not exist',
    { name: 'away.z', subnet: ABROAD },
    ['away.z 30 CNAME nowhere.z'],
    '8.8.8.0/24 1',
    { rcode: 'NXDOMAIN', authorities: [SOA_60] },
  ],
  ['two policies at one name', { name: 'two.z', subnet: NINGBO }, ['two.z 30 A 192.0.2.11'], '202.96.104.0/24 23'],
  [
    'two policies at one name: the other type',
    { name: 'two.z', type: 'AAAA', subnet: NINGBO },
    ['two.z 30 AAAA 2001:db8::11', 'two.z 30 AAAA 2001:db8::21'],
    '202.96.104.0/24 0',
  ],
  ['endpoints of one family each: the A', { name: 'mix.z' }, ['mix.z 30 A 192.0.2.12']],
  ['endpoints of one family each: the AAAA', { name: 'mix.z', type: 'AAAA' }, ['mix.z 30 AAAA 2001:db8::31']],
  ['families apart: nobody has an IPv6 address', { name: 'apart.z', type: 'AAAA' }, [], undefined, { authorities: [SOA_30] }],
  ['a template without placeholder', { name: 'tpl.z', type: 'SRV' }, ['tpl.z 30 SRV 1 2 443 h.z']],
  ['a template with the address', { name: 'tpl.z', type: 'TXT', from: '202.96.105.7' }, ['tpl.z 30 TXT "at 192.0.2.11"']],
  ['a template whose value is missing: NODATA', { name: 'tpl.z', type: 'MX' }, [], undefined, { authorities: [SOA_30] }],
  ['a zone that ignores the client subnet', { name: 'edge.i', subnet: NINGBO }, ['edge.i 30 A 192.0.2.21'], '202.96.104.0/24 0'],
  [
    'out of such a zone into one that uses it',
    { name: 'toedge.i', subnet: NINGBO },
    ['toedge.i 300 CNAME edge.z', 'edge.z 30 A 192.0.2.11'],
    '202.96.104.0/24 23',
  ],
]

describe('answers at steered names', () => {
  for (const [title, ask, answers, ecs, { rcode = 'NOERROR', authorities = [] } = {}] of ROWS) {
    test(title, () => {
      const reply = subject.ask(ask)
      assert.deepEqual(
        { rcode: reply.rcode, answers: reply.answers, ecs: reply.ecs, authorities: reply.authorities, additionals: reply.additionals },
        { rcode, answers, ecs, authorities, additionals: [] },
      )
      assert.equal(reply.aa, rcode !== 'REFUSED')
    })
  }

  test('the static RRset of a steered type is served to nobody', () => {
    for (const type of ['A', 'ANY']) {
      for (const subnet of [NINGBO, ABROAD])
        assert.doesNotMatch(subject.ask({ name: 'edge.z', type, subnet }).answers.join(), /198\.51\.100/)
    }
  })
})

test('a CNAME, plain or to a target, that does not fit', () => {
  for (const name of ['toedge.z', 'mixed.z']) {
    const { tc, answers } = subject.ask({ name, room: 36, tcp: true })
    assert.deepEqual([tc, answers], [true, []])
  }
})

test('a zone without SOA, which is never published, has empty negative answers', () => {
  const { rcode, authorities } = makeAnswerSubject({ zones: { 'y.': '$TTL 5\n@ NS ns.else.\n' } }).ask('a.y')
  assert.deepEqual([rcode, authorities], ['NXDOMAIN', []])
})

describe('health', () => {
  test('the next pool, the fallback, everything down, and back', () => {
    const moved = makeAnswerSubject(draft)
    const first = (): string => moved.ask({ name: 'edge.z', subnet: NINGBO }).answers.join()
    assert.equal(first(), 'edge.z 30 A 192.0.2.11')
    moved.useRanking({ standings: { near: 'down' } })
    assert.equal(first(), 'edge.z 30 A 192.0.2.21')
    moved.useRanking({ standings: { near: 'down', far: 'down' } })
    assert.equal(first(), 'edge.z 30 A 192.0.2.21')
    moved.useRanking({})
    assert.equal(first(), 'edge.z 30 A 192.0.2.11')
  })

  test('allDown: servfail', () => {
    const down = makeAnswerSubject({ ...draft, ranking: { standings: { near: 'down', far: 'down' } } })
    const reply = down.ask({ name: 'fail.z', subnet: NINGBO })
    assert.deepEqual([reply.rcode, reply.answers, reply.authorities], ['SERVFAIL', [], []])
    assert.equal(down.ask('edge.z').rcode, 'NOERROR')
  })

  test('allDown: servfail behind a CNAME leaves no CNAME in the answer, and no AA', () => {
    const down = makeAnswerSubject({ ...draft, ranking: { standings: { near: 'down', far: 'down' } } })
    const reply = down.ask({ name: 'tofail.z', subnet: NINGBO })
    assert.deepEqual([reply.rcode, reply.answers, reply.authorities, reply.aa], ['SERVFAIL', [], [], false])
    assert.equal(reply.ecs, '202.96.104.0/24 0')
    assert.equal(subject.ask({ name: 'tofail.z', subnet: NINGBO }).answers.length, 2)
  })

  test('a TTL bound shortens records and NODATA alike, never below the floor', () => {
    const bound = makeAnswerSubject({ ...draft, ranking: { ttlBounds: { near: 12, near4: 3 } } })
    assert.deepEqual(bound.ask({ name: 'edge.z', subnet: NINGBO }).answers, ['edge.z 12 A 192.0.2.11'])
    assert.deepEqual(bound.ask({ name: 'four.z', subnet: NINGBO }).answers, ['four.z 5 A 192.0.2.12'])
    assert.match(bound.ask({ name: 'four.z', type: 'AAAA', subnet: NINGBO }).authorities[0]!, /^z 5 SOA/)
  })
})

describe('counting', () => {
  /** Cells that are not 0, as "row outcome: count". */
  function counted(asks: readonly Ask[], standings: Readonly<Record<string, 'down'>> = {}): string[] {
    const counting = makeAnswerSubject({ ...draft, ranking: { standings } })
    for (const ask of asks) counting.ask(ask)
    const { policyCells, counterShape } = counting.ctx
    return Array.from(policyCells, (count, cell) => {
      const row = Math.floor(cell / ANSWER_OUTCOMES.length)
      const label = row < counterShape.ruleCount ? 'rule' : 'policy'
      return count === 0 ? '' : `${label} ${ANSWER_OUTCOMES[cell % ANSWER_OUTCOMES.length]}: ${count}`
    }).filter((line) => line !== '')
  }

  test('by rule and outcome; plain answers are not counted', () => {
    assert.deepEqual(
      counted([
        { name: 'edge.z', subnet: NINGBO },
        { name: 'edge.z', subnet: NINGBO },
        { name: 'edge.z', type: 'TXT' },
        { name: 'land.z' },
      ]),
      ['rule rule: 2'],
    )
    assert.deepEqual(counted([{ name: 'edge.z', subnet: NINGBO }], { near: 'down' }), ['rule displaced: 1'])
    assert.deepEqual(counted([{ name: 'fail.z' }], { near: 'down' }), ['policy fallback: 1'])
    assert.deepEqual(counted([{ name: 'edge.z' }], { near: 'down', far: 'down' }), ['policy all-down: 1'])
    assert.deepEqual(counted([{ name: 'fail.z' }], { near: 'down', far: 'down' }), ['policy servfail: 1'])
  })

  test('each steered part of a chain counts', () => {
    assert.deepEqual(counted([{ name: 'inner.z', subnet: NINGBO }]), ['rule rule: 1', 'rule rule: 1'])
  })

  test('by endpoint when one has a capacity: several addresses share an answer', () => {
    const counting = makeAnswerSubject({
      ...draft,
      config: {
        ...draft.config!,
        pools: draft.config!.pools.map((pool) => (pool.id === 'all' ? pool : { ...pool, choose: 'all' as const })),
      },
    })
    const shape = { ...counting.ctx.counterShape, endpointCount: counting.config.endpoints.length }
    counting.ctx.counterShape = shape
    counting.ctx.policyCells = new Float64Array(policyCounterCells(shape))
    for (let i = 0; i < 3; i++) counting.ask({ name: 'edge.z', subnet: NINGBO })
    counting.ask('land.z')
    const counts = sumEndpointAnswers(counting.ctx.policyCells, shape, 1)
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      3,
    )
    assert.equal(
      sumEndpointAnswers(new Float64Array([...counting.ctx.policyCells, ...counting.ctx.policyCells]), shape, 2)[0],
      2 * counts[0]!,
    )
  })

  test('without cells nothing is counted', () => {
    const silent = makeAnswerSubject(draft)
    silent.ctx.policyCells = new Float64Array(0)
    assert.equal(silent.ask('edge.z').rcode, 'NOERROR')
  })
})

test('a pool that is not sticky is drawn anew for each query', () => {
  const drawn = makeAnswerSubject({
    zones: { 'z.': APEX },
    config: {
      endpoints: [
        { id: 'a', ipv4: '192.0.2.1' },
        { id: 'b', ipv4: '192.0.2.2' },
      ],
      pools: [{ id: 'p', members: ['a', 'b'], choose: 'weighted', sticky: false }],
      policies: [{ id: 'e', rules: [{ line: '*', pools: ['p'] }], fallback: ['p'] }],
    },
    names: [{ name: 'e.z.', types: ['A'], policy: 'e' }],
  })
  const counts = new Map<string, number>()
  for (let i = 0; i < 2000; i++) {
    const [answer] = drawn.ask({ name: 'e.z', subnet: NINGBO }).answers
    counts.set(answer!, (counts.get(answer!) ?? 0) + 1)
  }
  assert.equal(counts.size, 2)
  for (const count of counts.values()) assert.ok(count > 850 && count < 1150, `${count} of 2000`)
})
