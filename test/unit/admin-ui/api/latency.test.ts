/** Latency samples by API: what is taken, what is dropped and counted, what nodes are told, what the matrix shows, what a restart keeps. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { LatencyDesk } from '../../../../admin-ui/api/latency/latency-desk.ts'
import { LATENCY_SAMPLES_MAX, latencyMatrixSchema, latencySamplesAnswerSchema } from '../../../../admin-ui/contract/latency.ts'
import type { LatencyMessage } from '../../../../health/model/latency-matrix.ts'
import { type ControlFixture, publishDocument, type Reply, startControl } from '../../../support/control-fixture.ts'

const DOCUMENT = `apiVersion: nearcast/v1
zones: [{name: test., soa: {mname: ns.else., rname: h.else.}, nameservers: [ns.else.]}]
endpoints:
  - {id: nb1, ipv4: 192.0.2.11, place: cn-3302}
  - {id: hz1, ipv4: 192.0.2.12, place: cn-3301}
  - {id: c1, ipv4: 192.0.2.1}
pools:
  - {id: edges, choose: latency, members: [{endpoint: nb1}, {endpoint: hz1}]}
  - {id: central, members: [{endpoint: c1}]}
policies:
  - {id: edge, ttlSeconds: 30, rules: [{line: "*", pools: [edges]}], fallback: [central], latency: {by: city, minimumSamples: 2}}
names: [{name: edge.test., types: [A], policy: edge}]
`

let control: ControlFixture
let cookie: string
beforeEach(async () => {
  control = await startControl()
  await publishDocument(control, DOCUMENT)
  cookie = await control.signInAs('operator')
})
afterEach(() => control.stop())

const NOW = Date.UTC(2026, 5, 15, 12)
/** Ningbo Telecom. */
const CLIENT = '1.0.1.9'
const post = (samples: readonly object[], more: object = {}): Promise<Reply> =>
  control.call('POST', '/latency/samples', { cookie, body: { samples }, ...more })
const matrix = async (query = '') => latencyMatrixSchema.parse((await control.call('GET', `/latency/matrix${query}`, { cookie })).json)
const good = (given: object = {}) => ({ client: CLIENT, endpoint: 'nb1', latencyMs: 12, ...given })

test('samples are taken and shown by line, best first; wrong ones are dropped and counted, the others are not', async () => {
  const reply = await post([
    good(),
    good({ client: '1.0.2.0/24', latencyMs: 14, at: new Date(NOW - 60_000).toISOString() }),
    good({ endpoint: 'hz1', latencyMs: 9 }),
    good({ endpoint: 'nobody' }),
    good({ client: 'not an address' }),
    good({ client: '1.0.1.0/99' }),
    good({ latencyMs: -3 }),
    good({ latencyMs: 1e9 }),
    good({ latencyMs: undefined }),
    good({ at: NOW + 3_600_000 }),
    good({ at: NOW - 90_000_000 }),
    good({ at: 'yesterday' }),
    good({ client: '10.0.0.1' }),
  ])
  assert.equal(reply.status, 200, reply.text)
  assert.deepEqual(latencySamplesAnswerSchema.parse(reply.json), {
    accepted: 3,
    dropped: 10,
    reasons: { endpoint: 1, client: 2, latency: 3, future: 1, past: 2, location: 1 },
  })
  const shown = await matrix('?policy=edge')
  assert.deepEqual([shown.policy, shown.by, shown.minimumSamples, shown.total, shown.accepted], ['edge', 'city', 2, 2, 3])
  assert.deepEqual(
    shown.cells.map(({ line, endpoint, medianMs, samples, confidence }) => [line, endpoint, medianMs, samples, confidence]),
    [
      ['cn-3302/telecom', 'hz1', 9, 1, 0.5],
      ['cn-3302/telecom', 'nb1', 12, 2, 1],
    ],
  )
  assert.match(shown.cells[0]!.labelZh, /宁波.*电信/)
})

for (const [name, body] of [
  ['no list', {}],
  ['an empty list', { samples: [] }],
  ['too many', { samples: Array(LATENCY_SAMPLES_MAX + 1).fill({ client: CLIENT, endpoint: 'nb1', latencyMs: 1 }) }],
  ['an unknown key', { samples: [{ client: CLIENT, endpoint: 'nb1', latencyMs: 1, speed: 3 }] }],
  ['a text for a number', { samples: [{ client: CLIENT, endpoint: 'nb1', latencyMs: 'fast' }] }],
] as const) {
  test(`a body is refused: ${name}`, async () => {
    const reply = await control.call('POST', '/latency/samples', { cookie, body })
    assert.deepEqual([reply.status, reply.json.code], [422, 'API_BODY_INVALID'], reply.text)
  })
}

test('a token of scope samples may feed, only the endpoints that it is limited to; a viewer may only look', async () => {
  const admin = await control.signInAs('admin')
  const { json } = await control.call('POST', '/tokens', {
    cookie: admin,
    body: { label: 'devices', scope: 'samples', endpoints: ['hz1'], expiresInDays: null },
  })
  const headers = { Authorization: `Bearer ${json.secret}` }
  const fed = await control.call('POST', '/latency/samples', { headers, body: { samples: [good(), good({ endpoint: 'hz1' })] } })
  assert.deepEqual([fed.json.accepted, fed.json.reasons], [1, { endpoint: 1 }])
  assert.equal((await control.call('GET', '/latency/matrix', { headers })).status, 403)
  const viewer = await control.signInAs('viewer')
  assert.equal((await control.call('POST', '/latency/samples', { cookie: viewer, body: { samples: [good()] } })).status, 403)
  assert.equal((await control.call('GET', '/latency/matrix', { cookie: viewer })).status, 200)
  assert.equal((await control.call('GET', '/latency/matrix?policy=nobody', { cookie: viewer })).status, 404)
})

/** A desk beside that of the API, on the same store, with a hub that keeps what is told. */
function deskOf(told: LatencyMessage[]): LatencyDesk {
  const { store, publisher, geodata, lines, now } = control.parts
  return new LatencyDesk({
    store,
    config: () => publisher.live()?.config,
    geodata: () => geodata,
    hub: { tellLatency: (read) => void told.push(read(told.length === 0)) },
    labelOf: (line) => lines.describe(line, []),
    now,
    monotonicMs: now,
    log: { error: () => undefined },
  })
}

test('nodes are told the whole matrix first, and figures say what came; a restart goes on with what was kept', async () => {
  await post([good(), good({ endpoint: 'hz1' })])
  control.parts.latency.save()
  const told: LatencyMessage[] = []
  const next = deskOf(told)
  next.start()
  next.stop()
  assert.deepEqual(
    told.map(({ whole, cells }) => [whole, cells.map(({ line, endpointId, medianMs }) => [line, endpointId, medianMs])]),
    [
      [
        true,
        [
          ['cn-3302/telecom', 'nb1', 12],
          ['cn-3302/telecom', 'hz1', 12],
        ].sort((a, b) => (String(a[1]) < String(b[1]) ? -1 : 1)),
      ],
    ],
  )
  const rows = next.figures()
  assert.deepEqual(rows.nearcast_latency_cells, [{ labels: {}, value: 2 }])
  const figures = control.parts.latency.figures()
  assert.deepEqual(figures.nearcast_latency_samples_total![0], { labels: { outcome: 'accepted' }, value: 2 })
})

test('a node that knows its line feeds its medians; its reports count as several networks, never as more', () => {
  for (let turn = 0; turn < 60; turn++)
    control.parts.latency.takeNode('node-1', {
      line: 'cn-33/telecom',
      medians: [
        { endpointId: 'nb1', latencyMs: 8 },
        { endpointId: 'x', latencyMs: 8 },
      ],
    })
  const [cell] = control.parts.latency.matrix(undefined).cells
  assert.deepEqual([cell!.line, cell!.endpoint, cell!.medianMs, cell!.samples], ['cn-33/telecom', 'nb1', 8, 32])
})
