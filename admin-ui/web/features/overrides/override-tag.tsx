/** What an operator forces on an endpoint, in a frame beside its standing: action, end, who and why. Colour is not needed to read it. */
import type { ReactElement } from 'react'
import type { OverrideNote } from '../../../contract/override.ts'
import { formatDate, formatTime, type Language } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'
import { useNow } from '../../lib/use-now.ts'

/** When something begins or ends, to the minute: "18:00" today, else with its date. */
export function formatMinute(at: string | number, language: Language, now: number): string {
  const time = formatTime(at, false)
  return new Date(at).toDateString() === new Date(now).toDateString() ? time : `${formatDate(at, language)} ${time}`
}

/** The words of what holds: "held down until 18:00". */
export function useHeldWords(): (note: OverrideNote) => string {
  const { t, language } = useWords()
  const now = useNow()
  return ({ action, until, sharePercent }) => {
    const what = t(`overrides.held.${action}`, { percent: sharePercent ?? 0 })
    return until === null ? what : t('overrides.heldUntil', { what, at: formatMinute(until, language, now) })
  }
}

/** The tag; nothing without an override. */
export function OverrideTag({ note }: { readonly note: OverrideNote | undefined }): ReactElement | null {
  const { t } = useWords()
  const words = useHeldWords()
  if (note === undefined) return null
  const { owner, reason } = note
  return (
    <div className="held">
      <span className="tag line" title={t('overrides.byWhy', { owner, reason })}>
        <Pin />
        {words(note)}
      </span>
      <span className="t3 s11">{t('overrides.byWhy', { owner, reason })}</span>
    </div>
  )
}

function Pin(): ReactElement {
  return (
    <svg width="11" height="11" viewBox="0 0 14 14" aria-hidden="true">
      <path
        d="M5 1.500h4l-.6 4 2.600 2.500H3L5.600 5.500zM7 8v5"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.300"
        strokeLinejoin="round"
      />
    </svg>
  )
}
