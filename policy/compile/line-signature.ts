/**
 * What a policy's line table depends on. Policies with equal signatures share one table. Pure.
 *
 * Rule slots number the lines in byte order of their keys. A pool that is ordered by place (`auto`, `nearest`, `latency`) makes classes finer,
 * but only for clients who can come to it: so the signature holds which rules lead to it. A pool of shares makes scopes finer in the
 * same manner: where `hashPrefix` is the default, only those of clients who can come to it.
 */
import type { MatrixBy } from '../../geodata/line/matrix-line.ts'
import type { ChooseKind, Config, Endpoint, Policy, Pool, Precedence } from '../config/config-schema.ts'
import { hasShares } from '../config/is-shared.ts'
import { latencyReadingOf } from '../config/latency-reading.ts'
import { CLASS_TRUE_SCOPE4, CLASS_TRUE_SCOPE6 } from '../model/policy-columns.ts'

/** A pool whose members are ordered by the client's place. */
export type PlacedPool = {
  readonly pool: Pool
  /** Rule slots that lead to it. */
  readonly slots: readonly number[]
  /** It is in the fallback: every client can come to it. */
  readonly inFallback: boolean
}

/** What a line table depends on. */
export type LineSignature = {
  /** Equal text = equal signature. */
  readonly key: string
  readonly precedence: Precedence
  readonly inherit: boolean
  /** Line keys in byte order; the position is the rule slot. */
  readonly lines: readonly string[]
  /** In byte order of their ids; the position is the auto slot. */
  readonly placedPools: readonly PlacedPool[]
  /** Auto slots of the pools with `choose: latency`; the position is the latency slot. */
  readonly latencySlots: readonly number[]
  /** How fine the lines of the latency matrix are. */
  readonly matrixBy: MatrixBy
  /** CLASS_* bits of classes that lead to no pool of shares; 0 = `hashPrefix` counts for every client. */
  readonly unsharedFlags: number
  /** Rule slots that lead to a pool of shares; empty when every class has the same flags. */
  readonly sharedSlots: readonly number[]
}

/** Whether a pool's members are ordered by the client's place. */
export function isPlaced(choose: ChooseKind): boolean {
  return choose === 'auto' || choose === 'nearest' || choose === 'latency'
}

/** Orders ids by their bytes; ids and line keys are ASCII, for which code units and bytes agree. No locale. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The signature of a policy. */
export function signatureOf(policy: Policy, pools: ReadonlyMap<string, Pool>, endpoints: ReadonlyMap<string, Endpoint>): LineSignature {
  const rules = sortRules(policy)
  const lines = rules.map((rule) => rule.line)
  const placedIds = poolIdsOf(policy).filter((id) => isPlaced(pools.get(id)!.choose))
  const placedPools = placedIds.map((id) => ({
    pool: pools.get(id)!,
    slots: rules.flatMap((rule, slot) => (rule.pools.includes(id) ? [slot] : [])),
    inFallback: policy.fallback.includes(id),
  }))
  const latencySlots = placedPools.flatMap(({ pool }, autoSlot) => (pool.choose === 'latency' ? [autoSlot] : []))
  const matrixBy = latencyReadingOf(policy).by
  const { unsharedFlags, sharedSlots } = sharesOf(policy, rules, pools, endpoints)
  const key = JSON.stringify([
    policy.precedence,
    policy.inherit,
    lines,
    placedPools.map(({ pool, slots, inFallback }) => [pool.id, slots, inFallback]),
    latencySlots.length === 0 ? '' : matrixBy,
    unsharedFlags,
    sharedSlots,
  ])
  const { precedence, inherit } = policy
  return { key, precedence, inherit, lines, placedPools, latencySlots, matrixBy, unsharedFlags, sharedSlots }
}

/** What `hashPrefix` by default leaves alone. A pool of shares in the fallback is every client's. */
function sharesOf(
  { fallback, automaticHashPrefix = [] }: Policy,
  rules: Policy['rules'],
  pools: ReadonlyMap<string, Pool>,
  endpoints: ReadonlyMap<string, Endpoint>,
): Pick<LineSignature, 'unsharedFlags' | 'sharedSlots'> {
  const isShared = (id: string): boolean => hasShares(pools.get(id)!, endpoints)
  const bits = { ipv4: CLASS_TRUE_SCOPE4, ipv6: CLASS_TRUE_SCOPE6 }
  const unsharedFlags = fallback.some(isShared) ? 0 : automaticHashPrefix.reduce((flags, family) => flags | bits[family], 0)
  const sharedSlots = rules.flatMap((rule, slot) => (rule.pools.some(isShared) ? [slot] : []))
  return unsharedFlags === 0 || sharedSlots.length === rules.length ? { unsharedFlags: 0, sharedSlots: [] } : { unsharedFlags, sharedSlots }
}

/** Rules of a policy in slot order. */
export function sortRules(policy: Policy): Policy['rules'] {
  return policy.rules.toSorted((a, b) => compareIds(a.line, b.line))
}

/** Ids of the pools that a policy uses, in byte order, each once. */
export function poolIdsOf(policy: Policy): readonly string[] {
  return [...new Set([...policy.rules.flatMap((rule) => rule.pools), ...policy.fallback])].sort(compareIds)
}

/** Things with ids by their id. */
export function byId<T extends { readonly id: string }>(list: readonly T[]): ReadonlyMap<string, T> {
  return new Map(list.map((item) => [item.id, item]))
}

/** The parts of a document that deciding depends on, in byte order of their ids. */
export function sortConfig(config: Config): Pick<Config, 'policies' | 'pools' | 'endpoints'> {
  const sorted = <T extends { readonly id: string }>(list: readonly T[]): T[] => list.toSorted((a, b) => compareIds(a.id, b.id))
  return { policies: sorted(config.policies), pools: sorted(config.pools), endpoints: sorted(config.endpoints) }
}
