/**
 * Simulations of health on virtual time, seeded, with more seeds and longer than the tests run them: `node bench/simulate-health.ts`.
 * Prints what the issue asks for and ends with 1 when a bound is broken. Takes some minutes; nothing here depends on the machine's speed.
 */
import { probeSpec, rankEndpoint, rankPlan } from '../test/support/rank-plans.ts'
import { simulateBand } from '../test/support/simulated-band.ts'
import { startSimulatedFleet } from '../test/support/simulated-fleet.ts'
import { simulateLoss, simulateNaiveLoss } from '../test/support/simulated-loss.ts'
import { seededChance } from '../test/support/virtual-clock.ts'

const SITES = ['east', 'west', 'north', 'south', 'centre']
const seeds = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
let broken = 0

function print(what: string, isKept: boolean): void {
  if (!isKept) broken++
  process.stdout.write(`${isKept ? 'ok    ' : 'BROKEN'}  ${what}\n`)
}

function simulateJitter(): void {
  for (const [aMs, bMs] of [
    [20, 20],
    [20, 21],
    [40, 43],
    [120, 150],
  ] as const) {
    const switches = seeds(20).map((seed) => simulateBand(seed, aMs, bMs).switches.length)
    print(
      `${aMs} and ${bMs} ms ± 20 %, 24 h, 20 seeds: ${switches.reduce((a, b) => a + b)} switches [0]`,
      switches.every((count) => count === 0),
    )
  }
}

function simulateLosses(): void {
  for (const [lossPercent, most, mostEligible] of [
    [1, 1, 1],
    [3, 10, 1],
    [5, 40, 1],
    [8, 5, 0.02],
    [30, 5, 0.02],
  ] as const) {
    const outcomes = seeds(10).map((seed) => simulateLoss(lossPercent, seed, 14))
    const changes = mean(outcomes.map(({ changesPerDay }) => changesPerDay))
    const share = mean(outcomes.map(({ eligibleShare }) => eligibleShare))
    const naive = mean(seeds(2).map((seed) => simulateNaiveLoss(lossPercent, seed, 14)))
    const text = `${changes.toFixed(2)} changes a day [${most}], eligible ${(100 * share).toFixed(2)} % [${100 * mostEligible}]`
    print(`${lossPercent} % loss, 14 days, 10 seeds: ${text}; naive rule ${naive.toFixed(0)}`, changes <= most && share <= mostEligible)
  }
}

const siteOf = (id: string): string => (id.startsWith('reference:') ? '' : SITES[Number(id.slice(1)) >> 1]!)

function makePlan(references: readonly { readonly address: string; readonly port: number }[] = []) {
  const endpoints = Array.from({ length: 10 }, (_, i) => rankEndpoint(`e${i}`, { ipv4: `192.0.2.${i + 1}`, site: SITES[i >> 1]! }))
  return rankPlan(endpoints, [{ members: endpoints.map((_, i) => i) }], 1, references)
}

const nodesOf = (count: number): { vantage: string; site: string }[] =>
  SITES.slice(0, count).map((site, i) => ({ vantage: `node-${i}`, site }))

function simulateDetection(): void {
  for (const nodes of [1, 5]) {
    const delays: number[] = []
    for (const seed of seeds(40)) {
      const failAtMs = 60_000 + 137 * seed
      const reach = (_: number, id: string, atMs: number) => ({ ok: id !== 'e5' || atMs < failAtMs, latencyMs: 20 })
      const fleet = startSimulatedFleet({ plan: makePlan(), nodes: nodesOf(nodes), seed, reach, isLinked: () => true })
      fleet.run(failAtMs + 40_000)
      for (const { atMs } of fleet.moves) delays.push(atMs - failAtMs)
    }
    delays.sort((a, b) => a - b)
    const p95Ms = delays[Math.ceil(0.95 * delays.length) - 1]!
    const bound = 3 * probeSpec().intervalMs
    print(
      `hard failure, ${nodes} vantages, 40 seeds: out after ${delays[0]} … ${delays.at(-1)} ms, p95 ${p95Ms} ms [${bound}]`,
      p95Ms <= bound,
    )
  }
}

function simulatePartitions(): void {
  for (const mode of ['2 of 5 cut off, the fleet hears them', '2 of 5 cut off from all', 'alone, with a reference']) {
    let moves = 0
    let empty = 0
    for (const seed of seeds(60)) {
      const chance = seededChance(seed)
      const fromMs = 40_000 + 10_000 * chance()
      const untilMs = fromMs + 1000 + (seed % 2 === 0 ? 40_000 : 200_000) * chance()
      const linkedMs = untilMs + 8000 * chance()
      const isAlone = mode.startsWith('alone')
      const isCut = (node: number, atMs: number): boolean => node < 2 && atMs >= fromMs && atMs < untilMs
      const fleet = startSimulatedFleet({
        plan: makePlan(isAlone ? [{ address: '198.51.100.1', port: 53 }] : []),
        nodes: nodesOf(isAlone ? 1 : 5),
        seed,
        reach: (node, id, atMs) => ({ ok: !isCut(node, atMs) || siteOf(id) === SITES[node], latencyMs: 20 * (0.8 + 0.4 * chance()) }),
        isLinked: (node, atMs) => !mode.endsWith('from all') || node >= 2 || atMs < fromMs || atMs > linkedMs,
      })
      fleet.run(linkedMs + 60_000)
      moves += fleet.moves.length
      empty += fleet.emptyRankings()
    }
    print(`${mode}, 1–200 s, 60 seeds: ${moves} false failovers [0], ${empty} empty rankings [0]`, moves === 0 && empty === 0)
  }
}

simulateJitter()
simulateLosses()
simulateDetection()
simulatePartitions()
process.exitCode = broken === 0 ? 0 : 1
