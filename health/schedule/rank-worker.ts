/**
 * Worker: samples → health → ranking, written into the idle slot of shared memory and swapped by one atomic store, so that no other event
 * loop stands between a standing change and the answer threads. A standing change swaps at once when the last swap is a second old, else
 * at the end of that second; everything else at most once a second (gdnsd's rule: readers are many, swaps are few).
 *
 *   plan ─► first results of new endpoints, at most 2 s ─► first ranking of the new generation ─► done
 *           (meanwhile the live generation goes on being ranked in its own memory)
 */
import { setPriority } from 'node:os'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { LatencyMessage } from '../model/latency-matrix.ts'
import type { Override } from '../model/override.ts'
import type { ProbeSample } from '../model/probe-sample.ts'
import type { RankPlan } from '../model/rank-plan.ts'
import { rankingShapeOf, type SharedRanking, viewSharedRanking } from '../model/ranking.ts'
import type { LoadReport, PushedResult, VantageReport } from '../model/vantage-report.ts'
import type { DropCounts } from '../score/drop-counts.ts'
import { forcedStandings } from '../score/forced-standings.ts'
import { createLatencyOrderer } from '../score/latency-order.ts'
import type { AnswerRate } from '../score/load-book.ts'
import { GATE_SAMPLES, summarizeWindow } from '../score/window.ts'
import { elapsedBetween, loadHealth, readMachineClocks, saveHealth } from './health-state-file.ts'
import { type PhaseTimes, summarizePhases } from './phase-summary.ts'
import { createRankKeeper, type PlannedHealth, type RankKeeper, type StandingChange } from './rank-keeper.ts'
import { createSaveSchedule } from './save-schedule.ts'
import type { VantageIdentity, VantageStatus } from './vantage-judge.ts'

/** What the worker is started with. */
export type RankWorkerData = {
  readonly statePath: string | undefined
  readonly heartbeat: Int32Array
  /** Name and site of this vantage. */
  readonly identity: VantageIdentity
  /** Whether somebody wants what it says to the others, at each ranking. */
  readonly reports: boolean
}
/** What the runtime asks; each is answered by one `done` of the same number. */
export type RankRequest =
  | { readonly type: 'plan'; readonly plan: RankPlan; readonly ranking: SharedArrayBuffer }
  | { readonly type: 'samples'; readonly endpointId: string; readonly limit: number }
  | { readonly type: 'details' }
  | { readonly type: 'state' }
  | { readonly type: 'latency-cells'; readonly line: string }
  | { readonly type: 'stop' }
/** What the runtime sends. `break` is for tests of the watchdog only. */
export type ToRank =
  | (RankRequest & { readonly number: number })
  | { readonly type: 'prober'; readonly port: MessagePort }
  | { readonly type: 'vantage-reports'; readonly reports: readonly VantageReport[] }
  | { readonly type: 'pushes'; readonly pushes: readonly PushedResult[] }
  | { readonly type: 'loads'; readonly loads: readonly LoadReport[] }
  | { readonly type: 'answers'; readonly answers: readonly AnswerRate[] }
  | { readonly type: 'overrides'; readonly overrides: readonly Override[] }
  | LatencyMessage
  | { readonly type: 'break'; readonly how: 'throw' | 'loop' }
/** What the worker sends. */
export type FromRank =
  | { readonly type: 'done'; readonly number: number; readonly result?: unknown }
  | { readonly type: 'change'; readonly change: StandingChange }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'isolation'; readonly isolated: boolean; readonly detail: string }
  | { readonly type: 'report'; readonly report: VantageReport }

/** How health itself is: isolation, other vantages, and what was dropped. */
export type HealthState = VantageStatus & {
  readonly dropped: Readonly<DropCounts>
  /** Endpoints beyond their hard capacity. */
  readonly overloaded: readonly string[]
}

/** Numbers of an address that a ranking has no room for. */
export type AddressDetail = {
  readonly endpointId: string
  readonly address: string
  readonly p95Ms: number | null
  readonly ewmaMs: number | null
  readonly certificateDays: number | null
  /** Of the newest probes. */
  readonly phases: readonly PhaseTimes[]
}

/** Between two swaps at the least: a batch that began with the other slot is long over when it is written again. */
const SWAP_INTERVAL_MS = 1000
/** Without any change the numbers are swapped in this often; the gap leaves changes room to be swapped at once. */
const REFRESH_INTERVAL_MS = 2000
const TICK_MS = 500
/** All that are kept of an endpoint: it may have two addresses and several probes. */
const SAMPLES_ASKED = 120
/** New endpoints are given this long for their first result before a generation is ranked without it. */
const FIRST_RESULT_MS = 2000
/** The kept ranking id may lie this many swaps behind: a minute's (save-schedule.ts) and some. */
const RANKING_ID_STEP = 60_000 / SWAP_INTERVAL_MS + 10

/** Priority beside answer threads (resolver/transport/thread-priority.ts): a ranking must not wait for probes, loading and garbage. */
const FIRST_NICE = -5

const { statePath, heartbeat, identity, reports } = workerData as RankWorkerData
goFirst()
const send = (message: FromRank): void => parentPort!.postMessage(message)
const latency = createLatencyOrderer()
const keeper = startKeeper()

type Ranked = { readonly planned: PlannedHealth; readonly shared: SharedRanking }
let live: Ranked | undefined
let pending: (Ranked & { readonly number: number; readonly timer: NodeJS.Timeout }) | undefined
let overrides: readonly Override[] = []
/** What they force, as the last swap has it. */
let forced = '[]'
let lastSwapMs = Number.NEGATIVE_INFINITY
let swapTimer: NodeJS.Timeout | undefined
let saveFailure = ''
const saves = createSaveSchedule({
  save,
  nowMs: () => performance.now(),
  setTimer: (callback, delayMs) => void setTimeout(callback, delayMs),
})
const certificateDays = new Map<string, number>()

function startKeeper(): RankKeeper {
  const nowMs = performance.now()
  const loaded = statePath === undefined ? undefined : loadHealth(statePath)
  if (loaded?.ok === false) for (const message of loaded.reasons) send({ type: 'warning', message })
  if (loaded?.ok !== true) return createRankKeeper(undefined, 0, nowMs, identity)
  const { clocks, health } = loaded.file
  latency.restore(health.latency ?? [], nowMs - elapsedBetween(clocks, readMachineClocks()))
  const kept = { ...health, rankingId: health.rankingId + RANKING_ID_STEP }
  return createRankKeeper(kept, elapsedBetween(clocks, readMachineClocks()), nowMs, identity)
}

function goFirst(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(FIRST_NICE)
  } catch {
    // Not allowed: all threads are equal then.
  }
}

function swap(): void {
  clearTimeout(swapTimer)
  swapTimer = undefined
  if (live === undefined) return
  const { planned, shared } = live
  judgeIsolation()
  const idle = 1 - (Atomics.load(shared.live, 0) & 1)
  const wallMs = Date.now()
  const standings = forcedStandings(overrides, planned.plan, wallMs)
  const before = forced
  forced = JSON.stringify(standings)
  const slot = shared.slots[idle]!
  keeper.rank(planned, slot, standings, performance.now(), wallMs)
  latency.fill(planned.plan, slot.latencyOrder, performance.now(), Date.now())
  slot.header[3] = latency.epoch(Date.now())
  Atomics.store(shared.live, 0, idle)
  lastSwapMs = performance.now()
  // A node that is started again must know what it was holding out, or its end would give everything back at once.
  if (forced !== before) saves.changed()
  if (reports) send({ type: 'report', report: keeper.report(performance.now(), Date.now()) })
}

/** Swaps now, or at the end of the second that the last swap began. */
function swapSoon(): void {
  if (swapTimer !== undefined || live === undefined) return
  const waitMs = lastSwapMs + SWAP_INTERVAL_MS - performance.now()
  if (waitMs <= 0) swap()
  else swapTimer = setTimeout(swap, waitMs)
}

function takePlan(number: number, plan: RankPlan, ranking: SharedArrayBuffer): void {
  if (pending !== undefined) {
    clearTimeout(pending.timer)
    send({ type: 'done', number: pending.number })
  }
  const planned = keeper.replacePlan(plan, performance.now())
  const known = new Set([...keeper.addresses()].map(({ endpointId, address }) => `${endpointId} ${address}`))
  for (const key of certificateDays.keys()) if (!known.has(key)) certificateDays.delete(key)
  const shared = viewSharedRanking(ranking, rankingShapeOf(plan))
  pending = { number, planned, shared, timer: setTimeout(finishPlan, FIRST_RESULT_MS) }
  finishPlanIfKnown()
}

function finishPlanIfKnown(): void {
  if (pending !== undefined && keeper.unknownCount(pending.planned, performance.now()) === 0) finishPlan()
}

function finishPlan(): void {
  if (pending === undefined) return
  const { number, planned, shared, timer } = pending
  clearTimeout(timer)
  pending = undefined
  live = { planned, shared }
  keeper.settle(planned, performance.now())
  swap()
  saves.changed()
  send({ type: 'done', number })
}

function takeSample(sample: ProbeSample): void {
  if (sample.certificateDays !== undefined) certificateDays.set(`${sample.endpointId} ${sample.address}`, sample.certificateDays)
  tellChanges(keeper.takeSample(sample, performance.now(), Date.now()))
}

function tellChanges(changes: readonly StandingChange[]): void {
  finishPlanIfKnown()
  if (changes.length === 0) return
  saves.changed()
  for (const change of changes) send({ type: 'change', change })
  swapSoon()
}

/** Overrides hold from the next swap on, like a change of standing. */
function replaceOverrides(next: readonly Override[]): void {
  overrides = next
  swapSoon()
}

/** Starts, ends, windows and steps of drains come by the clock alone. */
function lookAtOverrides(): void {
  if (live === undefined || overrides.length === 0) return
  if (JSON.stringify(forcedStandings(overrides, live.planned.plan, Date.now())) !== forced) swapSoon()
}

/** What others see. */
function takeReports(reports: readonly VantageReport[]): void {
  for (const report of reports) keeper.takeReport(report, performance.now(), Date.now())
  swapSoon()
}

/** A pushed result is a sample like any other. */
function takePushes(pushes: readonly PushedResult[]): void {
  for (const push of pushes) tellChanges(keeper.takePush(push, performance.now(), Date.now()))
}

/** Loads count from the next swap on: a step takes a TTL anyway. */
function takeLoads(loads: readonly LoadReport[]): void {
  for (const load of loads) keeper.takeLoad(load, performance.now(), Date.now())
}

/** Isolation is looked at before each ranking: it says whose votes count. */
function judgeIsolation(): void {
  if (!keeper.judge(performance.now(), Date.now())) return
  const { isolated, others, failingReferences } = keeper.vantages()
  const seen = others.filter((other) => !other.isolated).length
  const beside = `${seen} other ${seen === 1 ? 'vantage' : 'vantages'} heard, ${failingReferences.length} references fail`
  const detail = isolated
    ? `cut off: the ranking of endpoints elsewhere stays as it was (${beside})`
    : `reaches endpoints elsewhere again (${beside})`
  send({ type: 'isolation', isolated, detail })
}

function details(): AddressDetail[] {
  const rows: AddressDetail[] = []
  for (const { endpointId, address, tracks } of keeper.addresses()) {
    const window = tracks[0]?.window
    const summary = window === undefined ? undefined : summarizeWindow(window)
    // Of fewer it would be the largest, and no percentile.
    const p95Ms = summary === undefined || summary.latenciesMs.length < GATE_SAMPLES ? Number.NaN : summary.p95Ms
    rows.push({
      endpointId,
      address,
      p95Ms: Number.isNaN(p95Ms) ? null : p95Ms,
      ewmaMs: window === undefined || Number.isNaN(window.ewmaMs) ? null : window.ewmaMs,
      certificateDays: certificateDays.get(`${endpointId} ${address}`) ?? null,
      phases: summarizePhases(keeper.samplesOf(endpointId, SAMPLES_ASKED), address),
    })
  }
  return rows
}

/** Writes the state as it is now; false when that failed. */
async function save(): Promise<boolean> {
  if (statePath === undefined || live === undefined) return true
  try {
    await saveHealth(statePath, {
      clocks: readMachineClocks(),
      health: { ...keeper.keep(performance.now()), latency: latency.keep(performance.now()) },
    })
    saveFailure = ''
    return true
  } catch (error) {
    // A full disk stops neither probing nor answering; it is told once until it works again.
    const { message } = error as Error
    if (message !== saveFailure) send({ type: 'warning', message: `the health state cannot be kept: ${message}` })
    saveFailure = message
    return false
  }
}

async function saveLast(number: number): Promise<void> {
  await saves.flush()
  send({ type: 'done', number })
}

setInterval(() => Atomics.add(heartbeat, 0, 1), 100)
setInterval(() => {
  const nowMs = performance.now()
  if (nowMs - lastSwapMs >= REFRESH_INTERVAL_MS) swapSoon()
  lookAtOverrides()
  saves.refresh()
}, TICK_MS)

parentPort!.on('message', (message: ToRank) => {
  if (message.type === 'prober') message.port.on('message', takeSample)
  else if (message.type === 'plan') takePlan(message.number, message.plan, message.ranking)
  else if (message.type === 'details') send({ type: 'done', number: message.number, result: details() })
  else if (message.type === 'samples')
    send({ type: 'done', number: message.number, result: keeper.samplesOf(message.endpointId, message.limit) })
  else if (message.type === 'stop') void saveLast(message.number)
  else if (message.type === 'overrides') replaceOverrides(message.overrides)
  else if (message.type === 'latency') latency.take(message, performance.now())
  else if (message.type === 'latency-cells')
    send({ type: 'done', number: message.number, result: latency.cellsOf(message.line, performance.now()) })
  else if (message.type === 'pushes') takePushes(message.pushes)
  else if (message.type === 'vantage-reports') takeReports(message.reports)
  else if (message.type === 'loads') takeLoads(message.loads)
  else if (message.type === 'answers') keeper.takeAnswers(message.answers, performance.now())
  else if (message.type === 'state')
    send({
      type: 'done',
      number: message.number,
      result: { ...keeper.vantages(), dropped: { ...keeper.dropped() }, overloaded: [...keeper.overloaded()] },
    })
  else if (message.how === 'throw') throw new Error('broken by a test')
  else for (;;);
})
