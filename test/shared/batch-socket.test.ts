/** One suite for both implementations of the BatchSocket port (DESIGN.md section 3). */
import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { findAddress } from '../../geodata/address/address.ts'
import { type BatchSocket, PACKET_STRIDE_BYTES } from '../../resolver/transport/batch-socket.ts'
import { createDgramBatchSocket } from '../../resolver/transport/dgram-batch-socket.ts'
import { createFfiBatchSocket } from '../../resolver/transport/ffi-batch-socket.ts'
import { getLibc, libcUnavailable } from '../../resolver/transport/libc.ts'
import { boundAddress, openUdpSocket } from '../../resolver/transport/raw-socket.ts'

type Opened = { readonly socket: BatchSocket; readonly port: number }
const BATCH = 64
const listenOn = (address: string) => ({ address: findAddress(address)!, port: 0 })

const IMPLEMENTATIONS: readonly {
  readonly name: string
  readonly skip: string | false
  readonly open: (address: string) => Promise<Opened>
}[] = [
  {
    name: 'koffi',
    skip: libcUnavailable() ?? false,
    open: async (address) => {
      const fd = openUdpSocket(listenOn(address), { reusePort: true })
      return { socket: createFfiBatchSocket(fd, BATCH), port: boundAddress(fd).port }
    },
  },
  {
    name: 'node:dgram',
    skip: false,
    open: async (address) => {
      const socket = await createDgramBatchSocket({ listen: listenOn(address), reusePort: false }, BATCH)
      return { socket, port: socket.listen.port }
    },
  },
]

/** Takes messages until `wanted` have come; the batches' replies are made by `reply` (returns the length). */
async function serve(socket: BatchSocket, wanted: number, reply: (i: number) => number): Promise<number> {
  let taken = 0
  let sent = 0
  while (taken < wanted) {
    if (socket.arrived !== undefined) await socket.arrived(1000)
    // The client sits on this same thread: its sends must run between our waits.
    else await new Promise(setImmediate)
    const count = socket.receive(BATCH, socket.arrived === undefined ? 20 : 0)
    for (let i = 0; i < count; i++) socket.len[i] = reply(i)
    sent += socket.send(count)
    taken += count
  }
  return sent
}

async function client(address: string): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  return socket
}

/** Collects `wanted` messages. */
function collect(socket: Socket, wanted: number): Promise<Buffer[]> {
  return new Promise((resolve) => {
    const got: Buffer[] = []
    socket.on('message', (message) => {
      got.push(message)
      if (got.length === wanted) resolve(got)
    })
  })
}

for (const { name, skip, open } of IMPLEMENTATIONS) {
  describe(`BatchSocket on ${name}`, { skip }, () => {
    for (const address of ['127.0.0.1', '::1']) {
      test(`a batch is answered in place, source address as words, over ${address}`, async () => {
        const { socket, port } = await open(address)
        const asker = await client(address)
        const replies = collect(asker, 10)
        for (let i = 0; i < 10; i++) asker.send(Buffer.from([i, 1, 2, 3]), port, address)
        const sources: number[][] = []
        const sent = await serve(socket, 10, (i) => {
          assert.equal(socket.len[i], 4)
          sources.push([...socket.src.subarray(4 * i, 4 * i + 4)])
          socket.mem[socket.off[i]! + 1] = 0xff
          socket.mem[socket.off[i]! + 4] = 0xee
          return 5
        })
        assert.equal(sent, 10)
        assert.deepEqual(
          [...(await replies)].map((m) => [...m]).sort((a, b) => a[0]! - b[0]!),
          Array.from({ length: 10 }, (_, i) => [i, 0xff, 2, 3, 0xee]),
        )
        for (const words of sources) assert.deepEqual(words, [...findAddress(address)!.words])
        asker.close()
        socket.close()
      })
    }

    test('a message with length 0 after answering gets no reply, the others do', async () => {
      const { socket, port } = await open('127.0.0.1')
      const asker = await client('127.0.0.1')
      const replies = collect(asker, 32)
      for (let i = 0; i < 64; i++) asker.send(Buffer.from([i]), port, '127.0.0.1')
      const sent = await serve(socket, 64, (i) => (socket.mem[socket.off[i]!]! % 2 === 0 ? 1 : 0))
      assert.equal(sent, 32)
      assert.deepEqual(
        (await replies).map((m) => m[0]!).sort((a, b) => a - b),
        Array.from({ length: 32 }, (_, i) => 2 * i),
      )
      asker.close()
      socket.close()
    })

    test('the largest reply fits, a longer message is cut to the slot', async () => {
      const { socket, port } = await open('127.0.0.1')
      const asker = await client('127.0.0.1')
      const replies = collect(asker, 1)
      asker.send(Buffer.alloc(4000, 7), port, '127.0.0.1')
      await serve(socket, 1, (i) => {
        assert.equal(socket.len[i], PACKET_STRIDE_BYTES)
        assert.ok(socket.room <= PACKET_STRIDE_BYTES)
        socket.mem.fill(9, socket.off[i]!, socket.off[i]! + socket.room)
        return socket.room
      })
      assert.deepEqual((await replies)[0], Buffer.alloc(socket.room, 9))
      asker.close()
      socket.close()
    })

    for (const address of ['127.0.0.1', '::1', '0.0.0.0', '::']) {
      test(`runs of equal and shorter replies to two clients all arrive whole and in order, on ${address}`, {
        skip: name === 'node:dgram' && ['0.0.0.0', '::'].includes(address) && 'node:dgram has no IP_PKTINFO',
      }, async () => {
        const asked = address === '0.0.0.0' ? '127.0.0.77' : address === '::' ? '::1' : address
        const { socket, port } = await open(address)
        const askers = [await client(asked.includes(':') ? '::1' : '127.0.0.1'), await client(asked.includes(':') ? '::1' : '127.0.0.1')]
        const replies = askers.map((asker) => collect(asker, 30))
        // Client 0 asks ten times, client 1 ten times, and so on; query n of a client is [client, n].
        for (let round = 0; round < 3; round++)
          for (const [c, asker] of askers.entries())
            for (let n = 0; n < 10; n++) {
              await new Promise((resolve) => asker.send(Buffer.from([c, 10 * round + n]), port, asked, resolve))
            }
        const lengthOf = (n: number): number => (n % 10 === 9 ? 1232 : n % 7 === 6 ? 40 : 100)
        const sent = await serve(socket, 60, (i) => {
          const at = socket.off[i]!
          const length = lengthOf(socket.mem[at + 1]!)
          socket.mem.fill(socket.mem[at + 1]!, at + 2, at + length)
          return length
        })
        assert.equal(sent, 60)
        for (const [c, wanted] of replies.entries()) {
          const got = await wanted
          assert.deepEqual(
            got.map((m) => [m[0], m[1], m.length, m.at(-1)]),
            Array.from({ length: 30 }, (_, n) => [c, n, lengthOf(n), n]),
          )
        }
        for (const asker of askers) asker.close()
        assert.notEqual(socket.joinsReplies?.(), false)
        socket.close()
      })
    }

    test('receive returns 0 when nothing comes', async () => {
      const { socket } = await open('127.0.0.1')
      if (socket.arrived !== undefined) await socket.arrived(1)
      assert.equal(socket.receive(BATCH, socket.arrived === undefined ? 1 : 0), 0)
      assert.equal(socket.send(0), 0)
      socket.close()
    })

    test('of 64 packets, one from source port 0, 63 are answered', { skip: rawSocketMissing() }, async () => {
      const { socket, port } = await open('127.0.0.1')
      const asker = await client('127.0.0.1')
      const replies = collect(asker, 63)
      for (let i = 0; i < 63; i++) {
        asker.send(Buffer.from([i]), port, '127.0.0.1')
        if (i === 30) sendFromPortZero(port)
      }
      const sent = await serve(socket, 64, () => 1)
      assert.equal(sent, 63)
      assert.equal((await replies).length, 63)
      assert.equal(socket.sendFailureCount(), 1)
      asker.close()
      socket.close()
    })

    test('the reply leaves from the address that was asked, on a wildcard socket', {
      skip: name === 'node:dgram' && 'node:dgram has no IP_PKTINFO',
    }, async () => {
      for (const [wildcard, asked] of [
        ['0.0.0.0', '127.0.0.77'],
        ['::', '::1'],
      ] as const) {
        const { socket, port } = await open(wildcard)
        const asker = await client(asked.includes(':') ? '::1' : '127.0.0.1')
        const reply = new Promise<string>((resolve) => asker.once('message', (_, peer) => resolve(peer.address)))
        asker.send(Buffer.from([1]), port, asked)
        assert.equal(await serve(socket, 1, () => 1), 1)
        assert.equal(await reply, asked)
        asker.close()
        socket.close()
      }
    })
  })
}

/** Raw sockets (to forge source port 0) need CAP_NET_RAW. */
function rawSocketMissing(): string | false {
  const missing = libcUnavailable()
  if (missing !== undefined) return missing
  const fd = getLibc().socket(2, 3, 17)
  if (fd < 0) return 'needs CAP_NET_RAW to forge source port 0'
  getLibc().close(fd)
  return false
}

/** One UDP datagram with source port 0 to 127.0.0.1:`port`, through a raw socket. */
function sendFromPortZero(port: number): void {
  const libc = getLibc()
  const fd = libc.socket(2, 3, 17)
  // UDP header: source port 0, destination, length 9, no checksum; then one byte.
  const datagram = new Uint8Array([0, 0, port >> 8, port & 255, 0, 9, 0, 0, 255])
  const name = new Uint8Array([2, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
  const iovec = new BigUint64Array([libc.address(datagram), 9n])
  const header = new BigUint64Array([libc.address(name), 16n, libc.address(new Uint8Array(iovec.buffer)), 1n, 0n, 0n, 0n, 0n])
  assert.equal(libc.sendmmsg(fd, libc.address(new Uint8Array(header.buffer)), 1, 0), 1)
  libc.close(fd)
}

describe('the receive queue of a koffi socket', { skip: libcUnavailable() ?? false }, () => {
  const QUERY_BYTES = 40

  /** A socket, and how to fill its queue, which is left at the least that the system gives when `roomBytes` is 0. */
  async function filled(roomBytes: number, count: number): Promise<BatchSocket> {
    const fd = openUdpSocket(listenOn('127.0.0.1'), { reusePort: false })
    const value = new Uint8Array(Int32Array.of(roomBytes).buffer)
    getLibc().setsockopt(fd, 1, 8, value, 4)
    const socket = createFfiBatchSocket(fd, BATCH)
    const asker = await client('127.0.0.1')
    const { port } = boundAddress(fd)
    for (let i = 0; i < count; i++) await new Promise((resolve) => asker.send(new Uint8Array(QUERY_BYTES), port, '127.0.0.1', resolve))
    asker.close()
    return socket
  }

  test('more than half full: it sheds until it is drained; what was lost is told once', async () => {
    const socket = await filled(100_000, 1000)
    assert.equal(socket.receive(BATCH, 20), BATCH)
    assert.equal(socket.sheds!(), true)
    const lost = socket.takeLost!()
    assert.ok(lost > 0 && lost < 1000, `${lost} lost`)
    assert.equal(socket.takeLost!(), 0)
    let taken = BATCH
    let count = BATCH
    while (count > 0) {
      count = socket.receive(BATCH, 0)
      taken += count
    }
    assert.equal(socket.sheds!(), false)
    assert.equal(taken + lost, 1000, 'nothing is missing')
    socket.close()
  })

  test('a burst that fits does not make it shed', async () => {
    const socket = await filled(1 << 20, 200)
    while (socket.receive(BATCH, 0) > 0) assert.equal(socket.sheds!(), false)
    assert.equal(socket.takeLost!(), 0)
    socket.close()
  })
})
