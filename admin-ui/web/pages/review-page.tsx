/**
 * Review of my draft and publishing: who moves, what changes, checks with acknowledgement, the compulsory reason. The consequence
 * stands in the button. Empty draft: one sentence. Live moved on: the draft is moved onto it first.
 */
import { Modal } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type ReactElement, useEffect, useState } from 'react'
import type { Review } from '../../contract/draft.ts'
import type { Issue } from '../../contract/issue.ts'
import { PageHead } from '../components/page-head.tsx'
import { Empty, ErrorLine, Skeleton } from '../components/panel.tsx'
import { ChangeList } from '../features/publish/change-list.tsx'
import { Checks } from '../features/publish/checks.tsx'
import { showPublished } from '../features/publish/publish-toast.ts'
import { WhoMoves } from '../features/publish/who-moves.tsx'
import { useMay } from '../features/session/use-me.ts'
import { ApiProblem, callApi } from '../lib/api-client.ts'
import { formatPercent, formatTime } from '../lib/format.ts'
import { useWords } from '../lib/i18n.ts'
import { draftQuery, policiesQuery, reviewQuery } from '../lib/queries.ts'
import { showToast } from '../lib/toast.ts'
import { wordProblem } from '../lib/wording.ts'

/** The page. */
export function ReviewPage(): ReactElement {
  const { t } = useWords()
  const mayEdit = useMay('editor')
  const draft = useQuery({ ...draftQuery(), enabled: mayEdit })
  const review = useQuery({ ...reviewQuery(), enabled: mayEdit && draft.data?.exists === true })
  if (!mayEdit)
    return (
      <Frame>
        <div className="card">
          <Empty>{t('review.forbidden')}</Empty>
        </div>
      </Frame>
    )
  const empty =
    (review.error instanceof ApiProblem && review.error.code === 'DRAFT_EMPTY') ||
    draft.data?.exists === false ||
    (draft.data?.exists === true && draft.data.changes.length === 0)
  if (empty) {
    return (
      <Frame>
        <div className="card">
          <Empty
            action={
              <Link className="btn sm" to="/policies">
                {t('nav.policies')}
              </Link>
            }
          >
            {t('review.empty')}
          </Empty>
        </div>
      </Frame>
    )
  }
  if (review.data !== undefined && draft.data !== undefined)
    return <Loaded key={draft.data.etag} review={review.data} savedAt={draft.data.savedAt} />
  const error = review.error ?? draft.error
  return (
    <Frame>
      {error === null ? (
        <Skeleton height={420} />
      ) : (
        <ErrorLine error={error} retry={() => void Promise.all([draft.refetch(), review.refetch()])} />
      )}
    </Frame>
  )
}

function Frame({ children }: { readonly children: ReactElement }): ReactElement {
  const { t } = useWords()
  return (
    <div className="page">
      <PageHead title={t('nav.draft')} window={t('nav.draft')} />
      {children}
    </div>
  )
}

function Loaded({ review, savedAt }: { readonly review: Review; readonly savedAt: string | null }): ReactElement {
  const { t, language } = useWords()
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const mayPublish = useMay('publisher')
  const [accepted, setAccepted] = useState<ReadonlySet<string>>(new Set())
  const [comment, setComment] = useState('')
  const [typed, setTyped] = useState('')
  const [discarding, setDiscarding] = useState(false)
  const policies = useQuery(policiesQuery('draft')).data?.policies
  const behind = review.baseGeneration !== review.liveGeneration
  const errors = review.issues.filter((issue) => issue.severity === 'error').length
  const over = review.issues.find((issue) => issue.code === 'PUBLISH_MOVES_MANY')
  const number = over === undefined ? '' : String(Math.round(review.movedPercent ?? Number(over.params.movedPercent ?? 0)))
  const missing = review.acceptNeeded.filter((code) => !accepted.has(code))
  const refresh = async (): Promise<void> => {
    for (const key of ['draft', 'review', 'policies', 'policy', 'pools', 'status', 'generations', 'endpoints', 'events'])
      await queryClient.invalidateQueries({ queryKey: [key] })
  }
  const publish = useMutation({
    mutationFn: () => callApi('publish', { body: { comment: comment.trim(), accept: [...accepted] } }),
    onSuccess: async (answer) => {
      const before = review.liveGeneration
      showPublished(answer, before, () => void navigate({ to: '/history/$generation', params: { generation: String(before) } }))
      await navigate({ to: '/' })
      await refresh()
    },
    onError: (error) => {
      if (error instanceof ApiProblem && error.status === 409) void refresh()
    },
  })
  const rebase = useMutation({ mutationFn: () => callApi('rebaseDraft'), onSuccess: refresh })
  const discard = useMutation({
    mutationFn: () => callApi('discardDraft'),
    onSuccess: async () => {
      showToast({ tone: 'acc', title: t('review.discarded') }, 8)
      await navigate({ to: '/policies' })
      await refresh()
    },
  })
  const blocked = !mayPublish
    ? t('review.needsPublisher')
    : errors > 0
      ? t('review.hasErrors', { count: errors })
      : behind
        ? t('review.behindShort')
        : missing.length > 0
          ? t('review.acknowledgeFirst', { count: missing.length })
          : comment.trim() === ''
            ? t('review.sayWhy')
            : over !== undefined && typed.trim() !== number
              ? t('review.typeFirst', { number })
              : publish.isPending
                ? t('review.publishing')
                : ''
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key === 'Enter' && blocked === '' && over === undefined) publish.mutate()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  })
  const policyOf = (issue: Issue): { id: string; row: string | undefined } | undefined => {
    const at = /^policies\[(\d+)\]/.exec(issue.path)?.[1]
    const id = at === undefined ? undefined : policies?.filter((policy) => policy.draft !== 'removed')[Number(at)]?.id
    return id === undefined ? undefined : { id, row: typeof issue.params.line === 'string' ? issue.params.line : undefined }
  }
  const moved = review.movedPercent === null ? '' : formatPercent(review.movedPercent, language)
  const { nextGeneration: generation } = review
  return (
    <div className="page">
      <PageHead
        window={t('review.title', { generation })}
        title={t('review.title', { generation })}
        sub={t('review.lead', {
          count: review.changes.length,
          live: review.liveGeneration,
          saved: savedAt === null ? '' : formatTime(savedAt),
        })}
      >
        <button type="button" className="btn" onClick={() => setDiscarding(true)}>
          {t('review.discard')}
        </button>
      </PageHead>
      {behind ? (
        <div className="notice degraded" style={{ marginBottom: 14, alignItems: 'center' }}>
          <span className="grow">{t('review.behind', { base: review.baseGeneration, live: review.liveGeneration })}</span>
          <button type="button" className="btn sm" disabled={rebase.isPending} onClick={() => rebase.mutate()}>
            {t('review.rebase', { live: review.liveGeneration })}
          </button>
        </div>
      ) : null}
      {rebase.error === null ? null : <ConflictLine error={rebase.error} />}
      <div className="rv">
        <section className="card" aria-label={t('review.whoMoves')}>
          <div style={{ padding: '14px 16px' }}>
            <WhoMoves review={review} />
            <div className="sec" style={{ marginTop: 20 }}>
              {t('review.changes')} <span>{t('review.changesHint', { live: review.liveGeneration })}</span>
            </div>
            <ChangeList changes={review.changes} />
          </div>
        </section>
        <section className="card" aria-label={t('review.checks')} style={{ background: 'var(--sunken)' }}>
          <div style={{ padding: '14px 16px' }}>
            <div className="sec">
              {t('review.checks')} <span>{t('review.checksHint')}</span>
            </div>
            <Checks issues={review.issues} accepted={accepted} setAccepted={setAccepted} policyOf={policyOf} />
          </div>
        </section>
      </div>
      {publish.error === null ? null : (
        <div className="mt14">
          <ErrorLine error={publish.error} />
        </div>
      )}
      <div className="card dfoot mt14">
        <div className="field">
          <label htmlFor="publish-why">{t('review.why')}</label>
          <input
            id="publish-why"
            value={comment}
            maxLength={2000}
            placeholder={t('review.whyHint')}
            onChange={(event) => setComment(event.currentTarget.value)}
          />
        </div>
        {over === undefined || !mayPublish ? null : (
          <div className="field" style={{ flex: '0 1 220px' }}>
            <label htmlFor="publish-number">{t('review.typeNumber', { number })}</label>
            <input id="publish-number" inputMode="numeric" value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
          </div>
        )}
        <span className="s12 t3" role="status">
          {blocked}
        </span>
        <button
          type="button"
          className={`btn ${over === undefined ? 'primary' : 'danger'}`}
          disabled={blocked !== ''}
          onClick={() => publish.mutate()}
        >
          {moved === '' || review.movedPercent === 0
            ? t('review.publish', { generation })
            : t('review.publishMoves', { generation, moved })}
        </button>
      </div>
      {discarding ? (
        <Modal
          opened
          onClose={() => setDiscarding(false)}
          title={t('review.discardTitle')}
          size={420}
          closeButtonProps={{ 'aria-label': t('state.close') }}
        >
          <p className="t2">{t('review.discardText', { count: review.changes.length })}</p>
          {discard.error === null ? null : <ErrorLine error={discard.error} />}
          <div className="row" style={{ justifyContent: 'flex-end', marginTop: 16 }}>
            <button type="button" className="btn" data-autofocus onClick={() => setDiscarding(false)}>
              {t('review.keep')}
            </button>
            <button type="button" className="btn danger" disabled={discard.isPending} onClick={() => discard.mutate()}>
              {t('review.discardAll', { count: review.changes.length })}
            </button>
          </div>
        </Modal>
      ) : null}
    </div>
  )
}

/** What both sides changed, when the draft cannot be moved onto live by itself. */
function ConflictLine({ error }: { readonly error: unknown }): ReactElement {
  const changes = error instanceof ApiProblem ? (error.problem?.changes ?? []) : []
  return (
    <div className="notice down" style={{ marginBottom: 14 }} role="alert">
      <div>
        {wordProblem(error)}
        {changes.length === 0 ? null : (
          <ul style={{ listStyle: 'disc', paddingLeft: 18 }}>
            {changes.map((change) => (
              <li key={change.text}>{change.text}</li>
            ))}
          </ul>
        )}
      </div>
    </div>
  )
}
