/** The strip of key numbers. Each has unit and window; what no node tells is "—". */
import type { ReactElement, ReactNode } from 'react'
import type { Status } from '../../../contract/status.ts'
import { type ShownStanding, StandingMark } from '../../components/standing.tsx'
import { wordEventDetail } from '../../lib/event-wording.ts'
import { formatDigest, formatMoment, formatPercent, formatRate, formatShare } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'
import { useNow } from '../../lib/use-now.ts'

const STANDINGS: readonly Exclude<ShownStanding, 'stale'>[] = ['up', 'degraded', 'down', 'unknown']
const MIX_COLOURS: Readonly<Record<string, string>> = { NOERROR: 'var(--accent)', NXDOMAIN: 'var(--unknown-fill)' }

/** The strip. */
export function KeyNumbers({ status }: { readonly status: Status }): ReactElement {
  const { t, language } = useWords()
  const now = useNow()
  const total = STANDINGS.reduce((sum, standing) => sum + status.endpoints[standing], 0)
  const mix = Object.entries(status.answerMixPercent ?? {}).sort((a, b) => b[1] - a[1])
  const live = status.nodes.filter((node) => node.generation === status.generation).length
  const displaced = status.displacedPercent
  return (
    <section className="card stats" aria-label={t('overview.keyNumbers')}>
      <Stat name={t('overview.queries')} window={t('overview.mean1')} foot={t('overview.nodesAnswer', { count: status.nodes.length })}>
        {formatRate(status.queriesPerSecond)} <small>q/s</small>
      </Stat>
      <Stat
        name={t('overview.answerMix')}
        window={t('overview.min5')}
        viz={
          mix.length === 0 ? null : (
            <div className="bar" aria-hidden="true">
              {mix
                .filter(([, percent]) => percent > 0)
                .map(([word, percent]) => (
                  <i key={word} style={{ width: `${percent}%`, background: MIX_COLOURS[word] ?? 'var(--degraded-fill)' }} />
                ))}
            </div>
          )
        }
        foot={mix
          .slice(1, 4)
          .map(([word, percent]) => `${word} ${formatPercent(percent, language)}`)
          .join(' · ')}
      >
        {formatShare(mix[0]?.[1])}
        <small>{mix[0] === undefined ? '' : `% ${mix[0][0]}`}</small>
      </Stat>
      <Stat
        name={t('overview.displaced')}
        window={t('overview.min5')}
        foot={t('overview.displacedFoot')}
        colour={displaced !== null && displaced >= 0.05 ? 'var(--degraded)' : undefined}
      >
        {formatShare(displaced)}
        <small>{displaced === null ? '' : t('overview.ofAnswers')}</small>
      </Stat>
      <Stat
        name={t('overview.endpoints')}
        window={t('overview.now')}
        viz={
          total === 0 ? null : (
            <div className="bar" aria-hidden="true">
              {STANDINGS.filter((standing) => status.endpoints[standing] > 0).map((standing) => (
                <i
                  key={standing}
                  style={{
                    width: `${(100 * status.endpoints[standing]) / total}%`,
                    background: standing === 'unknown' ? 'var(--line-strong)' : `var(--${standing}-fill)`,
                  }}
                />
              ))}
            </div>
          )
        }
        foot={t('overview.ofEndpoints', { count: total })}
      >
        <span className="row" style={{ gap: 14, fontSize: 20 }}>
          {STANDINGS.map((standing) =>
            status.endpoints[standing] === 0 && standing !== 'up' ? null : (
              <span className="row" style={{ gap: 5 }} key={standing} title={t(`standing.${standing}`)}>
                <StandingMark standing={standing} size={14} />
                <span className="vh">{t(`standing.${standing}`)}</span>
                {status.endpoints[standing]}
              </span>
            ),
          )}
        </span>
      </Stat>
      <Stat
        name={t('overview.generation')}
        window={t('overview.onNodes', { live, count: status.nodes.length })}
        viz={<span className="t2 s12 ell">{wordEventDetail('publish', status.comment ?? '', language)}</span>}
        foot={
          status.publishedAt === null
            ? t('overview.nothingPublished')
            : t('overview.published', { at: formatMoment(status.publishedAt, language, now), by: status.publishedBy ?? '' })
        }
      >
        {status.generation} <small className="mono">{formatDigest(status.digest)}</small>
      </Stat>
    </section>
  )
}

type StatProps = {
  readonly name: string
  readonly window: string
  readonly children: ReactNode
  readonly viz?: ReactNode
  readonly foot: string
  readonly colour?: string | undefined
}

function Stat({ name, window: span, children, viz, foot, colour }: StatProps): ReactElement {
  return (
    <div className="stat">
      <div className="k">
        {name} <span>{span}</span>
      </div>
      <div className="v" style={{ color: colour }}>
        {children}
      </div>
      <div className="viz" style={{ paddingTop: 7 }}>
        {viz}
      </div>
      <div className="f ell" title={foot}>
        {foot}
      </div>
    </div>
  )
}
