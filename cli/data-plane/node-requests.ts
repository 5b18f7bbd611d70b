/** What control (and the metrics port) may ask a node: scores, incumbents, figures, explanations. Shell for its clock and the geodata file. */
import type { ExplainRequest } from '../../admin-ui/contract/explain.ts'
import type { HealthScores } from '../../admin-ui/contract/health-scores.ts'
import type { NodeMethod } from '../../cluster/fleet-transport.ts'
import type { NodeProblems } from '../../cluster/node-problems.ts'
import type { NodeStats } from '../../cluster/node-stats.ts'
import type { LatencyCellAge } from '../../health/model/latency-matrix.ts'
import type { Override } from '../../health/model/override.ts'
import { DEFAULT_PROFILE, scoreOf } from '../../health/score/score-profile.ts'
import { ClientTally } from '../../resolver/observe/client-ring.ts'
import { COUNT_QUERIES, COUNT_RCODES, stripeOf, sumCell } from '../../resolver/observe/counters.ts'
import type { DataPlane } from './data-plane.ts'
import { explainRequest } from './explain-request.ts'
import { type LatencyP95, newestRanking, p95Key, readIncumbents, readScores } from './read-scores.ts'
import { noteLatency } from './show-latency.ts'
import { noteExplanation, noteScores, overrideNotes } from './show-overrides.ts'
import { addSample, ratesOf, STATS_INTERVAL_MS, type StatsTotals, sumPolicyAnswers } from './stats-window.ts'

/** Interval of asking health for what the ranking has no room for. */
const DETAIL_INTERVAL_MS = 2000
/** Counts of clients are halved this often: what counts is the last hours. */
const CLIENTS_FADE_MS = 3_600_000
/** Networks of clients that are told. */
const MOST_CLIENTS = 5000

/** What requests are answered from. */
export type NodeRequestsOptions = {
  readonly plane: DataPlane
  readonly nodeId: string
  readonly startedAt: number
  /** What operators force, on or not. */
  readonly overrides: () => readonly Override[]
  /** Numbers of addresses that the ranking has no room for (health runtime). */
  readonly details: () => Promise<readonly { readonly endpointId: string; readonly address: string; readonly p95Ms: number | null }[]>
  /** Isolation and load (health runtime); undefined when it does not answer. */
  readonly healthState: () => Promise<{ readonly isolated: boolean; readonly overloaded: readonly string[] } | undefined>
  /** What is measured for a line of the latency matrix (health runtime). */
  readonly latencyCells: (line: string) => Promise<readonly LatencyCellAge[]>
  /** Geodata file of the live generation; empty = not known. */
  readonly geodataPath: () => string
}

/** Answers requests. */
export type NodeRequests = {
  readonly scores: () => HealthScores
  readonly answer: (method: NodeMethod, params: unknown) => Promise<unknown>
  readonly stop: () => void
}

/** Starts the sampling of rates. */
export function createNodeRequests(options: NodeRequestsOptions): NodeRequests {
  const { plane, nodeId, startedAt } = options
  const all = Object.values(plane.pool.stripes).flat()
  let window: readonly StatsTotals[] = []

  const clients = new ClientTally()
  const fadeTimer = setInterval(() => clients.fade(), CLIENTS_FADE_MS)

  function sample(): void {
    const { counters } = plane.pool
    for (const worker of all) clients.take(worker, stripeOf(counters, worker))
    const rcodes = Array.from({ length: 16 }, (_, rcode) => sumCell(counters, COUNT_RCODES + rcode, all))
    const totals = {
      atMonotonicMs: performance.now(),
      queries: sumCell(counters, COUNT_QUERIES, all),
      rcodes,
      ...sumPolicyAnswers(plane.policyAnswers()),
    }
    window = addSample(window, totals)
  }
  sample()
  const timer = setInterval(sample, STATS_INTERVAL_MS)

  let latencyP95: LatencyP95 = new Map()
  async function readDetails(): Promise<void> {
    const rows = await options.details()
    latencyP95 = new Map(rows.flatMap(({ endpointId, address, p95Ms }) => (p95Ms === null ? [] : [[p95Key(endpointId, address), p95Ms]])))
  }
  // A rank worker that is being replaced does not answer; the next turn asks the new one.
  const detailTimer = setInterval(() => void readDetails().catch(() => undefined), DETAIL_INTERVAL_MS)

  const notes = (atMs = Date.now()) => overrideNotes(options.overrides(), plane.live()?.plan, atMs)
  const scores = (): HealthScores =>
    noteScores(
      readScores(plane.live(), nodeId, Date.now(), (latencyMs, errors) => scoreOf(DEFAULT_PROFILE, latencyMs, errors), latencyP95),
      notes(),
    )

  function stats(): NodeStats {
    const live = plane.live()
    return {
      nodeId,
      generation: live?.snapshot.generation ?? 0,
      digest: live?.snapshot.digest ?? '',
      startedAt,
      queriesTotal: sumCell(plane.pool.counters, COUNT_QUERIES, all),
      ...ratesOf(window),
      failOpenPolicies: [...plane.failOpenPolicies()],
      rankingAgeSeconds: live === undefined ? null : Math.max(0, (Date.now() - newestRanking(live).header[2]!) / 1000),
      residentBytes: process.memoryUsage.rss(),
      workerRestarts: Object.fromEntries(plane.pool.workers.map(({ name, restarts }) => [name, restarts()])),
    }
  }

  async function problems(): Promise<NodeProblems> {
    // First: what is read after it is no older than it.
    const state = await options.healthState().catch(() => undefined)
    return {
      generation: plane.live()?.snapshot.generation ?? 0,
      standings: scores().scores.map(({ endpoint, address, standing, since }) => ({ endpoint, address, standing, since })),
      failOpen: [...plane.failOpenPolicies()],
      isolated: state?.isolated ?? null,
      overloaded: state?.overloaded ?? null,
    }
  }

  return {
    scores,
    answer: async (method, params) => {
      if (method === 'scores') return scores()
      if (method === 'stats') return stats()
      if (method === 'problems') return problems()
      if (method === 'clients') {
        for (const worker of all) clients.take(worker, stripeOf(plane.pool.counters, worker))
        return clients.list(MOST_CLIENTS)
      }
      if (method === 'incumbents') return readIncumbents(plane.live())
      const live = plane.live()
      if (live === undefined) throw new Error('no generation is live on this node yet')
      // What a drain leaves as of the ranking that is explained: its shares are at most a second old, and two numbers would contradict.
      const rankedAt = newestRanking(live).header[2]! || Date.now()
      const explained = explainRequest(params as ExplainRequest, live, { nodeId, geodataPath: options.geodataPath() })
      return noteExplanation(await noteLatency(explained, live.plan, options.latencyCells), notes(rankedAt))
    },
    stop: () => {
      clearInterval(timer)
      clearInterval(fadeTimer)
      clearInterval(detailTimer)
    },
  }
}
