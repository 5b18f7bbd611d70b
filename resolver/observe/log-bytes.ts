/** A growing run of bytes that the query log is put together in before it goes out. Pure; re-used, so that a line makes no garbage. */
export class LogBytes {
  /** `length` bytes hold. */
  bytes: Buffer = Buffer.allocUnsafe(1 << 17)
  length = 0

  /** Makes room for `more` bytes. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.length + more))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  /** One byte. */
  push(octet: number): void {
    if (this.length === this.bytes.length) this.reserve(1)
    this.bytes[this.length++] = octet
  }

  /** Characters up to U+00FF, a byte each. */
  text(text: string): void {
    this.reserve(text.length)
    this.length += this.bytes.write(text, this.length, 'latin1')
  }

  /** Any text, as UTF-8. */
  utf8(text: string): void {
    this.reserve(3 * text.length)
    this.length += this.bytes.write(text, this.length, 'utf8')
  }

  /** `count` bytes of `from`. */
  copy(from: Uint8Array, at: number, count: number): void {
    this.reserve(count)
    for (let i = 0; i < count; i++) this.bytes[this.length + i] = from[at + i]!
    this.length += count
  }

  /** What is there; valid until more is added. The run is empty then. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.length)
    this.length = 0
    return taken
  }
}
