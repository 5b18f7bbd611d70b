/**
 * Every number, age and date of the console, in both languages (console rules: a number has unit and window, no data is "—" and
 * never 0, true minus, 24 h clock, no 万). Pure; the browser's time zone.
 */

/** Languages of the console. */
export type Language = 'en' | 'zh-CN'

/** What stands where nothing is known. */
export const NO_DATA = '—'
const MINUS = '−'

/** A whole number with separators: 17,340. */
export function formatCount(value: number | null | undefined): string {
  return value === null || value === undefined ? NO_DATA : signed(Math.round(value), 0)
}

/** Queries per second; below 100 with one decimal: 17,340 · 3.4. */
export function formatRate(value: number | null | undefined): string {
  if (value === null || value === undefined) return NO_DATA
  return value > 0 && value < 99.95 ? signed(value, 1) : signed(value, 0)
}

/** Milliseconds without unit: 12.4 below 100, 412 above. */
export function formatMs(value: number | null | undefined): string {
  if (value === null || value === undefined) return NO_DATA
  return signed(value, Math.abs(value) < 99.95 ? 1 : 0)
}

/** A share in percent without sign; "< 0.1" instead of 0.0 when it is not zero. */
export function formatShare(percent: number | null | undefined, decimals = 1): string {
  if (percent === null || percent === undefined) return NO_DATA
  const least = 10 ** -decimals
  if (percent > 0 && percent < least / 2) return `< ${least.toFixed(decimals)}`
  // 99.97 is not all of it.
  if (percent < 100 && percent.toFixed(decimals) === (100).toFixed(decimals)) return (100 - least).toFixed(decimals)
  return percent === 0 || percent === 100 ? String(percent) : signed(percent, decimals)
}

/** A share with its sign: "3.8 %" in English, "3.8%" in Chinese. */
export function formatPercent(percent: number | null | undefined, language: Language, decimals = 1): string {
  const text = formatShare(percent, decimals)
  return text === NO_DATA ? text : language === 'zh-CN' ? `${text}%` : `${text} %`
}

/** A score: whole in lists, one decimal in details. */
export function formatScore(score: number | null | undefined, decimals = 0): string {
  return score === null || score === undefined ? NO_DATA : signed(score, decimals)
}

/** A change with its sign: "−10.0", "+19.0"; 0 stays 0. */
export function formatChange(value: number, decimals = 1): string {
  return value > 0 ? `+${signed(value, decimals)}` : signed(value, decimals)
}

/** An age or a time span: "1 s", "7 min", "6 h 19 min", "3 d". */
export function formatAge(seconds: number | null | undefined, language: Language): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NO_DATA
  const whole = Math.max(0, Math.round(seconds))
  const units = language === 'zh-CN' ? { s: ' 秒', min: ' 分钟', h: ' 小时', d: ' 天' } : { s: ' s', min: ' min', h: ' h', d: ' d' }
  if (whole < 120) return `${whole}${units.s}`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes}${units.min}`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 === 0 ? `${hours}${units.h}` : `${hours}${units.h} ${minutes % 60}${units.min}`
  const days = Math.floor(hours / 24)
  return days < 7 && hours % 24 > 0 ? `${days}${units.d} ${hours % 24}${units.h}` : `${days}${units.d}`
}

/** Clock time in the browser's zone: 10:42:17, or 10:42. */
export function formatTime(at: string | number | Date, seconds = true): string {
  const date = new Date(at)
  const parts = seconds ? [date.getHours(), date.getMinutes(), date.getSeconds()] : [date.getHours(), date.getMinutes()]
  return Number.isNaN(date.getTime()) ? NO_DATA : parts.map((part) => String(part).padStart(2, '0')).join(':')
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A date: "12 Jun 2026" in English, 2026-06-12 in Chinese. */
export function formatDate(at: string | number | Date, language: Language): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return NO_DATA
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()]
  if (language === 'zh-CN') return `${year}-${String(month + 1).padStart(2, '0')}-${String(day).padStart(2, '0')}`
  return `${day} ${MONTHS[month]} ${year}`
}

/** Time alone when it is of today, else date and time. */
export function formatMoment(at: string, language: Language, now: number): string {
  return new Date(at).toDateString() === new Date(now).toDateString()
    ? formatTime(at)
    : `${formatDate(at, language)} ${formatTime(at, false)}`
}

/** A digest in short: 9f3c·71ae. */
export function formatDigest(digest: string): string {
  return digest.length < 8 ? digest : `${digest.slice(0, 4)}·${digest.slice(4, 8)}`
}

/** Offset of the browser's zone, for the title of a time: "UTC+08:00". */
export function formatZone(at: string | number | Date): string {
  const minutes = -new Date(at).getTimezoneOffset()
  const size = Math.abs(minutes)
  return `UTC${minutes < 0 ? MINUS : '+'}${String(Math.floor(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`
}

function signed(value: number, decimals: number): string {
  const text = Math.abs(value).toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
  return value < 0 && Number(text.replaceAll(',', '')) !== 0 ? `${MINUS}${text}` : text
}
