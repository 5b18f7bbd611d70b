/** What was told of a node against what is so on it when it comes back. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compareProblems } from '../../../../admin-ui/api/observe/compare-problems.ts'
import { judgeEvent, keyOfEvent } from '../../../../admin-ui/api/observe/judge-event.ts'
import type { Event } from '../../../../admin-ui/contract/event.ts'
import type { NodeProblems } from '../../../../cluster/node-problems.ts'
import { startControl } from '../../../support/control-fixture.ts'

const NOW = Date.UTC(2026, 5, 1)
const SINCE = '2026-05-31T23:00:00.000Z'
const HEALTHY: NodeProblems = { generation: 1, standings: [], failOpen: [], isolated: false, overloaded: [] }
const eventOf = (kind: Event['kind'], subject: string, detail: string): Event => ({ id: 1, at: SINCE, node: 'n', kind, subject, detail })
const standings = (...rows: [address: string, standing: NodeProblems['standings'][number]['standing']][]): NodeProblems => ({
  ...HEALTHY,
  standings: rows.map(([address, standing]) => ({ endpoint: 'a', address, standing, since: SINCE })),
})
const standing = (detail: string): Event => eventOf('standing', 'a', detail)

type Row = { readonly name: string; readonly told: readonly Event[]; readonly present: NodeProblems; readonly found: readonly string[] }
const ROWS: readonly Row[] = [
  { name: 'nothing told, all up', told: [], present: standings(['192.0.2.1', 'up']), found: [] },
  {
    name: 'told down, is down',
    told: [standing('192.0.2.1 up → down (probe p, x)')],
    present: standings(['192.0.2.1', 'down']),
    found: [],
  },
  {
    name: 'told down, is up',
    told: [standing('192.0.2.1 up → down (probe p, x)')],
    present: standings(['192.0.2.1', 'up']),
    found: ['info cleared 192.0.2.1 down → up (found over when the node came back)'],
  },
  {
    name: 'never told, is down',
    told: [],
    present: standings(['192.0.2.1', 'down']),
    found: ['critical problem 192.0.2.1 unknown → down (found when the node came back)'],
  },
  {
    name: 'told up, is down; the other address is told apart',
    told: [standing('192.0.2.1 down → up (probe p, 1 ms)'), standing('2001:db8::1 up → down (probe p, x)')],
    present: standings(['192.0.2.1', 'down'], ['2001:db8::1', 'down']),
    found: ['critical problem 192.0.2.1 up → down (found when the node came back)'],
  },
  {
    name: 'told down, is degraded',
    told: [standing('192.0.2.1 up → down (probe p, x)')],
    present: standings(['192.0.2.1', 'degraded']),
    found: ['warning problem 192.0.2.1 down → degraded (found when the node came back)'],
  },
  {
    name: 'told down, not measured since the node started',
    told: [standing('192.0.2.1 up → down (probe p, x)')],
    present: standings(['192.0.2.1', 'unknown']),
    found: [],
  },
  {
    name: 'told down, no longer there; a closed gate has its own events',
    told: [standing('192.0.2.1 up → down (probe p, x)'), standing('192.0.2.1 gate 5 % / 100 ms closed')],
    present: standings(['192.0.2.2', 'up']),
    found: ['info cleared 192.0.2.1 down → gone, probed no longer (found over when the node came back)'],
  },
  {
    name: 'fail-open, isolation and capacity that are over',
    told: [
      eventOf('fail-open', 'p', 'answers without an eligible endpoint'),
      eventOf('isolation', 'n', 'cut off: nothing outside answers'),
      eventOf('capacity', 'a', 'beyond its hard capacity: gets no clients'),
    ],
    present: HEALTHY,
    found: [
      'info cleared has eligible endpoints again (found over when the node came back)',
      'info cleared no longer isolated (found over when the node came back)',
      'info cleared below its hard capacity again (found over when the node came back)',
    ],
  },
  {
    name: 'fail-open, isolation and capacity that were never told',
    told: [eventOf('fail-open', 'p', 'has eligible endpoints again')],
    present: { ...HEALTHY, failOpen: ['p'], isolated: true, overloaded: ['a'] },
    found: [
      'critical problem answers without an eligible endpoint (found when the node came back)',
      'warning problem isolated (found when the node came back)',
      'warning problem beyond its hard capacity: gets no clients (found when the node came back)',
    ],
  },
  {
    name: 'health did not answer: what it says is not judged',
    told: [
      eventOf('isolation', 'n', 'cut off: nothing outside answers'),
      eventOf('capacity', 'a', 'beyond its hard capacity: gets no clients'),
    ],
    present: { ...HEALTHY, isolated: null, overloaded: null },
    found: [],
  },
]

describe('compareProblems', () => {
  for (const { name, told, present, found } of ROWS) {
    test(name, () => {
      const byKey = new Map(told.map((event) => [keyOfEvent(event), event]))
      const events = compareProblems('n', byKey, present, NOW)
      assert.deepEqual(
        events.map(({ severity, state, detail }) => `${severity} ${state} ${detail}`),
        found,
      )
      // Told of, nothing is left to tell.
      for (const event of events) byKey.set(keyOfEvent(event), { id: 2, ...event })
      assert.deepEqual(compareProblems('n', byKey, present, NOW), [])
      for (const event of events) assert.equal(judgeEvent(event).state, event.state)
    })
  }

  test('a problem that was never told has the time when it began', () => {
    const [event] = compareProblems('n', new Map(), standings(['192.0.2.1', 'down']), NOW)
    assert.equal(event!.at, SINCE)
  })
})

test('control tells what two looks at a node find alike, once a connection', async () => {
  const control = await startControl()
  try {
    const { hub } = control
    const { fleet, feed } = control.parts
    const newest = () => feed.list(Number.POSITIVE_INFINITY, 10, { kinds: new Set(['standing']) }).events.map(({ detail }) => detail)
    hub.nodeList = [{ nodeId: 'node-1', generation: 1, digest: '', startedAt: 1 }]
    feed.add({ at: SINCE, node: 'node-1', kind: 'standing', subject: 'a', detail: '192.0.2.1 up → down (probe p, x)' })
    hub.problems = standings(['192.0.2.1', 'up'])
    await fleet.compareConnected()
    assert.equal(newest().length, 1, 'a node that has not told what it kept is not compared')

    hub.caughtUpNodes = new Map([['node-1', 1]])
    await fleet.compareConnected()
    assert.equal(newest().length, 1, 'one look may be older than an event on its way')
    await fleet.compareConnected()
    assert.equal(newest()[0], '192.0.2.1 down → up (found over when the node came back)')
    hub.problems = standings(['192.0.2.1', 'down'])
    for (let i = 0; i < 3; i++) await fleet.compareConnected()
    assert.equal(newest().length, 2, 'while it is connected its own events tell')

    hub.caughtUpNodes = new Map([['node-1', 2]])
    for (let i = 0; i < 3; i++) await fleet.compareConnected()
    assert.deepEqual(newest().slice(0, 2), [
      '192.0.2.1 up → down (found when the node came back)',
      '192.0.2.1 down → up (found over when the node came back)',
    ])
  } finally {
    await control.stop()
  }
})

test('an event that an earlier run of control kept is not taken again', async () => {
  const control = await startControl()
  try {
    const { hub } = control
    const { fleet, feed } = control.parts
    const detail = '192.0.2.1 up → down (probe p, x)'
    feed.restore([{ id: 7, at: new Date(5).toISOString(), node: 'node-1', kind: 'standing', subject: 'a', detail, severity: 'critical' }])
    fleet.start()
    for (const at of [5, 6]) hub.tell({ at, kind: 'standing', subject: 'a', detail })
    const { events } = feed.list(Number.POSITIVE_INFINITY, 10, { kinds: new Set(['standing']) })
    assert.deepEqual(
      events.map(({ at }) => Date.parse(at)),
      [6, 5],
    )
  } finally {
    control.parts.fleet.stop()
    await control.stop()
  }
})
