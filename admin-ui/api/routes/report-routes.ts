/** What is told of endpoints from outside, and the vantages. */
import type { ApiParts } from '../api-parts.ts'
import { listVantages } from '../health/list-vantages.ts'
import { callerOf, type RouteHandlers } from '../route-handler.ts'

type Names = 'pushHealth' | 'pushSamples' | 'vantages'

/** Handlers. */
export function reportRoutes({
  pushes,
  vantages,
  fleet,
  targets,
  now,
}: Pick<ApiParts, 'pushes' | 'vantages' | 'fleet' | 'targets' | 'now'>): RouteHandlers<Names> {
  return {
    pushHealth: (request) => {
      const { body } = request
      return { answer: pushes.take(callerOf(request), 'reports' in body ? body.reports : [body]) }
    },
    pushSamples: (request) => ({ answer: vantages.take(callerOf(request), request.body) }),
    vantages: () => ({
      answer: {
        vantages: listVantages({
          fed: vantages.fed(),
          nodeReports: vantages.nodeReports(),
          nodeIds: fleet.nodes().map(({ nodeId }) => nodeId),
          known: targets().known,
          wallMs: now(),
        }),
      },
    }),
  }
}
