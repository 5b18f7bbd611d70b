/** Latency per line: samples in, the matrix out. */
import type { ApiParts } from '../api-parts.ts'
import { callerOf, type RouteHandlers } from '../route-handler.ts'

type Names = 'addLatencySamples' | 'latencyMatrix'

/** Handlers. */
export function latencyRoutes({ latency }: Pick<ApiParts, 'latency'>): RouteHandlers<Names> {
  return {
    addLatencySamples: (request) => ({ answer: latency.take(request.body.samples, callerOf(request).endpoints) }),
    latencyMatrix: (request) => ({ answer: latency.matrix(request.query('policy') || undefined) }),
  }
}
