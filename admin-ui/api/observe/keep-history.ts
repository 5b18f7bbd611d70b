/**
 * Carries events and strips over a restart of control: what was kept is put back before the first look at the nodes, events are kept as
 * they come, each minute of the strips when it is over. Shell. A history that cannot be kept costs the console its past, never more.
 */
import type { History, KeptEvent } from '../../../policy/store/history.ts'
import type { Event } from '../../contract/event.ts'
import type { ApiLog } from '../server.ts'
import type { EventFeed } from './event-feed.ts'
import type { StandingRing } from './standing-ring.ts'

const MINUTE_MS = 60_000
/** Interval of looking whether a minute is over. */
const LOOK_MS = 5000

/** What is kept where. */
export type KeepHistoryParts = {
  readonly history: History
  readonly feed: EventFeed
  readonly ring: StandingRing
  readonly now: () => number
  readonly log: Pick<ApiLog, 'error'>
}

/** Puts back what was kept, then keeps. `stop` keeps the minute that is under way, and closes the history. */
export function keepHistory({ history, feed, ring, now, log }: KeepHistoryParts): { readonly look: () => void; readonly stop: () => void } {
  let hasFailed = false
  /** Tells of a failure once until it works again. */
  const attempt = (work: () => void): void => {
    try {
      work()
      hasFailed = false
    } catch (error) {
      if (!hasFailed) log.error({ err: error }, 'events and strips cannot be kept for the next start')
      hasFailed = true
    }
  }
  attempt(() => {
    feed.restore(history.events() as readonly KeptEvent[] as readonly Event[])
    for (const kept of history.minutes()) if (kept.minute * MINUTE_MS <= now()) ring.restore(kept)
  })
  const silence = feed.listen((message) => {
    if (message.kind === 'event') attempt(() => history.addEvent(message.event))
  })
  let minute = Math.floor(now() / MINUTE_MS)
  const save = (): void => {
    const standings = ring.minute(minute)
    if (standings.length > 0) attempt(() => history.saveMinute({ minute, standings }))
  }
  const look = (): void => {
    const present = Math.floor(now() / MINUTE_MS)
    if (present === minute) return
    save()
    minute = present
  }
  const timer = setInterval(look, LOOK_MS)
  timer.unref()
  return {
    look,
    stop: () => {
      clearInterval(timer)
      silence()
      save()
      history.close()
    },
  }
}
