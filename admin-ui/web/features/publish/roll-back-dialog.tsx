/** Rolling back: a new generation with the old content. The server names the warnings; each is acknowledged before it goes on. */
import { Modal } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import type { Issue } from '../../../contract/issue.ts'
import { ErrorLine } from '../../components/panel.tsx'
import { ApiProblem, callApi } from '../../lib/api-client.ts'
import { useWords } from '../../lib/i18n.ts'
import { Checks } from './checks.tsx'
import { showPublished } from './publish-toast.ts'

/** The dialog. */
export function RollBackDialog({ generation, close }: { readonly generation: number; readonly close: () => void }): ReactElement {
  const { t } = useWords()
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const [comment, setComment] = useState('')
  const [accepted, setAccepted] = useState<ReadonlySet<string>>(new Set())
  const rollBack = useMutation({
    mutationFn: () => callApi('rollBack', { params: { generation }, body: { comment: comment.trim(), accept: [...accepted] } }),
    onSuccess: async (answer) => {
      showPublished(
        answer,
        answer.generation - 1,
        () => void navigate({ to: '/history/$generation', params: { generation: String(answer.generation - 1) } }),
      )
      close()
      await navigate({ to: '/history' })
      await queryClient.invalidateQueries()
    },
  })
  const problem = rollBack.error instanceof ApiProblem ? rollBack.error.problem : undefined
  const issues: readonly Issue[] = problem?.issues ?? []
  const missing = issues.filter((issue) => issue.severity === 'warning' && !accepted.has(issue.code))
  const blocked = comment.trim() === '' || missing.length > 0 || issues.some((issue) => issue.severity === 'error') || rollBack.isPending
  return (
    <Modal
      opened
      onClose={close}
      title={t('review.rollBackTo', { generation })}
      size={520}
      closeButtonProps={{ 'aria-label': t('state.close') }}
    >
      <p className="t2">{t('history.rollBackText', { generation })}</p>
      {rollBack.error !== null && issues.length === 0 ? <ErrorLine error={rollBack.error} /> : null}
      {issues.length === 0 ? null : <Checks issues={issues} accepted={accepted} setAccepted={setAccepted} />}
      <div className="field" style={{ marginTop: 12 }}>
        <label htmlFor="roll-back-why">{t('review.why')}</label>
        <input
          id="roll-back-why"
          data-autofocus
          value={comment}
          maxLength={2000}
          placeholder={t('review.whyHint')}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
      </div>
      <div className="row" style={{ justifyContent: 'flex-end', marginTop: 16 }}>
        <button type="button" className="btn" onClick={close}>
          {t('state.cancel')}
        </button>
        <button type="button" className="btn primary" disabled={blocked} onClick={() => rollBack.mutate()}>
          {t('review.rollBackTo', { generation })}
        </button>
      </div>
    </Modal>
  )
}
