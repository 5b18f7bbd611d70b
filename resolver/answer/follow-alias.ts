/**
 * CNAMEs (RFC 1034 §4.3.2 step 3a) and DNAMEs (RFC 6672 §3.2): written, and the name they lead to made the owner that is answered next.
 * Pure, hot, no allocation.
 */
import { MAX_NAME_BYTES } from '../wire/name.ts'
import { RCODE_YXDOMAIN, TYPE_CNAME, TYPE_DNAME } from '../wire/registry.ts'
import { ANSWERS, addCount, holdsName, writePointer, writeRecord } from '../wire/response-writer.ts'
import { findRRset } from '../zone/find-name.ts'
import type { ZoneColumns } from '../zone/zone-columns.ts'
import { nodeNameAt, nodeNameBytes, rrsetDataAt, rrsetTtlSeconds } from '../zone/zone-rows.ts'
import { type AnswerContext, MAX_CHAIN } from './answer-context.ts'
import { writeRRset } from './fill-sections.ts'

/**
 * True when the chain has come back to a name that it has answered for: what would follow is in the answer already. Names, not nodes,
 * are compared: one wildcard or DNAME may stand for several names of a chain.
 */
export function isLoop(ctx: AnswerContext, links: number): boolean {
  for (let i = 0; i < links; i++) if (holdsName(ctx.writer, ctx.chain[i]!, ctx.owner, 0)) return true
  ctx.chain[links] = ctx.ownerAt
  return false
}

/** Writes the CNAME of a node. True when its target is the owner now, false when it did not fit. */
export function writeAlias(ctx: AnswerContext, node: number): boolean {
  const zones = ctx.zones!
  const rrset = findRRset(zones, node, TYPE_CNAME)
  if (!writeRRset(ctx, rrset, ctx.ownerAt, node, rrsetTtlSeconds(zones, rrset), ANSWERS)) {
    ctx.truncated = true
    return false
  }
  const at = rrsetDataAt(zones, rrset)
  moveOwner(ctx, zones.rdata, at + 2, (zones.rdata[at]! << 8) | zones.rdata[at + 1]!)
  return true
}

/**
 * Writes the DNAME of a node above the owner and the CNAME made of it, with the DNAME's TTL (RFC 6672 §3.1). True when the redirected
 * name is the owner now; false when it did not fit, or is no name any more: YXDOMAIN with the DNAME that says why (§2.2, §3.2).
 */
export function writeRedirection(ctx: AnswerContext, node: number): boolean {
  const zones = ctx.zones!
  const { writer, redirected } = ctx
  const rrset = findRRset(zones, node, TYPE_DNAME)
  const ttlSeconds = rrsetTtlSeconds(zones, rrset)
  // A chain that comes by here twice has the record in its answer already (RFC 2181 §5).
  if (!isDnameWritten(ctx, node)) {
    noteDname(ctx, node)
    if (!writeRRset(ctx, rrset, 0, node, ttlSeconds, ANSWERS)) {
      ctx.truncated = true
      return false
    }
  }
  const prefix = ctx.ownerLength - nodeNameBytes(zones, node)
  const at = rrsetDataAt(zones, rrset)
  const length = (zones.rdata[at]! << 8) | zones.rdata[at + 1]!
  if (prefix + length > MAX_NAME_BYTES) {
    ctx.rcode = RCODE_YXDOMAIN
    return false
  }
  copyLabels(ctx, prefix)
  for (let i = 0; i < length; i++) redirected[prefix + i] = zones.rdata[at + 2 + i]!
  if (!writePointer(writer, ctx.ownerAt) || !writeRecord(writer, TYPE_CNAME, ttlSeconds, redirected, 0, prefix + length)) {
    ctx.truncated = true
    return false
  }
  addCount(writer, ANSWERS, 1)
  // RFC 1034 §4.3.2 step 3a: what was asked for is not followed. Nor is a redirection below its own owner, which would only grow.
  if (ctx.query.type === TYPE_CNAME || leadsBelow(zones, at + 2, length, node)) return false
  moveOwner(ctx, redirected, 0, prefix + length)
  return true
}

/** True when the name of `length` octets at `from` of the rdata column is at or below the node. */
function leadsBelow(zones: ZoneColumns, from: number, length: number, node: number): boolean {
  const first = nodeNameAt(zones, node)
  const least = nodeNameBytes(zones, node)
  let skip = 0
  while (length - skip > least) skip += 1 + zones.rdata[from + skip]!
  if (length - skip !== least) return false
  for (let i = 0; i < least; i++) {
    let octet = zones.rdata[from + skip + i]!
    if (octet >= 0x41 && octet <= 0x5a) octet += 0x20
    if (octet !== zones.names[first + i]) return false
  }
  return true
}

/** True when the DNAME of the node is in the answer, because it redirected a name before. */
export function isDnameWritten(ctx: AnswerContext, node: number): boolean {
  for (let i = 0; i < ctx.dnameCount; i++) if (ctx.dnames[i] === node) return true
  return false
}

function noteDname(ctx: AnswerContext, node: number): void {
  if (ctx.dnameCount <= MAX_CHAIN) ctx.dnames[ctx.dnameCount++] = node
}

/** Copies the first `length` octets of the owner, labels as they stand in the message: the case of the question is kept. */
function copyLabels(ctx: AnswerContext, length: number): void {
  const { mem, off } = ctx.writer
  let at = off + ctx.ownerAt
  for (let i = 0; i < length; ) {
    const label = mem[at]!
    if ((label & 0xc0) === 0xc0) {
      at = off + (((label & 0x3f) << 8) | mem[at + 1]!)
      continue
    }
    for (let k = 0; k <= label; k++) ctx.redirected[i + k] = mem[at + k]!
    i += 1 + label
    at += 1 + label
  }
}

/** Makes the name at `from` of `data` the owner; it was just written as the whole rdata of a CNAME. */
export function moveOwner(ctx: AnswerContext, data: Uint8Array, from: number, length: number): void {
  const { owner } = ctx
  for (let i = 0; i < length; i++) {
    const octet = data[from + i]!
    owner[i] = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet
  }
  ctx.ownerLength = length
  const { mem, off, rdataAt } = ctx.writer
  // A target that was written as a mere pointer is named by where it points.
  const isPointer = (mem[off + rdataAt]! & 0xc0) === 0xc0
  ctx.ownerAt = isPointer ? ((mem[off + rdataAt]! & 0x3f) << 8) | mem[off + rdataAt + 1]! : rdataAt
}
