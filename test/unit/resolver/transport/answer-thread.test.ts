import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  COUNT_BATCHES,
  COUNT_DROPPED,
  COUNT_EXCEPTIONS,
  COUNT_QUERIES,
  COUNT_RCODES,
  COUNT_RECEIVE_LOST,
  createCounters,
} from '../../../../resolver/observe/counters.ts'
import { FAILED_PACKETS_BYTES, readFailedPackets } from '../../../../resolver/observe/failed-packets.ts'
import {
  acknowledgedAt,
  CONTROL_STOP,
  createControlBlock,
  createLiveState,
  heartbeatAt,
  readyAt,
  swapAt,
} from '../../../../resolver/snapshot/live-state.ts'
import { type Answerer, runAnswerLoop } from '../../../../resolver/transport/answer-thread.ts'
import type { BatchSocket } from '../../../../resolver/transport/batch-socket.ts'

const STRIDE = 64

/** A socket that brings scripted batches of 12-byte messages (first byte given), then sets the stop flag. */
function scriptedSocket(batches: readonly (readonly number[])[], control: Int32Array, beforeBatch?: (number: number) => void) {
  const mem = new Uint8Array(64 * STRIDE)
  const off = Uint32Array.from({ length: 64 }, (_, i) => i * STRIDE)
  const len = new Uint32Array(64)
  const sent: (readonly number[])[] = []
  let next = 0
  const socket: BatchSocket = {
    mem,
    off,
    len,
    src: new Uint32Array(256),
    room: 50,
    receive: () => {
      const batch = batches[next]
      if (batch === undefined) {
        Atomics.store(control, CONTROL_STOP, 1)
        return 0
      }
      const number = next++
      beforeBatch?.(number)
      for (const [i, first] of batch.entries()) {
        mem.fill(0, off[i], off[i]! + 12)
        mem[off[i]!] = first
        len[i] = 12
      }
      return batch.length
    },
    send: (count) => {
      for (let i = 0; i < count; i++) if (len[i]! > 0) sent.push([...mem.subarray(off[i], off[i]! + 4)])
      return count
    },
    sendFailureCount: () => 0,
    close: () => undefined,
  }
  return { socket, sent }
}

/** First byte 255 throws, 254 gets no reply; others are answered with rcode 0 and the generation in byte 1. */
function testAnswerer(): Answerer & { uses: number } {
  let generation = 0
  const answerer = {
    uses: 0,
    use: (live: { tables: { generation: number } | undefined }) => {
      answerer.uses++
      generation = live.tables?.generation ?? 0
    },
    answer: (mem: Uint8Array, off: number, len: number) => {
      if (mem[off] === 255) throw new Error('bad packet')
      if (mem[off] === 254) return 0
      mem[off + 1] = generation
      return len
    },
    servfail: (mem: Uint8Array, off: number, len: number) => {
      mem[off + 3] = 2
      return len
    },
  }
  return answerer
}

async function run(
  batches: readonly (readonly number[])[],
  options: {
    snapshot?: boolean
    beforeBatch?: (number: number, control: Int32Array) => void
    takeSwaps?: (live: ReturnType<typeof createLiveState>) => number
  } = {},
) {
  const control = createControlBlock(1)
  const live = createLiveState()
  if (options.snapshot !== false) live.tables = { generation: 1 } as never
  const stripe = createCounters(1)
  const failedPackets = new Uint8Array(FAILED_PACKETS_BYTES)
  const answerer = testAnswerer()
  const { socket, sent } = scriptedSocket(batches, control, (number) => options.beforeBatch?.(number, control))
  await runAnswerLoop({
    worker: 0,
    control,
    live,
    answerer,
    stripe,
    failedPackets,
    takeSwaps: () => options.takeSwaps?.(live) ?? 0,
    sockets: [socket],
    poll: undefined,
  })
  return { control, stripe, failedPackets, sent, answerer }
}

test('the answering is told whether to shed, once a batch; what the system lost is counted', async () => {
  const control = createControlBlock(1)
  const { socket } = scriptedSocket([[1, 2], [3], [4]], control, () => undefined)
  const stripe = createCounters(1)
  const told: boolean[] = []
  let batch = 0
  await runAnswerLoop({
    ...{ worker: 0, control, live: createLiveState(), stripe, failedPackets: new Uint8Array(FAILED_PACKETS_BYTES) },
    answerer: { ...testAnswerer(), shed: (sheds) => void told.push(sheds) },
    takeSwaps: () => 0,
    sockets: [{ ...socket, sheds: () => batch++ === 1, takeLost: () => (batch === 2 ? 7 : 0) }],
    poll: undefined,
  })
  assert.deepEqual(told, [false, true, false])
  assert.equal(stripe[COUNT_RECEIVE_LOST], 7)
})

describe('runAnswerLoop', () => {
  test('answers each message of each batch; the live state is read once a batch', async () => {
    const { sent, answerer, stripe, control } = await run([[1, 2, 3], [4]])
    assert.deepEqual(
      sent,
      [1, 2, 3, 4].map((first) => [first, 1, 0, 0]),
    )
    assert.equal(answerer.uses, 2)
    assert.deepEqual([stripe[COUNT_QUERIES], stripe[COUNT_BATCHES], stripe[COUNT_RCODES]], [4, 2, 4])
    assert.equal(control[readyAt(0)], 1)
    assert.ok(control[heartbeatAt(0)]! >= 3)
  })

  test('a message that makes the answering throw gets SERVFAIL, is counted and kept; those behind it are answered', async () => {
    const { sent, stripe, failedPackets } = await run([[1, 255, 2, 255, 255]])
    assert.deepEqual(sent, [
      [1, 1, 0, 0],
      [255, 0, 0, 2],
      [2, 1, 0, 0],
      [255, 0, 0, 2],
      [255, 0, 0, 2],
    ])
    assert.equal(stripe[COUNT_EXCEPTIONS], 3)
    assert.equal(stripe[COUNT_RCODES + 2], 3)
    const { packets, next } = readFailedPackets(failedPackets, 0)
    assert.deepEqual(
      packets.map(({ error }) => error),
      ['bad packet', 'bad packet', 'bad packet'],
    )
    assert.equal(packets[0]!.packet, `ff${'00'.repeat(11)}`)
    assert.deepEqual(readFailedPackets(failedPackets, next).packets, [])
  })

  test('messages without a reply are counted as dropped', async () => {
    const { sent, stripe } = await run([[254, 1, 254]])
    assert.equal(sent.length, 1)
    assert.equal(stripe[COUNT_DROPPED], 2)
  })

  test('without a snapshot every message gets SERVFAIL', async () => {
    const { sent } = await run([[1]], { snapshot: false })
    assert.deepEqual(sent, [[1, 0, 0, 2]])
  })

  test('a swap announced while the thread waits is taken before the next batch, and acknowledged', async () => {
    const { sent, control } = await run([[1], [2]], {
      beforeBatch: (number, block) => {
        if (number === 0) Atomics.store(block, swapAt(0), 7)
      },
      takeSwaps: (live) => {
        live.tables = { generation: 2 } as never
        return 7
      },
    })
    assert.deepEqual(sent, [
      [1, 1, 0, 0],
      [2, 2, 0, 0],
    ])
    assert.equal(control[acknowledgedAt(0)], 7)
  })

  test('a swap whose message has not come yet is not acknowledged', async () => {
    const { control } = await run([[1]], { beforeBatch: (_, block) => Atomics.store(block, swapAt(0), 7), takeSwaps: () => 0 })
    assert.equal(control[acknowledgedAt(0)], 0)
  })
})

test('the ring keeps the last eight packets', () => {
  const ring = new Uint8Array(FAILED_PACKETS_BYTES)
  assert.deepEqual(readFailedPackets(ring, 0), { packets: [], next: 0 })
})
