/** Every failure of the API: `application/problem+json` (RFC 9457). Match on `code`, never on text. Pure. */
import { z } from 'zod'
import type { Change } from './change.ts'
import { changeSchema } from './change.ts'
import { type Issue, issueSchema } from './issue.ts'

/** A problem answer. */
export type Problem = {
  /** "urn:nearcast:problem:CODE". */
  readonly type: string
  /** Words for the HTTP status. */
  readonly title: string
  readonly status: number
  /** AREA_WHAT, the key in docs/errors.md. */
  readonly code: string
  /** English sentence fragment with the remedy. */
  readonly message: string
  /** Also in the header X-Request-Id and in the log. */
  readonly requestId: string
  /** 422: every issue of the document or of the request. */
  readonly issues?: readonly Issue[] | undefined
  /** 409 DOCUMENT_NOT_BASED_ON_LIVE: what publishing would undo, as changes from live to yours. */
  readonly changes?: readonly Change[] | undefined
  /** 409: the generation that is live now. */
  readonly liveGeneration?: number | undefined
  /** 401 AUTH_LOCKED_OUT and 429: seconds until the next try. */
  readonly retryAfterSeconds?: number | undefined
}

/** Schema of Problem. */
export const problemSchema: z.ZodType<Problem> = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    message: z.string(),
    requestId: z.string(),
    issues: z.array(issueSchema).optional(),
    changes: z.array(changeSchema).optional(),
    liveGeneration: z.number().int().optional(),
    retryAfterSeconds: z.number().int().optional(),
  })
  .meta({ id: 'Problem' })
