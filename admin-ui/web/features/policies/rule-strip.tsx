/** The chosen rule: its pools in order as cards to drag or move, what each needs and has, and where the walk goes after. */
import { Menu } from '@mantine/core'
import { type DragEvent, type ReactElement, useState } from 'react'
import type { PolicyObject } from '../../../contract/policy.ts'
import type { PoolSummary } from '../../../contract/pool.ts'
import { Icon } from '../../components/icon.tsx'
import { StandingMark } from '../../components/standing.tsx'
import { formatPercent } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'
import { chainOfLine } from '../lines/line-key.ts'
import { poolStanding } from './matrix.tsx'
import { FALLBACK_ROW, poolsOf } from './policy-edits.ts'
import type { PoolState } from './walk-policy.ts'

/** Props. */
export type RuleStripProps = {
  readonly policy: PolicyObject
  readonly row: string
  readonly pools: ReadonlyMap<string, PoolSummary>
  readonly states: ReadonlyMap<string, PoolState>
  readonly nameOf: (line: string) => string
  readonly parentOf: (place: string) => string
  readonly share: number | null
  readonly change: 'new' | 'changed' | undefined
  readonly readOnly: boolean
  readonly place: (pool: string, at: number) => void
  readonly move: (pool: string, by: number) => void
  readonly remove: (pool: string) => void
  readonly removeRule: () => void
  readonly copyTo: () => void
  readonly walkThis: () => void
}

/** The strip. */
export function RuleStrip(props: RuleStripProps): ReactElement {
  const { t, language } = useWords()
  const { policy, row, states, pools, nameOf, share, change, readOnly } = props
  const isFallback = row === FALLBACK_ROW
  const ids = poolsOf(policy, row)
  const answering = ids.find((id) => states.get(id)?.canAnswer)
  const rest = [...pools.keys()].filter((id) => !ids.includes(id))
  const [over, setOver] = useState<number | undefined>(undefined)
  const onDrop = (event: DragEvent, at: number): void => {
    event.preventDefault()
    setOver(undefined)
    const pool = event.dataTransfer.getData('text/plain')
    if (pools.has(pool) && !readOnly) props.place(pool, at)
  }
  const drop = (at: number): object => ({
    onDragOver: (event: DragEvent) => {
      event.preventDefault()
      setOver(at)
    },
    onDragLeave: () => setOver(undefined),
    onDrop: (event: DragEvent) => onDrop(event, at),
  })
  return (
    <section className="card" aria-label={t('policy.ruleOf', { name: isFallback ? t('policy.fallback') : nameOf(row) })}>
      <div className="chead">
        <h2>{isFallback ? t('policy.fallback') : nameOf(row)}</h2>
        {isFallback ? null : (
          <span className="mono t3" style={{ fontSize: 11 }} translate="no">
            {row}
          </span>
        )}
        {change === undefined ? null : (
          <span className="mk" style={{ margin: 0 }}>
            {t(`policy.${change}`)}
          </span>
        )}
        <span className="grow" />
        {share === null ? null : <span className="s12 t3">{t('policy.ofAddresses', { share: formatPercent(share, language, 2) })}</span>}
        {isFallback ? null : (
          <>
            <button type="button" className="btn sm ghost" onClick={props.walkThis}>
              {t('policy.walkThis')}
            </button>
            <button type="button" className="btn sm ghost" disabled={readOnly} onClick={props.copyTo}>
              {t('policy.copyTo')}
            </button>
            <button
              type="button"
              className="btn sm ghost"
              disabled={readOnly || row === '*'}
              title={row === '*' ? t('policy.compulsory') : undefined}
              onClick={props.removeRule}
            >
              {t('policy.removeRule')}
            </button>
          </>
        )}
      </div>
      <div className="rule">
        {ids.map((id, at) => {
          const state = states.get(id)
          return (
            <div key={id} style={{ display: 'contents' }}>
              {at === 0 ? null : (
                <span className="then" aria-hidden="true">
                  <Icon name="right" size={14} />
                </span>
              )}
              {/* biome-ignore lint/a11y/noStaticElementInteractions: dragging is the pointer's way; the buttons below do the same */}
              <div
                className={`pc ${id === answering ? 'win' : state === undefined || !state.canAnswer ? 'bad' : ''} ${over === at + 1 ? 'drop' : ''}`}
                draggable={!readOnly}
                onDragStart={(event) => event.dataTransfer.setData('text/plain', id)}
                {...drop(at + 1)}
              >
                <div className="row" style={{ gap: 6 }}>
                  <b className="b">{at + 1}</b>
                  <span className="m ell grow" title={id} translate="no">
                    {id}
                  </span>
                  <StandingMark standing={state === undefined ? 'down' : poolStanding(state)} size={13} />
                </div>
                <div className="s11 t3" style={{ marginTop: 4 }}>
                  {state === undefined
                    ? t('policy.poolGone')
                    : `${t(`choose.${state.choose}`)} · ${t('policy.needsHas', { needs: state.minimumUp, has: state.eligibleCount })}`}
                </div>
                <div className="moves">
                  <button
                    type="button"
                    disabled={readOnly || at === 0}
                    onClick={() => props.move(id, -1)}
                    aria-label={t('policy.earlierNamed', { pool: id, name: nameOf(row) })}
                  >
                    {t('policy.earlier')}
                  </button>
                  <button
                    type="button"
                    disabled={readOnly || at === ids.length - 1}
                    onClick={() => props.move(id, 1)}
                    aria-label={t('policy.laterNamed', { pool: id, name: nameOf(row) })}
                  >
                    {t('policy.later')}
                  </button>
                  <button
                    type="button"
                    disabled={readOnly}
                    onClick={() => props.remove(id)}
                    aria-label={t('policy.removeNamed', { pool: id, name: nameOf(row) })}
                  >
                    {t('policy.remove')}
                  </button>
                </div>
              </div>
            </div>
          )
        })}
        {ids.length === 0 ? null : (
          <span className="then" aria-hidden="true">
            <Icon name="right" size={14} />
          </span>
        )}
        <Menu position="top-start" width={240} disabled={readOnly || rest.length === 0}>
          <Menu.Target>
            <button
              type="button"
              className={`pc next ${over === ids.length + 1 ? 'drop' : ''}`}
              style={{ flex: '.5 1 120px' }}
              disabled={readOnly || rest.length === 0}
              {...drop(ids.length + 1)}
            >
              <span className="row t2" style={{ gap: 6 }}>
                <Icon name="plus" size={14} />
                {t('policy.addPool')}
              </span>
              <span className="s11 t3">{rest.length === 0 ? t('policy.allPoolsUsed') : t('policy.dropHere')}</span>
            </button>
          </Menu.Target>
          <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
            {rest.map((id) => (
              <Menu.Item key={id} onClick={() => props.place(id, ids.length + 1)}>
                <span className="row">
                  <StandingMark
                    standing={poolStanding(
                      states.get(id) ?? { id, known: false, choose: 'best', minimumUp: 1, members: [], eligibleCount: 0, canAnswer: false },
                    )}
                  />
                  <span translate="no">{id}</span>
                </span>
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <span className="then" aria-hidden="true">
          <Icon name="right" size={14} />
        </span>
        <div className="pc next" style={{ flex: '.8 1 150px' }}>
          <Afterwards {...props} isFallback={isFallback} />
        </div>
      </div>
    </section>
  )
}

function Afterwards({ policy, row, nameOf, parentOf, isFallback }: RuleStripProps & { readonly isFallback: boolean }): ReactElement {
  const { t } = useWords()
  if (isFallback || !(policy.inherit ?? true)) {
    return (
      <>
        <div className="m t2">{isFallback ? t('policy.thenLastResort') : t('policy.thenFallback')}</div>
        <div className="s11 t3" style={{ marginTop: 4 }}>
          {isFallback ? t('policy.thenLastResortHint') : policy.fallback.join(', ')}
        </div>
      </>
    )
  }
  const chain = chainOfLine(row, policy.precedence ?? 'place-first', parentOf)
  const wider =
    chain === null ? undefined : chain.slice(chain.indexOf(row) + 1).find((line) => policy.rules.some((rule) => rule.line === line))
  return (
    <>
      <div className="m t2">{row === '*' ? t('policy.thenFallback') : t('policy.thenInherits')}</div>
      <div className="s11 t3" style={{ marginTop: 4 }}>
        {row === '*'
          ? policy.fallback.join(', ')
          : chain === null
            ? t('policy.byPlaceLong')
            : wider === undefined
              ? t('policy.fallback')
              : `${nameOf(wider)} → ${poolsOf(policy, wider).join(' › ')}`}
      </div>
    </>
  )
}
