/**
 * The outcome of policy for one query, written into one preallocated record per thread (no garbage on the hot path).
 * Pure types; filled by policy/decide/decide.ts, and by its slow twin policy/reference/naive-decide.ts in tests.
 */

/** Where the answer came from: the four steps of DESIGN.md section 6. */
export const STEP_RULE = 1
export const STEP_FALLBACK = 2
export const STEP_LAST_RESORT = 3
export const STEP_ALL_DOWN = 4

/** A mutable decision. */
export type Decision = {
  /** 0 = answer with `members`; 1 = SERVFAIL (allDown: servfail); 2 = no member has an address of the family (NODATA). */
  outcome: number
  /** STEP_* that answered. */
  step: number
  /** Rule number that answered, -1 for the fallback or all down. */
  rule: number
  /** Position of that rule in the client's chain (0 = first matching rule); -1 as above. */
  chainPosition: number
  /** Position of the pool in its rule or in the fallback. */
  poolPosition: number
  /** Pool use that answered, -1 = none. */
  poolUse: number
  /** Answer class of the client. */
  class: number
  /** Member uses to answer with, in order; the first `memberCount` entries hold. */
  readonly members: Int32Array
  memberCount: number
  ttlSeconds: number
  /** ECS scope prefix length (0–32 or 0–128) of this policy's answer for the address used. */
  scope: number
}
