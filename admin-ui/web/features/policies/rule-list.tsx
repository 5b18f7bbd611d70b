/** A policy as a list, a rule a row: the form for phones and readers. The same model as the matrix. */
import type { ReactElement } from 'react'
import { Icon } from '../../components/icon.tsx'
import { StandingMark } from '../../components/standing.tsx'
import { formatPercent } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'
import { poolColour } from '../endpoints/use-looks.ts'
import { AnswerCell } from './answer-cell.tsx'
import { filteredRows, type MatrixProps, poolStanding, StepMark } from './matrix.tsx'
import type { MatrixRow } from './matrix-view.ts'
import { FALLBACK_ROW } from './policy-edits.ts'

/** The list. */
export function RuleList(props: MatrixProps): ReactElement {
  const { t } = useWords()
  const rows = [...filteredRows(props.view, props.filter, props.nameOf), props.view.fallback]
  return (
    <ol className="rlist" aria-label={t('policy.list')}>
      {rows.map((row) => (
        <RuleRow key={row.row} {...props} row={row} />
      ))}
    </ol>
  )
}

function RuleRow(props: MatrixProps & { readonly row: MatrixRow }): ReactElement {
  const { t, language } = useWords()
  const { row, nameOf, shareOf, selected, difference, states, pools, looks, marks, actions, readOnly } = props
  const isFallback = row.row === FALLBACK_ROW
  const change = difference.rows.get(row.row)
  const share = isFallback ? null : shareOf(row.row)
  const rest = [...pools.keys()].filter((id) => !row.pools.includes(id))
  const name = isFallback ? t('policy.fallback') : nameOf(row.row)
  return (
    <li className={`${row.row === selected ? 'sel' : ''} ${change === undefined ? '' : 'chg'}`}>
      <div className="ln">
        <StepMark mark={marks.get(row.row)} />
        <button type="button" className="lt" onClick={() => actions.select(row.row)} aria-pressed={row.row === selected}>
          <b>{name}</b>
          <span className="mono" translate={isFallback ? 'yes' : 'no'}>
            {isFallback ? t('policy.fallbackHint') : row.row}
            {share === null ? '' : ` · ${formatPercent(share, language, 2)}`}
          </span>
        </button>
        {change === undefined ? null : <span className="mk">{t(`policy.${change}`)}</span>}
        {row.issues.length === 0 ? null : <StandingMark standing="degraded" size={13} />}
      </div>
      <span className="row s12">{isFallback ? null : <AnswerCell row={row} looks={looks} />}</span>
      <div className="pools">
        {row.pools.map((pool, at) => {
          const state = states.get(pool)
          return (
            <span className="poolchip" key={pool}>
              <span className={`o small ${state === undefined ? 'gone' : state.canAnswer ? poolColour(pools.get(pool), looks) : 'bad'}`}>
                {at + 1}
              </span>
              <span translate="no">{pool}</span>
              {state === undefined || state.canAnswer ? null : <StandingMark standing={poolStanding(state)} size={11} />}
              {at === 0 ? null : (
                <button
                  type="button"
                  className="chip-x"
                  disabled={readOnly}
                  aria-label={t('policy.earlierNamed', { pool, name })}
                  onClick={() => actions.move(row.row, pool, -1)}
                >
                  ‹
                </button>
              )}
              <button
                type="button"
                className="chip-x"
                disabled={readOnly}
                aria-label={t('policy.removeNamed', { pool, name })}
                onClick={() => actions.remove(row.row, pool)}
              >
                <Icon name="close" size={11} />
              </button>
            </span>
          )
        })}
        {rest.length === 0 || readOnly ? null : (
          <span className="field" style={{ height: 28, maxWidth: 150 }}>
            <select
              className="s12"
              value=""
              aria-label={t('policy.addPoolTo', { name })}
              onChange={(event) => actions.place(row.row, event.currentTarget.value, row.pools.length + 1)}
            >
              <option value="" disabled>
                {t('policy.addPool')}
              </option>
              {rest.map((id) => (
                <option key={id}>{id}</option>
              ))}
            </select>
          </span>
        )}
      </div>
    </li>
  )
}
