/**
 * RFC 7871 §7.2.1: no address inside a returned scope may get another answer from the same snapshot and ranking. With weights,
 * hashPrefix and places on; at the edges of everything; /0, /32 and /128 included. And the scope is a function of the snapshot only.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Config } from '../../policy/config/config-schema.ts'
import type { PlainRanking } from '../../policy/reference/naive-decide.ts'
import { client, edgesOf, health, PROPERTY_SEED, world } from '../support/synthetic-arbitraries.ts'
import { makeSyntheticConfig } from '../support/synthetic-config.ts'
import { makeSubject, type Subject } from '../support/synthetic-decision.ts'
import { makeSyntheticGeodata } from '../support/synthetic-geodata.ts'
import { makePlainRanking } from '../support/synthetic-ranking.ts'

/** Decides for one address, and for others inside the scope that came back. */
function checkScope(
  subject: Subject,
  family: 4 | 6,
  address: bigint,
  plain: PlainRanking,
  policy: string,
  view: 0 | 1,
  inside: readonly bigint[],
): number {
  const decision = subject.askNumber(family, address, plain, { policy, view })
  const size = 1n << BigInt((family === 4 ? 32 : 128) - decision.scope)
  const first = (address / size) * size
  for (const offset of [0n, size - 1n, size / 2n, ...inside]) {
    const other = subject.askNumber(family, first + (offset % size), plain, { policy, view })
    assert.deepEqual(other, decision, `${first + (offset % size)} differs from ${address} inside a scope of ${decision.scope}`)
  }
  return decision.scope
}

test('every address inside a returned scope gets the same members, TTL and scope', (t) => {
  t.diagnostic(`seed ${PROPERTY_SEED}`)
  const scopes = new Set<string>()
  fc.assert(
    fc.property(
      world,
      health,
      fc.array(client, { minLength: 3, maxLength: 3 }),
      fc.array(fc.bigInt(0n, (1n << 128n) - 1n), { minLength: 8, maxLength: 8 }),
      (given, draft, clients, inside) => {
        const subject = makeSubject(given.config, given.geodata)
        const plain = makePlainRanking(given.config, draft)
        const edges = edgesOf(given)
        for (const policy of given.config.policies) {
          for (const { family, address } of [...clients, ...edges]) {
            // Edges inside the scope are the addresses most likely to differ.
            const near = edges.filter((edge) => edge.family === family).map((edge) => edge.address)
            const size = (scope: number): bigint => 1n << BigInt((family === 4 ? 32 : 128) - scope)
            const { scope } = subject.askNumber(family, address, plain, { policy: policy.id })
            const within = near.filter((edge) => edge / size(scope) === address / size(scope))
            scopes.add(`${family}/${checkScope(subject, family, address, plain, policy.id, 0, [...inside, ...within])}`)
          }
        }
      },
    ),
    { seed: PROPERTY_SEED, numRuns: Number(process.env.PROPERTY_RUNS ?? 250) },
  )
  for (const scope of ['4/0', '4/32', '6/0', '6/128']) assert.ok(scopes.has(scope), `no decision had scope ${scope}`)
})

test('with scopeGranularity no scope is longer, but for hashPrefix', () => {
  let seen = 0
  fc.assert(
    fc.property(world, ({ config, geodata }) => {
      const { scopeGranularity } = config.options
      if (scopeGranularity === undefined) return
      const policies = config.policies.map((policy) => ({ ...policy, hashPrefix: { ipv4: 0, ipv6: 0 } }))
      const subject = makeSubject({ ...config, policies }, geodata)
      const plain = makePlainRanking(config)
      for (const policy of policies) {
        for (const { family, address } of edgesOf({ config, geodata })) {
          const { scope } = subject.askNumber(family, address, plain, { policy: policy.id })
          assert.ok(scope <= (family === 4 ? scopeGranularity.ipv4 : scopeGranularity.ipv6), `${scope} at ${address}`)
          seen++
        }
      }
    }),
    { seed: PROPERTY_SEED, numRuns: 100 },
  )
  assert.ok(seen > 1000)
})

test('the class of most addresses of a block has it, of equal ones the first', () => {
  const config = (granularity: number): Config =>
    makeSyntheticConfig({
      pools: [
        { id: 'central', members: ['c'] },
        { id: 'edge', members: ['e'] },
      ],
      lines: {
        few: ['10.0.0.0/26', '2001:db8::/58'],
        half: ['10.0.1.0/25', '2001:db8:0:100::/57'],
        late: ['10.0.2.128/25'],
        most: ['10.0.3.0/25', '10.0.3.192/26'],
      },
      policies: [
        {
          id: 'p',
          rules: [
            ...['few', 'half', 'late', 'most'].map((id) => ({ line: `custom:${id}`, pools: ['edge'] })),
            { line: '*', pools: ['central'] },
          ],
          fallback: ['central'],
        },
      ],
      options: { scopeGranularity: { ipv4: granularity, ipv6: 56 } },
    })
  const subject = makeSubject(config(24), makeSyntheticGeodata([]))
  const cases = [
    ['10.0.0.1', 'c'],
    ['10.0.1.1', 'e'],
    ['10.0.1.255', 'e'],
    ['10.0.2.255', 'c'],
    ['10.0.3.130', 'e'],
    ['2001:db8::1', 'c'],
    ['2001:db8:0:1ff::1', 'e'],
  ] as const
  for (const [address, endpoint] of cases) assert.deepEqual(subject.ask(address, {}, { policy: 'p' }).endpoints, [endpoint], address)
  assert.deepEqual(makeSubject(config(32), makeSyntheticGeodata([])).ask('10.0.0.1', {}, { policy: 'p' }).endpoints, ['e'])
})

test('health and ranking never change the scope', () => {
  fc.assert(
    fc.property(world, health, health, fc.array(client, { minLength: 8, maxLength: 8 }), ({ config, geodata }, one, other, clients) => {
      const subject = makeSubject(config, geodata)
      const plainOne = makePlainRanking(config, one)
      const plainOther = makePlainRanking(config, other)
      const scopesWith = (plain: PlainRanking): number[] =>
        clients.map(({ family, address }) => subject.askNumber(family, address, plain).scope)
      assert.deepEqual(scopesWith(plainOne), scopesWith(plainOther))
    }),
    { seed: PROPERTY_SEED, numRuns: 150 },
  )
})

test('scopes at hostile boundaries are the ones written here', () => {
  const config = makeSyntheticConfig({
    pools: [
      { id: 'central', members: ['c'] },
      { id: 'edge', members: ['e'] },
    ],
    lines: { one: ['10.0.0.1/32', '2001:db8::1/128'], net: ['128.0.0.0/1', '8000::/1'], last: ['255.255.255.255/32'] },
    policies: [
      {
        id: 'p',
        rules: [
          { line: 'custom:one', pools: ['edge'] },
          { line: 'custom:net', pools: ['edge'] },
          { line: 'custom:last', pools: ['edge'] },
          { line: '*', pools: ['central'] },
        ],
        fallback: ['central'],
      },
      { id: 'whole', rules: [{ line: '*', pools: ['central'] }], fallback: ['central'] },
    ],
  })
  const subject = makeSubject(config, makeSyntheticGeodata([]))
  const cases = [
    { client: '10.0.0.1', policy: 'p', endpoint: 'e', scope: 32 },
    { client: '10.0.0.0', policy: 'p', endpoint: 'c', scope: 32 },
    { client: '10.0.0.2', policy: 'p', endpoint: 'c', scope: 31 },
    { client: '0.0.0.0', policy: 'p', endpoint: 'c', scope: 5 },
    { client: '127.255.255.255', policy: 'p', endpoint: 'c', scope: 2 },
    { client: '128.0.0.0', policy: 'p', endpoint: 'e', scope: 2 },
    { client: '255.255.255.254', policy: 'p', endpoint: 'e', scope: 32 },
    { client: '255.255.255.255', policy: 'p', endpoint: 'e', scope: 32 },
    { client: '255.255.255.255', policy: 'whole', endpoint: 'c', scope: 0 },
    { client: '2001:db8::1', policy: 'p', endpoint: 'e', scope: 128 },
    { client: '2001:db8::', policy: 'p', endpoint: 'c', scope: 128 },
    { client: '::', policy: 'p', endpoint: 'c', scope: 3 },
    { client: '8000::', policy: 'p', endpoint: 'e', scope: 1 },
    { client: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', policy: 'p', endpoint: 'e', scope: 1 },
    { client: '::', policy: 'whole', endpoint: 'c', scope: 0 },
  ]
  for (const { client: address, policy, endpoint, scope } of cases) {
    const decision = subject.ask(address, {}, { policy })
    assert.deepEqual([decision.endpoints, decision.scope], [[endpoint], scope], `${address} under ${policy}`)
  }
})
