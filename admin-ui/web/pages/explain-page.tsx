/** Explain: why this client gets that answer. The question stands in the URL, so the page is its own share link. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { Icon } from '../components/icon.tsx'
import { PageHead } from '../components/page-head.tsx'
import { ErrorLine, Skeleton } from '../components/panel.tsx'
import { AskForm } from '../features/explain/ask-form.tsx'
import { Candidates, Flow, LinesWalked, LocationPanel, OnTheWire, Sentence, WhyNot } from '../features/explain/explain-view.tsx'
import { useWords } from '../lib/i18n.ts'
import { explainQuery, type Question, statusQuery } from '../lib/queries.ts'
import { showToast } from '../lib/toast.ts'

const route = getRouteApi('/explain')

/** The page. */
export function ExplainPage(): ReactElement {
  const { t } = useWords()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const question: Question = { client: search.client ?? '', name: search.name ?? '', type: search.type ?? 'A', resolver: search.resolver }
  const query = useQuery(explainQuery(question))
  const generation = useQuery(statusQuery()).data?.generation
  const ask = (next: Question): void => {
    if (JSON.stringify(next) === JSON.stringify(question)) void query.refetch()
    else
      void navigate({
        search: {
          client: next.client || undefined,
          name: next.name || undefined,
          type: next.type === 'A' ? undefined : next.type,
          resolver: next.resolver,
        },
      })
  }
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(window.location.href)
    showToast({ tone: 'acc', title: t('explain.linkCopied') }, 5)
  }
  const client = question.client || (question.resolver ?? '')
  return (
    <div className="page">
      <PageHead
        title={t('nav.explain')}
        window={t('nav.explain')}
        sub={generation === undefined ? t('explain.lead') : t('explain.leadLive', { generation })}
      >
        <button type="button" className="btn" disabled={query.data === undefined} onClick={() => void copy()}>
          <Icon name="link" size={14} />
          {t('explain.copyLink')}
        </button>
      </PageHead>
      <section className="card" aria-label={t('explain.question')}>
        <AskForm question={question} ask={ask} busy={query.isFetching && query.data === undefined} />
        {query.error !== null ? <ErrorLine error={query.error} retry={() => void query.refetch()} /> : null}
        {query.data === undefined ? (
          query.fetchStatus === 'fetching' ? (
            <Skeleton height={50} />
          ) : query.error === null ? (
            <div className="empty">{t('explain.empty')}</div>
          ) : null
        ) : (
          <Sentence answer={query.data} client={client} />
        )}
      </section>
      {query.data === undefined ? null : (
        <>
          <Flow answer={query.data} client={client} />
          <div className="eg">
            <div className="stack">
              <LinesWalked answer={query.data} />
              <Candidates answer={query.data} />
              <OnTheWire answer={query.data} client={question.client} />
            </div>
            <div className="stack">
              <WhyNot answer={query.data} />
              <LocationPanel answer={query.data} />
            </div>
          </div>
        </>
      )}
    </div>
  )
}
