/**
 * BatchSocket on recvmmsg/sendmmsg through koffi: 64 packets a system call, replies written in place, no garbage in the loop.
 * Shell, hot; guarded by bench/answer.bench.ts. One block of memory holds everything the kernel reads and writes:
 *
 *   receive headers R[n] │ send headers S[n] │ receive iovecs │ send iovecs │ source addresses │ control data │ packets
 *
 * R[i] always points at slot i. S[k] points at the slot of the k-th reply: the arrays stay dense when some packets get no
 * reply, and its pointers are written only when the slot at place k changes (in the common case never).
 * Layout of struct mmsghdr (64 bit): name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48, msg_len 56; 64 bytes.
 */
import { type BatchSocket, PACKET_STRIDE_BYTES, UDP_REPLY_ROOM_BYTES } from './batch-socket.ts'
import { errnoName, getLibc, type Libc } from './libc.ts'
import { isWildcard } from './listen-address.ts'
import { boundAddress, setTimeouts } from './raw-socket.ts'

const HEADER_BYTES = 64
const IOVEC_BYTES = 16
const NAME_BYTES = 32
/** cmsghdr 16 + in6_pktinfo 20, padded: 40. */
const CONTROL_BYTES = 64
const MSG_DONTWAIT = 0x40
const MSG_WAITFORONE = 0x10000
const AF_INET = 2
/** Longest time a send may block on a full device queue before the rest of the batch is dropped. */
const SEND_TIMEOUT_MS = 200

/**
 * Takes over a bound UDP descriptor (raw-socket.ts). `batchSize` is the largest `max` of receive; `waitMs` the longest wait.
 * Blocks in `receive`: only for worker threads.
 */
export function createFfiBatchSocket(fd: number, batchSize: number): BatchSocket {
  const libc = getLibc()
  const local = boundAddress(fd)
  const withControl = isWildcard(local.address)
  const n = batchSize
  const atReceive = 0
  const atSend = atReceive + n * HEADER_BYTES
  const atReceiveVectors = atSend + n * HEADER_BYTES
  const atSendVectors = atReceiveVectors + n * IOVEC_BYTES
  const atNames = atSendVectors + n * IOVEC_BYTES
  const atControls = atNames + n * NAME_BYTES
  const atPackets = Math.ceil((atControls + n * CONTROL_BYTES) / 64) * 64
  const { mem, base } = allocate(libc, atPackets + n * PACKET_STRIDE_BYTES)
  const view = new DataView(mem.buffer, mem.byteOffset, mem.length)
  const words = new Uint32Array(mem.buffer, mem.byteOffset, mem.length >> 2)

  const off = new Uint32Array(n)
  const len = new Uint32Array(n)
  const src = new Uint32Array(4 * n)
  const answerable = new Uint8Array(n)
  /** Slot that S[k] points at now. */
  const slotOf = new Int32Array(n).fill(-1)
  /** Address of S[k], precomputed: a BigInt made in the loop would be garbage. */
  const sendFrom: bigint[] = []
  const receiveAt = base + BigInt(atReceive)
  const nameLength = local.address.family === 4 ? 16 : 28

  // Two words, not one BigInt: `point` may run per packet. User addresses are below 2^47, so a number holds them exactly.
  const baseNumber = Number(base)
  const pointer = (at: number, offset: number): void => {
    const address = baseNumber + offset
    words[at >> 2] = address % 0x100000000
    words[(at >> 2) + 1] = address / 0x100000000
  }
  for (let i = 0; i < n; i++) {
    off[i] = atPackets + i * PACKET_STRIDE_BYTES
    const header = atReceive + i * HEADER_BYTES
    const vector = atReceiveVectors + i * IOVEC_BYTES
    pointer(header, atNames + i * NAME_BYTES)
    view.setUint32(header + 8, nameLength, true)
    pointer(header + 16, vector)
    view.setUint32(header + 24, 1, true)
    if (withControl) {
      pointer(header + 32, atControls + i * CONTROL_BYTES)
      view.setUint32(header + 40, CONTROL_BYTES, true)
    }
    pointer(vector, off[i]!)
    view.setUint32(vector + 8, PACKET_STRIDE_BYTES, true)
    sendFrom.push(base + BigInt(atSend + i * HEADER_BYTES))
  }

  let timeoutMs = -1
  let received = 0
  let sendFailures = 0
  const eintr = libc.errnoNumbers.EINTR!
  const eagain = libc.errnoNumbers.EAGAIN!

  function receive(max: number, waitMs: number): number {
    if (waitMs > 0 && waitMs !== timeoutMs) {
      setTimeouts(fd, waitMs, SEND_TIMEOUT_MS)
      timeoutMs = waitMs
    }
    if (withControl) for (let i = 0; i < received; i++) words[(i * HEADER_BYTES + 40) >> 2] = CONTROL_BYTES
    const count = libc.recvmmsg(fd, receiveAt, Math.min(max, n), waitMs > 0 ? MSG_WAITFORONE : MSG_DONTWAIT, null)
    if (count <= 0) {
      received = 0
      if (count === 0) return 0
      const number = libc.errno()
      if (number === eintr || number === eagain) return 0
      throw new Error(`recvmmsg on descriptor ${fd}: ${errnoName(libc, number)}`)
    }
    received = count
    for (let i = 0; i < count; i++) {
      const size = words[(i * HEADER_BYTES + 56) >> 2]!
      len[i] = Math.min(size, PACKET_STRIDE_BYTES)
      const name = atNames + i * NAME_BYTES
      // Port 0 can only be forged; a reply to it is EINVAL and would stop the batch.
      answerable[i] = mem[name + 2]! | mem[name + 3]!
      const at = 4 * i
      if (words[name >> 2]! % 65536 === AF_INET) {
        src[at] = 0
        src[at + 1] = 0
        src[at + 2] = 0xffff
        src[at + 3] = bigEndian(words[(name >> 2) + 1]!)
      } else {
        const word = (name >> 2) + 2
        src[at] = bigEndian(words[word]!)
        src[at + 1] = bigEndian(words[word + 1]!)
        src[at + 2] = bigEndian(words[word + 2]!)
        src[at + 3] = bigEndian(words[word + 3]!)
      }
    }
    return count
  }

  /** Points S[k] at slot i. */
  function point(k: number, i: number): void {
    const header = atSend + k * HEADER_BYTES
    const vector = atSendVectors + k * IOVEC_BYTES
    pointer(header, atNames + i * NAME_BYTES)
    view.setUint32(header + 8, nameLength, true)
    pointer(header + 16, vector)
    view.setUint32(header + 24, 1, true)
    if (withControl) pointer(header + 32, atControls + i * CONTROL_BYTES)
    pointer(vector, off[i]!)
    slotOf[k] = i
  }

  /** Control data of a reply: what came with the query, so that it leaves from the address that was asked. */
  function prepareControl(k: number, i: number): void {
    const length = words[(i * HEADER_BYTES + 40) >> 2]!
    words[(atSend + k * HEADER_BYTES + 40) >> 2] = length
    if (length === 0) return
    // Interface: left to routing, but for link-local addresses, where it is part of the address. in_pktinfo has it first, in6_pktinfo last.
    const data = atControls + i * CONTROL_BYTES + 16
    if (nameLength === 16) words[data >> 2] = 0
    else if (mem[data] !== 0xfe || (mem[data + 1]! & 0xc0) !== 0x80) words[(data + 16) >> 2] = 0
  }

  function send(count: number): number {
    let replies = 0
    for (let i = 0; i < count; i++) {
      if (len[i] === 0) continue
      if (answerable[i] === 0) {
        sendFailures++
        continue
      }
      if (slotOf[replies] !== i) point(replies, i)
      words[(atSendVectors + replies * IOVEC_BYTES + 8) >> 2] = len[i]!
      if (withControl) prepareControl(replies, i)
      replies++
    }
    let at = 0
    let sent = 0
    while (at < replies) {
      const taken = libc.sendmmsg(fd, sendFrom[at]!, replies - at, 0)
      if (taken > 0) {
        at += taken
        sent += taken
        continue
      }
      const number = libc.errno()
      if (number === eintr) continue
      if (number === eagain) {
        sendFailures += replies - at
        break
      }
      // The first entry failed (address unreachable, filtered, …): it is skipped, the others still go out.
      at++
      sendFailures++
    }
    return sent
  }

  return {
    mem,
    off,
    len,
    src,
    room: UDP_REPLY_ROOM_BYTES,
    receive,
    send,
    sendFailureCount: () => sendFailures,
    close: () => void libc.close(fd),
  }
}

/** Memory whose addresses share their upper half and whose start is aligned to a cache line. */
function allocate(libc: Libc, sizeBytes: number): { mem: Uint8Array; base: bigint } {
  const buffer = new ArrayBuffer(sizeBytes + 64)
  const start = libc.address(new Uint8Array(buffer))
  const shift = Number((64n - (start & 63n)) & 63n)
  return { mem: new Uint8Array(buffer, shift, sizeBytes), base: start + BigInt(shift) }
}

function bigEndian(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0
}
