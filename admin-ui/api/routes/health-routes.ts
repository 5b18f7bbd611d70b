/** Status, scores, strips, endpoints, explain: what is now. */
import { findCarrier, findPlace } from '../../../geodata/line/line-catalogue.ts'
import type { Endpoint } from '../../../policy/config/config-schema.ts'
import type { EndpointSummary } from '../../contract/endpoint.ts'
import type { HealthScore } from '../../contract/health-scores.ts'
import type { NodeState, Status } from '../../contract/status.ts'
import { ApiError, asApiError } from '../api-error.ts'
import type { ApiParts } from '../api-parts.ts'
import { readSeries } from '../observe/read-series.ts'
import { RING_MINUTES } from '../observe/standing-ring.ts'
import { numberParameter, type RouteHandlers } from '../route-handler.ts'

type Names = 'status' | 'healthScores' | 'standingHistory' | 'healthSeries' | 'endpoints' | 'explain'
type Standing = HealthScore['standing']

/** Worst first. */
const WORST: readonly Standing[] = ['down', 'unknown', 'degraded', 'up']

/** Handlers. */
export function healthRoutes(parts: ApiParts): RouteHandlers<Names> {
  const { fleet, ring, publisher, healthHistory, now } = parts
  return {
    status: async () => ({ answer: await readStatus(parts) }),
    healthScores: async () => ({ answer: await fleet.scores() }),
    standingHistory: (request) => ({ answer: ring.read(numberParameter(request, 'minutes', 60, 1, RING_MINUTES), now()) }),
    healthSeries: (request) => {
      const question = Object.fromEntries(['endpoint', 'from', 'to', 'step'].map((name) => [name, request.query(name)] as const))
      return { answer: readSeries(healthHistory, question, now()) }
    },
    endpoints: async () => {
      const live = publisher.live()
      const scores = await scoresOrNone(parts)
      const endpoints = (live?.config?.endpoints ?? []).map((endpoint) => summarise(parts, endpoint, scores))
      return { answer: { generation: live?.generation.number ?? 0, endpoints } }
    },
    explain: async (request) => {
      const name = request.query('name') ?? ''
      const client = request.query('client') ?? ''
      const resolver = request.query('resolver')
      if (name === '' || name.length > 255) throw new ApiError('API_PARAMETER', 'name is missing or longer than 255 characters')
      if (client === '' && (resolver ?? '') === '') throw new ApiError('API_PARAMETER', 'neither client nor resolver was given')
      if (client.length > 64 || (resolver ?? '').length > 64) throw new ApiError('API_PARAMETER', 'an address has at most 64 characters')
      const type = (request.query('type') || 'A').toUpperCase().slice(0, 16)
      const question = {
        name: name.endsWith('.') ? name : `${name}.`,
        type,
        client,
        ...(resolver === undefined || resolver === '' ? {} : { resolver }),
      }
      return { answer: await fleet.explain(question, request.query('node') || undefined) }
    },
  }
}

async function scoresOrNone({ fleet }: ApiParts): Promise<readonly HealthScore[] | null> {
  try {
    return (await fleet.scores()).scores
  } catch (error) {
    if (asApiError(error) === undefined) throw error
    return null
  }
}

async function readStatus(parts: ApiParts): Promise<Status> {
  const { store, fleet, now, geodata, version, startedAt } = parts
  const generation = store.latestGeneration()
  const scores = await scoresOrNone(parts)
  const nodes = fleet.nodes().map(
    (node): NodeState => ({
      nodeId: node.nodeId,
      connected: true,
      generation: node.generation,
      digest: node.digest,
      startedAt: new Date(node.startedAt).toISOString(),
      uptimeSeconds: Math.max(0, (now() - node.startedAt) / 1000),
      queriesPerSecond: fleet.ratesOf(node.nodeId)?.queriesPerSecond ?? null,
    }),
  )
  const rates = nodes.map((node) => fleet.ratesOf(node.nodeId)).filter((known) => known !== undefined)
  const known = rates.filter((rate) => rate.queriesPerSecond !== null)
  // Weighted by traffic: a node without queries says nothing about what clients got.
  const traffic = known.reduce((sum, rate) => sum + rate.queriesPerSecond!, 0)
  const mean = (value: (rate: (typeof rates)[number]) => number | null): number | null => {
    const weighted = known.filter((rate) => value(rate) !== null)
    if (weighted.length === 0) return null
    if (traffic === 0) return value(weighted[0]!)
    const total = weighted.reduce((sum, rate) => sum + rate.queriesPerSecond!, 0)
    return total === 0 ? value(weighted[0]!) : weighted.reduce((sum, rate) => sum + value(rate)! * rate.queriesPerSecond!, 0) / total
  }
  const words = new Set(rates.flatMap((rate) => Object.keys(rate.answerMixPercent ?? {})))
  const mix = Object.fromEntries(
    [...words].map((word) => [word, mean((rate) => (rate.answerMixPercent === null ? null : (rate.answerMixPercent[word] ?? 0))) ?? 0]),
  )
  return {
    version,
    generation: generation?.number ?? 0,
    digest: generation?.canonicalDigest ?? '',
    publishedAt: generation === undefined ? null : new Date(generation.createdAt).toISOString(),
    publishedBy: generation?.author ?? null,
    comment: generation?.comment ?? null,
    uptimeSeconds: (now() - startedAt) / 1000,
    nodes,
    queriesPerSecond: known.length === 0 ? null : traffic,
    answerMixPercent: words.size === 0 ? null : mix,
    displacedPercent: mean((rate) => rate.displacedPercent),
    endpoints: countStandings(scores ?? []),
    geodata: {
      digest: geodata.digest,
      date:
        geodata.header.sources
          .map((source) => source.date)
          .sort()
          .at(-1) || null,
    },
  }
}

function countStandings(scores: readonly HealthScore[]): Status['endpoints'] {
  const counts = { up: 0, degraded: 0, down: 0, unknown: 0 }
  const byEndpoint = Map.groupBy(scores, (score) => score.endpoint)
  for (const reports of byEndpoint.values()) counts[worstOf(reports)!]++
  return counts
}

function worstOf(reports: readonly HealthScore[]): Standing | null {
  return WORST.find((standing) => reports.some((report) => report.standing === standing)) ?? null
}

function summarise({ publisher }: ApiParts, endpoint: Endpoint, scores: readonly HealthScore[] | null): EndpointSummary {
  const config = publisher.live()!.config!
  const health = (scores ?? []).filter((score) => score.endpoint === endpoint.id)
  const pools = config.pools.filter((pool) => pool.members.some((member) => member.endpoint === endpoint.id)).map((pool) => pool.id)
  const policies = config.policies.filter((policy) =>
    [...policy.fallback, ...policy.rules.flatMap((rule) => rule.pools)].some((id) => pools.includes(id)),
  )
  const place = findPlace(endpoint.place)
  const carrier = findCarrier(endpoint.carrier)
  const standing = worstOf(health)
  const since = health.filter((score) => score.standing === standing && score.since !== null).map((score) => score.since!)
  return {
    id: endpoint.id,
    ipv4: endpoint.ipv4,
    ipv6: endpoint.ipv6,
    target: endpoint.target,
    place: endpoint.place,
    carrier: endpoint.carrier,
    placeEn: place?.label.en ?? '',
    placeZh: place?.label['zh-CN'] ?? '',
    carrierEn: carrier?.label.en ?? '',
    carrierZh: carrier?.label['zh-CN'] ?? '',
    site: endpoint.site,
    enabled: endpoint.enabled,
    probed: endpoint.probes.length > 0,
    pools,
    policies: policies.map((policy) => policy.id),
    standing,
    since: since.sort().at(-1) ?? null,
    health,
  }
}
