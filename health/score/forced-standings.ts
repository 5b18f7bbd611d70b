/**
 * Overrides + plan + wall time → the forced standing of each endpoint. Pure, so that control, explain and every node say the same.
 * Of several that hit one endpoint the narrower target wins (endpoint, label, site, pool), then down before drain before up, then the
 * newest. A drain's share falls in ten equal steps, the first at once and the last, to 0, when its time is over.
 */
import { OVERRIDE_ACTIONS, OVERRIDE_TARGET_KINDS, type Override } from '../model/override.ts'
import { windowAt } from './maintenance-window.ts'
import type { ForcedStanding } from './rank-endpoints.ts'

/** What overrides need to know of a plan. */
export type OverridePlan = {
  readonly endpoints: readonly {
    readonly id: string
    readonly site?: string
    readonly labels?: Readonly<Record<string, string>>
  }[]
  readonly poolUses: readonly { readonly poolId: string; readonly members: readonly { readonly endpoint: number }[] }[]
}

/** The override that holds an endpoint, and how. */
export type HeldEndpoint = {
  readonly override: Override
  /** Share of its weight that is left, 0–1; 1 but for a drain. */
  readonly share: number
  /** Time until a drain's share falls further; absent when nothing falls. */
  readonly nextStepMs?: number
  /** When the hold ends by itself, ms since epoch; null = not. */
  readonly untilAt: number | null
}

/** When an override is on, ms since epoch: from when, and until when (null = open); undefined = it is not. */
export function activeSpan(override: Override, wallMs: number): { readonly fromAt: number; readonly untilAt: number | null } | undefined {
  const { startsAt, endsAt, schedule } = override
  if (startsAt !== null && wallMs < startsAt) return undefined
  if (endsAt !== null && wallMs >= endsAt) return undefined
  if (schedule === undefined) return { fromAt: startsAt ?? override.createdAt, untilAt: endsAt }
  const window = windowAt(schedule, wallMs)
  if (window === undefined) return undefined
  return {
    fromAt: Math.max(window.startAt, startsAt ?? window.startAt),
    untilAt: endsAt === null ? window.endAt : Math.min(window.endAt, endsAt),
  }
}

/** Steps after the first one of a drain. */
const DRAIN_STEPS = 9

/** What is left of a drain's share. */
export function drainShare(drainSeconds: number, elapsedMs: number): number {
  if (elapsedMs >= 1000 * drainSeconds) return 0
  const step = Math.floor((DRAIN_STEPS * Math.max(0, elapsedMs)) / (1000 * drainSeconds))
  return (DRAIN_STEPS - Math.min(DRAIN_STEPS - 1, step)) / (DRAIN_STEPS + 1)
}

/** Time until a drain's share falls by its next step. */
export function drainStepMs(drainSeconds: number, elapsedMs: number): number | undefined {
  const wholeMs = 1000 * drainSeconds
  if (elapsedMs >= wholeMs) return undefined
  const step = Math.floor((DRAIN_STEPS * Math.max(0, elapsedMs)) / wholeMs)
  return ((step + 1) * wholeMs) / DRAIN_STEPS - elapsedMs
}

/** Numbers of the endpoints that an override is about, whether it is on or not, in order. */
export function endpointsOfTarget({ target }: Pick<Override, 'target'>, plan: OverridePlan): readonly number[] {
  const { kind, value } = target
  if (kind === 'pool') {
    const members = new Set<number>()
    for (const { poolId, members: uses } of plan.poolUses) if (poolId === value) for (const { endpoint } of uses) members.add(endpoint)
    return [...members].sort((a, b) => a - b)
  }
  const hits: number[] = []
  for (const [number, { id, site, labels }] of plan.endpoints.entries()) {
    if (kind === 'endpoint' ? id === value : kind === 'site' ? site === value && value !== '' : hasLabel(labels, value)) hits.push(number)
  }
  return hits
}

function hasLabel(labels: Readonly<Record<string, string>> | undefined, value: string): boolean {
  const at = value.indexOf('=')
  const key = value.slice(0, at)
  return at > 0 && labels !== undefined && Object.hasOwn(labels, key) && labels[key] === value.slice(at + 1)
}

/** Is `a` to win over `b` where both hit? */
function isStronger(a: Override, b: Override): boolean {
  const narrow = OVERRIDE_TARGET_KINDS.indexOf(a.target.kind) - OVERRIDE_TARGET_KINDS.indexOf(b.target.kind)
  if (narrow !== 0) return narrow < 0
  const action = OVERRIDE_ACTIONS.indexOf(a.action) - OVERRIDE_ACTIONS.indexOf(b.action)
  if (action !== 0) return action < 0
  if (a.createdAt !== b.createdAt) return a.createdAt > b.createdAt
  return a.id > b.id
}

/** The override that holds each endpoint now, by endpoint id. */
export function heldEndpoints(overrides: readonly Override[], plan: OverridePlan, wallMs: number): ReadonlyMap<string, HeldEndpoint> {
  const held = new Map<string, HeldEndpoint>()
  for (const override of overrides) {
    const span = activeSpan(override, wallMs)
    if (span === undefined) continue
    const elapsedMs = wallMs - span.fromAt
    const share = override.action === 'drain' ? drainShare(override.drainSeconds, elapsedMs) : 1
    const nextStepMs = override.action === 'drain' ? drainStepMs(override.drainSeconds, elapsedMs) : undefined
    for (const number of endpointsOfTarget(override, plan)) {
      const { id } = plan.endpoints[number]!
      const known = held.get(id)
      if (known === undefined || isStronger(override, known.override)) {
        held.set(id, { override, share, ...(nextStepMs === undefined ? {} : { nextStepMs }), untilAt: span.untilAt })
      }
    }
  }
  return held
}

/** The forced standings at an instant, in order of endpoints. */
export function forcedStandings(overrides: readonly Override[], plan: OverridePlan, wallMs: number): readonly ForcedStanding[] {
  if (overrides.length === 0) return []
  const held = heldEndpoints(overrides, plan, wallMs)
  const standings: ForcedStanding[] = []
  for (const { id } of plan.endpoints) {
    const hold = held.get(id)
    if (hold === undefined) continue
    const { override, share, nextStepMs } = hold
    standings.push({ endpointId: id, action: override.action, share, ...(nextStepMs === undefined ? {} : { nextStepMs }) })
  }
  return standings
}
