/**
 * Worker: samples → health → ranking, written into the idle slot of shared memory and swapped by one atomic store, so that no other event
 * loop stands between a standing change and the answer threads. A standing change swaps at once when the last swap is a second old, else
 * at the end of that second; everything else at most once a second (gdnsd's rule: readers are many, swaps are few).
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { ProbeSample } from '../model/probe-sample.ts'
import type { RankPlan } from '../model/rank-plan.ts'
import { rankingShapeOf, type SharedRanking, viewSharedRanking } from '../model/ranking.ts'
import { summarizeWindow } from '../score/window.ts'
import { loadHealth, saveHealth } from './health-state-file.ts'
import { createRankKeeper, type StandingChange } from './rank-keeper.ts'

/** What the worker is started with. */
export type RankWorkerData = { readonly statePath: string | undefined; readonly heartbeat: Int32Array }
/** What the runtime sends. */
export type ToRank =
  | { readonly type: 'plan'; readonly number: number; readonly plan: RankPlan; readonly ranking: SharedArrayBuffer }
  | { readonly type: 'samples'; readonly port: MessagePort }
  | { readonly type: 'ask'; readonly number: number; readonly what: 'samples'; readonly endpointId: string; readonly limit: number }
  | { readonly type: 'ask'; readonly number: number; readonly what: 'details' }
  | { readonly type: 'stop'; readonly number: number }
/** What the worker sends. */
export type FromRank =
  | { readonly type: 'done'; readonly number: number; readonly result?: unknown }
  | { readonly type: 'change'; readonly change: StandingChange }
  | { readonly type: 'warning'; readonly message: string }

/** Numbers of an address that a ranking has no room for. */
export type AddressDetail = {
  readonly endpointId: string
  readonly address: string
  readonly p95Ms: number | null
  readonly ewmaMs: number | null
  readonly certificateDays: number | null
}

const SWAP_INTERVAL_MS = 1000
const SAVE_INTERVAL_MS = 5000
/** New endpoints are given this long for their first result before a generation is ranked without it. */
const FIRST_RESULT_MS = 2000

const { statePath, heartbeat } = workerData as RankWorkerData
const send = (message: FromRank): void => parentPort!.postMessage(message)
const loaded = statePath === undefined ? undefined : loadHealth(statePath)
if (loaded?.ok === false) for (const message of loaded.reasons) send({ type: 'warning', message })
const keeper = createRankKeeper(loaded?.ok === true ? loaded.kept : undefined, performance.now(), Date.now())

let shared: SharedRanking | undefined
let pending: { readonly number: number; readonly shared: SharedRanking; readonly timer: NodeJS.Timeout } | undefined
let lastSwapMs = Number.NEGATIVE_INFINITY
let swapTimer: NodeJS.Timeout | undefined
let saveFailed = ''
const certificateDays = new Map<string, number>()

function swap(): void {
  swapTimer = undefined
  if (shared === undefined) return
  const idle = 1 - (Atomics.load(shared.live, 0) & 1)
  keeper.rank(shared.slots[idle]!, [], performance.now(), Date.now())
  Atomics.store(shared.live, 0, idle)
  lastSwapMs = performance.now()
}

function scheduleSwap(): void {
  // While a new plan waits for first results, the old generation's slots have no matching indices any more.
  if (shared === undefined || pending !== undefined || swapTimer !== undefined) return
  const waitMs = lastSwapMs + SWAP_INTERVAL_MS - performance.now()
  if (waitMs <= 0) swap()
  else swapTimer = setTimeout(swap, waitMs)
}

function finishPlan(): void {
  if (pending === undefined) return
  clearTimeout(pending.timer)
  const { number } = pending
  shared = pending.shared
  pending = undefined
  swap()
  send({ type: 'done', number })
}

function takePlan(message: Extract<ToRank, { type: 'plan' }>): void {
  if (pending !== undefined) {
    clearTimeout(pending.timer)
    send({ type: 'done', number: pending.number })
  }
  clearTimeout(swapTimer)
  swapTimer = undefined
  const fresh = keeper.replacePlan(message.plan)
  pending = {
    number: message.number,
    shared: viewSharedRanking(message.ranking, rankingShapeOf(message.plan)),
    timer: setTimeout(finishPlan, FIRST_RESULT_MS),
  }
  if (fresh === 0) finishPlan()
}

function takeSample(sample: ProbeSample): void {
  if (sample.certificateDays !== undefined) certificateDays.set(`${sample.endpointId} ${sample.address}`, sample.certificateDays)
  const change = keeper.takeSample(sample, performance.now(), Date.now())
  if (change !== undefined) send({ type: 'change', change })
  if (pending !== undefined && keeper.unprobedCount() === 0) finishPlan()
  scheduleSwap()
}

function details(): AddressDetail[] {
  const rows: AddressDetail[] = []
  for (const { endpointId, address, tracks } of keeper.addresses()) {
    const window = tracks[0]?.window
    const p95Ms = window === undefined ? Number.NaN : summarizeWindow(window).p95Ms
    rows.push({
      endpointId,
      address,
      p95Ms: Number.isNaN(p95Ms) ? null : p95Ms,
      ewmaMs: window === undefined || Number.isNaN(window.ewmaMs) ? null : window.ewmaMs,
      certificateDays: certificateDays.get(`${endpointId} ${address}`) ?? null,
    })
  }
  return rows
}

function save(): void {
  if (statePath === undefined || shared === undefined) return
  try {
    saveHealth(statePath, keeper.keep(performance.now(), Date.now()))
    saveFailed = ''
  } catch (error) {
    // A full disk stops neither probing nor answering; it is told once until it works again.
    const { message } = error as Error
    if (message !== saveFailed) send({ type: 'warning', message: `the health state cannot be kept: ${message}` })
    saveFailed = message
  }
}

setInterval(() => Atomics.add(heartbeat, 0, 1), 100)
// Weights of slow starts and dwells end by time, without a sample.
setInterval(scheduleSwap, SWAP_INTERVAL_MS)
setInterval(save, SAVE_INTERVAL_MS)

parentPort!.on('message', (message: ToRank) => {
  if (message.type === 'plan') takePlan(message)
  else if (message.type === 'samples') message.port.on('message', takeSample)
  else if (message.type === 'stop') {
    save()
    send({ type: 'done', number: message.number })
  } else
    send({
      type: 'done',
      number: message.number,
      result: message.what === 'details' ? details() : keeper.samplesOf(message.endpointId, message.limit),
    })
})
