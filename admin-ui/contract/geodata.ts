/** Geodata: what is in use, what waits for confirmation, and what a refresh came to. Pure. */
import { z } from 'zod'
import type { Move } from './draft.ts'

/** A source of the data in use. */
export type GeodataSourceView = {
  readonly name: string
  readonly version: string
  /** Day that the data is of, YYYY-MM-DD; "" = not known. */
  readonly date: string
  readonly ageSeconds: number | null
  readonly licence: string
  readonly attribution: string
  readonly inferred: boolean
}
/** What one place or carrier loses and wins: IPv4 addresses or IPv6 /48 networks. */
export type GeodataShare = {
  readonly key: string
  readonly before: number
  readonly after: number
  readonly left: number
  readonly joined: number
}
/** Differences of one family. */
export type GeodataFamilyDiff = {
  readonly total: number
  readonly lineChanged: number
  readonly china: { readonly total: number; readonly lineChanged: number }
  readonly changed: Readonly<Record<string, number>>
  readonly byPlace: readonly GeodataShare[]
  readonly byCarrier: readonly GeodataShare[]
}
/** New data compared with the data in use. */
export type GeodataDifference = {
  /** Greatest of all shares below; what `guards.maxMovedPercent` is compared with. */
  readonly movedPercent: number
  readonly ipv4: GeodataFamilyDiff
  readonly ipv6: GeodataFamilyDiff
  readonly moves: readonly { readonly from: string; readonly to: string; readonly ipv4Addresses: number }[]
  /** Queries of recently seen clients; `endpointMoved` in percent by policy. */
  readonly recent: {
    readonly queries: number
    readonly lineChangedPercent: number
    readonly policies: readonly { readonly policy: string; readonly movedPercent: number }[]
  }
  /** Addresses that would get another endpoint under the live policies. */
  readonly policies: readonly { readonly policy: string; readonly movedPercent: number }[]
  readonly endpointMoves: readonly Move[]
}
/** Answer of `GET /geodata/pending`. */
export type GeodataPending = {
  readonly digest: string
  /** RFC 3339. */
  readonly at: string
  readonly limitPercent: number
  readonly difference: GeodataDifference
  readonly sources: readonly GeodataSourceView[]
}
/** Answer of `GET /geodata`, and of what changes it. */
export type GeodataStatus = {
  readonly digest: string
  /** True: the file that ships with nearcast (or --geodata), as it is. */
  readonly shipped: boolean
  /** Since when; null = since the first start. */
  readonly at: string | null
  readonly by: string
  readonly generation: number
  readonly ranges: { readonly ipv4: number; readonly ipv6: number }
  readonly locations: number
  readonly sources: readonly GeodataSourceView[]
  readonly corrections: readonly {
    readonly prefix: string
    readonly place?: string | undefined
    readonly carrier?: string | undefined
    readonly asn?: number | undefined
    readonly reason: string
    readonly author?: string | undefined
    readonly date?: string | undefined
  }[]
  /** What a rollback brings back, and until when it is kept. */
  readonly previous: { readonly digest: string; readonly at: string; readonly until: string } | null
  readonly pending: { readonly digest: string; readonly at: string; readonly movedPercent: number; readonly limitPercent: number } | null
  readonly refresh: {
    readonly running: boolean
    readonly cron: string
    readonly lastAt: string | null
    readonly lastOutcome: string | null
    readonly failuresTotal: number
    /** The last refresh failed: why. */
    readonly failure: { readonly at: string; readonly code: string; readonly message: string; readonly suggestion: string } | null
  }
}
/** Body of `POST /geodata/refresh`. */
export type GeodataRefresh = {
  /** Data beyond the limit goes live without waiting. */
  readonly confirm: boolean
}
/** Answer of `POST /geodata/refresh`. */
export type GeodataRefreshAnswer = {
  /** unchanged: nothing new · live: new data is in use · pending: it waits · rejected: the same data was rejected before. */
  readonly outcome: 'unchanged' | 'live' | 'pending' | 'rejected'
  readonly digest: string
  readonly generation: number
  readonly movedPercent: number | null
}

const sourceSchema: z.ZodType<GeodataSourceView> = z.object({
  name: z.string(),
  version: z.string(),
  date: z.string(),
  ageSeconds: z.number().nullable(),
  licence: z.string(),
  attribution: z.string(),
  inferred: z.boolean(),
})
const shareSchema: z.ZodType<GeodataShare> = z.object({
  key: z.string(),
  before: z.number(),
  after: z.number(),
  left: z.number(),
  joined: z.number(),
})
const familySchema: z.ZodType<GeodataFamilyDiff> = z.object({
  total: z.number(),
  lineChanged: z.number(),
  china: z.object({ total: z.number(), lineChanged: z.number() }),
  changed: z.record(z.string(), z.number()),
  byPlace: z.array(shareSchema),
  byCarrier: z.array(shareSchema),
})
const policyMoves = z.array(z.object({ policy: z.string(), movedPercent: z.number() }))
const differenceSchema: z.ZodType<GeodataDifference> = z.object({
  movedPercent: z.number(),
  ipv4: familySchema,
  ipv6: familySchema,
  moves: z.array(z.object({ from: z.string(), to: z.string(), ipv4Addresses: z.number() })),
  recent: z.object({ queries: z.number(), lineChangedPercent: z.number(), policies: policyMoves }),
  policies: policyMoves,
  endpointMoves: z.array(z.object({ policy: z.string(), from: z.string(), to: z.string(), addressPercent: z.number() })),
})
/** Schema of GeodataPending. */
export const geodataPendingSchema: z.ZodType<GeodataPending> = z
  .object({ digest: z.string(), at: z.string(), limitPercent: z.number(), difference: differenceSchema, sources: z.array(sourceSchema) })
  .meta({ id: 'GeodataPending' })
/** Schema of GeodataStatus. */
export const geodataStatusSchema: z.ZodType<GeodataStatus> = z
  .object({
    digest: z.string(),
    shipped: z.boolean(),
    at: z.string().nullable(),
    by: z.string(),
    generation: z.number().int(),
    ranges: z.object({ ipv4: z.number().int(), ipv6: z.number().int() }),
    locations: z.number().int(),
    sources: z.array(sourceSchema),
    corrections: z.array(
      z.object({
        prefix: z.string(),
        place: z.string().optional(),
        carrier: z.string().optional(),
        asn: z.number().optional(),
        reason: z.string(),
        author: z.string().optional(),
        date: z.string().optional(),
      }),
    ),
    previous: z.object({ digest: z.string(), at: z.string(), until: z.string() }).nullable(),
    pending: z.object({ digest: z.string(), at: z.string(), movedPercent: z.number(), limitPercent: z.number() }).nullable(),
    refresh: z.object({
      running: z.boolean(),
      cron: z.string(),
      lastAt: z.string().nullable(),
      lastOutcome: z.string().nullable(),
      failuresTotal: z.number().int(),
      failure: z.object({ at: z.string(), code: z.string(), message: z.string(), suggestion: z.string() }).nullable(),
    }),
  })
  .meta({ id: 'GeodataStatus' })
/** Schema of GeodataRefresh. */
export const geodataRefreshSchema: z.ZodType<GeodataRefresh> = z
  .strictObject({ confirm: z.boolean().default(false) })
  .meta({ id: 'GeodataRefresh' })
/** Schema of GeodataRefreshAnswer. */
export const geodataRefreshAnswerSchema: z.ZodType<GeodataRefreshAnswer> = z
  .object({
    outcome: z.enum(['unchanged', 'live', 'pending', 'rejected']),
    digest: z.string(),
    generation: z.number().int(),
    movedPercent: z.number().nullable(),
  })
  .meta({ id: 'GeodataRefreshAnswer' })
