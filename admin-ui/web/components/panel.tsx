/**
 * A card with its states: loading (skeleton of final size), empty (given by the caller), stale (values grey, age told), error (last
 * values kept, one line with code and Retry). Trouble of one panel never blanks its neighbours.
 */
import { type ReactElement, type ReactNode, useId } from 'react'
import { ApiProblem } from '../lib/api-client.ts'
import { formatAge, formatTime } from '../lib/format.ts'
import { useWords } from '../lib/i18n.ts'
import { useNow } from '../lib/use-now.ts'
import { wordProblem } from '../lib/wording.ts'
import { StandingMark } from './standing.tsx'

/** Props of a panel. */
export type PanelProps = {
  readonly title: ReactNode
  readonly hint?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  readonly className?: string
}

/** A card with a heading. */
export function Panel({ title, hint, actions, children, className = '' }: PanelProps): ReactElement {
  const id = useId()
  return (
    <section className={`card ${className}`} aria-labelledby={id}>
      <div className="chead">
        <h2 id={id}>{title}</h2>
        {hint === undefined ? null : <span className="hint">{hint}</span>}
        <span className="grow" />
        {actions}
      </div>
      {children}
    </section>
  )
}

/** Props of QueryBody. */
export type QueryBodyProps<T> = {
  readonly query: {
    readonly data: T | undefined
    readonly error: Error | null
    readonly dataUpdatedAt: number
    readonly refetch: () => unknown
  }
  /** Height of the skeleton in px. */
  readonly height: number
  /** Values older than this are stale; absent = they do not age. */
  readonly staleAfterMs?: number
  readonly children: (data: T) => ReactNode
}

/** What a query brought, in the state it is in. */
export function QueryBody<T>({ query, height, staleAfterMs, children }: QueryBodyProps<T>): ReactElement {
  const now = useNow()
  const { t, language } = useWords()
  const { data, error, dataUpdatedAt } = query
  if (data === undefined) {
    if (error === null) return <Skeleton height={height} />
    return <ErrorLine error={error} retry={() => void query.refetch()} />
  }
  const age = now - dataUpdatedAt
  const stale = staleAfterMs !== undefined && age > staleAfterMs
  return (
    <>
      {error !== null ? (
        <ErrorLine error={error} since={dataUpdatedAt} retry={() => void query.refetch()} />
      ) : stale ? (
        <div className="pad" style={{ paddingBottom: 8 }}>
          <span className="tag stale">
            <StandingMark standing="stale" size={11} />
            {t('state.asOf', { time: formatTime(dataUpdatedAt), age: formatAge(age / 1000, language) })}
          </span>
        </div>
      ) : null}
      <div className={stale || error !== null ? 'is-stale' : undefined}>{children(data)}</div>
    </>
  )
}

/** One line that says what failed, since when, and offers to try again. */
export function ErrorLine({
  error,
  since,
  retry,
}: {
  readonly error: unknown
  readonly since?: number
  readonly retry?: () => void
}): ReactElement {
  const { t } = useWords()
  const code = error instanceof ApiProblem ? error.code : 'UNEXPECTED'
  return (
    <div className="pad" role="alert">
      <div className="notice down">
        <StandingMark standing="down" size={13} />
        <div className="grow">
          {since === undefined ? wordProblem(error) : t('state.notSince', { time: formatTime(since) })}
          {since === undefined ? '' : ` ${wordProblem(error)}`} <span className="mono">{code}</span>
          {retry === undefined ? null : (
            <>
              {' · '}
              <button type="button" className="linkbtn" onClick={retry}>
                {t('state.retry')}
              </button>
            </>
          )}
        </div>
      </div>
    </div>
  )
}

/** A place holder of final size; appears after 150 ms. */
export function Skeleton({ height }: { readonly height: number }): ReactElement {
  const { t } = useWords()
  return (
    <div className="pad" role="status" aria-label={t('state.loading')}>
      <div className="skel" style={{ height: Math.max(12, height - 14) }} />
    </div>
  )
}

/** One sentence, one action. */
export function Empty({ children, action }: { readonly children: ReactNode; readonly action?: ReactNode }): ReactElement {
  return (
    <div className="empty">
      <span>{children}</span>
      {action}
    </div>
  )
}
