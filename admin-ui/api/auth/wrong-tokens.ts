/**
 * Limit on wrong bearer tokens: an address that sent too many in a minute gets 429 for further wrong ones. A right token is looked up
 * before (one indexed read) and always passes, so that one device with an old token never silences the others behind its gateway, be
 * control just started or not. What is guessed is 256 bits: the limit is there against noise and load. Bounded memory; time is passed
 * in. Pure but for its state.
 */
import { ApiError } from '../api-error.ts'

const WINDOW_MS = 60_000
/** Addresses that are remembered for their wrong tokens; the oldest are forgotten first. */
const ADDRESSES_MAX = 10_000

/** The limit. */
export class WrongTokens {
  readonly #perMinute: number
  readonly #now: () => number
  readonly #wrong = new Map<string, { count: number; readonly endsAt: number }>()

  constructor(perMinute: number, now: () => number) {
    this.#perMinute = perMinute
    this.#now = now
  }

  /** Counts a wrong token. Throws API_TOO_MANY_REQUESTS when the address is over the limit. */
  count(address: string): void {
    const entry = this.#wrong.get(address)
    const leftMs = (entry?.endsAt ?? 0) - this.#now()
    if (entry !== undefined && leftMs > 0) {
      if (entry.count >= this.#perMinute)
        throw new ApiError('API_TOO_MANY_REQUESTS', `more than ${this.#perMinute} wrong tokens a minute`, {
          retryAfterSeconds: Math.ceil(leftMs / 1000),
        })
      entry.count++
      return
    }
    // Taken out and put in again, so that the first of the map is the oldest.
    this.#wrong.delete(address)
    if (this.#wrong.size >= ADDRESSES_MAX) this.#wrong.delete(this.#wrong.keys().next().value!)
    this.#wrong.set(address, { count: 1, endsAt: this.#now() + WINDOW_MS })
  }
}
