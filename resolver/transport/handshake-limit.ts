/**
 * How many TLS handshakes are begun, of one client and in all: a handshake costs a signature, some thousand times what a query costs, and
 * the thread that makes it serves all streams. Pure but for its clock. Counted in a table of fixed size, like UDP responses (resolver/guard).
 */
import { createGuardMemory } from '../guard/guard-memory.ts'
import { CLASS_ANSWER, createRateLimiter, LIMIT_SEND, type RateLimiter, UNITS_PER_SECOND } from '../guard/rate-limit.ts'
import type { TcpLimits } from './connection-table.ts'

/** Rows of the table: some 8,000 clients at a time. */
const ROWS = 1024
/** What a client did not use for so long it may use at once. */
const BURST_SECONDS = 1
/** Key of the sum over all clients. */
const EVERYBODY = new Uint32Array([0, 0, 0, 0])

/** The limit of one stream worker, for DNS over TLS and over HTTPS together. */
export type HandshakeLimit = {
  /** Counts one of the client at `source` (four words); false = it is refused. What one client has too much is not counted in the sum. */
  readonly admits: (source: Uint32Array) => boolean
}

/** What it works with. */
export type HandshakeLimitOptions = {
  readonly limits: Pick<TcpLimits, 'handshakesPerSecond' | 'handshakesPerClientPerSecond'>
  /** Monotonic clock in ms. */
  readonly nowMs: () => number
  /** Four random words: nobody shall know whom a client shares its place with. */
  readonly hashKeys: Uint32Array
}

/** Makes it. */
export function createHandshakeLimit({ limits, nowMs, hashKeys }: HandshakeLimitOptions): HandshakeLimit {
  const perClient = limiterOf(limits.handshakesPerClientPerSecond, ROWS, hashKeys)
  const inAll = limiterOf(limits.handshakesPerSecond, 1, hashKeys)
  return {
    admits: (source) => {
      const now = ((nowMs() * (UNITS_PER_SECOND / 1000)) % 4294967296) | 0
      return (
        perClient.limit(now, source, 0, CLASS_ANSWER, 0) === LIMIT_SEND && inAll.limit(now, EVERYBODY, 0, CLASS_ANSWER, 0) === LIMIT_SEND
      )
    },
  }
}

/** One client is what a connection table counts as one: an IPv4 address, an IPv6 /56. */
function limiterOf(perSecond: number, rows: number, hashKeys: Uint32Array): RateLimiter {
  return createRateLimiter(createGuardMemory(rows, hashKeys), {
    ...{ answersPerSecond: perSecond, negativesPerSecond: 0, errorsPerSecond: 0, slip: 0 },
    ...{ prefixLength4: 32, prefixLength6: 56, burstSeconds: BURST_SECONDS },
  })
}
