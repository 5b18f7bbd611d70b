/** Result of one probe of one address: success or failure with its phases. Pure data; posted from the prober to the rank worker. */

/** Why a probe failed. */
export type ProbeFailure =
  | 'refused'
  | 'timeout'
  | 'unreachable'
  | 'reset'
  | 'tls'
  | 'certificate'
  | 'status'
  | 'body'
  | 'protocol'
  /** dns: another response code or other records than expected. */
  | 'answer'
  /** script: another exit code than 0. */
  | 'exit'
  /** push: no report for too long. */
  | 'expired'
  | 'internal'

/** One measurement. */
export type ProbeSample = {
  /** Generation whose plan asked for it; samples of another generation are matched by endpoint id and address. */
  readonly generation: number
  readonly endpointId: string
  /** Textual address probed. */
  readonly address: string
  readonly probeId: string
  /** Wall time at the start of the probe, ms since epoch. */
  readonly startedAt: number
  /** Monotonic time at the end, ms. */
  readonly endedMonotonicMs: number
  readonly ok: boolean
  /** Total time in ms; for a failure the time until it was known. */
  readonly latencyMs: number
  /** Phases, as far as they were reached: TCP connect, TLS handshake, and from the start until the first byte of the answer. */
  readonly connectMs?: number
  readonly tlsMs?: number
  readonly firstByteMs?: number
  readonly failure?: ProbeFailure
  /** A sentence for the operator: status code, error text. */
  readonly detail?: string
  /** Event-loop lag measured around the probe exceeded its bound: not counted as the endpoint's latency. */
  readonly lagged: boolean
  /** This machine has no route to the address: shown to people, but no sample of the window and no vote. */
  readonly unmeasurable?: true
  /** Days until the certificate that was shown expires (https, tls, grpc over TLS); negative = it has. */
  readonly certificateDays?: number
}
