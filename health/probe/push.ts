/**
 * Probe kind `push`: nothing is sent. The endpoint, or who watches it, reports through the API; reports become samples as they come. Only
 * their absence is measured here: a failure when the newest is older than `expireSeconds`, else no sample at all.
 */
import type { ProbeKind } from './probe-kind.ts'

/** `expireSeconds` when the document says nothing. */
export const PUSH_EXPIRE_SECONDS = 60

/** Looks whether the newest report has expired. */
export const probePush: ProbeKind = async (spec, _address, run) => {
  const expireSeconds = spec.expireSeconds ?? PUSH_EXPIRE_SECONDS
  const ageSeconds = run.reportAgeMs(run.endpointId, spec.id) / 1000
  if (ageSeconds <= expireSeconds) return undefined
  return { ok: false, failure: 'expired', detail: `no report for ${Math.floor(ageSeconds)} s; one counts for ${expireSeconds} s` }
}
