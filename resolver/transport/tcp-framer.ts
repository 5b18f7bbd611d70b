/**
 * Cuts a TCP byte stream into DNS messages (RFC 1035 §4.2.2: two bytes length, then the message). Pure: no socket, any chunking.
 * Pull style, so that the listener can stop in the middle of a chunk when the peer does not read its answers.
 * A message that lies whole in one chunk is handed out in place, without a copy.
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

/** Makes a framer. */
export function createTcpFramer(): TcpFramer {
  /** Bytes not handed out yet: chunk[at…]. */
  let chunk: Uint8Array = new Uint8Array(0)
  let at = 0

  return {
    feed: (more) => {
      if (at === chunk.length) {
        chunk = more
      } else {
        const rest = chunk.length - at
        const joined = new Uint8Array(rest + more.length)
        joined.set(chunk.subarray(at))
        joined.set(more, rest)
        chunk = joined
      }
      at = 0
    },
    next: () => {
      if (chunk.length - at < 2) return undefined
      const end = at + 2 + chunk[at]! * 256 + chunk[at + 1]!
      if (end > chunk.length) return undefined
      const message = chunk.subarray(at + 2, end)
      at = end
      return message
    },
    pendingBytes: () => chunk.length - at,
  }
}
