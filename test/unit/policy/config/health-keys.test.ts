/** Keys that ranking reads: endpoints[].capacity, policies[].vantageSharePercent, options.isolation. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeRankPlan } from '../../../../policy/compile/make-rank-plan.ts'
import { parseConfig } from '../../../../policy/config/parse-config.ts'
import { writeConfig } from '../../../../policy/config/write-config.ts'

const text = (given: {
  readonly capacity?: string
  readonly policy?: string
  readonly options?: string
}): string => `apiVersion: nearcast/v1
endpoints:
  - {id: a, ipv4: 192.0.2.1, site: east, labels: {rack: r1}${given.capacity === undefined ? '' : `, capacity: ${given.capacity}`}}
pools:
  - {id: p, members: [{endpoint: a}]}
policies:
  - {id: e, ttlSeconds: 60, rules: [{line: "*", pools: [p]}], fallback: [p]${given.policy ?? ''}}
${given.options === undefined ? '' : `options: ${given.options}\n`}`

function parsed(given: Parameters<typeof text>[0]) {
  const result = parseConfig(text(given))
  assert.ok(result.ok, JSON.stringify(result.issues))
  return result
}

const errorsOf = (given: Parameters<typeof text>[0]): string[] =>
  parseConfig(text(given))
    .issues.filter(({ severity }) => severity === 'error')
    .map(({ code }) => code)

test('defaults, and what the rank plan has of them', () => {
  const plain = makeRankPlan(parsed({}).config)
  assert.deepEqual(
    [plain.endpoints[0]!.site, plain.endpoints[0]!.labels, plain.endpoints[0]!.capacity],
    ['east', { rack: 'r1' }, undefined],
  )
  assert.deepEqual([plain.poolUses[0]!.vantageSharePercent, plain.poolUses[0]!.ttlSeconds, plain.references], [18, 60, []])
  const given = makeRankPlan(
    parsed({
      capacity: '{requestsPerSecond: 500}',
      policy: ', vantageSharePercent: 50',
      options: '{isolation: {reference: ["[2001:db8::1]:443", 223.5.5.5, "1.1.1.1:853", "2001:DB8::2"]}}',
    }).config,
  )
  assert.deepEqual(given.endpoints[0]!.capacity, { requestsPerSecond: 500, softPercent: 80, hardPercent: 100 })
  assert.equal(given.poolUses[0]!.vantageSharePercent, 50)
  assert.deepEqual(
    given.references.map(({ address, port }) => `${address} ${port}`),
    ['1.1.1.1 853', '2001:db8::1 443', '2001:db8::2 53', '223.5.5.5 53'],
  )
})

test('written and read again it is the same; what is as by default leaves the digest of older documents', () => {
  const given = {
    capacity: '{requestsPerSecond: 0.5, hardPercent: 120}',
    policy: ', vantageSharePercent: 0',
    options: '{isolation: {reference: ["[2001:db8::1]:443", 223.5.5.5]}}',
  }
  const first = parsed(given)
  const again = parseConfig(writeConfig(first.config).document)
  assert.ok(again.ok)
  assert.equal(again.digest, first.digest)
  assert.notEqual(first.digest, parsed({}).digest)
  assert.equal(parsed({ policy: ', vantageSharePercent: 18', options: '{isolation: {reference: []}}' }).digest, parsed({}).digest)
})

test('what cannot be is refused', () => {
  const cases: readonly { name: string; given: Parameters<typeof text>[0]; expected: string[] }[] = [
    { name: 'soft at hard', given: { capacity: '{requestsPerSecond: 1, softPercent: 100}' }, expected: ['CONFIG_CAPACITY_MARKS'] },
    { name: 'nothing at all', given: { capacity: '{requestsPerSecond: 0}' }, expected: ['CONFIG_RANGE'] },
    { name: 'no number', given: { capacity: '{softPercent: 50}' }, expected: ['CONFIG_KEY_MISSING'] },
    { name: 'a share of everybody', given: { policy: ', vantageSharePercent: 100' }, expected: ['CONFIG_RANGE'] },
    { name: 'a name', given: { options: '{isolation: {reference: [dns.example]}}' }, expected: ['CONFIG_ISOLATION_REFERENCE'] },
    { name: 'link-local', given: { options: '{isolation: {reference: [169.254.169.254]}}' }, expected: ['CONFIG_ISOLATION_REFERENCE'] },
    { name: 'port 0', given: { options: '{isolation: {reference: ["192.0.2.1:0"]}}' }, expected: ['CONFIG_ISOLATION_REFERENCE'] },
    { name: 'port 65536', given: { options: '{isolation: {reference: ["192.0.2.1:65536"]}}' }, expected: ['CONFIG_ISOLATION_REFERENCE'] },
    {
      name: 'twice',
      given: { options: '{isolation: {reference: [192.0.2.1, "192.0.2.1:53"]}}' },
      expected: ['CONFIG_ISOLATION_TWICE'],
    },
  ]
  for (const { name, given, expected } of cases) assert.deepEqual(errorsOf(given), expected, name)
})
