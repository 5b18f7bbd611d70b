/** Where a zone's authority ends: delegations and DNAMEs among inline records. Pure. */
import type { Zone } from './config-schema.ts'

/** Names below the apex at which authority ends: delegations, and (only below them) DNAMEs. */
export function cutsOf(zone: Zone): ReadonlyMap<string, 'NS' | 'DNAME'> {
  const cuts = new Map<string, 'NS' | 'DNAME'>()
  for (const { name, type } of zone.records) {
    if (type === 'NS' && name !== zone.name) cuts.set(name, 'NS')
    if (type === 'DNAME') cuts.set(name, 'DNAME')
  }
  return cuts
}
