/** Every route's handler, put together. */
import type { ApiParts } from '../api-parts.ts'
import { buildOpenApi } from '../openapi.ts'
import type { RouteHandlers } from '../route-handler.ts'
import { accessRoutes } from './access-routes.ts'
import { documentRoutes } from './document-routes.ts'
import { eventRoutes } from './event-routes.ts'
import { geodataRoutes } from './geodata-routes.ts'
import { healthRoutes } from './health-routes.ts'
import { latencyRoutes } from './latency-routes.ts'
import { lineRoutes } from './line-routes.ts'
import { overrideRoutes } from './override-routes.ts'
import { policyRoutes } from './policy-routes.ts'
import { probeRoutes } from './probe-routes.ts'
import { reportRoutes } from './report-routes.ts'
import { sessionRoutes } from './session-routes.ts'
import { webhookRoutes } from './webhook-routes.ts'
import { zoneRoutes } from './zone-routes.ts'

/** Handlers of the whole table. */
export function allRoutes(parts: ApiParts): RouteHandlers {
  let openApi: unknown
  return {
    ...sessionRoutes(parts),
    ...healthRoutes(parts),
    ...reportRoutes(parts),
    ...probeRoutes(parts),
    ...policyRoutes(parts),
    ...overrideRoutes(parts),
    ...latencyRoutes(parts),
    ...lineRoutes(parts),
    ...geodataRoutes(parts),
    ...zoneRoutes(parts),
    ...documentRoutes(parts),
    ...eventRoutes(parts, (caller) => parts.accounts.isStillValid(caller)),
    ...webhookRoutes(parts),
    ...accessRoutes(parts),
    openApi: () => {
      openApi ??= buildOpenApi(parts.version)
      return { answer: openApi }
    },
  }
}
