/**
 * The last packets whose answering threw, in shared memory: the thread writes, the main thread logs them once a minute (STYLE.md
 * section 4). Pure. Fixed size, newest overwrites oldest; a torn entry is possible and harmless, it is only for the log.
 *
 *   u32 number of packets ever │ u32 0 │ 8 entries of: u32 length, u32 0, 64 bytes of error text, 512 bytes of packet
 */
const HEAD_BYTES = 8
const ENTRIES = 8
const TEXT_BYTES = 64
const PACKET_BYTES = 512
const ENTRY_BYTES = 8 + TEXT_BYTES + PACKET_BYTES

/** Bytes of one worker's ring. */
export const FAILED_PACKETS_BYTES: number = HEAD_BYTES + ENTRIES * ENTRY_BYTES

/** A packet that made our code throw. */
export type FailedPacket = { readonly packet: string; readonly error: string }

/** Keeps a packet; called on the rare path only. */
export function keepFailedPacket(ring: Uint8Array, mem: Uint8Array, off: number, length: number, error: unknown): void {
  const view = new DataView(ring.buffer, ring.byteOffset, ring.length)
  const number = view.getUint32(0, true)
  const at = HEAD_BYTES + (number % ENTRIES) * ENTRY_BYTES
  const kept = Math.min(length, PACKET_BYTES)
  view.setUint32(at, kept, true)
  const text = new TextEncoder().encode(String(error instanceof Error ? error.message : error)).subarray(0, TEXT_BYTES)
  ring.fill(0, at + 8, at + 8 + TEXT_BYTES)
  ring.set(text, at + 8)
  ring.set(mem.subarray(off, off + kept), at + 8 + TEXT_BYTES)
  view.setUint32(0, number + 1, true)
}

/** Packets kept since packet number `since`, oldest first, and the number to ask with next time. */
export function readFailedPackets(ring: Uint8Array, since: number): { readonly packets: readonly FailedPacket[]; readonly next: number } {
  const view = new DataView(ring.buffer, ring.byteOffset, ring.length)
  const next = view.getUint32(0, true)
  const packets: FailedPacket[] = []
  for (let number = Math.max(since, next - ENTRIES); number < next; number++) {
    const at = HEAD_BYTES + (number % ENTRIES) * ENTRY_BYTES
    const length = Math.min(view.getUint32(at, true), PACKET_BYTES)
    const text = Buffer.from(ring.slice(at + 8, at + 8 + TEXT_BYTES)).toString('utf8')
    const packet = Buffer.from(ring.slice(at + 8 + TEXT_BYTES, at + 8 + TEXT_BYTES + length)).toString('hex')
    packets.push({ packet, error: text.replace(/\0+$/, '') })
  }
  return { packets, next }
}
