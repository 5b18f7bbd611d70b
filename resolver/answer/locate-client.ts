/**
 * Whose address decides (RFC 7871 §7.1): the client subnet when the query has one that may be used, else the resolver's address.
 * That of a resolver that is not trusted may not (`options.ecsTrust`). Pure, hot. A source prefix of 0 asks not to be located: the resolver's address decides and the scope returned is 0 (§7.1.2).
 */
import { isTrusted } from '../zone/ecs-trust.ts'
import type { AnswerContext } from './answer-context.ts'

/** Fills ctx.client for the query in ctx; `src[srcAt …]` is the source address of the packet. */
export function locateClient(ctx: AnswerContext, useClientSubnet: boolean, src: Uint32Array, srcAt: number): void {
  const { client, query } = ctx
  const subnet = query.clientSubnet
  if (useClientSubnet && query.hasClientSubnet && subnet.sourcePrefixLength > 0 && isTrusted(ctx.zones!.ecsTrust, src, srcAt)) {
    client.isClientSubnet = true
    client.family = subnet.family === 1 ? 4 : 6
    client.w0 = subnet.w0
    client.w1 = subnet.w1
    client.w2 = subnet.w2
    client.w3 = subnet.w3
    return
  }
  client.isClientSubnet = false
  if (src[srcAt] === 0 && src[srcAt + 1] === 0 && src[srcAt + 2] === 0xffff) {
    client.family = 4
    client.w0 = src[srcAt + 3]!
    return
  }
  client.family = 6
  client.w0 = src[srcAt]!
  client.w1 = src[srcAt + 1]!
  client.w2 = src[srcAt + 2]!
  client.w3 = src[srcAt + 3]!
}
