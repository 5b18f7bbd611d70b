/** What the override dialog asks for, as a body of the API. Pure: the clock is a parameter, times are the browser's. */
import type { OverrideAdd, OverrideTarget } from '../../../contract/override.ts'
import type { OverrideAction } from '../../../contract/override-limits.ts'

/** When it holds: now, from a later time, or in windows that come back. */
export type OverrideWhen = 'now' | 'later' | 'windows'
/** When it ends. */
export type OverrideEnd = '15m' | '1h' | '4h' | 'tomorrow' | 'own' | 'open'

/** Fields of the dialog. */
export type OverrideForm = {
  readonly target: OverrideTarget
  readonly action: OverrideAction
  readonly reason: string
  readonly drainMinutes: string
  readonly when: OverrideWhen
  /** Value of a datetime-local field. */
  readonly startsAt: string
  readonly end: OverrideEnd
  readonly endsAt: string
  readonly cron: string
  readonly windowHours: string
  readonly timeZone: string
}

const MINUTE_MS = 60_000
const END_MINUTES: Readonly<Record<string, number>> = { '15m': 15, '1h': 60, '4h': 240 }
/** Hour of "tomorrow". */
const MORNING_HOUR = 8

/** The end of a form as ms since epoch; null = open, undefined = the field is not filled in. */
export function endOf({ end, endsAt, startsAt, when }: OverrideForm, now: number): number | null | undefined {
  if (end === 'open') return null
  if (end === 'own') return readLocal(endsAt)
  const start = when === 'later' ? readLocal(startsAt) : now
  if (start === undefined) return undefined
  if (end !== 'tomorrow') return start + END_MINUTES[end]! * MINUTE_MS
  const morning = new Date(start)
  morning.setDate(morning.getDate() + 1)
  morning.setHours(MORNING_HOUR, 0, 0, 0)
  return morning.getTime()
}

/** The body of a form; undefined while something is not filled in (the reason aside). */
export function wishOf(form: OverrideForm, now: number): OverrideAdd | undefined {
  const { target, action, when, drainMinutes, cron, windowHours, timeZone } = form
  const endsAt = endOf(form, now)
  const startsAt = when === 'later' ? readLocal(form.startsAt) : null
  const drainSeconds = Math.round(60 * Number(drainMinutes))
  const windowSeconds = Math.round(3600 * Number(windowHours))
  if (target.value === '' || endsAt === undefined || startsAt === undefined) return undefined
  if (action === 'drain' && !(drainMinutes !== '' && drainSeconds >= 0)) return undefined
  if (when === 'windows' && (cron.trim().split(/\s+/).length !== 5 || !(windowSeconds >= 60) || timeZone === '')) return undefined
  return {
    target,
    action,
    reason: form.reason.trim(),
    ...(action === 'drain' ? { drainSeconds } : {}),
    ...(startsAt === null ? {} : { startsAt: new Date(startsAt).toISOString() }),
    endsAt: endsAt === null ? null : new Date(endsAt).toISOString(),
    ...(when === 'windows' ? { schedule: { cron: cron.trim(), durationSeconds: windowSeconds, timeZone } } : {}),
  }
}

function readLocal(text: string): number | undefined {
  const at = Date.parse(text)
  return text === '' || Number.isNaN(at) ? undefined : at
}

/** A time as a datetime-local field takes it. */
export function localField(at: number): string {
  const date = new Date(at)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`
}
