/** Worker entry: one answer thread over UDP. Opens its sockets, waits until answering may begin, and runs the loop of answer-thread.ts. Shell. */
import { setFlagsFromString } from 'node:v8'
import { workerData } from 'node:worker_threads'
import { createQueryTap } from '../observe/query-log-ring.ts'
import { CONTROL_OPEN, CONTROL_STOP, createLiveState, heartbeatAt } from '../snapshot/live-state.ts'
import { BATCH_SIZE, runAnswerLoop } from './answer-thread.ts'
import type { BatchSocket } from './batch-socket.ts'
import { createAnswerer, createCountingDesk } from './create-answerer.ts'
import { createDgramBatchSocket } from './dgram-batch-socket.ts'
import { createFfiBatchSocket } from './ffi-batch-socket.ts'
import { libcUnavailable } from './libc.ts'
import { createSocketPoll } from './poll-sockets.ts'
import { createRequestForwarder } from './request-forwarder.ts'
import { createPolicyCounters, createSwapTaker } from './take-swaps.ts'
import { goFirst } from './thread-priority.ts'
import type { SocketSource, WorkerSetup } from './worker-setup.ts'

// The steps of an answer are many small functions: V8's defaults inline about half of them. With more an answer takes 10–17 % less time
// (test/support/answer-million.ts, 2026-11). The flags are the process's; its other code is not hot.
setFlagsFromString('--max-inlined-bytecode-size=1500')
setFlagsFromString('--max-inlined-bytecode-size-cumulative=6000')

const setup = workerData as WorkerSetup
const blocking = libcUnavailable() === undefined
goFirst()

async function openSocket(source: SocketSource): Promise<BatchSocket> {
  if (blocking && 'fd' in source) return createFfiBatchSocket(source.fd, BATCH_SIZE, setup.settings.replyBursts)
  return createDgramBatchSocket(source, BATCH_SIZE)
}

const sockets: BatchSocket[] = []
for (const source of setup.sources) sockets.push(await openSocket(source))
const live = createLiveState()
const counters = createPolicyCounters()
const requests = createRequestForwarder(setup.swaps)
const desk = createCountingDesk(setup.stripe, setup.handsOn ? requests.forwardDatagram : undefined)

while (Atomics.load(setup.control, CONTROL_OPEN) === 0 && Atomics.load(setup.control, CONTROL_STOP) === 0) {
  Atomics.add(setup.control, heartbeatAt(setup.worker), 1)
  Atomics.wait(setup.control, CONTROL_OPEN, 0, 50)
}
const answerer = createAnswerer(setup, counters, desk)
await runAnswerLoop({
  worker: setup.worker,
  control: setup.control,
  live,
  answerer,
  stripe: setup.stripe,
  failedPackets: setup.failedPackets,
  tap: setup.queryTap === undefined ? undefined : createQueryTap(setup.queryTap, answerer.note),
  takeSwaps: createSwapTaker(setup.swaps, live, counters, desk.use, undefined, requests.take),
  later: requests.datagrams,
  sockets,
  poll: blocking && sockets.length > 1 ? createSocketPoll(setup.sources.map((source) => ('fd' in source ? source.fd : -1))) : undefined,
})
// Descriptors that were handed in stay open: the main thread keeps them for the thread that may replace this one.
if (!blocking) for (const socket of sockets) socket.close()
setup.swaps.close()
