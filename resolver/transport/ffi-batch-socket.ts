/**
 * BatchSocket on recvmmsg/sendmmsg through koffi: 64 packets a system call, replies written in place, no garbage in the loop.
 * Shell, hot; guarded by bench/answer.bench.ts. This file receives; send-batch.ts sends; message-block.ts has the memory of both.
 */
import { shedsNext } from '../guard/overload.ts'
import { type BatchSocket, PACKET_STRIDE_BYTES, type ReturnAddress, UDP_REPLY_ROOM_BYTES } from './batch-socket.ts'
import { errnoName, getLibc } from './libc.ts'
import { isWildcard } from './listen-address.ts'
import {
  AT_CONTROL,
  AT_CONTROL_LENGTH,
  AT_MESSAGE_LENGTH,
  AT_NAME,
  AT_NAME_LENGTH,
  AT_VECTOR_COUNT,
  AT_VECTORS,
  CONTROL_BYTES,
  createMessageBlock,
  HEADER_BYTES,
  IOVEC_BYTES,
  NAME_BYTES,
} from './message-block.ts'
import { boundAddress, setTimeouts } from './raw-socket.ts'
import { createReceiveQueue } from './receive-queue.ts'
import { createBatchSender } from './send-batch.ts'

const MSG_DONTWAIT = 0x40
const MSG_WAITFORONE = 0x10000
const AF_INET = 2
/** Size of struct cmsghdr. */
const CONTROL_HEAD_BYTES = 16
/** Longest time a send may block on a full device queue before the rest of the batch is dropped. */
const SEND_TIMEOUT_MS = 200

/**
 * Takes over a bound UDP descriptor (raw-socket.ts). `batchSize` is the largest `max` of receive; `waitMs` the longest wait.
 * `joinReplies` [true] lets neighbouring replies to one client leave as one burst (send-batch.ts). Blocks in `receive`: only for worker threads.
 */
export function createFfiBatchSocket(fd: number, batchSize: number, joinReplies: boolean = true): BatchSocket {
  const libc = getLibc()
  const local = boundAddress(fd)
  const n = batchSize
  const block = createMessageBlock(libc, n, local.address.family === 4 ? 16 : 28, isWildcard(local.address))
  const { mem, words, point, atReceive, atReceiveVectors, atNames, atControls, atPackets, nameLength, withControl } = block

  const off = new Uint32Array(n)
  const len = new Uint32Array(n)
  const src = new Uint32Array(4 * n)
  const port = new Uint16Array(n)
  const destination = Uint32Array.of(...local.address.words, local.port)
  const answerable = new Uint8Array(n)
  const receiveAt = block.base + BigInt(atReceive)
  const sender = createBatchSender(libc, fd, block, { off, len, answerable }, joinReplies)

  for (let i = 0; i < n; i++) {
    off[i] = atPackets + i * PACKET_STRIDE_BYTES
    const header = atReceive + i * HEADER_BYTES
    const vector = atReceiveVectors + i * IOVEC_BYTES
    point(header + AT_NAME, atNames + i * NAME_BYTES)
    words[(header + AT_NAME_LENGTH) >> 2] = nameLength
    point(header + AT_VECTORS, vector)
    words[(header + AT_VECTOR_COUNT) >> 2] = 1
    if (withControl) {
      point(header + AT_CONTROL, atControls + i * CONTROL_BYTES)
      words[(header + AT_CONTROL_LENGTH) >> 2] = CONTROL_BYTES
    }
    point(vector, off[i]!)
    words[(vector + 8) >> 2] = PACKET_STRIDE_BYTES
  }

  const queue = createReceiveQueue(fd)
  let sheds = false
  let timeoutMs = -1
  let received = 0
  const eintr = libc.errnoNumbers.EINTR!
  const eagain = libc.errnoNumbers.EAGAIN!

  function receive(max: number, waitMs: number): number {
    if (waitMs > 0 && waitMs !== timeoutMs) {
      setTimeouts(fd, waitMs, SEND_TIMEOUT_MS)
      timeoutMs = waitMs
    }
    if (withControl) for (let i = 0; i < received; i++) words[(atReceive + i * HEADER_BYTES + AT_CONTROL_LENGTH) >> 2] = CONTROL_BYTES
    const count = libc.recvmmsg(fd, receiveAt, Math.min(max, n), waitMs > 0 ? MSG_WAITFORONE : MSG_DONTWAIT, null)
    if (count <= 0) {
      received = 0
      sheds = false
      if (count === 0) return 0
      const number = libc.errno()
      if (number === eintr || number === eagain) return 0
      throw new Error(`recvmmsg on descriptor ${fd}: ${errnoName(libc, number)}`)
    }
    received = count
    // Only a full batch may have left something behind.
    sheds = count === n && queue.look() && shedsNext(sheds, queue.takenBytes(), queue.roomBytes())
    for (let i = 0; i < count; i++) {
      const size = words[(atReceive + i * HEADER_BYTES + AT_MESSAGE_LENGTH) >> 2]!
      len[i] = Math.min(size, PACKET_STRIDE_BYTES)
      const name = atNames + i * NAME_BYTES
      // Port 0 can only be forged; a reply to it is EINVAL and would stop the batch.
      answerable[i] = mem[name + 2]! | mem[name + 3]!
      port[i] = (mem[name + 2]! << 8) | mem[name + 3]!
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

  /** On a wildcard address the kernel says where each message went (in_pktinfo: index, route, address; in6_pktinfo: address, index). */
  function localOf(i: number): Uint32Array {
    if (!withControl || words[(atReceive + i * HEADER_BYTES + AT_CONTROL_LENGTH) >> 2]! < CONTROL_HEAD_BYTES + 12) return destination
    const word = (atControls + i * CONTROL_BYTES + CONTROL_HEAD_BYTES) >> 2
    if (local.address.family === 4) destination[3] = bigEndian(words[word + 2]!)
    else for (let part = 0; part < 4; part++) destination[part] = bigEndian(words[word + part]!)
    return destination
  }

  function returnAddress(i: number): ReturnAddress {
    const name = atNames + i * NAME_BYTES
    const control = atControls + i * CONTROL_BYTES
    const controlLength = words[(atReceive + i * HEADER_BYTES + AT_CONTROL_LENGTH) >> 2]!
    return { name: mem.slice(name, name + NAME_BYTES), control: { bytes: mem.slice(control, control + CONTROL_BYTES), controlLength } }
  }

  /** By slot 0, which is free between batches. */
  function sendLater({ name, control }: ReturnAddress, reply: Uint8Array): void {
    const { bytes, controlLength } = control as { readonly bytes: Uint8Array; readonly controlLength: number }
    mem.set(name as Uint8Array, atNames)
    mem.set(bytes, atControls)
    words[(atReceive + AT_CONTROL_LENGTH) >> 2] = controlLength
    mem.set(reply, off[0]!)
    len[0] = reply.length
    answerable[0] = mem[atNames + 2]! | mem[atNames + 3]!
    sender.send(1)
    received = Math.max(received, 1)
  }

  return {
    mem,
    off,
    len,
    src,
    port,
    localOf,
    room: UDP_REPLY_ROOM_BYTES,
    receive,
    send: sender.send,
    returnAddress,
    sendLater,
    sendFailureCount: sender.failureCount,
    joinsReplies: sender.joinsReplies,
    sheds: () => sheds,
    takeLost: queue.takeLost,
    close: () => void libc.close(fd),
  }
}

function bigEndian(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0
}
