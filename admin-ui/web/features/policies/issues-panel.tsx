/** What is wrong with the policy as it stands in the draft, with a way to each place. */
import type { ReactElement } from 'react'
import type { Issue } from '../../../contract/issue.ts'
import { StandingMark } from '../../components/standing.tsx'
import { useWords } from '../../lib/i18n.ts'
import { wordIssue } from '../../lib/wording.ts'

/** Props; `rowOf` gives the row an issue is about. */
export type IssuesPanelProps = {
  readonly issues: readonly Issue[]
  readonly rowOf: (issue: Issue) => string | undefined
  readonly goTo: (row: string) => void
  readonly removeRule?: ((row: string) => void) | undefined
}

/** The panel. */
export function IssuesPanel({ issues, rowOf, goTo, removeRule }: IssuesPanelProps): ReactElement {
  const { t } = useWords()
  const count = (severity: Issue['severity']): number => issues.filter((issue) => issue.severity === severity).length
  return (
    <section className="card" aria-labelledby="issues-title">
      <div className="chead">
        <h2 id="issues-title">{t('issues.title')}</h2>
        <span className={`badge ${count('error') > 0 ? 'down' : ''}`}>{t('issues.errors', { count: count('error') })}</span>
        <span className="badge" style={count('warning') > 0 ? { background: 'var(--degraded-tint)', color: 'var(--degraded)' } : undefined}>
          {t('issues.warnings', { count: count('warning') })}
        </span>
      </div>
      {issues.length === 0 ? <div className="pad t3 s12">{t('issues.none')}</div> : null}
      <ul style={{ paddingBottom: issues.length === 0 ? 0 : 8 }}>
        {issues.map((issue) => (
          <IssueRow key={`${issue.code} ${issue.path}`} issue={issue} row={rowOf(issue)} goTo={goTo} removeRule={removeRule} />
        ))}
      </ul>
    </section>
  )
}

type RowProps = {
  readonly issue: Issue
  readonly row: string | undefined
  readonly goTo: (row: string) => void
  readonly removeRule: ((row: string) => void) | undefined
}

function IssueRow({ issue, row, goTo, removeRule }: RowProps): ReactElement {
  const { t, language } = useWords()
  const { text, remedy } = wordIssue(issue, language)
  const mark = issue.severity === 'error' ? 'down' : issue.severity === 'warning' ? 'degraded' : 'unknown'
  return (
    <li className="row" style={{ padding: '0 14px 6px', alignItems: 'flex-start' }}>
      <span style={{ paddingTop: 3 }}>
        <StandingMark standing={mark} size={13} />
      </span>
      <div className="s12 t2" style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
        <span className="vh">{t(`issues.severity.${issue.severity}`)} </span>
        {text}
        {remedy === '' ? null : <span className="t3"> {remedy}</span>}
        {row === undefined ? null : (
          <>
            {' '}
            <button type="button" className="linkbtn" onClick={() => goTo(row)}>
              {t('issues.goTo')}
            </button>
            {issue.code === 'POLICY_RULE_UNREACHABLE' && removeRule !== undefined ? (
              <>
                {' · '}
                <button type="button" className="linkbtn" onClick={() => removeRule(row)}>
                  {t('policy.removeRule')}
                </button>
              </>
            ) : null}
          </>
        )}
      </div>
    </li>
  )
}
