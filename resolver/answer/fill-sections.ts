/**
 * Plain RRsets into the sections of a reply: answers, referrals with glue, negative answers with SOA. Pure, hot, no allocation.
 * An RRset is written whole or not at all: a section that would hold half of one is cut back to before it (RFC 2181 §9).
 */
import { TYPE_A, TYPE_AAAA, TYPE_DS, TYPE_MX, TYPE_NS, TYPE_SOA, TYPE_SRV } from '../wire/registry.ts'
import { ADDITIONALS, AUTHORITIES, addCount, writeName, writePointer, writeRecord } from '../wire/response-writer.ts'
import { findNode, findRRset } from '../zone/find-name.ts'
import { NONE, type ZoneColumns } from '../zone/zone-columns.ts'
import type { AnswerContext } from './answer-context.ts'

/** Writes the owner: a pointer to a known position, or (position 0) the name of a node. */
function writeOwner(ctx: AnswerContext, zones: ZoneColumns, ownerAt: number, node: number): boolean {
  if (ownerAt !== 0) return writePointer(ctx.writer, ownerAt)
  return writeName(ctx.writer, zones.names, zones.nodeNameFirst[node]!, true)
}

/** Writes an RRset into the section whose count is `field`; false (and nothing written) when it does not fit. */
export function writeRRset(ctx: AnswerContext, rrset: number, ownerAt: number, node: number, ttlSeconds: number, field: number): boolean {
  const zones = ctx.zones!
  const { writer } = ctx
  const start = writer.position
  const known = writer.knownCount
  const type = zones.rrsetType[rrset]!
  const end = zones.rrsetDataFirst[rrset + 1]!
  let count = 0
  for (let at = zones.rrsetDataFirst[rrset]!; at < end; count++) {
    const length = (zones.rdata[at]! << 8) | zones.rdata[at + 1]!
    if (!writeOwner(ctx, zones, ownerAt, node) || !writeRecord(writer, type, ttlSeconds, zones.rdata, at + 2, length)) {
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
  if (zones.rrsetType[zones.zoneSoa[zone]!] !== TYPE_SOA) return
  if (!writeRRset(ctx, zones.zoneSoa[zone]!, 0, zones.zoneApex[zone]!, ttlSeconds, AUTHORITIES)) ctx.truncated = true
}

/** A referral (RFC 1034 §4.3.2 step 3b): NS of the cut, its DS for those who set DO (RFC 4035 §3.1.4), glue. Not authoritative. */
export function writeReferral(ctx: AnswerContext, cut: number): void {
  const zones = ctx.zones!
  const ns = findRRset(zones, cut, TYPE_NS)
  if (!writeRRset(ctx, ns, 0, cut, zones.rrsetTtlSeconds[ns]!, AUTHORITIES)) {
    ctx.truncated = true
    return
  }
  const ds = ctx.query.dnssecOk ? findRRset(zones, cut, TYPE_DS) : NONE
  if (ds !== NONE && !writeRRset(ctx, ds, 0, cut, zones.rrsetTtlSeconds[ds]!, AUTHORITIES)) ctx.truncated = true
  writeGlue(ctx, ns, cut)
}

/** Addresses of the name servers of a referral. In-domain glue that does not fit must be asked for again by TCP (RFC 9471 §3). */
function writeGlue(ctx: AnswerContext, ns: number, cut: number): void {
  const zones = ctx.zones!
  const end = zones.rrsetDataFirst[ns + 1]!
  for (let at = zones.rrsetDataFirst[ns]!; at < end; at = nextRecord(zones, at)) {
    const node = findHost(ctx, at, 0)
    if (node === NONE) continue
    if (!writeHostAddresses(ctx, node) && zones.nodeCut[node] === cut) ctx.truncated = true
  }
}

/** Addresses of the hosts that an answer names (RFC 1034 §4.3.2 step 6), as far as they fit; nothing for other types than these. */
export function writeAdditional(ctx: AnswerContext, rrset: number): void {
  const zones = ctx.zones!
  const type = zones.rrsetType[rrset]!
  const skip = type === TYPE_NS ? 0 : type === TYPE_MX ? 2 : type === TYPE_SRV ? 6 : -1
  if (skip < 0) return
  const end = zones.rrsetDataFirst[rrset + 1]!
  // The chain is complete by now: its memory keeps the hosts, since services on one host name it several times (RFC 2181 §5.5).
  const hosts = ctx.chain
  let hostCount = 0
  for (let at = zones.rrsetDataFirst[rrset]!; at < end && hostCount < hosts.length; at = nextRecord(zones, at)) {
    const node = findHost(ctx, at, skip)
    // Below a cut it is glue, which belongs to referrals.
    if (node === NONE || zones.nodeCut[node] !== NONE || isAmong(hosts, hostCount, node)) continue
    if (!writeHostAddresses(ctx, node)) return
    hosts[hostCount++] = node
  }
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
 * Node of the host that the record at `at` names, `skip` octets into its rdata; NONE when we have none. Only plain addresses: steered
 * ones never stand in an additional section (RFC 7871 §7.4). Overwrites ctx.owner: the answer is complete by now.
 */
function findHost(ctx: AnswerContext, at: number, skip: number): number {
  const zones = ctx.zones!
  const name = ctx.owner
  const from = at + 2 + skip
  const length = nextRecord(zones, at) - from
  for (let i = 0; i < length; i++) {
    const octet = zones.rdata[from + i]!
    name[i] = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet
  }
  const node = findNode(zones, name, length, ctx.glue)
  return node === NONE || zones.nodeSteer[node] !== NONE ? NONE : node
}

/** Writes the A and AAAA records of a node into the additional section; false when one of them did not fit. */
function writeHostAddresses(ctx: AnswerContext, node: number): boolean {
  const zones = ctx.zones!
  const a = findRRset(zones, node, TYPE_A)
  const aaaa = findRRset(zones, node, TYPE_AAAA)
  const fits = a === NONE || writeRRset(ctx, a, 0, node, zones.rrsetTtlSeconds[a]!, ADDITIONALS)
  return (aaaa === NONE || writeRRset(ctx, aaaa, 0, node, zones.rrsetTtlSeconds[aaaa]!, ADDITIONALS)) && fits
}
