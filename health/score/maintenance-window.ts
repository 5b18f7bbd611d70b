/**
 * When is a repeated maintenance window on? Five cron fields in an IANA zone, read by `Intl`. Pure: the instant is a parameter, so control
 * and every node agree. Where the clocks change it keeps cron's habit (cron(8) of Debian): a start in the hour that is left out comes when
 * the clock has jumped, one in the repeated hour comes once, the first time; with a wildcard hour (`*`, or every n hours) starts follow the
 * real time instead.
 *
 *   cron ─► fields as sets ─► local days back (or on) from the instant ─► starts of a day as instants ─► [start, start + duration)
 */
import type { OverrideSchedule } from '../model/override.ts'

/** One window; `endAt` is exclusive. ms since epoch. */
export type MaintenanceWindow = { readonly startAt: number; readonly endAt: number }

/** A parsed cron line: allowed values of each field, ascending. */
export type CronFields = {
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  /** Does a calendar day match (1-based month, 0 = Sunday)? */
  readonly matchesDay: (dayOfMonth: number, month: number, dayOfWeek: number) => boolean
  /** The hour field begins with `*`. */
  readonly anyHour: boolean
}

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** A next window is looked for this far: 29 February comes after eight years at the latest. */
const SEARCH_DAYS = 8 * 366 + 2
const MONTHS: readonly string[] = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS: readonly string[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

type Field = { readonly name: string; readonly low: number; readonly high: number; readonly words?: readonly string[] }
const FIELDS: readonly Field[] = [
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day of month', low: 1, high: 31 },
  { name: 'month', low: 1, high: 12, words: MONTHS },
  { name: 'day of week', low: 0, high: 7, words: WEEKDAYS },
]

/** Parses a cron line, or says what is wrong with it. */
export function parseCron(
  cron: string,
): { readonly ok: true; readonly fields: CronFields } | { readonly ok: false; readonly reason: string } {
  const parts = cron.trim().split(/\s+/)
  if (parts.length !== FIELDS.length) return { ok: false, reason: `"${cron}" has ${cron.trim() === '' ? 0 : parts.length} fields, not 5` }
  const values: number[][] = []
  for (const [at, field] of FIELDS.entries()) {
    const parsed = parseField(parts[at]!, field)
    if (parsed === undefined)
      return { ok: false, reason: `${field.name} "${parts[at]}" is not a list of ${field.low}-${field.high}, ranges or */steps` }
    values.push(parsed)
  }
  const [minutes, hours, days, months, weekdays] = values as [number[], number[], number[], number[], number[]]
  const week = new Set(weekdays.map((day) => day % 7))
  // cron(8): with both day fields restricted, a day that matches either of them counts.
  const either = !parts[2]!.startsWith('*') && !parts[4]!.startsWith('*')
  return {
    ok: true,
    fields: {
      minutes,
      hours,
      anyHour: parts[1]!.startsWith('*'),
      matchesDay(dayOfMonth, month, dayOfWeek) {
        if (!months.includes(month)) return false
        const byDate = days.includes(dayOfMonth)
        const byWeek = week.has(dayOfWeek)
        return either ? byDate || byWeek : byDate && byWeek
      },
    },
  }
}

function parseField(text: string, field: Field): number[] | undefined {
  const values = new Set<number>()
  for (const item of text.toLowerCase().split(',')) {
    const match = /^(?:(\*)|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d{1,3}))?$/.exec(item)
    if (match === null) return undefined
    const step = match[4] === undefined ? 1 : Number(match[4])
    const low = match[1] === '*' ? field.low : parseValue(match[2]!, field)
    // "5/10" means from 5 on, as in most crons; without a step it is the one value.
    const openEnd = match[1] === '*' || match[4] !== undefined ? field.high : low
    const high = match[3] === undefined ? openEnd : parseValue(match[3], field)
    if (low === undefined || high === undefined || low > high || step < 1) return undefined
    for (let value = low; value <= high; value += step) values.add(value)
  }
  return [...values].sort((a, b) => a - b)
}

function parseValue(text: string, { low, high, words }: Field): number | undefined {
  const word = words?.indexOf(text) ?? -1
  if (word >= 0) return word + low
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  return value >= low && value <= high ? value : undefined
}

const formats = new Map<string, Intl.DateTimeFormat | undefined>()
const FORMATS_KEPT = 700

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  if (formats.has(timeZone)) return formats.get(timeZone)
  if (formats.size >= FORMATS_KEPT) formats.clear()
  let format: Intl.DateTimeFormat | undefined
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    // Intl throws for a zone it does not know; the caller gets "no such zone" as a value.
  }
  formats.set(timeZone, format)
  return format
}

/** Is it the name of a zone that this machine's time zone data has? */
export function isTimeZone(timeZone: string): boolean {
  return timeZone !== '' && formatOf(timeZone) !== undefined
}

/** Local clock reading at an instant, as if it were UTC (ms). */
function localMs(format: Intl.DateTimeFormat, atMs: number): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(atMs)) if (type !== 'literal') parts[type] = Number(value)
  const { year, month, day, hour, minute, second } = parts
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!)
}

/** Offset of the zone from UTC at an instant, ms; east is positive. */
function offsetMs(format: Intl.DateTimeFormat, atMs: number): number {
  const whole = Math.floor(atMs / 1000) * 1000
  return localMs(format, whole) - whole
}

/** Instants at which windows begin on a local day (midnight as if UTC), ascending. */
function startsOfDay(fields: CronFields, format: Intl.DateTimeFormat, dayMs: number): readonly number[] {
  const day = new Date(dayMs)
  if (!fields.matchesDay(day.getUTCDate(), day.getUTCMonth() + 1, day.getUTCDay())) return []
  // Offsets well before and after the local day: equal on nearly all days, and then every start is one subtraction.
  const before = offsetMs(format, dayMs - DAY_MS)
  const after = offsetMs(format, dayMs + 2 * DAY_MS)
  const starts = new Set<number>()
  for (const hour of fields.hours)
    for (const minute of fields.minutes) {
      const local = dayMs + (60 * hour + minute) * MINUTE_MS
      if (before === after) starts.add(local - before)
      else for (const start of startsAt(fields, format, local, before, after)) starts.add(start)
    }
  return [...starts].sort((a, b) => a - b)
}

/** Instants of one local time near a change of the clocks: none or one in the hour left out, one or two in the repeated one. */
function startsAt(fields: CronFields, format: Intl.DateTimeFormat, local: number, before: number, after: number): readonly number[] {
  const real = [local - before, local - after].filter((at) => localMs(format, at) === local).sort((a, b) => a - b)
  if (real.length > 0) return fields.anyHour ? real : [real[0]!]
  return fields.anyHour ? [] : [changeBetween(format, local - Math.max(before, after), local - Math.min(before, after))]
}

/** First instant after `low` (up to `high`) at which the offset is another one. */
function changeBetween(format: Intl.DateTimeFormat, low: number, high: number): number {
  const first = offsetMs(format, low)
  let at = low
  let end = high
  while (end - at > 1000) {
    const middle = at + Math.floor((end - at) / 2000) * 1000
    if (offsetMs(format, middle) === first) at = middle
    else end = middle
  }
  return end
}

type Reader = { readonly fields: CronFields; readonly format: Intl.DateTimeFormat }

/** Schedules are asked twice a second as long as they are kept. */
const readers = new WeakMap<OverrideSchedule, Reader | null>()

function readerOf(schedule: OverrideSchedule): Reader | undefined {
  const known = readers.get(schedule)
  if (known !== undefined) return known ?? undefined
  const parsed = parseCron(schedule.cron)
  const format = formatOf(schedule.timeZone)
  const reader = parsed.ok && format !== undefined ? { fields: parsed.fields, format } : undefined
  readers.set(schedule, reader ?? null)
  return reader
}

/** The window that is on at an instant: the one that began last; undefined outside, and for a schedule that cannot be read. */
export function windowAt(schedule: OverrideSchedule, atMs: number): MaintenanceWindow | undefined {
  const reader = readerOf(schedule)
  if (reader === undefined) return undefined
  const today = Math.floor(localMs(reader.format, Math.floor(atMs / 1000) * 1000) / DAY_MS) * DAY_MS
  const daysBack = Math.ceil((1000 * schedule.durationSeconds) / DAY_MS) + 1
  for (let back = 0; back <= daysBack; back++) {
    const startAt = startsOfDay(reader.fields, reader.format, today - back * DAY_MS).findLast((start) => start <= atMs)
    if (startAt === undefined) continue
    const endAt = startAt + 1000 * schedule.durationSeconds
    return atMs < endAt ? { startAt, endAt } : undefined
  }
  return undefined
}

/** The first window that begins after an instant; undefined when none does within eight years. */
export function nextWindow(schedule: OverrideSchedule, afterMs: number): MaintenanceWindow | undefined {
  const reader = readerOf(schedule)
  if (reader === undefined) return undefined
  const today = Math.floor(localMs(reader.format, Math.floor(afterMs / 1000) * 1000) / DAY_MS) * DAY_MS
  for (let on = -1; on <= SEARCH_DAYS; on++) {
    const startAt = startsOfDay(reader.fields, reader.format, today + on * DAY_MS).find((start) => start > afterMs)
    if (startAt !== undefined) return { startAt, endAt: startAt + 1000 * schedule.durationSeconds }
  }
  return undefined
}
