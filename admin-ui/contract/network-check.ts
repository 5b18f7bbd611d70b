/** A prefix list or CSV, checked before it becomes a custom line. Nothing is kept: the file goes into a draft with its document. Pure. */
import { z } from 'zod'

/** Body of `POST /lines/check`. */
export type NetworkCheckWish = {
  /** The file as it is. */
  readonly text: string
  /** Id of the line whose networks it would replace: overlaps with it are not told. */
  readonly line: string
}
/** A wrong row. */
export type NetworkProblem = {
  /** From 1, both. */
  readonly line: number
  readonly column: number
  readonly value: string
  readonly reason: string
  /** What to write instead. */
  readonly remedy: string
}
/** A custom line of the live document that shares addresses with the list. */
export type NetworkOverlap = {
  readonly line: string
  /** Its networks that do, and how many of these stand in the list as they are: in one policy that is an error. */
  readonly networks: number
  readonly equal: number
  readonly example: string
}
/** Answer: what is wrong, and what the list holds. */
export type NetworkCheck = {
  readonly ok: boolean
  /** Rows with a network. */
  readonly rows: number
  /** Different networks; ranges count as the prefixes that make them up. */
  readonly ipv4Networks: number
  readonly ipv6Networks: number
  readonly ipv4Addresses: number
  /** Decimal: there can be more than a number holds. */
  readonly ipv6Addresses: string
  /** The first networks in canonical form and order. */
  readonly first: readonly string[]
  /** The first 100 wrong rows, and how many more there are. */
  readonly problems: readonly NetworkProblem[]
  readonly problemsLeftOut: number
  /** Why it is no list at all, or was read to this row only; null = it was read whole. */
  readonly refused: { readonly line: number; readonly reason: string; readonly remedy: string } | null
  /** Networks that stand there more than once. */
  readonly doubles: number
  readonly firstDouble: { readonly network: string; readonly line: number; readonly firstLine: number } | null
  /** At most 200, the largest first. */
  readonly overlaps: readonly NetworkOverlap[]
}

/** Schema of NetworkCheckWish. */
export const networkCheckWishSchema: z.ZodType<NetworkCheckWish> = z
  .strictObject({ text: z.string().max(64 * 1024 * 1024), line: z.string().max(63).default('') })
  .meta({ id: 'NetworkCheckWish' })

/** Schema of NetworkCheck. */
export const networkCheckSchema: z.ZodType<NetworkCheck> = z
  .object({
    ok: z.boolean(),
    rows: z.number(),
    ipv4Networks: z.number(),
    ipv6Networks: z.number(),
    ipv4Addresses: z.number(),
    ipv6Addresses: z.string(),
    first: z.array(z.string()),
    problems: z.array(z.object({ line: z.number(), column: z.number(), value: z.string(), reason: z.string(), remedy: z.string() })),
    problemsLeftOut: z.number(),
    refused: z.object({ line: z.number(), reason: z.string(), remedy: z.string() }).nullable(),
    doubles: z.number(),
    firstDouble: z.object({ network: z.string(), line: z.number(), firstLine: z.number() }).nullable(),
    overlaps: z.array(z.object({ line: z.string(), networks: z.number(), equal: z.number(), example: z.string() })),
  })
  .meta({ id: 'NetworkCheck' })
