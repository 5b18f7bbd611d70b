/** Who is answered on a line now, by this policy and the standings of now; ⌄ = not the first pool of the first matching rule. */
import type { ReactElement } from 'react'
import { EndpointChip } from '../../components/endpoint-chip.tsx'
import { Icon } from '../../components/icon.tsx'
import type { EndpointLook } from '../../lib/endpoint-look.ts'
import { useWords } from '../../lib/i18n.ts'
import type { MatrixRow } from './matrix-view.ts'
import type { PoolState } from './walk-policy.ts'

/** The cell. */
export function AnswerCell({ row, looks }: { readonly row: MatrixRow; readonly looks: ReadonlyMap<string, EndpointLook> }): ReactElement {
  const { t } = useWords()
  if (row.never)
    return (
      <span className="s12" style={{ color: 'var(--degraded)' }}>
        {t('policy.never')}
      </span>
    )
  if (row.walk === null) return <span className="t3 s11">{t('policy.byPlace')}</span>
  if (row.walk.pool === null)
    return (
      <span className="s12" style={{ color: 'var(--down)' }}>
        {t('policy.lastResort')}
      </span>
    )
  return (
    <span className="row" style={{ gap: 1, justifyContent: 'center', paddingLeft: 12 }}>
      <PoolAnswer pool={row.walk.pool} looks={looks} />
      <span className="t3" style={{ width: 12 }} title={row.walk.displaced ? t('policy.displaced') : undefined}>
        {row.walk.displaced ? (
          <>
            <Icon name="down" size={12} />
            <span className="vh">{t('policy.displaced')}</span>
          </>
        ) : null}
      </span>
    </span>
  )
}

/** The one member that can answer, or the first with how many there are. */
export function PoolAnswer({ pool, looks }: { readonly pool: PoolState; readonly looks: ReadonlyMap<string, EndpointLook> }): ReactElement {
  const eligible = pool.members.filter((member) => member.eligible)
  const first = eligible[0]
  if (first === undefined) return <span translate="no">{pool.id}</span>
  const look = looks.get(first.endpoint)
  if (eligible.length === 1) return <EndpointChip look={look} id={first.endpoint} />
  const colour = look !== undefined && look.colour > 0 ? `e${look.colour}` : ''
  return (
    <span className={`ep ${colour}`} title={`${pool.id}: ${eligible.map((member) => member.endpoint).join(', ')}`} translate="no">
      {(look?.code ?? first.endpoint).replace(/-?\d+$/, '')} +{eligible.length - 1}
    </span>
  )
}
