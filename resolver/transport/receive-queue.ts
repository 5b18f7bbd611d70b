/** What waits in the receive queue of a UDP socket, and what the system threw away because it was full (SO_MEMINFO, Linux ≥ 4.12). Shell, hot. */
import { getLibc } from './libc.ts'

const SOL_SOCKET = 1
const SO_MEMINFO = 55
/** Words of the option that we read: bytes taken by what waits, bytes that may be taken, messages lost since the socket was opened. */
const WORD_TAKEN = 0
const WORD_ROOM = 1
const WORD_LOST = 8
const WORDS = 9

/** A look at the queue of one socket. */
export type ReceiveQueue = {
  /** Looks; false when the system does not tell. */
  readonly look: () => boolean
  /** Bytes that waiting messages take, at the last look; with what the system adds to each. */
  readonly takenBytes: () => number
  readonly roomBytes: () => number
  /** Messages lost between the last call and the last look. */
  readonly takeLost: () => number
}

/** Of a descriptor. */
export function createReceiveQueue(fd: number): ReceiveQueue {
  const libc = getLibc()
  const words = new Uint32Array(WORDS + 1)
  const bytes = new Uint8Array(words.buffer)
  const value = libc.address(bytes)
  /** The length stands behind the words. */
  const length = value + BigInt(4 * WORDS)
  let lostBefore = 0

  function look(): boolean {
    words[WORDS] = 4 * WORDS
    return libc.readOption(fd, SOL_SOCKET, SO_MEMINFO, value, length) === 0 && words[WORDS] === 4 * WORDS
  }
  // What was lost before belongs to a thread before.
  if (look()) lostBefore = words[WORD_LOST]!

  return {
    look,
    takenBytes: () => words[WORD_TAKEN]!,
    roomBytes: () => words[WORD_ROOM]!,
    takeLost: () => {
      const lost = (words[WORD_LOST]! - lostBefore) >>> 0
      lostBefore = words[WORD_LOST]!
      return lost
    },
  }
}
