/**
 * The steered part of an answer: one decision, then the records of the endpoints it names. Pure, hot, no allocation. What the policy
 * answers is counted by rule and outcome.
 */
import { decide } from '../../policy/decide/decide.ts'
import { OUTCOME_ANSWER, OUTCOME_SERVFAIL } from '../../policy/model/decision.ts'
import { noteClient } from '../observe/client-ring.ts'
import { firstEndpointCell, policyCell } from '../observe/counters.ts'
import { ERROR_NO_ENDPOINT } from '../wire/extended-error.ts'
import { RCODE_NOERROR, RCODE_SERVFAIL, TYPE_A, TYPE_AAAA, TYPE_ANY, TYPE_CNAME, TYPE_DS } from '../wire/registry.ts'
import { ANSWERS, addCount, writeIpv4, writeIpv6, writePointer, writeRecord } from '../wire/response-writer.ts'
import { NODE_PARENT_DS, NONE, STEER_TARGETS, type ZoneColumns } from '../zone/zone-columns.ts'
import { nodeEndRRset, nodeFlags, rrsetType } from '../zone/zone-rows.ts'
import type { AnswerContext } from './answer-context.ts'
import { moveOwner } from './follow-alias.ts'

/** Not a steered question: go on with the plain RRsets of the node. */
export const STEER_NOT = 0
/** The same, but by a decision (no target for this client, nothing steered for ANY): a NODATA lives no longer than it. */
export const STEER_PLAIN = 4
/** Records were written, or SERVFAIL set: the answer is complete. */
export const STEER_ANSWERED = 1
/** The type exists at the name, but not for this client: NODATA with the class's scope. */
export const STEER_NODATA = 2
/** A CNAME to a target was written and ctx.owner is that target: go on there. */
export const STEER_ALIAS = 3

const ENDPOINT_IPV4 = 1
const ENDPOINT_IPV6 = 2
const ENDPOINT_TARGET = 4

/** Row of the steered types of entry `steer` for a type; NONE when the type is not steered. */
export function findSteeredType(zones: ZoneColumns, steer: number, type: number): number {
  const end = zones.steerTypeFirst[steer + 1]!
  for (let row = zones.steerTypeFirst[steer]!; row < end; row++) if (zones.steerTypes[row] === type) return row
  return NONE
}

/** Answers a question at a steered node. ctx.client must be located. */
export function answerSteered(ctx: AnswerContext, steer: number): number {
  const zones = ctx.zones!
  if (ctx.query.type === TYPE_ANY) return answerAnySteered(ctx, steer)
  const row = findSteeredType(zones, steer, ctx.query.type)
  if (row !== NONE) return answerRow(ctx, row, true)
  // A target answers every type with its CNAME; without targets other types are plain RRsets.
  return (zones.steerFlags[steer]! & STEER_TARGETS) === 0 ? STEER_NOT : answerRow(ctx, zones.steerTypeFirst[steer]!, false)
}

/**
 * ANY at a steered node: by UDP the first steered type that this client has (RFC 8482 §4.1: one RRset is enough), by TCP all of them,
 * and STEER_PLAIN for the RRsets beside them.
 */
function answerAnySteered(ctx: AnswerContext, steer: number): number {
  const zones = ctx.zones!
  const end = zones.steerTypeFirst[steer + 1]!
  for (let row = zones.steerTypeFirst[steer]!; row < end; row++) {
    const outcome = answerRow(ctx, row, true)
    if (outcome === STEER_NODATA) continue
    // A SERVFAIL, a message that is full, or a target, whose CNAME has nothing beside it.
    if (!ctx.isStream || ctx.rcode !== RCODE_NOERROR || ctx.truncated || outcome === STEER_ALIAS || isTarget(ctx)) return outcome
  }
  return STEER_PLAIN
}

/** True when the decision is for an endpoint with a host name. */
function isTarget(ctx: AnswerContext): boolean {
  const { decision } = ctx
  if (decision.outcome !== OUTCOME_ANSWER) return false
  const columns = ctx.policies!.columns
  return (columns.endpointKinds[columns.memberEndpoint[decision.members[0]!]!]! & ENDPOINT_TARGET) !== 0
}

/** Decides by the policy of a row. When the question's type is not the row's (`isAsked` false), only a target answers. */
function answerRow(ctx: AnswerContext, row: number, isAsked: boolean): number {
  const zones = ctx.zones!
  const type = zones.steerTypes[row]!
  const policy = zones.steerTypePolicy[row]!
  const { client, decision } = ctx
  ctx.random ^= ctx.random << 13
  ctx.random ^= ctx.random >>> 17
  ctx.random ^= ctx.random << 5
  decide(
    ctx.policies!,
    ctx.ranking!,
    policy,
    type === TYPE_AAAA ? 1 : 0,
    client.family,
    // Signed: unsigned numbers above 2^31 would be boxed on the way, garbage a query.
    client.w0 | 0,
    client.w1 | 0,
    client.w2 | 0,
    client.w3 | 0,
    ctx.random | 0,
    decision,
  )
  ctx.decisionPolicy = policy
  if (client.isClientSubnet && decision.scope > ctx.scope) ctx.scope = decision.scope
  countDecision(ctx, policy)
  if (decision.outcome === OUTCOME_SERVFAIL) {
    ctx.rcode = RCODE_SERVFAIL
    ctx.extendedError = ERROR_NO_ENDPOINT
    return STEER_ANSWERED
  }
  if (decision.outcome !== OUTCOME_ANSWER) return isAsked ? STEER_NODATA : STEER_PLAIN
  const columns = ctx.policies!.columns
  const endpoint = columns.memberEndpoint[decision.members[0]!]!
  if ((columns.endpointKinds[endpoint]! & ENDPOINT_TARGET) !== 0) return writeTarget(ctx, endpoint)
  if (!isAsked) return STEER_PLAIN
  const written =
    type === TYPE_A ? writeAddresses4(ctx) : type === TYPE_AAAA ? writeAddresses6(ctx) : writeTemplate(ctx, type, zones.steerTemplate[row]!)
  return written === 0 && !ctx.truncated ? STEER_NODATA : STEER_ANSWERED
}

function countDecision(ctx: AnswerContext, policy: number): void {
  if (ctx.policyCells.length === 0) return
  ctx.policyCells[policyCell(ctx.counterShape, policy, ctx.decision)]! += 1
  if (ctx.counterShape.endpointCount) countEndpoints(ctx)
  if (ctx.stripe.length > 0) noteClient(ctx.stripe, ctx.client.family, ctx.client.w0 | 0, ctx.client.w1 | 0)
}

/** Of several addresses in one answer each gets its share: a client uses one of them. */
function countEndpoints({ policies, decision, policyCells, counterShape }: AnswerContext): void {
  if (decision.outcome !== OUTCOME_ANSWER) return
  const first = firstEndpointCell(counterShape)
  const { memberEndpoint } = policies!.columns
  for (let i = 0; i < decision.memberCount; i++) policyCells[first + memberEndpoint[decision.members[i]!]!]! += 1 / decision.memberCount
}

function writeAddresses4(ctx: AnswerContext): number {
  const { decision, writer } = ctx
  const columns = ctx.policies!.columns
  let count = 0
  for (let i = 0; i < decision.memberCount; i++) {
    const endpoint = columns.memberEndpoint[decision.members[i]!]!
    if ((columns.endpointKinds[endpoint]! & ENDPOINT_IPV4) === 0) continue
    if (!writePointer(writer, ctx.ownerAt) || !writeIpv4(writer, decision.ttlSeconds, columns.endpointIpv4[endpoint]!)) {
      ctx.truncated = true
      break
    }
    count++
  }
  addCount(writer, ANSWERS, count)
  return count
}

function writeAddresses6(ctx: AnswerContext): number {
  const { decision, writer } = ctx
  const columns = ctx.policies!.columns
  let count = 0
  for (let i = 0; i < decision.memberCount; i++) {
    const endpoint = columns.memberEndpoint[decision.members[i]!]!
    if ((columns.endpointKinds[endpoint]! & ENDPOINT_IPV6) === 0) continue
    if (!writePointer(writer, ctx.ownerAt) || !writeIpv6(writer, decision.ttlSeconds, columns.endpointIpv6, 4 * endpoint)) {
      ctx.truncated = true
      break
    }
    count++
  }
  addCount(writer, ANSWERS, count)
  return count
}

/** Records of a type with placeholders: the rows prepared for the endpoints, found by halving (they are sorted). */
function writeTemplate(ctx: AnswerContext, type: number, template: number): number {
  const { decision, writer } = ctx
  const zones = ctx.zones!
  const columns = ctx.policies!.columns
  let count = 0
  for (let i = 0; i < decision.memberCount; i++) {
    const endpoint = columns.memberEndpoint[decision.members[i]!]!
    let low = zones.templateFirst[template]!
    let high = zones.templateFirst[template + 1]!
    while (low < high) {
      const middle = (low + high) >> 1
      if (zones.templateEndpoint[middle]! < endpoint) low = middle + 1
      else high = middle
    }
    if (low === zones.templateFirst[template + 1] || zones.templateEndpoint[low] !== endpoint) continue
    const from = zones.templateRdataFirst[low]!
    const length = zones.templateRdataFirst[low + 1]! - from
    if (!writePointer(writer, ctx.ownerAt) || !writeRecord(writer, type, decision.ttlSeconds, zones.templateRdata, from, length)) {
      ctx.truncated = true
      break
    }
    count++
  }
  addCount(writer, ANSWERS, count)
  return count
}

/** CNAME to the target; the target becomes the owner, for data of our own behind it. */
function writeTarget(ctx: AnswerContext, endpoint: number): number {
  const { writer, decision } = ctx
  const columns = ctx.policies!.columns
  const from = columns.endpointTargetFirst[endpoint]!
  const length = columns.endpointTargetFirst[endpoint + 1]! - from
  const fits =
    writePointer(writer, ctx.ownerAt) && writeRecord(writer, TYPE_CNAME, decision.ttlSeconds, columns.endpointTargets, from, length)
  if (!fits) {
    ctx.truncated = true
    return STEER_ANSWERED
  }
  addCount(writer, ANSWERS, 1)
  if (ctx.query.type === TYPE_CNAME || ctx.query.type === TYPE_ANY) return STEER_ANSWERED
  moveOwner(ctx, columns.endpointTargets, from, length)
  return STEER_ALIAS
}

/** The first RRset of a node from `from` on whose type is not steered; NONE when there is none. */
export function findPlainRRset(zones: ZoneColumns, node: number, steer: number, from: number): number {
  const end = nodeEndRRset(zones, node)
  for (let r = from; r < end; r++) {
    if (rrsetType(zones, r) === TYPE_DS && (nodeFlags(zones, node) & NODE_PARENT_DS) !== 0) continue
    if (steer === NONE || findSteeredType(zones, steer, rrsetType(zones, r)) === NONE) return r
  }
  return NONE
}
