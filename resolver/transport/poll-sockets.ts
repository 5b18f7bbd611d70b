/** Waits until one of several descriptors is readable (poll through koffi), for an answer thread with more than one listen address. Shell, hot. */
import { getLibc } from './libc.ts'

const POLLIN = 1

/** Waits for any of the descriptors; `ready[i]` says which after `wait`. Blocks: only for worker threads. */
export type SocketPoll = {
  /** 1 for each descriptor with something to read (or an error to find). */
  readonly ready: Uint8Array
  /** Waits up to `waitMs`; returns how many are ready, 0 on time-out or interruption. */
  readonly wait: (waitMs: number) => number
}

/** Makes the poll of some descriptors. */
export function createSocketPoll(fds: readonly number[]): SocketPoll {
  const libc = getLibc()
  // struct pollfd: int fd, short events, short revents.
  const bytes = new Uint8Array(8 * fds.length)
  const view = new DataView(bytes.buffer)
  for (const [i, fd] of fds.entries()) {
    view.setInt32(8 * i, fd, true)
    view.setInt16(8 * i + 4, POLLIN, true)
  }
  const address = libc.address(bytes)
  const ready = new Uint8Array(fds.length)
  return {
    ready,
    wait: (waitMs) => {
      const count = libc.poll(address, fds.length, waitMs)
      for (let i = 0; i < ready.length; i++) ready[i] = count > 0 && (bytes[8 * i + 6]! | bytes[8 * i + 7]!) !== 0 ? 1 : 0
      return Math.max(count, 0)
    },
  }
}
