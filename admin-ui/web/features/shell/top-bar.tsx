/** Top bar: search, draft, live, theme, language, account. */
import { Menu } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { Icon } from '../../components/icon.tsx'
import { callApi } from '../../lib/api-client.ts'
import { useWords } from '../../lib/i18n.ts'
import { useDraft } from '../publish/use-draft.ts'
import { useMe } from '../session/use-me.ts'
import { LivePill } from './live-pill.tsx'
import { LanguageButton, ThemeButton } from './preference-buttons.tsx'
import type { Dialog } from './use-keys.ts'

/** The bar. */
export function TopBar({ open }: { readonly open: (dialog: Dialog) => void }): ReactElement {
  const { t } = useWords()
  const { changeCount } = useDraft()
  return (
    <header className="top">
      <button
        type="button"
        className="search"
        onClick={() => open('search')}
        aria-label={`${t('shell.searchHint')} Ctrl K`}
        aria-keyshortcuts="Control+K"
      >
        <Icon name="search" size={14} />
        <span className="grow ell">
          <span className="long">{t('shell.searchHint')}</span>
        </span>
        {/* Without the space the text of the two reads as one word, which the accessible name does not hold. */ ' '}
        <kbd>Ctrl K</kbd>
      </button>
      <span className="grow" />
      {changeCount === 0 ? null : (
        <Link className="pill draft" to="/draft/review">
          <Icon name="draft" size={14} />
          <span>
            <span className="long">{t('shell.draft')} · </span>
            {t('shell.changes', { count: changeCount })}
          </span>
        </Link>
      )}
      <LivePill />
      <ThemeButton />
      <LanguageButton />
      <AccountMenu open={open} />
    </header>
  )
}

function AccountMenu({ open }: { readonly open: (dialog: Dialog) => void }): ReactElement | null {
  const { t } = useWords()
  const me = useMe()
  const queryClient = useQueryClient()
  if (me === undefined) return null
  const signOut = async (): Promise<void> => {
    await callApi('signOut')
    queryClient.clear()
    await queryClient.invalidateQueries()
    window.location.assign('/')
  }
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <button type="button" className="iconbtn" aria-label={t('shell.account', { user: me.user })}>
          <span className="avatar" aria-hidden="true">
            {me.user.slice(0, 1).toUpperCase()}
          </span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.user} · {t(`role.${me.role}`)}
        </Menu.Label>
        <Menu.Item onClick={() => open('password')}>{t('session.changePassword')}</Menu.Item>
        <Menu.Item onClick={() => open('keys')}>{t('shell.keys')}</Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => void signOut()}>{t('session.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
