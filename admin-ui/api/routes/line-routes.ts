/** Lines: catalogue, search, chain of an address. */
import type { Line } from '../../../policy/config/config-schema.ts'
import { ApiError } from '../api-error.ts'
import type { ApiParts } from '../api-parts.ts'
import { numberParameter, type RouteHandlers } from '../route-handler.ts'

/** Handlers. */
export function lineRoutes({
  lines,
  publisher,
}: Pick<ApiParts, 'lines' | 'publisher'>): RouteHandlers<'lines' | 'lineSearch' | 'lineChain'> {
  const custom = (): readonly Line[] => publisher.live()?.config?.lines ?? []
  return {
    lines: () => ({ answer: lines.catalogue(custom()) }),
    lineSearch: (request) => {
      const query = request.query('q') ?? ''
      if (query.length > 100) throw new ApiError('API_PARAMETER', 'q has more than 100 characters')
      return { answer: lines.search(query, numberParameter(request, 'limit', 20, 1, 100), custom()) }
    },
    lineChain: (request) => ({ answer: lines.chain(request.query('address') ?? '', 'place-first', custom()) }),
  }
}
