/** Lines in walk order, the chain of a line, and walking a policy that is not live. The order is checked against the server's own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndpointSummary } from '../../../../admin-ui/contract/endpoint.ts'
import type { PolicyObject } from '../../../../admin-ui/contract/policy.ts'
import { chainOfLine, inWalkOrder, lineClass } from '../../../../admin-ui/web/features/lines/line-key.ts'
import { isEligible, poolStates, walkPolicy } from '../../../../admin-ui/web/features/policies/walk-policy.ts'
import { findPlace } from '../../../../geodata/line/line-catalogue.ts'
import { lineChain } from '../../../../geodata/line/line-precedence.ts'
import type { Location } from '../../../../geodata/line/location.ts'

const parentOf = (place: string): string => findPlace(place)?.parent ?? ''

const locations: readonly { readonly line: string; readonly location: Partial<Location> }[] = [
  { line: 'cn-3302/mobile', location: { country: 'CN', province: '33', city: '3302', carrier: 'mobile' } },
  { line: 'cn-33/telecom', location: { country: 'CN', province: '33', carrier: 'telecom' } },
  { line: 'jp', location: { country: 'JP' } },
]
for (const { line, location } of locations) {
  for (const precedence of ['place-first', 'carrier-first'] as const) {
    test(`chainOfLine agrees with the server for ${line}, ${precedence}`, () => {
      assert.deepEqual(chainOfLine(line, precedence, parentOf), lineChain(location as Location, precedence))
    })
  }
}

test('inWalkOrder sorts by class and keeps the document order inside one', () => {
  const rules = ['*', 'cn-33/unicom', '*/mobile', 'cn-33/telecom', 'custom:a', 'cn-3302'].map((line) => ({ line }))
  const lines = inWalkOrder(rules, 'place-first').map((rule) => rule.line)
  assert.deepEqual(lines, ['custom:a', 'cn-3302', 'cn-33/unicom', 'cn-33/telecom', '*/mobile', '*'])
})

test('lineClass of every kind', () => {
  const lines = [
    'custom:a',
    'asn:4134',
    'cn-3302/telecom',
    'cn-33',
    'cn-east/telecom',
    'cn/telecom',
    '*/telecom',
    'jp',
    'us-ca',
    'continent-as',
    'abroad',
    '*',
  ]
  assert.deepEqual(lines.map(lineClass), [
    'custom',
    'asn',
    'city-carrier',
    'province',
    'big-region-carrier',
    'country-carrier',
    'carrier',
    'country',
    'province',
    'continent',
    'abroad',
    'default',
  ])
})

const endpoint = (id: string, up: boolean): EndpointSummary =>
  ({ id, enabled: true, probed: true, standing: up ? 'up' : 'down', health: [{ inPlace: up }] }) as unknown as EndpointSummary
const pool = (id: string, ...members: string[]) => ({
  id,
  choose: 'best' as const,
  minimumUp: 1,
  members: members.map((member) => ({ endpoint: member, weight: 1 })),
  usedBy: [],
})
const pools = [pool('nb', 'nb-1'), pool('hz', 'hz-1'), pool('central', 'c-1')]
const policy: PolicyObject = {
  id: 'p',
  rules: [
    { line: 'cn-3302/mobile', pools: ['nb'] },
    { line: 'cn-33/mobile', pools: ['nb', 'hz'] },
    { line: '*', pools: ['central'] },
  ],
  fallback: ['central'],
}
const chain = chainOfLine('cn-3302/mobile', 'place-first', parentOf)!
const walks: readonly (readonly [
  name: string,
  down: readonly string[],
  inherit: boolean,
  line: string,
  pool: string | null,
  displaced: boolean,
])[] = [
  ['all up: the first pool of the first rule', [], true, 'cn-3302/mobile', 'nb', false],
  ['first down: inherits to the second pool of the wider rule', ['nb-1'], true, 'cn-33/mobile', 'hz', true],
  ['without inheritance the fallback follows', ['nb-1'], false, '', 'central', true],
  ['edges down: the default rule', ['nb-1', 'hz-1'], true, '*', 'central', true],
  ['everything down: nobody, the last resort decides', ['nb-1', 'hz-1', 'c-1'], true, '', null, true],
]
for (const [name, down, inherit, line, expected, displaced] of walks) {
  test(`walkPolicy: ${name}`, () => {
    const states = poolStates(
      pools,
      ['nb-1', 'hz-1', 'c-1'].map((id) => endpoint(id, !down.includes(id))),
    )
    const walk = walkPolicy({ ...policy, inherit }, chain, states)
    assert.deepEqual([walk.line, walk.pool?.id ?? null, walk.displaced], [line, expected, displaced])
  })
}

test('isEligible: what an operator forces goes before what was measured', () => {
  const held = (up: boolean, override: object): EndpointSummary =>
    ({ ...endpoint('a', up), health: [{ inPlace: up, override }] }) as unknown as EndpointSummary
  assert.equal(isEligible(held(true, { action: 'down' })), false)
  assert.equal(isEligible(held(false, { action: 'up' })), true)
  assert.equal(isEligible({ ...held(false, { action: 'up' }), enabled: false }), false)
  assert.equal(isEligible(held(true, { action: 'drain', sharePercent: 40 })), true)
  assert.equal(isEligible(held(true, { action: 'drain', sharePercent: 0 })), false)
  assert.equal(isEligible(held(false, { action: 'drain', sharePercent: 40 })), false)
})
