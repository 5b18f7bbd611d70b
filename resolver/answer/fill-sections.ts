/**
 * Plain RRsets into the sections of a reply: answers, referrals with glue, negative answers with SOA. Pure, hot, no allocation.
 * An RRset is written whole or not at all: a section that would hold half of one is cut back to before it (RFC 2181 §9).
 */
import { HEADER_BYTES } from '../wire/read-query.ts'
import {
  TYPE_A,
  TYPE_AAAA,
  TYPE_AFSDB,
  TYPE_DNSKEY,
  TYPE_DS,
  TYPE_HTTPS,
  TYPE_KX,
  TYPE_L32,
  TYPE_L64,
  TYPE_LP,
  TYPE_MX,
  TYPE_NAPTR,
  TYPE_NS,
  TYPE_RT,
  TYPE_SOA,
  TYPE_SRV,
  TYPE_SVCB,
} from '../wire/registry.ts'
import { ADDITIONALS, AUTHORITIES, addCount, holdsName, writeName, writePointer, writeRecord } from '../wire/response-writer.ts'
import { FOUND_CUT, FOUND_NODE, findName, findNode, findRRset } from '../zone/find-name.ts'
import { recordTtlSeconds } from '../zone/record-ttl.ts'
import { NODE_ADDITIONAL, NONE, type ZoneColumns } from '../zone/zone-columns.ts'
import {
  nodeCut,
  nodeDname,
  nodeFlags,
  nodeNameAt,
  nodeNameBytes,
  nodeSteer,
  nodeWildcard,
  nodeZone,
  rrsetDataAt,
  rrsetDataEnd,
  rrsetTtlSeconds,
  rrsetType,
} from '../zone/zone-rows.ts'
import type { AnswerContext } from './answer-context.ts'

/** Instead of a position: the owner is the name in ctx.owner. */
const OWNER_NAME = -1

/** Writes the owner: a pointer to a known position, the name in ctx.owner, or (position 0) the name of a node. */
function writeOwner(ctx: AnswerContext, zones: ZoneColumns, ownerAt: number, node: number): boolean {
  if (ownerAt === OWNER_NAME) return writeName(ctx.writer, ctx.owner, 0, true)
  if (ownerAt !== 0) return writePointer(ctx.writer, ownerAt)
  return writeName(ctx.writer, zones.names, nodeNameAt(zones, node), true)
}

/** Writes an RRset into the section whose count is `field`; false (and nothing written) when it does not fit. */
export function writeRRset(ctx: AnswerContext, rrset: number, ownerAt: number, node: number, ttlSeconds: number, field: number): boolean {
  const zones = ctx.zones!
  const { writer } = ctx
  const start = writer.position
  const known = writer.knownCount
  const type = rrsetType(zones, rrset)
  const end = rrsetDataEnd(zones, rrset)
  let count = 0
  for (let at = rrsetDataAt(zones, rrset); at < end; count++) {
    const length = (zones.rdata[at]! << 8) | zones.rdata[at + 1]!
    const recordSeconds = recordTtlSeconds(zones, type, ttlSeconds, at)
    if (!writeOwner(ctx, zones, ownerAt, node) || !writeRecord(writer, type, recordSeconds, zones.rdata, at + 2, length)) {
      writer.position = start
      writer.knownCount = known
      return false
    }
    at += 2 + length
  }
  addCount(writer, field, count)
  return true
}

/** SOA of a zone into the authority section, with the TTL of a negative answer (RFC 2308 §3), at most `ttlLimitSeconds`. */
export function writeNegativeSoa(ctx: AnswerContext, zone: number, ttlLimitSeconds: number): void {
  const zones = ctx.zones!
  const ttlSeconds = Math.min(zones.zoneNegativeTtlSeconds[zone]!, ttlLimitSeconds)
  if (rrsetType(zones, zones.zoneSoa[zone]!) !== TYPE_SOA) return
  const apex = zones.zoneApex[zone]!
  if (!writeRRset(ctx, zones.zoneSoa[zone]!, placeOfApex(ctx, apex), apex, ttlSeconds, AUTHORITIES)) ctx.truncated = true
}

/** Where the question has the name of an apex that it is at or below; 0 = it is not known to, or is the root, which no pointer makes shorter. */
function placeOfApex({ zones, ownerAt, ownerLength }: AnswerContext, apex: number): number {
  const bytes = nodeNameBytes(zones!, apex)
  return ownerAt === HEADER_BYTES && bytes > 1 ? ownerAt + ownerLength - bytes : 0
}

/** A referral (RFC 1034 §4.3.2 step 3b): NS of the cut, DS of a signed zone for those who set DO (RFC 4035 §3.1.4), glue. Not authoritative. */
export function writeReferral(ctx: AnswerContext, cut: number): void {
  const zones = ctx.zones!
  const ns = findRRset(zones, cut, TYPE_NS)
  if (!writeRRset(ctx, ns, 0, cut, rrsetTtlSeconds(zones, ns), AUTHORITIES)) {
    ctx.truncated = true
    return
  }
  const isSigned = ctx.query.dnssecOk && findRRset(zones, zones.zoneApex[nodeZone(zones, cut)]!, TYPE_DNSKEY) !== NONE
  const ds = isSigned ? findRRset(zones, cut, TYPE_DS) : NONE
  if (ds !== NONE && !writeRRset(ctx, ds, 0, cut, rrsetTtlSeconds(zones, ds), AUTHORITIES)) ctx.truncated = true
  // Glue without which the servers cannot be reached goes first: sibling glue must not take its room.
  writeGlue(ctx, ns, cut, true)
  writeGlue(ctx, ns, cut, false)
}

/**
 * Addresses of the name servers of a referral: those at or below the cut, or the others. In-domain glue that does not fit must be asked
 * for again by TCP (RFC 9471 §3.1); sibling glue and other addresses are there as far as they fit (§3.2).
 */
function writeGlue(ctx: AnswerContext, ns: number, cut: number, inDomain: boolean): void {
  const zones = ctx.zones!
  const zone = nodeZone(zones, cut)
  const end = rrsetDataEnd(zones, ns)
  for (let at = rrsetDataAt(zones, ns); at < end; at = nextRecord(zones, at)) {
    const node = findHost(ctx, at + 2, zone)
    if (node === NONE || (nodeCut(zones, node) === cut) !== inDomain) continue
    if (!writeAddresses(ctx, node, ctx.glue.isWildcard ? OWNER_NAME : 0) && inDomain) ctx.truncated = true
  }
}

/**
 * What an answer leads to (RFC 1034 §4.3.2 step 6), as far as it fits: addresses of the hosts of NS, MX, SRV and their like (RFC 1035,
 * 2782, 1183, 2230), addresses and further services of SVCB and HTTPS (RFC 9460 §4.1), what the flag of a NAPTR names (RFC 3403 §4.3),
 * locators of LP (RFC 6742 §2.4). Nothing for other types. `owner` is the node of the RRset.
 */
export function writeAdditional(ctx: AnswerContext, rrset: number, owner: number): void {
  const zones = ctx.zones!
  if ((nodeFlags(zones, owner) & NODE_ADDITIONAL) === 0) return
  const type = rrsetType(zones, rrset)
  const skip = hostAt(type)
  if (skip < 0) return
  const zone = nodeZone(zones, owner)
  const end = rrsetDataEnd(zones, rrset)
  // The chain is complete by now: its memory keeps the hosts, since services on one host name it several times (RFC 2181 §5.5).
  const hosts = ctx.chain
  let hostCount = 0
  for (let at = rrsetDataAt(zones, rrset); at < end && hostCount < hosts.length; at = nextRecord(zones, at)) {
    const isOwner = (type === TYPE_SVCB || type === TYPE_HTTPS) && isOwnService(zones.rdata, at + 2)
    const node = isOwner
      ? plainNode(zones, owner)
      : type === TYPE_NAPTR
        ? findReplacement(ctx, at + 2, zone)
        : findHost(ctx, at + 2 + skip, zone)
    // Below a cut it is glue, which belongs to referrals.
    if (node === NONE || nodeCut(zones, node) !== NONE || isAmong(hosts, hostCount, node)) continue
    const isWildcard = !isOwner && ctx.glue.isWildcard
    if (!writeFurther(ctx, type, at + 2, node, isOwner ? ctx.ownerAt : isWildcard ? OWNER_NAME : 0)) return
    // A wildcard may stand for the next host too.
    hosts[hostCount++] = isWildcard ? NONE : node
  }
}

/** Offset of the host's name in rdata of a type; -1 = it names none. In a NAPTR it moves, and is found record by record. */
function hostAt(type: number): number {
  if (type === TYPE_NS || type === TYPE_NAPTR) return 0
  if (type === TYPE_SRV) return 6
  if (type === TYPE_MX || type === TYPE_SVCB || type === TYPE_HTTPS || type === TYPE_LP) return 2
  return type === TYPE_AFSDB || type === TYPE_RT || type === TYPE_KX ? 2 : -1
}

/** True for a service whose target is ".": its owner (RFC 9460 §2.5.2). As the target of an alias it says that there is no service. */
function isOwnService(rdata: Uint8Array, data: number): boolean {
  return rdata[data + 2] === 0 && (rdata[data] !== 0 || rdata[data + 1] !== 0)
}

/** The node, unless it is steered: steered addresses never stand in an additional section (RFC 7871 §7.4). */
function plainNode(zones: ZoneColumns, node: number): number {
  return nodeSteer(zones, node) === NONE ? node : NONE
}

/** Writes what the record with its rdata at `data` leads to at a node; false when it did not fit. */
function writeFurther(ctx: AnswerContext, type: number, data: number, node: number, ownerAt: number): boolean {
  const { rdata } = ctx.zones!
  if (type === TYPE_LP) return writeMore(ctx, node, TYPE_L32, ownerAt) && writeMore(ctx, node, TYPE_L64, ownerAt)
  if (type === TYPE_NAPTR && naptrFlag(rdata, data) === LETTER_S) return writeMore(ctx, node, TYPE_SRV, ownerAt)
  const isService = type === TYPE_SVCB || type === TYPE_HTTPS
  // RFC 2181 §5.5: an alias to itself has its services in the answer already. By its name: a wildcard stands for others too.
  const isAnswered = ownerAt > 0 || (isService && holdsName(ctx.writer, ctx.ownerAt, ctx.owner, 0))
  if (isService && !isAnswered && !writeMore(ctx, node, type, ownerAt)) return false
  return writeAddresses(ctx, node, ownerAt)
}

const LETTER_A = 0x61
const LETTER_S = 0x73

/** The flag of the NAPTR with its rdata at `data`, in lower case; 0 = none or several. */
function naptrFlag(rdata: Uint8Array, data: number): number {
  return rdata[data + 4] === 1 ? rdata[data + 5]! | 0x20 : 0
}

/** Node of the replacement of the NAPTR with its rdata at `data`, for the flags S (services) and A (addresses); else NONE. */
function findReplacement(ctx: AnswerContext, data: number, zone: number): number {
  const { rdata } = ctx.zones!
  const flag = naptrFlag(rdata, data)
  if (flag !== LETTER_S && flag !== LETTER_A) return NONE
  let from = data + 4
  // Flags, services, regular expression: three strings.
  for (let i = 0; i < 3; i++) from += 1 + rdata[from]!
  return findHost(ctx, from, zone)
}

function isAmong(hosts: Int32Array, count: number, node: number): boolean {
  for (let i = 0; i < count; i++) if (hosts[i] === node) return true
  return false
}

/** Offset of the record behind the one at `at` of the rdata column. */
function nextRecord(zones: ZoneColumns, at: number): number {
  return at + 2 + ((zones.rdata[at]! << 8) | zones.rdata[at + 1]!)
}

/**
 * Node of the host whose name begins at `from` of the rdata column, or of the wildcard that stands for it (ctx.glue.isWildcard); NONE when
 * the zone has none, or a steered one. Only names of the zone that answers, or of ours nested in it, count: a resolver believes us no others
 * (RFC 2181 §5.4.1). Puts the name into ctx.owner: the answer is complete by now.
 */
function findHost(ctx: AnswerContext, from: number, zone: number): number {
  const zones = ctx.zones!
  const name = ctx.owner
  let length = 0
  for (let at = from; ; ) {
    const label = zones.rdata[at]!
    for (const stop = at + 1 + label; at < stop; at++) {
      const octet = zones.rdata[at]!
      name[length++] = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet
    }
    if (label === 0) break
  }
  const { glue } = ctx
  glue.isWildcard = false
  let node = findNode(zones, name, length, glue)
  if (node === NONE) {
    findName(zones, name, length, glue)
    // Glue may come by a wildcard below the cut too, as in NSD and Knot: without it the server could not be reached.
    if (glue.kind === FOUND_CUT) node = nodeWildcard(zones, glue.encloser)
    else if (glue.kind === FOUND_NODE) node = glue.node
    if (node === NONE) return NONE
    glue.isWildcard = true
  }
  if (nodeDname(zones, node) !== NONE) return NONE
  for (let holder = nodeZone(zones, node); holder !== NONE; holder = zones.zoneParent[holder]!) {
    if (holder === zone) return plainNode(zones, node)
  }
  return NONE
}

/** Writes the RRset of a type, if there is one, into the additional section; false when it did not fit. */
function writeMore(ctx: AnswerContext, node: number, type: number, ownerAt: number): boolean {
  const zones = ctx.zones!
  const rrset = findRRset(zones, node, type)
  return rrset === NONE || writeRRset(ctx, rrset, ownerAt, node, rrsetTtlSeconds(zones, rrset), ADDITIONALS)
}

/** Writes the A and AAAA records of a node into the additional section; false when one of them did not fit. */
function writeAddresses(ctx: AnswerContext, node: number, ownerAt: number): boolean {
  const fits = writeMore(ctx, node, TYPE_A, ownerAt)
  return writeMore(ctx, node, TYPE_AAAA, ownerAt) && fits
}
