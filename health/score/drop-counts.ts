/** What was wrong and therefore dropped: samples, reports and loads that cannot be, by reason. Pure; a fixed set of counters, never a list. */

/** Why something was dropped. */
export const DROP_REASONS = [
  'future',
  'past',
  'unknown-endpoint',
  'unknown-probe',
  'absurd',
  'own-report',
  'vantage-limit',
  'isolated',
] as const
/** One of them. */
export type DropReason = (typeof DROP_REASONS)[number]

/** Counters since the start. */
export type DropCounts = Record<DropReason, number>

/** All at zero. */
export function createDropCounts(): DropCounts {
  return Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as DropCounts
}

/** Counts one. */
export function countDropped(counts: DropCounts, reason: DropReason): void {
  counts[reason]++
}
