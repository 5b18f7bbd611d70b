/** What a document says of transfers, as it travels with the snapshot: names of keys, never their secrets. Pure. */
import type { Config, NotifyTarget, TransferRule, TsigKeyReference } from '../../policy/config/config-schema.ts'

/** Of one zone. */
export type ZoneTransferPlan = {
  /** Apex, absolute and lower-case. */
  readonly name: string
  readonly allow: readonly TransferRule[]
  readonly notify: readonly NotifyTarget[]
  /** Names of the keys that some update may be signed with; absent = nobody may update it. */
  readonly updateKeys?: readonly string[]
  /** Where a secondary zone comes from; absent = it is no secondary zone. */
  readonly primaries?: readonly { readonly address: string; readonly tsigKey: string }[]
}

/** Of the document; zones that nobody may transfer or update and nobody is told of are left out. */
export type TransferPlan = { readonly keys: readonly TsigKeyReference[]; readonly zones: readonly ZoneTransferPlan[] }

/** Makes it; undefined when the document says nothing of transfers. Equal documents give equal plans. */
export function makeTransferPlan(config: Config): TransferPlan | undefined {
  const zones = config.zones
    .filter((zone) => zone.allowTransfer.length > 0 || zone.notify.length > 0 || zone.allowUpdate.length > 0 || zone.primaries.length > 0)
    .map(({ name, allowTransfer, notify, allowUpdate, primaries }) => ({
      name,
      allow: allowTransfer,
      notify,
      ...(primaries.length === 0 ? {} : { primaries: primaries.map(({ address, tsigKey }) => ({ address, tsigKey })) }),
      ...(allowUpdate.length === 0 ? {} : { updateKeys: [...new Set(allowUpdate.map((rule) => rule.tsigKey))].sort() }),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  if (zones.length === 0 && config.tsigKeys.length === 0) return undefined
  const keys = [...config.tsigKeys].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { keys: keys.map(({ name, algorithm, secretRef }) => ({ name, algorithm, secretRef })), zones }
}
