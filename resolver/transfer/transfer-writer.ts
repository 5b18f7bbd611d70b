/**
 * Messages of a transfer: many records each (RFC 5936 §2.2), compressed. Pure. Names are compressed against the owner before and the
 * owner of their own record, octet for octet: a transfer keeps the case of names (RFC 5936 §3.4), which the writer of answers need not.
 *
 * A message is 16 KiB, because pointers reach no further; only a record that does not fit is given a larger one.
 */
import { TYPE_CNAME, TYPE_MX, TYPE_NS, TYPE_PTR } from '../wire/registry.ts'
import type { RecordCursor } from './record-cursor.ts'

/** Usual size of a message of a stream. */
export const TRANSFER_MESSAGE_BYTES = 16_384
const MAX_POINTER = 0x3fff
const MAX_LABELS = 128

/** The message that is being filled; it begins at mem[0]. */
export type TransferWriter = {
  mem: Uint8Array
  position: number
  limit: number
  answers: number
  /** Labels of the last owner: where each stands in its name, and in the message. */
  readonly labelAt: Uint16Array
  readonly labelPosition: Uint16Array
  labelCount: number
  readonly owner: Uint8Array
  ownerLength: number
}

/** A writer; one a stream. */
export function makeTransferWriter(): TransferWriter {
  return {
    mem: new Uint8Array(0),
    position: 0,
    limit: 0,
    answers: 0,
    labelAt: new Uint16Array(MAX_LABELS),
    labelPosition: new Uint16Array(MAX_LABELS),
    labelCount: 0,
    owner: new Uint8Array(256),
    ownerLength: 0,
  }
}

/** Begins behind header and question, which stand in `mem` already; `limit` is the first octet not to be written. */
export function beginTransferMessage(writer: TransferWriter, mem: Uint8Array, position: number, limit: number): void {
  writer.mem = mem
  writer.position = position
  writer.limit = limit
  writer.answers = 0
  writer.labelCount = 0
  writer.ownerLength = 0
}

/** Scratch for the labels of the name that is being written. */
const NEW_AT = new Uint16Array(MAX_LABELS)
const NEW_POSITION = new Uint16Array(MAX_LABELS)

/** Writes a name; it becomes the one that is compressed against when `keep` is set. False when it does not fit. */
function writeCompressed(writer: TransferWriter, bytes: Uint8Array, from: number, keep: boolean): boolean {
  const { mem, limit, owner, labelAt, labelPosition } = writer
  let count = 0
  let end = from
  for (; bytes[end] !== 0; end += 1 + bytes[end]!) NEW_AT[count++] = end - from
  const length = end - from + 1
  // Labels that this name and the last owner have in common at their ends.
  let shared = 0
  while (shared < count && shared < writer.labelCount) {
    const mine = from + NEW_AT[count - 1 - shared]!
    const other = labelAt[writer.labelCount - 1 - shared]!
    const octets = 1 + bytes[mine]!
    let equal = true
    for (let i = 0; i < octets && equal; i++) equal = bytes[mine + i] === owner[other + i]
    if (!equal) break
    shared++
  }
  while (shared > 0 && labelPosition[writer.labelCount - shared]! > MAX_POINTER) shared--
  const literal = count - shared
  const literalBytes = (literal < count ? NEW_AT[literal]! : length - 1) + (shared > 0 ? 2 : 1)
  if (writer.position + literalBytes > limit) return false
  for (let label = 0; label < count; label++) {
    if (label >= literal) {
      NEW_POSITION[label] = labelPosition[writer.labelCount - (count - label)]!
      continue
    }
    NEW_POSITION[label] = writer.position
    const at = from + NEW_AT[label]!
    const octets = 1 + bytes[at]!
    for (let i = 0; i < octets; i++) mem[writer.position + i] = bytes[at + i]!
    writer.position += octets
  }
  if (shared > 0) {
    const target = labelPosition[writer.labelCount - shared]!
    mem[writer.position] = 0xc0 | (target >> 8)
    mem[writer.position + 1] = target & 255
    writer.position += 2
  } else mem[writer.position++] = 0
  if (keep) {
    for (let label = 0; label < count; label++) {
      labelAt[label] = NEW_AT[label]!
      labelPosition[label] = NEW_POSITION[label]!
    }
    for (let i = 0; i < length; i++) owner[i] = bytes[from + i]!
    writer.labelCount = count
    writer.ownerLength = length
  }
  return true
}

/** RFC 3597 §4: names in the rdata of these types alone may be compressed; where the name begins. SOA is written as it is: two a transfer. */
function compressedNameAt(type: number): number {
  if (type === TYPE_NS || type === TYPE_CNAME || type === TYPE_PTR) return 0
  return type === TYPE_MX ? 2 : -1
}

/** Writes the cursor's record; false, with nothing written, when it does not fit. */
export function writeTransferRecord(writer: TransferWriter, record: RecordCursor): boolean {
  const start = writer.position
  const { mem, limit } = writer
  if (!writeCompressed(writer, record.nameBytes, record.nameAt, true) || writer.position + 10 > limit) return undo(writer, start)
  let at = writer.position
  mem[at] = record.type >> 8
  mem[at + 1] = record.type & 255
  mem[at + 2] = 0
  mem[at + 3] = 1
  mem[at + 4] = record.ttlSeconds >>> 24
  mem[at + 5] = (record.ttlSeconds >>> 16) & 255
  mem[at + 6] = (record.ttlSeconds >>> 8) & 255
  mem[at + 7] = record.ttlSeconds & 255
  const lengthAt = at + 8
  at += 10
  writer.position = at
  const nameAt = compressedNameAt(record.type)
  const plain = nameAt < 0 ? record.dataLength : nameAt
  if (at + plain > limit) return undo(writer, start)
  const { data, dataAt } = record
  for (let i = 0; i < plain; i++) mem[at + i] = data[dataAt + i]!
  writer.position = at + plain
  if (nameAt >= 0 && !writeCompressed(writer, data, dataAt + nameAt, false)) return undo(writer, start)
  const length = writer.position - at
  mem[lengthAt] = length >> 8
  mem[lengthAt + 1] = length & 255
  writer.answers++
  return true
}

/** The record is not written: the message is as before, but names are compressed no further in it. */
function undo(writer: TransferWriter, start: number): false {
  writer.position = start
  writer.labelCount = 0
  return false
}
