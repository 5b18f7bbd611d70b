/**
 * The last clients of steered names, one small ring a worker in the memory of its counters: what `geodata` asks before new data goes
 * live. Networks (/24, /56) only, never addresses. Pure: plain arithmetic on arrays that are passed in; writing makes no garbage.
 *
 *   stripe[COUNT_CLIENTS] = entries written so far; then CLIENT_RING_ENTRIES pairs: (-1, first 24 bits) or (first 32 bits, next 24 bits)
 */
import { formatIpv4, formatIpv6 } from '../../geodata/address/address.ts'
import { CLIENT_RING_ENTRIES, COUNT_CLIENTS } from './counters.ts'

/** Networks kept by a tally; those with the fewest queries go first. */
const MOST_NETWORKS = 20_000

/** Notes a client: the address that decided. */
export function noteClient(stripe: Float64Array, family: 4 | 6, word0: number, word1: number): void {
  const written = stripe[COUNT_CLIENTS]!
  // Not %: of a float it is a call into the C library, and takes longer than the rest of this.
  const at = COUNT_CLIENTS + 1 + 2 * (written & (CLIENT_RING_ENTRIES - 1))
  stripe[at] = family === 4 ? -1 : word0 >>> 0
  stripe[at + 1] = (family === 4 ? word0 : word1) >>> 8
  stripe[COUNT_CLIENTS] = written + 1
}

/** Adds up rings over time. What a ring lost between two readings is not counted: it is a sample. */
export class ClientTally {
  readonly #counts = new Map<string, number>()
  readonly #read = new Map<number, number>()

  /** Takes in what a worker wrote since the last time. */
  take(worker: number, stripe: Float64Array): void {
    const written = stripe[COUNT_CLIENTS]!
    const from = Math.max(this.#read.get(worker) ?? 0, written - CLIENT_RING_ENTRIES)
    for (let entry = from; entry < written; entry++) {
      const at = COUNT_CLIENTS + 1 + 2 * (entry % CLIENT_RING_ENTRIES)
      const [first, second] = [stripe[at]!, stripe[at + 1]!]
      const network = first < 0 ? `${formatIpv4((second << 8) >>> 0)}/24` : `${formatIpv6([first, (second << 8) >>> 0, 0, 0])}/56`
      this.#counts.set(network, (this.#counts.get(network) ?? 0) + 1)
    }
    this.#read.set(worker, written)
    if (this.#counts.size > MOST_NETWORKS) this.#thin()
  }

  /** Halves all counts, so that what was long ago fades. */
  fade(): void {
    for (const [network, count] of this.#counts) {
      if (count > 1) this.#counts.set(network, count / 2)
      else this.#counts.delete(network)
    }
  }

  /** The networks with the most queries. */
  list(most: number): readonly { readonly prefix: string; readonly queries: number }[] {
    return [...this.#counts]
      .sort((a, b) => b[1] - a[1])
      .slice(0, most)
      .map(([prefix, count]) => ({ prefix, queries: Math.ceil(count) }))
  }

  #thin(): void {
    const kept = this.list(MOST_NETWORKS / 2)
    this.#counts.clear()
    for (const { prefix, queries } of kept) this.#counts.set(prefix, queries)
  }
}
