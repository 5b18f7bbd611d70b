/** Pages for a path that does not exist, and for a page that failed. */
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { ErrorLine } from '../../components/panel.tsx'
import { useWords } from '../../lib/i18n.ts'

/** No such page. */
export function MissingPage(): ReactElement {
  const { t } = useWords()
  return (
    <div className="page">
      <h1>{t('missing.title')}</h1>
      <p className="t2">
        {t('missing.text')} <Link to="/">{t('nav.overview')}</Link>
      </p>
    </div>
  )
}

/** A page threw. */
export function PageFailed({ error, reset }: { readonly error: unknown; readonly reset: () => void }): ReactElement {
  return (
    <div className="page">
      <ErrorLine error={error} retry={reset} />
    </div>
  )
}
