/** One suite over all probe kinds: each gets the same troubles, and always gives a sample in time. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { after, test } from 'node:test'
import type { ProbeSample } from '../../health/model/probe-sample.ts'
import type { ProbeSpec } from '../../health/model/rank-plan.ts'
import { PROBE_KINDS } from '../../health/probe/probe-registry.ts'
import { type ProbeClocks, runProbe } from '../../health/probe/run-probe.ts'
import { EDGE_EXAMPLE } from '../support/edge-example-certificate.ts'
import { probeSpec } from '../support/rank-plans.ts'

const CLOCKS: ProbeClocks = { monotonicMs: () => performance.now(), wallMs: () => Date.now(), lagSinceMs: () => 0 }
const KINDS = Object.keys(PROBE_KINDS) as ProbeSpec['kind'][]

/** Listens on a port of loopback until the file ends; gives the port. */
async function open(server: Server): Promise<number> {
  const sockets = new Set<import('node:net').Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function probe(given: Partial<ProbeSpec>, address = '127.0.0.1', own: { address: string; port: number }[] = []): Promise<ProbeSample> {
  return runProbe({ endpointId: 'edge', address, probe: probeSpec({ timeoutMs: 5000, ...given }) }, 4, own, CLOCKS)
}

/** A server that the kind takes for well. */
function goodServer(kind: ProbeSpec['kind'], listener: RequestListener = (_request, response) => response.end('all is well')): Server {
  if (kind === 'tcp') return createServer((socket) => socket.end())
  return kind === 'https' ? createHttpsServer(EDGE_EXAMPLE, listener) : createHttpServer(listener)
}

for (const kind of KINDS) {
  test(`${kind}: a good target gives a success with its phases`, async () => {
    const port = await open(goodServer(kind))
    const sample = await probe({ kind, port, certificate: 'ignore' })
    assert.equal(sample.ok, true, JSON.stringify(sample))
    assert.deepEqual(
      [sample.generation, sample.endpointId, sample.address, sample.probeId, sample.lagged],
      [4, 'edge', '127.0.0.1', 'edge-http', false],
    )
    assert.ok(sample.connectMs! <= sample.latencyMs && sample.latencyMs < 5000)
    assert.equal(sample.failure, undefined)
    if (kind !== 'tcp') assert.ok(sample.firstByteMs! >= sample.connectMs! && sample.firstByteMs! <= sample.latencyMs)
    if (kind === 'https') assert.ok(sample.tlsMs! > 0)
  })

  test(`${kind}: a closed port is refused at once`, async () => {
    const sample = await probe({ kind, port: await closedPort() })
    assert.deepEqual([sample.ok, sample.failure, sample.unmeasurable], [false, 'refused', undefined])
    assert.ok(sample.latencyMs < 4000)
  })

  test(`${kind}: our own sockets and metadata addresses are never asked`, async () => {
    const server = goodServer(kind)
    const port = await open(server)
    let connections = 0
    server.on('connection', () => connections++)
    const cases = [
      { address: '127.0.0.1', own: [{ address: '127.0.0.1', port }] },
      { address: '127.0.0.1', own: [{ address: '0.0.0.0', port }] },
      { address: '::ffff:127.0.0.1', own: [{ address: '127.0.0.1', port }] },
      { address: '169.254.169.254', own: [] },
      { address: '100.100.100.200', own: [] },
      { address: '::ffff:169.254.169.254', own: [] },
      { address: '64:ff9b::a9fe:a9fe', own: [] },
      { address: 'fe80::1', own: [] },
    ]
    for (const { address, own } of cases) {
      const sample = await probe({ kind, port }, address, own)
      assert.deepEqual([sample.ok, sample.failure], [false, 'internal'], address)
      assert.match(sample.detail!, /metadata|nearcast's own/)
    }
    assert.equal(connections, 0)
    assert.equal((await probe({ kind, port, certificate: 'ignore' }, '127.0.0.1', [{ address: '127.0.0.2', port }])).ok, true)
  })

  test(`${kind}: a name that does not exist is a failure`, async () => {
    const sample = await probe({ kind }, 'no-such-host.invalid')
    assert.equal(sample.ok, false)
    assert.ok(sample.failure === 'unreachable' || sample.unmeasurable, JSON.stringify(sample))
  })

  if (kind === 'tcp') continue

  test(`${kind}: a target that accepts and is silent is a timeout, in time`, async () => {
    const port = await open(createServer(() => undefined))
    const sample = await probe({ kind, port, timeoutMs: 100 })
    assert.deepEqual([sample.ok, sample.failure], [false, 'timeout'])
    assert.ok(sample.latencyMs >= 99 && sample.latencyMs < 4000, `${sample.latencyMs} ms`)
  })

  test(`${kind}: a body that trickles for ever is a timeout as well`, async () => {
    const trickle: RequestListener = (_request, response) => {
      const timer = setInterval(() => response.write('.'), 10)
      response.on('close', () => clearInterval(timer))
    }
    const port = await open(goodServer(kind, trickle))
    const sample = await probe({ kind, port, timeoutMs: 300, certificate: 'ignore' })
    assert.deepEqual([sample.ok, sample.failure], [false, 'timeout'])
    assert.ok(sample.firstByteMs === undefined || sample.firstByteMs < 4000)
  })

  test(`${kind}: a connection that is cut is no success`, async () => {
    const port = await open(createServer((socket) => socket.destroy()))
    const sample = await probe({ kind, port })
    assert.equal(sample.ok, false)
    assert.ok(['reset', 'tls'].includes(sample.failure!), JSON.stringify(sample))
  })

  test(`${kind}: rubbish instead of an answer`, async () => {
    const port = await open(createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n')))
    const sample = await probe({ kind, port })
    assert.equal(sample.ok, false)
    assert.equal(sample.failure, kind === 'http' ? 'protocol' : 'tls', JSON.stringify(sample))
  })

  test(`${kind}: status, body, headers, method and Host are as configured`, async () => {
    const asked: { readonly method: string; readonly url: string; readonly host: string; readonly token: string }[] = []
    const port = await open(
      goodServer(kind, (request, response) => {
        const { method = '', url = '', headers } = request
        asked.push({ method, url, host: headers.host ?? '', token: String(headers['x-token'] ?? '') })
        if (url === '/moved') response.writeHead(302, { location: '/here' })
        else if (url === '/away') response.writeHead(302, { location: 'http://elsewhere.example/' })
        else if (url === '/busy') response.writeHead(503)
        // The match lies across two chunks.
        if (url !== '/here') response.write('all is')
        response.end(' well')
      }),
    )
    const cases = [
      { given: {}, expected: undefined },
      { given: { path: '/busy' }, expected: 'status' },
      { given: { path: '/busy', expectStatus: [200, 503] }, expected: undefined },
      { given: { match: 'all is well' }, expected: undefined },
      { given: { match: 'all is lost' }, expected: 'body' },
      { given: { path: '/moved' }, expected: 'status' },
      { given: { path: '/moved', expectStatus: [302] }, expected: undefined },
      { given: { path: '/moved', redirects: true }, expected: undefined },
      { given: { path: '/away', redirects: true }, expected: 'status' },
      { given: { method: 'HEAD' }, expected: undefined },
    ]
    for (const { given, expected } of cases) {
      const sample = await probe({ kind, port, certificate: 'ignore', ...given })
      assert.equal(sample.failure, expected, `${JSON.stringify(given)}: ${sample.detail}`)
      assert.equal(sample.ok, expected === undefined)
    }
    assert.equal(asked[0]!.host, `127.0.0.1:${port}`)
    await probe({ kind, port, certificate: 'ignore', host: 'edge.example', headers: { 'X-Token': 'abc', Host: 'ignored' } })
    assert.deepEqual(asked.at(-1), { method: 'GET', url: '/health', host: 'edge.example', token: 'abc' })
  })

  test(`${kind}: no more than 1 MB of a body is read`, async () => {
    let sent = 0
    const port = await open(
      goodServer(kind, (_request, response) => {
        const chunk = Buffer.alloc(65_536, 'x')
        const pour = (): void => {
          while (!response.destroyed && sent < 64 << 20) {
            sent += chunk.length
            if (!response.write(chunk)) {
              response.once('drain', pour)
              return
            }
          }
          response.end()
        }
        pour()
      }),
    )
    assert.equal((await probe({ kind, port, certificate: 'ignore' })).ok, true)
    const sample = await probe({ kind, port, certificate: 'ignore', match: 'y' })
    assert.equal(sample.failure, 'body')
    assert.match(sample.detail!, /the first 1048576 bytes/)
    assert.ok(sent < 60 << 20, `${sent} bytes were sent`)
  })
}

test('https: the certificate is verified by default, its name by SNI, its days are told', async () => {
  const names: string[] = []
  const server = createHttpsServer(EDGE_EXAMPLE, (_request, response) => response.end('ok'))
  server.on('secureConnection', (socket) => names.push(String(socket.servername)))
  const port = await open(server)
  const verified = await probe({ kind: 'https', port, host: 'edge.example' })
  assert.deepEqual([verified.ok, verified.failure], [false, 'certificate'], JSON.stringify(verified))
  const ignored = await probe({ kind: 'https', port, certificate: 'ignore', host: 'edge.example:8443' })
  assert.equal(ignored.ok, true)
  assert.equal(ignored.certificateDays, Math.floor((Date.parse(new X509Certificate(EDGE_EXAMPLE.cert).validTo) - Date.now()) / 86_400_000))
  assert.equal((await probe({ kind: 'https', port, certificate: 'ignore', host: 'edge.example', sni: 'other.example' })).ok, true)
  assert.equal((await probe({ kind: 'https', port, certificate: 'ignore' })).ok, true)
  assert.deepEqual(names.slice(-3), ['edge.example', 'other.example', 'false'], 'an address is no server name')
})

test('runProbe marks what our own lag spoilt', async () => {
  const port = await open(goodServer('tcp'))
  const spoilt = await runProbe({ endpointId: 'edge', address: '127.0.0.1', probe: probeSpec({ kind: 'tcp', port }) }, 1, [], {
    ...CLOCKS,
    lagSinceMs: () => 40,
  })
  assert.deepEqual([spoilt.ok, spoilt.lagged], [true, true])
})
