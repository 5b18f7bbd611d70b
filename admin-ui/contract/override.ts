/**
 * Overrides: what operators force on endpoints (up, down, drain), by whom, why and until when. `GET/POST /overrides`,
 * `PATCH/DELETE /overrides/:id`, and `POST /overrides/check`, which only says what one would do. Pure.
 */
import { z } from 'zod'
import { OVERRIDE_ACTIONS, OVERRIDE_LIMITS, OVERRIDE_TARGETS, type OverrideAction } from './override-limits.ts'

/** Which endpoints: `value` is an endpoint id, `key=value` of a label, a site, or a pool id (its members, wherever else they are used). */
export type OverrideTarget = { readonly kind: (typeof OVERRIDE_TARGETS)[number]; readonly value: string }
/** A repeated maintenance window. */
export type OverrideSchedule = {
  /** Five fields: minute, hour, day of month, month, day of week; when a window begins. */
  readonly cron: string
  readonly durationSeconds: number
  /** IANA name, e.g. "Asia/Shanghai". */
  readonly timeZone: string
}
/** A stretch of time, RFC 3339; `until` null = open. */
export type OverrideWindow = { readonly from: string; readonly until: string | null }

/** An override as others show it beside an endpoint. */
export type OverrideNote = {
  readonly id: string
  readonly action: OverrideAction
  readonly owner: string
  readonly reason: string
  /** When it lets go by itself, RFC 3339; null = when somebody ends it. */
  readonly until: string | null
  /** Share of its clients that the endpoint keeps, 0–100; of a drain. */
  readonly sharePercent?: number
}

/** One override. */
export type Override = {
  readonly id: string
  readonly target: OverrideTarget
  readonly action: OverrideAction
  /** Time over which the share falls to 0; 0 for the other actions. */
  readonly drainSeconds: number
  readonly owner: string
  readonly reason: string
  /** Account that set it. */
  readonly createdBy: string
  /** RFC 3339, as all times here. */
  readonly createdAt: string
  readonly startsAt: string | null
  readonly endsAt: string | null
  readonly schedule: OverrideSchedule | null
  /** `waiting`: it has not begun, or is between two windows. */
  readonly state: 'waiting' | 'active' | 'ended'
  /** The stretch that is on now; null unless active. */
  readonly window: OverrideWindow | null
  /** The next stretch; null when none comes. */
  readonly nextWindow: OverrideWindow | null
  /** Endpoints of the live document that the target names. */
  readonly endpoints: readonly string[]
  /** Those of them that it decides on now. */
  readonly holds: readonly string[]
  /** Share that is left of a drain that is on, 0–100; null for the others. */
  readonly sharePercent: number | null
  readonly endedAt: string | null
  /** Account that ended it; "" while it is open, "control" when its time was over. */
  readonly endedBy: string
  readonly endReason: string
  readonly etag: string
}
/** Answer of `GET /overrides`: open ones, and with `?ended=true` the newest ended ones too. Newest first. */
export type OverrideList = { readonly generation: number; readonly overrides: readonly Override[] }

/** Body that sets one, or asks what it would do. */
export type OverrideAdd = {
  readonly target: OverrideTarget
  readonly action: OverrideAction
  readonly reason: string
  /** Default 300; of a drain only. */
  readonly drainSeconds?: number
  /** Who answers for it; default the account. */
  readonly owner?: string
  /** RFC 3339; default now. */
  readonly startsAt?: string | null
  /** RFC 3339; null or absent = until it is ended. */
  readonly endsAt?: string | null
  /** Instead of `endsAt`: seconds from the start. */
  readonly durationSeconds?: number
  readonly schedule?: OverrideSchedule
  /** Codes of what is accepted: OVERRIDE_LEAVES_FALLBACK. */
  readonly accept?: readonly string[]
}
/** Body that changes one: what is absent stays. */
export type OverrideChange = Partial<Omit<OverrideAdd, 'target' | 'schedule'>> & { readonly schedule?: OverrideSchedule | null }

/** What a line of a policy would be answered by. */
export type OverrideOutcome = 'rule' | 'fallback' | 'last-resort' | 'nothing'
/** A line that would be worse off. */
export type OverrideLine = {
  readonly policy: string
  readonly line: string
  readonly labelEn: string
  readonly labelZh: string
  readonly before: OverrideOutcome
  readonly after: OverrideOutcome
  /** Pool that answers then; "" = none. */
  readonly pool: string
  /** With the health of now, or only if every endpoint is up. */
  readonly health: 'now' | 'all-up'
}
/** What an override would do. */
export type OverrideCheck = {
  readonly generation: number
  readonly endpoints: readonly {
    readonly endpoint: string
    /** False: another override on it is stronger. */
    readonly decides: boolean
    readonly heldBy: OverrideNote | null
  }[]
  /** Lines left on the fallback or with less. */
  readonly lines: readonly OverrideLine[]
  /** The first stretches in which it is on. */
  readonly windows: readonly OverrideWindow[]
  /** Codes that setting it needs in `accept`. */
  readonly needs: readonly string[]
}

const at = z.iso.datetime({ offset: true, error: 'not a time as RFC 3339, e.g. 2026-03-01T02:00:00Z' })
const targetSchema: z.ZodType<OverrideTarget> = z.strictObject({ kind: z.enum(OVERRIDE_TARGETS), value: z.string().min(1).max(300) })
const scheduleSchema: z.ZodType<OverrideSchedule> = z.strictObject({
  cron: z.string().min(9).max(200),
  durationSeconds: z.number().int().min(OVERRIDE_LIMITS.windowSeconds[0]).max(OVERRIDE_LIMITS.windowSeconds[1]),
  timeZone: z.string().min(1).max(64),
})
const reason = z
  .string()
  .trim()
  .min(1, 'a reason is needed: others must know why')
  .max(OVERRIDE_LIMITS.reasonLength)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'a reason is one line without control characters')
const options = {
  drainSeconds: z.number().int().min(0).max(OVERRIDE_LIMITS.drainSeconds).exactOptional(),
  owner: z
    .string()
    .trim()
    .min(1)
    .max(OVERRIDE_LIMITS.ownerLength)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'an owner is one line without control characters')
    .exactOptional(),
  startsAt: at.nullable().exactOptional(),
  endsAt: at.nullable().exactOptional(),
  durationSeconds: z
    .number()
    .int()
    .min(1)
    .max(OVERRIDE_LIMITS.aheadDays * 86_400)
    .exactOptional(),
  accept: z.array(z.string().max(64)).max(10).exactOptional(),
}
const action = z.enum(OVERRIDE_ACTIONS)
const window = z.object({ from: z.string(), until: z.string().nullable() })
/** Schema of OverrideNote. */
export const overrideNoteSchema: z.ZodType<OverrideNote> = z
  .object({
    id: z.string(),
    action,
    owner: z.string(),
    reason: z.string(),
    until: z.string().nullable(),
    sharePercent: z.number().exactOptional(),
  })
  .meta({ id: 'OverrideNote' })
/** Schema of Override. */
export const overrideSchema: z.ZodType<Override> = z
  .object({
    id: z.string(),
    target: z.object({ kind: z.enum(OVERRIDE_TARGETS), value: z.string() }),
    action,
    drainSeconds: z.number(),
    owner: z.string(),
    reason: z.string(),
    createdBy: z.string(),
    createdAt: z.string(),
    startsAt: z.string().nullable(),
    endsAt: z.string().nullable(),
    schedule: z.object({ cron: z.string(), durationSeconds: z.number(), timeZone: z.string() }).nullable(),
    state: z.enum(['waiting', 'active', 'ended']),
    window: window.nullable(),
    nextWindow: window.nullable(),
    endpoints: z.array(z.string()),
    holds: z.array(z.string()),
    sharePercent: z.number().nullable(),
    endedAt: z.string().nullable(),
    endedBy: z.string(),
    endReason: z.string(),
    etag: z.string(),
  })
  .meta({ id: 'Override' })
/** Schema of OverrideList. */
export const overrideListSchema: z.ZodType<OverrideList> = z
  .object({ generation: z.number().int(), overrides: z.array(overrideSchema) })
  .meta({ id: 'OverrideList' })
/** Schema of OverrideAdd. */
export const overrideAddSchema: z.ZodType<OverrideAdd> = z
  .strictObject({ target: targetSchema, action, reason, ...options, schedule: scheduleSchema.exactOptional() })
  .meta({ id: 'OverrideAdd' })
/** Schema of OverrideChange. */
export const overrideChangeSchema: z.ZodType<OverrideChange> = z
  .strictObject({
    action: action.exactOptional(),
    reason: reason.exactOptional(),
    ...options,
    schedule: scheduleSchema.nullable().exactOptional(),
  })
  .meta({ id: 'OverrideChange' })
const outcome = z.enum(['rule', 'fallback', 'last-resort', 'nothing'])
/** Schema of OverrideCheck. */
export const overrideCheckSchema: z.ZodType<OverrideCheck> = z
  .object({
    generation: z.number().int(),
    endpoints: z.array(z.object({ endpoint: z.string(), decides: z.boolean(), heldBy: overrideNoteSchema.nullable() })),
    lines: z.array(
      z.object({
        policy: z.string(),
        line: z.string(),
        labelEn: z.string(),
        labelZh: z.string(),
        before: outcome,
        after: outcome,
        pool: z.string(),
        health: z.enum(['now', 'all-up']),
      }),
    ),
    windows: z.array(window),
    needs: z.array(z.string()),
  })
  .meta({ id: 'OverrideCheck' })
