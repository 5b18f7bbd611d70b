/** Endpoint health: strip over the window, numbers of now. Worst standing first; at most 12, then a link to all. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import type { EndpointSummary } from '../../../contract/endpoint.ts'
import type { StandingHistory } from '../../../contract/standing-history.ts'
import { Panel, QueryBody } from '../../components/panel.tsx'
import { Standing } from '../../components/standing.tsx'
import { joinBuckets, STRIP_BARS, Strip } from '../../components/strip.tsx'
import { formatAge, formatMs, formatShare, formatTime } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'
import { endpointsQuery, HEALTH_REFRESH_MS, historyQuery } from '../../lib/queries.ts'
import { EndpointName, ScoreCell } from '../endpoints/endpoint-cells.tsx'
import { byStanding, numbersOf } from '../endpoints/endpoint-numbers.ts'
import { useEndpointLooks } from '../endpoints/use-looks.ts'
import { OverrideTag } from '../overrides/override-tag.tsx'
import { useHeld } from '../overrides/use-overrides.ts'

/** Rows at most. */
const ROWS = 12

/** The panel; `minutes` is the window of the strips. */
export function EndpointHealth({ minutes }: { readonly minutes: number }): ReactElement {
  const { t } = useWords()
  const endpoints = useQuery(endpointsQuery())
  const history = useQuery(historyQuery(minutes)).data
  const all = endpoints.data?.endpoints ?? []
  return (
    <Panel
      title={t('health.title')}
      hint={t('health.hint')}
      actions={
        all.length > ROWS ? (
          <Link className="s12" to="/endpoints">
            {t('health.all', { count: all.length })}
          </Link>
        ) : (
          <StripLegend />
        )
      }
    >
      <QueryBody query={endpoints} height={36 * 6 + 48} staleAfterMs={HEALTH_REFRESH_MS * 3}>
        {({ endpoints: list }) =>
          list.length === 0 ? (
            <div className="empty">{t('health.empty')}</div>
          ) : (
            <HealthTable endpoints={[...list].sort(byStanding).slice(0, ROWS)} history={history} />
          )
        }
      </QueryBody>
    </Panel>
  )
}

function HealthTable({
  endpoints,
  history,
}: {
  readonly endpoints: readonly EndpointSummary[]
  readonly history: StandingHistory | undefined
}): ReactElement {
  const { t, language } = useWords()
  const looks = useEndpointLooks()
  const held = useHeld()
  const end = history === undefined ? null : Date.parse(history.endsAt)
  const span = history === undefined ? 0 : history.buckets * history.stepSeconds * 1000
  const each = history === undefined ? 60 : Math.max(1, Math.ceil(history.buckets / STRIP_BARS)) * history.stepSeconds
  return (
    <div className="tscroll">
      <table className="tbl stacked">
        <thead>
          <tr>
            <th>{t('health.endpoint')}</th>
            <th>{t('health.standing')}</th>
            <th style={{ width: '34%' }}>
              {end === null ? null : (
                <div className="stripaxis">
                  <span>{formatTime(end - span, false)}</span>
                  <span>{formatTime(end - span / 2, false)}</span>
                  <span>{t('health.nowAt', { time: formatTime(end, false) })}</span>
                </div>
              )}
            </th>
            <th className="num">
              p50
              <br />
              <span className="unit">ms</span>
            </th>
            <th className="num">
              {t('health.errors')}
              <br />
              <span className="unit">%</span>
            </th>
            <th className="num">
              {t('health.score')}
              <br />
              <span className="unit">0–100</span>
            </th>
            <th className="num">
              {t('health.age')}
              <br />
              <span className="unit">{t('health.ofData')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {endpoints.map((endpoint) => {
            const numbers = numbersOf(endpoint)
            const series = (history?.series ?? []).filter((one) => one.endpoint === endpoint.id).map((one) => one.standings)
            return (
              <tr className="hrow" key={endpoint.id}>
                <td>
                  <EndpointName endpoint={endpoint} look={looks.get(endpoint.id)} />
                  <OverrideTag note={held.get(endpoint.id)} />
                </td>
                <td>
                  {endpoint.enabled ? <Standing standing={endpoint.standing} /> : <span className="tag">{t('endpoints.disabled')}</span>}
                </td>
                <td className="wide">
                  <Strip bars={joinBuckets(series)} secondsEach={each} />
                </td>
                <td className="num" data-label="p50 ms">
                  {formatMs(numbers.latencyMs)}
                </td>
                <td className="num" data-label={`${t('health.errors')} %`}>
                  <span className={errorClass(endpoint)}>{formatShare(numbers.errorRatePercent)}</span>
                </td>
                <td className="num" data-label={t('health.score')}>
                  <ScoreCell score={endpoint.standing === 'down' ? null : numbers.score} />
                </td>
                <td className="num t3" data-label={t('health.age')}>
                  {formatAge(numbers.ageSeconds, language)}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** Errors are coloured as the endpoint's standing is, and only when there are any. */
function errorClass(endpoint: EndpointSummary): string {
  const { errorRatePercent } = numbersOf(endpoint)
  if (errorRatePercent === null || errorRatePercent === 0) return ''
  return endpoint.standing === 'down' ? 'st down' : endpoint.standing === 'degraded' ? 'st degraded' : ''
}

function StripLegend(): ReactElement {
  const { t } = useWords()
  const shapes = [
    ['up', 9, 5],
    ['degraded', 5, 9],
    ['down', 0, 14],
  ] as const
  return (
    <span className="row s11 t3" style={{ gap: 12 }}>
      {shapes.map(([standing, y, height]) => (
        <span className="row" style={{ gap: 4 }} key={standing}>
          <svg width="8" height="14" aria-hidden="true">
            <rect y={y} width="6" height={height} rx="1" fill={`var(--${standing}-fill)`} />
          </svg>
          {t(`standing.${standing}`)}
        </span>
      ))}
      <span className="row" style={{ gap: 4 }}>
        <svg width="8" height="14" aria-hidden="true">
          <rect x=".5" y="8.5" width="5" height="5" rx="1" fill="none" stroke="var(--unknown-fill)" />
        </svg>
        {t('standing.unknown')}
      </span>
    </span>
  )
}
