/** Switches of theme and language. */
import type { ReactElement } from 'react'
import { Icon } from '../../components/icon.tsx'
import { setLanguage, useWords } from '../../lib/i18n.ts'
import { setTheme, useTheme } from '../../lib/preferences.ts'

/** Light ↔ dark. */
export function ThemeButton(): ReactElement {
  const theme = useTheme()
  const { t } = useWords()
  return (
    <button
      type="button"
      className="iconbtn"
      aria-label={t('shell.switchTheme')}
      onClick={() => setTheme(theme === 'dark' ? 'light' : 'dark')}
    >
      <Icon name="sun" />
    </button>
  )
}

/** English ↔ Chinese; named in the language it leads to. */
export function LanguageButton(): ReactElement {
  const { language } = useWords()
  const next = language === 'en' ? 'zh-CN' : 'en'
  return (
    <button
      type="button"
      className="iconbtn"
      style={{ width: 'auto', padding: '0 6px', fontWeight: 500, fontSize: 12 }}
      lang={next}
      onClick={() => void setLanguage(next)}
    >
      {next === 'en' ? 'EN' : '中文'}
    </button>
  )
}
