/**
 * Contract of a probe kind: one measurement of one address, which never throws and always ends: a failure is a result. Adding a kind is
 * one file and one line in probe-registry.ts; test/shared/probe-kinds.test.ts runs the same suite over all of them.
 */
import type { ProbeFailure } from '../model/probe-sample.ts'
import type { ProbeSpec } from '../model/rank-plan.ts'

/** How far a measurement got, filled in as it goes, so that one that is cut off at its limit still tells. Times in ms from its start. */
export type ProbePhases = {
  connectMs?: number
  tlsMs?: number
  firstByteMs?: number
  /** Days until the certificate that was shown expires; negative = it has. */
  certificateDays?: number
}

/** What people see of a probe that they try by hand. */
export type ProbeDetails = {
  status?: number
  /** Beginning of the body, the answer or the output. */
  text?: string
  certificate?: { readonly subject: string; readonly issuer: string; readonly names: string; readonly validTo: string }
}

/** One measurement under way: what it has of the world, and where it writes how far it got. */
export type ProbeRun = {
  readonly endpointId: string
  /** Monotonic clock, ms. */
  readonly now: () => number
  /** Fires at the time limit, and when nobody wants the result any more. */
  readonly signal: AbortSignal
  readonly phases: ProbePhases
  /** What it waits for, for the words of a timeout: "the connection", "the TLS handshake". */
  waitsFor: string
  /** Filled in when somebody looks. */
  readonly details?: ProbeDetails
  /** Folder of script probes; undefined = they are off. */
  readonly scriptFolder: string | undefined
  /** The program `ping`: a name to be found in PATH, or a path. */
  readonly ping: string
  /** Age of the newest report to a push probe, ms; of the prober itself as long as there was none. */
  readonly reportAgeMs: (endpointId: string, probeId: string) => number
}

/** What one measurement gave. */
export type ProbeOutcome = {
  readonly ok: boolean
  readonly failure?: ProbeFailure
  /** This machine could not measure at all (no route, no descriptors): no vote. */
  readonly unmeasurable?: true
  readonly detail?: string
  /** Where the kind measures better than the clock around it does: the round trip that ping tells, not the start of a process. */
  readonly latencyMs?: number
}

/** One kind. Undefined: nothing was to be measured now, there is no sample. */
export type ProbeKind = (spec: ProbeSpec, address: string, run: ProbeRun) => Promise<ProbeOutcome | undefined>
