/**
 * Cuts a TCP byte stream into DNS messages (RFC 1035 §4.2.2: two bytes length, then the message). Pure: no socket, any chunking.
 * Pull style, so that the listener can stop in the middle of a chunk when the peer does not read its answers.
 * A message that lies whole in one chunk is handed out in place, without a copy. One that comes in pieces is gathered in memory that
 * doubles as it fills: a length that lies reserves nothing, and a peer that sends one byte at a time makes us copy each but a few times.
 */

/** One connection's framer. */
export type TcpFramer = {
  /** Takes the next bytes of the stream. */
  readonly feed: (chunk: Uint8Array) => void
  /** The next whole message, or undefined until more bytes come. Valid until the next `feed`. */
  readonly next: () => Uint8Array | undefined
  /** Bytes fed and not yet handed out. */
  readonly pendingBytes: () => number
}

const NOTHING = new Uint8Array(0)
const LEAST_GATHERED_BYTES = 128

/** Makes a framer. */
export function createTcpFramer(): TcpFramer {
  /** Bytes not handed out yet: chunk[at … end-1]. Behind `end` there is room only when the chunk is our own. */
  let chunk: Uint8Array = NOTHING
  let at = 0
  let end = 0
  let isOwn = false

  return {
    feed: (more) => {
      if (at === end) {
        chunk = more
        at = 0
        end = more.length
        isOwn = false
        return
      }
      const rest = end - at
      if (!isOwn || end + more.length > chunk.length) {
        const roomier = new Uint8Array(Math.max(LEAST_GATHERED_BYTES, rest + more.length, isOwn ? 2 * rest : 0))
        roomier.set(chunk.subarray(at, end))
        chunk = roomier
        at = 0
        end = rest
        isOwn = true
      }
      chunk.set(more, end)
      end += more.length
    },
    next: () => {
      if (end - at < 2) {
        if (end === at) chunk = NOTHING
        if (end === at) at = end = 0
        return undefined
      }
      const stop = at + 2 + chunk[at]! * 256 + chunk[at + 1]!
      if (stop > end) return undefined
      const message = chunk.subarray(at + 2, stop)
      at = stop
      return message
    },
    pendingBytes: () => end - at,
  }
}
