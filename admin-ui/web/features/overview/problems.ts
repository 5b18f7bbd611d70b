/**
 * What needs attention, from what the API tells: endpoints that are not up, nodes that are silent, behind or differ, and old geodata.
 * Most severe first, then the newest. Pure; time is passed in.
 */
import type { EndpointSummary } from '../../../contract/endpoint.ts'
import type { Event } from '../../../contract/event.ts'
import type { Status } from '../../../contract/status.ts'

/** One problem; wording is made from `kind` and the fields. */
export type Problem =
  | {
      readonly kind: 'endpoint'
      readonly standing: 'down' | 'degraded' | 'unknown'
      readonly id: string
      readonly since: string | null
      readonly errorRatePercent: number | null
      readonly latencyMs: number | null
      readonly sampleCount: number
      readonly policies: readonly string[]
      readonly lastOfPools: readonly string[]
    }
  | { readonly kind: 'no-node' }
  | { readonly kind: 'node-behind'; readonly id: string; readonly generation: number; readonly live: number }
  | { readonly kind: 'geodata-old'; readonly date: string; readonly days: number }
  | { readonly kind: 'last-resort'; readonly subject: string; readonly at: string }

/** An unknown standing is a problem when it lasts longer than this. */
export const UNKNOWN_PATIENCE_MS = 120_000
/** Geodata older than this is a problem, in days. */
export const GEODATA_OLD_DAYS = 45
/** A policy that answered by last resort is a problem for this long. */
export const LAST_RESORT_MS = 300_000
const DAY_MS = 86_400_000
const SEVERITY = ['no-node', 'last-resort', 'down', 'node-behind', 'degraded', 'unknown', 'geodata-old']

/** Problems, most severe first. */
export function findProblems(
  status: Status | undefined,
  endpoints: readonly EndpointSummary[],
  events: readonly Event[],
  now: number,
): readonly Problem[] {
  const problems: Problem[] = []
  const open = new Map(events.filter((event) => event.kind === 'fail-open').map((event) => [event.subject, event.at]))
  for (const [subject, at] of open) if (now - Date.parse(at) < LAST_RESORT_MS) problems.push({ kind: 'last-resort', subject, at })
  if (status !== undefined) {
    if (status.nodes.length === 0) problems.push({ kind: 'no-node' })
    for (const node of status.nodes) {
      if (node.generation !== status.generation)
        problems.push({ kind: 'node-behind', id: node.nodeId, generation: node.generation, live: status.generation })
    }
    const date = status.geodata?.date ?? null
    const days = date === null ? 0 : Math.floor((now - Date.parse(date)) / DAY_MS)
    if (date !== null && days > GEODATA_OLD_DAYS) problems.push({ kind: 'geodata-old', date, days })
  }
  for (const endpoint of endpoints) {
    const problem = problemOf(endpoint, endpoints, now)
    if (problem !== undefined) problems.push(problem)
  }
  const rank = (problem: Problem): number => SEVERITY.indexOf(problem.kind === 'endpoint' ? problem.standing : problem.kind)
  const since = (problem: Problem): string => (problem.kind === 'endpoint' ? (problem.since ?? '') : '')
  return problems.sort((a, b) => rank(a) - rank(b) || (since(a) < since(b) ? 1 : -1))
}

function problemOf(endpoint: EndpointSummary, all: readonly EndpointSummary[], now: number): Problem | undefined {
  const { id, standing, since, health, enabled, probed, policies } = endpoint
  if (!enabled || !probed || standing === null || standing === 'up') return undefined
  if (standing === 'unknown' && (since === null || now - Date.parse(since) < UNKNOWN_PATIENCE_MS)) return undefined
  const worst = health.find((report) => report.standing === standing)
  const alone = endpoint.pools.filter(
    (pool) => !all.some((other) => other.id !== id && other.pools.includes(pool) && other.standing !== 'down'),
  )
  return {
    kind: 'endpoint',
    standing,
    id,
    since,
    errorRatePercent: worst?.errorRatePercent ?? null,
    latencyMs: worst?.latencyMs ?? null,
    sampleCount: worst?.sampleCount ?? 0,
    policies,
    lastOfPools: standing === 'down' ? alone : [],
  }
}
