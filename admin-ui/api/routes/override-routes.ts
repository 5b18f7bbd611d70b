/** Overrides: what operators force on endpoints. */
import { OVERRIDE_LIMITS } from '../../contract/override-limits.ts'
import { ApiError } from '../api-error.ts'
import type { ApiParts } from '../api-parts.ts'
import { callerOf, checkPrecondition, numberParameter, type RouteHandlers } from '../route-handler.ts'

type Names = 'overrides' | 'override' | 'addOverride' | 'checkOverride' | 'changeOverride' | 'endOverride'

/** Most ended ones in a list. */
const ENDED_MAX = 500

/** Handlers. */
export function overrideRoutes({ overrides }: Pick<ApiParts, 'overrides'>): RouteHandlers<Names> {
  return {
    overrides: (request) => ({ answer: overrides.list(numberParameter(request, 'ended', 0, 0, ENDED_MAX)) }),
    override: (request) => {
      const answer = overrides.get(request.params.id!)
      return { answer, etag: answer.etag }
    },
    addOverride: async (request) => {
      const answer = await overrides.add(request.body, callerOf(request).user)
      return { status: 201, answer, etag: answer.etag }
    },
    checkOverride: async (request) => ({ answer: await overrides.check(request.body) }),
    changeOverride: async (request) => {
      const { user } = callerOf(request)
      const answer = await overrides.change(request.params.id!, request.body, user, (etag) => checkPrecondition(request, etag, true))
      return { answer, etag: answer.etag }
    },
    endOverride: (request) => {
      const reason = (request.query('reason') ?? '').trim()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
      if (reason.length > OVERRIDE_LIMITS.reasonLength || /[\u0000-\u001f\u007f]/.test(reason))
        throw new ApiError('API_PARAMETER', `reason is not one line of at most ${OVERRIDE_LIMITS.reasonLength} characters`)
      overrides.end(request.params.id!, reason, callerOf(request).user, (etag) => checkPrecondition(request, etag, false))
      return { answer: undefined }
    },
  }
}
