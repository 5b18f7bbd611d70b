/**
 * The worker's end of UPDATE and NOTIFY: hands them to the main thread, keeps where their replies go, and sends those when they come.
 * Shell. Bounded: what comes while too many wait is answered SERVFAIL at once.
 */
import type { MessagePort } from 'node:worker_threads'
import { findTsig } from '../wire/tsig.ts'
import type { LaterReplies } from './answer-thread.ts'
import type { BatchSocket, ReturnAddress } from './batch-socket.ts'
import type { RequestMessage } from './worker-setup.ts'

/** Messages of one worker that wait for a reply. */
const WAITING = 512
const OPCODE_NOTIFY = 4
const OPCODE_UPDATE = 5

/** One a worker. */
export type RequestForwarder = {
  /** Hands on what came by UDP; the loop keeps its return address (`datagrams.keep`). False = too many wait. */
  readonly forwardDatagram: (message: Uint8Array, src: Uint32Array, srcAt: number) => boolean
  /** Hands on what came over a stream; undefined = it is no such message, or too many wait: it is answered at once. */
  readonly forwardStream: (message: Uint8Array, source: Uint32Array) => Promise<Uint8Array> | undefined
  /** A reply has come. */
  readonly take: (request: number, message: Uint8Array) => void
  readonly datagrams: LaterReplies
}

/** Makes it; `port` leads to the main thread. */
export function createRequestForwarder(port: MessagePort): RequestForwarder {
  let next = 1
  /** Handed on by the answer that is being made; 0 = nothing. */
  let fresh = 0
  const streams = new Map<number, (reply: Uint8Array) => void>()
  const datagrams = new Map<number, { readonly socket: BatchSocket; readonly to: ReturnAddress } | undefined>()
  const arrived: { readonly socket: BatchSocket; readonly to: ReturnAddress; readonly reply: Uint8Array }[] = []

  function post(message: Uint8Array, source: Uint32Array): number {
    if (streams.size + datagrams.size >= WAITING) return 0
    const request = next++
    port.postMessage({ request, message, source } satisfies RequestMessage)
    return request
  }

  return {
    forwardDatagram: (message, src, srcAt) => {
      fresh = post(message, src.slice(srcAt, srcAt + 4))
      if (fresh !== 0) datagrams.set(fresh, undefined)
      return fresh !== 0
    },
    forwardStream: (received, source) => {
      const opcode = (received[2]! >> 3) & 15
      if ((received[2]! & 0x80) !== 0 || (opcode !== OPCODE_UPDATE && opcode !== OPCODE_NOTIFY)) return undefined
      // Without a key it is refused where it came.
      if (opcode === OPCODE_UPDATE && findTsig(received).kind === 'none') return undefined
      const request = post(new Uint8Array(received), source.slice())
      return request === 0 ? undefined : new Promise((resolve) => streams.set(request, resolve))
    },
    take: (request, message) => {
      const stream = streams.get(request)
      streams.delete(request)
      stream?.(message)
      const datagram = datagrams.get(request)
      datagrams.delete(request)
      if (datagram !== undefined) arrived.push({ ...datagram, reply: message })
    },
    datagrams: {
      keep: (socket, i) => {
        if (fresh === 0) return false
        datagrams.set(fresh, { socket, to: socket.returnAddress!(i) })
        fresh = 0
        return true
      },
      isWaiting: () => datagrams.size > 0,
      send: () => {
        // Asked once a batch: nothing is made when nothing has come.
        if (arrived.length === 0) return
        for (const { socket, to, reply } of arrived.splice(0)) if (reply.length <= socket.room) socket.sendLater!(to, reply)
      },
    },
  }
}
