/**
 * The steered part of an answer: one decision, then the records of the endpoints it names. Pure, hot, no allocation. What the policy
 * answers is counted by rule and outcome.
 */
import { decide } from '../../policy/decide/decide.ts'
import { OUTCOME_ANSWER, OUTCOME_SERVFAIL } from '../../policy/model/decision.ts'
import { policyCell } from '../observe/counters.ts'
import { RCODE_SERVFAIL, TYPE_A, TYPE_AAAA, TYPE_ANY, TYPE_CNAME } from '../wire/registry.ts'
import { ANSWERS, addCount, writeIpv4, writeIpv6, writePointer, writeRecord } from '../wire/response-writer.ts'
import { NONE, STEER_TARGETS } from '../zone/zone-columns.ts'
import type { AnswerContext } from './answer-context.ts'

/** Not a steered question: go on with the plain RRsets of the node. */
export const STEER_NOT = 0
/** Records were written, or SERVFAIL set: the answer is complete. */
export const STEER_ANSWERED = 1
/** The type exists at the name, but not for this client: NODATA with the class's scope. */
export const STEER_NODATA = 2
/** A CNAME to a target was written and ctx.owner is that target: go on there. */
export const STEER_ALIAS = 3

const ENDPOINT_IPV4 = 1
const ENDPOINT_IPV6 = 2
const ENDPOINT_TARGET = 4

/** Row of the steered types of entry `steer` for this question; NONE when its type is not steered. ANY takes the first (RFC 8482). */
function findSteeredType(ctx: AnswerContext, steer: number, type: number): number {
  const zones = ctx.zones!
  const first = zones.steerTypeFirst[steer]!
  const end = zones.steerTypeFirst[steer + 1]!
  if (type === TYPE_ANY) return first
  for (let row = first; row < end; row++) if (zones.steerTypes[row] === type) return row
  return NONE
}

/** Answers a question at a steered node. ctx.client must be located. */
export function answerSteered(ctx: AnswerContext, steer: number): number {
  const zones = ctx.zones!
  const mayBeTarget = (zones.steerFlags[steer]! & STEER_TARGETS) !== 0
  let row = findSteeredType(ctx, steer, ctx.query.type)
  const isSteeredType = row !== NONE
  if (!isSteeredType) {
    // A target answers every type with its CNAME; without targets other types are plain RRsets.
    if (!mayBeTarget) return STEER_NOT
    row = zones.steerTypeFirst[steer]!
  }
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
    client.w0,
    client.w1,
    client.w2,
    client.w3,
    ctx.random >>> 0,
    decision,
  )
  ctx.decisionPolicy = policy
  if (client.isClientSubnet && decision.scope > ctx.scope) ctx.scope = decision.scope
  countDecision(ctx, policy)
  if (decision.outcome === OUTCOME_SERVFAIL) {
    ctx.rcode = RCODE_SERVFAIL
    return STEER_ANSWERED
  }
  if (decision.outcome !== OUTCOME_ANSWER) return isSteeredType ? STEER_NODATA : STEER_NOT
  const columns = ctx.policies!.columns
  const endpoint = columns.memberEndpoint[decision.members[0]!]!
  if ((columns.endpointKinds[endpoint]! & ENDPOINT_TARGET) !== 0) return writeTarget(ctx, endpoint)
  if (!isSteeredType) return STEER_NOT
  const written =
    type === TYPE_A ? writeAddresses4(ctx) : type === TYPE_AAAA ? writeAddresses6(ctx) : writeTemplate(ctx, type, zones.steerTemplate[row]!)
  return written === 0 && !ctx.truncated ? STEER_NODATA : STEER_ANSWERED
}

function countDecision(ctx: AnswerContext, policy: number): void {
  if (ctx.policyCells.length === 0) return
  ctx.policyCells[policyCell(ctx.counterShape, policy, ctx.decision)]! += 1
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
