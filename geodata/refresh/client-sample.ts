/** Recently seen clients, cut to networks, and how many of their queries new data would put on another line. Pure. */
import { parsePrefix } from '../address/prefix.ts'
import { finestLine } from '../compile/diff-geodata.ts'
import type { Geodata } from '../geodata.ts'
import { lookupLocation } from '../lookup/lookup-location.ts'

/** A network of clients and the queries of steered names that came from it. */
export type ClientCount = { readonly prefix: string; readonly queries: number }

/** Queries in all, and those whose line would change. */
export type ClientLines = { readonly queries: number; readonly lineChanged: number }

/** Compares the lines of clients by the first address of their networks. */
export function compareClientLines(before: Geodata, after: Geodata, clients: readonly ClientCount[]): ClientLines {
  let queries = 0
  let lineChanged = 0
  for (const client of clients) {
    const { family, words } = parsePrefix(client.prefix)
    const address = { family, words }
    queries += client.queries
    if (finestLine(lookupLocation(before, address).location) !== finestLine(lookupLocation(after, address).location))
      lineChanged += client.queries
  }
  return { queries, lineChanged }
}
