/** The last events (kept over a restart by keep-history.ts), and everyone who listens to new ones (the event stream). Shell: has a life, no I/O. */
import { EVENT_SEVERITIES, type Event, type EventKind, type EventList, type EventSeverity } from '../../contract/event.ts'
import { judgeEvent, keyOfEvent } from './judge-event.ts'

/** Events kept. */
const EVENTS_MAX = 5000

/** Larger evidence is left out. */
const EVIDENCE_LIMIT_BYTES = 4096

/** Which events a list has; what is left out filters nothing. */
export type EventFilter = {
  readonly kinds?: ReadonlySet<EventKind> | undefined
  readonly subject?: string | undefined
  readonly node?: string | undefined
  /** The weakest severity. */
  readonly severity?: EventSeverity | undefined
  /** ms since epoch, both included. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
}

/** What listeners get. */
export type FeedMessage =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'scores'; readonly generation: number; readonly rankingId: number }

/** The feed. */
export class EventFeed {
  readonly #events: Event[] = []
  readonly #listeners = new Set<(message: FeedMessage) => void>()
  /** Number of the newest event that was put back. */
  #restoredId = -1
  #nextId: number

  constructor(startedAt: number) {
    // Numbers go on rising over a restart of control, so that Last-Event-ID of a page keeps its meaning.
    this.#nextId = Math.floor(startedAt / 1000) * 1000
  }

  /** Puts back events of an earlier run, oldest first; before any other. */
  restore(events: readonly Event[]): void {
    this.#events.push(...events.slice(-EVENTS_MAX))
    this.#restoredId = this.#events.at(-1)?.id ?? -1
    this.#nextId = Math.max(this.#nextId, this.#restoredId + 1)
  }

  /** This event as an earlier run has kept it: a node sends again what control had no time to acknowledge. */
  restored({ at, node, kind, subject, detail }: Omit<Event, 'id'>): Event | undefined {
    return this.#events.find(
      (kept) =>
        kept.id <= this.#restoredId &&
        kept.at === at &&
        kept.subject === subject &&
        kept.detail === detail &&
        kept.kind === kind &&
        kept.node === node,
    )
  }

  /** The newest event of a node about each thing (keyOfEvent). */
  newestOf(node: string): ReadonlyMap<string, Event> {
    const newest = new Map<string, Event>()
    for (const event of this.#events) if (event.node === node) newest.set(keyOfEvent(event), event)
    return newest
  }

  /** Takes in an event and tells it to all listeners. */
  add(event: Omit<Event, 'id'>): Event {
    const { evidence, ...plain } = event
    const kept: Event = { id: this.#nextId++, ...plain, ...judgeEvent(event), ...boundEvidence(evidence) }
    this.#events.push(kept)
    if (this.#events.length > EVENTS_MAX) this.#events.splice(0, this.#events.length - EVENTS_MAX)
    this.#tell({ kind: 'event', event: kept })
    return kept
  }

  /** Tells listeners that there are new scores. */
  announceScores(generation: number, rankingId: number): void {
    this.#tell({ kind: 'scores', generation, rankingId })
  }

  /** Newest first, those with a smaller number than `before` that the filter lets through. */
  list(before: number, limit: number, filter: EventFilter = {}): EventList {
    const events: Event[] = []
    for (let at = this.#events.length - 1; at >= 0; at--) {
      const event = this.#events[at]!
      if (event.id >= before || !passes(event, filter)) continue
      if (events.length === limit) return { events, more: true, next: events.at(-1)!.id }
      events.push(event)
    }
    return { events, more: false, next: null }
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

function passes(event: Event, { kinds, subject, node, severity, sinceMs, untilMs }: EventFilter): boolean {
  if (kinds !== undefined && !kinds.has(event.kind)) return false
  if (subject !== undefined && event.subject !== subject) return false
  if (node !== undefined && event.node !== node) return false
  if (severity !== undefined && EVENT_SEVERITIES.indexOf(judgeEvent(event).severity) < EVENT_SEVERITIES.indexOf(severity)) return false
  if (sinceMs === undefined && untilMs === undefined) return true
  const at = Date.parse(event.at)
  return at >= (sinceMs ?? Number.NEGATIVE_INFINITY) && at <= (untilMs ?? Number.POSITIVE_INFINITY)
}

function boundEvidence(evidence: unknown): { readonly evidence?: unknown } {
  if (evidence === undefined) return {}
  const sizeBytes = Buffer.byteLength(JSON.stringify(evidence) ?? '')
  return {
    evidence: sizeBytes <= EVIDENCE_LIMIT_BYTES ? evidence : { leftOut: `${sizeBytes} bytes, the limit is ${EVIDENCE_LIMIT_BYTES}` },
  }
}
