/** State of the whole: what the top bar, the foot of the side bar and the key numbers of Overview show. Pure. */
import { z } from 'zod'

/** One node as control sees it. */
export type NodeState = {
  readonly nodeId: string
  /** Connected now. */
  readonly connected: boolean
  /** Live generation there, 0 = none. */
  readonly generation: number
  /** SHA-256 of the live snapshot; empty = none. */
  readonly digest: string
  /** RFC 3339. */
  readonly startedAt: string
  readonly uptimeSeconds: number
  /** Mean of the last minute; null = not known. */
  readonly queriesPerSecond: number | null
}

/** State of the whole. */
export type Status = {
  readonly version: string
  /** Latest published generation, 0 = none yet. */
  readonly generation: number
  /** Canonical digest of its document. */
  readonly digest: string
  /** RFC 3339; null = none yet. */
  readonly publishedAt: string | null
  readonly publishedBy: string | null
  readonly comment: string | null
  /** Uptime of control. */
  readonly uptimeSeconds: number
  readonly nodes: readonly NodeState[]
  /** Sum over nodes, mean of the last minute; null = no node answers. */
  readonly queriesPerSecond: number | null
  /** Answers by rcode in percent, 5 minutes; null = not known. */
  readonly answerMixPercent: Readonly<Record<string, number>> | null
  /** Answers that did not come from the first pool of the first matching rule, percent of 5 minutes; null = not known. */
  readonly displacedPercent: number | null
  /** Endpoints by standing now (worst of their addresses). */
  readonly endpoints: { readonly up: number; readonly degraded: number; readonly down: number; readonly unknown: number }
  /** Size of the geodata and its date; null = none loaded. */
  readonly geodata: { readonly digest: string; readonly date: string | null } | null
}

/** Schema of NodeState. */
export const nodeStateSchema: z.ZodType<NodeState> = z
  .object({
    nodeId: z.string(),
    connected: z.boolean(),
    generation: z.number().int(),
    digest: z.string(),
    startedAt: z.string(),
    uptimeSeconds: z.number(),
    queriesPerSecond: z.number().nullable(),
  })
  .meta({ id: 'NodeState' })
/** Schema of Status. */
export const statusSchema: z.ZodType<Status> = z
  .object({
    version: z.string(),
    generation: z.number().int(),
    digest: z.string(),
    publishedAt: z.string().nullable(),
    publishedBy: z.string().nullable(),
    comment: z.string().nullable(),
    uptimeSeconds: z.number(),
    nodes: z.array(nodeStateSchema),
    queriesPerSecond: z.number().nullable(),
    answerMixPercent: z.record(z.string(), z.number()).nullable(),
    displacedPercent: z.number().nullable(),
    endpoints: z.object({
      up: z.number().int(),
      degraded: z.number().int(),
      down: z.number().int(),
      unknown: z.number().int(),
    }),
    geodata: z.object({ digest: z.string(), date: z.string().nullable() }).nullable(),
  })
  .meta({ id: 'Status' })
