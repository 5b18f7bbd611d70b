/** One suite over all probe kinds: each gets the same troubles, and always gives a sample in time. Then what is each kind's own. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import type { ProbeSample } from '../../health/model/probe-sample.ts'
import type { ProbeSpec } from '../../health/model/rank-plan.ts'
import type { ProbeDetails } from '../../health/probe/probe-kind.ts'
import { PASSIVE_KINDS, PROBE_KINDS } from '../../health/probe/probe-registry.ts'
import { type ProbeWorld, runProbe } from '../../health/probe/run-probe.ts'
import { EDGE_EXAMPLE } from '../support/edge-example-certificate.ts'
import {
  closedPort,
  dnsAnswer,
  GRPC_SERVING,
  goodTarget,
  grpcServer,
  httpServer,
  lineCount,
  openDns,
  openServer,
  programFolder,
  writeProgram,
} from '../support/probe-targets.ts'
import { probeSpec } from '../support/rank-plans.ts'

const WORLD: ProbeWorld = { monotonicMs: () => performance.now(), wallMs: () => Date.now(), lagSinceMs: () => 0, own: [] }
const KINDS = Object.keys(PROBE_KINDS) as ProbeSpec['kind'][]
const PROGRAMS: ReadonlySet<string> = new Set(['icmp', 'script'])

async function probe(given: Partial<ProbeSpec>, address = '127.0.0.1', world: Partial<ProbeWorld> = {}): Promise<ProbeSample> {
  const target = { endpointId: 'edge', address, probe: probeSpec({ timeoutMs: 5000, ...given }) }
  const sample = await runProbe(target, 4, { ...WORLD, ...world })
  assert.ok(sample !== undefined, 'there is a sample')
  return sample
}

for (const kind of KINDS.filter((each) => !PASSIVE_KINDS.has(each))) {
  const hasPort = !PROGRAMS.has(kind)

  test(`${kind}: a good target gives a success with its phases`, async () => {
    const { spec, world } = await goodTarget(kind)
    const sample = await probe(spec, '127.0.0.1', world)
    assert.equal(sample.ok, true, JSON.stringify(sample))
    assert.deepEqual(
      [sample.generation, sample.endpointId, sample.address, sample.probeId, sample.lagged],
      [4, 'edge', '127.0.0.1', 'edge-http', false],
    )
    assert.ok(sample.latencyMs >= 0 && sample.latencyMs < 5000)
    assert.equal(sample.failure, undefined)
    if (hasPort && kind !== 'dns') assert.ok(sample.connectMs! <= sample.latencyMs)
    if (['http', 'https', 'grpc'].includes(kind)) {
      assert.ok(sample.firstByteMs! >= sample.connectMs! && sample.firstByteMs! <= sample.latencyMs)
    }
    if (kind === 'https' || kind === 'tls') assert.ok(sample.tlsMs! > 0)
  })

  test(`${kind}: our own sockets and metadata addresses are never asked`, async () => {
    const { spec, world, asked } = await goodTarget(kind)
    const port = spec.port!
    const addresses = ['169.254.169.254', '100.100.100.200', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe', 'fe80::1']
    const cases = [
      ...(hasPort
        ? [
            { address: '127.0.0.1', own: [{ address: '127.0.0.1', port }] },
            { address: '127.0.0.1', own: [{ address: '0.0.0.0', port }] },
            { address: '::ffff:127.0.0.1', own: [{ address: '127.0.0.1', port }] },
          ]
        : []),
      ...addresses.map((address) => ({ address, own: [] })),
    ]
    for (const { address, own } of cases) {
      const sample = await probe(spec, address, { ...world, own })
      assert.deepEqual([sample.ok, sample.failure], [false, 'internal'], address)
      assert.match(sample.detail!, /metadata|nearcast's own/)
    }
    assert.equal(asked(), 0)
    assert.equal((await probe(spec, '127.0.0.1', { ...world, own: [{ address: '127.0.0.2', port }] })).ok, true)
    assert.ok(asked() > 0)
  })

  test(`${kind}: a name that does not exist is a failure`, async () => {
    const { spec, world } = await goodTarget(kind)
    const sample = await probe(spec, 'no-such-host.invalid', world)
    assert.equal(sample.ok, false)
    assert.ok(sample.failure === 'unreachable' || sample.unmeasurable, JSON.stringify(sample))
  })

  test(`${kind}: one that nobody waits for any more ends at once`, async () => {
    const { spec, world } = await goodTarget(kind)
    const controller = new AbortController()
    controller.abort()
    const target = { endpointId: 'edge', address: '127.0.0.1', probe: probeSpec({ ...spec, timeoutMs: 60_000 }) }
    const sample = await runProbe(target, 1, { ...WORLD, ...world }, { signal: controller.signal })
    assert.ok(sample!.latencyMs < 30_000)
  })

  if (hasPort) {
    test(`${kind}: a closed port is refused at once, and explained`, async () => {
      const { spec } = await goodTarget(kind)
      const sample = await probe({ ...spec, port: await closedPort() })
      assert.deepEqual([sample.ok, sample.failure, sample.unmeasurable], [false, 'refused', undefined], JSON.stringify(sample))
      assert.match(sample.detail!, /nothing listens there/)
      assert.ok(sample.latencyMs < 4000)
    })
  }

  if (kind === 'tcp') continue

  test(`${kind}: a target that is silent is a timeout, in time, and says what was waited for`, async () => {
    const { spec, world } = await goodTarget(kind)
    const folder = programFolder()
    const silent: Partial<ProbeSpec> & { world?: Partial<ProbeWorld> } =
      kind === 'dns'
        ? { port: (await openDns(() => undefined)).port }
        : kind === 'icmp'
          ? { world: { ping: writeProgram(folder, 'ping', 'sleep 600') } }
          : kind === 'script'
            ? { script: 'hangs', world: { scriptFolder: folder } }
            : { port: await openServer(createServer(() => undefined)) }
    if (kind === 'script') writeProgram(folder, 'hangs', 'sleep 600 & sleep 600')
    const { world: silentWorld, ...silentSpec } = silent
    const sample = await probe({ ...spec, ...silentSpec, timeoutMs: 100 }, '127.0.0.1', { ...world, ...silentWorld })
    assert.deepEqual([sample.ok, sample.failure], [false, 'timeout'], JSON.stringify(sample))
    assert.match(sample.detail!, /waited for the /)
    assert.ok(sample.latencyMs >= 99 && sample.latencyMs < 4000, `${sample.latencyMs} ms`)
  })

  if (!hasPort || kind === 'dns') continue

  test(`${kind}: a connection that is cut is no success`, async () => {
    const { spec } = await goodTarget(kind)
    const sample = await probe({ ...spec, port: await openServer(createServer((socket) => socket.destroy())) })
    assert.equal(sample.ok, false)
    assert.ok(['reset', 'tls'].includes(sample.failure!), JSON.stringify(sample))
  })

  test(`${kind}: rubbish instead of an answer`, async () => {
    const { spec } = await goodTarget(kind)
    const sample = await probe({ ...spec, port: await openServer(createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'))) })
    assert.equal(sample.ok, false)
    assert.equal(sample.failure, kind === 'http' || kind === 'grpc' ? 'protocol' : 'tls', JSON.stringify(sample))
  })
}

const HTTP_VARIANTS = [
  { kind: 'http', httpVersion: '1.1' },
  { kind: 'https', httpVersion: '1.1' },
  { kind: 'http', httpVersion: '2' },
  { kind: 'https', httpVersion: '2' },
] as const

for (const variant of HTTP_VARIANTS) {
  const name = `${variant.kind} over HTTP/${variant.httpVersion}`
  const ignore = { ...variant, certificate: 'ignore' } as const

  test(`${name}: a body that trickles for ever is a timeout`, async () => {
    const trickle: RequestListener = (_request, response) => {
      const timer = setInterval(() => response.write('.'), 10)
      response.on('close', () => clearInterval(timer))
    }
    const sample = await probe({ ...ignore, port: await openServer(httpServer(variant, trickle)), timeoutMs: 300 })
    assert.deepEqual([sample.ok, sample.failure], [false, 'timeout'])
    assert.ok(sample.firstByteMs === undefined || sample.firstByteMs < 4000)
  })

  test(`${name}: status, body, headers, method and Host are as configured`, async () => {
    const asked: { readonly method: string; readonly url: string; readonly host: string; readonly token: string }[] = []
    const port = await openServer(
      httpServer(variant, (request, response) => {
        const { method = '', url = '', headers } = request
        asked.push({ method, url, host: String(headers[':authority'] ?? headers.host ?? ''), token: String(headers['x-token'] ?? '') })
        const moves: Readonly<Record<string, string>> = {
          '/moved': '/here',
          '/away': 'http://elsewhere.example/',
          '/other-port': `${variant.kind}://127.0.0.1:${port === 1 ? 2 : 1}/here`,
          '/other-scheme': `${variant.kind === 'http' ? 'https' : 'http'}://127.0.0.1:${port}/here`,
          '/absolute': `${variant.kind}://127.0.0.1:${port}/here`,
          '/circle': '/circle',
        }
        if (moves[url] !== undefined) response.writeHead(302, { location: moves[url] })
        else if (url === '/busy') response.writeHead(503)
        // The match lies across two chunks.
        if (url !== '/here' && method !== 'HEAD') response.write('all is')
        response.end(method === 'HEAD' ? undefined : ' well')
      }),
    )
    const cases: readonly { readonly given: Partial<ProbeSpec>; readonly expected: string | undefined }[] = [
      { given: {}, expected: undefined },
      { given: { path: '/busy' }, expected: 'status' },
      { given: { path: '/busy', expectStatus: [200, 503] }, expected: undefined },
      { given: { match: 'all is well' }, expected: undefined },
      { given: { match: 'all is lost' }, expected: 'body' },
      { given: { matchPattern: '^all\\s+is (well|fine)$' }, expected: undefined },
      { given: { matchPattern: '(?i)ALL IS (lost|bad)' }, expected: 'body' },
      { given: { match: 'well', matchPattern: 'all' }, expected: undefined },
      { given: { match: 'well', matchPattern: 'none' }, expected: 'body' },
      { given: { path: '/moved' }, expected: 'status' },
      { given: { path: '/moved', expectStatus: [302] }, expected: undefined },
      { given: { path: '/moved', redirects: true }, expected: undefined },
      { given: { path: '/absolute', redirects: true }, expected: undefined },
      { given: { path: '/away', redirects: true }, expected: 'status' },
      { given: { path: '/other-port', redirects: true }, expected: 'status' },
      { given: { path: '/other-scheme', redirects: true }, expected: 'status' },
      { given: { path: '/circle', redirects: true }, expected: 'status' },
      { given: { method: 'HEAD' }, expected: undefined },
    ]
    for (const { given, expected } of cases) {
      const sample = await probe({ ...ignore, port, ...given })
      assert.equal(sample.failure, expected, `${JSON.stringify(given)}: ${sample.detail}`)
      assert.equal(sample.ok, expected === undefined)
    }
    assert.equal(asked[0]!.host, `127.0.0.1:${port}`)
    await probe({ ...ignore, port, host: 'edge.example', headers: { 'X-Token': 'abc', Host: 'ignored', Connection: 'close' } })
    assert.deepEqual(asked.at(-1), { method: 'GET', url: '/health', host: 'edge.example', token: 'abc' })
  })

  test(`${name}: no more than 1 MB of a body is read, and 64 KiB for a pattern`, async () => {
    let sent = 0
    const port = await openServer(
      httpServer(variant, (_request, response) => {
        const chunk = Buffer.alloc(65_536, 'x')
        response.on('error', () => undefined)
        const pour = (): void => {
          while (!response.destroyed && !response.writableEnded && sent < 64 << 20) {
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
    assert.equal((await probe({ ...ignore, port })).ok, true)
    const sample = await probe({ ...ignore, port, match: 'y' })
    assert.equal(sample.failure, 'body')
    assert.match(sample.detail!, /the first 1048576 bytes/)
    assert.match((await probe({ ...ignore, port, matchPattern: 'x+y' })).detail!, /the first 65536 bytes/)
    assert.ok(sent < 60 << 20, `${sent} bytes were sent`)
  })

  test(`${name}: headers that trickle for ever end at the limit, too many of them at once`, async () => {
    if (variant.kind === 'http' && variant.httpVersion === '1.1') {
      const loris = createServer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n')
        const timer = setInterval(() => socket.write('X-A: b\r\n'), 10)
        socket.on('close', () => clearInterval(timer))
      })
      const sample = await probe({ ...ignore, port: await openServer(loris), timeoutMs: 200 })
      assert.equal(sample.failure, 'timeout', JSON.stringify(sample))
    }
    const flood = httpServer(variant, (_request, response) => {
      for (let i = 0; i < 120; i++) response.setHeader(`x-${i}`, 'y'.repeat(4000))
      response.on('error', () => undefined)
      response.end()
    })
    const sample = await probe({ ...ignore, port: await openServer(flood) })
    assert.equal(sample.ok, false, JSON.stringify(sample))
    assert.notEqual(sample.failure, 'timeout')
  })
}

test('https over HTTP/2: a server that does not offer it, and one that speaks HTTP/1.1 in clear text, are told', async () => {
  const only1 = createHttpsServer({ ...EDGE_EXAMPLE, ALPNProtocols: ['http/1.1'] }, (_request, response) => response.end())
  const tls = await probe({ kind: 'https', httpVersion: '2', certificate: 'ignore', port: await openServer(only1) })
  assert.equal(tls.ok, false)
  assert.ok(['protocol', 'tls'].includes(tls.failure!), JSON.stringify(tls))
  const silentAlpn = createTlsServer({ ...EDGE_EXAMPLE })
  const without = await probe({ kind: 'https', httpVersion: '2', certificate: 'ignore', port: await openServer(silentAlpn) })
  assert.equal(without.failure, 'protocol')
  assert.match(without.detail!, /does not offer HTTP\/2/)
  const plain = httpServer({ kind: 'http' }, (_request, response) => response.end())
  const clear = await probe({ kind: 'http', httpVersion: '2', port: await openServer(plain) })
  assert.equal(clear.failure, 'protocol', JSON.stringify(clear))
  assert.match(clear.detail!, /does the server speak it/)
})

for (const kind of ['https', 'tls'] as const) {
  test(`${kind}: the certificate is verified by default, its name by SNI, its days are told`, async () => {
    const names: string[] = []
    const server = createHttpsServer(EDGE_EXAMPLE, (_request, response) => response.end('ok'))
    server.on('secureConnection', (socket) => names.push(String(socket.servername)))
    const port = await openServer(server)
    const days = Math.floor((Date.parse(new X509Certificate(EDGE_EXAMPLE.cert).validTo) - Date.now()) / 86_400_000)
    const verified = await probe({ kind, port, host: 'edge.example' })
    assert.deepEqual([verified.ok, verified.failure, verified.certificateDays], [false, 'certificate', days], JSON.stringify(verified))
    assert.match(verified.detail!, /signed by itself \(DEPTH_ZERO_SELF_SIGNED_CERT\)/)
    const ignored = await probe({ kind, port, certificate: 'ignore', host: 'edge.example:8443' })
    assert.deepEqual([ignored.ok, ignored.certificateDays], [true, days])
    assert.equal((await probe({ kind, port, certificate: 'ignore', host: 'edge.example', sni: 'other.example' })).ok, true)
    assert.equal((await probe({ kind, port, certificate: 'ignore' })).ok, true)
    // The server's side of a handshake may end after the client's.
    while (names.at(-1) !== 'false') await once(server, 'secureConnection')
    assert.deepEqual(names.slice(-3), ['edge.example', 'other.example', 'false'], 'an address is no server name')
  })

  test(`${kind}: a chain of certificates of 1 MB is refused`, async () => {
    const copies = Math.ceil(1_048_576 / EDGE_EXAMPLE.cert.length) * 2
    const server = createTlsServer({ key: EDGE_EXAMPLE.key, cert: EDGE_EXAMPLE.cert.repeat(copies) })
    server.on('tlsClientError', () => undefined)
    const sample = await probe({ kind, port: await openServer(server), certificate: 'ignore' })
    assert.deepEqual([sample.ok, sample.failure], [false, 'tls'], JSON.stringify(sample))
    assert.match(sample.detail!, /longer than 100 KB/)
  })
}

test('dns: response code, records and the change to TCP', async () => {
  const { port, asked } = await openDns((query, isTcp) => {
    const { name } = query.questions![0]!
    if (name === 'gone.example') return dnsAnswer(query, { rcode: 3 })
    if (name === 'none.example') return dnsAnswer(query)
    if (name === 'long.example' && !isTcp) return dnsAnswer(query, { flags: 512 })
    if (name === 'cut.example') return dnsAnswer(query, { flags: 512 })
    const ttl = 5
    return dnsAnswer(query, {
      answers: [
        { type: 'CNAME', name, ttl, data: 'Edge.Example' },
        { type: 'A', name: 'edge.example', ttl, data: '192.0.2.1' },
        { type: 'A', name: 'edge.example', ttl, data: '192.0.2.2' },
        { type: 'AAAA', name, ttl, data: '2001:db8::5' },
        { type: 'MX', name, ttl, data: { preference: 10, exchange: 'Mail.example' } },
        { type: 'TXT', name, ttl, data: ['one ', 'two'] },
        { type: 'SRV', name, ttl, data: { priority: 1, weight: 2, port: 443, target: 'edge.example' } },
        {
          type: 'SOA',
          name,
          ttl,
          data: { mname: 'ns1.example', rname: 'host.example', serial: 7, refresh: 1, retry: 2, expire: 3, minimum: 4 },
        },
      ],
    })
  })
  const cases: readonly { readonly given: Partial<ProbeSpec>; readonly expected: string | undefined; readonly detail?: RegExp }[] = [
    { given: {}, expected: undefined },
    { given: { expectAnswer: ['192.0.2.1', '192.0.2.2'] }, expected: undefined },
    { given: { expectAnswer: ['192.0.2.3'] }, expected: 'answer', detail: /gives 192.0.2.1; 192.0.2.2, without 192.0.2.3/ },
    { given: { queryType: 'AAAA', expectAnswer: ['2001:db8::5'] }, expected: undefined },
    { given: { queryType: 'CNAME', expectAnswer: ['edge.example.'] }, expected: undefined },
    { given: { queryType: 'MX', expectAnswer: ['10 mail.example.'] }, expected: undefined },
    { given: { queryType: 'TXT', expectAnswer: ['one two'] }, expected: undefined },
    { given: { queryType: 'SRV', expectAnswer: ['1 2 443 edge.example.'] }, expected: undefined },
    { given: { queryType: 'SOA', expectAnswer: ['ns1.example. host.example. 7 1 2 3 4'] }, expected: undefined },
    { given: { queryName: 'gone.example.' }, expected: 'answer', detail: /gives NXDOMAIN, expected NOERROR/ },
    { given: { queryName: 'gone.example.', expectRcode: 'NXDOMAIN' }, expected: undefined },
    { given: { queryName: 'none.example.', expectAnswer: ['192.0.2.1'] }, expected: 'answer', detail: /no such record/ },
    { given: { queryName: 'long.example.', expectAnswer: ['192.0.2.1'] }, expected: undefined },
    { given: { queryName: 'cut.example.' }, expected: 'protocol' },
  ]
  for (const { given, expected, detail } of cases) {
    const sample = await probe({ kind: 'dns', port, queryName: 'www.example.', ...given })
    assert.equal(sample.failure, expected, `${JSON.stringify(given)}: ${JSON.stringify(sample)}`)
    if (detail !== undefined) assert.match(sample.detail!, detail)
  }
  assert.ok(asked() >= cases.length + 2)
})

test('dns: an answer that cannot be read is no success; one to another question is waited past', async () => {
  const broken = await openDns((query) => {
    const header = Buffer.alloc(12)
    header.writeUInt16BE(query.id!, 0)
    header.writeUInt16BE(0x8180, 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(1, 6)
    const question = Buffer.from([4, ...Buffer.from('edge'), 0, 0, 1, 0, 1])
    // A name that points at itself.
    return Buffer.concat([header, question, Buffer.from([0xc0, 23, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 1, 2, 3, 4])])
  })
  const sample = await probe({ kind: 'dns', port: broken.port, queryName: 'edge.' })
  assert.deepEqual([sample.ok, sample.failure], [false, 'protocol'], JSON.stringify(sample))
  const forged = await openDns((query) => dnsAnswer({ ...query, id: (query.id! + 1) & 0xffff }))
  const late = await probe({ kind: 'dns', port: forged.port, queryName: 'edge.', timeoutMs: 100 })
  assert.equal(late.failure, 'timeout')
})

test('grpc: what is asked, and every answer that is none', async () => {
  const asked: { readonly path: string; readonly body: Buffer }[] = []
  const good = await openServer(grpcServer({ onAsked: (path, body) => asked.push({ path, body }) }))
  assert.equal((await probe({ kind: 'grpc', port: good, service: 'edge.Api' })).ok, true)
  assert.deepEqual(asked[0], {
    path: '/grpc.health.v1.Health/Check',
    body: Buffer.from([0, 0, 0, 0, 10, 0x0a, 8, ...Buffer.from('edge.Api')]),
  })
  const frame = (...message: number[]): Buffer => Buffer.from([0, 0, 0, 0, message.length, ...message])
  const cases = [
    { behaviour: { body: frame(0x08, 2) }, expected: 'status', detail: /service "edge.Api" is NOT_SERVING/ },
    { behaviour: { body: frame() }, expected: 'status', detail: /UNKNOWN/ },
    { behaviour: { body: frame(0x08, 1, 0x12, 1, 65) }, expected: undefined, detail: /SERVING/ },
    { behaviour: { body: Buffer.alloc(0), trailers: { 'grpc-status': '5' } }, expected: 'status', detail: /does not know this service/ },
    { behaviour: { body: Buffer.alloc(0), trailers: { 'grpc-status': '12' } }, expected: 'status', detail: /has no health service/ },
    { behaviour: { trailers: { other: 'x' } }, expected: 'protocol', detail: /no grpc-status/ },
    { behaviour: { body: Buffer.from('rubbish') }, expected: 'protocol', detail: /no HealthCheckResponse/ },
    { behaviour: { body: frame(0x08, 0xff) }, expected: 'protocol', detail: /no HealthCheckResponse/ },
    { behaviour: { body: Buffer.alloc(100_000) }, expected: 'protocol', detail: /longer than/ },
    { behaviour: { status: 404 }, expected: 'status', detail: /HTTP status 404/ },
  ]
  for (const { behaviour, expected, detail } of cases) {
    const sample = await probe({ kind: 'grpc', port: await openServer(grpcServer(behaviour)), service: 'edge.Api' })
    assert.equal(sample.failure, expected, JSON.stringify(sample))
    assert.match(sample.detail!, detail)
  }
  const secure = await openServer(grpcServer({ body: GRPC_SERVING }, true))
  const overTls = await probe({ kind: 'grpc', port: secure, tls: true, certificate: 'ignore' })
  assert.equal(overTls.ok, true, JSON.stringify(overTls))
  assert.ok(overTls.tlsMs! > 0 && overTls.certificateDays! > 0)
  assert.equal((await probe({ kind: 'grpc', port: secure, tls: true, host: 'edge.example' })).failure, 'certificate')
})

test('icmp: what ping says becomes a result, or says that this machine cannot measure', async () => {
  const folder = programFolder()
  const cases = [
    { text: 'echo "64 bytes from 192.0.2.1: icmp_seq=1 ttl=57 time=12.3 ms"', expected: [true, undefined, undefined], latencyMs: 12.3 },
    { text: 'echo "64 bytes from 192.0.2.1: seq=0 ttl=57 time=0.5 ms"', expected: [true, undefined, undefined], latencyMs: 0.5 },
    { text: 'echo "1 packets transmitted, 0 received, 100% packet loss"; exit 1', expected: [false, 'timeout', undefined] },
    {
      text: 'echo "From 192.0.2.254 icmp_seq=1 Destination Host Unreachable"; exit 1',
      expected: [false, 'refused', undefined],
    },
    { text: 'echo "ping: socket: Operation not permitted" >&2; exit 2', expected: [false, 'internal', true] },
    { text: 'echo "ping: permission denied (are you root?)" >&2; exit 1', expected: [false, 'internal', true] },
    { text: 'echo "ping: invalid option -- W" >&2; exit 2', expected: [false, 'internal', true] },
    { text: 'exit 0', expected: [false, 'internal', true] },
  ] as const
  for (const [number, { text, expected, ...more }] of cases.entries()) {
    const sample = await probe({ kind: 'icmp' }, '127.0.0.1', { ping: writeProgram(folder, `ping-${number}`, text) })
    assert.deepEqual([sample.ok, sample.failure, sample.unmeasurable], expected, `${text}: ${JSON.stringify(sample)}`)
    if ('latencyMs' in more) assert.equal(sample.latencyMs, more.latencyMs)
  }
  const none = await probe({ kind: 'icmp' }, '127.0.0.1', { ping: join(folder, 'no-such-ping') })
  assert.equal(none.unmeasurable, true)
  assert.match(none.detail!, /ping is not installed/)
})

test('icmp: the address is one argument', async () => {
  const folder = programFolder()
  const log = join(folder, 'words')
  const ping = writeProgram(folder, 'ping', `for word in "$@"; do printf "%s\\n" "$word" >> ${log}; done; echo time=1 ms`)
  for (const address of ['127.0.0.1', '::1']) await probe({ kind: 'icmp', timeoutMs: 1500 }, address, { ping })
  assert.equal(lineCount(log), 18)
})

test('icmp: the real ping of this machine reaches loopback', async (t) => {
  const sample = await probe({ kind: 'icmp' })
  if (sample.unmeasurable) {
    t.skip(sample.detail)
    return
  }
  assert.equal(sample.ok, true, JSON.stringify(sample))
})

test('script: exit codes, output, environment and what keeps it from running', async () => {
  const folder = programFolder()
  const world = { scriptFolder: folder }
  process.env.NEARCAST_SECRET_OF_TEST = 'secret'
  writeProgram(folder, 'fine', 'echo "queue 3"')
  writeProgram(folder, 'bad', 'echo "queue full" >&2; exit 3')
  writeProgram(folder, 'environment', 'env | sort; [ -z "$NEARCAST_SECRET_OF_TEST" ]')
  writeProgram(folder, 'flood', 'yes | head -c 10000000')
  writeProgram(folder, 'dies', 'kill -9 $$')
  writeFileSync(join(folder, 'plain'), 'no program')
  symlinkSync('/bin/sh', join(folder, 'leads-out'))
  const cases = [
    { script: 'fine', expected: [true, undefined, undefined], detail: /^queue 3$/ },
    { script: 'bad', expected: [false, 'exit', undefined], detail: /script bad ended with exit code 3: queue full/ },
    {
      script: 'environment',
      expected: [true, undefined, undefined],
      detail: /NEARCAST_ADDRESS=127.0.0.1 NEARCAST_ENDPOINT=edge NEARCAST_HOST= NEARCAST_PORT=0 NEARCAST_PROBE=edge-http/,
    },
    { script: 'flood', expected: [true, undefined, undefined], detail: /^(y )+y?$/ },
    { script: 'dies', expected: [false, 'exit', undefined], detail: /was ended by SIGKILL/ },
    { script: 'plain', expected: [false, 'internal', true], detail: /not executable/ },
    { script: 'none', expected: [false, 'internal', true], detail: /there is no script none/ },
    { script: '../fine', expected: [false, 'internal', true], detail: /no base name/ },
    { script: 'leads-out', expected: [false, 'internal', true], detail: /leads out of the script folder/ },
  ] as const
  for (const { script, expected, detail } of cases) {
    // Who runs as root may execute what nobody may: there the plain file fails at its start.
    const sample = await probe({ kind: 'script', port: 0, script }, '127.0.0.1', world)
    assert.deepEqual([sample.ok, sample.failure, sample.unmeasurable], expected, `${script}: ${JSON.stringify(sample)}`)
    assert.match(sample.detail!, detail)
  }
  const off = await probe({ kind: 'script', port: 0, script: 'fine' })
  assert.deepEqual([off.ok, off.unmeasurable], [false, true])
  assert.match(off.detail!, /--script-folder/)
})

test('script: at the limit the whole process group is killed', async () => {
  const folder = programFolder()
  const pidFile = join(folder, 'pid')
  writeProgram(folder, 'hangs', `sleep 600 &\necho $! > ${pidFile}.new; mv ${pidFile}.new ${pidFile}\nwait`)
  const target = {
    endpointId: 'edge',
    address: '127.0.0.1',
    probe: probeSpec({ kind: 'script', port: 0, script: 'hangs', timeoutMs: 60_000 }),
  }
  // The signal of the limit, without its time: it fires when the script has a child.
  const controller = new AbortController()
  const running = runProbe(target, 1, { ...WORLD, scriptFolder: folder }, { signal: controller.signal })
  while (!existsSync(pidFile)) await pause(10)
  controller.abort()
  assert.equal((await running)!.failure, 'timeout')
  // Killed means: gone, or a zombie until its parent looks.
  const stat = `/proc/${readFileSync(pidFile, 'utf8').trim()}/stat`
  while (existsSync(stat) && !/\) [ZX]/.test(readFileSync(stat, 'utf8'))) await pause(10)
})

test('push: no sample while the newest report counts, a failure when it has expired', async () => {
  const target = { endpointId: 'edge', address: '127.0.0.1', probe: probeSpec({ kind: 'push', port: 0, expireSeconds: 30 }) }
  assert.equal(await runProbe(target, 1, { ...WORLD, reportAgeMs: () => 30_000 }), undefined)
  const sample = await runProbe(target, 1, {
    ...WORLD,
    reportAgeMs: (endpoint, id) => (endpoint === 'edge' && id === 'edge-http' ? 31_000 : 0),
  })
  assert.deepEqual([sample!.ok, sample!.failure, sample!.detail], [false, 'expired', 'no report for 31 s; one counts for 30 s'])
})

test('runProbe marks what our own lag spoilt, and puts its limit off by it', async () => {
  const { spec } = await goodTarget('tcp')
  assert.deepEqual([(await probe(spec, '127.0.0.1', { lagSinceMs: () => 40 })).lagged], [true])
  // The loop stands still from before the answer until after the limit: the answer lies in the socket and counts.
  const server = httpServer({ kind: 'http' }, (_request, response) => response.end('ok'))
  const port = await openServer(server)
  server.once('connection', () => {
    const until = performance.now() + 900
    while (performance.now() < until);
  })
  const sample = await probe({ port, timeoutMs: 600 }, '127.0.0.1', { lagSinceMs: () => 600 })
  assert.deepEqual([sample.ok, sample.lagged], [true, true], JSON.stringify(sample))
})

test('runProbe tells what people want to see when somebody looks', async () => {
  const server = createHttpsServer(EDGE_EXAMPLE, (_request, response) => response.writeHead(503).end('x'.repeat(5000)))
  const port = await openServer(server)
  const details: ProbeDetails = {}
  const target = { endpointId: 'edge', address: '127.0.0.1', probe: probeSpec({ kind: 'https', port, certificate: 'ignore' }) }
  const sample = await runProbe(target, 1, WORLD, { details })
  assert.equal(sample!.failure, 'status')
  assert.equal(details.status, 503)
  assert.equal(details.text!.length, 2048)
  assert.equal(details.certificate!.names, 'edge.example')
})
