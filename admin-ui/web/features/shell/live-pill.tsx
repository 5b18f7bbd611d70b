/** Says whether what is shown is the present: event stream open, being reopened, or paused by the user. */
import type { ReactElement } from 'react'
import { Icon } from '../../components/icon.tsx'
import { StandingMark } from '../../components/standing.tsx'
import { formatAge, formatTime } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'
import { togglePause, useLiveState } from '../../lib/live-stream.ts'
import { useNow } from '../../lib/use-now.ts'

/** The pill; a click pauses and resumes. */
export function LivePill(): ReactElement {
  const { t, language } = useWords()
  const now = useNow()
  const { state, heardAt } = useLiveState()
  const age = formatAge(Math.max(0, now - heardAt) / 1000, language)
  return (
    <button type="button" className="pill" onClick={togglePause} title={t('live.toggle')} aria-live="off">
      {state === 'paused' ? <Icon name="pause" size={12} /> : <StandingMark standing={state === 'live' ? 'up' : 'degraded'} />}
      {state === 'live' ? t('live.live') : state === 'paused' ? t('live.paused') : t('live.reconnecting')}
      {heardAt === 0 ? null : (
        <span className="t3 long" style={{ fontWeight: 400 }}>
          {state === 'live' ? t('live.ago', { age }) : t('live.last', { time: formatTime(heardAt) })}
        </span>
      )}
    </button>
  )
}
