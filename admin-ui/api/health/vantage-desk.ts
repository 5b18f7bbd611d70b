/**
 * Vantages as control knows them: samples that outside systems feed, kept in windows by the same rules as those of our probers and made
 * into reports; and the reports that nodes make. All of them are told to all nodes but the one that a report is of.
 *
 *   POST /health/samples ─► check ─► window and place of vantage × address × probe ─► report ─┐
 *   reports of nodes ───────────────────────────────────────────────────────────────────────┴─► nodes, at most every FLUSH_MS
 *
 * Memory is bounded: so many vantages, so many tracks in all, samples of a track no closer than a share of its interval. What is not fed
 * any more is forgotten. Time is passed in.
 */
import type { HealthMessage } from '../../../cluster/fleet-transport.ts'
import type { ProbeSpec } from '../../../health/model/rank-plan.ts'
import { STANDING_DEGRADED, STANDING_UNKNOWN } from '../../../health/model/standing.ts'
import type { ReportedAddress, VantageReport } from '../../../health/model/vantage-report.ts'
import { type AddressHealth, createAddressHealth, measuresOf, takeSample } from '../../../health/score/address-health.ts'
import type { ReportsAnswer, SampleBatch, SampleReport } from '../../contract/health-report.ts'
import { ApiError } from '../api-error.ts'
import type { Caller } from '../auth/accounts.ts'
import { checkLatency, checkTime, countOne, type Reject, ReportOutcome, readTime } from './report-outcome.ts'
import { type ReportTarget, type ReportTargets, targetKey } from './report-targets.ts'

/** What the desk works with. */
export type VantageDeskParts = {
  readonly targets: () => ReportTargets
  /** Nodes that are connected now, by id. */
  readonly nodeIds: () => readonly string[]
  /** Whether an endpoint is told to be failing by what was pushed: foreign samples do not vote against that. */
  readonly pushSaysNo: (target: ReportTarget) => boolean
  /** To all nodes; reports of a node are not sent to that one. */
  readonly tell: (message: HealthMessage) => void
  /** Wall clock, ms since epoch. */
  readonly now: () => number
  /** Monotonic clock, ms. */
  readonly monotonicMs: () => number
  readonly setTimer: (callback: () => void, delayMs: number) => void
}

/** Vantages that are fed, at the most. */
export const VANTAGES_MAX = 64
/** Of them, those that one token opened: a token without a vantage of its own must not take the places of all. */
export const VANTAGES_PER_TOKEN = 8
/** Windows over all of them, at the most. */
export const TRACKS_MAX = 10_000
/** Samples may be this old: a vantage may send what it gathered in between. */
const SAMPLE_AGE_MS = 300_000
/** Samples of one track closer than this share of its interval are dropped: they would fill windows, not say more. */
const CLOSEST_SHARE = 0.4
/** Votes older than this many intervals count no more, as on nodes. */
const FRESH_INTERVALS = 3
/** Between two messages to nodes. */
const FLUSH_MS = 200
/** A vantage that was silent for this long is forgotten. */
const FORGET_MS = 3_600_000
/** Reports made longer ago are refused by nodes. */
const REPORT_AGE_MS = 30_000

/** One address as a fed vantage sees it. */
type FedAddress = { health: AddressHealth; readonly target: ReportTarget; readonly address: string; readonly newestAt: Map<string, number> }

/** Who feeds. */
type Feeder = Pick<Caller, 'endpoints' | 'vantage' | 'via' | 'id'>

/** A vantage that is fed. */
export type FedVantage = {
  /** Id of the token that named it first; empty for accounts. */
  readonly tokenId: string
  site: string
  heardMs: number
  readonly addresses: Map<string, FedAddress>
  readonly counts: Map<string, number>
}

/** The desk. */
export class VantageDesk {
  readonly #parts: VantageDeskParts
  readonly #fed = new Map<string, FedVantage>()
  readonly #nodes = new Map<string, { readonly report: VantageReport; readonly heardMs: number }>()
  readonly #dirty = new Set<string>()
  /** Of all vantages, forgotten ones too. */
  readonly #counts = new Map<string, number>()
  #generation = 0
  #tracks = 0
  #timed = false

  constructor(parts: VantageDeskParts) {
    this.#parts = parts
  }

  /** Takes samples of a vantage. Throws HEALTH_VANTAGE, AUTH_FORBIDDEN, or the first problem when none of them can be taken. */
  take(caller: Feeder, batch: SampleBatch): ReportsAnswer {
    const targets = this.#targets()
    const name = this.#nameOf(caller, batch)
    const fed = this.#open(name, caller)
    if (batch.site !== undefined) fed.site = batch.site
    const outcome = new ReportOutcome()
    this.#tracks = this.#countTracks()
    for (const row of inOrder(batch.samples)) {
      const problem = this.#takeSample(fed, row, targets, caller)
      const label = problem?.reason ?? 'accepted'
      countOne(this.#counts, label)
      countOne(fed.counts, label)
      if (problem === undefined) outcome.accepted++
      else outcome.reject(row.index, problem)
    }
    if (outcome.accepted > 0) {
      fed.heardMs = this.#parts.monotonicMs()
      this.#fed.set(name, fed)
      this.#soon(name)
    }
    return outcome.answer()
  }

  /** Takes the report of a node. */
  takeNodeReport(report: VantageReport): void {
    this.#nodes.set(report.vantage, { report, heardMs: this.#parts.monotonicMs() })
    // One node alone has nobody to tell.
    if (this.#parts.nodeIds().length > 1) this.#soon(report.vantage)
  }

  /** What a node that connects is told. */
  newest(): readonly HealthMessage[] {
    const reports = [...this.#fed.keys(), ...this.#nodes.keys()].flatMap((name) => this.#reportOf(name))
    return reports.length === 0 ? [] : [{ type: 'vantage-reports', reports }]
  }

  /** Vantages that are fed, with their reports of now. */
  fed(): readonly { readonly name: string; readonly vantage: FedVantage; readonly report: VantageReport }[] {
    this.#targets()
    this.#forget()
    return [...this.#fed].map(([name, vantage]) => ({ name, vantage, report: this.#makeReport(name, vantage) }))
  }

  /** Newest reports of nodes. */
  nodeReports(): readonly VantageReport[] {
    this.#forget()
    return [...this.#nodes.values()].map(({ report }) => report)
  }

  /** Samples since the start by what became of them. */
  counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  #nameOf({ vantage: own }: Pick<Caller, 'vantage'>, { vantage: wanted }: SampleBatch): string {
    if (own !== '' && wanted !== undefined && wanted !== own)
      throw new ApiError('AUTH_FORBIDDEN', `this token is for the vantage "${own}", not for "${wanted}"`)
    const name = wanted ?? own
    if (name === '') throw new ApiError('HEALTH_VANTAGE', 'the samples name no vantage, and neither does the token')
    if (this.#parts.nodeIds().includes(name) || this.#nodes.has(name))
      throw new ApiError('HEALTH_VANTAGE', `"${name}" is the name of a node, which speaks for itself`)
    return name
  }

  /** The vantage of this name, or a new one, which is only kept when a sample of it is taken. */
  #open(name: string, { via, id }: Feeder): FedVantage {
    const known = this.#fed.get(name)
    if (known !== undefined) return known
    this.#forget()
    if (this.#fed.size >= VANTAGES_MAX) {
      countOne(this.#counts, 'too-many')
      throw new ApiError('HEALTH_VANTAGE', `there are ${VANTAGES_MAX} vantages already, "${name}" would be one more`)
    }
    const tokenId = via === 'token' ? id : ''
    if (tokenId !== '' && [...this.#fed.values()].filter((fed) => fed.tokenId === tokenId).length >= VANTAGES_PER_TOKEN) {
      countOne(this.#counts, 'too-many')
      throw new ApiError('HEALTH_VANTAGE', `this token feeds ${VANTAGES_PER_TOKEN} vantages already, "${name}" would be one more`, {
        suggestion: 'give each place a token of its own: "nearcast token create LABEL --scope samples --vantage NAME"',
      })
    }
    return { tokenId, site: '', heardMs: 0, addresses: new Map(), counts: new Map() }
  }

  #takeSample(fed: FedVantage, { sample, at }: Row, { byId }: ReportTargets, { endpoints }: Pick<Caller, 'endpoints'>): Reject | undefined {
    const { endpoint } = sample
    if (endpoints.length > 0 && !endpoints.includes(endpoint))
      return { reason: 'forbidden', message: `this token is not for the endpoint "${endpoint}"` }
    const target = byId.get(endpoint)
    if (target === undefined) return { reason: 'unknown-endpoint', message: `the live document has no endpoint "${endpoint}"` }
    const address = findAddress(target, sample.address)
    if (typeof address !== 'string') return address
    const spec = findProbe(target, sample.probe)
    if ('reason' in spec) return spec
    const wallMs = this.#parts.now()
    const problem = checkLatency(sample.latencyMs) ?? checkTime(at, sample.at, wallMs, SAMPLE_AGE_MS)
    if (problem !== undefined) return problem
    const place = Math.min(at, wallMs)
    const key = targetKey(endpoint, address)
    const track = fed.addresses.get(key)
    const before = track?.newestAt.get(spec.id)
    if (before !== undefined && place <= before)
      return { reason: 'past', message: `at "${sample.at}" is not newer than the newest sample of "${endpoint}" that was taken` }
    if (before !== undefined && place - before < CLOSEST_SHARE * spec.intervalMs)
      return {
        reason: 'too-often',
        message: `"${endpoint}" is measured every ${spec.intervalMs} ms; samples ${place - before} ms apart are too many`,
      }
    if (before === undefined) {
      if (this.#tracks >= TRACKS_MAX) return { reason: 'too-many', message: `${TRACKS_MAX} addresses are followed for vantages already` }
      this.#tracks++
    }
    const held = track ?? { health: createAddressHealth(endpoint, address, []), target, address, newestAt: new Map<string, number>() }
    fed.addresses.set(key, held)
    this.#feed(held, spec, sample, place)
    return undefined
  }

  #feed(held: FedAddress, spec: ProbeSpec, { ok, latencyMs }: SampleReport, at: number): void {
    // A probe that is not fed any more has no say: else its last failure would stand for ever.
    for (const [id, newestAt] of held.newestAt) {
      const intervalMs = held.target.probes.find((probe) => probe.id === id)?.intervalMs ?? 0
      if (id !== spec.id && at - newestAt > FRESH_INTERVALS * intervalMs) held.newestAt.delete(id)
    }
    held.newestAt.set(spec.id, at)
    const kept = held.health.tracks.filter((track) => held.newestAt.has(track.spec.id))
    const added = kept.some((track) => track.spec.id === spec.id)
      ? []
      : createAddressHealth(held.health.endpointId, held.address, [spec]).tracks
    // In the order of the endpoint: the first gives the latency.
    const rank = new Map(held.target.probes.map(({ id }, position) => [id, position]))
    const tracks = [...kept, ...added].sort((a, b) => rank.get(a.spec.id)! - rank.get(b.spec.id)!)
    held.health = { ...held.health, tracks }
    const wallMs = this.#parts.now()
    const sample = { probeId: spec.id, ok, latencyMs: latencyMs ?? 0, lagged: latencyMs === undefined, startedAt: at }
    takeSample(held.health, sample, this.#parts.monotonicMs() - (wallMs - at), wallMs)
  }

  #countTracks(): number {
    let count = 0
    for (const { addresses } of this.#fed.values()) for (const { health } of addresses.values()) count += health.tracks.length
    return count
  }

  /** The targets of what is live; windows of others, or of probes that were changed, are forgotten when they change. */
  #targets(): ReportTargets {
    const targets = this.#parts.targets()
    if (targets.generation === this.#generation) return targets
    this.#generation = targets.generation
    for (const { addresses } of this.#fed.values()) {
      for (const [key, held] of addresses) {
        const now = targets.byId.get(held.health.endpointId)
        const isSame = now?.addresses.includes(held.address) && JSON.stringify(now.probes) === JSON.stringify(held.target.probes)
        if (now !== undefined && isSame) addresses.set(key, { ...held, target: now })
        else addresses.delete(key)
      }
    }
    return targets
  }

  #forget(): void {
    const nowMs = this.#parts.monotonicMs()
    for (const [name, { heardMs }] of this.#fed) if (nowMs - heardMs > FORGET_MS) this.#fed.delete(name)
    for (const [name, { heardMs }] of this.#nodes) if (nowMs - heardMs > FORGET_MS) this.#nodes.delete(name)
  }

  #soon(name: string): void {
    this.#dirty.add(name)
    if (this.#timed) return
    this.#timed = true
    this.#parts.setTimer(() => this.#flush(), FLUSH_MS)
  }

  #flush(): void {
    this.#timed = false
    this.#targets()
    const reports = [...this.#dirty].flatMap((name) => this.#reportOf(name))
    this.#dirty.clear()
    if (reports.length > 0) this.#parts.tell({ type: 'vantage-reports', reports })
  }

  #reportOf(name: string): readonly VantageReport[] {
    const node = this.#nodes.get(name)
    if (node !== undefined) return this.#parts.monotonicMs() - node.heardMs > REPORT_AGE_MS ? [] : [node.report]
    const vantage = this.#fed.get(name)
    return vantage === undefined ? [] : [this.#makeReport(name, vantage)]
  }

  #makeReport(name: string, { site, addresses }: FedVantage): VantageReport {
    const reported = [...addresses.values()].map(({ health, target, address }): ReportedAddress => {
      const { latencyMs, errorRatePercent, sampleCount } = measuresOf(health)
      const isMute = health.standing === STANDING_UNKNOWN || this.#parts.pushSaysNo(target)
      return {
        endpointId: health.endpointId,
        address,
        inPlace: isMute ? null : health.standing >= STANDING_DEGRADED,
        latencyMs: Number.isNaN(latencyMs) ? null : latencyMs,
        errorRatePercent: Number.isNaN(errorRatePercent) ? null : errorRatePercent,
        sampleCount,
        at: health.sampleAt,
      }
    })
    return { vantage: name, site, at: this.#parts.now(), addresses: reported }
  }
}

type Row = { readonly sample: SampleReport; readonly index: number; readonly at: number }

/** Rows by their time: a window takes samples in their order. */
function inOrder(samples: readonly SampleReport[]): readonly Row[] {
  const rows = samples.map((sample, index) => ({ sample, index, at: readTime(sample.at) }))
  return rows.sort((a, b) => (a.at === b.at || Number.isNaN(a.at - b.at) ? a.index - b.index : a.at - b.at))
}

function findAddress({ id, addresses }: ReportTarget, wanted: string | undefined): string | Reject {
  if (wanted === undefined && addresses.length === 1) return addresses[0]!
  if (wanted !== undefined && addresses.includes(wanted)) return wanted
  const names = addresses.join(', ')
  if (wanted === undefined) return { reason: 'unknown-address', message: `endpoint "${id}" has several addresses: name one of ${names}` }
  return { reason: 'unknown-address', message: `"${wanted}" is no address of endpoint "${id}", which has ${names}` }
}

function findProbe({ id, probes }: ReportTarget, wanted: string | undefined): ProbeSpec | Reject {
  const measured = probes.filter(({ kind }) => kind !== 'push')
  const spec = wanted === undefined ? measured[0] : measured.find((probe) => probe.id === wanted)
  if (spec !== undefined) return spec
  if (measured.length === 0) return { reason: 'unknown-probe', message: `endpoint "${id}" has no probe that others could measure as well` }
  return { reason: 'unknown-probe', message: `"${wanted}" is no probe of endpoint "${id}" that others could measure as well` }
}
