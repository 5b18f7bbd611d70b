/** Newest events, newest first. Values do not jump under the pointer: the list is re-read as a whole. */
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import type { Event } from '../../../contract/event.ts'
import { Panel, QueryBody } from '../../components/panel.tsx'
import { type ShownStanding, StandingMark } from '../../components/standing.tsx'
import { wordEventDetail } from '../../lib/event-wording.ts'
import { formatDate, formatMoment, formatZone } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'
import { eventsQuery } from '../../lib/queries.ts'
import { useNow } from '../../lib/use-now.ts'
import { EventEvidence } from './event-evidence.tsx'

/** Events shown. */
const SHOWN = 12

/** The panel. */
export function Timeline(): ReactElement {
  const { t, language } = useWords()
  const now = useNow()
  const events = useQuery(eventsQuery(SHOWN))
  return (
    <Panel title={t('timeline.title')}>
      <QueryBody query={events} height={160}>
        {({ events: list }) =>
          list.length === 0 ? (
            <div className="empty">{t('timeline.empty')}</div>
          ) : (
            <ol className="tl" style={{ paddingBottom: 10 }}>
              {list.map((event) => (
                <li key={event.id}>
                  <time className="mono" dateTime={event.at} title={`${formatDate(event.at, language)} ${formatZone(event.at)}`}>
                    {formatMoment(event.at, language, now)}
                  </time>
                  <StandingMark standing={markOf(event)} size={13} />
                  <div>
                    <EventText event={event} />
                    <EventEvidence event={event} />
                  </div>
                </li>
              ))}
            </ol>
          )
        }
      </QueryBody>
    </Panel>
  )
}

function EventText({ event }: { readonly event: Event }): ReactElement {
  const { t, language } = useWords()
  const change = /^(\S+ )?(up|down|degraded|unknown) → (up|down|degraded|unknown)(.*)$/.exec(event.detail)
  if (event.kind === 'standing' && change !== null) {
    const word = (text: string): string => t(`standing.${text as 'up'}`)
    return (
      <span>
        <span translate="no">{event.subject}</span> {word(change[2]!)} → {word(change[3]!)}
        <span className="t3">
          {change[1]}
          {wordEventDetail('standing', change[4]!.trim(), language)}
        </span>
      </span>
    )
  }
  const head = t(`timeline.kind.${event.kind}`, { subject: event.subject, node: event.node })
  return (
    <span>
      {head} <span className="t3">{wordEventDetail(event.kind, event.detail, language)}</span>
    </span>
  )
}

function markOf(event: Event): ShownStanding {
  if (event.kind === 'fail-open') return 'down'
  if (event.kind === 'isolation') return event.state === 'cleared' ? 'up' : 'stale'
  if (event.kind === 'capacity') return event.state === 'cleared' ? 'up' : 'degraded'
  if (event.kind === 'clock') return 'degraded'
  if (event.kind === 'worker-replaced') return 'degraded'
  if (event.kind === 'certificate') return event.detail.startsWith('not used') ? 'degraded' : 'up'
  if (event.kind === 'node') return /away|gone|lost|left|disconnect/.test(event.detail) ? 'stale' : 'up'
  if (event.kind !== 'standing') return 'up'
  const to = /→ (up|down|degraded|unknown)/.exec(event.detail)?.[1]
  return (to as ShownStanding | undefined) ?? 'unknown'
}
