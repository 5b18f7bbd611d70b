/**
 * Contract of a probe kind: one measurement of one address, which never throws and always ends: a failure is a result. Adding a kind is
 * one file and one line in probe-registry.ts; test/shared/probe-kinds.test.ts runs the same suite over all of them.
 */
import type { ProbeFailure } from '../model/probe-sample.ts'
import type { ProbeSpec } from '../model/rank-plan.ts'

/** What one measurement gave. Times in ms; phases are told apart as far as they were reached. */
export type ProbeOutcome = {
  readonly ok: boolean
  readonly connectMs?: number
  readonly tlsMs?: number
  readonly firstByteMs?: number
  readonly failure?: ProbeFailure
  /** This machine could not measure at all (no route, no descriptors): no vote. */
  readonly unmeasurable?: true
  readonly detail?: string
  readonly certificateDays?: number
}

/** One kind. `signal` fires at the time limit; `now` is the monotonic clock in ms. */
export type ProbeKind = (spec: ProbeSpec, address: string, signal: AbortSignal, now: () => number) => Promise<ProbeOutcome>
