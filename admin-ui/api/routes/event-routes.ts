/** Events: the list, and the stream of server-sent events with its heartbeat. */
import type { Response } from 'express'
import { EVENT_KINDS, EVENT_SEVERITIES, type EventKind, type EventSeverity } from '../../contract/event.ts'
import { STREAM_HEARTBEAT_MS } from '../../contract/routes.ts'
import { ApiError } from '../api-error.ts'
import type { ApiParts } from '../api-parts.ts'
import type { Caller } from '../auth/accounts.ts'
import type { EventFilter } from '../observe/event-feed.ts'
import { type ApiRequest, callerOf, numberParameter, type RouteHandlers } from '../route-handler.ts'

/** Open streams; a page has one, so more than this are forgotten ones. */
const STREAMS_MAX = 200
/** A reader that is this far behind is cut off; it resumes by Last-Event-ID. */
const BACKLOG_MAX_BYTES = 1 << 20

/** Handlers. `stillAllowed` says whether a caller's session or token still holds. */
export function eventRoutes(
  { feed, now }: Pick<ApiParts, 'feed' | 'now'>,
  stillAllowed: (caller: Caller) => boolean,
): RouteHandlers<'events' | 'eventStream'> {
  let open = 0
  return {
    events: (request) => {
      const before = numberParameter(request, 'before', Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER)
      return { answer: feed.list(before, numberParameter(request, 'limit', 50, 1, 500), filterOf(request)) }
    },
    eventStream: (request) => {
      if (open >= STREAMS_MAX)
        throw new ApiError('API_TOO_MANY_REQUESTS', `${STREAMS_MAX} event streams are open`, { retryAfterSeconds: 30 })
      const caller = callerOf(request)
      const resumeAt = Number(request.header('last-event-id') ?? '')
      const stream = (response: Response): void => {
        open++
        response.status(200).set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' })
        response.flushHeaders()
        const send = (event: string, data: unknown, id?: number): void => {
          if (response.writableLength > BACKLOG_MAX_BYTES) response.destroy()
          else response.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`)
        }
        const beat = (): void => {
          // A stream must not outlive the sign-in that opened it.
          if (!stillAllowed(caller)) response.end()
          else send('heartbeat', { at: new Date(now()).toISOString() })
        }
        response.write(`retry: 2000\n\n`)
        beat()
        if (Number.isSafeInteger(resumeAt) && resumeAt > 0) for (const event of feed.since(resumeAt)) send('event', event, event.id)
        const silence = feed.listen((message) => {
          if (message.kind === 'event') send('event', message.event, message.event.id)
          else send('scores', { generation: message.generation, rankingId: message.rankingId })
        })
        const timer = setInterval(beat, STREAM_HEARTBEAT_MS)
        response.on('close', () => {
          open--
          silence()
          clearInterval(timer)
        })
      }
      return { answer: undefined, stream }
    },
  }
}

function filterOf(request: Pick<ApiRequest, 'query'>): EventFilter {
  const words = (name: string): readonly string[] | undefined => {
    const text = request.query(name)
    return text === undefined || text === '' ? undefined : text.split(',').map((word) => word.trim())
  }
  const known = <Word extends string>(name: string, all: readonly Word[]): readonly Word[] | undefined => {
    const given = words(name)
    const wrong = given?.find((word) => !all.includes(word as Word))
    if (wrong !== undefined) throw new ApiError('API_PARAMETER', `${name} "${wrong.slice(0, 40)}" is none of ${all.join(', ')}`)
    return given as readonly Word[] | undefined
  }
  const kinds = known<EventKind>('kind', EVENT_KINDS)
  return {
    kinds: kinds === undefined ? undefined : new Set(kinds),
    subject: request.query('subject') || undefined,
    node: request.query('node') || undefined,
    severity: known<EventSeverity>('severity', EVENT_SEVERITIES)?.[0],
    sinceMs: timeParameter(request, 'since'),
    untilMs: timeParameter(request, 'until'),
  }
}

/** A moment in RFC 3339, with its offset: without one it would depend on where control runs. */
function timeParameter(request: Pick<ApiRequest, 'query'>, name: string): number | undefined {
  const text = request.query(name)
  if (text === undefined || text === '') return undefined
  const atMs = Date.parse(text)
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(atMs))
    throw new ApiError('API_PARAMETER', `${name} "${text.slice(0, 40)}" is no time such as 2026-01-31T08:00:00Z`)
  return atMs
}
