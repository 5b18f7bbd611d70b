/** Endpoints of live: standing, score, latency, errors, age; filter by text and standing. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import type { EndpointSummary } from '../../contract/endpoint.ts'
import { Icon } from '../components/icon.tsx'
import { PageHead } from '../components/page-head.tsx'
import { Empty, QueryBody } from '../components/panel.tsx'
import { Segments } from '../components/segments.tsx'
import { Standing } from '../components/standing.tsx'
import { EndpointName, ScoreCell } from '../features/endpoints/endpoint-cells.tsx'
import { byStanding, type EndpointNumbers, numbersOf } from '../features/endpoints/endpoint-numbers.ts'
import { useEndpointLooks } from '../features/endpoints/use-looks.ts'
import { OverrideButton } from '../features/overrides/override-button.tsx'
import { OverrideTag } from '../features/overrides/override-tag.tsx'
import { OverridesPanel } from '../features/overrides/overrides-panel.tsx'
import { useHeld } from '../features/overrides/use-overrides.ts'
import { formatAge, formatMoment, formatMs, formatShare } from '../lib/format.ts'
import { useWords } from '../lib/i18n.ts'
import { endpointsQuery, HEALTH_REFRESH_MS } from '../lib/queries.ts'
import { useNow } from '../lib/use-now.ts'

const route = getRouteApi('/endpoints')
const STANDINGS = ['up', 'degraded', 'down', 'unknown'] as const
/** Rows drawn at once; the filter finds the others. */
const ROWS_MAX = 400

type SortKey = 'standing' | 'id' | 'latencyMs' | 'errorRatePercent' | 'score'

/** The page. */
export function EndpointsPage(): ReactElement {
  const { t } = useWords()
  const { standing, filter = '' } = route.useSearch()
  const navigate = route.useNavigate()
  const query = useQuery(endpointsQuery())
  const put = (next: { standing?: string | undefined; filter?: string | undefined }): void =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true })
  return (
    <div className="page">
      <PageHead
        title={t('nav.endpoints')}
        window={t('nav.endpoints')}
        sub={
          query.data === undefined ? ' ' : t('endpoints.lead', { count: query.data.endpoints.length, generation: query.data.generation })
        }
      />
      <OverridesPanel />
      <section className="card mt14" aria-label={t('nav.endpoints')}>
        <div className="tools">
          <div className="field" style={{ width: 240 }}>
            <Icon name="filter" size={13} />
            <input
              aria-label={t('endpoints.filter')}
              placeholder={t('endpoints.filter')}
              value={filter}
              onChange={(event) => put({ filter: event.currentTarget.value || undefined })}
            />
          </div>
          <span className="grow" />
          <Segments
            label={t('health.standing')}
            value={standing ?? 'all'}
            options={[
              { value: 'all', label: t('endpoints.all') },
              ...STANDINGS.map((value) => ({ value: value as string, label: t(`standing.${value}`) })),
            ]}
            onChange={(value) => put({ standing: value === 'all' ? undefined : value })}
          />
        </div>
        <QueryBody query={query} height={260} staleAfterMs={HEALTH_REFRESH_MS * 3}>
          {({ endpoints }) =>
            endpoints.length === 0 ? (
              <Empty>{t('health.empty')}</Empty>
            ) : (
              <EndpointTable
                endpoints={endpoints.filter((one) => (standing === undefined || one.standing === standing) && matches(one, filter))}
              />
            )
          }
        </QueryBody>
      </section>
    </div>
  )
}

function EndpointTable({ endpoints }: { readonly endpoints: readonly EndpointSummary[] }): ReactElement {
  const { t, language } = useWords()
  const now = useNow()
  const looks = useEndpointLooks()
  const held = useHeld()
  const [sort, setSort] = useState<SortKey>('standing')
  if (endpoints.length === 0) return <Empty>{t('endpoints.noneMatches')}</Empty>
  const rows = endpoints.map((endpoint) => ({ endpoint, numbers: numbersOf(endpoint) })).sort((a, b) => compare(a, b, sort))
  const head = (key: SortKey, name: string, unit: string, className = ''): ReactElement => (
    <th
      className={className}
      aria-sort={sort === key ? (key === 'score' || key === 'id' || key === 'standing' ? 'ascending' : 'descending') : undefined}
    >
      <button type="button" onClick={() => setSort(key)}>
        {name}
        {sort === key ? ' ▾' : ''}
      </button>
      {unit === '' ? null : (
        <>
          <br />
          <span className="unit">{unit}</span>
        </>
      )}
    </th>
  )
  return (
    <div className="tscroll">
      <table className="tbl sortable stacked">
        <thead>
          <tr>
            {head('id', t('health.endpoint'), '')}
            {head('standing', t('health.standing'), '')}
            <th>{t('endpoints.since')}</th>
            <th>{t('endpoints.address')}</th>
            {head('latencyMs', 'p50', 'ms', 'num')}
            {head('errorRatePercent', t('health.errors'), '%', 'num')}
            {head('score', t('health.score'), '0–100', 'num')}
            <th className="num">
              {t('health.age')}
              <br />
              <span className="unit">{t('health.ofData')}</span>
            </th>
            <th>{t('endpoints.usedBy')}</th>
            <th>
              <span className="vh">{t('overrides.title')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, ROWS_MAX).map(({ endpoint, numbers }) => (
            <tr className="hrow" key={endpoint.id}>
              <td>
                <EndpointName endpoint={endpoint} look={looks.get(endpoint.id)} />
              </td>
              <td>
                {endpoint.enabled ? <Standing standing={endpoint.standing} /> : <span className="tag">{t('endpoints.disabled')}</span>}
                {endpoint.probed ? null : <span className="t3 s11"> {t('endpoints.unproven')}</span>}
                <OverrideTag note={held.get(endpoint.id)} />
              </td>
              <td className="t2 s12" data-label={t('endpoints.since')}>
                {endpoint.since === null ? '—' : formatMoment(endpoint.since, language, now)}
              </td>
              <td className="mono" translate="no">
                {[endpoint.ipv4, endpoint.ipv6, endpoint.target].filter(Boolean).map((address) => (
                  <div key={address}>{address}</div>
                ))}
              </td>
              <td className="num" data-label="p50 ms">
                {formatMs(numbers.latencyMs)}
              </td>
              <td className="num" data-label={`${t('health.errors')} %`}>
                {formatShare(numbers.errorRatePercent)}
              </td>
              <td className="num" data-label={t('health.score')}>
                <ScoreCell score={endpoint.standing === 'down' ? null : numbers.score} />
              </td>
              <td className="num t3" data-label={t('health.age')}>
                {formatAge(numbers.ageSeconds, language)}
              </td>
              <td className="s12" data-label={t('endpoints.usedBy')}>
                {endpoint.policies.length === 0 ? <span className="t3">{t('endpoints.unused')}</span> : null}
                {endpoint.policies.map((id, at) => (
                  <span key={id}>
                    {at === 0 ? '' : ', '}
                    <Link to="/policies/$id" params={{ id }}>
                      {id}
                    </Link>
                  </span>
                ))}
              </td>
              <td className="num">
                <OverrideButton endpoint={endpoint.id} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > ROWS_MAX ? <Empty>{t('endpoints.more', { count: rows.length - ROWS_MAX })}</Empty> : null}
    </div>
  )
}

function matches(endpoint: EndpointSummary, filter: string): boolean {
  const { id, ipv4, ipv6, target, placeEn, placeZh, carrierEn, carrierZh, site, pools, policies } = endpoint
  const text = [id, ipv4, ipv6, target, placeEn, placeZh, carrierEn, carrierZh, site, ...pools, ...policies].join(' ').toLowerCase()
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

type Row = { readonly endpoint: EndpointSummary; readonly numbers: EndpointNumbers }

function compare(a: Row, b: Row, key: SortKey): number {
  if (key === 'standing') return byStanding(a.endpoint, b.endpoint)
  if (key === 'id') return a.endpoint.id < b.endpoint.id ? -1 : 1
  const [x, y] = [a.numbers[key], b.numbers[key]]
  // Nothing known goes last, whatever the direction; trouble comes first.
  if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1
  return key === 'score' ? x - y : y - x
}
