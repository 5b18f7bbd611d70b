/** Endpoints of the live document with their health now. Pure. */
import { z } from 'zod'
import type { HealthScore } from './health-scores.ts'
import { healthScoreSchema } from './health-scores.ts'

/** One endpoint. */
export type EndpointSummary = {
  readonly id: string
  /** IPv4, IPv6 or target; empty = none. */
  readonly ipv4: string
  readonly ipv6: string
  readonly target: string
  readonly place: string
  readonly carrier: string
  readonly placeEn: string
  readonly placeZh: string
  readonly carrierEn: string
  readonly carrierZh: string
  readonly site: string
  readonly enabled: boolean
  /** False: no probe configured; counts as up, unproven. */
  readonly probed: boolean
  readonly pools: readonly string[]
  readonly policies: readonly string[]
  /** Worst standing over its addresses; null = no node answers. */
  readonly standing: 'unknown' | 'down' | 'degraded' | 'up' | null
  /** Since when, RFC 3339; null = never changed. */
  readonly since: string | null
  /** Each address as the node sees it. */
  readonly health: readonly HealthScore[]
}
/** Answer of `GET /endpoints`. */
export type EndpointList = { readonly generation: number; readonly endpoints: readonly EndpointSummary[] }

/** Schema of EndpointList. */
export const endpointListSchema: z.ZodType<EndpointList> = z
  .object({
    generation: z.number().int(),
    endpoints: z.array(
      z.object({
        id: z.string(),
        ipv4: z.string(),
        ipv6: z.string(),
        target: z.string(),
        place: z.string(),
        carrier: z.string(),
        placeEn: z.string(),
        placeZh: z.string(),
        carrierEn: z.string(),
        carrierZh: z.string(),
        site: z.string(),
        enabled: z.boolean(),
        probed: z.boolean(),
        pools: z.array(z.string()),
        policies: z.array(z.string()),
        standing: z.enum(['unknown', 'down', 'degraded', 'up']).nullable(),
        since: z.string().nullable(),
        health: z.array(healthScoreSchema),
      }),
    ),
  })
  .meta({ id: 'EndpointList' })
