/**
 * Port: a UDP socket that receives and sends many messages a system call (DESIGN.md section 3). Two implementations:
 * ffi-batch-socket.ts (recvmmsg/sendmmsg through koffi) and dgram-batch-socket.ts (node:dgram); one suite for both.
 */

/** One UDP socket of one answer thread. Replies are written in place. */
export type BatchSocket = {
  /** All messages of a batch. */
  readonly mem: Uint8Array
  /** Offset of message i in `mem`. */
  readonly off: Uint32Array
  /** Length of message i; after answering, the reply's length, 0 = no reply. */
  readonly len: Uint32Array
  /** Source address of message i as four words (IPv4 as ::ffff:a.b.c.d), words 4i … 4i+3. */
  readonly src: Uint32Array
  /** Source port of message i; only for the query log. */
  readonly port?: Uint16Array
  /** Address (four words) and port that message i was sent to, valid until the next call; only for the query log. */
  readonly localOf?: (i: number) => Uint32Array
  /** Largest reply in bytes. */
  readonly room: number
  /** Waits up to `waitMs` for messages, takes up to `max`; returns their number, 0 on time-out or interruption. */
  receive(max: number, waitMs: number): number
  /** Sends the replies of the first `count` messages; returns how many the kernel took. */
  send(count: number): number
  /** How to answer message i later: the client's address and ours. */
  readonly returnAddress?: (i: number) => ReturnAddress
  /** Sends a reply that was not there when its batch was sent; only between `send` and `receive`. */
  readonly sendLater?: (to: ReturnAddress, reply: Uint8Array) => void
  /** Only on sockets that cannot block (node:dgram): await it instead of waiting in `receive`; it resolves at the first message or after `waitMs`. */
  readonly arrived?: (waitMs: number) => Promise<void>
  /** Replies that could not be sent (skipped entries) since the start. */
  readonly sendFailureCount: () => number
  /** True while neighbouring replies to one client leave as one burst (send-batch.ts); absent where that does not exist. */
  readonly joinsReplies?: () => boolean
  /** True when, at the last `receive`, so much waited that only clients who are known are answered (resolver/guard/overload.ts); absent where nobody can tell. */
  readonly sheds?: () => boolean
  /** Messages that the system lost because the queue was full, since the last call, as far as is known. */
  readonly takeLost?: () => number
  /** Closes the socket. */
  close(): void
}

/** Opaque: made by `returnAddress` of the same socket. */
export type ReturnAddress = { readonly name: unknown; readonly control: unknown }

/** Largest UDP reply in bytes: the size that passes nearly every path unfragmented (DNS flag day 2020), equal to what we announce. */
export const UDP_REPLY_ROOM_BYTES = 1232

/** Bytes kept of one received message: a whole number of cache lines, and not a power of two (L1 set conflicts). */
export const PACKET_STRIDE_BYTES = 1344
