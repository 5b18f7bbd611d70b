/** CNAMEs (RFC 1034 §4.3.2 step 3a): written, and their target made the owner that is answered next. Pure, hot, no allocation. */
import { TYPE_CNAME } from '../wire/registry.ts'
import { ANSWERS } from '../wire/response-writer.ts'
import { findRRset } from '../zone/find-name.ts'
import type { AnswerContext } from './answer-context.ts'
import { writeRRset } from './fill-sections.ts'

/** True when the chain has come back to a node: the CNAME there is in the answer already (wildcards have one target as well). */
export function isLoop(ctx: AnswerContext, links: number, node: number): boolean {
  for (let i = 0; i < links; i++) if (ctx.chain[i] === node) return true
  ctx.chain[links] = node
  return false
}

/** Writes the CNAME of a node. True when its target is the owner now, false when it did not fit. */
export function writeAlias(ctx: AnswerContext, node: number): boolean {
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
