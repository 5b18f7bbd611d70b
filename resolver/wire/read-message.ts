/** A whole message → its records with names written out, for people and tools (explain, tests, probes); not for the answer path. Pure. */
import { readMessageName } from './name.ts'
import { readMessageRdata } from './rdata/rdata-wire.ts'
import { HEADER_BYTES } from './read-query.ts'

/** One record. */
export type MessageRecord = {
  readonly section: 'answer' | 'authority' | 'additional'
  /** Uncompressed wire form, case kept. */
  readonly owner: Uint8Array
  readonly type: number
  readonly class: number
  readonly ttlSeconds: number
  /** Names in it uncompressed. */
  readonly rdata: Uint8Array
}

/** A message. */
export type Message = { readonly id: number; readonly flags: number; readonly rcode: number; readonly records: readonly MessageRecord[] }

const SECTIONS = ['answer', 'authority', 'additional'] as const

/** Reads a message with at most one question; undefined when it is malformed. */
export function readMessage(bytes: Uint8Array): Message | undefined {
  if (bytes.length < HEADER_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = HEADER_BYTES
  for (let question = 0; question < view.getUint16(4); question++) {
    const read = readMessageName(bytes, at, bytes.length)
    if (read === undefined || read.next + 4 > bytes.length) return undefined
    at = read.next + 4
  }
  const records: MessageRecord[] = []
  for (const [number, section] of SECTIONS.entries()) {
    for (let left = view.getUint16(6 + 2 * number); left > 0; left--) {
      const read = readMessageName(bytes, at, bytes.length)
      if (read === undefined || read.next + 10 > bytes.length) return undefined
      const type = view.getUint16(read.next)
      const end = read.next + 10 + view.getUint16(read.next + 8)
      const rdata = end > bytes.length ? undefined : readMessageRdata(bytes, type, read.next + 10, end)
      if (rdata === undefined) return undefined
      records.push({
        section,
        owner: read.name,
        type,
        class: view.getUint16(read.next + 2),
        ttlSeconds: view.getUint32(read.next + 4),
        rdata,
      })
      at = end
    }
  }
  return { id: view.getUint16(0), flags: view.getUint16(2), rcode: bytes[3]! & 15, records }
}
