/**
 * A network with known truth: 50 endpoints, 300 lines, routes that change, devices that report what they measured (some of them lies).
 * Asks the real decision (compile, matrix, ranking, decide) and counts regret: latency of the endpoint answered minus that of the best
 * one. Pure but for nothing: time is virtual, chance is seeded. Used by bench/latency.bench.ts and test/simulation/latency.test.ts.
 */
import { findPlace, listPlaces } from '../../geodata/line/line-catalogue.ts'
import type { Coordinates } from '../../geodata/line/location.ts'
import { greatCircleDistanceKm } from '../../geodata/lookup/great-circle-distance.ts'
import type { LatencyCell } from '../../health/model/latency-matrix.ts'
import type { RankPlan } from '../../health/model/rank-plan.ts'
import { type RankingColumns, rankingShapeOf, rankingSizeBytes, viewRanking } from '../../health/model/ranking.ts'
import { createAddressHealth } from '../../health/score/address-health.ts'
import { createLatencyAggregate } from '../../health/score/latency-aggregate.ts'
import { createLatencyOrderer } from '../../health/score/latency-order.ts'
import { createRankMemory, rankEndpoints } from '../../health/score/rank-endpoints.ts'
import { compilePolicies } from '../../policy/compile/compile-policies.ts'
import { latencyPlanOf } from '../../policy/compile/latency-rows.ts'
import { makeRankPlan } from '../../policy/compile/make-rank-plan.ts'
import type { LatencyReading } from '../../policy/config/config-schema.ts'
import { viewPolicies } from '../../policy/decide/compiled-policies.ts'
import { decide } from '../../policy/decide/decide.ts'
import { makeDecision } from '../../policy/model/decision.ts'
import { makeSyntheticConfig } from './synthetic-config.ts'
import { makeSyntheticGeodata, type SyntheticRange } from './synthetic-geodata.ts'
import { seededChance } from './virtual-clock.ts'

/** What is simulated. */
export type LatencySimulation = {
  readonly seed: number
  readonly minutes: number
  readonly requestsPerMinute: number
  /** Share of the requests whose device reports what it measured. */
  readonly reportShare: number
  /** Share of the reports that are made up. */
  readonly lieShare: number
  readonly reading?: Partial<LatencyReading>
}

/** What came out; regret in ms, mean over requests. */
export type LatencyOutcome = {
  readonly lines: number
  readonly endpoints: number
  /** Ways of choosing by minute. */
  readonly regretByMinute: { readonly latency: readonly number[]; readonly nearest: readonly number[]; readonly auto: readonly number[] }
  readonly meanLatency: number
  readonly meanNearest: number
  readonly meanAuto: number
  /** Blocks whose answers differ between `latency` and `nearest` before anything was measured. */
  readonly coldDifferences: number
  /** Share of the requests answered with somebody else than the first of the order, percent. */
  readonly exploredPercent: number
  readonly cells: number
  /** Changes of the first member of a row, a row and hour. */
  readonly orderChangesPerRowHour: number
  readonly rows: number
  readonly entryBytes: number
  readonly samples: number
}

const ENDPOINTS = 50
const LINES = 300
const BLOCKS_A_LINE = 40
/** First address of the blocks: /20 each, those of a line are never neighbours. */
const FIRST_BLOCK = 0x0a000000
const BLOCK_SIZE = 4096
const CARRIERS = ['telecom', 'unicom', 'mobile']
const WAYS = ['latency', 'nearest', 'auto'] as const
/** Routes change this often. */
const ROUTE_CHANGE_MINUTES = 30
/** Share of the lines whose ways change then. */
const ROUTE_CHANGE_SHARE = 0.1

type SimulatedLine = {
  readonly text: string
  readonly country: string
  readonly carrier: string
  readonly coordinates: Coordinates
  readonly weight: number
  readonly accessMs: number
}
type SimulatedEndpoint = { readonly id: string; readonly place: string; readonly carrier: string; readonly coordinates: Coordinates }

/** Runs one simulation. */
export function simulateLatency(options: LatencySimulation): LatencyOutcome {
  const chance = seededChance(options.seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance())
  const lines = makeLines(chance)
  const endpoints = makeEndpoints(chance)
  const truth = lines.map((line) => endpoints.map((endpoint) => drawTruth(line, endpoint, chance, normal)))
  const ranges: SyntheticRange[] = []
  for (let block = 0; block < LINES * BLOCKS_A_LINE; block++) {
    ranges.push([textOfIpv4(FIRST_BLOCK + block * BLOCK_SIZE), lines[block % LINES]!.text])
  }
  ranges.push([textOfIpv4(FIRST_BLOCK + LINES * BLOCKS_A_LINE * BLOCK_SIZE), ''])
  const geodata = makeSyntheticGeodata(ranges)
  const ids = endpoints.map(({ id }) => id)
  const reading: LatencyReading = {
    by: 'region',
    explorePercent: 2,
    minimumSamples: 10,
    maxAgeSeconds: 3600,
    bandPercent: 15,
    ...options.reading,
  }
  const config = makeSyntheticConfig({
    endpoints: endpoints.map(({ coordinates, ...endpoint }, number) => ({ ...endpoint, coordinates, ipv4: `192.0.2.${number + 1}` })),
    pools: WAYS.map((choose) => ({ id: choose, members: ids, choose })),
    policies: WAYS.map((id) => ({ id, rules: [{ line: '*', pools: [id] }], fallback: [id], latency: reading })),
  })
  const compiled = compilePolicies(config, geodata)
  const policies = viewPolicies(compiled.columns)
  const rankPlan = makeRankPlan(config)
  const plan: RankPlan = { ...rankPlan, generation: 1, latency: latencyPlanOf(compiled.columns, compiled.names, rankPlan) }
  const shape = rankingShapeOf(plan)
  const ranking = viewRanking(new SharedArrayBuffer(rankingSizeBytes(shape)), 0, shape)
  rankAllUp(plan, ranking)
  const policyOf = WAYS.map((way) => compiled.names.policies.indexOf(way))
  const out = makeDecision()
  const pick = (way: number, address: number): number => {
    decide(policies, ranking, policyOf[way]!, 0, 4, address | 0, 0, 0, 0, 0, out)
    return Number(compiled.names.endpoints[compiled.columns.memberEndpoint[out.members[0]!]!]!.slice(1))
  }

  const orderer = createLatencyOrderer()
  const aggregate = createLatencyAggregate()
  const startMs = 1_000_000_000
  orderer.fill(plan, ranking.latencyOrder, startMs, startMs)
  let coldDifferences = 0
  for (let block = 0; block < LINES * BLOCKS_A_LINE; block++) {
    const address = FIRST_BLOCK + block * BLOCK_SIZE
    if (pick(0, address) !== pick(1, address)) coldDifferences++
  }

  const cumulated = cumulate(lines.map(({ weight }) => weight))
  const regretByMinute = { latency: [] as number[], nearest: [] as number[], auto: [] as number[] }
  const pool = plan.latency!.pools[0]!
  const stride = pool.width + 4
  const firsts = (): number[] =>
    Array.from({ length: pool.rowLine.length }, (_, row) => ranking.latencyOrder[pool.firstEntry + row * stride]!)
  let before = firsts()
  let changes = 0
  let samples = 0
  let explored = 0
  for (let minute = 0; minute < options.minutes; minute++) {
    if (minute > 0 && minute % ROUTE_CHANGE_MINUTES === 0) changeRoutes(truth, lines, endpoints, chance, normal)
    const bests = truth.map((row) => Math.min(...row))
    const sums = [0, 0, 0]
    for (let request = 0; request < options.requestsPerMinute; request++) {
      const nowMs = startMs + 60_000 * minute + (60_000 * request) / options.requestsPerMinute
      const line = findCumulated(cumulated, chance())
      const block = line + LINES * Math.floor(BLOCKS_A_LINE * chance())
      const address = FIRST_BLOCK + block * BLOCK_SIZE + Math.floor(BLOCK_SIZE * chance())
      const picks = WAYS.map((_, way) => pick(way, address))
      for (const [way, endpoint] of picks.entries()) sums[way]! += truth[line]![endpoint]! - bests[line]!
      if (chance() < options.reportShare) {
        const endpoint = picks[0]!
        const isLie = chance() < options.lieShare
        const honestMs = truth[line]![endpoint]! * Math.exp(0.12 * normal()) * (chance() < 0.05 ? 3 : 1)
        const latencyMs = isLie ? (chance() < 0.5 ? 1 : 5000) : honestMs
        samples++
        aggregate.take(
          { line: lineKey(lines[line]!), endpointId: ids[endpoint]!, network: String(address >>> 8), latencyMs, ok: true, at: nowMs },
          nowMs,
        )
      }
    }
    const nowMs = startMs + 60_000 * (minute + 1)
    const cells: LatencyCell[] = aggregate.changes(nowMs)
    orderer.take({ type: 'latency', whole: false, cells, at: nowMs }, nowMs)
    orderer.fill(plan, ranking.latencyOrder, nowMs, nowMs)
    ranking.header[3] = orderer.epoch(nowMs)
    const after = firsts()
    for (const [row, first] of after.entries()) if (before[row] !== 0xffff && first !== before[row]) changes++
    before = after
    for (const [way, name] of WAYS.entries()) regretByMinute[name].push(sums[way]! / options.requestsPerMinute)
    explored += exploredShare(plan, ranking)
  }
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length
  return {
    lines: LINES,
    endpoints: ENDPOINTS,
    regretByMinute,
    meanLatency: mean(regretByMinute.latency),
    meanNearest: mean(regretByMinute.nearest),
    meanAuto: mean(regretByMinute.auto),
    coldDifferences,
    exploredPercent: explored / options.minutes,
    cells: aggregate.size(),
    orderChangesPerRowHour: (60 * changes) / options.minutes / pool.rowLine.length,
    rows: pool.rowLine.length,
    entryBytes: 2 * ranking.latencyOrder.length,
    samples,
  }
}

/** Exploring is counted apart in the decision's tests; here only whether it is on. */
function exploredShare(plan: RankPlan, ranking: RankingColumns): number {
  const pool = plan.latency!.pools[0]!
  const stride = pool.width + 4
  let rows = 0
  for (let row = 0; row < pool.rowLine.length; row++)
    if (ranking.latencyOrder[pool.firstEntry + row * stride + pool.width] !== 0xffff) rows++
  return (pool.settings.explorePercent * rows) / pool.rowLine.length
}

/** 31 provinces × 3 carriers, then countries and states of the US, in byte order of their keys. */
function makeLines(chance: () => number): SimulatedLine[] {
  const places = listPlaces().filter(({ coordinates }) => coordinates !== undefined)
  const provinces = places.filter(
    ({ kind, key }) => kind === 'region' && /^cn-\d\d$/.test(key) && !['cn-71', 'cn-81', 'cn-82'].includes(key),
  )
  const others = places.filter(({ kind, key }) => (kind === 'country' && key !== 'cn') || (kind === 'region' && key.startsWith('us-')))
  const texts: { text: string; country: string; carrier: string; coordinates: Coordinates }[] = []
  for (const carrier of CARRIERS) {
    for (const { key, coordinates } of provinces)
      texts.push({ text: `cn/${key.slice(3)}/${key.slice(3)}01/${carrier}`, country: 'cn', carrier, coordinates: coordinates! })
  }
  for (const { key, kind, coordinates } of others) {
    const text = kind === 'country' ? key : `us/${key}`
    texts.push({ text, country: kind === 'country' ? key : 'us', carrier: '', coordinates: coordinates! })
  }
  return texts.slice(0, LINES).map((line, number) => ({ ...line, weight: 1 / (1 + (number % 97)), accessMs: 3 + 25 * chance() ** 2 }))
}

function makeEndpoints(chance: () => number): SimulatedEndpoint[] {
  const cities = listPlaces().filter(({ kind, key, coordinates }) => kind === 'city' && key.startsWith('cn-') && coordinates !== undefined)
  const abroad = ['jp', 'kr', 'sg', 'in', 'ae', 'tr', 'de', 'gb', 'fr', 'es', 'se', 'pl', 'za', 'ng', 'eg', 'br', 'ar', 'cl', 'au', 'nz']
  const chosen: SimulatedEndpoint[] = []
  for (let number = 0; number < ENDPOINTS - abroad.length; number++) {
    const city = cities[Math.floor(cities.length * chance())]!
    chosen.push({ id: `e${number}`, place: city.key, carrier: CARRIERS[number % 3]!, coordinates: city.coordinates! })
  }
  for (const place of abroad) {
    const coordinates = findPlace(place)!.coordinates!
    chosen.push({ id: `e${chosen.length}`, place, carrier: '', coordinates })
  }
  return chosen
}

/** Access, way with a detour, carriers that meet elsewhere, borders. */
function drawTruth(line: SimulatedLine, endpoint: SimulatedEndpoint, chance: () => number, normal: () => number): number {
  const km = greatCircleDistanceKm(line.coordinates, endpoint.coordinates)
  const detour = 1 + 0.5 * Math.abs(normal()) + (chance() < 0.1 ? 1 + 2 * chance() : 0)
  const isChina = line.country === 'cn' && endpoint.place.startsWith('cn-')
  const crossing = isChina && line.carrier !== endpoint.carrier ? 10 + 50 * chance() : 0
  const border = (line.country === 'cn') !== endpoint.place.startsWith('cn-') ? 30 + 80 * chance() : 0
  return line.accessMs + 0.012 * km * detour + crossing + border + 3 * chance()
}

function changeRoutes(
  truth: number[][],
  lines: readonly SimulatedLine[],
  endpoints: readonly SimulatedEndpoint[],
  chance: () => number,
  normal: () => number,
): void {
  for (const [number, line] of lines.entries()) {
    if (chance() >= ROUTE_CHANGE_SHARE) continue
    for (const [at, endpoint] of endpoints.entries()) if (chance() < 0.5) truth[number]![at] = drawTruth(line, endpoint, chance, normal)
  }
}

function lineKey({ text, carrier }: SimulatedLine): string {
  const [country, region] = text.split('/')
  if (country === 'cn') return `cn-${region}/${carrier}`
  return region ?? country!
}

/** All endpoints without probes: they count as up. */
function rankAllUp(plan: RankPlan, out: RankingColumns): void {
  const addresses = plan.endpoints.flatMap(({ id, ipv4 }) => [createAddressHealth(id, ipv4, []), undefined])
  rankEndpoints({ plan, addresses, memory: createRankMemory(), overrides: [], nowMs: 0, wallMs: 0, rankingId: 1 }, out)
}

function cumulate(weights: readonly number[]): number[] {
  let sum = 0
  const sums = weights.map((weight) => (sum += weight))
  return sums.map((value) => value / sum)
}

function findCumulated(sums: readonly number[], value: number): number {
  let low = 0
  let high = sums.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (sums[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}

function textOfIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
}
