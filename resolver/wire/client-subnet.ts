/**
 * The client subnet option of a query (RFC 7871 §6). Pure, hot: reads into the caller's record, throws nothing. Malformed options
 * make the query FORMERR (§7.1.2): too short, unknown family, prefix beyond the family, address octets that are not exactly as many
 * as the prefix needs, bits set beyond it, a scope that is not 0.
 */

/** A mutable client subnet. */
export type ClientSubnet = {
  /** 1 = IPv4, 2 = IPv6 (IANA address family numbers); 0 only with a source prefix of 0. */
  family: number
  sourcePrefixLength: number
  /** Network address: IPv4 in `w0`, IPv6 in four words; unsigned. */
  w0: number
  w1: number
  w2: number
  w3: number
}

/** A client subnet to be filled. */
export function makeClientSubnet(): ClientSubnet {
  return { family: 1, sourcePrefixLength: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
}

/** Word `index` of an address of which `octets` octets are there; signed, since an unsigned one above 2^31 would be boxed on its way back. */
function wordAt(mem: Uint8Array, at: number, octets: number, index: number): number {
  let word = 0
  for (let i = 0; i < 4; i++) {
    const octet = 4 * index + i
    word = (word << 8) | (octet < octets ? mem[at + octet]! : 0)
  }
  return word
}

/** Reads the option data at `mem[at … at+length-1]`; false when it is malformed. */
export function readClientSubnet(mem: Uint8Array, at: number, length: number, out: ClientSubnet): boolean {
  if (length < 4) return false
  const family = (mem[at]! << 8) | mem[at + 1]!
  const source = mem[at + 2]!
  if (mem[at + 3] !== 0) return false
  // Family 0 with nothing behind it is how dig +subnet=0 asks not to be located; BIND and Knot accept it too.
  if (family === 1 ? source > 32 : family === 2 ? source > 128 : family !== 0 || source !== 0) return false
  const octets = (source + 7) >> 3
  if (length !== 4 + octets) return false
  if ((source & 7) !== 0 && (mem[at + 3 + octets]! & (0xff >> (source & 7))) !== 0) return false
  out.family = family
  out.sourcePrefixLength = source
  out.w0 = wordAt(mem, at + 4, octets, 0) >>> 0
  out.w1 = wordAt(mem, at + 4, octets, 1) >>> 0
  out.w2 = wordAt(mem, at + 4, octets, 2) >>> 0
  out.w3 = wordAt(mem, at + 4, octets, 3) >>> 0
  return true
}
