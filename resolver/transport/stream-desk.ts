/**
 * Where a message goes that came by TCP, TLS or HTTPS: the one seam between connections and what answers. Shell (clock of TSIG).
 *
 *   message ─► later(message, asker) ─► promise      an answer that must be waited for (an update); others go on meanwhile
 *           ─► transfers.beginStream ─► stream       messages pulled as the peer reads them
 *           ─► answerer ─► length                    answered at once, in `scratch` from offset 2 on
 *
 * An exception becomes SERVFAIL for that message, is counted, and the packet is kept. Everything is counted and logged here.
 */
import { COUNT_EXCEPTIONS, COUNT_QUERIES, countReply } from '../observe/counters.ts'
import { keepFailedPacket } from '../observe/failed-packets.ts'
import type { QueryTap } from '../observe/query-log-ring.ts'
import { type LiveState, replaceRanking } from '../snapshot/live-state.ts'
import type { TransferDesk } from '../transfer/transfer-desk.ts'
import type { TransferStream } from '../transfer/transfer-stream.ts'
import type { Answerer } from './answer-thread.ts'

/** Transport numbers of streams: those of answerQuery and of the query log. */
export type StreamTransport = 1 | 2 | 3
/** DNS over TCP. */
export const STREAM_TCP = 1
/** DNS over TLS. */
export const STREAM_DOT = 2
/** DNS over HTTPS. */
export const STREAM_DOH = 3

/** What is known of an encrypted connection. */
export type TlsFacts = {
  /** "TLSv1.2" or "TLSv1.3". */
  readonly version: string
  /** Protocol agreed on (RFC 7301); "" = the client named none. */
  readonly alpn: string
}

/** Who sent a message, and over what. One object a connection. */
export type StreamAsker = {
  /** Address as four words, IPv4 mapped. */
  readonly source: Uint32Array
  readonly port: number
  /** Our end: address and port. */
  readonly local: Uint32Array
  readonly transport: StreamTransport
  /** Undefined for TCP. */
  readonly tls: TlsFacts | undefined
}

/** Takes messages whose answer must be waited for; undefined = not such a message. The promise must not stay open for ever. */
export type AnswerLater = (message: Uint8Array, asker: StreamAsker) => Promise<Uint8Array> | undefined

/** A reply: its length in `scratch`, from offset 2 on (0 = none); or several messages; or one that comes later. */
export type StreamReply = number | TransferStream | Promise<Uint8Array>

/** What a desk works with. */
export type StreamDeskOptions = {
  readonly live: LiveState
  readonly answerer: Answerer
  /** Counters of a transport. */
  readonly stripeOf: (transport: StreamTransport) => Float64Array
  readonly failedPackets: Uint8Array
  /** The query log; undefined = off. */
  readonly tap?: QueryTap | undefined
  /** Begins transfers; undefined = there are none here. */
  readonly transfers?: TransferDesk | undefined
  readonly later?: AnswerLater | undefined
}

/** The desk of a stream worker. */
export type StreamDesk = {
  /** One answer is made at a time: length prefix, then the message. */
  readonly scratch: Uint8Array
  /** Called once before some messages are handed over. */
  readonly begin: () => void
  /**
   * Takes a message of at least a header. `idleMs` is the idle time-out to tell (RFC 7828), -1 = none. HTTPS has no streams: there
   * a transfer gets the one message that fits.
   */
  readonly receive: (message: Uint8Array, asker: StreamAsker, runningTransfers: number, idleMs: number) => StreamReply
  /** The next message of a transfer into `scratch`; its length, 0 = that was all, -1 = it failed and the connection must end. */
  readonly next: (stream: TransferStream, asker: StreamAsker) => number
  /** A reply that was promised has come, or could not be made; what is to be sent. */
  readonly finish: (reply: Uint8Array, asker: StreamAsker) => Uint8Array
  /** A policy chose the last answer, so that it may be for its asker alone. */
  readonly isPersonal: () => boolean
  /** SERVFAIL for a message whose promise was broken. */
  readonly fail: (message: Uint8Array, asker: StreamAsker, error: unknown) => Uint8Array
}

const LARGEST_MESSAGE_BYTES = 65_535
/** Octets of a header: less is no message. */
export const LEAST_MESSAGE_BYTES = 12

/** Makes a desk; one a stream worker. */
export function createStreamDesk(options: StreamDeskOptions): StreamDesk {
  const { live, answerer, stripeOf, failedPackets, tap, transfers, later } = options
  const scratch = new Uint8Array(2 + LARGEST_MESSAGE_BYTES)

  function failed(message: Uint8Array, asker: StreamAsker, error: unknown): number {
    stripeOf(asker.transport)[COUNT_EXCEPTIONS]! += 1
    keepFailedPacket(failedPackets, message, 0, message.length, error)
    scratch.set(message, 2)
    return answerer.servfail(scratch, 2, message.length)
  }

  function answerNow(message: Uint8Array, asker: StreamAsker, idleMs: number): number {
    scratch.set(message, 2)
    try {
      answerer.use(live)
      if (live.tables === undefined) return answerer.servfail(scratch, 2, message.length)
      answerer.tellIdle?.(idleMs)
      return answerer.answer(scratch, 2, message.length, LARGEST_MESSAGE_BYTES, asker.source, 0, asker.transport)
    } catch (error) {
      return failed(message, asker, error)
    }
  }

  /** What is no plain answer; a number when it failed. */
  function special(message: Uint8Array, asker: StreamAsker, running: number): StreamReply | undefined {
    try {
      const promised = later?.(message, asker)
      if (promised !== undefined) return promised
      if (asker.transport === STREAM_DOH) return undefined
      return transfers?.beginStream(message, asker.source, live.tables, running, asker.tls)
    } catch (error) {
      return failed(message, asker, error)
    }
  }

  function log(message: Uint8Array, { source, port, local, transport }: StreamAsker): void {
    tap?.beginBatch(live.tables?.generation ?? 0)
    tap?.queryFrom(message, 0, message.length, LARGEST_MESSAGE_BYTES, transport, source, 0, port, local)
  }

  function logReply(length: number): void {
    tap?.response(scratch, 2, length)
    tap?.endBatch()
  }

  const decision = new Int32Array(3)

  return {
    scratch,
    isPersonal: () => {
      decision[0] = -1
      answerer.note?.(decision)
      return decision[0]! >= 0
    },
    begin: () => replaceRanking(live),
    receive: (message, asker, running, idleMs) => {
      const reply = special(message, asker, running)
      log(message, asker)
      if (reply !== undefined && typeof reply !== 'number') {
        logReply(0)
        return reply
      }
      const length = reply ?? answerNow(message, asker, idleMs)
      logReply(length)
      const stripe = stripeOf(asker.transport)
      stripe[COUNT_QUERIES]! += 1
      countReply(stripe, scratch, 2, length)
      return length
    },
    next: (stream, asker) => {
      try {
        const length = stream.next(scratch.subarray(2), Math.floor(Date.now() / 1000))
        if (length === 0) stripeOf(asker.transport)[COUNT_QUERIES]! += 1
        return length
      } catch (error) {
        // Half a transfer cannot be taken back: the secondary sees the connection end and asks again.
        stripeOf(asker.transport)[COUNT_EXCEPTIONS]! += 1
        keepFailedPacket(failedPackets, scratch, 2, LEAST_MESSAGE_BYTES, error)
        return -1
      }
    },
    finish: (reply, asker) => {
      const stripe = stripeOf(asker.transport)
      stripe[COUNT_QUERIES]! += 1
      countReply(stripe, reply, 0, reply.length)
      return reply
    },
    fail: (message, asker, error) => {
      const length = failed(message, asker, error)
      const stripe = stripeOf(asker.transport)
      stripe[COUNT_QUERIES]! += 1
      countReply(stripe, scratch, 2, length)
      return scratch.slice(2, 2 + length)
    },
  }
}
