/**
 * Packet in, packet out, in place: the algorithm of RFC 1034 §4.3.2 over the local zones, with steered names decided by policy.
 * Pure but for ctx; hot: no allocation, no throw of its own (bench/answer.bench.ts guards it).
 *
 *   readQuery ─► locateClient ─► findName ─► nothing: REFUSED │ cut: referral │ miss: NXDOMAIN │ node: steered, alias, RRset, NODATA
 *             ─► writeOpt ─► header
 */
import { HEADER_BYTES, readQuery, VERDICT_DROP, VERDICT_OK } from '../wire/read-query.ts'
import {
  CLASS_ANY,
  CLASS_CH,
  CLASS_IN,
  RCODE_FORMERR,
  RCODE_NXDOMAIN,
  RCODE_REFUSED,
  RCODE_SERVFAIL,
  TYPE_ANY,
  TYPE_CNAME,
  TYPE_DS,
  TYPE_OPT,
  TYPE_TXT,
} from '../wire/registry.ts'
import { ANSWERS, addCount, beginResponse, writePointer, writeRecord } from '../wire/response-writer.ts'
import { FOUND_CUT, FOUND_MISS, FOUND_NOTHING, findName, findRRset } from '../zone/find-name.ts'
import { NODE_ALIAS, NODE_CUT, NONE } from '../zone/zone-columns.ts'
import type { AnswerContext } from './answer-context.ts'
import { answerSteered, moveOwner, STEER_ALIAS, STEER_ANSWERED, STEER_NODATA } from './choose-rrset.ts'
import { writeNegativeSoa, writeReferral, writeRRset } from './fill-sections.ts'
import { OUR_UDP_SIZE, optBytes, writeOpt } from './finish-edns.ts'
import { locateClient } from './locate-client.ts'

export { type AnswerContext, type AnswerOptions, createAnswerContext } from './answer-context.ts'

/** Transport numbers. */
export const TRANSPORT_UDP = 0
export const TRANSPORT_TCP = 1

/** CNAMEs followed in one answer; then NOERROR with the chain so far, as BIND and Knot do. */
const MAX_CHAIN = 16
const NO_TTL_LIMIT = 0xffffffff
const FLAG_QR = 0x80
const FLAG_AA = 0x04
const FLAG_TC = 0x02

/**
 * Answers the query at `mem[off … off+len-1]` in place; the reply may take `room` octets. `src[srcAt …]` is the asker's address as
 * four words. Returns the reply's length, 0 = no reply.
 */
export function answerQuery(
  ctx: AnswerContext,
  mem: Uint8Array,
  off: number,
  len: number,
  room: number,
  src: Uint32Array,
  srcAt: number,
  transport: number,
): number {
  const { query, writer } = ctx
  const verdict = readQuery(mem, off, len, query)
  if (verdict === VERDICT_DROP) return 0
  ctx.rcode = verdict
  ctx.authoritative = false
  ctx.truncated = false
  ctx.scope = 0
  ctx.decisionPolicy = -1
  clearCounts(mem, off, query.questionEnd !== 0)
  const end = query.questionEnd === 0 ? HEADER_BYTES : query.questionEnd
  const limit = transport === TRANSPORT_TCP ? room : Math.min(room, Math.max(512, Math.min(query.udpSize, OUR_UDP_SIZE)))
  beginResponse(writer, mem, off, end, limit - optBytes(ctx))
  if (verdict === VERDICT_OK) answerQuestion(ctx, src, srcAt)
  if (ctx.truncated) dropSections(ctx, end)
  // A FORMERR may come of the OPT itself: then none is sent back (RFC 6891 §7).
  if (verdict !== RCODE_FORMERR) writeOpt(ctx)
  mem[off + 2] = FLAG_QR | (mem[off + 2]! & 0x79) | (ctx.authoritative ? FLAG_AA : 0) | (ctx.truncated ? FLAG_TC : 0)
  mem[off + 3] = (mem[off + 3]! & 0x10) | (ctx.rcode & 15)
  return writer.position
}

/** Turns the message in place into SERVFAIL with its question; returns its length, 0 when it is no query. */
export function answerServfail(mem: Uint8Array, off: number, len: number): number {
  if (len < HEADER_BYTES || (mem[off + 2]! & FLAG_QR) !== 0) return 0
  // The question may be the very thing that failed: only the header is kept.
  clearCounts(mem, off, false)
  mem[off + 2] = FLAG_QR | (mem[off + 2]! & 0x79)
  mem[off + 3] = RCODE_SERVFAIL
  return HEADER_BYTES
}

function clearCounts(mem: Uint8Array, off: number, hasQuestion: boolean): void {
  mem[off + 4] = 0
  mem[off + 5] = hasQuestion ? 1 : 0
  for (let i = 6; i < 12; i++) mem[off + i] = 0
}

/** RFC 2181 §9: what a truncated reply holds is not used; it is the question alone. */
function dropSections(ctx: AnswerContext, end: number): void {
  clearCounts(ctx.writer.mem, ctx.writer.off, true)
  ctx.writer.position = end
}

function answerQuestion(ctx: AnswerContext, src: Uint32Array, srcAt: number): void {
  const { query, owner } = ctx
  if (query.class === CLASS_CH) {
    answerChaos(ctx)
    return
  }
  // Transfers, and types that are no data (RFC 6895 §3.1): 128–255 but ANY, and OPT.
  if ((query.class !== CLASS_IN && query.class !== CLASS_ANY) || query.type === TYPE_OPT || (query.type >= 128 && query.type < TYPE_ANY)) {
    ctx.rcode = query.type === TYPE_OPT ? RCODE_FORMERR : RCODE_REFUSED
    return
  }
  if (ctx.zones === undefined) {
    ctx.rcode = RCODE_SERVFAIL
    return
  }
  for (let i = 0; i < query.nameLength; i++) owner[i] = query.name[i]!
  ctx.ownerLength = query.nameLength
  ctx.ownerAt = HEADER_BYTES
  for (let links = 0; links <= MAX_CHAIN; links++) if (!answerOwner(ctx, links, src, srcAt)) return
}

/** One turn of the chain: answers for ctx.owner. True when a CNAME was written and its target is the owner now. */
function answerOwner(ctx: AnswerContext, links: number, src: Uint32Array, srcAt: number): boolean {
  const zones = ctx.zones!
  const { found, query } = ctx
  findName(zones, ctx.owner, ctx.ownerLength, found)
  if (found.kind === FOUND_NOTHING) {
    // The target of a CNAME elsewhere is the resolver's business; what was asked elsewhere is not ours.
    if (links === 0) ctx.rcode = RCODE_REFUSED
    return false
  }
  if (found.kind === FOUND_CUT && !(found.isAtCut && query.type === TYPE_DS)) {
    if (links === 0) writeReferral(ctx, found.node)
    return false
  }
  if (links === 0) ctx.authoritative = true
  if (found.kind === FOUND_MISS) {
    // RFC 6604 §2.1: the rcode speaks of the last name of the chain.
    ctx.rcode = RCODE_NXDOMAIN
    writeNegativeSoa(ctx, found.zone, NO_TTL_LIMIT)
    return false
  }
  return answerNode(ctx, found.node, src, srcAt)
}

function answerNode(ctx: AnswerContext, node: number, src: Uint32Array, srcAt: number): boolean {
  const zones = ctx.zones!
  const { query, found } = ctx
  const zone = found.zone
  let ttlLimitSeconds = NO_TTL_LIMIT
  const steer = zones.nodeSteer[node]!
  if (steer !== NONE) {
    locateClient(ctx, zones.zoneUsesClientSubnet[zone] === 1, src, srcAt)
    const outcome = answerSteered(ctx, steer)
    if (outcome === STEER_ALIAS) return true
    if (outcome === STEER_ANSWERED) return false
    if (outcome === STEER_NODATA) ttlLimitSeconds = ctx.decision.ttlSeconds
  }
  if (ttlLimitSeconds === NO_TTL_LIMIT) {
    if ((zones.nodeFlags[node]! & NODE_ALIAS) !== 0 && query.type !== TYPE_CNAME && query.type !== TYPE_ANY) return writeAlias(ctx, node)
    const rrset = query.type === TYPE_ANY ? firstRRset(ctx, node) : findRRset(zones, node, query.type)
    if (rrset !== NONE) {
      if (!writeRRset(ctx, rrset, ctx.ownerAt, node, zones.rrsetTtlSeconds[rrset]!, ANSWERS)) ctx.truncated = true
      return false
    }
  }
  writeNegativeSoa(ctx, zone, ttlLimitSeconds)
  return false
}

/** The one RRset given for ANY (RFC 8482 §4.1); NONE at an empty non-terminal. */
function firstRRset(ctx: AnswerContext, node: number): number {
  const zones = ctx.zones!
  const first = zones.nodeRRsetFirst[node]!
  return first < zones.nodeRRsetFirst[node + 1]! && (zones.nodeFlags[node]! & NODE_CUT) === 0 ? first : NONE
}

function writeAlias(ctx: AnswerContext, node: number): boolean {
  const zones = ctx.zones!
  const rrset = findRRset(zones, node, TYPE_CNAME)
  if (!writeRRset(ctx, rrset, ctx.ownerAt, node, zones.rrsetTtlSeconds[rrset]!, ANSWERS)) {
    ctx.truncated = true
    return false
  }
  const at = zones.rrsetDataFirst[rrset]!
  moveOwner(ctx, zones.rdata, at + 2, (zones.rdata[at]! << 8) | zones.rdata[at + 1]!)
  return true
}

/** version.bind, id.server and hostname.bind in class CH (RFC 4892); everything else there is refused. */
function answerChaos(ctx: AnswerContext): void {
  const { query, writer } = ctx
  ctx.rcode = RCODE_REFUSED
  if (query.type !== TYPE_TXT && query.type !== TYPE_ANY) return
  const text =
    matches(query.name, ID_SERVER) || matches(query.name, HOSTNAME_BIND)
      ? ctx.identityText
      : matches(query.name, VERSION_BIND)
        ? VERSION_TEXT
        : undefined
  if (text === undefined || text.length < 2) return
  if (!writePointer(writer, HEADER_BYTES) || !writeRecord(writer, TYPE_TXT, 0, text, 0, text.length)) {
    ctx.truncated = true
    return
  }
  // writeRecord writes class IN; the record of a CH question is in CH.
  writer.mem[writer.off + writer.rdataAt - 7] = CLASS_CH
  addCount(writer, ANSWERS, 1)
  ctx.rcode = 0
}

function wireText(...labels: readonly string[]): Uint8Array {
  return Uint8Array.from([...labels.flatMap((label) => [label.length, ...new TextEncoder().encode(label)]), 0])
}

const ID_SERVER = wireText('id', 'server')
const HOSTNAME_BIND = wireText('hostname', 'bind')
const VERSION_BIND = wireText('version', 'bind')
const VERSION_TEXT = Uint8Array.of(8, ...new TextEncoder().encode('nearcast'))

function matches(name: Uint8Array, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (name[i] !== wanted[i]) return false
  return true
}
