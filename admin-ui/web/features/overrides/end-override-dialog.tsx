/** Ends an override at once: says what it gives back to the probes, takes a reason. */
import { Modal } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import type { Override } from '../../../contract/override.ts'
import { OVERRIDE_LIMITS } from '../../../contract/override-limits.ts'
import { ErrorLine } from '../../components/panel.tsx'
import { callApi } from '../../lib/api-client.ts'
import { useWords } from '../../lib/i18n.ts'
import { showToast } from '../../lib/toast.ts'

/** The dialog. */
export function EndOverrideDialog({ override, close }: { readonly override: Override; readonly close: () => void }): ReactElement {
  const { t } = useWords()
  const queryClient = useQueryClient()
  const [reason, setReason] = useState('')
  const end = useMutation({
    mutationFn: () =>
      callApi('endOverride', {
        params: { id: override.id },
        query: { reason: reason.trim() === '' ? undefined : reason.trim() },
        ifMatch: override.etag,
      }),
    onSuccess: async () => {
      showToast({ tone: 'up', title: t('overrides.ended', { target: override.target.value }) }, 6)
      close()
      await queryClient.invalidateQueries()
    },
  })
  return (
    <Modal
      opened
      onClose={close}
      title={t('overrides.endTitle', { target: override.target.value })}
      size={480}
      closeButtonProps={{ 'aria-label': t('state.close') }}
    >
      <p className="t2">{t('overrides.endText', { count: override.holds.length, owner: override.owner, reason: override.reason })}</p>
      {end.error === null ? null : <ErrorLine error={end.error} />}
      <div className="field" style={{ marginTop: 12 }}>
        <label htmlFor="override-end-why">{t('overrides.reason')}</label>
        <input
          id="override-end-why"
          data-autofocus
          value={reason}
          maxLength={OVERRIDE_LIMITS.reasonLength}
          placeholder={t('overrides.endHint')}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      </div>
      <div className="row" style={{ justifyContent: 'flex-end', marginTop: 16 }}>
        <button type="button" className="btn" onClick={close}>
          {t('state.cancel')}
        </button>
        <button type="button" className="btn primary" disabled={end.isPending} onClick={() => end.mutate()}>
          {t('overrides.end')}
        </button>
      </div>
    </Modal>
  )
}
