/**
 * Limit on wrong bearer tokens: an address that sent too many in a minute may only use tokens that were right from there lately. So
 * guessing stops, and a gateway behind which one device has an old token goes on reporting. Bounded memory; time is passed in. Pure
 * but for its state.
 */
import { createHash } from 'node:crypto'
import { ApiError } from '../api-error.ts'

const WINDOW_MS = 60_000
/** Addresses that are remembered for their wrong tokens; the oldest are forgotten first. */
const ADDRESSES_MAX = 10_000
/** Pairs of address and token that were right lately. */
const RIGHT_MAX = 10_000

/** The limit. */
export class WrongTokens {
  readonly #perMinute: number
  readonly #now: () => number
  readonly #wrong = new Map<string, { count: number; readonly endsAt: number }>()
  readonly #right = new Set<string>()

  constructor(perMinute: number, now: () => number) {
    this.#perMinute = perMinute
    this.#now = now
  }

  /** Throws API_TOO_MANY_REQUESTS when the address is over the limit and the token was not right from there. */
  refuse(address: string, bearer: string): void {
    const entry = this.#wrong.get(address)
    if (entry === undefined || entry.count < this.#perMinute) return
    const leftMs = entry.endsAt - this.#now()
    if (leftMs <= 0) this.#wrong.delete(address)
    else if (!this.#right.has(pairOf(address, bearer))) {
      throw new ApiError('API_TOO_MANY_REQUESTS', `more than ${this.#perMinute} wrong tokens a minute`, {
        retryAfterSeconds: Math.ceil(leftMs / 1000),
      })
    }
  }

  /** Notes what became of a token. */
  note(address: string, bearer: string, isRight: boolean): void {
    const pair = pairOf(address, bearer)
    // Taken out and put in again, so that the first of the set is the one that was not used for longest.
    this.#right.delete(pair)
    if (isRight) {
      if (this.#right.size >= RIGHT_MAX) this.#right.delete(this.#right.values().next().value!)
      this.#right.add(pair)
      return
    }
    const entry = this.#wrong.get(address)
    if (entry !== undefined && entry.endsAt > this.#now()) {
      entry.count++
      return
    }
    this.#wrong.delete(address)
    if (this.#wrong.size >= ADDRESSES_MAX) this.#wrong.delete(this.#wrong.keys().next().value!)
    this.#wrong.set(address, { count: 1, endsAt: this.#now() + WINDOW_MS })
  }
}

function pairOf(address: string, bearer: string): string {
  return createHash('sha256').update(`${address} ${bearer}`).digest('base64')
}
