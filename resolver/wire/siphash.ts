/**
 * SipHash-2-4 with a 128-bit key and a 64-bit result (Aumasson, Bernstein: "SipHash: a fast short-input PRF"), on 32-bit words so that
 * nothing is allocated. Pure, hot: it runs for each query with a cookie (RFC 9018 §4.4).
 */

/** Result of the last call: low and high word. One a thread; read before the next call. */
export const sipResult: Uint32Array = new Uint32Array(2)

/** State v0 … v3, low word then high word. */
const v = new Uint32Array(8)

/** v[a] += v[b] */
function add(a: number, b: number): void {
  const low = v[a]! + v[b]!
  v[a + 1] = v[a + 1]! + v[b + 1]! + (low > 0xffffffff ? 1 : 0)
  v[a] = low
}

/** v[a] = rotl(v[a], bits) ^ v[b]; bits below 32. */
function rotateXor(a: number, bits: number, b: number): void {
  const low = v[a]!
  const high = v[a + 1]!
  v[a] = ((low << bits) | (high >>> (32 - bits))) ^ v[b]!
  v[a + 1] = ((high << bits) | (low >>> (32 - bits))) ^ v[b + 1]!
}

/** v[a] = rotl(v[a], 32) */
function swap(a: number): void {
  const low = v[a]!
  v[a] = v[a + 1]!
  v[a + 1] = low
}

function round(): void {
  add(0, 2)
  rotateXor(2, 13, 0)
  swap(0)
  add(4, 6)
  rotateXor(6, 16, 4)
  add(0, 6)
  rotateXor(6, 21, 0)
  add(4, 2)
  rotateXor(2, 17, 4)
  swap(4)
}

function absorb(low: number, high: number): void {
  v[6] = v[6]! ^ low
  v[7] = v[7]! ^ high
  round()
  round()
  v[0] = v[0]! ^ low
  v[1] = v[1]! ^ high
}

/**
 * Hashes `length` octets of `data`; the key is the four little-endian words at `key[keyAt]`. The result stands in sipResult;
 * as octets it is its low word, then its high word, little endian.
 */
export function sipHash24(key: Uint32Array, keyAt: number, data: Uint8Array, length: number): void {
  const k0 = key[keyAt]!
  const k1 = key[keyAt + 1]!
  const k2 = key[keyAt + 2]!
  const k3 = key[keyAt + 3]!
  v[0] = k0 ^ 0x70736575
  v[1] = k1 ^ 0x736f6d65
  v[2] = k2 ^ 0x6e646f6d
  v[3] = k3 ^ 0x646f7261
  v[4] = k0 ^ 0x6e657261
  v[5] = k1 ^ 0x6c796765
  v[6] = k2 ^ 0x79746573
  v[7] = k3 ^ 0x74656462
  const whole = length & ~7
  for (let at = 0; at < whole; at += 8) absorb(wordAt(data, at), wordAt(data, at + 4))
  let low = 0
  let high = 0
  for (let i = whole; i < length; i++) {
    if (i - whole < 4) low |= data[i]! << (8 * (i - whole))
    else high |= data[i]! << (8 * (i - whole - 4))
  }
  absorb(low, high | (length << 24))
  v[4] = v[4]! ^ 0xff
  for (let i = 0; i < 4; i++) round()
  sipResult[0] = v[0]! ^ v[2]! ^ v[4]! ^ v[6]!
  sipResult[1] = v[1]! ^ v[3]! ^ v[5]! ^ v[7]!
}

function wordAt(data: Uint8Array, at: number): number {
  return data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24)
}
