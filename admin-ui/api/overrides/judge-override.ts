/** Is a wished override sound? Pure: the clock is a parameter. Every mistake is told at once; what is known of the document is judged elsewhere. */
import type { Override } from '../../../health/model/override.ts'
import { isTimeZone, nextWindow, parseCron } from '../../../health/score/maintenance-window.ts'
import type { Issue } from '../../contract/issue.ts'
import type { OverrideAdd, OverrideChange } from '../../contract/override.ts'
import { DRAIN_SECONDS_DEFAULT, OVERRIDE_LIMITS } from '../../contract/override-limits.ts'

/** What of an override is wished; the rest is given by the desk. */
export type OverrideDraft = Omit<Override, 'id' | 'createdAt' | 'owner'>

/** The verdict. */
export type Judged = { readonly ok: true; readonly draft: OverrideDraft } | { readonly ok: false; readonly issues: readonly Issue[] }

const DAY_MS = 86_400_000
/** A start this far back is a clock that is not quite right, not a mistake. */
const CLOCK_SKEW_MS = 5 * 60_000
/** Windows looked at for overlaps. */
const WINDOWS_COMPARED = 60

/** Judges a new override. */
export function judgeNew(wish: OverrideAdd, nowMs: number): Judged {
  const startsAt = parseTime(wish.startsAt) ?? null
  const start = Math.max(nowMs, startsAt ?? nowMs)
  const endsAt = wish.durationSeconds === undefined ? (parseTime(wish.endsAt) ?? null) : start + 1000 * wish.durationSeconds
  const draft: OverrideDraft = {
    target: { ...wish.target },
    action: wish.action,
    drainSeconds: wish.action === 'drain' ? (wish.drainSeconds ?? DRAIN_SECONDS_DEFAULT) : (wish.drainSeconds ?? 0),
    reason: wish.reason,
    startsAt: startsAt === null ? nowMs : Math.max(nowMs, startsAt),
    endsAt,
    ...(wish.schedule === undefined ? {} : { schedule: { ...wish.schedule } }),
  }
  return judge(draft, wish, startsAt, nowMs)
}

/** Judges a change of one that has not ended; what is absent stays. `durationSeconds` counts from now when it has begun. */
export function judgeChange(before: Override, change: OverrideChange, nowMs: number): Judged {
  const action = change.action ?? before.action
  const wishedStart = change.startsAt === undefined ? undefined : (parseTime(change.startsAt) ?? null)
  const startsAt = wishedStart === undefined ? before.startsAt : wishedStart === null ? nowMs : Math.max(nowMs, wishedStart)
  const wishedEnd = change.endsAt === undefined ? before.endsAt : (parseTime(change.endsAt) ?? null)
  const endsAt = change.durationSeconds === undefined ? wishedEnd : Math.max(nowMs, startsAt ?? nowMs) + 1000 * change.durationSeconds
  const schedule = change.schedule === undefined ? before.schedule : (change.schedule ?? undefined)
  const draft: OverrideDraft = {
    target: before.target,
    action,
    drainSeconds: change.drainSeconds ?? (action === before.action ? before.drainSeconds : action === 'drain' ? DRAIN_SECONDS_DEFAULT : 0),
    reason: change.reason ?? before.reason,
    startsAt,
    endsAt,
    ...(schedule === undefined ? {} : { schedule: { ...schedule } }),
  }
  return judge(draft, change, wishedStart ?? null, nowMs)
}

function parseTime(text: string | null | undefined): number | null | undefined {
  return text === undefined || text === null ? text : Date.parse(text)
}

function judge(draft: OverrideDraft, wish: OverrideChange, wishedStart: number | null, nowMs: number): Judged {
  const issues: Issue[] = []
  const refuse = (path: string, message: string, suggestion = ''): void => void issues.push(issueOf(path, message, suggestion))
  const { action, drainSeconds, schedule, startsAt, endsAt } = draft
  const start = Math.max(nowMs, startsAt ?? nowMs)
  if (action !== 'drain' && drainSeconds > 0) refuse('drainSeconds', `"${action}" holds at once, only a drain takes time`, 'leave it out')
  if (wish.endsAt != null && wish.durationSeconds !== undefined) refuse('durationSeconds', 'both an end and a duration', 'give one of them')
  if (wishedStart !== null && wishedStart < nowMs - CLOCK_SKEW_MS)
    refuse('startsAt', `"${iso(wishedStart)}" is in the past, it is ${iso(nowMs)}`, 'leave it out to begin now')
  if (start > nowMs + OVERRIDE_LIMITS.aheadDays * DAY_MS)
    refuse('startsAt', `"${iso(start)}" is more than ${OVERRIDE_LIMITS.aheadDays} days ahead`, 'choose an earlier start')
  if (endsAt !== null) {
    if (endsAt <= nowMs) refuse('endsAt', `"${iso(endsAt)}" is not in the future, it is ${iso(nowMs)}`, 'choose a later end')
    else if (endsAt <= start) refuse('endsAt', `it ends ("${iso(endsAt)}") before it begins ("${iso(start)}")`, 'choose a later end')
    else if (endsAt > start + OVERRIDE_LIMITS.aheadDays * DAY_MS)
      refuse(
        'endsAt',
        `it would hold for more than ${OVERRIDE_LIMITS.aheadDays} days`,
        'leave the end out, or disable the endpoint in the document',
      )
    else if (schedule === undefined && action === 'drain' && endsAt - start < 1000 * drainSeconds)
      refuse('drainSeconds', `it ends before the drain of ${drainSeconds} s is over`, 'drain faster or end later')
  }
  if (schedule !== undefined) judgeSchedule(draft, start, refuse)
  return issues.length === 0 ? { ok: true, draft } : { ok: false, issues }
}

function judgeSchedule(
  { schedule, action, drainSeconds, endsAt }: OverrideDraft,
  start: number,
  refuse: (path: string, message: string, suggestion?: string) => void,
): void {
  const { cron, durationSeconds, timeZone } = schedule!
  const parsed = parseCron(cron)
  if (!parsed.ok) refuse('schedule.cron', parsed.reason, 'write five fields, e.g. "0 2 * * 6" for Saturdays at 2')
  if (!isTimeZone(timeZone)) refuse('schedule.timeZone', `"${timeZone}" is no time zone`, 'write an IANA name, e.g. Asia/Shanghai or UTC')
  if (action === 'drain' && drainSeconds >= durationSeconds)
    refuse('drainSeconds', `a window of ${durationSeconds} s ends before the drain of ${drainSeconds} s is over`, 'drain faster')
  if (!parsed.ok || !isTimeZone(timeZone)) return
  let window = nextWindow(schedule!, start - 1000 * durationSeconds)
  if (window === undefined || (endsAt !== null && window.startAt >= endsAt)) {
    refuse('schedule.cron', `no window begins${endsAt === null ? ' within eight years' : ' before its end'}`, 'correct the days')
    return
  }
  for (let compared = 0; compared < WINDOWS_COMPARED && window !== undefined; compared++) {
    const next = nextWindow(schedule!, window.startAt)
    if (next !== undefined && next.startAt < window.endAt) {
      refuse('schedule.durationSeconds', `a window of ${durationSeconds} s is not over when the next begins`, 'make it shorter')
      return
    }
    window = next
  }
}

const iso = (at: number): string => new Date(at).toISOString()

/** An issue of an override's body. */
export function issueOf(path: string, message: string, suggestion: string): Issue {
  return { code: 'OVERRIDE_INVALID', severity: 'error', path, params: {}, message, suggestion, where: null }
}
