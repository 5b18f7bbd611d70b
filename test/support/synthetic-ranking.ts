/**
 * Rankings by hand for tests of deciding: plain data (policy/reference) that fills the shared columns. Tests of ranking itself are
 * in test/unit/health; nothing here knows of samples, gates or dwell.
 */
import {
  KEEP_ALL,
  MEMBER_ELIGIBLE,
  MEMBER_IN_PLACE,
  MEMBER_NOT_DOWN,
  MEMBER_PRESENT,
  POOL_IN_PLACE,
  POOL_NOT_DOWN,
  POOL_PRESENT,
  POOL_USABLE,
  type RankingColumns,
  rankingSizeBytes,
  viewRanking,
} from '../../health/model/ranking.ts'
import { poolIdsOf, sortConfig } from '../../policy/compile/line-signature.ts'
import type { Config, Pool } from '../../policy/config/config-schema.ts'
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
  return { pools, lastEligibleAt }
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

/** Fills ranking columns, in the numbering of compilePolicies, from plain data. */
export function fillRanking(config: Config, plain: PlainRanking): RankingColumns {
  const { policies, endpoints } = sortConfig(config)
  const uses = policies.flatMap((policy) => poolIdsOf(policy).map((id) => ({ policy, pool: config.pools.find((pool) => pool.id === id)! })))
  const shape = {
    endpointCount: endpoints.length,
    memberUseCount: uses.reduce((sum, { pool }) => sum + pool.members.length, 0),
    poolUseCount: uses.length,
  }
  const ranking = viewRanking(new SharedArrayBuffer(rankingSizeBytes(shape)), 0, shape)
  ranking.memberScore.fill(Number.NaN)
  ranking.memberKeep.fill(KEEP_ALL)
  for (const [number, endpoint] of endpoints.entries()) {
    const [at4, at6] = plain.lastEligibleAt.get(endpoint.id)!
    ranking.addressLastEligibleAt[2 * number] = at4
    ranking.addressLastEligibleAt[2 * number + 1] = at6
  }
  let firstMember = 0
  for (const [use, { policy, pool }] of uses.entries()) {
    for (const view of [0, 1]) fillPoolUse(ranking, use, view, firstMember, pool, plain.pools.get(plainKey(policy.id, pool.id, view))!)
    firstMember += pool.members.length
  }
  return ranking
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
