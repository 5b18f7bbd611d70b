/**
 * The slow, obvious twin of policy/compile + policy/decide: works from the document and the location ranges by linear scan, without
 * tables, classes or numbers. Used by property tests and the simulator only. Pure. It shares with the fast path only what defines a
 * result (line precedence, block hash, distance), never how the result is found.
 */
import { parsePrefix } from '../../geodata/address/prefix.ts'
import { prefixTexts } from '../../geodata/address/prefix-list.ts'
import { coordinatesOf, coordinatesOfPlace } from '../../geodata/line/coordinates-of.ts'
import { ABROAD_PROVINCES, bigRegionOf, cityPlaceKey, findCarrier, findPlace } from '../../geodata/line/line-catalogue.ts'
import { lineChain } from '../../geodata/line/line-precedence.ts'
import type { Location } from '../../geodata/line/location.ts'
import { greatCircleDistanceKm } from '../../geodata/lookup/great-circle-distance.ts'
import type { LocationTables } from '../compile/compile-policies.ts'
import type { Config, Endpoint, Policy, Pool } from '../config/config-schema.ts'
import { finishHash, hashBlock4, hashBlock6, hashId } from '../decide/hash-block.ts'

/** Health of one member of a pool, in one policy and view. */
export type PlainMember = {
  readonly eligible: boolean
  readonly inPlace: boolean
  readonly notDown: boolean
  /** It has an address of the view's family. */
  readonly present: boolean
  readonly weight: number
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
}

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
  const hashPrefix = input.family === 4 ? policy.hashPrefix.ipv4 : policy.hashPrefix.ipv6
  const scope = Math.max(naiveScope(input, policy), hashPrefix)
  const seen: number[] = []
  const answer = walk({ ...input, seat, view: view as 0 | 1 }, policy, rules, scope, seen)
  const bound = Math.max(policy.ttlFloorSeconds, Math.min(...seen))
  const ttlSeconds = seen.every((seconds) => seconds === 0xffff) ? policy.ttlSeconds : Math.min(policy.ttlSeconds, bound)
  return { ...answer, ttlSeconds, scope }
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
  const first = (candidates: readonly Candidate[], step: Answer['step'], bit: Bit, least: (pool: Pool) => number): Answer | undefined => {
    for (const { pool, poolPosition, line, chainPosition } of candidates) {
      const plain = input.ranking.pools.get(plainKey(policy.id, pool.id, input.view))!
      seen.push(plain.ttlBoundSeconds)
      if (plain.members.filter((member) => member[bit]).length < Math.max(1, least(pool))) continue
      const endpoints = choose(input, policy, pool, plain, bit, scope)
      return { outcome: 'answer', step, line, chainPosition, poolId: pool.id, poolPosition, endpoints }
    }
    return undefined
  }
  const one = (): number => 1
  return (
    first(fromRules, 1, 'eligible', (pool) => pool.minimumUp) ??
    first(fromFallback, 2, 'inPlace', one) ??
    first(fromRules, 3, 'notDown', one) ??
    allDown(input, policy, fromRules, fromFallback) ??
    withoutRule(first(fromFallback, 4, 'present', one)) ??
    withoutRule(first(fromRules, 4, 'present', one)) ??
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

/** Ids of the endpoints that a pool answers with; at least one member has the bit. */
function choose(input: SeatedInput, policy: Policy, pool: Pool, plain: PlainPool, bit: Bit, scope: number): readonly string[] {
  const able = pool.members.map((member, position) => ({ ...member, ...plain.members[position]! })).filter((member) => member[bit])
  if (pool.choose === 'all') return chooseAll(pool, plain, bit)
  if (pool.choose === 'best') {
    if (bit === 'present') return [able.toSorted((a, b) => a.order - b.order)[0]!.endpoint]
    const pick = bit === 'eligible' ? plain.pick : bit === 'inPlace' ? plain.pickInPlace : plain.pickNotDown
    return [pool.members[pick]!.endpoint]
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
  const order = naiveOrder(input.config, pool, location)
  return [order.find((id) => able.some((member) => member.endpoint === id))!]
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
function naiveOrder(config: Config, pool: Pool, location: Location): string[] {
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
  const list = sorted.slice(0, LIST_CAP)
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
    .map((pool) => [pool.id, naiveOrder(input.config, pool, location)])
  return JSON.stringify([chain, orders])
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
