/** What a node measured in its own line, told to control (setting `--line`). Pure types. */

/** Medians of a node's probes. */
export type LatencyAsk = {
  /** Matrix line that the node stands on, e.g. "cn-33/telecom". */
  readonly line: string
  readonly medians: readonly { readonly endpointId: string; readonly latencyMs: number }[]
}
