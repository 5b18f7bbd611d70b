/** Changes of a draft or between two generations, an object a row. */
import type { ReactElement } from 'react'
import type { Change } from '../../../contract/change.ts'
import { useWords } from '../../lib/i18n.ts'
import { useLineNames } from '../lines/use-line-names.ts'
import { poolsChange } from './change-text.ts'

/** The list. */
export function ChangeList({ changes }: { readonly changes: readonly Change[] }): ReactElement {
  return (
    <ul className="df">
      {changes.map((change) => (
        <Row key={`${change.section} ${change.object} ${change.key}`} change={change} />
      ))}
    </ul>
  )
}

const SIGNS = { added: ['add', '+'], removed: ['del', '−'], changed: ['', '~'] } as const

function Row({ change }: { readonly change: Change }): ReactElement {
  const { t } = useWords()
  const { nameOf } = useLineNames()
  const [kind, sign] = SIGNS[change.kind]
  const pools = poolsChange(change)
  return (
    <li>
      <span className={`op ${kind}`} role="img" aria-label={t(`changes.${change.kind}`)}>
        {sign}
      </span>
      <span className="two-line">
        <span className="a">
          {pools === undefined
            ? change.object === ''
              ? t(`changes.section.${change.section}`)
              : change.object
            : pools.line === 'fallback'
              ? t('policy.fallback')
              : nameOf(pools.line)}
        </span>
        <br />
        <span className="b2">
          {t(`changes.section.${change.section}`)} {pools === undefined ? change.key : change.object}
        </span>
      </span>
      {pools === undefined ? (
        <span className="mono" style={{ overflowWrap: 'anywhere' }}>
          {change.before === null ? null : <span className="del">{change.before}</span>}{' '}
          {change.before !== null && change.after !== null ? '→ ' : ''}
          {change.after === null ? null : <span style={{ color: 'var(--up)' }}>{change.after}</span>}
          {change.before === null && change.after === null ? change.text : null}
        </span>
      ) : (
        <Pools before={pools.before} after={pools.after} />
      )}
    </li>
  )
}

function Pools({ before, after }: { readonly before: readonly string[]; readonly after: readonly string[] }): ReactElement {
  const { t } = useWords()
  const gone = before.filter((pool) => !after.includes(pool))
  const moved = before.filter((pool) => after.includes(pool)).join() !== after.filter((pool) => before.includes(pool)).join()
  return (
    <span className="row wrap" style={{ gap: '4px 6px' }} translate="no">
      {after.map((pool, at) => (
        <span key={pool}>
          {at === 0 ? '' : '› '}
          {before.includes(pool) ? pool : <span className="ins">{pool}</span>}
        </span>
      ))}
      {gone.map((pool) => (
        <span className="del" key={pool}>
          {pool}
        </span>
      ))}
      {after.length === 0 && gone.length === 0 ? <span className="t3">{t('changes.noPools')}</span> : null}
      {moved ? <span className="t3">{t('changes.reordered', { before: before.join(' › ') })}</span> : null}
    </span>
  )
}
