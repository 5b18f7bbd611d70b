import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Override } from '../../../../health/model/override.ts'
import { type ForcedReturn, forcedReturnMs, noteForced } from '../../../../health/score/forced-return.ts'
import { forcedStandings, type OverridePlan } from '../../../../health/score/forced-standings.ts'

/** 2 in the morning. */
const NOW = Date.parse('2026-03-10T02:00:00Z')
const SLOW_SECONDS = 60
const plan: OverridePlan = {
  endpoints: [{ id: 'a', site: 'ningbo' }, { id: 'b' }],
  poolUses: [{ poolId: 'edges', members: [{ endpoint: 0 }] }],
}
const IDS = ['a', 'b']

function override(given: Partial<Override> = {}): Override {
  return {
    id: 'o1',
    target: { kind: 'endpoint', value: 'a' },
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

/** The overrides that are kept from a second on. */
type Row = readonly [seconds: number, overrides: readonly Override[]]

/** Seconds on the way of the slow start of endpoint a at each row; null = it is on none. The monotonic clock began elsewhere. */
function play(rows: readonly Row[]): (number | null)[] {
  const memory = new Map<string, ForcedReturn>()
  return rows.map(([seconds, overrides]) => {
    const nowMs = 7000 + 1000 * seconds
    const forced = forcedStandings(overrides, plan, NOW + 1000 * seconds)
    noteForced(memory, IDS, new Map(forced.map((each) => [each.endpointId, each])), SLOW_SECONDS, nowMs)
    assert.equal(memory.has('b'), false)
    const known = memory.get('a')
    const onMs = known === undefined ? Number.NaN : forcedReturnMs(known, SLOW_SECONDS, nowMs)
    return Number.isNaN(onMs) ? null : onMs / 1000
  })
}

test('an override that ends in any way is a return, from the first ranking that it does not hold in', () => {
  const nightly = override({ schedule: { cron: '0 2 * * *', durationSeconds: 600, timeZone: 'UTC' } })
  const drain = override({ action: 'drain', drainSeconds: 90, startsAt: NOW, endsAt: NOW + 200_000 })
  const short = override({ action: 'drain', drainSeconds: 90, startsAt: NOW, endsAt: NOW + 45_000 })
  const end = override({ endsAt: NOW + 10_000 })
  const cases: readonly { readonly name: string; readonly rows: readonly Row[]; readonly expected: readonly (number | null)[] }[] = [
    {
      name: 'by hand',
      rows: [
        [0, [override()]],
        [5, []],
        [15, []],
      ],
      expected: [null, 0, 10],
    },
    {
      name: 'by its time',
      rows: [
        [9, [end]],
        [10, [end]],
        [69, [end]],
        [70, [end]],
      ],
      expected: [null, 0, 59, null],
    },
    {
      name: 'by the end of a window, and of the next one',
      rows: [
        [599, [nightly]],
        [600, [nightly]],
        [86_400, [nightly]],
        [87_000, [nightly]],
        [87_010, [nightly]],
      ],
      expected: [null, 0, 86_400 - 600, 0, 10],
    },
    {
      name: 'a drain to nothing',
      rows: [
        [0, [drain]],
        [100, [drain]],
        [200, [drain]],
      ],
      expected: [null, null, 0],
    },
    {
      name: 'a drain that was broken off at half',
      rows: [
        [44, [short]],
        [45, [short]],
      ],
      expected: [null, 30],
    },
    {
      name: 'a narrower override takes over: no end',
      rows: [
        [0, [override({ target: { kind: 'pool', value: 'edges' } })]],
        [1, [override({ target: { kind: 'pool', value: 'edges' } }), override({ id: 'o2' })]],
        [2, [override({ id: 'o2' })]],
        [3, []],
      ],
      expected: [null, null, null, 0],
    },
    {
      name: 'none at all, and one that never held it out',
      rows: [
        [0, []],
        [1, [override({ action: 'up' })]],
        [2, []],
      ],
      expected: [null, null, null],
    },
  ]
  for (const { name, rows, expected } of cases) assert.deepEqual(play(rows), expected, name)
})

test('without slow start anywhere nothing is remembered of what is over', () => {
  const memory = new Map<string, ForcedReturn>()
  const down = new Map([['a', { endpointId: 'a', action: 'down', share: 1 } as const]])
  noteForced(memory, IDS, down, 0, 0)
  assert.equal(memory.size, 1)
  noteForced(memory, IDS, new Map(), 0, 1000)
  noteForced(memory, IDS, new Map(), 0, 2000)
  assert.equal(memory.size, 0)
})
