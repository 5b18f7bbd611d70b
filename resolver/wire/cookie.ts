/**
 * DNS cookies: the interoperable server cookie of RFC 9018, so that nodes of one address that share a secret know each other's. Pure,
 * hot, no allocation. RFC 7873 §4–5 says when they are sent; resolver/guard says what a client with one is spared.
 *
 *   option: client cookie 8 │ server cookie 16: version 1 │ reserved 3 │ timestamp 4 (seconds) │ SipHash-2-4 of all that and the client's address 8
 */
import { sipHash24, sipResult } from './siphash.ts'

/** Octets of a client cookie, and of the option with a server cookie of ours. */
export const CLIENT_COOKIE_BYTES = 8
/** Client cookie and server cookie. */
export const COOKIE_BYTES = 24
/** RFC 7873 §4: the option has 8 octets, or 16 to 40. */
export const MAX_COOKIE_BYTES = 40
/** Secrets that are accepted at a time: the first makes new cookies, the others are on their way in or out (RFC 9018 §5). */
export const MAX_SECRETS = 4

/** Verdicts of checkCookie. */
export const COOKIE_CLIENT_ONLY = 0
/** A server cookie that is not ours, too old, or of another client. */
export const COOKIE_WRONG = 1
/** Ours, but a new one is due. */
export const COOKIE_OLD = 2
export const COOKIE_GOOD = 3

/** RFC 9018 §4.3: accepted for an hour, and five minutes ahead for clocks that differ; renewed after half an hour. */
const MAX_AGE_SECONDS = 3600
const MAX_AHEAD_SECONDS = 300
const RENEW_SECONDS = 1800

/** Client cookie, version, reserved, timestamp, address. */
const input = new Uint8Array(32)

/** True for lengths that RFC 7873 §5.2.2 does not make malformed. */
export function isCookieLength(length: number): boolean {
  return length === CLIENT_COOKIE_BYTES || (length >= 16 && length <= MAX_COOKIE_BYTES)
}

/** Puts the client's address behind the first 16 octets; returns the length of the hash's input. */
function fillAddress(src: Uint32Array, srcAt: number): number {
  const isIpv4 = src[srcAt] === 0 && src[srcAt + 1] === 0 && src[srcAt + 2] === 0xffff
  let at = 16
  for (let word = isIpv4 ? 3 : 0; word < 4; word++) {
    const value = src[srcAt + word]!
    input[at++] = value >>> 24
    input[at++] = (value >>> 16) & 255
    input[at++] = (value >>> 8) & 255
    input[at++] = value & 255
  }
  return at
}

/** Makes the cookie for the client cookie in `cookie[0 … 7]`: writes the server cookie behind it. `src[srcAt …]` is the client's address. */
export function makeCookie(
  cookie: Uint8Array,
  src: Uint32Array,
  srcAt: number,
  nowSeconds: number,
  secrets: Uint32Array,
  secretAt: number,
): void {
  cookie[8] = 1
  cookie[9] = cookie[10] = cookie[11] = 0
  cookie[12] = nowSeconds >>> 24
  cookie[13] = (nowSeconds >>> 16) & 255
  cookie[14] = (nowSeconds >>> 8) & 255
  cookie[15] = nowSeconds & 255
  for (let i = 0; i < 16; i++) input[i] = cookie[i]!
  sipHash24(secrets, secretAt, input, fillAddress(src, srcAt))
  for (let i = 0; i < 8; i++) cookie[16 + i] = (sipResult[i >> 2]! >>> (8 * (i & 3))) & 255
}

/**
 * Checks the option's content `cookie[0 … length-1]` (its length is a legal one) against `count` secrets of four words each from
 * `secrets[secretAt]` on. Returns a verdict.
 */
export function checkCookie(
  cookie: Uint8Array,
  length: number,
  src: Uint32Array,
  srcAt: number,
  nowSeconds: number,
  secrets: Uint32Array,
  secretAt: number,
  count: number,
): number {
  if (length === CLIENT_COOKIE_BYTES) return COOKIE_CLIENT_ONLY
  if (length !== COOKIE_BYTES || cookie[8] !== 1) return COOKIE_WRONG
  const stamp = (cookie[12]! << 24) | (cookie[13]! << 16) | (cookie[14]! << 8) | cookie[15]!
  // RFC 9018 §4.3: serial number arithmetic, so that it goes on after 2106.
  const age = (nowSeconds - stamp) | 0
  if (age > MAX_AGE_SECONDS || age < -MAX_AHEAD_SECONDS) return COOKIE_WRONG
  for (let i = 0; i < 16; i++) input[i] = cookie[i]!
  const inputLength = fillAddress(src, srcAt)
  for (let secret = 0; secret < count; secret++) {
    sipHash24(secrets, secretAt + 4 * secret, input, inputLength)
    let difference = 0
    for (let i = 0; i < 8; i++) difference |= cookie[16 + i]! ^ ((sipResult[i >> 2]! >>> (8 * (i & 3))) & 255)
    // A cookie made with a secret on its way out is renewed with the first one.
    if (difference === 0) return secret > 0 || age > RENEW_SECONDS ? COOKIE_OLD : COOKIE_GOOD
  }
  return COOKIE_WRONG
}

/** The words of a secret of 16 octets, as sipHash24 takes them. */
export function cookieSecretWords(octets: Uint8Array): Uint32Array {
  const view = new DataView(octets.buffer, octets.byteOffset, 16)
  return Uint32Array.from([0, 4, 8, 12], (at) => view.getUint32(at, true))
}
