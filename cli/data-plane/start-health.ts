/** Health of this process (health/schedule) behind the port that the data plane needs. Shell. */
import { rankingShapeOf, viewSharedRanking } from '../../health/model/ranking.ts'
import { createAddressHealth } from '../../health/score/address-health.ts'
import { createRankMemory, rankEndpoints } from '../../health/score/rank-endpoints.ts'
import type { ProcessLog } from '../process-log.ts'
import type { HealthSource } from './data-plane.ts'

/** Options of the health of a process. */
export type NodeHealthOptions = {
  /** File of the kept standings; undefined = none is kept. */
  readonly statePath: string | undefined
  /** Name of this node as a vantage. */
  readonly vantage: string
  readonly log: ProcessLog
  readonly onStanding: (subject: string, detail: string) => void
  readonly onWorkerReplaced: (name: string, reason: string) => void
}

/** Starts it. */
export function startNodeHealth(_options: NodeHealthOptions): HealthSource {
  return {
    replacePlan: async (plan, sharedRanking) => {
      const { live, slots } = viewSharedRanking(sharedRanking, rankingShapeOf(plan))
      const addresses = plan.endpoints.flatMap(({ id, ipv4, ipv6, target }) => [
        ipv4 || target ? createAddressHealth(id, ipv4 || target, []) : undefined,
        ipv6 ? createAddressHealth(id, ipv6, []) : undefined,
      ])
      rankEndpoints(
        { plan, addresses, memory: createRankMemory(), overrides: [], nowMs: performance.now(), wallMs: Date.now(), rankingId: 1 },
        slots[0],
      )
      Atomics.store(live, 0, 0)
    },
    stop: async () => undefined,
  }
}
