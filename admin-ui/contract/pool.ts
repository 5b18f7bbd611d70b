/** Pools of the document, with who uses them. Pure. */
import { z } from 'zod'

/** One pool. */
export type PoolSummary = {
  readonly id: string
  readonly choose: 'best' | 'weighted' | 'all' | 'nearest' | 'latency' | 'auto'
  readonly minimumUp: number
  readonly members: readonly { readonly endpoint: string; readonly weight: number }[]
  /** Policies that name it. */
  readonly usedBy: readonly string[]
}
/** Answer of `GET /pools?of=draft|live`. */
export type PoolList = { readonly generation: number; readonly pools: readonly PoolSummary[] }

/** Schema of PoolList. */
export const poolListSchema: z.ZodType<PoolList> = z
  .object({
    generation: z.number().int(),
    pools: z.array(
      z.object({
        id: z.string(),
        choose: z.enum(['best', 'weighted', 'all', 'nearest', 'latency', 'auto']),
        minimumUp: z.number().int(),
        members: z.array(z.object({ endpoint: z.string(), weight: z.number() })),
        usedBy: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: 'PoolList' })
