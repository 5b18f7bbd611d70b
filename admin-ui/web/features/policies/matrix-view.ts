/** What matrix and list show of a policy: rows in walk order under class headings, columns of pools, who answers each row now. Pure. */
import type { Issue } from '../../../contract/issue.ts'
import type { PolicyObject } from '../../../contract/policy.ts'
import type { PoolSummary } from '../../../contract/pool.ts'
import { chainOfLine, inWalkOrder, type LineClass, lineClass } from '../lines/line-key.ts'
import { FALLBACK_ROW, rowOfIssue } from './policy-edits.ts'
import { type PoolState, type Walk, walkPolicy } from './walk-policy.ts'

/** One row. */
export type MatrixRow = {
  /** Line key, or FALLBACK_ROW. */
  readonly row: string
  readonly pools: readonly string[]
  /** Who is answered now with this policy; null = depends on more than the line. */
  readonly walk: Walk | null
  /** A rule that no client can match. */
  readonly never: boolean
  readonly issues: readonly Issue[]
}
/** Rows of one class. */
export type MatrixGroup = { readonly lineClass: LineClass; readonly rows: readonly MatrixRow[] }
/** The view. */
export type MatrixView = {
  readonly groups: readonly MatrixGroup[]
  readonly fallback: MatrixRow
  readonly columns: readonly string[]
  readonly unused: readonly string[]
}

const NEVER = new Set(['POLICY_RULE_UNREACHABLE', 'POLICY_LINE_WITHOUT_ADDRESSES'])

/** What the view is made of. */
export type MatrixInput = {
  readonly policy: PolicyObject
  readonly pools: readonly PoolSummary[]
  readonly states: ReadonlyMap<string, PoolState>
  readonly issues: readonly Issue[]
  readonly parentOf: (place: string) => string
}

/** Makes the view. */
export function matrixView({ policy, pools, states, issues, parentOf }: MatrixInput): MatrixView {
  const precedence = policy.precedence ?? 'place-first'
  const byRow = Map.groupBy(issues, (issue) => rowOfIssue(issue.path, policy) ?? '')
  const rows = inWalkOrder(policy.rules, precedence).map((rule): MatrixRow => {
    const own = byRow.get(rule.line) ?? []
    const chain = chainOfLine(rule.line, precedence, parentOf)
    const walk = walkPolicy(policy, chain ?? [rule.line], states)
    return {
      row: rule.line,
      pools: rule.pools,
      // Clients of a custom line stand anywhere: beyond its own rule the answer depends on the place.
      walk: chain === null && walk.line !== rule.line ? null : walk,
      never: own.some((issue) => NEVER.has(issue.code)),
      issues: own,
    }
  })
  const groups: { lineClass: LineClass; rows: MatrixRow[] }[] = []
  for (const row of rows) {
    const name = lineClass(row.row)
    if (groups.at(-1)?.lineClass !== name) groups.push({ lineClass: name, rows: [] })
    groups.at(-1)!.rows.push(row)
  }
  const used = [...new Set([...rows.flatMap((row) => row.pools), ...policy.fallback])]
  // Pools of the fallback last, as they are what everything ends in.
  const columns = [...used.filter((id) => !policy.fallback.includes(id)), ...used.filter((id) => policy.fallback.includes(id))]
  const unused = pools.map((pool) => pool.id).filter((id) => !columns.includes(id))
  const fallback: MatrixRow = { row: FALLBACK_ROW, pools: policy.fallback, walk: null, never: false, issues: byRow.get(FALLBACK_ROW) ?? [] }
  return { groups, fallback, columns, unused }
}

/** Lines whose answer changes when the precedence is switched. */
export function linesThatMove(
  policy: PolicyObject,
  to: 'place-first' | 'carrier-first',
  states: ReadonlyMap<string, PoolState>,
  parentOf: (place: string) => string,
): readonly { readonly line: string; readonly from: string; readonly to: string }[] {
  const moved: { line: string; from: string; to: string }[] = []
  const next: PolicyObject = { ...policy, precedence: to }
  const winner = (of: PolicyObject, line: string): Walk | null => {
    const chain = chainOfLine(line, of.precedence ?? 'place-first', parentOf)
    return chain === null ? null : walkPolicy(of, chain, states)
  }
  // Besides the rules' own lines, the crossings of a place rule with a carrier rule: there the order decides.
  const carriers = new Set(policy.rules.map((rule) => rule.line.split('/')[1]).filter((carrier) => carrier !== undefined))
  const places = new Set(policy.rules.map((rule) => rule.line.split('/')[0]!).filter((place) => place !== '*' && !place.includes(':')))
  const lines = new Set([
    ...policy.rules.map((rule) => rule.line),
    ...[...places].flatMap((place) => [...carriers].map((carrier) => `${place}/${carrier}`)),
  ])
  for (const line of lines) {
    const [before, after] = [winner(policy, line), winner(next, line)]
    if (before !== null && after !== null && before.line !== after.line) moved.push({ line, from: before.line, to: after.line })
  }
  return moved
}
