/**
 * What happened: standing changes, fail-open, generations. `GET /events` lists, `GET /events/stream` is a server-sent event stream:
 *   event: event      data: one Event, `id:` is its id (Last-Event-ID resumes)
 *   event: scores     data: {"rankingId": n}: fetch /health/scores again
 *   event: heartbeat  data: {"at": RFC 3339}, every 5 s
 * Pure.
 */
import { z } from 'zod'

/** One event. */
export type Event = {
  /** Rises by one. */
  readonly id: number
  /** RFC 3339. */
  readonly at: string
  /** Node it comes from, or "control". */
  readonly node: string
  readonly kind: 'standing' | 'fail-open' | 'generation' | 'worker-replaced' | 'certificate' | 'node' | 'publish' | 'zone' | 'geodata'
  /** Endpoint, policy, node or generation it is about. */
  readonly subject: string
  /** English, e.g. "up → down". */
  readonly detail: string
}
/** Answer of `GET /events?before=&limit=`, newest first. */
export type EventList = { readonly events: readonly Event[]; readonly more: boolean }

/** Schema of Event. */
export const eventSchema: z.ZodType<Event> = z
  .object({
    id: z.number().int(),
    at: z.string(),
    node: z.string(),
    kind: z.enum(['standing', 'fail-open', 'generation', 'worker-replaced', 'certificate', 'node', 'publish', 'zone', 'geodata']),
    subject: z.string(),
    detail: z.string(),
  })
  .meta({ id: 'Event' })
/** Schema of EventList. */
export const eventListSchema: z.ZodType<EventList> = z.object({ events: z.array(eventSchema), more: z.boolean() }).meta({ id: 'EventList' })
