/**
 * Rankings by hand for tests of deciding: plain data (policy/reference) that fills the shared columns. Tests of ranking itself are
 * in test/unit/health; nothing here knows of samples, gates or dwell.
 */
import {
  LATENCY_EXPLORE_CAP,
  LATENCY_ORDER_CAP,
  type LatencyPlan,
  latencyEntryCount,
  NO_LATENCY_MEMBER,
} from '../../health/model/latency-matrix.ts'
import {
  KEEP_ALL,
  MEMBER_ELIGIBLE,
  MEMBER_IN_PLACE,
  MEMBER_NOT_DOWN,
  MEMBER_PRESENT,
  POOL_IN_PLACE,
  POOL_NOT_DOWN,
  POOL_PRESENT,
  POOL_SHARES,
  POOL_USABLE,
  type RankingColumns,
  rankingSizeBytes,
  viewRanking,
} from '../../health/model/ranking.ts'
import type { CompiledConfig } from '../../policy/compile/compile-policies.ts'
import { latencyPlanOf } from '../../policy/compile/latency-rows.ts'
import { poolIdsOf, sortConfig } from '../../policy/compile/line-signature.ts'
import { makeRankPlan } from '../../policy/compile/make-rank-plan.ts'
import type { Config, Pool } from '../../policy/config/config-schema.ts'
import { hashId } from '../../policy/decide/hash-block.ts'
import { type PlainMember, type PlainPool, type PlainRanking, plainKey } from '../../policy/reference/naive-decide.ts'

/** Health of an endpoint in every pool: each word includes those before it. */
export type PlainStanding = 'down' | 'not-down' | 'in-place' | 'eligible'

/** What a synthetic ranking may be told. */
export type RankingDraft = {
  /** By endpoint id [eligible]. */
  readonly standings?: Readonly<Record<string, PlainStanding>>
  /** Effective weights by endpoint id [the configured ones]. */
  readonly weights?: Readonly<Record<string, number>>
  /** Shares of their clients that endpoints keep, n/65535, by id [all]; pools of `weighted` have shares in their weights and keep all. */
  readonly keeps?: Readonly<Record<string, number>>
  /** Order of endpoints in `all` and in step 4 of `best`: ids, best first [declared order]. */
  readonly order?: readonly string[]
  /** TTL bounds by pool id [none]. */
  readonly ttlBounds?: Readonly<Record<string, number>>
  /** When endpoints were last eligible, by id: [IPv4 or target, IPv6] [never]. */
  readonly lastEligibleAt?: Readonly<Record<string, readonly [number, number]>>
  /** Seed of what latency pools measured, by line and order; 0 = nothing [0]. */
  readonly measuredSeed?: number
  /** Epoch of exploring [0]. */
  readonly epoch?: number
}

/** A plain ranking of a configuration. `best` picks the first in order. */
export function makePlainRanking(config: Config, draft: RankingDraft = {}): PlainRanking {
  const pools = new Map<string, PlainPool>()
  for (const policy of config.policies) {
    for (const id of poolIdsOf(policy)) {
      for (const view of [0, 1] as const) {
        pools.set(
          plainKey(policy.id, id, view),
          plainPool(config, config.pools.find((pool) => pool.id === id)!, policy.families === 'each', view, draft),
        )
      }
    }
  }
  const lastEligibleAt = new Map(config.endpoints.map(({ id }) => [id, draft.lastEligibleAt?.[id] ?? ([0, 0] as const)]))
  const { measuredSeed = 0, epoch = 0 } = draft
  return { pools, lastEligibleAt, epoch, ...(measuredSeed === 0 ? {} : { measured: makeMeasured(measuredSeed) }) }
}

function plainPool(config: Config, pool: Pool, eachFamily: boolean, view: 0 | 1, draft: RankingDraft): PlainPool {
  const ids = pool.members.map(({ endpoint }) => endpoint)
  const wanted = [...(draft.order ?? []).filter((id) => ids.includes(id)), ...ids.filter((id) => !draft.order?.includes(id))]
  const members = pool.members.map(({ endpoint: id, weight }): PlainMember => {
    const endpoint = config.endpoints.find((candidate) => candidate.id === id)!
    const standing = draft.standings?.[id] ?? 'eligible'
    const hasFamily = endpoint.target !== '' || (view === 1 ? endpoint.ipv6 : endpoint.ipv4) !== ''
    const present = endpoint.enabled && (eachFamily ? hasFamily : view === 0)
    return {
      present,
      notDown: present && standing !== 'down',
      inPlace: present && (standing === 'in-place' || standing === 'eligible'),
      eligible: present && standing === 'eligible',
      weight: draft.weights?.[id] ?? weight,
      keep: pool.choose === 'weighted' ? KEEP_ALL : (draft.keeps?.[id] ?? KEEP_ALL),
      order: wanted.indexOf(id),
    }
  })
  const pick = (bit: 'eligible' | 'inPlace' | 'notDown'): number => {
    const able = members.filter((member) => member[bit]).sort((a, b) => a.order - b.order)
    return able.length === 0 ? -1 : members.indexOf(able[0]!)
  }
  return {
    members,
    pick: pick('eligible'),
    pickInPlace: pick('inPlace'),
    pickNotDown: pick('notDown'),
    ttlBoundSeconds: draft.ttlBounds?.[pool.id] ?? 0xffff,
  }
}

/** Something measured for each policy, pool, line and order: endpoints shuffled by the seed, now and then nothing at all. */
function makeMeasured(seed: number): NonNullable<PlainRanking['measured']> {
  return (policyId, poolId, line, byDistance) => {
    if (line === '') return { best: [], explore: [] }
    const draw = (what: string): number => hashId(`${seed} ${policyId} ${poolId} ${line} ${byDistance.join()} ${what}`)
    const shuffled = (what: string): string[] => byDistance.toSorted((a, b) => draw(`${what} ${a}`) - draw(`${what} ${b}`))
    const best = draw('any') % 4 === 0 ? [] : shuffled('best').slice(0, LATENCY_ORDER_CAP)
    return { best, explore: shuffled('explore').slice(0, draw('explore') % (LATENCY_EXPLORE_CAP + 1)) }
  }
}

/** Fills ranking columns, in the numbering of compilePolicies, from plain data. */
export function fillRanking(config: Config, plain: PlainRanking, compiled?: CompiledConfig): RankingColumns {
  const { policies, endpoints } = sortConfig(config)
  const uses = policies.flatMap((policy) => poolIdsOf(policy).map((id) => ({ policy, pool: config.pools.find((pool) => pool.id === id)! })))
  const shape = {
    endpointCount: endpoints.length,
    memberUseCount: uses.reduce((sum, { pool }) => sum + pool.members.length, 0),
    poolUseCount: uses.length,
    latencyEntryCount: compiled === undefined || plain.measured === undefined ? 0 : latencyEntryCount(latencyOf(config, compiled)),
  }
  const ranking = viewRanking(new SharedArrayBuffer(rankingSizeBytes(shape)), 0, shape)
  ranking.memberScore.fill(Number.NaN)
  ranking.memberKeep.fill(KEEP_ALL)
  for (const [number, endpoint] of endpoints.entries()) {
    const [at4, at6] = plain.lastEligibleAt.get(endpoint.id)!
    ranking.addressLastEligibleAt[2 * number] = at4
    ranking.addressLastEligibleAt[2 * number + 1] = at6
  }
  ranking.header[3] = plain.epoch ?? 0
  if (compiled !== undefined && plain.measured !== undefined) fillMeasured(ranking, plain.measured, config, compiled)
  let firstMember = 0
  for (const [use, { policy, pool }] of uses.entries()) {
    for (const view of [0, 1]) fillPoolUse(ranking, use, view, firstMember, pool, plain.pools.get(plainKey(policy.id, pool.id, view))!)
    firstMember += pool.members.length
  }
  return ranking
}

function latencyOf(config: Config, { columns, names }: CompiledConfig): LatencyPlan | undefined {
  return latencyPlanOf(columns, names, makeRankPlan(config))
}

function fillMeasured(
  ranking: RankingColumns,
  measured: NonNullable<PlainRanking['measured']>,
  config: Config,
  compiled: CompiledConfig,
): void {
  const plan = makeRankPlan(config)
  const latency = latencyOf(config, compiled)
  ranking.latencyOrder.fill(NO_LATENCY_MEMBER)
  for (const pool of latency?.pools ?? []) {
    const use = plan.poolUses[pool.poolUse]!
    const ids = use.members.map(({ endpoint }) => plan.endpoints[endpoint]!.id)
    const stride = pool.width + LATENCY_EXPLORE_CAP
    for (const [row, line] of pool.rowLine.entries()) {
      const positions = pool.rowPosition.subarray(row * ids.length, (row + 1) * ids.length)
      const byDistance = ids.toSorted((a, b) => positions[ids.indexOf(a)]! - positions[ids.indexOf(b)]!)
      const { best, explore } = measured(use.policyId, use.poolId, latency!.lines[line]!, byDistance)
      const at = pool.firstEntry + row * stride
      for (const [place, id] of best.entries()) ranking.latencyOrder[at + place] = ids.indexOf(id)
      for (const [place, id] of explore.entries()) ranking.latencyOrder[at + pool.width + place] = ids.indexOf(id)
    }
  }
}

function fillPoolUse(ranking: RankingColumns, use: number, view: number, firstMember: number, pool: Pool, plain: PlainPool): void {
  const at = 2 * use + view
  for (const [position, member] of plain.members.entries()) {
    const m = 2 * (firstMember + position) + view
    ranking.memberBits[m] =
      (member.eligible ? MEMBER_ELIGIBLE : 0) |
      (member.inPlace ? MEMBER_IN_PLACE : 0) |
      (member.notDown ? MEMBER_NOT_DOWN : 0) |
      (member.present ? MEMBER_PRESENT : 0)
    ranking.memberWeight[m] = member.weight
    ranking.memberKeep[m] = member.keep
    ranking.memberOrder[m] = member.order
  }
  const count = (bit: 'eligible' | 'inPlace' | 'notDown' | 'present'): number => plain.members.filter((member) => member[bit]).length
  ranking.poolBits[at] =
    (plain.members.some(({ keep }) => keep !== KEEP_ALL) ? POOL_SHARES : 0) |
    (count('eligible') >= Math.max(1, pool.minimumUp) ? POOL_USABLE : 0) |
    (count('inPlace') > 0 ? POOL_IN_PLACE : 0) |
    (count('notDown') > 0 ? POOL_NOT_DOWN : 0) |
    (count('present') > 0 ? POOL_PRESENT : 0)
  const memberUse = (position: number): number => (position < 0 ? -1 : firstMember + position)
  ranking.poolPick[at] = memberUse(plain.pick)
  ranking.poolPickInPlace[at] = memberUse(plain.pickInPlace)
  ranking.poolPickNotDown[at] = memberUse(plain.pickNotDown)
  ranking.poolTtlBoundSeconds[at] = plain.ttlBoundSeconds
}
