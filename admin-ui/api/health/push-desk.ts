/**
 * Reports that endpoints, or systems that watch them, push: checked, told to all nodes at once, the newest kept for nodes that connect later.
 * Nodes turn them into samples of the probe; that one is missing for too long is found by their probers. Memory is bounded by the live
 * endpoints and by the ids remembered. Time is passed in.
 */
import type { HealthMessage } from '../../../cluster/fleet-transport.ts'
import type { ProbeSpec } from '../../../health/model/rank-plan.ts'
import type { LoadReport, PushedResult } from '../../../health/model/vantage-report.ts'
import type { PushReport, ReportsAnswer } from '../../contract/health-report.ts'
import type { Caller } from '../auth/accounts.ts'
import { checkLatency, checkTime, countOne, type Reject, ReportOutcome, readTime } from './report-outcome.ts'
import type { ReportTarget, ReportTargets } from './report-targets.ts'

/** What the desk works with. */
export type PushDeskParts = {
  readonly targets: () => ReportTargets
  /** To all nodes. */
  readonly tell: (message: HealthMessage) => void
  /** Wall clock, ms since epoch. */
  readonly now: () => number
}

/** Ids of reports that are remembered; the oldest are forgotten first. */
export const IDS_MAX = 20_000
/** A report counts this long when its probe does not say. */
const EXPIRE_SECONDS = 60
/** A load is older than this: the hard mark does not go by it any more, so it is not worth telling. */
const LOAD_AGE_MS = 30_000
const MOST_REQUESTS_PER_SECOND = 1e9
const MESSAGE_LENGTH = 200
/** Reports of one millisecond get the next ones; so far, and no further. */
const MOST_AHEAD_MS = 1000

/** A row that passed: what is to be told. */
type Taken = { readonly pushes: readonly PushedResult[]; readonly load: LoadReport | undefined }

/** The desk. */
export class PushDesk {
  readonly #parts: PushDeskParts
  readonly #newest = new Map<string, PushedResult>()
  readonly #loads = new Map<string, LoadReport>()
  readonly #ids = new Set<string>()
  readonly #counts = new Map<string, number>()
  #generation = 0

  constructor(parts: PushDeskParts) {
    this.#parts = parts
  }

  /** Takes reports. Throws the first problem when none of them can be taken. */
  take(caller: Pick<Caller, 'endpoints'>, reports: readonly PushReport[]): ReportsAnswer {
    const targets = this.#targets()
    const outcome = new ReportOutcome()
    const pushes: PushedResult[] = []
    const loads: LoadReport[] = []
    const wallMs = this.#parts.now()
    for (const { report, index, at } of inOrder(reports, wallMs)) {
      if (report.id !== undefined && this.#ids.has(idKey(report))) {
        outcome.repeated++
        countOne(this.#counts, 'repeated')
        continue
      }
      const taken = this.#check(report, at, targets, caller, wallMs)
      if ('reason' in taken) {
        outcome.reject(index, taken)
        countOne(this.#counts, taken.reason)
        continue
      }
      outcome.accepted++
      countOne(this.#counts, 'accepted')
      this.#remember(report, taken)
      pushes.push(...taken.pushes)
      if (taken.load !== undefined) loads.push(taken.load)
    }
    if (pushes.length > 0) this.#parts.tell({ type: 'pushes', pushes })
    if (loads.length > 0) this.#parts.tell({ type: 'loads', loads })
    return outcome.answer()
  }

  /** What a node that connects is told: the newest of each endpoint and probe, as far as it still counts. */
  newest(): readonly HealthMessage[] {
    const { byId } = this.#targets()
    const wallMs = this.#parts.now()
    const pushes = [...this.#newest.values()].filter(({ endpointId, probeId, at }) => {
      const spec = byId.get(endpointId)?.probes.find(({ id }) => id === probeId)
      return spec !== undefined && wallMs - at <= expireMs(spec)
    })
    const loads = [...this.#loads.values()].filter(({ at }) => wallMs - at <= LOAD_AGE_MS)
    return [
      ...(pushes.length === 0 ? [] : [{ type: 'pushes', pushes } as const]),
      ...(loads.length === 0 ? [] : [{ type: 'loads', loads } as const]),
    ]
  }

  /** True when a required push probe of the endpoint says no, or has nothing fresh to say. */
  saysNo({ id, probes }: ReportTarget): boolean {
    const wallMs = this.#parts.now()
    return probes.some((spec) => {
      if (spec.kind !== 'push' || !spec.required) return false
      const newest = this.#newest.get(pushKey(id, spec.id))
      return newest === undefined || !newest.ok || wallMs - newest.at > expireMs(spec)
    })
  }

  /** Reports since the start by what became of them. */
  counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  /** The targets of what is live; what was kept of others is forgotten when they change. */
  #targets(): ReportTargets {
    const targets = this.#parts.targets()
    if (targets.generation === this.#generation) return targets
    this.#generation = targets.generation
    for (const [key, { endpointId, probeId }] of this.#newest)
      if (!targets.byId.get(endpointId)?.probes.some(({ id, kind }) => id === probeId && kind === 'push')) this.#newest.delete(key)
    for (const id of this.#loads.keys()) if (!targets.byId.has(id)) this.#loads.delete(id)
    return targets
  }

  #check(
    report: PushReport,
    at: number,
    { byId }: ReportTargets,
    { endpoints }: Pick<Caller, 'endpoints'>,
    wallMs: number,
  ): Taken | Reject {
    const { endpoint, ok, latencyMs, load } = report
    // First, so that a token tells nothing of endpoints that it is not for.
    if (endpoints.length > 0 && !endpoints.includes(endpoint))
      return { reason: 'forbidden', message: `this token is not for the endpoint "${endpoint}"` }
    const target = byId.get(endpoint)
    if (target === undefined) return { reason: 'unknown-endpoint', message: `the live document has no endpoint "${endpoint}"` }
    const problem = checkLatency(latencyMs) ?? checkLoad(load)
    if (problem !== undefined) return problem
    if (ok === undefined) return this.#takeLoad(report, at, wallMs)
    const spec = findPushProbe(target, report.probe)
    if ('reason' in spec) return spec
    const late = checkTime(at, report.at ?? at, wallMs, expireMs(spec)) ?? this.#checkOrder(report, spec, at, wallMs)
    if (late !== undefined) return late
    const push: PushedResult = {
      endpointId: endpoint,
      probeId: spec.id,
      at: this.#place(report, spec, at, wallMs),
      ok,
      latencyMs: latencyMs ?? null,
      detail: cleanText(report.message ?? ''),
    }
    return { pushes: [push], load: load === undefined ? undefined : { endpointId: endpoint, ...load, at: push.at } }
  }

  #takeLoad({ endpoint, load, at: shown }: PushReport, at: number, wallMs: number): Taken | Reject {
    const late = checkTime(at, shown ?? at, wallMs, LOAD_AGE_MS)
    if (late !== undefined) return late
    const before = this.#loads.get(endpoint)
    if (before !== undefined && at < before.at)
      return { reason: 'past', message: `at "${shown}" is older than the newest load that was taken` }
    return { pushes: [], load: { endpointId: endpoint, requestsPerSecond: load!.requestsPerSecond, at: Math.min(at, wallMs) } }
  }

  #checkOrder({ endpoint, at: shown }: PushReport, spec: ProbeSpec, at: number, wallMs: number): Reject | undefined {
    const before = this.#newest.get(pushKey(endpoint, spec.id))
    if (before === undefined) return undefined
    if (before.at > wallMs + MOST_AHEAD_MS)
      return { reason: 'too-often', message: `endpoint "${endpoint}" reports more than a thousand times a second` }
    // The order counts: what comes late, or twice, would count twice.
    if (shown === undefined || at > before.at) return undefined
    return { reason: 'past', message: `at "${shown}" is not newer than the newest report that was taken` }
  }

  /** Its time on our clock: never ahead of it, and later than the one before, so that two in one millisecond are two. */
  #place({ endpoint }: PushReport, spec: ProbeSpec, at: number, wallMs: number): number {
    const before = this.#newest.get(pushKey(endpoint, spec.id))
    return Math.max(Math.min(at, wallMs), (before?.at ?? 0) + 1)
  }

  #remember(report: PushReport, { pushes, load }: Taken): void {
    for (const push of pushes) this.#newest.set(pushKey(push.endpointId, push.probeId), push)
    if (load !== undefined) this.#loads.set(load.endpointId, load)
    if (report.id === undefined) return
    if (this.#ids.size >= IDS_MAX) this.#ids.delete(this.#ids.values().next().value!)
    this.#ids.add(idKey(report))
  }
}

type Row = { readonly report: PushReport; readonly index: number; readonly at: number }

/** Rows by their time: a batch may hold them in any order. */
function inOrder(reports: readonly PushReport[], wallMs: number): readonly Row[] {
  const rows = reports.map((report, index) => ({ report, index, at: report.at === undefined ? wallMs : readTime(report.at) }))
  return rows.sort((a, b) => (a.at === b.at || Number.isNaN(a.at - b.at) ? a.index - b.index : a.at - b.at))
}

function findPushProbe({ id, probes }: ReportTarget, wanted: string | undefined): ProbeSpec | Reject {
  const pushed = probes.filter(({ kind }) => kind === 'push')
  const spec = wanted === undefined ? (pushed.length === 1 ? pushed[0] : undefined) : pushed.find((probe) => probe.id === wanted)
  if (spec !== undefined) return spec
  const names = pushed.map((probe) => `"${probe.id}"`).join(', ')
  if (pushed.length === 0) return { reason: 'unknown-probe', message: `endpoint "${id}" has no probe of kind push` }
  if (wanted === undefined)
    return { reason: 'unknown-probe', message: `endpoint "${id}" has several probes of kind push: name one of ${names}` }
  return { reason: 'unknown-probe', message: `"${wanted}" is no probe of kind push of endpoint "${id}", which has ${names}` }
}

function checkLoad(load: PushReport['load']): Reject | undefined {
  if (load === undefined || (load.requestsPerSecond >= 0 && load.requestsPerSecond <= MOST_REQUESTS_PER_SECOND)) return undefined
  return { reason: 'absurd', message: `load.requestsPerSecond ${load.requestsPerSecond} is not from 0 to ${MOST_REQUESTS_PER_SECOND}` }
}

function expireMs({ expireSeconds = EXPIRE_SECONDS }: ProbeSpec): number {
  return 1000 * expireSeconds
}

function pushKey(endpointId: string, probeId: string): string {
  return `${endpointId} ${probeId}`
}

function idKey({ endpoint, id }: PushReport): string {
  return `${endpoint} ${id}`
}

/** One line without control characters, which would else go to terminals and logs. */
function cleanText(text: string): string {
  return text
    .replaceAll(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, MESSAGE_LENGTH)
}
