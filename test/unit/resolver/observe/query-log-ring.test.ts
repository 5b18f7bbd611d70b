import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  createQueryRing,
  createQueryRingReader,
  createQueryTap,
  LOG_DOT,
  type QueryRecord,
  type QueryTapSetup,
  ringDropped,
} from '../../../../resolver/observe/query-log-ring.ts'
import type { BatchSocket } from '../../../../resolver/transport/batch-socket.ts'

const setupOf = (ring: SharedArrayBuffer, changes: Partial<QueryTapSetup> = {}): QueryTapSetup => ({
  ...{ ring, sampleEvery: 1, copyQueries: true, copyResponses: true },
  ...changes,
})

/** A socket with one message in each of four slots; slot i holds i + 20 octets of value i + 1. */
function socketOf(offset = 64): BatchSocket {
  const mem = new Uint8Array(8192)
  const off = Uint32Array.from({ length: 4 }, (_, i) => offset + i * 1344)
  const len = Uint32Array.from({ length: 4 }, (_, i) => i + 20)
  for (let i = 0; i < 4; i++) mem.fill(i + 1, off[i], off[i]! + len[i]!)
  const src = Uint32Array.from({ length: 16 }, (_, i) => (i % 4 === 2 ? 0xffff : i % 4 === 3 ? 0xc6336401 + i : 0))
  const local = Uint32Array.of(0, 0, 0xffff, 0x7f000001, 5300)
  return {
    ...{ mem, off, len, src, port: Uint16Array.of(1001, 1002, 1003, 1004), localOf: () => local, room: 1232 },
    ...{ receive: () => 0, send: () => 0, sendFailureCount: () => 0, close: () => undefined },
  }
}

type Seen = Omit<QueryRecord, 'bytes' | 'source' | 'local'> & { source: number[]; local: number[]; query: number[]; response: number[] }

function readAll(ring: SharedArrayBuffer, mostBytes = Number.POSITIVE_INFINITY): Seen[] {
  const seen: Seen[] = []
  createQueryRingReader(ring).read((record) => {
    const { bytes, source, local, ...plain } = record
    seen.push({
      ...{ ...plain, source: [...source], local: [...local] },
      query: [...bytes.subarray(record.queryAt, record.queryAt + record.queryLength)],
      response: [...bytes.subarray(record.responseAt, record.responseAt + record.responseLength)],
    })
  }, mostBytes)
  return seen
}

describe('query log ring', () => {
  test('a batch comes out whole: messages, addresses, ports, times, decision; only behind endBatch', () => {
    const ring = createQueryRing(1 << 16)
    let now = 1000
    const note = (cells: Int32Array): void => void cells.set([3, -1, 2])
    const tap = createQueryTap(
      setupOf(ring),
      note,
      () => now,
      () => 1_000_000 + now,
    )
    const socket = socketOf()
    tap.beginBatch(7)
    for (let i = 0; i < 3; i++) {
      tap.query(socket, i)
      socket.mem[socket.off[i]!] = 0xaa
      tap.response(socket.mem, socket.off[i]!, i === 1 ? 0 : 30)
    }
    assert.deepEqual(readAll(ring), [])
    now = 1000.25
    tap.endBatch()
    const seen = readAll(ring)
    assert.equal(seen.length, 3)
    assert.deepEqual(seen[0]!.query, Array(20).fill(1))
    assert.deepEqual(seen[0]!.response.slice(0, 20), [0xaa, ...Array(19).fill(1)])
    const { source, local, sourcePort, localPort, transport, generation, policy, rule, outcome, queryTime, responseTime } = seen[2]!
    assert.deepEqual(
      { source, local, sourcePort, localPort, transport, generation, policy, rule, outcome, queryTime, responseTime },
      {
        ...{ source: [0, 0, 0xffff, 0xc6336401 + 11], local: [0, 0, 0xffff, 0x7f000001], sourcePort: 1003, localPort: 5300 },
        ...{ transport: 0, generation: 7, policy: 3, rule: -1, outcome: 2, queryTime: 1_001_000, responseTime: 1_001_000.25 },
      },
    )
    assert.deepEqual([seen[1]!.responseBytes, seen[1]!.responseLength, seen[2]!.responseBytes], [0, 0, 30])
    assert.deepEqual(readAll(ring), [], 'what was read is gone')
  })

  test('messages at odd places, from another transport, and only what is asked for is copied', () => {
    const ring = createQueryRing(1 << 18)
    const tap = createQueryTap(setupOf(ring, { copyResponses: false }), undefined)
    const mem = Uint8Array.from({ length: 100 }, (_, i) => i)
    tap.beginBatch(0)
    tap.queryFrom(mem, 3, 50, 65535, LOG_DOT, Uint32Array.of(1, 2, 3, 4), 0, 853, Uint32Array.of(5, 6, 7, 8, 853))
    tap.response(mem, 1, 60)
    tap.endBatch()
    const [seen] = readAll(ring)
    assert.deepEqual(seen!.query, [...mem.subarray(3, 53)])
    assert.deepEqual([seen!.response.length, seen!.responseBytes, seen!.transport, seen!.policy], [0, 60, LOG_DOT, -1])
    assert.deepEqual(
      [seen!.source, seen!.local],
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    )
  })

  test('a full ring drops and counts; what the reader has taken is free again', () => {
    const ring = createQueryRing(1 << 12)
    const tap = createQueryTap(setupOf(ring), undefined)
    const socket = socketOf()
    for (let n = 0; n < 100; n++) {
      tap.beginBatch(0)
      tap.query(socket, n & 3)
      tap.response(socket.mem, socket.off[n & 3]!, 40)
      tap.endBatch()
    }
    const kept = readAll(ring)
    assert.ok(kept.length > 10 && kept.length < 30, String(kept.length))
    assert.equal(ringDropped(ring), 100 - kept.length)
    tap.beginBatch(0)
    tap.query(socket, 0)
    tap.response(socket.mem, socket.off[0]!, 40)
    tap.endBatch()
    assert.equal(readAll(ring).length, 1)
  })

  test('around the end of the memory and of 32 bits nothing is lost or torn; a new worker and a new reader go on', () => {
    const ring = createQueryRing(1 << 14)
    new Int32Array(ring)[0] = new Int32Array(ring)[16] = -40
    const socket = socketOf()
    let tap = createQueryTap(setupOf(ring), undefined)
    for (let n = 0; n < 5000; n++) {
      const i = n & 3
      if (n % 500 === 0) tap = createQueryTap(setupOf(ring), undefined)
      tap.beginBatch(n)
      socket.mem.fill(n & 255, socket.off[i], socket.off[i]! + socket.len[i]!)
      tap.query(socket, i)
      const length = 12 + ((n * 37) % 1200)
      tap.response(socket.mem, socket.off[i]!, length)
      tap.endBatch()
      const seen = readAll(ring)
      assert.equal(seen.length, 1)
      assert.deepEqual([seen[0]!.generation, seen[0]!.responseLength], [n, length])
      assert.deepEqual(seen[0]!.query, Array(20 + i).fill(n & 255))
    }
    assert.equal(ringDropped(ring), 0)
  })

  test('the reader takes about as much as it is asked to', () => {
    const ring = createQueryRing(1 << 16)
    const tap = createQueryTap(setupOf(ring), undefined)
    const socket = socketOf()
    tap.beginBatch(0)
    for (let n = 0; n < 20; n++) {
      tap.query(socket, 0)
      tap.response(socket.mem, socket.off[0]!, 24)
    }
    tap.endBatch()
    assert.equal(readAll(ring, 300).length, 3)
    assert.equal(readAll(ring).length, 17)
  })

  for (const sampleEvery of [2, 100])
    test(`one query of ${sampleEvery}, with no pattern`, () => {
      const ring = createQueryRing(1 << 22)
      const tap = createQueryTap(
        setupOf(ring, { sampleEvery, copyQueries: false, copyResponses: false }),
        undefined,
        undefined,
        undefined,
        12345,
      )
      const socket = socketOf()
      const rounds = 10_000 * Math.min(sampleEvery, 10)
      const byParity = [0, 0, 0, 0]
      let total = 0
      for (let n = 0; n < rounds; n++) {
        tap.beginBatch(n)
        tap.query(socket, n & 3)
        tap.response(socket.mem, socket.off[n & 3]!, 24)
        tap.endBatch()
        for (const { generation } of readAll(ring)) {
          byParity[generation & 3]!++
          total++
        }
      }
      const expected = rounds / sampleEvery
      assert.ok(Math.abs(total - expected) < 5 * Math.sqrt(expected), `${total} of ${rounds}`)
      for (const count of byParity) assert.ok(Math.abs(count - expected / 4) < 6 * Math.sqrt(expected / 4), byParity.join())
    })

  test('the wall clock follows a change of the system, not its own rounding', () => {
    const ring = createQueryRing(1 << 16)
    let now = 0
    let wall = 5_000_000
    const tap = createQueryTap(
      setupOf(ring),
      undefined,
      () => now,
      () => wall,
    )
    const times: number[] = []
    const socket = socketOf()
    for (const [monotonic, wallNow] of [
      [500, 5_000_500],
      [1600, 5_001_599],
      [2700, 5_062_700],
      [3800, 5_063_800],
    ] as const) {
      now = monotonic
      wall = wallNow
      tap.beginBatch(0)
      tap.query(socket, 0)
      tap.response(socket.mem, socket.off[0]!, 24)
      tap.endBatch()
      times.push(readAll(ring)[0]!.queryTime)
    }
    assert.deepEqual(times, [5_000_500, 5_001_600, 5_062_700, 5_063_800])
  })
})
