/**
 * What happened: standing changes, fail-open, generations. `GET /events` lists, `GET /events/stream` is a server-sent event stream:
 *   event: event      data: one Event, `id:` is its id (Last-Event-ID resumes)
 *   event: scores     data: {"rankingId": n}: fetch /health/scores again
 *   event: heartbeat  data: {"at": RFC 3339}, every 5 s
 * Pure.
 */
import { z } from 'zod'

/** Kinds of events. */
export const EVENT_KINDS = [
  'standing',
  'fail-open',
  'generation',
  'worker-replaced',
  'certificate',
  'node',
  'publish',
  'zone',
  'geodata',
  'override',
  'isolation',
  'capacity',
  'clock',
] as const
/** One of them. */
export type EventKind = (typeof EVENT_KINDS)[number]
/** Severities, the worst last. */
export const EVENT_SEVERITIES = ['info', 'warning', 'critical'] as const
/** One of them. */
export type EventSeverity = (typeof EVENT_SEVERITIES)[number]

/** One event. */
export type Event = {
  /** Rises by one. */
  readonly id: number
  /** RFC 3339. */
  readonly at: string
  /** Node it comes from, or "control". */
  readonly node: string
  readonly kind: EventKind
  /** Endpoint, policy, node or generation it is about. */
  readonly subject: string
  /** English, e.g. "up → down". */
  readonly detail: string
  /** How bad it is; absent in events that an earlier version kept. */
  readonly severity?: EventSeverity
  /** A problem begins, or is over; absent = it just happened. */
  readonly state?: 'problem' | 'cleared'
  /** What decided, by kind; of `standing`: StandingEvidence. At most 4 kB. */
  readonly evidence?: unknown
}

/** Evidence of a `standing` event: the newest samples of the address when it changed, oldest first, and what its window said. */
export type StandingEvidence = {
  readonly address: string
  /** Probe whose sample decided, and its rule. */
  readonly probe: string
  readonly fall: number | null
  readonly rise: number | null
  /** Of the window after the change; null without samples. */
  readonly window: {
    readonly samples: number
    readonly failures: number
    readonly errorRatePercent: number | null
    readonly latencyMs: number | null
  } | null
  readonly samples: readonly {
    /** RFC 3339, start of the probe. */
    readonly at: string
    readonly probe: string
    readonly ok: boolean
    /** Total time; of a failure until it was known. */
    readonly latencyMs: number
    /** Word of the failure, e.g. timeout. */
    readonly failure?: string
    readonly detail?: string
    /** Taken while this machine lagged: its latency does not count. */
    readonly lagged?: true
  }[]
}

/** Answer of `GET /events?before=&limit=&kind=&subject=&node=&severity=&since=&until=`, newest first. */
export type EventList = {
  readonly events: readonly Event[]
  readonly more: boolean
  /** `before` of the next page; null when there is none. */
  readonly next: number | null
}

/** Schema of Event. */
export const eventSchema: z.ZodType<Event> = z
  .object({
    id: z.number().int(),
    at: z.string(),
    node: z.string(),
    kind: z.enum(EVENT_KINDS),
    subject: z.string(),
    detail: z.string(),
    severity: z.enum(EVENT_SEVERITIES).exactOptional(),
    state: z.enum(['problem', 'cleared']).exactOptional(),
    evidence: z.unknown().optional(),
  })
  .meta({ id: 'Event' })
/** Schema of EventList. */
export const eventListSchema: z.ZodType<EventList> = z
  .object({ events: z.array(eventSchema), more: z.boolean(), next: z.number().int().nullable() })
  .meta({ id: 'EventList' })
