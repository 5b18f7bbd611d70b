/** Trying a probe by hand. Editors only: it shows what an address answers (DESIGN: limits of trust). */
import type { RankEndpoint } from '../../../health/model/rank-plan.ts'
import { makeRankPlan } from '../../../policy/compile/make-rank-plan.ts'
import type { Config } from '../../../policy/config/config-schema.ts'
import { ApiError } from '../api-error.ts'
import type { ApiParts } from '../api-parts.ts'
import { callerOf, type RouteHandlers } from '../route-handler.ts'

/** Trials at a time; each may take a minute. */
const MOST_TRIALS = 8

/** Handlers. */
export function probeRoutes({
  drafts,
  publisher,
  tryProbes,
}: Pick<ApiParts, 'drafts' | 'publisher' | 'tryProbes'>): RouteHandlers<'tryProbes'> {
  let running = 0
  return {
    tryProbes: async (request) => {
      const { endpoint: id, probe, of } = request.body
      const desk = drafts.open(callerOf(request).user, of)
      const config = desk.of === 'live' ? publisher.live()?.config : (await drafts.check(desk)).config
      if (config === undefined)
        throw new ApiError('API_NOT_FOUND', desk.of === 'live' ? 'nothing is live' : 'the draft has mistakes: mend them first')
      const endpoint = endpointOf(config, id, probe)
      if (running >= MOST_TRIALS) throw new ApiError('API_TOO_MANY_REQUESTS', `${MOST_TRIALS} probes are being tried already`)
      running++
      try {
        return { answer: { of: desk.of, endpoint: id, trials: await tryProbes(endpoint) } }
      } finally {
        running--
      }
    },
  }
}

/** The endpoint with the probes to try. */
function endpointOf(config: Config, id: string, probe: string): RankEndpoint {
  const written = config.endpoints.find((endpoint) => endpoint.id === id)
  if (written === undefined) throw new ApiError('API_NOT_FOUND', `there is no endpoint "${id}"`)
  if (probe !== '' && !config.probes.some((known) => known.id === probe))
    throw new ApiError('API_NOT_FOUND', `there is no probe "${probe}"`)
  const probes = probe === '' ? written.probes : [probe]
  if (probes.length === 0) throw new ApiError('API_NOT_FOUND', `endpoint "${id}" has no probes: name one of the document`)
  const plan = makeRankPlan({ ...config, endpoints: [{ ...written, probes }], pools: [], policies: [], names: [] })
  return plan.endpoints[0]!
}
