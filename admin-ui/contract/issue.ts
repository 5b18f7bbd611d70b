/**
 * A problem of a document: everywhere the same shape (check, draft, publish, apply). Wording is made from `code` and `params`;
 * `message` is the English one, ready to show. Pure.
 */
import { z } from 'zod'

/** error blocks a publish; warning needs an acknowledgement, which is stored; note is only shown. */
export type IssueSeverity = 'error' | 'warning' | 'note'

/** One problem. */
export type Issue = {
  /** AREA_WHAT, the key in docs/errors.md; a warning is acknowledged by it. */
  readonly code: string
  readonly severity: IssueSeverity
  /** Where in the document, e.g. "policies[0].rules[2].line"; empty = the whole. */
  readonly path: string
  /** Values for the wording. */
  readonly params: Readonly<Record<string, string | number | boolean | readonly string[]>>
  /** English, a lower-case fragment. */
  readonly message: string
  /** Remedy; empty = none to offer. */
  readonly suggestion: string
  /** Line and column, both from 1; null when the problem has no place in a text. */
  readonly where: { readonly line: number; readonly column: number; readonly file?: string | undefined } | null
}

/** Schema of Issue. */
export const issueSchema: z.ZodType<Issue> = z
  .object({
    code: z.string(),
    severity: z.enum(['error', 'warning', 'note']),
    path: z.string(),
    params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
    message: z.string(),
    suggestion: z.string(),
    where: z.object({ line: z.number().int(), column: z.number().int(), file: z.string().optional() }).nullable(),
  })
  .meta({ id: 'Issue' })
