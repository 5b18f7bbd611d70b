/**
 * Sees wall-clock jumps: windows and intervals go by the monotonic clock and expire nothing, but cookies, certificates, overrides and history
 * go by the wall clock, and people should know. Shell for its timer; clocks can be handed in.
 */

/** A step of more than this is a jump, and no correction by NTP, which slews. */
export const JUMP_MS = 5000
const LOOK_MS = 1000

/** The clocks, and who is told: by how much it jumped, forward positive. */
export type ClockWatchOptions = {
  readonly onJump: (jumpMs: number) => void
  readonly wallMs?: () => number
  readonly monotonicMs?: () => number
}

/** Makes the look that is repeated. */
export function createClockLook({ onJump, wallMs = Date.now, monotonicMs = () => performance.now() }: ClockWatchOptions): () => void {
  let offsetMs = wallMs() - monotonicMs()
  return () => {
    const nowMs = wallMs() - monotonicMs()
    const jumpMs = nowMs - offsetMs
    // Slewing moves the offset too: what is small is followed.
    offsetMs = nowMs
    if (Math.abs(jumpMs) > JUMP_MS) onJump(jumpMs)
  }
}

/** Starts looking; the returned function ends it. */
export function watchClock(options: ClockWatchOptions): () => void {
  const timer = setInterval(createClockLook(options), LOOK_MS)
  return () => clearInterval(timer)
}

/** What an event says of a jump. */
export function describeJump(jumpMs: number): string {
  const seconds = Math.abs(jumpMs / 1000).toFixed(1)
  return `the wall clock jumped ${seconds} s ${jumpMs > 0 ? 'forward' : 'back'}; nothing expires by it`
}
