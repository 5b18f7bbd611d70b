/**
 * The query log into a stream: a unix socket that is connected to again and again, or standard output. Shell, event driven: a reader that
 * is away or does not read makes the stream full, and the queries stay in their rings until those drop. For dnstap the hand-shake of
 * Frame Streams comes first (dnstap-frames.ts).
 *
 *   away ─ connect ─► hand-shake (READY, ACCEPT, START) ─► open ─ close ─► away, next try after 0.1, 0.2 … 5 s
 */
import { constants, openSync } from 'node:fs'
import { connect, Socket } from 'node:net'
import { libcUnavailable } from '../transport/libc.ts'
import { duplicateSocket } from '../transport/raw-socket.ts'
import {
  DNSTAP_CONTENT_TYPE,
  decodeControlFrame,
  encodeControlFrame,
  FRAME_ACCEPT,
  FRAME_FINISH,
  FRAME_READY,
  FRAME_START,
  FRAME_STOP,
} from './dnstap-frames.ts'
import type { LogSink, SinkEvents } from './query-log-sink.ts'

/** Bytes that may wait in this process for a reader; beyond them the stream is full. */
const WAITING_BYTES = 1 << 20
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5000
/** A reader that connects and says nothing for this long is left, so that another can have its turn. */
const HANDSHAKE_MS = 5000
/** Longest wait for the reader to take the end of the stream. */
const FINISH_MS = 500

/** What is written around the data. `both`: the hand-shake of a socket; `start`: START and STOP alone; `none`: lines. */
export type StreamFraming = 'both' | 'start' | 'none'

/** Opens the connection; called again after each loss. Undefined: it was the only one. */
type Opener = () => Socket | undefined

function createStream(name: string, opener: Opener, framing: StreamFraming, events: SinkEvents): LogSink {
  let socket: Socket | undefined
  let isOpen = false
  let closing = false
  let retryMs = FIRST_RETRY_MS
  let retryAt = 0
  let connectedAt = 0
  let told = false
  let finished: (() => void) | undefined

  function start(nowMs: number): void {
    const opened = opener()
    if (opened === undefined) {
      retryAt = Number.POSITIVE_INFINITY
      return
    }
    socket = opened
    connectedAt = nowMs
    let received: Buffer = Buffer.alloc(0)
    const ready = (): void => {
      if (framing !== 'none') opened.write(encodeControlFrame(FRAME_START))
      isOpen = true
      retryMs = FIRST_RETRY_MS
      if (told) events.problem(`the reader of the query log ${name} is back`, true)
      told = false
    }
    const begin = (): void => {
      if (framing === 'both') opened.write(encodeControlFrame(FRAME_READY))
      else ready()
    }
    if (opened.connecting) opened.once('connect', begin)
    else begin()
    opened.on('data', (chunk: Buffer) => {
      if (framing !== 'both') return
      received = Buffer.concat([received, chunk])
      try {
        for (let frame = decodeControlFrame(received); frame !== undefined; frame = decodeControlFrame(received)) {
          received = received.subarray(frame.size)
          if (frame.type === FRAME_ACCEPT && !isOpen) {
            if (!frame.contentTypes.includes(DNSTAP_CONTENT_TYPE)) throw new Error(`it does not accept "${DNSTAP_CONTENT_TYPE}"`)
            ready()
          } else if (frame.type === FRAME_FINISH) opened.destroy()
        }
      } catch (error) {
        opened.destroy(error as Error)
      }
    })
    opened.on('error', (error: NodeJS.ErrnoException) => lose(opened, error.code ?? error.message))
    opened.on('end', () => lose(opened, 'the reader ended the stream'))
    opened.on('close', () => lose(opened, 'the stream was closed'))
  }

  function lose(lost: Socket, reason: string): void {
    if (socket !== lost) return
    lost.destroy()
    socket = undefined
    isOpen = false
    finished?.()
    if (closing) return
    retryAt = performance.now() + retryMs
    retryMs = Math.min(2 * retryMs, LAST_RETRY_MS)
    if (!told) events.problem(`there is no reader of the query log ${name} (${reason})`, false)
    told = true
  }

  return {
    hasRoom: () => isOpen && socket !== undefined && socket.writableLength < WAITING_BYTES,
    write: (chunk, count) => {
      if (socket === undefined) events.lost(count)
      else
        socket.write(Buffer.from(chunk), (error) => {
          if (error) events.lost(count)
          else events.written(count)
        })
    },
    tick: (nowMs) => {
      if (socket === undefined) {
        if (nowMs >= retryAt) start(nowMs)
      } else if (!isOpen && nowMs - connectedAt > HANDSHAKE_MS) lose(socket, 'the reader did not answer the hand-shake')
    },
    reopen: () => {
      if (socket === undefined) retryAt = Math.min(retryAt, performance.now())
    },
    close: () =>
      new Promise<void>((resolve) => {
        closing = true
        const last = socket
        if (last === undefined) {
          resolve()
          return
        }
        const timer = setTimeout(() => last.destroy(), FINISH_MS)
        finished = () => {
          clearTimeout(timer)
          resolve()
        }
        if (isOpen && framing !== 'none') last.write(encodeControlFrame(FRAME_STOP))
        // The reader's FINISH ends a socket; a pipe ends when all is written.
        if (framing !== 'both' || !isOpen) last.end(() => last.destroy())
      }),
  }
}

/** A unix socket; connected to on the first tick. */
export function openLogSocket(path: string, framing: StreamFraming, events: SinkEvents): LogSink {
  return createStream(`"unix:${path}"`, () => connect({ path }), framing, events)
}

/**
 * Standard output when it is a pipe or a socket. A pipe is opened anew, not blocking: its own descriptor is shared with the whole
 * process, whose other lines are written in a way that waits.
 */
export function openLogPipe(fd: number, framing: Exclude<StreamFraming, 'both'>, events: SinkEvents): LogSink {
  let used = false
  const opener = (): Socket | undefined => {
    if (used) return undefined
    used = true
    return new Socket({ fd: openAgain(fd), readable: false, writable: true })
  }
  return createStream('on standard output', opener, framing, events)
}

function openAgain(fd: number): number {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    // A socket cannot be opened by its path. A duplicate, because the stream closes what it was given, and the number is used again.
    return libcUnavailable() === undefined ? duplicateSocket(fd) : fd
  }
}
