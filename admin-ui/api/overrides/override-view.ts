/** Overrides in the words of the contract. Pure: the clock is a parameter. */
import type { Override as HeldOverride, OverrideTarget } from '../../../health/model/override.ts'
import { activeSpan, endpointsOfTarget, type HeldEndpoint, type OverridePlan } from '../../../health/score/forced-standings.ts'
import { nextWindow } from '../../../health/score/maintenance-window.ts'
import type { StoredOverride } from '../../../policy/store/store.ts'
import type { Override, OverrideNote, OverrideWindow } from '../../contract/override.ts'

const iso = (at: number): string => new Date(at).toISOString()
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at))

/** One override as the API shows it. `held`: who decides on which endpoint now. */
export function viewOverride(
  stored: StoredOverride,
  plan: OverridePlan | undefined,
  held: ReadonlyMap<string, HeldEndpoint>,
  nowMs: number,
): Override {
  const { override, endedAt } = stored
  const span = endedAt === null ? activeSpan(override, nowMs) : undefined
  const endpoints = plan === undefined ? [] : endpointsOfTarget(override, plan).map((number) => plan.endpoints[number]!.id)
  const holds = endpoints.filter((id) => held.get(id)?.override.id === override.id)
  return {
    id: override.id,
    target: override.target,
    action: override.action,
    drainSeconds: override.drainSeconds,
    owner: override.owner,
    reason: override.reason,
    createdBy: stored.createdBy,
    createdAt: iso(override.createdAt),
    startsAt: isoOrNull(override.startsAt),
    endsAt: isoOrNull(override.endsAt),
    schedule: override.schedule ?? null,
    state: endedAt !== null || isOver(override, nowMs) ? 'ended' : span === undefined ? 'waiting' : 'active',
    window: span === undefined ? null : { from: iso(span.fromAt), until: isoOrNull(span.untilAt) },
    nextWindow: endedAt === null ? (nextWindowsOf(override, nowMs, 1)[0] ?? null) : null,
    endpoints,
    holds,
    sharePercent: span === undefined || override.action !== 'drain' ? null : shareOf(held, holds),
    endedAt: isoOrNull(endedAt),
    endedBy: stored.endedBy,
    endReason: stored.endReason,
    etag: etagOfOverride(stored),
  }
}

function shareOf(held: ReadonlyMap<string, HeldEndpoint>, holds: readonly string[]): number | null {
  const share = holds.length === 0 ? undefined : held.get(holds[0]!)?.share
  return share === undefined ? null : Math.round(100 * share)
}

/** Is its time over? */
export function isOver({ endsAt }: HeldOverride, nowMs: number): boolean {
  return endsAt !== null && nowMs >= endsAt
}

/** The stretches after now (the one that is on is not among them), at most `count`. */
export function nextWindowsOf(override: HeldOverride, nowMs: number, count: number): readonly OverrideWindow[] {
  const { startsAt, endsAt, schedule } = override
  if (schedule === undefined) {
    return startsAt !== null && startsAt > nowMs ? [{ from: iso(startsAt), until: isoOrNull(endsAt) }] : []
  }
  const windows: OverrideWindow[] = []
  // A window that is on when it begins counts from then.
  let after = startsAt !== null && startsAt > nowMs ? startsAt - 1000 * schedule.durationSeconds : nowMs
  while (windows.length < count) {
    const window = nextWindow(schedule, after)
    if (window === undefined || (endsAt !== null && window.startAt >= endsAt)) break
    after = window.startAt
    const from = Math.max(window.startAt, startsAt ?? window.startAt)
    if (from >= window.endAt || from <= nowMs) continue
    windows.push({ from: iso(from), until: iso(endsAt === null ? window.endAt : Math.min(window.endAt, endsAt)) })
  }
  return windows
}

/** The override beside an endpoint that it holds. */
export function noteOf({ override, share, untilAt }: HeldEndpoint): OverrideNote {
  const { id, action, owner, reason } = override
  return {
    id,
    action,
    owner,
    reason,
    until: isoOrNull(untilAt),
    ...(action === 'drain' ? { sharePercent: Math.round(100 * share) } : {}),
  }
}

/** Rises with every change. */
export function etagOfOverride({ override, version }: StoredOverride): string {
  return `${override.id}-${version}`
}

/** A target in a line of text: the endpoint's id, else kind and value. */
export function targetText({ kind, value }: OverrideTarget): string {
  return kind === 'endpoint' ? value : `${kind} ${value}`
}
