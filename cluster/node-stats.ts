/** Answer of a node to the request `stats` (fleet-transport.ts). Pure types; filled by cli/data-plane/stats-window.ts. */

/** Figures of a node. */
export type NodeStats = {
  readonly nodeId: string
  readonly generation: number
  readonly digest: string
  /** ms since epoch. */
  readonly startedAt: number
  /** Queries since the start. */
  readonly queriesTotal: number
  /** Mean of the last minute; null before the first 5 s. */
  readonly queriesPerSecond: number | null
  /** Responses by rcode word in percent of the last 5 minutes; null without responses. */
  readonly answerMixPercent: Readonly<Record<string, number>> | null
  /** Answers of policies that did not come from the first pool of the first matching rule, percent of the last 5 minutes; null without answers. */
  readonly displacedPercent: number | null
  /** Policies that now answer without an eligible endpoint. */
  readonly failOpenPolicies: readonly string[]
  readonly rankingAgeSeconds: number | null
  readonly residentBytes: number
  /** Workers by name with the times each was replaced. */
  readonly workerRestarts: Readonly<Record<string, number>>
}
