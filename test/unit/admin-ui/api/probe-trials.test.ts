/** `POST /probes/try`: what an editor sees of a probe that is tried by hand, and what is refused. */
import assert from 'node:assert/strict'
import { createServer as createHttpsServer } from 'node:https'
import { after, before, test } from 'node:test'
import { trialText } from '../../../../cli/health-try.ts'
import { type ControlFixture, startControl } from '../../../support/control-fixture.ts'
import { EDGE_EXAMPLE } from '../../../support/edge-example-certificate.ts'
import { openServer } from '../../../support/probe-targets.ts'

let control: ControlFixture
let cookie: string
const server = createHttpsServer(EDGE_EXAMPLE, (request, response) => {
  response.end(request.url === '/health' ? `fine${'.'.repeat(4000)}` : 'other')
})
const port = await openServer(server)

const documentOf = (given: string): string => `apiVersion: nearcast/v1
probes:
  - {id: web, kind: https, port: ${port}, certificate: ignore, host: edge.example, path: /health}
  - {id: port, kind: tcp, port: ${port}}
  - {id: reports, kind: push}
  - {id: check, kind: script, script: check-edge}
endpoints:
  - {id: edge-1, ipv4: 127.0.0.1, place: cn-3302, probes: [${given}]}
  - {id: bare, ipv4: 127.0.0.1, place: cn-3302}
pools:
  - {id: central, members: [{endpoint: edge-1}, {endpoint: bare}]}
policies:
  - {id: api, ttlSeconds: 30, rules: [{line: "*", pools: [central]}], fallback: [central]}
`

before(async () => {
  control = await startControl()
  cookie = await control.signInAs('publisher')
  const reply = await control.call('PUT', '/document', { cookie, body: { text: documentOf('web, reports, check') } })
  assert.equal(reply.status, 200, reply.text)
})
after(() => control.stop())

const tryNow = (body: object) => control.call('POST', '/probes/try', { cookie, body })

test('each probe of the endpoint is tried, with phases, certificate and the beginning of what was said', async () => {
  const { status, json, text } = await tryNow({ endpoint: 'edge-1' })
  assert.equal(status, 200, text)
  assert.equal(json.of, 'live')
  const [web, reports, check] = json.trials
  assert.deepEqual(
    [web.probe, web.kind, web.address, web.ok, web.status, web.failure],
    ['web', 'https', '127.0.0.1', true, 200, null],
    text,
  )
  assert.equal(web.text, `fine${'.'.repeat(2044)}`)
  assert.equal(web.certificate.names, 'edge.example')
  for (const key of ['connectMs', 'tlsMs', 'firstByteMs', 'latencyMs', 'certificateDays']) assert.equal(typeof web[key], 'number', key)
  assert.equal(reports.ok, null)
  assert.match(reports.detail, /reports come by/)
  assert.equal(check.ok, null)
  assert.match(check.detail, /--script-folder/)
  assert.match(trialText(web), /^web \(https\) 127\.0\.0\.1: ok: status 200\n {2}connect .* total .*\n {2}certificate for edge\.example/)
})

test('any probe of the document may be tried on any endpoint, and one of my draft before it is published', async () => {
  const { json } = await tryNow({ endpoint: 'bare', probe: 'port' })
  assert.deepEqual([json.trials.length, json.trials[0].probe, json.trials[0].ok], [1, 'port', true])
  const draft = documentOf('web').replace('id: port, kind: tcp, port: ', 'id: other, kind: http, path: /x, port: ')
  const saved = await control.call('PUT', '/draft/document', { cookie, body: { text: draft } })
  assert.ok(saved.status < 300, saved.text)
  const tried = await tryNow({ endpoint: 'edge-1', probe: 'other' })
  assert.deepEqual([tried.json.of, tried.json.trials[0].ok], ['draft', false])
  assert.equal((await tryNow({ endpoint: 'edge-1', probe: 'other', of: 'live' })).status, 404)
  await control.call('DELETE', '/draft', { cookie })
})

test('what is not there is told', async () => {
  const cases = [
    { body: { endpoint: 'nobody' }, status: 404, detail: /there is no endpoint "nobody"/ },
    { body: { endpoint: 'edge-1', probe: 'none' }, status: 404, detail: /there is no probe "none"/ },
    { body: { endpoint: 'bare' }, status: 404, detail: /has no probes/ },
    { body: {}, status: 422, detail: /./ },
    { body: { endpoint: 'edge-1', url: 'http://169.254.169.254/' }, status: 422, detail: /./ },
  ]
  for (const { body, status, detail } of cases) {
    const reply = await tryNow(body)
    assert.equal(reply.status, status, reply.text)
    assert.match(reply.json.message, detail)
  }
})

test('what an endpoint says does not steer the terminal', async () => {
  const { json } = await tryNow({ endpoint: 'edge-1', probe: 'port' })
  const text = trialText({ ...json.trials[0], text: 'a\u001b[2Jb\r\nc' })
  assert.match(text, / {2}\| a \[2Jb\n {2}\| c\n$/)
})
