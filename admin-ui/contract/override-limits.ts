/** Words and bounds of overrides. Without schemas, so that the console can import them without zod. Pure. */

/** Kinds of targets, narrowest first: where two overrides hit an endpoint, the narrower decides. */
export const OVERRIDE_TARGETS = ['endpoint', 'label', 'site', 'pool'] as const
/** What an override does; on targets of one kind the first of these decides. */
export const OVERRIDE_ACTIONS = ['down', 'drain', 'up'] as const
/** An action by its word. */
export type OverrideAction = (typeof OVERRIDE_ACTIONS)[number]

/** Seconds of a drain that says nothing else. */
export const DRAIN_SECONDS_DEFAULT = 300
/** Bounds of an override. */
export const OVERRIDE_LIMITS = {
  /** Longest drain. */
  drainSeconds: 86_400,
  /** Longest time from now to the start, and from the start to the end. */
  aheadDays: 366,
  /** Shortest and longest window of a schedule. */
  windowSeconds: [60, 604_800],
  reasonLength: 500,
  ownerLength: 64,
  /** Overrides that have not ended. */
  open: 500,
} as const
