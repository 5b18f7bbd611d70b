/**
 * An operator's override: what is forced (up, down, drain) on which endpoints, by whom, why and when. Pure data, equal on control and on
 * every node; posted to the rank worker and kept in the node's state folder. Who wins is decided by health/score/forced-standings.ts,
 * when a schedule is on by health/score/maintenance-window.ts.
 */

/** What an override does. `down` beats everything, `up` beats standing and gates, `drain` lets the share fall to 0 and then counts as down. */
export type OverrideAction = 'up' | 'down' | 'drain'

/** What the target names, from narrow to wide. */
export type OverrideTargetKind = 'endpoint' | 'label' | 'site' | 'pool'

/** The endpoints an override is about. */
export type OverrideTarget = {
  readonly kind: OverrideTargetKind
  /** Endpoint id, `key=value` of a label, site name, or pool id (all members of the pool, wherever else they are used). */
  readonly value: string
}

/** A repeated maintenance window. */
export type OverrideSchedule = {
  /** Five fields: minute, hour, day of month, month, day of week; when a window begins. */
  readonly cron: string
  /** Length of each window. */
  readonly durationSeconds: number
  /** IANA name of the zone that the fields are read in: `Asia/Shanghai`, `UTC`. */
  readonly timeZone: string
}

/** One override. Points in time are wall time, ms since epoch. */
export type Override = {
  readonly id: string
  readonly target: OverrideTarget
  readonly action: OverrideAction
  /** Time over which the share falls to 0 (`drain`); 0 = at once, and for the other actions. */
  readonly drainSeconds: number
  readonly owner: string
  readonly reason: string
  readonly createdAt: number
  /** From when on it counts; null = since ever. With a schedule: no window before it counts. */
  readonly startsAt: number | null
  /** From when on it counts no more; null = until it is ended by hand. */
  readonly endsAt: number | null
  /** When given, it counts only inside the windows. */
  readonly schedule?: OverrideSchedule
}

/** The actions, strongest first. */
export const OVERRIDE_ACTIONS: readonly OverrideAction[] = ['down', 'drain', 'up']

/** The kinds of targets, narrowest first. */
export const OVERRIDE_TARGET_KINDS: readonly OverrideTargetKind[] = ['endpoint', 'label', 'site', 'pool']
