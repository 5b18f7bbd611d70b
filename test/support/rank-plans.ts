/** Rank plans for tests of health: only what differs from the usual has to be said. Pure. */
import type { ProbeSpec, RankEndpoint, RankPlan, RankPoolUse } from '../../health/model/rank-plan.ts'
import { type RankingColumns, rankingShapeOf, rankingSizeBytes, viewRanking } from '../../health/model/ranking.ts'
import { DEFAULT_PROFILE } from '../../health/score/score-profile.ts'

/** The probe of DESIGN's example. */
export function probeSpec(given: Partial<ProbeSpec> = {}): ProbeSpec {
  return {
    id: 'edge-http',
    kind: 'http',
    port: 8080,
    path: '/health',
    expectStatus: [200],
    intervalMs: 5000,
    timeoutMs: 1000,
    retryIntervalMs: 2500,
    fall: 3,
    rise: 2,
    windowSeconds: 300,
    required: true,
    host: '',
    sni: '',
    method: 'GET',
    headers: {},
    match: '',
    redirects: false,
    certificate: 'verify',
    ...given,
  }
}

/** An endpoint with one IPv4 address and the usual probe. */
export function rankEndpoint(id: string, given: Partial<RankEndpoint> = {}): RankEndpoint {
  return { id, ipv4: '192.0.2.1', ipv6: '', target: '', enabled: true, probes: [probeSpec()], site: '', labels: {}, ...given }
}

/** A pool use to be put into a plan; members are endpoint indices or [endpoint index, weight]. */
export type GivenPoolUse = Partial<Omit<RankPoolUse, 'members' | 'firstMember'>> & {
  readonly members: readonly (number | readonly [endpoint: number, weight: number])[]
}

/** A plan; pool uses are numbered as given. */
export function rankPlan(
  endpoints: readonly RankEndpoint[],
  poolUses: readonly GivenPoolUse[],
  generation: number = 1,
  references: RankPlan['references'] = [],
): RankPlan {
  let firstMember = 0
  return {
    generation,
    endpoints,
    references,
    poolUses: poolUses.map(({ members, ...given }, number) => {
      const poolUse: RankPoolUse = {
        poolId: `pool-${number}`,
        policyId: 'edge-api',
        choose: 'best',
        minimumUp: 1,
        tolerancePercent: 10,
        dwellSeconds: 60,
        slowStartSeconds: 0,
        ttlSeconds: 30,
        vantageSharePercent: 18,
        jointFamilies: true,
        maxErrorRatePercent: 5,
        maxLatencyMs: 500,
        score: DEFAULT_PROFILE,
        ...given,
        firstMember,
        members: members.map((member) => {
          const [endpoint, weight] = typeof member === 'number' ? [member, 1] : member
          return { endpoint, weight }
        }),
      }
      firstMember += members.length
      return poolUse
    }),
  }
}

/** An empty ranking of a plan, filled with rubbish: what ranking leaves unwritten shows. */
export function emptyRanking(plan: RankPlan): RankingColumns {
  const shape = rankingShapeOf(plan)
  const buffer = new SharedArrayBuffer(Math.max(8, rankingSizeBytes(shape)))
  new Uint8Array(buffer).fill(0x5a)
  return viewRanking(buffer, 0, shape)
}
