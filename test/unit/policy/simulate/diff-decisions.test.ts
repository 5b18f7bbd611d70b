/** Comparing two documents over the address space, and the publish guards on it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicies } from '../../../../policy/compile/compile-policies.ts'
import { makeRankPlan } from '../../../../policy/compile/make-rank-plan.ts'
import type { Config } from '../../../../policy/config/config-schema.ts'
import { ASSUME_UP, makeAssumedRanking } from '../../../../policy/simulate/assumed-ranking.ts'
import { checkPublish } from '../../../../policy/simulate/check-publish.ts'
import { type DecisionSide, diffDecisions, findDownFallbacks, movedShare } from '../../../../policy/simulate/diff-decisions.ts'
import { type ConfigDraft, makeSyntheticConfig } from '../../../support/synthetic-config.ts'
import { makeSyntheticGeodata } from '../../../support/synthetic-geodata.ts'

const geodata = makeSyntheticGeodata([
  ['64.0.0.0', 'cn/33/3302/telecom'],
  ['128.0.0.0', ''],
  ['3000::', 'cn/33/3302/telecom'],
  ['4000::', ''],
])
const BASE: ConfigDraft = {
  pools: [
    { id: 'edge', members: ['e1', 'e2'] },
    { id: 'central', members: ['c1'] },
    {
      id: 'split',
      choose: 'weighted',
      members: [
        { endpoint: 'e1', weight: 70 },
        { endpoint: 'c1', weight: 30 },
      ],
    },
    { id: 'set', choose: 'all', members: ['e1', 'e2'] },
  ],
  policies: [
    {
      id: 'p',
      rules: [
        { line: 'cn-33', pools: ['edge'] },
        { line: '*', pools: ['central'] },
      ],
      fallback: ['central'],
    },
    { id: 'still', rules: [{ line: '*', pools: ['central'] }], fallback: ['central'] },
  ],
}

function sideOf(
  draft: ConfigDraft,
  down: readonly string[] = [],
  scores: Readonly<Record<string, number>> = {},
): DecisionSide & { config: Config } {
  const config = makeSyntheticConfig(draft)
  const healthOf = (id: string) =>
    id in scores || down.includes(id) ? { isDown: down.includes(id), score: scores[id] ?? null } : ASSUME_UP
  return { ...compilePolicies(config, geodata), ranking: makeAssumedRanking(makeRankPlan(config), healthOf), config }
}

function withPolicy(rules: ConfigDraft['policies'][number]['rules'], more: object = {}): ConfigDraft {
  return { ...BASE, policies: [{ ...BASE.policies[0]!, rules, ...more }, BASE.policies[1]!] }
}

test('diffDecisions tells who moves from where to where, in percent of all addresses', () => {
  const base = sideOf(BASE)
  const cases: { name: string; after: DecisionSide; percent4: number; percent6: number; moves: [string, string, number][] }[] = [
    { name: 'the same document', after: sideOf(BASE), percent4: 0, percent6: 0, moves: [] },
    {
      name: 'a line less: its quarter of IPv4, half of 2000::/3',
      after: sideOf(withPolicy([{ line: '*', pools: ['central'] }])),
      percent4: 25,
      percent6: 50,
      moves: [['e1', 'c1', 25]],
    },
    {
      name: 'everybody to the edge',
      after: sideOf(withPolicy([{ line: '*', pools: ['edge'] }])),
      percent4: 75,
      percent6: 50,
      moves: [['c1', 'e1', 75]],
    },
    {
      name: 'weights: only the part that leaves',
      after: sideOf(
        withPolicy([
          { line: 'cn-33', pools: ['split'] },
          { line: '*', pools: ['central'] },
        ]),
      ),
      percent4: 7.5,
      percent6: 15,
      moves: [['e1', 'c1', 7.5]],
    },
    {
      name: 'all: equal parts',
      after: sideOf(
        withPolicy([
          { line: 'cn-33', pools: ['set'] },
          { line: '*', pools: ['central'] },
        ]),
      ),
      percent4: 12.5,
      percent6: 25,
      moves: [['e1', 'e2', 12.5]],
    },
    { name: 'an endpoint fails', after: sideOf(BASE, ['e1']), percent4: 25, percent6: 50, moves: [['e1', 'e2', 25]] },
    { name: 'another is better', after: sideOf(BASE, [], { e1: 40, e2: 60 }), percent4: 25, percent6: 50, moves: [['e1', 'e2', 25]] },
    {
      name: 'everything fails and the policy says SERVFAIL',
      after: sideOf(withPolicy(BASE.policies[0]!.rules, { allDown: 'servfail' }), ['e1', 'e2', 'c1']),
      percent4: 100,
      percent6: 100,
      moves: [
        ['c1', '(servfail)', 75],
        ['e1', '(servfail)', 25],
      ],
    },
  ]
  for (const { name, after, percent4, percent6, moves } of cases) {
    const diff = diffDecisions(base, after)
    assert.deepEqual(
      diff.policies.map(({ policy, movedPercent4, movedPercent6 }) => [policy, round(movedPercent4), round(movedPercent6)]),
      [
        ['p', percent4, percent6],
        ['still', 0, 0],
      ],
      name,
    )
    assert.deepEqual(
      diff.moves.map(({ from, to, addressPercent }) => [from, to, round(addressPercent)]),
      moves,
      name,
    )
    assert.equal(round(diff.movedPercent), Math.max(percent4, percent6))
    assert.equal(round(100 * movedShare(base, after)), Math.max(percent4, percent6))
  }
})

test('a renamed endpoint moves nobody, a changed address moves its clients', () => {
  const withEndpoint = (id: string, ipv4: string) => {
    const draft = { ...BASE, endpoints: [{ id, ipv4 }], pools: [{ id: 'edge', members: [id] }, BASE.pools[1]!] }
    return sideOf(draft)
  }
  assert.equal(movedShare(withEndpoint('e1', '192.0.2.77'), withEndpoint('other', '192.0.2.77')), 0)
  assert.equal(round(100 * movedShare(withEndpoint('e1', '192.0.2.77'), withEndpoint('e1', '192.0.2.78'))), 50)
})

test('a policy that only one side has moves nobody', () => {
  const renamed = { ...BASE, policies: [{ ...BASE.policies[0]!, id: 'new' }, BASE.policies[1]!] }
  assert.deepEqual(
    diffDecisions(sideOf(BASE), sideOf(renamed)).policies.map(({ policy }) => policy),
    ['still'],
  )
})

test('weights that are all 0 and a policy without the family are answers too', () => {
  const zero = {
    ...BASE,
    pools: BASE.pools.map((pool) => (pool.id === 'split' ? { ...pool, members: [{ endpoint: 'e1', weight: 0 }] } : pool)),
  }
  const policies = [{ id: 'p', rules: [{ line: '*', pools: ['split'] }], fallback: ['split'] }]
  const one = sideOf({ ...zero, policies })
  const six = { ...zero, endpoints: [{ id: 'e1', ipv6: '2001:db8::1' }], policies: [{ ...policies[0]!, families: 'each' as const }] }
  const other = sideOf(six)
  assert.deepEqual(
    diffDecisions(one, other).moves.map(({ from, to, addressPercent }) => [from, to, round(addressPercent)]),
    [['e1', '(no data)', 100]],
  )
})

test('publish guards: too many moved, a fallback that is down now; none of it on a first publish', () => {
  const before = sideOf(BASE)
  const after = sideOf(withPolicy([{ line: '*', pools: ['edge'] }], { guards: { maxMovedPercent: 60 } }), ['c1'])
  assert.deepEqual(findDownFallbacks(before), [])
  assert.deepEqual(findDownFallbacks(after), ['p', 'still'])
  const issuesOf = (limit: number, first: boolean) => {
    const side = sideOf(withPolicy([{ line: '*', pools: ['edge'] }], { guards: { maxMovedPercent: limit } }))
    return checkPublish(side.config, first ? null : diffDecisions(before, side), []).map(({ code, params }) => [
      code,
      params.policy,
      params.percent,
    ])
  }
  assert.deepEqual(issuesOf(74, false), [['POLICY_MOVED', 'p', '75.0']])
  assert.deepEqual(issuesOf(75, false), [])
  assert.deepEqual(issuesOf(1, true), [])
  assert.deepEqual(
    checkPublish(after.config, null, findDownFallbacks(after)).map(({ code, path }) => [code, path[1]]),
    [
      ['POLICY_FALLBACK_DOWN', 0],
      ['POLICY_FALLBACK_DOWN', 1],
    ],
  )
})

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6
}
