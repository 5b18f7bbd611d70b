/** Problems, most severe first, each with its effect and its next step. All well: one calm sentence. */
import { Link } from '@tanstack/react-router'
import { type ReactElement, type ReactNode, useState } from 'react'
import { Panel } from '../../components/panel.tsx'
import { type ShownStanding, StandingMark } from '../../components/standing.tsx'
import { formatAge, formatDate, formatMs, formatPercent, formatTime } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'
import { useNow } from '../../lib/use-now.ts'
import { OverrideButton } from '../overrides/override-button.tsx'
import type { Problem } from './problems.ts'

/** Problems shown at once. */
const SHOWN = 5

/** Props; `publishedAt` for the sentence when all is well. */
export type NeedsAttentionProps = { readonly problems: readonly Problem[]; readonly publishedAt: string | null }

/** The panel. */
export function NeedsAttention({ problems, publishedAt }: NeedsAttentionProps): ReactElement {
  const { t, language } = useWords()
  const [all, setAll] = useState(false)
  const shown = all ? problems : problems.slice(0, SHOWN)
  return (
    <Panel
      title={
        <>
          {t('problems.title')} {problems.length === 0 ? null : <span className="badge down">{problems.length}</span>}
        </>
      }
    >
      {problems.length === 0 ? (
        <div className="empty">
          <StandingMark standing="up" size={14} />
          <span>
            {t('problems.none')}{' '}
            {publishedAt === null
              ? ''
              : t('problems.lastChange', { at: `${formatDate(publishedAt, language)} ${formatTime(publishedAt, false)}` })}
          </span>
        </div>
      ) : (
        <div aria-live="polite">
          {shown.map((problem) => (
            <ProblemRow key={keyOf(problem)} problem={problem} />
          ))}
        </div>
      )}
      {problems.length > shown.length ? (
        <div className="pad" style={{ paddingTop: 10 }}>
          <button type="button" className="linkbtn" onClick={() => setAll(true)}>
            {t('problems.more', { count: problems.length - shown.length })}
          </button>
        </div>
      ) : null}
    </Panel>
  )
}

function keyOf(problem: Problem): string {
  return problem.kind + ('id' in problem ? problem.id : 'subject' in problem ? problem.subject : '')
}

function ProblemRow({ problem }: { readonly problem: Problem }): ReactElement {
  const { t, language } = useWords()
  const now = useNow()
  if (problem.kind === 'endpoint') {
    const { since, errorRatePercent, sampleCount, latencyMs, lastOfPools, policies, standing, id } = problem
    const age = since === null ? '' : t('problems.for', { age: formatAge((now - Date.parse(since)) / 1000, language) })
    const facts = [
      errorRatePercent === null
        ? t('problems.noSamples')
        : t('problems.errors', { percent: formatPercent(errorRatePercent, language), count: sampleCount }),
      latencyMs === null ? '' : t('problems.p50', { ms: formatMs(latencyMs) }),
      lastOfPools.length > 0
        ? t('problems.poolsEmpty', { pools: lastOfPools.join(', ') })
        : policies.length > 0
          ? t('problems.usedBy', { policies: policies.join(', ') })
          : t('problems.unused'),
    ]
    return (
      <Row
        mark={standing}
        head={
          <>
            <span translate="no">{id}</span> {t(`problems.is.${standing}`)} {age}{' '}
            {since === null ? null : (
              <span className="t3" style={{ fontWeight: 400 }}>
                {t('problems.since', { time: formatTime(since) })}
              </span>
            )}
          </>
        }
        detail={facts.filter(Boolean).join(language === 'zh-CN' ? '' : ' ')}
        actions={
          <>
            {policies[0] === undefined ? null : (
              <Link className="btn sm" to="/policies/$id" params={{ id: policies[0] }}>
                {t('problems.openPolicy')}
              </Link>
            )}
            <OverrideButton endpoint={id} />
            <Link className="btn sm" to="/endpoints" search={{ filter: id }}>
              {t('problems.evidence')}
            </Link>
          </>
        }
      />
    )
  }
  if (problem.kind === 'no-node') return <Row mark="down" head={t('problems.noNode')} detail={t('problems.noNodeDetail')} />
  if (problem.kind === 'node-behind') {
    return (
      <Row
        mark="degraded"
        head={t('problems.nodeBehind', { id: problem.id, generation: problem.generation })}
        detail={t('problems.nodeBehindDetail', { live: problem.live })}
      />
    )
  }
  if (problem.kind === 'last-resort') {
    return (
      <Row
        mark="down"
        head={t('problems.lastResort', { subject: problem.subject })}
        detail={t('problems.lastResortDetail', { time: formatTime(problem.at) })}
        actions={
          <Link className="btn sm" to="/policies/$id" params={{ id: problem.subject }}>
            {t('problems.openPolicy')}
          </Link>
        }
      />
    )
  }
  return (
    <Row
      mark="stale"
      head={t('problems.geodataOld', { date: formatDate(problem.date, language) })}
      detail={t('problems.geodataOldDetail', { count: problem.days })}
    />
  )
}

type RowProps = { readonly mark: ShownStanding; readonly head: ReactNode; readonly detail: string; readonly actions?: ReactNode }

function Row({ mark, head, detail, actions }: RowProps): ReactElement {
  return (
    <div className="prob">
      <span className="ic">
        <StandingMark standing={mark} size={16} />
      </span>
      <div className="h">{head}</div>
      <div className="act">{actions}</div>
      <div className="d">{detail}</div>
    </div>
  )
}
