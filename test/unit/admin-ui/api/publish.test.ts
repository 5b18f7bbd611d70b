/** Publishing through the API: what is stored, what goes to nodes, what is refused and leaves live untouched. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { HealthScore } from '../../../../admin-ui/contract/health-scores.ts'
import { loadSnapshot } from '../../../../resolver/snapshot/snapshot-file.ts'
import { type ControlFixture, EXAMPLE_DOCUMENT, startControl } from '../../../support/control-fixture.ts'

let control: ControlFixture
let cookie: string
beforeEach(async () => {
  control = await startControl()
  cookie = await control.signInAs('publisher', 'pat')
})
afterEach(() => control.stop())

const put = (text: string, more: object = {}) =>
  control.call('PUT', '/document', { cookie, body: { text, files: {}, basedOn: null, force: false, comment: 'why', accept: [], ...more } })
/** The example with one text replaced; the replacement must happen. */
function edited(from: string | RegExp, to: string): string {
  const text = EXAMPLE_DOCUMENT.replace(from, to)
  assert.notEqual(text, EXAMPLE_DOCUMENT)
  return text
}
const codesOf = (reply: { json: { issues: { code: string }[] } }): string[] => reply.json.issues.map((issue) => issue.code)
const node = { nodeId: 'node-1', generation: 1, digest: 'd', startedAt: 0 }
const score = (endpoint: string, address: string, standing: HealthScore['standing']): HealthScore => ({
  endpoint,
  address,
  family: 4,
  vantage: 'node-1',
  standing,
  since: null,
  latencyMs: 10,
  errorRatePercent: 0,
  sampleCount: 60,
  inPlace: standing === 'up' || standing === 'degraded',
})

test('a publish stores the generation, writes its snapshot and sends it to the nodes', async () => {
  control.hub.nodeList = [node]
  const reply = await put(EXAMPLE_DOCUMENT)
  assert.equal(reply.status, 200)
  assert.equal(reply.json.generation, 1)
  assert.deepEqual(reply.json.nodes, [{ nodeId: 'node-1', ok: true }])
  const [message] = control.hub.published
  assert.equal(message!.generation, 1)
  const snapshot = loadSnapshot(message!.path)
  assert.equal(snapshot.generation, 1)
  assert.equal(snapshot.digest, reply.json.snapshotDigest)
  assert.equal(message!.digest, reply.json.snapshotDigest)
  const stored = control.parts.store.latestGeneration()!
  assert.equal(stored.author, 'pat')
  assert.equal(stored.comment, 'why')
  assert.equal(stored.snapshotDigest, reply.json.snapshotDigest)
  assert.equal(stored.canonicalDigest, reply.json.digest)
  assert.equal(stored.zones['yourcompany.com.']!.serial, 2026061500)
  assert.equal(control.parts.store.listAudit({ limit: 1 })[0]!.action, 'publish.document')
  assert.equal(control.parts.feed.list(Number.MAX_SAFE_INTEGER, 1).events[0]!.kind, 'publish')
})

test('equal meaning is no new generation', async () => {
  await put(EXAMPLE_DOCUMENT)
  const again = await put(`# a comment\n${EXAMPLE_DOCUMENT}`)
  assert.deepEqual([again.json.generation, again.json.changed], [1, false])
  assert.equal(control.hub.published.length, 1)
})

test('a bad document is refused with every issue at once, and live stays', async () => {
  await put(EXAMPLE_DOCUMENT)
  const bad = EXAMPLE_DOCUMENT.replace('inherit: true', 'inherti: true')
    .replace('line: "*"', 'line: "zz"')
    .replace('ipv4: 192.0.2.12', 'ipv4: 192.0.2.300')
  const reply = await put(bad)
  assert.deepEqual([reply.status, reply.json.code], [422, 'DOCUMENT_INVALID'])
  for (const code of ['CONFIG_UNKNOWN_KEY', 'POLICY_LINE_UNKNOWN', 'CONFIG_ADDRESS_INVALID']) assert.ok(codesOf(reply).includes(code), code)
  const issue = reply.json.issues.find((one: { code: string }) => one.code === 'CONFIG_UNKNOWN_KEY')
  assert.equal(issue.path, 'policies[0].inherti')
  assert.ok(issue.where.line > 0 && issue.message !== '' && issue.suggestion !== '')
  assert.equal(control.parts.store.latestGenerationNumber(), 1)
  assert.equal(control.hub.published.length, 1)
})

test('what only the compiler finds is refused likewise', async () => {
  const reply = await put(edited('data: ["edge-api"]', 'data: ["not a name with spaces"]'))
  assert.equal(reply.json.code, 'DOCUMENT_INVALID')
  assert.equal(control.parts.store.latestGenerationNumber(), 0)
})

test('serials: unchanged zone keeps, changed zone rises, a roll back rises again', async () => {
  const serialOf = () => control.parts.publisher.serials().get('yourcompany.com.')!.serial
  await put(EXAMPLE_DOCUMENT)
  assert.equal(serialOf(), 2026061500)
  await put(edited('maxLatencyMs: 500', 'maxLatencyMs: 400'))
  assert.equal(serialOf(), 2026061500)
  await put(edited('"192.0.2.53"', '"192.0.2.54"'))
  assert.equal(serialOf(), 2026061501)
  const back = await control.call('POST', '/generations/1/rollback', { cookie, body: { comment: 'back', accept: [] } })
  assert.equal(back.json.generation, 4)
  assert.equal(serialOf(), 2026061502)
})

test('a document that is not based on live is refused with the difference, unless forced', async () => {
  await put(EXAMPLE_DOCUMENT)
  const second = edited('maxLatencyMs: 500', 'maxLatencyMs: 400')
  await put(second, { basedOn: 1 })
  const stale = await put(EXAMPLE_DOCUMENT, { basedOn: 1 })
  assert.deepEqual([stale.status, stale.json.code, stale.json.liveGeneration], [409, 'DOCUMENT_NOT_BASED_ON_LIVE', 2])
  assert.equal(stale.json.changes.length, 1)
  assert.match(stale.json.changes[0].text, /^policy edge-api: gates \{"maxLatencyMs":400\} → \(none\)$/)
  assert.equal((await put(EXAMPLE_DOCUMENT, { basedOn: 1, force: true })).json.generation, 3)
})

test('without a base the newest whole document is meant: what the console published is not undone silently', async () => {
  await put(EXAMPLE_DOCUMENT)
  assert.equal((await put(edited('maxLatencyMs: 500', 'maxLatencyMs: 400'))).json.generation, 2)
  const { json, headers } = await control.call('GET', '/policies/edge-api', { cookie })
  const policy = { ...json.policy, ttlSeconds: 20 }
  await control.call('PUT', '/policies/edge-api', { cookie, body: policy, headers: { 'If-Match': String(headers.etag) } })
  assert.equal((await control.call('POST', '/publish', { cookie, body: { comment: 'ttl', accept: [] } })).json.generation, 3)
  assert.equal((await put(EXAMPLE_DOCUMENT)).json.code, 'DOCUMENT_NOT_BASED_ON_LIVE')
})

test('warnings must be acknowledged by code, and are kept', async () => {
  control.hub.nodeList = [node]
  await put(EXAMPLE_DOCUMENT)
  const moved = edited('{line: "*", pools: [central]}', '{line: "*", pools: [zhejiang-telecom]}')
  const refused = await put(moved)
  assert.deepEqual([refused.status, refused.json.code], [422, 'PUBLISH_WARNINGS'])
  const warning = refused.json.issues.find((issue: { code: string }) => issue.code === 'PUBLISH_MOVES_MANY')
  // Half of the fixture's mainland is Beijing and abroad counts as world: 3 of 4 networks had the default rule before.
  assert.ok(warning.params.movedPercent > 30, String(warning.params.movedPercent))
  assert.equal(control.parts.store.latestGenerationNumber(), 1)
  assert.equal((await put(moved, { accept: ['SOMETHING_ELSE'] })).json.code, 'PUBLISH_WARNINGS')
  const taken = await put(moved, { accept: ['PUBLISH_MOVES_MANY'] })
  assert.equal(taken.json.generation, 2)
  const [latest] = (await control.call('GET', '/generations', { cookie })).json.generations
  assert.deepEqual(latest.accepted, ['PUBLISH_MOVES_MANY'])
  assert.ok(latest.movedPercent > 30)
})

test('a fallback that is down now is a warning, but not for the first publish', async () => {
  control.hub.nodeList = [node]
  control.hub.scores = [score('central-1', '192.0.2.1', 'down')]
  assert.equal((await put(EXAMPLE_DOCUMENT)).json.generation, 1)
  const next = edited('maxLatencyMs: 500', 'maxLatencyMs: 400')
  assert.ok(codesOf(await put(next)).includes('PUBLISH_FALLBACK_DOWN'))
  control.hub.scores = [score('central-1', '192.0.2.1', 'up')]
  assert.equal((await put(next)).json.generation, 2)
})

test('who moves is judged with the health of now', async () => {
  control.hub.nodeList = [node]
  control.hub.scores = [
    score('ningbo-telecom-1', '192.0.2.11', 'down'),
    score('hangzhou-telecom-1', '192.0.2.12', 'up'),
    score('central-1', '192.0.2.1', 'up'),
  ]
  await put(EXAMPLE_DOCUMENT)
  // Ningbo's own rule leads to Hangzhou now, so removing its first pool moves nobody.
  const reply = await put(edited('pools: [ningbo-telecom, zhejiang-telecom]', 'pools: [zhejiang-telecom]'))
  assert.equal(reply.json.generation, 2)
  assert.equal(control.parts.store.latestGeneration()!.movedPercent, 0)
  const moved = EXAMPLE_DOCUMENT.replace('pools: [ningbo-telecom, zhejiang-telecom]', 'pools: [central]')
  const { json } = await control.call('PUT', '/draft/document', { cookie, body: { text: moved, files: {} } })
  assert.equal(json.exists, true)
  const review = (await control.call('GET', '/draft/review', { cookie })).json
  assert.deepEqual(
    review.moves.map((move: { from: string; to: string }) => `${move.from} → ${move.to}`),
    ['hangzhou-telecom-1 → central-1'],
  )
  assert.ok(review.movedPercent > 0 && review.movedPercent <= 100)
})

test('publishes are serialised: of two on the same base one wins', async () => {
  await put(EXAMPLE_DOCUMENT)
  const replies = await Promise.all([400, 300, 200].map((ms) => put(edited('maxLatencyMs: 500', `maxLatencyMs: ${ms}`), { basedOn: 1 })))
  assert.deepEqual(replies.map((reply) => reply.status).sort(), [200, 409, 409])
  assert.equal(control.parts.store.latestGenerationNumber(), 2)
})

test('republish sends the newest generation, from its file or compiled anew when that is damaged or gone', async () => {
  await put(EXAMPLE_DOCUMENT)
  const [first] = control.hub.published
  for (const damage of [() => undefined, () => writeFileSync(first!.path, 'damaged'), () => rmSync(first!.path)]) {
    damage()
    assert.equal(await control.parts.publisher.republish(), 1)
    const again = control.hub.published.at(-1)!
    assert.equal(again.digest, first!.digest, 'compiling is repeatable, serials included')
    assert.ok(existsSync(again.path))
  }
})

test('old snapshot files are removed', async () => {
  for (const ms of [500, 400, 300, 200, 100]) await put(EXAMPLE_DOCUMENT.replace('maxLatencyMs: 500', `maxLatencyMs: ${ms}`))
  assert.deepEqual(
    readdirSync(join(control.folder, 'snapshots'))
      .filter((name) => name.endsWith('.snapshot'))
      .sort(),
    ['3.snapshot', '4.snapshot', '5.snapshot'],
  )
})

test('what a node refuses is told, and the generation stays', async () => {
  control.hub.publish = async () => [{ nodeId: 'node-1', ok: false, reason: 'disk full' }]
  const reply = await put(EXAMPLE_DOCUMENT)
  assert.deepEqual([reply.status, reply.json.nodes], [200, [{ nodeId: 'node-1', ok: false, reason: 'disk full' }]])
  assert.equal(control.parts.store.latestGenerationNumber(), 1)
})

test('digest is that of the document wherever it stands, snapshotDigest that of the nodes', async () => {
  const first = (await put(EXAMPLE_DOCUMENT)).json
  const again = (await put(`# the same\n${EXAMPLE_DOCUMENT}`)).json
  assert.deepEqual([first.changed, again.changed], [true, false])
  assert.deepEqual([again.digest, again.snapshotDigest], [first.digest, first.snapshotDigest])
  const document = (await control.call('GET', '/document', { cookie })).json
  const [generation] = (await control.call('GET', '/generations', { cookie })).json.generations
  assert.deepEqual([document.digest, generation.digest], [first.digest, first.digest])
  assert.equal(control.hub.published[0]!.digest, first.snapshotDigest)
  assert.notEqual(first.digest, first.snapshotDigest)
})

test('the document comes back with equal digest as YAML and as JSON', async () => {
  await put(EXAMPLE_DOCUMENT)
  for (const format of ['yaml', 'json']) {
    const { json, headers } = await control.call('GET', `/document?format=${format}`, { cookie })
    assert.equal(headers.etag, `"${json.digest}"`)
    const checked = await control.call('POST', '/document/check', { cookie, body: { text: json.text, files: json.files } })
    assert.deepEqual([checked.json.ok, checked.json.digest, checked.json.changes], [true, json.digest, []], format)
  }
})

test('If-Match guards a whole document', async () => {
  await put(EXAMPLE_DOCUMENT)
  const body = { text: edited('maxLatencyMs: 500', 'maxLatencyMs: 400'), files: {} }
  assert.equal(
    (await control.call('PUT', '/document', { cookie, body, headers: { 'If-Match': '"other"' } })).json.code,
    'API_PRECONDITION_FAILED',
  )
})

test('history lists, shows and compares generations', async () => {
  await put(EXAMPLE_DOCUMENT)
  await put(edited('maxLatencyMs: 500', 'maxLatencyMs: 400'))
  await put(edited('maxLatencyMs: 500', 'maxLatencyMs: 300'))
  const list = (await control.call('GET', '/generations?limit=2', { cookie })).json
  assert.deepEqual([list.generations.map((one: { generation: number }) => one.generation), list.more], [[3, 2], true])
  const rest = (await control.call('GET', '/generations?before=2', { cookie })).json
  assert.deepEqual([rest.generations.length, rest.more, rest.generations[0].live], [1, false, false])
  const one = (await control.call('GET', '/generations/3?against=1', { cookie })).json
  assert.equal(one.against, 1)
  assert.deepEqual(
    one.changes.map((change: { key: string }) => change.key),
    ['gates'],
  )
  assert.equal((await control.call('GET', '/generations/1', { cookie })).json.against, null)
})
