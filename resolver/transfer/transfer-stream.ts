/**
 * The messages of one transfer, pulled one at a time, so that a reader who is slow costs nothing but the memory of his generation
 * (RFC 5936 §2.2, RFC 1995 §4). Pure but for the signer's clock, which is passed in.
 */
import { ERROR_NOT_AUTHORITATIVE, ERROR_PROHIBITED } from '../wire/extended-error.ts'
import { HEADER_BYTES } from '../wire/read-query.ts'
import { RCODE_REFUSED } from '../wire/registry.ts'
import { ADDITIONALS, ANSWERS } from '../wire/response-writer.ts'
import { RCODE_NOTAUTH, type TsigSigner, tsigBytes } from '../wire/tsig.ts'
import { nodeName } from '../zone/zone-rows.ts'
import { chainCursors, cursorOfPack, type RecordCursor } from './record-cursor.ts'
import { beginTransferMessage, makeTransferWriter, TRANSFER_MESSAGE_BYTES, writeTransferRecord } from './transfer-writer.ts'
import type { ZoneDiff } from './zone-diff.ts'
import { soaCursor, soaOf, type TransferTables, walkZone } from './zone-walk.ts'

/** What every message of a reply begins with. */
export type ReplyFrame = {
  /** Header and question of the query, as they came. */
  readonly head: Uint8Array
  /** The query had an OPT: so has the first message (RFC 5936 §2.2.5). */
  readonly hasOpt: boolean
  readonly signer: TsigSigner | undefined
}

/** A reply of several messages. */
export type TransferStream = {
  /** Writes the next message to the start of `mem` (65,535 octets); returns its length, 0 = that was all. */
  readonly next: (mem: Uint8Array, nowSeconds: number) => number
  /** Tables that the stream reads: they must not be overwritten before it has ended; undefined = none. */
  readonly tables: TransferTables | undefined
}

/** Octets of our OPT: no options. */
const OPT_BYTES = 11
const NOTHING = new Uint8Array(0)
const LARGEST_MESSAGE_BYTES = 65_535

/** Records of a whole zone: SOA, all else, SOA. */
export function axfrRecords(tables: TransferTables, zone: number): RecordCursor {
  const { zones } = tables
  const apex = nodeName(zones, zones.zoneApex[zone]!)
  const { rdata, ttlSeconds } = soaOf(zones, zone)
  return chainCursors([soaCursor(apex, rdata, ttlSeconds), walkZone(tables, zone), soaCursor(apex, rdata, ttlSeconds)])
}

/** Records of a difference: new SOA, then old SOA, removed, new SOA, added, then the new SOA again. */
export function ixfrRecords(diff: ZoneDiff): RecordCursor {
  return chainCursors([diff.toSoa, diff.fromSoa, diff.removed, diff.toSoa, diff.added, diff.toSoa].map((pack) => cursorOfPack(pack)))
}

/** The SOA alone: "you have it already", or over UDP "come by TCP". */
export function soaRecords({ zones }: TransferTables, zone: number): RecordCursor {
  const { rdata, ttlSeconds } = soaOf(zones, zone)
  return soaCursor(nodeName(zones, zones.zoneApex[zone]!), rdata, ttlSeconds)
}

/** Makes the stream of some records. */
export function createTransferStream(frame: ReplyFrame, records: RecordCursor, tables: TransferTables | undefined): TransferStream {
  const writer = makeTransferWriter()
  let isFirst = true
  /** The cursor stands on a record that no message holds yet. */
  let waiting = records.next()
  return {
    tables,
    next: (mem, nowSeconds) => {
      if (!waiting) return 0
      const opt = isFirst && frame.hasOpt ? OPT_BYTES : 0
      const reserve = opt + (frame.signer === undefined ? 0 : tsigBytes(frame.signer.key))
      const headBytes = isFirst ? frame.head.length : HEADER_BYTES
      beginReply(mem, frame.head, headBytes)
      beginTransferMessage(writer, mem, headBytes, TRANSFER_MESSAGE_BYTES - reserve)
      while (waiting) {
        if (!writeTransferRecord(writer, records)) {
          if (writer.answers > 0) break
          beginTransferMessage(writer, mem, headBytes, LARGEST_MESSAGE_BYTES - reserve)
          // Rdata of 65,535 octets fit into no message: such a record cannot have come here by any protocol.
          if (!writeTransferRecord(writer, records))
            throw new RangeError(`a record of ${records.dataLength} octets does not fit into a message`)
        }
        waiting = records.next()
      }
      mem[ANSWERS] = writer.answers >> 8
      mem[ANSWERS + 1] = writer.answers & 255
      let length = writer.position
      if (opt > 0) length = writePlainOpt(mem, length)
      isFirst = false
      return frame.signer === undefined ? length : frame.signer.sign(mem, length, nowSeconds)
    },
  }
}

/** A reply of one message; `undefined` when the records do not fit under `limit`. */
export function writeSingleReply(
  frame: ReplyFrame,
  records: RecordCursor,
  mem: Uint8Array,
  limit: number,
  nowSeconds: number,
): number | undefined {
  const reserve = (frame.hasOpt ? OPT_BYTES : 0) + (frame.signer === undefined ? 0 : tsigBytes(frame.signer.key))
  const writer = makeTransferWriter()
  beginReply(mem, frame.head, frame.head.length)
  beginTransferMessage(writer, mem, frame.head.length, limit - reserve)
  while (records.next()) if (!writeTransferRecord(writer, records)) return undefined
  mem[ANSWERS] = writer.answers >> 8
  mem[ANSWERS + 1] = writer.answers & 255
  const length = frame.hasOpt ? writePlainOpt(mem, writer.position) : writer.position
  return frame.signer === undefined ? length : frame.signer.sign(mem, length, nowSeconds)
}

/** A reply with an rcode and no records; an extended error goes into the OPT of an asker that has one. */
export function writeRefusal(frame: ReplyFrame, rcode: number, mem: Uint8Array, nowSeconds: number, because?: Uint8Array): number {
  beginReply(mem, frame.head, frame.head.length)
  mem[2]! &= ~0x04
  mem[3]! |= rcode
  const error = because ?? (rcode === RCODE_REFUSED ? ERROR_PROHIBITED : rcode === RCODE_NOTAUTH ? ERROR_NOT_AUTHORITATIVE : NOTHING)
  const length = frame.hasOpt ? writePlainOpt(mem, frame.head.length, error) : frame.head.length
  return frame.signer === undefined ? length : frame.signer.sign(mem, length, nowSeconds)
}

/** Header with QR and AA, RD as asked; and the question when it is part of `headBytes`. */
function beginReply(mem: Uint8Array, head: Uint8Array, headBytes: number): void {
  mem.set(head.subarray(0, headBytes))
  mem[2] = 0x84 | (head[2]! & 0x79)
  mem[3] = 0
  mem.fill(0, 4, HEADER_BYTES)
  mem[5] = headBytes > HEADER_BYTES ? 1 : 0
}

function writePlainOpt(mem: Uint8Array, at: number, option: Uint8Array = NOTHING): number {
  mem.fill(0, at, at + OPT_BYTES)
  mem[at + 10] = option.length
  mem.set(option, at + OPT_BYTES)
  mem[at + 2] = 41
  mem[at + 3] = 1232 >> 8
  mem[at + 4] = 1232 & 255
  mem[ADDITIONALS + 1]! += 1
  return at + OPT_BYTES + option.length
}
