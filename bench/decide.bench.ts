/**
 * Guards policy/decide (ns a decision, bytes allocated) and policy/compile (ms a table).
 * Synthetic data of the size of the real one: 400,000 IPv4 and 100,000 IPv6 location ranges, 2,300 locations, 1,000,000 custom prefixes.
 *
 *   node --expose-gc bench/decide.bench.ts [--decide]                --decide: without the compiles
 *   node --expose-gc bench/decide.bench.ts --decide --against DIR    beside another checkout, in turns: medians of the ratios of each round
 *
 * "shares" are rankings in which every member keeps 60 % of its clients: the slow path of slow start, drain and shedding.
 */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildRangeTable4, buildRangeTable6 } from '../geodata/compile/build-range-table.ts'
import { listPlaces } from '../geodata/line/line-catalogue.ts'
import { type Location, UNKNOWN_LOCATION } from '../geodata/line/location.ts'
import { compilePolicies } from '../policy/compile/compile-policies.ts'
import type { LocationTables } from '../policy/compile/line-table.ts'
import { viewPolicies } from '../policy/decide/compiled-policies.ts'
import { decide } from '../policy/decide/decide.ts'
import { makeDecision } from '../policy/model/decision.ts'
import { makeSyntheticConfig, type PolicyDraft } from '../test/support/synthetic-config.ts'
import { fillRanking, makePlainRanking } from '../test/support/synthetic-ranking.ts'

const { values: flags } = parseArgs({ options: { decide: { type: 'boolean', default: false }, against: { type: 'string' } } })
const random = makeRandom(20261121)
const geodata = makeLargeGeodata()
const CARRIERS = ['telecom', 'unicom', 'mobile']
const cities = listPlaces()
  .filter(({ kind }) => kind === 'city')
  .slice(0, 60)
const endpoints = cities.map(({ key }, n) => ({ id: `edge-${n}`, ipv4: `192.0.2.${n + 1}`, place: key, carrier: CARRIERS[n % 3]! }))
const ids = endpoints.map(({ id }) => id)
const pools = (['best', 'weighted', 'auto', 'all', 'nearest'] as const).map((choose) => ({
  id: choose,
  choose,
  members: ids.slice(0, choose === 'weighted' ? 10 : 60),
}))
const lineRules = (first: string): PolicyDraft['rules'] => [
  { line: 'cn-3302/telecom', pools: [first] },
  { line: 'cn-33/telecom', pools: [first] },
  { line: 'cn', pools: [first] },
  { line: '*', pools: [first] },
]
const policies = pools.map(({ id }): PolicyDraft => ({ id: `policy-${id}`, rules: lineRules(id), fallback: ['best'] }))

const config = makeSyntheticConfig({ endpoints, pools, policies })
if (!flags.decide) {
  timed('compile, 5 policies, 4 tables (one with auto, one with nearest)', () => compilePolicies(config, geodata))
  timed('compile, 1 policy without ordered pools', () =>
    compilePolicies({ ...config, policies: config.policies.filter(({ id }) => id === 'policy-best') }, geodata),
  )
  for (const count of [100_000, 1_000_000]) {
    const custom = makeCustomConfig(count)
    timed(`compile, 1 policy, ${count} custom prefixes (half IPv4, half IPv6, nested)`, () => compilePolicies(custom, geodata))
  }
}

const CALLS = 100_000
const ROUNDS = 21
const addresses = Int32Array.from({ length: 65536 }, () => random())
/** Loops over decisions of this checkout, and of the other one. */
const own = await makeRuns({ compilePolicies, viewPolicies, decide, makeDecision, makeSyntheticConfig, fillRanking, makePlainRanking })
const other = flags.against === undefined ? undefined : await makeRuns(await importFrom(resolve(flags.against)))
for (const [position, { name, run }] of own.entries()) {
  const against = other?.[position]
  // Compiled by then, both of them.
  for (const each of [run, against?.run]) for (let n = 0; n < 4; n++) each?.(CALLS)
  const times: number[] = []
  const ratios: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // Who goes first changes from round to round.
    const before = round % 2 === 0 ? against && time(against.run) : undefined
    const now = time(run)
    times.push(now)
    if (against !== undefined) ratios.push(now / (before ?? time(against.run)))
  }
  // Few enough calls that no collection falls into them.
  gc!()
  const heapBefore = process.memoryUsage().heapUsed
  run(CALLS)
  const heap = (process.memoryUsage().heapUsed - heapBefore) / CALLS
  const ratio = ratios.length === 0 ? '' : `, ${median(ratios).toFixed(3)} × ${flags.against}`
  console.log(`${name}: ${median(times).toFixed(0)} ns a decision, ${heap.toFixed(1)} heap bytes a decision${ratio}`)
}

/** What a checkout is measured by. */
type Parts = {
  readonly compilePolicies: typeof compilePolicies
  readonly viewPolicies: typeof viewPolicies
  readonly decide: typeof decide
  readonly makeDecision: typeof makeDecision
  readonly makeSyntheticConfig: typeof makeSyntheticConfig
  readonly fillRanking: typeof fillRanking
  readonly makePlainRanking: typeof makePlainRanking
}

async function importFrom(root: string): Promise<Parts> {
  const modules = [
    'policy/compile/compile-policies.ts',
    'policy/decide/compiled-policies.ts',
    'policy/decide/decide.ts',
    'policy/model/decision.ts',
    'test/support/synthetic-config.ts',
    'test/support/synthetic-ranking.ts',
  ]
  return Object.assign({}, ...(await Promise.all(modules.map((path) => import(join(root, path)))))) as Parts
}

async function makeRuns(parts: Parts): Promise<readonly { readonly name: string; readonly run: (calls: number) => void }[]> {
  const theirs = parts.makeSyntheticConfig({ endpoints, pools, policies })
  const compiled = parts.compilePolicies(theirs, geodata)
  const view = parts.viewPolicies(compiled.columns)
  const out = parts.makeDecision()
  const keeps = Object.fromEntries(ids.map((id) => [id, 39_321]))
  return [{}, { keeps }].flatMap((health, shares) => {
    const ranking = parts.fillRanking(theirs, parts.makePlainRanking(theirs, health))
    return compiled.names.policies.flatMap((id, policy) =>
      ([4, 6] as const).map((family) => ({
        name: `${id} IPv${family}${shares === 0 ? '' : ', shares'}`,
        run: (calls: number): void => {
          for (let i = 0; i < calls; i++) {
            const w0 = addresses[i & 65535]!
            parts.decide(view, ranking, policy, 0, family, family === 4 ? w0 : (w0 >>> 4) | 0x20000000, w0, 0, i, i, out)
          }
        },
      })),
    )
  })
}

/** Nanoseconds of the processor for a decision: the clock counts neighbours, too. */
function time(run: (calls: number) => void): number {
  const before = process.threadCpuUsage()
  run(CALLS)
  const { user, system } = process.threadCpuUsage(before)
  return ((user + system) * 1000) / CALLS
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

function timed(name: string, run: () => unknown): void {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round++) {
    const startedAt = performance.now()
    run()
    best = Math.min(best, performance.now() - startedAt)
  }
  console.log(`${name}: ${best.toFixed(0)} ms`)
}

function makeLargeGeodata(): LocationTables {
  const places = listPlaces().filter(({ kind }) => kind === 'city')
  const locations: Location[] = [UNKNOWN_LOCATION]
  for (let n = 0; n < 2300; n++) {
    const city = places[n % places.length]!.key.slice(3)
    const carrier = ['telecom', 'unicom', 'mobile', 'edu', 'cbn', 'tietong', undefined][n % 7]
    locations.push({ ...UNKNOWN_LOCATION, country: 'CN', province: city.slice(0, 2), city, carrier })
  }
  const starts4 = sortedRandom(400_000)
  const words6 = sortedRandom(100_000)
  const starts6 = new Uint32Array(4 * words6.length)
  for (const [n, word] of words6.entries()) starts6[4 * n] = n === 0 ? 0 : (word >>> 4) | 0x20000000
  const randomLocation = (): number => random() % locations.length
  return {
    v4: buildRangeTable4(starts4, Uint32Array.from(starts4, randomLocation)),
    v6: buildRangeTable6(starts6.subarray(0, 4 * words6.length), Uint32Array.from(words6, randomLocation)),
    locations,
  }
}

/** Distinct rising numbers, the first 0, sixteen apart so that the IPv6 starts stay distinct. */
function sortedRandom(count: number): Uint32Array {
  const set = new Set<number>([0])
  while (set.size < count) set.add((random() & ~15) >>> 0)
  return Uint32Array.from(set).sort()
}

function makeCustomConfig(count: number) {
  const lines: Record<string, string[]> = { a: [], b: [], c: [] }
  for (let n = 0; n < count / 2; n++) {
    const id = 'abc'[n % 3]!
    lines[id]!.push(`${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}.0/24`)
    lines[id]!.push(`2001:${(n >> 12).toString(16)}:${(n & 0xfff).toString(16)}::/48`)
  }
  lines.wide = ['0.0.0.0/3', '2001::/16']
  const rules = [...Object.keys(lines).map((id) => ({ line: `custom:${id}`, pools: ['best'] })), ...lineRules('best')]
  return makeSyntheticConfig({ endpoints, pools, lines, policies: [{ id: 'custom', rules, fallback: ['best'] }] })
}

/** Small deterministic generator (xorshift32). */
function makeRandom(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
