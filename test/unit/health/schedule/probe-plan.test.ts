import assert from 'node:assert/strict'
import { test } from 'node:test'
import { healthKey, nextDelayMs, planProbes, secondDelayMs } from '../../../../health/schedule/probe-plan.ts'
import { probeSpec, rankEndpoint, rankPlan } from '../../../support/rank-plans.ts'

test('planProbes asks each address of each enabled endpoint by each of its probes', () => {
  const tcp = probeSpec({ id: 'tcp', kind: 'tcp' })
  const plan = rankPlan(
    [
      rankEndpoint('dual', { ipv6: '2001:db8::1', probes: [probeSpec(), tcp] }),
      rankEndpoint('cdn', { ipv4: '', target: 'cdn.example.net.' }),
      rankEndpoint('off', { enabled: false }),
      rankEndpoint('plain', { probes: [] }),
    ],
    [],
  )
  assert.deepEqual(
    planProbes(plan).map(({ endpointId, address, probe }) => `${endpointId} ${address} ${probe.id}`),
    [
      'dual 192.0.2.1 edge-http',
      'dual 192.0.2.1 tcp',
      'dual 2001:db8::1 edge-http',
      'dual 2001:db8::1 tcp',
      'cdn cdn.example.net. edge-http',
    ],
  )
  assert.equal(new Set(planProbes(plan).map(({ key }) => key)).size, 5)
})

test('healthKey differs by endpoint, address and anything about the probes', () => {
  const base = healthKey('a', '192.0.2.1', [probeSpec()])
  assert.equal(healthKey('a', '192.0.2.1', [probeSpec()]), base)
  for (const other of [
    healthKey('b', '192.0.2.1', [probeSpec()]),
    healthKey('a', '192.0.2.2', [probeSpec()]),
    healthKey('a', '192.0.2.1', [probeSpec({ path: '/' })]),
    healthKey('a', '192.0.2.1', [probeSpec(), probeSpec({ id: 'second' })]),
  ])
    assert.notEqual(other, base)
})

test('nextDelayMs: jitter only shortens, by at most a tenth; failures before fall come at the retry interval', () => {
  const cases = [
    { failuresInRow: 0, chance: 0, expected: 5000 },
    { failuresInRow: 0, chance: 1, expected: 4500 },
    { failuresInRow: 1, chance: 0, expected: 2500 },
    { failuresInRow: 2, chance: 0.5, expected: 2375 },
    { failuresInRow: 3, chance: 0, expected: 5000 },
    { failuresInRow: 400, chance: 0, expected: 5000 },
  ]
  for (const { failuresInRow, chance, expected } of cases) assert.equal(nextDelayMs(probeSpec(), failuresInRow, chance), expected)
  assert.equal(secondDelayMs(probeSpec(), 0), 5000)
  assert.equal(secondDelayMs(probeSpec(), 0.9999) < 1, true)
})

test('planProbes asks an address by the probes of its family, the address of a target by all', () => {
  const probes = [probeSpec({ id: 'both' }), probeSpec({ id: 'four', families: 'ipv4' }), probeSpec({ id: 'six', families: 'ipv6' })]
  const plan = rankPlan(
    [
      rankEndpoint('dual', { ipv4: '192.0.2.1', ipv6: '2001:db8::1', probes }),
      rankEndpoint('name', { ipv4: '', target: 'edge.example.', probes }),
    ],
    [],
  )
  assert.deepEqual(
    planProbes(plan).map(({ address, probe }) => `${address} ${probe.id}`),
    [
      '192.0.2.1 both',
      '192.0.2.1 four',
      '2001:db8::1 both',
      '2001:db8::1 six',
      'edge.example. both',
      'edge.example. four',
      'edge.example. six',
    ],
  )
})

test('references are connected to, twice as often as the quickest probe', () => {
  const given = [{ address: '2001:db8::53', port: 443 }]
  const cases = [
    { intervalMs: 5000, expected: 2500 },
    { intervalMs: 200, expected: 500 },
    { intervalMs: 60_000, expected: 5000 },
  ]
  for (const { intervalMs, expected } of cases) {
    const plan = rankPlan([rankEndpoint('a', { probes: [probeSpec({ intervalMs })] })], [{ members: [0] }], 1, given)
    const { endpointId, address, probe } = planProbes(plan).at(-1)!
    assert.deepEqual([endpointId, address, probe.kind, probe.port], ['reference:2001:db8::53 443', '2001:db8::53', 'tcp', 443])
    assert.equal(probe.intervalMs, expected)
    assert.ok(probe.timeoutMs < expected)
  }
  assert.equal(planProbes(rankPlan([], [], 1, given)).at(-1)!.probe.intervalMs, 5000, 'nothing else is probed')
})
