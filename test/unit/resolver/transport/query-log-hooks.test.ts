/** Where queries reach the query log: the answer loop, the TCP listener, and what sockets know of both ends. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { parseAddress } from '../../../../geodata/address/address.ts'
import { createCounters } from '../../../../resolver/observe/counters.ts'
import { FAILED_PACKETS_BYTES } from '../../../../resolver/observe/failed-packets.ts'
import { createQueryRing, createQueryRingReader, createQueryTap, LOG_DOT } from '../../../../resolver/observe/query-log-ring.ts'
import { CONTROL_STOP, createControlBlock, createLiveState } from '../../../../resolver/snapshot/live-state.ts'
import { type Answerer, runAnswerLoop } from '../../../../resolver/transport/answer-thread.ts'
import type { BatchSocket } from '../../../../resolver/transport/batch-socket.ts'
import { makeTlsSecrets } from '../../../../resolver/transport/certificate.ts'
import { createConnectionTable } from '../../../../resolver/transport/connection-table.ts'
import { createDgramBatchSocket } from '../../../../resolver/transport/dgram-batch-socket.ts'
import { createFfiBatchSocket } from '../../../../resolver/transport/ffi-batch-socket.ts'
import { libcUnavailable } from '../../../../resolver/transport/libc.ts'
import { boundAddress, openUdpSocket } from '../../../../resolver/transport/raw-socket.ts'
import { createStreamDesk } from '../../../../resolver/transport/stream-desk.ts'
import { createTcpListener, TCP_LIMITS } from '../../../../resolver/transport/tcp-listener.ts'
import { createTlsListener } from '../../../../resolver/transport/tls-listener.ts'
import { EDGE_EXAMPLE } from '../../../support/edge-example-certificate.ts'

/** Answers with the message and QR set; 0xff throws, 0xfe gets no reply. */
const answerer: Answerer = {
  use: () => undefined,
  answer: (mem, off, len) => {
    if (mem[off] === 0xff) throw new Error('made to fail')
    if (mem[off] === 0xfe) return 0
    mem[off + 2] = 0x80
    return len
  },
  note: (cells) => void cells.set([4, 5, 6]),
  servfail: (mem, off) => {
    mem[off + 2] = 0x80
    mem[off + 3] = 2
    return 12
  },
}

/** [first octet of the query, octets 2 and 3 of the reply, policy, generation, transport, source port known] of each logged query. */
function logged(ring: SharedArrayBuffer) {
  const rows: {
    first: number
    reply: number[]
    policy: number
    generation: number
    transport: number
    local: number
    localPort: number
    hasPort: boolean
  }[] = []
  createQueryRingReader(ring).read((record) => {
    const { bytes, queryAt, responseAt, responseLength, policy, generation, transport, localPort, sourcePort } = record
    const reply = responseLength === 0 ? [] : [...bytes.subarray(responseAt + 2, responseAt + 4)]
    rows.push({ first: bytes[queryAt]!, reply, policy, generation, transport, local: record.local[3]!, localPort, hasPort: sourcePort > 0 })
  }, Number.POSITIVE_INFINITY)
  return rows
}

const tapOf = (ring: SharedArrayBuffer) => createQueryTap({ ring, sampleEvery: 1, copyQueries: true, copyResponses: true }, answerer.note)

describe('the query log in the answer loop', () => {
  test('answers, failures and what got no reply, each as it was asked', async () => {
    const control = createControlBlock(1)
    const ring = createQueryRing(1 << 16)
    const mem = new Uint8Array(4 * 64)
    const batch = [1, 0xff, 0xfe, 2]
    const socket: BatchSocket = {
      ...{ mem, off: Uint32Array.of(0, 64, 128, 192), len: new Uint32Array(4), src: new Uint32Array(16), room: 50 },
      receive: () => {
        if (mem[0] !== 0) {
          Atomics.store(control, CONTROL_STOP, 1)
          return 0
        }
        for (const [i, first] of batch.entries()) {
          mem[64 * i] = first
          socket.len[i] = 12
        }
        return batch.length
      },
      ...{ send: (count) => count, sendFailureCount: () => 0, close: () => undefined },
    }
    const live = createLiveState()
    live.tables = { generation: 9 } as never
    await runAnswerLoop({
      ...{ worker: 0, control, live, answerer, stripe: createCounters(1), failedPackets: new Uint8Array(FAILED_PACKETS_BYTES) },
      ...{ tap: tapOf(ring), takeSwaps: () => 0, sockets: [socket], poll: undefined },
    })
    assert.deepEqual(
      logged(ring).map(({ first, reply, policy, generation }) => ({ first, reply, policy, generation })),
      [
        { first: 1, reply: [0x80, 0], policy: 4, generation: 9 },
        { first: 0xff, reply: [0x80, 2], policy: 4, generation: 9 },
        { first: 0xfe, reply: [], policy: 4, generation: 9 },
        { first: 2, reply: [0x80, 0], policy: 4, generation: 9 },
      ],
    )
  })
})

describe('the query log in the TCP listener', () => {
  for (const [transport, expected] of [
    ['TCP', 1],
    ['TLS', LOG_DOT],
  ] as const)
    test(`${transport}: each message of a connection, with both ends`, async (t) => {
      const ring = createQueryRing(1 << 20)
      const live = createLiveState()
      live.tables = { generation: 2 } as never
      const stripe = createCounters(1)
      const limits = TCP_LIMITS
      const table = createConnectionTable({ limits, nowMs: () => performance.now() })
      const failedPackets = new Uint8Array(FAILED_PACKETS_BYTES)
      const desk = createStreamDesk({ live, answerer, stripeOf: () => stripe, failedPackets, tap: tapOf(ring) })
      const tcp = createTcpListener({ limits, table, desk, stripe })
      const certificate = { chainPem: EDGE_EXAMPLE.cert, keyPem: EDGE_EXAMPLE.key }
      const dot = createTlsListener({
        table,
        handshakeLimit: { admits: () => true },
        stripe,
        certificate,
        secrets: makeTlsSecrets(),
        serve: tcp.serveTls,
      })
      const listener = transport === 'TCP' ? tcp : dot
      t.after(() => listener.close())
      const port = await listener.listen({ listen: { address: parseAddress('127.0.0.1'), port: 0 } })
      const socket =
        transport === 'TCP' ? connect({ port, host: '127.0.0.1' }) : connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      t.after(() => socket.destroy())
      const message = (first: number): number[] => [0, 12, first, ...Array(11).fill(0)]
      socket.write(Buffer.from([...message(1), ...message(0xff), ...message(0xfe), ...message(2)]))
      for (let bytes = 0; bytes < 3 * 14; ) bytes += ((await once(socket, 'data')) as [Buffer])[0].length
      const rows = logged(ring)
      assert.deepEqual(
        rows.map(({ first, reply }) => [first, reply]),
        [
          [1, [0x80, 0]],
          [0xff, [0x80, 2]],
          [0xfe, []],
          [2, [0x80, 0]],
        ],
      )
      for (const { transport, generation, local, localPort, hasPort } of rows)
        assert.deepEqual(
          { transport, generation, local, localPort, hasPort },
          { transport: expected, generation: 2, local: 0x7f000001, localPort: port, hasPort: true },
        )
    })
})

describe('what a UDP socket knows of both ends', () => {
  /** Sends a message to `to` and returns source port and destination as the socket sees them. */
  async function seen(socket: BatchSocket, to: string, port: number): Promise<{ port: number; words: number[]; sentFrom: number }> {
    const sender = createSocket(to.includes(':') ? 'udp6' : 'udp4')
    await new Promise<void>((resolve) => sender.send(Buffer.alloc(12), port, to, () => resolve()))
    const sentFrom = sender.address().port
    sender.close()
    if (socket.arrived !== undefined) await socket.arrived(5000)
    assert.equal(socket.receive(4, socket.arrived === undefined ? 5000 : 0), 1)
    return { port: socket.port![0]!, words: [...socket.localOf!(0)], sentFrom }
  }

  for (const [bound, to, word] of [
    ['127.0.0.1', '127.0.0.1', 0x7f000001],
    ['0.0.0.0', '127.0.0.2', 0x7f000002],
    ['::', '::1', 1],
  ] as const)
    test(`${to} on ${bound}, by recvmmsg`, { skip: libcUnavailable() ?? false }, async () => {
      const fd = openUdpSocket({ address: parseAddress(bound), port: 0 }, { reusePort: false })
      const socket = createFfiBatchSocket(fd, 4)
      const { port } = boundAddress(fd)
      for (let turn = 0; turn < 2; turn++) {
        const { words, sentFrom, ...rest } = await seen(socket, to, port)
        assert.deepEqual([rest.port, words[3], words[4]], [sentFrom, word, port])
      }
      socket.close()
    })

  test('by node:dgram', async () => {
    const socket = await createDgramBatchSocket({ listen: { address: parseAddress('127.0.0.1'), port: 0 }, reusePort: false }, 4)
    const { port, words, sentFrom } = await seen(socket, '127.0.0.1', socket.listen.port)
    assert.deepEqual([port, words], [sentFrom, [0, 0, 0xffff, 0x7f000001, socket.listen.port]])
    socket.close()
  })
})
