/**
 * Is this the address of an anycast public resolver: then its place says nothing of the clients behind it. For explanations, not for
 * decisions: who asks through one without a client subnet is answered by what the policy says of that address. Pure.
 */
import type { Address } from '../address/address.ts'
import { type Prefix, parsePrefix, prefixContains } from '../address/prefix.ts'
import { PUBLIC_RESOLVERS } from './data/public-resolvers.ts'

/** A public resolver service. */
export type PublicResolver = {
  readonly id: string
  readonly labelEn: string
  readonly labelZh: string
}

type Row = PublicResolver & { readonly prefix: Prefix }

let rows: readonly Row[] | undefined

/** Service whose address this is; undefined = none that is known. */
export function findPublicResolver(address: Address): PublicResolver | undefined {
  rows ??= readRows()
  const found = rows.find(({ prefix }) => prefixContains(prefix, address))
  return found === undefined ? undefined : { id: found.id, labelEn: found.labelEn, labelZh: found.labelZh }
}

/** What an operator is to know of such an address. */
export function publicResolverNote({ labelEn }: PublicResolver): string {
  return `public resolver (${labelEn}): anycast, its place says nothing of the clients behind it`
}

function readRows(): readonly Row[] {
  return PUBLIC_RESOLVERS.trimEnd()
    .split('\n')
    .map((line) => {
      const [network, id, labelEn, labelZh] = line.split('|')
      return { prefix: parsePrefix(network!), id: id!, labelEn: labelEn!, labelZh: labelZh! }
    })
}
