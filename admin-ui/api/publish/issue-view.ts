/** Issues of the document's own check in the form of the API. Pure. */
import { type ConfigIssue, formatPath } from '../../../policy/config/config-issue.ts'
import type { Issue } from '../../contract/issue.ts'

/** An issue for the API. */
export function viewIssue(issue: ConfigIssue): Issue {
  const { code, severity, params, message, suggestion, where } = issue
  return {
    code,
    severity,
    path: formatPath(issue.path),
    params,
    message,
    suggestion,
    where: { line: where.line, column: where.column, file: where.file },
  }
}

/** Codes of the warnings, each once, in order. */
export function warningCodes(issues: readonly Issue[]): readonly string[] {
  return [...new Set(issues.filter((issue) => issue.severity === 'warning').map((issue) => issue.code))]
}

/** True when one of them blocks a publish. */
export function hasErrors(issues: readonly Issue[]): boolean {
  return issues.some((issue) => issue.severity === 'error')
}
