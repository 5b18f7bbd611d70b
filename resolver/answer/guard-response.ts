/**
 * Cookies and response rate limiting around an answer (RFC 7873; resolver/guard). Pure, hot. Only UDP is limited: the address of a TCP
 * client is not forged.
 */
import { CLASS_ANSWER, CLASS_ERROR, CLASS_NODATA, CLASS_NXDOMAIN, CLASS_REFERRAL, LIMIT_DROP, LIMIT_SEND } from '../guard/rate-limit.ts'
import { RCODE_NOERROR, RCODE_NXDOMAIN, RCODE_YXDOMAIN } from '../wire/registry.ts'
import { ANSWERS } from '../wire/response-writer.ts'
import { FOUND_CUT, FOUND_MISS, type NameFound } from '../zone/find-name.ts'
import type { AnswerContext } from './answer-context.ts'

/** While the thread sheds: false when this query is passed over. */
export function isSpared({ guard, query }: AnswerContext, src: Uint32Array, srcAt: number): boolean {
  return guard === undefined || guard.spares(query.cookie, query.cookieLength, src, srcAt)
}

/** Before the answer: who asks, and nothing counted yet. */
export function beginGuard(ctx: AnswerContext, src: Uint32Array, srcAt: number): void {
  const { guard, query } = ctx
  ctx.isKnownClient = guard !== undefined && query.cookieLength !== 0 && guard.checkCookie(query.cookie, query.cookieLength, src, srcAt)
  ctx.limitClass = CLASS_ANSWER
  ctx.limitName = -1
}

/** What the question's own name leads to is what counts: the wildcard for names below it, the zone for names that do not exist, the cut. */
export function imputeName(ctx: AnswerContext, found: NameFound): void {
  ctx.limitClass = found.kind === FOUND_CUT ? CLASS_REFERRAL : CLASS_ANSWER
  ctx.limitName = found.kind === FOUND_MISS ? found.zone : found.node
}

/** Largest UDP reply to this client. */
export function guardedSize(ctx: AnswerContext, sizeBytes: number): number {
  if (ctx.guard === undefined || ctx.isKnownClient) return sizeBytes
  return Math.min(sizeBytes, ctx.guard.settings.sizeWithoutCookieBytes)
}

/** After the answer, for UDP: false when nothing is sent. What is sent only to make the client come by TCP is marked truncated. */
export function passesGuard(ctx: AnswerContext, src: Uint32Array, srcAt: number): boolean {
  const { guard, rcode, writer } = ctx
  if (guard === undefined || ctx.isKnownClient) return true
  let responseClass = ctx.limitClass
  let name = ctx.limitName
  if (rcode === RCODE_NXDOMAIN) responseClass = CLASS_NXDOMAIN
  else if (rcode !== RCODE_NOERROR && rcode !== RCODE_YXDOMAIN) {
    responseClass = CLASS_ERROR
    name = 0
  } else if (
    responseClass === CLASS_ANSWER &&
    !ctx.truncated &&
    writer.mem[writer.off + ANSWERS + 1] === 0 &&
    writer.mem[writer.off + ANSWERS] === 0
  ) {
    responseClass = CLASS_NODATA
  }
  const verdict = guard.limit(src, srcAt, responseClass, name)
  if (verdict === LIMIT_SEND) return true
  ctx.truncated = true
  return verdict !== LIMIT_DROP
}

/**
 * Before a message goes to the transfer desk: false when it is passed over. UPDATE and NOTIFY count as errors, which they mostly are when
 * many come; signed queries and transfer queries as answers, each prefix by itself.
 */
export function admitsRequest(ctx: AnswerContext, isRequest: boolean, src: Uint32Array, srcAt: number): boolean {
  const { guard } = ctx
  if (guard === undefined) return true
  // The options of an UPDATE or NOTIFY are not read yet.
  if (isRequest) return guard.limit(src, srcAt, CLASS_ERROR, 0) === LIMIT_SEND
  beginGuard(ctx, src, srcAt)
  return ctx.isKnownClient || guard.limit(src, srcAt, CLASS_ANSWER, -2) === LIMIT_SEND
}

/** A reply of the transfer desk that is an error: false when it is held back. */
export function admitsFailure({ guard, isKnownClient }: AnswerContext, src: Uint32Array, srcAt: number): boolean {
  return guard === undefined || isKnownClient || guard.limit(src, srcAt, CLASS_ERROR, 0) === LIMIT_SEND
}
