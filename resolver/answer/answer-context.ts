/**
 * What one thread answers with: its scratch memory and the tables of this batch. Everything is allocated once; a query makes no
 * garbage. Pure. The caller sets `zones`, `policies` and `ranking` together once a batch.
 */
import type { RankingColumns } from '../../health/model/ranking.ts'
import type { CompiledPolicies } from '../../policy/decide/compiled-policies.ts'
import { type Decision, makeDecision } from '../../policy/model/decision.ts'
import type { Guard } from '../guard/guard.ts'
import type { PolicyCounterShape } from '../observe/counters.ts'
import { makeQuery, type Query } from '../wire/read-query.ts'
import { makeResponseWriter, type ResponseWriter } from '../wire/response-writer.ts'
import { makeNameFound, type NameFound } from '../zone/find-name.ts'
import type { ZoneColumns } from '../zone/zone-columns.ts'

/**
 * CNAMEs followed in one answer. One more is given and not followed: NOERROR with the chain so far, from which a resolver goes on. (BIND
 * 9.18 ends in SERVFAIL behind 11, NSD has no limit.)
 */
export const MAX_CHAIN = 16

/** Settings of the process that show in answers. */
export type AnswerOptions = {
  /** Name for id.server and hostname.bind; empty = such questions are refused. */
  readonly identity: string
  /** Seed of the generator for pools that are not sticky; different in every thread. */
  readonly seed: number
}

/** The client as believed: the address that decides. */
export type ClientView = {
  /** 4 or 6. */
  family: 4 | 6
  /** IPv4 in `w0`; IPv6 in four words. */
  w0: number
  w1: number
  w2: number
  w3: number
  /** True when the client subnet of the query was used: then the decision's scope is returned. */
  isClientSubnet: boolean
}

/**
 * Answers what is not for the fast path: signed queries, AXFR, IXFR (resolver/transfer/transfer-desk.ts). Called with ctx.query read;
 * the parameters of answerQuery.
 */
export type AnswerSpecial = (
  mem: Uint8Array,
  off: number,
  len: number,
  room: number,
  src: Uint32Array,
  srcAt: number,
  transport: number,
) => number

/** All that a thread needs. */
export type AnswerContext = {
  /** Undefined: there are no transfers and no keys; TSIG is passed over. */
  special: AnswerSpecial | undefined
  zones: ZoneColumns | undefined
  /** By zone number: 1 = a secondary zone that has expired, which is not answered from; empty = there is none. */
  expired: Uint8Array
  policies: CompiledPolicies | undefined
  ranking: RankingColumns | undefined
  /** Cells of outcomes a rule, then a policy (resolver/observe/counters.ts); empty = not counted. */
  policyCells: Float64Array
  counterShape: PolicyCounterShape
  /** Counters of this worker, for the ring of clients; empty = clients are not noted. */
  stripe: Float64Array

  /** Cookies and limits; undefined: cookies are passed over and nothing is limited. */
  guard: Guard | undefined
  /** Question and options alone are larger than the reply may be: it does without NSID. */
  isTight: boolean
  /** More comes than can be answered: only clients that the guard spares are (resolver/guard/overload.ts). */
  sheds: boolean
  /** The client has proved its address by a cookie. */
  isKnownClient: boolean
  /** What the response is limited as (resolver/guard/rate-limit.ts): its class, and a number that stands for the imputed name. */
  limitClass: number
  limitName: number

  readonly query: Query
  readonly found: NameFound
  readonly glue: NameFound
  readonly writer: ResponseWriter
  readonly client: ClientView
  /** The last policy decision of this query; `decisionPolicy` is -1 when none was made. */
  readonly decision: Decision
  decisionPolicy: number
  /** Owner name that is being answered: the question's, then each CNAME's target. */
  readonly owner: Uint8Array
  ownerLength: number
  /** Position of that name in the message. */
  ownerAt: number
  /** Positions of the owner names that the chain has come to, one a link: a second visit is a loop. */
  readonly chain: Int32Array
  /** Nodes whose DNAME is in the answer; the first `dnameCount` hold. */
  readonly dnames: Int32Array
  dnameCount: number
  /** Room for the name that a DNAME makes. */
  readonly redirected: Uint8Array
  /** The asker came by TCP, so that its address is its own and a long answer hits nobody else. */
  isStream: boolean
  /** What is said is encrypted: its length is hidden from who looks on, when the asker wants that (RFC 7830). */
  isEncrypted: boolean
  /** Idle time-out of the asker's connection in ms, told to who asks for it (RFC 7828); -1 = not told. */
  idleMs: number
  /** Option of an extended error (wire/extended-error.ts) for askers with EDNS; undefined = none. */
  extendedError: Uint8Array | undefined
  rcode: number
  authoritative: boolean
  truncated: boolean
  /** Largest scope of all steered parts (RFC 7871 §7.2.1). */
  scope: number
  /** State of xorshift32; never 0. */
  random: number
  readonly identityText: Uint8Array
}

/** A context with no tables: it answers SERVFAIL until they are set. */
export function createAnswerContext(options: AnswerOptions): AnswerContext {
  const identity = new TextEncoder().encode(options.identity).subarray(0, 255)
  return {
    special: undefined,
    zones: undefined,
    expired: new Uint8Array(0),
    policies: undefined,
    ranking: undefined,
    policyCells: new Float64Array(0),
    counterShape: { ruleCount: 0, policyCount: 0 },
    stripe: new Float64Array(0),
    guard: undefined,
    isTight: false,
    sheds: false,
    isKnownClient: false,
    limitClass: 0,
    limitName: 0,
    query: makeQuery(),
    found: makeNameFound(),
    glue: makeNameFound(),
    writer: makeResponseWriter(),
    client: { family: 4, w0: 0, w1: 0, w2: 0, w3: 0, isClientSubnet: false },
    decision: makeDecision(),
    decisionPolicy: -1,
    owner: new Uint8Array(256),
    ownerLength: 0,
    ownerAt: 0,
    chain: new Int32Array(MAX_CHAIN + 1),
    dnames: new Int32Array(MAX_CHAIN + 1),
    dnameCount: 0,
    redirected: new Uint8Array(512),
    isStream: false,
    isEncrypted: false,
    idleMs: -1,
    extendedError: undefined,
    rcode: 0,
    authoritative: true,
    truncated: false,
    scope: 0,
    random: options.seed | 1,
    identityText: Uint8Array.of(identity.length, ...identity),
  }
}
