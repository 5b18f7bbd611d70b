/** Geodata: what is in use, what waits, refresh, confirm, reject, roll back. */
import { ApiError } from '../api-error.ts'
import type { ApiParts } from '../api-parts.ts'
import { callerOf, checkPrecondition, type RouteHandlers } from '../route-handler.ts'

type Names = 'geodata' | 'geodataPending' | 'confirmGeodata' | 'rejectGeodata' | 'refreshGeodata' | 'rollBackGeodata'

/** Handlers. */
export function geodataRoutes({ geodataDesk }: Pick<ApiParts, 'geodataDesk'>): RouteHandlers<Names> {
  const view = (answer = geodataDesk.status()) => ({ answer, etag: answer.digest })
  return {
    geodata: () => view(),
    geodataPending: () => {
      const answer = geodataDesk.pending()
      if (answer === undefined) throw new ApiError('GEODATA_NOTHING_PENDING', 'no geodata waits for confirmation')
      return { answer, etag: answer.digest }
    },
    confirmGeodata: async (request) => {
      checkPrecondition(request, geodataDesk.pending()?.digest, false)
      return view(await geodataDesk.confirm(callerOf(request).user))
    },
    rejectGeodata: async (request) => {
      checkPrecondition(request, geodataDesk.pending()?.digest, false)
      return view(await geodataDesk.reject(callerOf(request).user))
    },
    refreshGeodata: async (request) => ({ answer: await geodataDesk.refresh(callerOf(request).user, request.body.confirm) }),
    rollBackGeodata: async (request) => {
      checkPrecondition(request, geodataDesk.status().digest, false)
      return view(await geodataDesk.rollBack(callerOf(request).user))
    },
  }
}
