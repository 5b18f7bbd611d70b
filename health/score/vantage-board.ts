/**
 * What other vantages said last, checked and bounded. Pure: clocks are parameters. The age of a vote is told by our own monotonic clock
 * from the arrival of its report on, and by the sender's clock before it was sent, so that clocks of two machines are never compared but
 * to refuse a report that was kept somewhere on its way.
 */
import type { ReportedAddress, VantageReport } from '../model/vantage-report.ts'
import type { VantageVote } from './combine-vantages.ts'
import { countDropped, type DropCounts, type DropReason } from './drop-counts.ts'
import type { Votes } from './find-isolation.ts'

/** Votes older than this many intervals of the address's first probe count no more. */
export const FRESH_INTERVALS = 3
/** A report made longer ago, or later than now, by the wall clocks. */
export const MOST_CLOCK_MS = 30_000
/** Reports do not overtake each other by more than this. */
const OUT_OF_ORDER_MS = 5000
/** Vantages kept; a fleet has dozens, whoever feeds names without end must not fill the memory. */
export const MOST_VANTAGES = 256
/** No endpoint answers slower than this. */
const MOST_LATENCY_MS = 600_000
/** A vantage that was silent for this long is forgotten. */
const FORGET_MS = 3_600_000

/** A checked vote. */
type BoardVote = VantageVote & {
  /** Monotonic time at which it was as old as 0, ms. */
  readonly atMs: number
}

/** One vantage. */
type BoardRow = {
  readonly site: string
  readonly isolated: boolean
  /** By the sender's clock. */
  readonly at: number
  readonly heardMs: number
  readonly votes: ReadonlyMap<string, BoardVote>
}

/** The board. */
export type VantageBoard = { readonly rows: Map<string, BoardRow>; readonly dropped: DropCounts }

/** What is known of targets: the interval of the first probe by target key. */
export type KnownTargets = ReadonlyMap<string, { readonly intervalMs: number; readonly site: string }>

/** A vantage whose votes count now. */
export type FreshVantage = { readonly vantage: string; readonly isolated: boolean; readonly site: string; readonly votes: Votes }

/** Key of a target. */
export function targetKey(endpointId: string, address: string): string {
  return `${endpointId} ${address}`
}

/** An empty board. */
export function createVantageBoard(dropped: DropCounts): VantageBoard {
  return { rows: new Map(), dropped }
}

/** Takes a report in; what is wrong in it is counted and dropped. A report replaces the one before of its vantage. */
export function takeReport(
  board: VantageBoard,
  report: VantageReport,
  known: KnownTargets,
  ownName: string,
  nowMs: number,
  wallMs: number,
): void {
  const { vantage, site, at, addresses } = report
  const reason = reasonToRefuse(board, report, ownName, nowMs, wallMs)
  if (reason !== undefined) {
    countDropped(board.dropped, reason)
    return
  }
  const votes = new Map<string, BoardVote>()
  for (const address of addresses) {
    const key = targetKey(address.endpointId, address.address)
    if (!known.has(key)) countDropped(board.dropped, 'unknown-endpoint')
    else if (!isSane(address, at)) countDropped(board.dropped, 'absurd')
    else votes.set(key, boardVote(address, at, nowMs))
  }
  board.rows.set(vantage, { site: typeof site === 'string' ? site : '', isolated: report.isolated === true, at, heardMs: nowMs, votes })
}

/** What is wrong with a report as a whole. */
function reasonToRefuse(
  board: VantageBoard,
  report: VantageReport,
  ownName: string,
  nowMs: number,
  wallMs: number,
): DropReason | undefined {
  const { vantage, at, addresses } = report
  const isNamed = typeof vantage === 'string' && vantage !== '' && vantage.length <= 255 && Array.isArray(addresses)
  if (!isNamed || !Number.isFinite(at)) return 'absurd'
  if (vantage === ownName) return 'own-report'
  if (at > wallMs + MOST_CLOCK_MS) return 'future'
  const before = board.rows.get(vantage)
  // A vantage whose clock was put back is heard again when its old reports cannot come any more.
  const isOlder = before !== undefined && at < before.at && nowMs - before.heardMs < OUT_OF_ORDER_MS
  if (at < wallMs - MOST_CLOCK_MS || isOlder) return 'past'
  if (before !== undefined || board.rows.size < MOST_VANTAGES) return undefined
  forgetSilent(board, nowMs)
  return board.rows.size < MOST_VANTAGES ? undefined : 'vantage-limit'
}

function boardVote({ inPlace, latencyMs, errorRatePercent, sampleCount, at }: ReportedAddress, reportAt: number, nowMs: number): BoardVote {
  return {
    inPlace,
    latencyMs: latencyMs ?? Number.NaN,
    errorRatePercent: errorRatePercent ?? Number.NaN,
    sampleCount,
    sampleAt: at,
    atMs: nowMs - Math.max(0, reportAt - at),
  }
}

function isSane({ inPlace, latencyMs, errorRatePercent, sampleCount, at }: ReportedAddress, reportAt: number): boolean {
  return (
    (inPlace === null || typeof inPlace === 'boolean') &&
    (latencyMs === null || (latencyMs >= 0 && latencyMs <= MOST_LATENCY_MS)) &&
    (errorRatePercent === null || (errorRatePercent >= 0 && errorRatePercent <= 100)) &&
    Number.isInteger(sampleCount) &&
    sampleCount >= 0 &&
    sampleCount < 1e9 &&
    at >= 0 &&
    at <= reportAt + 1000
  )
}

/** Vantages that nobody has heard of for an hour. */
export function forgetSilent(board: VantageBoard, nowMs: number): void {
  for (const [vantage, { heardMs }] of board.rows) if (nowMs - heardMs > FORGET_MS) board.rows.delete(vantage)
}

/** Vantages with at least one fresh vote, with those votes about targets outside their own sites. */
export function freshVantages(board: VantageBoard, known: KnownTargets, nowMs: number): readonly FreshVantage[] {
  const fresh: FreshVantage[] = []
  for (const [vantage, { site, isolated, votes }] of board.rows) {
    const counted = new Map<string, boolean>()
    for (const [key, vote] of votes) {
      const target = known.get(key)
      if (target === undefined || vote.inPlace === null || !isFresh(vote, target.intervalMs, nowMs)) continue
      if (site === '' || target.site !== site) counted.set(key, vote.inPlace)
    }
    if (counted.size > 0) fresh.push({ vantage, isolated, site, votes: counted })
  }
  return fresh
}

function isFresh({ atMs }: BoardVote, intervalMs: number, nowMs: number): boolean {
  return nowMs - atMs <= FRESH_INTERVALS * intervalMs
}

/** Fresh votes about one target, without those of the vantages in `isolated` that stand elsewhere. */
export function votesAbout(
  board: VantageBoard,
  key: string,
  target: { readonly intervalMs: number; readonly site: string },
  isolated: ReadonlySet<string>,
  nowMs: number,
): VantageVote[] {
  const votes: VantageVote[] = []
  for (const [vantage, { site, votes: all }] of board.rows) {
    const vote = all.get(key)
    if (vote === undefined || !isFresh(vote, target.intervalMs, nowMs)) continue
    if (isolated.has(vantage) && (site === '' || site !== target.site)) continue
    votes.push(vote)
  }
  return votes
}
