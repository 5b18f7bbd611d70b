/**
 * Keeps health over time: what nodes report, folded by health-rollup.ts, goes to the history file as each bucket is over. Shell. A history
 * that cannot be written (a full disk) costs the past, never more: it is told once until it works again, and probing and answering go on.
 */
import {
  DEFAULT_RETENTION,
  type HealthHistory,
  type HealthPoint,
  type HealthRetention,
  type Rollup,
} from '../../../policy/store/health-history.ts'
import type { HealthScore } from '../../contract/health-scores.ts'
import type { ApiLog } from '../server.ts'
import { HealthRollup } from './health-rollup.ts'

/** Minutes that a start reads back: as far as strips reach. */
const RESTORED_MS = 24 * 3_600_000
/** Failed writes kept for the next try; older ones are dropped and counted. */
const WAITING_MAX = 30

/** What it works with. */
export type HealthRecorderParts = {
  readonly history: HealthHistory
  /** How much is to be kept, as the live document says; asked before each write. */
  readonly retention: () => HealthRetention
  /** Is handed each minute of the last day at the start, those of one address oldest first: for strips. */
  readonly onRestored: (minute: HealthPoint) => void
  readonly now: () => number
  readonly log: Pick<ApiLog, 'error'>
}

/** The recorder. */
export type HealthRecorder = {
  /** Takes in a report of now. */
  readonly add: (scores: readonly HealthScore[]) => void
  /** Buckets that could not be written and were dropped. */
  readonly droppedTotal: () => number
  /** Writes what is under way, and closes the history. */
  readonly stop: () => void
}

/** Starts recording. */
export function recordHealth({ history, retention, onRestored, now, log }: HealthRecorderParts): HealthRecorder {
  const rollup = new HealthRollup()
  let waiting: Rollup[] = []
  let dropped = 0
  let hasFailed = false
  let kept = JSON.stringify(DEFAULT_RETENTION)

  function attempt(work: () => void): boolean {
    try {
      work()
      hasFailed = false
      return true
    } catch (error) {
      if (!hasFailed) log.error({ err: error }, 'the history of health cannot be kept')
      hasFailed = true
      return false
    }
  }

  function write(rollups: readonly Rollup[]): void {
    if (rollups.length === 0) return
    waiting.push(...rollups)
    const isWritten = attempt(() => {
      const wanted = retention()
      if (JSON.stringify(wanted) !== kept) {
        kept = JSON.stringify(wanted)
        history.setRetention(wanted)
      }
      history.save(waiting)
    })
    if (isWritten) waiting = []
    else if (waiting.length > WAITING_MAX) dropped += waiting.splice(0, waiting.length - WAITING_MAX).length
  }

  attempt(() => {
    const startedAt = now()
    history.visitMinutes(startedAt - RESTORED_MS, (minute) => {
      if (minute.at > startedAt) return
      onRestored(minute)
      rollup.restore(minute, startedAt)
    })
  })
  return {
    add: (scores) => write(rollup.add(scores, now())),
    droppedTotal: () => dropped,
    stop: () => {
      write(rollup.flush())
      history.close()
    },
  }
}
