/** Change of the own password from the account menu. */
import { Modal } from '@mantine/core'
import type { ReactElement } from 'react'
import { useWords } from '../../lib/i18n.ts'
import { showToast } from '../../lib/toast.ts'
import { PasswordFields } from '../session/password-form.tsx'

/** The dialog. */
export function PasswordDialog({ close }: { readonly close: () => void }): ReactElement {
  const { t } = useWords()
  const done = (): void => {
    showToast({ tone: 'up', title: t('session.passwordChanged') }, 6)
    close()
  }
  return (
    <Modal opened onClose={close} title={t('session.changePassword')} size={400} closeButtonProps={{ 'aria-label': t('state.close') }}>
      <div className="formcol">
        <PasswordFields withLanguage={false} onDone={done} />
      </div>
    </Modal>
  )
}
