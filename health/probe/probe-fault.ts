/** A failure that a probe found by itself, on its way out through a promise: the word for machines, the sentence for people. Pure. */
import type { ProbeFailure } from '../model/probe-sample.ts'

/** Thrown inside a probe kind only; probe-error.ts turns it into an outcome. */
export class ProbeFault extends Error {
  readonly failure: ProbeFailure

  constructor(failure: ProbeFailure, message: string) {
    super(message)
    this.failure = failure
  }
}
