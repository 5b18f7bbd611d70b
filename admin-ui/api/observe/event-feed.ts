/** The last events (kept over a restart by keep-history.ts), and everyone who listens to new ones (the event stream). Shell: has a life, no I/O. */
import type { Event, EventList } from '../../contract/event.ts'

/** Events kept. */
const EVENTS_MAX = 5000

/** What listeners get. */
export type FeedMessage =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'scores'; readonly generation: number; readonly rankingId: number }

/** The feed. */
export class EventFeed {
  readonly #events: Event[] = []
  readonly #listeners = new Set<(message: FeedMessage) => void>()
  #nextId: number

  constructor(startedAt: number) {
    // Numbers go on rising over a restart of control, so that Last-Event-ID of a page keeps its meaning.
    this.#nextId = Math.floor(startedAt / 1000) * 1000
  }

  /** Puts back events of an earlier run, oldest first; before any other. */
  restore(events: readonly Event[]): void {
    this.#events.push(...events.slice(-EVENTS_MAX))
    this.#nextId = Math.max(this.#nextId, (this.#events.at(-1)?.id ?? 0) + 1)
  }

  /** Takes in an event and tells it to all listeners. */
  add(event: Omit<Event, 'id'>): Event {
    const kept: Event = { id: this.#nextId++, ...event }
    this.#events.push(kept)
    if (this.#events.length > EVENTS_MAX) this.#events.splice(0, this.#events.length - EVENTS_MAX)
    this.#tell({ kind: 'event', event: kept })
    return kept
  }

  /** Tells listeners that there are new scores. */
  announceScores(generation: number, rankingId: number): void {
    this.#tell({ kind: 'scores', generation, rankingId })
  }

  /** Newest first. */
  list(before: number, limit: number): EventList {
    const older = this.#events.filter((event) => event.id < before)
    return { events: older.slice(-limit).reverse(), more: older.length > limit }
  }

  /** Oldest first, those after `id`. */
  since(id: number): readonly Event[] {
    return this.#events.filter((event) => event.id > id)
  }

  /** Listens until the returned function is called. */
  listen(listener: (message: FeedMessage) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(message: FeedMessage): void {
    for (const listener of this.#listeners) listener(message)
  }
}
