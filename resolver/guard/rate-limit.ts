/**
 * Response rate limiting: how often a client prefix may get one kind of response about one name (as BIND, NSD and Knot have it), so
 * that a server is no amplifier for those who forge source addresses. Pure, hot, no allocation; guarded by test/unit/resolver/guard.
 *
 * A row of the table (guard-memory.ts) is a cache line of 8 cells; a key may stand in any cell of its row. A cell holds a tag and a
 * time: the moment when the responses sent so far are paid for, at one response a `cost` (the generic cell rate algorithm). A response
 * is free while that moment is at most a burst ahead of now. A cell whose moment has passed is empty. When a row is full, the key that
 * has the least to pay leaves. Threads read and write a
 * cell without locks: two that do so within the same nanoseconds count one response for both, which changes a limit by less than a thousandth
 * (an atomic exchange took as long as the rest of the limiter).
 *
 * Time runs in 1/64 ms in 32 bits and wraps after 18 hours: differences are signed, and a moment further ahead than a burst is long past.
 */
import { AT_CELLS, AT_HASH_KEYS, CELL_WORDS, CELLS_A_ROW, guardRows } from './guard-memory.ts'

/** Units of the clock a second. */
export const UNITS_PER_SECOND = 64_000

/** Response classes: each is limited apart. */
export const CLASS_ANSWER = 0
/** NODATA, counted by the name. */
export const CLASS_NODATA = 1
/** NXDOMAIN, counted by the zone: random names below one are one flood. */
export const CLASS_NXDOMAIN = 2
/** Referrals, counted by the cut. */
export const CLASS_REFERRAL = 3
/** REFUSED, FORMERR, SERVFAIL and the like, counted by the client alone. */
export const CLASS_ERROR = 4
const CLASSES = 5

/** Limits; 0 = that class is not limited. */
export type RateLimits = {
  readonly answersPerSecond: number
  readonly negativesPerSecond: number
  readonly errorsPerSecond: number
  /** Every so many limited responses one is sent, truncated (TC), so that an honest client comes by TCP; 0 = none. */
  readonly slip: number
  /** Clients of one prefix count as one. */
  readonly prefixLength4: number
  readonly prefixLength6: number
  /** A client may use what it did not use for so long, in seconds. */
  readonly burstSeconds: number
}

/** Verdicts. */
export const LIMIT_SEND = 0
export const LIMIT_DROP = 1
/** Send it truncated. */
export const LIMIT_SLIP = 2

/** Limits responses of one thread; the table is that of all threads. */
export type RateLimiter = {
  /**
   * Counts a response of `responseClass` about `name` (a number that stands for the imputed name) to the client at `src[srcAt …]`.
   * `now` is the time in units, of one clock for all threads.
   */
  readonly limit: (now: number, src: Uint32Array, srcAt: number, responseClass: number, name: number) => number
}

/** Limiter over a guard memory. */
export function createRateLimiter(memory: SharedArrayBuffer, limits: RateLimits): RateLimiter {
  const cells = new Int32Array(memory)
  const keys = new Uint32Array(memory, 4 * AT_HASH_KEYS, 4)
  const rowMask = guardRows(memory) - 1
  const cost = new Int32Array(CLASSES)
  const rates = [
    limits.answersPerSecond,
    limits.negativesPerSecond,
    limits.negativesPerSecond,
    limits.negativesPerSecond,
    limits.errorsPerSecond,
  ]
  for (const [i, rate] of rates.entries()) cost[i] = rate === 0 ? 0 : Math.max(1, Math.round(UNITS_PER_SECOND / rate))
  /** Furthest a cell's moment may lie ahead: a burst, at least some responses, however low the rate. */
  const burst = cost.map((units) => Math.max(Math.round(limits.burstSeconds * UNITS_PER_SECOND), 5 * units))
  const longest = Math.max(...burst, ...cost) * 2
  const masks6 = Uint32Array.from({ length: 4 }, (_, word) => prefixMask(limits.prefixLength6 - 32 * word))
  const mask4 = prefixMask(limits.prefixLength4)
  const slip = limits.slip
  let limited = 0

  /** Counts one response against the cell at `at`; true when it is within the limit. */
  function take(at: number, now: number, units: number, most: number): boolean {
    const ahead = (cells[at + 1]! - now) | 0
    const from = ahead > 0 && ahead <= longest ? ahead : 0
    if (from + units > most) return false
    cells[at + 1] = (now + from + units) | 0
    return true
  }

  /** Cell for a tag in the row at `row`: its own, else an empty one, else the one that has the least to pay. */
  function cellOf(row: number, tag: number, now: number): number {
    let place = row
    let least = 0x7fffffff
    for (let i = 0; i < CELLS_A_ROW; i++) {
      const at = row + CELL_WORDS * i
      const ahead = (cells[at + 1]! - now) | 0
      const owed = ahead > 0 && ahead <= longest ? ahead : 0
      if (cells[at] === tag && owed > 0) return at
      if (owed < least) {
        least = owed
        place = at
      }
    }
    cells[place] = tag
    cells[place + 1] = now
    return place
  }

  function limit(now: number, src: Uint32Array, srcAt: number, responseClass: number, name: number): number {
    const units = cost[responseClass]!
    if (units === 0) return LIMIT_SEND
    const isIpv4 = src[srcAt] === 0 && src[srcAt + 1] === 0 && src[srcAt + 2] === 0xffff
    // Two keyed hashes: one for the row, one for the tag. Not cryptographic; the keys are secret, so that nobody aims at a row.
    let a = keys[0]! ^ (responseClass + 8 * (isIpv4 ? 1 : 0))
    let b = keys[1]!
    if (isIpv4) {
      const prefix = src[srcAt + 3]! & mask4
      a = mix(a, prefix ^ keys[2]!)
      b = mix(b, prefix ^ keys[3]!)
    } else {
      for (let word = 0; word < 4; word++) {
        const prefix = src[srcAt + word]! & masks6[word]!
        a = mix(a, prefix ^ keys[2]!)
        b = mix(b, prefix ^ keys[3]!)
      }
    }
    a = mix(a, name)
    b = mix(b, name ^ responseClass)
    const row = AT_CELLS + (a & rowMask) * CELLS_A_ROW * CELL_WORDS
    if (take(cellOf(row, b | 0, now), now, units, burst[responseClass]!)) return LIMIT_SEND
    if (slip === 0 || ++limited % slip !== 0) return LIMIT_DROP
    return LIMIT_SLIP
  }

  return { limit }
}

/** A round of murmur3, finished. */
function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = (k << 15) | (k >>> 17)
  k = Math.imul(k, 0x1b873593)
  let h = hash ^ k
  h = (h << 13) | (h >>> 19)
  h = (Math.imul(h, 5) + 0xe6546b64) | 0
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  return h ^ (h >>> 13)
}

/** The upper `bits` bits of a word; less than 0 counts as 0, more than 32 as 32. */
export function prefixMask(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? 0xffffffff : (0xffffffff << (32 - bits)) >>> 0
}
