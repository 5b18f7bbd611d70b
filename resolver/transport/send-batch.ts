/**
 * The sending half of ffi-batch-socket.ts: the replies of a batch in one sendmmsg. Shell, hot; guarded by bench/answer.bench.ts.
 *
 * **Reply bursts** (UDP GSO, Linux ≥ 4.18): neighbouring replies of equal length to the same client address and port leave as ONE entry
 * with several iovecs and a UDP_SEGMENT length; the kernel walks its stack once and cuts them into datagrams at the end. It helps only
 * where a client has several queries in one batch from one port (forwarders, load tests); elsewhere it costs two comparisons a reply.
 * When the kernel or the device refuses a burst, its replies leave one by one, and no burst is tried again on this socket.
 *
 * S[k] is the k-th entry, V[r] the iovec of the r-th reply; both stay dense when some packets get no reply, and pointers are written
 * only when what they point at changes (in the common case never).
 */
import type { Libc } from './libc.ts'
import {
  AT_CONTROL,
  AT_CONTROL_LENGTH,
  AT_NAME,
  AT_NAME_LENGTH,
  AT_VECTOR_COUNT,
  AT_VECTORS,
  CONTROL_BYTES,
  HEADER_BYTES,
  IOVEC_BYTES,
  type MessageBlock,
  NAME_BYTES,
} from './message-block.ts'

const SOL_UDP = 17
/** Option and type of control data: the length of the datagrams that a message is cut into. */
const UDP_SEGMENT = 103
/** cmsghdr 16 + two bytes, padded. */
const SEGMENT_CONTROL_BYTES = 24
const SEGMENT_CONTROL_LENGTH = 18
/** UDP_MAX_SEGMENTS of the kernels that have the smallest one. */
const MAX_BURST = 64
/** Below the 65,507 bytes that fit into one UDP message over IPv4. */
const MAX_BURST_BYTES = 65_000

/** Sends the replies of batches. */
export type BatchSender = {
  /** Sends the replies of the first `count` slots; returns how many the kernel took. */
  readonly send: (count: number) => number
  /** Replies that could not be sent since the start. */
  readonly failureCount: () => number
  /** True while neighbouring replies to one client are joined. */
  readonly joinsReplies: () => boolean
}

/** What the receiving half knows of each slot. */
export type SlotColumns = {
  readonly off: Uint32Array
  /** Length of the reply, 0 = none. */
  readonly len: Uint32Array
  /** 0: the source port is 0, which no reply can go to. */
  readonly answerable: Uint8Array
}

/** Sender over a block. `joinReplies` asks for reply bursts. */
export function createBatchSender(libc: Libc, fd: number, block: MessageBlock, slots: SlotColumns, joinReplies: boolean): BatchSender {
  const { mem, words, point, size, atSend, atSendVectors, atNames, atControls, nameLength, withControl } = block
  const { off, len, answerable } = slots
  const { EINTR, EAGAIN } = libc.errnoNumbers
  /** Slot that V[r] points at, that S[k] has its address from, and the reply that S[k] begins with. */
  const vectorSlot = new Int32Array(size).fill(-1)
  const headerSlot = new Int32Array(size).fill(-1)
  const headerVector = new Int32Array(size).fill(-1)
  /** Replies of entry k. */
  const burst = new Uint32Array(size)
  /** Slot of reply r. */
  const slotOf = new Uint32Array(size)
  /** Address of S[k], precomputed: a BigInt made in the loop would be garbage. */
  const sendFrom = Array.from({ length: size }, (_, k) => block.base + BigInt(atSend + k * HEADER_BYTES))
  let joins = joinReplies
  let failures = 0

  /** True when slot j's reply may leave in one message with slot i's: same client, and the same address of ours. */
  function sameFlow(i: number, j: number): boolean {
    const a = (atNames + i * NAME_BYTES) >> 2
    const b = (atNames + j * NAME_BYTES) >> 2
    // Family and port, then the IPv4 address or the flow label (a client keeps it for a flow).
    if (words[a] !== words[b] || words[a + 1] !== words[b + 1]) return false
    if (nameLength === 28) for (let word = 2; word < 7; word++) if (words[a + word] !== words[b + word]) return false
    if (!withControl) return true
    const c = (atControls + i * CONTROL_BYTES) >> 2
    const d = (atControls + j * CONTROL_BYTES) >> 2
    // Behind the cmsghdr: in_pktinfo 12 bytes, in6_pktinfo 20.
    for (let word = 4; word < (nameLength === 16 ? 7 : 9); word++) if (words[c + word] !== words[d + word]) return false
    return true
  }

  /** Control data of an entry: the address of ours that was asked, so that the reply leaves from it, and the length of a burst's datagrams. */
  function writeControl(k: number, i: number, segmentBytes: number): void {
    const control = atControls + i * CONTROL_BYTES
    let length = 0
    if (withControl) {
      // Of the receive header: the kernel wrote there how much it gave.
      length = words[(block.atReceive + i * HEADER_BYTES + AT_CONTROL_LENGTH) >> 2]!
      const data = control + 16
      // Interface: left to routing, but for link-local addresses, where it is part of the address. in_pktinfo has it first, in6_pktinfo last.
      if (length === 0) length = 0
      else if (nameLength === 16) words[data >> 2] = 0
      else if (mem[data] !== 0xfe || (mem[data + 1]! & 0xc0) !== 0x80) words[(data + 16) >> 2] = 0
    }
    if (segmentBytes > 0) {
      const at = (control + length) >> 2
      words[at] = SEGMENT_CONTROL_LENGTH
      words[at + 1] = 0
      words[at + 2] = SOL_UDP
      words[at + 3] = UDP_SEGMENT
      words[at + 4] = segmentBytes
      length += SEGMENT_CONTROL_BYTES
    }
    words[(atSend + k * HEADER_BYTES + AT_CONTROL_LENGTH) >> 2] = length
  }

  /** Makes entry k of the replies r … r + count − 1. */
  function writeEntry(k: number, r: number, count: number, segmentBytes: number): void {
    const i = slotOf[r]!
    const header = atSend + k * HEADER_BYTES
    if (headerSlot[k] !== i) {
      point(header + AT_NAME, atNames + i * NAME_BYTES)
      words[(header + AT_NAME_LENGTH) >> 2] = nameLength
      point(header + AT_CONTROL, atControls + i * CONTROL_BYTES)
      headerSlot[k] = i
    }
    if (headerVector[k] !== r) {
      point(header + AT_VECTORS, atSendVectors + r * IOVEC_BYTES)
      headerVector[k] = r
    }
    words[(header + AT_VECTOR_COUNT) >> 2] = count
    burst[k] = count
    writeControl(k, i, count > 1 ? segmentBytes : 0)
  }

  /** Makes the entries of the replies from `first` on, beginning at entry `k`; returns the number of entries. */
  function layOut(k: number, first: number, replies: number): number {
    let r = first
    while (r < replies) {
      const i = slotOf[r]!
      const bytes = len[i]!
      let end = r + 1
      if (joins) {
        const most = Math.min(replies, r + Math.min(MAX_BURST, Math.floor(MAX_BURST_BYTES / bytes)))
        // The last datagram of a burst may be shorter; the burst ends with it.
        while (end < most && len[slotOf[end]!]! <= bytes && sameFlow(i, slotOf[end]!)) if (len[slotOf[end++]!]! < bytes) break
      }
      writeEntry(k++, r, end - r, bytes)
      r = end
    }
    return k
  }

  function send(count: number): number {
    let replies = 0
    for (let i = 0; i < count; i++) {
      if (len[i] === 0) continue
      if (answerable[i] === 0) {
        failures++
        continue
      }
      const vector = atSendVectors + replies * IOVEC_BYTES
      if (vectorSlot[replies] !== i) {
        point(vector, off[i]!)
        vectorSlot[replies] = i
      }
      words[(vector + 8) >> 2] = len[i]!
      slotOf[replies++] = i
    }
    let entries = layOut(0, 0, replies)
    let at = 0
    let done = 0
    let sent = 0
    /** Replies of a refused burst that now go out one by one: whether the first is taken tells what was refused. */
    let refused = false
    while (at < entries) {
      const taken = libc.sendmmsg(fd, sendFrom[at]!, entries - at, 0)
      if (taken > 0) {
        // The burst was refused and its first reply alone was taken: it is the kernel or the device that refuses bursts.
        if (refused) joinReplies = false
        refused = false
        for (const end = at + taken; at < end; at++) {
          sent += burst[at]!
          done += burst[at]!
        }
        continue
      }
      const number = libc.errno()
      if (number === EINTR) continue
      if (number === EAGAIN) {
        failures += replies - done
        break
      }
      if (burst[at]! > 1) {
        refused = true
        joins = false
        entries = layOut(at, done, replies)
        continue
      }
      // The first entry failed (address unreachable, filtered, …): it is skipped, the others still go out.
      refused = false
      at++
      done++
      failures++
    }
    joins = joinReplies
    return sent
  }

  return { send, failureCount: () => failures, joinsReplies: () => joins }
}
