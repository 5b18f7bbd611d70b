/** Zones as they are live: the list, and one with its dynamic layer. */
import { ApiError } from '../api-error.ts'
import type { ApiParts } from '../api-parts.ts'
import { numberParameter, type RouteHandlers } from '../route-handler.ts'
import { listZones, showZone } from '../zones/zone-directory.ts'

/** Longest name in presentation form, with room for escapes. */
const MAX_NAME = 1024

/** Handlers. */
export function zoneRoutes({ publisher, secondary }: Pick<ApiParts, 'publisher' | 'secondary'>): RouteHandlers<'zones' | 'zone'> {
  const sources = { publisher, secondary }
  return {
    zones: (request) => {
      const limit = numberParameter(request, 'limit', 1000, 1, 10_000)
      return { answer: listZones(sources, request.query('after') ?? '', limit) }
    },
    zone: (request) => {
      const name = request.params.zone!
      const skip = numberParameter(request, 'skip', 0, 0, Number.MAX_SAFE_INTEGER)
      const answer = showZone(sources, name, skip, numberParameter(request, 'limit', 1000, 1, 10_000))
      if (answer === undefined) throw new ApiError('API_NOT_FOUND', `no zone of the live document is called "${name.slice(0, MAX_NAME)}"`)
      return { answer }
    },
  }
}
