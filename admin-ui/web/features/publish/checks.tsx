/** Issues of a publish with the acknowledgement of each kind of warning. Errors block; warnings are ticked, and that is kept in the audit. */
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import type { Issue } from '../../../contract/issue.ts'
import { StandingMark } from '../../components/standing.tsx'
import { useWords } from '../../lib/i18n.ts'
import { wordIssue } from '../../lib/wording.ts'

/** Props. */
export type ChecksProps = {
  readonly issues: readonly Issue[]
  readonly accepted: ReadonlySet<string>
  readonly setAccepted: (accepted: ReadonlySet<string>) => void
  /** Policy id an issue's path is about, for the link. */
  readonly policyOf?: (issue: Issue) => { readonly id: string; readonly row: string | undefined } | undefined
}

/** The list. */
export function Checks({ issues, accepted, setAccepted, policyOf }: ChecksProps): ReactElement {
  const { t, language } = useWords()
  const sorted = [...issues].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
  const toggle = (code: string): void => {
    const next = new Set(accepted)
    if (!next.delete(code)) next.add(code)
    setAccepted(next)
  }
  const firstOf = new Map(
    sorted
      .filter((issue) => issue.severity === 'warning')
      .map((issue) => [issue.code, issue] as const)
      .reverse(),
  )
  return (
    <ul className="ck">
      {sorted.some((issue) => issue.severity === 'error') ? null : (
        <li>
          <StandingMark standing="up" size={13} />
          <div>{t('review.noErrors')}</div>
        </li>
      )}
      {sorted.map((issue) => {
        const { text, remedy } = wordIssue(issue, language)
        const policy = policyOf?.(issue)
        return (
          <li key={`${issue.code} ${issue.path}`}>
            <StandingMark
              standing={issue.severity === 'error' ? 'down' : issue.severity === 'warning' ? 'degraded' : 'unknown'}
              size={13}
            />
            <div>
              <span className="vh">{t(`issues.severity.${issue.severity}`)} </span>
              {text} <span className="t3">{remedy}</span>
              {policy === undefined ? null : (
                <>
                  {' '}
                  <Link to="/policies/$id" params={{ id: policy.id }} search={{ line: policy.row }}>
                    {t('issues.goTo')}
                  </Link>
                </>
              )}
              {firstOf.get(issue.code) === issue ? (
                <label className="ackrow">
                  <input type="checkbox" checked={accepted.has(issue.code)} onChange={() => toggle(issue.code)} />
                  {sorted.filter((other) => other.code === issue.code).length > 1
                    ? t('review.acknowledgeAll', { count: sorted.filter((other) => other.code === issue.code).length })
                    : t('review.acknowledge')}
                </label>
              ) : null}
            </div>
          </li>
        )
      })}
    </ul>
  )
}

const ORDER: readonly Issue['severity'][] = ['error', 'warning', 'note']
