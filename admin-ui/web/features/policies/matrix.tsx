/**
 * The matrix of a policy: lines in walk order × pools, numbers are the order in which pools are tried. An ARIA grid: arrows move,
 * 1–9 place a pool, 0 or Delete takes it out, Alt ←/→ moves it earlier or later, Enter adds it last or opens the rule.
 */
import { Fragment, type KeyboardEvent, type ReactElement, useRef, useState } from 'react'
import type { PoolSummary } from '../../../contract/pool.ts'
import { Icon } from '../../components/icon.tsx'
import { StandingMark } from '../../components/standing.tsx'
import type { EndpointLook } from '../../lib/endpoint-look.ts'
import { formatShare } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'
import { poolColour } from '../endpoints/use-looks.ts'
import { AnswerCell } from './answer-cell.tsx'
import type { MatrixRow, MatrixView } from './matrix-view.ts'
import { cellKey, FALLBACK_ROW, type PolicyDifference } from './policy-edits.ts'
import type { WalkMark } from './walk-marks.ts'
import type { PoolState } from './walk-policy.ts'

/** What rows and cells do. */
export type MatrixActions = {
  readonly select: (row: string) => void
  readonly place: (row: string, pool: string, at: number) => void
  readonly remove: (row: string, pool: string) => void
  readonly move: (row: string, pool: string, by: number) => void
}
/** Props of matrix and list. */
export type MatrixProps = {
  readonly view: MatrixView
  readonly pools: ReadonlyMap<string, PoolSummary>
  readonly states: ReadonlyMap<string, PoolState>
  readonly looks: ReadonlyMap<string, EndpointLook>
  readonly difference: PolicyDifference
  readonly selected: string | undefined
  readonly marks: ReadonlyMap<string, WalkMark>
  readonly nameOf: (line: string) => string
  readonly shareOf: (line: string) => number | null
  readonly filter: string
  readonly readOnly: boolean
  readonly actions: MatrixActions
}

/** Columns that fit beside the walk; beyond that, unused pools fold. */
const COLUMNS_SHOWN = 6

/** The matrix. */
export function Matrix(props: MatrixProps): ReactElement {
  const { t } = useWords()
  const { view, selected, filter, nameOf } = props
  const [allPools, setAllPools] = useState(false)
  const [active, setActive] = useState<readonly [string, string]>(['', ''])
  const grid = useRef<HTMLTableElement>(null)
  const mayFold = view.unused.length > 0 && view.columns.length + view.unused.length > COLUMNS_SHOWN
  const folded = mayFold && !allPools
  const columns = [...view.columns, ...(folded ? [] : view.unused)]
  const groups = view.groups
    .map((group) => ({ ...group, rows: group.rows.filter((row) => matchesFilter(row, filter, nameOf)) }))
    .filter((group) => group.rows.length > 0)
  const rows = [...groups.flatMap((group) => group.rows), view.fallback]
  const first: readonly [string, string] = [selected ?? rows[0]!.row, columns[0] ?? '']
  const [activeRow, activePool] = active[0] !== '' && rows.some((row) => row.row === active[0]) ? active : first
  const focus = (row: string, pool: string): void => {
    setActive([row, pool])
    grid.current?.querySelector<HTMLElement>(`[data-cell="${CSS.escape(cellKey(row, pool))}"]`)?.focus()
  }
  const onKey = (event: KeyboardEvent, row: MatrixRow, pool: string): void => {
    const at = rows.findIndex((one) => one.row === row.row)
    const column = columns.indexOf(pool)
    const key = event.key
    const has = row.pools.includes(pool)
    const done = (): void => {
      event.preventDefault()
      event.stopPropagation()
    }
    if (event.ctrlKey || event.metaKey) return
    if (event.altKey && (key === 'ArrowLeft' || key === 'ArrowRight')) {
      done()
      if (has && !props.readOnly) props.actions.move(row.row, pool, key === 'ArrowLeft' ? -1 : 1)
    } else if (key === 'ArrowDown' || key === 'ArrowUp') {
      done()
      const next = rows[at + (key === 'ArrowDown' ? 1 : -1)]
      if (next !== undefined) focus(next.row, pool)
    } else if (key === 'ArrowLeft' || key === 'ArrowRight') {
      done()
      const next = columns[column + (key === 'ArrowRight' ? 1 : -1)]
      if (next !== undefined) focus(row.row, next)
    } else if (key === 'Home' || key === 'End') {
      done()
      focus(row.row, columns[key === 'Home' ? 0 : columns.length - 1]!)
    } else if (/^[1-9]$/.test(key) && !props.readOnly) {
      done()
      props.actions.place(row.row, pool, Number(key))
    } else if ((key === '0' || key === 'Delete' || key === 'Backspace') && !props.readOnly) {
      done()
      if (has) props.actions.remove(row.row, pool)
    }
  }
  const width = 214 + 62 + 96 + columns.length * 72
  return (
    <>
      <div className="mscroll">
        <table
          className="mx"
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: its cells are grid cells by that
          role="grid"
          aria-label={t('policy.matrix')}
          ref={grid}
          style={{ minWidth: width }}
          aria-readonly={props.readOnly}
        >
          <colgroup>
            <col style={{ width: 214 }} />
            <col style={{ width: 62 }} />
            {columns.map((pool) => (
              <col key={pool} />
            ))}
            <col style={{ width: 96 }} />
          </colgroup>
          <thead>
            <tr>
              <th scope="col">{t('policy.lineHead')}</th>
              <th scope="col">
                {t('policy.clients')}
                <br />
                <span className="t3">{t('policy.addresses')}</span>
              </th>
              {columns.map((pool) => (
                <PoolHead key={pool} id={pool} state={props.states.get(pool)} />
              ))}
              <th scope="col">
                {t('policy.answers')}
                <br />
                <span className="t3">{t('policy.inDraft')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <Fragment key={group.lineClass}>
                <tr className="cls">
                  <td colSpan={columns.length + 3}>
                    {t(`lineClass.${group.lineClass}`)} {group.lineClass === 'custom' ? <span>· {t('policy.longestPrefix')}</span> : null}
                    {group.lineClass === 'default' ? <span>· {t('policy.compulsory')}</span> : null}
                  </td>
                </tr>
                {group.rows.map((row) => (
                  <Row
                    key={row.row}
                    {...props}
                    row={row}
                    columns={columns}
                    active={activeRow === row.row ? activePool : undefined}
                    onKey={onKey}
                    setActive={setActive}
                  />
                ))}
              </Fragment>
            ))}
            <Row
              {...props}
              row={view.fallback}
              columns={columns}
              active={activeRow === FALLBACK_ROW ? activePool : undefined}
              onKey={onKey}
              setActive={setActive}
            />
          </tbody>
        </table>
      </div>
      <div className="legend">
        <span className="row" style={{ gap: 6 }}>
          <span className="o e1 small" aria-hidden="true">
            1
          </span>
          {t('policy.legendOrder')}
        </span>
        <span className="row" style={{ gap: 6 }}>
          <span className="bar3" />
          {t('policy.legendChanged')}
        </span>
        <span className="row" style={{ gap: 6 }}>
          <StandingMark standing="down" size={10} />
          {t('policy.legendDown')}
        </span>
        <span className="row" style={{ gap: 4 }}>
          <Icon name="down" size={12} />
          {t('policy.legendDisplaced')}
        </span>
        {mayFold ? (
          <button type="button" className="linkbtn end" onClick={() => setAllPools(!allPools)}>
            {folded ? t('policy.morePools', { count: view.unused.length }) : t('policy.fewerPools')}
          </button>
        ) : null}
      </div>
    </>
  )
}

function PoolHead({ id, state }: { readonly id: string; readonly state: PoolState | undefined }): ReactElement {
  const { t } = useWords()
  return (
    <th scope="col">
      <span className="pn" title={id} translate="no">
        {id.split('-').map((part, at, all) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts of one fixed text
          <Fragment key={at}>
            {part}
            {at < all.length - 1 ? '-' : ''}
            <wbr />
          </Fragment>
        ))}
      </span>
      {state === undefined ? (
        <span className="st down">{t('policy.poolGone')}</span>
      ) : (
        <span className="pm">
          <StandingMark standing={poolStanding(state)} size={11} />
          {t('policy.upOf', { up: state.eligibleCount, all: state.members.length })}
        </span>
      )}
    </th>
  )
}

/** Standing of a pool for its mark: down when it cannot answer, degraded when a member is not up. */
export function poolStanding(state: PoolState): 'up' | 'degraded' | 'down' | 'unknown' {
  if (!state.canAnswer)
    return state.members.every((member) => member.standing === null || member.standing === 'unknown') ? 'unknown' : 'down'
  return state.members.some((member) => member.standing === 'degraded' || member.standing === 'down') ? 'degraded' : 'up'
}

type RowProps = MatrixProps & {
  readonly row: MatrixRow
  readonly columns: readonly string[]
  /** Pool of the cell that Tab reaches, when it is in this row. */
  readonly active: string | undefined
  readonly onKey: (event: KeyboardEvent, row: MatrixRow, pool: string) => void
  readonly setActive: (cell: readonly [string, string]) => void
}

function Row(props: RowProps): ReactElement {
  const { t } = useWords()
  const { row, columns, active, selected, marks, nameOf, difference, shareOf, looks, actions } = props
  const isFallback = row.row === FALLBACK_ROW
  const change = difference.rows.get(row.row)
  const classes = [row.row === selected ? 'sel' : '', change === undefined ? '' : 'chg', row.never ? 'dead' : '', isFallback ? 'fb' : '']
  const name = isFallback ? t('policy.fallback') : nameOf(row.row)
  const share = isFallback ? null : shareOf(row.row)
  return (
    <tr className={classes.filter(Boolean).join(' ') || undefined} aria-selected={row.row === selected}>
      <th scope="row">
        <div className="ln">
          <StepMark mark={marks.get(row.row)} />
          <button type="button" className="lt" tabIndex={-1} onClick={() => actions.select(row.row)}>
            <b>{name}</b>
            <span className={isFallback ? 's11 t3' : 'mono'} translate={isFallback ? 'yes' : 'no'}>
              {isFallback ? t('policy.fallbackHint') : row.row}
            </span>
          </button>
          {row.issues.length === 0 ? null : (
            <span className="end" title={row.issues.map((issue) => issue.code).join(', ')}>
              <StandingMark standing={row.issues.some((issue) => issue.severity === 'error') ? 'down' : 'degraded'} size={13} />
            </span>
          )}
          {change === undefined ? null : <span className="mk">{t(`policy.${change}`)}</span>}
        </div>
      </th>
      <td className="share">{isFallback ? '' : formatShare(share, 2)}</td>
      {columns.map((pool) => (
        <Cell key={pool} {...props} pool={pool} name={name} isActive={active === pool} />
      ))}
      <td>{isFallback ? <span className="t3 s11">{t('policy.allDownHint')}</span> : <AnswerCell row={row} looks={looks} />}</td>
    </tr>
  )
}

function Cell(props: RowProps & { readonly pool: string; readonly name: string; readonly isActive: boolean }): ReactElement {
  const { t } = useWords()
  const { row, pool, name, isActive, states, pools, looks, difference, actions, readOnly } = props
  const at = row.pools.indexOf(pool)
  const state = states.get(pool)
  const bad = state !== undefined && !state.canAnswer
  const isNew = difference.cells.has(cellKey(row.row, pool)) && at >= 0
  const words = [name, pool]
  if (at >= 0) words.push(t('policy.orderN', { order: at + 1 }))
  else words.push(t('policy.notUsed'))
  if (at >= 0 && bad) words.push(t('policy.legendDown'))
  if (isNew) words.push(t('policy.changed'))
  return (
    <td>
      <button
        type="button"
        className="cell"
        data-cell={cellKey(row.row, pool)}
        tabIndex={isActive ? 0 : -1}
        aria-label={words.join(', ')}
        onFocus={() => props.setActive([row.row, pool])}
        onKeyDown={(event) => props.onKey(event, row, pool)}
        onClick={() => {
          actions.select(row.row)
          if (at < 0 && !readOnly) actions.place(row.row, pool, row.pools.length + 1)
        }}
      >
        {at < 0 ? (
          <span className="e" />
        ) : (
          <span className={`o ${state === undefined ? 'gone' : bad ? 'bad' : poolColour(pools.get(pool), looks)} ${isNew ? 'new' : ''}`}>
            {at + 1}
            {bad ? <StandingMark standing={poolStanding(state)} size={10} /> : null}
          </span>
        )}
      </button>
    </td>
  )
}

/** Number of the step in the walk shown beside. */
export function StepMark({ mark }: { readonly mark: WalkMark | undefined }): ReactElement {
  if (mark === undefined) return <span className="wkspace" />
  return mark.answers ? (
    <span className="wk yes">
      <Icon name="tick" size={11} />
    </span>
  ) : (
    <span className="wk no">{mark.step}</span>
  )
}

function matchesFilter(row: MatrixRow, filter: string, nameOf: (line: string) => string): boolean {
  const text = `${row.row} ${nameOf(row.row)} ${row.pools.join(' ')}`.toLowerCase()
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

/** Rows of a view that a filter leaves. */
export function filteredRows(view: MatrixView, filter: string, nameOf: (line: string) => string): readonly MatrixRow[] {
  return view.groups.flatMap((group) => group.rows).filter((row) => matchesFilter(row, filter, nameOf))
}
