/** Strips, events and what control knows of nodes. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { EventFeed, type EventFilter } from '../../../../admin-ui/api/observe/event-feed.ts'
import { RING_MINUTES, StandingRing } from '../../../../admin-ui/api/observe/standing-ring.ts'
import type { HealthScore } from '../../../../admin-ui/contract/health-scores.ts'
import { type ControlFixture, EXAMPLE_DOCUMENT, startControl } from '../../../support/control-fixture.ts'

const MINUTE = 60_000
const score = (standing: HealthScore['standing'], latencyMs?: number, endpoint = 'a'): HealthScore => ({
  endpoint,
  address: '192.0.2.1',
  family: 4,
  vantage: 'node-1',
  standing,
  since: null,
  ...(latencyMs === undefined ? {} : { latencyMs }),
  sampleCount: 1,
  inPlace: standing !== 'down',
})

test('StandingRing keeps the worst of each minute and shows silence as a gap', () => {
  const ring = new StandingRing()
  const at = 1000 * MINUTE
  ring.add([score('up', 10)], at)
  ring.add([score('down')], at + 20_000)
  ring.add([score('up', 12.34)], at + 40_000)
  ring.add([score('degraded', 50)], at + 2 * MINUTE)
  const { series, buckets, stepSeconds, endsAt } = ring.read(5, at + 3 * MINUTE)
  assert.deepEqual([buckets, stepSeconds, endsAt], [5, 60, new Date(at + 4 * MINUTE).toISOString()])
  assert.deepEqual(series[0]!.standings, [null, 'down', null, 'degraded', null])
  assert.deepEqual(series[0]!.latencyMs, [null, 12.3, null, 50, null])
})

test('StandingRing orders unknown between degraded and down', () => {
  const ring = new StandingRing()
  for (const standing of ['up', 'unknown', 'degraded'] as const) ring.add([score(standing)], 0)
  assert.deepEqual(ring.read(1, 0).series[0]!.standings, ['unknown'])
})

test('StandingRing never shows a former turn, and drops what is gone', () => {
  const ring = new StandingRing()
  ring.add([score('down')], 0)
  ring.add([score('up', 1, 'b')], RING_MINUTES * MINUTE)
  const { series } = ring.read(RING_MINUTES, RING_MINUTES * MINUTE)
  assert.deepEqual(
    series.map((one) => one.endpoint),
    ['b'],
  )
  ring.prune(3 * RING_MINUTES * MINUTE)
  assert.deepEqual(ring.read(RING_MINUTES, RING_MINUTES * MINUTE).series, [])
})

test('EventFeed lists newest first, pages, and resumes after a number', () => {
  const feed = new EventFeed(5000)
  const heard: number[] = []
  const silence = feed.listen((message) => message.kind === 'event' && heard.push(message.event.id))
  for (let i = 0; i < 5; i++) feed.add({ at: '', node: 'n', kind: 'standing', subject: String(i), detail: '' })
  silence()
  feed.add({ at: '', node: 'n', kind: 'standing', subject: '5', detail: '' })
  assert.deepEqual(heard, [5000, 5001, 5002, 5003, 5004])
  assert.deepEqual(
    feed.list(Number.MAX_SAFE_INTEGER, 2).events.map((event) => event.id),
    [5005, 5004],
  )
  assert.deepEqual(feed.list(5002, 5), { events: feed.list(5002, 5).events, more: false, next: null })
  assert.deepEqual(
    feed.since(5003).map((event) => event.id),
    [5004, 5005],
  )
})

test('EventFeed judges, filters and pages with a cursor', () => {
  const feed = new EventFeed(0)
  const at = (minute: number): string => new Date(minute * MINUTE).toISOString()
  feed.add({ at: at(0), node: 'n', kind: 'standing', subject: 'a', detail: '192.0.2.1 up → down (probe p, refused: )' })
  feed.add({ at: at(1), node: 'n', kind: 'standing', subject: 'b', detail: '192.0.2.2 up → degraded (probe p, 9.0 ms)' })
  feed.add({ at: at(2), node: 'm', kind: 'standing', subject: 'a', detail: '192.0.2.1 down → up (probe p, 9.0 ms)' })
  feed.add({ at: at(3), node: 'control', kind: 'publish', subject: '2', detail: 'published by x' })
  feed.add({ at: at(4), node: 'control', kind: 'zone', subject: 'z.', detail: 'anything', severity: 'critical', state: 'problem' })
  const all = feed.list(Number.MAX_SAFE_INTEGER, 50).events
  assert.deepEqual(
    all.map(({ severity, state }) => [severity, state]),
    [
      ['critical', 'problem'],
      ['info', undefined],
      ['info', 'cleared'],
      ['warning', 'problem'],
      ['critical', 'problem'],
    ],
  )
  const subjects = (filter: EventFilter): string => {
    const list = feed.list(Number.MAX_SAFE_INTEGER, 50, filter)
    return list.events.map(({ subject }) => subject).join(' ')
  }
  assert.equal(subjects({ kinds: new Set(['standing']) }), 'a b a')
  assert.equal(subjects({ subject: 'a', node: 'm' }), 'a')
  assert.equal(subjects({ severity: 'warning' }), 'z. b a')
  assert.equal(subjects({ sinceMs: MINUTE, untilMs: 3 * MINUTE }), '2 a b')
  const first = feed.list(Number.MAX_SAFE_INTEGER, 2, { kinds: new Set(['standing']) })
  assert.deepEqual([first.events.length, first.more], [2, true])
  const second = feed.list(first.next!, 2, { kinds: new Set(['standing']) })
  assert.deepEqual([second.events.map(({ subject }) => subject), second.more, second.next], [['a'], false, null])
})

test('EventFeed leaves out evidence that is too large, and says so', () => {
  const feed = new EventFeed(0)
  const add = (evidence: unknown): unknown => feed.add({ at: '', node: 'n', kind: 'standing', subject: 'a', detail: '', evidence }).evidence
  assert.deepEqual(add({ samples: [1] }), { samples: [1] })
  assert.deepEqual(add('x'.repeat(5000)), { leftOut: '5002 bytes, the limit is 4096' })
})

let control: ControlFixture
let cookie: string
before(async () => {
  control = await startControl()
  cookie = await control.signInAs('publisher')
  await control.call('PUT', '/document', { cookie, body: { text: EXAMPLE_DOCUMENT } })
  control.hub.nodeList = [{ nodeId: 'node-1', generation: 1, digest: 'd', startedAt: 0 }]
})
after(async () => {
  control.parts.fleet.stop()
  await control.stop()
})

test('the status has generation, nodes and their rates; unknown numbers are null', async () => {
  const first = (await control.call('GET', '/status', { cookie })).json
  assert.deepEqual([first.generation, first.nodes.length, first.queriesPerSecond, first.displacedPercent], [1, 1, null, null])
  await control.parts.fleet.pollRates()
  const { json } = await control.call('GET', '/status', { cookie })
  assert.deepEqual([json.queriesPerSecond, json.answerMixPercent, json.displacedPercent], [12, { NOERROR: 100 }, 3])
  control.advance(60_000)
  assert.equal((await control.call('GET', '/status', { cookie })).json.queriesPerSecond, null, 'old rates are not the present')
})

test('endpoints carry their health, place and use', async () => {
  control.hub.scores = [{ ...score('down'), endpoint: 'central-1', since: '2026-06-15T11:00:00.000Z' }]
  const { json } = await control.call('GET', '/endpoints', { cookie })
  const central = json.endpoints.find((endpoint: { id: string }) => endpoint.id === 'central-1')
  assert.deepEqual(
    [central.standing, central.since, central.placeZh, central.pools, central.policies],
    ['down', '2026-06-15T11:00:00.000Z', '北京', ['central'], ['edge-api']],
  )
  const ningbo = json.endpoints.find((endpoint: { id: string }) => endpoint.id === 'ningbo-telecom-1')
  assert.deepEqual([ningbo.standing, ningbo.carrierEn, ningbo.pools], [null, 'Telecom', ['ningbo-telecom', 'zhejiang-telecom']])
})

test('scores come from the node, and fill the strips when polled', async () => {
  control.hub.scores = [score('up', 10)]
  assert.deepEqual((await control.call('GET', '/health/scores', { cookie })).json.scores, [score('up', 10)])
  await control.parts.fleet.pollScores()
  const { series } = (await control.call('GET', '/health/history?minutes=2', { cookie })).json
  assert.deepEqual(series[0].standings, [null, 'up'])
})

test('explain goes to the node with a final dot and capital type', async () => {
  let asked: unknown
  control.hub.explain = (params) => {
    asked = params
    return { name: 'x' }
  }
  assert.equal((await control.call('GET', '/explain?name=edge-api.yourcompany.com&type=aaaa&client=192.0.2.1', { cookie })).status, 200)
  assert.deepEqual(asked, { name: 'edge-api.yourcompany.com.', type: 'AAAA', client: '192.0.2.1' })
})

test('events are filtered over the API, wrong filters refused', async () => {
  const evidence = { samples: [] }
  control.hub.tell({ at: Date.UTC(2026, 5, 15), kind: 'isolation', subject: 'node-1', detail: 'sees most targets fail', evidence })
  control.parts.feed.add({ at: '2026-06-15T01:00:00.000Z', node: 'node-1', kind: 'isolation', subject: 'node-1', detail: 'over', evidence })
  const query = 'kind=isolation,geodata&subject=node-1&severity=info&since=2026-06-15T00:30:00Z&until=2026-06-15T09:00:00%2B08:00'
  const { json } = await control.call('GET', `/events?${query}`, { cookie })
  assert.deepEqual([json.events.length, json.next, json.events[0].evidence], [1, null, evidence])
  for (const wrong of ['kind=isolated', 'severity=bad', 'since=yesterday', 'since=2026-06-15', 'until=1718409600', 'limit=0']) {
    const reply = await control.call('GET', `/events?${wrong}`, { cookie })
    assert.deepEqual([wrong, reply.status, reply.json.code], [wrong, 400, 'API_PARAMETER'])
  }
})

test('the event stream sends what was missed, what happens and a heartbeat', async () => {
  control.parts.fleet.start()
  const viewer = await control.signInAs('viewer', 'watcher')
  const missed = control.parts.feed.add({ at: '', node: 'n', kind: 'standing', subject: 'missed', detail: '' })
  const headers = { Cookie: viewer, 'Last-Event-ID': String(missed.id - 1) }
  const text = await new Promise<string>((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port: control.port, path: '/api/v1/events/stream', headers, agent: false }, (response) => {
      assert.match(String(response.headers['content-type']), /^text\/event-stream/)
      let got = ''
      let told = false
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        got += part
        if (!told && got.includes('"missed"')) {
          told = true
          control.hub.tell({ at: 0, kind: 'standing', subject: 'central-1', detail: 'up → down' })
        }
        if (got.includes('central-1')) {
          resolve(got)
          response.destroy()
        }
      })
    })
    call.on('error', reject)
    call.end()
  })
  control.parts.fleet.stop()
  assert.match(text, /^retry: 2000\n\nevent: heartbeat\ndata: \{"at":"/)
  assert.match(text, new RegExp(`event: event\\nid: ${missed.id}\\ndata: .*"missed"`))
  assert.match(text, /event: event\nid: \d+\ndata: .*"central-1","detail":"up → down"/)
})

test('what lasts (a stream) is told when its sign-in has ended', async () => {
  const { accounts } = control.parts
  const { user, password } = await accounts.addUser('short', 'viewer', 'test')
  const { caller } = await accounts.signIn('short', password, '')
  assert.equal(accounts.isStillValid(caller), true)
  await accounts.resetUser(user.name, 'test')
  assert.equal(accounts.isStillValid(caller), false)
})
