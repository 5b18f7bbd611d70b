/** An UPDATE message (RFC 2136 §2) → its sections, names in rdata written out. Pure; what cannot be read is FORMERR. */
import { canonicalName, readMessageName } from '../wire/name.ts'
import { readMessageRdata } from '../wire/rdata/rdata-wire.ts'
import { CLASS_ANY, CLASS_NONE, RCODE_FORMERR, TYPE_SOA } from '../wire/registry.ts'

/** One record of the prerequisite or update section. */
export type UpdateRecord = {
  /** Canonical wire form. */
  readonly owner: Uint8Array
  readonly type: number
  readonly class: number
  readonly ttlSeconds: number
  /** Uncompressed; empty where the message has none. */
  readonly rdata: Uint8Array
}

/** An UPDATE. */
export type UpdateMessage = {
  /** Zone section: canonical wire form of its name. */
  readonly zone: Uint8Array
  readonly zoneClass: number
  readonly prerequisites: readonly UpdateRecord[]
  readonly updates: readonly UpdateRecord[]
}

const HEADER_BYTES = 12

/** Offset behind the zone section; 0 when it cannot be read or is not one entry. */
export function zoneSectionEnd(message: Uint8Array): number {
  if (message.length < HEADER_BYTES || message[4] !== 0 || message[5] !== 1) return 0
  const read = readMessageName(message, HEADER_BYTES, message.length)
  // RFC 1035 §4.1.4: a pointer leads to a name before it; before the first there is but the header, which is another in the reply.
  if (read === undefined || read.next - HEADER_BYTES !== read.name.length) return 0
  return read.next + 4 > message.length ? 0 : read.next + 4
}

/** Zone of an UPDATE or NOTIFY: name, type, class of its one question; undefined when there is not one. */
export function readZoneSection(
  message: Uint8Array,
): { readonly name: Uint8Array; readonly type: number; readonly class: number } | undefined {
  const end = zoneSectionEnd(message)
  if (end === 0) return undefined
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  return {
    name: canonicalName(readMessageName(message, HEADER_BYTES, message.length)!.name),
    type: view.getUint16(end - 4),
    class: view.getUint16(end - 2),
  }
}

/** Reads an UPDATE without TSIG; a number is the rcode to answer with. */
export function readUpdate(message: Uint8Array): UpdateMessage | number {
  const zone = readZoneSection(message)
  // RFC 2136 §3.1.1: exactly one zone, of type SOA.
  if (zone === undefined || zone.type !== TYPE_SOA) return RCODE_FORMERR
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  const sections: UpdateRecord[][] = [[], []]
  let at = zoneSectionEnd(message)
  for (const [number, section] of sections.entries()) {
    for (let left = view.getUint16(6 + 2 * number); left > 0; left--) {
      const read = readMessageName(message, at, message.length)
      if (read === undefined || read.next + 10 > message.length) return RCODE_FORMERR
      const type = view.getUint16(read.next)
      const recordClass = view.getUint16(read.next + 2)
      const data = read.next + 10
      const end = data + view.getUint16(read.next + 8)
      if (end > message.length) return RCODE_FORMERR
      // §2.4, §2.5: ANY and the prerequisites of NONE speak of RRsets and names without rdata; an update of class NONE names a record.
      const isEmpty = end === data && (recordClass === CLASS_ANY || (recordClass === CLASS_NONE && number === 0))
      const rdata = isEmpty ? new Uint8Array(0) : readMessageRdata(message, type, data, end)
      if (rdata === undefined) return RCODE_FORMERR
      const ttl = view.getUint32(read.next + 4)
      // RFC 2181 §8: a TTL with its first bit set is 0. Where no TTL may stand (§3.2, §3.4.1.2) any bit is one too many.
      const isAdded = number === 1 && recordClass !== CLASS_ANY && recordClass !== CLASS_NONE
      const ttlSeconds = isAdded && ttl > 0x7fffffff ? 0 : ttl
      section.push({ owner: canonicalName(read.name), type, class: recordClass, ttlSeconds, rdata })
      at = end
    }
  }
  return { zone: zone.name, zoneClass: zone.class, prerequisites: sections[0]!, updates: sections[1]! }
}
