/**
 * Some nodes that probe the same endpoints and tell each other what they see, on virtual time: each has a keeper of its own (health/schedule),
 * its own jitter, its own way out and its own link to the fleet. Pure; seeded.
 */
import type { RankPlan } from '../../health/model/rank-plan.ts'
import { MEMBER_ELIGIBLE, POOL_PRESENT, type RankingColumns } from '../../health/model/ranking.ts'
import type { VantageReport } from '../../health/model/vantage-report.ts'
import { nextDelayMs, type PlannedProbe, planProbes } from '../../health/schedule/probe-plan.ts'
import { createRankKeeper, type PlannedHealth, type RankKeeper } from '../../health/schedule/rank-keeper.ts'
import { emptyRanking } from './rank-plans.ts'
import { seededChance } from './virtual-clock.ts'

/** What probing gives at a moment. */
export type Reach = { readonly ok: boolean; readonly latencyMs: number }

/** The world. */
export type FleetWorld = {
  readonly plan: RankPlan
  readonly nodes: readonly { readonly vantage: string; readonly site: string }[]
  readonly seed: number
  /** What node `node` gets when it probes. */
  readonly reach: (node: number, endpointId: string, atMs: number) => Reach
  /** Whether the node hears the others and is heard. */
  readonly isLinked: (node: number, atMs: number) => boolean
  /** Whether the node probes at all. */
  readonly isProbing?: (node: number, atMs: number) => boolean
}

/** A change of eligibility of a member of pool use 0, as one node ranks it, after the first results. */
export type Move = { readonly node: number; readonly atMs: number; readonly member: number; readonly eligible: boolean }

const TICK_MS = 100
const RANK_MS = 1000
/** First results come in; no moves yet. */
const WARM_UP_MS = 20_000

type Due = {
  readonly planned: PlannedProbe
  atMs: number
  failuresInRow: number
  pending: { readonly knownMs: number; readonly ok: boolean; readonly latencyMs: number; readonly startedMs: number } | undefined
}
type Node = {
  readonly keeper: RankKeeper
  readonly planned: PlannedHealth
  readonly ranking: RankingColumns
  readonly due: readonly Due[]
  readonly rankPhaseMs: number
  eligible: boolean[]
}

/** A fleet that can be run on. */
export type SimulatedFleet = {
  readonly run: (untilMs: number) => void
  readonly moves: readonly Move[]
  readonly ranking: (node: number) => RankingColumns
  readonly keeper: (node: number) => RankKeeper
  /** Rankings in which pool use 0 had no member at all. */
  readonly emptyRankings: () => number
}

/** Starts one at time 0. */
export function startSimulatedFleet(world: FleetWorld): SimulatedFleet {
  const { plan } = world
  const chance = seededChance(world.seed)
  const moves: Move[] = []
  let nowMs = 0
  let empty = 0
  const nodes = world.nodes.map((identity): Node => {
    const keeper = createRankKeeper(undefined, 0, 0, identity)
    const planned = keeper.replacePlan(plan, 0)
    const due = planProbes(plan).map(
      (one): Due => ({ planned: one, atMs: one.probe.intervalMs * chance(), failuresInRow: 0, pending: undefined }),
    )
    return { keeper, planned, ranking: emptyRanking(plan), due, rankPhaseMs: Math.floor(10 * chance()) * TICK_MS, eligible: [] }
  })

  function probe(node: Node, number: number): void {
    for (const due of node.due) {
      const { planned, pending } = due
      if (pending !== undefined && pending.knownMs <= nowMs) {
        due.pending = undefined
        due.failuresInRow = pending.ok ? 0 : due.failuresInRow + 1
        due.atMs = pending.startedMs + nextDelayMs(planned.probe, due.failuresInRow, chance())
        const { ok, latencyMs } = pending
        const sample = { generation: 1, endpointId: planned.endpointId, address: planned.address, probeId: planned.probe.id }
        const failure = ok ? {} : { failure: 'timeout' as const }
        node.keeper.takeSample(
          { ...sample, startedAt: pending.startedMs, endedMonotonicMs: nowMs, ok, latencyMs, lagged: false, ...failure },
          nowMs,
          nowMs,
        )
      }
      if (due.pending !== undefined || due.atMs > nowMs || world.isProbing?.(number, nowMs) === false) continue
      const { ok, latencyMs } = world.reach(number, planned.endpointId, nowMs)
      due.pending = { knownMs: nowMs + (ok ? latencyMs : planned.probe.timeoutMs), ok, latencyMs, startedMs: nowMs }
    }
  }

  function rank(node: Node, number: number): VantageReport {
    const { keeper, planned, ranking } = node
    keeper.judge(nowMs, nowMs)
    keeper.rank(planned, ranking, [], nowMs, nowMs)
    if ((ranking.poolBits[0]! & POOL_PRESENT) === 0) empty++
    const { firstMember, members } = plan.poolUses[0]!
    const eligible = members.map((_, position) => (ranking.memberBits[2 * (firstMember + position)]! & MEMBER_ELIGIBLE) !== 0)
    for (const [member, is] of eligible.entries())
      if (nowMs > WARM_UP_MS && node.eligible[member] !== is) moves.push({ node: number, atMs: nowMs, member, eligible: is })
    node.eligible = eligible
    return keeper.report(nowMs, nowMs)
  }

  return {
    run(untilMs) {
      for (; nowMs < untilMs; nowMs += TICK_MS) {
        for (const [number, node] of nodes.entries()) {
          probe(node, number)
          if (nowMs % RANK_MS !== node.rankPhaseMs) continue
          const report = rank(node, number)
          if (!world.isLinked(number, nowMs)) continue
          for (const [other, { keeper }] of nodes.entries())
            if (other !== number && world.isLinked(other, nowMs)) keeper.takeReport(report, nowMs, nowMs)
        }
      }
    },
    moves,
    ranking: (node) => nodes[node]!.ranking,
    keeper: (node) => nodes[node]!.keeper,
    emptyRankings: () => empty,
  }
}
