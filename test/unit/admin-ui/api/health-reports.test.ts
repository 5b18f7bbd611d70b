/** Pushes and samples of foreign vantages: what is taken, what is refused with which words, what nodes are told, and that memory stays flat. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { IDS_MAX, PushDesk } from '../../../../admin-ui/api/health/push-desk.ts'
import { readTime } from '../../../../admin-ui/api/health/report-outcome.ts'
import type { ReportTargets } from '../../../../admin-ui/api/health/report-targets.ts'
import { TRACKS_MAX, VANTAGES_MAX, VANTAGES_PER_TOKEN, VantageDesk } from '../../../../admin-ui/api/health/vantage-desk.ts'
import type { PushReport, SampleReport } from '../../../../admin-ui/contract/health-report.ts'
import type { HealthMessage } from '../../../../cluster/fleet-transport.ts'
import type { PushedResult, VantageReport } from '../../../../health/model/vantage-report.ts'
import { collectGarbage } from '../../../../resolver/transport/take-swaps.ts'
import { type ControlFixture, EXAMPLE_DOCUMENT, startControl } from '../../../support/control-fixture.ts'
import { probeSpec } from '../../../support/rank-plans.ts'

const NOW = Date.UTC(2026, 5, 15, 12)
const PROBE = { port: 80, path: '/' } as const
const HTTP = probeSpec({ ...PROBE, id: 'web' })
const PUSH = probeSpec({ ...PROBE, id: 'self', kind: 'push', expireSeconds: 30 })

function targetsOf(generation = 1, count = 3): ReportTargets {
  const byId = new Map(
    Array.from({ length: count }, (_, i) => {
      const id = `e${i}`
      const probes = i === 0 ? [PUSH] : i === 1 ? [HTTP] : [HTTP, PUSH, { ...PUSH, id: 'watcher' }]
      return [id, { id, site: '', addresses: i === 2 ? ['192.0.2.2', '2001:db8::2'] : [`192.0.2.${i}`], probes }] as const
    }),
  )
  const known = new Map(
    [...byId.values()].flatMap(({ id, addresses }) => addresses.map((address) => [`${id} ${address}`, { intervalMs: 5000, site: '' }])),
  )
  return { generation, byId, known }
}

const ANYBODY = { endpoints: [], vantage: '', via: 'session', id: 'a-session' } as const

describe('push desk', () => {
  let wallMs = NOW
  let told: HealthMessage[] = []
  let targets = targetsOf()
  let desk: PushDesk
  beforeEach(() => {
    wallMs = NOW
    told = []
    targets = targetsOf()
    desk = new PushDesk({ targets: () => targets, tell: (message) => void told.push(message), now: () => wallMs })
  })
  const pushes = (): readonly PushedResult[] => told.flatMap((message) => (message.type === 'pushes' ? message.pushes : []))

  const refusals: readonly {
    readonly name: string
    readonly report: PushReport
    readonly code: string
    readonly message: RegExp
    readonly endpoints?: string[]
  }[] = [
    {
      name: 'an endpoint that is not live',
      report: { endpoint: 'gone', ok: true },
      code: 'HEALTH_ENDPOINT_UNKNOWN',
      message: /no endpoint "gone"/,
    },
    {
      name: 'an endpoint without a push probe',
      report: { endpoint: 'e1', ok: true },
      code: 'HEALTH_PROBE_UNKNOWN',
      message: /"e1" has no probe of kind push/,
    },
    {
      name: 'a probe of another kind',
      report: { endpoint: 'e2', probe: 'web', ok: true },
      code: 'HEALTH_PROBE_UNKNOWN',
      message: /"web" is no probe of kind push of endpoint "e2", which has "self", "watcher"/,
    },
    {
      name: 'no probe named where there are two',
      report: { endpoint: 'e2', ok: true },
      code: 'HEALTH_PROBE_UNKNOWN',
      message: /name one of "self", "watcher"/,
    },
    {
      name: 'a negative latency',
      report: { endpoint: 'e0', ok: true, latencyMs: -1 },
      code: 'HEALTH_NUMBER',
      message: /latencyMs -1 is not from 0 to 600000/,
    },
    {
      name: 'an absurd latency',
      report: { endpoint: 'e0', ok: true, latencyMs: 1e12 },
      code: 'HEALTH_NUMBER',
      message: /latencyMs 1000000000000/,
    },
    {
      name: 'a negative load',
      report: { endpoint: 'e0', ok: true, load: { requestsPerSecond: -5 } },
      code: 'HEALTH_NUMBER',
      message: /requestsPerSecond -5/,
    },
    {
      name: 'the future',
      report: { endpoint: 'e0', ok: true, at: NOW + 11_000 },
      code: 'HEALTH_TIME',
      message: /lies 11 s ahead of our clock/,
    },
    {
      name: 'what has expired',
      report: { endpoint: 'e0', ok: true, at: NOW - 31_000 },
      code: 'HEALTH_TIME',
      message: /is 31 s old, more than the 30 s that count/,
    },
    {
      name: 'no time at all',
      report: { endpoint: 'e0', ok: true, at: 'yesterday' },
      code: 'HEALTH_NUMBER',
      message: /"yesterday" is neither RFC 3339/,
    },
    { name: 'seconds instead of ms', report: { endpoint: 'e0', ok: true, at: NOW / 1000 }, code: 'HEALTH_TIME', message: /old/ },
    {
      name: 'an endpoint that the token is not for',
      report: { endpoint: 'e1', ok: true },
      code: 'AUTH_FORBIDDEN',
      message: /not for the endpoint "e1"/,
      endpoints: ['e0'],
    },
    {
      name: 'an unknown endpoint that the token is not for, without telling that it is unknown',
      report: { endpoint: 'gone', ok: true },
      code: 'AUTH_FORBIDDEN',
      message: /not for/,
      endpoints: ['e0'],
    },
  ]
  for (const { name, report, code, message, endpoints = [] } of refusals) {
    test(`refuses ${name}`, () => {
      assert.throws(() => desk.take({ endpoints }, [report]), { code, message })
      assert.deepEqual(told, [])
    })
  }

  test('tells nodes what it takes, by our clock', () => {
    const answer = desk.take(ANYBODY, [
      { endpoint: 'e0', ok: false, message: 'disk\u001b[31m full\n', latencyMs: 3, load: { requestsPerSecond: 70 } },
    ])
    assert.deepEqual(answer, { accepted: 1, repeated: 0, rejected: 0, problems: [] })
    assert.deepEqual(told, [
      { type: 'pushes', pushes: [{ endpointId: 'e0', probeId: 'self', at: NOW, ok: false, latencyMs: 3, detail: 'disk [31m full' }] },
      { type: 'loads', loads: [{ endpointId: 'e0', requestsPerSecond: 70, at: NOW }] },
    ])
    desk.take(ANYBODY, [{ endpoint: 'e0', ok: true, at: new Date(NOW + 8000).toISOString() }])
    assert.equal(pushes().at(-1)!.at, NOW + 1, 'a clock ahead is ours, and two reports of a moment are two')
  })

  test('a load alone needs no probe', () => {
    assert.equal(desk.take(ANYBODY, [{ endpoint: 'e1', load: { requestsPerSecond: 9 } }]).accepted, 1)
    assert.deepEqual(told, [{ type: 'loads', loads: [{ endpointId: 'e1', requestsPerSecond: 9, at: NOW }] }])
    assert.throws(() => desk.take(ANYBODY, [{ endpoint: 'e1', at: NOW - 31_000, load: { requestsPerSecond: 9 } }]), { code: 'HEALTH_TIME' })
  })

  test('a batch is taken in the order of its times, without what is wrong in it', () => {
    const answer = desk.take(ANYBODY, [
      { endpoint: 'e0', ok: true, at: NOW - 1000 },
      { endpoint: 'gone', ok: true },
      { endpoint: 'e0', ok: false, at: NOW - 2000 },
      { endpoint: 'e0', ok: true, latencyMs: -1 },
    ])
    assert.deepEqual(
      [answer.accepted, answer.rejected, answer.problems.map(({ index, code }) => [index, code])],
      [
        2,
        2,
        [
          [1, 'HEALTH_ENDPOINT_UNKNOWN'],
          [3, 'HEALTH_NUMBER'],
        ],
      ],
    )
    assert.deepEqual(
      pushes().map(({ at, ok }) => [at - NOW, ok]),
      [
        [-2000, false],
        [-1000, true],
      ],
    )
    assert.deepEqual([...desk.counts()].sort(), [
      ['absurd', 1],
      ['accepted', 2],
      ['unknown-endpoint', 1],
    ])
  })

  test('what comes late, or twice, does not count twice', () => {
    desk.take(ANYBODY, [{ endpoint: 'e0', ok: false, at: NOW - 500, id: 'a' }])
    assert.deepEqual(desk.take(ANYBODY, [{ endpoint: 'e0', ok: false, at: NOW - 500, id: 'a' }]), {
      accepted: 0,
      repeated: 1,
      rejected: 0,
      problems: [],
    })
    assert.throws(() => desk.take(ANYBODY, [{ endpoint: 'e0', ok: false, at: NOW - 500 }]), { code: 'HEALTH_TIME', message: /not newer/ })
    assert.equal(pushes().length, 1)
  })

  test('a node that connects is told the newest of each, as far as it still counts', () => {
    desk.take(ANYBODY, [
      { endpoint: 'e0', ok: false },
      { endpoint: 'e2', probe: 'self', ok: true, load: { requestsPerSecond: 1 } },
    ])
    wallMs += 10_000
    desk.take(ANYBODY, [{ endpoint: 'e2', probe: 'self', ok: false }])
    const shown = () =>
      desk
        .newest()
        .flatMap((message) => (message.type === 'pushes' ? message.pushes.map(({ endpointId, ok }) => [endpointId, ok]) : [message.type]))
    assert.deepEqual(shown(), [['e0', false], ['e2', false], 'loads'])
    wallMs += 20_001
    assert.deepEqual(shown(), [['e2', false]])
    targets = targetsOf(2, 2)
    assert.deepEqual(shown(), [], 'an endpoint that is gone is forgotten')
  })

  test('saysNo until a fresh report says yes, by required push probes only', () => {
    const target = (id: string) => targets.byId.get(id)!
    assert.deepEqual(
      ['e0', 'e1', 'e2'].map((id) => desk.saysNo(target(id))),
      [true, false, true],
    )
    desk.take(ANYBODY, [{ endpoint: 'e0', ok: true }])
    assert.equal(desk.saysNo(target('e0')), false)
    wallMs += 30_001
    assert.equal(desk.saysNo(target('e0')), true)
  })

  test('a hundred thousand reports of junk leave no memory behind', () => {
    const junk = (i: number): PushReport => ({ endpoint: `x${i}`, ok: true, id: `id-${i}`, message: 'm'.repeat(5000) })
    for (let i = 0; i < 100; i++)
      assert.throws(() =>
        desk.take(
          ANYBODY,
          Array.from({ length: 1000 }, (_, k) => junk(1000 * i + k)),
        ),
      )
    assert.deepEqual([...desk.counts()], [['unknown-endpoint', 100_000]])
    assert.deepEqual([told, desk.newest()], [[], []])
    // Those that are taken keep their ids, so many and no more.
    for (let i = 0; i < 30; i++) {
      wallMs += 2000
      desk.take(
        ANYBODY,
        Array.from({ length: 1000 }, (_, k) => ({ endpoint: 'e0', ok: true, id: `n-${1000 * i + k}` })),
      )
    }
    assert.equal(desk.newest().length, 1)
    assert.equal(desk.take(ANYBODY, [{ endpoint: 'e0', ok: true, id: 'n-29999' }]).repeated, 1)
    wallMs += 2000
    assert.equal(desk.take(ANYBODY, [{ endpoint: 'e0', ok: true, id: `n-${29_999 - IDS_MAX}` }]).accepted, 1, 'the oldest are forgotten')
  })
})

describe('vantage desk', () => {
  let wallMs = NOW
  let told: VantageReport[] = []
  let targets = targetsOf()
  let saysNo = false
  let timers: (() => void)[] = []
  let desk: VantageDesk
  const flush = () => {
    for (const callback of timers.splice(0)) callback()
  }
  beforeEach(() => {
    wallMs = NOW
    told = []
    timers = []
    saysNo = false
    targets = targetsOf()
    desk = new VantageDesk({
      targets: () => targets,
      nodeIds: () => ['node-1', 'node-2'],
      pushSaysNo: () => saysNo,
      tell: (message) => void (message.type === 'vantage-reports' && told.push(...message.reports)),
      now: () => wallMs,
      monotonicMs: () => wallMs,
      setTimer: (callback) => void timers.push(callback),
    })
  })
  const sample = (more: Partial<SampleReport> = {}): SampleReport => ({ endpoint: 'e1', at: wallMs, ok: true, latencyMs: 12, ...more })

  const refusals: readonly {
    readonly name: string
    readonly sample: Partial<SampleReport>
    readonly code: string
    readonly message: RegExp
  }[] = [
    { name: 'an endpoint that is not live', sample: { endpoint: 'gone' }, code: 'HEALTH_ENDPOINT_UNKNOWN', message: /"gone"/ },
    {
      name: 'an address that is not its',
      sample: { address: '192.0.2.9' },
      code: 'HEALTH_ENDPOINT_UNKNOWN',
      message: /"192.0.2.9" is no address of endpoint "e1", which has 192.0.2.1/,
    },
    {
      name: 'no address where there are two',
      sample: { endpoint: 'e2' },
      code: 'HEALTH_ENDPOINT_UNKNOWN',
      message: /name one of 192.0.2.2, 2001:db8::2/,
    },
    {
      name: 'an endpoint that only pushes',
      sample: { endpoint: 'e0' },
      code: 'HEALTH_PROBE_UNKNOWN',
      message: /no probe that others could measure/,
    },
    {
      name: 'a push probe',
      sample: { endpoint: 'e2', address: '192.0.2.2', probe: 'self' },
      code: 'HEALTH_PROBE_UNKNOWN',
      message: /"self" is no probe/,
    },
    { name: 'a negative latency', sample: { latencyMs: -0.5 }, code: 'HEALTH_NUMBER', message: /-0.5/ },
    { name: 'an absurd latency', sample: { latencyMs: 1e9 }, code: 'HEALTH_NUMBER', message: /1000000000/ },
    { name: 'the future', sample: { at: NOW + 60_000 }, code: 'HEALTH_TIME', message: /60 s ahead/ },
    { name: 'the past', sample: { at: NOW - 400_000 }, code: 'HEALTH_TIME', message: /400 s old/ },
    { name: 'no time', sample: { at: '2026-06-15 12:00' }, code: 'HEALTH_NUMBER', message: /RFC 3339/ },
  ]
  for (const { name, sample: given, code, message } of refusals) {
    test(`refuses ${name}, and keeps no vantage for it`, () => {
      assert.throws(() => desk.take(ANYBODY, { vantage: 'v1', samples: [sample(given)] }), { code, message })
      assert.deepEqual([desk.fed(), timers.length], [[], 0])
    })
  }

  test('a vantage has the name of its token, or any that no node has', () => {
    const samples = [sample()]
    assert.throws(() => desk.take(ANYBODY, { samples }), { code: 'HEALTH_VANTAGE', message: /name no vantage/ })
    assert.throws(() => desk.take(ANYBODY, { vantage: 'node-1', samples }), { code: 'HEALTH_VANTAGE', message: /name of a node/ })
    assert.throws(() => desk.take({ ...ANYBODY, vantage: 'a' }, { vantage: 'b', samples }), { code: 'AUTH_FORBIDDEN' })
    assert.throws(() => desk.take({ ...ANYBODY, endpoints: ['e2'], vantage: 'a' }, { samples }), { code: 'AUTH_FORBIDDEN' })
    assert.equal(desk.take({ ...ANYBODY, endpoints: ['e1'], vantage: 'a' }, { samples }).accepted, 1)
    assert.deepEqual(
      desk.fed().map(({ name }) => name),
      ['a'],
    )
  })

  test('samples become a vote by the rule of our own probes, told to nodes once for all that came', () => {
    const feed = (ok: boolean) => {
      wallMs += 5000
      desk.take(ANYBODY, { vantage: 'v1', site: 'east', samples: [sample({ ok })] })
    }
    const vote = () => {
      flush()
      const [address] = told.at(-1)!.addresses
      return address!.inPlace
    }
    feed(true)
    feed(true)
    assert.equal(timers.length, 1)
    flush()
    assert.deepEqual(told, [
      {
        vantage: 'v1',
        site: 'east',
        at: wallMs,
        addresses: [
          { endpointId: 'e1', address: '192.0.2.1', inPlace: true, latencyMs: 12, errorRatePercent: 0, sampleCount: 2, at: wallMs },
        ],
      },
    ])
    const votes = [false, false, false, true, true].map((ok) => {
      feed(ok)
      return vote()
    })
    assert.deepEqual(votes, [true, true, false, false, true], 'lost after fall failures in a row, back after rise successes')
    saysNo = true
    feed(true)
    assert.equal(vote(), null, 'no vote against what was pushed')
  })

  test('a probe that is not fed any more has no say', () => {
    const feed = (probe: string, ok: boolean) => {
      wallMs += 5000
      desk.take(ANYBODY, { vantage: 'v1', samples: [sample({ endpoint: 'e2', address: '192.0.2.2', probe, ok })] })
      flush()
      return told.at(-1)!.addresses[0]!.inPlace
    }
    const two = targetsOf()
    const e2 = two.byId.get('e2')!
    targets = { ...two, byId: new Map([...two.byId, ['e2', { ...e2, probes: [...e2.probes, { ...HTTP, id: 'second' }] }]]) }
    feed('web', true)
    assert.equal(feed('second', false), false)
    assert.equal(feed('web', true), false)
    for (let i = 0; i < 2; i++) feed('web', true)
    assert.equal(feed('web', true), true)
  })

  test('a batch is taken in the order of its times; doubles and samples too close together are dropped', () => {
    const samples = [0, -5000, -10_000, -5000, -1000].map((ms) => sample({ at: NOW + ms }))
    const answer = desk.take(ANYBODY, { vantage: 'v1', samples })
    assert.deepEqual([answer.accepted, answer.rejected], [4 - 1, 2])
    assert.deepEqual(
      answer.problems.map(({ index }) => index),
      [0, 3],
    )
  })

  test('a changed probe begins anew, an endpoint that is gone is forgotten, so is a silent vantage', () => {
    desk.take(ANYBODY, { vantage: 'v1', samples: [sample()] })
    targets = targetsOf(2)
    assert.equal(desk.fed()[0]!.report.addresses.length, 1)
    const third = targetsOf(3)
    targets = {
      ...third,
      byId: new Map(
        [...third.byId].map(([id, target]) => [id, { ...target, probes: target.probes.map((probe) => ({ ...probe, fall: 9 })) }]),
      ),
    }
    assert.equal(desk.fed()[0]!.report.addresses.length, 0)
    wallMs += 3_600_001
    assert.deepEqual(desk.fed(), [])
  })

  test('reports of nodes go on to the others, those of a node that is gone for long do not', () => {
    const report: VantageReport = { vantage: 'node-1', site: '', at: NOW, addresses: [] }
    desk.takeNodeReport(report)
    flush()
    assert.deepEqual(told, [report])
    assert.deepEqual(desk.newest(), [{ type: 'vantage-reports', reports: [report] }])
    wallMs += 30_001
    assert.deepEqual(desk.newest(), [])
  })

  test('one token opens eight vantages at most; it may feed those of others, and silent ones are forgotten', () => {
    const token = (id: string) => ({ ...ANYBODY, via: 'token', id }) as const
    const feed = (id: string, vantage: string): number => {
      wallMs += 2500
      return desk.take(token(id), { vantage, samples: [sample({ at: wallMs })] }).accepted
    }
    feed('2', 'theirs')
    for (let i = 0; i < VANTAGES_PER_TOKEN; i++) assert.equal(feed('1', `v${i}`), 1)
    assert.throws(() => feed('1', 'one-more'), {
      code: 'HEALTH_VANTAGE',
      message: /feeds 8 vantages already/,
      suggestion: /--vantage NAME/,
    })
    assert.equal(desk.counts().get('too-many'), 1)
    assert.deepEqual([feed('1', 'v0'), feed('1', 'theirs'), feed('2', 'one-more')], [1, 1, 1])
    wallMs += 3_600_001
    assert.equal(feed('1', 'later'), 1)
  })

  test('vantages and windows are bounded, and a hundred thousand samples of junk leave no memory behind', () => {
    for (let i = 0; i < VANTAGES_MAX; i++) desk.take(ANYBODY, { vantage: `v${i}`, samples: [sample()] })
    assert.throws(() => desk.take(ANYBODY, { vantage: 'one-more', samples: [sample()] }), {
      code: 'HEALTH_VANTAGE',
      message: /64 vantages already/,
    })
    const junk = Array.from({ length: 5000 }, (_, i) => sample({ endpoint: `junk${i}` }))
    for (let i = 0; i < 20; i++) assert.throws(() => desk.take(ANYBODY, { vantage: 'v0', samples: junk }))
    assert.equal(desk.counts().get('unknown-endpoint'), 100_000)
    assert.deepEqual(
      desk.fed().map(({ report }) => report.addresses.length),
      new Array(VANTAGES_MAX).fill(1),
    )
    // A flood about what is real ends in the windows that there may be, and in as many samples as their time holds.
    targets = targetsOf(2, TRACKS_MAX + 100)
    const flood = [...targets.byId.keys()].filter((id) => id !== 'e0' && id !== 'e2')
    const takeFrom = (from: number) => {
      const samples = flood
        .slice(from, from + 5000)
        .map((endpoint) => sample({ endpoint, address: targets.byId.get(endpoint)!.addresses[0]! }))
      return () => desk.take(ANYBODY, { vantage: 'v0', samples })
    }
    takeFrom(0)()
    takeFrom(5000)()
    assert.throws(takeFrom(10_000), { code: 'HEALTH_VANTAGE', message: /10000 addresses are followed/ })
    assert.ok(desk.counts().get('too-many')! >= 98)
    for (let i = 0; i < 1000; i++) {
      wallMs += 10
      try {
        desk.take(ANYBODY, { vantage: 'v1', samples: [sample()] })
      } catch {
        // Most of them are too close together.
      }
    }
    const { report } = desk.fed().find(({ name }) => name === 'v1')!
    assert.ok(report.addresses[0]!.sampleCount <= 7, String(report.addresses[0]!.sampleCount))
  })
})

test('readTime takes RFC 3339 with a zone and ms since epoch, and nothing else', () => {
  const cases: readonly (readonly [string | number, number])[] = [
    ['2026-06-15T12:00:00Z', NOW],
    ['2026-06-15T20:00:00.500+08:00', NOW + 500],
    [NOW, NOW],
    ['2026-06-15T12:00:00', Number.NaN],
    ['2026-06-15', Number.NaN],
    ['1781524800000', Number.NaN],
    ['', Number.NaN],
  ]
  for (const [given, expected] of cases) assert.equal(readTime(given), expected, String(given))
})

describe('the routes', () => {
  let control: ControlFixture
  let cookie = ''
  let push = ''
  let samples = ''
  let secretOfAll = ''
  before(async () => {
    control = await startControl()
    cookie = await control.signInAs('admin')
    const text = EXAMPLE_DOCUMENT.replace('probes:\n', 'probes:\n  - {id: self, kind: push, expireSeconds: 30}\n').replace(
      'carrier: telecom, probes: [edge-http]}',
      'carrier: telecom, probes: [edge-http, self]}',
    )
    const body = { text, files: {}, basedOn: null, force: true, comment: 'first', accept: ['POLICY_FAMILIES'] }
    const published = await control.call('PUT', '/document', { cookie, body })
    assert.equal(published.status, 200, published.text)
    const token = async (wish: object): Promise<string> =>
      (await control.call('POST', '/tokens', { cookie, body: { label: 'x', expiresInDays: null, ...wish } })).json.secret
    push = await token({ scope: 'push', endpoints: ['hangzhou-telecom-1', 'central-1'] })
    samples = await token({ scope: 'samples', vantage: 'far-1' })
    secretOfAll = await token({ scope: 'push' })
  })
  after(() => control.stop())
  const report = (body: unknown, secret = push) =>
    control.call('POST', '/health/push', { body, headers: { Authorization: `Bearer ${secret}` } })

  test('one report, or a batch, and the node that connects later hears of it', async () => {
    const one = await report({ endpoint: 'hangzhou-telecom-1', ok: true, latencyMs: 4 })
    assert.deepEqual([one.status, one.json], [200, { accepted: 1, repeated: 0, rejected: 0, problems: [] }])
    control.advance(1000)
    const batch = await report({
      reports: [
        { endpoint: 'hangzhou-telecom-1', ok: false },
        { endpoint: 'central-1', ok: true },
        { endpoint: 'ningbo-telecom-1', ok: true },
      ],
    })
    assert.deepEqual(
      batch.json.problems.map(({ index, code }: { index: number; code: string }) => [index, code]),
      [
        [1, 'HEALTH_PROBE_UNKNOWN'],
        [2, 'AUTH_FORBIDDEN'],
      ],
    )
    assert.deepEqual(
      control.hub.health.flatMap((message) =>
        message.type === 'pushes' ? message.pushes.map(({ endpointId, probeId, ok }) => [endpointId, probeId, ok]) : [],
      ),
      [
        ['hangzhou-telecom-1', 'self', true],
        ['hangzhou-telecom-1', 'self', false],
      ],
    )
    assert.equal(control.hub.healthWanted().length, 1)
  })

  test('wrong tokens, wrong scopes and wrong bodies are told apart', async () => {
    const cases = [
      { body: { endpoint: 'hangzhou-telecom-1', ok: true }, secret: `nearcast_${'x'.repeat(43)}`, status: 401, code: 'AUTH_WRONG' },
      { body: { endpoint: 'hangzhou-telecom-1', ok: true }, secret: samples, status: 403, code: 'AUTH_FORBIDDEN' },
      { body: { endpoint: 'hangzhou-telecom-1', ok: 'yes' }, status: 422, code: 'API_BODY_INVALID', path: 'ok' },
      { body: { endpoint: 'hangzhou-telecom-1' }, status: 422, code: 'API_BODY_INVALID', path: 'ok' },
      { body: { endpoint: 'hangzhou-telecom-1', ok: true, latency: 4 }, status: 422, code: 'API_BODY_INVALID', path: '' },
      { body: { reports: [{ endpoint: 'central-1', ok: 1 }] }, status: 422, code: 'API_BODY_INVALID', path: 'reports[0].ok' },
      { body: { reports: [] }, status: 422, code: 'API_BODY_INVALID', path: 'reports' },
      {
        body: { reports: new Array(1001).fill({ endpoint: 'central-1', ok: true }) },
        status: 422,
        code: 'API_BODY_INVALID',
        path: 'reports',
      },
      { body: { endpoint: 'hangzhou-telecom-1', ok: true, at: control.parts.now() + 3_600_000 }, status: 422, code: 'HEALTH_TIME' },
      { body: { endpoint: 'hangzhou-telecom-1', ok: true, latencyMs: -3 }, status: 422, code: 'HEALTH_NUMBER' },
    ]
    for (const { body, secret, status, code, path } of cases) {
      const reply = await report(body, secret)
      assert.deepEqual([reply.status, reply.json.code, reply.json.issues?.[0]?.path], [status, code, path], reply.text)
      assert.equal(reply.headers['content-type'], 'application/problem+json; charset=utf-8')
    }
  })

  test('memory stays flat under a hundred thousand reports of junk', async () => {
    const junk = (from: number) => ({
      reports: Array.from({ length: 1000 }, (_, i) => ({
        endpoint: `junk-${from + i}`,
        ok: true,
        id: `id-${from + i}`,
        message: 'm'.repeat(300),
      })),
    })
    const send = async (rounds: number): Promise<number> => {
      for (let round = 0; round < rounds; round++)
        assert.equal((await report(junk(1000 * round), secretOfAll)).json.code, 'HEALTH_ENDPOINT_UNKNOWN')
      collectGarbage()
      return process.memoryUsage().heapUsed
    }
    const before = await send(10)
    const after = await send(100)
    assert.ok(after - before < 10 << 20, `${((after - before) / 2 ** 20).toFixed(1)} MB more`)
  })

  test('samples, vantages and their counts', async () => {
    const feed = (body: unknown, secret = samples) =>
      control.call('POST', '/health/samples', { body, headers: { Authorization: `Bearer ${secret}` } })
    const at = new Date(control.parts.now()).toISOString()
    const taken = await feed({
      site: 'far',
      samples: [
        { endpoint: 'ningbo-telecom-1', at, ok: true, latencyMs: 30 },
        { endpoint: 'gone', at, ok: true },
      ],
    })
    assert.deepEqual([taken.status, taken.json.accepted, taken.json.problems[0].code], [200, 1, 'HEALTH_ENDPOINT_UNKNOWN'])
    assert.equal((await feed({ vantage: 'near-1', samples: [{ endpoint: 'ningbo-telecom-1', at, ok: true }] })).json.code, 'AUTH_FORBIDDEN')
    assert.equal((await feed({ samples: [{ endpoint: 'ningbo-telecom-1', at, ok: true }] }, push)).json.code, 'AUTH_FORBIDDEN')
    control.advance(500)
    const [message] = control.hub.health.filter(({ type }) => type === 'vantage-reports')
    assert.deepEqual(message!.type === 'vantage-reports' && message!.reports.map(({ vantage, site }) => [vantage, site]), [
      ['far-1', 'far'],
    ])
    control.hub.nodeList = [{ nodeId: 'node-1', generation: 1, digest: '', startedAt: 0 }]
    const { json } = await control.call('GET', '/health/vantages', { cookie })
    assert.deepEqual(json.vantages, [
      {
        vantage: 'node-1',
        kind: 'node',
        site: '',
        fresh: true,
        newestAt: null,
        isolated: false,
        addresses: { up: 0, down: 0, silent: 0 },
        accepted: null,
        dropped: null,
      },
      {
        vantage: 'far-1',
        kind: 'api',
        site: 'far',
        fresh: true,
        newestAt: at,
        isolated: false,
        addresses: { up: 1, down: 0, silent: 0 },
        accepted: 1,
        dropped: { 'unknown-endpoint': 1 },
      },
    ])
    assert.equal((await control.call('GET', '/health/vantages', { headers: { Authorization: `Bearer ${samples}` } })).status, 403)
  })
})
