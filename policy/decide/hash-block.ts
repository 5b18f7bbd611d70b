/**
 * Hashes of fractional choices (weights): the scope block a decision holds for, and ids. Pure, hot: integers only, no allocation.
 * Results are signed: V8 keeps signed 32-bit numbers unboxed between functions, unsigned ones above 2^31 would be garbage a query.
 * A choice that hashes the returned scope block itself is constant inside the scope by construction (RFC 7871 §7.2.1).
 * Changing anything here moves clients of every weighted pool: the golden test of hash-block.test.ts must then be changed on purpose.
 */

/** Mixes one word into a running 32-bit hash (the body of MurmurHash3 x86 32). */
function mixWord(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  const h = hash ^ k
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

/** Spreads the bits of a hash (the finalizer of MurmurHash3); returns a signed 32-bit number. */
export function finishHash(hash: number): number {
  let h = hash ^ (hash >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Hash of an IPv4 block: the network of `ip` under `scope` bits, the length, and the salt. */
export function hashBlock4(salt: number, ip: number, scope: number): number {
  const network = scope === 0 ? 0 : ip & (-1 << (32 - scope))
  return finishHash(mixWord(mixWord(mixWord(salt, 4), network), scope))
}

/** Keeps the bits of word number `word` (0–3) that lie inside the first `scope` bits. */
function maskWord(value: number, word: number, scope: number): number {
  const bits = scope - 32 * word
  return bits <= 0 ? 0 : bits >= 32 ? value : value & (-1 << (32 - bits))
}

/** Hash of an IPv6 block; words most significant first. */
export function hashBlock6(salt: number, w0: number, w1: number, w2: number, w3: number, scope: number): number {
  let hash = mixWord(salt, 6)
  hash = mixWord(hash, maskWord(w0, 0, scope))
  hash = mixWord(hash, maskWord(w1, 1, scope))
  hash = mixWord(hash, maskWord(w2, 2, scope))
  hash = mixWord(hash, maskWord(w3, 3, scope))
  return finishHash(mixWord(hash, scope))
}

/** Hash of an id (salts of policies and endpoints): FNV-1a over the UTF-16 code units, spread; unsigned. Not hot. */
export function hashId(id: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  return finishHash(hash) >>> 0
}
