/**
 * UPDATE and NOTIFY at a node, in its main thread: form, TSIG, first permission here; what they mean is control's business. Shell (clock).
 *
 *   message ─► TSIG (RFC 8945 §5.2) ─► zone (NOTAUTH) ─► key (REFUSED) ─► ask control ─► wait until the generation is live ─► signed reply
 *
 * A message that comes again is the client's next try, or a replay: it gets the reply of the first, made or in the making. A signed one is
 * known by what its signature covers, wherever it comes from, for as long as the clock of TSIG lets it in (RFC 8945 §5.2.3); an unsigned
 * one by its client and octets for RETRY_MS.
 */
import { createHash } from 'node:crypto'
import { formatAddress } from '../../geodata/address/address.ts'
import { readZoneSection, zoneSectionEnd } from '../update/update-message.ts'
import { makeExtendedError } from '../wire/extended-error.ts'
import { canonicalName, formatName, parseName } from '../wire/name.ts'
import { HEADER_BYTES } from '../wire/read-query.ts'
import {
  CLASS_IN,
  RCODE_FORMERR,
  RCODE_NOERROR,
  RCODE_NOTIMP,
  RCODE_REFUSED,
  RCODE_SERVFAIL,
  RCODE_WORDS,
  TYPE_OPT,
  TYPE_SOA,
} from '../wire/registry.ts'
import {
  createTsigSigner,
  findTsig,
  RCODE_NOTAUTH,
  TSIG_FUDGE_SECONDS,
  type TsigKey,
  type TsigRecord,
  type TsigSigner,
  tsigKeyFinder,
  verifyRequest,
  writeTsigError,
} from '../wire/tsig.ts'
import { addressAt } from './transfer-access.ts'
import { OPCODE_NOTIFY, OPCODE_UPDATE, opcodeOf } from './transfer-desk.ts'
import type { TransferPlan } from './transfer-plan.ts'
import { writeRefusal } from './transfer-stream.ts'
import { findZone, type TransferTables } from './zone-walk.ts'

/** What the desk is given of what is live. */
export type LiveZones = { readonly tables: TransferTables; readonly plan: TransferPlan | undefined }

/** An update for control, and what control says of it. */
export type AskUpdate = (ask: { readonly keyName: string; readonly message: string; readonly client: string }) => Promise<{
  readonly rcode: number
  readonly generation: number
  readonly reason: string
}>

/** What a desk works with. */
export type RequestDeskOptions = {
  readonly nowSeconds: () => number
  readonly nowMonotonicMs: () => number
  readonly keys: () => readonly TsigKey[]
  readonly live: () => LiveZones | undefined
  readonly askUpdate: AskUpdate
  /** A primary says that a zone of ours is new there. */
  readonly tellNotify: (ask: { readonly zone: string; readonly client: string; readonly keyName: string }) => Promise<unknown>
  /** True when this node answers from that generation, or a later one; false when it does not in time. */
  readonly whenLive: (generation: number) => Promise<boolean>
  /** An update that could not be handed over, or whose generation did not become live; for the log. */
  readonly onProblem: (what: string) => void
}

/** The desk of a node. */
export type RequestDesk = {
  /** The reply to a message; never rejects. `source` is the client's address, four words. */
  readonly answer: (message: Uint8Array, source: Uint32Array) => Promise<Uint8Array>
  /** Updates answered so far, by rcode word. */
  readonly updates: () => Readonly<Record<string, number>>
  /** NOTIFYs answered so far, by rcode word. */
  readonly notifies: () => Readonly<Record<string, number>>
}

/** A client tries again within this time. */
const RETRY_MS = 30_000
/** Replies to unsigned messages remembered. */
const REPLIES_KEPT = 1024
/** Replies to signed messages remembered, some 300 octets each: 200 updates a second for the longest time that TSIG allows. */
const SIGNED_REPLIES_KEPT = 131_072

type Request = {
  readonly message: Uint8Array
  readonly headEnd: number
  readonly signer: TsigSigner | undefined
  readonly keyName: string
  /** Without TSIG. */
  readonly body: Uint8Array
  readonly client: string
}

/** Makes it. */
export function createRequestDesk(options: RequestDeskOptions): RequestDesk {
  const { nowSeconds } = options
  const replies = new Map<string, { readonly atMs: number; readonly reply: Promise<Uint8Array> }>()
  const signedReplies = new Map<string, { readonly untilSeconds: number; readonly reply: Promise<Uint8Array> }>()
  const updates: Record<string, number> = {}
  const notifies: Record<string, number> = {}
  const scratch = new Uint8Array(65_535)

  function refuse({ message, headEnd, signer }: Pick<Request, 'message' | 'headEnd' | 'signer'>, rcode: number, reason = ''): Uint8Array {
    const counts = opcodeOf(message) === OPCODE_UPDATE ? updates : notifies
    const word = RCODE_WORDS[rcode] ?? `RCODE${rcode}`
    counts[word] = (counts[word] ?? 0) + 1
    const head = message.slice(0, headEnd === 0 ? HEADER_BYTES : headEnd)
    const hasOpt = headEnd !== 0 && rcode !== RCODE_FORMERR && hasOptRecord(message, headEnd)
    // 18, prohibited: RFC 8914 §4.19; other reasons are "other".
    const because = reason === '' ? undefined : makeExtendedError(rcode === RCODE_REFUSED ? 18 : 0, reason)
    return scratch.slice(0, writeRefusal({ head, hasOpt, signer }, rcode, scratch, nowSeconds(), because))
  }

  async function update(request: Request): Promise<Uint8Array> {
    const zone = readZoneSection(request.body)
    // RFC 2136 §3.1.1: one zone, of type SOA.
    if (zone === undefined || zone.type !== TYPE_SOA) return refuse(request, RCODE_FORMERR)
    const live = options.live()
    if (live === undefined) return refuse(request, RCODE_SERVFAIL)
    if (zone.class !== CLASS_IN || findZone(live.tables.zones, zone.name) < 0) return refuse(request, RCODE_NOTAUTH)
    const name = formatName(zone.name)
    const planned = live.plan?.zones.find((other) => canonicalText(other.name) === name)
    if (planned?.updateKeys?.some((key) => canonicalText(key) === request.keyName) !== true)
      return refuse(request, RCODE_REFUSED, 'this key may not update the zone')
    try {
      const { keyName, body, client } = request
      const verdict = await options.askUpdate({ keyName, message: Buffer.from(body).toString('base64'), client })
      if (verdict.rcode !== RCODE_NOERROR) return refuse(request, verdict.rcode, verdict.reason)
      if (await options.whenLive(verdict.generation)) return refuse(request, RCODE_NOERROR)
      options.onProblem(`generation ${verdict.generation} with an update of ${name} did not become live in time`)
      return refuse(request, RCODE_SERVFAIL, 'the update is stored but not live here yet')
    } catch (error) {
      // Control may have stored it before it, or the connection, went away.
      options.onProblem(`an update of ${name} was not answered: ${(error as Error).message}`)
      return refuse(request, RCODE_SERVFAIL, 'control gave no answer; whether the update was done is not known')
    }
  }

  async function notify(request: Request): Promise<Uint8Array> {
    const zone = readZoneSection(request.body)
    if (zone === undefined || zone.type !== TYPE_SOA) return refuse(request, RCODE_FORMERR)
    const name = formatName(zone.name)
    const planned = options.live()?.plan?.zones.find((other) => canonicalText(other.name) === name)
    // RFC 1996 §3.10: only from a primary of the zone, known by its address or by its key; others are told nothing but that. It need
    // not be signed, as it is only a hint to ask: what comes then is signed when the primary has a key.
    const isPrimary = planned?.primaries?.some(
      ({ address, tsigKey }) => address === request.client || (tsigKey !== '' && canonicalText(tsigKey) === request.keyName),
    )
    if (zone.class !== CLASS_IN || planned?.primaries === undefined) return refuse(request, RCODE_NOTAUTH)
    if (isPrimary !== true) return refuse(request, RCODE_REFUSED)
    try {
      await options.tellNotify({ zone: name, client: request.client, keyName: request.keyName })
      return refuse(request, RCODE_NOERROR)
    } catch (error) {
      options.onProblem(`a NOTIFY for ${name} was not passed on: ${(error as Error).message}`)
      return refuse(request, RCODE_SERVFAIL)
    }
  }

  async function answerNow(message: Uint8Array, source: Uint32Array): Promise<Uint8Array> {
    const headEnd = zoneSectionEnd(message)
    const plain = { message, headEnd, signer: undefined }
    const opcode = opcodeOf(message)
    if (opcode !== OPCODE_UPDATE && opcode !== OPCODE_NOTIFY) return refuse(plain, RCODE_NOTIMP)
    const found = findTsig(message)
    if (headEnd === 0 || found.kind === 'malformed') return refuse(plain, RCODE_FORMERR)
    const client = formatAddress(addressAt(source, 0))
    if (found.kind === 'none') {
      if (opcode === OPCODE_UPDATE) return refuse(plain, RCODE_REFUSED)
      return notify({ ...plain, keyName: '', body: message, client })
    }
    const now = nowSeconds()
    const verdict = verifyRequest(message, found.record, tsigKeyFinder(options.keys()), now)
    if (!verdict.ok) {
      const counts = opcode === OPCODE_UPDATE ? updates : notifies
      const word = RCODE_WORDS[verdict.rcode]!
      counts[word] = (counts[word] ?? 0) + 1
      scratch.set(message.subarray(0, headEnd))
      return scratch.slice(0, writeTsigError(scratch, headEnd, verdict, now))
    }
    const body = message.slice(0, found.record.at)
    const view = new DataView(body.buffer)
    view.setUint16(10, view.getUint16(10) - 1)
    const signer = createTsigSigner(verdict.key, found.record.mac)
    const request = { message, headEnd, signer, keyName: formatName(verdict.key.name), body, client }
    return onceSigned(request, found.record, now, () => (opcode === OPCODE_UPDATE ? update(request) : notify(request)))
  }

  /** The reply to a signed message, made once. */
  async function onceSigned(
    { message, keyName, body }: Request,
    record: TsigRecord,
    now: number,
    make: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    for (const [key, { untilSeconds }] of signedReplies) {
      if (untilSeconds >= now && signedReplies.size < SIGNED_REPLIES_KEPT) break
      signedReplies.delete(key)
    }
    const { timeSeconds, fudgeSeconds, originalId } = record
    // What the MAC covers: another id of the header, another case of the key's name or a shorter MAC make no other message.
    const key = createHash('sha256')
      .update(`${keyName} ${timeSeconds} ${fudgeSeconds} ${originalId} `)
      .update(body.subarray(2))
      .digest('base64')
    let known = signedReplies.get(key)
    if (known === undefined) {
      known = { untilSeconds: timeSeconds + Math.min(fudgeSeconds, TSIG_FUDGE_SECONDS), reply: make() }
      signedReplies.set(key, known)
      // What failed may succeed at the next try.
      void known.reply.then(
        (bytes) => (bytes[3]! & 15) === RCODE_SERVFAIL && signedReplies.delete(key),
        () => signedReplies.delete(key),
      )
    }
    const reply = (await known.reply).slice()
    reply.set(message.subarray(0, 2))
    return reply
  }

  /** Forgets old replies to unsigned messages; the oldest stand first. */
  function forget(nowMs: number): void {
    for (const [key, { atMs }] of replies) {
      if (nowMs - atMs < RETRY_MS && replies.size < REPLIES_KEPT) return
      replies.delete(key)
    }
  }

  return {
    answer: (message, source) => {
      const failed = (error: Error): Uint8Array => {
        options.onProblem(`a request failed: ${error.message}`)
        return refuse({ message, headEnd: zoneSectionEnd(message), signer: undefined }, RCODE_SERVFAIL)
      }
      if (findTsig(message).kind === 'found') return answerNow(message, source).catch(failed)
      const nowMs = options.nowMonotonicMs()
      forget(nowMs)
      // Not the message itself: a thousand NOTIFYs of 64 KiB would be kept.
      const key = createHash('sha256').update(new Uint8Array(source.slice().buffer)).update(message).digest('base64')
      const known = replies.get(key)
      if (known !== undefined) return known.reply
      const reply = answerNow(message, source).catch(failed)
      replies.set(key, { atMs: nowMs, reply })
      // What failed may succeed at the next try.
      void reply.then((bytes) => (bytes[3]! & 15) === RCODE_SERVFAIL && replies.delete(key))
      return reply
    },
    updates: () => updates,
    notifies: () => notifies,
  }
}

/** A name of the document as names of messages are written. */
function canonicalText(name: string): string {
  return formatName(canonicalName(parseName(name)))
}

/** True when the additional section has an OPT: only then may the reply have one. */
function hasOptRecord(message: Uint8Array, headEnd: number): boolean {
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  let at = headEnd
  const before = view.getUint16(6) + view.getUint16(8)
  for (let number = 0; number < before + view.getUint16(10); number++) {
    while (at < message.length && message[at] !== 0 && (message[at]! & 0xc0) !== 0xc0) at += 1 + message[at]!
    at += message[at] === 0 ? 1 : 2
    if (at + 10 > message.length) return false
    if (number >= before && view.getUint16(at) === TYPE_OPT) return true
    at += 10 + view.getUint16(at + 8)
  }
  return false
}
