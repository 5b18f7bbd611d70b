/** Virtual time for tests and simulations: timers fire in order of time, and what hangs on them is settled before time goes on. */

/** A clock that stands until it is moved. */
export type VirtualClock = {
  readonly nowMs: () => number
  /** Calls back once at or after `delayMs`; returns a cancel. */
  readonly setTimer: (callback: () => void, delayMs: number) => () => void
  readonly sleep: (delayMs: number) => Promise<void>
  /** Moves time on, firing every timer on the way. */
  readonly advance: (byMs: number) => Promise<void>
}

/** Rounds of microtasks that settle what a timer set off. */
const SETTLING = 8

/** A clock at 0. */
export function createVirtualClock(): VirtualClock {
  let nowMs = 0
  let lastNumber = 0
  const timers = new Map<number, { readonly atMs: number; readonly callback: () => void }>()

  function setTimer(callback: () => void, delayMs: number): () => void {
    const number = ++lastNumber
    timers.set(number, { atMs: nowMs + Math.max(0, delayMs), callback })
    return () => timers.delete(number)
  }

  async function settle(): Promise<void> {
    for (let i = 0; i < SETTLING; i++) await Promise.resolve()
  }

  return {
    nowMs: () => nowMs,
    setTimer,
    sleep: (delayMs) =>
      new Promise((resolve) => {
        setTimer(resolve, delayMs)
      }),
    async advance(byMs) {
      const endMs = nowMs + byMs
      for (;;) {
        let next: number | undefined
        let nextAtMs = Number.POSITIVE_INFINITY
        for (const [number, { atMs }] of timers) {
          if (atMs >= nextAtMs || atMs > endMs) continue
          next = number
          nextAtMs = atMs
        }
        if (next === undefined) break
        const { callback } = timers.get(next)!
        timers.delete(next)
        nowMs = nextAtMs
        callback()
        await settle()
      }
      nowMs = endMs
    },
  }
}

/** Reproducible chance in [0, 1): mulberry32. */
export function seededChance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
