/** Difference of two documents, by object: what a person reads before publishing. Pure. */
import { z } from 'zod'

/** One changed object or key. */
export type Change = {
  /** Section of the document. */
  readonly section:
    | 'zones'
    | 'probes'
    | 'endpoints'
    | 'pools'
    | 'lines'
    | 'policies'
    | 'names'
    | 'tsigKeys'
    | 'geodata'
    | 'options'
    | 'files'
  /** Id or name of the object. */
  readonly object: string
  readonly kind: 'added' | 'removed' | 'changed'
  /** Key inside the object, e.g. "rules[cn-33/mobile].pools"; empty = the whole object. */
  readonly key: string
  /** Value before in short JSON; null = absent. */
  readonly before: string | null
  /** Value after; null = absent. */
  readonly after: string | null
  /** One English sentence, e.g. `policy edge-api: rule cn-33/mobile pools ["a"] → ["a","b"]`. */
  readonly text: string
}

/** Schema of Change. */
export const changeSchema: z.ZodType<Change> = z
  .object({
    section: z.enum(['zones', 'probes', 'endpoints', 'pools', 'lines', 'policies', 'names', 'tsigKeys', 'geodata', 'options', 'files']),
    object: z.string(),
    kind: z.enum(['added', 'removed', 'changed']),
    key: z.string(),
    before: z.string().nullable(),
    after: z.string().nullable(),
    text: z.string(),
  })
  .meta({ id: 'Change' })
