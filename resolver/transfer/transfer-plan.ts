/** What a document says of transfers, as it travels with the snapshot: names of keys, never their secrets. Pure. */
import type { Config, NotifyTarget, TransferRule, TsigKeyReference } from '../../policy/config/config-schema.ts'

/** Of one zone. */
export type ZoneTransferPlan = {
  /** Apex, absolute and lower-case. */
  readonly name: string
  readonly allow: readonly TransferRule[]
  readonly notify: readonly NotifyTarget[]
}

/** Of the document; zones that nobody may transfer and nobody is told of are left out. */
export type TransferPlan = { readonly keys: readonly TsigKeyReference[]; readonly zones: readonly ZoneTransferPlan[] }

/** Makes it; undefined when the document says nothing of transfers. Equal documents give equal plans. */
export function makeTransferPlan(config: Config): TransferPlan | undefined {
  const zones = config.zones
    .filter((zone) => zone.allowTransfer.length > 0 || zone.notify.length > 0)
    .map(({ name, allowTransfer, notify }) => ({ name, allow: allowTransfer, notify }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  if (zones.length === 0 && config.tsigKeys.length === 0) return undefined
  const keys = [...config.tsigKeys].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { keys: keys.map(({ name, algorithm, secretRef }) => ({ name, algorithm, secretRef })), zones }
}
