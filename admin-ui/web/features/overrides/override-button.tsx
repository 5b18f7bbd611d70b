/** Opens the override dialog for one endpoint, from the place where its sickness is seen. Disabled with the role that may for others. */
import { type ReactElement, useState } from 'react'
import { useWords } from '../../lib/i18n.ts'
import { useMay } from '../session/use-me.ts'
import { OverrideDialog } from './override-dialog.tsx'

/** The button. */
export function OverrideButton({ endpoint }: { readonly endpoint: string }): ReactElement {
  const { t } = useWords()
  const may = useMay('operator')
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button
        type="button"
        className="btn sm"
        disabled={!may}
        title={may ? undefined : t('overrides.needsRole')}
        aria-label={t('overrides.setNamed', { target: endpoint })}
        onClick={() => setOpen(true)}
      >
        {t('overrides.set')}
      </button>
      {isOpen ? <OverrideDialog endpoint={endpoint} close={() => setOpen(false)} /> : null}
    </>
  )
}
