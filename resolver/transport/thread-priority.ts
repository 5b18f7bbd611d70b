/**
 * Priority of threads that answers wait for. Shell. On a machine that has no core to spare, loading a generation, probing and collecting
 * garbage must not make queries wait: who answers, and who makes the ranking, goes first. Only where the system allows it (root,
 * CAP_SYS_NICE, LimitNICE= of systemd); elsewhere all threads are equal.
 */
import { setPriority } from 'node:os'

/** Three times the share of a thread that has the usual priority; others still get theirs. */
const FIRST_NICE = -5

/** Lets the calling thread go before the other threads of the process. True when the system allowed it. */
export function goFirst(): boolean {
  // Elsewhere it would be the whole process: only Linux has priorities of threads.
  if (process.platform !== 'linux') return false
  try {
    setPriority(FIRST_NICE)
    return true
  } catch {
    return false
  }
}
