/** One draft an account, on a base generation; nothing in it is live until it is published. Pure. */
import { z } from 'zod'
import { type Change, changeSchema } from './change.ts'
import { DOCUMENT_MAX_LENGTH } from './document.ts'
import { type Issue, issueSchema } from './issue.ts'

/** Answer of `GET /draft` and of every change of it. */
export type Draft = {
  /** False: the account has no draft; then the rest describes live. */
  readonly exists: boolean
  /** Generation it was begun on. */
  readonly baseGeneration: number
  readonly liveGeneration: number
  /** RFC 3339; null = no draft. */
  readonly savedAt: string | null
  /** Same as the ETag header. */
  readonly etag: string
  /** Base → draft. */
  readonly changes: readonly Change[]
  /** Every issue of the draft, without the publish guards (those come with the review). */
  readonly issues: readonly Issue[]
}
/** Body of `PUT /draft/document`: the whole draft as text. */
export type DraftPut = { readonly text: string; readonly files: Readonly<Record<string, string>> }

/** Who gets another answer, by endpoints of the first address given. */
export type Move = {
  readonly policy: string
  readonly from: string
  readonly to: string
  /** Percent of all addresses (IPv4) that move this way. */
  readonly addressPercent: number
}
/** Answer of `GET /draft/review`: compiles the draft and compares it with live under the ranking of now. */
export type Review = {
  readonly baseGeneration: number
  readonly liveGeneration: number
  /** Number the publish will get if nobody is faster. */
  readonly nextGeneration: number
  readonly changes: readonly Change[]
  /** All issues with the guards; warnings are to be acknowledged by code. */
  readonly issues: readonly Issue[]
  /** Codes of the warnings: what `accept` must hold. */
  readonly acceptNeeded: readonly string[]
  /** Percent of addresses that get another answer; null = cannot be told (errors, or nothing live). */
  readonly movedPercent: number | null
  readonly moves: readonly Move[]
  /** True: `POST /publish` with the codes accepted would be taken. */
  readonly publishable: boolean
}

/** Schema of Draft. */
export const draftSchema: z.ZodType<Draft> = z
  .object({
    exists: z.boolean(),
    baseGeneration: z.number().int(),
    liveGeneration: z.number().int(),
    savedAt: z.string().nullable(),
    etag: z.string(),
    changes: z.array(changeSchema),
    issues: z.array(issueSchema),
  })
  .meta({ id: 'Draft' })
/** Schema of DraftPut. */
export const draftPutSchema: z.ZodType<DraftPut> = z
  .strictObject({
    text: z.string().max(DOCUMENT_MAX_LENGTH),
    files: z.record(z.string().min(1).max(255), z.string().max(64 * 1024 * 1024)).default({}),
  })
  .meta({ id: 'DraftPut' })
/** Schema of Review. */
export const reviewSchema: z.ZodType<Review> = z
  .object({
    baseGeneration: z.number().int(),
    liveGeneration: z.number().int(),
    nextGeneration: z.number().int(),
    changes: z.array(changeSchema),
    issues: z.array(issueSchema),
    acceptNeeded: z.array(z.string()),
    movedPercent: z.number().nullable(),
    moves: z.array(z.object({ policy: z.string(), from: z.string(), to: z.string(), addressPercent: z.number() })),
    publishable: z.boolean(),
  })
  .meta({ id: 'Review' })
