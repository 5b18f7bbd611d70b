import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { findAddress } from '../../../../geodata/address/address.ts'
import {
  COUNT_CONNECTIONS,
  COUNT_CONNECTIONS_SHED,
  COUNT_EXCEPTIONS,
  COUNT_QUERIES,
  createCounters,
} from '../../../../resolver/observe/counters.ts'
import { FAILED_PACKETS_BYTES, readFailedPackets } from '../../../../resolver/observe/failed-packets.ts'
import { createLiveState } from '../../../../resolver/snapshot/live-state.ts'
import type { TransferDesk } from '../../../../resolver/transfer/transfer-desk.ts'
import type { TransferTables } from '../../../../resolver/transfer/zone-walk.ts'
import type { Answerer } from '../../../../resolver/transport/answer-thread.ts'
import { createConnectionTable } from '../../../../resolver/transport/connection-table.ts'
import { type AnswerLater, createStreamDesk } from '../../../../resolver/transport/stream-desk.ts'
import { createTcpFramer } from '../../../../resolver/transport/tcp-framer.ts'
import { createTcpListener, TCP_LIMITS, type TcpLimits } from '../../../../resolver/transport/tcp-listener.ts'

/** Answers a message with itself, the third byte set; throws for first byte 0xff; no reply for 0xfe; 60,000 bytes for 0xfd. */
function echo(mem: Uint8Array, off: number, len: number, room: number): number {
  if (mem[off] === 0xff) throw new Error('made to fail')
  if (mem[off] === 0xfe) return 0
  mem[off + 2] = 0x80
  if (mem[off] !== 0xfd) return len
  assert.ok(room >= 60_000)
  mem.fill(7, off + len, off + 60_000)
  return 60_000
}

/** A transfer of `count` messages of 10,000 bytes for a message that begins with 0xaa; it reads `tables`. */
function transfersOf(count: number, tables: TransferTables): TransferDesk {
  return {
    use: () => undefined,
    answer: () => 0,
    expiredZones: () => new Uint8Array(0),
    beginStream: (message) => {
      if (message[0] !== 0xaa) return undefined
      let left = count
      return {
        tables,
        next: (mem) => {
          if (left-- === 0) return 0
          mem.fill(0xaa, 0, 10_000)
          return 10_000
        },
      }
    },
  }
}

async function start(limits: Partial<TcpLimits> = {}, transfers?: TransferDesk, later?: AnswerLater) {
  const live = createLiveState()
  live.tables = {} as never
  const stripe = createCounters(1)
  const failedPackets = new Uint8Array(FAILED_PACKETS_BYTES)
  let nowMs = 0
  const sources: number[][] = []
  const answerer: Answerer = {
    use: () => undefined,
    answer: (mem, off, len, room, src) => {
      sources.push([...src])
      return echo(mem, off, len, room)
    },
    servfail: (mem, off, len) => {
      mem[off + 2] = 0x80
      mem[off + 3] = 2
      return len
    },
  }
  const allLimits = { ...TCP_LIMITS, ...limits }
  const table = createConnectionTable({ limits: allLimits, nowMs: () => nowMs })
  const desk = createStreamDesk({ live, answerer, stripeOf: () => stripe, failedPackets, transfers, later })
  const listener = createTcpListener({ limits: allLimits, table, desk, stripe })
  closers.push(() => listener.close())
  const port = await listener.listen({ listen: { address: findAddress('127.0.0.1')!, port: 0 } })
  return { listener, table, port, stripe, failedPackets, live, sources, advance: (ms: number) => (nowMs += ms) }
}

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  closers.push(() => socket.destroy())
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  return socket
}

const message = (first: number, length = 12): Buffer =>
  Buffer.concat([Buffer.from([length >> 8, length & 255, first]), Buffer.alloc(length - 1)])

/** Reads whole messages until `wanted` have come or the peer closes. */
async function read(socket: Socket, wanted: number): Promise<number[][]> {
  const framer = createTcpFramer()
  const got: number[][] = []
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    framer.feed(chunk)
    for (let next = framer.next(); next !== undefined; next = framer.next()) got.push([...next])
    if (got.length >= wanted) break
  }
  return got
}

describe('tcp listener', () => {
  test('pipelined queries are answered in order, cut in any place', async () => {
    const { port, sources, stripe } = await start()
    const socket = await open(port)
    const bytes = Buffer.concat([message(1), message(2), message(0xfe), message(3)])
    for (let at = 0; at < bytes.length; at += 5) {
      socket.write(bytes.subarray(at, at + 5))
      await new Promise(setImmediate)
    }
    const replies = await read(socket, 3)
    assert.deepEqual(
      replies.map((reply) => reply.slice(0, 3)),
      [
        [1, 0, 0x80],
        [2, 0, 0x80],
        [3, 0, 0x80],
      ],
    )
    assert.deepEqual(sources[0], [0, 0, 0xffff, 0x7f000001])
    assert.equal(stripe[COUNT_QUERIES], 4)
  })

  test('what was asked before a length that lies is answered, then the connection is closed', async () => {
    for (const bad of [Buffer.from([0, 0]), Buffer.from([0, 5, 1, 2, 3, 4, 5])]) {
      const { port, stripe } = await start()
      const socket = await open(port)
      socket.write(Buffer.concat([message(1), message(2), bad, message(3)]))
      const replies = await read(socket, 3)
      assert.deepEqual(
        replies.map(([first]) => first),
        [1, 2],
      )
      assert.equal(stripe[COUNT_CONNECTIONS_SHED], 1)
      assert.equal(stripe[COUNT_QUERIES], 2)
    }
  })

  test('a query whose answering throws gets SERVFAIL, is counted and kept, and the connection goes on', async () => {
    const { port, stripe, failedPackets } = await start()
    const socket = await open(port)
    socket.write(Buffer.concat([message(0xff), message(4)]))
    const replies = await read(socket, 2)
    assert.deepEqual(
      replies.map((reply) => [reply[0], reply[3]]),
      [
        [0xff, 2],
        [4, 0],
      ],
    )
    assert.equal(stripe[COUNT_EXCEPTIONS], 1)
    assert.deepEqual(readFailedPackets(failedPackets, 0).packets, [{ packet: `ff${'00'.repeat(11)}`, error: 'made to fail' }])
  })

  test('a transfer comes whole, and the query behind it is answered after it', async () => {
    const { port } = await start({}, transfersOf(500, {} as never))
    const socket = await open(port)
    socket.write(Buffer.concat([message(0xaa), message(5)]))
    const replies = await read(socket, 501)
    assert.equal(replies.filter((reply) => reply[0] === 0xaa && reply.length === 10_000).length, 500)
    assert.equal(replies.at(-1)![0], 5)
  })

  test('a transfer whose peer does not read keeps its generation, holds up nobody, and ends when it is idle', async () => {
    const tables = {} as TransferTables
    const { port, listener, table, advance, stripe } = await start({}, transfersOf(100_000, tables))
    const slow = await open(port)
    slow.pause()
    slow.write(message(0xaa))
    const other = await open(port)
    for (let number = 1; number <= 20; number++) {
      other.write(message(number))
      assert.deepEqual(
        (await read(other, 1)).map((reply) => reply[0]),
        [number],
      )
    }
    assert.equal(listener.isReading(tables), true)
    assert.equal(listener.isReading({} as TransferTables), false)
    advance(TCP_LIMITS.idleMs + 1)
    table.sweep()
    assert.equal(listener.isReading(tables), false)
    assert.equal(stripe[COUNT_CONNECTIONS], 0)
  })

  test('without a snapshot every query gets SERVFAIL', async () => {
    const { port, live } = await start()
    live.tables = undefined
    const socket = await open(port)
    socket.write(message(1))
    assert.equal((await read(socket, 1))[0]![3], 2)
  })

  test('a peer that closes its side still gets its answers, then the end', async () => {
    const { port } = await start()
    const socket = await open(port)
    socket.end(Buffer.concat([message(1), message(2)]))
    assert.equal((await read(socket, 3)).length, 2)
  })

  test('an idle connection is closed, one with traffic is not; half a message is no traffic', async () => {
    const { port, table, advance, stripe } = await start({ idleMs: 100 })
    const idle = await open(port)
    const half = await open(port)
    const busy = await open(port)
    busy.write(message(1))
    await read(busy, 1)
    advance(60)
    half.write(message(1).subarray(0, 6))
    busy.write(message(2))
    await read(busy, 1)
    advance(60)
    const closed = [once(idle, 'close'), once(half, 'close')]
    for (const socket of [idle, half]) socket.resume()
    table.sweep()
    await Promise.all(closed)
    assert.equal(stripe[COUNT_CONNECTIONS], 1)
    busy.write(message(3))
    assert.equal((await read(busy, 1)).length, 1)
  })

  test('connections of one client above its limit are refused', async () => {
    const { port, stripe } = await start({ connectionsPerClient: 2 })
    const first = await open(port)
    await open(port)
    const third = await open(port)
    third.resume()
    await once(third, 'close')
    first.write(message(1))
    assert.equal((await read(first, 1)).length, 1)
    assert.equal(stripe[COUNT_CONNECTIONS_SHED], 1)
  })

  test('above the limit in all, the connection idle longest makes room', async () => {
    const { port, advance } = await start({ connections: 2 })
    const first = await open(port)
    first.write(message(1))
    await read(first, 1)
    advance(10)
    const second = await open(port)
    second.write(message(1))
    await read(second, 1)
    first.resume()
    const closed = once(first, 'close')
    const third = await open(port)
    third.write(message(1))
    assert.equal((await read(third, 1)).length, 1)
    await closed
  })

  test('a peer that does not read stops being read, and gets everything once it reads', async () => {
    const { port, stripe } = await start({ waitingBytes: 64 << 10 })
    const socket = await open(port)
    socket.pause()
    const wanted = 200
    socket.write(Buffer.concat(Array.from({ length: wanted }, () => message(0xfd))))
    // The kernel's buffers fill, then the listener stops: it must not have answered all 12 MB into memory.
    await waitUntilStill(() => stripe[COUNT_QUERIES]!)
    assert.ok(stripe[COUNT_QUERIES]! < wanted, `${stripe[COUNT_QUERIES]} of ${wanted} answered`)
    assert.equal((await read(socket, wanted)).length, wanted)
  })

  test('an answer that must be waited for lets others pass; a broken promise is SERVFAIL', async () => {
    const waiting: { resolve: (reply: Uint8Array) => void; reject: (error: Error) => void }[] = []
    const later: AnswerLater = (message) =>
      message[0] === 0xbb ? new Promise((resolve, reject) => waiting.push({ resolve, reject })) : undefined
    const { port, stripe } = await start({}, undefined, later)
    const socket = await open(port)
    socket.end(Buffer.concat([message(0xbb), message(0xbb), message(1)]))
    assert.deepEqual(
      (await read(socket, 1)).map((reply) => reply[0]),
      [1],
    )
    waiting[1]!.resolve(Uint8Array.of(0xcc, ...Array(11).fill(0)))
    waiting[0]!.reject(new Error('made to fail'))
    assert.deepEqual(
      (await read(socket, 3)).map((reply) => [reply[0], reply[3]]),
      [
        [0xcc, 0],
        [0xbb, 2],
      ],
    )
    assert.equal(stripe[COUNT_EXCEPTIONS], 1)
    assert.equal(stripe[COUNT_QUERIES], 3)
  })

  test('bytes that wait in all connections have a limit: the holder idle longest goes, those that hold nothing stay', async () => {
    const { port, table, advance } = await start({ heldBytes: 1000 })
    const quiet = await open(port)
    const first = await open(port)
    const half = Buffer.concat([Buffer.from([0xff, 0xff]), Buffer.alloc(598)])
    first.write(half)
    first.resume()
    await waitUntilStill(() => table.heldBytes())
    assert.equal(table.heldBytes(), 600)
    advance(1)
    const second = await open(port)
    const closed = once(first, 'close')
    second.write(half)
    await closed
    assert.equal(table.heldBytes(), 600)
    quiet.write(message(1))
    assert.equal((await read(quiet, 1)).length, 1)
  })

  test('a message shorter than a header ends the connection', async () => {
    const { port } = await start()
    const socket = await open(port)
    socket.resume()
    socket.write(Buffer.from([0, 0]))
    await once(socket, 'close')
  })
})

/** Resolves when a number has risen above 0 and then stays for 20 turns of the event loop. */
async function waitUntilStill(value: () => number): Promise<void> {
  let last = -1
  for (let still = 0; still < 20; ) {
    await new Promise((resolve) => setTimeout(resolve, 2))
    still = value() === last && last > 0 ? still + 1 : 0
    last = value()
  }
}
