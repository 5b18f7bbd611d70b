/**
 * The loop of an answer thread: receive a batch → look for a swap and take the newest ranking, once → answer each → send the batch.
 * Shell, hot; guarded by bench/answer.bench.ts. It blocks in the receive call, so it learns of everything through shared memory:
 * the stop flag and the number of the newest swap (live-state.ts); a swap's message is then taken with receiveMessageOnPort.
 *
 * One `try` stands around the batch: a throw answers that packet SERVFAIL, counts it, keeps it for the log, and the loop goes on
 * behind it. The answering itself is handed in, so that the loop is tested without it.
 */
import {
  COUNT_BATCHES,
  COUNT_EXCEPTIONS,
  COUNT_QUERIES,
  COUNT_RECEIVE_LOST,
  COUNT_REFUSED_RANKINGS,
  COUNT_SEND_FAILURES,
  countReply,
} from '../observe/counters.ts'
import { keepFailedPacket } from '../observe/failed-packets.ts'
import type { NoteDecision, QueryTap } from '../observe/query-log-ring.ts'
import { acknowledgedAt, CONTROL_STOP, heartbeatAt, type LiveState, readyAt, replaceRanking, swapAt } from '../snapshot/live-state.ts'
import type { BatchSocket } from './batch-socket.ts'
import type { SocketPoll } from './poll-sockets.ts'

/** Transport number of answerQuery. */
export const TRANSPORT_UDP = 0
/** Transport number of answerQuery. */
export const TRANSPORT_TCP = 1

/** Largest number of messages taken in one system call. */
export const BATCH_SIZE = 64
/** Longest wait for a message: bounds how late a stop or a swap is seen by an idle thread. */
const WAIT_MS = 100
/** The same while a reply is expected from elsewhere. */
const WAIT_FOR_REPLY_MS = 3

/** The answering of one worker. */
export type Answerer = {
  /** Called once a batch, before its first answer. */
  readonly use: (live: LiveState) => void
  /** Answers the message at `mem[off]` in place; returns the reply's length, 0 = no reply. */
  readonly answer: (mem: Uint8Array, off: number, len: number, room: number, src: Uint32Array, srcAt: number, transport: number) => number
  /** From now on only clients that are known are answered, or all again (resolver/guard/overload.ts). Called once a batch, after `use`. */
  readonly shed?: (sheds: boolean) => void
  /** Reads ahead for the answers to the first `count` messages (resolver/zone/warm-names.ts). Called once a batch, after `use`. */
  readonly warm?: (mem: Uint8Array, off: ArrayLike<number>, len: ArrayLike<number>, count: number) => void
  /** What decided the last answer, for the query log. */
  readonly note?: NoteDecision
  /** Idle time-out that the next answers tell an asker who wants to know (RFC 7828), in ms; -1 = none. */
  readonly tellIdle?: (idleMs: number) => void
  /** Turns the message into a SERVFAIL reply; 0 when it is no query at all. */
  readonly servfail: (mem: Uint8Array, off: number, len: number) => number
}

/** Messages whose reply comes later (request-forwarder.ts). */
export type LaterReplies = {
  /** Called for a message without a reply: true = it comes later, to this address. */
  readonly keep: (socket: BatchSocket, i: number) => boolean
  /** True while some are expected. */
  readonly isWaiting: () => boolean
  /** Sends those that have come. */
  readonly send: () => void
}

/** What a loop works on. */
export type AnswerLoopOptions = {
  readonly worker: number
  readonly control: Int32Array
  readonly live: LiveState
  readonly answerer: Answerer
  readonly stripe: Float64Array
  readonly failedPackets: Uint8Array
  /** The query log; undefined = off. */
  readonly tap?: QueryTap | undefined
  /** Undefined = every reply is made at once. */
  readonly later?: LaterReplies | undefined
  /** Takes waiting swap messages into `live`; returns the number of the last one. */
  readonly takeSwaps: () => number
  readonly sockets: readonly BatchSocket[]
  /** Needed with several blocking sockets. */
  readonly poll: SocketPoll | undefined
}

/** Serves until the stop flag is set. Resolves then; sockets are left open. */
export async function runAnswerLoop(options: AnswerLoopOptions): Promise<void> {
  const { control, worker, sockets, poll, live, stripe, later } = options
  const heartbeat = heartbeatAt(worker)
  const step = createBatchStep(options)
  const newest = swapAt(worker)
  let swapSeen = 0
  Atomics.store(control, readyAt(worker), 1)
  while (Atomics.load(control, CONTROL_STOP) === 0) {
    Atomics.add(control, heartbeat, 1)
    const swap = Atomics.load(control, newest)
    if (swap !== swapSeen) {
      const taken = options.takeSwaps()
      if (taken !== 0) {
        swapSeen = taken
        Atomics.store(control, acknowledgedAt(worker), taken)
      } else if (live.tables === undefined) {
        // The flag was seen before its message. A thread with a generation answers from that and looks again at the next turn;
        // one without must not turn queries away that it can answer in a moment.
        Atomics.wait(control, newest, swap, 1)
        continue
      }
    }
    later?.send()
    const waitMs = later?.isWaiting() === true ? WAIT_FOR_REPLY_MS : WAIT_MS
    if (sockets[0]!.arrived !== undefined) {
      await Promise.race(sockets.map((socket) => socket.arrived!(waitMs)))
      for (const socket of sockets) step(socket, 0)
    } else if (poll === undefined) {
      step(sockets[0]!, waitMs)
    } else {
      poll.wait(waitMs)
      for (let i = 0; i < sockets.length; i++) if (poll.ready[i] === 1) step(sockets[i]!, 0)
    }
    stripe[COUNT_REFUSED_RANKINGS] = live.refusedRankings
  }
}

/** One batch of one socket. Made once a thread: the loop itself creates no closure. */
function createBatchStep(options: AnswerLoopOptions): (socket: BatchSocket, waitMs: number) => void {
  const { live, answerer, stripe, failedPackets, tap, later } = options
  // The first batches are small and grow: they are the slow ones (cold code, a backlog behind a restart), and what a thread holds
  // when its process is killed is lost.
  let most = 1

  return function step(socket, waitMs) {
    const count = socket.receive(most, waitMs)
    if (count === 0) return
    if (most < BATCH_SIZE) most *= 2
    // After the batch arrived, and once: no query sees two generations or two rankings.
    replaceRanking(live)
    tap?.beginBatch(live.tables?.generation ?? 0)
    const { mem, off, len, src, room } = socket
    const sheds = socket.sheds?.() === true
    let i = 0
    while (i < count) {
      try {
        answerer.use(live)
        answerer.shed?.(sheds)
        if (i === 0) answerer.warm?.(mem, off, len, count)
        for (; i < count; i++) {
          const at = off[i]!
          tap?.query(socket, i)
          const length =
            live.tables === undefined
              ? answerer.servfail(mem, at, len[i]!)
              : answerer.answer(mem, at, len[i]!, room, src, 4 * i, TRANSPORT_UDP)
          len[i] = length
          if (length !== 0 || later === undefined || !later.keep(socket, i)) countReply(stripe, mem, at, length)
          tap?.response(mem, at, length)
        }
      } catch (error) {
        stripe[COUNT_EXCEPTIONS]! += 1
        keepFailedPacket(failedPackets, mem, off[i]!, len[i]!, error)
        len[i] = answerer.servfail(mem, off[i]!, len[i]!)
        countReply(stripe, mem, off[i]!, len[i]!)
        tap?.response(mem, off[i]!, len[i]!)
        i++
      }
    }
    stripe[COUNT_QUERIES]! += count
    stripe[COUNT_BATCHES]! += 1
    const failedBefore = socket.sendFailureCount()
    socket.send(count)
    tap?.endBatch()
    const failed = socket.sendFailureCount() - failedBefore
    if (failed !== 0) stripe[COUNT_SEND_FAILURES]! += failed
    const lost = socket.takeLost?.() ?? 0
    if (lost !== 0) stripe[COUNT_RECEIVE_LOST]! += lost
  }
}
