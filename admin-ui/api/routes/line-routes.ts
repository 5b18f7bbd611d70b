/** Lines: catalogue, search, one line in full, chain of an address. */
import { parsePlace } from '../../../geodata/line/line.ts'
import type { Line } from '../../../policy/config/config-schema.ts'
import { LINE_KINDS, type LineKind } from '../../contract/line.ts'
import { ApiError } from '../api-error.ts'
import type { ApiParts } from '../api-parts.ts'
import { checkNetworks } from '../lines/check-networks.ts'
import { type ApiRequest, numberParameter, type RouteHandlers } from '../route-handler.ts'

/** Longest text that is looked at as a name of a line. */
const MAX_TEXT = 100

/** Handlers. */
export function lineRoutes(
  parts: Pick<ApiParts, 'lines' | 'publisher'>,
): RouteHandlers<'lines' | 'lineSearch' | 'lineChain' | 'line' | 'checkNetworks'> {
  const { publisher } = parts
  const custom = (): readonly Line[] => publisher.live()?.config?.lines ?? []
  return {
    lines: (request) => {
      const parent = request.query('parent')
      const filter = {
        kind: kindParameter(request),
        parent: parent === undefined ? undefined : readLine(() => parsePlace(cut('parent', parent))),
      }
      return { answer: parts.lines.catalogue(custom(), filter) }
    },
    lineSearch: (request) => {
      const query = cut('q', request.query('q') ?? '')
      return { answer: parts.lines.search(query, numberParameter(request, 'limit', 20, 1, 100), custom(), kindParameter(request)) }
    },
    lineChain: (request) => ({ answer: parts.lines.chain(request.query('address') ?? '', 'place-first', custom()) }),
    checkNetworks: ({ body }) => ({ answer: checkNetworks(body.text, custom(), body.line.replace(/^custom:/, '')) }),
    line: (request) => ({ answer: readLine(() => parts.lines.show(cut('the line', request.params.key!), custom())) }),
  }
}

function kindParameter(request: Pick<ApiRequest, 'query'>): LineKind | undefined {
  const kind = request.query('kind')
  if (kind === undefined || kind === '') return undefined
  if ((LINE_KINDS as readonly string[]).includes(kind)) return kind as LineKind
  throw new ApiError('API_PARAMETER', `kind "${kind.slice(0, 40)}" is none of ${LINE_KINDS.join(', ')}`)
}

function cut(name: string, text: string): string {
  if (text.length > MAX_TEXT) throw new ApiError('API_PARAMETER', `${name} has more than ${MAX_TEXT} characters`)
  return text
}

/** An unknown or ambiguous line is the caller's mistake: 404 with what it could have meant. */
function readLine<Read>(read: () => Read): Read {
  try {
    return read()
  } catch (error) {
    const { code, message, suggestion } = error as { code?: string; message: string; suggestion?: string }
    if (code?.startsWith('GEODATA_LINE_') !== true) throw error
    throw new ApiError('API_NOT_FOUND', `${message}: ${suggestion}`)
  }
}
