/** Frame of the pages before the console: one column, mark, theme and language. */
import type { ReactElement, ReactNode } from 'react'
import { Mark } from '../../components/icon.tsx'
import { LanguageButton, ThemeButton } from '../shell/preference-buttons.tsx'

/** The frame. */
export function EntryFrame({ children }: { readonly children: ReactNode }): ReactElement {
  return (
    <main className="entry">
      <div className="card">
        <div className="brand">
          <Mark />
          nearcast
        </div>
        {children}
        <div className="tools">
          <ThemeButton />
          <LanguageButton />
        </div>
      </div>
    </main>
  )
}
