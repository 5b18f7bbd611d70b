/**
 * Ten million answers through the loop of an answer thread, with everything that stands around an answer in production (guard with its
 * clock, cookies, counters, sampled query log, later replies), and as JSON how often the heap was collected meanwhile: run in a process
 * of its own. Used by test/unit/resolver/transport/loop-no-garbage.test.ts.
 *
 *   node test/support/answer-loop-millions.ts [answers, 10000000] [messages a batch, 64] [ffi]
 *
 * With `ffi` the queries come by loopback through the batched sockets of both sides, all in this thread; else from memory.
 */
import { createSocket } from 'node:dgram'
import { PerformanceObserver } from 'node:perf_hooks'
import { MessageChannel } from 'node:worker_threads'
import { parseAddress } from '../../geodata/address/address.ts'
import { createCounters, stripeOf } from '../../resolver/observe/counters.ts'
import { FAILED_PACKETS_BYTES } from '../../resolver/observe/failed-packets.ts'
import { createQueryRing, createQueryRingReader, createQueryTap } from '../../resolver/observe/query-log-ring.ts'
import { CONTROL_STOP, createControlBlock, type LiveState } from '../../resolver/snapshot/live-state.ts'
import { runAnswerLoop } from '../../resolver/transport/answer-thread.ts'
import type { BatchSocket } from '../../resolver/transport/batch-socket.ts'
import { createAnswerer, createCountingDesk } from '../../resolver/transport/create-answerer.ts'
import { createFfiBatchSocket } from '../../resolver/transport/ffi-batch-socket.ts'
import { boundAddress, duplicateSocket, openUdpSocket } from '../../resolver/transport/raw-socket.ts'
import { createRequestForwarder } from '../../resolver/transport/request-forwarder.ts'
import { buildQuery, subnetOf } from './dns-packets.ts'
import { makeGuardMemory, OPEN_GUARD } from './guard-subject.ts'
import { hostileSubject } from './hostile-zones.ts'

const answers = Number(process.argv[2] ?? 10_000_000)
const batch = Number(process.argv[3] ?? 64)
const isFfi = process.argv[4] === 'ffi'
/** The engine compiles late on a busy machine, and code not compiled yet makes garbage of its own. */
const MOST_PASSES = 4
const STRIDE = 1344
const loopback = parseAddress('127.0.0.1')
const queries = [
  buildQuery({ name: 'www.hostile.test', opts: [{}] }),
  buildQuery({ name: 'nothing.here.hostile.test', opts: [{}] }),
  buildQuery({ name: 'www.hostile.test', opts: [{ options: [[10, [1, 2, 3, 4, 5, 6, 7, 8]]] }] }),
  // The last octets are the network: changed from query to query.
  buildQuery({ name: 's0.z.test', opts: [{ subnet: subnetOf(4, 0x01020300n, 24) }] }),
]
const ecsQuery = queries.length - 1

/** Writes the next query at `at`; returns its length. */
let turn = 0
let state = 0x9e3779b9 | 0
function writeQuery(mem: Uint8Array, at: number): number {
  turn = turn === ecsQuery ? 0 : turn + 1
  const query = queries[turn]!
  mem.set(query, at)
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  const end = at + query.length
  mem[at] = state >>> 24
  if (turn === ecsQuery) for (let i = 1; i <= 3; i++) mem[end - i] = (state >>> (8 * i)) & 255
  return query.length
}

/** A socket whose messages are made in memory. */
function memorySocket(): BatchSocket {
  const mem = new Uint8Array(batch * STRIDE)
  const off = Uint32Array.from({ length: batch }, (_, i) => i * STRIDE)
  const len = new Uint32Array(batch)
  const src = new Uint32Array(4 * batch)
  for (let i = 0; i < batch; i++) src.set([0, 0, 0xffff, 0xc6336401 + 256 * i], 4 * i)
  const local = Uint32Array.of(0, 0, 0xffff, 0xc6336402, 53)
  return {
    ...{ mem, off, len, src, port: new Uint16Array(batch).fill(40_000), localOf: () => local, room: 1232 },
    receive: (max) => {
      const count = Math.min(max, batch)
      for (let i = 0; i < count; i++) len[i] = writeQuery(mem, off[i]!)
      return count
    },
    ...{ send: (count) => count, sendFailureCount: () => 0, close: () => undefined },
  }
}

/** The product's socket, and behind its `receive` a client of this thread that turns each reply into the next query. */
async function ffiSocket(): Promise<BatchSocket> {
  const fd = openUdpSocket({ address: loopback, port: 0 }, { reusePort: false })
  const { port } = boundAddress(fd)
  const clientFd = openUdpSocket({ address: loopback, port: 0 }, { reusePort: false })
  const first = createSocket('udp4')
  await new Promise<void>((resolve) => first.bind({ fd: duplicateSocket(clientFd) }, resolve))
  const scratch = new Uint8Array(512)
  for (let i = 0; i < batch; i++) {
    const length = writeQuery(scratch, 0)
    await new Promise((resolve) => first.send(scratch.slice(0, length), port, '127.0.0.1', resolve))
  }
  await new Promise<void>((resolve) => first.close(() => resolve()))
  const client = createFfiBatchSocket(clientFd, batch)
  const server = createFfiBatchSocket(fd, batch)
  return {
    ...server,
    receive: (max, waitMs) => {
      const count = client.receive(batch, 0)
      for (let i = 0; i < count; i++) client.len[i] = writeQuery(client.mem, client.off[i]!)
      if (count > 0) client.send(count)
      return server.receive(max, waitMs)
    },
  }
}

const { context } = hostileSubject()
const live: LiveState = {
  tables: { generation: 1, zones: context.zones!, policies: context.policies! },
  ...{ shared: undefined, ranking: context.ranking, refusedRankings: 0 },
}
const control = createControlBlock(1)
const stripe = stripeOf(createCounters(1), 0)
const channel = new MessageChannel()
const forwarder = createRequestForwarder(channel.port1)
const settings = {
  identity: 'here',
  replyBursts: true,
  guard: { ...OPEN_GUARD, limits: { ...OPEN_GUARD.limits, answersPerSecond: 64_000, negativesPerSecond: 64_000, errorsPerSecond: 64_000 } },
}
const policyCells = { cells: new Float64Array(4096), shape: { ruleCount: 16, policyCount: 4 } }
// Only what an answerer reads of a worker's setup.
const setup = { settings, stripe, guard: makeGuardMemory() } as Parameters<typeof createAnswerer>[0]
const answerer = createAnswerer(setup, policyCells, createCountingDesk(stripe, forwarder.forwardDatagram))
const ring = createQueryRing()
const reader = createQueryRingReader(ring)
const tap = createQueryTap({ ring, sampleEvery: 100, copyQueries: true, copyResponses: true }, answerer.note)
const socket = isFfi ? await ffiSocket() : memorySocket()

let received = 0
let until = 0
const takeRecord = (): void => undefined
const counting: BatchSocket = {
  ...socket,
  receive: (max, waitMs) => {
    if (received >= until) {
      Atomics.store(control, CONTROL_STOP, 1)
      return 0
    }
    const count = socket.receive(max, waitMs)
    received += count
    // What the writer of the query log does, in another thread.
    if ((received & 0xffff) < count) reader.read(takeRecord, Number.MAX_SAFE_INTEGER)
    return count
  },
}

async function run(count: number): Promise<void> {
  received = 0
  until = count
  Atomics.store(control, CONTROL_STOP, 0)
  await runAnswerLoop({
    ...{ worker: 0, control, live, answerer, stripe, failedPackets: new Uint8Array(FAILED_PACKETS_BYTES), tap },
    ...{ later: forwarder.datagrams, takeSwaps: () => 0, sockets: [counting], poll: undefined },
  })
}

/** When collections began; reported some time later. */
const collectedAt: number[] = []
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) collectedAt.push(entry.startTime)
})
observer.observe({ entryTypes: ['gc'] })

for (let i = 0; i < 10; i++) await run(Math.min(200_000, answers / 10))
let collections = Number.POSITIVE_INFINITY
let bytesPerAnswer = 0
let passes = 0
for (; passes < MOST_PASSES && collections > 0; passes++) {
  const heap = process.memoryUsage().heapUsed
  const startedAt = performance.now()
  await run(answers)
  const endedAt = performance.now()
  bytesPerAnswer = (process.memoryUsage().heapUsed - heap) / answers
  // Collections are reported from the event loop.
  await new Promise((resolve) => setTimeout(resolve, 20))
  collections = collectedAt.filter((at) => at > startedAt && at < endedAt).length
}
observer.disconnect()
channel.port1.close()
socket.close()
process.stdout.write(`${JSON.stringify({ answers, batch, collections, bytesPerAnswer, passes })}\n`)
