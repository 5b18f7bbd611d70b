/** DNS over TLS and HTTPS over loopback: protocols, limits, certificates that change under open connections. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect as connect2, constants } from 'node:http2'
import { type RequestOptions, request as request1 } from 'node:https'
import { connect as connectTcp, type Socket } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { parseAddress } from '../../../../geodata/address/address.ts'
import {
  COUNT_CONNECTIONS,
  COUNT_HANDSHAKE_FAILURES,
  COUNT_HANDSHAKES_REFUSED,
  COUNT_HTTP_REFUSED,
  createCounters,
} from '../../../../resolver/observe/counters.ts'
import { FAILED_PACKETS_BYTES } from '../../../../resolver/observe/failed-packets.ts'
import { createLiveState } from '../../../../resolver/snapshot/live-state.ts'
import type { TransferDesk } from '../../../../resolver/transfer/transfer-desk.ts'
import { makeTlsSecrets } from '../../../../resolver/transport/certificate.ts'
import { createConnectionTable, TCP_LIMITS, type TcpLimits } from '../../../../resolver/transport/connection-table.ts'
import { createDohListener } from '../../../../resolver/transport/doh-listener.ts'
import { createHandshakeLimit } from '../../../../resolver/transport/handshake-limit.ts'
import { createStreamDesk } from '../../../../resolver/transport/stream-desk.ts'
import { createTcpFramer } from '../../../../resolver/transport/tcp-framer.ts'
import { createTcpListener } from '../../../../resolver/transport/tcp-listener.ts'
import { createTlsListener } from '../../../../resolver/transport/tls-listener.ts'
import { EDGE_EXAMPLE } from '../../../support/edge-example-certificate.ts'
import { SPARE_CERTIFICATE } from '../../../support/spare-certificate.ts'

const EDGE = { chainPem: EDGE_EXAMPLE.cert, keyPem: EDGE_EXAMPLE.key }
const SPARE = { chainPem: SPARE_CERTIFICATE.cert, keyPem: SPARE_CERTIFICATE.key }
const TRUSTED: ConnectionOptions = { host: '127.0.0.1', servername: 'edge.example', ca: [EDGE_EXAMPLE.cert, SPARE_CERTIFICATE.cert] }
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function start(limits: Partial<TcpLimits> = {}) {
  const live = createLiveState()
  live.tables = {} as never
  const [dotStripe, dohStripe] = [createCounters(1), createCounters(1)]
  const allLimits = { ...TCP_LIMITS, ...limits }
  let nowMs = 0
  const table = createConnectionTable({ limits: allLimits, nowMs: () => nowMs })
  const asked: { transport: number; idleMs: number; source: number }[] = []
  const tlsOfTransfers: unknown[] = []
  let idleMs = -2
  const transfers: TransferDesk = {
    use: () => undefined,
    answer: () => 0,
    expiredZones: () => new Uint8Array(0),
    beginStream: (_message, _src, _tables, _running, tls) => void tlsOfTransfers.push(tls),
  }
  const desk = createStreamDesk({
    live,
    answerer: {
      use: () => undefined,
      tellIdle: (ms) => {
        idleMs = ms
      },
      /** Octet 0: 0xfe no reply, 0xfd 60,000 octets; else the message with QR set. */
      answer: (mem, off, len, _room, src, _srcAt, transport) => {
        asked.push({ transport, idleMs, source: src[3]! })
        if (mem[off] === 0xfe) return 0
        mem[off + 2] = 0x80
        return mem[off] === 0xfd ? 60_000 : len
      },
      servfail: (_mem, _off, len) => len,
      note: (cells) => void cells.fill(-1),
    },
    stripeOf: (transport) => (transport === 3 ? dohStripe : dotStripe),
    failedPackets: new Uint8Array(FAILED_PACKETS_BYTES),
    transfers,
  })
  const tcp = createTcpListener({ limits: allLimits, table, desk, stripe: createCounters(1) })
  const secrets = makeTlsSecrets()
  const handshakeLimit = createHandshakeLimit({ limits: allLimits, nowMs: () => nowMs, hashKeys: Uint32Array.of(1, 2, 3, 4) })
  const dot = createTlsListener({ table, handshakeLimit, stripe: dotStripe, certificate: EDGE, secrets, serve: tcp.serveTls })
  const doh = createDohListener({
    limits: allLimits,
    table,
    handshakeLimit,
    desk,
    stripe: dohStripe,
    certificate: EDGE,
    secrets,
    path: '/dns-query',
  })
  closers.push(() => Promise.all([tcp.close(), dot.close(), doh.close()]))
  const source = { listen: { address: parseAddress('127.0.0.1'), port: 0 } }
  return {
    ...{ dot, doh, table, asked, tlsOfTransfers, dotStripe, dohStripe, advance: (ms: number) => (nowMs += ms) },
    dotPort: await dot.listen(source),
    dohPort: await doh.listen(source),
  }
}

async function openTls(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ ...TRUSTED, port, ...options })
  closers.push(() => socket.destroy())
  await once(socket, 'secureConnect')
  socket.on('error', () => undefined)
  return socket
}

function openHttp2(port: number): ClientHttp2Session {
  const session = connect2(`https://127.0.0.1:${port}`, TRUSTED)
  session.on('error', () => undefined)
  closers.push(() => session.destroy())
  return session
}

const query = (first: number, length = 12): Buffer => Buffer.concat([Buffer.of(first), Buffer.alloc(length - 1)])
const framed = (first: number): Buffer => Buffer.concat([Buffer.of(0, 12), query(first)])

async function replies(socket: Socket, wanted: number): Promise<number[]> {
  const framer = createTcpFramer()
  const got: number[] = []
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    framer.feed(chunk)
    for (let next = framer.next(); next !== undefined; next = framer.next()) got.push(next[0]!)
    if (got.length >= wanted) break
  }
  return got
}

type Headers = Readonly<Record<string, string>>
async function post2(session: ClientHttp2Session, body: Uint8Array, headers: Headers = {}) {
  const stream = session.request({ ':method': 'POST', ':path': '/dns-query', 'content-type': 'application/dns-message', ...headers })
  stream.on('error', () => undefined)
  stream.end(body)
  const [response] = (await once(stream, 'response')) as [Record<string, string>]
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return { status: Number(response[constants.HTTP2_HEADER_STATUS]), headers: response, body: Buffer.concat(chunks) }
}

function get1(port: number, path: string): Promise<{ status: number; version: string; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const { servername, ca } = TRUSTED
    request1(
      { host: '127.0.0.1', servername, ca, port, path, agent: false, ALPNProtocols: ['http/1.1'] } as RequestOptions,
      async (response) => {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk as Buffer)
        resolve({ status: response.statusCode!, version: response.httpVersion, body: Buffer.concat(chunks) })
      },
    )
      .once('error', reject)
      .end()
  })
}

describe('DNS over TLS', () => {
  test('pipelined queries, with the idle time-out told; TLS facts reach transfers', async () => {
    const { dotPort, asked, tlsOfTransfers, dotStripe } = await start()
    const socket = await openTls(dotPort, { ALPNProtocols: ['dot'] })
    socket.write(Buffer.concat([framed(1), framed(2)]))
    assert.deepEqual(await replies(socket, 2), [1, 2])
    assert.deepEqual(asked[0], { transport: 2, idleMs: TCP_LIMITS.idleMs, source: 0x7f000001 })
    const old = await openTls(dotPort, { maxVersion: 'TLSv1.2' })
    old.write(framed(3))
    await replies(old, 1)
    assert.deepEqual(tlsOfTransfers.slice(1), [
      { version: 'TLSv1.3', alpn: 'dot' },
      { version: 'TLSv1.2', alpn: '' },
    ])
    assert.equal(dotStripe[COUNT_CONNECTIONS], 2)
  })

  test('an end of the client side still gets its answers, then the end', async () => {
    const { dotPort, table } = await start()
    const socket = await openTls(dotPort)
    socket.end(framed(7))
    assert.deepEqual(await replies(socket, 2), [7])
    while (table.size() > 0) await new Promise(setImmediate)
  })

  test('no handshake: what is no TLS is counted, what says nothing is idle', async () => {
    const { dotPort, table, dotStripe, advance } = await start()
    const silent = connectTcp({ port: dotPort, host: '127.0.0.1' })
    const silentGone = once(silent, 'close')
    silent.resume()
    while (table.size() < 1) await new Promise(setImmediate)
    const wrong = connectTcp({ port: dotPort, host: '127.0.0.1' })
    wrong.write('GET / HTTP/1.0\r\n\r\n')
    wrong.resume()
    await once(wrong, 'close')
    assert.equal(dotStripe[COUNT_HANDSHAKE_FAILURES], 1)
    advance(TCP_LIMITS.idleMs + 1)
    table.sweep()
    await silentGone
    assert.equal(table.size(), 0)
  })

  test('handshakes above the limit of one client are refused and counted, until time has passed; HTTPS counts with TLS', async () => {
    const { dotPort, dohPort, table, dotStripe, dohStripe, advance } = await start({ handshakesPerClientPerSecond: 5 })
    const refused = async (port: number): Promise<void> => {
      const socket = connectTcp({ port, host: '127.0.0.1' })
      socket.on('error', () => undefined)
      socket.resume()
      await once(socket, 'close')
    }
    for (let i = 0; i < 5; i++) await openTls(dotPort)
    await refused(dotPort)
    await refused(dohPort)
    assert.deepEqual([dotStripe[COUNT_HANDSHAKES_REFUSED], dohStripe[COUNT_HANDSHAKES_REFUSED]], [1, 1])
    assert.equal(table.size(), 5, 'those that are open stay')
    advance(200)
    await openTls(dotPort)
    await refused(dotPort)
  })

  for (const [name, options] of [
    ['a client of TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
    ['a client of other protocols', { ALPNProtocols: ['h2'] }],
  ] as const)
    test(`${name} is turned away`, async () => {
      const { dotPort } = await start()
      const socket = connect({ ...TRUSTED, port: dotPort, ...options } as ConnectionOptions)
      const [error] = (await once(socket, 'error')) as [Error]
      assert.match(error.message, /alert|ALPN|no application protocol|protocol version/i)
    })

  test('a new certificate is for new connections; open ones go on', async () => {
    const { dot, dotPort } = await start()
    const before = await openTls(dotPort)
    dot.use(SPARE, makeTlsSecrets())
    const after = await openTls(dotPort)
    assert.notEqual(before.getPeerCertificate().fingerprint256, after.getPeerCertificate().fingerprint256)
    for (const socket of [before, after]) socket.write(framed(9))
    assert.deepEqual(await replies(before, 1), [9])
    assert.deepEqual(await replies(after, 1), [9])
  })

  test('a session is resumed', async () => {
    const { dotPort } = await start()
    const first = connect({ ...TRUSTED, port: dotPort })
    closers.push(() => first.destroy())
    const [session] = (await once(first, 'session')) as [Buffer]
    const second = await openTls(dotPort, { session })
    assert.equal(second.isSessionReused(), true)
  })
})

describe('DNS over HTTPS', () => {
  test('POST and GET by HTTP/2 and HTTP/1.1, id 0 kept, no keepalive', async () => {
    const { dohPort, asked } = await start()
    const reply = await post2(openHttp2(dohPort), query(0, 40))
    assert.equal(reply.status, 200)
    assert.equal(reply.headers['content-type'], 'application/dns-message')
    assert.equal(reply.headers['content-length'], '40')
    assert.deepEqual([...reply.body.subarray(0, 3)], [0, 0, 0x80])
    const got = await get1(dohPort, `/dns-query?dns=${query(5).toString('base64url')}`)
    assert.deepEqual([got.status, got.version, got.body[0]], [200, '1.1', 5])
    assert.deepEqual(asked, Array(2).fill({ transport: 3, idleMs: -1, source: 0x7f000001 }))
  })

  test('requests that are refused keep the connection and are counted', async () => {
    const { dohPort, dohStripe } = await start()
    const session = openHttp2(dohPort)
    const cases: readonly [number, Uint8Array, Headers][] = [
      [415, query(1), { 'content-type': 'text/plain' }],
      [404, query(1), { ':path': '/' }],
      [405, query(1), { ':method': 'PUT' }],
      [400, new Uint8Array(3), {}],
      [400, query(0xfe), {}],
      [413, Buffer.alloc(70_000), {}],
      [200, query(1), {}],
    ]
    for (const [status, body, headers] of cases) assert.equal((await post2(session, body, headers)).status, status)
    assert.equal((await get1(dohPort, '/dns-query?dns=*')).status, 400)
    assert.equal(dohStripe[COUNT_HTTP_REFUSED], 7)
  })

  test('a hundred requests at a time, each with its own answer', async () => {
    const { dohPort } = await start()
    const session = openHttp2(dohPort)
    const all = await Promise.all(Array.from({ length: 100 }, (_, n) => post2(session, query(n))))
    assert.deepEqual(
      all.map(({ body }) => body[0]),
      Array.from({ length: 100 }, (_, n) => n),
    )
  })

  test('a body that never ends: its connection is shed when it is idle, and what it held is free', async () => {
    const { dohPort, table, advance } = await start()
    const session = openHttp2(dohPort)
    const stream = session.request({ ':method': 'POST', ':path': '/dns-query', 'content-type': 'application/dns-message' })
    stream.on('error', () => undefined)
    stream.write(Buffer.alloc(5000))
    while (table.heldBytes() < 5000) await new Promise(setImmediate)
    const closed = once(session, 'close')
    advance(TCP_LIMITS.idleMs + 1)
    table.sweep()
    await closed
    assert.deepEqual([table.size(), table.heldBytes()], [0, 0])
  })

  test('answers that the peer does not take count as held, and end the connection at the limit', async () => {
    const { dohPort, table } = await start({ heldBytes: 300_000 })
    const session = openHttp2(dohPort)
    const closed = once(session, 'close')
    await once(session, 'connect')
    for (let n = 0; n < 60; n++) {
      // Never read: the flow control of HTTP/2 stops each after its first 64 kB, all together much earlier.
      const stream = session.request({ ':method': 'POST', ':path': '/dns-query', 'content-type': 'application/dns-message' })
      stream.on('error', () => undefined)
      stream.end(query(0xfd))
    }
    await closed
    assert.equal(table.heldBytes(), 0)
  })

  test('a new certificate is for new connections; open ones go on', async () => {
    const { doh, dohPort } = await start()
    const before = openHttp2(dohPort)
    await post2(before, query(1))
    doh.use(SPARE, makeTlsSecrets())
    const after = await openTls(dohPort, { ALPNProtocols: ['h2'] })
    assert.equal(after.alpnProtocol, 'h2')
    const inUse = (before.socket as TLSSocket).getPeerCertificate().fingerprint256
    assert.notEqual(after.getPeerCertificate().fingerprint256, inUse)
    assert.equal((await post2(before, query(2))).body[0], 2)
  })
})
