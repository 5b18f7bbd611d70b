/**
 * A notice: what one message says about one key (keyOfEvent), merged from the events since the last message. Pure.
 *
 *   down ─► told at once ─ up ─ down ─ up ─┐ hold (60 s, longer while it flaps)
 *                                          └─► told once: "up, 3 changes since …"
 */
import type { Event } from '../../contract/event.ts'
import { judgeEvent } from '../observe/judge-event.ts'

/** What is told about a key. */
export type Notice = {
  readonly key: string
  /** The newest event. */
  readonly event: Event
  /** Events merged into it, itself included. */
  readonly changes: number
  /** RFC 3339 time of the first of them. */
  readonly firstAt: string
  /** What the receiver knows: it was told last of this problem; absent = of none. */
  readonly before?: ToldProblem
}

/** A problem that a receiver was told of. */
export type ToldProblem = {
  /** Since when, RFC 3339. */
  readonly at: string
  readonly severity: 'info' | 'warning' | 'critical'
}

/** What a receiver was told last about a key. */
export type Told = {
  readonly event: Event
  /** Set while that is a problem. */
  readonly problem?: ToldProblem
  /** Quiet time before the next message about it. */
  readonly holdMs: number
}

/** Quiet time between two messages about one key. */
export const HOLD_MS = 60_000
/** While it goes on flapping the quiet time doubles up to this. */
export const HOLD_MOST_MS: number = 15 * 60_000

/** A notice of one event. */
export function noticeOf(key: string, event: Event, told: Told | undefined): Notice {
  return { key, event, changes: 1, firstAt: event.at, ...(told?.problem === undefined ? {} : { before: told.problem }) }
}

/** The notice with one more event. */
export function mergeInto(notice: Notice, event: Event): Notice {
  return { ...notice, event, changes: notice.changes + 1 }
}

/** True when the event says nothing that was not told: same state, same badness. */
export function saysTheSame({ event: known }: Told, event: Event): boolean {
  const [before, now] = [judgeEvent(known), judgeEvent(event)]
  return before.severity === now.severity && before.state === now.state
}

/** What is remembered when a notice was delivered. */
export function toldAfter(notice: Notice, before: Told | undefined): Told {
  const { event, changes } = notice
  const { severity, state } = judgeEvent(event)
  const flaps = changes >= 3
  const holdMs = flaps ? Math.min(HOLD_MOST_MS, 2 * (before?.holdMs ?? HOLD_MS)) : HOLD_MS
  // Of the same badness it is the same problem, which began when it was told first.
  const since = notice.before?.severity === severity ? notice.before.at : event.at
  return { event, holdMs, ...(state === 'problem' ? { problem: { at: since, severity } } : {}) }
}
