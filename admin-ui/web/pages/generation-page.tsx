/** One generation: what it changed against another one, its document, and rolling back to it. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { PageHead } from '../components/page-head.tsx'
import { QueryBody } from '../components/panel.tsx'
import { ChangeList } from '../features/publish/change-list.tsx'
import { RollBackDialog } from '../features/publish/roll-back-dialog.tsx'
import { useMay } from '../features/session/use-me.ts'
import { formatDate, formatDigest, formatPercent, formatTime } from '../lib/format.ts'
import { useWords } from '../lib/i18n.ts'
import { generationQuery, statusQuery } from '../lib/queries.ts'

const route = getRouteApi('/history/$generation')

/** The page. */
export function GenerationPage(): ReactElement {
  const { t, language } = useWords()
  const { generation: text } = route.useParams()
  const { against } = route.useSearch()
  const number = Number(text)
  const query = useQuery(generationQuery(Number.isSafeInteger(number) ? number : 0, against))
  const live = useQuery(statusQuery()).data?.generation
  const mayPublish = useMay('publisher')
  const [rolling, setRolling] = useState(false)
  const title = t('history.generationN', { generation: text })
  return (
    <div className="page">
      <PageHead
        window={title}
        title={
          <div className="row">
            <Link to="/history" className="crumb">
              {t('nav.history')}
            </Link>
            <span className="t3">/</span>
            <h1>{title}</h1>
            {query.data?.live ? <span className="tag up">{t('history.live')}</span> : null}
          </div>
        }
        sub={
          query.data === undefined
            ? ' '
            : t('history.byAt', {
                account: query.data.account,
                at: `${formatDate(query.data.at, language)} ${formatTime(query.data.at)}`,
                digest: formatDigest(query.data.digest),
              })
        }
      >
        {live === undefined || number === live ? null : (
          <Link className="btn" to="/history/$generation" params={{ generation: text }} search={{ against: live }}>
            {t('history.compareLive', { live })}
          </Link>
        )}
        {query.data === undefined || query.data.live ? null : (
          <button
            type="button"
            className="btn primary"
            disabled={!mayPublish}
            title={mayPublish ? undefined : t('review.needsPublisher')}
            onClick={() => setRolling(true)}
          >
            {t('review.rollBackTo', { generation: number })}
          </button>
        )}
      </PageHead>
      <section className="card" aria-label={t('review.changes')}>
        <div className="chead">
          <h2>{t('review.changes')}</h2>
          <span className="hint">
            {query.data?.against === null || query.data === undefined ? '' : t('history.against', { against: query.data.against })}
          </span>
        </div>
        <QueryBody query={query} height={220}>
          {(data) => (
            <div className="pad">
              {data.comment === '' ? null : (
                <div className="notice" style={{ marginBottom: 12 }}>
                  {data.comment}
                  {data.movedPercent === null ? '' : ` · ${t('history.movedN', { moved: formatPercent(data.movedPercent, language) })}`}
                </div>
              )}
              {data.changes.length === 0 ? <p className="t2">{t('history.noChanges')}</p> : <ChangeList changes={data.changes} />}
            </div>
          )}
        </QueryBody>
      </section>
      {rolling ? <RollBackDialog generation={number} close={() => setRolling(false)} /> : null}
    </div>
  )
}
