/** Publishing the caller's draft, and what came of it. Pure. */
import { z } from 'zod'
import { type Issue, issueSchema } from './issue.ts'

/** Body of `POST /publish`. 409 DRAFT_NOT_BASED_ON_LIVE when live moved on; 422 with all issues when something blocks. */
export type Publish = { readonly comment: string; readonly accept: readonly string[] }
/** What a node said to a generation. */
export type NodeAck = { readonly nodeId: string; readonly ok: boolean; readonly reason?: string | undefined }
/** Answer of every publish: draft, document, rollback. */
export type PublishAnswer = {
  readonly generation: number
  /** Canonical digest of the published document: that of `GET /document`, `/generations` and `/document/check`, whether it `changed` or not. */
  readonly digest: string
  /** SHA-256 of the compiled snapshot: what nodes report as theirs (`GET /status`). */
  readonly snapshotDigest: string
  /** Nodes that answered in time; others follow when they are back. */
  readonly nodes: readonly NodeAck[]
  /** Warnings and notes that were passed, as acknowledged. */
  readonly issues: readonly Issue[]
  /** False: the content was live already, no new generation was made. */
  readonly changed: boolean
}

/** Schema of Publish. */
export const publishSchema: z.ZodType<Publish> = z
  .strictObject({ comment: z.string().max(2000), accept: z.array(z.string().max(100)).max(100).default([]) })
  .meta({ id: 'Publish' })
/** Schema of PublishAnswer. */
export const publishAnswerSchema: z.ZodType<PublishAnswer> = z
  .object({
    generation: z.number().int(),
    digest: z.string(),
    snapshotDigest: z.string(),
    nodes: z.array(z.object({ nodeId: z.string(), ok: z.boolean(), reason: z.string().optional() })),
    issues: z.array(issueSchema),
    changed: z.boolean(),
  })
  .meta({ id: 'PublishAnswer' })
