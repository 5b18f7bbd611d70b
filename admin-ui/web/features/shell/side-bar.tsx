/** Side bar: pages by group, badges for what is down and what is in the draft, nodes with their generation at the foot. */
import { useQuery } from '@tanstack/react-query'
import { Link, useLocation } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { Icon, Mark } from '../../components/icon.tsx'
import { StandingMark } from '../../components/standing.tsx'
import { formatRate } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'
import { statusQuery } from '../../lib/queries.ts'
import { useDraft } from '../publish/use-draft.ts'
import { NAVIGATION } from './navigation.ts'

/** The side bar. */
export function SideBar(): ReactElement {
  const { t } = useWords()
  const path = useLocation({ select: (location) => location.pathname })
  const status = useQuery(statusQuery()).data
  const { changeCount } = useDraft()
  const down = status?.endpoints.down ?? 0
  return (
    <aside className="side">
      <div className="brand">
        <Mark />
        nearcast
      </div>
      <nav aria-label={t('shell.main')}>
        {NAVIGATION.map(({ group, entries }) => (
          <div key={group}>
            <div className="navh">{t(`nav.${group}`)}</div>
            <ul className="nav">
              {entries.map((entry) => {
                const name = t(`nav.${entry.word}`)
                const isDown = entry.word === 'endpoints' && down > 0
                const isChanged = entry.word === 'draft' && changeCount > 0
                const says = isDown
                  ? t('shell.endpointsDown', { count: down })
                  : isChanged
                    ? t('shell.changes', { count: changeCount })
                    : ''
                return (
                  <li key={entry.to}>
                    <Link
                      to={entry.to}
                      aria-current={isHere(path, entry.to) ? 'page' : undefined}
                      aria-label={says ? `${name}, ${says}` : name}
                    >
                      <Icon name={entry.icon} />
                      {/* The space keeps name and badge two words, as they are in the accessible name. */}
                      <span className="navname">{name}</span>{' '}
                      {isDown ? (
                        <span className="badge down" title={says}>
                          <StandingMark standing="down" size={10} />
                          {down}
                        </span>
                      ) : null}
                      {isChanged ? <span className="badge acc">{changeCount}</span> : null}
                    </Link>
                  </li>
                )
              })}
            </ul>
          </div>
        ))}
      </nav>
      {status === undefined ? null : (
        <div className="nodes">
          <h2>
            <span>{t('shell.nodes')}</span>
            <span>{t('shell.generation', { generation: status.generation })}</span>
          </h2>
          <ul>
            {status.nodes.length === 0 ? (
              <li className="t3">{t('shell.noNodes')}</li>
            ) : (
              status.nodes.map((node) => (
                <li key={node.nodeId} title={node.nodeId}>
                  <StandingMark standing={node.generation === status.generation ? 'up' : 'degraded'} />
                  <span className="ell" translate="no">
                    {node.nodeId}
                  </span>
                  <span className="r">
                    {node.generation === status.generation
                      ? node.queriesPerSecond === null
                        ? ''
                        : `${formatRate(node.queriesPerSecond)} q/s`
                      : t('shell.generation', { generation: node.generation })}
                  </span>
                </li>
              ))
            )}
          </ul>
        </div>
      )}
    </aside>
  )
}

/** True when the page or one below it is open. */
export function isHere(path: string, to: string): boolean {
  if (to === '/') return path === '/'
  const base = to === '/draft/review' ? '/draft' : to
  return path === base || path.startsWith(`${base}/`)
}
