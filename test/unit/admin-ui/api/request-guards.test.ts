/** Host allow-list, CSRF, problem answers, headers, the missing console. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { allowedHosts, checkChange, hostNameOf } from '../../../../admin-ui/api/auth/request-origin.ts'
import { type ControlFixture, startControl } from '../../../support/control-fixture.ts'

let control: ControlFixture
let cookie: string
before(async () => {
  control = await startControl()
  cookie = await control.signInAs('admin')
})
after(() => control.stop())

test('hostNameOf takes the name without port and brackets', () => {
  const cases = [
    ['localhost', 'localhost'],
    ['LOCALHOST:8080', 'localhost'],
    ['127.0.0.1:8080', '127.0.0.1'],
    ['[::1]:8080', '::1'],
    ['[::1]', '::1'],
    ['evil.example:8080:9', ''],
    ['a b', ''],
    ['', ''],
  ] as const
  for (const [host, name] of cases) assert.equal(hostNameOf(host), name, host)
})

test('only allowed hosts are served', async () => {
  const cases = [
    { host: `127.0.0.1:${control.port}`, status: 200 },
    { host: 'localhost', status: 200 },
    { host: '[::1]:1', status: 200 },
    { host: 'dns.example.com', status: 200 },
    { host: 'evil.example.com', status: 421 },
    { host: '127.0.0.1.evil.example.com', status: 421 },
    { host: 'a b', status: 421 },
  ]
  for (const { host, status } of cases) {
    const reply = await control.call('GET', '/session', { cookie, headers: { Host: host } })
    assert.equal(reply.status, status, host)
    if (status === 421) assert.equal(reply.json.code, 'API_HOST_NOT_ALLOWED')
  }
  assert.ok(allowedHosts('192.0.2.5', []).has('192.0.2.5'))
})

test('a change needs JSON and, with a cookie, an Origin of our own', async () => {
  const origin = `http://127.0.0.1:${control.port}`
  const cases = [
    { name: 'as the console sends it', headers: {}, code: undefined },
    { name: 'a form', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, code: 'API_CONTENT_TYPE' },
    { name: 'plain text', headers: { 'Content-Type': 'text/plain' }, code: 'API_CONTENT_TYPE' },
    { name: 'json in a longer word', headers: { 'Content-Type': 'application/jsonx' }, code: 'API_CONTENT_TYPE' },
    { name: 'no type', headers: { 'Content-Type': undefined }, code: 'API_CONTENT_TYPE' },
    { name: 'a foreign origin', headers: { Origin: 'http://evil.example.com' }, code: 'API_ORIGIN' },
    { name: 'another port', headers: { Origin: 'http://127.0.0.1:1' }, code: 'API_ORIGIN' },
    { name: 'null origin', headers: { Origin: 'null' }, code: 'API_ORIGIN' },
    { name: 'no origin with a cookie', headers: { Origin: undefined }, code: 'API_ORIGIN' },
    { name: 'our host inside another', headers: { Origin: `${origin}.evil.example.com` }, code: 'API_ORIGIN' },
  ]
  for (const { name, headers, code } of cases) {
    const reply = await control.call('DELETE', '/draft', { cookie, headers })
    assert.equal(reply.json?.code, code, name)
    assert.equal(reply.status === 204, code === undefined, name)
  }
})

test('a sign-in from a foreign page is refused, one of a script is not', () => {
  const base = { contentType: 'application/json', host: 'a', hasCookie: false, secure: false }
  assert.throws(() => checkChange({ ...base, origin: 'http://b', fetchSite: undefined }), { code: 'API_ORIGIN' })
  assert.throws(() => checkChange({ ...base, origin: undefined, fetchSite: 'cross-site' }), { code: 'API_ORIGIN' })
  checkChange({ ...base, origin: undefined, fetchSite: undefined })
  checkChange({ ...base, origin: 'http://a', fetchSite: 'same-origin' })
  assert.throws(() => checkChange({ ...base, secure: true, origin: 'http://a', fetchSite: undefined }), { code: 'API_ORIGIN' })
})

test('every failure is problem+json with code, request id and no stack', async () => {
  const cases = [
    { method: 'GET', path: '/nothing', status: 404, code: 'API_NOT_FOUND' },
    { method: 'POST', path: '/status', status: 405, code: 'API_METHOD' },
    { method: 'GET', path: '/policies/nobody', status: 404, code: 'POLICY_UNKNOWN' },
    { method: 'GET', path: '/generations/abc', status: 404, code: 'GENERATION_UNKNOWN' },
    { method: 'GET', path: '/health/history?minutes=0', status: 400, code: 'API_PARAMETER' },
    { method: 'GET', path: '/health/history?minutes=1e3', status: 400, code: 'API_PARAMETER' },
    { method: 'GET', path: '/events?limit=501', status: 400, code: 'API_PARAMETER' },
    { method: 'GET', path: '/policies?of=dead', status: 400, code: 'API_PARAMETER' },
    { method: 'GET', path: '/document?format=xml', status: 400, code: 'API_PARAMETER', seeded: true },
    { method: 'GET', path: '/explain?name=a', status: 400, code: 'API_PARAMETER' },
    { method: 'GET', path: '/explain?name=a&client=192.0.2.1', status: 503, code: 'FLEET_NODE_AWAY' },
    { method: 'GET', path: '/lines/chain?address=zz', status: 400, code: 'API_PARAMETER' },
    { method: 'GET', path: '/policies/%E0%A4%A', status: 400, code: 'API_PARAMETER' },
    { method: 'POST', path: '/users', raw: '{"name":', status: 400, code: 'API_BODY_NOT_JSON' },
    { method: 'POST', path: '/users', raw: '"text"', status: 400, code: 'API_BODY_NOT_JSON' },
    { method: 'POST', path: '/users', raw: JSON.stringify({ name: 'x'.repeat(2 << 20) }), status: 413, code: 'API_BODY_TOO_LARGE' },
    { method: 'PUT', path: '/policies/a', body: { id: 'b', rules: [], fallback: [] }, status: 400, code: 'API_PARAMETER' },
    { method: 'POST', path: '/publish', body: { comment: 'x' }, status: 409, code: 'DRAFT_EMPTY' },
  ]
  for (const { method, path, status, code, body, raw, seeded } of cases) {
    if (seeded === true) continue
    const reply = await control.call(method, path, { cookie, ...(raw === undefined ? { body } : { raw }) })
    assert.deepEqual([reply.status, reply.json?.code], [status, code], `${method} ${path}`)
    assert.match(String(reply.headers['content-type']), /^application\/problem\+json/)
    assert.equal(reply.json.status, status)
    assert.equal(reply.json.type, `urn:nearcast:problem:${code}`)
    assert.equal(reply.json.requestId, reply.headers['x-request-id'])
    assert.doesNotMatch(reply.text, /\.ts:|node_modules/)
  }
})

test('a body with mistakes names all of them at once', async () => {
  const { json } = await control.call('POST', '/users', { cookie, body: { name: 'UPPER', role: 'king', more: 1 } })
  assert.equal(json.code, 'API_BODY_INVALID')
  assert.deepEqual(json.issues.map((issue: { path: string }) => issue.path).sort(), ['', 'name', 'role'])
})

test('a failure inside says nothing of its inside', async () => {
  control.hub.nodeList = [{ nodeId: 'node-1', generation: 1, digest: 'd', startedAt: 0 }]
  control.hub.explain = () => {
    throw Object.assign(new Error('secret detail'), { code: 'ENOENT' })
  }
  const { parts } = control
  const live = parts.publisher.live
  parts.publisher.live = () => {
    throw new Error('secret detail')
  }
  try {
    const reply = await control.call('GET', '/lines', { cookie })
    assert.deepEqual([reply.status, reply.json.code], [500, 'API_INTERNAL'])
    assert.doesNotMatch(reply.text, /secret/)
  } finally {
    parts.publisher.live = live
    control.hub.nodeList = []
  }
})

test('strangers cannot send large bodies', async () => {
  const reply = await control.call('PUT', '/document', { raw: `{"text":"${'x'.repeat(100_000)}` })
  assert.deepEqual([reply.status, reply.json.code], [401, 'AUTH_NEEDED'])
})

test('answers carry strict headers, those of the API are not cached', async () => {
  const reply = await control.call('GET', '/status', { cookie })
  const policy = String(reply.headers['content-security-policy'])
  assert.match(policy, /default-src 'self'/)
  assert.match(policy, /frame-ancestors 'none'/)
  assert.doesNotMatch(policy, /unsafe-eval|https?:|script-src/)
  assert.equal(reply.headers['x-content-type-options'], 'nosniff')
  assert.equal(reply.headers['cache-control'], 'no-store')
  assert.equal(reply.headers['x-powered-by'], undefined)
})

test('without a built console a page says how to build it; with one its router and assets are served', async () => {
  const missing = await control.call('GET', '//policies/edge-api')
  assert.equal(missing.status, 503)
  assert.match(missing.text, /npm run build/)
  const folder = join(control.folder, 'console')
  mkdirSync(join(folder, 'assets'), { recursive: true })
  writeFileSync(join(folder, 'index.html'), '<title>console</title>')
  writeFileSync(join(folder, 'assets', 'app-1a2b.js'), 'x')
  const page = await control.call('GET', '//policies/edge-api')
  assert.deepEqual([page.status, page.text, page.headers['cache-control']], [200, '<title>console</title>', 'no-cache'])
  const asset = await control.call('GET', '//assets/app-1a2b.js')
  assert.match(String(asset.headers['cache-control']), /immutable/)
  assert.equal((await control.call('GET', '//assets/gone.js')).status, 404)
  assert.equal((await control.call('GET', '//..%2f..%2fetc%2fpasswd')).text.includes('root:'), false)
})

test('the unix socket needs no token and no origin', async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    const call = request({ socketPath: join(control.folder, 'control.sock'), path: '/api/v1/session' }, (response) => {
      response.setEncoding('utf8')
      let text = ''
      response.on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve(text))
    })
    call.on('error', reject)
    call.end()
  })
  assert.deepEqual(JSON.parse(answer), { user: 'machine', role: 'admin', via: 'socket', mustChangePassword: false, expiresAt: null })
})

test('the OpenAPI document has every route with its schemas', async () => {
  const { json } = await control.call('GET', '/openapi.json')
  assert.equal(json.openapi, '3.1.0')
  assert.ok(json.paths['/api/v1/policies/{id}'].put.requestBody)
  assert.equal(json.paths['/api/v1/policies/{id}'].get.parameters.length, 2)
  assert.ok(json.components.schemas.PolicyObject)
  assert.ok(json.components.schemas.Problem)
})
