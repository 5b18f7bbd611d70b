/** Overrides over HTTP: set, checked, changed, ended, expired; who may; what is refused; what nodes, feed and audit are told. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { overrideCheckSchema, overrideListSchema, overrideSchema } from '../../../../admin-ui/contract/override.ts'
import { openStore } from '../../../../policy/store/store.ts'
import { type ControlFixture, publishDocument, type Reply, startControl } from '../../../support/control-fixture.ts'

const DOCUMENT = `apiVersion: nearcast/v1
zones: [{name: test., soa: {mname: ns.else., rname: h.else.}, nameservers: [ns.else.]}]
endpoints:
  - {id: nb1, ipv4: 192.0.2.11, site: ningbo, labels: {tier: edge, rack: r1}}
  - {id: hz1, ipv4: 192.0.2.12, site: hangzhou, labels: {tier: edge}}
  - {id: hz2, ipv4: 192.0.2.13, site: hangzhou, labels: {tier: edge}}
  - {id: c1, ipv4: 192.0.2.1}
pools:
  - {id: ningbo, members: [{endpoint: nb1}]}
  - {id: zhejiang, members: [{endpoint: hz1}, {endpoint: hz2}], minimumUp: 2}
  - {id: central, members: [{endpoint: c1}]}
  - {id: spare, members: [{endpoint: hz1}]}
policies:
  - id: edge
    ttlSeconds: 30
    rules: [{line: cn-3302/telecom, pools: [ningbo]}, {line: cn-33, pools: [zhejiang]}, {line: "*", pools: [central]}]
    fallback: [central]
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
const iso = (seconds: number): string => new Date(NOW + 1000 * seconds).toISOString()
const post = (body: object, path = '/overrides'): Promise<Reply> => control.call('POST', path, { cookie, body })
const add = async (given: object): Promise<Reply> => {
  const reply = await post({ action: 'down', reason: 'power work', ...given })
  assert.equal(reply.status, 201, reply.text)
  overrideSchema.parse(reply.json)
  return reply
}
const list = async (query = '') => overrideListSchema.parse((await control.call('GET', `/overrides${query}`, { cookie })).json)
const endpoint = (value: string) => ({ target: { kind: 'endpoint', value } })
const newestEvent = () => control.parts.feed.list(Number.MAX_SAFE_INTEGER, 1).events[0]!
const newestAudit = () => control.parts.store.listAudit({ limit: 1 })[0]!

test('POST sets one: shown with what it hits, told to nodes, feed and audit', async () => {
  const { json, headers } = await add({ ...endpoint('hz2'), accept: ['OVERRIDE_LEAVES_FALLBACK'], durationSeconds: 3600 })
  assert.deepEqual([json.state, json.endpoints, json.holds, json.owner, json.endsAt], ['active', ['hz2'], ['hz2'], 'operator-1', iso(3600)])
  assert.equal(headers.etag, `"${json.etag}"`)
  assert.deepEqual(
    control.hub.overrides.map(({ id, action, target, endsAt }) => [id, action, target.value, endsAt]),
    [[json.id, 'down', 'hz2', NOW + 3_600_000]],
  )
  const event = newestEvent()
  assert.deepEqual([event.kind, event.subject], ['override', 'hz2'])
  assert.equal(event.detail, `down set by operator-1 until ${iso(3600)}: power work`)
  const audit = newestAudit()
  assert.deepEqual([audit.who, audit.action, audit.object], ['operator-1', 'override.set', json.id])
  assert.match(audit.detail, /"accepted":\["OVERRIDE_LEAVES_FALLBACK"\]/)
  assert.deepEqual(await list(), { generation: 1, overrides: [json] })
  const one = await control.call('GET', `/overrides/${json.id}`, { cookie })
  assert.deepEqual([one.json, one.headers.etag], [json, `"${json.etag}"`])
})

test('one that leaves a line on the fallback asks first, and names the lines', async () => {
  const refused = await post({ ...endpoint('nb1'), action: 'drain', reason: 'x' })
  assert.equal(refused.status, 201, 'cn-33 takes over')
  const second = await post({ target: { kind: 'site', value: 'hangzhou' }, action: 'down', reason: 'x' })
  assert.deepEqual([second.status, second.json.code], [409, 'OVERRIDE_LEAVES_FALLBACK'])
  assert.deepEqual(
    second.json.issues.map((issue: { params: Record<string, string> }) => [issue.params.policy, issue.params.line, issue.params.after]),
    [['edge', 'cn-33', 'fallback']],
  )
  assert.equal((await list()).overrides.length, 1)
  const accepted = await post({
    target: { kind: 'site', value: 'hangzhou' },
    action: 'down',
    reason: 'x',
    accept: ['OVERRIDE_LEAVES_FALLBACK'],
  })
  assert.equal(accepted.status, 201)
})

test('up never asks, and holds what health says is down', async () => {
  control.hub.nodeList = [{ nodeId: 'n', generation: 1, digest: '', startedAt: 0 }]
  const score = { address: '192.0.2.12', family: 4, vantage: 'n', since: null, sampleCount: 60, inPlace: false } as const
  control.hub.scores = [{ ...score, endpoint: 'hz1', standing: 'down' }]
  assert.deepEqual((await add({ ...endpoint('hz1'), action: 'up' })).json.holds, ['hz1'])
})

test('health of now counts: with the other one down, the last one is not taken silently', async () => {
  // Without nodes: minimumUp 2 is broken by either.
  assert.equal((await post({ ...endpoint('hz1'), action: 'down', reason: 'x' })).status, 409)
  control.hub.nodeList = [{ nodeId: 'n', generation: 1, digest: '', startedAt: 0 }]
  const score = { address: '192.0.2.1', family: 4, vantage: 'n', since: null, sampleCount: 60, inPlace: false } as const
  control.hub.scores = [{ ...score, endpoint: 'c1', standing: 'down' }]
  const { json } = await post({ target: { kind: 'label', value: 'tier=edge' }, action: 'down', reason: 'x' })
  assert.deepEqual(
    json.issues.map((issue: { params: Record<string, string> }) => [
      issue.params.line,
      issue.params.before,
      issue.params.after,
      issue.params.health,
    ]),
    [
      ['cn-3302/telecom', 'rule', 'nothing', 'now'],
      ['cn-33', 'rule', 'nothing', 'now'],
    ],
  )
})

test('POST /overrides/check says what it hits and keeps nothing', async () => {
  await add({ ...endpoint('hz1'), action: 'up', owner: 'night shift' })
  const body = {
    target: { kind: 'label', value: 'tier=edge' },
    action: 'down',
    reason: 'x',
    schedule: { cron: '0 2 * * *', durationSeconds: 3600, timeZone: 'UTC' },
  }
  const { json, status } = await post(body, '/overrides/check')
  assert.equal(status, 200)
  const check = overrideCheckSchema.parse(json)
  assert.deepEqual(
    check.endpoints.map(({ endpoint: id, decides, heldBy }) => [id, decides, heldBy?.owner ?? null]),
    [
      ['hz1', false, 'night shift'],
      ['hz2', true, null],
      ['nb1', true, null],
    ],
  )
  assert.deepEqual(
    check.lines.map(({ line, after, labelEn }) => [line, after, labelEn !== '']),
    [
      ['cn-3302/telecom', 'fallback', true],
      ['cn-33', 'fallback', true],
    ],
  )
  assert.deepEqual(check.needs, ['OVERRIDE_LEAVES_FALLBACK'])
  assert.deepEqual(check.windows[0], { from: '2026-06-16T02:00:00.000Z', until: '2026-06-16T03:00:00.000Z' })
  assert.equal(check.windows.length, 5)
  assert.equal((await list()).overrides.length, 1)
})

describe('what is refused', () => {
  const schedule = { cron: '0 2 * * *', durationSeconds: 3600, timeZone: 'UTC' }
  const good = { ...endpoint('nb1'), action: 'down', reason: 'x' }
  const cases: readonly (readonly [name: string, body: object, code: string, path?: string])[] = [
    ['no reason', { ...good, reason: undefined }, 'API_BODY_INVALID', 'reason'],
    ['an empty reason', { ...good, reason: '  ' }, 'API_BODY_INVALID', 'reason'],
    ['a reason with a line break', { ...good, reason: 'a\nb' }, 'API_BODY_INVALID', 'reason'],
    ['an unknown action', { ...good, action: 'pause' }, 'API_BODY_INVALID', 'action'],
    ['an unknown kind of target', { ...good, target: { kind: 'rack', value: 'x' } }, 'API_BODY_INVALID', 'target.kind'],
    ['an unknown key', { ...good, until: 'x' }, 'API_BODY_INVALID', ''],
    ['a time that is none', { ...good, endsAt: 'tomorrow' }, 'API_BODY_INVALID', 'endsAt'],
    ['a negative drain', { ...good, action: 'drain', drainSeconds: -1 }, 'API_BODY_INVALID', 'drainSeconds'],
    ['a drain of two days', { ...good, action: 'drain', drainSeconds: 172_800 }, 'API_BODY_INVALID', 'drainSeconds'],
    ['a window of a second', { ...good, schedule: { ...schedule, durationSeconds: 1 } }, 'API_BODY_INVALID', 'schedule.durationSeconds'],
    ['an unknown endpoint', { ...good, ...endpoint('nobody') }, 'OVERRIDE_TARGET_UNKNOWN'],
    ['an unknown site', { ...good, target: { kind: 'site', value: 'moon' } }, 'OVERRIDE_TARGET_UNKNOWN'],
    ['a label without a value', { ...good, target: { kind: 'label', value: 'tier' } }, 'OVERRIDE_TARGET_UNKNOWN'],
    ['a pool that no policy uses', { ...good, target: { kind: 'pool', value: 'spare' } }, 'OVERRIDE_TARGET_UNKNOWN'],
    ['an end that has passed', { ...good, endsAt: iso(-1) }, 'OVERRIDE_INVALID', 'endsAt'],
    ['an end before the start', { ...good, startsAt: iso(7200), endsAt: iso(3600) }, 'OVERRIDE_INVALID', 'endsAt'],
    ['a start that has passed', { ...good, startsAt: iso(-3600) }, 'OVERRIDE_INVALID', 'startsAt'],
    ['a start in two years', { ...good, startsAt: '2028-06-15T12:00:00Z' }, 'OVERRIDE_INVALID', 'startsAt'],
    ['two years of down', { ...good, endsAt: '2028-06-15T12:00:00Z' }, 'OVERRIDE_INVALID', 'endsAt'],
    ['an end and a duration', { ...good, endsAt: iso(60), durationSeconds: 60 }, 'OVERRIDE_INVALID', 'durationSeconds'],
    ['a down that takes time', { ...good, drainSeconds: 60 }, 'OVERRIDE_INVALID', 'drainSeconds'],
    ['a drain longer than its override', { ...good, action: 'drain', durationSeconds: 60 }, 'OVERRIDE_INVALID', 'drainSeconds'],
    ['a cron line that is none', { ...good, schedule: { ...schedule, cron: '0 25 * * *' } }, 'OVERRIDE_INVALID', 'schedule.cron'],
    ['a day that never comes', { ...good, schedule: { ...schedule, cron: '0 2 30 2 *' } }, 'OVERRIDE_INVALID', 'schedule.cron'],
    ['no window before the end', { ...good, endsAt: iso(60), schedule }, 'OVERRIDE_INVALID', 'schedule.cron'],
    ['an unknown time zone', { ...good, schedule: { ...schedule, timeZone: 'Mars/Olympus' } }, 'OVERRIDE_INVALID', 'schedule.timeZone'],
    ['windows that overlap', { ...good, schedule: { ...schedule, cron: '*/30 * * * *' } }, 'OVERRIDE_INVALID', 'schedule.durationSeconds'],
    ['a drain longer than its window', { ...good, action: 'drain', drainSeconds: 3600, schedule }, 'OVERRIDE_INVALID', 'drainSeconds'],
  ]
  test('each with its code and place', async () => {
    for (const [name, body, code, path] of cases) {
      const { json, status } = await post(body)
      assert.deepEqual([json?.code, status < 500], [code, true], `${name}: ${JSON.stringify(json)}`)
      if (path !== undefined) assert.deepEqual([...new Set(json.issues.map((issue: { path: string }) => issue.path))], [path], name)
    }
    assert.equal(control.hub.overrides.length, 0)
  })

  test('every mistake at once', async () => {
    const { json } = await post({
      ...good,
      drainSeconds: 5,
      startsAt: iso(-3600),
      schedule: { ...schedule, cron: 'x x x x x', timeZone: 'x' },
    })
    assert.deepEqual(
      json.issues.map((issue: { path: string }) => issue.path),
      ['drainSeconds', 'startsAt', 'schedule.cron', 'schedule.timeZone'],
    )
  })
})

test('viewers read but do not set', async () => {
  const viewer = await control.signInAs('viewer')
  assert.equal((await control.call('GET', '/overrides', { cookie: viewer })).status, 200)
  for (const [method, path] of [
    ['POST', '/overrides'],
    ['POST', '/overrides/check'],
    ['PATCH', '/overrides/1'],
    ['DELETE', '/overrides/1'],
  ] as const)
    assert.equal((await control.call(method, path, { cookie: viewer, body: {} })).json.code, 'AUTH_FORBIDDEN')
})

describe('PATCH', () => {
  const patch = (id: string, body: object, etag?: string) =>
    control.call('PATCH', `/overrides/${id}`, { cookie, body, headers: etag === undefined ? {} : { 'If-Match': `"${etag}"` } })

  test('changes what is given; needs the newest ETag', async () => {
    const { json } = await add({ ...endpoint('nb1'), durationSeconds: 60 })
    assert.equal((await patch(json.id, { reason: 'y' })).json.code, 'API_PRECONDITION_REQUIRED')
    control.advance(30_000)
    const changed = await patch(json.id, { durationSeconds: 7200, reason: 'it takes longer' }, json.etag)
    assert.equal(changed.status, 200, changed.text)
    assert.deepEqual([changed.json.endsAt, changed.json.reason, changed.json.action], [iso(30 + 7200), 'it takes longer', 'down'])
    assert.equal(control.hub.overrides[0]!.endsAt, NOW + 7_230_000)
    assert.equal((await patch(json.id, { reason: 'z' }, json.etag)).json.code, 'API_PRECONDITION_FAILED')
    assert.deepEqual([newestAudit().action, newestEvent().detail.startsWith('down changed by operator-1')], ['override.change', true])
  })

  test('a stronger action asks again', async () => {
    const { json } = await add({ ...endpoint('hz1'), action: 'up' })
    assert.equal((await patch(json.id, { action: 'down' }, json.etag)).json.code, 'OVERRIDE_LEAVES_FALLBACK')
    const changed = await patch(json.id, { action: 'drain', accept: ['OVERRIDE_LEAVES_FALLBACK'] }, json.etag)
    assert.deepEqual([changed.status, changed.json.drainSeconds, changed.json.sharePercent], [200, 300, 90])
  })

  test('neither an ended nor an unknown one', async () => {
    const { json } = await add({ ...endpoint('nb1'), durationSeconds: 60 })
    control.advance(60_000)
    assert.equal((await patch(json.id, { reason: 'y' }, json.etag)).json.code, 'OVERRIDE_ENDED')
    assert.equal((await patch('77', { reason: 'y' }, 'x')).json.code, 'OVERRIDE_UNKNOWN')
    assert.equal((await patch('1e3', { reason: 'y' }, 'x')).json.code, 'OVERRIDE_UNKNOWN')
  })
})

test('DELETE ends one, and keeps who, when and why', async () => {
  const { json } = await add(endpoint('nb1'))
  const wrong = await control.call('DELETE', `/overrides/${json.id}`, { cookie, headers: { 'If-Match': '"other"' } })
  assert.equal(wrong.json.code, 'API_PRECONDITION_FAILED')
  control.advance(5000)
  const ended = await control.call('DELETE', `/overrides/${json.id}?reason=work%20is%20done`, { cookie })
  assert.equal(ended.status, 204, ended.text)
  assert.deepEqual(control.hub.overrides, [])
  assert.equal(newestEvent().detail, 'down ended by operator-1: work is done')
  assert.equal(newestAudit().action, 'override.end')
  assert.deepEqual((await list()).overrides, [])
  const [kept] = (await list('?ended=10')).overrides
  assert.deepEqual([kept!.state, kept!.endedBy, kept!.endedAt, kept!.endReason], ['ended', 'operator-1', iso(5), 'work is done'])
  assert.equal((await control.call('DELETE', `/overrides/${json.id}`, { cookie })).json.code, 'OVERRIDE_ENDED')
})

test('what is over is ended by control, also after a time in which it was away; windows begin and pause', async () => {
  await add({ ...endpoint('nb1'), durationSeconds: 60 })
  await add({ ...endpoint('c1'), action: 'up', schedule: { cron: '5 12 * * *', durationSeconds: 60, timeZone: 'UTC' } })
  const desk = control.parts.overrides
  const details = (): string[] =>
    control.parts.feed.list(Number.MAX_SAFE_INTEGER, 10, { kinds: new Set(['override']) }).events.map(({ detail }) => detail)
  control.advance(59_999)
  desk.look()
  assert.equal(details().length, 2)
  control.advance(3_600_000 * 0 + 1)
  desk.look()
  assert.match(details()[0]!, /^down of operator-1 over, its time has ended: power work$/)
  assert.deepEqual([newestAudit().who, newestAudit().action], ['control', 'override.expire'])
  assert.equal(control.hub.overrides.length, 1)
  control.advance(4 * 60_000)
  desk.look()
  assert.match(details()[0]!, /^up of operator-1 begins until 2026-06-15T12:06:00.000Z: power work$/)
  assert.equal((await list()).overrides[0]!.state, 'active')
  control.advance(60_000)
  desk.look()
  assert.match(details()[0]!, /^up of operator-1 pauses: power work$/)
  const [waiting] = (await list()).overrides
  assert.deepEqual([waiting!.state, waiting!.nextWindow?.from], ['waiting', '2026-06-16T12:05:00.000Z'])
  const [over] = (await list('?ended=1')).overrides.slice(-1)
  assert.deepEqual([over!.endedBy, over!.endedAt], ['control', iso(60)])
})

test('an ended and an open one are in the store after it was opened again', async () => {
  const first = await add({ ...endpoint('nb1'), schedule: { cron: '0 2 * * *', durationSeconds: 3600, timeZone: 'Asia/Shanghai' } })
  const second = await add({ ...endpoint('c1'), action: 'up' })
  await control.call('DELETE', `/overrides/${second.json.id}`, { cookie })
  const store = openStore(control.parts.store.filePath(), { productVersion: '0.0.0' })
  assert.deepEqual(
    store.listOpenOverrides().map(({ override }) => override),
    control.hub.overrides,
  )
  assert.equal(store.listOpenOverrides()[0]!.override.id, first.json.id)
  assert.equal(store.listEndedOverrides(10)[0]!.override.id, second.json.id)
  store.close()
})

test('a target that a later document does not have any more holds nobody, and can be ended', async () => {
  const { json } = await add(endpoint('nb1'))
  const publisher = await control.signInAs('publisher', 'second')
  const text = DOCUMENT.replaceAll('nb1', 'nb2')
  const put = await control.call('PUT', '/document', {
    cookie: publisher,
    body: { text, files: {}, basedOn: 1, force: true, comment: '', accept: ['PUBLISH_MOVES_MANY'] },
  })
  assert.equal(put.status, 200, put.text)
  const [shown] = (await list()).overrides
  assert.deepEqual([shown!.endpoints, shown!.holds, shown!.state], [[], [], 'active'])
  assert.equal((await control.call('DELETE', `/overrides/${json.id}`, { cookie })).status, 204)
})

test('a store that cannot be written does not end control: the override is ended when it can', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  await add({ ...endpoint('nb1'), durationSeconds: 60 })
  const desk = control.parts.overrides
  desk.start()
  t.after(() => desk.stop())
  const broken = t.mock.method(control.parts.store, 'endOverride', () => {
    throw new Error('database or disk is full')
  })
  control.advance(60_000)
  t.mock.timers.tick(3000)
  assert.equal(broken.mock.callCount(), 3)
  assert.equal((await list()).overrides[0]!.state, 'ended', 'by the clock it is over')
  broken.mock.restore()
  t.mock.timers.tick(1000)
  assert.deepEqual((await list()).overrides, [])
})

test('no more than 500 are open', async () => {
  for (let count = 0; count < 500; count++)
    control.parts.store.addOverride(
      { target: { kind: 'endpoint', value: 'nb1' }, action: 'up', drainSeconds: 0, owner: 'x', reason: 'x', startsAt: null, endsAt: null },
      'x',
    )
  assert.equal((await post({ ...endpoint('nb1'), action: 'up', reason: 'x' })).json.code, 'OVERRIDE_TOO_MANY')
})
