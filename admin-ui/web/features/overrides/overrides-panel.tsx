/** Open overrides: what is held, until when, by whom and why; set and end. Empty = one sentence; a viewer sees the same without the actions. */
import { useQuery } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import type { Override } from '../../../contract/override.ts'
import { Empty, Panel, QueryBody } from '../../components/panel.tsx'
import { type ShownStanding, StandingMark } from '../../components/standing.tsx'
import { useWords } from '../../lib/i18n.ts'
import { HEALTH_REFRESH_MS, overridesQuery } from '../../lib/queries.ts'
import { useNow } from '../../lib/use-now.ts'
import { useMay } from '../session/use-me.ts'
import { EndOverrideDialog } from './end-override-dialog.tsx'
import { OverrideDialog } from './override-dialog.tsx'
import { formatMinute, useHeldWords } from './override-tag.tsx'
import { noteOf } from './use-overrides.ts'

const MARKS: Readonly<Record<Override['action'], ShownStanding>> = { up: 'up', down: 'down', drain: 'degraded' }

/** The panel; with `quiet` it is not there while there is no override. */
export function OverridesPanel({ quiet = false }: { readonly quiet?: boolean }): ReactElement | null {
  const { t } = useWords()
  const query = useQuery(overridesQuery())
  const may = useMay('operator')
  const [isSetting, setSetting] = useState(false)
  const [ending, setEnding] = useState<Override>()
  if (quiet && (query.data === undefined || query.data.overrides.length === 0)) return null
  return (
    <Panel
      title={
        <>
          {t('overrides.title')} {query.data?.overrides.length ? <span className="badge">{query.data.overrides.length}</span> : null}
        </>
      }
      hint={t('overrides.hint')}
      actions={
        <button
          type="button"
          className="btn sm"
          disabled={!may}
          title={may ? undefined : t('overrides.needsRole')}
          onClick={() => setSetting(true)}
        >
          {t('overrides.set')}
        </button>
      }
    >
      <QueryBody query={query} height={56} staleAfterMs={HEALTH_REFRESH_MS * 3}>
        {({ overrides }) =>
          overrides.length === 0 ? (
            <Empty>{t('overrides.none')}</Empty>
          ) : (
            overrides.map((override) => <Row key={override.id} override={override} end={may ? () => setEnding(override) : undefined} />)
          )
        }
      </QueryBody>
      {isSetting ? <OverrideDialog close={() => setSetting(false)} /> : null}
      {ending === undefined ? null : <EndOverrideDialog override={ending} close={() => setEnding(undefined)} />}
    </Panel>
  )
}

function Row({ override, end }: { readonly override: Override; readonly end: (() => void) | undefined }): ReactElement {
  const { t, language } = useWords()
  const now = useNow()
  const words = useHeldWords()
  const { target, action, state, owner, reason, endpoints, holds, nextWindow, schedule } = override
  const next = nextWindow === null ? '' : t('overrides.next', { at: formatMinute(nextWindow.from, language, now) })
  const facts = [
    t('overrides.byWhy', { owner, reason }),
    state === 'active' && holds.length < endpoints.length ? t('overrides.partly', { count: holds.length, all: endpoints.length }) : '',
    endpoints.length === 0
      ? t('overrides.nobody')
      : target.kind === 'endpoint'
        ? ''
        : t('overrides.endpoints', { list: endpoints.join(', ') }),
    schedule === null ? '' : t('overrides.windows', { cron: schedule.cron, zone: schedule.timeZone }),
  ]
  return (
    <div className="prob">
      <span className="ic">
        <StandingMark standing={state === 'active' ? MARKS[action] : 'unknown'} size={16} />
      </span>
      <div className="h">
        {t(`overrides.kind.${target.kind}`)} <span translate="no">{target.value}</span>{' '}
        <span style={{ fontWeight: 400 }}>
          {state === 'active' ? words(noteOf(override)) : t('overrides.waiting', { action: t(`overrides.action.${action}`), next })}
        </span>
      </div>
      <div className="act">
        {end === undefined ? null : (
          <button type="button" className="btn sm" onClick={end} aria-label={t('overrides.endNamed', { target: target.value })}>
            {t('overrides.end')}
          </button>
        )}
      </div>
      <div className="d">{facts.filter(Boolean).join(' · ')}</div>
    </div>
  )
}
