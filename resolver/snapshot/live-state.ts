/**
 * The one mutable reference of a thread: the snapshot and the ranking it answers from. Shell. Both are replaced as one at a publish;
 * a ranking of another generation is refused, because its indices would lie. Read once a batch.
 *
 * The control block is shared by all workers of the node:
 *   [0] stop flag │ [1] open flag: answering may begin │ worker w, from 8 + 8w: heartbeat, newest swap for it, swap it has made its own, ready, pinned
 */
import type { RankingColumns, SharedRanking } from '../../health/model/ranking.ts'
import type { AnswerTables } from './attach-snapshot.ts'

/** Place of the stop flag. */
export const CONTROL_STOP = 0
/** Place of the open flag: until it is set, queries wait in the sockets. */
export const CONTROL_OPEN = 1
const WORKER_FIRST = 8
const WORKER_WORDS = 8

/** Place of a worker's heartbeat: it rises while the worker's loop turns. */
export function heartbeatAt(worker: number): number {
  return WORKER_FIRST + WORKER_WORDS * worker
}

/** Place of the number of the newest swap message sent to a worker. */
export function swapAt(worker: number): number {
  return WORKER_FIRST + WORKER_WORDS * worker + 1
}

/** Place of the number of the swap that a worker has made its own; it reads nothing of earlier ones any more. */
export function acknowledgedAt(worker: number): number {
  return WORKER_FIRST + WORKER_WORDS * worker + 2
}

/** Place of a worker's ready flag: its loop has begun. */
export function readyAt(worker: number): number {
  return WORKER_FIRST + WORKER_WORDS * worker + 3
}

/** Place of a worker's pinned flag, set before it acknowledges a swap: it still reads the generation before (a transfer runs). */
export function pinnedAt(worker: number): number {
  return WORKER_FIRST + WORKER_WORDS * worker + 4
}

/** A control block for `workers` workers. */
export function createControlBlock(workers: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * (WORKER_FIRST + WORKER_WORDS * workers)))
}

/** What a thread answers from. */
export type LiveState = {
  tables: AnswerTables | undefined
  shared: SharedRanking | undefined
  /** The ranking of this batch; belongs to `tables`. */
  ranking: RankingColumns | undefined
  /** Rankings refused because they belong to another generation. */
  refusedRankings: number
}

/** A live state with nothing in it: queries get SERVFAIL. */
export function createLiveState(): LiveState {
  return { tables: undefined, shared: undefined, ranking: undefined, refusedRankings: 0 }
}

/** Replaces snapshot and ranking as one. Throws when the live slot belongs to another generation. */
export function replaceSnapshot(live: LiveState, tables: AnswerTables, shared: SharedRanking): void {
  const ranking = shared.slots[Atomics.load(shared.live, 0) & 1]!
  if (ranking.header[0] !== tables.generation) {
    throw new RangeError(`the ranking belongs to generation ${ranking.header[0]}, the snapshot is ${tables.generation}`)
  }
  live.tables = tables
  live.shared = shared
  live.ranking = ranking
}

/** Takes the newest ranking of the live generation; refuses one of another generation and keeps the one before. */
export function replaceRanking(live: LiveState): boolean {
  if (live.shared === undefined || live.tables === undefined) return false
  const ranking = live.shared.slots[Atomics.load(live.shared.live, 0) & 1]!
  if (ranking.header[0] !== live.tables.generation) {
    live.refusedRankings++
    return false
  }
  live.ranking = ranking
  return true
}
