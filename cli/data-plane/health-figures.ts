/**
 * What monitoring reads of health beside the ranking: phases of probes, certificates, changes of standing, isolation, what members keep. Shell
 * for its timer: the rank worker is asked at intervals, so that a scrape never waits for it.
 */

import type { HealthScores } from '../../admin-ui/contract/health-scores.ts'
import type { RankPlan } from '../../health/model/rank-plan.ts'
import { KEEP_ALL } from '../../health/model/ranking.ts'
import { STANDINGS } from '../../health/model/standing.ts'
import type { AddressDetail, HealthState } from '../../health/schedule/rank-worker.ts'
import type { MetricRow, NodeMetricRows } from '../../resolver/observe/metrics-endpoint.ts'
import type { LiveGeneration } from './data-plane.ts'
import { newestRanking } from './read-scores.ts'

/** Interval of asking for the state. */
const STATE_INTERVAL_MS = 2000
/** Addresses whose phases are metrics: eight rows each. Beyond it the first ones of the document are shown. */
const PHASE_ADDRESSES_MAX = 2000
/** Members shown that do not keep all of their clients. */
const KEEP_ROWS_MAX = 5000

/** What is asked for. */
export type HealthFiguresOptions = {
  readonly vantage: string
  readonly details: () => Promise<readonly AddressDetail[] | undefined>
  readonly state: () => Promise<HealthState | undefined>
  /** An endpoint is beyond its hard capacity, or no longer. */
  readonly onCapacity?: (endpointId: string, isBeyond: boolean) => void
  /** Interval of asking for the state [2000]. */
  readonly stateIntervalMs?: number
}

/** Figures of health. */
export type HealthFigures = {
  /** Asks for the details, and remembers them. */
  readonly details: () => Promise<readonly AddressDetail[]>
  /** Counts a change of standing. */
  readonly changed: (endpointId: string, address: string, to: string) => void
  readonly rows: (live: LiveGeneration | undefined, scores: HealthScores, nowMs: number) => NodeMetricRows
  readonly stop: () => void
}

/** Starts asking. */
export function startHealthFigures({ vantage, stateIntervalMs = STATE_INTERVAL_MS, ...ask }: HealthFiguresOptions): HealthFigures {
  let details: readonly AddressDetail[] = []
  let state: HealthState | undefined
  /** Changes of standing by endpoint, address and what it became. */
  const changes = new Map<string, { readonly endpoint: string; readonly address: string; readonly to: string; count: number }>()
  // A rank worker that is being replaced does not answer; the next turn asks the new one.
  const readState = (): void =>
    void ask.state().then(
      (answer) => {
        if (answer === undefined) return
        const before = new Set(state?.overloaded)
        state = answer
        for (const id of answer.overloaded) if (!before.delete(id)) ask.onCapacity?.(id, true)
        for (const id of before) ask.onCapacity?.(id, false)
      },
      () => undefined,
    )
  readState()
  const timer = setInterval(readState, stateIntervalMs)

  /** Counters of what left the document go, so that their number stays bounded. */
  function changeRows(scores: HealthScores): MetricRow[] {
    const known = new Set(scores.scores.map(({ endpoint, address }) => `${endpoint} ${address}`))
    for (const [key, { endpoint, address }] of changes) if (!known.has(`${endpoint} ${address}`)) changes.delete(key)
    // From 0 on: a rate of a counter that begins with 1 misses the first change.
    for (const { endpoint, address } of scores.scores) {
      const key = `${endpoint} ${address} down`
      if (!changes.has(key)) changes.set(key, { endpoint, address, to: 'down', count: 0 })
    }
    return [...changes.values()].map(({ endpoint, address, to, count }) => ({ labels: { endpoint, address, vantage, to }, value: count }))
  }

  return {
    details: async () => {
      details = (await ask.details()) ?? details
      return details
    },
    changed: (endpoint, address, to) => {
      const key = `${endpoint} ${address} ${to}`
      const known = changes.get(key)
      if (known === undefined) changes.set(key, { endpoint, address, to, count: 1 })
      else known.count++
    },
    rows: (live, scores, nowMs) => {
      const familyOf = new Map(scores.scores.map(({ endpoint, address, family }) => [`${endpoint} ${address}`, family]))
      const present = details.filter(({ endpointId, address }) => familyOf.has(`${endpointId} ${address}`))
      const labelsOf = ({ endpointId, address }: AddressDetail): Record<string, string | number> => {
        return { endpoint: endpointId, address, family: familyOf.get(`${endpointId} ${address}`)!, vantage }
      }
      return {
        nearcast_probe_phase_seconds: present.slice(0, PHASE_ADDRESSES_MAX).flatMap((detail) =>
          detail.phases.flatMap(({ phase, p50Ms, p95Ms }) => [
            { labels: { ...labelsOf(detail), phase, percentile: '50' }, value: p50Ms / 1000 },
            { labels: { ...labelsOf(detail), phase, percentile: '95' }, value: p95Ms / 1000 },
          ]),
        ),
        nearcast_endpoint_certificate_expiry_timestamp_seconds: present.flatMap((detail) =>
          detail.certificateDays === null
            ? []
            : [{ labels: labelsOf(detail), value: Math.round(nowMs / 1000 + 86_400 * detail.certificateDays) }],
        ),
        nearcast_endpoint_standing: scores.scores.map(({ endpoint, address, family, standing }) => ({
          labels: { endpoint, address, family, vantage },
          value: STANDINGS.indexOf(standing),
        })),
        nearcast_endpoint_standing_changes_total: changeRows(scores),
        nearcast_probe_interval_seconds: live === undefined ? [] : intervalRows(live.plan, scores, vantage),
        nearcast_endpoint_keep_ratio: live === undefined ? [] : keepRows(live),
        ...(state === undefined
          ? {}
          : {
              nearcast_node_isolated: [{ labels: { vantage }, value: state.isolated ? 1 : 0 }],
              nearcast_vantages_heard: [
                { labels: { isolated: 'no' }, value: state.others.filter(({ isolated }) => !isolated).length },
                { labels: { isolated: 'yes' }, value: state.others.filter(({ isolated }) => isolated).length },
              ],
              nearcast_endpoint_overloaded: state.overloaded.map((endpoint) => ({ labels: { endpoint, vantage }, value: 1 })),
              nearcast_health_dropped_total: Object.entries(state.dropped).map(([reason, value]) => ({ labels: { reason }, value })),
            }),
      }
    },
    stop: () => clearInterval(timer),
  }
}

/** Shortest interval of what is sent by us: reports of a push come when they come. */
function intervalRows(plan: RankPlan, scores: HealthScores, vantage: string): MetricRow[] {
  const intervals = new Map<string, number>()
  for (const { id, probes } of plan.endpoints) {
    const own = probes.filter(({ kind }) => kind !== 'push').map(({ intervalMs }) => intervalMs)
    if (own.length > 0) intervals.set(id, Math.min(...own))
  }
  return scores.scores.flatMap(({ endpoint, address, family }) => {
    const intervalMs = intervals.get(endpoint)
    return intervalMs === undefined ? [] : [{ labels: { endpoint, address, family, vantage }, value: intervalMs / 1000 }]
  })
}

/** Members that give clients away (slow start, drain, capacity): the smaller share of both families. Absent = keeps all. */
function keepRows(live: LiveGeneration): MetricRow[] {
  const { memberKeep } = newestRanking(live)
  const rows: MetricRow[] = []
  for (const { policyId, poolId, firstMember, members, jointFamilies } of live.plan.poolUses) {
    for (const [position, { endpoint }] of members.entries()) {
      const view = 2 * (firstMember + position)
      const keep = jointFamilies ? memberKeep[view]! : Math.min(memberKeep[view]!, memberKeep[view + 1]!)
      if (keep === KEEP_ALL) continue
      if (rows.length === KEEP_ROWS_MAX) return rows
      const labels = { policy: policyId, pool: poolId, endpoint: live.plan.endpoints[endpoint]!.id }
      rows.push({ labels, value: keep / KEEP_ALL })
    }
  }
  return rows
}
