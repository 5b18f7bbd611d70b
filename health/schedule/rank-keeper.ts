/**
 * All health of one vantage: addresses by identity, incumbents, the newest samples; samples in, rankings out. Pure: clocks are
 * parameters. An address keeps its health over a publish as long as endpoint, address and probes are the same. Two plans may be ranked
 * side by side: while the first results of a new generation's endpoints are awaited, the live one goes on being ranked. What a plan no
 * longer names is kept until the plan after it: a generation that could not be made live is gone back from.
 */

import type { StandingEvidence } from '../../admin-ui/contract/event.ts'
import type { ProbeSample } from '../model/probe-sample.ts'
import type { ProbeSpec, RankPlan } from '../model/rank-plan.ts'
import type { RankingColumns } from '../model/ranking.ts'
import { STANDING_UNKNOWN } from '../model/standing.ts'
import type { LoadReport, PushedResult, VantageReport } from '../model/vantage-report.ts'
import {
  type AddressHealth,
  createAddressHealth,
  effectiveStanding,
  type GateLimits,
  type SampleEffect,
  setGates,
  takeSample,
} from '../score/address-health.ts'
import { countDropped, createDropCounts, type DropCounts, type DropReason } from '../score/drop-counts.ts'
import { type AnswerRate, createLoadBook } from '../score/load-book.ts'
import {
  createRankMemory,
  type ForcedStanding,
  gateLimitsOf,
  incumbentKey,
  memberKey,
  type RankMemory,
  rankEndpoints,
} from '../score/rank-endpoints.ts'
import { FRESH_INTERVALS } from '../score/vantage-board.ts'
import {
  type KeptHealth,
  keepAddress,
  keepForced,
  keepIncumbents,
  restoreAddress,
  restoreForced,
  restoreIncumbents,
} from './kept-health.ts'
import { addressesOfEndpoint, healthKey, probesOfAddress, REFERENCE_PREFIX } from './probe-plan.ts'
import { standingEvidence } from './standing-evidence.ts'
import { createVantageJudge, type HeldSample, type VantageIdentity, type VantageStatus } from './vantage-judge.ts'

/** Newest samples kept an endpoint, for people. */
const SAMPLES_KEPT = 120
/** Health of addresses that a plan dropped is taken up again by a plan that comes this soon. */
const GO_BACK_MS = 60_000

/** A pushed result may be this far ahead of our wall clock. */
const PUSH_FUTURE_MS = 5000
/** No probe takes longer. */
const MOST_LATENCY_MS = 600_000

const isLatency = (latencyMs: number): boolean => latencyMs >= 0 && latencyMs <= MOST_LATENCY_MS

/** Why a sample cannot be. */
function checkSample(sample: ProbeSample, health: AddressHealth | undefined): DropReason | undefined {
  if (health === undefined) return 'unknown-endpoint'
  if (!health.tracks.some(({ spec }) => spec.id === sample.probeId)) return 'unknown-probe'
  return isLatency(sample.latencyMs) && Number.isFinite(sample.startedAt) ? undefined : 'absurd'
}

/** What one sample changed about an address, for events. */
export type StandingChange = SampleEffect & {
  readonly endpointId: string
  readonly address: string
  readonly sample: ProbeSample
  /** What decided, for people. */
  readonly evidence: StandingEvidence
}

/** A plan with the health of its addresses. */
export type PlannedHealth = {
  readonly plan: RankPlan
  /** Two an endpoint: IPv4 or target, IPv6; undefined = no such address, or the endpoint is disabled. */
  readonly addresses: readonly (AddressHealth | undefined)[]
}

/** The keeper. */
export type RankKeeper = {
  /** Turns to a plan. The result can be ranked until the plan after the next one. */
  readonly replacePlan: (plan: RankPlan, nowMs: number) => PlannedHealth
  /** The plan is live: gates of the one before are forgotten. */
  readonly settle: (planned: PlannedHealth, nowMs: number) => void
  /** Addresses whose first result is still to come and of which nothing is known from before: worth a short wait. */
  readonly unknownCount: (planned: PlannedHealth, nowMs: number) => number
  /** Takes a sample of ours; what cannot be is counted and dropped. Held ones of before may be taken with it. */
  readonly takeSample: (sample: ProbeSample, nowMs: number, wallMs: number) => readonly StandingChange[]
  /** The same for a result that was pushed: its time is the pusher's. */
  readonly takePush: (push: PushedResult, nowMs: number, wallMs: number) => readonly StandingChange[]
  /** Takes what another vantage says. */
  readonly takeReport: (report: VantageReport, nowMs: number, wallMs: number) => void
  /** Endpoints beyond their hard capacity. */
  readonly overloaded: () => ReadonlySet<string>
  /** Takes the load that an endpoint told. */
  readonly takeLoad: (load: LoadReport, nowMs: number, wallMs: number) => void
  /** Takes how many answers a second led to endpoints. */
  readonly takeAnswers: (answers: readonly AnswerRate[], nowMs: number) => void
  readonly rank: (planned: PlannedHealth, out: RankingColumns, overrides: readonly ForcedStanding[], nowMs: number, wallMs: number) => void
  /** Looks at isolation anew, before ranking. True when it began or ended. */
  readonly judge: (nowMs: number, wallMs: number) => boolean
  /** What this vantage says to the others. */
  readonly report: (nowMs: number, wallMs: number) => VantageReport
  readonly vantages: () => VantageStatus
  /** What was wrong and dropped since the start. */
  readonly dropped: () => Readonly<DropCounts>
  readonly samplesOf: (endpointId: string, limit: number) => readonly ProbeSample[]
  /** Health of all addresses of the newest plan. */
  readonly addresses: () => Iterable<AddressHealth>
  /** What is to be kept over a restart. */
  readonly keep: (nowMs: number) => KeptHealth
}

/** A keeper, with what was kept before a restart that was `elapsedMs` ago. */
export function createRankKeeper(
  kept: KeptHealth | undefined,
  elapsedMs: number,
  startedMs: number,
  identity: VantageIdentity = { vantage: '', site: '' },
): RankKeeper {
  const savedMs = startedMs - elapsedMs
  let rankingId = kept?.rankingId ?? 0
  let keptByKey = new Map(kept?.addresses.map((address) => [address.key, address]) ?? [])
  const memory: RankMemory = createRankMemory()
  restoreIncumbents(memory, kept?.incumbents ?? [], startedMs)
  restoreForced(memory, kept?.forced ?? [], elapsedMs, startedMs)
  let current = new Map<string, AddressHealth>()
  let before = new Map<string, AddressHealth>()
  let replacedMs = Number.NEGATIVE_INFINITY
  let currentLimits = new Map<string, readonly GateLimits[]>()
  let currentIncumbents = new Set<string>(memory.incumbents.keys())
  /** By endpoint id, for samples. */
  let byEndpoint = new Map<string, AddressHealth[]>()
  const samples = new Map<string, ProbeSample[]>()
  const dropped = createDropCounts()
  const judge = createVantageJudge(identity, dropped)
  const loads = createLoadBook(dropped)
  /** Time of the newest pushed result by endpoint and probe. */
  const pushedAt = new Map<string, number>()

  function make(key: string, endpointId: string, address: string, probes: readonly ProbeSpec[]): AddressHealth {
    const health = createAddressHealth(endpointId, address, probes)
    const old = keptByKey.get(key)
    if (old !== undefined && probes.length > 0) restoreAddress(health, old, savedMs, startedMs)
    return health
  }

  /** Endpoints of two plans at once stand behind the gates of both. */
  function setLimits(next: ReadonlyMap<string, readonly GateLimits[]>, nowMs: number): void {
    for (const [key, health] of current) setGates(health, [...(currentLimits.get(key) ?? []), ...(next.get(key) ?? [])], nowMs)
    currentLimits = new Map(next)
  }

  function forgetOldIncumbents(plan: RankPlan): void {
    const wanted = new Set(plan.poolUses.flatMap((poolUse) => [incumbentKey(poolUse, 0), incumbentKey(poolUse, 1)]))
    for (const key of memory.incumbents.keys()) if (!wanted.has(key) && !currentIncumbents.has(key)) memory.incumbents.delete(key)
    currentIncumbents = wanted
  }

  /** A sample that is to be taken, with the clocks of its arrival. */
  function take({ sample, nowMs, wallMs }: HeldSample): readonly StandingChange[] {
    const health = byEndpoint.get(sample.endpointId)?.find(({ address }) => address === sample.address)
    const effect = health === undefined ? undefined : takeSample(health, sample, nowMs, wallMs)
    if (health === undefined || effect === undefined) return []
    const evidence = standingEvidence(health, samples.get(sample.endpointId) ?? [])
    return [{ ...effect, endpointId: sample.endpointId, address: sample.address, sample, evidence }]
  }

  function admit(sample: ProbeSample, nowMs: number, wallMs: number): readonly StandingChange[] {
    if (sample.endpointId.startsWith(REFERENCE_PREFIX)) return judge.takeReference(sample, nowMs).flatMap(take)
    const known = byEndpoint.get(sample.endpointId)
    const health = known?.find(({ address }) => address === sample.address)
    const reason = checkSample(sample, health)
    if (reason !== undefined || health === undefined) {
      countDropped(dropped, reason ?? 'unknown-endpoint')
      return []
    }
    const list = samples.get(sample.endpointId) ?? []
    samples.set(sample.endpointId, list)
    list.push(sample)
    if (list.length > SAMPLES_KEPT) list.shift()
    return judge.admit(health, { sample, nowMs, wallMs }).flatMap(take)
  }

  /** Why a pushed result is no sample. The order counts: what comes twice, or late, would count twice. */
  function checkPush({ endpointId, probeId, at, latencyMs }: PushedResult, wallMs: number): DropReason | undefined {
    const known = byEndpoint.get(endpointId)?.[0]
    if (known === undefined) return 'unknown-endpoint'
    const spec = known.tracks.find((track) => track.spec.id === probeId)?.spec
    if (spec === undefined) return 'unknown-probe'
    if (!Number.isFinite(at) || (latencyMs !== null && !isLatency(latencyMs))) return 'absurd'
    const key = `${endpointId} ${probeId}`
    if (at > wallMs + PUSH_FUTURE_MS) return 'future'
    // Until it expires it counts, so that a node that starts knows what was pushed last.
    const mostAgeMs = Math.max(FRESH_INTERVALS * Math.max(spec.intervalMs, PUSH_FUTURE_MS), 1000 * (spec.expireSeconds ?? 0))
    if (at <= (pushedAt.get(key) ?? Number.NEGATIVE_INFINITY) || at < wallMs - mostAgeMs) return 'past'
    pushedAt.set(key, at)
    return undefined
  }

  return {
    replacePlan(plan, nowMs) {
      const known = nowMs - replacedMs < GO_BACK_MS ? new Map([...before, ...current]) : current
      replacedMs = nowMs
      const next = new Map<string, AddressHealth>()
      const limits = new Map<string, readonly GateLimits[]>()
      const addresses: (AddressHealth | undefined)[] = []
      const limitsOf = gateLimitsOf(plan)
      byEndpoint = new Map()
      for (const [number, endpoint] of plan.endpoints.entries()) {
        for (const address of addressesOfEndpoint(endpoint)) {
          // A disabled endpoint is not measured: what was known of it would be old when it is enabled again.
          if (address === '' || !endpoint.enabled) {
            addresses.push(undefined)
            continue
          }
          const probes = probesOfAddress(endpoint, address)
          const key = healthKey(endpoint.id, address, probes)
          const health = known.get(key) ?? make(key, endpoint.id, address, probes)
          next.set(key, health)
          limits.set(key, limitsOf[number]!)
          addresses.push(health)
          byEndpoint.set(endpoint.id, [...(byEndpoint.get(endpoint.id) ?? []), health])
        }
      }
      before = current
      current = next
      keptByKey = new Map()
      setLimits(limits, nowMs)
      forgetOldIncumbents(plan)
      for (const id of samples.keys()) if (!byEndpoint.has(id)) samples.delete(id)
      loads.retain((id) => byEndpoint.has(id))
      const members = new Set(
        plan.poolUses.flatMap((use) => use.members.map(({ endpoint }) => memberKey(use, plan.endpoints[endpoint]!.id))),
      )
      for (const key of memory.shedding.keys()) if (!members.has(key)) memory.shedding.delete(key)
      for (const id of memory.overloaded) if (!byEndpoint.has(id)) memory.overloaded.delete(id)
      const ids = new Set(plan.endpoints.map(({ id }) => id))
      for (const id of memory.forced.keys()) if (!ids.has(id)) memory.forced.delete(id)
      for (const key of pushedAt.keys()) if (!byEndpoint.has(key.slice(0, key.indexOf(' ')))) pushedAt.delete(key)
      judge.replacePlan(plan, addresses)
      return { plan, addresses }
    },
    settle({ plan, addresses }, nowMs) {
      const limitsOf = gateLimitsOf(plan)
      for (const [at, health] of addresses.entries()) if (health !== undefined) setGates(health, limitsOf[at >> 1]!, nowMs)
    },
    unknownCount: ({ addresses }, nowMs) =>
      addresses.filter(
        (health) =>
          health?.measurable &&
          effectiveStanding(health, nowMs) === STANDING_UNKNOWN &&
          // The first report to a push probe comes when it comes.
          health.tracks.some(({ spec, place }) => spec.kind !== 'push' && place.inPlace === undefined),
      ).length,
    takeSample: admit,
    takePush(push, nowMs, wallMs) {
      // The newest is told again when a node connects, and with each plan.
      if (pushedAt.get(`${push.endpointId} ${push.probeId}`) === push.at) return []
      const reason = checkPush(push, wallMs)
      if (reason !== undefined) {
        countDropped(dropped, reason)
        return []
      }
      const { endpointId, probeId, at, ok, latencyMs, detail } = push
      const sample = {
        generation: 0,
        endpointId,
        probeId,
        startedAt: at,
        endedMonotonicMs: nowMs,
        ok,
        latencyMs: latencyMs ?? 0,
        ...(ok ? {} : { failure: 'status' as const }),
        ...(detail === '' ? {} : { detail }),
        // Without a latency it counts as a success and no more.
        lagged: latencyMs === null,
      }
      return byEndpoint.get(endpointId)!.flatMap(({ address }) => admit({ ...sample, address }, nowMs, wallMs))
    },
    takeReport: judge.takeReport,
    overloaded: () => memory.overloaded,
    takeLoad(load, nowMs, wallMs) {
      if (byEndpoint.has(load.endpointId)) loads.takeReport(load, nowMs, wallMs)
      else countDropped(dropped, 'unknown-endpoint')
    },
    takeAnswers(answers, nowMs) {
      for (const { endpointId, perSecond } of answers) if (byEndpoint.has(endpointId)) loads.takeAnswers(endpointId, perSecond, nowMs)
    },
    judge: judge.judge,
    report: judge.report,
    vantages: judge.status,
    dropped: () => dropped,
    rank({ plan, addresses }, out, overrides, nowMs, wallMs) {
      rankingId++
      const views = addresses.map((health) => (health === undefined ? undefined : judge.viewOf(health, nowMs)))
      rankEndpoints({ plan, addresses, views, loads: loads.read(plan, nowMs), memory, overrides, nowMs, wallMs, rankingId }, out)
    },
    samplesOf: (endpointId, limit) => (samples.get(endpointId) ?? []).slice(-limit),
    addresses: () => current.values(),
    keep: (nowMs) => ({
      rankingId,
      addresses: [...current].filter(([, { tracks }]) => tracks.length > 0).map(([key, health]) => keepAddress(key, health, nowMs)),
      incumbents: keepIncumbents(memory, nowMs),
      forced: keepForced(memory, nowMs),
    }),
  }
}
