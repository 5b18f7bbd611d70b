/**
 * A whole compiled snapshot with a ranking, asked octet by octet: what the properties and the fuzzer of the answer path stand on.
 * The memory around each message is checked to be left alone.
 */
import type { Geodata } from '../../geodata/geodata.ts'
import type { LocationTables } from '../../policy/compile/line-table.ts'
import type { Config, RecordSet, Zone } from '../../policy/config/config-schema.ts'
import { type AnswerContext, answerQuery, createAnswerContext, TRANSPORT_UDP } from '../../resolver/answer/answer-query.ts'
import { compileSnapshot } from '../../resolver/snapshot/compile-snapshot.ts'
import { parseName } from '../../resolver/wire/name.ts'
import { parseZoneFile } from '../../resolver/zone/zone-file-parser.ts'
import type { ZoneInput } from '../../resolver/zone/zone-record.ts'
import { makeSyntheticConfig } from './synthetic-config.ts'
import { makeSyntheticGeodata } from './synthetic-geodata.ts'
import { fillRanking, makePlainRanking, type RankingDraft } from './synthetic-ranking.ts'

/** Octets that a message may take unless told otherwise. */
export const ROOM = 4096
/** Octets before and behind each message that must stay as they are: an offset that is forgotten shows. */
const GUARD = 64
const UNTOUCHED = 0xa5

/** How a packet comes. */
export type Arrival = { readonly src?: Uint32Array; readonly room?: number; readonly transport?: number }

/** Something to ask. */
export type PacketSubject = {
  readonly context: AnswerContext
  /** The reply to a packet; undefined = none. */
  readonly ask: (query: Uint8Array, arrival?: Arrival) => Uint8Array | undefined
  /** Replaces the ranking. */
  readonly rank: (draft: RankingDraft) => void
}

/** 192.0.2.200, who asks unless told otherwise. */
export const SOMEONE: Uint32Array = Uint32Array.of(0, 0, 0xffff, 0xc00002c8)

/** A master file as a zone. Throws when it has an issue. */
export function zoneOfText(origin: string, text: string): ZoneInput {
  const wire = parseName(origin)
  const { records, issues } = parseZoneFile(text, wire, origin, () => ({ ok: false, reason: 'no files here' }))
  if (issues.length > 0) throw new Error(issues.map((issue) => `${issue.line}:${issue.column} ${issue.message}`).join('\n'))
  return { origin: wire, records, useClientSubnet: true, file: origin }
}

/** An inline zone with SOA (minimum 60) and one NS. */
export function inlineZone(name: string, records: readonly RecordSet[], ecs: 'use' | 'ignore' = 'use'): Zone {
  return {
    name,
    ttlSeconds: 300,
    soa: {
      mname: `ns1.${name}`,
      rname: `hostmaster.${name}`,
      serial: 1,
      refreshSeconds: 3600,
      retrySeconds: 600,
      expireSeconds: 604800,
      minimumSeconds: 60,
    },
    nameservers: ['ns1.elsewhere.test.'],
    records,
    file: '',
    serial: 'keep',
    ecs,
    allowTransfer: [],
    notify: [],
    primaries: [],
    allowUpdate: [],
    dynamicRecords: [],
  }
}

/** What a subject is made of. */
export type PacketSubjectDraft = {
  readonly config?: Config
  readonly geodata?: LocationTables
  readonly moreZones?: readonly ZoneInput[]
  readonly ranking?: RankingDraft
  readonly identity?: string
}

/** Compiles and lays open. Throws when the configuration has an error. */
export function makePacketSubject(draft: PacketSubjectDraft): PacketSubject {
  const config = draft.config ?? makeSyntheticConfig({ pools: [], policies: [] })
  const tables = draft.geodata ?? makeSyntheticGeodata([])
  const { snapshot, issues } = compileSnapshot({
    config,
    documentDigest: '',
    // A synthetic table has no sources to name.
    geodata: { ...tables, digest: '' } as unknown as Geodata,
    serials: new Map(),
    moreZones: draft.moreZones ?? [],
    generation: 1,
  })
  if (snapshot === undefined) throw new Error(issues.map((issue) => issue.code).join('\n'))
  const context = createAnswerContext({ identity: draft.identity ?? '', seed: 1 })
  const rank = (ranking: RankingDraft): void => {
    context.ranking = fillRanking(config, makePlainRanking(config, ranking))
  }
  context.zones = snapshot.zones
  context.policies = snapshot.policies
  rank(draft.ranking ?? {})
  return { context, rank, ask: askOf(context) }
}

/** Asks a context. `memoryBytes` is the longest room that can be asked with. */
export function askOf(context: AnswerContext, memoryBytes: number = ROOM): PacketSubject['ask'] {
  const mem = new Uint8Array(GUARD + memoryBytes + GUARD).fill(UNTOUCHED)
  return (query, { src = SOMEONE, room = ROOM, transport = TRANSPORT_UDP } = {}) => {
    mem.set(query, GUARD)
    const length = answerQuery(context, mem, GUARD, query.length, room, Uint32Array.of(7, 7, ...src), 2, transport)
    const reply = length === 0 ? undefined : mem.slice(GUARD, GUARD + length)
    const end = GUARD + Math.max(room, query.length)
    mem.fill(UNTOUCHED, GUARD, end)
    for (let at = 0; at < GUARD; at++) {
      if (mem[at] !== UNTOUCHED || mem[end + at] !== UNTOUCHED) throw new Error(`an octet outside the room of ${room} was written`)
    }
    return reply
  }
}
