/**
 * The OPT record of a reply and the final header (RFC 6891 §6.1.1: an OPT in the query, an OPT in the reply, truncated ones too).
 * Pure, hot. The client subnet is echoed with the scope of the steered parts, 0 for everything else (RFC 7871 §7.2.1).
 */
import { OPTION_CLIENT_SUBNET, TYPE_OPT } from '../wire/registry.ts'
import { ADDITIONALS, addCount } from '../wire/response-writer.ts'
import type { AnswerContext } from './answer-context.ts'

/** UDP size that we announce: what passes nearly every path unfragmented (DNS flag day 2020). */
export const OUR_UDP_SIZE = 1232

/** Octets that the OPT of this query's reply takes; reserved before the sections are filled. */
export function optBytes(ctx: AnswerContext): number {
  if (!ctx.query.hasOpt) return 0
  return 11 + (ctx.query.hasClientSubnet ? 8 + ((ctx.query.clientSubnet.sourcePrefixLength + 7) >> 3) : 0)
}

/** Appends the OPT record; `writer.limit` must have left optBytes() free. */
export function writeOpt(ctx: AnswerContext): void {
  if (!ctx.query.hasOpt) return
  const { writer, query } = ctx
  const { mem } = writer
  let at = writer.off + writer.position
  mem[at] = 0
  mem[at + 1] = 0
  mem[at + 2] = TYPE_OPT
  mem[at + 3] = OUR_UDP_SIZE >> 8
  mem[at + 4] = OUR_UDP_SIZE & 255
  mem[at + 5] = ctx.rcode >> 4
  mem[at + 6] = 0
  // RFC 3225 §3: DO is copied, the other flags are cleared.
  mem[at + 7] = query.dnssecOk ? 0x80 : 0
  for (let i = 8; i < 11; i++) mem[at + i] = 0
  const start = at
  at = writeExtendedError(ctx, at + 11, start)
  if (query.hasClientSubnet) {
    const subnet = query.clientSubnet
    const octets = (subnet.sourcePrefixLength + 7) >> 3
    addDataLength(mem, start, 8 + octets)
    mem[at] = 0
    mem[at + 1] = OPTION_CLIENT_SUBNET
    mem[at + 2] = 0
    mem[at + 3] = 4 + octets
    mem[at + 4] = 0
    mem[at + 5] = subnet.family
    mem[at + 6] = subnet.sourcePrefixLength
    mem[at + 7] = ctx.scope
    at += 8
    for (let i = 0; i < octets; i++) {
      const word = i < 4 ? subnet.w0 : i < 8 ? subnet.w1 : i < 12 ? subnet.w2 : subnet.w3
      mem[at + i] = (word >>> (24 - 8 * (i & 3))) & 255
    }
    at += octets
  }
  writer.position = at - writer.off
  addCount(writer, ADDITIONALS, 1)
}

/** Appends the extended error to the OPT at `start`, if there is one and the reply has room left for it; returns the new end. */
function writeExtendedError(ctx: AnswerContext, at: number, start: number): number {
  const { writer, extendedError } = ctx
  if (extendedError === undefined) return at
  const { length } = extendedError
  // The sections left optBytes() free, of which 11 are used up; what they did not need themselves is for the error.
  if (at - 11 + length > writer.off + writer.limit) return at
  for (let i = 0; i < length; i++) writer.mem[at + i] = extendedError[i]!
  addDataLength(writer.mem, start, length)
  return at + length
}

/** Adds to the length of the data of the OPT at `start`. */
function addDataLength(mem: Uint8Array, start: number, octets: number): void {
  const length = ((mem[start + 9]! << 8) | mem[start + 10]!) + octets
  mem[start + 9] = length >> 8
  mem[start + 10] = length & 255
}
