/** Issues of one zone up to a limit, errors before all others when there are more. Pure. */
import { MAX_ZONE_ISSUES, type ZoneIssue } from './zone-record.ts'

type Kept = { readonly position: number; readonly issue: ZoneIssue }

/** A list that counts what it does not keep: a zone of a million faults must not become a million issues. */
export class IssueList {
  private readonly file: string
  private readonly errors: Kept[] = []
  private readonly others: Kept[] = []
  private errorCount = 0
  private total = 0

  constructor(file: string) {
    this.file = file
  }

  add(
    code: string,
    severity: ZoneIssue['severity'],
    message: string,
    suggestion: string,
    file: string | undefined,
    line: number,
    column: number,
    record?: ZoneIssue['record'],
  ): void {
    const position = this.total++
    if (severity === 'error') this.errorCount++
    const kept = severity === 'error' ? this.errors : this.others
    if (kept.length > MAX_ZONE_ISSUES) return
    const issue = { code, severity, message, suggestion, file: file ?? this.file, line, column }
    kept.push({ position, issue: record === undefined ? issue : { ...issue, record } })
  }

  /** The issues in the order they were found; over the limit errors first, and one more that counts the rest. */
  finish(): ZoneIssue[] {
    const all = [...this.errors, ...this.others]
    if (this.total <= MAX_ZONE_ISSUES) return all.sort((a, b) => a.position - b.position).map(({ issue }) => issue)
    const kept = all.slice(0, MAX_ZONE_ISSUES).map(({ issue }) => issue)
    kept.push({
      code: 'ZONE_TOO_MANY_ISSUES',
      severity: this.errorCount > MAX_ZONE_ISSUES ? 'error' : all[MAX_ZONE_ISSUES]!.issue.severity,
      message: `${this.total - MAX_ZONE_ISSUES} more problems are not shown`,
      suggestion: 'mend the ones above and check again',
      file: this.file,
      line: 0,
      column: 0,
    })
    return kept
  }
}
