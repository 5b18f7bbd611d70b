/**
 * What a thread asks before a response leaves: is this client known by its cookie, and if not, may it get this response now. Pure but
 * for its memory; hot. Exempt: cookies of ours, TCP and what runs over it (their addresses are not forged), prefixes the operator names.
 */
import type { Prefix } from '../../geodata/address/prefix.ts'
import { COOKIE_GOOD, COOKIE_OLD, COOKIE_WRONG, checkCookie, makeCookie } from '../wire/cookie.ts'
import { liveSecretsAt } from './guard-memory.ts'
import { createRateLimiter, LIMIT_DROP, LIMIT_SEND, prefixMask, type RateLimits, UNITS_PER_SECOND } from './rate-limit.ts'

/** Settings of the guard, the same in all threads. */
export type GuardSettings = {
  readonly limits: RateLimits
  /** Clients that are never limited. */
  readonly exempt: readonly Prefix[]
  /** Largest UDP response to a client without a good cookie, in octets. */
  readonly sizeWithoutCookieBytes: number
  /** UDP responses a second to all clients without a good cookie together; 0 = no cap. */
  readonly withoutCookiePerSecond: number
}

/** The guard of one thread. */
export type Guard = {
  readonly settings: GuardSettings
  /** Once a batch: monotonic time in ms of one clock for all threads, and wall time in seconds. */
  readonly begin: (monotonicMs: number, wallSeconds: number) => void
  /**
   * Checks the cookie `cookie[0 … length-1]` of a query and makes it the one for the reply (24 octets). True when the client has
   * proved its address.
   */
  readonly checkCookie: (cookie: Uint8Array, length: number, src: Uint32Array, srcAt: number) => boolean
  /** While a thread sheds (overload.ts): false when the query is passed over, being neither of a client known by its cookie nor of an exempt one. */
  readonly spares: (cookie: Uint8Array, length: number, src: Uint32Array, srcAt: number) => boolean
  /** LIMIT_SEND, LIMIT_DROP or LIMIT_SLIP for a UDP response to a client without a good cookie. */
  readonly limit: (src: Uint32Array, srcAt: number, responseClass: number, name: number) => number
}

/** Cells that the guard counts in, from the first one on; each thread has its own. */
export const GUARD_COUNTS = ['dropped', 'truncated', 'cookie-good', 'cookie-other', 'shed'] as const

/** Key of the cap for all clients without cookie, in the same table: a class of its own. */
const NOBODY = new Uint32Array([0, 0, 0, 0])

/** Guard over a shared memory; `counts` are the cells of GUARD_COUNTS. */
export function createGuard(memory: SharedArrayBuffer, settings: GuardSettings, counts: Float64Array): Guard {
  const words = new Uint32Array(memory)
  const live = new Int32Array(memory)
  const limiter = createRateLimiter(memory, settings.limits)
  const cap =
    settings.withoutCookiePerSecond === 0
      ? undefined
      : createRateLimiter(memory, { ...settings.limits, answersPerSecond: settings.withoutCookiePerSecond, slip: 0, prefixLength6: 0 })
  const exempt = settings.exempt.map(maskedPrefix)
  let now = 0
  let nowSeconds = 0
  let secretsAt = liveSecretsAt(live)

  function isExempt(src: Uint32Array, srcAt: number): boolean {
    for (let i = 0; i < exempt.length; i++) {
      const prefix = exempt[i]!
      let word = 0
      // Words 0–3 are the network, 4–7 its mask.
      while (word < 4 && (src[srcAt + word]! & prefix[word + 4]!) >>> 0 === prefix[word]) word++
      if (word === 4) return true
    }
    return false
  }

  return {
    settings,
    begin: (monotonicMs, wallSeconds) => {
      now = ((monotonicMs * (UNITS_PER_SECOND / 1000)) % 4294967296) | 0
      nowSeconds = wallSeconds
      secretsAt = liveSecretsAt(live)
    },
    checkCookie: (cookie, length, src, srcAt) => {
      const count = words[secretsAt]!
      const verdict = checkCookie(cookie, length, src, srcAt, nowSeconds, words, secretsAt + 1, count)
      if (verdict !== COOKIE_GOOD) makeCookie(cookie, src, srcAt, nowSeconds, words, secretsAt + 1)
      const isKnown = verdict === COOKIE_GOOD || verdict === COOKIE_OLD
      counts[isKnown ? 2 : 3]! += 1
      return isKnown
    },
    spares: (cookie, length, src, srcAt) => {
      const count = words[secretsAt]!
      const verdict = length === 0 ? COOKIE_WRONG : checkCookie(cookie, length, src, srcAt, nowSeconds, words, secretsAt + 1, count)
      if (verdict === COOKIE_GOOD || verdict === COOKIE_OLD || isExempt(src, srcAt)) return true
      counts[4]! += 1
      return false
    },
    limit: (src, srcAt, responseClass, name) => {
      if (isExempt(src, srcAt)) return LIMIT_SEND
      let verdict = limiter.limit(now, src, srcAt, responseClass, name)
      if (verdict === LIMIT_SEND && cap !== undefined) verdict = cap.limit(now, NOBODY, 0, 0, 0)
      if (verdict !== LIMIT_SEND) counts[verdict === LIMIT_DROP ? 0 : 1]! += 1
      return verdict
    },
  }
}

/** A prefix as four words and their mask. */
function maskedPrefix(prefix: Prefix): Uint32Array {
  const bits = prefix.family === 4 ? prefix.length + 96 : prefix.length
  const mask = [0, 1, 2, 3].map((word) => prefixMask(bits - 32 * word))
  return Uint32Array.from([...prefix.words, ...mask])
}
