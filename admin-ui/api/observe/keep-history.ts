/**
 * Carries events over a restart of control: what was kept is put back before the first look at the nodes, events are kept as they come.
 * Shell. A history that cannot be kept costs the console its past, never more.
 */
import type { History, KeptEvent } from '../../../policy/store/history.ts'
import type { Event } from '../../contract/event.ts'
import type { ApiLog } from '../server.ts'
import type { EventFeed } from './event-feed.ts'

/** What is kept where. */
export type KeepHistoryParts = {
  readonly history: History
  readonly feed: EventFeed
  readonly log: Pick<ApiLog, 'error'>
}

/** Puts back what was kept, then keeps. `stop` closes the history. */
export function keepHistory({ history, feed, log }: KeepHistoryParts): { readonly stop: () => void } {
  let hasFailed = false
  /** Tells of a failure once until it works again. */
  const attempt = (work: () => void): void => {
    try {
      work()
      hasFailed = false
    } catch (error) {
      if (!hasFailed) log.error({ err: error }, 'events cannot be kept for the next start')
      hasFailed = true
    }
  }
  attempt(() => feed.restore(history.events() as readonly KeptEvent[] as readonly Event[]))
  const silence = feed.listen((message) => {
    if (message.kind === 'event') attempt(() => history.addEvent(message.event))
  })
  return {
    stop: () => {
      silence()
      history.close()
    },
  }
}
