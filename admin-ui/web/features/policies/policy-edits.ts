/**
 * Edits of a policy as values: each takes a policy and gives a new one. Both views of the editor (matrix, list) and every key use
 * these. Keys of the policy that the console does not know are kept as they are. Pure.
 */
import type { PolicyObject } from '../../../contract/policy.ts'

/** One rule of a policy. */
export type PolicyRule = PolicyObject['rules'][number]
/** Stands for the fallback where a line is expected. */
export const FALLBACK_ROW = 'fallback'
/** Most pools a rule can have by the number keys. */
export const NUMBER_KEYS_MAX = 9

/** Pools of a row: a rule's, or the fallback's. */
export function poolsOf(policy: PolicyObject, row: string): readonly string[] {
  return row === FALLBACK_ROW ? policy.fallback : (policy.rules.find((rule) => rule.line === row)?.pools ?? [])
}

/** Puts pools into a row. */
export function withPools(policy: PolicyObject, row: string, pools: readonly string[]): PolicyObject {
  if (row === FALLBACK_ROW) return { ...policy, fallback: pools }
  return { ...policy, rules: policy.rules.map((rule) => (rule.line === row ? { ...rule, pools } : rule)) }
}

/** Puts a pool at a place (1 = first) of a row; numbers close up, so a place beyond the end is the last. */
export function placePool(policy: PolicyObject, row: string, pool: string, place: number): PolicyObject {
  const others = poolsOf(policy, row).filter((id) => id !== pool)
  const at = Math.min(Math.max(place, 1), others.length + 1) - 1
  return withPools(policy, row, [...others.slice(0, at), pool, ...others.slice(at)])
}

/** Takes a pool out of a row. */
export function removePool(policy: PolicyObject, row: string, pool: string): PolicyObject {
  return withPools(
    policy,
    row,
    poolsOf(policy, row).filter((id) => id !== pool),
  )
}

/** Moves a pool of a row earlier (negative) or later. */
export function movePool(policy: PolicyObject, row: string, pool: string, by: number): PolicyObject {
  const at = poolsOf(policy, row).indexOf(pool)
  return at < 0 ? policy : placePool(policy, row, pool, Math.max(1, at + 1 + by))
}

/** Adds empty rules for lines that have none; the default line stays last, as people write it. */
export function addRules(policy: PolicyObject, lines: readonly string[]): PolicyObject {
  const known = new Set(policy.rules.map((rule) => rule.line))
  const added = [...new Set(lines)].filter((line) => !known.has(line)).map((line): PolicyRule => ({ line, pools: [] }))
  if (added.length === 0) return policy
  const last = policy.rules.findIndex((rule) => rule.line === '*')
  const at = last < 0 ? policy.rules.length : last
  return { ...policy, rules: [...policy.rules.slice(0, at), ...added, ...policy.rules.slice(at)] }
}

/** Takes a rule out. */
export function removeRule(policy: PolicyObject, line: string): PolicyObject {
  return { ...policy, rules: policy.rules.filter((rule) => rule.line !== line) }
}

/** Gives lines the pools of another row; rules that are missing are made. */
export function copyPools(policy: PolicyObject, from: string, to: readonly string[]): PolicyObject {
  const pools = poolsOf(policy, from)
  return to.reduce((next, line) => withPools(next, line, pools), addRules(policy, to))
}

/** What differs from live. */
export type PolicyDifference = {
  /** Rows that are new or changed. */
  readonly rows: ReadonlyMap<string, 'new' | 'changed'>
  /** Lines whose rule is gone. */
  readonly removed: readonly string[]
  /** "row pool" of cells with another order than live. */
  readonly cells: ReadonlySet<string>
  /** Other keys that differ, e.g. "inherit". */
  readonly keys: readonly string[]
}

/** Key of a cell in PolicyDifference.cells. */
export function cellKey(row: string, pool: string): string {
  return `${row} ${pool}`
}

/** Compares a policy with the live one; undefined = there is no live one, so everything is new. */
export function differenceOf(policy: PolicyObject, live: PolicyObject | undefined): PolicyDifference {
  const rows = new Map<string, 'new' | 'changed'>()
  const cells = new Set<string>()
  const compare = (row: string, pools: readonly string[], was: readonly string[] | undefined): void => {
    for (const [at, pool] of pools.entries()) if (was === undefined || was[at] !== pool) cells.add(cellKey(row, pool))
    if (was === undefined) rows.set(row, 'new')
    else if (pools.join('\n') !== was.join('\n')) rows.set(row, 'changed')
  }
  for (const rule of policy.rules) compare(rule.line, rule.pools, live?.rules.find((other) => other.line === rule.line)?.pools)
  compare(FALLBACK_ROW, policy.fallback, live?.fallback)
  const present = new Set(policy.rules.map((rule) => rule.line))
  const removed = (live?.rules ?? []).map((rule) => rule.line).filter((line) => !present.has(line))
  const keys =
    live === undefined
      ? []
      : [...new Set([...Object.keys(policy), ...Object.keys(live)])].filter(
          (key) => key !== 'rules' && key !== 'fallback' && JSON.stringify(policy[key]) !== JSON.stringify(live[key]),
        )
  return { rows, removed, cells, keys }
}

/** The row that an issue's path is about; undefined = the policy as a whole. */
export function rowOfIssue(path: string, policy: PolicyObject): string | undefined {
  const rule = /^policies\[\d+\]\.rules\[(\d+)\]/.exec(path)
  if (rule !== null) return policy.rules[Number(rule[1])]?.line
  return /^policies\[\d+\]\.fallback/.test(path) ? FALLBACK_ROW : undefined
}
