/**
 * The whole document. It travels as text (YAML or JSON, as written) with the files it names; `PUT /document` publishes it at once
 * (that is what `nearcast apply` and GitOps do), the draft is the way of the console. Pure.
 */
import { z } from 'zod'
import { type Change, changeSchema } from './change.ts'
import { type Issue, issueSchema } from './issue.ts'

/** Largest document text accepted, in characters. */
export const DOCUMENT_MAX_LENGTH: number = 32 * 1024 * 1024

/** Answer of `GET /document`; its ETag is the digest. */
export type DocumentAnswer = {
  /** Generation it is live in; 0 = nothing published yet (then `text` is empty). */
  readonly generation: number
  /** Canonical digest: equal for equal meaning. */
  readonly digest: string
  /** The document in canonical form: JSON text, or YAML with `?format=yaml`. */
  readonly text: string
  /** Contents of the files it names, by the name used in it. */
  readonly files: Readonly<Record<string, string>>
}
/** Body of `POST /document/check`: only judged, nothing is kept. */
export type DocumentCheck = { readonly text: string; readonly files: Readonly<Record<string, string>> }
/** Answer of the check. */
export type DocumentCheckAnswer = {
  readonly ok: boolean
  readonly issues: readonly Issue[]
  /** From live to this one; empty when it does not parse. */
  readonly changes: readonly Change[]
  /** Canonical digest; empty when it does not parse. */
  readonly digest: string
}
/** Body of `PUT /document`. */
export type DocumentPut = {
  readonly text: string
  readonly files: Readonly<Record<string, string>>
  /**
   * Generation that the text is an edit of; publishing is refused with 409 when another one is live. null = the newest that came as a
   * whole document: then it is refused when the console or a roll back has published since.
   */
  readonly basedOn: number | null
  /** Publish although live has moved on. */
  readonly force: boolean
  readonly comment: string
  /** Codes of warnings acknowledged. */
  readonly accept: readonly string[]
  /** What updates did to the zones becomes what the document says of it (`dynamicRecords`), nothing where it says nothing [it stays]. */
  readonly replaceDynamic: boolean
}

const files = z.record(z.string().min(1).max(255), z.string().max(64 * 1024 * 1024))
const text = z.string().max(DOCUMENT_MAX_LENGTH)
/** Schema of DocumentAnswer. */
export const documentAnswerSchema: z.ZodType<DocumentAnswer> = z
  .object({ generation: z.number().int(), digest: z.string(), text: z.string(), files: z.record(z.string(), z.string()) })
  .meta({ id: 'Document' })
/** Schema of DocumentCheck. */
export const documentCheckSchema: z.ZodType<DocumentCheck> = z
  .strictObject({ text, files: files.default({}) })
  .meta({ id: 'DocumentCheck' })
/** Schema of DocumentCheckAnswer. */
export const documentCheckAnswerSchema: z.ZodType<DocumentCheckAnswer> = z
  .object({ ok: z.boolean(), issues: z.array(issueSchema), changes: z.array(changeSchema), digest: z.string() })
  .meta({ id: 'DocumentCheckAnswer' })
/** Schema of DocumentPut. */
export const documentPutSchema: z.ZodType<DocumentPut> = z
  .strictObject({
    text,
    files: files.default({}),
    basedOn: z.number().int().nonnegative().nullable().default(null),
    force: z.boolean().default(false),
    comment: z.string().max(2000).default(''),
    accept: z.array(z.string().max(100)).max(100).default([]),
    replaceDynamic: z.boolean().default(false),
  })
  .meta({ id: 'DocumentPut' })
