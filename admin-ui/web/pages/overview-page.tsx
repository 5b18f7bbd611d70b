/** Overview: is anything wrong, and for whom? Problems first, then every endpoint, then where clients go and what happened. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { type ReactElement, useMemo } from 'react'
import { PageHead } from '../components/page-head.tsx'
import { Panel, QueryBody } from '../components/panel.tsx'
import { Segments } from '../components/segments.tsx'
import { WhereClientsGo } from '../features/lines/where-clients-go.tsx'
import { OverridesPanel } from '../features/overrides/overrides-panel.tsx'
import { EndpointHealth } from '../features/overview/endpoint-health.tsx'
import { KeyNumbers } from '../features/overview/key-numbers.tsx'
import { NeedsAttention } from '../features/overview/needs-attention.tsx'
import { findProblems } from '../features/overview/problems.ts'
import { Timeline } from '../features/overview/timeline.tsx'
import { formatDate } from '../lib/format.ts'
import { useWords } from '../lib/i18n.ts'
import { endpointsQuery, eventsQuery, HEALTH_REFRESH_MS, policiesQuery, statusQuery } from '../lib/queries.ts'
import { useNow } from '../lib/use-now.ts'

const route = getRouteApi('/')
const MINUTES = { '15m': 15, '1h': 60, '6h': 360, '24h': 1440 } as const
const WINDOWS = ['15m', '1h', '6h', '24h'] as const
/** Ages of problems are judged at this step, so that lists do not sort anew every second. */
const JUDGE_MS = 15_000

/** The page. */
export function OverviewPage(): ReactElement {
  const { t, language } = useWords()
  const { window: chosen = '1h' } = route.useSearch()
  const navigate = route.useNavigate()
  const status = useQuery(statusQuery())
  const endpoints = useQuery(endpointsQuery())
  const policies = useQuery(policiesQuery('live')).data?.policies
  const events = useQuery(eventsQuery(12)).data?.events
  const judgedAt = Math.floor(useNow() / JUDGE_MS) * JUDGE_MS
  const problems = useMemo(
    () => findProblems(status.data, endpoints.data?.endpoints ?? [], events ?? [], judgedAt),
    [status.data, endpoints.data, events, judgedAt],
  )
  const date = status.data?.geodata?.date ?? null
  const names = policies?.reduce((sum, policy) => sum + policy.names.length, 0)
  const sub = [
    names === undefined ? '' : t('overview.names', { count: names }),
    status.data === undefined ? '' : t('overview.nodes', { count: status.data.nodes.length }),
    date === null ? '' : t('overview.geodata', { date: formatDate(date, language) }),
  ]
  return (
    <div className="page">
      <PageHead title={t('nav.overview')} window={t('nav.overview')} sub={sub.filter(Boolean).join(' · ') || ' '}>
        <Segments
          label={t('overview.window')}
          value={chosen}
          options={WINDOWS.map((value) => ({ value, label: t(`window.${value}`) }))}
          onChange={(value) => void navigate({ search: { window: value === '1h' ? undefined : value }, replace: true })}
        />
      </PageHead>
      {status.data === undefined ? (
        <Panel title={t('overview.keyNumbers')}>
          <QueryBody query={status} height={82}>
            {() => null}
          </QueryBody>
        </Panel>
      ) : (
        <QueryBody query={status} height={124} staleAfterMs={HEALTH_REFRESH_MS * 3}>
          {(data) => <KeyNumbers status={data} />}
        </QueryBody>
      )}
      <div className="two">
        <div className="stack">
          {status.data === undefined ? null : <NeedsAttention problems={problems} publishedAt={status.data.publishedAt} />}
          <OverridesPanel quiet />
          <EndpointHealth minutes={MINUTES[chosen]} />
        </div>
        <div className="stack">
          <WhereClientsGo />
          <Timeline />
        </div>
      </div>
    </div>
  )
}
