/** Which lines an override leaves on the fallback, by policy: chains, minimum up, families, what is down already. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findImpact } from '../../../../admin-ui/api/overrides/override-impact.ts'
import type { HealthScore } from '../../../../admin-ui/contract/health-scores.ts'
import type { ForcedStanding } from '../../../../health/score/rank-endpoints.ts'
import { makeRankPlan } from '../../../../policy/compile/make-rank-plan.ts'
import { parseConfig } from '../../../../policy/config/parse-config.ts'

const text = (policy: string): string => `apiVersion: nearcast/v1
zones: [{name: test., soa: {mname: ns.else., rname: h.else.}, nameservers: [ns.else.]}]
endpoints:
  - {id: nb, ipv4: 192.0.2.11}
  - {id: zj1, ipv4: 192.0.2.12}
  - {id: zj2, ipv4: 192.0.2.13}
  - {id: c, ipv4: 192.0.2.1, ipv6: "2001:db8::1"}
  - {id: six, ipv6: "2001:db8::2"}
pools:
  - {id: ningbo, members: [{endpoint: nb}]}
  - {id: zhejiang, members: [{endpoint: zj1}, {endpoint: zj2}]}
  - {id: pair, members: [{endpoint: zj1}, {endpoint: zj2}], minimumUp: 2}
  - {id: central, members: [{endpoint: c}]}
  - {id: v6, members: [{endpoint: six}, {endpoint: nb}]}
lines: [{id: park, label: {en: Park}, prefixes: [198.51.100.0/24]}]
policies:
  - ${policy}
names: [{name: a.test., types: [A, AAAA], policy: p}]
`
const policy = (rules: string, more = ''): string => `{id: p, ttlSeconds: 30, rules: [${rules}], fallback: [central]${more}}`
const CHAIN = policy('{line: cn-3302/telecom, pools: [ningbo]}, {line: cn-33, pools: [zhejiang]}, {line: "*", pools: [central]}')

const down = (...ids: string[]): ForcedStanding[] => ids.map((endpointId) => ({ endpointId, action: 'down', share: 1 }))
const isDown = (endpoint: string, address: string): HealthScore => ({
  endpoint,
  address,
  family: 4,
  vantage: 'n',
  standing: 'down',
  since: null,
  sampleCount: 60,
  inPlace: false,
})

type Case = {
  readonly name: string
  readonly policy: string
  readonly before?: readonly ForcedStanding[]
  readonly after: readonly ForcedStanding[]
  readonly scores?: readonly HealthScore[]
  readonly expected: readonly string[]
}
const cases: readonly Case[] = [
  { name: 'the next rule of the chain takes over', policy: CHAIN, after: down('nb'), expected: [] },
  { name: 'another member takes over', policy: CHAIN, after: down('zj1'), expected: [] },
  {
    name: 'the whole chain is gone',
    policy: CHAIN,
    after: down('nb', 'zj1', 'zj2'),
    expected: ['cn-3302/telecom rule → fallback central all-up', 'cn-33 rule → fallback central all-up'],
  },
  {
    name: 'without inheritance the first rule decides',
    policy: policy(
      '{line: cn-3302/telecom, pools: [ningbo]}, {line: cn-33, pools: [zhejiang]}, {line: "*", pools: [central]}',
      ', inherit: false',
    ),
    after: down('nb'),
    expected: ['cn-3302/telecom rule → fallback central all-up'],
  },
  {
    name: 'a custom line is only sure of the default',
    policy: policy('{line: "custom:park", pools: [ningbo]}, {line: cn-33, pools: [zhejiang]}, {line: "*", pools: [central]}'),
    after: down('nb'),
    expected: ['custom:park rule → fallback central all-up'],
  },
  {
    name: 'minimumUp counts',
    policy: policy('{line: cn-33, pools: [pair]}, {line: "*", pools: [central]}'),
    after: down('zj1'),
    expected: ['cn-33 rule → fallback central all-up'],
  },
  {
    name: 'the fallback itself, where it alone has IPv6: nothing is left',
    policy: CHAIN,
    after: down('c'),
    expected: ['cn-3302/telecom fallback → nothing  all-up', 'cn-33 fallback → nothing  all-up', '* fallback → nothing  all-up'],
  },
  {
    name: 'the fallback itself, one family: others have their rules',
    policy: policy('{line: cn-33, pools: [zhejiang]}, {line: "*", pools: [central]}', ', families: same-endpoint'),
    after: down('c'),
    expected: ['* fallback → nothing  all-up'],
  },
  {
    name: 'everything: last resort has nobody that is not down',
    policy: CHAIN,
    after: down('nb', 'zj1', 'zj2', 'c'),
    expected: ['cn-3302/telecom rule → nothing  all-up', 'cn-33 rule → nothing  all-up', '* fallback → nothing  all-up'],
  },
  {
    name: 'what is down already counts now',
    policy: CHAIN,
    after: down('nb'),
    scores: [isDown('zj1', '192.0.2.12'), isDown('zj2', '192.0.2.13')],
    expected: ['cn-3302/telecom rule → fallback central now'],
  },
  {
    name: 'who is down and held down: the line stays on the fallback when it is back',
    policy: policy('{line: cn-33, pools: [ningbo]}, {line: "*", pools: [central]}'),
    after: down('nb'),
    scores: [isDown('nb', '192.0.2.11')],
    expected: ['cn-33 rule → fallback central all-up'],
  },
  {
    name: 'what others hold already is not laid at this one',
    policy: CHAIN,
    before: down('zj1', 'zj2'),
    after: [...down('zj1', 'zj2'), { endpointId: 'c', action: 'up', share: 1 }],
    expected: [],
  },
  {
    name: 'a drain that is over is down, one that has a share is not',
    policy: policy('{line: cn-33, pools: [zhejiang]}, {line: "*", pools: [central]}'),
    after: [
      { endpointId: 'zj1', action: 'drain', share: 0 },
      { endpointId: 'zj2', action: 'drain', share: 0.1 },
    ],
    expected: [],
  },
  {
    name: 'up never leaves anybody behind',
    policy: CHAIN,
    after: [{ endpointId: 'nb', action: 'up', share: 1 }],
    scores: [isDown('nb', '192.0.2.11')],
    expected: [],
  },
  {
    name: 'a family of its own is judged apart',
    policy: policy('{line: cn-33, pools: [v6]}, {line: "*", pools: [central]}', ', families: each'),
    after: down('six'),
    expected: ['cn-33 rule → fallback central all-up'],
  },
]

describe('findImpact', () => {
  for (const { name, policy: rule, before = [], after, scores = null, expected } of cases)
    test(name, () => {
      const parsed = parseConfig(text(rule))
      assert.ok(parsed.ok, JSON.stringify(parsed.issues))
      const { config } = parsed
      const found = findImpact({ config, plan: makeRankPlan(config), scores, before, after })
      assert.deepEqual(
        found.map((line) => `${line.line} ${line.before} → ${line.after} ${line.pool} ${line.health}`),
        expected,
      )
    })
})
