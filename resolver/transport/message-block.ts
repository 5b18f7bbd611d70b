/**
 * The memory that recvmmsg and sendmmsg read and write, one block a socket; used by both halves of ffi-batch-socket.ts. Shell.
 *
 *   receive headers R[n] │ send headers S[n] │ receive iovecs │ send iovecs │ source addresses │ control data │ packets
 *
 * R[i] always points at slot i (its address, its control data, its packet). The send half decides where S[k] and the send iovecs point.
 * Layout of struct mmsghdr (64 bit): name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48, msg_len 56; 64 bytes.
 */
import { PACKET_STRIDE_BYTES } from './batch-socket.ts'
import type { Libc } from './libc.ts'

/** Size of struct mmsghdr. */
export const HEADER_BYTES = 64
/** Offsets in struct mmsghdr. */
export const AT_NAME = 0
/** Length of the address. */
export const AT_NAME_LENGTH = 8
/** Pointer to the iovecs. */
export const AT_VECTORS = 16
/** Number of iovecs. */
export const AT_VECTOR_COUNT = 24
/** Pointer to the control data. */
export const AT_CONTROL = 32
/** Length of the control data. */
export const AT_CONTROL_LENGTH = 40
/** Bytes received. */
export const AT_MESSAGE_LENGTH = 56
/** Size of struct iovec. */
export const IOVEC_BYTES = 16
/** Room of a source address: sockaddr_in6 is 28. */
export const NAME_BYTES = 32
/** Room of control data: cmsghdr 16 + in6_pktinfo 20, padded 40; behind it cmsghdr 16 + segment size 2, padded 24. */
export const CONTROL_BYTES = 64

/** One block and where its parts begin. */
export type MessageBlock = {
  readonly mem: Uint8Array
  readonly words: Uint32Array
  /** Address of `mem`. */
  readonly base: bigint
  /** Largest number of messages. */
  readonly size: number
  readonly atReceive: number
  readonly atSend: number
  readonly atReceiveVectors: number
  readonly atSendVectors: number
  readonly atNames: number
  readonly atControls: number
  readonly atPackets: number
  /** Length of a source address: 16 (IPv4) or 28. */
  readonly nameLength: 16 | 28
  /** Messages carry the address they were sent to (IP_PKTINFO), and a reply must leave from it. */
  readonly withControl: boolean
  /** Writes the address of `mem[offset]` at `at` (a multiple of 4). */
  readonly point: (at: number, offset: number) => void
}

/** Lays out a block for `size` messages. */
export function createMessageBlock(libc: Libc, size: number, nameLength: 16 | 28, withControl: boolean): MessageBlock {
  const atReceive = 0
  const atSend = atReceive + size * HEADER_BYTES
  const atReceiveVectors = atSend + size * HEADER_BYTES
  const atSendVectors = atReceiveVectors + size * IOVEC_BYTES
  const atNames = atSendVectors + size * IOVEC_BYTES
  const atControls = atNames + size * NAME_BYTES
  const atPackets = Math.ceil((atControls + size * CONTROL_BYTES) / 64) * 64
  const { mem, base } = allocate(libc, atPackets + size * PACKET_STRIDE_BYTES)
  const words = new Uint32Array(mem.buffer, mem.byteOffset, mem.length >> 2)
  // Two words, not one BigInt: it may run per packet. User addresses are below 2^47, so a number holds them exactly.
  const baseNumber = Number(base)
  const point = (at: number, offset: number): void => {
    const address = baseNumber + offset
    words[at >> 2] = address % 0x100000000
    words[(at >> 2) + 1] = address / 0x100000000
  }
  return {
    ...{ mem, words, base, size, atReceive, atSend, atReceiveVectors, atSendVectors, atNames, atControls, atPackets },
    ...{ nameLength, withControl, point },
  }
}

/** Memory that starts at a cache line. */
function allocate(libc: Libc, sizeBytes: number): { mem: Uint8Array; base: bigint } {
  const buffer = new ArrayBuffer(sizeBytes + 64)
  const start = libc.address(new Uint8Array(buffer))
  const shift = Number((64n - (start & 63n)) & 63n)
  return { mem: new Uint8Array(buffer, shift, sizeBytes), base: start + BigInt(shift) }
}
