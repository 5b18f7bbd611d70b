/** A change of the document in parts that can be worded: which rule, which pools came and went. Pure. */
import type { Change } from '../../../contract/change.ts'

/** Pools of a rule or fallback before and after. */
export type PoolsChange = { readonly line: string; readonly before: readonly string[]; readonly after: readonly string[] }

/** The pools that a change is about; undefined = it is about something else. */
export function poolsChange(change: Change): PoolsChange | undefined {
  if (change.section !== 'policies') return undefined
  const rule = /^rules\[(.+)\]$/.exec(change.key)
  if (rule === null && change.key !== 'fallback') return undefined
  const read = (text: string | null): readonly string[] | undefined => {
    if (text === null) return []
    try {
      const value: unknown = JSON.parse(text)
      const pools = Array.isArray(value) ? value : (value as { pools?: unknown }).pools
      return Array.isArray(pools) ? pools.map(String) : undefined
    } catch {
      // Cut short by the server: then the plain text is shown.
      return undefined
    }
  }
  const [before, after] = [read(change.before), read(change.after)]
  return before === undefined || after === undefined ? undefined : { line: rule?.[1] ?? 'fallback', before, after }
}
