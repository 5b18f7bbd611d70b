import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Override } from '../../../../health/model/override.ts'
import {
  activeSpan,
  drainShare,
  drainStepMs,
  endpointsOfTarget,
  forcedStandings,
  heldEndpoints,
  type OverridePlan,
} from '../../../../health/score/forced-standings.ts'

const NOW = Date.parse('2026-03-10T02:00:00Z')
const plan: OverridePlan = {
  endpoints: [
    { id: 'a', site: 'ningbo', labels: { rack: 'r1', tier: 'edge' } },
    { id: 'b', site: 'ningbo', labels: { rack: 'r2', tier: 'edge' } },
    { id: 'c', site: 'hangzhou', labels: { tier: 'edge' } },
    { id: 'd' },
  ],
  poolUses: [
    { poolId: 'edges', members: [{ endpoint: 1 }, { endpoint: 2 }] },
    { poolId: 'central', members: [{ endpoint: 3 }] },
    { poolId: 'edges', members: [{ endpoint: 1 }, { endpoint: 2 }] },
  ],
}

function override(given: Partial<Override> & { target: Override['target'] }): Override {
  return {
    id: 'o1',
    action: 'down',
    drainSeconds: 0,
    owner: 'wang',
    reason: 'power work',
    createdAt: NOW - 60_000,
    startsAt: null,
    endsAt: null,
    ...given,
  }
}

describe('endpointsOfTarget', () => {
  const cases = [
    ['endpoint', 'a', [0]],
    ['endpoint', 'x', []],
    ['site', 'ningbo', [0, 1]],
    ['site', '', []],
    ['label', 'tier=edge', [0, 1, 2]],
    ['label', 'rack=r2', [1]],
    ['label', 'rack', []],
    ['label', '=edge', []],
    ['label', 'toString=x', []],
    ['pool', 'edges', [1, 2]],
    ['pool', 'nowhere', []],
  ] as const
  for (const [kind, value, expected] of cases)
    it(`${kind} "${value}"`, () => assert.deepEqual(endpointsOfTarget({ target: { kind, value } }, plan), expected))
})

describe('activeSpan', () => {
  const schedule = { cron: '0 2 * * *', durationSeconds: 3600, timeZone: 'UTC' }
  const cases: readonly {
    name: string
    given: Partial<Override>
    at?: number
    expected: { fromAt: number; untilAt: number | null } | undefined
  }[] = [
    { name: 'open on both sides', given: {}, expected: { fromAt: NOW - 60_000, untilAt: null } },
    { name: 'not begun', given: { startsAt: NOW + 1 }, expected: undefined },
    { name: 'begins now', given: { startsAt: NOW }, expected: { fromAt: NOW, untilAt: null } },
    { name: 'ends now', given: { endsAt: NOW }, expected: undefined },
    { name: 'ends in a moment', given: { endsAt: NOW + 1 }, expected: { fromAt: NOW - 60_000, untilAt: NOW + 1 } },
    { name: 'in a window', given: { schedule }, expected: { fromAt: NOW, untilAt: NOW + 3_600_000 } },
    { name: 'between windows', given: { schedule }, at: NOW - 1, expected: undefined },
    {
      name: 'a window cut by the start',
      given: { schedule, startsAt: NOW + 60_000 },
      at: NOW + 90_000,
      expected: { fromAt: NOW + 60_000, untilAt: NOW + 3_600_000 },
    },
    { name: 'a window cut by the end', given: { schedule, endsAt: NOW + 60_000 }, expected: { fromAt: NOW, untilAt: NOW + 60_000 } },
    { name: 'a window after the end', given: { schedule, endsAt: NOW - 60_000 }, expected: undefined },
    { name: 'a schedule that cannot be read', given: { schedule: { ...schedule, cron: '?' } }, expected: undefined },
  ]
  for (const { name, given, at, expected } of cases)
    it(name, () => assert.deepEqual(activeSpan(override({ target: { kind: 'endpoint', value: 'a' }, ...given }), at ?? NOW), expected))
})

describe('drainStepMs', () => {
  it('is the time until the share falls', () => {
    for (const seconds of [9, 60, 300]) {
      let falls = 0
      for (let elapsed = 0; elapsed < 1000 * seconds; ) {
        const wait = Math.ceil(drainStepMs(seconds, elapsed)!)
        assert.ok(wait >= 1)
        assert.equal(drainShare(seconds, elapsed + wait - 1), drainShare(seconds, elapsed), `${seconds} s after ${elapsed} ms`)
        elapsed += wait
        assert.ok(drainShare(seconds, elapsed) < drainShare(seconds, elapsed - wait))
        falls++
      }
      assert.equal(falls, 9)
    }
  })
  it('has none when it is over', () => {
    assert.equal(drainStepMs(60, 60_000), undefined)
    assert.equal(drainStepMs(0, 0), undefined)
  })
})

describe('drainShare', () => {
  const cases = [
    // drain seconds, elapsed ms, share left
    [0, 0, 0],
    [90, -5000, 0.9],
    [90, 0, 0.9],
    [90, 9_999, 0.9],
    [90, 10_000, 0.8],
    [90, 79_999, 0.2],
    [90, 89_999, 0.1],
    [90, 90_000, 0],
    [90, 1e9, 0],
  ] as const
  for (const [seconds, elapsed, share] of cases)
    it(`${seconds} s after ${elapsed} ms leaves ${share}`, () => assert.equal(drainShare(seconds, elapsed), share))

  it('never rises, in ten steps', () => {
    const shares = new Set<number>()
    let last = 1
    for (let elapsed = 0; elapsed <= 61_000; elapsed += 100) {
      const share = drainShare(60, elapsed)
      assert.ok(share <= last)
      last = share
      shares.add(share)
    }
    assert.equal(shares.size, 10)
  })
})

describe('forcedStandings', () => {
  const on = (kind: Override['target']['kind'], value: string, given: Partial<Override> = {}): Override =>
    override({ target: { kind, value }, ...given })
  const cases: readonly { name: string; given: readonly Override[]; expected: readonly string[] }[] = [
    { name: 'none', given: [], expected: [] },
    { name: 'an endpoint', given: [on('endpoint', 'a')], expected: ['a down 1'] },
    { name: 'a pool in order of endpoints', given: [on('pool', 'edges', { action: 'up' })], expected: ['b up 1', 'c up 1'] },
    {
      name: 'endpoint beats label beats site beats pool',
      given: [
        on('pool', 'edges', { id: '1', action: 'up' }),
        on('site', 'ningbo', { id: '2', action: 'down' }),
        on('label', 'rack=r2', { id: '3', action: 'up' }),
        on('endpoint', 'a', { id: '4', action: 'up' }),
      ],
      expected: ['a up 1', 'b up 1', 'c up 1'],
    },
    {
      name: 'down beats drain beats up on the same breadth, whatever the order',
      given: [
        on('site', 'ningbo', { id: '1', action: 'up', createdAt: NOW }),
        on('site', 'ningbo', { id: '2', action: 'down', createdAt: NOW - 2 }),
        on('site', 'ningbo', { id: '3', action: 'drain', createdAt: NOW - 1 }),
      ],
      expected: ['a down 1', 'b down 1'],
    },
    {
      name: 'the newest of two drains',
      given: [
        on('endpoint', 'a', { id: '1', action: 'drain', drainSeconds: 90, createdAt: NOW - 50_000 }),
        on('endpoint', 'a', { id: '2', action: 'drain', drainSeconds: 90, createdAt: NOW - 20_000 }),
      ],
      expected: ['a drain 0.7'],
    },
    {
      name: 'one that is not on hides nothing',
      given: [on('endpoint', 'a', { id: '1', startsAt: NOW + 1 }), on('site', 'ningbo', { id: '2', action: 'up' })],
      expected: ['a up 1', 'b up 1'],
    },
    { name: 'a target that is gone', given: [on('endpoint', 'gone')], expected: [] },
  ]
  for (const { name, given, expected } of cases)
    it(name, () => {
      const told = (list: readonly Override[]): string[] =>
        forcedStandings(list, plan, NOW).map(({ endpointId, action, share }) => `${endpointId} ${action} ${share}`)
      assert.deepEqual(told(given), expected)
      assert.deepEqual(told([...given].reverse()), expected)
    })

  it('tells the override that holds and until when', () => {
    const held = heldEndpoints([on('endpoint', 'a', { endsAt: NOW + 5 })], plan, NOW)
    assert.equal(held.get('a')?.override.owner, 'wang')
    assert.equal(held.get('a')?.untilAt, NOW + 5)
    assert.equal(held.size, 1)
  })
})
