/**
 * Walks a client through a policy that is not live: rules of its chain, then the fallback, with the standings of now. It says which
 * pool would answer, not which member: that, TTL and scope are the node's to say (explain). Pure.
 */
import type { EndpointSummary } from '../../../contract/endpoint.ts'
import type { PolicyObject } from '../../../contract/policy.ts'
import type { PoolSummary } from '../../../contract/pool.ts'

/** Standing of a member; null = no node tells. */
export type MemberState = { readonly endpoint: string; readonly standing: EndpointSummary['standing']; readonly eligible: boolean }
/** A pool with what counts for a walk. */
export type PoolState = {
  readonly id: string
  /** False: the document has no such pool. */
  readonly known: boolean
  readonly choose: PoolSummary['choose']
  readonly minimumUp: number
  readonly members: readonly MemberState[]
  readonly eligibleCount: number
  readonly canAnswer: boolean
}
/** One pool of a step. */
export type WalkPool = PoolState & { readonly verdict: 'answers' | 'passed' | 'not-reached' }
/** One step: a line of the chain, or the fallback (line ""). */
export type WalkStep = {
  readonly line: string
  readonly verdict: 'answers' | 'passed' | 'no-rule' | 'not-reached'
  readonly pools: readonly WalkPool[]
}
/** The whole walk. */
export type Walk = {
  readonly steps: readonly WalkStep[]
  readonly fallback: WalkStep
  /** Pool that answers; null = neither rule nor fallback does, so the last resort decides. */
  readonly pool: PoolState | null
  /** Line whose rule answers; "" = fallback. */
  readonly line: string
  /** Not the first pool of the first matching rule. */
  readonly displaced: boolean
}

/** States of pools by id, under the standings of now. */
export function poolStates(pools: readonly PoolSummary[], endpoints: readonly EndpointSummary[]): ReadonlyMap<string, PoolState> {
  const byId = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]))
  return new Map(
    pools.map((pool): [string, PoolState] => {
      const members = pool.members.map(({ endpoint: id }): MemberState => {
        const endpoint = byId.get(id)
        return { endpoint: id, standing: endpoint?.standing ?? null, eligible: endpoint !== undefined && isEligible(endpoint) }
      })
      const eligibleCount = members.filter((member) => member.eligible).length
      const minimumUp = Math.max(1, pool.minimumUp)
      return [
        pool.id,
        { id: pool.id, known: true, choose: pool.choose, minimumUp, members, eligibleCount, canAnswer: eligibleCount >= minimumUp },
      ]
    }),
  )
}

/** In place: enabled, and unprobed or held in place by a node; what an operator forces goes first. */
export function isEligible(endpoint: EndpointSummary): boolean {
  const override = endpoint.health.find((report) => report.override !== undefined)?.override
  if (endpoint.enabled && override?.action === 'up') return true
  if (override?.action === 'down' || override?.sharePercent === 0) return false
  return endpoint.enabled && (!endpoint.probed || endpoint.health.some((report) => report.inPlace))
}

/** Walks a chain of line keys, narrowest first. */
export function walkPolicy(policy: PolicyObject, chain: readonly string[], pools: ReadonlyMap<string, PoolState>): Walk {
  let answer: { readonly pool: PoolState; readonly line: string; readonly displaced: boolean } | undefined
  let rulesSeen = 0
  const inherit = policy.inherit ?? true
  const tryPools = (line: string, ids: readonly string[], reached: boolean): readonly WalkPool[] =>
    ids.map((id, at) => {
      const state = pools.get(id) ?? unknownPool(id)
      if (!reached || answer !== undefined) return { ...state, verdict: 'not-reached' }
      if (!state.canAnswer) return { ...state, verdict: 'passed' }
      answer = { pool: state, line, displaced: at > 0 || rulesSeen > 1 || line === '' }
      return { ...state, verdict: 'answers' }
    })
  const steps = chain.map((line): WalkStep => {
    const rule = policy.rules.find((candidate) => candidate.line === line)
    const reached = answer === undefined && (inherit || rulesSeen === 0)
    if (rule === undefined) return { line, verdict: reached ? 'no-rule' : 'not-reached', pools: [] }
    if (reached) rulesSeen++
    const tried = tryPools(line, rule.pools, reached)
    return { line, verdict: verdictOf(tried, reached), pools: tried }
  })
  const reached = answer === undefined
  const tried = tryPools('', policy.fallback, reached)
  const fallback: WalkStep = { line: '', verdict: verdictOf(tried, reached), pools: tried }
  return { steps, fallback, pool: answer?.pool ?? null, line: answer?.line ?? '', displaced: answer?.displaced ?? true }
}

function verdictOf(tried: readonly WalkPool[], reached: boolean): WalkStep['verdict'] {
  if (!reached) return 'not-reached'
  return tried.some((pool) => pool.verdict === 'answers') ? 'answers' : 'passed'
}

function unknownPool(id: string): PoolState {
  return { id, known: false, choose: 'best', minimumUp: 1, members: [], eligibleCount: 0, canAnswer: false }
}
