/**
 * Zones as master-file text, policies as a short configuration, answered without a socket: queries and replies go through dns-packet,
 * so that our codec does not judge itself.
 */
import * as dnsPacket from 'dns-packet'
import { parseAddress } from '../../geodata/address/address.ts'
import { parsePrefix } from '../../geodata/address/prefix.ts'
import { compilePolicies } from '../../policy/compile/compile-policies.ts'
import type { Config, SteeredName } from '../../policy/config/config-schema.ts'
import { viewPolicies } from '../../policy/decide/compiled-policies.ts'
import { type AnswerContext, answerQuery, createAnswerContext, TRANSPORT_TCP, TRANSPORT_UDP } from '../../resolver/answer/answer-query.ts'
import { policyCounterCells } from '../../resolver/observe/counters.ts'
import { readSteered } from '../../resolver/snapshot/read-steered.ts'
import { canonicalName, parseName } from '../../resolver/wire/name.ts'
import { findType } from '../../resolver/wire/registry.ts'
import { compileZones } from '../../resolver/zone/compile-zones.ts'
import { compileEcsTrust } from '../../resolver/zone/ecs-trust.ts'
import { parseZoneFile } from '../../resolver/zone/zone-file-parser.ts'
import type { ZoneInput, ZoneIssue } from '../../resolver/zone/zone-record.ts'
import { type ConfigDraft, makeSyntheticConfig } from './synthetic-config.ts'
import { makeSyntheticGeodata, type SyntheticRange } from './synthetic-geodata.ts'
import { fillRanking, makePlainRanking, type RankingDraft } from './synthetic-ranking.ts'

/** A steered name in short. */
export type NameDraft = Pick<SteeredName, 'name' | 'types' | 'policy'> & Partial<SteeredName>

/** What to answer from. */
export type AnswerDraft = {
  /** Master-file text by zone name. */
  readonly zones: Readonly<Record<string, string>>
  /** Zones in which the client subnet is not used. */
  readonly ignoreEcs?: readonly string[]
  /** Resolvers whose client subnets are used [all]. */
  readonly ecsTrust?: readonly string[]
  readonly config?: ConfigDraft
  readonly names?: readonly NameDraft[]
  readonly ranges?: readonly SyntheticRange[]
  readonly ranking?: RankingDraft
  readonly identity?: string
}

/** What to ask. */
export type Ask = {
  readonly name: string
  readonly type?: string
  readonly class?: number
  /** Source of the packet [192.0.2.200]. */
  readonly from?: string
  /** Client subnet, "address/length". */
  readonly subnet?: string
  /** UDP size of the OPT; 0 = no OPT unless there is a subnet [no OPT]. */
  readonly udpSize?: number
  readonly dnssecOk?: boolean
  readonly tcp?: boolean
  readonly room?: number
}

/** A reply in short; sections as "name ttl type data" lines, sorted. */
export type Reply = {
  readonly rcode: string
  readonly aa: boolean
  readonly tc: boolean
  readonly answers: readonly string[]
  readonly authorities: readonly string[]
  readonly additionals: readonly string[]
  /** "address/source scope" of the option echoed; undefined = none. */
  readonly ecs: string | undefined
  readonly hasOpt: boolean
  readonly length: number
  readonly raw: Buffer
}

/** Something to ask. */
export type AnswerSubject = {
  readonly ctx: AnswerContext
  readonly config: Config
  readonly issues: readonly ZoneIssue[]
  readonly ask: (ask: Ask | string) => Reply
  /** Answers raw bytes; undefined = no reply. */
  readonly send: (query: Uint8Array, options?: Pick<Ask, 'from' | 'tcp' | 'room'>) => Buffer | undefined
  readonly useRanking: (draft: RankingDraft) => void
}

/** SOA and NS of a test zone, to be put before its records. */
export const APEX = `$TTL 300
@ 3600 IN SOA ns1 hostmaster 7 3600 600 604800 60
@ IN NS ns1
ns1 IN A 192.0.2.53
`

const NO_POLICIES: ConfigDraft = { pools: [], policies: [] }

/** Reads master-file texts as zones; throws when one has an error. */
export function zoneInputs(zones: Readonly<Record<string, string>>, ignoreEcs: readonly string[] = []): ZoneInput[] {
  return Object.entries(zones).map(([name, text]) => {
    const origin = canonicalName(parseName(name))
    const { records, issues } = parseZoneFile(text, origin, name, () => ({ ok: false, reason: 'nothing is included here' }))
    if (issues.length > 0) throw new Error(`${name}: line ${issues[0]!.line}: ${issues[0]!.message}`)
    return { origin, records, useClientSubnet: !ignoreEcs.includes(name), file: name }
  })
}

/** Compiles zones and policies for asking. */
export function makeAnswerSubject(draft: AnswerDraft): AnswerSubject {
  const config = {
    ...makeSyntheticConfig(draft.config ?? NO_POLICIES),
    names: (draft.names ?? []).map((name) => ({ records: {}, ...name })) as SteeredName[],
  }
  const compiled = compilePolicies(config, makeSyntheticGeodata(draft.ranges ?? []))
  const steered = readSteered(config, compiled.names)
  if (steered.issues.length > 0) throw new Error(steered.issues[0]!.code)
  const zones = compileZones(zoneInputs(draft.zones, draft.ignoreEcs), steered.steered)
  const ctx = createAnswerContext({ identity: draft.identity ?? '', seed: 1 })
  ctx.zones = { ...zones.columns, ecsTrust: compileEcsTrust(draft.ecsTrust?.map(parsePrefix)) }
  ctx.policies = viewPolicies(compiled.columns)
  ctx.ranking = fillRanking(config, makePlainRanking(config, draft.ranking))
  ctx.counterShape = { ruleCount: compiled.names.ruleLines.length, policyCount: compiled.names.policies.length }
  ctx.policyCells = new Float64Array(policyCounterCells(ctx.counterShape))
  const send: AnswerSubject['send'] = (query, options = {}) => sendBytes(ctx, query, options)
  return {
    ctx,
    config,
    issues: zones.issues,
    send,
    useRanking: (ranking) => {
      ctx.ranking = fillRanking(config, makePlainRanking(config, ranking))
    },
    ask: (ask) => {
      const question = typeof ask === 'string' ? { name: ask } : ask
      const raw = send(encodeAsk(question), question)
      if (raw === undefined) throw new Error('no reply')
      return readReply(raw)
    },
  }
}

/** Room before and behind the message is filled, so that a read or write out of bounds shows. */
const GUARD_BYTES = 512

function sendBytes(ctx: AnswerContext, query: Uint8Array, options: Pick<Ask, 'from' | 'tcp' | 'room'>): Buffer | undefined {
  const room = options.room ?? (options.tcp === true ? 0xffff : 1232)
  const mem = new Uint8Array(GUARD_BYTES + Math.max(room, query.length) + GUARD_BYTES).fill(0xa5)
  mem.set(query, GUARD_BYTES)
  const { words } = parseAddress(options.from ?? '192.0.2.200')
  const length = answerQuery(
    ctx,
    mem,
    GUARD_BYTES,
    query.length,
    room,
    Uint32Array.from(words),
    0,
    options.tcp === true ? TRANSPORT_TCP : TRANSPORT_UDP,
  )
  if (length > room) throw new Error(`the reply takes ${length} octets, there is room for ${room}`)
  for (let i = 0; i < GUARD_BYTES; i++) {
    if (mem[i] !== 0xa5 || mem[mem.length - 1 - i] !== 0xa5) throw new Error('written outside the room')
  }
  return length === 0 ? undefined : Buffer.from(mem.subarray(GUARD_BYTES, GUARD_BYTES + length))
}

/** Encodes a question with dns-packet. */
export function encodeAsk(ask: Ask): Buffer {
  const options: unknown[] = []
  if (ask.subnet !== undefined) {
    const [address, length] = ask.subnet.split('/')
    options.push({
      code: 'CLIENT_SUBNET',
      family: address!.includes(':') ? 2 : 1,
      sourcePrefixLength: Number(length),
      scopePrefixLength: 0,
      ip: address,
    })
  }
  const udpSize = ask.udpSize ?? (ask.subnet !== undefined || ask.dnssecOk === true ? 1232 : 0)
  const query = dnsPacket.encode({
    type: 'query',
    id: 0x1234,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ type: 'A', name: ask.name }],
    additionals:
      udpSize === 0
        ? []
        : [{ type: 'OPT', name: '.', udpPayloadSize: udpSize, flags: ask.dnssecOk === true ? dnsPacket.DNSSEC_OK : 0, options } as never],
  })
  // dns-packet does not know every type and class: their numbers are put in by hand.
  let at = 12
  while (query[at] !== 0) at += 1 + query[at]!
  query.writeUInt16BE(findType(ask.type ?? 'A')!, at + 1)
  query.writeUInt16BE(ask.class ?? 1, at + 3)
  return query
}

type Decoded = dnsPacket.DecodedPacket & { readonly rcode: string; readonly flag_aa: boolean; readonly flag_tc: boolean }

type DecodedOption = {
  readonly code: number
  readonly ip?: string
  readonly sourcePrefixLength: number
  readonly scopePrefixLength: number
}
type DecodedRecord = { readonly name: string; readonly ttl: number; readonly type: string; readonly data: unknown }

/** Decodes a reply with dns-packet. */
export function readReply(raw: Buffer): Reply {
  const packet = dnsPacket.decode(raw) as Decoded
  const opt = packet.additionals?.find((record) => record.type === 'OPT') as
    | { readonly options: readonly DecodedOption[]; readonly extendedRcode: number }
    | undefined
  const ecs = opt?.options.find((option) => option.code === 8)
  const lines = (records: readonly dnsPacket.Answer[] | undefined): string[] =>
    (records ?? []).filter((record) => record.type !== 'OPT').map((record) => lineOf(record as unknown as DecodedRecord))
  return {
    rcode: (opt?.extendedRcode ?? 0) === 1 && packet.rcode === 'NOERROR' ? 'BADVERS' : packet.rcode,
    aa: packet.flag_aa,
    tc: packet.flag_tc,
    answers: lines(packet.answers),
    authorities: lines(packet.authorities),
    additionals: lines(packet.additionals),
    ecs: ecs === undefined ? undefined : `${ecs.ip ?? ''}/${ecs.sourcePrefixLength} ${ecs.scopePrefixLength}`,
    hasOpt: opt !== undefined,
    length: raw.length,
    raw,
  }
}

function lineOf(record: DecodedRecord): string {
  const { data } = record
  const text =
    typeof data === 'string'
      ? data
      : Buffer.isBuffer(data)
        ? data.toString('hex')
        : Array.isArray(data)
          ? data.map((part) => JSON.stringify(String(part))).join(' ')
          : Object.values(data as object).join(' ')
  return `${record.name} ${record.ttl} ${record.type} ${text}`
}
