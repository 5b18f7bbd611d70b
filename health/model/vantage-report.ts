/**
 * What one vantage says about endpoints, as nodes tell each other and as outside systems feed it. Pure data. Each node makes one of its
 * own whenever it ranks; control relays those of the other nodes and those fed by the API. How they are joined: score/combine-vantages.ts.
 */

/** One address as a vantage sees it. */
export type ReportedAddress = {
  readonly endpointId: string
  /** Textual address, or the host name of a target. */
  readonly address: string
  /** Its vote: in place (standing up or degraded); null = it has none (nothing measured, no route to that family). */
  readonly inPlace: boolean | null
  /** Median latency of its window; null = not known. */
  readonly latencyMs: number | null
  readonly errorRatePercent: number | null
  /** Samples in the window. */
  readonly sampleCount: number
  /** When its newest sample was taken, ms since epoch by the vantage's clock; 0 = none. */
  readonly at: number
}

/** A report. */
export type VantageReport = {
  /** Name of the vantage: the node id, or the name that the samples were fed under. */
  readonly vantage: string
  /** Site that the vantage stands in; empty = none. */
  readonly site: string
  /** When it was made, ms since epoch by the vantage's clock. */
  readonly at: number
  /** The vantage believes that it is cut off itself: its votes about other sites do not count. */
  readonly isolated?: boolean
  readonly addresses: readonly ReportedAddress[]
}

/** A result that an endpoint or an outside system pushed. */
export type PushedResult = {
  readonly endpointId: string
  readonly probeId: string
  /** When, ms since epoch. */
  readonly at: number
  readonly ok: boolean
  /** Null = not told. */
  readonly latencyMs: number | null
  /** A sentence for the operator; empty = none. */
  readonly detail: string
}

/** A load that an endpoint told. */
export type LoadReport = {
  readonly endpointId: string
  readonly requestsPerSecond: number
  /** When, ms since epoch. */
  readonly at: number
}
