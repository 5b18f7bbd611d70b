/** History of generations: list, one with its document, comparison, roll back (a new generation with the old content). Pure. */
import { z } from 'zod'
import { type Change, changeSchema } from './change.ts'

/** One generation in the list. */
export type GenerationSummary = {
  readonly generation: number
  /** RFC 3339. */
  readonly at: string
  readonly account: string
  readonly comment: string
  readonly digest: string
  /** Codes of the warnings acknowledged with it. */
  readonly accepted: readonly string[]
  /** Percent of addresses that moved with it; null = first, or not known. */
  readonly movedPercent: number | null
  readonly live: boolean
}
/** Answer of `GET /generations?before=&limit=`, newest first. */
export type GenerationList = { readonly generations: readonly GenerationSummary[]; readonly more: boolean }
/** Answer of `GET /generations/:generation?against=`. */
export type GenerationAnswer = GenerationSummary & {
  /** Canonical document, JSON text. */
  readonly text: string
  readonly files: Readonly<Record<string, string>>
  /** Generation it is compared with: `against`, else the one before; null = there is none. */
  readonly against: number | null
  readonly changes: readonly Change[]
}

const summaryFields = {
  generation: z.number().int(),
  at: z.string(),
  account: z.string(),
  comment: z.string(),
  digest: z.string(),
  accepted: z.array(z.string()),
  movedPercent: z.number().nullable(),
  live: z.boolean(),
}
/** Schema of GenerationList. */
export const generationListSchema: z.ZodType<GenerationList> = z
  .object({ generations: z.array(z.object(summaryFields)), more: z.boolean() })
  .meta({ id: 'GenerationList' })
/** Schema of GenerationAnswer. */
export const generationAnswerSchema: z.ZodType<GenerationAnswer> = z
  .object({
    ...summaryFields,
    text: z.string(),
    files: z.record(z.string(), z.string()),
    against: z.number().int().nullable(),
    changes: z.array(changeSchema),
  })
  .meta({ id: 'GenerationAnswer' })
