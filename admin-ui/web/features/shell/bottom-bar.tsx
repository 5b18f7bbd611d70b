/** Pages on a phone. */
import { Link, useLocation } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { Icon } from '../../components/icon.tsx'
import { useWords } from '../../lib/i18n.ts'
import { NAVIGATION } from './navigation.ts'
import { isHere } from './side-bar.tsx'

const SHOWN = ['overview', 'endpoints', 'explain', 'policies']

/** The bar. */
export function BottomBar({ openSearch }: { readonly openSearch: () => void }): ReactElement {
  const { t } = useWords()
  const path = useLocation({ select: (location) => location.pathname })
  const entries = NAVIGATION.flatMap((group) => group.entries).filter((entry) => SHOWN.includes(entry.word))
  return (
    <nav className="bottom" aria-label={t('shell.main')}>
      {entries.map((entry) => (
        <Link key={entry.to} to={entry.to} aria-current={isHere(path, entry.to) ? 'page' : undefined}>
          <Icon name={entry.icon} />
          {t(`nav.${entry.word}`)}
        </Link>
      ))}
      <button type="button" onClick={openSearch}>
        <Icon name="more" />
        {t('nav.more')}
      </button>
    </nav>
  )
}
