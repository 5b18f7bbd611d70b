/**
 * Where queries go that the fast path does not answer: signed ones, AXFR and IXFR, and UPDATE and NOTIFY, which are handed on to the
 * main thread (request-desk.ts). One a worker. Pure but for its clock.
 *
 *   UDP (and single answers over TCP)   answerQuery ─► desk.answer      in place, one message
 *   TCP                                 listener ─► desk.beginStream ─► messages pulled as the peer reads them
 *
 * Order of checks: TSIG (RFC 8945 §5.2: FORMERR, NOTAUTH) · form of the query · our zone (NOTAUTH) · permission (REFUSED).
 */

import { zoneSectionEnd } from '../update/update-message.ts'
import { canonicalName, formatName, parseName } from '../wire/name.ts'
import { readMessage } from '../wire/read-message.ts'
import { HEADER_BYTES, makeQuery, type Query, readQuery, VERDICT_OK } from '../wire/read-query.ts'
import { CLASS_IN, RCODE_FORMERR, RCODE_NOTIMP, RCODE_REFUSED, RCODE_SERVFAIL, TYPE_AXFR, TYPE_IXFR, TYPE_SOA } from '../wire/registry.ts'
import {
  createTsigSigner,
  type FindTsigKey,
  findTsig,
  RCODE_NOTAUTH,
  type TsigKey,
  type TsigSigner,
  tsigBytes,
  tsigKeyFinder,
  verifyRequest,
  writeTsigError,
} from '../wire/tsig.ts'
import type { ZoneColumns } from '../zone/zone-columns.ts'
import { stepsBetween } from './journal.ts'
import { isLaterSerial, serialOfSoa } from './serial.ts'
import { addressAt, isAllowed, NO_TRANSFERS, type TransferContent } from './transfer-access.ts'
import {
  axfrRecords,
  createTransferStream,
  ixfrRecords,
  type ReplyFrame,
  soaRecords,
  type TransferStream,
  writeRefusal,
  writeSingleReply,
} from './transfer-stream.ts'
import { condenseDiffs, type ZoneDiff } from './zone-diff.ts'
import { findZone, soaOf, type TransferTables } from './zone-walk.ts'

/** Transfers that run at one time; further ones get SERVFAIL and are tried again by their secondaries. */
export const TRANSFERS_AT_ONCE = 64

/** What became of transfer and signed queries; places in a row of counters. */
export const TRANSFER_OUTCOMES = [
  'axfr',
  'ixfr',
  'ixfr-as-axfr',
  'soa',
  'refused',
  'notauth',
  'formerr',
  'busy',
  'tsig-failed',
  'signed',
  'notimp',
] as const
/** One of them. */
export type TransferOutcome = (typeof TRANSFER_OUTCOMES)[number]

const REFUSALS: ReadonlyMap<number, TransferOutcome> = new Map([
  [RCODE_REFUSED, 'refused'],
  [RCODE_NOTAUTH, 'notauth'],
  [RCODE_FORMERR, 'formerr'],
  [RCODE_NOTIMP, 'notimp'],
])

/** Answers a query that has no TSIG any more, in place; the answerer of the worker. */
export type AnswerPlain = (
  mem: Uint8Array,
  off: number,
  len: number,
  room: number,
  src: Uint32Array,
  srcAt: number,
  transport: number,
) => number

/** What was agreed on for an encrypted connection. */
export type TransferTls = {
  /** "TLSv1.2" or "TLSv1.3". */
  readonly version: string
  /** Protocol agreed on (RFC 7301); "" = none. */
  readonly alpn: string
}

/** What a desk works with. */
export type TransferDeskOptions = {
  /** Wall clock, seconds since epoch: TSIG. */
  readonly nowSeconds: () => number
  readonly count: (outcome: TransferOutcome) => void
  /**
   * Hands an UPDATE or NOTIFY that came by UDP on; false = too many wait. The reply comes later. Undefined = there is nobody to hand it
   * to: it is refused.
   */
  readonly forward?: ((message: Uint8Array, src: Uint32Array, srcAt: number) => boolean) | undefined
}

/** The desk of a worker. */
export type TransferDesk = {
  /** Takes new permissions, keys and journals. */
  readonly use: (content: TransferContent) => void
  /**
   * Answers the signed or transfer query that `query` was read from, in place; returns the reply's length. Transfers of several messages
   * are not made here: over UDP they get what UDP has for them.
   */
  readonly answer: (
    query: Query,
    mem: Uint8Array,
    off: number,
    len: number,
    room: number,
    src: Uint32Array,
    srcAt: number,
    transport: number,
    tables: TransferTables | undefined,
    answerPlain: AnswerPlain,
  ) => number
  /** By zone number of these tables: 1 = expired; empty = none is. The same array until tables or content change. */
  readonly expiredZones: (zones: ZoneColumns | undefined) => Uint8Array
  /** The reply to a transfer query over TCP; undefined when the message is none (the answerer's business then). */
  readonly beginStream: (
    message: Uint8Array,
    src: Uint32Array,
    tables: TransferTables | undefined,
    running: number,
    tls?: TransferTls | undefined,
  ) => TransferStream | undefined
}

/** Opcodes. */
export const OPCODE_NOTIFY = 4
export const OPCODE_UPDATE = 5

/** Opcode of a message. */
export function opcodeOf(message: Uint8Array): number {
  return (message[2]! >> 3) & 15
}

/** A request whose TSIG was checked; `body` is it without TSIG. */
type Checked = { readonly key: TsigKey | undefined; readonly signer: TsigSigner | undefined; readonly body: Uint8Array }

/** Makes a desk that knows no keys and lets nobody transfer. */
export function createTransferDesk(options: TransferDeskOptions): TransferDesk {
  const { nowSeconds, count } = options
  let content: TransferContent = NO_TRANSFERS
  let findKey: FindTsigKey = tsigKeyFinder([])
  let expiredOf: { readonly zones: ZoneColumns | undefined; readonly content: TransferContent; readonly flags: Uint8Array } = {
    zones: undefined,
    content,
    flags: new Uint8Array(0),
  }
  const scratch = new Uint8Array(65_535)
  const streamQuery = makeQuery()

  /** The request checked, or the length of the reply that says why not, in scratch. */
  function check(message: Uint8Array, query: Query): Checked | number {
    const found = findTsig(message)
    if (found.kind === 'none') return { key: undefined, signer: undefined, body: message }
    const head = message.slice(0, query.questionEnd)
    const now = nowSeconds()
    if (found.kind === 'malformed') {
      count('formerr')
      return writeRefusal({ head, hasOpt: query.hasOpt, signer: undefined }, RCODE_FORMERR, scratch, now)
    }
    const verdict = verifyRequest(message, found.record, findKey, now)
    if (!verdict.ok) {
      count('tsig-failed')
      scratch.set(head)
      return writeTsigError(scratch, head.length, verdict, now)
    }
    const body = message.slice(0, found.record.at)
    const view = new DataView(body.buffer)
    view.setUint16(10, view.getUint16(10) - 1)
    return { key: verdict.key, signer: createTsigSigner(verdict.key, found.record.mac), body }
  }

  /** The records to send; a number is the rcode that refuses them. */
  function recordsFor(
    query: Query,
    checked: Checked,
    src: Uint32Array,
    srcAt: number,
    tables: TransferTables | undefined,
  ):
    | {
        readonly zone: number
        readonly tables: TransferTables
        readonly kind: 'axfr' | 'soa' | 'ixfr'
        readonly diff: ZoneDiff | undefined
      }
    | number {
    if (query.class !== CLASS_IN) return RCODE_NOTAUTH
    if (tables === undefined) return RCODE_SERVFAIL
    const apex = query.name.slice(0, query.nameLength)
    const zone = findZone(tables.zones, apex)
    // RFC 5936 §2.2.1: a zone that is not ours.
    if (zone < 0) return RCODE_NOTAUTH
    const access = content.zones.get(formatName(apex))
    // RFC 1034 §4.3.5: expired data are not given on.
    if (content.expired.has(formatName(apex))) return RCODE_SERVFAIL
    const rules = access === undefined ? content.everyZone : [...content.everyZone, ...access.allow]
    if (!isAllowed(rules, addressAt(src, srcAt), checked.key)) return RCODE_REFUSED
    if (query.type === TYPE_AXFR) return { zone, tables, kind: 'axfr', diff: undefined }
    const asked = readMessage(checked.body)?.records.find((record) => record.section === 'authority' && record.type === TYPE_SOA)
    if (asked === undefined || asked.rdata.length < 22) return RCODE_FORMERR
    const theirs = serialOfSoa(asked.rdata)
    const ours = serialOfSoa(soaOf(tables.zones, zone).rdata)
    // RFC 1995 §2: nothing newer than what the asker has.
    if (!isLaterSerial(ours, theirs)) return { zone, tables, kind: 'soa', diff: undefined }
    const steps = stepsBetween(access?.steps ?? [], theirs, ours)
    const diff = steps === undefined ? undefined : condenseDiffs(steps)
    // RFC 1995 §4: a difference larger than the zone is no help.
    if (diff === undefined || diff.removed.length + diff.added.length > diff.zoneBytes)
      return { zone, tables, kind: 'axfr', diff: undefined }
    return { zone, tables, kind: 'ixfr', diff }
  }

  /** UPDATE and NOTIFY that are not handed on: the length of the reply in scratch; 0 = it comes later. */
  function answerRequest(message: Uint8Array, src: Uint32Array, srcAt: number, isDatagram: boolean): number {
    const headEnd = zoneSectionEnd(message)
    const refuse = (rcode: number, signer?: TsigSigner): number => {
      countRefusal(rcode)
      const head = message.slice(0, headEnd === 0 ? HEADER_BYTES : headEnd)
      return writeRefusal({ head, hasOpt: false, signer }, rcode, scratch, nowSeconds())
    }
    if (headEnd === 0) return refuse(RCODE_FORMERR)
    const isUpdate = opcodeOf(message) === OPCODE_UPDATE
    // Nobody may update without a key; a NOTIFY is a hint that is checked against the primaries of its zone.
    if (isUpdate && findTsig(message).kind === 'none') return refuse(RCODE_REFUSED)
    if (options.forward !== undefined && isDatagram) return options.forward(message, src, srcAt) ? 0 : refuse(RCODE_SERVFAIL)
    const checked = check(message, { ...streamQuery, questionEnd: headEnd, hasOpt: false })
    if (typeof checked === 'number') return checked
    return refuse(options.forward !== undefined ? RCODE_SERVFAIL : isUpdate ? RCODE_REFUSED : RCODE_NOTAUTH, checked.signer)
  }

  function countRefusal(rcode: number): void {
    count(REFUSALS.get(rcode) ?? 'busy')
  }

  /** The reply to a transfer query that must fit into one datagram. */
  function writeDatagram(
    query: Query,
    checked: Checked,
    limit: number,
    src: Uint32Array,
    srcAt: number,
    tables: TransferTables | undefined,
  ): number {
    const frame: ReplyFrame = { head: checked.body.slice(0, query.questionEnd), hasOpt: query.hasOpt, signer: checked.signer }
    const now = nowSeconds()
    // RFC 5936 §4.2: AXFR is not defined over UDP. NSD and Knot say so, BIND says FORMERR; the message has no fault of form.
    const wanted = query.type === TYPE_AXFR ? RCODE_NOTIMP : recordsFor(query, checked, src, srcAt, tables)
    if (typeof wanted === 'number') {
      countRefusal(wanted)
      return writeRefusal(frame, wanted, scratch, now)
    }
    if (wanted.kind === 'ixfr') {
      const length = writeSingleReply(frame, ixfrRecords(wanted.diff!), scratch, limit, now)
      if (length !== undefined) {
        count('ixfr')
        return length
      }
    }
    // RFC 1995 §2: what does not fit is the SOA alone, which tells the asker to come by TCP.
    count('soa')
    return (
      writeSingleReply(frame, soaRecords(wanted.tables, wanted.zone), scratch, limit, now) ??
      writeRefusal(frame, RCODE_SERVFAIL, scratch, now)
    )
  }

  return {
    use: (next) => {
      content = next
      findKey = tsigKeyFinder(next.keys)
    },
    answer: (query, mem, off, len, room, src, srcAt, transport, tables, answerPlain) => {
      if ((mem[off + 2]! & 0x78) !== 0) {
        const replied = answerRequest(mem.slice(off, off + len), src, srcAt, transport === 0)
        mem.set(scratch.subarray(0, replied), off)
        return replied
      }
      const { type, udpSize } = query
      const checked = check(mem.slice(off, off + len), query)
      const isDatagram = transport === 0
      const limit = isDatagram ? Math.min(room, Math.max(512, Math.min(udpSize, 1232))) : room
      let length: number
      if (typeof checked === 'number') length = checked
      else if (type === TYPE_AXFR || type === TYPE_IXFR) length = writeDatagram(query, checked, limit, src, srcAt, tables)
      else {
        count('signed')
        const { body, signer } = checked
        if (signer === undefined) return answerPlain(mem, off, len, room, src, srcAt, transport)
        scratch.set(body)
        // RFC 8945 §5.3: the reply is signed, whatever it says; it leaves room for that.
        length = answerPlain(scratch, 0, body.length, limit - tsigBytes(signer.key), src, srcAt, transport)
        if (length > 0) length = signer.sign(scratch, length, nowSeconds())
      }
      mem.set(scratch.subarray(0, length), off)
      return length
    },
    expiredZones: (zones) => {
      if (zones === expiredOf.zones && content === expiredOf.content) return expiredOf.flags
      const names = zones === undefined ? [] : [...content.expired]
      const flags = new Uint8Array(names.length === 0 ? 0 : zones!.zoneApex.length)
      for (const name of names) {
        const zone = findZone(zones!, canonicalName(parseName(name)))
        if (zone >= 0) flags[zone] = 1
      }
      expiredOf = { zones, content, flags }
      return flags
    },
    beginStream: (received, src, tables, running, tls) => {
      if (readQuery(received, 0, received.length, streamQuery) !== VERDICT_OK) return undefined
      if (streamQuery.type !== TYPE_AXFR && streamQuery.type !== TYPE_IXFR) return undefined
      // A copy: it comes in a node Buffer, whose slices are views.
      const checked = check(new Uint8Array(received), streamQuery)
      if (typeof checked === 'number') return single(scratch.slice(0, checked))
      const frame: ReplyFrame = { head: checked.body.slice(0, streamQuery.questionEnd), hasOpt: streamQuery.hasOpt, signer: checked.signer }
      // RFC 9103 §7.1, §7.2: transfers over TLS have version 1.3 and the protocol "dot".
      const isFit = tls === undefined || (tls.version === 'TLSv1.3' && tls.alpn === 'dot')
      let wanted = isFit ? recordsFor(streamQuery, checked, src, 0, tables) : RCODE_REFUSED
      if (typeof wanted !== 'number' && running >= TRANSFERS_AT_ONCE) wanted = RCODE_SERVFAIL
      if (typeof wanted === 'number') {
        countRefusal(wanted)
        return single(scratch.slice(0, writeRefusal(frame, wanted, scratch, nowSeconds())))
      }
      count(wanted.kind === 'axfr' && streamQuery.type === TYPE_IXFR ? 'ixfr-as-axfr' : wanted.kind)
      if (wanted.kind === 'ixfr') return createTransferStream(frame, ixfrRecords(wanted.diff!), undefined)
      const records = wanted.kind === 'soa' ? soaRecords(wanted.tables, wanted.zone) : axfrRecords(wanted.tables, wanted.zone)
      return createTransferStream(frame, records, wanted.tables)
    },
  }
}

/** A stream of one message that is there already. */
function single(message: Uint8Array): TransferStream {
  let given = false
  return {
    tables: undefined,
    next: (mem) => {
      if (given) return 0
      given = true
      mem.set(message)
      return message.length
    },
  }
}
