/**
 * The part of several vantages in the health of this one: reports of others, references, isolation, and the view of each address that
 * ranking goes by. Pure: clocks are parameters, the rules are score/combine-vantages.ts and score/find-isolation.ts.
 *
 *   own failing sample of a target elsewhere
 *     ├─ isolated: dropped; what was known stands, with its growing age
 *     ├─ references are configured: held until a target or a reference is reached again, which shows that the way out works
 *     └─ else: taken
 *
 * Held samples wait for the next answer from anywhere outside, which with references comes within one of their intervals; found isolated,
 * they are dropped. So no place is lost to our own trouble, and the places need not be won back when it is over.
 */
import type { ProbeSample } from '../model/probe-sample.ts'
import { type RankPlan, VANTAGE_SHARE_PERCENT } from '../model/rank-plan.ts'
import { STANDING_DEGRADED, STANDING_UNKNOWN } from '../model/standing.ts'
import type { VantageReport } from '../model/vantage-report.ts'
import { type AddressHealth, effectiveStanding, measuresOf, pardon } from '../score/address-health.ts'
import { type CombinedView, combineVantages, isInPlaceBy, isOpenBy, type VantageVote } from '../score/combine-vantages.ts'
import { countDropped, type DropCounts } from '../score/drop-counts.ts'
import { findIsolation, type ReferenceState, type RemoteTarget, seesLess, tallyVotes } from '../score/find-isolation.ts'
import {
  createVantageBoard,
  FRESH_INTERVALS,
  type FreshVantage,
  forgetSilent,
  freshVantages,
  takeReport,
  targetKey,
  votesAbout,
} from '../score/vantage-board.ts'
import { referenceKey } from './probe-plan.ts'

/** Who we are among the vantages. */
export type VantageIdentity = { readonly vantage: string; readonly site: string }

/** Most samples that are held; beyond it the oldest are taken. */
const MOST_HELD = 20_000
/** Window of an endpoint without probes, for freshness of nothing. */
const DEFAULT_INTERVAL_MS = 5000

type Reference = { fails: boolean | undefined; reachedAtMs: number }
type Target = { readonly key: string; readonly site: string; readonly intervalMs: number; readonly health: AddressHealth }

/** A sample that waits, with the clocks of its arrival. */
export type HeldSample = { readonly sample: ProbeSample; readonly nowMs: number; readonly wallMs: number }

/** How this vantage stands among the others. */
export type VantageStatus = {
  readonly isolated: boolean
  /** Since when it is as it is, ms since epoch; 0 = since the start. */
  readonly sinceAt: number
  /** Others with fresh votes. */
  readonly others: readonly { readonly vantage: string; readonly site: string; readonly isolated: boolean }[]
  /** References that fail now. */
  readonly failingReferences: readonly string[]
}

/** The judge. */
export type VantageJudge = {
  /** Turns to the addresses of a plan. */
  readonly replacePlan: (plan: RankPlan, addresses: readonly (AddressHealth | undefined)[]) => void
  readonly takeReport: (report: VantageReport, nowMs: number, wallMs: number) => void
  /** Result of a reference. Returns held samples that are to be taken now. */
  readonly takeReference: (sample: ProbeSample, nowMs: number) => readonly HeldSample[]
  /** What is to be done with a sample of ours; those in the result are to be taken, in order. */
  readonly admit: (health: AddressHealth, held: HeldSample) => readonly HeldSample[]
  /** Looks at everything anew. Returns true when it is isolated now and was not, or the other way round. */
  readonly judge: (nowMs: number, wallMs: number) => boolean
  /** What all say about an address; undefined = our own judgement alone. */
  readonly viewOf: (health: AddressHealth, nowMs: number) => CombinedView | undefined
  /** What we say ourselves. */
  readonly report: (nowMs: number, wallMs: number) => VantageReport
  readonly status: () => VantageStatus
}

/** Makes a judge. */
export function createVantageJudge(identity: VantageIdentity, dropped: DropCounts): VantageJudge {
  const board = createVantageBoard(dropped)
  let targets = new Map<string, Target>()
  let byHealth = new Map<AddressHealth, Target>()
  let references = new Map<string, Reference>()
  let windowMs = 0
  let held: HeldSample[] = []
  let isolated = false
  let sinceAt = 0
  let fresh: readonly FreshVantage[] = []
  let cutOff: ReadonlySet<string> = new Set()
  /** Whether the newest result of each probe of an address failed. */
  const newest = new WeakMap<AddressHealth, Map<string, boolean>>()

  const isElsewhere = (target: Target): boolean => identity.site === '' || target.site !== identity.site

  function failsNow(health: AddressHealth): boolean | undefined {
    if (health.tracks.length === 0 || !health.measurable) return undefined
    const results = newest.get(health)
    if (results === undefined || results.size === 0) return undefined
    for (const { spec } of health.tracks) if (spec.required && results.get(spec.id) === true) return true
    return false
  }

  function note(health: AddressHealth, { probeId, ok, unmeasurable }: ProbeSample): void {
    if (unmeasurable) return
    const results = newest.get(health) ?? new Map<string, boolean>()
    newest.set(health, results)
    results.set(probeId, !ok)
  }

  /** A reference that was not reached for a window proves nothing, and nothing waits for it. */
  function hasLiveReference(nowMs: number): boolean {
    for (const { reachedAtMs } of references.values()) if (nowMs - reachedAtMs <= windowMs) return true
    return false
  }

  function release(): readonly HeldSample[] {
    const released = held
    held = []
    return released
  }

  function remoteTargets(nowMs: number): RemoteTarget[] {
    const remote: RemoteTarget[] = []
    for (const target of targets.values()) {
      if (!isElsewhere(target)) continue
      remote.push({
        key: target.key,
        fails: failsNow(target.health),
        inPlace: effectiveStanding(target.health, nowMs) >= STANDING_DEGRADED,
      })
    }
    return remote
  }

  /** Other vantages that see less than the rest, our own votes among it, or that say so themselves. */
  function findCutOff(remote: readonly RemoteTarget[]): ReadonlySet<string> {
    const found = new Set<string>()
    const own = new Map(remote.flatMap(({ key, fails }) => (fails === undefined ? [] : [[key, !fails] as const])))
    const tally = tallyVotes([own, ...fresh.map(({ votes }) => votes)])
    for (const { vantage, isolated: saysSo, votes } of fresh) if (saysSo || seesLess(votes, tally, votes) === true) found.add(vantage)
    return found
  }

  /**
   * Failures, and places that were lost, between the cut and its being seen, where the others go on seeing the endpoint: they would count
   * when the way out is back before the others are heard again.
   */
  function pardonOthers(nowMs: number): void {
    for (const target of targets.values()) {
      const { health } = target
      const view = health.joint?.view
      if (!isElsewhere(target) || view === undefined || isInPlaceBy(view, VANTAGE_SHARE_PERCENT) !== true) continue
      pardon(health, nowMs)
    }
  }

  function ownVote(target: Target, hasOthers: boolean, nowMs: number): VantageVote | undefined {
    const { health } = target
    if (!health.measurable || (isolated && isElsewhere(target))) return undefined
    const standing = effectiveStanding(health, nowMs)
    if (standing === STANDING_UNKNOWN) return undefined
    // A prober of ours that measures no more must not go on voting where others do.
    const sampleAtMs = Math.max(...health.tracks.map(({ window }) => window.samples.at(-1)?.at ?? Number.NEGATIVE_INFINITY))
    if (hasOthers && nowMs - sampleAtMs > FRESH_INTERVALS * target.intervalMs) return undefined
    return { inPlace: standing >= STANDING_DEGRADED, ...measuresOf(health), sampleAt: health.sampleAt }
  }

  return {
    replacePlan(plan, addresses) {
      const nextTargets = new Map<string, Target>()
      byHealth = new Map()
      windowMs = 0
      for (const [at, health] of addresses.entries()) {
        if (health === undefined || health.tracks.length === 0) continue
        const { id, site } = plan.endpoints[at >> 1]!
        const target: Target = {
          key: targetKey(id, health.address),
          site,
          intervalMs: Math.max(DEFAULT_INTERVAL_MS / 5, ...health.tracks.map(({ spec }) => spec.intervalMs)),
          health,
        }
        nextTargets.set(target.key, target)
        byHealth.set(health, target)
        for (const { spec } of health.tracks) windowMs = Math.max(windowMs, 1000 * spec.windowSeconds)
      }
      targets = nextTargets
      const nextReferences = new Map<string, Reference>()
      for (const reference of plan.references) {
        const key = referenceKey(reference)
        nextReferences.set(key, references.get(key) ?? { fails: undefined, reachedAtMs: Number.NaN })
      }
      references = nextReferences
    },
    takeReport(report, nowMs, wallMs) {
      takeReport(board, report, targets, identity.vantage, nowMs, wallMs)
    },
    takeReference({ endpointId, ok, failure, unmeasurable }, nowMs) {
      const reference = references.get(endpointId)
      if (reference === undefined) {
        countDropped(dropped, 'unknown-endpoint')
        return []
      }
      // Whoever refuses has been reached.
      const reached = ok || failure === 'refused' || failure === 'reset'
      reference.fails = unmeasurable === true || !reached
      if (!reached) return []
      reference.reachedAtMs = nowMs
      return isolated ? [] : release()
    },
    admit(health, one) {
      const target = byHealth.get(health)
      note(health, one.sample)
      if (target === undefined || !isElsewhere(target) || one.sample.unmeasurable) return [one]
      if (one.sample.ok) return isolated ? [one] : [...release(), one]
      // One that was on its way when it ended says nothing either.
      if (isolated || one.sample.startedAt < sinceAt) {
        countDropped(dropped, 'isolated')
        return []
      }
      if (!hasLiveReference(one.nowMs)) return [...release(), one]
      held.push(one)
      return held.length > MOST_HELD ? release() : []
    },
    judge(nowMs, wallMs) {
      if (board.rows.size === 0 && references.size === 0 && !isolated) return false
      forgetSilent(board, nowMs)
      fresh = freshVantages(board, targets, nowMs)
      const remote = remoteTargets(nowMs)
      cutOff = findCutOff(remote)
      const honest = fresh.filter(({ vantage }) => !cutOff.has(vantage))
      const states: ReferenceState[] = [...references.values()]
      const was = isolated
      isolated = findIsolation({
        targets: remote,
        references: states,
        otherCount: honest.length,
        others: tallyVotes(honest.map(({ votes }) => votes)),
        wasIsolated: was,
        windowMs,
        nowMs,
      })
      if (isolated === was) return false
      sinceAt = wallMs
      if (isolated) {
        for (const _ of release()) countDropped(dropped, 'isolated')
        pardonOthers(nowMs)
      }
      return true
    },
    viewOf(health, nowMs) {
      if (board.rows.size === 0 && health.joint === undefined) return undefined
      const target = byHealth.get(health)
      if (target === undefined || (isolated && !isElsewhere(target))) return undefined
      const others = board.rows.size === 0 ? [] : votesAbout(board, target.key, target, cutOff, nowMs)
      const hasOthers = others.some(({ inPlace }) => inPlace !== null)
      const own = ownVote(target, hasOthers, nowMs)
      if (!hasOthers) {
        // Nobody says anything fresh: cut off, the last that all said stands; else our own judgement does again.
        if (own !== undefined || !isolated) health.joint = undefined
        return health.joint?.view
      }
      const view = combineVantages(own === undefined ? others : [own, ...others])
      const closed = new Set<string>()
      for (const [key, { limits }] of health.gates) if (!isOpenBy(view, limits, health.joint?.closed.has(key) !== true)) closed.add(key)
      health.joint = { view, closed }
      return view
    },
    report(nowMs, wallMs) {
      const addresses = [...targets.values()].map(({ health }) => {
        const { latencyMs, errorRatePercent, sampleCount } = measuresOf(health)
        const standing = effectiveStanding(health, nowMs)
        const isMute = !health.measurable || standing === STANDING_UNKNOWN
        return {
          endpointId: health.endpointId,
          address: health.address,
          inPlace: isMute ? null : standing >= STANDING_DEGRADED,
          latencyMs: Number.isNaN(latencyMs) ? null : latencyMs,
          errorRatePercent: Number.isNaN(errorRatePercent) ? null : errorRatePercent,
          sampleCount,
          at: Math.min(health.sampleAt, wallMs),
        }
      })
      return { ...identity, at: wallMs, ...(isolated ? { isolated } : {}), addresses }
    },
    status: () => ({
      isolated,
      sinceAt,
      others: fresh.map(({ vantage, site }) => ({ vantage, site, isolated: cutOff.has(vantage) })),
      failingReferences: [...references].filter(([, { fails }]) => fails === true).map(([key]) => key.replace(/^reference:/, '')),
    }),
  }
}
