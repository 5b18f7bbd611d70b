/** Serial arithmetic (RFC 1982) and the serial in an SOA's rdata. Pure. */

/** RFC 1982 §3.2: true when serial `a` comes after `b`. */
export function isLaterSerial(a: number, b: number): boolean {
  const distance = (a - b) >>> 0
  return distance !== 0 && distance < 0x8000_0000
}

/** Serial of the SOA rdata at `bytes[from … from+length-1]` (uncompressed). */
export function serialOfSoa(bytes: Uint8Array, from: number = 0, length: number = bytes.length): number {
  const at = from + length - 20
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
