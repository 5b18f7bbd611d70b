/** What the answering workers know of transfers: keys, who may transfer which zone, and the steps of each zone. Pure. */
import { type Address, type AddressWords, addressOfWords } from '../../geodata/address/address.ts'
import { type Prefix, prefixContains } from '../../geodata/address/prefix.ts'
import { formatName } from '../wire/name.ts'
import type { TsigKey } from '../wire/tsig.ts'
import type { ZoneSteps } from './journal.ts'

/** One permission: all that is given must hold. */
export type AccessRule = {
  /** Network of the asker; undefined = any. */
  readonly prefix: Prefix | undefined
  /** Name of the key the request must be signed with, presentation form of its canonical name; empty = none needed. */
  readonly key: string
}

/** A zone that may be transferred. */
export type TransferZone = { readonly allow: readonly AccessRule[]; readonly steps: ZoneSteps }

/** What is handed to the workers, whenever it changes. */
export type TransferContent = {
  /** Keys with their secrets; of keys whose secret is missing nothing is known here. */
  readonly keys: readonly TsigKey[]
  /** Permissions for every zone (`serve --allow-transfer`). */
  readonly everyZone: readonly AccessRule[]
  /** Secondary zones that have expired, presentation form: nothing of them is answered or transferred. */
  readonly expired: ReadonlySet<string>
  /** By apex in presentation form. */
  readonly zones: ReadonlyMap<string, TransferZone>
}

/** Before anything is known: no keys, nobody may transfer. */
export const NO_TRANSFERS: TransferContent = { keys: [], everyZone: [], expired: new Set(), zones: new Map() }

/** Address of a packet's source, four words. */
export function addressAt(src: Uint32Array, srcAt: number): Address {
  const words: AddressWords = [src[srcAt]!, src[srcAt + 1]!, src[srcAt + 2]!, src[srcAt + 3]!]
  return addressOfWords(words)
}

/** True when one of the rules lets this asker in; `key` is the key that its request is signed with. */
export function isAllowed(rules: readonly AccessRule[], asker: Address, key: TsigKey | undefined): boolean {
  const keyName = key === undefined ? '' : formatName(key.name)
  return rules.some(
    (rule) => (rule.prefix === undefined || prefixContains(rule.prefix, asker)) && (rule.key === '' || rule.key === keyName),
  )
}
