/** Zones as they are live: serials, who may transfer and update them, the state of secondary zones, what updates did. Pure. */
import { z } from 'zod'

/** Where the records of a zone come from. */
export type ZoneKind = 'inline' | 'file' | 'secondary'
/**
 * How a secondary zone is: `waiting` was never transferred, `current` was confirmed by a primary at the last try, `failing` was not but is
 * still answered, `expired` is answered SERVFAIL.
 */
export type SecondaryStanding = 'waiting' | 'current' | 'failing' | 'expired'
/** State of a secondary zone. Times are RFC 3339; null = never, or not planned. */
export type SecondaryState = {
  readonly standing: SecondaryStanding
  readonly primaries: readonly { readonly address: string; readonly port: number; readonly tsigKey: string; readonly tls: boolean }[]
  /** Primary that the last transfer came from; empty = none yet. */
  readonly transferredFrom: string
  readonly transferredAt: string | null
  /** Last time that a primary said that nothing is newer. */
  readonly refreshedAt: string | null
  readonly nextRefreshAt: string | null
  readonly expiresAt: string | null
  /** A primary is being asked right now. */
  readonly refreshing: boolean
  /** Tries in a row without any primary. */
  readonly failures: number
  /** Why the last try failed, primary by primary; empty = it did not. */
  readonly lastError: string
  readonly lastErrorAt: string | null
}
/** A zone in the list. */
export type ZoneSummary = {
  /** Apex, absolute. */
  readonly zone: string
  readonly kind: ZoneKind
  /** Serial that is served; null = nothing is. */
  readonly serial: number | null
  /** `auto`: control gives it; `keep`: it is the document's, file's or primary's. */
  readonly serialMode: 'auto' | 'keep'
  /** Rows of the dynamic layer. */
  readonly dynamicCount: number
  /** Who may transfer it; an empty field does not matter. */
  readonly allowTransfer: readonly { readonly prefix: string; readonly tsigKey: string }[]
  /** Who is told of a new serial. */
  readonly notify: readonly { readonly address: string; readonly port: number; readonly tsigKey: string }[]
  /** Who may change it by updates. */
  readonly allowUpdate: readonly { readonly tsigKey: string; readonly names: readonly string[]; readonly types: readonly string[] }[]
  /** Null = it is no secondary zone. */
  readonly secondary: SecondaryState | null
}
/** Answer of `GET /zones?after=&limit=`, by name. */
export type ZoneList = { readonly generation: number; readonly zones: readonly ZoneSummary[]; readonly more: boolean }
/** A record that an update added, or one of the document that it hides. */
export type DynamicRow = {
  readonly name: string
  readonly type: string
  /** 0 for removed ones. */
  readonly ttlSeconds: number
  readonly data: string
  readonly change: 'added' | 'removed'
}
/** Answer of `GET /zones/:zone?skip=&limit=`. */
export type ZoneAnswer = ZoneSummary & {
  readonly generation: number
  /** Dynamic layer by name and type. */
  readonly dynamic: readonly DynamicRow[]
  /** There are rows behind these. */
  readonly more: boolean
}

const time = z.string().nullable()
const secondarySchema = z
  .object({
    standing: z.enum(['waiting', 'current', 'failing', 'expired']),
    primaries: z.array(z.object({ address: z.string(), port: z.number().int(), tsigKey: z.string(), tls: z.boolean() })),
    transferredFrom: z.string(),
    transferredAt: time,
    refreshedAt: time,
    nextRefreshAt: time,
    expiresAt: time,
    refreshing: z.boolean(),
    failures: z.number().int(),
    lastError: z.string(),
    lastErrorAt: time,
  })
  .meta({ id: 'SecondaryState' })
const summaryFields = {
  zone: z.string(),
  kind: z.enum(['inline', 'file', 'secondary']),
  serial: z.number().int().nullable(),
  serialMode: z.enum(['auto', 'keep']),
  dynamicCount: z.number().int(),
  allowTransfer: z.array(z.object({ prefix: z.string(), tsigKey: z.string() })),
  notify: z.array(z.object({ address: z.string(), port: z.number().int(), tsigKey: z.string() })),
  allowUpdate: z.array(z.object({ tsigKey: z.string(), names: z.array(z.string()), types: z.array(z.string()) })),
  secondary: secondarySchema.nullable(),
}
/** Schema of ZoneList. */
export const zoneListSchema: z.ZodType<ZoneList> = z
  .object({ generation: z.number().int(), zones: z.array(z.object(summaryFields)), more: z.boolean() })
  .meta({ id: 'ZoneList' })
/** Schema of ZoneAnswer. */
export const zoneAnswerSchema: z.ZodType<ZoneAnswer> = z
  .object({
    ...summaryFields,
    generation: z.number().int(),
    dynamic: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        ttlSeconds: z.number().int(),
        data: z.string(),
        change: z.enum(['added', 'removed']),
      }),
    ),
    more: z.boolean(),
  })
  .meta({ id: 'ZoneAnswer' })
