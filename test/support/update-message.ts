/** UPDATE messages of tests, and the changes of one as text. */
import { canonicalName, parseName } from '../../resolver/wire/name.ts'
import { parseRdata, splitRdata } from '../../resolver/wire/rdata/rdata-text.ts'
import { CLASS_ANY, CLASS_IN, CLASS_NONE, findType } from '../../resolver/wire/registry.ts'

/** Classes by their words. */
const CLASSES: Readonly<Record<string, number>> = { IN: CLASS_IN, ANY: CLASS_ANY, NONE: CLASS_NONE, CH: 3 }

/** A record as text: "owner ttl class type [rdata]"; relative names are completed with the zone. */
export type RecordText = string

/** Encodes a record. */
function encodeRecord(text: RecordText, origin: Uint8Array): Buffer {
  const [owner, ttl, word, type, ...rdata] = text.split(' ')
  const number = type === 'ANY' ? 255 : (findType(type!) ?? Number(type))
  const octets = rdata.length === 0 ? new Uint8Array(0) : parseRdata(number, splitRdata(rdata.join(' ')), origin)
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(number, 0)
  fixed.writeUInt16BE(CLASSES[word!]!, 2)
  fixed.writeUInt32BE(Number(ttl), 4)
  fixed.writeUInt16BE(octets.length, 8)
  return Buffer.concat([parseName(owner!, origin), fixed, octets])
}

/** An UPDATE for a zone. */
export function updateMessage(
  zone: string,
  prerequisites: readonly RecordText[],
  updates: readonly RecordText[],
  options: { readonly id?: number; readonly zoneType?: number; readonly zoneClass?: number } = {},
): Uint8Array {
  const origin = canonicalName(parseName(zone))
  const header = Buffer.alloc(12)
  header.writeUInt16BE(options.id ?? 1, 0)
  header[2] = 5 << 3
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(prerequisites.length, 6)
  header.writeUInt16BE(updates.length, 8)
  const section = Buffer.alloc(4)
  section.writeUInt16BE(options.zoneType ?? 6, 0)
  section.writeUInt16BE(options.zoneClass ?? 1, 2)
  return new Uint8Array(
    Buffer.concat([header, origin, section, ...[...prerequisites, ...updates].map((record) => encodeRecord(record, origin))]),
  )
}
