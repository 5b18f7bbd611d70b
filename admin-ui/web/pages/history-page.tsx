/** History: generations, newest first; each leads to what it changed and to the way back. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { PageHead } from '../components/page-head.tsx'
import { Empty, ErrorLine, Skeleton } from '../components/panel.tsx'
import { callApi } from '../lib/api-client.ts'
import { wordEventDetail } from '../lib/event-wording.ts'
import { formatDate, formatDigest, formatPercent, formatTime, formatZone } from '../lib/format.ts'
import { useWords } from '../lib/i18n.ts'

/** The page. */
export function HistoryPage(): ReactElement {
  const { t, language } = useWords()
  const query = useInfiniteQuery({
    queryKey: ['generations', 'list'],
    queryFn: ({ pageParam, signal }) => callApi('generations', { query: { limit: 50, before: pageParam }, signal }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => (last.more ? last.generations.at(-1)?.generation : undefined),
  })
  const rows = query.data?.pages.flatMap((page) => page.generations) ?? []
  return (
    <div className="page">
      <PageHead title={t('nav.history')} window={t('nav.history')} sub={t('history.lead')} />
      <section className="card" aria-label={t('nav.history')}>
        {query.data === undefined ? (
          query.error === null ? (
            <Skeleton height={240} />
          ) : (
            <ErrorLine error={query.error} retry={() => void query.refetch()} />
          )
        ) : rows.length === 0 ? (
          <Empty>{t('history.empty')}</Empty>
        ) : (
          <div className="tscroll">
            <table className="tbl stacked">
              <thead>
                <tr>
                  <th>{t('overview.generation')}</th>
                  <th>{t('history.when')}</th>
                  <th>{t('history.account')}</th>
                  <th>{t('history.why')}</th>
                  <th className="num">
                    {t('history.moved')}
                    <br />
                    <span className="unit">{t('history.ofAddresses')}</span>
                  </th>
                  <th>{t('history.accepted')}</th>
                  <th>{t('history.digest')}</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.generation} className="hrow">
                    <td className="m">
                      <Link className="under" to="/history/$generation" params={{ generation: String(row.generation) }}>
                        {row.generation}
                      </Link>{' '}
                      {row.live ? <span className="tag up">{t('history.live')}</span> : null}
                    </td>
                    <td className="s12 t2" title={formatZone(row.at)}>
                      {formatDate(row.at, language)} {formatTime(row.at)}
                    </td>
                    <td translate="no">{row.account}</td>
                    <td style={{ whiteSpace: 'normal', minWidth: 160 }}>
                      {row.comment === '' ? <span className="t3">—</span> : wordEventDetail('publish', row.comment, language)}
                    </td>
                    <td className="num" data-label={t('history.moved')}>
                      {formatPercent(row.movedPercent, language)}
                    </td>
                    <td className="s12 t2" style={{ whiteSpace: 'normal' }}>
                      {row.accepted.length === 0 ? <span className="t3">—</span> : row.accepted.join(', ')}
                    </td>
                    <td className="mono t3">{formatDigest(row.digest)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            {query.hasNextPage ? (
              <div className="pad" style={{ paddingTop: 12 }}>
                <button type="button" className="btn sm" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  {t('history.more')}
                </button>
              </div>
            ) : null}
          </div>
        )}
      </section>
    </div>
  )
}
