/**
 * The slow, obvious twin of policy/compile + policy/decide: works from the document and the location ranges by linear scan, without
 * tables, classes or numbers. Used by property tests and the simulator only. Pure. It shares with the fast path only what defines a
 * result (line precedence, block hash, position of a block in a span, distance), never how the result is found.
 */
import { parsePrefix } from '../../geodata/address/prefix.ts'
import { prefixTexts } from '../../geodata/address/prefix-list.ts'
import { coordinatesOf, coordinatesOfPlace } from '../../geodata/line/coordinates-of.ts'
import { ABROAD_PROVINCES, bigRegionOf, cityPlaceKey, findCarrier, findPlace } from '../../geodata/line/line-catalogue.ts'
import { lineChain } from '../../geodata/line/line-precedence.ts'
import type { Location } from '../../geodata/line/location.ts'
import { matrixLineOf } from '../../geodata/line/matrix-line.ts'
import { greatCircleDistanceKm } from '../../geodata/lookup/great-circle-distance.ts'
import type { LocationTables } from '../compile/line-table.ts'
import type { Config, Endpoint, Policy, Pool } from '../config/config-schema.ts'
import { latencyReadingOf } from '../config/latency-reading.ts'
import { finishHash, hashBlock4, hashBlock6, hashId } from '../decide/hash-block.ts'
import { keepPosition, WHOLE_SPAN } from '../decide/keep-position.ts'

/** Health of one member of a pool, in one policy and view. */
export type PlainMember = {
  readonly eligible: boolean
  readonly inPlace: boolean
  readonly notDown: boolean
  /** It has an address of the view's family. */
  readonly present: boolean
  readonly weight: number
  /** Share of its clients that it keeps, n/65535 (memberKeep of the ranking). */
  readonly keep: number
  /** Place in the pool's order, 0 = best. */
  readonly order: number
}

/** Health of one pool, in one policy and view; members by position. */
export type PlainPool = {
  readonly members: readonly PlainMember[]
  /** Position picked by `best` among the eligible, in place, not down; -1 = none. */
  readonly pick: number
  readonly pickInPlace: number
  readonly pickNotDown: number
  readonly ttlBoundSeconds: number
}

/** A ranking in plain data. */
export type PlainRanking = {
  /** By "policy id / pool id / view". */
  readonly pools: ReadonlyMap<string, PlainPool>
  /** By endpoint id: when its IPv4 (or target) and its IPv6 address were last eligible, ms since epoch; 0 = never. */
  readonly lastEligibleAt: ReadonlyMap<string, readonly [number, number]>
  /** What was measured for a latency pool by the clients of a matrix line who have these endpoints in order of distance; absent = nothing. */
  readonly measured?: (policyId: string, poolId: string, line: string, byDistance: readonly string[]) => PlainMeasured
  /** Epoch of exploring [0]. */
  readonly epoch?: number
}

/** The measured part of the order of a latency pool, and whom to explore; endpoint ids. */
export type PlainMeasured = { readonly best: readonly string[]; readonly explore: readonly string[] }

/** Everything a decision depends on. */
export type NaiveInput = {
  readonly config: Config
  readonly geodata: LocationTables
  readonly ranking: PlainRanking
  readonly policyId: string
  readonly view: 0 | 1
  readonly family: 4 | 6
  /** Client address as a number of 32 or 128 bits. */
  readonly address: bigint
  readonly draw: number
}

/** The outcome in words. */
export type NaiveDecision = {
  readonly outcome: 'answer' | 'servfail' | 'nodata'
  readonly step: 1 | 2 | 3 | 4
  /** Line of the rule that answered, empty for the fallback and all down. */
  readonly line: string
  readonly chainPosition: number
  readonly poolId: string
  readonly poolPosition: number
  readonly endpoints: readonly string[]
  readonly ttlSeconds: number
  readonly scope: number
}

/** An order list holds this many members; the others follow in declared order. */
const LIST_CAP = 32

/** Key of a pool in PlainRanking. */
export function plainKey(policyId: string, poolId: string, view: number): string {
  return `${policyId} / ${poolId} / ${view}`
}

/** Decides by looking at everything. */
export function naiveDecide(input: NaiveInput): NaiveDecision {
  const policy = input.config.policies.find(({ id }) => id === input.policyId)!
  const view = policy.families === 'each' ? input.view : 0
  const seat = naiveSeat(input, policy, input.address)
  const chain = naiveChain(input.config, input.geodata, policy, input.family, seat)
  const rules = chain.map((line) => policy.rules.find((rule) => rule.line === line)!)
  const hashPrefix = naiveHashPrefix(input, policy, rules)
  const scope = Math.max(naiveScope(input, policy), hashPrefix)
  const seen: number[] = []
  const answer = walk({ ...input, seat, view: view as 0 | 1 }, policy, rules, scope, seen)
  const bound = Math.max(policy.ttlFloorSeconds, Math.min(...seen))
  const ttlSeconds = seen.every((seconds) => seconds === 0xffff) ? policy.ttlSeconds : Math.min(policy.ttlSeconds, bound)
  return { ...answer, ttlSeconds, scope }
}

/** The policy's own counts for everybody; that by default for clients who can come to a pool that splits them. */
function naiveHashPrefix(input: NaiveInput, policy: Policy, rules: Policy['rules']): number {
  const family = input.family === 4 ? 'ipv4' : 'ipv6'
  const ids = [...rules.flatMap(({ pools }) => pools), ...policy.fallback]
  const splits = input.config.pools.some(
    ({ id, choose, slowStartSeconds, members }) =>
      ids.includes(id) &&
      (choose === 'weighted' ||
        slowStartSeconds > 0 ||
        input.config.endpoints.some((endpoint) => endpoint.capacity && members.some((member) => member.endpoint === endpoint.id))),
  )
  return splits || !policy.automaticHashPrefix?.includes(family) ? policy.hashPrefix[family] : 0
}

/** Lines of the policy's rules that hold the client, most specific first; only the first when nothing is inherited. */
export function naiveChain(config: Config, geodata: LocationTables, policy: Policy, family: 4 | 6, address: bigint): string[] {
  const custom = config.lines
    .map((line) => ({ key: `custom:${line.id}`, length: longestPrefix(prefixTexts(line.prefixes), family, address) }))
    .filter(({ key, length }) => length >= 0 && policy.rules.some((rule) => rule.line === key))
    .sort((a, b) => b.length - a.length)
    .map(({ key }) => key)
  const location = naiveLocation(geodata, family, address)
  const others = lineChain(location, policy.precedence).filter((line) => policy.rules.some((rule) => rule.line === line))
  const chain = [...custom, ...others]
  return policy.inherit ? chain : chain.slice(0, 1)
}

/** The location of an address: the last range that starts at or below it. */
export function naiveLocation(geodata: LocationTables, family: 4 | 6, address: bigint): Location {
  const starts = rangeStarts(geodata, family)
  const range = starts.findLastIndex((start) => start <= address)
  return geodata.locations[(family === 4 ? geodata.v4 : geodata.v6).values[range]!]!
}

/** The address whose class stands for that of `address`: itself, or with `scopeGranularity` the first one of the class that has most of its block. */
function naiveSeat(input: NaiveInput, policy: Policy, address: bigint): bigint {
  const granularity = input.config.options.scopeGranularity
  if (granularity === undefined) return address
  const { first, end } = blockAround(input.family, address, input.family === 4 ? granularity.ipv4 : granularity.ipv6)
  const inside = boundsOf(input.config, input.geodata, policy, input.family).filter((bound) => bound > first && bound < end)
  const pieces = [...new Set([first, ...inside])].sort((a, b) => (a < b ? -1 : 1))
  const shares = new Map<string, { seat: bigint; count: bigint }>()
  for (const [position, piece] of pieces.entries()) {
    const key = answerClass(input, policy, piece)
    const share = shares.get(key) ?? { seat: piece, count: 0n }
    share.count += (pieces[position + 1] ?? end) - piece
    shares.set(key, share)
  }
  return [...shares.values()].reduce((best, share) => (share.count > best.count ? share : best)).seat
}

function blockAround(family: 4 | 6, address: bigint, length: number): { readonly first: bigint; readonly end: bigint } {
  const size = 1n << BigInt((family === 4 ? 32 : 128) - length)
  const first = (address / size) * size
  return { first, end: first + size }
}

/** An input with the address that stands for the client's. */
type SeatedInput = NaiveInput & { readonly seat: bigint }
type Answer = Omit<NaiveDecision, 'ttlSeconds' | 'scope'>
type Bit = 'eligible' | 'inPlace' | 'notDown' | 'present'
/** Whom a member keeps: blocks below its share; anybody when it keeps somebody; everybody. */
type KeepRule = 'by-position' | 'any-share' | 'ignored'
type Candidate = { readonly pool: Pool; readonly poolPosition: number; readonly line: string; readonly chainPosition: number }

function walk(input: SeatedInput, policy: Policy, rules: Policy['rules'], scope: number, seen: number[]): Answer {
  const poolOf = (id: string): Pool => input.config.pools.find((pool) => pool.id === id)!
  const fromRules: Candidate[] = rules.flatMap((rule, chainPosition) =>
    rule.pools.map((id, poolPosition) => ({ pool: poolOf(id), poolPosition, line: rule.line, chainPosition })),
  )
  const fromFallback: Candidate[] = policy.fallback.map((id, poolPosition) => ({
    pool: poolOf(id),
    poolPosition,
    line: '',
    chainPosition: -1,
  }))
  type Step = { readonly step: Answer['step']; readonly bit: Bit; readonly least: (pool: Pool) => number; readonly keep: KeepRule }
  const first = (candidates: readonly Candidate[], { step, bit, least, keep }: Step): Answer | undefined => {
    for (const { pool, poolPosition, line, chainPosition } of candidates) {
      const plain = input.ranking.pools.get(plainKey(policy.id, pool.id, input.view))!
      seen.push(plain.ttlBoundSeconds)
      if (plain.members.filter((member) => member[bit]).length < Math.max(1, least(pool))) continue
      const endpoints = choose(input, policy, pool, plain, bit, scope, keep)
      if (endpoints.length === 0) continue
      return { outcome: 'answer', step, line, chainPosition, poolId: pool.id, poolPosition, endpoints }
    }
    return undefined
  }
  const one = (): number => 1
  const eligible = (keep: KeepRule): Answer | undefined =>
    first(fromRules, { step: 1, bit: 'eligible', least: (pool) => pool.minimumUp, keep }) ??
    first(fromFallback, { step: 2, bit: 'inPlace', least: one, keep })
  return (
    eligible('by-position') ??
    eligible('any-share') ??
    eligible('ignored') ??
    first(fromRules, { step: 3, bit: 'notDown', least: one, keep: 'ignored' }) ??
    allDown(input, policy, fromRules, fromFallback) ??
    withoutRule(first(fromFallback, { step: 4, bit: 'present', least: one, keep: 'ignored' })) ??
    withoutRule(first(fromRules, { step: 4, bit: 'present', least: one, keep: 'ignored' })) ??
    noAnswer('nodata')
  )
}

/** `allDown` other than `fallback`; undefined when it has nothing to give. */
function allDown(
  input: NaiveInput,
  policy: Policy,
  fromRules: readonly Candidate[],
  fromFallback: readonly Candidate[],
): Answer | undefined {
  if (policy.allDown === 'servfail') return noAnswer('servfail')
  if (policy.allDown === 'last-good') {
    const members = [...fromRules, ...fromFallback].flatMap(({ pool, poolPosition }) => {
      const plain = input.ranking.pools.get(plainKey(policy.id, pool.id, input.view))!
      return pool.members.flatMap(({ endpoint }, position) => {
        if (!plain.members[position]!.present) return []
        const times = input.ranking.lastEligibleAt.get(endpoint)!
        const isTarget = input.config.endpoints.some(({ id, target }) => id === endpoint && target !== '')
        const at = policy.families === 'each' && !isTarget ? times[input.view] : Math.max(...times)
        return [{ pool, poolPosition, endpoint, at }]
      })
    })
    const latest = Math.max(...members.map(({ at }) => at))
    const pick = latest > 0 ? members.find(({ at }) => at === latest) : undefined
    return pick && { ...noAnswer('answer'), poolId: pick.pool.id, poolPosition: pick.poolPosition, endpoints: [pick.endpoint] }
  }
  if (policy.allDown === 'all') {
    const { pool } = fromRules[0]!
    const plain = input.ranking.pools.get(plainKey(policy.id, pool.id, input.view))!
    const endpoints = chooseAll(pool, plain, 'present')
    return endpoints.length === 0 ? undefined : { ...noAnswer('answer'), poolId: pool.id, poolPosition: 0, endpoints }
  }
  return undefined
}

function noAnswer(outcome: NaiveDecision['outcome']): Answer {
  return { outcome, step: 4, line: '', chainPosition: -1, poolId: '', poolPosition: -1, endpoints: [] }
}

function withoutRule(answer: Answer | undefined): Answer | undefined {
  return answer && { ...answer, line: '', chainPosition: -1 }
}

/** Ids of the endpoints that a pool answers with; none when every member that has the bit refuses the client. */
function choose(
  input: SeatedInput,
  policy: Policy,
  pool: Pool,
  plain: PlainPool,
  bit: Bit,
  scope: number,
  rule: KeepRule,
): readonly string[] {
  const able = pool.members
    .map((member, position) => ({ ...member, ...plain.members[position]!, position }))
    .filter((member) => member[bit])
  const keeps = (member: (typeof able)[number], span: number): boolean => {
    if (member.keep === 65535 || rule === 'ignored') return true
    if (rule === 'any-share') return member.keep > 0
    return keepPosition(blockHash(policy, input.family, input.address, scope), hashId(member.endpoint), span) < member.keep
  }
  const anywhere = able.filter((member) => keeps(member, WHOLE_SPAN))
  if (pool.choose === 'all') {
    return anywhere
      .toSorted((a, b) => a.order - b.order)
      .slice(0, pool.maxAnswers)
      .map(({ endpoint }) => endpoint)
  }
  if (pool.choose === 'best') {
    const pick = bit === 'eligible' ? plain.pick : bit === 'inPlace' ? plain.pickInPlace : bit === 'notDown' ? plain.pickNotDown : -1
    const sorted = anywhere.toSorted((a, b) => a.order - b.order)
    return [...sorted.filter(({ position }) => position === pick), ...sorted].slice(0, 1).map(({ endpoint }) => endpoint)
  }
  if (pool.choose === 'weighted') {
    const seed = pool.sticky ? blockHash(policy, input.family, input.address, scope) : finishHash(input.draw)
    const drawn = able.map((member) => ({ ...member, hash: finishHash(seed ^ hashId(member.endpoint)) >>> 0 }))
    const weighted = drawn.filter(({ weight }) => weight > 0)
    if (weighted.length === 0) return [drawn.toSorted((a, b) => b.hash - a.hash)[0]!.endpoint]
    const timed = weighted.map((member) => ({ ...member, time: -Math.log((member.hash + 0.5) / 2 ** 32) / member.weight }))
    return [timed.toSorted((a, b) => a.time - b.time)[0]!.endpoint]
  }
  const location = naiveLocation(input.geodata, input.family, input.seat)
  const byDistance = naiveOrder(input.config, pool, location)
  const order = pool.choose === 'latency' ? latencyOrder(input, policy, pool, bit, byDistance, location, scope) : byDistance
  const keeping = order.filter((id) => {
    const member = able.find(({ endpoint }) => endpoint === id)
    const isFirst = id === byDistance[0]
    return member !== undefined && keeps(member, isFirst && rule === 'by-position' ? naiveSpan(input, policy, pool) : WHOLE_SPAN)
  })
  return keeping.slice(0, 1)
}

/** What was measured before what is only near; a block that explores has one of the candidates in front. */
function latencyOrder(
  input: SeatedInput,
  policy: Policy,
  pool: Pool,
  bit: Bit,
  byDistance: readonly string[],
  location: Location,
  scope: number,
): readonly string[] {
  const line = matrixLineOf(location, latencyReadingOf(policy).by)
  const measured = input.ranking.measured?.(policy.id, pool.id, line, byDistance)
  if (measured === undefined) return byDistance
  const hash = finishHash(blockHash(policy, input.family, input.address, scope) ^ 0x27d4eb2f)
  const isExplorer =
    finishHash(hash ^ (input.ranking.epoch ?? 0)) >>> 16 < Math.round((65535 * latencyReadingOf(policy).explorePercent) / 100)
  const explored = isExplorer && bit === 'eligible' ? measured.explore.slice((hash >>> 8) % 4, 4) : []
  return [...explored, ...measured.best, ...byDistance]
}

/**
 * Span of the client's class among the clients that have its first member first: laid out by falling loss, as wide as their share of
 * the addresses. Only classes count whose most specific rule leads to the pool; the others lie anywhere.
 */
function naiveSpan(input: SeatedInput, policy: Policy, pool: Pool): number {
  const classes = weighClasses(input, policy, pool)
  const own = classes.get(answerClass(input, policy, input.seat))
  if (own === undefined || !own.leads || own.weight === 0) return WHOLE_SPAN
  const lossOf = ({ loss, weight }: WeighedClass): number => Math.floor(loss / weight + 0.501)
  const rivals = [...classes.values()].filter(({ leads, weight, first }) => leads && weight > 0 && first === own.first)
  const weightOf = (list: readonly WeighedClass[]): number => list.reduce((sum, { weight }) => sum + weight, 0)
  const before = weightOf(rivals.filter((other) => lossOf(other) > lossOf(own)))
  const equal = weightOf(rivals.filter((other) => lossOf(other) === lossOf(own)))
  const cut = (weight: number): number => Math.min(65535, Math.floor((65535 * weight) / weightOf(rivals) + 0.500_001))
  return cut(before) * 65536 + (cut(before + equal) - cut(before))
}

type WeighedClass = { weight: number; loss: number; readonly leads: boolean; readonly first: string }

/** Every answer class of a policy in one family with its addresses, and what they lose by their second choice in the pool. */
function weighClasses(input: SeatedInput, policy: Policy, pool: Pool): ReadonlyMap<string, WeighedClass> {
  const known = weighed.get(input.config)?.get(`${policy.id} / ${pool.id} / ${input.family}`)
  if (known !== undefined) return known
  const { config, geodata, family } = input
  const end = family === 4 ? 1n << 32n : 1n << 128n
  const granularity = config.options.scopeGranularity
  const bounds = boundsOf(config, geodata, policy, family).flatMap((bound) => {
    if (granularity === undefined) return [bound]
    const block = blockAround(family, bound, family === 4 ? granularity.ipv4 : granularity.ipv6)
    return [bound, block.first, block.end].filter((edge) => edge < end)
  })
  const pieces = [...new Set([0n, ...bounds])].sort((a, b) => (a < b ? -1 : 1))
  const classes = new Map<string, WeighedClass>()
  for (const [position, piece] of pieces.entries()) {
    const seat = naiveSeat(input, policy, piece)
    const key = answerClass(input, policy, seat)
    const head = policy.rules.find((rule) => rule.line === naiveChain(config, geodata, policy, family, seat)[0])
    const first = naiveOrder(config, pool, naiveLocation(geodata, family, seat))[0]!
    const entry = classes.get(key) ?? { weight: 0, loss: 0, leads: head?.pools.includes(pool.id) ?? false, first }
    classes.set(key, entry)
    const location = naiveLocation(geodata, family, piece)
    const isKnown = location.country !== undefined || location.carrier !== undefined
    const weight = Number((pieces[position + 1] ?? end) - piece) * (isKnown ? 1 : 2 ** -60)
    entry.weight += weight
    entry.loss += weight * naiveLoss(config, pool, location)
  }
  const ofConfig = weighed.get(config) ?? new Map<string, ReadonlyMap<string, WeighedClass>>()
  weighed.set(config, ofConfig.set(`${policy.id} / ${pool.id} / ${family}`, classes))
  return classes
}

/** Worked out once a document, since a test asks hundreds of addresses. A document is compared against one geodata only. */
const weighed = new WeakMap<Config, Map<string, ReadonlyMap<string, WeighedClass>>>()

/** What a client loses by the second choice: kilometres, a path step more than them all. */
function naiveLoss(config: Config, pool: Pool, location: Location): number {
  const endpoints = naiveOrder(config, pool, location, Number.POSITIVE_INFINITY).map((id) => config.endpoints.find((one) => one.id === id)!)
  const [first, second] = endpoints
  if (first === undefined || second === undefined) return 0
  const step = (endpoint: Endpoint): number => (pool.choose === 'auto' ? autoStep(location, endpoint) : 0)
  const here = coordinatesOf(location)
  const km = (endpoint: Endpoint): number => (here === undefined ? 0 : Math.min(20_040, distanceTo(here, endpoint)))
  return Math.round(40_100 * (step(second) - step(first)) + km(second) - km(first))
}

function chooseAll(pool: Pool, plain: PlainPool, bit: Bit): readonly string[] {
  return pool.members
    .map((member, position) => ({ ...member, ...plain.members[position]! }))
    .filter((member) => member[bit])
    .sort((a, b) => a.order - b.order)
    .slice(0, pool.maxAnswers)
    .map((member) => member.endpoint)
}

/** Endpoint ids of a placed pool for a client, best first. */
function naiveOrder(config: Config, pool: Pool, location: Location, cap: number = LIST_CAP): string[] {
  const declared = pool.members.map((member) => config.endpoints.find((endpoint) => endpoint.id === member.endpoint)!)
  const here = coordinatesOf(location)
  const sorted = declared
    .map((endpoint, position) => ({
      id: endpoint.id,
      position,
      step: pool.choose === 'auto' ? autoStep(location, endpoint) : 0,
      km: here === undefined ? 0 : distanceTo(here, endpoint),
    }))
    .sort((a, b) => {
      if (a.step !== b.step) return a.step - b.step
      if (here === undefined) return a.position - b.position
      if (a.km !== b.km) return a.km < b.km ? -1 : 1
      return a.id < b.id ? -1 : 1
    })
    .map(({ id }) => id)
  const list = sorted.slice(0, cap)
  return [...list, ...declared.map(({ id }) => id).filter((id) => !list.includes(id))]
}

function distanceTo(here: readonly [number, number], endpoint: Endpoint): number {
  const there =
    endpoint.coordinates ??
    ancestors(endpoint.place)
      .map(coordinatesOfPlace)
      .find((found) => found !== undefined)
  return there === undefined ? Number.POSITIVE_INFINITY : greatCircleDistanceKm(here, there)
}

/** Step of `auto`: 0 same city + carrier … 5 rest, 6 the rest behind the border of mainland China. */
function autoStep(location: Location, endpoint: Endpoint): number {
  const places = ancestors(endpoint.place)
  const city = location.city && cityPlaceKey(location.city)
  const region = location.province ? `cn-${location.province}` : location.region?.toLowerCase()
  const big = location.province && bigRegionOf(location.province) && `cn-${bigRegionOf(location.province)}`
  const isAbroadProvince = location.province !== undefined && Object.values(ABROAD_PROVINCES).includes(location.province)
  const country = isAbroadProvince ? undefined : location.country?.toLowerCase()
  const carriers = location.carrier ? [location.carrier, findCarrier(location.carrier)?.parent] : []
  if (endpoint.carrier !== '' && carriers.includes(endpoint.carrier)) {
    if (city && places.includes(city)) return 0
    if (region && places.includes(region)) return 1
    if (big && places.includes(big)) return 2
    return 3
  }
  const place = city ?? region ?? country
  if (place !== undefined && places.includes(place)) return 4
  // From the mainland, whatever is not in the mainland is behind the border.
  const abroad = Object.values(ABROAD_PROVINCES).map((province) => `cn-${province}`)
  const isMainlandEndpoint = places.includes('cn') && !places.some((key) => abroad.includes(key))
  return country === 'cn' && !isMainlandEndpoint ? 6 : 5
}

/** A place and everything that holds it. */
function ancestors(place: string): string[] {
  const found = place === '' ? undefined : findPlace(place)
  return found === undefined ? [] : [place, ...ancestors(found.parent ?? '')]
}

/** Length of the shortest network around the client in which nobody has another chain or other orders. */
function naiveScope(input: NaiveInput, policy: Policy): number {
  const width = input.family === 4 ? 32 : 128
  const granularity = input.config.options.scopeGranularity
  const classAt = (address: bigint): string => answerClass(input, policy, naiveSeat(input, policy, address))
  const bounds = boundsOf(input.config, input.geodata, policy, input.family).flatMap((bound) => {
    if (granularity === undefined) return [bound]
    const { first, end } = blockAround(input.family, bound, input.family === 4 ? granularity.ipv4 : granularity.ipv6)
    return end === 1n << BigInt(width) ? [first] : [first, end]
  })
  const own = classAt(input.address)
  const others = [...new Set(bounds)].filter((bound) => classAt(bound) !== own)
  for (let length = 0; length < width; length++) {
    const size = 1n << BigInt(width - length)
    const first = (input.address / size) * size
    // Between two bounds nothing changes, so the block is uniform when its first address and every bound in it agree.
    const uniform = classAt(first) === own && !others.some((bound) => bound > first && bound < first + size)
    if (uniform) return length
  }
  return width
}

/** Everything that makes clients differ, as text. */
function answerClass(input: NaiveInput, policy: Policy, address: bigint): string {
  const chain = naiveChain(input.config, input.geodata, policy, input.family, address)
  const location = naiveLocation(input.geodata, input.family, address)
  const poolIds = [...policy.fallback, ...chain.flatMap((line) => policy.rules.find((rule) => rule.line === line)!.pools)]
  const orders = input.config.pools
    .filter((pool) => poolIds.includes(pool.id) && ['auto', 'nearest', 'latency'].includes(pool.choose))
    .map((pool) => [
      pool.id,
      naiveOrder(input.config, pool, location),
      pool.choose === 'latency' ? matrixLineOf(location, latencyReadingOf(policy).by) : '',
      naiveBand(input.config, policy, pool, chain, location),
    ])
  return JSON.stringify([chain, orders])
}

/** Band of what a client loses by the second choice, in pools that share their clients out and that it comes to first; 0 in others. */
function naiveBand(config: Config, policy: Policy, pool: Pool, chain: readonly string[], location: Location): string {
  const endpoints = pool.members.map(({ endpoint }) => config.endpoints.find(({ id }) => id === endpoint)!)
  if (pool.slowStartSeconds === 0 && endpoints.every(({ capacity }) => capacity === undefined)) return ''
  if (!policy.rules.some((rule) => rule.line === chain[0] && rule.pools.includes(pool.id))) return ''
  const loss = naiveLoss(config, pool, location)
  const steps = Math.round(loss / 40_100)
  const km = loss - 40_100 * steps
  return `${steps} steps, ${[50, 100, 200, 400, 800, 1600, 3200].filter((edge) => km >= edge).length} doublings`
}

/** Addresses at which something may change. */
function boundsOf(config: Config, geodata: LocationTables, policy: Policy, family: 4 | 6): bigint[] {
  const end = family === 4 ? 1n << 32n : 1n << 128n
  const custom = config.lines
    .filter((line) => policy.rules.some((rule) => rule.line === `custom:${line.id}`))
    .flatMap((line) => [...prefixTexts(line.prefixes)].map(parsedPrefix))
    .filter((prefix) => prefix.family === family)
    .flatMap((prefix) => [prefix.first, prefix.end])
    .filter((bound) => bound < end)
  return [...rangeStarts(geodata, family), ...custom]
}

function rangeStarts(geodata: LocationTables, family: 4 | 6): bigint[] {
  if (family === 4) return Array.from(geodata.v4.starts, BigInt)
  return Array.from(geodata.v6.values, (_, range) => joinWords(geodata.v6.starts.subarray(4 * range, 4 * range + 4)))
}

function longestPrefix(prefixes: Iterable<string>, family: 4 | 6, address: bigint): number {
  const lengths = [...prefixes]
    .map(parsedPrefix)
    .filter((prefix) => prefix.family === family && prefix.first <= address && address < prefix.end)
    .map((prefix) => prefix.length)
  return Math.max(-1, ...lengths)
}

function parsedPrefix(text: string): { family: 4 | 6; first: bigint; end: bigint; length: number } {
  const { family, words, length } = parsePrefix(text)
  const first = family === 4 ? BigInt(words[3]) : joinWords(words)
  return { family, first, end: first + (1n << BigInt((family === 4 ? 32 : 128) - length)), length }
}

function joinWords(words: Iterable<number>): bigint {
  let value = 0n
  for (const word of words) value = (value << 32n) | BigInt(word)
  return value
}

function blockHash(policy: Policy, family: 4 | 6, address: bigint, scope: number): number {
  const width = family === 4 ? 32 : 128
  const size = 1n << BigInt(width - scope)
  const network = (address / size) * size
  const word = (shift: bigint): number => Number((network >> shift) & 0xffffffffn)
  const salt = hashId(policy.id)
  return family === 4 ? hashBlock4(salt, word(0n), scope) : hashBlock6(salt, word(96n), word(64n), word(32n), word(0n), scope)
}
