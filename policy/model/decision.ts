/**
 * The outcome of policy for one query, written into one preallocated record per thread (no garbage on the hot path).
 * Pure; filled by policy/decide/decide.ts, and by its slow twin policy/reference/naive-decide.ts in tests.
 */

/** Where the answer came from: the four steps of DESIGN.md section 6. */
export const STEP_RULE = 1
export const STEP_FALLBACK = 2
export const STEP_LAST_RESORT = 3
export const STEP_ALL_DOWN = 4

/** Most members in one decision; `maxAnswers` is a byte. */
export const MAX_DECISION_MEMBERS = 255

/** `outcome`: answer with `members`. */
export const OUTCOME_ANSWER = 0
/** `outcome`: SERVFAIL (`allDown: servfail`). */
export const OUTCOME_SERVFAIL = 1
/** `outcome`: no endpoint of the client's chain has an address of the family (NODATA). */
export const OUTCOME_NODATA = 2

/** `keepRule`: a member keeps the clients below its share (steps 1 and 2). */
export const KEEP_BY_POSITION = 0
/** `keepRule`: nobody kept the client; whoever keeps anybody answers (steps 1 and 2 again). */
export const KEEP_ANY_SHARE = 1
/** `keepRule`: shares do not count: nobody keeps anybody (steps 1 and 2 once more), and in steps 3 and 4. */
export const KEEP_IGNORED = 2

/** A mutable decision. */
export type Decision = {
  /** OUTCOME_*. */
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
  /** Family of the address decided for, 4 or 6. */
  family: number
  /** KEEP_*: how members that keep only a share of their clients were treated. */
  keepRule: number
  /** Members that passed this client on because they keep only a share of theirs. */
  refusals: number
  /** Member uses to answer with, in order; the first `memberCount` entries hold. */
  readonly members: Int32Array
  memberCount: number
  ttlSeconds: number
  /** ECS scope prefix length (0–32 or 0–128) of this policy's answer for the address used. */
  scope: number
}

/** A decision to be filled, with room for the longest answer. */
export function makeDecision(): Decision {
  return {
    outcome: OUTCOME_ANSWER,
    step: STEP_RULE,
    rule: -1,
    chainPosition: -1,
    poolPosition: -1,
    poolUse: -1,
    class: 0,
    family: 4,
    keepRule: KEEP_BY_POSITION,
    refusals: 0,
    members: new Int32Array(MAX_DECISION_MEMBERS),
    memberCount: 0,
    ttlSeconds: 0,
    scope: 0,
  }
}
