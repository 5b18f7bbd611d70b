/** Compiling: shared tables, merged classes, issues, numbering. That the tables decide right is shown by the property tests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RangeTable4, RangeTable6 } from '../../../../geodata/address/range-table.ts'
import { compilePolicies } from '../../../../policy/compile/compile-policies.ts'
import { encodeName } from '../../../../policy/compile/encode-endpoints.ts'
import { makeRankPlan } from '../../../../policy/compile/make-rank-plan.ts'
import { viewPolicies } from '../../../../policy/decide/compiled-policies.ts'
import { ENDPOINT_IPV4, ENDPOINT_IPV6, ENDPOINT_TARGET } from '../../../../policy/model/policy-columns.ts'
import { makeSyntheticConfig, type PolicyDraft } from '../../../support/synthetic-config.ts'
import { makeSyntheticGeodata } from '../../../support/synthetic-geodata.ts'

const geodata = makeSyntheticGeodata([
  ['1.0.0.0', 'cn/33/3302/telecom'],
  ['1.0.1.0', 'cn/33/3301/telecom'],
  ['1.0.2.0', 'cn/33/3301/unicom'],
  ['1.0.3.0', 'cn/31//mobile'],
  ['1.0.4.0', 'jp'],
  ['1.0.5.0', ''],
  ['240e::', 'cn/33/3302/telecom'],
  ['240e:1::', ''],
])
const POOLS = ['a', 'b', 'central'].map((id) => ({ id, members: [`${id}-1`] }))
const policy = (id: string, lines: readonly string[], more: Partial<PolicyDraft> = {}): PolicyDraft => ({
  id,
  rules: lines.map((line, n) => ({ line, pools: [n % 2 === 0 ? 'a' : 'b'] })),
  fallback: ['central'],
  ...more,
})

test('policies with the same lines share a table, whatever their pools; another precedence or inherit is another table', () => {
  const { columns } = compilePolicies(
    makeSyntheticConfig({
      pools: POOLS,
      policies: [
        policy('p1', ['cn-33', '*']),
        policy('p2', ['*', 'cn-33'], { fallback: ['b'] }),
        policy('p3', ['cn-33', '*'], { precedence: 'carrier-first' }),
        policy('p4', ['cn-33', '*'], { inherit: false }),
        policy('p5', ['cn', '*']),
      ],
    }),
    geodata,
  )
  assert.deepEqual([...columns.policyTable], [0, 0, 1, 2, 3])
})

test('ranges with the same rules are joined: a policy without lines is one range', () => {
  const { columns } = compilePolicies(makeSyntheticConfig({ pools: POOLS, policies: [policy('p', ['*'])] }), geodata)
  assert.deepEqual([[...columns.tableStarts4], [...columns.tableClass4]], [[0], [0]])
  assert.deepEqual([[...columns.tableStarts6], [...columns.tableClass6]], [[0, 0, 0, 0], [0]])
  const { columns: two } = compilePolicies(makeSyntheticConfig({ pools: POOLS, policies: [policy('p', ['cn-33', '*'])] }), geodata)
  assert.deepEqual([...two.tableStarts4], [0, 0x01000000, 0x01000300])
  // Slot 0 is "*", slot 1 "cn-33" (byte order).
  assert.deepEqual([...two.classSlots], [0, 1, 0])
})

test('an ordered pool splits classes only for clients who can come to it', () => {
  const pools = [...POOLS, { id: 'edges', choose: 'auto' as const, members: ['x', 'y'] }]
  const endpoints = [
    { id: 'x', ipv4: '192.0.2.8', place: 'cn-31', carrier: 'mobile' },
    { id: 'y', ipv4: '192.0.2.9', place: 'cn-3302', carrier: 'telecom' },
  ]
  const compile = (rules: PolicyDraft['rules'], fallback: string[]) =>
    compilePolicies(makeSyntheticConfig({ endpoints, pools, policies: [{ id: 'p', rules, fallback }] }), geodata).columns
  const onlyZhejiang = compile(
    [
      { line: 'cn-33', pools: ['edges'] },
      { line: '*', pools: ['a'] },
    ],
    ['central'],
  )
  assert.deepEqual([...onlyZhejiang.tableStarts4], [0, 0x01000000, 0x01000300])
  // Every other address keeps the declared order, which is list 0.
  assert.equal(onlyZhejiang.orderFirst.length - 1, 2)
  const everybody = compile([{ line: '*', pools: ['a'] }], ['edges'])
  assert.deepEqual([...everybody.tableStarts4], [0, 0x01000000, 0x01000300])
})

test('equal networks in two lines of one policy are an error; in lines of different policies they are not', () => {
  const lines = { one: ['10.0.0.0/8', '2001:db8::/32', '192.168.0.0/16'], two: ['10.0.0.0/8', '2001:db8::/32', '192.168.0.0/17'] }
  const both = compilePolicies(
    makeSyntheticConfig({ pools: POOLS, lines, policies: [policy('p', ['custom:one', 'custom:two', '*'])] }),
    geodata,
  )
  const conflicts = both.issues.filter(({ code }) => code === 'POLICY_PREFIX_CONFLICT')
  assert.deepEqual(
    conflicts.map(({ params, path }) => [path[1], params.policy, params.first, params.second, params.prefix]),
    [
      [0, 'p', 'one', 'two', '10.0.0.0/8'],
      [0, 'p', 'one', 'two', '2001:db8::/32'],
    ],
  )
  const apart = compilePolicies(
    makeSyntheticConfig({ pools: POOLS, lines, policies: [policy('p', ['custom:one', '*']), policy('q', ['custom:two', '*'])] }),
    geodata,
  )
  assert.deepEqual(apart.issues, [])
})

test('conflicts are reported up to a limit', () => {
  const prefixes = Array.from({ length: 300 }, (_, n) => `10.${n >> 8}.${n & 255}.0/24`)
  const { issues } = compilePolicies(
    makeSyntheticConfig({
      pools: POOLS,
      lines: { one: prefixes, two: prefixes },
      policies: [policy('p', ['custom:one', 'custom:two', '*'])],
    }),
    geodata,
  )
  assert.equal(issues.filter(({ code }) => code === 'POLICY_PREFIX_CONFLICT').length, 20)
})

test('a rule that others cover is a warning that names them; one whose line has no address is a note', () => {
  const lines = { all: ['0.0.0.0/0', '::/0'], park: ['198.51.100.0/24'], halves: ['198.51.100.0/25', '198.51.100.128/25'], none: [] }
  /** Lines without addresses have no cover. */
  type Unreached = readonly (readonly [line: string, by: string | undefined])[]
  const cases: [lines: string[], more: Partial<PolicyDraft>, unreached: Unreached][] = [
    [['cn-3302/telecom', 'jp', '*'], {}, []],
    [
      ['cn-3302/mobile', 'us', '*'],
      {},
      [
        ['cn-3302/mobile', undefined],
        ['us', undefined],
      ],
    ],
    [['custom:all', 'jp', '*'], {}, []],
    [
      ['custom:all', 'jp', '*'],
      { inherit: false },
      [
        ['jp', '"custom:all"'],
        ['*', '"custom:all"'],
      ],
    ],
    // What is never used itself covers nothing.
    [
      ['custom:all', 'custom:park', 'cn-33/telecom', 'cn-33', '*'],
      { inherit: false },
      [
        ['cn-33/telecom', '"custom:all"'],
        ['cn-33', '"custom:all"'],
        ['*', '"custom:all", "custom:park"'],
      ],
    ],
    // Once, and in time linear in the networks: it is read off the classes.
    [['custom:halves', 'custom:park', '*'], { inherit: false }, [['custom:park', '"custom:halves"']]],
    [['custom:halves', 'custom:park', '*'], {}, []],
    [['custom:none', '*'], {}, [['custom:none', undefined]]],
    // All of the province that the geodata knows is in these two cities.
    [['cn-3302', 'cn-3301', 'cn-33', '*'], { inherit: false }, [['cn-33', '"cn-3301", "cn-3302"']]],
    [['cn-3302', 'cn-3301', 'cn-33', '*'], {}, []],
    // The order decides what covers what.
    [['cn-33', '*/telecom', '*'], { inherit: false }, [['*/telecom', '"cn-33"']]],
    [['cn-33', '*/telecom', '*'], { inherit: false, precedence: 'carrier-first' }, []],
  ]
  for (const [keys, more, unreached] of cases) {
    const { issues } = compilePolicies(makeSyntheticConfig({ pools: POOLS, lines, policies: [policy('p', keys, more)] }), geodata)
    assert.deepEqual(
      issues.map(({ code, params }) => [code, params.line, params.by]),
      unreached.map(([line, by]) => [by === undefined ? 'POLICY_LINE_WITHOUT_ADDRESSES' : 'POLICY_RULE_UNREACHABLE', line, by]),
    )
    for (const { path, params } of issues) assert.equal(keys[path[3] as number], params.line)
  }
})

test('a family that only the rules have is a warning with families: each', () => {
  const endpoints = [
    { id: 'a-1', ipv4: '192.0.2.1', ipv6: '2001:db8::1' },
    { id: 'central-1', ipv4: '192.0.2.2' },
  ]
  const issuesOf = (families: 'each' | 'same-endpoint', fallback: string) =>
    compilePolicies(
      makeSyntheticConfig({ endpoints, pools: POOLS, policies: [policy('p', ['*'], { families, fallback: [fallback] })] }),
      geodata,
    ).issues
  assert.deepEqual(
    issuesOf('each', 'central').map(({ code, params }) => [code, params.family, params.endpoint]),
    [['POLICY_FAMILY_GAP', 'IPv6', 'a-1']],
  )
  assert.deepEqual(issuesOf('each', 'a'), [])
  assert.deepEqual(issuesOf('same-endpoint', 'central'), [])
})

test('tables keep the invariants of range-table.ts, with their own index', () => {
  const prefixes = Array.from({ length: 300 }, (_, n) => `${n & 255}.${n >> 8}.0.0/17`)
  const prefixes6 = Array.from({ length: 300 }, (_, n) => `20${(n & 255).toString(16).padStart(2, '0')}:${n >> 8}::/33`)
  const config = makeSyntheticConfig({
    pools: POOLS,
    lines: {
      many: [...prefixes, ...prefixes6, '255.255.255.255/32', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128'],
      rest: ['8000::/1', '255.255.255.254/31'],
    },
    policies: [policy('p', ['custom:many', 'custom:rest', '*']), policy('q', ['cn', '*'])],
  })
  const { tables4, tables6 } = viewPolicies(compilePolicies(config, geodata).columns)
  assert.equal(tables4[0]!.indexBits > 8, true)
  assert.equal(tables4[1]!.indexBits < 4, true)
  for (const table of tables4) checkTable(table, 1)
  for (const table of tables6) checkTable(table, 4)
})

function checkTable(table: RangeTable4 | RangeTable6, width: number): void {
  const startOf = (range: number): bigint =>
    table.starts
      .subarray(range * width, (range + 1) * width)
      .reduce((sum: bigint, word) => (sum << 32n) | BigInt(word), 0n as bigint) as unknown as bigint
  const bits = BigInt(32 * width - table.indexBits)
  const starts = Array.from(table.values, (_, range) => startOf(range))
  assert.equal(starts[0], 0n)
  for (let range = 1; range < starts.length; range++) {
    assert.ok(starts[range]! > starts[range - 1]!)
    assert.notEqual(table.values[range], table.values[range - 1])
  }
  assert.equal(table.index.length, 2 ** table.indexBits + 1)
  for (let slice = 0; slice < 2 ** table.indexBits; slice++) {
    const expected = starts.findLastIndex((start) => start <= BigInt(slice) << bits)
    assert.equal(table.index[slice], expected)
  }
  assert.equal(table.index.at(-1), starts.length - 1)
}

test('endpoints are numbered in byte order, with addresses and targets', () => {
  const config = makeSyntheticConfig({
    endpoints: [
      { id: 'z', ipv4: '192.0.2.200', ipv6: '2001:db8::5' },
      { id: 'B', target: 'cdn.example.' },
      { id: 'a', ipv6: '2001:db8::1' },
    ],
    pools: [{ id: 'central', members: ['z', 'B', { endpoint: 'a', weight: 7 }] }],
    policies: [{ id: 'p', rules: [{ line: '*', pools: ['central'] }], fallback: ['central'] }],
  })
  const { columns, names } = compilePolicies(config, geodata)
  assert.deepEqual(names.endpoints, ['B', 'a', 'z'])
  assert.deepEqual([...columns.memberEndpoint], [2, 0, 1])
  assert.deepEqual([...columns.memberConfiguredWeight], [10, 10, 7])
  assert.deepEqual([...columns.endpointKinds], [ENDPOINT_TARGET, ENDPOINT_IPV6, ENDPOINT_IPV4 | ENDPOINT_IPV6])
  assert.deepEqual([...columns.endpointIpv4], [0, 0, 0xc00002c8])
  assert.deepEqual([...columns.endpointIpv6.subarray(4)], [0x20010db8, 0, 0, 1, 0x20010db8, 0, 0, 5])
  assert.deepEqual([...columns.endpointTargetFirst], [0, 13, 13, 13])
  assert.deepEqual([...columns.endpointTargets], encodeName('cdn.example.'))
})

test('encodeName reads escapes', () => {
  assert.deepEqual(encodeName('.'), [0])
  assert.deepEqual(encodeName('a\\.b.\\001c.'), [3, 97, 46, 98, 2, 1, 99, 0])
})

test('makeRankPlan numbers as compilePolicies does', () => {
  const config = makeSyntheticConfig({
    endpoints: [
      { id: 'z', ipv4: '192.0.2.9', probes: ['web'] },
      { id: 'm', ipv4: '192.0.2.8', enabled: false },
    ],
    pools: [
      { id: 'y', members: ['z', { endpoint: 'm', weight: 3 }], choose: 'weighted', slowStartSeconds: 9 },
      { id: 'central', members: ['m'] },
    ],
    policies: [
      { id: 'q', rules: [{ line: '*', pools: ['y', 'central'] }], fallback: ['central'], families: 'each' },
      { id: 'b', rules: [{ line: '*', pools: ['y'] }], fallback: ['y'], gates: { maxErrorRatePercent: 1, maxLatencyMs: 50 } },
    ],
  })
  const probe = {
    id: 'web',
    kind: 'http',
    port: 80,
    path: '/',
    expectStatus: [200],
    intervalMs: 5000,
  } as unknown as (typeof config.probes)[number]
  const { columns, names } = compilePolicies(config, geodata)
  const plan = makeRankPlan({ ...config, probes: [probe] })
  assert.deepEqual(
    plan.endpoints.map(({ id, enabled, probes }) => [id, enabled, probes.map((each) => each.id)]),
    [
      ['m', false, []],
      ['z', true, ['web']],
    ],
  )
  assert.deepEqual(
    plan.poolUses.map(({ policyId, poolId }) => [policyId, poolId]),
    [
      ['b', 'y'],
      ['q', 'central'],
      ['q', 'y'],
    ],
  )
  assert.deepEqual(
    plan.poolUses.map(({ poolId }) => poolId),
    Array.from(columns.poolUsePool, (pool) => names.pools[pool]!),
  )
  assert.deepEqual([...plan.poolUses.map(({ firstMember }) => firstMember), 5], [...columns.poolUseMemberFirst])
  assert.deepEqual(
    plan.poolUses.flatMap(({ members }) => members.map(({ endpoint }) => endpoint)),
    [...columns.memberEndpoint],
  )
  const [first, second, third] = plan.poolUses
  assert.deepEqual([first!.jointFamilies, first!.maxLatencyMs, first!.slowStartSeconds, first!.choose], [true, 50, 9, 'weighted'])
  assert.deepEqual([second!.jointFamilies, third!.maxLatencyMs], [false, 500])
})
