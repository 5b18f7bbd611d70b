/** Hits of a search in the picker's groups: best match, wider lines that also hold it, custom lines, others. Pure. */
import type { LineHit } from '../../../contract/line.ts'
import { splitLine } from './line-key.ts'

/** Names of groups. */
export type HitGroupName = 'best' | 'chain' | 'sameCarriers' | 'custom' | 'others'
/** One group. */
export type HitGroup = { readonly name: HitGroupName; readonly hits: readonly LineHit[] }

/** Groups in the order shown; empty ones are left out. */
export function groupHits(hits: readonly LineHit[]): readonly HitGroup[] {
  if (hits.some((hit) => hit.match === 'address')) return [{ name: 'chain', hits }]
  const custom = hits.filter((hit) => hit.match === 'custom')
  const rest = hits.filter((hit) => hit.match !== 'custom')
  const first = rest[0]
  const best = first === undefined ? [] : rest.filter((hit) => hit.match === first.match && isAlike(hit.line, first.line))
  const same =
    first === undefined ? [] : rest.filter((hit) => !best.includes(hit) && splitLine(hit.line).place === splitLine(first.line).place)
  const others = rest.filter((hit) => !best.includes(hit) && !same.includes(hit))
  const groups: readonly HitGroup[] = [
    { name: 'best', hits: best },
    { name: 'sameCarriers', hits: same },
    { name: 'custom', hits: custom },
    { name: 'others', hits: others },
  ]
  return groups.filter((group) => group.hits.length > 0)
}

/** Same carrier, so that equal names (shanxi) stand side by side. */
function isAlike(a: string, b: string): boolean {
  return splitLine(a).carrier === splitLine(b).carrier
}
