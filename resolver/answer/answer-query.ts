/**
 * Packet in, packet out, in place: the algorithm of RFC 1034 §4.3.2 over the local zones, with steered names decided by policy.
 * Pure but for ctx; hot: no allocation, no throw of its own (bench/answer.bench.ts guards it).
 *
 *   readQuery ─► locateClient ─► findName ─► nothing: REFUSED │ cut: referral │ DNAME │ miss: NXDOMAIN │ node: steered, alias, RRset, NODATA
 *             ─► writeOpt ─► header
 */
import {
  ERROR_NOT_AUTHORITATIVE,
  ERROR_NOT_READY,
  ERROR_NOT_SUPPORTED,
  ERROR_QUERY_TYPE,
  ERROR_ZONE_EXPIRED,
} from '../wire/extended-error.ts'
import { HEADER_BYTES, readQuery, VERDICT_DROP, VERDICT_OK, VERDICT_REQUEST } from '../wire/read-query.ts'
import {
  CLASS_ANY,
  CLASS_CH,
  CLASS_IN,
  RCODE_FORMERR,
  RCODE_NOTIMP,
  RCODE_NXDOMAIN,
  RCODE_REFUSED,
  RCODE_SERVFAIL,
  TYPE_ANY,
  TYPE_AXFR,
  TYPE_CNAME,
  TYPE_DNAME,
  TYPE_DS,
  TYPE_IXFR,
  TYPE_NSEC,
  TYPE_NXNAME,
  TYPE_OPT,
  TYPE_RRSIG,
} from '../wire/registry.ts'
import { ANSWERS, beginResponse } from '../wire/response-writer.ts'
import { FOUND_CUT, FOUND_DNAME, FOUND_MISS, FOUND_NODE, FOUND_NOTHING, findName, findRRset } from '../zone/find-name.ts'
import { NODE_ALIAS, NODE_APEX, NODE_DNAME, NONE } from '../zone/zone-columns.ts'
import { nodeEndRRset, nodeFirstRRset, nodeFlags, nodeSteer, rrsetTtlSeconds, rrsetType } from '../zone/zone-rows.ts'
import { answerChaos } from './answer-chaos.ts'
import { type AnswerContext, MAX_CHAIN } from './answer-context.ts'
import { answerSteered, findPlainRRset, STEER_ALIAS, STEER_ANSWERED, STEER_NODATA, STEER_NOT } from './choose-rrset.ts'
import { writeAdditional, writeNegativeSoa, writeReferral, writeRRset } from './fill-sections.ts'
import { OUR_UDP_SIZE, optBytes, writeOpt } from './finish-edns.ts'
import { isDnameWritten, isLoop, writeAlias, writeRedirection } from './follow-alias.ts'
import { admitsFailure, admitsRequest, beginGuard, guardedSize, imputeName, isSpared, passesGuard } from './guard-response.ts'
import { locateClient } from './locate-client.ts'

export { type AnswerContext, type AnswerOptions, createAnswerContext } from './answer-context.ts'

/** Transport numbers. */
export const TRANSPORT_UDP = 0
export const TRANSPORT_TCP = 1
export const TRANSPORT_TLS = 2
export const TRANSPORT_HTTPS = 3

const NO_TTL_LIMIT = 0xffffffff
const FLAG_QR = 0x80
const FLAG_AA = 0x04
const FLAG_TC = 0x02

const OPCODE_BITS = 0x78

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
  ctx.decisionPolicy = -1
  let verdict = readQuery(mem, off, len, query)
  if (verdict === VERDICT_DROP) return 0
  if (ctx.sheds && transport === TRANSPORT_UDP && !isSpared(ctx, src, srcAt)) return 0
  if (verdict === VERDICT_REQUEST) {
    if (ctx.special !== undefined) return answerSpecial(ctx, mem, off, len, room, src, srcAt, transport)
    verdict = RCODE_NOTIMP
  }
  if (verdict === VERDICT_OK && ctx.special !== undefined && (query.hasTsig || query.type === TYPE_IXFR || query.type === TYPE_AXFR)) {
    return answerSpecial(ctx, mem, off, len, room, src, srcAt, transport)
  }
  ctx.rcode = verdict
  ctx.authoritative = false
  ctx.truncated = false
  ctx.scope = 0
  ctx.dnameCount = 0
  ctx.isStream = transport !== TRANSPORT_UDP
  ctx.isEncrypted = transport >= TRANSPORT_TLS
  ctx.extendedError = undefined
  clearCounts(mem, off, query.questionEnd !== 0)
  const end = query.questionEnd === 0 ? HEADER_BYTES : query.questionEnd
  beginGuard(ctx, src, srcAt)
  const limit = transport !== TRANSPORT_UDP ? room : Math.min(room, Math.max(512, Math.min(query.udpSize, guardedSize(ctx, OUR_UDP_SIZE))))
  ctx.isTight = false
  ctx.isTight = end + optBytes(ctx) > limit
  beginResponse(writer, mem, off, end, limit - optBytes(ctx))
  if (verdict === VERDICT_OK && query.questionEnd !== 0) answerQuestion(ctx, src, srcAt)
  else if (verdict === VERDICT_OK && ctx.guard === undefined) ctx.rcode = RCODE_FORMERR
  // A CNAME was written, then its target failed: what failed holds nothing and speaks for nobody (so does Knot's process_query_err).
  if (ctx.rcode === RCODE_SERVFAIL) ctx.authoritative = false
  if (transport === TRANSPORT_UDP && !passesGuard(ctx, src, srcAt)) return 0
  if (ctx.truncated || ctx.rcode === RCODE_SERVFAIL) dropSections(ctx, end)
  // RFC 6891 §6.1.1: with FORMERR too, or the asker would take us for a server that does not know EDNS (§7).
  writeOpt(ctx)
  mem[off + 2] = FLAG_QR | (mem[off + 2]! & 0x79) | (ctx.authoritative ? FLAG_AA : 0) | (ctx.truncated ? FLAG_TC : 0)
  // RFC 4035 §3.1.6: an authoritative answer has CD clear; RA and Z are never ours to set, AD says nothing here.
  mem[off + 3] = ctx.rcode & 15
  return writer.position
}

/** What the transfer desk answers: limited before it costs anything, as its replies are not made here; and again when it failed. */
function answerSpecial(
  ctx: AnswerContext,
  mem: Uint8Array,
  off: number,
  len: number,
  room: number,
  src: Uint32Array,
  srcAt: number,
  transport: number,
): number {
  const isDatagram = transport === TRANSPORT_UDP
  const isRequest = (mem[off + 2]! & OPCODE_BITS) !== 0
  if (isDatagram && !admitsRequest(ctx, isRequest, src, srcAt)) return 0
  const length = ctx.special!(mem, off, len, room, src, srcAt, transport)
  if (length === 0 || !isDatagram || isRequest || (mem[off + 3]! & 15) === 0) return length
  return admitsFailure(ctx, src, srcAt) ? length : 0
}

/** Turns the message in place into a SERVFAIL of its header alone; returns its length, 0 when it is no query. */
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

/** RFC 2181 §9: what a truncated reply holds is not used, nor what a failed one does (RFC 2308 §7.1); it is the question alone. */
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
  if (query.type === TYPE_OPT || query.type === TYPE_NXNAME) {
    // RFC 6891 §6.1.1, RFC 9824 §3.5: no questions. Other types without data (RFC 6895 §3.1) are types that no name has.
    ctx.rcode = RCODE_FORMERR
    ctx.extendedError = ERROR_QUERY_TYPE
    return
  }
  if ((query.class !== CLASS_IN && query.class !== CLASS_ANY) || query.type === TYPE_AXFR || query.type === TYPE_IXFR) {
    ctx.rcode = RCODE_REFUSED
    ctx.extendedError = ERROR_NOT_SUPPORTED
    return
  }
  if (ctx.zones === undefined) {
    ctx.rcode = RCODE_SERVFAIL
    ctx.extendedError = ERROR_NOT_READY
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
  if (isLoop(ctx, links)) return false
  findName(zones, ctx.owner, ctx.ownerLength, found)
  if (links === 0) imputeName(ctx, found)
  if (found.kind === FOUND_NOTHING) {
    // The target of a CNAME elsewhere is the resolver's business; what was asked elsewhere is not ours.
    if (links === 0) {
      ctx.rcode = RCODE_REFUSED
      ctx.extendedError = ERROR_NOT_AUTHORITATIVE
    }
    return false
  }
  if (found.zone < ctx.expired.length && ctx.expired[found.zone] === 1) {
    // RFC 1034 §4.3.5: expired data are not used. In a chain the resolver goes on by itself.
    if (links === 0) {
      ctx.rcode = RCODE_SERVFAIL
      ctx.extendedError = ERROR_ZONE_EXPIRED
    }
    return false
  }
  if (found.kind === FOUND_CUT && !(found.isAtCut && query.type === TYPE_DS)) {
    // Behind a CNAME too: the reply says whom to ask for the rest, its AA speaks of the first owner (RFC 1035 §4.1.1).
    writeReferral(ctx, found.node)
    return false
  }
  // RFC 1035 §6.2: an answer for class ANY is never authoritative.
  if (links === 0) ctx.authoritative = query.class === CLASS_IN
  if (found.kind === FOUND_DNAME) return writeRedirection(ctx, found.node)
  if (found.kind === FOUND_MISS) {
    // RFC 6604 §2.1: the rcode speaks of the last name of the chain.
    ctx.rcode = RCODE_NXDOMAIN
    writeNegativeSoa(ctx, found.zone, NO_TTL_LIMIT)
    return false
  }
  // RFC 4035 §3.1.4.1: DS stands above the cut; at the apex of a zone whose parent zone is ours too, the parent answers.
  if (query.type === TYPE_DS && (nodeFlags(zones, found.node) & NODE_APEX) !== 0) {
    const { zone, node } = found
    const parent = zones.zoneParent[zone]!
    if (parent !== NONE) found.zone = parent
    else if (isReferredAbove(ctx, links)) return false
    else if (isRedirectedAbove(ctx)) return writeRedirection(ctx, found.node)
    else {
      found.zone = zone
      found.node = node
    }
  }
  return answerNode(ctx, found.node, src, srcAt)
}

/** Types that a CNAME's owner may have itself, so that its target is not asked for them (RFC 4035 §2.5; BIND and Knot do the same). */
function standsBesideAlias(type: number): boolean {
  return type === TYPE_CNAME || type === TYPE_RRSIG || type === TYPE_NSEC
}

/**
 * ANY over the plain RRsets of a node. Choice: RFC 8482 §4.1 and §4.4 allow one RRset where the asker's address may be forged and all of
 * them by TCP; that is what BIND does with minimal-any, and what a person who debugs by `dig +tcp ANY` expects.
 */
function writeAny(ctx: AnswerContext, node: number, steer: number): void {
  const zones = ctx.zones!
  const end = nodeEndRRset(zones, node)
  let rrset = findPlainRRset(zones, node, steer, nodeFirstRRset(zones, node))
  while (rrset !== NONE) {
    if (rrsetType(zones, rrset) !== TYPE_DNAME || !isDnameWritten(ctx, node)) {
      if (!writeRRset(ctx, rrset, ctx.ownerAt, node, rrsetTtlSeconds(zones, rrset), ANSWERS)) {
        ctx.truncated = true
        return
      }
      if (!ctx.isStream) {
        writeAdditional(ctx, rrset, node)
        return
      }
    }
    rrset = rrset + 1 === end ? NONE : findPlainRRset(zones, node, steer, rrset + 1)
  }
}

/**
 * DS of a zone of ours whose parent zone another zone of ours delegates: whom to ask is what that one says, as BIND, NSD and Knot do. False
 * when it is not delegated; ctx.found is the name above then.
 */
function isReferredAbove(ctx: AnswerContext, links: number): boolean {
  const { owner, found, redirected } = ctx
  const skip = 1 + owner[0]!
  found.kind = FOUND_NOTHING
  if (skip >= ctx.ownerLength) return false
  for (let i = skip; i < ctx.ownerLength; i++) redirected[i - skip] = owner[i]!
  findName(ctx.zones!, redirected, ctx.ownerLength - skip, found)
  if (found.kind !== FOUND_CUT) return false
  // AA speaks of the first owner of a chain (RFC 1035 §4.1.1).
  if (links === 0) ctx.authoritative = false
  writeReferral(ctx, found.node)
  return true
}

/** The same where a zone of ours redirects the name by a DNAME: the parent's side of the apex is redirected, as BIND and Knot have it. */
function isRedirectedAbove({ zones, found }: AnswerContext): boolean {
  if (found.kind === FOUND_DNAME) return true
  return found.kind === FOUND_NODE && !found.isWildcard && (nodeFlags(zones!, found.node) & NODE_DNAME) !== 0
}

function answerNode(ctx: AnswerContext, node: number, src: Uint32Array, srcAt: number): boolean {
  const zones = ctx.zones!
  const { query, found } = ctx
  const zone = found.zone
  const start = ctx.writer.position
  let ttlLimitSeconds = NO_TTL_LIMIT
  let outcome = STEER_NOT
  const steer = nodeSteer(zones, node)
  if (steer !== NONE) {
    locateClient(ctx, zones.zoneUsesClientSubnet[zone] === 1, src, srcAt)
    outcome = answerSteered(ctx, steer)
    if (outcome === STEER_ALIAS) return true
    if (outcome === STEER_ANSWERED) return false
    // What does not exist for this client now may exist when the decision changes.
    if (outcome !== STEER_NOT) ttlLimitSeconds = ctx.decision.ttlSeconds
  }
  if (query.type === TYPE_ANY) {
    writeAny(ctx, node, steer)
    if (ctx.writer.position !== start || ctx.truncated || isDnameWritten(ctx, node)) return false
  } else if (outcome !== STEER_NODATA) {
    if ((nodeFlags(zones, node) & NODE_ALIAS) !== 0 && !standsBesideAlias(query.type)) return writeAlias(ctx, node)
    const rrset = findRRset(zones, node, query.type)
    if (rrset !== NONE) {
      // Led to the owner of a DNAME by that DNAME: it is in the answer already (RFC 2181 §5).
      if (query.type === TYPE_DNAME && isDnameWritten(ctx, node)) return false
      if (writeRRset(ctx, rrset, ctx.ownerAt, node, rrsetTtlSeconds(zones, rrset), ANSWERS)) writeAdditional(ctx, rrset, node)
      else ctx.truncated = true
      return false
    }
  }
  writeNegativeSoa(ctx, zone, ttlLimitSeconds)
  return false
}
