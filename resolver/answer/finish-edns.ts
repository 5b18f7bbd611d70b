/**
 * The OPT record of a reply and the final header (RFC 6891 §6.1.1: an OPT in the query, an OPT in the reply, truncated ones too).
 * Pure, hot. The client subnet is echoed with the scope of the steered parts, 0 for everything else (RFC 7871 §7.2.1).
 */
import { COOKIE_BYTES } from '../wire/cookie.ts'
import { OPTION_CLIENT_SUBNET, OPTION_COOKIE, OPTION_KEEPALIVE, OPTION_NSID, OPTION_PADDING, TYPE_OPT } from '../wire/registry.ts'
import { ADDITIONALS, addCount } from '../wire/response-writer.ts'
import type { AnswerContext } from './answer-context.ts'

/** UDP size that we announce: what passes nearly every path unfragmented (DNS flag day 2020). */
export const OUR_UDP_SIZE = 1232

/** Block of padded replies (RFC 8467 §4.1). */
const PADDING_BLOCK_BYTES = 468

/** Octets that the OPT of this query's reply takes; reserved before the sections are filled. */
export function optBytes(ctx: AnswerContext): number {
  if (!ctx.query.hasOpt) return 0
  const { query } = ctx
  return (
    11 +
    (query.hasClientSubnet ? 8 + ((query.clientSubnet.sourcePrefixLength + 7) >> 3) : 0) +
    (hasCookie(ctx) ? 4 + COOKIE_BYTES : 0) +
    (hasNsid(ctx) ? 3 + ctx.identityText.length : 0) +
    (hasKeepalive(ctx) ? 6 : 0)
  )
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
  if (hasNsid(ctx)) {
    // RFC 5001 §2.3: octets of our choice; the text without its length octet.
    const { identityText } = ctx
    writeOptionHead(mem, at, start, OPTION_NSID, identityText.length - 1)
    for (let i = 1; i < identityText.length; i++) mem[at + 3 + i] = identityText[i]!
    at += 3 + identityText.length
  }
  if (hasCookie(ctx)) {
    writeOptionHead(mem, at, start, OPTION_COOKIE, COOKIE_BYTES)
    for (let i = 0; i < COOKIE_BYTES; i++) mem[at + 4 + i] = query.cookie[i]!
    at += 4 + COOKIE_BYTES
  }
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
  if (hasKeepalive(ctx)) {
    const units = Math.min(0xffff, Math.floor(ctx.idleMs / 100))
    writeOptionHead(mem, at, start, OPTION_KEEPALIVE, 2)
    mem[at + 4] = units >> 8
    mem[at + 5] = units & 255
    at += 6
  }
  if (ctx.isEncrypted && query.wantsPadding) at = writePadding(ctx, at, start)
  writer.position = at - writer.off
  addCount(writer, ADDITIONALS, 1)
}

/** The reply carries a cookie: the query did, and there is a secret to make one with. */
function hasCookie(ctx: AnswerContext): boolean {
  return ctx.query.cookieLength !== 0 && ctx.guard !== undefined
}

/** Without room for it the identity goes, which is for people: question, cookie and subnet always fit into 512 octets. */
function hasNsid(ctx: AnswerContext): boolean {
  return ctx.query.wantsNsid && ctx.identityText.length > 1 && !ctx.isTight
}

/** RFC 7828 §3.2.2: by TCP and TLS only, where `idleMs` is told. */
function hasKeepalive(ctx: AnswerContext): boolean {
  return ctx.query.wantsKeepalive && ctx.idleMs >= 0
}

/**
 * RFC 8467 §4.1: the reply is as long as a whole number of blocks, as far as its room goes. The last option (RFC 7830 §3 has octets of 0).
 * A TSIG record comes behind it: equal keys make it equally long, so that it tells nothing.
 */
function writePadding(ctx: AnswerContext, at: number, start: number): number {
  const { writer } = ctx
  const unpadded = at + 4 - writer.off
  const room = writer.limit + optBytes(ctx)
  if (unpadded > room) return at
  const padded = Math.min(Math.ceil(unpadded / PADDING_BLOCK_BYTES) * PADDING_BLOCK_BYTES, room)
  writeOptionHead(writer.mem, at, start, OPTION_PADDING, padded - unpadded)
  for (let i = at + 4; i < writer.off + padded; i++) writer.mem[i] = 0
  return writer.off + padded
}

/** Writes code and length of an option at `at`, and adds them to the OPT at `start`. */
function writeOptionHead(mem: Uint8Array, at: number, start: number, code: number, length: number): void {
  mem[at] = 0
  mem[at + 1] = code
  mem[at + 2] = length >> 8
  mem[at + 3] = length & 255
  addDataLength(mem, start, 4 + length)
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
