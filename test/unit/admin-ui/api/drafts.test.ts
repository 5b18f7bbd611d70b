import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { mergeDocuments } from '../../../../admin-ui/api/publish/draft-desk.ts'
import { CENTRAL_KEY, measured, PAIR_DOCUMENT } from '../../../support/central-pair.ts'
import { type ControlFixture, EXAMPLE_DOCUMENT, startControl } from '../../../support/control-fixture.ts'

let control: ControlFixture
let ann: string
let bob: string
beforeEach(async () => {
  control = await startControl()
  ann = await control.signInAs('publisher', 'ann')
  bob = await control.signInAs('publisher', 'bob')
  await control.call('PUT', '/document', { cookie: ann, body: { text: EXAMPLE_DOCUMENT } })
})
afterEach(() => control.stop())

const get = async (cookie: string, path: string) => (await control.call('GET', path, { cookie })).json
async function putPolicy(
  cookie: string,
  change: object,
): Promise<{ status: number; json: { code?: string; etag: string; issues: { code: string; path: string }[] } }> {
  const { policy, etag } = await get(cookie, '/policies/edge-api')
  return control.call('PUT', '/policies/edge-api', { cookie, body: { ...policy, ...change }, headers: { 'If-Match': `"${etag}"` } })
}
const publish = (cookie: string) => control.call('POST', '/publish', { cookie, body: { comment: 'why' } })

test('an edit makes a draft of the account, live and other accounts do not see it', async () => {
  assert.equal((await get(ann, '/draft')).exists, false)
  assert.equal((await putPolicy(ann, { ttlSeconds: 20 })).status, 200)
  const draft = await get(ann, '/draft')
  assert.deepEqual([draft.exists, draft.baseGeneration, draft.liveGeneration], [true, 1, 1])
  assert.deepEqual(
    draft.changes.map((change: { text: string }) => change.text),
    ['policy edge-api: ttlSeconds 30 → 20'],
  )
  assert.equal((await get(ann, '/policies/edge-api')).policy.ttlSeconds, 20)
  assert.equal((await get(ann, '/policies/edge-api?of=live')).policy.ttlSeconds, 30)
  assert.equal((await get(bob, '/policies/edge-api')).policy.ttlSeconds, 30)
  assert.deepEqual(
    (await get(ann, '/policies')).policies.map((policy: { draft: string }) => policy.draft),
    ['changed'],
  )
  assert.equal((await control.call('DELETE', '/draft', { cookie: ann })).status, 204)
  assert.equal((await get(ann, '/policies/edge-api')).policy.ttlSeconds, 30)
})

test('an edit needs the ETag of what it changes', async () => {
  const { policy, etag } = await get(ann, '/policies/edge-api')
  const put = (headers: Record<string, string>, body: object = policy) =>
    control.call('PUT', `/policies/${(body as { id: string }).id}`, { cookie: ann, body, headers })
  assert.equal((await put({})).json.code, 'API_PRECONDITION_REQUIRED')
  assert.equal((await put({ 'If-Match': '"other"' })).json.code, 'API_PRECONDITION_FAILED')
  assert.equal((await put({ 'If-None-Match': '*' })).json.code, 'API_PRECONDITION_FAILED')
  const first = await put({ 'If-Match': `"${etag}"` }, { ...policy, ttlSeconds: 21 })
  assert.equal(first.status, 200)
  assert.equal(
    (await put({ 'If-Match': `"${etag}"` }, { ...policy, ttlSeconds: 22 })).json.code,
    'API_PRECONDITION_FAILED',
    'another window saved',
  )
  const added = await put(
    { 'If-None-Match': '*' },
    { id: 'new', ttlSeconds: 30, rules: [{ line: '*', pools: ['central'] }], fallback: ['central'] },
  )
  assert.equal(added.status, 201)
  assert.equal((await control.call('DELETE', '/policies/new', { cookie: ann })).json.code, 'API_PRECONDITION_REQUIRED')
  assert.equal(
    (await control.call('DELETE', '/policies/new', { cookie: ann, headers: { 'If-Match': `"${added.json.etag}"` } })).status,
    204,
  )
})

test('a draft with mistakes is kept, shows its issues at the policy, and cannot be published', async () => {
  const reply = await putPolicy(ann, { rules: [{ line: 'nowhere', pools: ['gone'] }], surprise: 1 })
  assert.equal(reply.status, 200)
  const codes = reply.json.issues.map((issue) => issue.code)
  for (const code of ['POLICY_LINE_UNKNOWN', 'CONFIG_REFERENCE_UNKNOWN', 'CONFIG_UNKNOWN_KEY'])
    assert.ok(codes.includes(code), `${code} in ${codes}`)
  assert.ok(reply.json.issues.every((issue) => issue.path.startsWith('policies[0]')))
  const review = await get(ann, '/draft/review')
  assert.equal(review.publishable, false)
  assert.equal((await publish(ann)).json.code, 'DOCUMENT_INVALID')
  assert.equal((await putPolicy(ann, { rules: [{ line: '*', pools: ['central'] }], surprise: undefined })).status, 200)
  assert.equal(
    (await get(ann, '/draft')).issues.some((issue: { severity: string }) => issue.severity === 'error'),
    false,
  )
})

test('publishing ends the draft', async () => {
  await putPolicy(ann, { ttlSeconds: 20 })
  const review = await get(ann, '/draft/review')
  assert.deepEqual([review.publishable, review.nextGeneration, review.acceptNeeded], [true, 2, []])
  assert.equal((await publish(ann)).json.generation, 2)
  assert.equal((await get(ann, '/draft')).exists, false)
  assert.equal((await get(bob, '/policies/edge-api')).policy.ttlSeconds, 20)
})

test('a draft on an old base is refused with the difference, and can be moved when nothing collides', async () => {
  await putPolicy(ann, { ttlSeconds: 20 })
  const withZone = EXAMPLE_DOCUMENT.replace('"192.0.2.53"', '"192.0.2.54"')
  assert.equal((await control.call('PUT', '/document', { cookie: bob, body: { text: withZone, basedOn: 1 } })).json.generation, 2)
  const refused = await publish(ann)
  assert.deepEqual([refused.status, refused.json.code, refused.json.liveGeneration], [409, 'DRAFT_NOT_BASED_ON_LIVE', 2])
  assert.ok(refused.json.changes.length >= 2)
  const moved = await control.call('POST', '/draft/rebase', { cookie: ann })
  assert.deepEqual(
    [moved.json.baseGeneration, moved.json.changes.map((change: { text: string }) => change.text)],
    [2, ['policy edge-api: ttlSeconds 30 → 20']],
  )
  assert.equal((await publish(ann)).json.generation, 3)
  const { text } = await get(ann, '/document')
  assert.match(text, /192\.0\.2\.54/)
  assert.match(text, /"ttlSeconds": 20/)
})

test('a draft that changed what live changed is not moved; the collision is named', async () => {
  await putPolicy(ann, { ttlSeconds: 20 })
  await putPolicy(bob, { ttlSeconds: 25 })
  assert.equal((await publish(bob)).json.generation, 2)
  const refused = await control.call('POST', '/draft/rebase', { cookie: ann })
  assert.deepEqual([refused.status, refused.json.code], [409, 'DRAFT_CONFLICT'])
  assert.deepEqual(
    refused.json.changes.map((change: { text: string }) => change.text),
    ['policy edge-api: ttlSeconds 25 → 20'],
  )
  assert.equal((await get(ann, '/draft')).baseGeneration, 1, 'the draft is as it was')
})

test('the whole draft can be replaced, guarded by its ETag', async () => {
  const { etag } = await get(ann, '/draft')
  const body = { text: EXAMPLE_DOCUMENT.replace('ttlSeconds: 30', 'ttlSeconds: 31') }
  const first = await control.call('PUT', '/draft/document', { cookie: ann, body, headers: { 'If-Match': `"${etag}"` } })
  assert.equal(first.status, 200)
  const stale = await control.call('PUT', '/draft/document', { cookie: ann, body, headers: { 'If-Match': `"${etag}"` } })
  assert.equal(stale.json.code, 'API_PRECONDITION_FAILED')
  const text = await control.call('PUT', '/draft/document', { cookie: ann, body: { text: 'policies: [' } })
  assert.deepEqual(
    text.json.issues.map((issue: { code: string }) => issue.code),
    ['CONFIG_SYNTAX'],
    'even a text that cannot be read is kept',
  )
})

test('mergeDocuments takes what only one side changed', () => {
  const base = {
    policies: [
      { id: 'a', v: 1 },
      { id: 'b', v: 1 },
      { id: 'c', v: 1 },
    ],
    pools: [{ id: 'p' }],
  }
  const cases = [
    {
      name: 'mine',
      draft: {
        ...base,
        policies: [
          { id: 'a', v: 2 },
          { id: 'b', v: 1 },
          { id: 'c', v: 1 },
        ],
      },
      live: base,
      a: 2,
      conflicts: 0,
    },
    {
      name: 'theirs',
      draft: base,
      live: {
        ...base,
        policies: [
          { id: 'a', v: 3 },
          { id: 'b', v: 1 },
          { id: 'c', v: 1 },
        ],
      },
      a: 3,
      conflicts: 0,
    },
    { name: 'both alike', draft: { policies: [{ id: 'a', v: 4 }] }, live: { policies: [{ id: 'a', v: 4 }] }, a: 4, conflicts: 0 },
    { name: 'both unlike', draft: { policies: [{ id: 'a', v: 5 }] }, live: { policies: [{ id: 'a', v: 6 }] }, a: 6, conflicts: 1 },
    { name: 'mine removed', draft: { policies: [] }, live: base, a: undefined, conflicts: 0 },
    { name: 'mine removed, theirs changed', draft: { policies: [] }, live: { policies: [{ id: 'a', v: 7 }] }, a: 7, conflicts: 1 },
  ]
  for (const { name, draft, live, a, conflicts } of cases) {
    const merge = mergeDocuments(base, draft, live)
    const policies = (merge.merged.policies ?? []) as { id: string; v: number }[]
    assert.equal(policies.find((policy) => policy.id === 'a')?.v, a, name)
    assert.equal(merge.conflicts.length, conflicts, name)
  }
})

test('a review compares with what nodes answer now, also for a draft that was begun before the live generation', async () => {
  // central-1 scores a little higher; the node keeps central-2, its incumbent.
  control.hub.nodeList = [{ nodeId: 'node-1', generation: 1, digest: '', startedAt: 0 }]
  control.hub.scores = [measured('central-1', '192.0.2.1', 10), measured('central-2', '192.0.2.2', 11)]
  control.hub.incumbents = [[CENTRAL_KEY, 'central-2']]
  const accept = ['PUBLISH_MOVES_MANY']
  const apply = async (text: string) => (await control.call('PUT', '/document', { cookie: bob, body: { text, accept } })).json.generation
  assert.equal(await apply(PAIR_DOCUMENT), 2)
  await putPolicy(ann, { rules: [{ line: '*', pools: ['zhejiang-telecom'] }] })
  assert.equal(await apply(PAIR_DOCUMENT.replace('ttlSeconds: 300', 'ttlSeconds: 200')), 3)
  const review = await get(ann, '/draft/review')
  assert.deepEqual([review.baseGeneration, review.liveGeneration], [2, 3])
  const from = (moves: readonly { from: string }[]) => [...new Set(moves.map((move) => move.from))].sort()
  assert.ok(!from(review.moves).includes('central-1'), JSON.stringify(review.moves))
  assert.ok(from(review.moves).includes('central-2'), JSON.stringify(review.moves))
  await control.call('POST', '/draft/rebase', { cookie: ann })
  assert.deepEqual((await get(ann, '/draft/review')).moves, review.moves)
})
