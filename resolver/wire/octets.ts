/** A growing row of octets, written at its end: rdata, names, whole columns. Pure. */

/** Octets with room to grow. `bytes` may be longer than `length`, and is replaced when it grows. */
export class Octets {
  bytes: Uint8Array<ArrayBuffer>
  length = 0

  constructor(roomBytes: number = 256) {
    this.bytes = new Uint8Array(roomBytes)
  }

  /** Makes room for so many octets more. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length + more))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }

  push(octet: number): void {
    if (this.length === this.bytes.length) this.reserve(1)
    this.bytes[this.length++] = octet
  }

  push16(number: number): void {
    this.push(number >>> 8)
    this.push(number)
  }

  push32(number: number): void {
    this.push16(number >>> 16)
    this.push16(number & 0xffff)
  }

  pushAll(more: Uint8Array): void {
    this.reserve(more.length)
    this.bytes.set(more, this.length)
    this.length += more.length
  }

  /** A copy of what was written from `start` on. */
  take(start: number = 0): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(start, this.length)
  }
}
