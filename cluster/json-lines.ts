/** One JSON message a line over a byte stream: cutting and joining. Pure. A line above its limit is an error, so that a peer cannot fill our memory. */

const NEWLINE = 10

/** Cuts a stream into messages. */
export type LineReader = {
  /** Takes bytes; returns the messages they complete. Throws RangeError above the limit, SyntaxError for a line that is no JSON. */
  readonly feed: (chunk: Uint8Array) => unknown[]
}

/** Makes a reader for lines of at most `limitBytes`. */
export function createLineReader(limitBytes: number): LineReader {
  let parts: Uint8Array[] = []
  let size = 0
  return {
    feed: (chunk) => {
      const messages: unknown[] = []
      let at = 0
      for (;;) {
        const end = chunk.indexOf(NEWLINE, at)
        const part = chunk.subarray(at, end < 0 ? chunk.length : end)
        size += part.length
        if (size > limitBytes) throw new RangeError(`a message is longer than ${limitBytes} bytes`)
        if (part.length > 0) parts.push(part)
        if (end < 0) return messages
        if (size > 0) messages.push(JSON.parse(Buffer.concat(parts).toString('utf8')))
        parts = []
        size = 0
        at = end + 1
      }
    },
  }
}

/** The line of a message. Throws RangeError above the limit. */
export function formatLine(message: unknown, limitBytes: number): Buffer {
  const line = Buffer.from(`${JSON.stringify(message)}\n`, 'utf8')
  if (line.length - 1 > limitBytes) throw new RangeError(`a message of ${line.length - 1} bytes is longer than ${limitBytes} bytes`)
  return line
}
