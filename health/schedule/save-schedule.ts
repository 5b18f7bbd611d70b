/**
 * When the kept health is written. A change of standing is written at once, so that a node that is killed does not come back to an
 * endpoint it knew to be down; windows and counters alone wait, since they are not worth wearing out a small machine's flash memory.
 *
 *   change ─► write ─► (changes meanwhile) ─► pause ─► one write for all of them
 *
 * The pause is GAP_MS, or as long as nine writes took: a large state on a slow disk takes a tenth of the worker's time, in an outage of
 * everything too. Clock, timer and the writing are the caller's.
 */

/** Shortest pause between two writes. */
const GAP_MS = 100
/** The pause is at least this many times what the last write took. */
const GAP_PER_COST = 9
/** After a write that failed the next one comes this late. */
const RETRY_MS = 1000
/** Without any change it is written this often. */
const REFRESH_MS = 60_000

/** What the schedule works with. */
export type SaveScheduleOptions = {
  /** Writes what is so now; false = it failed. Never rejects, never runs twice at once. */
  readonly save: () => Promise<boolean>
  /** Monotonic clock. */
  readonly nowMs: () => number
  readonly setTimer: (callback: () => void, delayMs: number) => void
}

/** The schedule. */
export type SaveSchedule = {
  /** A standing changed, or a plan. */
  readonly changed: () => void
  /** To be called now and then: writes what has not been written for long. */
  readonly refresh: () => void
  /** Writes now, after a write that is under way. */
  readonly flush: () => Promise<void>
}

/** Makes a schedule. */
export function createSaveSchedule({ save, nowMs, setTimer }: SaveScheduleOptions): SaveSchedule {
  let hasChanged = false
  let isPlanned = false
  let saving: Promise<void> | undefined
  let endedMs = Number.NEGATIVE_INFINITY
  let startedMs = nowMs()
  let pauseMs = GAP_MS

  async function run(): Promise<void> {
    hasChanged = false
    startedMs = nowMs()
    const isSaved = await save()
    endedMs = nowMs()
    pauseMs = isSaved ? Math.max(GAP_MS, GAP_PER_COST * (endedMs - startedMs)) : RETRY_MS
    hasChanged ||= !isSaved
    saving = undefined
    plan()
  }

  function start(): void {
    saving ??= run()
  }

  function plan(): void {
    if (!hasChanged || isPlanned || saving !== undefined) return
    isPlanned = true
    // A timer even without a pause: changes of the same turn are one write.
    setTimer(
      () => {
        isPlanned = false
        if (hasChanged) start()
      },
      Math.max(0, endedMs + pauseMs - nowMs()),
    )
  }

  return {
    changed: () => {
      hasChanged = true
      plan()
    },
    refresh: () => {
      if (nowMs() - startedMs >= REFRESH_MS) start()
    },
    flush: async () => {
      await saving
      start()
      await saving
    },
  }
}
