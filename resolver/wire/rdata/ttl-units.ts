/** Times of master files: plain seconds, or with units as BIND writes them ("1h30m", "2d"). Pure. */

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** Largest TTL (RFC 2181 §8). */
export const MAX_TTL_SECONDS = 0x7fffffff

/** Seconds of a text like "300" or "1h30m"; undefined when it is none or over 2^31-1. */
export function findSeconds(text: string): number | undefined {
  if (/^[0-9]+$/.test(text)) return Number(text) <= 0xffffffff ? Number(text) : undefined
  if (!/^([0-9]+[smhdw])+$/i.test(text)) return undefined
  let seconds = 0
  for (const [, digits, unit] of text.toLowerCase().matchAll(/([0-9]+)([smhdw])/g)) seconds += Number(digits) * UNIT_SECONDS[unit!]!
  return seconds <= MAX_TTL_SECONDS ? seconds : undefined
}
